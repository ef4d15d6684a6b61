"""`dyntui sign-in`: become a Dynamics user, over SSH too."""

from __future__ import annotations

import asyncio

import click

from dyntui.cli.following import told_when_left, until_ended
from dyntui.cli.lazy import Command, choices
from dyntui.cli.output import print_json, say
from dyntui.cli.progress import display
from dyntui.cli.service_call import with_service
from dyntui.model.errors import DyntuiError, Exit
from dyntui.service.client import ServiceClient
from dyntui.service.contract.runs import RUN_START, RunRow
from dyntui.service.contract.session import HELLO, SIGN_IN, SIGN_IN_STATE, Nothing, SignInState
from dyntui.service.first_reading import SAID, what_to_read

# The service asks Entra ID at the pace that it prescribes; asking the service more often costs nothing.
_PACE = 1.0


@click.command("sign-in", cls=Command)
@click.pass_context
def command(context: click.Context) -> None:
    """Sign in as a Dynamics user: shows an address and a code to type there, in any browser.

    Before anything was synchronised, columns, data labels and suppressions are then read for the first time.
    """

    async def sign_in(client: ServiceClient) -> SignInState:
        started = await client.call(SIGN_IN, Nothing())
        say(f"Open in any browser: {started.verification_uri}")
        say(f"Enter the code:      {started.user_code}")
        say(f"It is valid for {started.expires_in // 60} minutes; waiting for you to sign in there ...")
        state = await signed_in(client, _PACE)
        if not choices(context).json:
            say(f"Signed in as {state.user}.")
        await _read_first(client, under_way)
        return state

    with told_when_left() as under_way:
        state = with_service(choices(context), sign_in)
    if choices(context).json:
        print_json(state)


async def _read_first(client: ServiceClient, under_way: list[RunRow]) -> None:
    """One after the other, in sight."""
    wanted = await what_to_read(client, await client.call(HELLO, Nothing()))
    if wanted:
        say(SAID)
    for request in wanted:
        run = await client.call(RUN_START, request)
        under_way[:] = [run]
        ended = await until_ended(client, run, display())
        say(f"{ended.title}: {ended.status}.")


async def signed_in(client: ServiceClient, pace: float) -> SignInState:
    """The state once the person has signed in, asked every `pace` seconds.

    Raises DyntuiError SIGN_IN_DECLINED or SIGN_IN_EXPIRED.
    """
    while True:
        state = await client.call(SIGN_IN_STATE, Nothing())
        if state.state == "signed in":
            return state
        if state.state != "pending":
            raise DyntuiError(
                f"SIGN_IN_{state.state.upper().replace(' ', '_')}",
                f"The sign-in was {state.state}.",
                not_done="You are not signed in.",
                remedy="Run `dyntui sign-in` again.",
                exit=Exit.NOT_PERMITTED,
            )
        await asyncio.sleep(pace)
