"""Which campaigns an email account has: each as dotdigital lists it, into the store."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable

from dyntui.dotdigital import campaigns as dd_campaigns
from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.reading import OddRow
from dyntui.model.errors import DyntuiError
from dyntui.model.lengths import cut
from dyntui.model.moments import text_of
from dyntui.store import campaigns, trial_sends
from dyntui.store.campaigns import Header
from dyntui.store.trial_sends import Copies
from dyntui.sync import odd_answers
from dyntui.sync.run_context import RunContext

_NAME, _SUBJECT, _WORD = 255, 1000, 50
_MOST_TAGS = 100


async def read(ctx: RunContext, dd: Dotdigital, account_id: str) -> set[int]:
    """Every campaign there is, into the store; their ids. A copy that is there for a test send is none: it is removed
    again, and would stay in Dynamics."""
    seen: set[int] = set()
    before = await ctx.read(lambda c: trial_sends.copies(c, account_id))
    async for page in dd_campaigns.campaign_pages(dd):
        for each in page.odd:
            await _odd(ctx, each)
        # A test may have ended, or have begun, since the page was asked for.
        tests = (before, await ctx.read(lambda c: trial_sends.copies(c, account_id)))
        before = tests[1]
        known = await ctx.read(lambda c: campaigns.ids(c, account_id))
        headers = [header for header in map(header_of, page.rows) if not _of_a_test(header, known, tests)]
        seen.update(each.id for each in headers)
        await ctx.save(
            ctx.cursor,
            stage="Reading campaigns",
            done=len(seen),
            work=functools.partial(campaigns.record_headers, account_id=account_id, rows=headers, now=ctx.now()),
        )
        if page.repeats:
            await odd_answers.name_repeating(ctx, "campaigns", "campaigns")
    return seen


async def read_again(ctx: RunContext, dd: Dotdigital, account_id: str, campaign_id: int) -> None:
    """A campaign as it is now, so that nobody is shown it as unsent once it was sent. Raises DotdigitalError."""
    found = await dd_campaigns.campaign(dd, campaign_id)
    if found is not None:
        rows = [header_of(found)]
        await ctx.write(lambda c: campaigns.record_headers(c, account_id, rows, ctx.now()))


def _of_a_test(header: Header, known: Collection[int], tests: Iterable[Copies]) -> bool:
    unknown = header.id not in known
    return any(header.id in each.ids or (unknown and header.name in each.names) for each in tests)


async def _odd(ctx: RunContext, row: OddRow) -> None:
    """A campaign that cannot be read is named, and the others go on."""
    item = f"odd {row.place}"
    await ctx.fail_part(
        item,
        DyntuiError(
            "DOTDIGITAL_ROW_UNREADABLE",
            f"A campaign in dotdigital's list cannot be read ({row.reason}); received: {row.received}",
            not_done="It was left out; all other campaigns were read.",
            remedy="Look at the campaign in dotdigital; ask dotdigital's support when it looks right there.",
        ),
        kind="campaign",
        name="a campaign that cannot be read",
        place=0,
    )


def header_of(row: dd_campaigns.Campaign) -> Header:
    """A campaign as dotdigital lists it, as the store keeps it: its texts as long as their columns in Dynamics take
    (`dyntui.model.solution`)."""
    return Header(
        id=row.id,
        name=cut(row.name or f"Campaign {row.id}", _NAME),
        subject=cut(row.subject or "", _SUBJECT),
        from_name=cut(row.from_name or "", _NAME),
        from_address=cut(row.from_address.email if row.from_address else "", _NAME),
        reply_to=cut(row.reply_to_address or "", _NAME),
        status=cut(row.status, _WORD),
        type=cut(row.type or "", _WORD),
        split_test=row.is_split_test,
        tags=tuple(cut(tag, _NAME) for tag in row.tag_names[:_MOST_TAGS]),
        sent_on=text_of(row.sent_at),
    )
