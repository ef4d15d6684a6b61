"""Results of campaigns, where something is in the way."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from dyntui.model.campaign_results import CountedOnly
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.service.accounts import EmailAccounts
from dyntui.service.contract.accounts import EditAccount
from dyntui.service.contract.campaigns import CampaignRef, CampaignRow, EditCampaign
from dyntui.service.contract.results import RecipientRow, RecipientsQuery
from dyntui.service.contract.runs import RunDetail
from dyntui.service.contract.sends import SendRow
from dyntui.service.contract.target_counts import TargetCount
from dyntui.store.schema import activity
from tests.faults.every_step import EveryStep
from tests.scenarios.office import Office, writes
from tests.scenarios.test_members_and_books import in_dotdigital


@pytest.fixture
def sent(office: Office, counted: tuple[CampaignRow, object]) -> tuple[CampaignRow, SendRow]:
    campaign, count = counted
    sent = office.send(count)  # type: ignore[arg-type]
    office.let_pass(days=3)
    return campaign, sent


def item_of(run: RunDetail, campaign: CampaignRow) -> RunStatus:
    return next(each.status for each in run.items if each.id == str(campaign.id))


def recipients(office: Office, campaign: CampaignRow) -> int:
    asked = RecipientsQuery(id=campaign.id)
    return office.wait(office._results.recipients(office.context, asked)).matching


def test_a_campaign_made_in_dotdigital_stands_in_the_grid_and_in_dynamics(office: Office) -> None:
    office.run("campaigns")
    assert "Copy of Newsletter March 0" not in {each.name for each in office.all_campaigns()}
    office.copy_campaign("Newsletter March", 1)
    run = office.run("campaigns")
    assert run.run.status is RunStatus.COMPLETED
    made = office.campaign_named("Copy of Newsletter March 0")
    rows = office.sandbox.state.db.execute(
        "SELECT dyntui_name, dyntui_subject FROM dv_dyntui_emailcampaign WHERE dyntui_name LIKE '%Newsletter March%'"
    ).fetchall()
    assert made.status == "Unsent" and (made.name, made.subject) in [tuple(each) for each in rows] and len(rows) == 2
    _, calls = office.calls_between(lambda: office.run("campaigns"))
    assert writes(calls) == []


def test_results_that_broke_off_are_read_from_the_beginning_and_delay_no_other_campaign(
    office: Office, sent: tuple[CampaignRow, SendRow]
) -> None:
    campaign, send = sent
    opens = {"system": "dotdigital", "route": f"/campaigns/{campaign.id}/opens", "kind": "status", "status": 400}
    office.sandbox.order(opens)
    broken = office.run("campaigns")
    assert item_of(broken, campaign) is RunStatus.FAILED
    office.sandbox.reset()
    run, calls = office.calls_between(lambda: office.run("campaigns"))
    assert run.run.status is RunStatus.COMPLETED and item_of(run, campaign) is RunStatus.COMPLETED
    assert "/v2/campaigns/{id}/activities" in " ".join(each["route"] for each in calls)
    assert not [each for each in calls if "activities/since-date" in each["route"]]
    assert recipients(office, campaign) == send.sendable


def test_a_recipient_whose_record_was_deleted_in_dynamics_delays_no_other(
    office: Office, sent: tuple[CampaignRow, SendRow]
) -> None:
    campaign, send = sent
    somebody = office.people(send.run, outcome="added")[0]
    office.delete_in_dynamics("contacts", somebody.person)
    run = office.run("campaigns")
    assert item_of(run, campaign) is RunStatus.COMPLETED
    assert recipients(office, campaign) == send.sendable


def test_a_campaigns_row_that_was_deleted_in_dynamics_is_made_anew_for_what_recipients_do(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, count = counted
    office.send(count)
    office.let_pass(hours=1)
    office.run("campaigns")
    (row,) = office.records_where("dyntui_emailcampaign", dyntui_campaignnumber=campaign.id)
    before = len(office.records_where("dyntui_engagement", dyntui_emailcampaignid=row))
    office.delete_in_dynamics("dyntui_emailcampaigns", row)
    office.let_pass(hours=30)
    assert office.run("campaigns").run.status is RunStatus.COMPLETED
    (anew,) = office.records_where("dyntui_emailcampaign", dyntui_campaignnumber=campaign.id)
    # Opened and clicked since; of who has done nothing more the rows stay as they are.
    assert before > 0 and len(office.records_where("dyntui_engagement", dyntui_emailcampaignid=anew)) > 50


def test_rows_that_dynamics_refuses_are_named_in_the_audit_and_in_the_status(
    office: Office, sent: tuple[CampaignRow, SendRow]
) -> None:
    campaign, send = sent
    refuse = {"system": "dataverse", "kind": "status", "status": 400, "times": 1000}
    office.sandbox.order({**refuse, "route": r"dyntui_(emailcampaign|engagement)s?"})
    run = office.run("campaigns")
    assert run.run.status is RunStatus.COMPLETED_WITH_ERRORS, run
    notes = {each.id: each.note for each in run.items if each.status is RunStatus.FAILED}
    assert f"({campaign.id}): " in notes["rows of campaigns"] and "DYNAMICS_REFUSED_ROWS" in run.run.error
    assert recipients(office, campaign) == send.sendable
    office.sandbox.reset()
    assert office.run("campaigns").run.status is RunStatus.COMPLETED


def test_a_recipient_without_a_date_or_an_address_has_had_the_campaign(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    """Somebody else sends the campaign in dotdigital; of its recipients a few rows are odd."""
    campaign, count = counted
    book = office.book_of(office.list_named("Newsletter").id)
    in_dotdigital(office, "POST", "/v2/campaigns/send", {"campaignId": campaign.id, "addressBookIds": [book]})
    office.let_pass(days=1)
    odd = ({"dateSent": "no date"}, {"dateSent": None}, {"dateSent": "0001-01-01T00:00:00Z"}, {"email": None})

    def make_odd(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if not request.url.path.endswith("/activities") or not (rows := answer.json()):
            return answer
        for row, values in zip(rows, odd, strict=False):
            row.update(values)
        return httpx.Response(answer.status_code, headers={"Date": answer.headers["Date"]}, json=rows)

    office.sandbox.doctor(make_odd)
    assert office.run("campaigns").run.status.ended
    mailed = {each["address"] for each in office.mailed(campaign)}
    assert len(mailed) > 100
    # Read once more, nothing that was known of them is lost.
    for _ in range(2):
        left = office.count_people(office.count(campaign).id, sendable=True)
        assert not {each.address for each in left} & mailed and len(left) < count.sendable
        office.run("campaigns", campaigns=(str(campaign.id),))


def test_the_page_of_a_send_and_the_report_say_the_same_rates(
    office: Office, sent: tuple[CampaignRow, SendRow]
) -> None:
    campaign, send = sent
    # dotdigital leaves out of those delivered who was blocked, and tells of people who bounced alone.
    query = "UPDATE dd_recipient SET delivery = 'hard', hard = 1 WHERE delivery = 'blocked'"
    office.sandbox.state.db.execute(query)
    office.run("campaigns")
    report, page = office.report(campaign), office.send_page(send.id).results
    assert page is not None and report.hard_bounces + report.soft_bounces > 0 and report.open_rate
    assert (page.known, page.delivered) == (report.sent, report.delivered)
    named = ("delivery_rate", "open_rate", "click_rate", "click_to_open_rate", "bounce_rate", "unsubscribe_rate")
    assert {name: getattr(page, name) for name in named} == {name: getattr(report, name) for name in named}
    row = office.campaign_named(campaign.name)
    assert (row.open_rate, row.click_rate) == (report.open_rate, report.click_rate)


def test_a_row_that_is_odd_among_the_campaigns_with_news_costs_no_other_its_results(
    office: Office, sent: tuple[CampaignRow, SendRow]
) -> None:
    campaign, send = sent

    def odd(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if "/with-activity-since/" not in request.url.path:
            return answer
        rows = [{"id": "seven", "name": ["odd"]}, *answer.json()]
        return httpx.Response(200, headers={"Date": answer.headers["Date"]}, json=rows)

    office.sandbox.doctor(odd)
    run = office.run("campaigns")
    assert item_of(run, campaign) is RunStatus.COMPLETED and recipients(office, campaign) == send.sendable
    # Nothing is lost: the same is asked again with the next run.
    office.let_pass(hours=30)
    office.run("campaigns")
    assert told(office, campaign) == happened(office, campaign)


@pytest.mark.parametrize("empty", [{}, {"numTotalSent": None}, {"dateSent": "2026-01-01T00:00:00Z"}])
def test_totals_that_are_empty_take_nothing_away(
    office: Office, sent: tuple[CampaignRow, SendRow], empty: dict[str, object]
) -> None:
    campaign, _ = sent
    office.run("campaigns")
    before = office.report(campaign)

    def nothing(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if not request.url.path.endswith(f"/campaigns/{campaign.id}/summary"):
            return answer
        return httpx.Response(200, headers={"Date": answer.headers["Date"]}, json=empty)

    office.sandbox.doctor(nothing)
    run = office.run("campaigns", campaigns=(str(campaign.id),))
    assert item_of(run, campaign) is RunStatus.FAILED
    after = office.report(campaign)
    assert before.sent > 0 and (after.sent, after.open_rate) == (before.sent, before.open_rate)


# As dotdigital, the store and Dynamics call what a recipient does.
NAMES = {"open": "Opened", "click": "Clicked", "page": "Page visited", "roi": "ROI", "reply": "Replied"}


def happened(office: Office, campaign: CampaignRow) -> dict[str, int]:
    """How many events dotdigital shows, by kind."""
    query = "SELECT kind, count(*) FROM dd_event WHERE campaign_id = ? AND applied = 1 GROUP BY kind"
    found = dict(office.sandbox.state.db.execute(query, (campaign.id,)).fetchall())
    return {kind: found.get(kind, 0) for kind in NAMES}


def told(office: Office, campaign: CampaignRow) -> dict[str, int]:
    """How many events the campaign's rows in Dynamics stand for, by kind."""
    query = "SELECT dyntui_name, sum(dyntui_times) FROM dv_dyntui_engagement GROUP BY dyntui_name"
    found = dict(office.sandbox.state.db.execute(query).fetchall())
    return {kind: found.get(f"{name}: {campaign.name}", 0) for kind, name in NAMES.items()}


