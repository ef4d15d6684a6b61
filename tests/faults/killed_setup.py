"""Setups that end at any moment: the machine is gone, or the answer of any one call is.

    python -m tests.faults.killed_setup          # every point of every story; says how many, how long, what failed

A story is a world with a setup to be made in it. It is carried out once; what its world, its store and its keyring were
after every call is what a machine may have left (`ends`). And it is carried out again for each of its calls with the
answer of that one lost (`after_a_loss`): once, for ever, or so that what was to be written is written late. After each
of these, setup is made again and must complete; both systems must then hold as many rows of every kind as after a
setup that nothing disturbed, and the same business data, and the main job must give what it gives there.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import logging
import sqlite3
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import httpx
import msgspec

from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import RunStatus
from dyntui.model.roles import Role
from dyntui.service.setup import Setup
from tests.scenarios.office import Office
from tests.scenarios.worlds import NOW
from tests.simulation.sandbox import InProcessSandbox, Kept

MIRA = "mira.sandahl@skarnfjall.example"
_PEOPLE = 50
_STORE = "dyntui.db"
# What a world keeps of calls rather than of business: positions, sign-ins, links, statistics.
_OF_CALLS = ("core_position", "dv_counter", "dv_keyreads", "dv_pending_count", "dv_snapshot", "entra_", "sqlite_")


class Machine(msgspec.Struct, frozen=True):
    """What is left of one that is gone: its store (b"" without one) and its keyring."""

    store: bytes = b""
    secrets: Mapping[str, str] = {}


class Story(msgspec.Struct, frozen=True):
    """`world` is where setup begins; on `machine`, with the first Manager named or not. `beside` is a machine that has
    been connected before and must go on as well."""

    name: str
    world: Kept
    machine: Machine = Machine()
    manager: bool = False
    beside: Machine | None = None


class Left(msgspec.Struct, frozen=True):
    """World and machine at one moment, and what had just happened."""

    after: str
    world: Kept
    machine: Machine


class Ended(msgspec.Struct, frozen=True):
    """What both systems hold at the end, and what the main job gave."""

    rows: dict[str, int]
    digest: dict[str, str]
    managers: tuple[str, ...]
    job: tuple[object, ...]


# -- stories ---------------------------------------------------------------------------------------------------------


def stories() -> list[Story]:
    """The first setup, the first Manager named later, a machine or store that was lost, a second profile."""
    first = Story("first setup", InProcessSandbox.built(_PEOPLE, 7, NOW).kept(), manager=True)
    with _office(Left("", first.world, Machine())) as (office, folder):
        _set_up(office, msgspec.structs.replace(first, manager=False))
        connected = _left("", office, folder)
        office.set_up()
        main_job(office)
        used = _left("", office, folder)
    return [
        first,
        Story("first Manager", connected.world, connected.machine, manager=True),
        Story("lost store", used.world),
        Story("second profile", used.world, beside=used.machine),
    ]


def main_job(office: Office) -> tuple[object, ...]:
    """A list is activated and synchronised, a campaign is counted: what that gives."""
    newsletter = office.activated("Newsletter")
    run = office.run("lists").run
    assert run.status is RunStatus.COMPLETED and run.tally.adds_up, run
    assert office.run("campaigns").run.status is RunStatus.COMPLETED
    campaign = office.campaign_named("Newsletter March")
    office.target(campaign, newsletter.id)
    count = office.count(campaign)
    assert count.sendable and count.potential == count.sendable + sum(each.people for each in count.excluded)
    return (count.potential, count.sendable, len(office.members(newsletter.id)))


# -- what happens to them --------------------------------------------------------------------------------------------


def undisturbed(story: Story) -> Ended:
    """The end that every other way must come to."""
    return _to_the_end(story, Left("", story.world, story.machine))


def ends(story: Story) -> list[Left]:
    """What is left by a machine that is gone after any call, any secret kept, or the store written: one for all calls
    that changed nothing."""
    met: list[Left] = []
    seen: set[object] = set()
    with _office(Left("", story.world, story.machine)) as (office, folder):

        def look(after: str) -> None:
            machine = _machine(office, folder)
            state = (office.sandbox.state.db.total_changes, machine.store, tuple(machine.secrets))
            if state not in seen:
                seen.add(state)
                met.append(Left(after, office.sandbox.kept(), machine))

        _watch(office, look)
        _set_up(office, story, lambda: look("the store"))
    return met


def losses(story: Story) -> list[tuple[int, str, str]]:
    """Every call of setup by number, what it is, and how its answer may be lost."""
    return [
        (number, name, how)
        for number, name in enumerate(_calls(story))
        for how in ("once", "for ever", "late")
        # A reading call that arrives late is one whose answer is lost.
        if how != "late" or not name.startswith("GET ")
    ]


def _calls(story: Story) -> list[str]:
    with _office(Left("", story.world, story.machine)) as (office, _):
        line = _Line(office)
        _set_up(office, story)
        return line.made


def after_the_end(story: Story, left: Left) -> Ended:
    """Setup again on what was left."""
    return _to_the_end(story, left)


def after_a_loss(story: Story, number: int, how: str) -> tuple[Ended, str]:
    """Setup with the answer of its call of this number lost, and again after it; with the code it ended with first.

    One lost answer is no reason to end with an error.
    """
    with _office(Left("", story.world, story.machine)) as (office, folder):
        line = _Line(office, number, how)
        said = ""
        try:
            _set_up(office, story)
        except DyntuiError as error:
            if how == "once":
                raise
            said = error.code
        line.end(office)
        left = _left(f"{how} {number}", office, folder)
    return _to_the_end(story, left), said


def _to_the_end(story: Story, left: Left) -> Ended:
    with _office(left, 10_000) as (office, folder):
        managers = _set_up(office, story)
        assert {step.state for step in office.set_up().steps} == {"there"}
        job = main_job(office)
        left = _left("", office, folder)
        ended = Ended(_rows(office.sandbox), office.digest(), managers, job)
    if story.beside is not None:
        with _office(Left("", left.world, story.beside), 20_000) as (office, _):
            assert main_job(office) == job
            assert _rows(office.sandbox) == ended.rows
    return ended


def _set_up(office: Office, story: Story, kept: Callable[[], None] = lambda: None) -> tuple[str, ...]:
    request = office.setup_request()
    if story.manager:
        request = msgspec.structs.replace(request, assign={Role.MANAGER.value: (MIRA,)})

    def reconnect() -> None:
        kept()
        office.worker.reconnect()

    return office.wait(Setup(office.resources, reconnect).apply(office.context, request)).managers


@contextlib.contextmanager
def _office(left: Left, ids_from: int = 1) -> Iterator[tuple[Office, Path]]:
    """`ids_from`: where the ids that it gives begin, beyond what the same machine has given before."""
    with tempfile.TemporaryDirectory(prefix="dyntui-killed-") as name:
        folder = Path(name)
        if left.machine.store:
            (folder / _STORE).write_bytes(left.machine.store)
        sandbox = InProcessSandbox.reopened(left.world)
        sandbox.switch(dotdigital={"audience": False})
        try:
            with closing(Office(sandbox, folder)) as office:
                office.secrets.held.update(left.machine.secrets)
                office.number_from(ids_from)
                yield office, folder
        finally:
            sandbox.stop()


def _left(after: str, office: Office, folder: Path) -> Left:
    return Left(after, office.sandbox.kept(), _machine(office, folder))


def _machine(office: Office, folder: Path) -> Machine:
    with closing(sqlite3.connect(folder / _STORE)) as store:
        return Machine(bytes(store.serialize()), dict(office.secrets.held))


def _rows(sandbox: InProcessSandbox) -> dict[str, int]:
    db = sandbox.state.db
    names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    return {
        name: db.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
        for name in names
        if not name.startswith(_OF_CALLS)
    }


# -- between a machine and the systems -------------------------------------------------------------------------------


def _watch(office: Office, look: Callable[[str], None]) -> None:
    """`look` is told of every call that was carried out, and of every secret that was kept."""

    async def seen(request: httpx.Request, carry: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
        response = await carry()
        look(_name(request))
        return response

    _between(office, seen)
    keep = office.secrets.set

    async def kept(name: str, secret: str) -> None:
        await keep(name, secret)
        look(f"the secret {name}")

    office.secrets.set = kept  # type: ignore[method-assign]


class _Line:
    """Between an office and the systems: knows the calls in order, and loses the answer of one of them."""

    def __init__(self, office: Office, number: int = -1, how: str = "") -> None:
        self.made: list[str] = []
        self._number = number
        self._how = how
        self._lost: str = ""
        self._late: list[Callable[[], Awaitable[httpx.Response]]] = []
        _between(office, self._carry)

    async def _carry(self, request: httpx.Request, carry: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
        number, name = len(self.made), _name(request)
        self.made.append(name)
        if number == self._number + 3:
            await self._arrive()
        if number == self._number or (self._how == "for ever" and name == self._lost):
            self._lost = name
            if self._how == "late":
                self._late.append(carry)
                raise httpx.ReadTimeout("The read operation timed out", request=request)
            await carry()
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.", request=request)
        return await carry()

    async def _arrive(self) -> None:
        while self._late:
            await self._late.pop()()

    def end(self, office: Office) -> None:
        """What is still under way arrives."""
        office.wait(self._arrive())


_Carry = Callable[[httpx.Request, Callable[[], Awaitable[httpx.Response]]], Awaitable[httpx.Response]]


class _Between(httpx.AsyncBaseTransport):
    def __init__(self, carrier: httpx.AsyncBaseTransport, carry: _Carry) -> None:
        self._carrier = carrier
        self._carry = carry

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._carry(request, lambda: self._carrier.handle_async_request(request))


def _between(office: Office, carry: _Carry) -> None:
    connections = office.resources.connections
    plain = connections.surroundings

    def transport() -> httpx.AsyncBaseTransport:
        carrier = plain.transport()
        assert carrier is not None
        return _Between(carrier, carry)

    connections.surroundings = msgspec.structs.replace(plain, transport=transport)


def _name(request: httpx.Request) -> str:
    return f"{request.method} {request.url.raw_path.decode().removeprefix('/api/data/v9.2/')} {hash(request.content)}"


# -- all of them -----------------------------------------------------------------------------------------------------


def differences(ended: Ended, right: Ended) -> str:
    """What an end has otherwise than the undisturbed one; empty when nothing."""
    rows = {name: (ended.rows.get(name), count) for name, count in right.rows.items() if ended.rows.get(name) != count}
    others = [name for name in ("digest", "managers", "job") if getattr(ended, name) != getattr(right, name)]
    return "; ".join(
        [f"rows of {name}: {found}, not {count}" for name, (found, count) in rows.items()]
        + [f"{name}: {getattr(ended, name)}, not {getattr(right, name)}" for name in others]
    )


class _Tally:
    def __init__(self, right: Ended) -> None:
        self._right = right
        self.points = 0
        self.failures = 0
        self.said: Counter[str] = Counter()

    def point(self, name: str, work: Callable[[], tuple[Ended, str]]) -> None:
        self.points += 1
        try:
            ended, said = work()
            wrong = differences(ended, self._right)
        except Exception:  # noqa: BLE001 - told with its name; the other points go on
            wrong = traceback.format_exc()
        else:
            self.said[said] += 1
        if wrong:
            self.failures += 1
            _say(f"\n{name}\n{wrong}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Answers 1 when a point of a story failed."""
    parser = argparse.ArgumentParser(description="Setups that are killed, or lose an answer, at every point.")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="of the points, one in N")
    parser.add_argument("--story", metavar="NAME", help="only this one")
    asked = parser.parse_args(arguments)
    logging.disable(logging.CRITICAL)
    chosen = [story for story in stories() if asked.story in (None, story.name)]
    failed = sum(_play(story, asked.every) for story in chosen)
    return int(failed > 0)


def _play(story: Story, every: int) -> int:
    began, tally = time.monotonic(), _Tally(undisturbed(story))
    met, lost = ends(story), losses(story)
    for left in met[::every]:
        tally.point(f"{story.name}: killed after {left.after}", functools.partial(_gone, story=story, left=left))
    for number, name, how in lost[::every]:
        tally.point(
            f"{story.name}: the answer lost {how} of call {number}, {name}",
            functools.partial(after_a_loss, story, number, how),
        )
    _say(
        f"{story.name}: {len({number for number, *_ in lost})} calls, which leave {len(met)} states to be killed in and"
        f" can be lost in {len(lost)} ways: {tally.points} points in {time.monotonic() - began:.0f} s,"
        f" {tally.failures} failures; the disturbed setups ended with {dict(tally.said)}"
    )
    return tally.failures


def _gone(story: Story, left: Left) -> tuple[Ended, str]:
    return after_the_end(story, left), "a kill"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
