"""Starting, following and cancelling runs, and the audit of what became of everybody."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection

from dyntui.model.cursors import SendCursor, cursor_of
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.mentioned import shown
from dyntui.model.outcomes import PersonOutcome, RunStatus
from dyntui.model.people import normalise
from dyntui.model.roles import Ability
from dyntui.model.sync_types import (
    LISTS,
    SENDING,
    SYNC_TYPES,
    UNDO,
    Asked,
    Narrowed,
    RunKind,
    SendOf,
    UndoOf,
    asked_of,
)
from dyntui.model.traces import Trace
from dyntui.service import backups, own_lists
from dyntui.service.answering import answers
from dyntui.service.contract.paging import Page
from dyntui.service.contract.runs import (
    RUN_CANCEL,
    RUN_GET,
    RUN_PEOPLE,
    RUN_SEARCH,
    RUN_START,
    RUNS_PAGE,
    OutcomesQuery,
    RunDetail,
    RunItem,
    RunRef,
    RunRow,
    RunsQuery,
    SearchQuery,
    StartRun,
)
from dyntui.service.identity import Identities
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.store import accounts, coming_after, outcomes, run_people, run_window, runs, sends, traces
from dyntui.store import lists as list_store
from dyntui.store.accounts import EmailAccount
from dyntui.store.runs import NewRun, Run
from dyntui.sync.connections import not_configured

# The beginning of an id names a run from so many characters on.
SHORTEST_ID = 4


async def chosen_account(resources: Resources, account_id: str) -> EmailAccount:
    """The email account of this id or name, or the default one for `""`. Raises NOT_CONFIGURED, ACCOUNT_UNKNOWN."""
    known = await resources.read(accounts.accounts)
    if not known:
        raise not_configured()
    if not account_id:
        return known[0]
    for each in known:
        if account_id in (each.id, each.name):
            return each
    raise DyntuiError(
        "ACCOUNT_UNKNOWN",
        f"There is no email account {account_id!r}.",
        not_done="Nothing was started.",
        remedy="The email accounts are: " + ", ".join(each.name for each in known) + ".",
        exit=Exit.USAGE,
    )


def require_connected(c: Connection, account_id: str, not_done: str = "Nothing was started.") -> None:
    """Where something is kept that uses an email account: it may have been disconnected since it was chosen. Raises
    ACCOUNT_UNKNOWN."""
    if accounts.account(c, account_id) is None:
        raise DyntuiError(
            "ACCOUNT_UNKNOWN",
            "The email account is not connected any more: somebody has disconnected it.",
            not_done=not_done,
            remedy="See which ones are connected: `dyntui accounts list`.",
            exit=Exit.USAGE,
        )


def _about(request: Asked) -> Asked:
    """What a run is about, whoever asked for it."""
    return msgspec.structs.replace(request, scheduled=False) if isinstance(request, Narrowed) else request


def _digest(request: Asked) -> str:
    return hashlib.sha256(msgspec.json.encode(_about(request), order="deterministic")).hexdigest()[:16]


def _narrowed(kind: RunKind, request: StartRun) -> Narrowed:
    """Raises NOT_NARROWED, CAMPAIGN_UNKNOWN, ADDRESS_UNKNOWN."""
    for name, given in (("lists", request.lists), ("campaigns", request.campaigns)):
        if given and name != kind.narrowed_by:
            raise _not_started(
                "NOT_NARROWED", f"{kind.title} cannot be narrowed down to some {name}.", f"Leave the {name} away."
            )
    if request.only and kind.id != LISTS.id:
        raise _not_started(
            "NOT_NARROWED", f"{kind.title} cannot be narrowed down to one person.", "Leave the person away."
        )
    if request.only and "@" not in request.only:
        raise _not_started(
            "ADDRESS_UNKNOWN",
            f"{shown(request.only)!r} is not an e-mail address.",
            "Name the person by the address that the record has in Dynamics.",
        )
    try:
        campaigns = tuple(int(each) for each in request.campaigns)
    except ValueError:
        raise _not_started(
            "CAMPAIGN_UNKNOWN",
            f"There is no email campaign {shown(' '.join(request.campaigns))!r}.",
            "Name email campaigns by dotdigital's number.",
        ) from None
    only = normalise(request.only)
    return Narrowed(lists=request.lists, campaigns=campaigns, scheduled=request.scheduled, only=only)


def _not_started(code: str, message: str, remedy: str) -> DyntuiError:
    return DyntuiError(code, message, not_done="Nothing was started.", remedy=remedy, exit=Exit.USAGE)


class Runs:
    """The calls of `runs.*`. `enqueue` hands a queued run to the engine."""

    def __init__(self, resources: Resources, identities: Identities, enqueue: Callable[[str, int], None]) -> None:
        self._resources = resources
        self._identities = identities
        self._enqueue = enqueue

    @answers(RUN_START)
    async def start(self, context: CallContext, request: StartRun) -> RunRow:
        """Queues a run; where one like it is active already, that one is the answer."""
        return await self.begin(context, request)

    async def begin(
        self,
        context: CallContext,
        request: StartRun,
        *,
        plan: bool = False,
        apply: str = "",
        diff: bool = False,
        work: Callable[[Connection, str], None] | None = None,
        news: bool = False,
    ) -> RunRow:
        """Queues a run of a sync type: `plan`, one that ends before anything is changed; `apply`, one that carries out
        the plan of that run; `diff`: it is about everything in which the two systems differ. `work` and `news` as in
        `queue`."""
        kind = SYNC_TYPES.get(request.sync_type)
        if kind is None:
            raise _not_started(
                "SYNC_TYPE_UNKNOWN",
                f"There is no sync type {shown(request.sync_type)!r}.",
                "The sync types are: " + ", ".join(SYNC_TYPES) + ".",
            )
        account = await chosen_account(self._resources, request.account)
        if plan and not kind.planned:
            planned = ", ".join(each.id for each in SYNC_TYPES.values() if each.planned)
            remedy = f"{kind.instead} What can be planned: {planned}."
            raise _not_started("NOT_PLANNED", f"{kind.title} cannot be planned.", remedy)
        asked = msgspec.structs.replace(_narrowed(kind, request), plan=plan, apply=apply, diff=diff)
        title = kind.title
        if asked.lists:
            title = await self._lists_title(account.id, asked.lists)
        if plan:
            title = f"{'Differences' if diff else 'Plan'}: {title}"
        elif asked.only:
            title = f"One person: {title}"
        if not plan and kind.id == LISTS.id:
            await backups.before_first_lists(self._resources, account.id)
        return await self.queue(context, kind, title, account.id, asked, work=work, news=news)

    async def undo(self, context: CallContext, run_id: str, *, plan: bool = False, apply: str = "") -> RunRow:
        """Queues a run that undoes what another one wrote: `plan`, one that ends before anything is changed; `apply`,
        one that carries out the plan of that run. Raises RUN_UNKNOWN."""
        undone = await self._named(run_id)
        title = f"{'Plan: ' if plan else ''}Undo: {undone.title}"
        # What a person did is undone by a person, with Dynamics' own rights and audit (spec section 2).
        caller = await self._identities.caller(context.uid) if undone.request.get("caller") else None
        asked = UndoOf(run=undone.id, caller=caller or "", plan=plan, apply=apply)
        return await self.queue(
            context, UNDO, title, undone.account_id, asked, key=UNDO.key(undone.account_id, undone.id)
        )

    async def request_of(self, run_id: str) -> Mapping[str, Any]:
        """What a run was asked for, as stored. Raises RUN_UNKNOWN."""
        return (await self._named(run_id)).request

    async def account_of(self, run_id: str) -> str:
        """The id of the email account that a run is of. Raises RUN_UNKNOWN, ACCOUNT_UNKNOWN where it is not connected
        any more."""
        account_id = (await self._named(run_id)).account_id
        await self._resources.read(lambda c: require_connected(c, account_id))
        return account_id

    async def is_diff(self, run_id: str) -> bool:
        """Whether the plan of this run is one of differences. Raises RUN_UNKNOWN."""
        return asked_of((await self._named(run_id)).request, Narrowed).diff

    async def undone_by_plan(self, run_id: str) -> str:
        """The run that the plan of this one is to undo. Raises RUN_UNKNOWN."""
        return asked_of((await self._named(run_id)).request, UndoOf).run

    async def queue(
        self,
        context: CallContext,
        kind: RunKind,
        title: str,
        account_id: str,
        request: Asked,
        key: str = "",
        work: Callable[[Connection, str], None] | None = None,
        news: bool = False,
    ) -> RunRow:
        """Stores a run of any kind and hands it to the engine. `key`: what may only run once at a time; `work` is kept
        together with the run, whose id it is given, or not at all. `news`: it is to do what was only decided now; one
        that has begun may be past that, and this one comes after it."""
        person = await self._identities.person(context.uid)
        new = NewRun(
            id=self._resources.ids(),
            kind=kind.id,
            title=title,
            account_id=account_id,
            sync_key=key or kind.key(account_id),
            queued_on=self._resources.now(),
            started_by=person.name if person else "",
            started_uid=context.uid,
            request=msgspec.to_builtins(request),
            priority=kind.priority,
        )

        def keep(c: Connection) -> Run:
            require_connected(c, account_id)
            made = runs.create(c, new)
            differs = _about(asked_of(made.request, type(request))) != _about(request)
            if news and made.id != new.id and (differs or made.status is not RunStatus.QUEUED):
                made = coming_after.create(c, new, _digest(request))
            elif differs and made.id != new.id:
                raise DyntuiError(
                    "ALREADY_RUNNING",
                    f"A send of {made.title} is under way already."
                    if made.kind in SENDING
                    else f"{made.title} is being synchronised already.",
                    not_done="No second one was started.",
                    remedy="Wait for it to end, or cancel it.",
                    exit=Exit.LOCKED,
                )
            if work is not None:
                work(c, made.id)
            return made

        run = await self._resources.write(keep)
        self._enqueue(run.id, kind.priority)
        return await self._row(run.id)

    async def _lists_title(self, account_id: str, ids: tuple[str, ...]) -> str:
        found = await self._resources.read(lambda c: list_store.stored(c, ids))
        own_lists.require(found, ids, account_id, "Nothing was synchronised.")
        return ", ".join(each.name for each in found)

    @answers(RUN_CANCEL)
    async def cancel(self, context: CallContext, request: RunRef) -> RunRow:
        """Asks a run to stop at its next step; what was acknowledged stays. To stop a send takes the right to send.
        Raises RUN_UNKNOWN, RUN_AMBIGUOUS, SEND_NOT_CANCELLABLE where dotdigital may have the send."""
        asked = await self._named(request.id)
        if asked.kind in SENDING:
            await context.require(Ability.SEND)
        now = self._resources.now()

        def stop(c: Connection) -> None:
            stopped = runs.request_cancel(c, asked.id, now)
            if asked.kind not in SENDING or stopped is None:
                return
            if stopped.status is RunStatus.IN_PROCESS and cursor_of(stopped.cursor, SendCursor).past_recall:
                raise _past_recall(stopped)
            if stopped.status is RunStatus.CANCELLED:
                # It had not begun: nobody else will say that the send has ended.
                send = sends.get(c, asked_of(asked.request, SendOf).send)
                if send is not None and send.state == "Queued":
                    sends.finish(c, send.id, "Cancelled", now)

        await self._resources.write(stop)
        return await self._row(asked.id)

    @answers(RUN_GET)
    async def get(self, context: CallContext, request: RunRef) -> RunDetail:
        """A run with its items."""
        run = await self._named(request.id)
        items = await self._resources.read(lambda c: outcomes.items(c, run.id))
        return RunDetail(
            run=await self._row(run.id),
            items=tuple(msgspec.convert(each, RunItem, from_attributes=True) for each in items),
        )

    @answers(RUNS_PAGE)
    async def page(self, context: CallContext, request: RunsQuery) -> Page[RunRow]:
        """The history, newest first."""
        account_id = (await chosen_account(self._resources, request.account)).id if request.account else ""
        return await self._resources.read(
            lambda c: run_window.window(
                c, request, kind=request.kind, status=request.status, account_id=account_id, item=request.item
            )
        )

    @answers(RUN_PEOPLE)
    async def people(self, context: CallContext, request: OutcomesQuery) -> Page[PersonOutcome]:
        """The people of a run or of one item."""
        run = await self._named(request.run)
        return await self._resources.read(
            lambda c: run_people.window(
                c, request, run_id=run.id, item_id=request.item, named=request.outcome, reason=request.reason
            )
        )

    @answers(RUN_SEARCH)
    async def search(self, context: CallContext, request: SearchQuery) -> Page[Trace]:
        """What became of people in all runs."""
        account_id = (await chosen_account(self._resources, request.account)).id if request.account else ""
        return await self._resources.read(lambda c: traces.window(c, request, account_id=account_id))

    async def _row(self, run_id: str) -> RunRow:
        row = await self._resources.read(lambda c: run_window.row(c, run_id))
        if row is None:
            raise _unknown(run_id)
        return row

    async def _named(self, named: str) -> Run:
        """A run by its id, or by the beginning of it. Raises RUN_UNKNOWN, RUN_AMBIGUOUS."""

        def look(c: Connection) -> Run | list[str]:
            run = runs.get(c, named)
            if run is not None:
                return run
            ids = runs.ids_beginning(c, named) if len(named) >= SHORTEST_ID else []
            only = runs.get(c, ids[0]) if len(ids) == 1 else None
            return ids if only is None else only

        found = await self._resources.read(look)
        if isinstance(found, Run):
            return found
        if found:
            raise DyntuiError(
                "RUN_AMBIGUOUS",
                f"More than one run begins with {named!r}.",
                not_done="Nothing was read or changed.",
                remedy="Give more of its id; `dyntui audit list --json` has the whole ids.",
                exit=Exit.USAGE,
            )
        raise _unknown(named)


def use_cases(parts: Parts) -> Runs:
    """What answers these calls."""
    return Runs(parts.resources, parts.identities, parts.enqueue)


def _past_recall(run: Run) -> DyntuiError:
    return DyntuiError(
        "SEND_NOT_CANCELLABLE",
        f"dotdigital has been asked for the send of {run.title!r} already, and offers no recall.",
        not_done="Nothing was changed.",
        remedy="See what becomes of it: `dyntui sends list`. One that dotdigital mails later can be taken back there.",
        exit=Exit.USAGE,
    )


def _unknown(named: str) -> DyntuiError:
    return DyntuiError(
        "RUN_UNKNOWN",
        f"There is no run {named!r}.",
        not_done="Nothing was read or changed.",
        remedy="See `dyntui audit list`. One that ended longer ago than runs are kept is forgotten.",
        exit=Exit.USAGE,
    )
