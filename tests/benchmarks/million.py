"""A grid of 1,000,000 people: how long it takes to open, to jump, to filter, on the wire and in the contract.

    python -m tests.benchmarks.million [--size N] [--rounds N]

The people are written straight into the store of a connected profile, as if they had been synchronised; service and
console are the real ones. The goal is 100 ms from the key to the painted grid.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sqlite3
import sys
import time
from pathlib import Path

from dyntui.cli.output import say
from dyntui.service.client import ServiceClient, attach
from dyntui.service.contract.lists import (
    LIST_GET,
    LIST_MEMBERS,
    LISTS_PAGE,
    LISTS_REFRESH,
    ListRef,
    ListsQuery,
    MembersQuery,
)
from dyntui.service.contract.session import Nothing
from tests.benchmarks.typist import Spread, Typist
from tests.benchmarks.world import World, world

_DOWN, _ESCAPE = "\x1b[B", "\x1b"
_LIST = "Autumn fair"
_WINDOW = 256

# Members as a synchronisation leaves them. Ids scatter, as GUIDs do; one in nine is excluded, by three reasons.
_MEMBERS = """
WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :size)
INSERT INTO list_member (list_id, person_id, seq, entity, name, address, created_on, fields, fingerprint,
    sent_fingerprint, sent_address, contact_id, outcome, reason, listing)
SELECT :list, printf('%08x-0000-4000-8000-%012x', (n * 2654435761) % 4294967296, n), n, 'contact',
    printf('Person %07d', n), printf('person.%07d@example.com', n), '2026-01-01T00:00:00Z',
    printf('{"FIRSTNAME":"Person","LASTNAME":"%07d","FULLNAME":"Person %07d"}', n, n), printf('%064x', n),
    CASE n % 9 WHEN 0 THEN '' ELSE printf('%064x', n) END,
    CASE n % 9 WHEN 0 THEN '' ELSE printf('person.%07d@example.com', n) END,
    n + 1, CASE n % 9 WHEN 0 THEN 'excluded' ELSE 'unchanged' END,
    CASE n % 27 WHEN 0 THEN 'DO_NOT_BULK_EMAIL' WHEN 9 THEN 'INACTIVE' WHEN 18 THEN 'NO_EMAIL' ELSE '' END, 'a-run'
FROM numbers
"""


def fill(store: Path, list_id: str, size: int) -> None:
    """So many members of a list, written at once."""
    with contextlib.closing(sqlite3.connect(store, timeout=60)) as connection, connection:
        connection.execute("DELETE FROM list_member WHERE list_id = ?", (list_id,))
        connection.execute(_MEMBERS, {"list": list_id, "size": size})


async def in_the_contract(there: World, list_id: str, size: int, rounds: int) -> None:
    """Windows anywhere in the list, as the grid asks for them."""

    def window(offset: int = 0, **more: str) -> MembersQuery:
        return MembersQuery(list=list_id, offset=offset, limit=_WINDOW, **more)

    async with await attach(there.profile) as client:
        for name, query in (
            ("offset 0", window()),
            ("half-way", window(size // 2)),
            ("the last 200", window(max(0, size - 200))),
            ("excluded only, half-way", window(size // 18, outcome="excluded")),
            ("unchanged only, half-way", window(size * 4 // 9, outcome="unchanged")),
            ("search, one matches", window(search=f"{size - 7:07d}")),
            ("search, a tenth matches", window(search="person 05")),
            ("search, all match", window(search="person")),
            ("search, none matches", window(search="nobody at all")),
            ("by name, half-way", window(size // 2, sort="name")),
        ):
            say(f"  lists.members, {name:26} {await timed(client, query, rounds)}")
        took = []
        for _ in range(rounds):
            began = time.perf_counter()
            await client.call(LIST_GET, ListRef(list_id))
            took.append(time.perf_counter() - began)
        say(f"  lists.get {'':31} {Spread.of(took)}")


async def timed(client: ServiceClient, query: MembersQuery, rounds: int) -> Spread:
    """How long a window takes."""
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        await client.call(LIST_MEMBERS, query)
        took.append(time.perf_counter() - began)
    return Spread.of(took)


def in_the_console(console: Typist, size: int, rounds: int) -> None:
    """Opened, jumped through and filtered, as somebody types."""
    first, last = "▌ Person 0000000", f"▌ Person {size - 1:07d}"
    steps: dict[str, list[float]] = {}

    def step(name: str, keys: str, answer: str) -> None:
        console.settle()
        steps.setdefault(name, []).append(console.press(keys, answer))

    for _ in range(rounds):
        step("Enter to the list's page, members painted", "\r", "Person 0000000")
        step("m to the members", "m", first)
        step("G to the last row", "G", last)
        step("page up, already there", "\x1b[5~", "▌ Person")
        step("g to the first row", "g", first)
        step("/ to the filter", "/", "ype to filter")
        for place, letter in enumerate(found := f"{size - 7:07d}"):
            answer = f"“{found[: place + 1]}”"
            if place + 1 < len(found):
                console.press(letter, answer)
            else:
                step("the last letter of a filter, its one row painted", letter, f"Person {found}")
        console.settle()
        step("Esc to all people again", _ESCAPE, "Person 0000000")
        console.settle()
        console.press(_ESCAPE, "Marketing Lists")
    for name, taken in steps.items():
        say(f"  {name:50} {Spread.of(taken)}")


async def prepare(there: World) -> tuple[str, int]:
    """The list to fill, and its place among the lists of the console."""
    async with await attach(there.profile) as client:
        await client.call(LISTS_REFRESH, Nothing())
        rows = (await client.call(LISTS_PAGE, ListsQuery())).rows
        place = next(place for place, row in enumerate(rows) if row.name == _LIST)
        return rows[place].id, place


def main() -> int:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--console-only", action="store_true")
    asked = parser.parse_args()
    with world(200) as there:
        list_id, place = asyncio.run(prepare(there))
        say(f"{asked.size:,} members are written to the store…")
        fill(there.profile.data / "dyntui.db", list_id, asked.size)
        if not asked.console_only:
            asyncio.run(in_the_contract(there, list_id, asked.size, asked.rounds))
        with Typist(there.profile) as console:
            console.until("Latest runs")
            console.press("2", "marketing lists")
            console.settle()
            for _ in range(place):
                console.press(_DOWN, "▌ ")
            in_the_console(console, asked.size, asked.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
