"""httpx's transports over the sandbox's own handlers: no socket, no process, and no second that passes.

What a client meets is what it meets over the wire: lost connections are httpx.RemoteProtocolError, a silence longer
than its time-out httpx.ReadTimeout (the call is carried out all the same, when it would have been), an address at which
nobody listens httpx.ConnectError. A slow answer moves the clock instead of taking time.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from urllib.parse import unquote

import httpx

from dyntui.sandbox import control
from dyntui.sandbox.assembly import TRUTH
from dyntui.sandbox.gateway import Exchange, Gateway, begin
from dyntui.sandbox.request import Headers, Request, Response
from tests.simulation.time import VirtualTime

# How long an undisturbed call takes.
CALL_SECONDS = 0.05


@dataclass(frozen=True)
class _Flight:
    """A call that has arrived: when it is answered, and until when its client waits."""

    exchange: Exchange
    answered: datetime
    given_up: datetime

    @property
    def ends(self) -> datetime:
        return min(self.answered, self.given_up)


class Wire:
    """Between clients and one gateway. Any thread may call; the handlers see one call after the other."""

    def __init__(self, gateway: Gateway, time: VirtualTime) -> None:
        self.gateway = gateway
        self.time = time
        self.cut = False
        # Further systems on the same network, each with its own addresses.
        self.others: list[Wire] = []
        # What somebody between the two makes of an answer: `(request, answer) -> answer`.
        self.doctor: Callable[[httpx.Request, httpx.Response], httpx.Response] = lambda request, answer: answer
        self._lock = threading.RLock()
        self._late: list[_Flight] = []
        urls = gateway.state.urls
        self._listeners = {
            urls.dataverse: "dataverse",
            urls.entra: "entra",
            urls.control: "control",
            **{url: region for region, url in urls.dotdigital.items()},
        }

    def arrive(self, request: httpx.Request, body: bytes) -> httpx.Response | _Flight:
        """The answer of the control address, or a call that is under way. Raises httpx.TransportError."""
        listener = self._listener(request)
        other = next((each for each in self.others if each.serves(request)), None)
        if other is not None and not self.cut:
            return other.arrive(request, body)
        if listener is None or self.cut:
            raise httpx.ConnectError("All connection attempts failed", request=request)
        read = _read(request, body, listener)
        with self._lock:
            self._carry_out_what_is_late()
            if listener == "control":
                return _written(control.handle(self.gateway, TRUTH, read), self.time.now())
            exchange = begin(self.gateway, read)
            if exchange.refusal is not None:
                return _written(exchange.refuse(), self.time.now())
            fault, now = exchange.fault, self.time.now()
            if fault is not None and fault.kind == "drop_before":
                exchange.abandon()
                raise _dropped(request)
            if fault is not None and fault.kind in {"status", "html"}:
                return _written(exchange.refuse(), now)
        slow = self.gateway.latency_seconds + (fault.seconds if fault is not None else 0.0)
        patience = request.extensions.get("timeout", {}).get("read")
        return _Flight(
            exchange,
            answered=now + timedelta(seconds=CALL_SECONDS + slow),
            given_up=datetime.max.replace(tzinfo=now.tzinfo) if patience is None else now + timedelta(seconds=patience),
        )

    def move(self, before: str, url: str) -> None:
        """What listened at an address does so at another one."""
        self._listeners[url] = self._listeners.pop(before)

    def serves(self, request: httpx.Request) -> bool:
        """Whether it listens where the request goes."""
        return self._listener(request) is not None

    def _listener(self, request: httpx.Request) -> str | None:
        return self._listeners.get(f"{request.url.scheme}://{request.url.netloc.decode()}")

    def land(self, flight: _Flight, request: httpx.Request) -> httpx.Response:
        """What the client gets of a call at its end. Raises httpx.TransportError."""
        with self._lock:
            if flight.given_up < flight.answered:
                self.leave(flight)
                raise httpx.ReadTimeout("The read operation timed out", request=request)
            response, struck = flight.exchange.answer()
        if struck is None:
            return _written(response, self.time.now())
        if struck.kind == "drop_after":
            raise _dropped(request)
        return _written(response, self.time.now(), cut=True)

    def leave(self, flight: _Flight) -> None:
        """The client does not wait any more; what it asked for is done when its time has come."""
        with self._lock:
            self._late.append(flight)

    def _carry_out_what_is_late(self) -> None:
        due = [each for each in self._late if each.answered <= self.time.now()]
        for flight in sorted(due, key=lambda each: each.answered):
            self._late.remove(flight)
            flight.exchange.answer()


class AsyncWire(httpx.AsyncBaseTransport):
    """For clients on an event loop: calls that are under way at once overlap."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        arrived = self._wire.arrive(request, await request.aread())
        if isinstance(arrived, httpx.Response):
            return self._wire.doctor(request, arrived)
        try:
            await self._wire.time.until(arrived.ends)
        except BaseException:
            self._wire.leave(arrived)
            raise
        return self._wire.doctor(request, self._wire.land(arrived, request))


class BlockingWire(httpx.BaseTransport):
    """For clients that block."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        arrived = self._wire.arrive(request, request.read())
        if isinstance(arrived, httpx.Response):
            return arrived
        self._wire.time.skip_to(arrived.ends)
        return self._wire.land(arrived, request)


class _CutOff(httpx.AsyncByteStream, httpx.SyncByteStream):
    """A body whose second half never comes."""

    def __init__(self, body: bytes) -> None:
        self._half = body[: len(body) // 2]

    def __iter__(self) -> Iterator[bytes]:
        yield self._half
        raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self:
            yield part


def _dropped(request: httpx.Request) -> httpx.RemoteProtocolError:
    return httpx.RemoteProtocolError("Server disconnected without sending a response.", request=request)


def _read(request: httpx.Request, body: bytes, listener: str) -> Request:
    raw = request.url.raw_path.decode("ascii")
    path, _, query = raw.partition("?")
    return Request(
        method=request.method,
        path=unquote(path),
        raw_query=query,
        headers=Headers(request.headers.multi_items()),
        body=body,
        url=f"https://{request.headers['Host']}{raw}",
        host=listener,
    )


def _written(response: Response, now: datetime, *, cut: bool = False) -> httpx.Response:
    headers = {"Date": format_datetime(now, usegmt=True), **response.headers}
    if cut and response.body:
        headers["Content-Length"] = str(len(response.body))
        return httpx.Response(response.status, headers=headers, stream=_CutOff(response.body))
    return httpx.Response(response.status, headers=headers, content=response.body)
