"""Events from the service to its clients."""

from __future__ import annotations

import asyncio
import json
import threading

import msgspec
import pytest

from dyntui.model.errors import DyntuiError
from dyntui.model.roles import Ability
from dyntui.model.sync_types import RUN_KINDS
from dyntui.service.client import ServiceClient, attach
from dyntui.service.contract.events import Changed
from dyntui.service.contract.lists import (
    LIST_DEACTIVATE,
    LISTS_CHANGED,
    LISTS_PAGE,
    ListDetail,
    ListRef,
    ListRow,
    ListsQuery,
)
from dyntui.service.contract.paging import Page
from dyntui.service.contract.runs import Progress
from dyntui.service.contract.session import EVENTS_LOST, HELLO, Lost, Nothing
from dyntui.service.contract.subjects import CALLS, EVENTS, changed_event
from dyntui.service.events import EventQueue
from dyntui.service.permission import CallContext
from dyntui.service.profile import Profile
from dyntui.service.server import Server
from tests.service.transport.tiny_service import TinyAssembly


class Nobody(msgspec.Struct):
    """Marks a place among the events."""

    nobody: str


async def test_every_client_gets_an_event_in_its_type(profile: Profile, server: Server):
    async with await attach(profile) as one, await attach(profile) as other:
        await one.call(HELLO, Nothing())
        await other.call(HELLO, Nothing())
        first, second = one.subscribe("run.changed", Progress), other.subscribe("run.changed", Progress)

        server.publish("run.changed", Progress(stage="reading", done=1, of=2))

        assert await anext(first) == Progress(stage="reading", done=1, of=2)
        assert await anext(second) == Progress(stage="reading", done=1, of=2)


@pytest.mark.parametrize("abilities", [None, frozenset()])
async def test_who_may_not_see_runs_is_told_of_none(
    client: ServiceClient, server: Server, assembly: TinyAssembly, abilities: frozenset[Ability] | None
):
    await client.call(HELLO, Nothing())
    assembly.abilities = abilities
    runs, others = client.subscribe("run.changed", Progress), client.subscribe(LISTS_CHANGED.name, Changed)
    server.publish("run.changed", Progress(stage="reading Secret plans", done=1, of=2))
    server.publish(LISTS_CHANGED.name, Changed())
    assert await anext(others) == Changed()
    assembly.abilities = frozenset({Ability.SEE})
    server.publish("run.changed", Progress(stage="reading", done=2, of=2))
    assert (await anext(runs)).done == 2


async def test_an_event_may_come_from_any_thread(client: ServiceClient, server: Server):
    await client.call(HELLO, Nothing())
    events = client.subscribe("run.changed", Progress)

    thread = threading.Thread(target=server.publish, args=("run.changed", Progress(done=5)))
    thread.start()

    assert (await anext(events)).done == 5
    thread.join()


async def test_a_client_that_does_not_read_holds_up_nobody(profile: Profile, server: Server, client: ServiceClient):
    reader, writer = await asyncio.open_unix_connection(str(profile.socket), limit=1024)
    await reader.readline()
    await client.call(HELLO, Nothing())
    events = client.subscribe("run.changed", Progress)

    for number in range(20_000):
        server.publish("run.changed", Progress(stage="x" * 100, done=number), key="the one run")
    server.publish("end", Progress())

    async for event in events:
        if event.done == 19_999:
            break
    assert (await client.call(HELLO, Nothing())).profile == "tiny"
    writer.close()


async def test_a_subscription_ends_with_the_service(client: ServiceClient, server: Server):
    await client.call(HELLO, Nothing())
    events = client.subscribe("run.changed", Progress)
    await server.close(1.0)

    assert [event async for event in events] == []


async def test_a_closed_subscription_takes_no_further_event(client: ServiceClient, server: Server):
    await client.call(HELLO, Nothing())
    async with client.subscribe("run.changed", Progress) as events:
        pass
    server.publish("run.changed", Progress())
    await client.call(HELLO, Nothing())

    assert [event async for event in events] == []


