"""`python -m dyntui.sandbox.main`, the program behind `dyntui sandbox`."""

import argparse
import asyncio
import json
import logging
import os
import signal
import sqlite3
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from dyntui.sandbox.assembly import HANDLERS, TRUTH, open_world
from dyntui.sandbox.faults import Fault, parse_fault
from dyntui.sandbox.gateway import Gateway, new_gateway
from dyntui.sandbox.recording import Recorder
from dyntui.sandbox.server import running

# What a person who started it by hand does with its line.
_NEXT = """
Ready until Ctrl+C. To connect it, in another terminal: `dyntui setup --from -`, and paste the line above.
Who is to administer it then: `dyntui setup` asks, or "assign": {"Email Marketing Manager":
["mira.sandahl@skarnfjall.example"]} in the line says.
"""

_DONE, _FAILED, _USAGE = 0, 1, 2
_LAST_PORT = 65_535 - 5


def main(argv: list[str] | None = None) -> int:
    """Runs until it is told to stop; answers the process' exit code: 0 stopped, 1 could not start, 2 usage."""
    options = _parser().parse_args(argv)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    try:
        faults = _read_faults(options.faults) if options.faults else []
    except (OSError, ValueError) as error:
        sys.stderr.write(f"--faults {options.faults}: {error}\n")
        return _USAGE
    try:
        with ExitStack() as stack:
            asyncio.run(_run(stack, options, faults))
    except (OSError, sqlite3.DatabaseError) as error:
        sys.stderr.write(f"The sandbox could not start: {error}. Nothing is being served.\n")
        return _FAILED
    return _DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dyntui sandbox", description="Dynamics 365, dotdigital and Entra ID, simulated on loopback over HTTPS."
    )
    parser.add_argument("--port", type=_port, default=0, help="first of six ports; 0 takes free ones (default)")
    parser.add_argument("--people", type=_natural, default=2000, metavar="N", help="contacts and leads of a new world")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="worlds of one seed and size are identical")
    parser.add_argument("--state", type=Path, metavar="FILE", help="keep the world in FILE; reopen it when it exists")
    parser.add_argument("--record", type=Path, metavar="FILE", help="append every request and answer as JSON lines")
    parser.add_argument(
        "--limits", choices=("off", "flat", "tiered"), default="off", help="rate limits of both systems"
    )
    parser.add_argument("--latency", type=_natural, default=0, metavar="MS", help="delay of every answer")
    parser.add_argument("--faults", type=Path, metavar="FILE", help="JSON array of failures to begin with")
    parser.add_argument("--clock", type=_moment, metavar="ISO", help="world time to begin at (default: now)")
    parser.add_argument("--parent", type=int, metavar="PID", help="stop when this process ends")
    return parser


def _natural(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 on")
    return int(text)


def _port(text: str) -> int:
    value = _natural(text)
    if value > _LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no first of six ports: they end at 65535")
    return value


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _read_faults(path: Path) -> list[Fault]:
    values = json.loads(path.read_text("utf-8"))
    if not isinstance(values, list):
        raise ValueError("the file must hold an array")
    return [parse_fault(value) for value in values]


async def _run(stack: ExitStack, options: argparse.Namespace, faults: Sequence[Fault]) -> None:
    stop = asyncio.Event()
    _stop_on_signals(stop)
    if options.parent:
        _stop_with_parent(stack, stop, options.parent)
    state = open_world(options.state, options.people, options.seed, options.clock)
    stack.callback(state.db.close)
    stack.callback(state.save)
    gateway = new_gateway(state, HANDLERS, options.limits, latency_seconds=options.latency / 1000)
    gateway.order_faults(faults)
    if options.record:
        gateway.recorder = Recorder(options.record)
        stack.callback(gateway.recorder.close)
    folder = _certificate_folder(stack, options.state)
    await _serve(gateway, folder, options.port, stop)


async def _serve(gateway: Gateway, folder: Path, port: int, stop: asyncio.Event) -> None:
    async with running(gateway, TRUTH, folder, port) as announcement:
        sys.stdout.write(json.dumps(announcement) + "\n")
        sys.stdout.flush()
        if sys.stdout.isatty():
            sys.stderr.write(_NEXT)
        await stop.wait()


def _certificate_folder(stack: ExitStack, state_file: Path | None) -> Path:
    """Beside the stored world, so that it is trusted again when reopened; else a folder that goes with the process."""
    if state_file:
        return state_file.with_name(state_file.name + ".tls")
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dyntui-sandbox-")))


def _stop_on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(each, stop.set)


def _stop_with_parent(stack: ExitStack, stop: asyncio.Event, parent: int) -> None:
    """Watches the parent by a file descriptor which becomes readable at its end, a zombie's included (Linux)."""
    try:
        descriptor = os.pidfd_open(parent)
    except ProcessLookupError:
        stop.set()
        return
    stack.callback(os.close, descriptor)
    loop = asyncio.get_running_loop()

    def ended() -> None:
        loop.remove_reader(descriptor)
        stop.set()

    loop.add_reader(descriptor, ended)


if __name__ == "__main__":
    sys.exit(main())
