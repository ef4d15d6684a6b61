"""Marketing lists: reading members of every kind, and changing them without losing the good for the bad."""

from __future__ import annotations

import json

import httpx
import msgspec
import pytest

from dyntui.dataverse import lists, membership
from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.lists import MarketingList
from tests.dataverse.conversation import Conversation, error, ok

LIST = "00000046-0000-4000-8000-000000000046"
STATIC = MarketingList(id=LIST, given_name="Newsletter", member_code=2)
DYNAMIC = MarketingList(
    id=LIST,
    given_name="Everybody",
    member_code=4,
    dynamic=True,
    query='<fetch><entity name="lead"><attribute name="leadid"/></entity></fetch>',
)


class Member(msgspec.Struct, frozen=True, rename={"id": "contactid", "email": "emailaddress1"}):
    id: str
    email: str | None = None


class Lead(msgspec.Struct, frozen=True, rename={"id": "leadid", "email": "emailaddress1"}):
    id: str
    email: str | None = None


def person(n: int) -> str:
    return f"{n:08x}-0000-4000-8000-000000000000"


async def test_lists_are_read_with_their_facts():
    row = {
        "@odata.etag": 'W/"7"',
        "listid": LIST,
        "listname": "Newsletter",
        "createdfromcode": 2,
        "type": False,
        "lockstatus": False,
        "statecode": 0,
        "membercount": None,
        "_ownerid_value": person(1),
    }
    talk = Conversation(ok({"value": [row]}))
    async with talk.client() as dv:
        found = await lists.marketing_lists(dv)
    assert (found[0].name, found[0].table.entity_set, found[0].dynamic, found[0].etag) == (
        "Newsletter",
        "contacts",
        False,
        'W/"7"',
    )
    assert "listname,createdfromcode,type,query,lockstatus" in talk.paths()[0]


async def test_own_columns_of_a_list_come_by_subclassing():
    class Activated(MarketingList, frozen=True, kw_only=True, rename={"activated": "dyntui_activated"}):
        activated: bool | None = None

    talk = Conversation(
        ok({"value": [{"listid": LIST, "listname": "N", "createdfromcode": 1, "dyntui_activated": True}]})
    )
    async with talk.client() as dv:
        found = await lists.marketing_lists(dv, Activated)
    assert found[0].activated
    assert found[0].id == LIST
    assert "dyntui_activated" in talk.paths()[0]


async def test_an_organisation_without_marketing_lists_is_told_apart():
    talk = Conversation(error(404, "0x80060888", "Resource not found for the segment 'lists'."))
    async with talk.client() as dv:
        with pytest.raises(DataverseError) as raised:
            await lists.marketing_lists(dv)
    assert raised.value.code == "DATAVERSE_NO_LISTS"


async def test_a_static_lists_members_are_read_through_the_association_in_pages_of_thousands():
    talk = Conversation(ok({"value": [{"contactid": person(1), "emailaddress1": "a@b.c"}]}))
    async with talk.client() as dv:
        pages = [page async for page in lists.member_pages(dv, STATIC, Member)]
    assert [row.email for row in pages[0].rows] == ["a@b.c"]
    assert talk.paths() == [
        f"GET lists({LIST})/listcontact_association?$select=contactid,emailaddress1&$orderby=contactid"
    ]
    assert talk.requests[0].headers["Prefer"] == "odata.maxpagesize=5000"


async def test_a_dynamic_lists_members_are_what_its_query_finds():
    talk = Conversation(ok({"value": [{"leadid": person(1)}], "@Microsoft.Dynamics.CRM.morerecords": False}))
    async with talk.client() as dv:
        pages = [page async for page in lists.member_pages(dv, DYNAMIC, Lead)]
    assert [row.id for row in pages[0].rows] == [person(1)]
    assert talk.paths()[0].startswith("GET leads?fetchXml=")
    assert '<attribute name="emailaddress1"' in talk.paths()[0]


@pytest.mark.parametrize("query", [None, "", "  "])
async def test_a_fresh_dynamic_list_has_no_members_and_costs_no_call(query: str | None):
    fresh = msgspec.structs.replace(DYNAMIC, query=query)
    talk = Conversation()
    async with talk.client() as dv:
        assert [page async for page in lists.member_pages(dv, fresh, Lead)] == []
        assert await lists.count_members(dv, fresh) == 0


async def test_a_query_over_another_table_is_not_run():
    wrong = msgspec.structs.replace(DYNAMIC, member_code=2)
    async with Conversation().client() as dv:
        with pytest.raises(DataverseError) as raised:
            await anext(lists.member_pages(dv, wrong, Member))
    assert raised.value.code == "DATAVERSE_LIST_WRONG_TYPE"


async def test_members_are_added_a_thousand_at_a_time_and_each_once():
    talk = Conversation(httpx.Response(204), forever=True)
    ids = [person(n) for n in range(2500)]
    async with talk.client() as dv:
        changed = await membership.add_members(dv, STATIC, [*ids, ids[0].upper()])
    assert changed.done == ids
    assert changed.refused == []
    assert [len(talk.body(place)["Members"]) for place in range(3)] == [1000, 1000, 500]
    assert talk.body(0)["List"] == {"@odata.type": "Microsoft.Dynamics.CRM.list", "listid": LIST}
    assert talk.body(0)["Members"][0] == {"@odata.type": "Microsoft.Dynamics.CRM.contact", "contactid": ids[0]}
    assert talk.calls[0] == ("write", "POST AddListMembersList")


