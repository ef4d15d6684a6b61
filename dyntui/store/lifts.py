"""Suppressions, opt-outs and list unsubscribes that ended, each with the evidence for it.

Public:
    record(c, rows, now); lifts(c, limit=200) -> list[Lift]
    ended_after(c, account_id, addresses, ahead) -> {address: when}    until when each was in force for certain
    untold(c, account_id) -> list[Untold]; told(c, ids)                what Dynamics has yet to be told of
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

import msgspec
from sqlalchemy import Connection, insert, select, update

from dyntui.model.moments import moment_of, text_of
from dyntui.store.chunks import in_chunks
from dyntui.store.schema import consent_lift

_l = consent_lift.c
SUPPRESSION, OPT_OUT, LIST_UNSUBSCRIBE = "suppression", "opt-out", "list unsubscribe"


class Lift(msgspec.Struct, frozen=True, kw_only=True):
    """A suppression or a list unsubscribe (of `address` in `account_id`), or an opt-out (of the record `person_id`, or
    of an `address`), that ended. `reason`: the code it had; `evidence`: what says so; `lifted_by`: who decided it, `""`
    for a system; `in_force_until`: when it was in force for certain, by the systems' clocks, as machines have several;
    `""`: until it was lifted, by the clock of the machine that did it. By a system's word it ended some time between
    the two."""

    kind: str
    reason: str
    evidence: str
    account_id: str = ""
    address: str = ""
    person_id: str = ""
    lifted_by: str = ""
    lifted_on: str = ""
    in_force_until: str = ""


class Untold(msgspec.Struct, frozen=True):
    """A suppression that ended, of which Dynamics still holds the row and the flags."""

    id: int
    address: str


def record(c: Connection, rows: Iterable[Lift], now: str) -> None:
    """Keep the evidence, together with what it ends."""
    values = [{**msgspec.structs.asdict(row), "lifted_on": now, "in_dynamics": row.kind != SUPPRESSION} for row in rows]
    if values:
        c.execute(insert(consent_lift), values)


def lifts(c: Connection, limit: int = 200) -> list[Lift]:
    """The last ones, the newest first."""
    shown = [_l[name] for name in Lift.__struct_fields__]
    return [Lift(**row._mapping) for row in c.execute(select(*shown).order_by(_l.id.desc()).limit(limit))]


def ended_after(c: Connection, account_id: str, addresses: Sequence[str], ahead: float = 0.0) -> dict[str, str]:
    """Until when the suppression of each address in the account that ended last was in force for certain, by the
    systems' clocks; an address that none ended for is missing. What was asked for after that may be newer than what
    ended it. `ahead`: seconds that these clocks are ahead of this machine's."""
    found: dict[str, str] = {}
    for some in in_chunks(addresses):
        rows = select(_l.address, _l.in_force_until, _l.lifted_on).where(
            _l.kind == SUPPRESSION, _l.account_id == account_id, _l.address.in_(some)
        )
        for address, until, lifted_on in c.execute(rows):
            found[address] = max(until or _there(lifted_on, ahead), found.get(address, ""))
    return found


def _there(mine: str, ahead: float) -> str:
    moment = moment_of(mine)
    return mine if moment is None else text_of(moment + timedelta(seconds=ahead))


def untold(c: Connection, account_id: str) -> list[Untold]:
    """Suppressions of the account that ended and that Dynamics has yet to be told of."""
    waiting = select(_l.id, _l.address).where(
        _l.kind == SUPPRESSION, _l.account_id == account_id, _l.in_dynamics.is_(False)
    )
    return [Untold(*row) for row in c.execute(waiting.order_by(_l.id))]


def told(c: Connection, ids: Sequence[int]) -> None:
    """Dynamics knows."""
    c.execute(update(consent_lift).where(_l.id.in_(ids)).values(in_dynamics=True))
