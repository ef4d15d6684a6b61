"""What a client meets in a simulation is what it meets over a network, and takes no time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from tests.scenarios.worlds import NOW, world
from tests.simulation.sandbox import InProcessSandbox
from tests.simulation.time import one_thread_loop
from tests.simulation.wire import CALL_SECONDS

BOOKS = "/v2/address-books"


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[InProcessSandbox]:
    with world(tmp_path) as opened:
        yield opened


def ask(sandbox: InProcessSandbox, path: str = BOOKS, *, times: int = 1, timeout: float = 30) -> list[object]:
    """Answers, or what was raised, of calls that are under way at once."""

    async def all_at_once() -> list[object]:
        me = (sandbox.info["api_user"], sandbox.info["api_password"])
        transport = sandbox.surroundings(sleep=asyncio.sleep).transport()
        async with httpx.AsyncClient(base_url=home(sandbox), auth=me, transport=transport, timeout=timeout) as client:
            return await asyncio.gather(*(client.get(path) for _ in range(times)), return_exceptions=True)

    loop = one_thread_loop()
    try:
        return loop.run_until_complete(all_at_once())
    finally:
        loop.close()


def home(sandbox: InProcessSandbox) -> str:
    return sandbox.state.urls.dotdigital["r2"]


def passed(sandbox: InProcessSandbox, work: Callable[[], object]) -> float:
    """Seconds on the sandbox's clock."""
    before = sandbox.now()
    work()
    return (sandbox.now() - before).total_seconds()


def test_an_answer_says_when_it_was_given_by_the_sandboxs_clock(sandbox: InProcessSandbox):
    sandbox.advance(3600)
    (answer,) = ask(sandbox)
    assert isinstance(answer, httpx.Response) and answer.status_code == 200 and answer.json()
    assert answer.headers["Date"] == "Sun, 22 Nov 2026 13:00:00 GMT"


@pytest.mark.parametrize(
    ("kind", "error", "counted"),
    [
        ("drop_before", httpx.RemoteProtocolError, "(fault)"),
        ("drop_after", httpx.RemoteProtocolError, BOOKS),
        ("truncate", httpx.RemoteProtocolError, BOOKS),
    ],
)
def test_a_lost_connection_is_what_httpx_makes_of_it(
    kind: str, error: type[Exception], counted: str, sandbox: InProcessSandbox
):
    sandbox.order({"system": "dotdigital", "kind": kind, "times": 1})
    (lost,) = ask(sandbox)
    assert type(lost) is error
    assert list(sandbox.calls()) == [f"dotdigital GET {counted}"]


def test_nobody_listens_at_another_address_nor_after_the_end(sandbox: InProcessSandbox):
    assert [type(each) for each in ask(sandbox, "https://localhost:7/")] == [httpx.ConnectError]
    sandbox._wire.cut = True
    assert [type(each) for each in ask(sandbox)] == [httpx.ConnectError]
    sandbox._wire.cut = False


def test_slow_answers_pass_the_time_together(sandbox: InProcessSandbox):
    sandbox.order({"system": "dotdigital", "kind": "delay", "seconds": 20})
    assert passed(sandbox, lambda: ask(sandbox, times=3)) == pytest.approx(20 + CALL_SECONDS)
    assert passed(sandbox, lambda: [ask(sandbox), ask(sandbox)]) == pytest.approx(2 * (20 + CALL_SECONDS))


def test_who_waits_no_longer_is_told_so_and_the_call_is_carried_out_later(sandbox: InProcessSandbox):
    sandbox.order({"system": "dotdigital", "kind": "delay", "seconds": 20, "times": 1})
    answers: list[object] = []
    assert passed(sandbox, lambda: answers.extend(ask(sandbox, timeout=5))) == pytest.approx(5)
    assert [type(each) for each in answers] == [httpx.ReadTimeout]
    sandbox.advance(15)
    assert sandbox.calls() == {}
    sandbox.advance(0.1)
    assert sandbox.calls() == {f"dotdigital GET {BOOKS}": 1}


def test_waiting_goes_on_in_the_order_of_moments_not_of_tasks(sandbox: InProcessSandbox):
    seen: list[tuple[str, float]] = []

    async def wait(name: str, *steps: float) -> None:
        for seconds in steps:
            await sandbox.time.until(sandbox.now() + timedelta(seconds=seconds))
            seen.append((name, (sandbox.now() - NOW).total_seconds()))

    async def both() -> None:
        await asyncio.gather(wait("long", 10), wait("short", 3, 3, 5))

    asyncio.run(both())
    assert seen == [("short", 3), ("short", 6), ("long", 10), ("short", 11)]


def test_a_world_goes_on_from_where_it_was_kept(sandbox: InProcessSandbox):
    counts = sandbox.control.get("/state").json()
    (books,) = ask(sandbox)
    sandbox.advance(3600)
    again = InProcessSandbox.reopened(sandbox.kept())
    try:
        assert again.control.get("/state").json() == counts
        (same,) = ask(again)
        assert isinstance(books, httpx.Response) and isinstance(same, httpx.Response)
        assert same.json() == books.json() and again.now() > NOW + timedelta(hours=1)
    finally:
        again.stop()


def test_two_worlds_of_one_seed_are_one_world(tmp_path: Path):
    digests = []
    for name in ("one", "another"):
        (tmp_path / name).mkdir()
        with world(tmp_path / name) as opened:
            digests.append(opened.control.get("/digest").json())
    assert digests[0] == digests[1]
