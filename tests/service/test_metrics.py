"""Measurements for Prometheus: what they say, to whom, and what they never hold."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from dyntui.model.budgets import Meter
from dyntui.service.config import MetricsSettings
from dyntui.service.metrics import Metrics
from dyntui.store import accounts, schedules
from dyntui.store.accounts import EmailAccount
from tests.service.test_hook import NOON, Night

METERS = (Meter(account="ann@example.org", account_id="a", limit="calls in an hour", used=1900, most=2000),)


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    made = Night(tmp_path)
    with made.db.write() as c:
        named = EmailAccount(id="a", name="ann@example.org", api_user="u", endpoint="e", region="r1", platform_id=1)
        accounts.put_account(c, named)
        schedules.provision(c, NOON - timedelta(hours=2))
    yield made
    made.close()


async def _metered() -> tuple[Meter, ...]:
    return METERS


def measured(body: str) -> dict[tuple[str, ...], float]:
    """Value by name and labels."""
    return {
        (sample.name, *(f"{name}={value}" for name, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(body)
        for sample in family.samples
    }


async def test_runs_schedules_limits_and_the_store_are_measured_without_anybodys_address(night: Night) -> None:
    night.run()
    night.run()
    night.run(kind="campaigns", code="AWAY", error="bo@example.org")
    metrics = Metrics(night.resources, MetricsSettings(), _metered)
    await metrics.serve(0)
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"http://127.0.0.1:{metrics.port}/metrics")
        elsewhere = await client.get(f"http://127.0.0.1:{metrics.port}/")
    assert (answer.status_code, elsewhere.status_code) == (200, 404)
    assert answer.headers["content-type"].startswith("text/plain")
    assert "@" not in answer.text and "ann" not in answer.text
    found = measured(answer.text)
    assert found["dyntui_runs", "kind=lists", "status=Completed"] == 2
    assert found["dyntui_runs", "kind=campaigns", "status=Failed"] == 1
    assert found["dyntui_last_completed_timestamp_seconds", "account=a", "kind=lists"] == NOON.timestamp()
    assert ("dyntui_last_completed_timestamp_seconds", "account=a", "kind=campaigns") not in found
    # Due an hour and three quarters ago.
    assert found["dyntui_schedule_behind_seconds", "account=a", "kind=suppressions"] == 105 * 60
    assert found["dyntui_next_start_timestamp_seconds", "account=a", "kind=suppressions"] == NOON.timestamp()
    assert found["dyntui_limit_used", "account=a", "limit=calls in an hour"] == 1900
    assert found["dyntui_limit_most", "account=a", "limit=calls in an hour"] == 2000
    assert found["dyntui_held_removals",] == 0
    assert found["dyntui_store_bytes",] > 10_000
    assert found["dyntui_process_resident_memory_bytes",] > 1_000_000
    await metrics.stop()
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(f"http://127.0.0.1:{metrics.port}/metrics")


async def test_whatever_hangs_whoever_asks_is_told_within_seconds(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang() -> tuple[Meter, ...]:
        await asyncio.Event().wait()
        return ()

    monkeypatch.setattr("dyntui.service.metrics._PATIENCE", 0.1)
    metrics = Metrics(night.resources, MetricsSettings(), hang)
    await metrics.serve(0)
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(f"http://127.0.0.1:{metrics.port}/metrics")).status_code == 503
    await metrics.stop()


async def test_nothing_listens_unless_it_is_asked_for_and_a_port_that_is_taken_is_named(night: Night) -> None:
    metrics = Metrics(night.resources, MetricsSettings(), _metered)
    await metrics.start()
    assert (metrics.port, metrics.check()) == (0, None)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        metrics = Metrics(night.resources, MetricsSettings(port=taken.getsockname()[1]), _metered)
        await metrics.start()
    said = metrics.check()
    assert said is not None and said.state == "warning" and "cannot be listened at" in said.text
    await metrics.stop()
