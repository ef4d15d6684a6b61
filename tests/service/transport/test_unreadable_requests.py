"""A line that no client of ours would write is refused by name, and the connection goes on."""

from __future__ import annotations

import asyncio
import json

import pytest

from dyntui.service.profile import Profile
from dyntui.service.server import Server

_LINES = {
    "bytes that are no UTF-8": b'{"jsonrpc": "2.0", "id": 1, "method": "lists.page", "params": {"search": "H\xf6st"}}',
    "no UTF-8 in the name of the call": b'{"jsonrpc": "2.0", "id": 1, "method": "lists.\xff"}',
    "no UTF-8 in the id": b'{"jsonrpc": "2.0", "id": "\xff", "method": "lists.page"}',
    "deep nesting in a text": b'{"jsonrpc": "2.0", "id": 1, "method": "lists.page", "params": {"search": %s}}'
    % (b"[" * 2000 + b"]" * 2000),
    "deep nesting beside": b'{"jsonrpc": "2.0", "id": 1, "method": "lists.page", "params": {"search": "1", "more": %s}}'
    % (b'{"a":' * 5000 + b"1" + b"}" * 5000),
    "deep nesting alone": b"[" * 100_000,
    "a huge number": b'{"jsonrpc": "2.0", "id": 1, "method": "lists.page", "params": {"limit": 1%s}}' % (b"0" * 30),
    "a number beyond 64 bits": b'{"jsonrpc": "2.0", "id": 1, "method": "lists.page", "params": {"offset": %d}}' % 2**63,
    "half a surrogate": b'{"jsonrpc": "2.0", "id": 1, "method": "lists.page", "params": {"search": "\\ud800"}}',
    "no rows at all": b'{"jsonrpc": "2.0", "id": 1, "method": "lists.page", "params": {"limit": 0}}',
    "rows before the first": b'{"jsonrpc": "2.0", "id": 1, "method": "lists.page", "params": {"offset": -1}}',
    "not a number": b'{"jsonrpc": "2.0", "id": 1, "method": "lists.page", "params": {"limit": NaN}}',
    "cancelling nonsense": b'{"jsonrpc": "2.0", "method": "rpc.cancel", "params": {"id": "\xff"}}\n[]',
}


@pytest.mark.parametrize("line", _LINES.values(), ids=_LINES.keys())
async def test_an_unreadable_line_is_refused_and_the_next_one_answered(profile: Profile, server: Server, line: bytes):
    reader, writer = await asyncio.open_unix_connection(str(profile.socket))
    await reader.readline()
    writer.write(line + b'\n{"jsonrpc": "2.0", "id": 2, "method": "nothing.there"}\n')
    # Each call is answered when it is done: the second one may be first.
    answers = [json.loads(await reader.readline()) for _ in range(2)]
    next_one = next(each for each in answers if each["id"] == 2)
    (refused,) = (each for each in answers if each["id"] != 2)
    writer.close()
    await writer.wait_closed()
    assert refused["error"]["data"]["code"] in {"REQUEST_MALFORMED", "REQUEST_INVALID"}, refused
    assert (next_one["id"], next_one["error"]["data"]["code"]) == (2, "METHOD_UNKNOWN")
