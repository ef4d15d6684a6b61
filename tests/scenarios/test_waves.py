"""Sends in waves: each with its own people, stopped by results or by a person, and everybody named."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome
from dyntui.model.waves import Limits, Waves
from dyntui.service.budgets import BudgetUseCases
from dyntui.service.contract.budgets import Budgets, BudgetsOf, TypeNeed
from dyntui.service.contract.campaigns import CampaignRow
from dyntui.service.contract.sends import SendRow
from dyntui.service.contract.target_counts import TargetCount
from dyntui.store import sends as send_store
from tests.scenarios.office import Office

UNLIMITED = Limits(bounces=100, complaints=100, unsubscribes=100)


def everybody_named(office: Office, whole: SendRow, campaign: CampaignRow) -> dict[str, str]:
    """By person the reason why they were left out, `""` for those mailed; what dotdigital mailed is just those."""
    people = office.people(whole.run)
    assert len(people) == whole.potential == len({each.person for each in people})
    assert office.detail(whole.run).run.tally.adds_up
    mailed = [mail["address"] for mail in office.mailed(campaign)]
    assert len(mailed) == len(set(mailed)) == whole.mailed == whole.sendable
    assert set(mailed) == {each.address for each in people if each.outcome is Outcome.ADDED}
    assert not any(mail["opted_out_at_send"] or mail["suppressed_at_send"] for mail in office.mailed(campaign))
    return {each.person: each.reason for each in people}


def of_sends(shown: Budgets) -> list[TypeNeed]:
    """What sends need of each limit."""
    found = [[each for each in row.types if each.kind == "send"] for row in shown.forecasts]
    assert all(len(each) == 1 for each in found)
    return [each for of_limit in found for each in of_limit]


def test_a_send_goes_out_in_waves_and_whoever_opts_out_between_them_is_not_mailed(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, count = counted
    at = office.sandbox.now() + timedelta(hours=1)
    whole = office.send_in_waves(count, Waves(shares=(10, 30), limits=UNLIMITED), at)
    assert (whole.state, whole.waves.words if whole.waves else "") == ("Scheduled", "10 %, 30 %, the rest")
    budgets = BudgetUseCases(office.resources, run_here=True)
    shown = office.wait(budgets.show(office.context, BudgetsOf()))
    # Three waves are to come; no send has been made yet that would tell what they need.
    assert {(each.runs, each.calls) for each in of_sends(shown)} == {(3, None)}
    assert any("have not run yet" in note and note.endswith(": Sends.") for note in shown.notes), shown.notes
    (list_id,) = [each.id for each in count.lists]
    joins = office.count_people(count.id, reason="NO_EMAIL")[0]
    office.change_in_dynamics("contact", joins.person, emailaddress1="late.joiner@example.org")
    office.let_pass(hours=1)
    office.look_at_sends()
    (first,) = office.sends_of(whole.id)
    people = count.sendable + 1
    assert (first.state, first.sendable, first.standing) == ("Sent", people // 10, "Wave 1 of 3: Sent")
    with pytest.raises(DyntuiError, match="SEND_IN_WAVES"):
        office.send(office.count(campaign))
    # Nothing goes out before the pause is over, and between two waves somebody opts out on each side.
    office.look_at_sends()
    office.let_pass(minutes=50)
    (between,) = office.look_at_sends()
    assert (between.state, between.wave, between.mailed) == ("In waves", 1, first.sendable)
    shown = office.wait(budgets.show(office.context, BudgetsOf()))
    assert {each.runs for each in of_sends(shown)} == {2} and all(each.all > 10 for each in of_sends(shown))
    had = {mail["address"] for mail in office.mailed(campaign)}
    mailable = [each for each in office.count_people(count.id) if not each.reason and each.person != joins.person]
    here, there, leaves = [each for each in mailable if each.address not in had][-3:]
    office.change_in_dynamics("contact", here.person, donotemail=1)
    office.sandbox.control.post("/unsubscribe", json={"address": there.address}).raise_for_status()
    office.leave(list_id, [leaves.person])
    for _ in range(4):
        office.let_pass(minutes=30)
        office.look_at_sends()
    ended = office.send_row(whole.id)
    assert (ended.state, ended.wave, len(office.sends_of(whole.id))) == ("Sent", 3, 3)
    reasons = everybody_named(office, ended, campaign)
    assert ended.sendable == people - 3
    assert [reasons[each.person] for each in (here, there, leaves)] == ["DO_NOT_EMAIL", "SUPPRESSED", "LEFT_LIST"]
    assert reasons[joins.person] == "" and office.look_at_sends() == []
    # Everybody has had it.
    assert office.count(campaign).sendable == 0


def test_waves_stop_by_what_comes_back_or_by_a_person_and_the_rest_can_be_sent(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, count = counted
    settings = {"dotdigital": {"delivered_share": 0.4, "hard_bounce_share": 0.6}}
    office.sandbox.control.post("/settings", json=settings).raise_for_status()
    whole = office.send_in_waves(count, Waves(shares=(10, 30)))
    office.look_at_sends()
    office.let_pass(minutes=59)
    (between,) = office.look_at_sends()
    assert between.state == "In waves"
    # It has missed nothing: what came back is waited for all the same.
    with pytest.raises(DyntuiError, match="SEND_NOT_MISSED"):
        office.release_send(whole.id)
    (between,) = office.look_at_sends()
    assert (between.state, len(office.sends_of(whole.id))) == ("In waves", 1)
    office.let_pass(minutes=3)
    assert office.look_at_sends() == []
    stopped = office.send_row(whole.id)
    assert stopped.state == "Stopped" and "bounces" in stopped.error
    assert stopped.sendable == stopped.mailed == count.sendable // 10
    reasons = everybody_named(office, stopped, campaign)
    assert list(reasons.values()).count("WAVE_STOPPED") == count.sendable - stopped.sendable
    assert office.detail(stopped.run).run.error_code == "WAVES_STOPPED"
    # Its page, by the run as well: the waves, the forecast beside the fact, and what came back of those mailed.
    page = office.send_page(stopped.run)
    assert page.send == stopped and [each.wave for each in page.waves] == [1] and page.stop == stopped.error
    (counted,) = [each.people for each in page.counted if each.outcome is Outcome.ADDED]
    (sent,) = [each.people for each in page.people if each.outcome is Outcome.ADDED]
    assert (counted, sent) == (count.sendable, stopped.sendable)
    assert sum(each.people for each in page.counted) == sum(each.people for each in page.people)
    office.run("campaigns")
    came_back = office.send_page(stopped.id).results
    assert came_back is not None and came_back.mailed == stopped.mailed and came_back.known == stopped.mailed
    assert came_back.hard_bounced > 0
    wave = office.send_page(page.waves[0].id)
    assert wave.whole is not None and wave.whole.id == stopped.id and wave.results == came_back
    # The rest, by other waves: somebody stops while the first of them is under way.
    settings = {"dotdigital": {"delivered_share": 0.97, "hard_bounce_share": 0.01}}
    office.sandbox.control.post("/settings", json=settings).raise_for_status()
    rest = office.count(campaign)
    again = office.send_in_waves(rest, Waves(shares=(50,), limits=UNLIMITED))
    office.wait(office.send_timer.look())
    assert office.cancel_send(again.id).state == "Stopped"
    office.engine.drain()
    assert office.look_at_sends() == [] and len(office.mailed(campaign)) == stopped.sendable
    # Away for longer than half an hour after the pause: a person says what is to be done.
    last = office.send_in_waves(office.count(campaign), Waves(shares=(50,), limits=UNLIMITED))
    office.look_at_sends()
    office.look_at_sends()
    office.let_pass(minutes=100)
    (missed,) = office.look_at_sends()
    assert (missed.state, missed.wave) == ("Missed", 1)
    office.release_send(missed.id)
    office.look_at_sends()
    office.look_at_sends()
    everybody = office.send_row(last.id)
    assert everybody.state == "Sent"
    addresses = [mail["address"] for mail in office.mailed(campaign)]
    assert len(addresses) == len(set(addresses)) >= everybody.sendable + stopped.sendable


def test_waves_of_which_nobody_is_left_are_not_called_sent(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, count = counted
    whole = office.send_in_waves(count, Waves(shares=(50,), pause=20, limits=UNLIMITED))
    # Somebody says that this is not production, where nobody is on the allow list.
    office.environment(production=False)
    for _ in range(3):
        office.look_at_sends()
        office.let_pass(minutes=20)
    ended = office.send_row(whole.id)
    assert (ended.state, ended.sendable, ended.mailed) == ("Stopped", 0, 0), ended
    assert "may be mailed" in ended.error and office.detail(ended.run).run.remedy
    reasons = set(everybody_named(office, ended, campaign).values())
    assert "NOT_ALLOW_LISTED" in reasons and "" not in reasons


def test_the_next_wave_is_not_said_to_go_out_before_somebody_says_whom_the_last_one_reached(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, count = counted
    whole = office.send_in_waves(count, Waves(shares=(50,), pause=20, limits=UNLIMITED))
    office.look_at_sends()
    (first,) = office.sends_of(whole.id)
    with office.db.write() as c:
        send_store.put_doubt(c, first.id, "stopped", "It says Sent, and shows fewer people.")
    for _ in range(4):
        office.let_pass(minutes=20)
        office.look_at_sends()
    missed = office.send_row(whole.id)
    assert missed.state == "Missed" and f"settle {first.id}" in missed.error
    with pytest.raises(DyntuiError) as refused:
        office.release_send(whole.id)
    assert refused.value.code == "SEND_UNSETTLED" and f"settle {first.id}" in refused.value.remedy
    assert office.send_row(whole.id).state == "Missed"
    office.settle(first.id, was_mailed=True)
    office.release_send(whole.id)
    office.look_at_sends()
    office.look_at_sends()
    ended = office.send_row(whole.id)
    assert ended.state == "Sent"
    everybody_named(office, ended, campaign)
