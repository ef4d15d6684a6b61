"""How the dotdigital connection behaves when the network, the limits or the sign-in do not."""

from __future__ import annotations

import base64
from email.utils import formatdate

import httpx
import pytest

from dyntui.dotdigital.account import account_info, connect, server_time
from dyntui.dotdigital.addresses import origin_of, route_of
from dyntui.dotdigital.errors import DotdigitalError, UnknownOutcome
from dyntui.model.errors import Exit
from tests.dotdigital.conversation import BROKEN, HOST, REFUSED, Conversation, error, ok, v3_error

CAPPED = (
    "Your account has generated excess API activity and is being temporarily capped. Please contact support. "
    "ERROR_APIUSAGE_EXCEEDED"
)


async def test_a_call_is_signed_and_speaks_json():
    talk = Conversation(ok({}))
    async with talk.client() as dd:
        await dd.request("POST", "/v2/address-books", body={"name": "Ä"})
    request = talk.requests[0]
    assert base64.b64decode(request.headers["Authorization"].split()[1]) == b"apiuser-1@apiconnector.com:pass word"
    assert request.headers["Content-Type"] == request.headers["Accept"] == "application/json"
    assert talk.body() == {"name": "Ä"}


async def test_the_flat_limit_slows_a_call_down_and_never_fails_it():
    talk = Conversation(error(400, CAPPED), error(400, CAPPED), ok({"id": 1}))
    told: list[tuple[float, str]] = []
    async with talk.client(slowed=lambda seconds, code: told.append((seconds, code))) as dd:
        assert await dd.get("/v2/segments", dict) == {"id": 1}
    assert talk.time.slept == [60, 60]
    assert told == [(60, "ERROR_APIUSAGE_EXCEEDED")] * 2


async def test_the_flat_limit_holds_back_every_other_call_of_the_account():
    talk = Conversation(error(400, CAPPED), ok({}), ok({}))
    async with talk.client() as dd:
        talk.time.meanwhile = lambda: dd.get("/v2/segments", dict)
        await dd.get("/v2/campaigns", dict)
    assert talk.time.slept == [60, 60]
    assert talk.paths() == ["GET /v2/campaigns", "GET /v2/segments", "GET /v2/campaigns"]


async def test_the_tiered_limit_is_waited_out_by_the_servers_own_clock():
    talk = Conversation()
    their_clock = talk.time.now - 5000
    window = {
        "X-RateLimit-Limit": "35",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(int(their_clock) + 40),
        "X-RateLimit-Scope": "lowCallRate",
        "Date": formatdate(their_clock, usegmt=True),
    }
    talk.answers = [httpx.Response(429, headers=window), ok({})]
    async with talk.client() as dd:
        await dd.get("/v2/segments", dict)
        assert dd.limits["lowCallRate"].limit == 35
    assert talk.time.slept == [40.5]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 60),
        ({"X-RateLimit-Reset": "soon"}, 60),
        ({"X-RateLimit-Reset": "1800000030"}, 30.5),
        ({"X-RateLimit-Reset": "1799999000"}, 0.5),
        ({"X-RateLimit-Reset": "1900000000"}, 120.5),
    ],
)
async def test_a_reset_time_is_believed_only_where_it_makes_sense(headers: dict[str, str], seconds: float):
    talk = Conversation(httpx.Response(429, headers=headers), ok({}))
    async with talk.client() as dd:
        await dd.get("/v2/segments", dict)
    assert talk.time.slept == [seconds]


@pytest.mark.parametrize(
    "refusal",
    [
        v3_error(429, "contacts:tooManyActiveImports", "too many imports"),
        error(400, "You have too many active imports: ERROR_IMPORT_TOOMANYACTIVEIMPORTS, try later."),
    ],
)
async def test_a_26th_import_waits_for_a_place_and_holds_nobody_else_back(refusal: httpx.Response):
    talk = Conversation(refusal, ok({}), refusal, ok({"importId": "1"}, 202))
    async with talk.client() as dd:
        talk.time.meanwhile = lambda: dd.get("/v2/segments", dict)
        await dd.request("PUT", "/contacts/v3/import", body={})
    assert talk.time.slept == [20, 20]
    assert talk.paths()[1] == "GET /v2/segments"


async def test_a_limit_that_stays_closed_ends_at_the_deadline():
    talk = Conversation(error(400, CAPPED), forever=True)
    async with talk.client(slow_down_deadline=600) as dd:
        with pytest.raises(DotdigitalError) as raised:
            await dd.get("/v2/segments", dict)
    assert raised.value.code == "DOTDIGITAL_LIMIT"
    assert sum(talk.time.slept) == 600


