"""Commands that print a page of a long listing: which rows, in which columns, and how many there are."""

from __future__ import annotations

import contextlib
import difflib
import functools
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextvars import ContextVar
from typing import Any, Generic, NamedTuple, TypedDict, TypeVar

import click
import msgspec

from dyntui.cli.lazy import Choices, choices
from dyntui.cli.output import moment, number, print_json, print_table, say
from dyntui.cli.service_call import with_service
from dyntui.model.outcomes import Outcome
from dyntui.model.reasons import BY_CODE
from dyntui.service.client import ServiceClient
from dyntui.service.contract.calls import Call
from dyntui.service.contract.paging import Page

F = TypeVar("F", bound=Callable[..., Any])
R = TypeVar("R")
Q = TypeVar("Q", bound=msgspec.Struct)

_AT_ONCE = 5000

OUTCOMES = click.Choice([str(each) for each in Outcome])


class Rows(TypedDict):
    """The fields of a `Window`, as they were chosen on the command line."""

    offset: int
    limit: int
    search: str
    sort: str


class Column(NamedTuple, Generic[R]):
    """A column of a page. `right`: numbers; neither they nor what is `whole` (ids, times, states) are cut first."""

    heading: str
    text: Callable[[R], str]
    right: bool = False
    whole: bool = False


Columns = Sequence[Column[R]]


class ReasonCode(click.ParamType[str]):
    """A reason code in any letter case; one that does not exist would look like nobody."""

    name = "code"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        code = value.upper()
        if code and code not in BY_CODE:
            near = difflib.get_close_matches(code, BY_CODE, n=3)
            self.fail(
                f"{value!r} is no reason code; {'near it' if near else 'there'} are {', '.join(near or BY_CODE)}."
            )
        return code


def window_options(function: F) -> F:
    """Adds the options `offset`, `limit`, `search` and `sort`, which `function` gets together as `rows`."""

    @functools.wraps(function)
    def collected(*args: Any, offset: int, limit: int, search: str, sort: str, **chosen: Any) -> Any:
        return function(*args, rows=Rows(offset=offset, limit=limit, search=search, sort=sort), **chosen)

    for option in (
        click.option("--sort", default="", metavar="COLUMN", help="Sort by this column; -COLUMN for descending."),
        click.option("--search", default="", metavar="TEXT", help="Only rows that show this text."),
        click.option("--limit", type=click.IntRange(1), default=200, show_default=True, help="At most so many rows."),
        click.option("--offset", type=click.IntRange(0), default=0, help="Leave out so many rows first."),
    ):
        collected = option(collected)
    return collected  # type: ignore[return-value]


def looking_for(rows: Rows, text: str) -> Rows:
    """The rows that show the TEXT of a search. Raises click.UsageError where `--search` gives another one."""
    if rows["search"]:
        raise click.UsageError("TEXT and --search say the same: give what is looked for once.")
    return Rows(offset=rows["offset"], limit=rows["limit"], search=text, sort=rows["sort"])


def page_of(
    call: Call[Q, Page[R]], columns: Columns[R] | Callable[[Sequence[R]], Columns[R]]
) -> Callable[[Callable[..., Awaitable[Q]]], Callable[..., None]]:
    """Makes a command of a coroutine that says what is asked: it gets the client, the `rows` and what else was chosen.
    The answer of `call` is printed in its `columns` (made for its rows where they depend on all of them), or as
    JSON."""

    def made(asked: Callable[..., Awaitable[Q]]) -> Callable[..., None]:
        @click.pass_context
        def command(context: click.Context, /, **chosen: Any) -> None:
            async def ask(client: ServiceClient) -> Page[R]:
                return await client.call(call, await asked(client, **chosen))

            page = with_service(choices(context), ask)
            print_page(choices(context), page, columns(page.rows) if callable(columns) else columns)

        return window_options(functools.update_wrapper(command, asked))

    return made


async def every_page(client: ServiceClient, call: Call[Q, Page[R]], query: Q) -> AsyncIterator[Sequence[R]]:
    """All rows of a listing as it is now, some thousands at a time, as they come. `query` is a `Window`; its place is
    not looked at."""
    done, still = 0, secrets.token_hex(8)
    while True:
        page = await client.call(call, msgspec.structs.replace(query, offset=done, limit=_AT_ONCE, still=still))
        if page.rows:
            yield page.rows
        done += len(page.rows)
        if not page.rows or done >= page.matching:
            return


def print_page(chosen: Choices, page: Page[R], columns: Columns[R]) -> None:
    """The rows of a page, when they were read from a remote system, and how much of the listing they are; or the page
    as JSON."""
    if chosen.json:
        print_json(page)
        return
    print_table(
        [each.heading for each in columns],
        ([each.text(row) for each in columns] for row in page.rows),
        right=[each.heading for each in columns if each.right],
        whole=[each.heading for each in columns if each.whole],
    )
    if page.as_of:
        say(f"As read {moment(page.as_of)}.")
    if page.more:
        say(f"The first {number(page.matching)} of those that match; more of the text leads to the others.")
    turned = _TURNED.get()
    if turned is not None:
        turned.left = max(0, page.matching - page.offset - len(page.rows))
    others = "" if turned is not None or len(page.rows) >= page.matching else "; --limit and --offset show others"
    if page.matching < page.total:
        say(f"{number(len(page.rows))} shown, {number(page.matching)} of {number(page.total)} match{others}.")
    elif len(page.rows) < page.total:
        say(f"{number(len(page.rows))} of {number(page.total)} shown{others}.")


class Turned:
    """Whoever turns the pages of a listing: how many rows are `left` after the last page."""

    left = 0


_TURNED: ContextVar[Turned | None] = ContextVar("turned", default=None)


@contextlib.contextmanager
def turning_pages() -> Iterator[Turned]:
    """Within, what is left of a listing is said to whoever asks for the next page, and not by options to be typed."""
    turned = Turned()
    before = _TURNED.set(turned)
    try:
        yield turned
    finally:
        _TURNED.reset(before)
