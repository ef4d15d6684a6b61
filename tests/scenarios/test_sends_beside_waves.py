"""A send that is held while another send of its campaign is in waves: it never waits for what nobody is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dyntui.model.errors import DyntuiError
from dyntui.model.waves import Limits, Waves
from dyntui.service.contract.campaigns import CampaignRow
from dyntui.service.contract.sends import SendRow
from dyntui.service.contract.target_counts import TargetCount
from tests.scenarios.office import Office

UNLIMITED = Limits(bounces=100, complaints=100, unsubscribes=100)
# The second wave is to begin a day after the first one.
SLOW = Waves(shares=(10,), pause=24 * 60, limits=UNLIMITED)


@pytest.fixture
def held_beside_waves(office: Office, counted: tuple[CampaignRow, TargetCount]) -> tuple[SendRow, SendRow]:
    """A send that was held until an hour at which another one of its campaign was in waves, and that one."""
    campaign, count = counted
    held = office.schedule_send(count, office.sandbox.now() + timedelta(hours=1))
    whole = office.send_in_waves(office.count(campaign), SLOW)
    office.look_at_sends()
    assert [each.state for each in office.sends_of(whole.id)] == ["Sent"]
    office.let_pass(hours=1, minutes=31)
    office.look_at_sends()
    return held, whole


def test_a_send_that_misses_its_hour_for_the_waves_of_another_one_says_which_and_what_to_do(
    office: Office, held_beside_waves: tuple[SendRow, SendRow]
) -> None:
    held, whole = held_beside_waves
    missed = office.send_row(held.id)
    assert missed.state == "Missed"
    assert f"another send of the campaign is in waves (`dyntui sends show {whole.id}`)" in missed.error
    assert "the service was not running" not in missed.error
    assert f"`dyntui sends release {held.id}`" in missed.error and "Nobody was mailed." in missed.error


def test_a_send_is_not_released_while_another_one_of_its_campaign_is_in_waves_but_after_them(
    office: Office, counted: tuple[CampaignRow, TargetCount], held_beside_waves: tuple[SendRow, SendRow]
) -> None:
    campaign, count = counted
    held, whole = held_beside_waves
    before = office.send_row(held.id)
    with pytest.raises(DyntuiError, match="SEND_IN_WAVES") as refused:
        office.release_send(held.id)
    assert f"dyntui sends show {whole.id}" in refused.value.remedy
    # It was told at once, and nothing was changed.
    assert office.send_row(held.id) == before
    office.let_pass(hours=22, minutes=31)
    office.look_at_sends()
    assert [each.state for each in office.sends_of(whole.id)] == ["Sent", "Sent"]
    office.look_at_sends()
    assert office.send_row(whole.id).state == "Sent"
    # Nobody is left whom the waves did not mail: that has its own name.
    assert office.release_send(held.id).state == "Scheduled"
    office.look_at_sends()
    ended = office.send_row(held.id)
    assert ended.state == "Failed"
    assert {each.reason for each in ended.excluded} >= {"ALREADY_SENT"}
    assert len(office.mailed(campaign)) == count.sendable


def test_two_sends_of_a_campaign_are_never_in_waves_at_once_by_a_release(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, count = counted
    at = office.sandbox.now() + timedelta(hours=1)
    held = office.send_in_waves(count, SLOW, at)
    office.send_in_waves(office.count(campaign), SLOW)
    office.look_at_sends()
    office.let_pass(hours=1, minutes=31)
    office.look_at_sends()
    assert office.send_row(held.id).state == "Missed"
    with pytest.raises(DyntuiError, match="SEND_IN_WAVES"):
        office.release_send(held.id)
    assert office.send_row(held.id).state == "Missed" and office.sends_of(held.id) == []


def test_a_send_is_not_released_while_dotdigital_has_another_one_of_its_campaign(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, count = counted
    held = office.schedule_send(count, office.sandbox.now() + timedelta(hours=1))
    at = office.sandbox.now() + timedelta(days=2)
    handed = office.queue_send(office.count(campaign), at=at.isoformat(), handed=True)
    office.engine.drain()
    assert office.send_row(handed.id).state == "Handed over"
    office.let_pass(hours=1, minutes=31)
    office.look_at_sends()
    missed = office.send_row(held.id)
    assert missed.state == "Missed"
    assert f"dotdigital has another send of the campaign (`dyntui sends show {handed.id}`)" in missed.error
    with pytest.raises(DyntuiError, match="SEND_HANDED_OVER"):
        office.release_send(held.id)
    assert office.send_row(held.id).state == "Missed"
