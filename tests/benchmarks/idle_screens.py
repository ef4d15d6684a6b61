"""What every screen of the console costs while nobody does anything: bytes on the wire and processor time.

    python -m tests.benchmarks.idle_screens [--seconds N]

The main job is done first, so that every screen has something to show. The goals are 200 bytes/s and 0.5 % of a core.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from dyntui.cli.main_job import main_job
from dyntui.cli.output import say
from dyntui.service.client import attach
from tests.benchmarks.typist import Typist, used
from tests.benchmarks.world import World, world

_MEMBERS = 1000
_ESCAPE, _DOWN = "\x1b", "\x1b[B"

# Screens in the order of a walk: the keys that lead from one to the next, each with what then stands on the terminal.
SCREENS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("Home", (("", "Latest runs"),)),
    ("Marketing Lists", (("2", "1 of 11 marketing lists"),)),
    ("Marketing Lists, filter open", (("/", "type to filter"), ("Newsl", "match “Newsl”"))),
    ("Marketing list", (("\r", "marketing lists match"), ("\r", "Members by outcome"))),
    ("Marketing list, members", (("m", "of 1,000 members"),)),
    ("Email Campaigns", (("3", "1 of 10 email campaigns"), ("/", "type to filter"), ("Newsletter M\r", "1 of 10"))),
    ("Email campaign", (("\r", "Email Campaigns › Newsletter March"),)),
    ("Report", (("v", "Opened by"),)),
    ("Synchronisation Audit", (("4", "1 of 5 runs"),)),
    ("Run", (("\r", "with a named outcome"),)),
    ("Run, people", (("p", "people"),)),
    ("Suppressions", (("5", "suppress"),)),
    ("Send wizard", (("3", "Report"), (_ESCAPE, "Target Marketing Lists"), ("w", "Step 1 of 5"))),
    ("Commands", ((":", "A command, list"),)),
    ("Help", ((_ESCAPE, "Step 1 of 5"), ("?", "Everywhere"))),
)


async def do_main_job(there: World) -> int:
    """Something to show on every screen; the service's process."""
    async with await attach(there.profile) as client:
        await main_job(client, there.sandbox.control, _MEMBERS)
        return client.greeting.process


def main() -> int:
    """Prints a line for every screen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    asked = parser.parse_args()
    with world(_MEMBERS) as there:
        service = asyncio.run(do_main_job(there))
        with Typist(there.profile, columns=80, lines=24) as console:
            for name, way in SCREENS:
                for keys, sign in way:
                    console.settle()
                    console.type(keys)
                    console.until(sign)
                console.settle(1.0)
                before = used(service)
                idle = console.watch_idle(asked.seconds)
                busy = 100 * used(service).since(before).on_core / asked.seconds
                say(
                    f"{name:32} {idle.bytes_per_second:7.1f} bytes/s   console {idle.cpu_percent:5.2f} %"
                    f"   service {busy:5.2f} %"
                )
    return 0


if __name__ == "__main__":
    sys.exit(main())
