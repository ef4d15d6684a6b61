"""Many rows at a time: every row ends with an outcome of its own, and a poison row delays no other."""

from __future__ import annotations

import json

import httpx
import pytest

from dyntui.dataverse import bulk
from dyntui.dataverse.bulk import Table
from dyntui.dataverse.errors import DataverseError, UnknownOutcome
from tests.dataverse.conversation import API, Conversation, batched, error, ok

TABLE = Table("dyntui_suppressions", "dyntui_suppression", "dyntui_suppressionid")


def row_id(n: int) -> str:
    return f"{n:08x}-0000-4000-8000-000000000000"


class Bulk:
    """A table with the bulk messages (or without); rows named "poison" are refused."""

    def __init__(self, *, offered: bool = True, own: set[str] | None = None) -> None:
        self.offered = offered
        self.rows: set[str] = own or set()
        self.sizes: list[int] = []
        self.lose_next_answer = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("sdkmessagefilters"):
            return ok({"value": [{"sdkmessagefilterid": row_id(1)}] if self.offered else []})
        if path.endswith("$batch"):
            return self._batch(request)
        if request.method == "GET":
            wanted = str(request.url)
            return ok({"value": [{TABLE.key: each} for each in sorted(self.rows) if each in wanted]})
        targets = json.loads(request.content)["Targets"]
        self.sizes.append(len(targets))
        assert all(target["@odata.type"] == "Microsoft.Dynamics.CRM.dyntui_suppression" for target in targets)
        if any(target["dyntui_name"] == "poison" for target in targets):
            return error(400, "0x80044331", "A validation error occurred: too long")
        ids = [target.get(TABLE.key, row_id(9000 + n)) for n, target in enumerate(targets)]
        if path.endswith("CreateMultiple") and self.rows & set(ids):
            return error(412, "0x80040237", "Cannot insert duplicate key.")
        self.rows |= set(ids)
        if self.lose_next_answer:
            self.lose_next_answer = False
            raise httpx.ReadError("reset")
        return ok({"Ids": ids}) if path.endswith("CreateMultiple") else httpx.Response(204)

    def _batch(self, request: httpx.Request) -> httpx.Response:
        if b"GET /api" in request.content:
            wanted = request.content.decode()
            return batched(ok({"value": [{TABLE.key: each} for each in sorted(self.rows) if each in wanted]}))
        bodies = [part for part in request.content.split(b"--batch_") if b"HTTP/1.1" in part]
        self.sizes.append(len(bodies))
        parts = []
        for n, part in enumerate(bodies):
            address = f"{API}dyntui_suppressions({row_id(7000 + n)})"
            good = httpx.Response(204, headers={"OData-EntityId": address})
            parts.append(error(400, "0x80044331", "too long") if b"poison" in part else good)
        return batched(*parts)


def rows(count: int, poison: set[int] = frozenset()) -> list[dict[str, object]]:  # type: ignore[assignment]
    return [{TABLE.key: row_id(n), "dyntui_name": "poison" if n in poison else f"row {n}"} for n in range(count)]


async def test_rows_are_upserted_in_chunks():
    server = Bulk()
    talk = Conversation(server, forever=True)
    async with talk.client() as dv:
        results = await bulk.upsert_many(dv, TABLE, rows(1200), chunk=500)
        await bulk.upsert_many(dv, TABLE, rows(3))
    assert [result.id for result in results] == [row_id(n) for n in range(1200)]
    assert server.sizes == [500, 500, 200, 3]
    asked = [route for _, route in talk.calls if "sdkmessagefilters" in route]
    assert len(asked) == 1, "what a table offers is asked once per connection"


async def test_a_poison_row_is_isolated_and_named():
    server = Bulk()
    talk = Conversation(server, forever=True)
    async with talk.client() as dv:
        results = await bulk.upsert_many(dv, TABLE, rows(500, poison={123, 400}))
    bad = {n: result.error.code for n, result in enumerate(results) if result.error}
    assert bad == {123: "DATAVERSE_VALUE_OUT_OF_RANGE", 400: "DATAVERSE_VALUE_OUT_OF_RANGE"}
    assert len(server.rows) == 498
    assert len(server.sizes) < 40


async def test_a_missing_right_is_not_searched_for_row_by_row():
    refused = error(403, "0x80040220", "is missing prvCreatedyntui_Suppression privilege")
    talk = Conversation(ok({"value": [{"sdkmessagefilterid": row_id(1)}]}), refused)
    async with talk.client() as dv:
        with pytest.raises(DataverseError) as raised:
            await bulk.create_many(dv, TABLE, rows(100))
    assert raised.value.code == "DATAVERSE_NOT_PERMITTED"


