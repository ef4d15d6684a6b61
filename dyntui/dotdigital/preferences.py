"""Marketing preferences: the tree, and who chose what.

    tree(dd) -> ([Leaf], [OddRow])
    choice_pages(dd, preference_id, since) -> Page[Chosen]...      every choice that was made since, yes and no
    opted_in_pages(dd) -> Page[OptedIn]...                         of every contact what it is opted in to

Facts: reference/dotdigital_api.md section 9.5, 3.4. What a contact never chose is told by the first of the two by its
absence alone; what the second one leaves out, or calls not opted in, may never have been chosen.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.moments import stamp
from dyntui.dotdigital.paging import Page, marker_pages
from dyntui.dotdigital.reading import Long, OddRow, Whole, rows_of

_TOP: Final = 1000


class Leaf(msgspec.Struct, frozen=True, kw_only=True):
    """A preference. `category`: the names that it stands under."""

    id: Whole
    name: str
    category: str
    public: bool


class _Node(msgspec.Struct, frozen=True, rename="camel"):
    id: Whole
    public_name: str | None = None
    private_name: str | None = None
    is_preference: bool = False
    is_public: bool = False
    preferences: list[Any] | None = None

    @property
    def name(self) -> str:
        return self.public_name or self.private_name or f"preference {self.id}"


async def tree(dd: Dotdigital) -> tuple[list[Leaf], list[OddRow]]:
    """Every preference, and the rows that cannot be read; what stands below such a row is not known."""
    nodes, odd = await dd.rows("/v2/preferences", _Node)
    found = list(_leaves(nodes, (), odd))
    return found, odd


def _leaves(nodes: Sequence[_Node], above: tuple[str, ...], odd: list[OddRow]) -> Iterator[Leaf]:
    for node in nodes:
        if node.is_preference:
            yield Leaf(id=node.id, name=node.name, category=": ".join(above), public=node.is_public)
        below, wrong = rows_of([_plain(each) for each in node.preferences or ()], _Node, f"under {node.id}")
        odd += wrong
        yield from _leaves(below, (*above, node.name), odd)


def _plain(value: Any) -> Any:
    return {name: each for name, each in value.items() if each is not None} if isinstance(value, Mapping) else value


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """A choice that a contact made. `on`: as received."""

    contact_id: Long
    email: str
    opted_in: bool
    on: str


class _Contact(msgspec.Struct, frozen=True):
    id: Whole
    email: str | None = None


class _OptIn(msgspec.Struct, frozen=True, rename="camel"):
    is_opted_in: bool
    marketing_preference_id: Whole = 0
    # The service's own spelling, and the one that it may have one day.
    date_modifed: str | None = None
    date_modified: str | None = None


class _Row(msgspec.Struct, frozen=True, rename="camel"):
    contact: _Contact
    marketing_preference_opt_ins: list[_OptIn] = []


async def choice_pages(dd: Dotdigital, preference_id: int, since: datetime) -> AsyncIterator[Page[Chosen]]:
    """The choices that were made of a preference since a time, by contact, 1,000 a call. Rows that cannot be read are
    in `odd`."""
    path = f"/v2/contacts/with-preference/{preference_id}/opt-ins-since/{stamp(since)}"
    least = 0
    while True:
        rows, odd = await dd.rows(path, _Row, params={"minContactId": least})
        last = max((row.contact.id for row in rows), default=-1)
        more = len(rows) + len(odd) >= _TOP
        repeats = more and last < least
        yield Page(rows=[each for row in rows for each in _chosen(row, preference_id)], odd=odd, repeats=repeats)
        if not more or repeats:
            return
        least = last + 1


def _chosen(row: _Row, preference_id: int) -> Iterator[Chosen]:
    for each in row.marketing_preference_opt_ins:
        if each.marketing_preference_id in (0, preference_id):
            yield Chosen(
                contact_id=row.contact.id,
                email=row.contact.email or "",
                opted_in=each.is_opted_in,
                on=each.date_modifed or each.date_modified or "",
            )


class _State(msgspec.Struct, frozen=True, rename="camel"):
    id: Whole
    is_opted_in: bool = False


class _Person(msgspec.Struct, frozen=True, rename="camel"):
    contact_id: Long
    identifiers: dict[str, Any] = {}
    preferences: list[_State] | None = None


class OptedIn(msgspec.Struct, frozen=True):
    """A contact, and the preferences that it is opted in to."""

    contact_id: Long
    preferences: frozenset[int]


async def opted_in_pages(dd: Dotdigital) -> AsyncIterator[Page[OptedIn]]:
    """Every contact, 5,000 a call; one of whom no preferences are told is opted in to none."""
    async for page in marker_pages(dd, "/contacts/v3", _Person, params={"include": "preferences"}, takes_odd=True):
        rows = [
            OptedIn(each.contact_id, frozenset(one.id for one in each.preferences or () if one.is_opted_in))
            for each in page.rows
        ]
        yield Page(rows=rows, cursor=page.cursor, odd=page.odd, repeats=page.repeats)
