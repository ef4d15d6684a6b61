"""The listeners: HTTPS on loopback, one port for each system, control last.

aiohttp is used without its routing: each system has its own. Handlers run one after the other in the event loop's
thread, which makes a run repeatable.
"""

import asyncio
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from email.utils import format_datetime
from pathlib import Path
from typing import Any, TypedDict
from urllib.parse import unquote

from aiohttp import web

from dyntui.sandbox import certificates, control
from dyntui.sandbox.entra.directory import CLIENT_ID, CLIENT_SECRET, TENANT_ID
from dyntui.sandbox.gateway import Exchange, Gateway, begin
from dyntui.sandbox.request import Headers, Request, Response

LISTENERS = ("dataverse", "entra", "r1", "r2", "r3", "control")
_LARGEST_BODY = 60 * 1024 * 1024
_WORTH_COMPRESSING = 1024
_STOP_SECONDS = 0.5


class Announcement(TypedDict):
    """The one line by which a ready sandbox tells how to reach it."""

    dataverse_url: str
    authority: str
    tenant: str
    client_id: str
    client_secret: str
    dotdigital_url: str
    api_user: str
    api_password: str
    ca_file: str
    control_url: str


@asynccontextmanager
async def running(gateway: Gateway, truth: control.Truth, folder: Path, port: int = 0) -> AsyncIterator[Announcement]:
    """Serves the gateway's world on `port` and the five ports after it (0: any free ones) until the block is left.

    `folder` keeps the TLS authority. Raises OSError when a port is taken.
    """
    context, ca_file = certificates.server_context(folder)
    async with AsyncExitStack() as stack:
        for number, listener in enumerate(LISTENERS):
            bound = _bind(port + number if port else 0)
            _set_url(gateway, listener, bound.getsockname()[1])
            await _listen(stack, _handler(gateway, truth, listener), bound, context)
        urls, account = gateway.state.urls, gateway.state.config.dotdigital
        yield Announcement(
            dataverse_url=urls.dataverse,
            authority=f"{urls.entra}/{TENANT_ID}",
            tenant=TENANT_ID,
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            dotdigital_url=urls.dotdigital["r1"],
            api_user=account.api_user,
            api_password=account.api_password,
            ca_file=str(ca_file),
            control_url=urls.control,
        )


def _bind(port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(("127.0.0.1", port))
    except OSError:
        bound.close()
        raise
    return bound


def _set_url(gateway: Gateway, listener: str, port: int) -> None:
    urls, url = gateway.state.urls, f"https://localhost:{port}"
    if listener in urls.dotdigital:
        urls.dotdigital[listener] = url
    else:
        setattr(urls, listener, url)


async def _listen(
    stack: AsyncExitStack,
    handle: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
    bound: socket.socket,
    context: ssl.SSLContext,
) -> None:
    loop = asyncio.get_running_loop()

    def with_large_bodies(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
        return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=_LARGEST_BODY)

    server = web.Server(handle, request_factory=with_large_bodies, access_log=None)
    runner = web.ServerRunner(server, shutdown_timeout=_STOP_SECONDS)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.SockSite(runner, bound, ssl_context=context, backlog=1024).start()


def _handler(
    gateway: Gateway, truth: control.Truth, listener: str
) -> Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]:
    async def handle(incoming: web.BaseRequest) -> web.StreamResponse:
        request = await _read(incoming, listener)
        if listener == "control":
            return _written(incoming, control.handle(gateway, truth, request))
        exchange = begin(gateway, request)
        if exchange.refusal is not None:
            return _written(incoming, exchange.refuse())
        return await _carry(gateway, incoming, exchange)

    return handle


async def _read(incoming: web.BaseRequest, listener: str) -> Request:
    raw_path, _, raw_query = incoming.raw_path.partition("?")
    return Request(
        method=incoming.method,
        path=unquote(raw_path),
        raw_query=raw_query,
        headers=Headers(incoming.headers.items()),
        body=await incoming.read(),
        url=f"https://{incoming.host}{incoming.raw_path}",
        host=listener,
    )


async def _carry(gateway: Gateway, incoming: web.BaseRequest, exchange: Exchange) -> web.StreamResponse:
    fault = exchange.fault
    if fault is not None and fault.kind == "drop_before":
        exchange.abandon()
        return _dropped(incoming)
    if fault is not None and fault.kind in {"status", "html"}:
        return _written(incoming, exchange.refuse())
    waiting = gateway.latency_seconds + (fault.seconds if fault is not None else 0.0)
    if waiting:
        await asyncio.sleep(waiting)
    response, struck = exchange.answer()
    # The world's clock, which may be ahead of the machine's.
    response.headers.setdefault("Date", format_datetime(gateway.state.clock.now(), usegmt=True))
    if struck is None:
        return _written(incoming, response)
    if struck.kind == "drop_after":
        return _dropped(incoming)
    return await _truncated(incoming, response)


def _dropped(incoming: web.BaseRequest) -> web.Response:
    if incoming.transport is not None:
        incoming.transport.abort()
    return web.Response()


def _compressed(incoming: web.BaseRequest, response: Response) -> tuple[dict[str, str], bytes]:
    """Headers and body as sent: gzip when the client takes it and there is something to win."""
    accepted = incoming.headers.get("Accept-Encoding", "").lower()
    if "gzip" not in accepted or len(response.body) < _WORTH_COMPRESSING:
        return response.headers, response.body
    compressor = zlib.compressobj(level=1, wbits=31)
    body = compressor.compress(response.body) + compressor.flush()
    return {**response.headers, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}, body


def _written(incoming: web.BaseRequest, response: Response) -> web.Response:
    headers, body = _compressed(incoming, response)
    return web.Response(status=response.status, headers=headers, body=body)


async def _truncated(incoming: web.BaseRequest, response: Response) -> web.StreamResponse:
    headers, body = _compressed(incoming, response)
    half = web.StreamResponse(status=response.status, headers=headers)
    half.content_length = len(body)
    await half.prepare(incoming)
    await half.write(body[: len(body) // 2])
    if incoming.transport is not None:
        incoming.transport.close()
    return half