async def test_the_newest_state_takes_the_place_of_an_older_one_that_still_waits():
    queue = EventQueue()
    queue.put("run.changed", b"run A at 1\n", "A")
    queue.put("run.changed", b"run B at 1\n", "B")
    queue.put("run.changed", b"run A at 2\n", "A")

    assert [(await queue.take())[1], (await queue.take())[1]] == [b"run A at 2\n", b"run B at 1\n"]


async def test_a_full_queue_drops_the_oldest_and_says_how_many():
    queue = EventQueue(limit=2)
    for number in range(5):
        queue.put("note", f"{number}\n".encode(), "")

    told = json.loads((await queue.take())[1])
    assert (told["method"], told["params"]) == (EVENTS_LOST.name, {"events": 3})
    assert [await queue.take(), await queue.take()] == [("note", b"3\n"), ("note", b"4\n")]


async def test_events_that_a_subscriber_did_not_take_in_time_count_as_lost(client: ServiceClient, server: Server):
    await client.call(HELLO, Nothing())
    slow, lost = client.subscribe("note", Progress), client.subscribe(EVENTS_LOST.name, Lost)
    for number in range(1100):
        server.publish("note", Progress(done=number))
        await client.call(HELLO, Nothing())

    assert (await anext(lost)).events == 1
    assert (await anext(slow)).done == 1100 - 1024


async def test_lost_events_are_told_to_whoever_asks_for_that_event(client: ServiceClient, server: Server):
    await client.call(HELLO, Nothing())
    lost = client.subscribe(EVENTS_LOST.name, Lost)
    for number in range(2_000):
        server.publish("note", Progress(done=number))

    assert (await anext(lost)).events > 0


async def test_a_call_that_has_changed_something_tells_every_client(
    profile: Profile, server: Server, client: ServiceClient, assembly: TinyAssembly
):
    async def refuse(context: CallContext, request: ListRef) -> ListDetail:
        raise DyntuiError("LIST_UNKNOWN", "There is no such list.", not_done="Nothing.", remedy="None.")

    async with await attach(profile) as other:
        await other.call(HELLO, Nothing())
        told = other.subscribe(LISTS_CHANGED.name, dict)

        assembly.handlers[LIST_DEACTIVATE.name] = refuse
        with pytest.raises(DyntuiError):
            await client.call(LIST_DEACTIVATE, ListRef("x"))
        await client.call(LISTS_PAGE, ListsQuery())
        server.publish(LISTS_CHANGED.name, Nobody(nobody="so far"))
        assembly.handlers[LIST_DEACTIVATE.name] = assembly.detail
        await client.call(LIST_DEACTIVATE, ListRef("x"))

        assert [await anext(told), await anext(told)] == [{"nobody": "so far"}, {}]


async def test_a_listing_that_was_read_the_first_time_tells_every_client_once(
    server: Server, client: ServiceClient, assembly: TinyAssembly
):
    async def first_time(context: CallContext, request: ListsQuery) -> Page[ListRow]:
        context.changed(LISTS_CHANGED)
        context.changed(LISTS_CHANGED)
        return await assembly.lists(context, request)

    told = client.subscribe(LISTS_CHANGED.name, dict)
    for each in (first_time, assembly.lists):
        assembly.handlers[LISTS_PAGE.name] = each
        await client.call(LISTS_PAGE, ListsQuery())
    server.publish(LISTS_CHANGED.name, Nobody(nobody="since"))

    assert [await anext(told), await anext(told)] == [{}, {"nobody": "since"}]


def test_what_calls_and_runs_change_are_events_that_some_subject_declares():
    changed = {event for call in CALLS.values() for event in call.changes}
    changed |= {changed_event(subject) for kind in RUN_KINDS.values() for subject in kind.changes}
    assert changed
    assert changed <= set(EVENTS.values())
