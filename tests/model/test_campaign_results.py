"""How much of a campaign's results is read, by the levels and the switches."""

from __future__ import annotations

import pytest

from dyntui.model.campaign_results import LEVELS, Reading, ResultKind, reading, reading_text

ALL = tuple(ResultKind)


@pytest.mark.parametrize(
    ("of_account", "of_campaign", "on", "level", "kinds", "words"),
    [
        ("DETAILED", "", ALL, "DETAILED", ALL, "DETAILED, as the email account says"),
        ("DETAILED", "SUMMARY", ALL, "SUMMARY", (), "SUMMARY, of its own"),
        ("DETAILED", "NONE", ALL, "NONE", (), "NONE, of its own"),
        ("NONE", "DETAILED", ALL, "DETAILED", ALL, "DETAILED, of its own"),
        ("NONE", "", ALL, "NONE", (), "NONE, as the email account says"),
        ("SUMMARY", "", ALL, "SUMMARY", (), "SUMMARY, as the email account says"),
        ("DETAILED", "", ALL[:3], "DETAILED", ALL[:3], "DETAILED without ROI, as the email account says"),
        ("SUMMARY", "DETAILED", ALL[1:3], "DETAILED", ALL[1:3], "DETAILED without sends and opens and ROI, of its own"),
        (
            "DETAILED",
            "",
            (),
            "DETAILED",
            (),
            "DETAILED without sends and opens, clicks, page views and ROI, as the email account says",
        ),
    ],
)
def test_the_campaigns_own_level_counts_and_switches_narrow_what_is_detailed(
    of_account: str,
    of_campaign: str,
    on: tuple[ResultKind, ...],
    level: str,
    kinds: tuple[ResultKind, ...],
    words: str,
) -> None:
    found = reading(of_account, of_campaign, on)
    assert found == Reading(level, kinds, bool(of_campaign))
    assert reading_text(found) == words


def test_a_reading_holds_another_where_nothing_of_that_would_be_missing() -> None:
    every = [reading(level, "", on) for level in LEVELS for on in (ALL, ALL[:2], ALL[2:], ())]
    for one in every:
        for other in every:
            enough = LEVELS.index(one.level) >= LEVELS.index(other.level)
            assert one.holds(other) is (enough and all(kind in one.kinds for kind in other.kinds)), (one, other)
