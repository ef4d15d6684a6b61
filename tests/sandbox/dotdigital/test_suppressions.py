"""Leaving the account, leaving one list, and coming back."""

import pytest

from dyntui.sandbox.dotdigital import people

from .conftest import Account

SINCE = "2026-03-02T09:00:00Z"


def test_an_unsubscribe_is_dated_and_appears_in_both_feeds(account: Account):
    account.contact("a@b.example")
    account.advance(minutes=5)
    answer = account.ok("POST", "/v2/contacts/unsubscribe", {"email": "A@b.example"})
    assert answer["reason"] == "Unsubscribed"
    assert answer["dateRemoved"] == "2026-03-02T09:05:00.000Z"
    assert answer["suppressedContact"]["dataFields"] is None
    assert account.ok("GET", f"/v2/contacts/unsubscribed-since/{SINCE}") == [answer]
    assert account.ok("GET", f"/v2/contacts/suppressed-since/{SINCE}") == [answer]
    assert account.ok("GET", "/v2/contacts/suppressed-since/2026-03-02T09:06:00Z") == []


def test_a_suppression_by_the_owner_is_no_unsubscribe(account: Account):
    known = account.contact("a@b.example")
    body = [{"email": "A@b.example"}, {"id": known}, {"email": "x@y.example"}, {"id": 77}]
    assert account.ok("PUT", "/v2/contacts/suppress-contacts", body) == {
        "suppressed": [{"id": 0, "email": "A@b.example"}, {"id": known, "email": None}],
        "notFound": [{"id": 0, "email": "x@y.example"}, {"id": 77, "email": None}],
    }
    assert account.ok("GET", f"/v2/contacts/unsubscribed-since/{SINCE}") == []
    (row,) = account.ok("GET", f"/v2/contacts/suppressed-since/{SINCE}")
    assert row["reason"] == "Suppressed"


def test_unsubscribing_a_stranger_is_404_and_twice_an_error(account: Account):
    refused = account.refused("POST", "/v2/contacts/unsubscribe", {"email": "x@y.example"})
    assert refused == (404, "Error: ERROR_CONTACT_NOT_FOUND")
    account.contact("a@b.example")
    account.ok("POST", "/v2/contacts/unsubscribe", {"email": "a@b.example"})
    assert account.refused("POST", "/v2/contacts/unsubscribe", {"email": "a@b.example"})[0] == 400


def test_leaving_one_list_keeps_the_account_subscription_and_is_in_that_lists_feed_only(account: Account):
    book = account.book("Walkers", "a@b.example")
    answer = account.ok("POST", f"/v2/address-books/{book}/contacts/unsubscribe", {"email": "a@b.example"})
    assert (answer["reason"], answer["suppressedContact"]["status"]) == ("Unsubscribed", "Subscribed")
    assert account.members(book) == []
    assert account.ok("GET", f"/v2/contacts/unsubscribed-since/{SINCE}") == []
    assert account.ok("GET", f"/v2/address-books/{book}/contacts/unsubscribed-since/{SINCE}") == [answer]


def test_an_account_level_unsubscribe_is_not_in_the_lists_feed(account: Account):
    book = account.book("Walkers", "a@b.example")
    account.ok("POST", "/v2/contacts/unsubscribe", {"email": "a@b.example"})
    assert account.ok("GET", f"/v2/address-books/{book}/contacts/unsubscribed-since/{SINCE}") == []


def test_who_left_a_list_cannot_be_added_to_it_again(account: Account):
    book = account.book("Walkers", "a@b.example")
    account.ok("POST", f"/v2/address-books/{book}/contacts/unsubscribe", {"email": "a@b.example"})
    refused = account.refused("POST", f"/v2/address-books/{book}/contacts", {"email": "a@b.example"})
    assert refused == (400, "Error: ERROR_CONTACT_SUPPRESSEDFORADDRESSBOOK")