async def test_a_column_that_may_not_be_written_costs_the_rows_that_state_it_without_a_search():
    """0x8004f502, 403: dataverse_api.md 3.3."""
    asked: list[int] = []

    def server(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return ok({"value": [{"sdkmessagefilterid": row_id(1)}]})
        targets = json.loads(request.content)["Targets"]
        asked.append(len(targets))
        if any("dyntui_secret" in target for target in targets):
            return error(403, "0x8004f502", "The user does not have create permissions to a secured field.")
        return ok({"Ids": [target[TABLE.key] for target in targets]})

    given = [{**row, "dyntui_secret": 1} if n % 3 == 0 else row for n, row in enumerate(rows(300))]
    async with Conversation(server, forever=True).client() as dv:
        results = await bulk.create_many(dv, TABLE, given)
    assert {n for n, result in enumerate(results) if result.error} == set(range(0, 300, 3))
    assert {result.error.code for result in results if result.error} == {"DATAVERSE_COLUMN_SECURED"}
    assert sorted(asked) == [100, 200, 300]


async def test_created_rows_with_own_ids_survive_a_lost_answer_without_doubles():
    server = Bulk()
    server.lose_next_answer = True
    talk = Conversation(server, forever=True)
    async with talk.client() as dv:
        results = await bulk.create_many(dv, TABLE, rows(300))
    assert [result.id for result in results] == [row_id(n) for n in range(300)]
    assert all(result.error is None for result in results)
    assert len(server.rows) == 300


async def test_rows_that_exist_are_told_from_the_rest_of_their_chunk():
    server = Bulk(own={row_id(1), row_id(2)})
    talk = Conversation(server, forever=True)
    async with talk.client() as dv:
        results = await bulk.create_many(dv, TABLE, rows(10))
    assert all(result.error is None for result in results)
    assert server.sizes == [10, 8]


async def test_created_rows_without_ids_are_never_created_twice():
    server = Bulk()
    server.lose_next_answer = True
    talk = Conversation(server, forever=True)
    async with talk.client() as dv:
        with pytest.raises(UnknownOutcome):
            await bulk.create_many(dv, TABLE, [{"dyntui_name": "a"}, {"dyntui_name": "b"}])
    assert server.sizes == [2]


async def test_a_table_without_the_messages_is_written_in_batches():
    server = Bulk(offered=False)
    talk = Conversation(server, forever=True)
    async with talk.client() as dv:
        updated = await bulk.update_many(dv, TABLE, rows(250, poison={7}))
        created = await bulk.create_many(dv, TABLE, [{"dyntui_name": "a"}])
    assert server.sizes == [100, 100, 50, 1]
    assert [n for n, result in enumerate(updated) if result.error] == [7]
    assert created[0].id == row_id(7000)


async def test_deleting_what_is_gone_is_success():
    talk = Conversation(batched(httpx.Response(204), error(404, "0x80040217", "Does Not Exist")))
    async with talk.client() as dv:
        results = await bulk.delete_many(dv, TABLE, [row_id(1), row_id(2)])
    assert [result.error for result in results] == [None, None]
    assert talk.requests[0].content.count(b"DELETE /api/data/v9.2/dyntui_suppressions(") == 2


async def test_an_answer_that_names_fewer_rows_than_were_made_is_an_error_by_name() -> None:
    table = Bulk()

    def forgetful(request: httpx.Request) -> httpx.Response:
        answer = table(request)
        return ok({"Ids": answer.json()["Ids"][1:]}) if request.url.path.endswith("CreateMultiple") else answer

    async with Conversation(forgetful, forever=True).client() as dv:
        with pytest.raises(DataverseError, match="DATAVERSE_ANSWER_UNREADABLE"):
            await bulk.create_many(dv, TABLE, [{"dyntui_name": "a"}, {"dyntui_name": "b"}])


async def test_rows_that_a_limit_turned_away_in_the_middle_of_a_batch_are_waited_for_and_sent_again():
    limit = error(429, "0x80072322", "Number of requests exceeded")
    done, refused = ok(status=204), error(400, "0x80040216", "too long")
    talk = Conversation(
        batched(done, limit, refused, limit), batched(limit, done), batched(done), batched(limit), batched(limit)
    )
    rows = [(row_id(n), "", {"dyntui_name": f"{n}"}) for n in range(4)]
    async with talk.client() as dv:
        results = await bulk.update_unmoved(dv, TABLE, rows)
        assert [each.error is None for each in results] == [True, True, False, True] and talk.time.slept == [15, 30]
        sent = [request.content.count(b"PATCH ") for request in talk.requests]
        assert sent == [4, 2, 1] and row_id(1).encode() in talk.requests[2].content
        # Whoever cannot wait is told at once.
        (told,) = await bulk.update_unmoved(dv.at_once(), TABLE, rows[:1])
        assert told.error is not None and told.error.platform_code == "0x80072322" and talk.time.slept == [15, 30]
