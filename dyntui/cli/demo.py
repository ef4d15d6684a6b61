"""`dyntui demo`: sandbox, service and console in a throw-away profile, or the main job without a console."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import shutil
import sys
import threading
from collections.abc import Iterator

import click
import msgspec

from dyntui.cli.console import has_terminal, run_console
from dyntui.cli.lazy import NAMED_PROFILE, Choices, Command, choices
from dyntui.cli.main_job import Report, main_job
from dyntui.cli.output import number, print_facts, print_json, print_table, say, yes_no
from dyntui.cli.passing_time import passing_time
from dyntui.cli.sandbox_process import Sandbox
from dyntui.cli.setup_input import from_sandbox
from dyntui.cli.sign_in import signed_in
from dyntui.cli.throw_away import ending_in_order, keep_log, service_ended_after, throw_away_profile
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.roles import Role
from dyntui.service.client import ServiceClient
from dyntui.service.contract.runs import calls_text
from dyntui.service.contract.session import SIGN_IN, Nothing
from dyntui.service.contract.setup import SETUP_APPLY, SetupRequest
from dyntui.service.profile import Profile
from dyntui.service.starting import attach_or_start

# The sandbox's people by their part, and the role that each of them plays.
ROLES = {"manager": Role.MANAGER, "professional": Role.PROFESSIONAL, "viewer": Role.VIEWER}

_FAREWELL = "The demo ends with it, and all that was done in it; `dyntui demo --keep` would keep it."

# Seconds that parting from the service may take.
_END_LIMIT = 10.0

# Seconds between two questions of the service whether the code was typed.
_CODE_INTERVAL = 1

# The service answers sign-in questions from its own memory; seconds.
_PACE = 0.1


@click.command("demo", cls=Command)
@click.option("--people", type=click.IntRange(1), default=2000, show_default=True, help="Contacts and leads.")
@click.option("--seed", type=int, default=1, show_default=True, help="Worlds of one seed and size are the same.")
@click.option("--as", "person", type=click.Choice(list(ROLES)), default="manager", show_default=True)
@click.option("--headless", is_flag=True, help="No console: do the main job and print the report.")
@click.option("--keep", is_flag=True, help="Leave profile, sandbox and service running at the end.")
@click.pass_context
def command(context: click.Context, people: int, seed: int, person: str, headless: bool, keep: bool) -> int:
    """The whole of dyntui on simulated systems, in a throw-away profile.

    Opens the console as the person chosen. With --headless it does the main job instead and prints the report; the exit
    code is 0 only if everybody was accounted for and no suppressed person was mailed, as counted by the sandbox.
    """
    if not headless and not has_terminal():
        say("There is no terminal for the console: doing the main job without it (--headless).")
        headless = True
    with ending_in_order(), throw_away_profile(keep=keep) as profile, _log_kept_on_failure(profile):
        say(f"Starting Dynamics 365 and dotdigital, simulated, with {number(people)} people…")
        log = profile.state / "sandbox.log"
        with Sandbox(people, seed, log, stay=keep) as sandbox, service_ended_after(profile, keep=keep):
            asyncio.run(connect(profile, sandbox, person, long_lived=keep or not headless))
            if person == "viewer" and not headless:
                asyncio.run(_give_something_to_see(profile, sandbox, people))
            if keep:
                say(_how_to_go_on(profile, sandbox))
            if headless:
                return _print(choices(context), asyncio.run(_do_main_job(profile, sandbox, people)))
            with passing_time(sandbox.control):
                if choices(context).plain:
                    return _hold_dialogue(profile, keep=keep)
                return run_console(profile, first_steps=person != "viewer", farewell="" if keep else _FAREWELL)


def _hold_dialogue(profile: Profile, *, keep: bool) -> int:
    """The dialogue of lines; its commands find the throw-away profile as they find any."""
    from dyntui.cli.main import run
    from dyntui.cli.plain_dialogue import Dialogue

    os.environ["DYNTUI_HOME"] = str(profile.data.parents[1])
    NAMED_PROFILE.set(profile.name)
    chosen = Choices(profile=profile.name, plain=True)
    dialogue = Dialogue(chosen, run) if keep else Dialogue(chosen, run, f"Goodbye. {_FAREWELL}")
    with _attached(profile):
        return dialogue.hold()


@contextlib.contextmanager
def _attached(profile: Profile) -> Iterator[None]:
    """Somebody is there: a demo's service ends with its last client, and between two commands of a dialogue there is
    none. Sends that it holds, and waves, would wait for ever."""
    there, over = threading.Event(), threading.Event()

    async def stay() -> None:
        try:
            async with await attach_or_start(profile, long_lived=True):
                there.set()
                await asyncio.to_thread(over.wait)
        finally:
            there.set()

    thread = threading.Thread(target=asyncio.run, args=(stay(),), daemon=True)
    thread.start()
    there.wait()
    try:
        yield
    finally:
        over.set()
        thread.join(_END_LIMIT)


@contextlib.contextmanager
def _log_kept_on_failure(profile: Profile) -> Iterator[None]:
    try:
        yield
    except DyntuiError:
        if kept := keep_log(profile):
            say(f"The service's log is kept as {kept}.")
        raise


async def connect(profile: Profile, sandbox: Sandbox, person: str, *, long_lived: bool) -> None:
    """Starts the profile's service, connects it to the sandbox, installs, and signs the person in, whom the sandbox
    knows by their part."""
    say("Starting the service, connecting both systems, installing what dyntui needs in Dynamics…")
    async with await attach_or_start(profile, long_lived=long_lived) as client:
        await client.call(SETUP_APPLY, _setup(sandbox))
        # As in life: an administrator installs, and the service works with the role that is meant for it.
        only = {"user": "application", "roles": [str(Role.SERVICE)]}
        await asyncio.to_thread(sandbox.control, "POST", "/dataverse/roles", only)
        await _sign_in(client, sandbox, person)


async def _sign_in(client: ServiceClient, sandbox: Sandbox, person: str) -> None:
    # Whoever types the code is there at once: the five seconds between two questions would be waited for.
    await asyncio.to_thread(sandbox.control, "POST", "/settings", {"entra": {"device_code_interval": _CODE_INTERVAL}})
    started = await client.call(SIGN_IN, Nothing())
    answer = {"user_code": started.user_code, "as": person}
    await asyncio.to_thread(sandbox.control, "POST", "/device", answer)
    state = await signed_in(client, _PACE)
    say(f"Signed in as {state.user}, {ROLES[person]}.")


async def _give_something_to_see(profile: Profile, sandbox: Sandbox, people: int) -> None:
    """A viewer starts nothing: a manager has done the main job before."""
    async with await attach_or_start(profile) as client:
        say("Doing the main job as a manager first, so that there is something to see…")
        await _sign_in(client, sandbox, "manager")
        await main_job(client, sandbox.control, people)
        await _sign_in(client, sandbox, "viewer")


def _setup(sandbox: Sandbox) -> SetupRequest:
    """The sandbox's setup, with dyntui's roles given to the sandbox's people."""
    from dyntui.sandbox.entra.directory import find_person

    assign: dict[str, tuple[str, ...]] = {}
    for part, role in ROLES.items():
        found = find_person(part)
        assert found is not None, part
        assign[role.value] = (found.upn,)
    return msgspec.structs.replace(from_sandbox(sandbox.line), assign=assign)