def test_resubscribing_asks_the_person_first(account: Account):
    account.contact("a@b.example")
    account.ok("POST", "/v2/contacts/unsubscribe", {"email": "a@b.example"})
    answer = account.ok("POST", "/v2/contacts/resubscribe", {"unsubscribedContact": {"email": "a@b.example"}})
    assert (answer["status"], answer["contact"]["status"]) == ("ContactChallenged", "Unsubscribed")


def test_resubscribing_without_a_challenge_lifts_an_unsubscribe_at_once(account: Account):
    book = account.book("Walkers", "a@b.example")
    account.ok("POST", f"/v2/address-books/{book}/contacts/unsubscribe", {"email": "a@b.example"})
    account.ok("POST", "/v2/contacts/unsubscribe", {"email": "a@b.example"})
    path = f"/v2/address-books/{book}/contacts/resubscribe-with-no-challenge"
    answer = account.ok("POST", path, {"unsubscribedContact": {"email": "a@b.example"}})
    assert (answer["status"], answer["contact"]["status"]) == ("ContactAdded", "Subscribed")
    assert account.members(book) == ["a@b.example"]
    assert account.ok("GET", f"/v2/contacts/suppressed-since/{SINCE}") == []


@pytest.mark.parametrize("status", ["IspComplained", "SharedSuppression", "DomainSuppression"])
def test_some_suppressions_cannot_be_lifted(account: Account, status: str):
    account.contact("a@b.example")
    account.state.db.execute("UPDATE dd_contact SET status = ?, suppressed_on = 0", (status,))
    body = {"unsubscribedContact": {"email": "a@b.example"}}
    answer = account.ok("POST", "/v2/contacts/resubscribe-with-no-challenge", body)
    assert answer["status"] == "ContactCannotBeUnsuppressed"
    assert account.status("a@b.example") == status


def test_a_challenged_person_is_subscribed_once_they_agree(account: Account):
    book = account.book("Walkers", "a@b.example")
    account.ok("POST", f"/v2/address-books/{book}/contacts/unsubscribe", {"email": "a@b.example"})
    account.ok("POST", "/v2/contacts/unsubscribe", {"email": "a@b.example"})
    assert not people.answer_challenge(account.state, "a@b.example")
    path = f"/v2/address-books/{book}/contacts/resubscribe"
    account.ok("POST", path, {"unsubscribedContact": {"email": "a@b.example"}})
    assert people.answer_challenge(account.state, "A@b.example")
    assert account.status("a@b.example") == "Subscribed"
    assert account.members(book) == ["a@b.example"]


def test_a_pending_contact_becomes_verified_by_confirming(account: Account):
    account.contact("a@b.example", optInType="VerifiedDouble")
    assert people.confirm_opt_in(account.state, "A@b.example")
    contact = account.ok("GET", "/v2/contacts/a@b.example")
    assert (contact["optInType"], contact["status"]) == ("VerifiedDouble", "Subscribed")
    assert not people.confirm_opt_in(account.state, "a@b.example")


def test_calls_about_many_refuse_by_switch_one_too_many_and_an_address_that_is_none(account: Account):
    """No limit is documented (3.2, 3.5), and ERROR_INVALID_EMAIL is one of the codes (2.4)."""
    known = account.contact("a@b.example")
    two = [{"email": "a@b.example"}, {"email": "no address"}]
    calls = (
        ("PUT", "/v2/contacts/suppress-contacts", two),
        ("GET", "/v2/contacts/retrieve-collection", {"contacts": two}),
    )
    account.settings.collection_limit = 1
    assert [account.refused(*each) for each in calls] == [(400, "Error: ERROR_PARAMETER_INVALID")] * 2
    account.settings.collection_limit = 2
    account.settings.collection_refuses_bad_address = True
    assert [account.refused(*each) for each in calls] == [(400, "Error: ERROR_INVALID_EMAIL")] * 2
    account.settings.collection_refuses_bad_address = False
    assert account.ok(*calls[0])["notFound"] == [{"id": 0, "email": "no address"}]
    assert [each["id"] for each in account.ok(*calls[1])["contacts"]] == [known]
