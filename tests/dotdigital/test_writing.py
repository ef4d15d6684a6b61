"""What the dotdigital client writes, and what it makes of the answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import httpx
import pytest

from dyntui.dotdigital import (
    activities,
    address_books,
    campaigns,
    contacts,
    data_fields,
    deletions,
    imports,
    sends,
    suppressions,
)
from dyntui.dotdigital.errors import DotdigitalError, UnknownOutcome
from dyntui.dotdigital.imports import ChannelProperties, EmailProperties, ImportContact
from dyntui.dotdigital.moments import moment, stamp
from tests.dotdigital.conversation import BROKEN, Conversation, error, ok, v3_error

GUID = "d7de900d-d337-43f6-b1e1-c8ec73e1a434"


def contact(n: int) -> ImportContact:
    return ImportContact("email", {"email": f"p{n}@x.org"}, {"FIRSTNAME": f"P{n}", "LASTNAME": None}, lists=[7])


async def test_an_import_clears_what_is_none_and_cannot_speak_of_subscription():
    talk = Conversation(ok({"importId": GUID}, 202))
    row = ImportContact(
        "contactId",
        {"contactId": 9, "email": "a@b.c"},
        {"FIRSTNAME": None},
        ChannelProperties(EmailProperties(opt_in_type="double")),
        lists=[7],
    )
    async with talk.client() as dd:
        assert await imports.start_import(dd, [row]) == GUID
    assert talk.requests[0].method == "PUT"
    assert talk.body() == {
        "mergeOption": "overwrite",
        "contacts": [
            {
                "matchIdentifier": "contactId",
                "identifiers": {"contactId": 9, "email": "a@b.c"},
                "dataFields": {"FIRSTNAME": None},
                "channelProperties": {"email": {"optInType": "double"}},
                "lists": [7],
            }
        ],
    }
    assert set(EmailProperties.__struct_fields__) == {"email_type", "opt_in_type"}


async def test_an_import_whose_answer_is_lost_is_started_again():
    talk = Conversation(BROKEN, ok({"importId": GUID}, 202))
    async with talk.client() as dd:
        assert await imports.start_import(dd, [contact(1)]) == GUID


async def test_an_import_of_nobody_is_refused_here():
    async with Conversation().client() as dd:
        with pytest.raises(ValueError, match="at least one"):
            await imports.start_import(dd, [])


def test_contacts_are_split_by_number_and_by_size(monkeypatch: pytest.MonkeyPatch):
    assert [len(some) for some in imports.split(contact(n) for n in range(12_001))] == [5000, 5000, 2001]
    monkeypatch.setattr(imports, "MOST_BYTES", 1000)
    sizes = [len(some) for some in imports.split(contact(n) for n in range(100))]
    assert sum(sizes) == 100
    assert max(sizes) < 10


async def test_an_imports_result_tells_every_rows_fate():
    result = {
        "importId": GUID,
        "status": "Finished",
        "summary": {"newContacts": 1, "updatedContacts": 1, "globallySuppressed": 0, "invalidEntries": 1},
        "created": [{"contactId": 1, "identifiers": {"email": "A@x.org"}}],
        "updated": [{"contactId": 2, "identifiers": {"email": "b@x.org", "mobileNumber": None}}],
        "failures": [
            {
                "matchIdentifier": "email",
                "identifiers": {"email": "c@x"},
                "failures": [{"failureCode": "invalidEmail", "description": "Invalid value for 'email'"}],
            }
        ],
    }
    talk = Conversation(ok({"importId": GUID, "status": "NotFinished"}), ok(result))
    async with talk.client() as dd:
        running = await imports.import_result(dd, GUID)
        done = await imports.import_result(dd, GUID)
    assert (running.finished, done.finished, done.succeeded) == (False, True, True)
    assert [each.email for each in [*(done.created or []), *(done.updated or [])]] == ["a@x.org", "b@x.org"]
    assert [(each.email, each.failures[0].failure_code) for each in done.failures or []] == [("c@x", "invalidEmail")]


@pytest.mark.parametrize("status", ["RejectedByWatchdog", "Failed", "ExceedsAllowedContactLimit", "SomethingNew"])
async def test_an_import_that_ended_otherwise_is_finished_but_no_success(status: str):
    talk = Conversation(ok({"importId": GUID, "status": status}))
    async with talk.client() as dd:
        result = await imports.import_result(dd, GUID)
    assert (result.finished, result.succeeded, result.status) == (True, False, status)


async def test_a_send_without_recipients_never_reaches_dotdigital():
    talk = Conversation()
    async with talk.client() as dd:
        with pytest.raises(DotdigitalError) as raised:
            await sends.start_send(dd, 1)
    assert raised.value.code == "DOTDIGITAL_SEND_WITHOUT_RECIPIENTS"
    assert talk.requests == []


async def test_a_send_is_made_once_whatever_happens_to_its_answer():
    for lost in (BROKEN, httpx.ReadTimeout("slow"), error(503, "busy"), httpx.Response(200, content=b'{"id": "d7d')):
        talk = Conversation(lost)
        async with talk.client() as dd:
            with pytest.raises(UnknownOutcome):
                await sends.start_send(dd, 1, book_ids=[7])
        assert len(talk.requests) == 1


async def test_a_send_says_when_and_how_it_is_split():
    talk = Conversation(ok({"id": GUID, "campaignId": 1, "addressBookIds": None, "status": "Scheduled"}, 202))
    at = datetime(2026, 3, 4, 9, 0, tzinfo=timezone(timedelta(hours=1)))
    async with talk.client() as dd:
        send = await sends.start_send(dd, 1, book_ids=[7, 8], at=at, split=sends.SplitTest("Opens", 20, 4))
    assert (send.id, send.status, send.sent) == (GUID, "Scheduled", False)
    assert talk.body() == {
        "campaignId": 1,
        "addressBookIds": [7, 8],
        "sendDate": "2026-03-04T08:00:00Z",
        "splitTestOptions": {"testMetric": "Opens", "testPercentage": 20, "testPeriodHours": 4},
    }


async def test_a_time_without_zone_is_never_sent():
    with pytest.raises(ValueError, match="without zone"):
        stamp(datetime(2026, 3, 4))


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-04T08:10:44Z",
        "2026-03-04T08:10:44.000Z",
        "2026-03-04 08:10:44+00:00",
        "2026-03-04T08:10:44",
        "2026-03-04T09:10:44+0100",
    ],
)
def test_every_way_dotdigital_writes_a_time_is_read(text: str):
    assert moment(text) == datetime(2026, 3, 4, 8, 10, 44, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", [None, "", " ", "0001-01-01T00:00:00", "1753-01-01T00:00:00Z", "1900-01-01", "soon", "2026-02-30", "12"]
)
def test_what_is_no_time_or_a_year_that_means_nothing_is_no_time(text: str | None):
    assert moment(text) is None


TAKEN = "That name is in use already, please choose another. ERROR_ADDRESSBOOK_DUPLICATE"


async def test_a_book_whose_creation_got_no_answer_is_found_by_its_name():
    talk = Conversation(BROKEN, error(400, TAKEN), ok([{"id": 5, "name": "NEWSLETTER", "contacts": 0}]))
    async with talk.client() as dd:
        book = await address_books.create_address_book(dd, "Newsletter")
    assert book.id == 5
    assert [request.method for request in talk.requests] == ["POST", "POST", "GET"]


async def test_somebody_elses_book_is_not_taken_for_the_one_of_a_lost_answer():
    talk = Conversation(BROKEN, error(400, TAKEN), ok([{"id": 5, "name": "Newsletter", "contacts": 300}]))
    async with talk.client() as dd:
        with pytest.raises(DotdigitalError) as raised:
            await address_books.create_address_book(dd, "Newsletter")
    assert raised.value.code == "DOTDIGITAL_BOOK_NAME_TAKEN"


async def test_a_book_that_was_not_made_stays_an_unknown_outcome():
    talk = Conversation(BROKEN, BROKEN, ok([]))
    async with talk.client(attempts=2) as dd:
        with pytest.raises(UnknownOutcome):
            await address_books.create_address_book(dd, "Newsletter")


async def test_a_taken_name_is_said_to_be_taken():
    talk = Conversation(error(400, TAKEN))
    async with talk.client() as dd:
        with pytest.raises(DotdigitalError) as raised:
            await address_books.create_address_book(dd, "Test")
    assert raised.value.code == "DOTDIGITAL_BOOK_NAME_TAKEN"


async def test_members_leave_a_book_a_thousand_at_a_time():
    talk = Conversation(ok({"id": GUID, "status": "Started"}, 202), forever=True)
    async with talk.client() as dd:
        started = await address_books.start_removal(dd, 7, [*range(1, 2501), 1])
    assert [len(talk.body(n)) for n in range(3)] == [1000, 1000, 500]
    assert [(each.id, each.finished) for each in started] == [(GUID, False)] * 3


async def test_a_deleted_book_may_be_deleted_again():
    gone = error(404, "Error: ERROR_ADDRESSBOOK_NOT_FOUND")
    talk = Conversation(httpx.Response(204), gone, BROKEN, gone)
    async with talk.client() as dd:
        assert [await address_books.delete_address_book(dd, 7) for _ in range(3)] == [True, False, True]
        assert await address_books.book_by_name(Conversation(ok([])).client(), "x") is None


async def test_a_data_field_is_created_once_though_the_first_answer_was_lost():
    exists = error(400, "Field already exists. ERROR_NON_UNIQUE_DATAFIELD")
    talk = Conversation(BROKEN, exists, exists)
    async with talk.client() as dd:
        await data_fields.create_data_field(dd, "SHOE_SIZE", data_fields.NUMERIC)
        with pytest.raises(DotdigitalError) as raised:
            await data_fields.create_data_field(dd, "SHOE_SIZE", data_fields.NUMERIC)
    assert raised.value.code == "DOTDIGITAL_FIELD_EXISTS"


@pytest.mark.parametrize(
    ("answer", "done", "kept_by"),
    [
        (ok({"dependencies": None, "result": True}), True, []),
        (ok({"dependencies": [{"type": "Campaign", "objectId": 9}], "result": False}, 409), False, ["Campaign"]),
        (ok({"dependencies": ["Survey"], "result": False}), False, ["Survey"]),
        (httpx.Response(204), True, []),
    ],
)
async def test_a_field_in_use_is_kept_and_what_uses_it_is_named(answer: httpx.Response, done: bool, kept_by: list[str]):
    talk = Conversation(answer)
    async with talk.client() as dd:
        deleted = await data_fields.delete_data_field(dd, "SHOE_SIZE")
    assert (deleted.done, [each.type for each in deleted.dependencies]) == (done, kept_by)
    assert talk.calls == [("write", "DELETE /v2/data-fields/{name}")]


async def test_people_are_suppressed_in_bulk():
    talk = Conversation(
        ok({"suppressed": [{"id": 0, "email": "a@x.org"}], "notFound": [{"id": 0, "email": "b@x.org"}]}), forever=True
    )
    async with talk.client() as dd:
        answer = await suppressions.suppress_contacts(dd, emails=[f"p{n}@x.org" for n in range(1200)], ids=[5])
    assert len(talk.requests) == 3
    assert talk.body()[-1] == {"id": 5}
    assert (len(answer.suppressed), answer.not_found[0].email) == (3, "b@x.org")


async def test_unsubscribing_who_is_suppressed_already_is_no_failure():
    talk = Conversation(error(400, "Contact is suppressed. ERROR_CONTACT_SUPPRESSED"))
    async with talk.client() as dd:
        assert await suppressions.unsubscribe(dd, "a@x.org") is None


async def test_contacts_are_retrieved_in_bulk_by_a_get_with_a_body():
    found = {"contacts": [{"id": 1, "email": "a@x.org", "status": "Unsubscribed"}], "notFound": [{"email": "b@x.org"}]}
    talk = Conversation(ok(found))
    async with talk.client() as dd:
        answer = await contacts.retrieve_contacts(dd, emails=["a@x.org", "b@x.org"])
    assert talk.requests[0].method == "GET"
    assert talk.body()["contacts"] == [{"email": "a@x.org"}, {"email": "b@x.org"}]
    assert (answer.contacts[0].status, answer.not_found[0].email) == ("Unsubscribed", "b@x.org")
    assert talk.calls == [("read", "GET /v2/contacts/retrieve-collection")]


async def test_an_unknown_person_is_none_in_both_versions():
    talk = Conversation(error(404, "Error: ERROR_CONTACT_NOT_FOUND"), v3_error(404, "contacts:contactNotFound"))
    async with talk.client() as dd:
        assert await contacts.contact_by_email(dd, "a+b@x.org") is None
        assert await contacts.person_by(dd, "email", "a+b/c@x.org") is None
    assert str(talk.requests[0].url).endswith("/v2/contacts/a%2Bb@x.org")
    assert str(talk.requests[1].url).endswith("/contacts/v3/email/a%2Bb%2Fc%40x.org")
    assert [route for _, route in talk.calls] == ["GET /v2/contacts/{email}", "GET /contacts/v3/email/{value}"]


async def test_campaigns_are_filtered_by_dotdigital_and_both_shapes_of_tags_are_read():
    rows = [
        {"id": 1, "name": "Spring", "status": "Sent", "tags": ["news"], "sentDate": "2026-03-04T08:10:44Z"},
        {"id": 2, "name": "New", "status": "RequiresSomethingNew", "tags": [{"name": "vip"}], "htmlContent": None},
    ]
    talk = Conversation(ok(rows))
    async with talk.client() as dd:
        found = await campaigns.campaigns(dd, statuses=["Sent", "Unsent"])
    assert [each.tag_names for each in found] == [["news"], ["vip"]]
    assert found[1].status == "RequiresSomethingNew"
    assert "~statuses=Sent&~statuses=Unsent" in talk.paths()[0]


async def test_a_summary_adds_html_and_text_up():
    body = {
        "dateSent": "2026-03-04T08:10:44Z",
        "numTotalSent": 100,
        "numSent": 60,
        "percentageOpens": 1.3,
        "revenue": "$0.00",
    }
    talk = Conversation(ok(body))
    async with talk.client() as dd:
        totals = await campaigns.summary(dd, 1)
    assert (totals.num_total_sent, totals.percentage_opens, totals.revenue) == (100, 1.3, "$0.00")


async def test_clicks_are_told_apart_by_person_link_and_time():
    click = {
        "contactId": 1,
        "email": "a@x.org",
        "url": "https://x",
        "dateClicked": "2026-03-04T08:10:44Z",
        "keyword": "",
    }
    talk = Conversation(ok([click, click, {**click, "url": "https://y"}]))
    async with talk.client() as dd:
        pages = [page async for page in activities.click_pages(dd, 1, since=datetime(2026, 3, 1, tzinfo=UTC))]
    assert [each.url for each in pages[0].rows] == ["https://x", "https://y"]
    assert talk.paths()[0].startswith("GET /v2/campaigns/1/clicks/since-date/2026-03-01T00:00:00Z?")


async def test_a_deletion_says_whom_it_left_and_who_was_gone_is_none_of_them() -> None:
    """dotdigital_api.md 5.8: `failures[{identifier,failures[]}]`."""
    gone = [{"failureCode": "contactNotFound", "description": "The contact could not be found"}]
    odd = [{"failureCode": None, "description": "Not now"}]
    failures = [
        {"identifier": {"contactId": 5}, "failures": gone},
        {"identifier": {"contactId": 6}, "failures": odd},
        {"identifier": {"contactId": "7"}, "failures": []},
        {"identifier": None, "failures": odd},
    ]
    finished = {"deleteId": "d", "status": "Finished", "summary": None, "failures": failures}
    talk = Conversation(ok(finished), ok({"deleteId": "d", "status": "Finished", "failures": None}))
    async with talk.client() as dd:
        left = await deletions.deletion(dd, "d")
        nobody = await deletions.deletion(dd, "d")
    assert left.succeeded and left.kept == {6: "Not now", 7: "no reason is given", 0: "Not now"}
    assert nobody.succeeded and nobody.kept == {}


def taking(most: int, odd: str = "") -> Conversation:
    """suppress-contacts and retrieve-collection as they may be: no limit is documented (dotdigital_api.md 3.2, 3.5)."""

    def answer(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        asked = body if isinstance(body, list) else body["contacts"]
        if len(asked) > most:
            return error(400, "Error: ERROR_PARAMETER_INVALID")
        if any(each.get("email") == odd for each in asked):
            return error(400, "Error: ERROR_INVALID_EMAIL")
        found = [{"id": number, "email": each.get("email")} for number, each in enumerate(asked, 1)]
        return ok({"suppressed": found, "contacts": found, "notFound": []})

    return Conversation(answer, forever=True)


PEOPLE = [f"p{number}@kestrel.example" for number in range(700)]


async def test_calls_that_take_fewer_people_than_they_are_asked_about_are_made_in_parts_from_then_on() -> None:
    talk = taking(130)
    async with talk.client() as dd:
        done = await suppressions.suppress_contacts(dd, emails=PEOPLE)
        before = len(talk.requests)
        found = await contacts.retrieve_contacts(dd, emails=PEOPLE)
    assert [each.email for each in done.suppressed] == PEOPLE == [each.email for each in found.contacts]
    assert len(talk.requests) - before == 6, "what was taken is remembered"


async def test_an_address_that_dotdigital_takes_for_none_costs_nobody_else_their_suppression() -> None:
    talk = taking(1000, odd=PEOPLE[123])
    async with talk.client() as dd:
        done = await suppressions.suppress_contacts(dd, emails=PEOPLE)
        assert dd.most_together is None
        found = await contacts.retrieve_contacts(dd, emails=PEOPLE)
    assert [each.email for each in done.not_found] == [PEOPLE[123]] == [each.email for each in found.not_found]
    assert len(done.suppressed) == len(found.contacts) == 699


@pytest.mark.parametrize("refusal", [error(400, "Error: ERROR_MALFORMED_REQUEST"), error(403, "no"), error(404, "no")])
async def test_what_is_not_about_the_people_of_a_call_is_not_asked_in_parts(refusal: httpx.Response) -> None:
    talk = Conversation(refusal)
    async with talk.client() as dd:
        with pytest.raises(DotdigitalError):
            await suppressions.suppress_contacts(dd, emails=PEOPLE)
    assert len(talk.requests) == 1


async def test_a_call_that_is_refused_whomever_it_names_is_given_up() -> None:
    talk = Conversation(error(400, "Error: ERROR_PARAMETER_INVALID"), forever=True)
    async with talk.client() as dd:
        with pytest.raises(DotdigitalError):
            await suppressions.suppress_contacts(dd, emails=PEOPLE)
        with pytest.raises(DotdigitalError):
            await contacts.retrieve_contacts(dd, ids=[1])
    assert len(talk.requests) < 70
