"""`dyntui open`: the console on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dyntui.cli.lazy import Choices, Command, choices
from dyntui.cli.naming import campaign_ref, list_id
from dyntui.cli.service_call import with_service
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.guids import as_stored
from dyntui.service.client import ServiceClient
from dyntui.service.contract.runs import RUN_GET, RunDetail, RunItem, RunRef, named_by
from dyntui.service.contract.sends import SEND_SHOW, SendRef

if TYPE_CHECKING:
    from dyntui.screens.address import Address
    from dyntui.screens.whose import Whose


@click.command("open", cls=Command)
@click.argument("address", metavar="KIND/NAMED")
@click.pass_context
def command(context: click.Context, address: str) -> int:
    """Open the console on the page of a thing. NAMED is what the commands take for it.

    \b
    dyntui open list/Newsletter
    dyntui open campaign/42
    dyntui open send/0a1b2c3d
    dyntui open run/RUN, or run/RUN/ITEM for the people of an item of it
    """
    from dyntui.cli.console import open_console

    kind, _, named = address.partition("/")
    chosen = choices(context)
    if kind == "run" and named:
        return open_console(chosen.profile, run_named(chosen, named))
    if kind not in ("list", "campaign", "send") or not named:
        raise DyntuiError(
            "ADDRESS_UNKNOWN",
            f"{address!r} is the address of no page.",
            not_done="Nothing was opened.",
            remedy="Name it as list/LIST, campaign/CAMPAIGN, send/SEND or run/RUN.",
            exit=Exit.USAGE,
        )
    return open_console(chosen.profile, _page(chosen, kind, named))


def _page(chosen: Choices, kind: str, named: str) -> Address:
    from dyntui.screens.address import address_of

    async def about(client: ServiceClient) -> object:
        if kind == "list":
            return await list_id(client, named)
        if kind == "campaign":
            return await campaign_ref(client, named)
        return (await client.call(SEND_SHOW, SendRef(named))).send.id

    return address_of(kind, with_service(chosen, about))


def run_named(chosen: Choices, link: str) -> Whose:
    """The run, or the people of an item of it, that a permalink names."""
    from dyntui.screens.whose import Whose

    run, item = named_by(link)
    detail = with_service(chosen, lambda client: client.call(RUN_GET, RunRef(run)))
    trail = ("Synchronisation Audit", detail.run.title)
    of = item_named(detail, item) if item else None
    title, item = ("", "") if of is None else (of.name, of.id)
    return Whose(title=title, trail=trail, run=detail.run.id, kind=detail.run.kind, item=item)


def item_named(detail: RunDetail, named: str) -> RunItem:
    """The item of a run with this id; one that it has not would look like nobody. Raises DyntuiError ITEM_UNKNOWN."""
    wanted = as_stored(named)
    found = next((each for each in detail.items if each.id == wanted), None)
    if found is None:
        raise DyntuiError(
            "ITEM_UNKNOWN",
            f"The run {detail.run.title!r} has no item {named!r}.",
            not_done="Nothing was shown or written.",
            remedy=f"`dyntui audit show {detail.run.id}` shows its items, each with a permalink.",
            exit=Exit.USAGE,
        )
    return found
