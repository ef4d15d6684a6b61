"""What every handler of the sandbox is given: its database, clock, source of ids, switches and addresses.

State is used by one thread, one request after the other.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal
from uuid import UUID

from dyntui.sandbox.clock import Clock
from dyntui.sandbox.dataverse.settings import DataverseSettings
from dyntui.sandbox.dotdigital.settings import DotdigitalSettings
from dyntui.sandbox.entra.settings import EntraSettings


class Ids:
    """New identifiers: a sequence which depends on the seed alone, so that a replay gets the same ones.

    Every id is a hash of the seed and a counter rather than a draw from a generator: the counter is all that has to
    be kept to go on with a stored world without ever issuing an id twice.
    """

    __slots__ = ("_key", "counter", "seed")

    def __init__(self, seed: int, counter: int = 0) -> None:
        self.seed = seed
        self._key = str(seed).encode()[:64]
        self.counter = counter

    def _next(self, size: int) -> bytes:
        self.counter += 1
        return hashlib.blake2b(self.counter.to_bytes(8, "big"), digest_size=size, key=self._key).digest()

    def guid(self) -> str:
        """A version 4 GUID in lower case."""
        return str(UUID(bytes=self._next(16), version=4))

    def token(self) -> str:
        """40 hexadecimal digits, for opaque tokens."""
        return self._next(20).hex()


@dataclass(slots=True)
class Urls:
    """Addresses of the listeners, without trailing slash; `dotdigital` by region: r1, r2, r3."""

    dataverse: str = "https://localhost:1"
    entra: str = "https://localhost:2"
    dotdigital: dict[str, str] = field(
        default_factory=lambda: {f"r{n}": f"https://localhost:{n + 2}" for n in (1, 2, 3)}
    )
    control: str = "https://localhost:6"


@dataclass(slots=True)
class Config:
    """Switches of the whole sandbox; each system owns its section, where every inferred fact is one switch."""

    dataverse: DataverseSettings = field(default_factory=DataverseSettings)
    dotdigital: DotdigitalSettings = field(default_factory=DotdigitalSettings)
    entra: EntraSettings = field(default_factory=EntraSettings)


Membership = Literal["administrator", "member"]
"""What somebody is to the organisation: holds System Administrator, or has an enabled user."""


def _no_member(_oid: str) -> Membership | None:
    return None


def _nobody(_addresses: list[str]) -> set[str]:
    return set()


@dataclass(slots=True)
class State:
    """The simulated world.

    `opted_out` answers which of some addresses (any letter case) Dataverse holds an opt-out for at this moment, in
    lower case: dotdigital's book-keeping asks it at every send. `membership`
    answers what an Entra object id is to the organisation, None without an enabled user. Both know nobody until
    Dataverse is installed.
    """

    db: sqlite3.Connection
    clock: Clock
    ids: Ids
    config: Config = field(default_factory=Config)
    urls: Urls = field(default_factory=Urls)
    opted_out: Callable[[list[str]], set[str]] = _nobody
    membership: Callable[[str], Membership | None] = _no_member
    _depth: int = 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside happens or nothing does. Nests: an inner failure undoes the inner part only."""
        depth, self._depth = self._depth, self._depth + 1
        save = f"level_{depth}"
        self.db.execute(f"SAVEPOINT {save}" if depth else "BEGIN IMMEDIATE")
        try:
            yield
            if not depth:
                self._remember("ids", self.ids.counter)
        except BaseException:
            if depth:
                self.db.execute(f"ROLLBACK TO {save}")
                self.db.execute(f"RELEASE {save}")
            else:
                self.db.execute("ROLLBACK")
            raise
        else:
            self.db.execute(f"RELEASE {save}" if depth else "COMMIT")
        finally:
            self._depth = depth

    def advance(self, by: timedelta) -> None:
        """Moves the clock and keeps the new offset, so that a stored world reopens at its own time."""
        self.clock.advance(by)
        self._remember("clock_offset", self.clock.offset / timedelta(microseconds=1))

    def save(self) -> None:
        """Keeps what lives outside of tables: the ids' position and the clock's offset."""
        self._remember("ids", self.ids.counter)
        self._remember("clock_offset", self.clock.offset / timedelta(microseconds=1))

    def _remember(self, name: str, value: float) -> None:
        self.db.execute(
            "INSERT INTO core_position (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = ?2"
            " WHERE value <> ?2",
            (name, value),
        )


# What is deserialised grows to 1 GiB and no further (https://sqlite.org/c3ref/deserialize.html).
_GROWS = 1 << 28


def open_state(path: Path | None = None, seed: int = 1, clock: Clock | None = None) -> State:
    """A state in memory, or in the file `path`, which is created or reopened with its seed, ids and clock offset.

    Tables of the simulated systems are not installed here: each installs its own. A `clock`
    given wins over the stored offset. Raises sqlite3.DatabaseError when the file is none of ours or is in use.
    """
    db = _connect(path)
    # One sandbox for one file: a second one is told that it is locked.
    db.execute("PRAGMA locking_mode = EXCLUSIVE")
    db.execute("PRAGMA journal_mode = WAL")
    return _on(db, seed, clock)


def state_of(stored: bytes, clock: Clock | None = None) -> State:
    """A state in memory that goes on from what `stored` gave of another one in memory."""
    db = _connect(None)
    if len(stored) < _GROWS:
        db.deserialize(stored)
    else:
        with closing(_connect(None)) as copy:
            copy.deserialize(stored)
            copy.backup(db)
    return _on(db, 1, clock)


def stored(state: State) -> bytes:
    """All of a state in memory, for `state_of`."""
    state.save()
    return state.db.serialize()


def _connect(path: Path | None) -> sqlite3.Connection:
    return sqlite3.connect(
        path or ":memory:", timeout=1, isolation_level=None, check_same_thread=False, cached_statements=1024
    )


def _on(db: sqlite3.Connection, seed: int, clock: Clock | None) -> State:
    # A sandbox may lose its last moments to a power cut, never to its own end: no need to wait for the disk.
    db.execute("PRAGMA synchronous = OFF")
    db.execute("PRAGMA temp_store = MEMORY")
    db.execute("PRAGMA cache_size = -131072")
    db.execute("CREATE TABLE IF NOT EXISTS core_position (name TEXT PRIMARY KEY, value NUMERIC NOT NULL) WITHOUT ROWID")
    db.execute("INSERT INTO core_position (name, value) VALUES ('seed', ?) ON CONFLICT DO NOTHING", (seed,))
    stored = dict(db.execute("SELECT name, value FROM core_position"))
    if clock is None:
        clock = Clock(offset=timedelta(microseconds=stored.get("clock_offset", 0)))
    return State(db, clock, Ids(int(stored["seed"]), int(stored.get("ids", 0))))
