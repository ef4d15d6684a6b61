"""Campaigns, their sends, and the truth about who was mailed."""

import json
from typing import Any

import pytest

from dyntui.sandbox.dotdigital import bulk_load, truth

from .conftest import Account

HTML = (
    '<p>Hi @FIRSTNAME@ <a href="https://www.kestrel.example/boots?a=1&amp;b=2">Boots</a> <a href="http://$UNSUB$">x</a>'
)


def campaign(account: Account, name: str = "Spring", **more: Any) -> int:
    body = {"name": name, "subject": "Boots", "fromName": "Kestrel", "htmlContent": HTML, "plainTextContent": "Boots"}
    return int(account.ok("POST", "/v2/campaigns", {**body, **more})["id"])


def send(account: Account, campaign_id: int, *books: int, **more: Any) -> str:
    body = {"campaignID": campaign_id, "addressBookIDs": list(books), **more}
    answer = account.call("POST", "/v2/campaigns/send", body)
    assert answer.status == 202, answer.body
    return str(json.loads(answer.body)["id"])


def send_status(account: Account, send_id: str) -> str:
    return str(account.ok("GET", f"/v2/campaigns/send/{send_id}")["status"])


def mailed(account: Account) -> list[str]:
    """By campaigns; mails that ask to confirm an opt-in are none."""
    return [mail["address"] for mail in truth.mailed(account.state) if mail["campaign_id"] is not None]


def test_a_send_goes_from_not_sent_over_sending_to_sent_on_the_clock(account: Account):
    book, mailing = account.book("Walkers", "a@b.example"), campaign(account)
    send_id = send(account, mailing, book)
    assert send_status(account, send_id) == "NotSent"
    account.advance(seconds=1)
    assert send_status(account, send_id) == "Sending"
    assert account.ok("GET", f"/v2/campaigns/{mailing}")["status"] == "Sending"
    account.advance(seconds=2)
    assert send_status(account, send_id) == "Sent"
    assert account.ok("GET", f"/v2/campaigns/{mailing}")["status"] == "Sent"


def test_a_future_send_is_scheduled_and_resolves_its_people_when_it_starts(account: Account):
    book, mailing = account.book("Walkers", "a@b.example", "b@b.example"), campaign(account)
    send_id = send(account, mailing, book, sendDate="2026-03-02T10:00:00Z")
    assert send_status(account, send_id) == "Scheduled"
    account.ok("POST", f"/v2/address-books/{book}/contacts", {"email": "late@b.example"})
    account.ok("POST", "/v2/contacts/unsubscribe", {"email": "a@b.example"})
    account.advance(days=1)
    assert send_status(account, send_id) == "Sent"
    assert mailed(account) == ["b@b.example", "late@b.example"]
    assert {mail["sent_on"] for mail in truth.mailed(account.state)} == {"2026-03-02T10:00:00.000Z"}


def test_nobody_but_subscribed_members_is_mailed_and_each_person_once(account: Account):
    account.settings.suppressed_contacts_leave_books = False
    book = account.book("Walkers", "ok@b.example", "unsub@b.example", "supp@b.example", "list@b.example")
    other = account.book("Climbers", "ok@b.example")
    account.contact("pending@b.example", optInType="VerifiedDouble")
    bulk_load.members(account.state, book, ["pending@b.example"])
    account.ok("POST", "/v2/contacts/unsubscribe", {"email": "unsub@b.example"})
    account.ok("PUT", "/v2/contacts/suppress-contacts", [{"email": "supp@b.example"}])
    account.ok("POST", f"/v2/address-books/{book}/contacts/unsubscribe", {"email": "list@b.example"})
    known = account.ok("GET", "/v2/contacts/ok@b.example")["id"]
    send(account, campaign(account), book, other, contactIDs=[known])
    account.advance(minutes=1)
    account.ok("GET", "/v2/server-time")
    assert mailed(account) == ["ok@b.example"]
    refused = {(one["address"], one["reason"]) for one in truth.attempted_suppressed(account.state)}
    assert refused == {
        ("unsub@b.example", "Unsubscribed"),
        ("supp@b.example", "Suppressed"),
        ("pending@b.example", "PendingOptIn"),
    }


