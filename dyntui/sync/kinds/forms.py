"""Forms and the responses to them, from dotdigital to Dynamics.

Every run lists the forms, which is a call for 500 of them; only forms that were changed, or of which dotdigital counts
other responses than before, are read.
"""

from __future__ import annotations

from dyntui.dotdigital import forms as dd_forms
from dyntui.model.errors import DyntuiError
from dyntui.model.forms import NewRespondents
from dyntui.model.moments import EPOCH
from dyntui.store import accounts, forms, outcomes
from dyntui.store.forms import Form
from dyntui.sync import feeds, form_definitions, form_responses, matching
from dyntui.sync.connections import Connections, account_unknown
from dyntui.sync.run_context import RunContext

_FEED = "forms"


async def run(ctx: RunContext, connections: Connections) -> None:
    """The forms of an email account. Raises ACCOUNT_UNKNOWN."""
    dv, dd = await connections.dataverse(), await connections.dotdigital(ctx.account_id)
    account = await ctx.read(lambda c: accounts.account(c, ctx.account_id))
    if account is None:
        raise account_unknown(ctx.account_id)
    until = await feeds.server_time(dd)
    since = await feeds.since(ctx, ctx.account_id, _FEED, until)
    listed = await form_definitions.listed(ctx, dd)
    active: set[int] = set() if since == EPOCH else await dd_forms.active_since(dd, since)
    await form_definitions.tell_dynamics(ctx, dv)
    async for addresses in matching.changed_addresses(ctx, dv, _FEED):
        await ctx.write(lambda c: forms.again(c, addresses))  # noqa: B023 - awaited here
    how = form_responses.How(
        new=NewRespondents(account.new_respondents),
        created=accounts.created_defaults(account, connections.created),
        everywhere=connections.everywhere,
        listed=listed,
        active=active,
        until=until,
    )
    waiting = await ctx.read(lambda c: forms.with_news(c, ctx.account_id))
    known = await ctx.read(lambda c: forms.all_of(c, ctx.account_id))
    # Begun before the run was interrupted: all that was news of it may be stored by now.
    begun = await ctx.read(lambda c: outcomes.in_process(c, ctx.run_id))
    due = [
        each
        for each in known
        if each.id in waiting or str(each.id) in begun or (each.id in listed and _has_news(each, active))
    ]
    for place, each in enumerate(due):
        try:
            await form_responses.synchronise(ctx, dv, dd, each, place, how)
        except DyntuiError as error:
            await form_definitions.failed(ctx, dv, dd, each, place, error)
    if any(each.id in listed for each in due):
        # What they ask is known by now.
        await form_definitions.tell_dynamics(ctx, dv)
    await feeds.advance(ctx, ctx.account_id, _FEED, until)


def _has_news(known: Form, active: set[int]) -> bool:
    """Whether a form asks something else than before, or has other responses."""
    return known.asked_as != known.asks_as or form_responses.other_responses(known, active)
