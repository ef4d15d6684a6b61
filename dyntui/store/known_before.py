"""Addresses that people of Dynamics had, or were met with in dotdigital, besides the one that their record has.

Public: `people(c, addresses, list_id="", contacts={}) -> {address: [person]}`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, func, select

from dyntui.store import moved_contacts
from dyntui.store.chunks import in_chunks
from dyntui.store.schema import former_address, merged_record

_f, _r = former_address.c, merged_record.c


def people(
    c: Connection, addresses: Sequence[str], list_id: str = "", contacts: Mapping[str, int] | None = None
) -> dict[str, list[str]]:
    """Whose the addresses were as members of the list (`""`: of any), or in dotdigital; who has been merged into
    another record is that one by now. `contacts`: as the list's book names them now, address -> id."""
    whose = func.coalesce(_r.survivor_id, _f.person_id).label("person")
    asked = select(_f.address, whose).outerjoin(merged_record, _r.person_id == _f.person_id).distinct()
    if list_id:
        asked = asked.where(_f.list_id.in_((list_id, "")))
    found: dict[str, list[str]] = {}
    for some in in_chunks(addresses):
        for row in c.execute(asked.where(_f.address.in_(some)).order_by(_f.address, whose)):
            found.setdefault(row.address, []).append(row.person)
    if list_id:
        for address, person in moved_contacts.people(c, list_id, contacts or {}).items():
            found.setdefault(address, []).append(person)
    return found