async def test_where_a_member_is_not_added_again_it_is_read_who_is_one_and_the_others_are_added():
    there = {person(n) for n in range(0, 40, 2)}
    added: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            asked = [each for each in there if f"_entityid_value eq {each}" in request.url.params["$filter"]]
            return httpx.Response(200, json={"value": [{"entityid": None, "_entityid_value": each} for each in asked]})
        members = [each["contactid"] for each in json.loads(request.content)["Members"]]
        if there & set(members):
            return error(412, "0x80040237", "Cannot insert duplicate key.")
        added.extend(members)
        return httpx.Response(204)

    talk = Conversation(answer, forever=True)
    async with talk.client() as dv:
        changed = await membership.add_members(dv, STATIC, [person(n) for n in range(40)])
    assert sorted(changed.done) == sorted(person(n) for n in range(40)) and changed.refused == []
    assert set(added) == set(changed.done) - there
    assert len(talk.requests) == 3


async def test_what_was_added_before_everything_failed_is_told_and_the_rest_counts_as_refused():
    calls: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(len(json.loads(request.content)["Members"]))
        return httpx.Response(204) if len(calls) == 1 else error(403, "0x80040220", "Principal user lacks it.")

    async with Conversation(answer, forever=True).client() as dv:
        changed = await membership.add_members(dv, STATIC, [person(n) for n in range(2500)])
    assert len(changed.done) == 1000 and len(changed.refused) == 1500 and calls == [1000, 1000]
    calls.append(0)
    async with Conversation(answer, forever=True).client() as dv:
        with pytest.raises(DataverseError, match="DATAVERSE_NOT_PERMITTED"):
            await membership.add_members(dv, STATIC, [person(1)])


@pytest.mark.parametrize("adds", [True, False])
async def test_a_change_of_members_whose_answer_is_lost_is_read_back(adds: bool):
    """Of ten half are so by then; of the others it is not known, and nobody says they were."""
    people = [person(n) for n in range(10)]
    there = people[:5]

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={"value": [{"_entityid_value": each} for each in there]})
        raise httpx.ReadError("gone")

    change = membership.add_members if adds else membership.remove_members
    async with Conversation(answer, forever=True).client() as dv:
        changed = await change(dv, STATIC, people)
    done, left = (there, people[5:]) if adds else (people[5:], there)
    assert changed.done == done and [each.id for each in changed.refused] == left
    assert {each.error.code for each in changed.refused} == {"DATAVERSE_UNKNOWN_OUTCOME"}


async def test_one_member_that_is_gone_does_not_keep_the_others_out():
    gone = person(123)

    def answer(request: httpx.Request) -> httpx.Response:
        members = [each["contactid"] for each in json.loads(request.content)["Members"]]
        return error(404, "0x80040217", "Does Not Exist") if gone in members else httpx.Response(204)

    talk = Conversation(answer, forever=True)
    async with talk.client() as dv:
        changed = await membership.add_members(dv, STATIC, [person(n) for n in range(1000)])
    assert len(changed.done) == 999
    assert [(each.id, each.error.code) for each in changed.refused] == [(gone, "DATAVERSE_ROW_GONE")]
    assert len(talk.requests) <= 21


@pytest.mark.parametrize(
    ("platform_code", "code"),
    [
        ("0x80040302", "DATAVERSE_LIST_LOCKED"),
        ("0x8004033a", "DATAVERSE_LIST_INACTIVE"),
        ("0x80040301", "DATAVERSE_LIST_WRONG_TYPE"),
        ("0x8004f701", "DATAVERSE_LIST_DYNAMIC"),
    ],
)
async def test_a_list_that_refuses_as_a_whole_is_not_asked_member_by_member(platform_code: str, code: str):
    talk = Conversation(error(400, platform_code, "no"))
    async with talk.client() as dv:
        with pytest.raises(DataverseError) as raised:
            await membership.add_members(dv, STATIC, [person(n) for n in range(10)])
    assert raised.value.code == code
    assert len(talk.requests) == 1


async def test_removing_who_is_no_member_is_success():
    talk = Conversation(error(400, "0x80048458", "Cannot remove non list member."))
    async with talk.client() as dv:
        changed = await membership.remove_members(dv, STATIC, [person(1)])
    assert changed.done == [person(1)]


async def test_where_the_removal_action_is_missing_links_are_removed_in_batches():
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("RemoveListMembersList"):
            return error(404, "0x80060888", "Resource not found for the segment 'RemoveListMembersList'.")
        number = request.content.count(b"DELETE ")
        part = "--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n\r\n"
        return httpx.Response(
            200, content=f"{part * number}--b--\r\n".encode(), headers={"Content-Type": "multipart/mixed; boundary=b"}
        )

    talk = Conversation(answer, forever=True)
    ids = [person(n) for n in range(250)]
    async with talk.client() as dv:
        changed = await membership.remove_members(dv, STATIC, ids)
    assert changed.done == ids
    assert [route for _, route in talk.calls] == ["POST RemoveListMembersList", *["POST $batch"] * 3]
    assert f"/listcontact_association({ids[0]})/$ref".encode() in talk.requests[1].content


async def test_a_count_above_the_aggregates_limit_is_paged():
    talk = Conversation(
        error(400, "0x8004e023", "AggregateQueryRecordLimit exceeded."),
        ok({"value": [{"contactid": person(n)} for n in range(7)]}),
    )
    async with talk.client() as dv:
        assert await lists.count_members(dv, STATIC) == 7


async def test_a_list_without_a_name_costs_no_other_list():
    nameless = {"listid": LIST, "createdfromcode": 2}
    answer = [{**nameless, "listname": None}, {**nameless, "listname": "  "}, {**nameless, "listname": "News "}]
    talk = Conversation(ok({"value": answer}))
    async with talk.client() as dv:
        found = await lists.marketing_lists(dv)
    assert [each.name for each in found] == [f"Unnamed list {LIST[:8]}"] * 2 + ["News"]
