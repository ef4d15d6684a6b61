"""Calls between client and service."""

from __future__ import annotations

import asyncio
import json

import msgspec
import pytest

from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.roles import Ability
from dyntui.service.client import ServiceClient, attach
from dyntui.service.contract.lists import LIST_ACTIVATE, LIST_GET, LISTS_PAGE, Activate, ListDetail, ListRef, ListsQuery
from dyntui.service.contract.session import HELLO, Nothing
from dyntui.service.contract.subjects import CALLS
from dyntui.service.permission import CallContext
from dyntui.service.profile import Profile
from dyntui.service.server import Server
from tests.service.transport.tiny_service import NEWSLETTER, TinyAssembly


async def test_a_call_is_answered_with_the_contracts_type(client: ServiceClient):
    page = await client.call(LISTS_PAGE, ListsQuery())

    assert page.rows == (NEWSLETTER,)
    assert page.total == 1


async def test_a_slow_call_does_not_hold_up_another_of_the_same_client(client: ServiceClient, assembly: TinyAssembly):
    released = asyncio.Event()

    async def slow(context: CallContext, request: ListRef) -> ListDetail:
        await released.wait()
        return await assembly.detail(context, request)

    assembly.handlers[LIST_GET.name] = slow
    waiting = asyncio.create_task(client.call(LIST_GET, ListRef("x")))

    await client.call(HELLO, Nothing())
    assert not waiting.done()
    released.set()
    assert (await waiting).row == NEWSLETTER


async def test_an_error_arrives_with_its_code_what_was_not_done_and_the_remedy(
    client: ServiceClient, assembly: TinyAssembly
):
    async def refuse(context: CallContext, request: Activate) -> ListDetail:
        raise DyntuiError(
            "BOOK_TAKEN",
            "The address book belongs to another list.",
            not_done="The list was not activated.",
            remedy="Rename the list.",
            exit=Exit.HELD,
            detail="the platform's own words",
        )

    assembly.handlers[LIST_ACTIVATE.name] = refuse
    with pytest.raises(DyntuiError) as raised:
        await client.call(LIST_ACTIVATE, Activate(id="x"))

    error = raised.value
    assert (error.code, error.not_done, error.remedy) == (
        "BOOK_TAKEN",
        "The list was not activated.",
        "Rename the list.",
    )
    assert error.exit is Exit.HELD
    assert error.detail == ""


async def test_an_unforeseen_failure_reaches_the_client_as_a_reference_and_the_log_in_full(
    client: ServiceClient, assembly: TinyAssembly, caplog: pytest.LogCaptureFixture
):
    async def break_down(context: CallContext, request: ListRef) -> ListDetail:
        raise ZeroDivisionError("inner workings")

    assembly.handlers[LIST_GET.name] = break_down
    with pytest.raises(DyntuiError) as raised:
        await client.call(LIST_GET, ListRef("x"))

    assert raised.value.code == "INTERNAL_ERROR"
    assert "inner workings" not in raised.value.message + raised.value.remedy
    reference = raised.value.remedy.partition("[")[2].partition("]")[0]
    assert reference
    assert reference in caplog.text
    assert "ZeroDivisionError: inner workings" in caplog.text


async def test_a_method_without_handler_is_refused_by_name(client: ServiceClient):
    with pytest.raises(DyntuiError, match=r"lists\.activate") as raised:
        await client.call(LIST_ACTIVATE, Activate(id="x"))

    assert raised.value.code == "METHOD_UNKNOWN"


async def test_a_read_that_nobody_waits_for_is_cancelled(client: ServiceClient, assembly: TinyAssembly):
    begun, ended = asyncio.Event(), asyncio.Event()

    async def endless(context: CallContext, request: ListRef) -> ListDetail:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        raise AssertionError

    assembly.handlers[LIST_GET.name] = endless
    call = asyncio.create_task(client.call(LIST_GET, ListRef("x")))
    await begun.wait()
    call.cancel()

    await asyncio.wait_for(ended.wait(), 180)
    assert (await client.call(LISTS_PAGE, ListsQuery())).total == 1


async def test_a_read_is_cancelled_when_its_client_goes_away(profile: Profile, server: Server, assembly: TinyAssembly):
    begun, ended = asyncio.Event(), asyncio.Event()

    async def endless(context: CallContext, request: ListRef) -> ListDetail:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        raise AssertionError

    assembly.handlers[LIST_GET.name] = endless
    leaving = await attach(profile)
    call = asyncio.create_task(leaving.call(LIST_GET, ListRef("x")))
    await begun.wait()
    await leaving.close()

    await asyncio.wait_for(ended.wait(), 180)
    with pytest.raises(DyntuiError, match="SERVICE_GONE"):
        await call


