"""Lists that are cleared once a campaign was sent to them."""

from __future__ import annotations

from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.service.contract.campaigns import CampaignRow, TargetCount
from dyntui.service.contract.lists import EditList
from tests.scenarios.office import Office
from tests.scenarios.test_strangers import on_the_list


def test_the_list_is_emptied_after_the_send_its_people_are_recorded_and_leave_the_book(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, count = counted
    newsletter = office.list_named("Newsletter")
    office.edit(EditList(id=newsletter.id, clear_on_send=True))
    before = on_the_list(office, newsletter.id)
    sent = office.send(office.count(campaign))
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
