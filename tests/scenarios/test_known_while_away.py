"""Whatever is slow, silent, limited or gone: every command answers within three seconds with what is known.

A row of the table is a profile with its own service, which finds one disturbance on its way to the systems; of each,
somebody runs the same commands. The rows go on side by side, as what they have in common is waiting.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

import dyntui
from dyntui.cli import service
from dyntui.cli.main import run
from dyntui.model.errors import Exit
from dyntui.model.roles import Role
from dyntui.service import campaigns, checks, client, identity
from dyntui.service.answering import handlers_of
from dyntui.service.assembly import use_cases
from dyntui.service.identity import Identities
from dyntui.service.parts import Parts
from dyntui.service.profile import Profile, open_profile
from dyntui.service.resources import Resources
from dyntui.service.server import Server
from dyntui.service.session import Session
from dyntui.service.starting import attach_or_start
from dyntui.store import accounts
from dyntui.store.accounts import PersonLink
from dyntui.store.database import open_store
from dyntui.sync.connections import DATAVERSE_SECRET, OF_PEOPLE, Connections, account_secret
from dyntui.sync.surroundings import Surroundings
from tests.scenarios.office import Pocket
from tests.scenarios.worlds import copied
from tests.service.transport.test_silence import COMMAND
from tests.simulation.sandbox import InProcessSandbox
from tests.simulation.wire import AsyncWire, BlockingWire

SECONDS = 3.0
# In the table every wait is as much shorter: what is shown is which waits there are, and that nothing else waits.
SHORTER = 5
MUTE = "mute"
GONE = "https://away.invalid"
MUTE_NAME = "https://silent.invalid"
# Nothing listens there: ports below 1024 are given to nobody by chance.
REFUSED = "https://127.0.0.1:1"

COMMANDS: dict[tuple[str, ...], str] = {
    ("lists", "list"): "Newsletter",
    ("lists", "show", "Newsletter"): "Newsletter",
    ("campaigns", "list"): "Newsletter March",
    ("campaigns", "show", "Newsletter March"): "Newsletter March",
    ("audit", "list"): "Completed",
}
# Its answer is dyntui's own; the others come from the systems, and say when.
OWN = ("audit", "list")


class Row(msgspec.Struct, kw_only=True):
    """Where the systems are found, and what `status` says then. `limited`: a host that answers 429, and after how long
    it would not."""

    dynamics: str = ""
    entra: str = ""
    dotdigital: str = ""
    ca_file: str = ""
    limited: str = ""
    retry_after: int | None = None
    says: tuple[str, ...]


NO_ANSWER = "and none since the service started"
TABLE = {
    "all-is-well": Row(says=("Dynamics ok signed in", "Main ok signed in")),
    "dotdigital-429": Row(limited="dotdigital", says=("Dynamics ok", "Main error", "DOTDIGITAL_LIMIT")),
    "dotdigital-429-40-min": Row(
        limited="dotdigital", retry_after=2400, says=("Dynamics ok", "DOTDIGITAL_LIMIT", "40 minutes")
    ),
    "dynamics-429-40-min": Row(limited="dynamics", retry_after=2400, says=("DATAVERSE_LIMIT", "40 minutes", "Main ok")),
    "entra-429-40-min": Row(limited="entra", retry_after=2400, says=("SIGN_IN_LIMIT", "40 minutes", "Main ok")),
    "dotdigital-silent": Row(dotdigital=MUTE, says=("Dynamics ok", "Main warning", NO_ANSWER)),
    "dynamics-silent": Row(dynamics=MUTE, says=("Dynamics warning", NO_ANSWER, "Main ok")),
    "entra-silent": Row(entra=MUTE, says=("Dynamics warning", NO_ANSWER, "Main ok")),
    "refused": Row(dynamics=REFUSED, dotdigital=REFUSED, says=("DATAVERSE_UNREACHABLE", "DOTDIGITAL_UNREACHABLE")),
    "entra-refused": Row(entra=REFUSED, says=("DATAVERSE_SIGN_IN_UNREACHABLE", "Main ok")),
    "no-such-name": Row(dynamics=GONE, dotdigital=GONE, says=("DATAVERSE_UNREACHABLE", "DOTDIGITAL_UNREACHABLE")),
    "names-silent": Row(dynamics=MUTE_NAME, dotdigital=MUTE_NAME, says=("Dynamics warning", "Main warning")),
    "no-ca-file": Row(ca_file="/nowhere/ca.pem", says=("CA_FILE_UNREADABLE", "/nowhere/ca.pem")),
}


class Line:
    """The sandbox's systems: as they are, at their limit, or somewhere else over TCP."""

    def __init__(self, sandbox: InProcessSandbox, row: Row, mute: str) -> None:
        urls = sandbox.state.urls
        self.wire = sandbox._wire
        self._row = row
        self._moved = {
            httpx.URL(at).netloc: httpx.URL(mute if to == MUTE else to)
            for at, to in (
                (urls.dataverse, row.dynamics),
                (urls.entra, row.entra),
                *((url, row.dotdigital) for url in urls.dotdigital.values()),
            )
            if to
        }
        self._limited = {httpx.URL(url).netloc for url in _urls_of(sandbox, row.limited)}

    def refusal(self, request: httpx.Request) -> httpx.Response | None:
        if request.url.netloc not in self._limited:
            return None
        headers = {} if self._row.retry_after is None else {"Retry-After": str(self._row.retry_after)}
        return httpx.Response(429, json={}, headers=headers)

    def elsewhere(self, request: httpx.Request) -> bool:
        to = self._moved.get(request.url.netloc)
        if to is not None:
            request.url = request.url.copy_with(host=to.host, port=to.port)
        return to is not None