def kept(office: Office, campaign: CampaignRow) -> dict[str, int]:
    with office.db.read() as c:
        by_kind = select(activity.c.kind, func.count().label("number")).where(activity.c.campaign_id == campaign.id)
        return {row.kind: row.number for row in c.execute(by_kind.group_by(activity.c.kind))}


def test_everything_recipients_did_is_kept_and_told_once_however_late_and_often_killed(
    office: Office, counted: tuple[CampaignRow, TargetCount], monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign, count = counted
    dotdigital = office.sandbox.state.config.dotdigital
    dotdigital.late_activity_share, dotdigital.late_activity_seconds = 0.5, 36 * 3600.0
    dotdigital.reply_share = 0.2
    office.send(count)
    office.let_pass(hours=20)
    killing = EveryStep(monkeypatch)
    with killing.of(office):
        office.run("campaigns")
    assert killing.kills["campaigns"] > 15
    soon = happened(office, campaign)
    assert told(office, campaign) == soon and all(soon.values()), soon
    # A second run finds the totals as they were: a call for them, and nothing is read or written.
    run, calls = office.calls_between(lambda: office.run("campaigns"))
    assert not run.items and not writes(calls), calls
    assert [each for each in calls if each["route"].endswith("/summary")]
    assert not [
        each for each in calls if each["route"].endswith(("/opens", "/activities")) or "since-date" in each["route"]
    ]
    # What dotdigital shows a day and a half after it happened is found, and nothing is there twice.
    office.let_pass(days=3)
    office.run("campaigns")
    late = happened(office, campaign)
    assert all(late[kind] > soon[kind] for kind in ("open", "click", "page"))
    assert told(office, campaign) == late and kept(office, campaign) == {k: v for k, v in late.items() if k != "reply"}
    values = office.sandbox.state.db.execute(
        "SELECT dyntui_value, dyntui_happenedon FROM dv_dyntui_engagement WHERE dyntui_kind = 727000006"
    ).fetchall()
    assert values and all(value.startswith("Order value ") and when for value, when in values)
    replied = (
        "SELECT r.email FROM dd_event e JOIN dd_recipient r USING (campaign_id, contact_id) WHERE e.kind = 'reply'"
    )
    (whose,) = office.sandbox.state.db.execute(f"{replied} AND e.applied = 1").fetchone()
    (reply,) = office.timeline(person=whose, kinds=("replied",))
    assert (reply.where, reply.detail) == (campaign.name, "one reply")
    # Totals do not tell of ROI: the feeds are read once a day all the same.
    office.let_pass(days=1)
    _, calls = office.calls_between(lambda: office.run("campaigns"))
    assert not writes(calls)


ODD = {
    "a time in the year 2999": {"dateSent": "2999-01-01T00:00:00Z", "dateFirstOpened": "9999-12-31T23:59:59-05:00"},
    "a value of another type": {"numOpens": ["many"]},
    "a field that vanished": {"contactId": None},
    "a field nobody knows": {"numDreams": {"vivid": 3}},
}


def test_recipients_that_are_odd_are_named_and_a_feed_that_circles_or_is_empty_is_read_anew(
    office: Office, sent: tuple[CampaignRow, SendRow]
) -> None:
    campaign, send = sent
    how: dict[str, Any] = {"rows": ()}

    def answers(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        path = request.url.path
        if f"/campaigns/{campaign.id}/" not in path or answer.status_code != 200:
            return answer
        rows = answer.json()
        if "/activities" in path:
            if how["rows"] == "empty":
                rows = []
            for row, values in zip(rows, how["rows"] if isinstance(how["rows"], tuple) else (), strict=False):
                row.update(values)
        if "/opens" in path and how["rows"] == "again":
            rows = how.setdefault("page", (rows * 1000)[:1000])
        return httpx.Response(200, headers={"Date": answer.headers["Date"]}, json=rows)

    office.sandbox.doctor(answers)
    for each in ("empty", "again"):
        how["rows"] = each
        run = office.run("campaigns")
        item = next(one for one in run.items if one.id == str(campaign.id))
        said = "lists 0 recipients" if each == "empty" else ""
        assert said in item.note
        assert (f"{campaign.id} pages" in {one.id for one in run.items}) == (each == "again")
        assert office.send_page(send.id).results_on == ""
    how["rows"] = tuple(ODD.values())
    run = office.run("campaigns", campaigns=(str(campaign.id),))
    item = next(one for one in run.items if one.id == str(campaign.id))
    named = office.people(run.run.id, outcome=Outcome.REJECTED.value)
    assert [each.reason for each in named] == ["ODD_ROW", "ODD_ROW"] and item.tally.adds_up
    assert "kept without a time" in item.note and "2999-01-01" in item.note
    assert recipients(office, campaign) == send.sendable


def test_results_count_once_however_numbers_are_written_and_however_often_somebody_is_in_them(
    office: Office, sent: tuple[CampaignRow, SendRow]
) -> None:
    """Numbers and yes or no as texts, nobody's address with what they did, an address that two contacts have."""
    campaign, send = sent
    twice: list[str] = []

    def otherwise(row: dict[str, Any]) -> dict[str, Any]:
        texts = {name: str(each).lower() for name, each in row.items() if isinstance(each, int)}
        return {**row, **texts, **({} if "numOpens" in row else {"email": None})}

    def answers(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if "UpsertMultiple" in request.url.path and b"dyntui_engagement" in request.content:
            keys = [each["@odata.id"] for each in json.loads(request.content)["Targets"]]
            twice.extend(each for each in keys if keys.count(each) > 1)
        if f"/campaigns/{campaign.id}/" not in request.url.path or not isinstance(rows := answer.json(), list):
            return answer
        if "/activities" in request.url.path and rows:
            opened = next((row for row in rows if row["numOpens"]), rows[0])
            rows.append({**opened, "contactId": opened["contactId"] + 100_000, "numOpens": -3})
        return httpx.Response(200, headers={"Date": answer.headers["Date"]}, json=[otherwise(row) for row in rows])

    office.sandbox.doctor(answers)
    run = office.run("campaigns")
    assert run.run.status is RunStatus.COMPLETED and item_of(run, campaign) is RunStatus.COMPLETED
    assert recipients(office, campaign) == send.sendable + 1 and not twice
    truth = {kind: times for kind, times in happened(office, campaign).items() if kind != "reply"}
    assert kept(office, campaign) == truth and truth["open"]

    def in_other_words(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if f"/campaigns/{campaign.id}/" not in request.url.path:
            return answer
        content = re.sub(rb'("date[A-Z][a-z]+":"[^"]*)Z"', rb'\1+00:00"', answer.content)
        return httpx.Response(answer.status_code, headers={"Date": answer.headers["Date"]}, content=content)

    office.sandbox.doctor(in_other_words)
    office.run("campaigns", campaigns=(str(campaign.id),))
    assert kept(office, campaign) == truth
    asked = RecipientsQuery(id=campaign.id, limit=500)
    assert min(each.opens for each in office.wait(office._results.recipients(office.context, asked)).rows) == 0


# The routes by which single events are read, beside the listing of recipients.
FEEDS = {"opens": "/opens", "clicks": "/clicks", "page views": "/page-views", "ROI": "/roi-detail"}


def test_of_a_recipient_whose_results_are_not_read_it_is_not_said_that_they_did_nothing(
    office: Office, sent: tuple[CampaignRow, SendRow]
) -> None:
    campaign, send = sent

    def shown(kept: str = "all") -> list[RecipientRow]:
        asked = RecipientsQuery(id=campaign.id, filter=kept)
        return list(office.wait(office._results.recipients(office.context, asked)).rows)

    def level(name: str) -> None:
        asked = EditCampaign(id=campaign.id, sync_level=name)
        office.wait(office._campaigns.edit(office.context, asked))
        office.run("campaigns")

    level("SUMMARY")
    page, report = office.send_page(send.id), office.report(campaign)
    assert (report.sent, report.unique_opens > 0) == (send.sendable, True)
    assert (page.results_on, page.unread) == (
        "",
        "What each recipient did is not read (SUMMARY, of its own); the report of the campaign has its totals.",
    )
    level("NONE")
    assert office.send_page(send.id).unread == "Nothing of the campaign's results is read (NONE, of its own)."
    level("DETAILED")
    page, report = office.send_page(send.id), office.report(campaign)
    assert page.results is not None and (page.unread, page.results.opened) == ("", report.unique_opens)
    assert all(each.opens_read and each.clicks_read for each in shown()) and 0 < len(shown("unopened")) < len(shown())
    # Who has not opened it by what was read before may have opened it since.
    account = office.list_named("Newsletter").account
    assert any(office.count_shown(campaign=campaign.id, account=account, did="unopened").values())
    level("SUMMARY")
    assert len(shown()) == send.sendable and not any(each.opens_read or each.clicks_read for each in shown())
    assert shown("unopened") == [] and shown("opened")
    assert not any(office.count_shown(campaign=campaign.id, account=account, did="unopened").values())
    level("DETAILED")
    # Of what an account's switches leave out the same is said, and what is read beside it stands there.
    accounts = EmailAccounts(office.resources, office.worker.reconnect)
    office.wait(accounts.edit(office.context, EditAccount(account="Main", reads_clicks=False)))
    results = office.send_page(send.id).results
    assert results is not None and (results.opens_read, results.clicks_read) == (True, False)
    assert all(each.opens_read and not each.clicks_read for each in shown())


def test_of_results_is_read_what_levels_and_switches_say_and_all_of_it_once_more_is_wanted(
    office: Office, sent: tuple[CampaignRow, SendRow]
) -> None:
    campaign, send = sent
    accounts = EmailAccounts(office.resources, office.worker.reconnect)

    def edit(**settings: object) -> None:
        office.wait(accounts.edit(office.context, EditAccount(account="Main", **settings)))  # type: ignore[arg-type]

    def level(of_its_own: str) -> CampaignRow:
        asked = EditCampaign(id=campaign.id, sync_level=of_its_own)
        return office.wait(office._campaigns.edit(office.context, asked))

    def read(**narrowed: tuple[str, ...]) -> tuple[RunDetail, set[str]]:
        run, calls = office.calls_between(lambda: office.run("campaigns", **narrowed))
        routes = " ".join(each["route"] for each in calls if each["system"] == "dotdigital")
        return run, {kind for kind, route in FEEDS.items() if f"{{id}}{route}" in routes}

    edit(reads_opens=False, reads_page_views=False, reads_roi=False)
    run, feeds = read()
    all_of_it = happened(office, campaign)
    assert all(all_of_it[kind] for kind in ("open", "click", "page", "roi")), all_of_it
    assert feeds == {"clicks"} and item_of(run, campaign) is RunStatus.COMPLETED
    assert kept(office, campaign) == {"click": all_of_it["click"]}
    assert told(office, campaign) == dict.fromkeys(NAMES, 0) | {"click": all_of_it["click"]}
    assert recipients(office, campaign) == send.sendable
    page = office.wait(office._campaigns.get(office.context, CampaignRef(campaign.id)))
    assert page.reads == "DETAILED without sends and opens, page views and ROI, as the email account says"
    # Nothing has happened since, and what was switched on is read from the beginning all the same.
    edit(reads_opens=True, reads_page_views=True, reads_roi=True)
    assert read()[1] == set(FEEDS)
    assert told(office, campaign) == all_of_it
    assert kept(office, campaign) == {kind: times for kind, times in all_of_it.items() if kind != "reply"}
    # A level of its own: nothing is read, even where somebody asks, who is told why; then its totals.
    assert level("NONE").sync_level == "NONE"
    office.let_pass(days=2)
    assert not item_in(read()[0], campaign)
    asked, feeds = read(campaigns=(str(campaign.id),))
    assert "NONE, of its own" in item_in(asked, campaign)[0].note and not feeds
    level("SUMMARY")
    assert read()[1] == set()
    level("")
    assert read()[1] == set(FEEDS)


def item_in(run: RunDetail, campaign: CampaignRow) -> list[Any]:
    return [each for each in run.items if each.id == str(campaign.id)]


def whole_readings(calls: list[dict[str, Any]]) -> int:
    """How many pages of recipients were read from the beginning."""
    return sum(each["count"] for each in calls if each["route"].endswith("/activities"))


def test_what_dotdigital_processes_days_late_is_found_at_a_bounded_cost(
    office: Office, counted: tuple[CampaignRow, TargetCount], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Later than the overlap of the feeds, when nobody does anything with the campaign any more."""
    campaign, count = counted
    dotdigital = office.sandbox.state.config.dotdigital
    dotdigital.late_activity_share, dotdigital.late_activity_seconds = 0.5, 6 * 24 * 3600.0
    office.send(count)
    office.let_pass(hours=20)
    _, calls = office.calls_between(lambda: office.run("campaigns"))
    soon, readings, once = happened(office, campaign), 0, whole_readings(calls)
    for day in range(16):
        office.let_pass(days=1)
        if day == 7:
            killing = EveryStep(monkeypatch)
            with killing.of(office):
                office.run("campaigns")
            assert killing.kills["campaigns"] > 15
            continue
        run, calls = office.calls_between(lambda: office.run("campaigns"))
        assert run.run.status is RunStatus.COMPLETED
        readings += whole_readings(calls)
    late = happened(office, campaign)
    assert all(late[kind] > soon[kind] for kind in ("open", "click", "page", "roi")), (soon, late)
    assert kept(office, campaign) == {kind: times for kind, times in late.items() if kind != "reply"}
    assert told(office, campaign) == late
    assert 0 < readings < 9 * once
    # What is complete is not read again.
    office.let_pass(days=10)
    assert not whole_readings(office.calls_between(lambda: office.run("campaigns"))[1])


def test_what_totals_count_and_no_reading_tells_is_named_and_not_looked_for_for_ever(
    office: Office, sent: tuple[CampaignRow, SendRow]
) -> None:
    campaign, _ = sent

    def counts_more(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if not request.url.path.endswith(f"/campaigns/{campaign.id}/summary"):
            return answer
        totals = answer.json()
        more = {
            "numTotalOpens": totals["numTotalOpens"] + 5,
            "numRecipientsClicked": totals["numRecipientsClicked"] + 1,
        }
        return httpx.Response(200, headers={"Date": answer.headers["Date"]}, json=totals | more)

    office.sandbox.doctor(counts_more)
    run, calls = office.calls_between(lambda: office.run("campaigns"))
    (item,), once = item_in(run, campaign), whole_readings(calls)
    assert "counts 5 opens and 1 person who clicked more than it tells of people" in item.note, item.note
    assert "read again from the beginning" in item.note
    # Who looks at the campaign sees it, too.
    said = office.report(campaign).counted_only
    assert said is not None and said.what == "5 opens and 1 person who clicked"
    assert said.looked_for and said.looked_for in item.note
    readings = 0
    for _ in range(20):
        office.let_pass(days=2)
        _, calls = office.calls_between(lambda: office.run("campaigns"))
        readings += whole_readings(calls)
    assert readings == 2 * once
    asked = office.run("campaigns", campaigns=(str(campaign.id),))
    (item,) = item_in(asked, campaign)
    assert "counts 5 opens and 1 person who clicked more" in item.note and "read again" not in item.note
    assert office.report(campaign).counted_only == CountedOnly(what=said.what)
    page = office.wait(office._campaigns.get(office.context, CampaignRef(campaign.id)))
    assert page.counted_only == CountedOnly(what=said.what)


def test_a_campaign_that_goes_on_sending_is_read_again_after_a_reading_broke_off(
    office: Office, sent: tuple[CampaignRow, SendRow]
) -> None:
    """Its status is another one than Sent, and nobody has done anything with it lately."""
    campaign, send = sent

    def goes_on(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if not request.url.path.endswith("/campaigns/filtered"):
            return answer
        rows = [row | ({"status": "Triggered"} if row["id"] == campaign.id else {}) for row in answer.json()]
        return httpx.Response(200, headers={"Date": answer.headers["Date"]}, json=rows)

    office.sandbox.doctor(goes_on)
    opens = {"system": "dotdigital", "route": f"/campaigns/{campaign.id}/opens", "kind": "status", "status": 400}
    for _ in range(2):
        office.sandbox.order(opens)
        assert item_of(office.run("campaigns"), campaign) is RunStatus.FAILED
        office.sandbox.reset()
        office.let_pass(days=20)
    office.run("campaigns")
    assert office.send_page(send.id).results_on
    assert recipients(office, campaign) == send.sendable


def sent_by_others(office: Office, campaign: CampaignRow) -> None:
    """Somebody sends the campaign in dotdigital to the list's address book, and its results are read."""
    book = office.book_of(office.list_named("Newsletter").id)
    in_dotdigital(office, "POST", "/v2/campaigns/send", {"campaignId": campaign.id, "addressBookIds": [book]})
    office.let_pass(days=1)
    office.run("campaigns")


def test_who_was_mailed_at_an_address_has_had_the_campaign_there_whatever_dotdigital_calls_them_now(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, count = counted
    sent_by_others(office, campaign)
    mailed = {each["address"] for each in office.mailed(campaign)}
    assert len(mailed) > 100

    def moved(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if f"/campaigns/{campaign.id}/activities" not in request.url.path:
            return answer
        rows = [row | {"email": f"moved.{row['email']}"} for row in answer.json()]
        return httpx.Response(answer.status_code, headers={"Date": answer.headers["Date"]}, json=rows)

    office.sandbox.doctor(moved)
    run = office.run("campaigns", campaigns=(str(campaign.id),))
    assert item_in(run, campaign)[0].tally.read > 30
    left = {each.address for each in office.count_people(office.count(campaign).id, sendable=True)}
    assert not left & mailed and len(left) < count.sendable


def test_who_has_another_address_in_both_systems_has_had_the_campaign(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, _ = counted
    sent_by_others(office, campaign)
    mailed = {each["address"] for each in office.mailed(campaign)}
    newsletter = office.list_named("Newsletter")
    somebody = next(each for each in office.members(newsletter.id) if each.address in mailed)
    anew = office.moves_in_dotdigital(somebody.address)
    office.change_in_dynamics(somebody.entity, somebody.person, emailaddress1=anew)
    office.run("lists")
    assert anew in {each.address for each in office.members(newsletter.id)}
    left = {each.address for each in office.count_people(office.count(campaign).id, sendable=True)}
    assert anew not in left
    (verdict,) = office.why(anew, campaign.id).verdicts
    assert verdict.reason == "ALREADY_SENT"
    assert any(somebody.address in gate.detail for gate in verdict.gates), verdict.gates


@pytest.mark.parametrize("tells", ["the address it was sent to", "the one of the contact now"])
def test_what_somebody_does_whose_address_has_changed_is_told_of_their_record(
    office: Office, counted: tuple[CampaignRow, TargetCount], tells: str
) -> None:
    campaign, count = counted
    sent = office.send(count)
    office.let_pass(hours=1)
    office.run("campaigns")
    later = (
        "SELECT DISTINCT r.email FROM dd_event e JOIN dd_recipient r USING (campaign_id, contact_id)"
        " WHERE e.applied = 0 AND e.kind = 'open' AND e.campaign_id = ?"
    )
    opens_later = {row[0] for row in office.sandbox.state.db.execute(later, (campaign.id,))}
    newsletter = office.list_named("Newsletter").id
    moved = [each for each in office.members(newsletter) if each.address in opens_later][:3]
    now = {each.address: office.moves_in_dotdigital(each.address) for each in moved}
    for each in moved:
        office.change_in_dynamics(each.entity, each.person, emailaddress1=now[each.address])
    office.run("lists")

    def by_the_contact(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if f"/campaigns/{campaign.id}/" not in request.url.path or not isinstance(rows := answer.json(), list):
            return answer
        rows = [row | {"email": now.get(row["email"], row["email"])} for row in rows]
        return httpx.Response(200, headers={"Date": answer.headers["Date"]}, json=rows)

    if tells == "the one of the contact now":
        office.sandbox.doctor(by_the_contact)
    office.let_pass(days=3)
    run = office.run("campaigns")
    assert len(now) == 3 and told(office, campaign) == happened(office, campaign)
    assert not [each for each in office.people(run.run.id) if each.reason == "UNKNOWN_PERSON"]
    results = office.send_page(sent.id).results
    assert results is not None and results.known == sent.sendable


def test_what_somebody_does_is_not_told_of_who_takes_the_address_they_had(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, count = counted
    office.send(count)
    office.let_pass(hours=1)
    office.run("campaigns")
    later = (
        "SELECT DISTINCT r.email FROM dd_event e JOIN dd_recipient r USING (campaign_id, contact_id)"
        " WHERE e.applied = 0 AND e.kind = 'open' AND e.campaign_id = ?"
    )
    opens_later = {row[0] for row in office.sandbox.state.db.execute(later, (campaign.id,))}
    people = [each for each in office.members(office.list_named("Newsletter").id) if each.outcome is Outcome.UNCHANGED]
    had = [each for each in people if each.address in opens_later][:3]
    takers = [each for each in people if each not in had][:3]
    for each, taker in zip(had, takers, strict=True):
        anew = office.moves_in_dotdigital(each.address)
        office.change_in_dynamics(each.entity, each.person, emailaddress1=anew)
        office.change_in_dynamics(taker.entity, taker.person, emailaddress1=each.address)
    office.run("lists")
    office.let_pass(days=3)
    office.run("campaigns")
    query = "SELECT coalesce(dyntui_contactid, dyntui_leadid) FROM dv_dyntui_engagement WHERE dyntui_address = ?"
    told_of = {
        each.address: {row[0] for row in office.sandbox.state.db.execute(query, (each.address,))} for each in had
    }
    assert len(had) == 3 and told_of == {each.address: {each.person} for each in had}


def test_clicks_that_are_told_without_their_times_get_them_once_those_are_known(
    office: Office, sent: tuple[CampaignRow, SendRow]
) -> None:
    campaign, _ = sent

    def without_clicks(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if f"/campaigns/{campaign.id}/clicks" not in request.url.path:
            return answer
        return httpx.Response(200, headers={"Date": answer.headers["Date"]}, json=[])

    def clicks_told() -> list[tuple[str | None, str | None]]:
        query = "SELECT dyntui_url, dyntui_happenedon FROM dv_dyntui_engagement WHERE dyntui_name = ?"
        return list(office.sandbox.state.db.execute(query, (f"Clicked: {campaign.name}",)).fetchall())

    office.sandbox.doctor(without_clicks)
    office.run("campaigns")
    # When somebody opened the mail says nothing of when they clicked.
    assert clicks_told() and set(clicks_told()) == {(None, None)}
    office.sandbox.doctor(lambda request, answer: answer)
    office.run("campaigns", campaigns=(str(campaign.id),))
    assert all(url and when for url, when in clicks_told())
    _, calls = office.calls_between(lambda: office.run("campaigns", campaigns=(str(campaign.id),)))
    assert not writes(calls)


def test_recipients_who_come_onto_a_list_after_the_results_were_read_are_told_of_at_once(office: Office) -> None:
    def told() -> int:
        query = "SELECT count(*) FROM dv_dyntui_engagement WHERE dyntui_emailcampaignid IS NOT NULL"
        return int(office.sandbox.state.db.execute(query).fetchone()[0])

    office.run("campaigns")
    assert told() == 0
    office.activated("Newsletter")
    office.run("lists")
    office.let_pass(hours=3)
    run = office.run("campaigns")
    assert run.run.status is RunStatus.COMPLETED and run.run.tally.adds_up
    assert told() > 0 and any("come onto a list since" in each.note for each in run.items)
    office.let_pass(hours=3)
    _, calls = office.calls_between(lambda: office.run("campaigns"))
    assert writes(calls) == []
