"""A window on a long listing: pages fetched when somebody looks at them, the last few kept."""

from __future__ import annotations

import enum
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.folding import fold, sought
from dyntui.service.contract.paging import Page, Window

T = TypeVar("T")

Source = Callable[[Window], Awaitable[Page[T]]]

PAGE_ROWS = 256
PAGES_KEPT = 8


def windowed(rows: Sequence[T], window: Window, text: Callable[[T], str]) -> Page[T]:
    """A window on rows that are all there, searched in their `text`."""
    wanted = sought(window.search)
    matching = [row for row in rows if wanted in fold(text(row))]
    chosen = tuple(matching[window.offset : window.offset + window.limit])
    return Page(rows=chosen, matching=len(matching), total=len(rows), offset=window.offset)


class Phase(enum.StrEnum):
    """The five states of a listing."""

    LOADING = "loading"
    FAILED = "failed"
    EMPTY = "empty"
    NO_MATCH = "no match"
    ROWS = "rows"


class Listing(Generic[T]):
    """What is known of a listing. `generation` changes whenever rows known so far stop being true: an answer that
    carries an older one is dropped, but the old rows stay on the screen until the first new page is there, and stay
    for good where there is none: `error` says why, `read_on` (ISO 8601, kept by the screen) how old they are."""

    def __init__(self) -> None:
        self.generation = 0
        self.search = ""
        self.sort = ""
        self.total = 0
        self.matching = 0
        self.as_of = ""
        self.more = False
        self.error: DyntuiError | None = None
        self.read_on = ""
        # What the rows on the screen are the answer to: another search may have failed since.
        self.searched = ""
        self.sorted = ""
        self._known = False
        self._refused = -1
        self._shown = 0
        self._pages: OrderedDict[int, tuple[T, ...]] = OrderedDict()
        self._asked: set[int] = set()

    @property
    def phase(self) -> Phase:
        """Which of the five states this is."""
        if not self._known:
            return Phase.LOADING if self.error is None else Phase.FAILED
        if self.matching:
            return Phase.ROWS
        return Phase.NO_MATCH if self.searched else Phase.EMPTY

    def restart(self, *, forget: bool = False) -> None:
        """Everything has to be asked again; `forget` also takes the old rows off the screen. Why rows are old is said
        until newer ones are there."""
        self.generation += 1
        self._asked.clear()
        if forget:
            self._forget()
        if not self._known:
            self.error = None

    def _forget(self) -> None:
        self._known = False
        self._pages.clear()
        self.matching = self.total = 0
        self.read_on = ""

    @property
    def current(self) -> bool:
        """Whether what is known answers what was asked last."""
        return self._known and self._shown == self.generation

    @property
    def asks_the_same(self) -> bool:
        """Whether what is asked now is what the rows on the screen are the answer to."""
        return self._known and (self.search, self.sort) == (self.searched, self.sorted)

    @property
    def overtaken(self) -> bool:
        """Whether rows are awaited that answer another question than those on the screen."""
        return self._known and self._refused != self.generation and not self.asks_the_same

    @property
    def under_way(self) -> bool:
        """Whether pages are awaited."""
        return bool(self._asked)

    @property
    def known(self) -> list[T]:
        """The rows that are there."""
        return [row for page in self._pages.values() for row in page]

    def row(self, index: int) -> T | None:
        """The row, or None while its page is not there."""
        number, place = divmod(index, PAGE_ROWS)
        page = self._pages.get(number)
        if page is None or place >= len(page):
            return None
        self._pages.move_to_end(number)
        return page[place]

    def wanted(self, first: int, last: int) -> list[int]:
        """Pages to ask for now, so that rows `first` to `last` can be shown. Never more than two are under way."""
        # What was refused is asked again when somebody says so, not because they move about in what is there.
        stale = (self._shown != self.generation or not self._known) and self._refused != self.generation
        needed = range(first // PAGE_ROWS, last // PAGE_ROWS + 1)
        missing = [number for number in needed if stale or number not in self._pages]
        chosen = [number for number in missing if number not in self._asked][: max(0, 2 - len(self._asked))]
        self._asked.update(chosen)
        return chosen

    def window(self, number: int) -> Window:
        """The request for a page."""
        return Window(offset=number * PAGE_ROWS, limit=PAGE_ROWS, search=self.search, sort=self.sort)

    def arrived(self, generation: int, number: int, page: Page[T]) -> bool:
        """Takes a page in; False when it answers a question that is no longer asked."""
        if generation != self.generation:
            return False
        if self._shown != generation:
            self._pages.clear()
            self._shown = generation
        self._known = True
        self.error = None
        self._refused = -1
        self.searched, self.sorted = self.search, self.sort
        self._asked.discard(number)
        self._pages[number] = page.rows
        self._pages.move_to_end(number)
        while len(self._pages) > PAGES_KEPT:
            self._pages.popitem(last=False)
        self.total, self.matching, self.as_of, self.more = page.total, page.matching, page.as_of, page.more
        return True

    def failed(self, generation: int, number: int, error: DyntuiError) -> bool:
        """Takes a failure in; False when it answers a question that is no longer asked. Who may not see the rows (any
        more) is shown none."""
        if generation != self.generation:
            return False
        self._asked.discard(number)
        self._refused = generation
        self.error = error
        if error.exit is Exit.NOT_PERMITTED:
            self._forget()
        return True
