"""Runs: one at a time per key, one worker at a time per run, and a cursor that moves with the work it stands for.

`claim` gives a worker the fencing token; every `advance` and `finish` names it, so that a worker that was taken for
dead can change nothing any more. The effect of a page and the cursor after it belong in the same transaction.

Public:
    create(c, NewRun) -> Run                       the active run of the same key where there is one
    claim(c, run_id, now, worker=) -> Claim | None None: ended already, or another worker has it
    advance(c, run_id, token, cursor=, stage=, done=, of=, calls=, at=) -> desired     raises Fenced
    finish(c, run_id, token, now, status=None, read=None, problem=None) -> RunStatus   raises Fenced
    fail(c, run_id, now, problem) -> bool          without a token: for a run that nobody works on
    request_cancel(c, run_id, now) -> Run | None
    get(c, run_id) -> Run | None; desired(c, run_id) -> str; priority(c, run_id) -> int
    ids_beginning(c, text) -> list[str]
    active(c, sync_key) -> Run | None; last(c, kind, account_id) -> Run | None
    failed_since(c, sync_key, code, since) -> bool; calls_since(c, moment) -> Calls
    in_hand_of_others(c, worker) -> {id: where}    for who tells people how runs get on
    under_way(c, account_id) -> int                how many of an email account are queued or running
    unfinished(c, worker=) -> list[Waiting]        what the engine's sweep hands to the queue again
As people look at them: `dyntui.store.run_window`; those that come after others: `coming_after`; items and people of a
run: `dyntui.store.outcomes`; what is old enough to be forgotten: `retention`.
"""

from __future__ import annotations

import functools
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Row,
    Select,
    String,
    bindparam,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.dml import ReturningUpdate

from dyntui.model.counted import counted
from dyntui.model.outcomes import RunStatus, Tally, status_of
from dyntui.store import outcomes
from dyntui.store.failures import vanished
from dyntui.store.schema import run
from dyntui.store.windows import shown

ACTIVE = (RunStatus.QUEUED, RunStatus.IN_PROCESS)


class Fenced(Exception):
    """Another worker has the run, or it has ended: nothing of the transaction may be kept."""


class Calls(msgspec.Struct, frozen=True, kw_only=True):
    """API calls made."""

    dataverse_reads: int = 0
    dataverse_writes: int = 0
    dotdigital_reads: int = 0
    dotdigital_writes: int = 0


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why a run failed, in the four parts of `DyntuiError`."""

    code: str
    message: str
    not_done: str = ""
    remedy: str = ""


class NewRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run to be queued. `sync_key`: of runs with the same key only one is active. `request`: whatever the sync type
    needs to know, JSON. `priority`: lower first."""

    id: str
    kind: str
    title: str
    account_id: str
    sync_key: str
    queued_on: str
    started_by: str = ""
    started_uid: int = 0
    request: dict[str, Any] = {}
    priority: int = 50


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A run as stored, with the tally recorded so far."""

    id: str
    kind: str
    title: str
    account_id: str
    sync_key: str
    request: dict[str, Any]
    priority: int
    status: RunStatus
    desired: str
    attempt: int
    cursor: dict[str, Any]
    started_by: str
    started_uid: int
    queued_on: str
    started_on: str
    ended_on: str
    people_read: int
    stage: str
    stage_done: int
    stage_of: int
    dataverse_reads: int
    dataverse_writes: int
    dotdigital_reads: int
    dotdigital_writes: int
    error_code: str
    error: str
    not_done: str
    remedy: str
    tally: Tally


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker goes on from. `at_work_on`: when the run was last at work, or was queued."""

    token: int
    at_work_on: str
    cursor: dict[str, Any]
    desired: str
    kind: str
    account_id: str
    request: dict[str, Any]


class Waiting(msgspec.Struct, frozen=True):
    """A run that has not ended."""

    id: str
    priority: int


_CLAIMED = ("attempt", "cursor", "desired", "kind", "account_id", "request")
_AT_WORK_ON = func.coalesce(func.nullif(run.c.at_work_on, ""), run.c.queued_on).label("at_work_on")