def test_mail_to_people_who_opted_out_in_the_crm_is_booked_as_such(account: Account):
    account.state.opted_out = lambda addresses: {"b@b.example"} & set(addresses)
    send(account, campaign(account), account.book("Walkers", "a@b.example", "b@b.example"))
    account.advance(minutes=1)
    account.ok("GET", "/v2/server-time")
    flags = {mail["address"]: mail["opted_out_at_send"] for mail in truth.mailed(account.state)}
    assert flags == {"a@b.example": False, "b@b.example": True}


def test_a_send_without_recipients_is_refused_and_counted_as_a_violation(account: Account):
    mailing = campaign(account)
    refused = account.refused("POST", "/v2/campaigns/send", {"campaignId": mailing, "addressBookIds": []})
    assert refused == (400, "Error: ERROR_CAMPAIGN_SEND_INVALID")
    assert [one["kind"] for one in truth.violations(account.state)] == ["send_without_recipients"]
    account.advance(hours=1)
    assert account.ok("GET", f"/v2/campaigns/{mailing}")["status"] == "Unsent"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"campaignId": 99, "addressBookIds": [1]}, "ERROR_CAMPAIGN_NOT_FOUND"),
        ({"addressBookIds": [99]}, "ERROR_ADDRESSBOOK_NOT_FOUND"),
        ({"contactIds": [99]}, "ERROR_CONTACT_NOT_FOUND"),
        ({"contactIds": list(range(1, 12))}, "ERROR_CAMPAIGN_SEND_INVALID"),
        ({"addressBookIds": [1], "sendDate": "tomorrow"}, "ERROR_PARAMETER_INVALID"),
    ],
)
def test_what_a_send_names_has_to_exist(account: Account, body: dict[str, Any], code: str):
    status, message = account.refused("POST", "/v2/campaigns/send", {"campaignId": campaign(account), **body})
    assert (status, message.split()[-1]) == (400, code)


def test_sending_twice_is_up_to_the_account(account: Account):
    book, mailing = account.book("Walkers", "a@b.example"), campaign(account)
    for _ in range(2):
        send(account, mailing, book)
        account.advance(minutes=1)
    assert account.ok("GET", f"/v2/campaigns/{mailing}/activities")[0]["dateSent"] == "2026-03-02T09:01:01.000Z"
    assert mailed(account) == ["a@b.example", "a@b.example"]
    account.settings.resend_permitted = False
    refused = account.refused("POST", "/v2/campaigns/send", {"campaignId": mailing, "addressBookIds": [book]})
    assert refused == (400, "Send not permitted at this time. ERROR_CAMPAIGN_SENDNOTPERMITTED")


def test_a_split_test_is_made_of_versions_and_the_one_opened_most_wins(account: Account):
    account.settings.delivered_share = account.settings.open_share = 1.0
    book = account.book("Walkers", *(f"p{n}@b.example" for n in range(6)))
    body = {"name": "A/B", "subjects": ["Warm", "Cold"], "fromNames": ["Kestrel"], "replyAction": "Webmail"}
    body |= {"htmlContents": [HTML], "plainTextContents": ["T $UNSUB$"]}
    answer = account.call("POST", "/v2/campaigns/split-test", body)
    made = json.loads(answer.body)
    assert answer.status == 201
    assert {name: made[name] for name in body} == body
    refused = account.refused("POST", "/v2/campaigns/split-test", {**body, "subjects": ["Warm"]})
    assert refused == (400, "Error: ERROR_CAMPAIGN_INVALID")
    account.ok("POST", "/v2/campaigns/send", {"campaignId": made["id"], "addressBookIds": [book]})
    before = account.ok("GET", f"/v2/campaigns/{made['id']}/split-test")
    assert [version["winningVersion"] for version in before["versions"]] == [False, False]
    account.advance(days=3)
    results = account.ok("GET", f"/v2/campaigns/{made['id']}/split-test")
    assert [version["version"] for version in results["versions"]] == ["Warm", "Cold"]
    assert sum(version["winningVersion"] for version in results["versions"]) == 1
    opened = account.ok("GET", f"/v2/campaigns/{made['id']}/summary")["numTotalUniqueOpens"]
    assert sum(version["resultsActual"] for version in results["versions"]) == opened > 0


