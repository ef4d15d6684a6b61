"""Budgets as people see them: the meters, the runs to come, and what runs needed before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from dyntui.model.budget_forecast import ComingSend, Forecast, Start, TypeWork, calls_of_a_send, forecast
from dyntui.model.budgets import Meter
from dyntui.model.moments import text_of
from dyntui.model.schedules import coming, overdue_since
from dyntui.model.sync_types import RUN_KINDS, SEND, SYNC_TYPES
from dyntui.service.answering import answers
from dyntui.service.contract.budgets import BUDGETS_SHOW, Budgets, BudgetsOf
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.service.runs import chosen_account
from dyntui.store import accounts, coming_sends, run_work, schedules
from dyntui.store.accounts import EmailAccount
from dyntui.store.run_work import Lately, Work
from dyntui.store.schedules import StoredSchedule

_AHEAD = timedelta(hours=24)
_DYNAMICS = ""


class BudgetUseCases:
    """The calls of `budgets.*`. `run_here`: whether this service starts scheduled runs."""

    def __init__(self, resources: Resources, *, run_here: bool) -> None:
        self._resources = resources
        self._run_here = run_here

    @answers(BUDGETS_SHOW)
    async def show(self, context: CallContext, request: BudgetsOf) -> Budgets:
        """The limits with their forecast, and the work of the last 24 hours. Raises NOT_CONFIGURED, ACCOUNT_UNKNOWN."""
        chosen = (await chosen_account(self._resources, request.account)).id if request.account else ""
        meters = await self._resources.connections.budgets.meters()
        now = self._resources.clock()
        windows = {
            (account, limit.title): limit.window
            for account in {each.account_id for each in meters}
            for limit in await self._resources.connections.budgets.limits_of(account)
        }
        known = await self._resources.read(accounts.accounts)
        planned = await self._resources.read(lambda c: _planned(c, known, now))
        work = await self._resources.read(lambda c: run_work.work_since(c, text_of(now - _AHEAD), chosen))

        def reckoned() -> tuple[list[Forecast], list[str]]:
            shown = [each for each in meters if not chosen or each.account_id in (_DYNAMICS, chosen)]
            return _forecasts(shown, windows, known, planned, now), _unknown(known, planned, chosen)

        forecasts, unknown = await asyncio.to_thread(reckoned)
        notes = [] if self._run_here else ["This service does not start scheduled runs: `dyntui serve` does."]
        behind = {
            kind: sum(
                each.schedule.sync_type == kind and overdue_since(each.schedule, each.last_start, now) is not None
                for account, plan in planned.items()
                if not chosen or account == chosen
                for each in plan.schedules
            )
            for kind in SYNC_TYPES
        }
        return Budgets(
            as_of=text_of(now),
            forecasts=tuple(forecasts),
            work=tuple(_worked(work, behind if self._run_here else {})),
            notes=(*notes, *unknown),
        )


class Plan(msgspec.Struct, frozen=True):
    """What an account is to do: its schedules, and the sends that wait for their hour; and what its runs needed
    lately."""

    schedules: Sequence[StoredSchedule]
    sends: Sequence[ComingSend]
    lately: Mapping[str, Lately]

    def of_a_send(self, each: ComingSend) -> Lately | None:
        """What it will need; None where no send has been made lately."""
        known = self.lately.get(each.kind) or self.lately.get(SEND.id)
        if known is None:
            return None
        dynamics, dotdigital = (
            calls_of_a_send(each.people, calls, known.people) for calls in (known.dynamics, known.dotdigital)
        )
        return Lately(dynamics, dotdigital, each.people)


Planned = Mapping[str, Plan]


def _planned(c: Connection, known: Sequence[EmailAccount], now: datetime) -> Planned:
    return {
        each.id: Plan(
            schedules.schedules(c, each.id), coming_sends.coming(c, each.id, now), run_work.calls_lately(c, each.id)
        )
        for each in known
    }


def _starts(stored: Sequence[StoredSchedule], now: datetime) -> list[Start]:
    pairs = [(each.schedule, each.last_start) for each in stored]
    return [Start(on, kind) for on, kind in coming(pairs, now, now + _AHEAD)]


def _forecasts(
    meters: Sequence[Meter],
    windows: Mapping[tuple[str, str], int],
    known: Sequence[EmailAccount],
    planned: Planned,
    now: datetime,
) -> list[Forecast]:
    found = []
    starts = {account: _starts(plan.schedules, now) for account, plan in planned.items()}
    percents = {each.id: each.budget_percent for each in known}
    for meter in meters:
        window = windows.get((meter.account_id, meter.limit))
        if window is None:
            # Time of execution: what runs will need of it is not told by calls.
            continue
        if meter.account_id == _DYNAMICS:
            # Runs of every account use it: each counts with the calls of its own account.
            everybody = [each for of_account in starts.values() for each in of_account]
            for plan in planned.values():
                everybody += _sends(plan, lambda need: need.dynamics)
            calls = _mean(starts, {account: plan.lately for account, plan in planned.items()})
            found.append(forecast(meter, window, 100, everybody, calls, now))
        elif meter.account_id in planned:
            plan = planned[meter.account_id]
            calls = {kind: each.dotdigital for kind, each in plan.lately.items()}
            percent = percents.get(meter.account_id, 100)
            of_account = [*starts[meter.account_id], *_sends(plan, lambda need: need.dotdigital)]
            found.append(forecast(meter, window, percent, of_account, calls, now))
    return found


def _sends(plan: Plan, calls: Callable[[Lately], int]) -> list[Start]:
    needs = [(each, plan.of_a_send(each)) for each in plan.sends]
    return [Start(each.on, each.kind, None if need is None else calls(need)) for each, need in needs]


def _mean(starts: Mapping[str, Sequence[Start]], lately: Mapping[str, Mapping[str, Lately]]) -> dict[str, int]:
    """Calls to Dynamics of a run of a kind, over the accounts as often as each is to run it."""
    calls: dict[str, list[int]] = {}
    for account, of_account in starts.items():
        for each in of_account:
            if each.kind in lately[account]:
                calls.setdefault(each.kind, []).append(lately[account][each.kind].dynamics)
    return {kind: round(sum(each) / len(each)) for kind, each in calls.items()}


def _unknown(known: Sequence[EmailAccount], planned: Planned, chosen: str) -> list[str]:
    notes = []
    for each in known:
        if chosen and each.id != chosen:
            continue
        plan = planned[each.id]
        new = [
            SYNC_TYPES[one.schedule.sync_type].title
            for one in plan.schedules
            if one.schedule.interval.length is not None
            and not one.schedule.paused
            and one.schedule.sync_type not in plan.lately
        ]
        if any(plan.of_a_send(one) is None for one in plan.sends):
            new.append(SEND.heading)
        if new:
            notes.append(f"{each.name}: what these need is not known, as they have not run yet: {', '.join(new)}.")
    return notes


def _worked(work: Sequence[Work], behind: Mapping[str, int]) -> list[TypeWork]:
    done = {each.kind: each for each in work}
    kinds = [*done, *(kind for kind, count in behind.items() if count and kind not in done)]
    rows = []
    for kind in kinds:
        each = done.get(kind)
        rows.append(
            TypeWork(
                kind=kind,
                title=RUN_KINDS[kind].title if kind in RUN_KINDS else kind,
                behind=behind.get(kind, 0),
                waiting=each.waiting if each else 0,
                running=each.running if each else 0,
                runs=each.runs if each else 0,
                people=each.people if each else 0,
                calls=each.calls if each else 0,
                seconds=each.seconds if each else 0,
            )
        )
    return sorted(rows, key=lambda each: (-each.backlog, -each.people, each.title))


def use_cases(parts: Parts) -> BudgetUseCases:
    """What answers these calls."""
    return BudgetUseCases(parts.resources, run_here=parts.long_lived)