def create(c: Connection, new: NewRun) -> Run:
    """Queue a run; where one with the same `sync_key` is active, that one is the answer and nothing is added."""
    values = msgspec.structs.asdict(new) | {"status": RunStatus.QUEUED.value, "cursor": {}}
    try:
        with c.begin_nested():
            c.execute(insert(run).values(values))
        made = get(c, new.id)
    except IntegrityError:
        made = active(c, new.sync_key)
        if made is None:
            raise
    if made is None:
        raise vanished("a run")
    return made


def claim(c: Connection, run_id: str, now: str, worker: str = "") -> Claim | None:
    """Take the run over from whoever had it. None when it has ended (there is nothing to do), or when another `worker`
    has it, where there are several. Raises `KeyError` for an unknown run."""
    row = c.execute(
        update(run)
        .where(run.c.id == run_id, run.c.status.in_(ACTIVE), *_within_reach(worker))
        .values(
            attempt=run.c.attempt + 1,
            worker=worker,
            status=RunStatus.IN_PROCESS.value,
            started_on=func.coalesce(func.nullif(run.c.started_on, ""), now),
        )
        .returning(*(run.c[name] for name in _CLAIMED), _AT_WORK_ON)
    ).one_or_none()
    if row is None:
        if get(c, run_id) is None:
            raise KeyError(run_id)
        return None
    return Claim(
        token=row.attempt,
        at_work_on=row.at_work_on,
        cursor=row.cursor,
        desired=row.desired,
        kind=row.kind,
        account_id=row.account_id,
        request=row.request,
    )


def _within_reach(worker: str) -> tuple[ColumnElement[bool], ...]:
    """Of several workers, one may take what nobody has, or what it has itself."""
    return (run.c.worker.in_(("", worker)),) if worker else ()


def advance(
    c: Connection,
    run_id: str,
    token: int,
    *,
    cursor: dict[str, Any] | None = None,
    stage: str | None = None,
    done: int | None = None,
    of: int | None = None,
    calls: Calls | None = None,
    at: str | None = None,
) -> str:
    """Move the cursor and the progress (None: as it was), add API calls, and keep when the run was at work (`at`);
    the answer is what is desired of the run: `run` or `cancel`. Raises `Fenced`: the caller's transaction must then be
    rolled back."""
    added = {name: count for name, count in msgspec.structs.asdict(calls or Calls()).items() if count}
    given = {"cursor": cursor, "stage": stage, "stage_done": done, "stage_of": of, "at_work_on": at}
    changed = {name: value for name, value in given.items() if value is not None}
    bound = {f"b_{name}": value for name, value in (added | changed).items()}
    statement = _advanced(tuple(added), tuple(changed))
    desired = c.execute(statement, {"b_run": run_id, "b_token": token, **bound}).scalar()
    if desired is None:
        raise Fenced(run_id)
    return str(desired)


@functools.cache
def _advanced(added: tuple[str, ...], changed: tuple[str, ...]) -> ReturningUpdate[Any]:
    """Every save of every run makes this statement: it is put together once for the columns that are told."""
    values: dict[str, Any] = {name: run.c[name] + bindparam(f"b_{name}", type_=Integer) for name in added}
    values |= {name: bindparam(f"b_{name}", type_=run.c[name].type) for name in changed}
    return (
        update(run)
        .where(
            run.c.id == bindparam("b_run", type_=String),
            run.c.attempt == bindparam("b_token", type_=Integer),
            run.c.status == RunStatus.IN_PROCESS,
        )
        .values(values or {"attempt": run.c.attempt})
        .returning(run.c.desired)
    )


# Parts that failed by these are rows: everything else was read or written, and a run with nothing else to do is done.
_OF_ROWS = ("DOTDIGITAL_ROW_UNREADABLE", "DYNAMICS_REFUSED_ROWS")