def _urls_of(sandbox: InProcessSandbox, system: str) -> list[str]:
    urls = sandbox.state.urls
    known = {"dynamics": [urls.dataverse], "entra": [urls.entra], "dotdigital": list(urls.dotdigital.values())}
    return known.get(system, [])


class AsyncLine(Line, httpx.AsyncBaseTransport):
    def __init__(self, sandbox: InProcessSandbox, row: Row, mute: str) -> None:
        super().__init__(sandbox, row, mute)
        self._inside, self._outside = AsyncWire(self.wire), httpx.AsyncHTTPTransport(verify=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if (refusal := self.refusal(request)) is not None:
            return refusal
        way = self._outside if self.elsewhere(request) else self._inside
        return await way.handle_async_request(request)

    async def aclose(self) -> None:
        await self._outside.aclose()


class BlockingLine(Line, httpx.BaseTransport):
    def __init__(self, sandbox: InProcessSandbox, row: Row, mute: str) -> None:
        super().__init__(sandbox, row, mute)
        self._inside, self._outside = BlockingWire(self.wire), httpx.HTTPTransport(verify=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if (refusal := self.refusal(request)) is not None:
            return refusal
        way = self._outside if self.elsewhere(request) else self._inside
        return way.handle_request(request)

    def close(self) -> None:
        self._outside.close()


class Services:
    """On an event loop of their own thread: the service of each row, and what says nothing."""

    def __init__(self, kept: Path, folder: Path) -> None:
        self._kept, self._folder = kept, folder
        self._up = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self.failure: BaseException | None = None
        self._listening_to: list[asyncio.StreamWriter] = []

    def __enter__(self) -> Services:
        self._thread.start()
        assert self._up.wait(60)
        if self.failure is not None:
            raise self.failure
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._ending.set)
        self._thread.join(30)
        assert not self._thread.is_alive()

    async def _serve(self) -> None:
        self._loop, self._ending = asyncio.get_running_loop(), asyncio.Event()
        try:
            async with AsyncExitStack() as open_now:
                sandbox = open_now.enter_context(copied(self._kept, self._folder, Path("dyntui.db")))
                mute = await asyncio.start_server(self._say_nothing, "127.0.0.1", 0)
                port = mute.sockets[0].getsockname()[1]
                for name, row in TABLE.items():
                    await self._open(open_now, name, row, sandbox, f"https://127.0.0.1:{port}")
                self._up.set()
                await self._ending.wait()
                # Who waits in a thread is let go, and meets nobody when asking again.
                mute.close()
                for writer in self._listening_to:
                    writer.close()
        except BaseException as failure:  # noqa: BLE001 - the test raises it
            self.failure = failure
            self._up.set()

    async def _say_nothing(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._listening_to.append(writer)

    async def _open(self, open_now: AsyncExitStack, name: str, row: Row, sandbox: InProcessSandbox, mute: str) -> None:
        profile = _profile(name)
        shutil.copyfile(self._folder / "dyntui.db", profile.data / "dyntui.db")
        db = open_store(profile.store_url)
        open_now.callback(db.close)
        with db.write() as c:
            _prepare(c, row)
            secrets = _secrets(c, sandbox)
        surroundings = Surroundings()
        if not row.ca_file:
            surroundings = Surroundings(
                transport=lambda: AsyncLine(sandbox, row, mute),
                sign_in_transport=lambda: BlockingLine(sandbox, row, mute),
            )
        resources = Resources(
            profile=profile,
            db=db,
            secrets=secrets,
            connections=Connections(db, secrets, surroundings, OF_PEOPLE),
            clock=lambda: datetime.now(UTC),
            ids=lambda: name,
            publish=lambda *_, key="": None,
        )
        identities = Identities(resources)
        parts = Parts(
            resources=resources,
            identities=identities,
            enqueue=lambda *_: None,
            reconnect=lambda: None,
            keyring="memory",
        )
        asked = use_cases(parts)
        session = next(each for each in asked if isinstance(each, Session))
        session._checks = checks.Checks(resources.clock, checks.CHECK_SECONDS / SHORTER)
        server = Server(
            profile.socket,
            version=dyntui.__version__,
            handlers=handlers_of(*asked),
            abilities_of=identities.abilities_of,
        )
        await server.open()
        for end in (resources.connections.close, identities.close, session.close):
            open_now.push_async_callback(end)
        open_now.push_async_callback(server.close, 1.0)


def _profile(name: str) -> Profile:
    made = open_profile(name)
    made.prepare()
    return made


def _prepare(c: Any, row: Row) -> None:
    """Somebody signed in here, and was seen to be a Manager."""
    organisation = accounts.organisation(c)
    assert organisation is not None
    accounts.put_organisation(c, msgspec.structs.replace(organisation, ca_file=row.ca_file))
    for each in accounts.accounts(c):
        accounts.put_account(c, msgspec.structs.replace(each, ca_file=row.ca_file))
    user = organisation.service_user_id
    me = PersonLink(os_uid=os.getuid(), user_id=user, object_id="", name="Mira", linked_on="2026-11-22")
    accounts.link_person(c, me)
    accounts.remember_roles(c, user, Role.MANAGER)


def _secrets(c: Any, sandbox: InProcessSandbox) -> Pocket:
    pocket = Pocket()
    pocket.held[DATAVERSE_SECRET] = sandbox.info["client_secret"]
    for each in accounts.accounts(c):
        pocket.held[account_secret(each.id)] = sandbox.info["api_password"]
    return pocket


@pytest.fixture
def over(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Two names that no network has: one is refused, about the other nothing is said until it is over."""
    known, over = socket.getaddrinfo, threading.Event()

    def look_up(host: Any, *more: Any, **named: Any) -> Any:
        text = host.decode() if isinstance(host, bytes) else str(host)
        if text.endswith(".invalid"):
            if text in MUTE_NAME:
                over.wait(60)
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return known(host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return over


@pytest.fixture
def stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The process of a service that was stopped (SIGSTOP) while it ran."""
    monkeypatch.setenv("DYNTUI_HOME", str(tmp_path / "home"))

    async def start() -> int:
        async with await attach_or_start(_profile("stopped-service"), command=COMMAND) as attached:
            return attached.greeting.process

    process = asyncio.run(start())
    os.kill(process, signal.SIGSTOP)
    yield process
    os.kill(process, signal.SIGKILL)


def test_every_command_answers_within_three_seconds_with_what_is_known(
    targeted: Path,
    tmp_path: Path,
    stopped: int,
    over: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for place, name in ((identity, "KNOWN_PATIENCE"), (campaigns, "TEXT_SECONDS")):
        monkeypatch.setattr(place, name, getattr(place, name) / SHORTER)
    with Services(targeted, tmp_path):
        wrong = [each for name in [*TABLE, "stopped-service"] for each in _what_is_wrong(name, TABLE.get(name), capsys)]
        over.set()
    assert not wrong, "\n".join(wrong)


def test_the_waits_of_one_command_add_up_to_less_than_three_seconds() -> None:
    # A command may wait for roles and then for a campaign's text, or for all checks side by side.
    assert identity.KNOWN_PATIENCE + campaigns.TEXT_SECONDS <= SECONDS - 0.5
    assert checks.CHECK_SECONDS < service.STATUS_SECONDS < SECONDS
    assert client.GREETING_SECONDS <= SECONDS - 0.5


def _what_is_wrong(name: str, row: Row | None, capsys: pytest.CaptureFixture[str]) -> Iterator[str]:
    for command in (("status",), *COMMANDS) if row is not None else (("status",), ("lists", "list")):
        began = time.monotonic()
        code = run(["--profile", name, *command])
        took = time.monotonic() - began
        out, err = (" ".join(each.split()) for each in capsys.readouterr())
        said = f"{name}: {' '.join(command)} ended with {code} after {took:.1f} s, saying {out!r} {err!r}"
        if took > SECONDS:
            yield said
        if row is None:
            # No service speaks: that is named, with the process to be looked after.
            if code != Exit.UNREACHABLE or "SERVICE_SILENT" not in err:
                yield said
            continue
        wanted = row.says if command == ("status",) else (COMMANDS[command],)
        if code != Exit.DONE or not all(each in out for each in wanted):
            yield said
        if command not in (("status",), OWN) and "As read" not in out + err:
            yield f"{said} without its age"
