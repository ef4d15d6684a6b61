from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from dyntui.service import process
from dyntui.service.idle import IdleTimer


def test_a_service_nobody_ever_came_to_is_over_after_the_limit():
    timer = IdleTimer(60, now=100)

    assert not timer.over(159.9, clients=0, runs=0)
    assert timer.over(160, clients=0, runs=0)


def test_a_client_or_a_run_starts_the_time_anew():
    timer = IdleTimer(60, now=0)

    assert not timer.over(500, clients=1, runs=0)
    assert not timer.over(559, clients=0, runs=0)
    assert not timer.over(560, clients=0, runs=1)
    assert not timer.over(619, clients=0, runs=0)
    assert timer.over(620, clients=0, runs=0)


@pytest.mark.parametrize(("comes_after", "ends_after"), [(3.0, 3.1), (None, 10.1)])
async def test_who_has_started_a_service_finds_it_however_soon_it_is_to_end(
    monkeypatch: pytest.MonkeyPatch, comes_after: float | None, ends_after: float
):
    now = 0.0
    server = SimpleNamespace(clients=0, served=False)

    async def pass_time(seconds: float) -> None:
        nonlocal now
        assert seconds > 0
        now += seconds
        server.served = comes_after is not None and now >= comes_after

    async def no_runs() -> int:
        return 0

    monkeypatch.setattr(process.asyncio, "sleep", pass_time)
    monkeypatch.setattr(time, "monotonic", lambda: now)
    await process._until_idle(SimpleNamespace(active_runs=no_runs), server, 0.0)
    assert (comes_after or 10.0) <= now <= ends_after
