"""What the simulated audience does with a mail, and how it shows in feeds and totals."""

from typing import Any

import pytest

from dyntui.sandbox.dotdigital import bulk_load, dates

from .conftest import START, Account

HTML = '<a href="https://www.kestrel.example/boots?a=1&amp;b=2">Boots</a> <a href="http://$UNSUB$">x</a>'
PEOPLE = 1500
BEGINNING = "2026-01-01T00:00:00Z"


def everyone(account: Account, people: int = PEOPLE) -> int:
    """Mails a campaign to a book of many people and answers its id."""
    at = dates.milliseconds(START)
    bulk_load.contacts(account.state, (bulk_load.Contact(f"p{n}@b.example", {}, at) for n in range(people)))
    book = bulk_load.book(account.state, "Everyone", (f"p{n}@b.example" for n in range(people)))
    mailing = bulk_load.campaign(account.state, "Spring", "Boots", HTML, "Boots")
    account.ok("POST", "/v2/campaigns/send", {"campaignId": mailing, "addressBookIds": [book]})
    account.advance(seconds=5)
    return mailing


def pages(account: Account, target: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    while True:
        page = account.ok("GET", f"{target}?select=1000&skip={len(rows)}")
        if not page:
            return rows
        rows += page


def test_right_after_the_send_everyone_is_listed_and_nothing_has_happened(account: Account):
    mailing = everyone(account)
    rows = pages(account, f"/v2/campaigns/{mailing}/activities")
    assert len(rows) == PEOPLE
    assert {row["numOpens"] for row in rows} == {0}
    summary = account.ok("GET", f"/v2/campaigns/{mailing}/summary")
    assert (summary["numTotalSent"], summary["numTotalDelivered"], summary["numTotalOpens"]) == (PEOPLE, 0, 0)


def test_after_three_days_shares_are_near_what_the_switches_say(account: Account):
    mailing = everyone(account)
    account.advance(days=4)
    summary = account.ok("GET", f"/v2/campaigns/{mailing}/summary")
    assert summary["numTotalDelivered"] == pytest.approx(0.97 * PEOPLE, rel=0.02)
    assert summary["percentageUniqueOpens"] == pytest.approx(0.38, abs=0.04)
    assert summary["percentageUsersClicked"] == pytest.approx(0.08, abs=0.025)
    assert 0 < summary["numTotalHardBounces"] < 0.03 * PEOPLE


def test_totals_feeds_and_recipients_agree(account: Account):
    mailing = everyone(account)
    account.advance(days=4)
    summary = account.ok("GET", f"/v2/campaigns/{mailing}/summary")
    rows = pages(account, f"/v2/campaigns/{mailing}/activities")
    for total, of_recipient, feed in (
        ("numTotalOpens", "numOpens", "opens"),
        ("numTotalClicks", "numClicks", "clicks"),
        ("numTotalPageViews", "numPageViews", f"page-views/since-date/{BEGINNING}"),
    ):
        events = pages(account, f"/v2/campaigns/{mailing}/{feed}")
        assert summary[total] == sum(row[of_recipient] for row in rows) == len(events) > 0
    assert summary["numTotalUnsubscribes"] == sum(row["unsubscribed"] for row in rows)
    silent = [row for row in rows if row["dateLastOpened"] is None]
    assert all(row["numOpens"] == 0 and row["numClicks"] == 0 for row in silent)
    active = pages(account, f"/v2/campaigns/{mailing}/activities/since-date/{BEGINNING}")
    assert 0 < len(active) < len(rows)


def test_bounces_complaints_and_unsubscribes_suppress_contacts_with_the_date_of_the_event(account: Account):
    account.settings.unsubscribe_share = account.settings.complaint_share = 0.02
    everyone(account)
    account.advance(days=4)
    rows = pages(account, f"/v2/contacts/suppressed-since/{BEGINNING}")
    assert {row["reason"] for row in rows} >= {"HardBounced", "Unsubscribed", "IspComplained"}
    assert all("2026-03-02T09:00" < row["dateRemoved"] < "2026-03-06" for row in rows)
    unsubscribed = pages(account, f"/v2/contacts/unsubscribed-since/{BEGINNING}")
    assert {row["reason"] for row in unsubscribed} == {"Unsubscribed"}


def test_who_leaves_one_list_only_stays_subscribed(account: Account):
    account.settings.list_unsubscribe_share = 0.05
    mailing = everyone(account, 300)
    account.advance(days=4)
    (book,) = account.ok("GET", f"/v2/campaigns/{mailing}/address-books")
    left = account.ok("GET", f"/v2/address-books/{book['id']}/contacts/unsubscribed-since/{BEGINNING}")
    assert len(left) > 3
    members = {row["email"] for row in pages(account, f"/v2/address-books/{book['id']}/contacts")}
    assert members.isdisjoint(row["suppressedContact"]["email"] for row in left)


def test_events_happen_when_the_clock_reaches_them(account: Account):
    mailing = everyone(account)
    seen = []
    for hours in (0.2, 6, 90):
        account.advance(hours=hours)
        seen.append(account.ok("GET", f"/v2/campaigns/{mailing}/summary")["numTotalOpens"])
    assert 0 < seen[0] < seen[1] < seen[2]


def test_a_persons_reactions_depend_on_seed_campaign_and_address_alone(account: Account):
    def reactions(people: int) -> dict[str, Any]:
        fresh = Account(_fresh(account))
        mailing = everyone(fresh, people)
        fresh.advance(days=4)
        rows = pages(fresh, f"/v2/campaigns/{mailing}/activities")
        return {row["email"]: {k: v for k, v in row.items() if k != "contactId"} for row in rows}

    few, many = reactions(100), reactions(400)
    assert few == {email: many[email] for email in few}
    assert any(row["numOpens"] for row in few.values())


def _fresh(account: Account) -> Any:
    from dyntui.sandbox.clock import Clock
    from dyntui.sandbox.dotdigital import storage
    from dyntui.sandbox.state import open_state

    state = open_state(seed=account.state.ids.seed, clock=Clock.standing_at(START))
    storage.install(state)
    return state


def test_late_activity_shows_after_its_date(account: Account):
    account.settings.late_activity_share = 1.0
    account.settings.late_activity_seconds = 86_400 * 5
    mailing = everyone(account, 200)
    account.advance(days=4)
    assert account.ok("GET", f"/v2/campaigns/{mailing}/opens") == []
    account.advance(days=5)
    rows = account.ok("GET", f"/v2/campaigns/{mailing}/opens")
    assert rows
    assert all(row["dateOpened"] < "2026-03-06" for row in rows)


def test_a_scheduled_send_spares_who_unsubscribed_before_it_however_far_the_clock_jumps(account: Account):
    account.settings.unsubscribe_share = 0.5
    mailing = everyone(account, 200)
    (book,) = account.ok("GET", f"/v2/campaigns/{mailing}/address-books")
    second = bulk_load.campaign(account.state, "Summer", "Boots", HTML, "Boots")
    body = {"campaignId": second, "addressBookIds": [book["id"]], "sendDate": "2026-03-10T00:00:00Z"}
    account.ok("POST", "/v2/campaigns/send", body)
    account.advance(days=20)
    gone = {r["suppressedContact"]["email"] for r in pages(account, f"/v2/contacts/unsubscribed-since/{BEGINNING}")}
    early = {
        r["suppressedContact"]["email"]
        for r in pages(account, f"/v2/contacts/unsubscribed-since/{BEGINNING}")
        if r["dateRemoved"] < "2026-03-10"
    }
    second_round = {row["email"] for row in pages(account, f"/v2/campaigns/{second}/activities")}
    assert early
    assert second_round.isdisjoint(early)
    assert gone - early, "some left after the second mail"


def test_clicks_name_links_of_the_campaign_and_feeds_of_one_contact_are_part_of_the_whole(account: Account):
    mailing = everyone(account)
    account.advance(days=4)
    clicks = pages(account, f"/v2/campaigns/{mailing}/clicks")
    assert {click["url"] for click in clicks} == {"https://www.kestrel.example/boots?a=1&b=2"}
    contact = clicks[0]["contactId"]
    own = account.ok("GET", f"/v2/campaigns/{mailing}/activities/{contact}/clicks")
    assert own == [click for click in clicks if click["contactId"] == contact]
    assert account.ok("GET", f"/v2/campaigns/{mailing}/activities/{contact}")["numClicks"] == len(own)


def test_feeds_since_a_date_leave_out_what_came_before(account: Account):
    mailing = everyone(account)
    account.advance(days=4)
    every = pages(account, f"/v2/campaigns/{mailing}/opens")
    since = every[len(every) // 2]["dateOpened"]
    later = pages(account, f"/v2/campaigns/{mailing}/opens/since-date/{since}")
    assert later == [row for row in every if row["dateOpened"] >= since]


def test_replies_are_read_five_at_a_time_and_per_contact_only(account: Account):
    account.settings.reply_share = 1.0
    mailing = everyone(account, 20)
    account.advance(days=4)
    row = next(r for r in account.ok("GET", f"/v2/campaigns/{mailing}/activities") if r["numReplies"])
    (reply,) = account.ok("GET", f"/v2/campaigns/{mailing}/activities/{row['contactId']}/replies")
    assert (reply["fromAddress"], reply["toAddress"]) == (row["email"], account.settings.main_email)
    refused = account.refused("GET", f"/v2/campaigns/{mailing}/activities/{row['contactId']}/replies?select=6")
    assert refused[0] == 400


def test_campaigns_with_activity_are_those_in_which_somebody_did_something_since(account: Account):
    mailing = everyone(account)
    assert account.ok("GET", f"/v2/campaigns/with-activity-since/{BEGINNING}") == []
    account.advance(days=4)
    assert [c["id"] for c in account.ok("GET", f"/v2/campaigns/with-activity-since/{BEGINNING}")] == [mailing]
    assert account.ok("GET", "/v2/campaigns/with-activity-since/2026-03-07T00:00:00Z") == []


def test_the_summary_has_every_field_of_the_service_in_three_flavours(account: Account):
    mailing = everyone(account, 10)
    summary = account.ok("GET", f"/v2/campaigns/{mailing}/summary")
    words = (
        "Opens Clicks PageViews EstimatedForwards Replies HardBounces SoftBounces Unsubscribes IspComplaints MailBlocks"
    )
    expected = {
        f"num{flavour}{word}" for word in [*words.split(), "Sent", "Delivered"] for flavour in ("", "Text", "Total")
    }
    expected |= {"dateSent", "numUniqueOpens", "numUniqueTextOpens", "numTotalUniqueOpens", "numForwards"}
    expected |= {"numTextForwards", "numRecipientsClicked", "revenue", "conversionRate", "assistedRevenue", "numOrders"}
    ratios = "Delivered UniqueOpens Opens Unsubscribes Replies HardBounces SoftBounces UsersClicked ClicksToOpens"
    expected |= {"numAssistedOrders"} | {f"percentage{word}" for word in ratios.split()}
    assert set(summary) == expected
    assert summary["revenue"] == "£0.00"


def test_metrics_show_percentages_of_a_hundred(account: Account):
    mailing = everyone(account)
    account.advance(days=4)
    (row,) = account.ok("GET", "/v2/campaigns/metrics?startDate=2026-03-01&endDate=2026-04-01")
    assert row["campaignId"] == mailing
    assert 90 < row["percentageDelivered"] < 100
