"""Rows and pages of dotdigital that are not as they are described, named in the audit: the others went on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any

from dyntui.dotdigital import contacts
from dyntui.dotdigital.contacts import Person
from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.paging import Page
from dyntui.dotdigital.reading import OddRow, repeating_pages
from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.sync.run_context import RunContext


async def contact_pages(ctx: RunContext, dd: Dotdigital, **asked: Any) -> AsyncIterator[Page[Person]]:
    """`contacts.contact_pages`, where a contact that cannot be read costs itself: the run names it. Raises
    DOTDIGITAL_PAGE_REPEATS. Not for what proves that nobody else is in a book."""
    async for page in contacts.contact_pages(dd, **asked, takes_odd=True):
        met(ctx, page.odd)
        yield page
        if page.repeats:
            raise repeating_pages("/contacts/v3")


def met(ctx: RunContext, rows: Iterable[OddRow]) -> None:
    """Contacts that cannot be read: the run names each."""
    for each in rows:
        ctx.met_odd_row("dotdigital's contacts", f"{each.reason}: {each.received}")


def unreadable(rows: Iterable[OddRow], place: object) -> list[PersonOutcome]:
    """An outcome for each row from which nobody can be told. `place`: what tells this answer from the run's others."""
    return [
        PersonOutcome(
            person=f"{place}{each.place}",
            outcome=Outcome.REJECTED,
            reason="ODD_ROW",
            detail=f"{each.reason}; received: {each.received}",
        )
        for each in rows
    ]


async def name_repeating(ctx: RunContext, item: str, feed: str) -> None:
    """A failed part of the run, because dotdigital answered one page of a feed again and again."""
    part = f"{item} pages"
    await ctx.fail_part(
        part,
        DyntuiError(
            "DOTDIGITAL_PAGE_REPEATS",
            f"dotdigital answered the same page of {feed} again instead of the next one.",
            not_done="What should have followed was not read; what was read before was kept.",
            remedy="Run it again later: it reads the same once more. Ask dotdigital's support if it stays so.",
        ),
        kind="feed",
        name=feed,
        place=1,
    )
