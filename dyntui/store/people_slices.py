"""People that a screen shows, read again for a run: the same windows that the screen was drawn from, page by page.

Public: `everybody(c, asked) -> people`, each once; `types(c, asked) -> {entity: how many}`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec
from sqlalchemy import Connection

from dyntui.model.campaigns import RecipientRow
from dyntui.model.known_people import KnownPerson
from dyntui.model.lists import MemberRow
from dyntui.model.member_changes import PeopleSlice
from dyntui.model.outcomes import PersonOutcome
from dyntui.model.paging import Page, Window
from dyntui.model.suppressions import SuppressionRow
from dyntui.store import count_window, known_people, member_window, results, run_people, suppressions

PAGE = 5000


class ShownPerson(msgspec.Struct, frozen=True):
    """Somebody shown. `person`: the record's id, or an address where `entity` is `""`: of a recipient it is not known
    here which record has it."""

    person: str
    entity: str
    name: str
    address: str


def _page(c: Connection, asked: PeopleSlice, offset: int) -> tuple[list[ShownPerson], bool]:
    """The people from a place on, as many as a page holds; and whether there may be more."""
    found = _window(c, asked, Window(offset=offset, limit=PAGE, search=asked.search))
    rows = [_shown(each) for each in found.rows]
    return rows, len(rows) == PAGE


def _shown(row: PersonOutcome | MemberRow | KnownPerson | RecipientRow | SuppressionRow) -> ShownPerson:
    if isinstance(row, SuppressionRow):
        return ShownPerson(row.address, "", "", row.address)
    if isinstance(row, RecipientRow):
        return ShownPerson(row.address, "", row.name, row.address)
    return ShownPerson(row.person or row.address, row.entity, row.name, row.address)


def _window(
    c: Connection, asked: PeopleSlice, window: Window
) -> Page[PersonOutcome] | Page[MemberRow] | Page[KnownPerson] | Page[RecipientRow] | Page[SuppressionRow]:
    if asked.run:
        return run_people.window(
            c, window, run_id=asked.run, item_id=asked.item, named=asked.outcome, reason=asked.reason
        )
    if asked.count:
        return count_window.window(c, window, count_id=asked.count, sendable=asked.sendable, reason=asked.reason)
    if asked.list:
        return member_window.window(c, window, list_id=asked.list, outcome=asked.outcome, reason=asked.reason)
    if asked.campaign:
        return results.window(c, window, account_id=asked.account, campaign_id=asked.campaign, kept=asked.did or "all")
    if asked.suppressed:
        return suppressions.window(c, window, account_id=asked.account)
    return Page(rows=(), matching=0, total=0)


def everybody(c: Connection, asked: PeopleSlice) -> Iterator[ShownPerson]:
    """Each person once, however many items of a run they are in."""
    seen: set[str] = set()
    if asked.search and not (asked.run or asked.count or asked.list or asked.campaign or asked.suppressed):
        yield from map(_shown, known_people.everybody(c, asked.search))
        return
    offset, more = 0, True
    while more:
        rows, more = _page(c, asked, offset)
        offset += len(rows)
        for each in rows:
            if each.person not in seen:
                seen.add(each.person)
                yield each


def types(c: Connection, asked: PeopleSlice) -> dict[str, int]:
    """How many people of each record type are shown; `""`: addresses without a record."""
    return dict(Counter(each.entity for each in everybody(c, asked)))
