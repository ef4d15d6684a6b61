"""Every call of the contract with values that nobody means: refused by name or answered, never a defect.

The requests go through a client's connection as lines, to the use cases at work on a connected world. The environment
variable DYNTUI_FUZZ says how many are tried, DYNTUI_FUZZ_SEED from which seed on.
"""

from __future__ import annotations

import asyncio
import copy
import json
import os
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from dyntui.model.outcomes import RunStatus
from dyntui.model.roles import Ability
from dyntui.service.connection import Connection
from dyntui.service.contract.session import STOP
from dyntui.service.contract.setup import SETUP_APPLY, SETUP_PLAN
from dyntui.service.contract.subjects import CALLS
from dyntui.service.lines import Lines, Unfinished
from tests.scenarios.every_call import everything
from tests.scenarios.office import Office
from tests.scenarios.test_role_self_test import Desk, with_roles

MANY = int(os.environ.get("DYNTUI_FUZZ", "200"))
SEED = int(os.environ.get("DYNTUI_FUZZ_SEED", "1"))

TEXTS = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "\udfff\ud800",
    "\u202e\u2066evil\u2069",
    "\x1b[2J\x1b]0;t\x07",
    "\ufeff",
    "\n\r\t\u2028\u0085",
    "é" * 1000,
    "e\u0301" * 300,
    "x" * 100_000,
    "😀" * 500,
    "'; DROP TABLE run; --",
    "%",
    "_",
    "%_%\\",
    "*",
    "(",
    "' or 1 eq 1",
    "a'b\"c`d$e{f}[g]<h>&i;",
    "../../../etc/passwd",
    "https://127.0.0.1:1",
    "https://[::1",
    "https://user:pw@host/",
    "file:///etc/passwd",
    "0",
    "-1",
    "null",
    "name",
    "-name",
    "--name",
    "-",
    "no such column",
    "00000000-0000-0000-0000-000000000000",
    "{00000000-0000-4000-8000-000000000001}",
    "00000000-0000-4000-8000-00000000000",
    "ZZZZZZZZ-0000-4000-8000-000000000001",
    "default",
    "astrid@",
    "@example.org",
    "a@b.c",
    "a" * 300 + "@example.org",
    "all",
    "lists",
    "send",
    "Added",
    "OPTED_OUT",
)
NUMBERS = (0, 1, -1, 7, 255, 2**31, -(2**31) - 1, 2**53 + 1, 2**63 - 1, -(2**63), 2**63, -(2**63) - 1, 10**30, 10**400)
OTHERS: tuple[Any, ...] = (
    None, True, False, 1.5, -0.0, 1e308, [], {}, [[]], [None], [""], {"": ""}, [0], ["a"] * 1000, {"id": {"id": "x"}},
)  # fmt: skip


class Client:
    """Lines into a connection, and the answers out of it."""

    def __init__(self, office: Office, handlers: Any) -> None:
        self._office = office
        self._reader = office.wait(_made(asyncio.StreamReader))
        self.answers: list[dict[str, Any]] = []
        self.broken = False

        async def everybody(uid: int, *, soon: bool) -> frozenset[Ability]:
            return frozenset(Ability)

        lines = Lines(self._reader, Unfinished())

        def connection() -> Connection:
            return Connection(
                lines,
                self,  # type: ignore[arg-type]
                uid=os.getuid(),
                handlers=handlers,
                abilities_of=everybody,
                changed=lambda name, value: None,
            )

        self._connection = office.wait(_made(connection))
        self._serving = office.wait(_made(lambda: asyncio.ensure_future(self._connection.serve(b""))))

    def write(self, line: bytes) -> None:
        self.answers.extend(json.loads(each) for each in line.splitlines())

    async def drain(self) -> None:
        return

    def close(self) -> None:
        self.broken = True

    def ask(self, line: bytes) -> dict[str, Any]:
        """The answer to a line."""

        async def answered() -> None:
            self._reader.feed_data(line + b"\n")
            while not self.answers and not self.broken:  # noqa: ASYNC110 - the connection writes by itself
                await asyncio.sleep(0)

        self._office.wait(answered())
        assert not self.broken, line[:300]
        return self.answers.pop(0)

    def end(self) -> None:
        self._reader.feed_eof()
        self._office.wait(self._serving)


async def _made(make: Any) -> Any:
    return make()