@pytest.mark.parametrize(
    "answer", [BROKEN, httpx.ReadTimeout("slow"), httpx.Response(503, content=b"<html>busy</html>")]
)
async def test_a_read_is_tried_again_and_a_send_is_not(answer):
    talk = Conversation(answer, ok({"a": 1}), answer)
    async with talk.client() as dd:
        assert await dd.get("/v2/segments", dict) == {"a": 1}
        with pytest.raises(UnknownOutcome) as raised:
            await dd.request("POST", "/v2/campaigns/send", body={})
    assert raised.value.exit is Exit.UNREACHABLE
    assert len(talk.requests) == 3


async def test_a_body_cut_off_unnoticed_is_fetched_again():
    talk = Conversation(httpx.Response(200, content=b'[{"id": 1, "na'), ok([]))
    async with talk.client() as dd:
        assert await dd.get("/v2/segments", list) == []


async def test_a_write_that_never_left_is_tried_again():
    talk = Conversation(REFUSED, ok({"id": "1"}, 202))
    async with talk.client() as dd:
        await dd.request("POST", "/v2/campaigns/send", body={})
    assert len(talk.requests) == 2


async def test_a_busy_address_book_is_tried_again():
    busy = error(400, "The address book is in use. ERROR_ADDRESSBOOK_IN_USE")
    talk = Conversation(busy, ok({"id": "1", "status": "Started"}, 202))
    async with talk.client() as dd:
        await dd.request("POST", "/v2/address-books/1/contacts/delete", body=[1])
    assert len(talk.requests) == 2


async def test_a_wrong_password_is_never_tried_twice():
    talk = Conversation(error(401, "Authorization has been denied for this request."), forever=True)
    async with talk.client() as dd:
        with pytest.raises(DotdigitalError) as raised:
            await account_info(dd)
    assert raised.value.code == "DOTDIGITAL_SIGN_IN_REFUSED"
    assert raised.value.exit is Exit.NOT_PERMITTED
    assert len(talk.requests) == 1
    assert "pass word" not in f"{raised.value} {raised.value.detail}"


@pytest.mark.parametrize(
    ("message", "platform_code", "code"),
    [
        (
            "Contact is suppressed. ERROR_CONTACT_SUPPRESSED",
            "ERROR_CONTACT_SUPPRESSED",
            "DOTDIGITAL_CONTACT_SUPPRESSED",
        ),
        ("Error: ERROR_ADDRESSBOOK_NOT_FOUND", "ERROR_ADDRESSBOOK_NOT_FOUND", "DOTDIGITAL_BOOK_NOT_FOUND"),
        ("Error: ERROR_ENROLMENT_ALLOWANCE_EXCEEDED ", "ERROR_ENROLMENT_ALLOWANCE_EXCEEDED", "DOTDIGITAL_REFUSED"),
        ("file must be valid", "", "DOTDIGITAL_REFUSED"),
    ],
)
async def test_the_vendors_texts_are_read(message: str, platform_code: str, code: str):
    talk = Conversation(error(400, message))
    async with talk.client() as dd:
        with pytest.raises(DotdigitalError) as raised:
            await dd.get("/v2/segments", dict)
    assert (raised.value.platform_code, raised.value.code) == (platform_code, code)


async def test_v3_errors_keep_their_details_under_either_name():
    details = [{"item": "a@b", "description": "Not found"}, {"item": "line 1", "error": "bad type"}]
    body = {"errorCode": "server:badRequest", "description": "wrong", "details": details}
    talk = Conversation(httpx.Response(400, json=body))
    async with talk.client() as dd:
        with pytest.raises(DotdigitalError) as raised:
            await dd.get("/contacts/v3", dict)
    assert raised.value.items == (("a@b", "Not found"), ("line 1", "bad type"))


async def test_an_error_of_which_some_is_odd_keeps_its_code_and_what_can_be_read():
    details = [{"Item": 5, "Description": "Not found"}, "line 1", {"item": "a@b", "error": None}]
    body = {"ErrorCode": "contacts:badRequest", "description": 7, "details": details}
    talk = Conversation(httpx.Response(400, json=body))
    async with talk.client() as dd:
        with pytest.raises(DotdigitalError) as raised:
            await dd.get("/contacts/v3", dict)
    assert (raised.value.platform_code, raised.value.code) == ("contacts:badRequest", "DOTDIGITAL_VALUE_REFUSED")
    assert raised.value.items == (("", "Not found"), ("a@b", ""))


async def test_property_names_in_another_case_are_read():
    from dyntui.dotdigital.address_books import removal

    talk = Conversation(ok({"Id": "g", "Status": "Completed"}))
    async with talk.client() as dd:
        assert (await removal(dd, "0000000b-0000-4000-8000-00000000000b")).succeeded


