"""Contacts of v3: lists with markers, single writes, bulk deletion."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from .conftest import Account, row


def error(account: Account, method: str, target: str, body: Any = None) -> tuple[int, str]:
    answer = account.call(method, target, body)
    return answer.status, json.loads(answer.body)["errorCode"]


def follow(account: Account, target: str) -> list[list[dict[str, Any]]]:
    """Pages of a list, as its next links lead."""
    pages, base = [], account.state.urls.dotdigital["r2"]
    while True:
        answer = account.ok("GET", target)
        pages.append(answer["_items"])
        links = answer["_links"]
        assert {"self", "first"} <= set(links) <= {"self", "first", "next"}
        for link in links.values():
            assert set(link) == {"link", "marker"}
            assert parse_qs(urlsplit(link["link"]).query)["marker"] == [link["marker"]]
        if "next" not in links:
            return pages
        target = links["next"]["link"].removeprefix(base)


def test_links_and_markers_lead_through_all_contacts_once_and_back_to_the_beginning(account: Account):
    for n in range(7):
        account.contact(f"p{n}@b.example")
    last = account.ok(
        "GET", "/contacts/v3?limit=3&marker=" + account.ok("GET", "/contacts/v3?limit=6")["_links"]["next"]["marker"]
    )
    assert [item["identifiers"]["email"] for item in last["_items"]] == ["p6@b.example"]
    base = account.state.urls.dotdigital["r2"]
    for name, emails in (("self", ["p6@b.example"]), ("first", [f"p{n}@b.example" for n in range(3)])):
        again = account.ok("GET", last["_links"][name]["link"].removeprefix(base))
        assert [item["identifiers"]["email"] for item in again["_items"]] == emails
    pages = follow(account, "/contacts/v3?limit=3")
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [item["identifiers"]["email"] for page in pages for item in page] == [f"p{n}@b.example" for n in range(7)]


def test_a_list_shows_only_what_is_asked_for(account: Account):
    book = account.book("Walkers", "a@b.example")
    account.import_v3([row("a@b.example", FIRSTNAME="Ada")])
    (plain,) = account.ok("GET", "/contacts/v3")["_items"]
    assert set(plain) == {"contactId", "status", "created", "updated", "identifiers"}
    (rich,) = account.ok("GET", "/contacts/v3?data-fields=FIRSTNAME|LASTNAME&include=lists&include=channelProperties")[
        "_items"
    ]
    assert rich["dataFields"] == {"FIRSTNAME": "Ada", "LASTNAME": None}
    assert rich["lists"] == [{"id": book, "name": "Walkers", "status": "subscribed"}]
    assert rich["channelProperties"]["email"] == {"emailType": "Html", "optInType": "Unknown", "status": "subscribed"}


def test_lists_are_filtered_by_book_and_by_date(account: Account):
    book = account.book("Walkers", "a@b.example", "b@b.example")
    account.advance(hours=1)
    account.ok("POST", f"/v2/address-books/{book}/contacts", {"email": "c@b.example"})
    account.contact("d@b.example")

    def emails(query: str) -> list[str]:
        return [i["identifiers"]["email"][0] for page in follow(account, f"/contacts/v3?{query}") for i in page]

    assert emails(f"~listId={book}&limit=2") == ["a", "b", "c"]
    assert emails("~modified=gte::2026-03-02T10:00:00Z") == ["c", "d"]
    assert emails(f"~created=gte::2026-03-02T10:00:00.000Z&~listId={book}") == ["c"]


@pytest.mark.parametrize(
    "query",
    [
        "~modified=2026-03-02T10:00:00Z",
        "~modified=gte::yesterdayTZ",
        "~modified=gte::2026-03-02T10:00:00Z&~created=gte::2026-03-02T10:00:00Z",
        "~listId=99",
        "~listId=1&~segmentId=2",
    ],
)
def test_bad_filters_are_refused(account: Account, query: str):
    assert error(account, "GET", f"/contacts/v3?{query}") == (400, "contacts:invalidFilter")


def test_patch_creates_then_updates_and_null_clears(account: Account):
    path = "/contacts/v3/email/a@b.example"
    assert account.call("PATCH", path, {"dataFields": {"FIRSTNAME": "Ada", "POSTCODE": "1"}}).status == 201
    answer = account.call("PATCH", path, {"dataFields": {"FIRSTNAME": None}})
    assert answer.status == 200
    assert account.fields("a@b.example") == {"POSTCODE": "1"}


def test_patch_leaves_a_suppression_alone_unless_asked(account: Account):
    account.contact("a@b.example")
    account.ok("POST", "/v2/contacts/unsubscribe", {"email": "a@b.example"})
    path = "/contacts/v3/email/a@b.example"
    account.ok("PATCH", path, {"dataFields": {"FIRSTNAME": "Ada"}})
    assert account.status("a@b.example") == "Unsubscribed"
    account.ok("PATCH", path, {"channelProperties": {"email": {"status": "subscribed"}}})
    assert account.status("a@b.example") == "Subscribed"


def test_put_loses_what_it_does_not_mention(account: Account):
    account.contact("a@b.example", dataFields=[{"key": "FIRSTNAME", "value": "A"}])
    body = {"identifiers": {"email": "a@b.example"}, "dataFields": {"LASTNAME": "B"}}
    account.ok("PUT", "/contacts/v3/email/a@b.example", body)
    assert account.fields("a@b.example") == {"LASTNAME": "B"}
    assert error(account, "PUT", "/contacts/v3/email/x@y.example", body) == (404, "contacts:contactNotFound")


def test_post_conflicts_with_any_identifier_that_exists(account: Account):
    body = {"identifiers": {"email": "a@b.example", "mobileNumber": "+447700900123"}}
    assert account.call("POST", "/contacts/v3", body).status == 201
    clash = {"identifiers": {"email": "other@b.example", "mobileNumber": "447700900123"}}
    assert error(account, "POST", "/contacts/v3", clash) == (409, "contacts:idAlreadyExists")
    found = account.ok("GET", "/contacts/v3/mobileNumber/447700900123")
    assert found["identifiers"] == {"email": "a@b.example", "mobileNumber": "447700900123"}


def test_a_custom_identifier_finds_its_contact(account: Account):
    account.ok("POST", "/configuration/v3/customIdentifiers", {"name": "crmid"})
    contact = {"matchIdentifier": "crmid", "identifiers": {"crmid": "7", "email": "a@b.example"}}
    account.import_v3([contact])
    moved = {"matchIdentifier": "crmid", "identifiers": {"crmid": "7", "email": "new@b.example"}}
    assert len(account.import_v3([moved])["updated"]) == 1
    assert account.ok("GET", "/contacts/v3/crmid/7")["identifiers"]["email"] == "new@b.example"
    assert error(account, "DELETE", "/configuration/v3/customIdentifiers/crmid") == (409, "customIdentifiers:inUse")


def test_patch_brings_a_deleted_contact_back(account: Account):
    contact = account.contact("a@b.example", dataFields=[{"key": "POSTCODE", "value": "P"}])
    assert account.ok("DELETE", "/contacts/v3/email/a@b.example") == {"contactId": contact}
    assert error(account, "GET", "/contacts/v3/email/a@b.example") == (404, "contacts:contactNotFound")
    assert account.ok("PATCH", "/contacts/v3/email/a@b.example", {})["contactId"] == contact
    assert account.fields("a@b.example") == {"POSTCODE": "P"}


def test_the_recycle_bin_forgets_after_thirty_days(account: Account):
    contact = account.contact("a@b.example")
    account.ok("DELETE", f"/v2/contacts/{contact}")
    account.advance(days=31)
    account.import_v3([row("other@b.example")])
    assert account.ok("PATCH", "/contacts/v3/email/a@b.example", {})["contactId"] != contact


def test_the_channel_of_a_mobile_number_names_its_country_as_text(account: Account):
    account.import_v3(
        [{**row("a@b.example"), "identifiers": {"email": "a@b.example", "mobileNumber": "+447700900123"}}]
    )
    account.contact("b@b.example")
    items = account.ok("GET", "/contacts/v3?include=channelProperties")["_items"]
    assert [item["channelProperties"]["sms"]["countryCode"] for item in items] == ["GB", ""]


def test_bulk_deletion_counts_unknown_contacts(account: Account):
    known = account.contact("a@b.example")
    started = account.ok("POST", "/contacts/v3/delete", [{"email": "A@b.example"}, {"contactId": 99}, {"shoe": "44"}])
    path = f"/contacts/v3/delete/{started['deleteId']}"
    assert account.ok("GET", path)["status"] == "NotFinished"
    done = account.ok("GET", path)
    assert done["summary"] == {
        "requestedContacts": 3,
        "deletedContacts": 1,
        "unknownContacts": 1,
        "invalidEntries": 1,
    }
    assert [one["contactId"] for one in done["deleted"]] == [known]
    assert account.ok("GET", "/v2/contacts/count") == 0


def test_a_bulk_deletion_may_leave_contacts_that_it_names(account: Account):
    """`failures`: "The contacts that failed to be deleted", of a deletion that is Finished (5.8)."""
    account.settings.v3_bulk_delete_fails = 2
    two = sorted(account.contact(f"{each}@b.example") for each in "ab")
    started = account.ok("POST", "/contacts/v3/delete", [{"contactId": each} for each in two])
    path = f"/contacts/v3/delete/{started['deleteId']}"
    account.ok("GET", path)
    done = account.ok("GET", path)
    (left,) = done["failures"]
    assert (done["status"], left["identifier"]["contactId"] % 2) == ("Finished", 0)
    assert (done["summary"]["deletedContacts"], done["summary"]["invalidEntries"]) == (1, 1)
    assert account.ok("GET", "/v2/contacts/count") == 1


def test_unknown_identifiers_and_contacts_are_told_apart(account: Account):
    assert error(account, "GET", "/contacts/v3/shoe/44") == (400, "contacts:invalidId")
    assert error(account, "GET", "/contacts/v3/contactId/44") == (404, "contacts:contactNotFound")
    assert error(account, "GET", "/contacts/v3/import/0-0") == (404, "contacts:importNotFound")
