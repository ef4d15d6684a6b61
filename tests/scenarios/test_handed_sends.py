"""Sends that dotdigital has and mails later: at a date that was handed over, or after a split test."""

from __future__ import annotations

import functools
from datetime import timedelta

import httpx
import msgspec
import pytest

from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome
from dyntui.model.split_tests import SplitTest
from dyntui.model.waves import Waves
from dyntui.service.contract.campaigns import CampaignRow
from dyntui.service.contract.lists import EditList
from dyntui.service.contract.results import CampaignReport
from dyntui.service.contract.target_counts import TargetCount
from dyntui.store import handed_sends
from dyntui.sync import platform_send
from tests.scenarios.office import Office
from tests.scenarios.test_members_and_books import in_dotdigital
from tests.scenarios.test_strangers import on_the_list
from tests.scenarios.watching import Watched


def test_until_its_hour_whoever_opts_out_leaves_the_book_of_a_send_that_dotdigital_has(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, count = counted
    now = office.sandbox.now()
    for wrong in (
        {"handed": True},
        {"handed": True, "at": (now + timedelta(minutes=5)).isoformat()},
        {"handed": True, "at": (now + timedelta(hours=5)).isoformat(), "waves": Waves()},
        {"split": SplitTest()},
    ):
        with pytest.raises(DyntuiError, match=r"SEND_(AT|WAVES|SPLIT)_INVALID"):
            office.queue_send(count, **wrong)
    (list_id,) = [each.id for each in count.lists]
    office.edit(EditList(id=list_id, clear_on_send=True))
    at = now + timedelta(hours=20)
    queued = office.queue_send(count, handed=True, at=at.isoformat())
    assert (queued.state, queued.handed_for[:16]) == ("Queued", at.isoformat()[:16])
    office.engine.drain()
    sent = office.send_row(queued.id)
    assert (sent.state, sent.standing, sent.error) == ("Handed over", "Handed to dotdigital", "")
    handing = office.detail(sent.run).run
    assert (handing.status.value, handing.tally.read) == ("Completed", sent.potential)
    assert [run.title for run in office.coming().runs if run.sync_type == "send"] == [f"Send: {campaign.name}"]
    with pytest.raises(DyntuiError, match="SEND_HANDED_OVER"):
        office.queue_send(office.count(campaign))
    # Somebody opts out in each system; what the watch learns takes them out within minutes.
    opts_out, unsubscribes, leaves, late = office.count_people(count.id, sendable=True)[:4]
    watched = Watched(office)
    watched.until(office.sandbox.now() + timedelta(minutes=5))
    office.change_in_dynamics("contact", opts_out.person, donotbulkemail=1)
    office.unsubscribe(unsubscribes.address)
    watched.until(office.sandbox.now() + timedelta(minutes=5))
    assert [each.id for each in office.look_at_sends()] == [sent.id]
    book = _in_book(office, sent.id)
    assert not {opts_out.address, unsubscribes.address} & book and leaves.address in book
    # Of the others every source is asked before the hour: nobody has watched since.
    joins = min(office.records_where("contact", donotemail=0, statecode=0) - on_the_list(office, list_id))
    office.join(list_id, [joins])
    office.run("lists", lists=(list_id,))
    office.leave(list_id, [leaves.person])
    # It is dotdigital's clock that says when its hour is.
    office.behind = timedelta(minutes=10)
    office.let_pass(seconds=(at - office.sandbox.now()).total_seconds() - 30 * 60)
    for turn in range(12):
        if turn == 10:
            office.change_in_dynamics("contact", late.person, donotemail=1)
        office.let_pass(minutes=2, seconds=30)
        office.look_at_sends()
    assert late.address not in _in_book(office, sent.id)
    office.let_pass(minutes=10)
    office.look_at_sends()
    ended = office.send_row(sent.id)
    assert (ended.state, ended.doubt, ended.sendable) == ("Sent", "", sent.sendable - 3)
    mailed = [mail["address"] for mail in office.mailed(campaign)]
    assert len(mailed) == len(set(mailed)) == ended.sendable
    assert not any(mail["opted_out_at_send"] or mail["suppressed_at_send"] for mail in office.mailed(campaign))
    assert on_the_list(office, list_id) == {joins}, "the list is cleared of those whom the send was to"
    people = {each.person: each for each in office.people(sent.run)}
    assert len(people) == ended.potential
    assert [people[each.person].reason for each in (opts_out, unsubscribes, late)] == [
        "DO_NOT_BULK_EMAIL",
        "SUPPRESSED",
        "DO_NOT_EMAIL",
    ]
    assert {each.address for each in people.values() if each.outcome is Outcome.ADDED} == set(mailed)


def test_what_dotdigital_has_is_taken_back_by_emptying_its_book_and_a_person_says_what_became_of_it(
    office: Office, counted: tuple[CampaignRow, TargetCount], monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign, count = counted
    at = (office.sandbox.now() + timedelta(hours=3)).isoformat()
    sent = office.queue_send(count, handed=True, at=at)
    office.engine.drain()
    taken_back = office.cancel_send(sent.id)
    assert (taken_back.state, taken_back.doubt, "outbox" in taken_back.standing) == ("Cancelled", "emptied", True)
    office.let_pass(hours=4)
    assert [each.id for each in office.look_at_sends()] == [sent.id], "somebody has to say what became of it"
    assert not office.mailed(campaign)
    assert not office.count(campaign).sendable
    assert office.settle(sent.id[:8].upper(), was_mailed=False).decision == "not mailed"
    assert office.look_at_sends() == []
    assert office.count(campaign).sendable == count.sendable
    # Cancelled in dotdigital itself before its hour it reached nobody either.
    at = (office.sandbox.now() + timedelta(hours=3)).isoformat()
    again = office.queue_send(office.count(campaign), handed=True, at=at)
    office.engine.drain()
    office.sandbox.control.post("/cancel-send", json={"campaign": campaign.id}).raise_for_status()
    office.let_pass(hours=2, minutes=30)
    assert office.look_at_sends() == []
    ended = office.send_row(again.id)
    assert (ended.state, ended.doubt) == ("Cancelled", "")
    # What somebody takes back while dotdigital is asked how it ended stays taken back, and its list as it is.
    (list_id,) = [each.id for each in count.lists]
    office.edit(EditList(id=list_id, clear_on_send=True))
    on_it = on_the_list(office, list_id)
    for said, name in (("cancelled", "Trade news"), ("sent", "Spring leads offer")):
        campaign = office.campaign_named(name)
        office.target(campaign, list_id)
        at = (office.sandbox.now() + timedelta(hours=3)).isoformat()
        under_way = office.queue_send(office.count(campaign), handed=True, at=at)
        office.engine.drain()
        if said == "cancelled":
            office.sandbox.control.post("/cancel-send", json={"campaign": campaign.id}).raise_for_status()

        async def taken_back_meanwhile(*_: object, send: str = under_way.id, says: str = said) -> str:
            with office.db.write() as c:
                handed_sends.taken_back(c, send, "Taken back by Ann")
            return says

        office.let_pass(hours=3, minutes=5)
        with monkeypatch.context() as patched:
            patched.setattr(platform_send, "state", taken_back_meanwhile)
            office.look_at_sends()
        kept = office.send_row(under_way.id)
        assert (kept.state, kept.doubt, kept.error) == ("Cancelled", "emptied", "Taken back by Ann")
        assert on_the_list(office, list_id) == on_it
        office.settle(under_way.id, was_mailed=said == "sent")


def test_a_send_that_dotdigital_has_is_looked_after_though_the_book_of_its_list_is_gone(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, count = counted
    at = office.sandbox.now() + timedelta(hours=3)
    queued = office.queue_send(count, handed=True, at=at.isoformat())
    office.engine.drain()
    (list_id,) = [each.id for each in count.lists]
    opts_out = office.count_people(count.id, sendable=True)[0]
    in_dotdigital(office, "DELETE", f"/v2/address-books/{office.book_of(list_id)}")
    office.change_in_dynamics("contact", opts_out.person, donotbulkemail=1)
    for _ in range(50):
        office.let_pass(minutes=5)
        office.look_at_sends()
    ended = office.send_row(queued.id)
    mailed = {mail["address"] for mail in office.mailed(campaign)}
    assert (ended.state, ended.sendable) == ("Sent", count.sendable - 1) and opts_out.address not in mailed
    people = office.people(ended.run)
    assert {each.address for each in people if each.outcome is Outcome.ADDED} == mailed
    notes = [
        item.note for run in office.audit().rows if run.kind == "hand-over" for item in office.detail(run.id).items
    ]
    assert any(note.startswith("the address book of Newsletter is gone") for note in notes)


def test_the_rest_of_a_split_test_is_mailed_the_winner_without_those_who_opt_out_meanwhile(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    _, before = counted
    campaign = office.campaign_named("Sleeping bags A/B")
    office.target(campaign, *(each.id for each in before.lists))
    count = office.count(campaign)
    split = SplitTest(metric="Clicks", percentage=30, hours=5)
    sent = office.queue_send(count, split=split)
    office.engine.drain()
    under_way = office.send_row(sent.id)
    assert (under_way.state, under_way.standing, under_way.split) == ("Handed over", "Split test under way", split)
    office.let_pass(minutes=30)
    office.look_at_sends()
    tested = {mail["address"] for mail in office.mailed(campaign)}
    assert 0 < len(tested) < count.sendable / 2
    sendable = {each.address: each for each in office.count_people(count.id, sendable=True)}
    waiting = sorted(set(sendable) - tested)
    after_the_mail, before_it = sendable[min(tested)], sendable[waiting[0]]
    office.change_in_dynamics("contact", after_the_mail.person, donotbulkemail=1)
    office.change_in_dynamics("contact", before_it.person, donotbulkemail=1)
    for _ in range(60):
        office.let_pass(minutes=5)
        office.look_at_sends()
    ended = office.send_row(sent.id)
    assert (ended.state, ended.doubt) == ("Sent", "")
    mails = office.mailed(campaign)
    mailed = {mail["address"] for mail in mails}
    assert len(mails) == len(mailed) == ended.sendable
    assert after_the_mail.address in mailed and before_it.address not in mailed
    people = {each.person: each for each in office.people(sent.run)}
    assert people[before_it.person].reason == "DO_NOT_BULK_EMAIL"
    assert {each.address for each in people.values() if each.outcome is Outcome.ADDED} == mailed
    office.run("campaigns")
    report = office.report(campaign)
    assert report.split_metric == "Clicks" and [each.name for each in report.versions] == ["Version A", "Version B"]
    assert [each.won for each in report.versions].count(True) == 1
    assert msgspec.json.decode(msgspec.json.encode(report), type=CampaignReport) == report
    # What nobody can read of its versions keeps none of its other results from being read.
    for odd in ({"versions": [None, {"version": 5}]}, [1], None):
        office.sandbox.doctor(functools.partial(_instead, "/split-test", odd))
        run = office.run("campaigns", campaigns=(str(campaign.id),))
        report = office.report(campaign)
        assert (run.run.status.value, report.sent, report.versions) == ("Completed", len(mailed), ())
    office.sandbox.doctor(functools.partial(_instead, "/summary", {"numTotalSent": 7, "revenue": 12.5}))
    office.run("campaigns", campaigns=(str(campaign.id),))
    assert office.report(campaign).sent == 7


def test_a_campaign_is_shown_as_sent_as_soon_as_a_send_that_dotdigital_had_has_ended(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, count = counted
    sent = office.queue_send(count, handed=True, at=(office.sandbox.now() + timedelta(hours=2)).isoformat())
    office.engine.drain()
    for _ in range(36):
        office.let_pass(minutes=5)
        office.look_at_sends()
    assert office.send_row(sent.id).state == "Sent"
    assert office.campaign_named(campaign.name).status == "Sent"


def _instead(path: str, body: object, request: httpx.Request, answer: httpx.Response) -> httpx.Response:
    if not request.url.path.endswith(path):
        return answer
    return httpx.Response(200, headers={"Date": answer.headers["Date"]}, json=body)


def test_what_fails_while_dotdigital_has_a_send_keeps_nobody_in_its_book_and_ends_no_send(
    office: Office, counted: tuple[CampaignRow, TargetCount], monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign, count = counted
    unread = {"system": "dotdigital", "method": "GET", "kind": "status", "status": 500, "times": 1000}
    at = office.sandbox.now() + timedelta(hours=20)
    # The answer about the date fails when dotdigital has it already: it is looked after all the same.
    office.sandbox.order({**unread, "route": r"/v2/campaigns/send/"})
    sent = office.queue_send(count, handed=True, at=at.isoformat())
    office.engine.drain()
    office.sandbox.reset()
    assert office.send_row(sent.id).state == "Handed over"
    assert office.detail(sent.run).run.status.value == "Failed"
    office.let_pass(minutes=2)
    # What keeps the service from looking after it at all is named in the audit, and told to whoever has a console open.
    with monkeypatch.context() as patched:
        patched.setattr("dyntui.service.handed_sends._take", lambda *_: 1 // 0)
        office.look_at_sends()
    failed = office.audit().rows[0]
    assert (failed.kind, failed.title, failed.error_code) == ("hand-over", campaign.name, "INTERNAL_ERROR")
    office.look_at_sends()
    assert office.send_row(sent.id).sendable == sent.sendable
    # What is known leaves the book although another source cannot be read, and however late it shows that they left.
    office.sandbox.switch(dotdigital={"removal_lag_seconds": 30.0})
    opts_out = office.count_people(count.id, sendable=True)[0]
    watched = Watched(office)
    watched.until(office.sandbox.now() + timedelta(minutes=5))
    office.change_in_dynamics("contact", opts_out.person, donotbulkemail=1)
    watched.until(office.sandbox.now() + timedelta(minutes=5))
    office.sandbox.order({**unread, "route": "suppressed-since"})
    office.look_at_sends()
    office.sandbox.reset()
    assert opts_out.address not in _in_book(office, sent.id)
    # It ends once, whatever Dynamics says of its row: not as failed, which would free its people for another one.
    office.sandbox.control.post("/cancel-send", json={"campaign": campaign.id}).raise_for_status()
    office.sandbox.order({"system": "dataverse", "route": "dyntui_campaignsend", "kind": "status", "status": 403})
    office.let_pass(hours=19, minutes=10)
    office.look_at_sends()
    ended = office.send_row(sent.id)
    assert (ended.state, ended.doubt) == ("Cancelled", "")
    assert _in_book(office, sent.id)


@pytest.mark.parametrize("split", [False, True])
def test_a_send_whose_campaign_somebody_deletes_while_dotdigital_has_it_ends_and_asks_a_person(
    office: Office, counted: tuple[CampaignRow, TargetCount], split: bool
) -> None:
    """Once everybody was mailed, or between the halves of a split test: with the campaign goes what tells whom."""
    campaign, count = counted
    if split:
        campaign = office.campaign_named("Sleeping bags A/B")
        office.target(campaign, *(each.id for each in count.lists))
        count = office.count(campaign)
        sent = office.queue_send(count, split=SplitTest(metric="Clicks", percentage=30, hours=5))
        office.engine.drain()
        office.let_pass(minutes=30)
        assert 0 < len(office.mailed(campaign)) < count.sendable
        office.sandbox.state.db.execute("PRAGMA foreign_keys=OFF")
        office.sandbox.state.db.execute("DELETE FROM dd_campaign WHERE id = ?", (campaign.id,))
    else:
        at = office.sandbox.now() + timedelta(hours=2)
        sent = office.queue_send(count, handed=True, at=at.isoformat())
        office.engine.drain()
        office.let_pass(hours=2, minutes=1)
        assert len(office.mailed(campaign)) == count.sendable
        office.let_pass(minutes=1)
        in_dotdigital(office, "DELETE", f"/v2/campaigns/{campaign.id}")
    for _ in range(11 if split else 3):
        office.let_pass(minutes=31)
        office.look_at_sends()
    ended = office.send_row(sent.id)
    assert (ended.state, ended.doubt) == (("Cancelled", "cancelled") if split else ("Sent", "stopped"))
    assert f"settle {sent.id}" in ended.error and ("was deleted" in ended.error) is split
    looked = [run for run in office.audit(limit=100).rows if run.kind == "hand-over"]
    assert len(looked) < 10 and {run.status.value for run in looked} == {"Completed"}


def _in_book(office: Office, send_id: str) -> set[str]:
    query = (
        "SELECT c.email FROM dd_book b JOIN dd_member m ON m.book_id = b.id JOIN dd_contact c ON c.id = m.contact_id"
        " WHERE b.name = ?"
    )
    return {row[0] for row in office.sandbox.state.db.execute(query, (f"dyntui send {send_id}",))}
