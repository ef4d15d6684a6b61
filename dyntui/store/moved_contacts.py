"""Contacts that have another address in dotdigital by now than was sent of the person: somebody has changed it there.

Who says no with that address is the person. So it is kept as one that they have had, by which suppressions and list
unsubscribes count for them (`suppressed_people`, `list_unsubscribes.people`) - also where their own address is written
to dotdigital once more, as another contact, which nobody has opted out.

Public: `met(c, contacts, account_id="", list_id="")`, `met_in_book(c, list_id, contacts)`, `addresses(c, ...)`,
`people(c, list_id, contacts)`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, case, select

from dyntui.store.chunks import in_chunks
from dyntui.store.schema import former_address, list_member, marketing_list
from dyntui.store.upserts import upsert

_m, _l = list_member.c, marketing_list.c
# Where the address is one of the person in the account, and not on a list.
_ON_NO_LIST = ""


def met(c: Connection, contacts: Mapping[str, int], *, account_id: str = "", list_id: str = "") -> None:
    """`contacts` as dotdigital names them now, address -> id (0: it does not say), of an account or of one list."""
    _keep(c, _moved(c, contacts, account_id, list_id), (list_id or _ON_NO_LIST,))


def met_in_book(c: Connection, list_id: str, contacts: Mapping[str, int]) -> None:
    """Contacts that were met in the book of a list: what is said with the address, of this list or of all, is said by
    the person."""
    _keep(c, _moved(c, contacts, "", list_id), (list_id, _ON_NO_LIST))


def people(c: Connection, list_id: str, contacts: Mapping[str, int]) -> dict[str, str]:
    """Those of the addresses whose contact is that of a member of the list, with whose."""
    return dict(_moved(c, contacts, "", list_id))


def addresses(c: Connection, account_id: str, contact_ids: Sequence[int]) -> dict[int, str]:
    """The addresses that were sent of the people of an account with these contacts."""
    found: dict[int, str] = {}
    for some in in_chunks(contact_ids):
        found.update((row.contact_id, row.sent_address) for row in _people(c, some, account_id, ""))
    return found


def _moved(c: Connection, contacts: Mapping[str, int], account_id: str, list_id: str) -> Iterator[tuple[str, str]]:
    """(address, person)."""
    named: dict[int, list[str]] = {}
    for address, contact_id in contacts.items():
        if contact_id and address:
            named.setdefault(contact_id, []).append(address)
    for some in in_chunks(list(named)):
        for row in _people(c, some, account_id, list_id):
            here = (each for each in named[row.contact_id] if each not in (row.address, row.sent_address))
            yield from ((each, row.person) for each in here)


def _people(c: Connection, contact_ids: Sequence[int], account_id: str, list_id: str) -> Sequence[Any]:
    # An account is mailed at its primary contact's address: that is who says no with it.
    person = case((_m.mailed_as != "", _m.mailed_as), else_=_m.person_id).label("person")
    # By the contacts alone, who are few: asked for a list as well the whole of that might be looked through.
    asked = select(_m.contact_id, _m.list_id, _m.seq, _m.address, _m.sent_address, person).where(
        _m.contact_id.in_(contact_ids), _m.sent_address != ""
    )
    of_account = select(_l.id).where(_l.account_id == account_id)
    lists = {list_id} if list_id else set(c.execute(of_account).scalars())
    rows = [row for row in c.execute(asked) if row.list_id in lists]
    return sorted(rows, key=lambda row: (row.list_id, row.seq))


def _keep(c: Connection, moved: Iterator[tuple[str, str]], places: Sequence[str]) -> None:
    rows = sorted({(place, address, person) for address, person in moved for place in places})
    upsert(
        c,
        former_address,
        ("list_id", "address", "person_id", "gone_on"),
        ("list_id", "address", "person_id"),
        ((*row, "") for row in rows),
        update=("gone_on",),
    )
