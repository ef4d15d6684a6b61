"""Values that somebody changed in Dynamics and somebody else in dotdigital, as store, contract and both faces show
them."""

from __future__ import annotations

import msgspec


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """A conflict of one data label of a person: both values in words as they were met, whose value `winner` is (the
    mapping's rule decided), in which `run`, and when (ISO 8601 UTC). `settled_by`: who has looked at it, `""`: nobody
    yet; `taken`: the side whose value they took although it had lost."""

    account: str
    person: str
    entity: str
    name: str
    address: str
    label: str
    dynamics: str
    dotdigital: str
    winner: str
    run: str
    met_on: str
    settled_by: str = ""
    settled_on: str = ""
    taken: str = ""
