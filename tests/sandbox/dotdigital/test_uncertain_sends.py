"""What nobody states of sends and of the books they go to, each both ways."""

from __future__ import annotations

from typing import Any

import pytest

from dyntui.sandbox.dotdigital import sends, truth
from dyntui.sandbox.dotdigital import storage as dotdigital_storage
from dyntui.sandbox.levers import LEVERS

from .conftest import Account
from .test_sends import campaign, mailed, send, send_status


def later(account: Account, **time: float) -> None:
    account.advance(**time)
    account.ok("GET", "/v2/account-info")


def listed(account: Account, book: int) -> list[str]:
    items = account.ok("GET", f"/contacts/v3?~listId=eq::{book}")["_items"]
    both = sorted(one["identifiers"]["email"] for one in items)
    assert both == sorted(one["email"] for one in account.ok("GET", f"/v2/address-books/{book}/contacts"))
    return both


def remove(account: Account, book: int, *contacts: int) -> None:
    removal = account.ok("POST", f"/v2/address-books/{book}/contacts/delete", list(contacts))["id"]
    later(account, seconds=3)
    assert account.ok("GET", f"/v2/contacts/deletion/{removal}")["status"] == "Completed"


def contact_id(account: Account, email: str) -> int:
    return int(account.ok("GET", f"/v2/contacts/{email}")["id"])


@pytest.mark.parametrize(("lag", "there"), [(0.0, []), (30.0, ["a@b.example"])])
def test_who_was_removed_may_stay_in_the_book_for_a_while(lag: float, there: list[str], account: Account):
    account.settings.removal_lag_seconds = lag
    book = account.book("Walkers", "a@b.example")
    remove(account, book, contact_id(account, "a@b.example"))
    assert listed(account, book) == there
    send(account, campaign(account), book)
    later(account, seconds=2)
    assert mailed(account) == there
    later(account, minutes=1)
    assert listed(account, book) == []


@pytest.mark.parametrize(("lag", "there"), [(0.0, ["a@b.example"]), (30.0, [])])
def test_who_joined_a_book_may_show_in_it_later(lag: float, there: list[str], account: Account):
    account.settings.listing_lag_seconds = lag
    book = account.book("Walkers", "a@b.example")
    assert listed(account, book) == there
    later(account, minutes=1)
    assert listed(account, book) == ["a@b.example"]


@pytest.mark.parametrize(("seconds", "shows"), [(0.0, True), (60.0, False)])
def test_a_send_may_appear_later_than_it_is_accepted(seconds: float, shows: bool, account: Account):
    account.settings.send_appears_after_seconds = seconds
    book, mailing = account.book("Walkers", "a@b.example"), campaign(account)
    send(account, mailing, book)
    for wait in (0.0, 10.0):
        later(account, seconds=wait)
        assert bool(account.ok("GET", f"/v2/address-books/{book}/campaigns")) is shows
        assert bool(account.ok("GET", f"/v2/campaigns/{mailing}/address-books")) is shows
    later(account, minutes=2)
    assert account.ok("GET", f"/v2/address-books/{book}/campaigns")[0]["id"] == mailing


@pytest.mark.parametrize(("resolved", "reached"), [("start", ["b@b.example"]), ("accept", ["a@b.example"])])
def test_the_people_of_a_send_are_those_in_its_books_when_it_starts_or_when_it_was_accepted(
    resolved: str, reached: list[str], account: Account
):
    account.settings.recipients_resolved_at = resolved
    book = account.book("Walkers", "a@b.example", "gone@b.example")
    send(account, campaign(account), book, sendDate="2026-03-02T10:00:00Z")
    account.ok("POST", f"/v2/address-books/{book}/contacts", {"email": "b@b.example"})
    account.ok("DELETE", f"/v2/address-books/{book}/contacts/{contact_id(account, 'a@b.example')}")
    account.ok("POST", "/v2/contacts/unsubscribe", {"email": "gone@b.example"})
    later(account, hours=2)
    assert mailed(account) == reached


def test_a_send_to_a_book_that_is_gone_is_refused_or_goes_to_everybody(account: Account):
    account.book("Others", "a@b.example", "b@b.example")
    book, mailing = account.book("Walkers", "c@b.example"), campaign(account)
    account.ok("DELETE", f"/v2/address-books/{book}")
    body = {"campaignID": mailing, "addressBookIDs": [book]}
    assert account.refused("POST", "/v2/campaigns/send", body) == (400, "Error: ERROR_ADDRESSBOOK_NOT_FOUND")
    account.settings.missing_book_means_everybody = True
    send(account, mailing, book)
    later(account, seconds=2)
    assert len(mailed(account)) == 3
    assert [each["kind"] for each in truth.violations(account.state)] == ["send_to_everybody"]


def test_a_book_deleted_before_its_send_starts_leaves_nobody_or_everybody(account: Account):
    account.book("Others", "a@b.example")
    for everybody in (False, True):
        account.settings.missing_book_means_everybody = everybody
        book, before = account.book(f"Walkers {everybody}", "c@b.example"), len(mailed(account))
        when = f"2026-03-0{4 if everybody else 2}T10:00:00Z"
        send(account, campaign(account, f"Spring {everybody}"), book, sendDate=when)
        account.ok("DELETE", f"/v2/address-books/{book}")
        later(account, days=1 + everybody)
        assert (len(mailed(account)) > before) is everybody


