"""Marketing preferences, both ways: what is offered comes to Dynamics, and what people chose goes to the side that does
not have it. Every preference of which something was to be done is an item of the run."""

from __future__ import annotations

from sqlalchemy import Connection

from dyntui.model.outcomes import RunStatus
from dyntui.store import outcomes, preferences
from dyntui.sync import preference_choices, preference_settling, preference_tree, preferences_to_dotdigital
from dyntui.sync.connections import Connections
from dyntui.sync.run_context import RunContext


async def run(ctx: RunContext, connections: Connections) -> None:
    """The preferences of an email account, and everybody's choices that are new on either side."""
    dv, dd = await connections.dataverse(), await connections.dotdigital(ctx.account_id)
    await preference_tree.read(ctx, dd)
    await preference_tree.tell_dynamics(ctx, dv)
    known = await ctx.read(lambda c: preferences.all_of(c, ctx.account_id))
    offered = {each.preference.id: each.preference for each in known if not each.preference.gone}
    await preferences_to_dotdigital.look_at_first(ctx, dd)
    await preference_choices.read_contacts(ctx, dd, offered)
    await preference_choices.read_rows(ctx, dv, known)
    await preference_choices.read_addresses(ctx, dv)
    by_id = {each.preference.id: each for each in known}
    await preference_settling.find_records(ctx, dv, dd, by_id)
    await preference_settling.settle(ctx, dv, dd, by_id)
    await ctx.save(ctx.cursor, stage="Finished preferences", work=lambda c: _close(c, ctx))


def _close(c: Connection, ctx: RunContext) -> None:
    for each in outcomes.items(c, ctx.run_id):
        if each.status is RunStatus.IN_PROCESS:
            ctx.close_item(c, each.id)
