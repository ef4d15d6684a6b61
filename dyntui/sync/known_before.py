"""Who is known in Dynamics at another address than the one that dotdigital names: their contact took it there. A record
made with it would be a second one of the same person, who would be mailed twice."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

from dyntui.dataverse.http import Dataverse
from dyntui.model.matching import Candidate
from dyntui.model.people import Entity
from dyntui.store import known_before
from dyntui.sync import matching
from dyntui.sync.having_address import Store


async def known(
    store: Store,
    dv: Dataverse,
    entities: Sequence[Entity],
    addresses: Sequence[str],
    list_id: str = "",
    contacts: Mapping[str, int] | None = None,
) -> dict[str, Candidate]:
    """The active record of each of the addresses that somebody has had, as far as such records are there; see
    `dyntui.store.known_before`."""
    asked = functools.partial(known_before.people, addresses=addresses, list_id=list_id, contacts=contacts)
    whose = await store.read(asked)
    ids = sorted({each for people in whose.values() for each in people})
    records: dict[str, Candidate] = {}
    for entity in entities:
        if ids:
            records |= await matching.by_id(dv, entity, ids)
    found: dict[str, Candidate] = {}
    for address, people in whose.items():
        there = [records[each] for each in people if each in records and records[each].active]
        if there:
            found[address] = there[0]
    return found


def said(candidate: Candidate) -> str:
    """Who that is, in words."""
    return f"known as {candidate.entity} {candidate.id} {candidate.name}, with another address"
