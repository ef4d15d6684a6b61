"""Loading a world, digesting it, and a stored world that goes on."""

from itertools import pairwise
from pathlib import Path
from typing import Any

from dyntui.sandbox.clock import Clock
from dyntui.sandbox.dotdigital import bulk_load, dates, storage, truth
from dyntui.sandbox.dotdigital.digest import digest_rows
from dyntui.sandbox.state import open_state

from .conftest import START, Account, row

NOW = dates.milliseconds(START)


def load(account: Account) -> None:
    people = [
        bulk_load.Contact("Ada@b.example", {"FIRSTNAME": "Ada"}, NOW - dates.DAY),
        bulk_load.Contact("bo@b.example", {}, NOW, status="Unsubscribed"),
        bulk_load.Contact("ada@B.example", {"FIRSTNAME": "Twice"}, NOW),
    ]
    assert bulk_load.contacts(account.state, people) == 2
    bulk_load.book(account.state, "Walkers", ["ADA@b.example", "bo@b.example", "nobody@b.example"])


def test_loaded_contacts_are_served_like_created_ones(account: Account):
    load(account)
    assert account.fields("ada@b.example") == {"FIRSTNAME": "Ada"}
    (suppressed,) = account.ok("GET", "/v2/contacts/suppressed-since/2026-01-01")
    assert (suppressed["suppressedContact"]["email"], suppressed["reason"]) == ("bo@b.example", "Unsubscribed")
    assert account.ok("GET", "/v2/address-books")[1]["contacts"] == 2


def test_a_send_of_the_past_has_activity_but_is_no_mail_of_today(account: Account):
    load(account)
    mailing = bulk_load.campaign(account.state, "Winter", "S", "$UNSUB$", "T")
    assert bulk_load.past_send(account.state, mailing, [2], NOW - 30 * dates.DAY) == 1
    assert account.ok("GET", f"/v2/campaigns/{mailing}/summary")["numTotalSent"] == 1
    assert account.ok("GET", f"/v2/campaigns/{mailing}")["status"] == "Sent"
    assert truth.mailed(account.state) == []


def digest(account: Account) -> list[tuple[Any, ...]]:
    return list(digest_rows(account.state))


def test_the_digest_does_not_see_ids_order_or_time(account: Account):
    def world(*people: str) -> list[tuple[Any, ...]]:
        fresh = Account(open_state(clock=Clock.standing_at(START)))
        storage.install(fresh.state)
        for email in people:
            fresh.contact(email, dataFields=[{"key": "FIRSTNAME", "value": "N"}])
            fresh.advance(minutes=7)
        fresh.book("Temporary")
        fresh.ok("DELETE", "/v2/address-books/2")
        book = fresh.book("Walkers", *people)
        mailing = bulk_load.campaign(fresh.state, "Spring", "S", "$UNSUB$", "T")
        fresh.ok("POST", "/v2/campaigns/send", {"campaignId": mailing, "addressBookIds": [book]})
        fresh.advance(minutes=1)
        return digest(fresh)

    assert world("a@b.example", "c@b.example") == world("c@b.example", "a@b.example")


def test_the_digest_sees_every_change_of_business_data(account: Account):
    load(account)
    mailing = bulk_load.campaign(account.state, "Spring", "S", "$UNSUB$", "T")
    seen = [digest(account)]
    for method, target, body in (
        ("POST", "/v2/contacts", {"email": "ada@b.example", "dataFields": [{"key": "LASTNAME", "value": "B"}]}),
        ("POST", "/v2/data-fields", {"name": "X", "type": "Date"}),
        ("POST", "/v2/address-books", {"name": "Climbers"}),
        ("POST", "/v2/campaigns/send", {"campaignId": mailing, "addressBookIds": [2]}),
        ("POST", "/v2/address-books/2/contacts/unsubscribe", {"email": "ada@b.example"}),
        ("POST", "/v2/contacts/unsubscribe", {"email": "ada@b.example"}),
    ):
        account.ok(method, target, body)
        account.advance(seconds=10)
        seen.append(digest(account))
    assert all(before != after for before, after in pairwise(seen))


def test_a_mail_sent_twice_counts_twice_in_the_digest(account: Account):
    load(account)
    mailing = bulk_load.campaign(account.state, "Spring", "S", "$UNSUB$", "T")
    for times in (1, 2):
        account.ok("POST", "/v2/campaigns/send", {"campaignId": mailing, "addressBookIds": [2]})
        account.advance(seconds=10)
        assert ("mail", "Spring", "ada@b.example", times) in digest(account)


def test_a_stored_world_finishes_after_reopening_what_it_had_begun(tmp_path: Path):
    first = Account(open_state(tmp_path / "world.db", clock=Clock.standing_at(START)))
    storage.install(first.state)
    started = first.ok("PUT", "/contacts/v3/import", {"contacts": [row("a@b.example")]})
    first.state.db.close()
    again = Account(open_state(tmp_path / "world.db", clock=Clock.standing_at(START)))
    storage.install(again.state)
    again.advance(minutes=1)
    assert again.ok("GET", f"/contacts/v3/import/{started['importId']}")["status"] == "Finished"
    assert again.status("a@b.example") == "Subscribed"
