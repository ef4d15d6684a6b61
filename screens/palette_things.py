"""People, marketing lists, campaigns and runs in the command palette: found by what is typed, opened by Enter."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar, cast

import msgspec
from textual.command import Hit, Hits, Provider
from textual.content import Content

from dyntui.model.errors import DyntuiError
from dyntui.service.contract.calls import Call
from dyntui.service.contract.campaigns import CAMPAIGNS_PAGE, CampaignRef, CampaignRow, CampaignsQuery
from dyntui.service.contract.lists import LISTS_PAGE, ListRow, ListsQuery
from dyntui.service.contract.paging import Page, Window
from dyntui.service.contract.people import PEOPLE_SEARCH, KnownPerson, PeopleQuery
from dyntui.service.contract.runs import RUNS_PAGE, RunRow, RunsQuery

from .console import ConsoleApp
from .places import CAMPAIGN, LIST, PERSON, RUN
from .widgets.cells import literal, single_line
from .wording import when

Q = TypeVar("Q", bound=Window)
T = TypeVar("T", bound=msgspec.Struct)

# So many of each kind; the page of each kind has all.
_MOST: Final = 4
# Fewer letters find too many people to be of use.
_LETTERS: Final = 3
# Verbs that match as well go first.
_SCORE: Final = 0.4


# A name, what is said beside it, and the page that it opens.
Shown = tuple[str, str, Callable[[ConsoleApp], None]]


class Things(Provider):
    """What the service finds by the text; nothing before anything is typed, and nothing while it is away."""

    async def search(self, query: str) -> Hits:
        """All kinds at once, in the order in which somebody looks for them."""
        wanted = query.strip()
        asked = [
            self._found(LISTS_PAGE, ListsQuery(search=wanted, view="all", limit=_MOST), _list),
            self._found(CAMPAIGNS_PAGE, CampaignsQuery(search=wanted, limit=_MOST), _campaign),
            self._found(RUNS_PAGE, RunsQuery(search=wanted, limit=_MOST), _run),
        ]
        if len(wanted) >= _LETTERS:
            asked.insert(2, self._found(PEOPLE_SEARCH, PeopleQuery(search=wanted, limit=_MOST), _person))
        for place, found in enumerate(await asyncio.gather(*asked)):
            for name, said, opens in found:
                score = _SCORE - place / 100
                shown = Content(single_line(name))
                yield Hit(score, shown, partial(opens, self._console), text=single_line(name), help=literal(said))

    @property
    def _console(self) -> ConsoleApp:
        return cast("ConsoleApp", self.app)

    async def _found(self, call: Call[Q, Page[T]], query: Q, shown: Callable[[T], Shown]) -> list[Shown]:
        try:
            rows = (await self._console.call(call, query)).rows
        except DyntuiError:
            # The palette goes on with its verbs; what is away is said by the banner.
            return []
        return [shown(each) for each in rows]


def _list(row: ListRow) -> Shown:
    return row.name, f"marketing list of {row.member_type}s", lambda console: console.open_page(LIST, row.id)


def _campaign(row: CampaignRow) -> Shown:
    ref = CampaignRef(row.id, row.of)
    return row.name, f"email campaign, {row.status}", lambda console: console.open_page(CAMPAIGN, ref)


def _person(row: KnownPerson) -> Shown:
    key = row.person or row.address
    said = f"{row.entity or 'address'} {row.address}"
    return row.name or row.address, said, lambda console: console.open_page(PERSON, key)


def _run(row: RunRow) -> Shown:
    title = f"{row.title}, {when(row.queued_on)}"
    return title, f"run, {row.status}", lambda console: console.open_page(RUN, row.id)
