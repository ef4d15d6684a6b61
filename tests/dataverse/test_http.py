"""How the Dataverse connection behaves when the network, the limits or the sign-in do not."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from dyntui.dataverse.addresses import route_of
from dyntui.dataverse.errors import DataverseError, UnknownOutcome
from dyntui.dataverse.http import Dataverse
from dyntui.model.errors import Exit
from tests.dataverse.conversation import API, ORG, Conversation, Tokens, error, ok

BROKEN = httpx.RemoteProtocolError("peer closed connection without sending complete message body")
REFUSED = httpx.ConnectError("connection refused")


async def test_a_call_carries_the_documented_headers_and_no_cookie():
    talk = Conversation(httpx.Response(200, json={}, headers={"Set-Cookie": "ARRAffinity=abc; Path=/"}), ok())
    async with talk.client() as dv:
        await dv.get("WhoAmI", dict)
        await dv.get("WhoAmI", dict, caller="0000000b-0000-4000-8000-00000000000b")
    first, second = talk.requests
    assert first.headers["Authorization"] == "Bearer token-1"
    assert first.headers["OData-Version"] == first.headers["OData-MaxVersion"] == "4.0"
    assert first.headers["If-None-Match"] == "null"
    assert first.headers["Accept-Encoding"] == "gzip"
    assert "Cookie" not in second.headers
    assert second.headers["CallerObjectId"] == "0000000b-0000-4000-8000-00000000000b"
    assert "CallerObjectId" not in first.headers


@pytest.mark.parametrize("url", ["http://contoso.crm4.dynamics.com", "contoso.crm4.dynamics.com", "https://u:p@host"])
def test_an_organisation_url_must_be_https_without_credentials(url: str):
    with pytest.raises(DataverseError) as raised:
        Dataverse(url, Conversation().tokens)
    assert raised.value.code == "DATAVERSE_URL_INVALID"


async def test_a_limit_is_waited_out_exactly_and_never_fails_the_call():
    limited = [error(429, "0x80072322", "Number of requests exceeded", **{"Retry-After": str(n)}) for n in (35, 70, 9)]
    talk = Conversation(*limited, ok({"done": True}))
    told: list[tuple[float, str]] = []
    async with talk.client(slowed=lambda seconds, code: told.append((seconds, code))) as dv:
        assert await dv.get("contacts", dict) == {"done": True}
    assert talk.time.slept == [35, 70, 9]
    assert told == [(35, "0x80072322"), (70, "0x80072322"), (9, "0x80072322")]
    assert talk.calls == [("read", "GET contacts")] * 4


async def test_a_limited_create_is_sent_again_because_a_limit_is_a_certain_refusal():
    talk = Conversation(error(429, "0x80072321", **{"Retry-After": "5"}), ok(status=204))
    async with talk.client() as dv:
        await dv.request("POST", "contacts", body={"lastname": "A"})
    assert len(talk.requests) == 2


async def test_a_limit_that_stays_closed_ends_at_the_deadline_without_waiting_for_it():
    talk = Conversation(error(429, "0x80072321", **{"Retry-After": "600"}), forever=True)
    async with talk.client(slow_down_deadline=1800) as dv:
        with pytest.raises(DataverseError) as raised:
            await dv.get("contacts", dict)
    assert raised.value.code == "DATAVERSE_LIMIT"
    assert sum(talk.time.slept) == 1800


async def test_who_waits_for_no_limit_of_that_length_is_told_of_one_that_another_call_met():
    talk = Conversation(error(429, "0x80072321", **{"Retry-After": "2400"}), ok())
    async with talk.client(slow_down_deadline=20) as dv:
        for _ in range(2):
            with pytest.raises(DataverseError, match="DATAVERSE_LIMIT"):
                await dv.get("contacts", dict)
    assert talk.time.slept == [] and talk.paths() == ["GET contacts"]


async def test_a_limit_met_by_one_call_holds_back_the_others():
    talk = Conversation(error(429, "0x80072322", **{"Retry-After": "30"}), ok(), ok())
    async with talk.client() as dv:
        talk.time.meanwhile = lambda: dv.get("leads", dict)
        await dv.get("contacts", dict)
    assert talk.time.slept == [30, 30]
    assert talk.paths() == ["GET contacts", "GET leads", "GET contacts"]


@pytest.mark.parametrize("answer", [BROKEN, httpx.ReadTimeout("slow"), error(503, "", "busy"), error(504, "", "busy")])
async def test_a_read_is_tried_again_after_a_broken_answer(answer):
    talk = Conversation(answer, answer, ok({"value": []}))
    async with talk.client() as dv:
        assert await dv.get("contacts", dict) == {"value": []}
    assert talk.time.slept == [1.5, 3.0]


async def test_a_service_that_says_when_it_is_back_is_believed_up_to_five_minutes():
    talk = Conversation(
        error(503, "", "maintenance", **{"Retry-After": "40"}),
        error(503, "", **{"Retry-After": "9999"}),
        ok({"value": []}),
    )
    async with talk.client() as dv:
        await dv.get("contacts", dict)
    assert talk.time.slept == [40, 300]


async def test_a_body_cut_off_unnoticed_is_fetched_again():
    cut = httpx.Response(200, content=b'{"value":[{"contactid":"0000')
    talk = Conversation(cut, ok({"value": []}))
    async with talk.client() as dv:
        assert await dv.get("contacts", dict) == {"value": []}


@pytest.mark.parametrize("answer", [BROKEN, httpx.ReadTimeout("slow"), error(503, "", "busy"), error(502, "", "bad")])
async def test_a_write_that_cannot_be_repeated_ends_in_an_unknown_outcome(answer):
    talk = Conversation(answer, ok(status=204))
    async with talk.client() as dv:
        with pytest.raises(UnknownOutcome) as raised:
            await dv.request("POST", "contacts", body={"lastname": "A"})
    assert raised.value.code == "DATAVERSE_UNKNOWN_OUTCOME"
    assert raised.value.exit is Exit.UNREACHABLE
    assert len(talk.requests) == 1


async def test_a_write_that_never_left_is_tried_again():
    talk = Conversation(REFUSED, ok(status=204))
    async with talk.client() as dv:
        await dv.request("POST", "contacts", body={"lastname": "A"})
    assert len(talk.requests) == 2


async def test_a_deadlock_was_rolled_back_and_so_even_a_create_is_repeated():
    talk = Conversation(error(500, "-2147204784", "Sql error: Generic SQL error. Sql Number: 1205"), ok(status=204))
    async with talk.client() as dv:
        await dv.request("POST", "contacts", body={"lastname": "A"})
    assert len(talk.requests) == 2


async def test_a_repeatable_write_says_that_its_answer_is_a_second_one():
    talk = Conversation(BROKEN, ok(status=204))
    async with talk.client() as dv:
        reply = await dv.request("PATCH", "contacts(00000015-0000-4000-8000-000000000015)", body={"jobtitle": "x"})
    assert reply.repeated


async def test_a_repeatable_write_that_never_gets_an_answer_is_unknown_not_undone():
    talk = Conversation(BROKEN, forever=True)
    async with talk.client(attempts=3) as dv:
        with pytest.raises(UnknownOutcome):
            await dv.request("PATCH", "contacts(00000015-0000-4000-8000-000000000015)", body={"jobtitle": "x"})
    assert len(talk.requests) == 3


async def test_an_unreachable_organisation_is_named_with_a_remedy():
    talk = Conversation(REFUSED, forever=True)
    async with talk.client() as dv:
        with pytest.raises(DataverseError) as raised:
            await dv.get("WhoAmI", dict)
    assert raised.value.code == "DATAVERSE_UNREACHABLE"
    assert ORG in raised.value.message
    assert raised.value.exit is Exit.UNREACHABLE


async def test_an_expired_token_is_renewed_once():
    talk = Conversation(httpx.Response(401), ok({"a": 1}))
    async with talk.client() as dv:
        assert await dv.get("WhoAmI", dict) == {"a": 1}
    assert [request.headers["Authorization"] for request in talk.requests] == ["Bearer token-1", "Bearer token-2"]


async def test_a_second_401_is_a_refused_sign_in():
    talk = Conversation(httpx.Response(401), httpx.Response(401))
    async with talk.client() as dv:
        with pytest.raises(DataverseError) as raised:
            await dv.get("WhoAmI", dict)
    assert raised.value.code == "DATAVERSE_SIGN_IN_REFUSED"
    assert len(talk.requests) == 2


async def test_a_missing_privilege_is_named():
    words = (
        "Principal user (Id=0000000b-0000-4000-8000-00000000000b, type=8, roleCount=1, privilegeCount=300)"
        ", is missing prvReadLead privilege (Id=a8ecac53-09e8-4a13-b598-8d8c87bc3d33) on OTC=4 for entity 'lead'."
    )
    talk = Conversation(error(403, "0x80040220", words))
    async with talk.client() as dv:
        with pytest.raises(DataverseError) as raised:
            await dv.get("leads", dict)
    assert raised.value.privileges == ("prvReadLead",)
    assert "prvReadLead" in raised.value.message
    assert raised.value.exit is Exit.NOT_PERMITTED


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"Message":"early failure"}', "early failure"),
        (b'{"error":"just text"}', "just text"),
        (b"<html><body><h1>Bad Request</h1> - Invalid URL</body></html>", "Bad Request - Invalid URL"),
        (b"", ""),
        (b"[1,2]", "[1,2]"),
        (b'{"error":{"code":"","message":null}}', ""),
    ],
)
async def test_error_bodies_of_any_shape_are_read(body: bytes, words: str):
    talk = Conversation(httpx.Response(400, content=body))
    async with talk.client() as dv:
        with pytest.raises(DataverseError) as raised:
            await dv.get("contacts", dict)
    assert raised.value.remote_message == words
    assert raised.value.code == "DATAVERSE_REFUSED"


async def test_concurrency_follows_the_recommendation_and_its_own_share():
    running = 0
    most = 0

    async def answer(request: httpx.Request) -> httpx.Response:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        running -= 1
        return httpx.Response(200, json={}, headers={"x-ms-dop-hint": "6"})

    async with Dataverse(ORG, Tokens(), max_concurrency=3, transport=httpx.MockTransport(answer)) as narrow:
        await asyncio.gather(*(narrow.get("contacts", dict) for _ in range(20)))
        assert most == 3
        assert narrow.dop_hint == 6
    most = 0
    async with Dataverse(ORG, Tokens(), transport=httpx.MockTransport(answer)) as wide:
        await wide.get("WhoAmI", dict)
        await asyncio.gather(*(wide.get("contacts", dict) for _ in range(20)))
        assert most == 6


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("GET", "contacts?$filter=emailaddress1 eq 'a@b.c'", "GET contacts"),
        (
            "GET",
            f"{API}lists(00000046-0000-4000-8000-000000000046)/listcontact_association?$skiptoken=x",
            "GET lists({id})/listcontact_association",
        ),
        ("PATCH", "dyntui_suppressions(dyntui_key='ada@example.org')", "PATCH dyntui_suppressions({key})"),
        ("GET", "EntityDefinitions(LogicalName='list')/Keys", "GET EntityDefinitions(LogicalName='list')/Keys"),
        ("POST", "$batch", "POST $batch"),
    ],
)
def test_routes_for_counters_hold_no_identifier_and_no_address(method: str, path: str, route: str):
    assert route_of(method, path) == route


async def test_a_link_under_the_organisations_other_host_is_read_under_the_configured_one():
    """`.crm4` and `.api.crm4` are one organisation; the token goes to the host that was configured."""
    other = API.replace("contoso.crm4", "contoso.api.crm4")
    talk = Conversation(ok({"ok": 1}), forever=True)
    async with talk.client() as dv:
        await dv.get(f"{other}contacts?$skiptoken=2", dict[str, int])
        assert await dv.relative(f"{other}contacts?$skiptoken=3") == "contacts?$skiptoken=3"
    [request] = talk.requests
    assert str(request.url).startswith(f"{API}contacts")


def organisation(*values: str) -> httpx.Response:
    return ok({"Detail": {"Endpoints": {"Count": len(values), "Keys": [], "Values": list(values)}}})


async def test_an_endpoint_that_the_organisation_names_is_its_own_and_is_asked_for_once():
    talk = Conversation(organisation(f"{ORG}/", "https://crm.contoso.example/api/data/"), ok({"ok": 1}), forever=True)
    async with talk.client() as dv:
        for page in (2, 3):
            await dv.get(f"https://crm.contoso.example/api/data/v9.2/contacts?$skiptoken={page}", dict[str, int])
    assert [request.url.host for request in talk.requests] == ["contoso.crm4.dynamics.com"] * 3
    assert "RetrieveCurrentOrganization" in str(talk.requests[0].url)


@pytest.mark.parametrize(
    "link",
    [
        "https://contoso.crm4.dynamics.com.evil.example/api/data/v9.2/contacts",
        "https://fabrikam.crm4.dynamics.com/api/data/v9.2/contacts",
        "https://contoso.crm5.dynamics.com/api/data/v9.2/contacts",
        "https://contoso.api.crm4.dynamics.com:8443/api/data/v9.2/contacts",
        "http://contoso.crm4.dynamics.com/api/data/v9.2/contacts",
        "https://evil.example/api/data/v9.2/contacts",
    ],
)
async def test_no_other_host_is_sent_the_sign_in(link: str):
    talk = Conversation(organisation(f"{ORG}/"), forever=True)
    async with talk.client() as dv:
        with pytest.raises(DataverseError) as raised:
            await dv.get(link, dict[str, int])
    assert raised.value.code == "DATAVERSE_FOREIGN_LINK"
    assert {request.url.host for request in talk.requests} <= {"contoso.crm4.dynamics.com"}


async def test_an_organisation_that_does_not_tell_its_endpoints_has_one():
    talk = Conversation(error(403, "0x80040220", "missing prvReadOrganization"), forever=True)
    async with talk.client() as dv:
        with pytest.raises(DataverseError) as raised:
            await dv.get("https://crm.contoso.example/api/data/v9.2/contacts", dict[str, int])
    assert raised.value.code == "DATAVERSE_FOREIGN_LINK"


async def test_a_limit_met_while_asking_for_the_endpoints_is_not_taken_for_an_answer():
    link = "https://crm.contoso.example/api/data/v9.2/contacts?$skiptoken=2"
    talk = Conversation(
        error(429, "0x80072322", **{"Retry-After": "60"}), organisation("https://crm.contoso.example/"), ok({"ok": 1})
    )
    async with talk.client(slow_down_deadline=20) as dv:
        with pytest.raises(DataverseError, match="DATAVERSE_LIMIT"):
            await dv.get(link, dict[str, int])
        talk.time.now += 60
        assert await dv.get(link, dict[str, int]) == {"ok": 1}
