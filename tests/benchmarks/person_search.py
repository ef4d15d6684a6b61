"""How long it takes to find people by parts of their names and addresses among very many: milliseconds of a processor.

`python -m tests.benchmarks.person_search [PEOPLE]` fills a store of its own and searches it for random parts.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from sqlalchemy import insert, select

from dyntui.model.paging import Window
from dyntui.store import known_people, person_search
from dyntui.store.database import Database, open_store, sqlite_url
from dyntui.store.schema import list_member

_FIRST = [
    "Anna",
    "Björn",
    "Carl",
    "Dagny",
    "Erik",
    "Freja",
    "Gustav",
    "Hanna",
    "Ingrid",
    "Johan",
    "Karin",
    "Lars",
    "Maja",
    "Nils",
    "Olga",
    "Åke",
    "Örjan",
    "Zoë",
    "Bob",
]
_PARTS = (
    "berg",
    "ström",
    "lund",
    "holm",
    "gren",
    "qvist",
    "dahl",
    "sten",
    "nord",
    "söder",
    "väster",
    "by",
    "åker",
    "skog",
    "fors",
    "mark",
    "rud",
    "vik",
    "hav",
    "ek",
    "alm",
)
_AT_ONCE = 10_000
_SEARCHES = 400


def _people(people: int, chance: random.Random) -> Iterator[dict[str, Any]]:
    for number in range(people):
        first = chance.choice(_FIRST)
        last = (chance.choice(_PARTS) + chance.choice(_PARTS) + chance.choice(["", "sson", "e"])).capitalize()
        yield {
            "list_id": f"list {number % 10}",
            "person_id": str(uuid.UUID(int=chance.getrandbits(128))),
            "seq": number // 10,
            "entity": "contact",
            "name": f"{first} {last}",
            "address": f"{first}.{last}{number}@{chance.choice(['example.org', 'mail.test'])}".lower(),
            "fields": {},
        }


def _fill(db: Database, people: int, chance: random.Random) -> None:
    rows = _people(people, chance)
    while some := [row for _, row in zip(range(_AT_ONCE), rows, strict=False)]:
        with db.write() as c:
            c.execute(insert(list_member), some)
    began = time.process_time()
    more = True
    while more:
        with db.write() as c:
            more = person_search.catch_up(c, 2000) > 0
    click.echo(f"the index of {people:,} people: {time.process_time() - began:.0f} s")


def _measure(db: Database, chance: random.Random) -> None:
    with db.read() as c:
        m = list_member.c
        texts = [each for row in c.execute(select(m.name, m.address).where(m.seq % 997 == 3)) for each in row]
    took: dict[str, list[float]] = {"one or two letters": [], "three letters or more": []}
    for _ in range(_SEARCHES):
        whole, letters = chance.choice(texts), chance.choice([1, 2, 3, 4, 5, 6, 8, 12])
        start = chance.randrange(max(1, len(whole) - letters))
        with db.read() as c:
            began = time.process_time()
            known_people.window(c, Window(search=whole[start : start + letters], limit=50))
            kind = "one or two letters" if letters < 3 else "three letters or more"
            took[kind].append(1000 * (time.process_time() - began))
    for kind, found in took.items():
        found.sort()
        at = [found[int(len(found) * share)] for share in (0.5, 0.95)]
        click.echo(f"{kind}: median {at[0]:.0f} ms, p95 {at[1]:.0f} ms, worst {found[-1]:.0f} ms of {len(found)}")


def main() -> None:
    """See the module."""
    people = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    chance = random.Random(7)
    with tempfile.TemporaryDirectory(prefix="dyntui-search-") as folder:
        db = open_store(sqlite_url(Path(folder) / "store.db"))
        _fill(db, people, chance)
        _measure(db, chance)
        db.close()


if __name__ == "__main__":
    main()
