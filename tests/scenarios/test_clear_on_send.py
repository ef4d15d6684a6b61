"""Lists that are cleared once a campaign was sent to them."""

from __future__ import annotations

import asyncio
import concurrent.futures
from datetime import timedelta

import pytest

from dyntui.dataverse import membership
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.model.waves import Waves
from dyntui.service.contract.campaigns import CampaignRow
from dyntui.service.contract.lists import EditList
from dyntui.service.contract.target_counts import TargetCount
from tests.scenarios.office import Office
from tests.scenarios.test_strangers import on_the_list
from tests.thorough import keeping


def test_the_list_is_emptied_after_the_send_its_people_are_recorded_and_leave_the_book(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, count = counted
    newsletter = office.list_named("Newsletter")
    office.edit(EditList(id=newsletter.id, clear_on_send=True))
    before = on_the_list(office, newsletter.id)
    # Nor is anything forgotten because the answer is lost, again and again.
    lost = {"system": "dataverse", "route": "RemoveListMembersList", "kind": "drop_after", "times": 1000}
    office.sandbox.order(lost)
    sent = office.send(office.count(campaign))
    office.sandbox.reset()
    assert sent.state == "Sent" and len(office.mailed(campaign)) == count.sendable
    assert before and on_the_list(office, newsletter.id) == set()
    run = office.detail(sent.run)
    (cleared,) = [item for item in run.items if item.kind == "cleared"]
    assert run.run.tally.adds_up and cleared.tally.of(Outcome.REMOVED) == len(before)
    assert {each.person for each in office.people(sent.run, item=cleared.id)} == before
    # Meant, and so nothing is held, although the list came back empty.
    after = office.run("lists", lists=(newsletter.id,))
    assert after.run.status is RunStatus.COMPLETED and office.held() == ()
    assert office.in_book(newsletter.id) == set()
    joined = sorted(before)[:3]
    office.join(newsletter.id, joined)
    assert office.run("lists", lists=(newsletter.id,)).run.tally.adds_up
    assert on_the_list(office, newsletter.id) == set(joined)
    # The list serves the next campaign, with its new people alone.
    office.copy_campaign(campaign.name, 1)
    office.run("campaigns")
    following = office.campaign_named(f"Copy of {campaign.name} 0")
    office.target(following, newsletter.id)
    count = office.count(following)
    assert count.potential == len(joined) and count.sendable > 0
    assert office.send(count).state == "Sent" and len(office.mailed(following)) == count.sendable
    assert on_the_list(office, newsletter.id) == set()


def test_a_list_stays_as_it_is_unless_its_setting_says_otherwise(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    _, count = counted
    newsletter = office.list_named("Newsletter")
    before = on_the_list(office, newsletter.id)
    sent = office.send(count)
    assert sent.state == "Sent" and on_the_list(office, newsletter.id) == before
    assert all(item.kind != "cleared" for item in office.detail(sent.run).items)


@pytest.mark.parametrize("handed", keeping([False, True], True))
def test_a_list_that_cannot_be_cleared_is_named_and_keeps_neither_another_nor_the_send_from_its_end(
    handed: bool, office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, count = counted
    newsletter = office.list_named("Newsletter")
    other = office.new_list(name="Other", member_type="contact").row
    office.join(other.id, [each.person for each in office.count_people(count.id, sendable=True)[:3]])
    office.activated("Other")
    office.target(campaign, other.id)
    for each in (newsletter.id, other.id):
        office.edit(EditList(id=each, clear_on_send=True))
    office.run("lists")
    office.change_in_dynamics("list", newsletter.id, lockstatus=1)
    before, now = on_the_list(office, newsletter.id), office.sandbox.now()
    how = {"handed": True, "at": (now + timedelta(hours=2)).isoformat()} if handed else {}
    queued = office.queue_send(office.count(campaign), **how)
    office.engine.drain()
    for _ in range(40 if handed else 0):
        office.let_pass(minutes=5)
        office.look_at_sends()
    sent = office.send_row(queued.id)
    assert (sent.state, len(office.mailed(campaign))) == ("Sent", sent.sendable)
    assert on_the_list(office, newsletter.id) == before and on_the_list(office, other.id) == set()
    runs = [office.detail(run.id) for run in office.audit().rows if run.kind in ("send", "hand-over")]
    cleared = {item.name: (item.status, item.note) for run in runs for item in run.items if item.kind == "cleared"}
    assert cleared["Newsletter: cleared"][0] is RunStatus.FAILED and "is locked" in cleared["Newsletter: cleared"][1]
    assert cleared["Other: cleared"][0] is RunStatus.COMPLETED
    assert {run.run.status for run in runs} <= {RunStatus.COMPLETED, RunStatus.COMPLETED_WITH_ERRORS}


def test_a_list_that_is_not_to_be_cleared_any_more_when_an_interrupted_run_goes_on_leaves_nothing_open(
    office: Office, counted: tuple[CampaignRow, TargetCount], monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign, _ = counted
    newsletter = office.list_named("Newsletter")
    office.edit(EditList(id=newsletter.id, clear_on_send=True))
    before = on_the_list(office, newsletter.id)
    queued = office.queue_send(office.count(campaign))

    async def killed(*_: object, **__: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patched, pytest.raises(concurrent.futures.CancelledError):
        patched.setattr(membership, "remove_members", killed)
        office.engine.drain()
    office.edit(EditList(id=newsletter.id, clear_on_send=False))
    office.engine.drain()
    sent = office.send_row(queued.id)
    run = office.detail(sent.run)
    assert (sent.state, run.run.status) == ("Sent", RunStatus.COMPLETED)
    assert on_the_list(office, newsletter.id) == before


def small_list(office: Office, campaign: CampaignRow, people: list[str]) -> str:
    """A list that is cleared after a send, the campaign's only target."""
    small = office.new_list(name="Small", member_type="contact").row
    office.join(small.id, people)
    office.activated("Small")
    office.target(campaign, small.id)
    office.untarget(campaign, office.list_named("Newsletter").id)
    office.edit(EditList(id=small.id, clear_on_send=True))
    office.run("lists", lists=(small.id,))
    return small.id


@pytest.mark.parametrize("waves", [None, Waves(shares=(50,), pause=10)])
def test_who_joins_after_the_count_was_not_mailed_and_stays_on_a_list_that_is_cleared(
    waves: Waves | None, office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, count = counted
    *members, joins = [each.person for each in office.count_people(count.id, sendable=True)[:5]]
    small = small_list(office, campaign, members)
    queued = office.queue_send(office.count(campaign), **({} if waves is None else {"waves": waves}))
    if waves is not None:
        office.look_at_sends()
    office.join(small, [joins])
    office.engine.drain()
    for _ in range(4 if waves is not None else 0):
        office.let_pass(minutes=10)
        office.look_at_sends()
    assert (office.send_row(queued.id).state, len(office.mailed(campaign))) == ("Sent", len(members))
    assert on_the_list(office, small) == {joins}


def test_a_list_is_cleared_after_waves_of_which_the_last_has_nobody_left(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, count = counted
    members = [each.person for each in office.count_people(count.id, sendable=True)[:4]]
    small = small_list(office, campaign, members)
    whole = office.send_in_waves(office.count(campaign), Waves(shares=(50,), pause=10))
    office.look_at_sends()
    had = {mail["address"] for mail in office.mailed(campaign)}
    for each in office.count_people(office.count(campaign).id, sendable=True):
        office.change_in_dynamics("contact", each.person, donotemail=1)
    for _ in range(4):
        office.let_pass(minutes=10)
        office.look_at_sends()
    assert office.send_row(whole.id).state == "Sent" and len(had) == len(office.mailed(campaign)) == 2
    assert on_the_list(office, small) == set()
    # Who was taken off is named by the run of the wave of which nobody was left.
    last = office.detail(office.sends_of(whole.id)[-1].run)
    (cleared,) = [item for item in last.items if item.kind == "cleared"]
    assert (cleared.status, cleared.tally.of(Outcome.REMOVED)) == (RunStatus.COMPLETED, len(members))
    assert {each.person for each in office.people(last.run.id, item=cleared.id)} == set(members)
