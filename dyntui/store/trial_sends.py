"""Test sends from before their campaign is copied until the copy is gone, so that a service which ends in between
leaves neither a copy nor somebody mailed without a word; the audit's entry of each is made here too.

Public:
    begin(c, NewTrial); copied(c, trial_id, copy_id, copy_name); asked(c, trial_id); done(c, trial_id)
    tell(c, trial_id, run_id, outcome, reason, detail, now) -> bool
    left(c, before) -> [Trial]; copies(c, account_id) -> Copies
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.model.sync_types import TEST_SEND
from dyntui.store import outcomes, runs
from dyntui.store.outcomes import Item
from dyntui.store.runs import NewRun
from dyntui.store.schema import trial_send
from dyntui.store.windows import shown

_t = trial_send.c
_ITEM = "test"


class NewTrial(msgspec.Struct, frozen=True, kw_only=True):
    """A test of a campaign to one address. `sent_by`, `sent_uid`: who asked for it, as in runs."""

    id: str
    account_id: str
    campaign_id: int
    campaign_name: str
    address: str
    sent_by: str
    sent_uid: int
    began_on: str


class Trial(NewTrial, frozen=True, kw_only=True):
    """A test as it stands. `copy_id`: dotdigital's number of the copy, 0 where it has not said which; `asked`: the
    request to send it may have left; `run_id`: its entry in the audit, `""` as long as there is none."""

    copy_id: int
    copy_name: str
    asked: bool
    run_id: str


def begin(c: Connection, new: NewTrial) -> None:
    """The campaign is about to be copied."""
    c.execute(insert(trial_send).values(msgspec.structs.asdict(new)))


def copied(c: Connection, trial_id: str, copy_id: int, copy_name: str) -> None:
    """dotdigital has this copy."""
    _set(c, trial_id, copy_id=copy_id, copy_name=copy_name)


def asked(c: Connection, trial_id: str) -> None:
    """The request to send the copy is about to leave."""
    _set(c, trial_id, asked=True)


def done(c: Connection, trial_id: str) -> None:
    """No copy is left."""
    c.execute(delete(trial_send).where(_t.id == trial_id))


def left(c: Connection, before: str) -> list[Trial]:
    """The tests that began before a moment and may have left a copy, the oldest first."""
    rows = c.execute(select(trial_send).where(_t.began_on <= before).order_by(_t.began_on, _t.id))
    return [shown(Trial, row) for row in rows]


class Copies(msgspec.Struct, frozen=True):
    """What dotdigital has for tests that are under way, or has kept of them: numbers of copies, and what those are
    called that it has not numbered yet."""

    ids: frozenset[int]
    names: frozenset[str]


def copies(c: Connection, account_id: str) -> Copies:
    """The copies of an email account's campaigns that are none of its campaigns."""
    rows = c.execute(select(_t.copy_id, _t.campaign_name).where(_t.account_id == account_id)).all()
    unnumbered = frozenset(f"Copy of {row.campaign_name}" for row in rows if not row.copy_id)
    return Copies(frozenset(row.copy_id for row in rows if row.copy_id), unnumbered)


def tell(c: Connection, trial_id: str, run_id: str, outcome: Outcome, reason: str, detail: str, now: str) -> bool:
    """The audit gets an entry, a run that has ended: who tested which campaign, with what outcome for whom. False: it
    has one already."""
    row = c.execute(select(trial_send).where(_t.id == trial_id, _t.run_id == "")).one_or_none()
    if row is None:
        return False
    new = NewRun(
        id=run_id,
        kind=TEST_SEND.id,
        title=f"{TEST_SEND.title}: {row.campaign_name}",
        account_id=row.account_id,
        sync_key=TEST_SEND.key(row.account_id, trial_id),
        queued_on=row.began_on,
        started_by=row.sent_by,
        started_uid=row.sent_uid,
        priority=TEST_SEND.priority,
    )
    runs.create(c, new)
    claim = runs.claim(c, run_id, row.began_on)
    assert claim is not None
    item = Item(id=_ITEM, kind="campaign", name=row.campaign_name)
    outcomes.put_item(c, run_id, item)
    person = PersonOutcome(person=row.address, address=row.address, outcome=outcome, reason=reason, detail=detail)
    outcomes.record(c, run_id, item.id, [person])
    outcomes.close(c, run_id, item.id, read=1)
    runs.finish(c, run_id, claim.token, now)
    _set(c, trial_id, run_id=run_id)
    return True


def _set(c: Connection, trial_id: str, **values: object) -> None:
    c.execute(update(trial_send).where(_t.id == trial_id).values(values))
