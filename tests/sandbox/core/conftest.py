"""A served sandbox whose business systems are stand-ins, so that the core is tested by itself."""

import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from dyntui.sandbox.clock import Clock
from dyntui.sandbox.control import Truth
from dyntui.sandbox.entra import routes as entra
from dyntui.sandbox.entra import storage as entra_storage
from dyntui.sandbox.gateway import Gateway, new_gateway
from dyntui.sandbox.request import Request, Response, json_response
from dyntui.sandbox.server import Announcement, running
from dyntui.sandbox.state import State, open_state

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def echo(state: State, request: Request) -> Response:
    """Keeps what was posted and answers with what it saw."""
    if request.method == "POST":
        state.db.execute("CREATE TABLE IF NOT EXISTS posted (body BLOB)")
        state.db.execute("INSERT INTO posted VALUES (?)", (request.body,))
    answer = json_response(
        {"path": request.path, "query": request.query, "size": len(request.body), "padding": "x" * 3000}
    )
    answer.route = f"{request.method} echo/{{id}}"
    answer.writes = request.method == "POST"
    return answer


def posted(state: State) -> int:
    """How many posts the stand-in has kept."""
    found = state.db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'posted'").fetchone()[0]
    return int(state.db.execute("SELECT count(*) FROM posted").fetchone()[0]) if found else 0


@pytest.fixture
def state() -> Iterator[State]:
    opened = open_state(seed=7, clock=Clock.standing_at(START))
    entra_storage.install(opened)
    yield opened
    opened.db.close()


@pytest.fixture
def gateway(state: State) -> Gateway:
    return new_gateway(state, {"dataverse": echo, "dotdigital": echo, "entra": entra.handle})


@pytest.fixture
def truth() -> Truth:
    return Truth(
        settle=lambda state: None,
        mailed=lambda state: [],
        counts=lambda state: {"posted": posted(state)},
        digest_rows={"dataverse": lambda state: iter([("a", 1)]), "dotdigital": lambda state: iter(())},
        levers={"/unsubscribe": lambda state, body: {"address": body["address"]}},
    )


@dataclass(frozen=True, slots=True)
class Served:
    """A sandbox that is being served, and how to reach it."""

    announcement: Announcement
    tls: ssl.SSLContext
    gateway: Gateway
    urls: dict[str, str]

    @asynccontextmanager
    async def client(self, **options: object) -> AsyncIterator[httpx.AsyncClient]:
        async with httpx.AsyncClient(verify=self.tls, **options) as client:  # type: ignore[arg-type]
            yield client


@pytest.fixture
async def served(gateway: Gateway, truth: Truth, tmp_path: Path) -> AsyncIterator[Served]:
    async with running(gateway, truth, tmp_path / "tls") as announcement:
        urls = gateway.state.urls
        yield Served(
            announcement,
            ssl.create_default_context(cafile=announcement["ca_file"]),
            gateway,
            {"dataverse": urls.dataverse, "entra": urls.entra, "control": urls.control, **urls.dotdigital},
        )