async def test_an_answer_that_is_no_json_is_said_to_be_unreadable():
    talk = Conversation(httpx.Response(200, content=b"<html>Sign in to the hotel Wi-Fi</html>"))
    async with talk.client() as dd:
        with pytest.raises(DotdigitalError) as raised:
            await dd.get("/v2/segments", dict)
    assert raised.value.code == "DOTDIGITAL_ANSWER_UNREADABLE"


def info(endpoint: str) -> httpx.Response:
    values = {
        "Name": "Peak Outdoor",
        "ApiEndpoint": endpoint,
        "ApiCallsRemaining": "1985",
        "ListManagedUsers": "Mia@peak.example, raj@peak.example",
    }
    rows = [{"name": name, "type": "String", "value": value} for name, value in values.items()]
    return ok({"id": 7, "properties": rows})


@pytest.mark.parametrize(
    ("endpoint", "origin"),
    [
        ("https://r2-api.dotdigital.com/", "https://r2-api.dotdigital.com"),
        ("https://r3-api.dotdigital.com/v2", "https://r3-api.dotdigital.com"),
        ("https://r1.apiconnector.com", "https://r1.apiconnector.com"),
        ("r2-api.dotmailer.com", "https://r2-api.dotmailer.com"),
    ],
)
async def test_the_accounts_own_region_is_found(endpoint: str, origin: str):
    talk = Conversation(info(endpoint))
    async with await connect(f"{HOST}/v2", "user", "password", **talk.options()) as dd:
        assert dd.origin == origin
    assert talk.paths() == ["GET /v2/account-info"]


async def test_an_account_that_another_regions_host_refuses_is_found_by_the_first():
    refused = httpx.Response(403, html="<h2>403 - Forbidden: Access is denied.</h2>")
    talk = Conversation(refused, info("https://r2-api.dotdigital.com"))
    async with await connect("https://r3-api.dotdigital.com", "user", "password", **talk.options()) as dd:
        assert dd.origin == "https://r2-api.dotdigital.com"
    assert [request.url.host for request in talk.requests] == ["r3-api.dotdigital.com", "r1-api.dotdigital.com"]


@pytest.mark.parametrize("host", [HOST, "https://proxy.example"])
async def test_a_refusal_that_no_other_host_can_mend_is_passed_on(host: str):
    talk = Conversation(httpx.Response(403, html="<h2>403 - Forbidden: Access is denied.</h2>"))
    with pytest.raises(DotdigitalError) as raised:
        await connect(host, "user", "password", **talk.options())
    assert (raised.value.code, len(talk.requests)) == ("DOTDIGITAL_NOT_PERMITTED", 1)


@pytest.mark.parametrize(
    "endpoint", ["https://evil.example", "https://evilapiconnector.com", "http://r1-api.dotdigital.com"]
)
async def test_the_password_is_not_sent_to_a_strange_host(endpoint: str):
    talk = Conversation(info(endpoint))
    with pytest.raises(DotdigitalError) as raised:
        await connect(HOST, "user", "password", **talk.options())
    assert raised.value.code in {"DOTDIGITAL_FOREIGN_ENDPOINT", "DOTDIGITAL_URL_INVALID"}
    assert len(talk.requests) == 1


async def test_account_properties_are_found_by_name():
    talk = Conversation(info("https://r1-api.dotdigital.com"), httpx.Response(200, content=b'"2026-11-22 10:00:00"'))
    async with talk.client() as dd:
        account = await account_info(dd)
        assert await server_time(dd) == "2026-11-22 10:00:00"
    assert (account.id, account.name, account.calls_remaining) == (7, "Peak Outdoor", 1985)
    assert account.users == ["mia@peak.example", "raj@peak.example"]
    assert account.calls_in_last_hour is None


@pytest.mark.parametrize(
    "url", ["http://r1-api.dotdigital.com", "r1-api.dotdigital.com", "https://u:p@r1-api.dotdigital.com"]
)
def test_a_url_must_be_https_without_credentials(url: str):
    with pytest.raises(DotdigitalError) as raised:
        origin_of(url)
    assert raised.value.code == "DOTDIGITAL_URL_INVALID"


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/v2/address-books/123/contacts", "GET /v2/address-books/{id}/contacts"),
        ("/v2/contacts/ada%2Bx@example.org", "GET /v2/contacts/{email}"),
        ("/v2/contacts/suppressed-since/2026-01-01T00:00:00Z", "GET /v2/contacts/suppressed-since/{date}"),
        ("/contacts/v3/import/d7de900d-d337-43f6-b1e1-c8ec73e1a434", "GET /contacts/v3/import/{id}"),
    ],
)
def test_routes_for_counters_hold_no_identifier_and_no_address(path: str, route: str):
    assert route_of("GET", path) == route
