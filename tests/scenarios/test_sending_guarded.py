"""What must not happen to a send: a second one, one that is lost sight of, one that a person left out still gets."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import msgspec
import pytest

from dyntui.model.errors import DyntuiError
from dyntui.model.roles import Ability
from dyntui.service.contract.campaigns import CampaignRow
from dyntui.service.contract.runs import RunRef
from dyntui.service.contract.sends import SendCampaign
from dyntui.service.contract.target_counts import TargetCount
from dyntui.service.permission import CallContext
from dyntui.store import accounts, send_window, sends, watermarks
from dyntui.sync.connections import account_secret
from tests.scenarios.office import Office

Counted = tuple[CampaignRow, TargetCount]


@pytest.mark.parametrize("answer", [("html", 200), ("status", 202), ("status", 524), ("status", 408)])
def test_an_answer_that_nobody_can_read_is_no_refusal(
    office: Office, counted: Counted, answer: tuple[str, int]
) -> None:
    campaign, count = counted
    kind, status = answer
    fault = {"system": "dotdigital", "method": "POST", "route": "^/v2/campaigns/send$", "kind": kind, "status": status}
    office.sandbox.order({**fault, "times": 1})
    sent = office.send(count)
    assert (sent.state, office.detail(sent.run).run.error_code) == ("Failed", "SEND_UNCONFIRMED")
    assert [name for name in office.book_names() if name.startswith("dyntui send")], "it is what a send is found by"
    assert office.mailed(campaign) == []


def test_of_two_who_send_one_count_at_once_one_comes_too_late(office: Office, counted: Counted) -> None:
    campaign, count = counted
    asked = SendCampaign(count=count.id, confirm=count.sendable)

    async def both() -> list[object]:
        calls = [office._sending.send(office.context, asked) for _ in range(2)]
        return list(await asyncio.gather(*calls, return_exceptions=True))

    answers = office.wait(both())
    refused = [each for each in answers if isinstance(each, DyntuiError)]
    assert [each.code in ("COUNT_TAKEN", "ALREADY_RUNNING") for each in refused] == [True]
    office.engine.drain()
    assert len(office.mailed(campaign)) == count.sendable
    with office.db.read() as c:
        account = accounts.accounts(c)[0].id
        assert [each.state for each in send_window.of_campaign(c, account, campaign.id)] == ["Sent"]


def test_whoever_sends_once_more_as_no_answer_came_hears_of_the_send_that_was_made(
    office: Office, counted: Counted
) -> None:
    campaign, count = counted
    hour = office.sandbox.now() + timedelta(hours=2)
    held = office.schedule_send(count, hour)
    # The answer was lost: all that the person sees is that the service went away, and to try again.
    with pytest.raises(DyntuiError) as refused:
        office.schedule_send(count, hour)
    assert refused.value.code == "COUNT_TAKEN" and "Scheduled" in refused.value.message
    assert "Nothing was sent" not in refused.value.not_done and held.id in refused.value.remedy
    office.let_pass(hours=2)
    office.look_at_sends()
    with pytest.raises(DyntuiError) as refused:
        office.send(count)
    assert refused.value.code == "COUNT_TAKEN" and "Sent" in refused.value.message
    assert len(office.mailed(campaign)) == count.sendable


def test_a_send_that_is_being_handed_to_dotdigital_is_not_said_to_be_synchronised(
    office: Office, counted: Counted
) -> None:
    campaign, count = counted
    second = office.count(campaign)
    at = (office.sandbox.now() + timedelta(hours=2)).isoformat()
    office.queue_send(count, handed=True, at=at)
    with pytest.raises(DyntuiError) as refused:
        office.queue_send(second)
    assert refused.value.code == "ALREADY_RUNNING" and "A send of" in refused.value.message


def test_a_count_that_is_older_than_an_hour_is_not_sent_to(office: Office, counted: Counted) -> None:
    campaign, count = counted
    office.wait(office._pass_time(2 * 3600))
    with pytest.raises(DyntuiError, match="COUNT_UNKNOWN"):
        office.send(count)
    assert office.mailed(campaign) == []


def test_nobody_gets_a_campaign_twice_however_often_its_targets_are_counted(office: Office, counted: Counted) -> None:
    campaign, count = counted
    second = office.count(campaign)
    assert office.send(count).state == "Sent"
    with pytest.raises(DyntuiError, match="SEND_NO_RECIPIENTS"):
        office.send(office.count(campaign))
    again = office.send(second)
    assert (again.state, [each.reason for each in again.excluded if each.people == count.sendable]) == (
        "Failed",
        ["ALREADY_SENT"],
    )
    # Nobody is mailed, and the audit has everybody all the same.
    audited = office.people(again.run)
    assert sum(each.reason == "ALREADY_SENT" for each in audited) == count.sendable
    assert office.detail(again.run).run.tally.adds_up and len(audited) == count.potential
    assert len(office.mailed(campaign)) == count.sendable


def test_a_later_send_reaches_those_whom_the_first_one_did_not(office: Office, counted: Counted) -> None:
    campaign, count = counted
    assert office.send(count).state == "Sent"
    leads = office.activated("Open leads with e-mail")
    office.run("lists")
    office.target(campaign, leads.id)
    office.sandbox.switch(dotdigital={"resend_permitted": False})
    refused = office.send(office.count(campaign))
    assert refused.state == "Failed" and "does not permit the send" in refused.error
    assert len(office.mailed(campaign)) == count.sendable
    office.sandbox.switch(dotdigital={"resend_permitted": True})
    more = office.count(campaign)
    shown = {each.address for each in office.count_people(more.id, sendable=True)}
    assert office.send(more).state == "Sent"
    addresses = [mail["address"] for mail in office.mailed(campaign)]
    assert len(addresses) == len(set(addresses)) == count.sendable + len(shown)


def test_a_send_cancelled_before_it_began_is_shown_as_cancelled(office: Office, counted: Counted) -> None:
    campaign, count = counted
    queued = office.queue_send(count)
    office.wait(office._runs.cancel(office.context, RunRef(queued.run)))
    office.engine.drain()
    assert office.send_row(queued.id).state == "Cancelled"
    assert office.mailed(campaign) == []


def test_a_send_cancelled_while_its_book_is_filled_mails_nobody(office: Office, counted: Counted) -> None:
    campaign, count = counted
    queued = office.queue_send(count)

    def cancel() -> None:
        if office.run_of(queued.run).stage == "Gathering the recipients":
            office.cancel(queued.run)

    office.during_sleep = cancel
    office.engine.drain()
    assert office.send_row(queued.id).state == "Cancelled"
    assert office.mailed(campaign) == []
    assert not [name for name in office.book_names() if name.startswith("dyntui send")]


def test_who_may_not_send_may_not_stop_a_send_either(office: Office, counted: Counted) -> None:
    _, count = counted
    queued = office.queue_send(count)

    async def professional(uid: int, *, soon: bool) -> frozenset[Ability]:
        return frozenset({Ability.SEE, Ability.SYNCHRONISE})

    with pytest.raises(DyntuiError, match="NOT_PERMITTED"):
        office.wait(office._runs.cancel(CallContext(1, professional), RunRef(queued.run)))
    office.engine.drain()
    assert office.send_row(queued.id).state == "Sent"


def test_whom_the_platform_would_not_mail_today_is_not_left_in_the_book_for_tomorrow(
    office: Office, counted: Counted
) -> None:
    """Somebody who has yet to confirm might do so while the send is on its way."""
    campaign, count = counted
    somebody = office.count_people(count.id, sendable=True)[0]
    queued = office.queue_send(count)
    left = [somebody.address]

    def ask_to_confirm(run_id: str) -> None:
        run = office.run_of(run_id)
        if left and run.cursor.get("phase") == "prove" and run.stage == "Reading unsubscribes":
            office.unsubscribe(left.pop(), reason="PendingOptIn")

    office.worker._changed = ask_to_confirm
    _, calls = office.calls_between(office.engine.drain)
    sent = office.send_row(queued.id)
    assert (sent.state, sent.sendable, len(office.mailed(campaign))) == ("Sent", count.sendable - 1, count.sendable - 1)
    (person,) = [each for each in office.people(sent.run) if each.person == somebody.person]
    assert person.reason == "PENDING_OPT_IN"
    assert [each["count"] for each in calls if each["route"].endswith("/contacts/delete")] == [1]


def second_account(office: Office, password: str | None = None) -> str:
    with office.db.write() as c:
        first = accounts.accounts(c)[0]
        other = msgspec.structs.replace(first, id=office.resources.ids(), name="Second", is_default=False)
        accounts.put_account(c, other)
    known = office.wait(office.secrets.get(account_secret(first.id)))
    assert known is not None
    office.wait(office.secrets.set(account_secret(other.id), password or known))
    return other.id


def test_the_suppressions_of_every_account_are_read_again_before_a_send(office: Office, counted: Counted) -> None:
    _, count = counted
    other = second_account(office)
    assert office.send(count).state == "Sent"
    with office.db.read() as c:
        assert watermarks.get(c, other, "suppressed-since")


def test_a_send_is_refused_while_another_account_cannot_say_whom_it_suppressed(
    office: Office, counted: Counted
) -> None:
    campaign, count = counted
    second_account(office, "wrong")
    sent = office.send(count)
    assert (sent.state, office.mailed(campaign)) == ("Refused", [])


def test_whoever_settles_a_send_that_is_under_way_is_told_so(office: Office, counted: Counted) -> None:
    _, count = counted
    queued = office.queue_send(count)
    with office.db.write() as c:
        # As its page shows it while dotdigital mails.
        sends.set_state(c, queued.id, "Sending")
    with pytest.raises(DyntuiError) as refused:
        office.settle(queued.id, was_mailed=True)
    assert refused.value.code == "SEND_NOT_IN_DOUBT" and "under way" in refused.value.message
    office.engine.drain()
    with pytest.raises(DyntuiError, match="It is known"):
        office.settle(queued.id, was_mailed=True)
