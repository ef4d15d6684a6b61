"""Runs: starting, following, cancelling, and the audit of what became of everybody."""

from __future__ import annotations

import msgspec

from dyntui.model.outcomes import Outcome, PersonOutcome, RunStatus, Tally
from dyntui.model.roles import Ability
from dyntui.model.runs import CALL as CALL
from dyntui.model.runs import Progress as Progress
from dyntui.model.runs import RunItem as RunItem
from dyntui.model.runs import RunRow as RunRow
from dyntui.model.sync_types import outcome_word
from dyntui.model.traces import Trace
from dyntui.service.contract.actions import Action, Scope, Section
from dyntui.service.contract.bounds import Text
from dyntui.service.contract.calls import Call
from dyntui.service.contract.events import Event
from dyntui.service.contract.paging import Page, Window
from dyntui.service.contract.situations import Situation, go


class StartRun(msgspec.Struct, frozen=True, kw_only=True):
    """`sync_type`: `suppressions`, `lists` or `campaigns`. Without `account` the default account; `lists` and
    `campaigns` (ids) narrow the run, empty means all that are due. `scheduled`: nobody asked for it just now, so what
    dotdigital refused in the last six hours is not offered to it again. `only`: with `lists`, the address of the one
    person who is synchronised; nothing is written for anybody else, and each call is named as a part of the run."""

    sync_type: Text
    account: Text = ""
    lists: tuple[Text, ...] = ()
    campaigns: tuple[Text, ...] = ()
    scheduled: bool = False
    only: Text = ""


def run_status(status: RunStatus, tally: Tally) -> str:
    """A status in words: rows that were rejected are people to mend, the run itself is fine."""
    rejected = tally.of(Outcome.REJECTED)
    if status is RunStatus.COMPLETED_WITH_ERRORS and rejected:
        return f"{RunStatus.COMPLETED}, {rejected:,} to mend"
    return str(status)


def run_text(run: RunRow) -> str:
    """The status of a run in words. A plan that is made has done nothing: it says how it stands."""
    said = run_status(run.status, run.tally)
    if not run.plan or run.status not in _MADE:
        return said
    errors = " with errors" if said == RunStatus.COMPLETED_WITH_ERRORS else ""
    if run.applied_by:
        return f"Plan{errors}, carried out"
    return f"Plan{errors}: nothing to do" if run.empty_plan else f"Plan{errors}, not carried out"


def plan_waits(run: RunRow) -> bool:
    """Whether a run has made a plan that somebody can carry out."""
    return run.plan and run.status in _MADE and not run.applied_by and not run.empty_plan


_MADE = (RunStatus.COMPLETED, RunStatus.COMPLETED_WITH_ERRORS, RunStatus.HELD)


def outcomes_text(run: RunRow) -> str:
    """What became of the people of a run: `1,077 mailed, 263 excluded`; `""` where nobody was in it."""
    people = {outcome: run.tally.of(outcome) for outcome in Outcome}
    return ", ".join(f"{count:,} {outcome_word(outcome, run.kind)}" for outcome, count in people.items() if count)


def calls_text(reads: int, writes: int) -> str:
    """What a run asked of one remote system: `15 reads, 1 write`."""
    return f"{reads:,} read{'' if reads == 1 else 's'}, {writes:,} write{'' if writes == 1 else 's'}"


class RunDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A run with its items in the order they ran."""

    run: RunRow
    items: tuple[RunItem, ...]


class RunRef(msgspec.Struct, frozen=True):
    """A run by its id, or by the beginning of it: four characters or more that no other run begins with."""

    id: Text


def permalink(run: str, item: str = "") -> str:
    """What names a run, or an item of it, for ever: `RUN/ITEM`."""
    return f"{run}/{item}" if item else run


def named_by(link: str) -> tuple[str, str]:
    """The run and the item (`""`: none) that a permalink names."""
    run, _, item = link.strip().partition("/")
    return run, item


class RunsQuery(Window, frozen=True, kw_only=True):
    """A window on the history, newest first; empty filters mean all. `item`: those with this item, such as the id of a
    marketing list."""

    kind: Text = ""
    status: Text = ""
    account: Text = ""
    item: Text = ""


class OutcomesQuery(Window, frozen=True, kw_only=True):
    """A window on the people of a run (named as in `RunRef`), of one item where `item` is given; by outcome and reason
    where given."""

    run: Text
    item: Text = ""
    outcome: Text = ""
    reason: Text = ""


class SearchQuery(Window, frozen=True, kw_only=True):
    """A window on what became of people in all runs, of one email `account` where given. `search` looks at name,
    address, record and detail; without it there is nobody."""

    account: Text = ""


class RunChanged(msgspec.Struct, frozen=True, kw_only=True):
    """Event `run.changed`: sent to every client when a run starts, gets on or ends."""

    run: RunRow


RUN_CHANGED = Event("run.changed", RunChanged, Ability.SEE)

RUN_START = Call("runs.start", StartRun, RunRow, Ability.SYNCHRONISE)
RUN_CANCEL = Call("runs.cancel", RunRef, RunRow, Ability.SYNCHRONISE)
RUN_GET = Call("runs.get", RunRef, RunDetail, Ability.SEE)
RUNS_PAGE = Call("runs.page", RunsQuery, Page[RunRow], Ability.SEE)
RUN_PEOPLE = Call("runs.people", OutcomesQuery, Page[PersonOutcome], Ability.SEE)
RUN_SEARCH = Call("runs.search", SearchQuery, Page[Trace], Ability.SEE)


def goes_on(situation: Situation) -> bool:
    """Whether the run has not ended yet."""
    run = situation.one(RunRow)
    return run is not None and not run.status.ended


def cancel(situation: Situation) -> str:
    """A run that goes on."""
    run = situation.one(RunRow)
    if run is None:
        return "No run is selected."
    if run.status.ended:
        return f"The run has ended: {run.status}."
    return "It is being cancelled already." if run.cancelling else ""


def run_people(situation: Situation) -> str:
    """A run in which people have outcomes."""
    run = situation.one(RunRow)
    if run is None:
        return "No run is selected."
    return "" if run.tally.named else "Nobody has an outcome in this run yet."


def any_run(situation: Situation) -> str:
    """A run, whatever became of it."""
    return "" if situation.one(RunRow) is not None else "The run is not read yet."


SECTION = Section("audit", title="Synchronisation Audit", short="Audit", tooltip="Every run, down to people")

ON_AUDIT = Scope("Synchronisation Audit")
ON_RUN = Scope("Run")
ON_PLAN = Scope("Plan")
ON_PEOPLE = Scope("People")


ACTIONS = (
    Action(
        id="runs.cancel",
        title="Cancel run",
        scopes=(ON_AUDIT, ON_RUN, ON_PLAN),
        keys=("c",),
        hint="Cancel run",
        call=RUN_CANCEL,
        command="dyntui sync cancel RUN",
        tooltip="Stops at the next safe point; what is done stays done",
        row=True,
        rule=cancel,
        hinted=goes_on,
    ),
    Action(
        id="audit.find",
        title="Search all runs",
        scopes=(ON_AUDIT,),
        keys=("f",),
        hint="Search all runs",
        call=RUN_SEARCH,
        command="dyntui audit search TEXT",
        tooltip="What became of somebody in all runs, by name, address or record",
        rule=go,
    ),
    Action(
        id="run.people",
        title="People of the run",
        scopes=(ON_RUN,),
        keys=("p",),
        hint="People",
        call=RUN_PEOPLE,
        command="dyntui audit show RUN --people",
        tooltip="Everybody with their outcome",
        rule=run_people,
    ),
    Action(
        id="run.link",
        title="Copy the permalink",
        scopes=(ON_RUN,),
        keys=("Y",),
        call=RUN_GET,
        command="dyntui audit show RUN/ITEM",
        tooltip="RUN, or RUN/ITEM with an item in hand: what `dyntui audit show` and `dyntui audit open` take",
        rule=any_run,
    ),
)