def cancelled(account: Account, mailing: int, reached: int) -> dict[str, Any]:
    return dict(LEVERS["/cancel-send"](account.state, {"campaign": mailing, "reached": reached}))


@pytest.mark.parametrize("hidden", [True, False])
@pytest.mark.parametrize("sent", [True, False])
def test_a_send_cancelled_half_way_says_sent_or_cancelled_and_hides_or_shows_whom_it_reached(
    sent: bool, hidden: bool, account: Account
):
    account.settings.partly_cancelled_shows_sent = sent
    account.settings.cancelled_send_hides_recipients = hidden
    book, mailing = account.book("Walkers", "a@b.example", "b@b.example", "c@b.example"), campaign(account)
    send_id = send(account, mailing, book)
    assert cancelled(account, mailing, 2)["send"] == send_id
    later(account, hours=1)
    expected = "Sent" if sent else "Cancelled"
    assert send_status(account, send_id) == expected
    assert account.ok("GET", f"/v2/campaigns/{mailing}")["status"] == expected
    assert len(mailed(account)) == 2
    assert len(account.ok("GET", f"/v2/campaigns/{mailing}/activities")) == (0 if hidden else 2)


def test_a_send_cancelled_before_it_starts_reaches_nobody(account: Account):
    book, mailing = account.book("Walkers", "a@b.example"), campaign(account)
    send_id = send(account, mailing, book)
    assert cancelled(account, mailing, 0)["status"] == "Cancelled"
    later(account, hours=1)
    assert (send_status(account, send_id), mailed(account)) == ("Cancelled", [])
    with pytest.raises(ValueError, match="to come"):
        sends.cancel(account.state, send_id, 0, dotdigital_storage.now(account.state))


@pytest.mark.parametrize("to_another", [True, False])
def test_who_leaves_a_list_by_a_mail_leaves_the_book_it_was_sent_to(to_another: bool, account: Account):
    account.settings.unsubscribe_lands_on_send_book = not to_another
    account.settings.list_unsubscribe_share, account.settings.delivered_share = 1.0, 1.0
    account.settings.unsubscribe_share = account.settings.complaint_share = 0.0
    other, kept, deleted = (account.book(name, "a@b.example") for name in ("Others", "Kept", "Deleted"))
    send(account, campaign(account), kept)
    later(account, days=4)
    assert unsubscribed(account, kept) == ["a@b.example"]
    send(account, campaign(account, "Autumn"), deleted)
    later(account, seconds=5)
    account.ok("DELETE", f"/v2/address-books/{deleted}")
    later(account, days=4)
    assert unsubscribed(account, other) == (["a@b.example"] if to_another else [])


def test_who_leaves_a_list_by_a_mail_leaves_its_book_though_it_was_emptied(account: Account):
    account.settings.list_unsubscribe_share, account.settings.delivered_share = 1.0, 1.0
    account.settings.unsubscribe_share = account.settings.complaint_share = 0.0
    account.book("Others", "a@b.example")
    book = account.book("Walkers", "a@b.example")
    send(account, campaign(account), book)
    later(account, seconds=5)
    account.ok("DELETE", f"/v2/address-books/{book}/contacts")
    later(account, days=4)
    assert unsubscribed(account, book) == ["a@b.example"]


def unsubscribed(account: Account, book: int) -> list[str]:
    rows = account.ok("GET", f"/v2/address-books/{book}/contacts/unsubscribed-since/1970-01-01T00:00:00Z")
    return [each["suppressedContact"]["email"] for each in rows]


@pytest.mark.parametrize("keeps", [False, True])
def test_a_split_test_mails_a_share_and_the_rest_when_it_is_over(keeps: bool, account: Account):
    account.settings.split_test_keeps_recipients = keeps
    people = [f"p{number}@b.example" for number in range(60)]
    book, mailing = account.book("Walkers", *people), campaign(account)
    account.state.db.execute('UPDATE dd_campaign SET split_options = \'["A", "B"]\' WHERE id = ?', (mailing,))
    options = {"testMetric": "Opens", "testPercentage": 30, "testPeriodHours": 4}
    send(account, mailing, book, splitTestOptions=options)
    later(account, hours=3)
    first = set(mailed(account))
    assert 5 <= len(first) <= 35
    assert account.ok("GET", f"/v2/campaigns/{mailing}")["status"] == "Sending"
    leaves, opts_out = sorted(set(people) - first)[:2]
    account.ok("DELETE", f"/v2/address-books/{book}/contacts/{contact_id(account, leaves)}")
    account.ok("POST", "/v2/contacts/unsubscribe", {"email": opts_out})
    later(account, hours=2)
    everybody = mailed(account)
    assert len(everybody) == len(set(everybody))
    assert set(people) - set(everybody) == {opts_out} | (set() if keeps else {leaves})
    assert account.ok("GET", f"/v2/campaigns/{mailing}")["status"] == "Sent"
