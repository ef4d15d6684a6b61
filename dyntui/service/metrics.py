"""Measurements for Prometheus, on this machine's own address alone, where the settings ask for them.

Labels hold kinds, statuses, limits and the ids of email accounts: no name and no address of anybody.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

import msgspec
from sqlalchemy import Connection

from dyntui import __version__
from dyntui.model.budgets import Meter
from dyntui.model.errors import DyntuiError
from dyntui.model.moments import moment_of
from dyntui.model.schedules import next_run, overdue_since
from dyntui.service.config import MetricsSettings
from dyntui.service.contract.session import Check
from dyntui.service.resources import Resources
from dyntui.store import dialects, held, notices, schedules, vital_signs

if TYPE_CHECKING:
    from aiohttp import web
    from prometheus_client.core import Metric

K = TypeVar("K", bound=tuple[str, ...])

_ADDRESS = "127.0.0.1"
# Whatever hangs: who asks is told nothing after this, and asks again.
_PATIENCE = 3.0

log = logging.getLogger(__name__)


class _Known(msgspec.Struct, frozen=True, kw_only=True):
    """What the store says, in seconds since 1970 where it is a moment."""

    runs: dict[tuple[str, str], int]
    completed: dict[tuple[str, str], float]
    next_start: dict[tuple[str, str], float]
    behind: dict[tuple[str, str], float]
    held: int
    notices: int
    store_bytes: int


class Metrics:
    """`start` and `stop` with a long-lived service. `meters` tells how much of each limit is used."""

    def __init__(
        self, resources: Resources, settings: MetricsSettings, meters: Callable[[], Awaitable[tuple[Meter, ...]]]
    ) -> None:
        self._resources = resources
        self._settings = settings
        self._meters = meters
        self._runner: web.AppRunner | None = None
        self._trouble = ""
        self.port = 0

    async def start(self) -> None:
        """Begins to answer, where the settings ask for it. A port that is taken is named in the log and the status; the
        service runs all the same."""
        if self._settings.port:
            await self.serve(self._settings.port)

    async def serve(self, port: int) -> None:
        """Answers at this port; 0: at one that is free, which `port` then is."""
        from aiohttp import web

        app = web.Application()
        app.router.add_get("/metrics", self._answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, _ADDRESS, port).start()
        except OSError as error:
            await runner.cleanup()
            self._trouble = f"port {port} cannot be listened at: {os.strerror(error.errno or 0)}"
            log.error("no measurements are given out: %s", self._trouble)
            return
        self._runner = runner
        self.port = runner.addresses[0][1]

    async def stop(self) -> None:
        """Answers nobody any more."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def check(self) -> Check | None:
        """One line of the service's status; None where nobody asks for measurements."""
        if self._trouble:
            return Check(name="Metrics", state="warning", text=self._trouble)
        if self._runner is None:
            return None
        return Check(name="Metrics", state="ok", text=f"http://{_ADDRESS}:{self.port}/metrics")

    async def _answer(self, request: web.Request) -> web.Response:
        from aiohttp import web
        from prometheus_client import CONTENT_TYPE_LATEST

        try:
            async with asyncio.timeout(_PATIENCE):
                text = await self.text()
        except (TimeoutError, DyntuiError) as error:
            log.warning("measurements could not be taken: %s", error)
            return web.Response(status=503, text="Measurements could not be taken.\n")
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def text(self) -> bytes:
        """All measurements, in Prometheus' format. Raises DyntuiError STORE_..."""
        from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

        known = await self._resources.read(lambda c: _known(c, self._resources.db.where, self._resources.clock()))
        metrics = [*_of_the_store(known), *_of_limits(await self._meters()), *_of_the_service()]
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Collected(metrics))
        ProcessCollector(namespace="dyntui", registry=registry)
        return bytes(generate_latest(registry))


class _Collected:
    """Measurements that were taken already, as a registry asks for them."""

    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        """All of them."""
        yield from self._metrics


def _known(c: Connection, where: str, now: datetime) -> _Known:
    stored = schedules.schedules(c)
    starts = {_key(each): next_run(each.schedule, each.last_start, now) for each in stored}
    due = {_key(each): overdue_since(each.schedule, each.last_start, now) for each in stored}
    return _Known(
        runs=vital_signs.runs_by_status(c),
        completed={key: _seconds(moment) for key, moment in vital_signs.last_completed(c).items()},
        next_start={key: start.timestamp() for key, start in starts.items() if start is not None},
        behind={key: (now - since).total_seconds() if since is not None else 0.0 for key, since in due.items()},
        held=held.waiting(c),
        notices=notices.state(c).waiting,
        store_bytes=dialects.size(c, where),
    )


def _key(each: schedules.StoredSchedule) -> tuple[str, str]:
    return each.account_id, each.schedule.sync_type


def _seconds(moment: str) -> float:
    found = moment_of(moment)
    return found.timestamp() if found is not None else 0.0


def _gauge(name: str, meaning: str, labels: tuple[str, ...], values: Mapping[K, float]) -> Metric:
    from prometheus_client.core import GaugeMetricFamily

    family = GaugeMetricFamily(f"dyntui_{name}", meaning, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family


def _of_the_store(known: _Known) -> Iterator[Metric]:
    of_account = ("account", "kind")
    yield _gauge("runs", "Runs that are kept, by kind and status.", ("kind", "status"), known.runs)
    yield _gauge("last_completed_timestamp_seconds", "When a run last went through.", of_account, known.completed)
    yield _gauge("next_start_timestamp_seconds", "When the next scheduled run starts.", of_account, known.next_start)
    yield _gauge("schedule_behind_seconds", "For how long a run has been due.", of_account, known.behind)
    yield _gauge("held_removals", "Removals that wait for a decision.", (), {(): known.held})
    yield _gauge("store_bytes", "How large the store is on the disk.", (), {(): known.store_bytes})
    yield _gauge("hook_waiting", "Notices that the hook has refused so far.", (), {(): known.notices})


def _of_limits(meters: tuple[Meter, ...]) -> Iterator[Metric]:
    labels = ("account", "limit")
    used = {(each.account_id, each.limit): each.used for each in meters}
    most = {(each.account_id, each.limit): each.most for each in meters}
    yield _gauge("limit_used", "How much of a limit is used; no account is the organisation.", labels, used)
    yield _gauge("limit_most", "How much a limit allows.", labels, most)


def _of_the_service() -> Iterator[Metric]:
    yield _gauge("info", "The service.", ("version",), {(__version__,): 1.0})
