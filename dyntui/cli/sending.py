"""`dyntui campaigns send`: count, confirm, send, follow."""

from __future__ import annotations

import shlex
import sys
from datetime import UTC, datetime

import click
import msgspec

from dyntui.cli.following import say_detached, until_ended
from dyntui.cli.lazy import Choices, Command, choices
from dyntui.cli.naming import campaign_ref
from dyntui.cli.output import local_moment, moment, number, print_facts, print_json, say
from dyntui.cli.progress import display
from dyntui.cli.service_call import with_service
from dyntui.cli.target_counts import count_targets, print_count
from dyntui.model.counted import people_of
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.held_sends import time_of
from dyntui.model.moments import text_of
from dyntui.model.roles import Ability
from dyntui.model.sends import HANDED_OVER, HANDED_WORDS, SPLIT_WORDS, also_held
from dyntui.model.split_tests import SplitTest, split_of
from dyntui.model.waves import LONGEST_PAUSE, SHORTEST_PAUSE, Limits, Waves, shares_of
from dyntui.service.client import ServiceClient
from dyntui.service.contract.campaigns import CAMPAIGN_GET, CAMPAIGN_SEND
from dyntui.service.contract.runs import RUN_GET, RunRef, RunRow
from dyntui.service.contract.sends import SEND_GET, SendCampaign, SendRef, SendRow
from dyntui.service.contract.session import HELLO, Nothing
from dyntui.service.contract.target_counts import TargetCount
from dyntui.service.permission import not_permitted


@click.command("send", cls=Command)
@click.argument("named", metavar="CAMPAIGN")
@click.option("--list", "lists", multiple=True, metavar="LIST", help="Only this target list; may be given again.")
@click.option("--confirm", type=int, default=None, metavar="N", help="The number of people you mean to send to.")
@click.option(
    "--at",
    metavar="TIME",
    default=None,
    help="Not now but then, such as '2026-12-01 18:00' (local time) or 2026-12-01T17:00Z.",
)
@click.option(
    "--hand-over", is_flag=True, help="With --at: dotdigital gets it now with this date; it cannot be taken back."
)
@click.option("--split", metavar="TEST", default=None, help="Of a campaign that is a split test: 'opens, 20%, 4h'.")
@click.option("--waves", metavar="SHARES", default=None, help="Not all at once: '1%, 10%, rest'.")
@click.option("--pause", type=int, default=None, metavar="MINUTES", help="With --waves: between two of them; 60.")
@click.option(
    "--limit",
    "limits",
    multiple=True,
    metavar="NAME=PERCENT",
    help="With --waves: bounces, complaints or unsubscribes above which no other wave begins; may be given again.",
)
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait until it is sent.")
@click.pass_context
def send(
    context: click.Context,
    named: str,
    lists: tuple[str, ...],
    confirm: int | None,
    at: str | None,
    hand_over: bool,
    split: str | None,
    waves: str | None,
    pause: int | None,
    limits: tuple[str, ...],
    wait: bool,
) -> int:
    """Send a campaign to its targets, now or at a time.

    The targets are counted first and shown; exactly those people are mailed. Above a size that the administrator sets,
    the number of people has to be given, typed or with --confirm.

    With --at the send is held by `dyntui serve` until then, and can be cancelled: `dyntui sends list --view held`. At
    its hour the lists are synchronised and counted again. What could not begin within half an hour of its time waits
    for somebody to say so: `dyntui sends release SEND`.

    With --hand-over dotdigital holds it: it goes out even where no service runs then, but nobody is looked at again at
    that hour, and no call takes it back. As long as a service runs, whoever opts out leaves its address book.

    With --split a share of the people get the versions of a split-test campaign; after the hours given the rest get the
    one with most opens, clicks or ROI. Without it everybody gets the first version.

    With --waves the first people get it, then more, then the rest. No other wave begins once more than 5 % of those
    mailed bounced, 0.1 % complained or 1 % unsubscribed (--limit), or somebody stops it: `dyntui sends cancel SEND`.
    """
    chosen = choices(context)
    goes_out, divided, tested = _time(at), _waves(waves, pause, limits), _split(split)
    if hand_over and not goes_out:
        raise click.UsageError("--hand-over goes with --at.")
    started: list[RunRow] = []

    # The person is asked between the calls: no connection and no event loop wait for them.
    counted, others = with_service(chosen, lambda client: _counted(client, named, lists, beside=not chosen.json))
    if not chosen.json:
        print_count(counted)
        if held := also_held(others, moment):
            say(f"Another send of the campaign is held, {held}.")
        if goes_out:
            say(f"It is to go out at {moment(goes_out)}, {local_moment(goes_out)} local time.")
        if divided is not None:
            say(f"It is to go out in waves: {divided.words}, {divided.pause} minutes apart.")
        if tested is not None:
            say(f"Split test: {tested.words}. {SPLIT_WORDS}")
        if hand_over:
            say(HANDED_WORDS)
    typed = _confirmed(chosen, counted, confirm)

    async def send_and_follow(client: ServiceClient) -> SendRow:
        sending = await client.call(
            CAMPAIGN_SEND,
            SendCampaign(count=counted.id, confirm=typed, at=goes_out, handed=hand_over, waves=divided, split=tested),
        )
        if wait and sending.run:
            run = (await client.call(RUN_GET, RunRef(sending.run))).run
            started.append(run)
            await until_ended(client, run, display())
            sending = await client.call(SEND_GET, SendRef(sending.id))
        return sending

    try:
        sending = with_service(chosen, send_and_follow)
    except KeyboardInterrupt:
        say_detached(started)
        raise
    if chosen.json:
        print_json(sending)
    else:
        _print_send(sending, chosen.account)
    failed = sending.undecided or sending.state in ("Failed", "Refused", "Cancelled")
    return int(Exit.FAILED if failed else Exit.DONE)


