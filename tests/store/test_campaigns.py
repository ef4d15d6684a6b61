"""Campaigns: headers, targets, and what recipients did."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from dyntui.model.campaigns import Hour, Link
from dyntui.store import accounts, campaign_window, campaigns, recipients, results, staging
from dyntui.store.accounts import EmailAccount
from dyntui.store.campaigns import Header
from dyntui.store.recipients import Activity, Recipient
from dyntui.store.schema import recipient as recipient_table
from dyntui.store.schema import standing
from dyntui.store.staging import Staged
from tests.store.windows import windowed

NOW = "2026-03-01T10:00:00Z"
SPRING = Header(id=1, name="Spring", subject="Boots", status="Unsent", tags=("outdoor", "boots"))
WINTER = Header(id=2, name="winter", subject="Skis", status="Sent", sent_on=NOW)


def test_the_content_of_a_campaign_that_is_not_out_is_that_since_it_was_listed(c: Connection) -> None:
    def content(number: int) -> str:
        found = campaigns.get(c, "a", number)
        return found.body_text if found is not None else "none"

    campaigns.record_headers(c, "a", [SPRING, WINTER], NOW)
    for number in (1, 2):
        campaigns.record_content(c, "a", number, "Hello")
    # Somebody has changed it in dotdigital, and sent it.
    campaigns.record_headers(c, "a", [msgspec.structs.replace(SPRING, status="Sent"), WINTER], NOW)
    assert (content(1), content(2)) == ("", "Hello")
    campaigns.record_content(c, "a", 1, "Hello again")
    campaigns.record_headers(c, "a", [msgspec.structs.replace(SPRING, status="Sent")], NOW)
    assert content(1) == "Hello again"


def test_a_campaign_read_again_keeps_its_results_content_and_row(c: Connection) -> None:
    campaigns.record_headers(c, "a", [msgspec.structs.replace(SPRING, status="Sending")], "2026-01-01T00:00:00Z")
    campaigns.record_summary(c, "a", 1, {"numSent": 12}, NOW)
    campaigns.record_content(c, "a", 1, "Hello")
    campaigns.written(c, "a", [(1, "fingerprint", "row")])
    campaigns.record_headers(c, "a", [msgspec.structs.replace(SPRING, status="Sent")], NOW)
    found = campaigns.get(c, "a", 1)
    assert found is not None
    assert (found.status, found.summary, found.body_text, found.tags) == (
        "Sent",
        {"numSent": 12},
        "Hello",
        ("outdoor", "boots"),
    )
    assert (found.fingerprint, found.row_id, found.read_on, found.results_on) == ("fingerprint", "row", NOW, NOW)
    campaigns.written(c, "a", [(1, "later", "")])
    again = campaigns.get(c, "a", 1)
    assert again is not None
    assert (again.fingerprint, again.row_id) == ("later", "row")


def test_accounts_may_hold_the_same_campaign_id(c: Connection) -> None:
    campaigns.record_headers(c, "a", [SPRING], NOW)
    campaigns.record_headers(c, "b", [WINTER, msgspec.structs.replace(SPRING, name="Other")], NOW)
    assert [(each.account_id, each.name) for each in campaigns.find(c, 1)] == [("a", "Spring"), ("b", "Other")]
    assert [each.id for each in campaigns.all_of(c, "b")] == [1, 2]
    assert campaigns.get(c, "a", 2) is None


def test_sent_campaigns_without_results_are_to_be_read(c: Connection) -> None:
    campaigns.record_headers(c, "a", [SPRING, WINTER], NOW)
    assert campaigns.without_results(c, "a") == [2]
    campaigns.record_summary(c, "a", 2, {}, NOW)
    assert campaigns.without_results(c, "a") == []
    assert campaigns.looked_at(c, "a") == [(2, WINTER.sent_on, NOW)]


def test_campaigns_that_may_have_reached_people_are_read_whatever_their_status(c: Connection) -> None:
    out = ("Sending", "Triggered", "Paused", "Cancelled", "a new one")
    rows = [msgspec.structs.replace(WINTER, id=number, status=status) for number, status in enumerate(out, 10)]
    still_here = ("Unsent", "RequiresSystemApproval", "RequiresSMSApproval", "RequiresWorkflowApproval", "")
    rows += [msgspec.structs.replace(WINTER, id=number, status=status) for number, status in enumerate(still_here, 20)]
    campaigns.record_headers(c, "a", [*rows, msgspec.structs.replace(WINTER, id=30, type="AiTemplate")], NOW)
    assert campaigns.without_results(c, "a") == [10, 11, 12, 13, 14]


def test_campaigns_of_which_more_is_wanted_are_to_be_read_again(c: Connection) -> None:
    account = EmailAccount(id="a", name="A", api_user="u", endpoint="e", region="r1", platform_id=1, reads_roi=False)
    accounts.put_account(c, account)
    campaigns.record_headers(c, "a", [msgspec.structs.replace(WINTER, id=number) for number in (1, 2, 3)], NOW)

    def read() -> list[int]:
        """Who is to be read; then everybody has been."""
        found = campaigns.without_results(c, "a")
        for number in (1, 2, 3):
            campaigns.record_results_read(c, "a", number, NOW, again=False)
        return found

    def own(number: int, level: str) -> None:
        known = campaigns.get(c, "a", number)
        assert known is not None
        campaigns.set_level(c, account, known, level)

    def now(**settings: object) -> None:
        nonlocal account
        account = msgspec.structs.replace(account, **settings)
        accounts.put_account(c, account)

    assert read() == [1, 2, 3]
    own(2, "SUMMARY")
    own(3, "DETAILED")
    assert read() == [] and campaigns.read_at_all(c, "a") == {1, 2, 3}
    now(reads_roi=True)
    assert read() == [1, 3]
    now(sync_level="NONE", reads_clicks=False)
    assert read() == [] and campaigns.read_at_all(c, "a") == {2, 3}
    own(2, "DETAILED")
    own(3, "")
    assert read() == [2] and campaigns.read_at_all(c, "a") == {2}
    now(sync_level="SUMMARY")
    assert read() == [1, 3] and campaigns.read_at_all(c, "a") == {1, 2, 3}


def test_targets_are_a_set(c: Connection) -> None:
    campaigns.record_headers(c, "a", [SPRING], NOW)
    campaigns.change_targets(c, "a", 1, add=["x", "y", "x"])
    campaigns.change_targets(c, "a", 1, add=["y", "z"], remove=["x", "nobody"])
    assert campaigns.targets(c, "a", 1) == ["y", "z"]
    found = campaigns.get(c, "a", 1)
    assert found is not None
    assert found.targets == 2


def test_the_grid_is_newest_first_by_view_and_search(c: Connection) -> None:
    campaigns.record_headers(c, "a", [SPRING, WINTER], NOW)
    campaigns.record_headers(c, "b", [msgspec.structs.replace(WINTER, id=3, status="SENDING")], NOW)

    def ids(**asked: object) -> tuple[list[int], int, int]:
        found = windowed(campaign_window.window, c, **asked)
        return [each.id for each in found.rows], found.matching, found.total

    assert ids() == ([3, 2, 1], 3, 3)
    assert ids(view="sent") == ([3, 2], 2, 2)
    assert ids(view="unsent") == ([1], 1, 1)
    assert ids(account_id="a", search="SKI") == ([2], 1, 2)
    assert ids(sort="name") == ([1, 3, 2], 3, 3)


def recipient(contact_id: int, **more: object) -> Recipient:
    return Recipient(contact_id=contact_id, address=f"p{contact_id}@example.com", sent_on=NOW, **more)  # type: ignore[arg-type]


def test_what_recipients_did_adds_up(c: Connection) -> None:
    rows = [
        recipient(1, opens=3, clicks=1, first_opened=NOW),
        recipient(2, opens=1),
        recipient(3, hard_bounced=True),
        recipient(4, soft_bounced=True, unsubscribed=True),
    ]
    recipients.record_recipients(c, "a", 1, rows)
    recipients.record_recipients(c, "a", 1, [recipient(2, opens=2, clicks=2)])
    recipients.record_recipients(c, "a", 2, [recipient(1, opens=9)])
    found = results.totals(c, "a", 1)
    assert found == results.Totals(
        people=4,
        opened=2,
        opens=5,
        clicked=2,
        clicks=3,
        hard_bounced=1,
        soft_bounced=1,
        unsubscribed=1,
        forwards=0,
        replies=0,
        page_views=0,
    )
    assert recipients.count_recipients(c, "a", 1) == 4
    assert results.totals(c, "a", 99).people == 0


def test_an_event_read_twice_is_one_event(c: Connection) -> None:
    events = [
        Activity(key="1", kind="open", contact_id=1, happened_on="2026-03-01T10:05:00Z"),
        Activity(key="2", kind="click", contact_id=1, happened_on="2026-03-01T10:59:59Z", url="https://x/a"),
        Activity(key="3", kind="click", contact_id=2, happened_on="2026-03-01T11:00:00Z", url="https://x/a"),
        Activity(key="4", kind="click", contact_id=2, happened_on="2026-03-01T11:01:00Z", url="https://x/b"),
    ]
    recipients.record_activity(c, "a", 1, events)
    recipients.record_activity(c, "a", 1, events[1:])
    assert results.hours(c, "a", 1) == [
        Hour(hour="2026-03-01T10:00:00Z", opens=1, clicks=1),
        Hour(hour="2026-03-01T11:00:00Z", opens=0, clicks=2),
    ]
    assert results.links(c, "a", 1) == [
        Link(url="https://x/a", clicks=2, people=2),
        Link(url="https://x/b", clicks=1, people=1),
    ]


def member(person_id: str, address: str) -> Staged:
    return Staged(
        person_id=person_id,
        entity="contact",
        name=f"Name of {person_id}",
        address=address,
        created_on=NOW,
        fields={},
        fingerprint="f",
    )


def test_dynamics_is_told_of_recipients_it_knows_once_until_something_happens(c: Connection) -> None:
    staging.stage(c, "l1", "r", [member("ann", "p1@example.com"), member("twin", "p1@example.com")])
    staging.stage(c, "l2", "r", [member("ann", "p1@example.com")])
    recipients.record_recipients(c, "a", 1, [recipient(1, opens=1), recipient(2, opens=1)])
    news = recipients.unwritten_engagements(c, "a", 1, 10)
    assert [(each.contact_id, each.person_id, each.entity, each.opens) for each in news] == [(1, "ann", "contact", 1)]
    recipients.engagements_written(c, "a", 1, news)
    assert recipients.unwritten_engagements(c, "a", 1, 10) == []
    recipients.record_recipients(c, "a", 1, [recipient(1, opens=1)])
    assert recipients.unwritten_engagements(c, "a", 1, 10) == []
    recipients.record_recipients(c, "a", 1, [recipient(1, opens=2)])
    assert [each.opens for each in recipients.unwritten_engagements(c, "a", 1, 10)] == [2]


def test_what_is_left_out_stays_as_it_is_known_and_who_was_told_of_is_no_news(c: Connection) -> None:
    staging.stage(c, "l1", "r", [member("ann", "p1@example.com"), member("ben", "p2@example.com")])
    recipients.record_recipients(c, "a", 1, [recipient(1, opens=2, first_opened=NOW)])
    told = recipients.unwritten_engagements(c, "a", 1, 10)
    recipients.engagements_written(c, "a", 1, told)
    left_out = ("opens", "first_opened")
    recipients.record_recipients(c, "a", 1, [recipient(1, clicks=1), recipient(2)], left_out=left_out)
    narrow = recipients.unwritten_engagements(c, "a", 1, 10, sends=False)
    assert [(each.contact_id, each.opens, each.first_opened, each.clicks) for each in narrow] == [
        (1, 2, NOW, 1),
        (2, 0, "", 0),
    ]
    recipients.engagements_written(c, "a", 1, narrow)
    assert recipients.unwritten_engagements(c, "a", 1, 10, sends=False) == []
    # Once sends are told as well, who was mailed is news.
    assert [each.contact_id for each in recipients.unwritten_engagements(c, "a", 1, 10)] == [1, 2]


def test_recipients_are_shown_by_what_they_did(c: Connection) -> None:
    staging.stage(c, "l1", "r", [member("ann", "p1@example.com")])
    rows = [
        recipient(1, opens=1, clicks=1),
        recipient(2, opens=1),
        recipient(3),
        recipient(4, hard_bounced=True),
        recipient(5, opens=1, unsubscribed=True),
    ]
    recipients.record_recipients(c, "a", 1, rows)

    def ids(**asked: object) -> tuple[list[int], int, int]:
        found = windowed(results.window, c, account_id="a", campaign_id=1, **asked)
        return [each.contact_id for each in found.rows], found.matching, found.total

    assert ids() == ([1, 2, 3, 4, 5], 5, 5)
    assert ids(kept="opened") == ([1, 2, 5], 3, 5)
    assert ids(kept="clicked") == ([1], 1, 5)
    assert ids(kept="bounced") == ([4], 1, 5)
    assert ids(kept="unsubscribed") == ([5], 1, 5)
    assert ids(kept="unopened") == ([3], 1, 5)
    assert ids(search="P2@", kept="opened") == ([2], 1, 5)
    assert ids(sort="-opens", limit=2, offset=3) == ([3, 4], 5, 5)
    shown = windowed(results.window, c, account_id="a", campaign_id=1, limit=2).rows
    assert [each.name for each in shown] == ["Name of ann", ""]


def test_clients_devices_and_roi_are_counted_by_events_and_people(c: Connection) -> None:
    opened = {"kind": "open", "happened_on": NOW}
    rows = [
        Activity(key="1", contact_id=1, client="Outlook", device="computer", **opened),
        Activity(key="2", contact_id=1, client="Outlook", device="computer", **opened),
        Activity(key="3", contact_id=2, client="Apple Mail", device="phone", **opened),
        Activity(key="4", kind="roi", contact_id=1, happened_on=NOW, url="Order", value="10.5"),
        Activity(key="5", kind="roi", contact_id=1, happened_on=NOW, url="Order", value="2"),
        Activity(key="6", kind="roi", contact_id=2, happened_on=NOW, url="Order", value="NaN"),
        Activity(key="7", kind="roi", contact_id=2, happened_on=NOW, url="Visited", value="yes"),
    ]
    recipients.record_activity(c, "a", 1, rows)
    recipients.record_activity(c, "a", 2, rows[:1])
    assert [(each.name, each.opens, each.people) for each in results.read_with(c, "a", 1, "client")] == [
        ("Outlook", 2, 1),
        ("Apple Mail", 1, 1),
    ]
    assert [(each.name, each.opens) for each in results.read_with(c, "a", 1, "device")] == [
        ("computer", 2),
        ("phone", 1),
    ]
    found = [(each.marker, each.times, each.people, each.total) for each in results.roi(c, "a", 1)]
    assert found == [("Order", 3, 2, "12.5"), ("Visited", 1, 1, "0")]
    # What came of a mail is no open and no click.
    assert [(each.opens, each.clicks) for each in results.hours(c, "a", 1)] == [(3, 0)]


def test_campaigns_are_known_that_were_sent_to_who_has_come_onto_a_list_since(c: Connection) -> None:
    def came(number: int, name: str) -> None:
        row = {"no": number, "scope": 1, "person_id": name, "from_edition": number, "to_edition": 9}
        c.execute(standing.insert().values(**row, address=f"{name}@example.com"))

    def mailed(campaign: int, *names: str) -> None:
        rows = [Recipient(contact_id=each, address=f"{name}@example.com") for each, name in enumerate(names)]
        recipients.record_recipients(c, "a", campaign, rows)

    mailed(1, "ada", "ben")
    mailed(2, "cleo")
    came(1, "ada")
    came(2, "")
    came(3, "cleo")
    assert recipients.met_since(c, "b", 0, 9) == recipients.Met(frozenset(), 3, more=False)
    first = recipients.met_since(c, "a", 0, 2)
    assert (first.campaigns, first.more) == ({1}, True)
    assert recipients.met_since(c, "a", first.last, 2) == recipients.Met(frozenset({2}), 3, more=False)
    assert recipients.met_since(c, "a", 3, 2) == recipients.Met(frozenset(), 3, more=False)
    # The last ones are forgotten, and their numbers given anew.
    c.execute(standing.delete().where(standing.c.no > 1))
    last = recipients.met_since(c, "a", 3, 2).last
    came(2, "ben")
    assert recipients.met_since(c, "a", last, 2) == recipients.Met(frozenset({1}), 2, more=False)
    # Who was told of is not told of once more.
    c.execute(recipient_table.update().where(recipient_table.c.campaign_id == 1).values(written="said"))
    assert recipients.met_since(c, "a", 0, 9) == recipients.Met(frozenset(), 2, more=False)