class Chance:
    """Requests that are nearly right, or not at all."""

    def __init__(self, seed: int, known: dict[str, list[Any]]) -> None:
        self._random = random.Random(seed)
        self._known = known
        self._round: list[str] = []
        # What is right in one place is wrong in another.
        self._real = [value for requests in known.values() for each in requests for value in _leaves(each)]

    def one(self) -> tuple[str, Any]:
        if not self._round:
            # Each call comes round, however many there are.
            self._round = sorted(CALLS.keys() - {STOP.name})
            self._random.shuffle(self._round)
        name = self._round.pop()
        right = json.loads(json.dumps(self._random.choice(self._known.get(name, [{}]))))
        if self._random.random() < 0.05:
            return name, self._value(0)
        for _ in range(self._random.choice((1, 1, 1, 2, 3))):
            self._spoil(right, [each.encode_name for each in msgspec.structs.fields(CALLS[name].request)])
        return name, right

    def _spoil(self, request: dict[str, Any], fields: list[str]) -> None:
        place: Any = request
        while True:
            inner = [each for each in (place.values() if isinstance(place, dict) else place) if each and _deep(each)]
            if not inner or self._random.random() < 0.3:
                break
            place = self._random.choice(inner)
        if isinstance(place, list):
            place[self._random.randrange(len(place))] = self._value(0)
            return
        names = [*place, *(fields if place is request else ()), "unknown", ""]
        name = self._random.choice(names)
        if self._random.random() < 0.1:
            place.pop(name, None)
        else:
            place[name] = self._value(0)

    def _value(self, depth: int) -> Any:
        kind = self._random.random()
        if kind < 0.4:
            return self._random.choice(TEXTS)
        if kind < 0.6:
            return self._random.choice(NUMBERS)
        if kind < 0.8:
            return copy.deepcopy(self._random.choice(self._real))
        if kind < 0.9 or depth > 2:
            return copy.deepcopy(self._random.choice(OTHERS))
        return [self._value(depth + 1) for _ in range(self._random.randrange(4))]


def _deep(value: Any) -> bool:
    return isinstance(value, dict | list)


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for each in value.values() for leaf in _leaves(each)]
    if isinstance(value, list):
        return [leaf for each in value for leaf in _leaves(each)]
    return [value]


def _known(office: Office) -> dict[str, list[Any]]:
    """Requests that make sense, by method."""
    known: dict[str, list[Any]] = {}
    for method, request in everything(office):
        known.setdefault(method.name, []).append(msgspec.to_builtins(request))
    for method in (SETUP_PLAN, SETUP_APPLY):
        known[method.name] = [msgspec.to_builtins(office.setup_request())]
    return known


def test_hostile_values_in_every_call_are_refused_by_name_and_harm_nothing(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    with_roles(office)
    known = _known(office)
    desk = Desk(office, "manager")
    handlers = desk._handlers
    client = Client(office, handlers)
    chance = Chance(SEED, known)
    codes: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    defects: list[tuple[str, str, str]] = []
    for number in range(MANY):
        name, request = chance.one()
        tried[name] += 1
        line = json.dumps({"jsonrpc": "2.0", "id": number, "method": name, "params": request}).encode()
        answer = client.ask(line)
        code = answer.get("error", {}).get("data", {}).get("code", "answered")
        codes[code] += 1
        if code == "INTERNAL_ERROR":
            defects.append((name, json.dumps(request)[:500], _reason(caplog)))
        if code != "answered":
            said = answer["error"]["data"]
            assert said["message"] and said["remedy"] and said["not_done"], (name, answer)
        if number % 50 == 49:
            _carry_out_runs(office)
    _carry_out_runs(office)
    # Told with -s: how many of what.
    print(sum(tried.values()), dict(codes.most_common()))  # noqa: T201
    assert defects == []
    assert codes["answered"] and codes["REQUEST_INVALID"]
    if MANY >= 400:
        assert tried.keys() == CALLS.keys() - {STOP.name}
    with office.db.read() as c:
        assert c.execute(text("PRAGMA integrity_check")).scalar() == "ok"
        assert c.execute(text("PRAGMA foreign_key_check")).all() == []
        broken = c.execute(text("SELECT id, error FROM run WHERE error LIKE '%defect%'")).all()
    assert broken == []
    # The world goes on: set up as it was, everything works.
    answer = client.ask(_line(SETUP_APPLY.name, msgspec.to_builtins(office.setup_request())))
    assert "result" in answer, answer
    assert office.run("lists").run.status in {RunStatus.COMPLETED, RunStatus.COMPLETED_WITH_ERRORS, RunStatus.HELD}
    client.end()
    # Of what was begun nothing is left under way: a sign-in that nobody finished, a list that somebody opened.
    office.wait(desk.identities.close())
    assert office.wait(_under_way()) == []


async def _under_way() -> list[str]:
    this = asyncio.current_task()
    return [repr(each) for each in asyncio.all_tasks() if each is not this]


def _carry_out_runs(office: Office) -> None:
    """While the use cases go on: a sign-in that was begun polls, and time is everybody's."""

    async def carried_out() -> None:
        with ThreadPoolExecutor(1) as beside:
            await asyncio.get_running_loop().run_in_executor(beside, office.engine.drain)

    office.wait(carried_out())


def _reason(caplog: pytest.LogCaptureFixture) -> str:
    """The last lines of what the log says of a defect."""
    said = [record.exc_text or "" for record in caplog.records if record.exc_text]
    return said[-1][-600:] if said else ""


def _line(name: str, params: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": 0, "method": name, "params": params}).encode()
