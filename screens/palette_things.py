"""People, marketing lists, campaigns and runs in the command palette: found by what is typed, opened by Enter."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
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
from .wording import day

Q = TypeVar("Q", bound=Window)
T = TypeVar("T", bound=msgspec.Struct)

# So many of each kind; the page of each kind has all.
_MOST: Final = 4
# Fewer letters find too many people to be of use.
_LETTERS: Final = 3
# Verbs that match as well go first.
_SCORE: Final = 0.4


class Things(Provider):
    """What the service finds by the text; nothing before anything is typed, and nothing while it is away."""

    async def search(self, query: str) -> Hits:
        """All kinds at once, in the order in which somebody looks for them."""
        wanted = query.strip()
        asked = (self._lists(wanted), self._campaigns(wanted), self._people(wanted), self._runs(wanted))
        for place, hits in enumerate(await asyncio.gather(*asked)):
            for hit in hits:
                yield hit(_SCORE - place / 100)

    @property
    def _console(self) -> ConsoleApp:
        return cast("ConsoleApp", self.app)

    async def _rows(self, call: Call[Q, Page[T]], query: Q) -> tuple[T, ...]:
        try:
            return (await self._console.call(call, query)).rows
        except DyntuiError:
            # The palette goes on with its verbs; what is away is said by the banner.
            return ()

    def _hits(
        self, rows: Iterable[T], shown: Callable[[T], tuple[str, str]], go: Callable[[T], None]
    ) -> list[Callable[[float], Hit]]:
        def hit(name: str, said: str, row: T, score: float) -> Hit:
            return Hit(score, Content(single_line(name)), partial(go, row), text=single_line(name), help=literal(said))

        return [partial(hit, *shown(row), row) for row in rows]

    async def _lists(self, wanted: str) -> list[Callable[[float], Hit]]:
        def shown(row: ListRow) -> tuple[str, str]:
            return row.name, f"marketing list of {row.member_type}s"

        def go(row: ListRow) -> None:
            self._console.open_page(LIST, row.id)

        return self._hits(await self._rows(LISTS_PAGE, ListsQuery(search=wanted, view="all", limit=_MOST)), shown, go)

    async def _campaigns(self, wanted: str) -> list[Callable[[float], Hit]]:
        def shown(row: CampaignRow) -> tuple[str, str]:
            return row.name, f"email campaign, {row.status}"

        def go(row: CampaignRow) -> None:
            self._console.open_page(CAMPAIGN, CampaignRef(row.id, row.account))

        return self._hits(await self._rows(CAMPAIGNS_PAGE, CampaignsQuery(search=wanted, limit=_MOST)), shown, go)

    async def _people(self, wanted: str) -> list[Callable[[float], Hit]]:
        if len(wanted) < _LETTERS:
            return []

        def shown(row: KnownPerson) -> tuple[str, str]:
            return row.name or row.address, f"{row.entity or 'address'} {row.address}"

        def go(row: KnownPerson) -> None:
            self._console.open_page(PERSON, row.person or row.address)

        return self._hits(await self._rows(PEOPLE_SEARCH, PeopleQuery(search=wanted, limit=_MOST)), shown, go)

    async def _runs(self, wanted: str) -> list[Callable[[float], Hit]]:
        def shown(row: RunRow) -> tuple[str, str]:
            return f"{row.title}, {day(row.queued_on)}", f"run, {row.status}"

        def go(row: RunRow) -> None:
            self._console.open_page(RUN, row.id)

        return self._hits(await self._rows(RUNS_PAGE, RunsQuery(search=wanted, limit=_MOST)), shown, go)