def finish(
    c: Connection,
    run_id: str,
    token: int,
    now: str,
    *,
    status: RunStatus | None = None,
    read: int | None = None,
    problem: Problem | None = None,
) -> RunStatus:
    """End the run, once; the answer is the status it got. `status` None: what the counts and the items earn. `read`:
    people the run has read; None: the sum over its items.

    The accounting identity is checked here against the recorded people themselves, item by item: a run that does not
    add up is `Failed` with `ACCOUNTING`, whatever was asked for (`Failed` and `Cancelled` stay what they are: whoever
    was named before the run was stopped is whom it had read). Raises `Fenced`.
    """
    if status in (RunStatus.FAILED, RunStatus.CANCELLED):
        outcomes.break_off(c, run_id, status)
    tally = outcomes.counted(c, run_id)
    items = outcomes.items(c, run_id)
    people_read = sum(item.tally.read for item in items) if read is None else read
    tally = Tally(people_read, tally.counts)
    earned = status if status is not None else status_of(tally)
    broken = [item for item in items if item.status is RunStatus.FAILED]
    if earned is RunStatus.COMPLETED and any(each.status is RunStatus.COMPLETED_WITH_ERRORS for each in items):
        earned = RunStatus.COMPLETED_WITH_ERRORS
    if status is None and broken:
        whole = any(not each.note.startswith(_OF_ROWS) for each in broken)
        earned = RunStatus.FAILED if whole and len(broken) == len(items) else RunStatus.COMPLETED_WITH_ERRORS
        many = f"{len(broken)} of {len(items)} parts failed: " if len(items) > 1 else ""
        failed = f"{many}{broken[0].name}: {broken[0].note}"
        problem = problem or Problem(code="PARTS_FAILED", message=failed, remedy="See each part; then run it again.")
    if status not in (RunStatus.FAILED, RunStatus.CANCELLED):
        wrong = _mismatch(tally, items)
        if wrong:
            earned, problem = RunStatus.FAILED, wrong
    said = problem or Problem(code="", message="")
    ended = c.execute(
        update(run)
        .where(run.c.id == run_id, run.c.attempt == token, run.c.status == RunStatus.IN_PROCESS)
        .values(
            status=earned.value,
            ended_on=now,
            people_read=people_read,
            error_code=said.code,
            error=said.message,
            not_done=said.not_done,
            remedy=said.remedy,
        )
        .returning(run.c.id)
    ).scalar()
    if ended is None:
        raise Fenced(run_id)
    if earned is RunStatus.FAILED:
        outcomes.close_open(c, run_id, earned)
    return earned


def _mismatch(tally: Tally, items: list[outcomes.Item]) -> Problem | None:
    parts = [f"{item.name or item.id}: {item.tally.read} read, {item.tally.named} named" for item in items]
    wrong = [text for text, item in zip(parts, items, strict=True) if not item.tally.adds_up]
    if tally.adds_up and not wrong:
        return None
    said = f"{counted(tally.read, 'person was', 'people were')} read, but {tally.named} ended in a named outcome."
    return Problem(
        code="ACCOUNTING",
        message=f"{said} {'; '.join(wrong)}".strip(),
        not_done="The run does not count as completed.",
        remedy="Run it again; if it fails again, send the support bundle: this is a defect of dyntui.",
    )


def set_people(c: Connection, run_id: str, people: int) -> None:
    """How many people a run that has ended had read, where that was learnt afterwards."""
    c.execute(update(run).where(run.c.id == run_id).values(people_read=people))


def fail(c: Connection, run_id: str, now: str, problem: Problem) -> bool:
    """End a run that no worker has: its queue entry was lost, or its work cannot start. False when it had ended."""
    ended = c.execute(
        update(run)
        .where(run.c.id == run_id, run.c.status.in_(ACTIVE))
        .values(
            status=RunStatus.FAILED.value,
            ended_on=now,
            attempt=run.c.attempt + 1,
            error_code=problem.code,
            error=problem.message,
            not_done=problem.not_done,
            remedy=problem.remedy,
        )
    )
    if not ended.rowcount:
        return False
    outcomes.break_off(c, run_id, RunStatus.FAILED)
    set_people(c, run_id, outcomes.tallies(c, [run_id])[run_id].read)
    return True


def request_cancel(c: Connection, run_id: str, now: str) -> Run | None:
    """Ask a run to stop: a queued one ends at once, a running one after the page in hand. None for an unknown run."""
    c.execute(
        update(run)
        .where(run.c.id == run_id, run.c.status == RunStatus.QUEUED)
        .values(status=RunStatus.CANCELLED.value, desired="cancel", ended_on=now)
    )
    c.execute(update(run).where(run.c.id == run_id, run.c.status == RunStatus.IN_PROCESS).values(desired="cancel"))
    return get(c, run_id)


def get(c: Connection, run_id: str) -> Run | None:
    """A run by its id."""
    return _one(c, select(run).where(run.c.id == run_id))


