"""The service's socket: who may connect, and events to everybody who did."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable
from pathlib import Path

import msgspec

from dyntui.model.errors import DyntuiError, Exit
from dyntui.service.connection import Connection, Handlers
from dyntui.service.lines import CHUNK, UNFINISHED_SECONDS, Lines, Unfinished
from dyntui.service.peer import Peer, peer_of
from dyntui.service.permission import AbilitiesOf
from dyntui.service.protocol import GREETING, Greeting, error_line, notification_line

# A console is one client, a command another; a descriptor each.
MOST_CLIENTS = 128
# How often it is looked after that clients still find the socket.
REACHABLE_SECONDS = 5.0

log = logging.getLogger(__name__)


class Server:
    """Listens on a Unix socket that only its owner can open, and asks the kernel again who it is that came. A `shared`
    one serves everybody whom the socket's directory lets through; what each may do, their roles in Dynamics say."""

    def __init__(
        self,
        path: Path,
        *,
        version: str,
        handlers: Handlers,
        abilities_of: AbilitiesOf,
        peer: Callable[[socket.socket], Peer] = peer_of,
        most_clients: int = MOST_CLIENTS,
        patience: float = UNFINISHED_SECONDS,
        shared: bool = False,
    ) -> None:
        """`most_clients`: further ones are told so and sent away; `patience`: see `Lines`."""
        self._path = path
        self._greeting = notification_line(GREETING, Greeting(version, os.getpid()))
        self._handlers = handlers
        self._abilities_of = abilities_of
        self._peer = peer
        self._most_clients = most_clients
        self._patience = patience
        self._shared = shared
        self._unfinished = Unfinished()
        self._full = False
        self.served = False  # whether there was ever a client
        self._connections: set[Connection] = set()
        self._serving: set[asyncio.Future[None]] = set()
        self._server: asyncio.Server | None = None
        self._file: tuple[int, int] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def clients(self) -> int:
        """Connected clients."""
        return len(self._connections)

    async def open(self) -> None:
        """Listens. The caller holds the profile's lock, so a socket that is already there is a dead service's."""
        self._loop = asyncio.get_running_loop()
        self._path.unlink(missing_ok=True)
        await self._listen()

    async def stay_reachable(self, pause: float = REACHABLE_SECONDS) -> None:
        """Listens anew whenever the socket's file is gone, as `/run/user/UID` is with somebody's last session while
        what runs in a multiplexer goes on. Looks every `pause` seconds; does not return."""
        told = False
        while True:
            await asyncio.sleep(pause)
            if self._server is None or self._is_own():
                continue
            try:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._server.close()
                await self._listen()
            except OSError as error:
                if not told:
                    log.error("the socket %s is gone and cannot be made again yet: %s", self._path, error)
                told = True
            else:
                log.warning("the socket %s was gone: listening again", self._path)
                told = False

    async def _listen(self) -> None:
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # The directory says who gets as far as to the socket: its owner, or a group as well.
        before = os.umask(0o117 if self._shared else 0o177)
        try:
            listening.bind(str(self._path))
        except OSError:
            listening.close()
            raise
        finally:
            os.umask(before)
        found = self._path.stat()
        self._file = (found.st_dev, found.st_ino)
        self._server = await asyncio.start_unix_server(self._connected, sock=listening, limit=CHUNK)

    def _is_own(self) -> bool:
        """Whether the file at the path is the socket that this server listens on."""
        try:
            found = self._path.stat()
        except OSError:
            return False
        return (found.st_dev, found.st_ino) == self._file

    async def close(self, grace: float) -> None:
        """Takes nobody new, lets requests under way finish for at most `grace` seconds, then hangs up, and returns when
        every client's connection has ended."""
        if self._server is None:
            return
        self._server.close()
        if self._is_own():
            self._path.unlink(missing_ok=True)
        under_way = {task for connection in self._connections for task in connection.carrying_out}
        under_way.discard(asyncio.current_task())
        if under_way:
            _, late = await asyncio.wait(under_way, timeout=grace)
            for task in late:
                task.cancel()
        for connection in list(self._connections):
            connection.hang_up()
        if self._serving:
            await asyncio.wait(self._serving, timeout=grace)

    def publish(self, name: str, params: msgspec.Struct, *, key: str = "") -> None:
        """Sends an event to every client, from any thread. Of those with one name and key a slow client gets the
        newest."""
        line = notification_line(name, params)
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._spread, name, line, key)

    def _spread(self, name: str, line: bytes, key: str) -> None:
        for connection in self._connections:
            connection.publish(name, line, key)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = self._peer(writer.get_extra_info("socket"))
        if peer.uid != os.getuid() and not self._shared:
            log.warning("refused process %d of user id %d", peer.process, peer.uid)
            writer.write(error_line(None, _refused(peer.uid)))
            writer.close()
            return
        if self._is_full():
            writer.write(error_line(None, _too_many(self._most_clients)))
            writer.close()
            return
        lines = Lines(reader, self._unfinished, patience=self._patience)
        connection = Connection(
            lines,
            writer,
            uid=peer.uid,
            handlers=self._handlers,
            abilities_of=self._abilities_of,
            changed=self.publish,
        )
        self._connections.add(connection)
        self.served = True
        serving = asyncio.ensure_future(connection.serve(self._greeting))
        self._serving.add(serving)
        try:
            await serving
        finally:
            self._serving.discard(serving)
            self._connections.discard(connection)

    def _is_full(self) -> bool:
        """Whether there is room for nobody else; the log says so once each time it comes to that."""
        full = len(self._connections) >= self._most_clients
        if full and not self._full:
            log.warning("%d clients are connected: further ones are sent away", self._most_clients)
        self._full = full
        return full


def _too_many(most: int) -> DyntuiError:
    return DyntuiError(
        "TOO_MANY_CLIENTS",
        f"The service has {most} clients, as many as it takes.",
        not_done="Nothing was read or changed.",
        remedy="Close consoles and programs that are not needed, and try again.",
        exit=Exit.UNREACHABLE,
    )


def _refused(uid: int) -> DyntuiError:
    return DyntuiError(
        "PEER_REFUSED",
        f"This service does not serve the user with id {uid}.",
        not_done="Nothing was read or changed.",
        remedy="Use a service and a profile of your own.",
        exit=Exit.NOT_PERMITTED,
    )