async def test_a_change_is_carried_through_when_its_client_goes_away(
    profile: Profile, server: Server, assembly: TinyAssembly
):
    begun, released, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def change(context: CallContext, request: Activate) -> ListDetail:
        begun.set()
        await released.wait()
        done.set()
        return await assembly.detail(context, ListRef(request.id))

    assembly.handlers[LIST_ACTIVATE.name] = change
    leaving = await attach(profile)
    call = asyncio.create_task(leaving.call(LIST_ACTIVATE, Activate(id="x")))
    await begun.wait()
    await leaving.close()
    # Whoever greets anew comes after the one who left.
    async with await attach(profile):
        assert server.clients == 1
    released.set()

    await asyncio.wait_for(done.wait(), 180)
    assert isinstance(await asyncio.gather(call, return_exceptions=True), list)


async def test_a_service_that_ends_lets_a_change_finish_and_then_hangs_up(
    client: ServiceClient, server: Server, assembly: TinyAssembly
):
    begun = asyncio.Event()

    async def change(context: CallContext, request: Activate) -> ListDetail:
        begun.set()
        await asyncio.sleep(0)
        return await assembly.detail(context, ListRef(request.id))

    assembly.handlers[LIST_ACTIVATE.name] = change
    call = asyncio.create_task(client.call(LIST_ACTIVATE, Activate(id="x")))
    await begun.wait()
    await server.close(5.0)

    assert (await call).row == NEWSLETTER
    await asyncio.wait_for(client.closed(), 180)
    with pytest.raises(DyntuiError, match="SERVICE_GONE"):
        await client.call(LISTS_PAGE, ListsQuery())


@pytest.mark.parametrize(
    ("line", "code", "name"),
    [
        (b"{not json}\n", -32700, "REQUEST_MALFORMED"),
        (b"[1, 2]\n", -32600, "REQUEST_MALFORMED"),
        (b'{"jsonrpc":"2.0","id":7,"method":"lists.nothing"}\n', -32601, "METHOD_UNKNOWN"),
        (b'{"jsonrpc":"2.0","id":7,"method":"lists.page","params":{"limit":"many"}}\n', -32602, "REQUEST_INVALID"),
    ],
)
async def test_a_malformed_request_gets_json_rpcs_own_error_and_the_connection_stays(
    profile: Profile, server: Server, line: bytes, code: int, name: str
):
    reader, writer = await asyncio.open_unix_connection(str(profile.socket))
    await reader.readline()

    writer.write(line)
    error = json.loads(await reader.readline())["error"]
    assert (error["code"], error["data"]["code"]) == (code, name)
    writer.write(b'{"jsonrpc":"2.0","id":8,"method":"session.hello"}\n')
    assert json.loads(await reader.readline())["id"] == 8
    writer.close()


async def test_a_line_without_end_is_refused_and_the_connection_closed(profile: Profile, server: Server):
    reader, writer = await asyncio.open_unix_connection(str(profile.socket))
    await reader.readline()

    writer.write(b"x" * (4 * 1024 * 1024 + 2))
    assert json.loads(await reader.readline())["error"]["data"]["code"] == "REQUEST_MALFORMED"
    # The rest of the line is never read, so the kernel may end the connection the hard way.
    outcome = await asyncio.gather(reader.read(), return_exceptions=True)
    assert outcome == [b""] or isinstance(outcome[0], ConnectionError)
    writer.close()


async def test_the_errors_shape_is_what_the_documentation_says(
    profile: Profile, server: Server, assembly: TinyAssembly
):
    assembly.abilities = frozenset({Ability.SEE})
    assembly.handlers[LIST_ACTIVATE.name] = assembly.detail
    reader, writer = await asyncio.open_unix_connection(str(profile.socket))
    await reader.readline()

    writer.write(b'{"jsonrpc":"2.0","id":"mine","method":"lists.activate","params":{"id":"x"}}\n')
    answer = json.loads(await reader.readline())
    assert (answer["jsonrpc"], answer["id"], answer["error"]["code"]) == ("2.0", "mine", -32000)
    assert sorted(answer["error"]["data"]) == ["code", "exit", "message", "not_done", "remedy"]
    assert answer["error"]["data"]["exit"] == 5
    writer.close()


def test_every_request_and_answer_type_can_be_decoded():
    for method in CALLS.values():
        msgspec.json.Decoder(method.request)
        msgspec.json.Decoder(method.answer)
