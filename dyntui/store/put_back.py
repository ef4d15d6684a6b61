"""A store that was put back from a backup: nothing in it may begin or go on by itself.

What was queued, under way or held when the backup was made has happened since, or was called off: nobody is to be
mailed a second time for it.

Public: `put_to_rest(c, now) -> AtRest`, `marked(file) -> Marked`, `keep_marks(c, Marked)`,
`not_looked_after(c, Marked) -> [names]`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, select, update

from dyntui.model.sends import HANDED_OVER, LIVE
from dyntui.store import consent_sources, environment, runs, sends
from dyntui.store.migrations import VERSION_TABLE
from dyntui.store.runs import ACTIVE, Problem
from dyntui.store.schema import allowed_address, run, send

_WHY = "The store was put back from a backup"
# Sends that a run has in hand, and of which dotdigital has not been seen to know.
_BEGUN = ("Queued", "Preparing")


class AtRest(msgspec.Struct, frozen=True):
    """How many runs and sends were ended."""

    runs: int
    sends: int


def put_to_rest(c: Connection, now: str) -> AtRest:
    """Ends every run, and calls off every send that is held. `now`: ISO 8601 UTC.

    A send that had begun is one of which nobody knows whether it was made: it is looked for in dotdigital before the
    campaign is sent again, and who was mailed it is learnt there.
    """
    problem = Problem(
        code="STORE_PUT_BACK",
        message=f"{_WHY} that was made while this was under way.",
        not_done="What the run had left to do was not done.",
        remedy="Start it again where it is still wanted.",
    )
    ids = c.execute(select(run.c.id).where(run.c.status.in_(ACTIVE))).scalars().all()
    ended = sum(runs.fail(c, each, now, problem) for each in ids)
    why = f"{_WHY} on {now}"
    begun = c.execute(select(send.c.id).where(send.c.state.in_(_BEGUN))).scalars().all()
    for each in begun:
        sends.put_doubt(c, each, "unproved", why)
        sends.set_state(c, each, "Failed", why)
    held = update(send).where(send.c.state.in_(LIVE)).values(state="Cancelled", error=why)
    return AtRest(ended, len(begun) + c.execute(held).rowcount)


# What a store may be unable to tell as a backup takes its place.
ENVIRONMENT, OPT_OUTS, HANDED_SENDS = "environment", "opt-outs", "handed sends"


class Marked(msgspec.Struct, frozen=True):
    """What a store says is not production: (account id, who said so, when); whom may be mailed there: (entry, who
    allowed it, when); what an administrator said counts as an opt-out besides (`dyntui.store.consent_sources`), None
    where nobody has; and the sends that dotdigital has and mails later: (id, campaign). `unread`: which of these it
    cannot tell, as there is no store, or a damaged one."""

    marks: tuple[tuple[str, str, str], ...] = ()
    allowed: tuple[tuple[str, str, str], ...] = ()
    opt_outs: tuple[str, ...] | None = None
    handed: tuple[tuple[str, str], ...] = ()
    unread: tuple[str, ...] = ()


_MARKS = ("not_production", "SELECT account_id, marked_by, marked_on FROM not_production")
_ALLOWED = ("allowed_address", "SELECT entry, added_by, added_on FROM allowed_address")
_ANSWERS = ("watermark", f"SELECT value FROM watermark WHERE account_id = '' AND feed = '{consent_sources.ANSWER}'")  # noqa: S608
_HANDED = ("send", f"SELECT id, campaign_name FROM send WHERE state = '{HANDED_OVER}' ORDER BY id")  # noqa: S608


def marked(file: Path) -> Marked:
    """What is marked in a store of whatever revision; of what it has no table yet, nothing. What cannot be read of a
    damaged one does not hide the rest."""
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as c:
            tables = {name for (name,) in c.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            marks, allowed, answers, handed = (
                _rows(c, tables, *asked) for asked in (_MARKS, _ALLOWED, _ANSWERS, _HANDED)
            )
    except sqlite3.Error:
        return Marked(unread=(ENVIRONMENT, OPT_OUTS, HANDED_SENDS))
    opt_outs = None
    if answers:
        try:
            opt_outs = msgspec.json.decode(answers[0][0], type=tuple[str, ...])
        except msgspec.MsgspecError:
            answers = None
    unread = {ENVIRONMENT: marks is None or allowed is None, OPT_OUTS: answers is None, HANDED_SENDS: handed is None}
    return Marked(
        tuple(marks or ()),
        tuple(allowed or ()),
        opt_outs,
        tuple(handed or ()),
        tuple(what for what, lost in unread.items() if lost),
    )


def _rows(c: sqlite3.Connection, tables: Collection[str], table: str, asked: str) -> list[Any] | None:
    """None: it cannot be told what they are. A store has had its version from the beginning."""
    if table not in tables:
        return [] if VERSION_TABLE in tables else None
    try:
        return c.execute(asked).fetchall()
    except sqlite3.Error:
        return None


def keep_marks(c: Connection, there: Marked) -> None:
    """What was marked when the backup was put back stays so, with the allow list as it was then: only a person takes
    the mark away. So does what counted as an opt-out: whoever said so there is not mailed because of an old answer."""
    before = consent_sources.answer(c)
    if before is not None and there.opt_outs is not None:
        consent_sources.put_answer(c, dict.fromkeys((*before, *there.opt_outs)))
    if not there.marks:
        return
    for account_id, by, on in there.marks:
        environment.mark(c, account_id, by, on)
    c.execute(delete(allowed_address))
    for entry, by, on in there.allowed:
        environment.allow(c, [entry], by, on)


def not_looked_after(c: Connection, there: Marked) -> list[str]:
    """Of the sends that dotdigital has and mails later those which this store does not know to be there, by campaign
    and id: who opts out until then would stay in their address books."""
    known = set(c.execute(select(send.c.id).where(send.c.state == HANDED_OVER)).scalars())
    return [f"{campaign} ({id[:8]})" for id, campaign in there.handed if id not in known]