def _time(at: str | None) -> str:
    """The time in UTC; `""` for now."""
    if at is None:
        return ""
    try:
        return text_of(time_of(at, datetime.now(UTC)))
    except ValueError as error:
        raise click.BadParameter(f"{error}.", param_hint="--at") from None


def _split(text: str | None) -> SplitTest | None:
    if text is None:
        return None
    if not text.strip():
        # What is left out of a split test is suggested: a variable of a script that is empty must not mean all of it.
        raise click.BadParameter("it needs a split test, such as 'opens, 20%, 4h'.", param_hint="--split")
    try:
        return split_of(text)
    except ValueError as error:
        raise click.BadParameter(f"{error}.", param_hint="--split") from None


def _waves(shares: str | None, pause: int | None, limits: tuple[str, ...]) -> Waves | None:
    if shares is None:
        if pause is not None or limits:
            raise click.UsageError("--pause and --limit go with --waves.")
        return None
    known = Limits()
    for each in limits:
        name, _, text = each.partition("=")
        try:
            percent = float(text.strip().removesuffix("%"))
            known = msgspec.structs.replace(known, **{name.strip(): percent})
        except (TypeError, ValueError):
            names = ", ".join(Limits.__struct_fields__)
            wrong = f"{each!r} is no limit; give one of {names}, such as bounces=5."
            raise click.BadParameter(wrong, param_hint="--limit") from None
        if not 0 <= percent <= 100:
            raise click.BadParameter(f"{each!r}: a limit is 0 to 100 per cent.", param_hint="--limit")
    pause = 60 if pause is None else pause
    if not SHORTEST_PAUSE <= pause <= LONGEST_PAUSE:
        wrong = f"{pause}: a pause is {SHORTEST_PAUSE} to {number(LONGEST_PAUSE)} minutes."
        raise click.BadParameter(wrong, param_hint="--pause")
    try:
        return Waves(shares=shares_of(shares), pause=pause, limits=known)
    except ValueError as error:
        raise click.BadParameter(f"{error}.", param_hint="--waves") from None


async def _counted(
    client: ServiceClient, named: str, lists: tuple[str, ...], *, beside: bool
) -> tuple[TargetCount, tuple[SendRow, ...]]:
    """A count for somebody who may send, and with `beside` the campaign's sends. Raises NOT_PERMITTED and
    CAMPAIGN_ARCHIVED before anybody is counted or asked for a number."""
    hello = await client.call(HELLO, Nothing())
    if hello.user and Ability.SEND.value not in hello.abilities:
        raise not_permitted(Ability.SEND)
    campaign = await campaign_ref(client, named)
    counted = await count_targets(client, campaign, lists, to_send=True)
    return counted, (await client.call(CAMPAIGN_GET, campaign)).sends if beside else ()


def _confirmed(chosen: Choices, counted: TargetCount, confirm: int | None) -> int | None:
    """The number of people the person confirmed, where one is asked.

    Raises DyntuiError CONFIRMATION_DIFFERS or CONFIRMATION_MISSING, click.Abort when the person thinks better of it.
    """
    if confirm is not None and confirm != counted.sendable:
        raise DyntuiError(
            "CONFIRMATION_DIFFERS",
            f"You confirmed {people_of(confirm)}, but {number(counted.sendable)} would be mailed.",
            not_done="Nothing was sent.",
            remedy=f"Look at `dyntui campaigns count {counted.campaign}` and confirm the number it shows.",
            exit=Exit.USAGE,
        )
    if confirm is not None or not counted.sendable:
        return confirm
    large = counted.sendable > counted.confirm_above
    if chosen.yes and not large:
        return None
    if not sys.stdin.isatty():
        raise DyntuiError(
            "CONFIRMATION_MISSING",
            f"{people_of(counted.sendable)} would be mailed, and nobody is there to confirm it.",
            not_done="Nothing was sent.",
            remedy=f"Add --confirm {counted.sendable}{'' if large else ' or --yes'}.",
            exit=Exit.USAGE,
        )
    if not large:
        click.confirm(f"Send to {people_of(counted.sendable)}?", abort=True, err=True)
        return None
    return _confirmed(chosen, counted, click.prompt("Type the number of people to send to", type=int, err=True))


def _print_send(sending: SendRow, account: str) -> None:
    print_facts(
        [
            ("Send", sending.id),
            ("State", sending.standing),
            ("People", f"{number(sending.sendable)} of {number(sending.potential)}"),
            ("Goes out", f"{moment(sending.goes_out)}, {local_moment(sending.goes_out)} local time")
            if sending.goes_out
            else ("Sent", moment(sending.sent_on)),
            *([("Waves", sending.waves.words)] if sending.waves else []),
            ("Error", sending.error),
        ]
    )
    if sending.state == HANDED_OVER:
        short = sending.id[:8]
        say(f"`dyntui sends show {short}` follows it; `dyntui sends cancel {short}` empties its book.")
    elif sending.held:
        say(f"`dyntui sends cancel {sending.id[:8]}` cancels it until then.")
    elif sending.waves:
        say(f"`dyntui sends list` follows it; `dyntui sends cancel {sending.id[:8]}` stops it.")
    if sending.state == "Sent":
        account = f" --account {shlex.quote(account)}" if account else ""
        say(f"`dyntui sync campaigns --campaign {sending.campaign}{account}` fetches the results as they arrive.")