def desired(c: Connection, run_id: str) -> str:
    """What is desired of a run: `run` or `cancel`; `""` for an unknown one."""
    return c.execute(select(run.c.desired).where(run.c.id == run_id)).scalar() or ""


def priority(c: Connection, run_id: str) -> int:
    """How urgent a run is, lower first. Raises `KeyError` for an unknown run."""
    found = c.execute(select(run.c.priority).where(run.c.id == run_id)).scalar()
    if found is None:
        raise KeyError(run_id)
    return int(found)


def ids_beginning(c: Connection, text: str) -> list[str]:
    """Ids that begin with `text`, in any letter case: at most two, which is enough to know whether it names one."""
    found = select(run.c.id).where(run.c.id.istartswith(text, autoescape=True)).order_by(run.c.id).limit(2)
    return list(c.execute(found).scalars())


def active(c: Connection, sync_key: str) -> Run | None:
    """The queued or running run of a key."""
    return _one(c, select(run).where(run.c.sync_key == sync_key, run.c.status.in_(ACTIVE)))


def last(c: Connection, kind: str, account_id: str) -> Run | None:
    """The run of a kind that was queued last."""
    of_kind = select(run).where(run.c.kind == kind, run.c.account_id == account_id)
    return _one(c, of_kind.order_by(run.c.queued_on.desc(), run.c.id.desc()).limit(1))


def failed_since(c: Connection, sync_key: str, code: str, since: str) -> bool:
    """Whether a run of a key that was queued at or after `since` (ISO 8601 UTC) failed with this error code."""
    of_key = (run.c.sync_key == sync_key, run.c.queued_on >= since)
    failed = (run.c.status == RunStatus.FAILED.value, run.c.error_code == code)
    return c.execute(select(run.c.id).where(*of_key, *failed).limit(1)).first() is not None


def calls_since(c: Connection, moment: str) -> Calls:
    """API calls of the runs that ended at or after `moment` (ISO 8601 UTC), or have not ended."""
    names = Calls.__struct_fields__
    sums = [func.coalesce(func.sum(run.c[name]), 0).label(name) for name in names]
    row = c.execute(select(*sums).where(or_(run.c.ended_on >= moment, run.c.ended_on == ""))).one()
    return Calls(**{name: int(row._mapping[name]) for name in names})


def unfinished(c: Connection, worker: str = "") -> list[Waiting]:
    """The runs that are queued or running, in the order they are due; of several, those that this `worker` may take."""
    due = (run.c.priority, run.c.queued_on, run.c.id)
    active = (run.c.status.in_(ACTIVE), *_within_reach(worker))
    rows = c.execute(select(run.c.id, run.c.priority).where(*active).order_by(*due))
    return [Waiting(row.id, row.priority) for row in rows]


def in_hand_of_others(c: Connection, worker: str) -> dict[str, object]:
    """The runs that are not this worker's, with where they are: what is unequal has gone on."""
    columns = (run.c.status, run.c.attempt, run.c.stage, run.c.stage_done, run.c.people_read, run.c.desired)
    rows = c.execute(select(run.c.id, *columns).where(run.c.status.in_(ACTIVE), run.c.worker != worker))
    return {row.id: tuple(row)[1:] for row in rows}


def under_way(c: Connection, account_id: str) -> int:
    """How many runs of an email account are queued or running."""
    of_it = (run.c.account_id == account_id, run.c.status.in_(ACTIVE))
    return int(c.execute(select(func.count()).select_from(run).where(*of_it)).scalar_one())


def _one(c: Connection, statement: Select[Any]) -> Run | None:
    row = c.execute(statement).one_or_none()
    if row is None:
        return None
    return _run(row, outcomes.tallies(c, [row.id]).get(row.id, Tally()))


def _run(row: Row[Any], tally: Tally) -> Run:
    status = RunStatus(row.status)
    return shown(Run, row, status=status, tally=tally_so_far(row, tally))


def tally_so_far(row: Row[Any], tally: Tally) -> Tally:
    """The tally of a run's items as that of the run: what it has read counts from its end on, and until then whoever
    was named was read."""
    read = row.people_read if RunStatus(row.status).ended else max(row.people_read, tally.read, tally.named)
    return Tally(read, tally.counts)
