"""How many will bounce, by what the last campaigns came to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dyntui.model.bounce_forecast import Sent, forecast, in_short, in_words


@pytest.mark.parametrize(
    ("sendable", "sent", "never", "before", "expected", "warns"),
    [
        (1000, [Sent(500, 5), Sent(500, 15)], 100, 0, 20, False),
        (1000, [Sent(500, 5), Sent(500, 15)], 100, 50, 69, True),
        (1000, [Sent(200, 30)], 900, 0, 150, True),
        (10, [Sent(99, 50)], 10, 0, 0, False),
        (0, [Sent(1000, 500)], 0, 0, 0, False),
        (5, [Sent(1000, 1000)], 0, 9, 5, True),
        # One of 15 is more than 5 %, and 4.3 % of 15 are less than one.
        (15, [Sent(300, 13)], 15, 0, 1, False),
        (15, [Sent(300, 30)], 15, 0, 2, True),
    ],
)
def test_a_forecast_goes_by_the_last_campaigns_and_by_who_bounced_last_time(
    sendable: int, sent: list[Sent], never: int, before: int, expected: int, warns: bool
) -> None:
    found = forecast(sendable, sent, never, before)
    assert (found.expected, bool(found.warning)) == (expected, warns)


def test_without_a_history_nothing_is_guessed() -> None:
    found = forecast(500, [Sent(40, 20)], 500, 0)
    assert (found.campaigns, found.rate, found.warning) == (0, 0.0, "")
    assert "not known" in in_words(found, 500) and "500 were never mailed" in in_words(found, 500)
    assert in_short(found, 500) == ""
    assert in_short(forecast(1000, [Sent(200, 30)], 0, 0), 1000) == "about 150, 15.0%, too many: send it in waves"
    assert in_short(forecast(15, [Sent(300, 13)], 0, 0), 15) == "about 1, 4.3%"
    assert in_words(forecast(0, [], 0, 0), 0) == ""


@given(
    st.integers(0, 10_000),
    st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 5000)), max_size=10),
    st.integers(0, 10_000),
)
def test_never_more_bounce_than_are_mailed(sendable: int, sent: list[tuple[int, int]], before: int) -> None:
    found = forecast(sendable, [Sent(*each) for each in sent], 0, before)
    assert 0 <= found.expected <= sendable and 0.0 <= found.rate <= 1.0
