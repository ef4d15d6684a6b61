"""Which record of Dynamics somebody is whom dotdigital knows by an address."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from dyntui.model.people import Entity

_ORDER = {Entity.CONTACT: 0, Entity.LEAD: 1, Entity.ACCOUNT: 2}


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A record with the address. `created_on`: ISO 8601 UTC as Dynamics gives it."""

    entity: Entity
    id: str
    name: str
    address: str
    active: bool
    created_on: str = ""


def winners(candidates: Iterable[Candidate]) -> dict[str, Candidate]:
    """One record for each address: an active one before others; then contact before lead, the older record, the smaller
    id, as everywhere (spec section 9, duplicates)."""
    found: dict[str, Candidate] = {}
    for each in candidates:
        known = found.get(each.address)
        if known is None or _rank(each) < _rank(known):
            found[each.address] = each
    return found


def _rank(each: Candidate) -> tuple[bool, int, str, str]:
    return not each.active, _ORDER[each.entity], each.created_on, each.id
