"""When and how a campaign is sent, as it is chosen in the wizard."""

from __future__ import annotations

import time

import pytest

from dyntui.service.contract.sends import SendCampaign

from .driving import driving
from .worlds import CAMPAIGN, Opening


async def test_a_time_in_the_hour_that_comes_twice_stays_as_it_is_where_nothing_is_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TZ", "Europe/Stockholm")
    time.tzset()
    async with driving(Opening("targeted", prepare=lambda service: service.stays())) as hand:
        await hand.to("3", CAMPAIGN)
        await hand.press("w", "n", "n", "n", "E", "enter")
        await hand.type("2027-10-31 01:30Z")
        await hand.press("enter")
        assert "02:30 (01:30 UTC)" in hand.text
        # Somebody looks what stands there, and takes it.
        await hand.press("enter", "enter")
        assert "02:30 (01:30 UTC)" in hand.text
        await hand.press("G", "enter", "n", "n", "enter")
        (asked,) = hand.asked("campaigns.send")
        assert isinstance(asked, SendCampaign) and asked.at == "2027-10-31T01:30:00Z"