async def _do_main_job(profile: Profile, sandbox: Sandbox, people: int) -> Report:
    async with await attach_or_start(profile) as client:
        return await main_job(client, sandbox.control, people)


def _program() -> str:
    """How this program can be called from here."""
    return "dyntui" if shutil.which("dyntui") else shlex.quote(sys.argv[0])


def _how_to_go_on(profile: Profile, sandbox: Sandbox) -> str:
    home = profile.data.parents[1]
    return (
        f"Kept: `DYNTUI_HOME={home} {_program()} --profile {profile.name}` opens the console on it again. "
        f"To put it away: the same with `stop`, then `kill {sandbox.process.pid}; rm -r {home}`."
    )


def _print(chosen: Choices, report: Report) -> int:
    if chosen.json:
        print_json(report)
    else:
        _print_text(report)
    return int(Exit.DONE if report.succeeded else Exit.FAILED)


def _print_text(report: Report) -> None:
    rows = [("potential", "", number(report.potential))]
    rows += [("excluded", reason, number(people)) for reason, people in report.excluded.items()]
    rows += [
        ("sendable", "", number(report.sendable)),
        ("mailed", "counted by the sandbox", number(report.mailed)),
        ("wrongly mailed", "counted by the sandbox", number(report.wrongly_mailed)),
        ("opened", "", number(report.opened)),
        ("clicked", "", number(report.clicked)),
        ("bounced", "", number(report.bounced)),
        ("unsubscribed", "", number(report.unsubscribed)),
    ]
    print_table(["", "reason", "people"], rows, right=["people"])
    click.echo()
    calls, again = report.calls, report.second_sync
    print_facts(
        [
            ("Everybody accounted for", yes_no(report.identity_held)),
            ("First synchronisation", f"{number(report.list_members)} members"),
            ("  Dynamics", calls_text(calls.dataverse.reads, calls.dataverse.writes)),
            ("  dotdigital", calls_text(calls.dotdigital.reads, calls.dotdigital.writes)),
            ("Second synchronisation", f"{again.dataverse_writes + again.dotdigital_writes} writes"),
            ("Took", f"{report.seconds:.1f} s"),
            ("Peak memory", f"{report.peak_memory_mb:.0f} MB"),
        ]
    )