def test_an_accepted_send_links_book_and_campaign_at_once(account: Account):
    book, mailing = account.book("Walkers", "a@b.example"), campaign(account)
    assert account.ok("GET", f"/v2/campaigns/{mailing}/address-books") == []
    send(account, mailing, book, sendDate="2030-01-01T00:00:00Z")
    assert [one["id"] for one in account.ok("GET", f"/v2/campaigns/{mailing}/address-books")] == [book]
    assert [one["id"] for one in account.ok("GET", f"/v2/address-books/{book}/campaigns")] == [mailing]


def test_a_segment_can_be_mailed_and_its_members_are_as_of_the_last_refresh(account: Account):
    account.contact("a@b.example", dataFields=[{"key": "POSTCODE", "value": "SW1"}])
    segment = bulk_load.segment(account.state, "London", {"field": "POSTCODE", "equals": "SW1"})
    account.contact("b@b.example", dataFields=[{"key": "POSTCODE", "value": "SW1"}])
    assert account.members(segment) == ["a@b.example"]
    started = account.call("POST", f"/v2/segments/refresh/{segment}")
    assert (started.status, json.loads(started.body)["status"]) == (202, "NotStarted")
    account.advance(seconds=5)
    assert account.ok("GET", f"/v2/segments/refresh/{segment}")["status"] == "Finished"
    assert account.ok("GET", "/v2/segments") == [{"id": segment, "name": "London", "contacts": 2}]
    send(account, campaign(account), segment)
    account.advance(minutes=1)
    account.ok("GET", "/v2/server-time")
    assert mailed(account) == ["a@b.example", "b@b.example"]


# -- campaigns -------------------------------------------------------------------------------------------------------


def test_lists_of_campaigns_leave_the_content_out_and_a_single_one_has_it(account: Account):
    mailing = campaign(account)
    assert account.ok("GET", "/v2/campaigns")[0]["htmlContent"] is None
    assert account.ok("GET", f"/v2/campaigns/{mailing}")["htmlContent"] == HTML


def test_a_sent_campaign_is_read_only_and_its_copy_is_not(account: Account):
    book, mailing = account.book("Walkers", "a@b.example"), campaign(account)
    send(account, mailing, book)
    account.advance(minutes=1)
    body = {"name": "New", "subject": "S", "fromName": "K", "htmlContent": HTML, "plainTextContent": "T"}
    assert account.refused("PUT", f"/v2/campaigns/{mailing}", body) == (400, "Error: ERROR_CAMPAIGN_READONLY")
    copy = account.ok("POST", f"/v2/campaigns/{mailing}/copy")
    assert (copy["name"], copy["status"]) == ("Copy of Spring", "Unsent")
    assert account.ok("PUT", f"/v2/campaigns/{copy['id']}", body)["name"] == "New"


def test_a_campaign_needs_an_unsubscribe_link(account: Account):
    body = {"name": "N", "subject": "S", "fromName": "K", "htmlContent": "<p>", "plainTextContent": "T"}
    assert account.refused("POST", "/v2/campaigns", body) == (400, "Error: ERROR_CAMPAIGN_INVALID")


def test_filters_combine_and_all_tags_have_to_match(account: Account):
    for name, tags, kind in (("A", ["x", "y"], "Standard"), ("B", ["x"], "Standard"), ("C", ["x", "y"], "Triggered")):
        bulk_load.campaign(account.state, name, "S", HTML, "T", tags=tags, kind=kind)

    def names(query: str) -> list[str]:
        return [one["name"] for one in account.ok("GET", f"/v2/campaigns/filtered?{query}")]

    assert names("~tags=x&~tags=Y") == ["A", "C"]
    assert names("~type=Standard&~statuses=Unsent&~statuses=Sent") == ["A", "B"]
    assert names("~sentDate=2026-01-01T00:00:00Z") == []


def test_a_deleted_campaign_is_gone_but_not_while_it_is_being_sent(account: Account):
    book, mailing = account.book("Walkers", "a@b.example"), campaign(account)
    send(account, mailing, book)
    assert account.refused("DELETE", f"/v2/campaigns/{mailing}") == (400, "Error: ERROR_CAMPAIGN_READONLY")
    account.advance(minutes=1)
    assert account.call("DELETE", f"/v2/campaigns/{mailing}").status == 204
    assert account.refused("GET", f"/v2/campaigns/{mailing}") == (404, "Error: ERROR_CAMPAIGN_NOT_FOUND")
