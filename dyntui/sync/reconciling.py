"""A marketing list against its address book, field by field: what a plan of differences tells besides any other plan.

The fields of every contact in the book are read and compared with what would be sent of its member; contacts that are
on the list neither way, and opt-outs of which only one system knows, are named in items of their own.
"""

from __future__ import annotations

import functools

from sqlalchemy import Connection

from dyntui.dotdigital.contacts import ALL_DATA_FIELDS, Value
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.model.people import normalise
from dyntui.model.plans import DIFFERENCE
from dyntui.store import differences, outcomes
from dyntui.store.lists import StoredList
from dyntui.sync import odd_answers
from dyntui.sync.run_context import RunContext

# The places of these items in a run, behind those of the lists.
_STRANGERS, _OPT_OUTS = 500_000, 500_001


async def compare(
    ctx: RunContext, dd: Dotdigital, chosen: StoredList, title: str, mark: str, *, strangers: bool
) -> None:
    """Reads the book with its fields. `strangers`: those in it who are no members are dealt with elsewhere, or are no
    matter of this run."""
    await ctx.write(lambda c: differences.begin(c, ctx.run_id, chosen.id))
    item = f"{chosen.id}/in-the-book"
    if not strangers:
        await ctx.begin_item(
            item, kind=DIFFERENCE, name=f"{chosen.name}: in the book, not on the list", place=_STRANGERS
        )
        await ctx.write(lambda c: outcomes.clear(c, ctx.run_id, item))
    done = 0

    def one_page(c: Connection, values: dict[str, dict[str, Value]]) -> None:
        others = differences.compare(c, ctx.run_id, chosen.id, mark, values)
        if not strangers:
            outcomes.record(c, ctx.run_id, item, [_stays(each) for each in others])

    async for page in odd_answers.contact_pages(ctx, dd, list_id=chosen.book_id, data_fields=ALL_DATA_FIELDS):
        values = {normalise(each.email): each.values for each in page.rows if each.email}
        done += len(page.rows)
        stage = f"Comparing the fields of {title}"
        await ctx.save(ctx.cursor, stage=stage, done=done, work=functools.partial(one_page, values=values))
    if not strangers:
        await ctx.end_item(item)


def _stays(address: str) -> PersonOutcome:
    return PersonOutcome(
        person=address,
        address=address,
        outcome=Outcome.UNCHANGED,
        detail="not on the list; stays in the address book, as the list's membership action says",
    )


def keep(c: Connection, ctx: RunContext, chosen: StoredList, mark: str) -> None:
    """The fields become part of the plan, and one-sided opt-outs are named. Within the work that makes it."""
    differences.keep(c, ctx.run_id, chosen.id)
    item = outcomes.Item(
        id=f"{chosen.id}/opt-outs",
        kind=DIFFERENCE,
        name=f"{chosen.name}: opt-outs that one side knows",
        place=_OPT_OUTS,
    )
    outcomes.put_item(c, ctx.run_id, item)
    people = differences.one_sided_opt_outs(c, chosen.id, mark, chosen.account_id)
    outcomes.record(c, ctx.run_id, item.id, people)
    ctx.close_item(c, item.id)
