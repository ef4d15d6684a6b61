"""When something is done again, whatever the clocks have shown meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dyntui.model.moments import due_again, to_come

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("last", "again"),
    [
        (None, True),
        (NOW - DAY, True),
        (NOW - DAY + timedelta(seconds=1), False),
        (NOW, False),
        # Clocks that differ a little.
        (NOW + timedelta(minutes=59), False),
        (NOW + timedelta(hours=2), True),
        (NOW + 400 * DAY, True),
    ],
)
def test_what_is_done_daily_is_done_again(last: datetime | None, again: bool) -> None:
    assert due_again(last, NOW, DAY) is again


@given(st.timedeltas(-1000 * DAY, 1000 * DAY), st.timedeltas(timedelta(), 100 * DAY))
def test_nothing_waits_longer_than_it_may_but_for_clocks_that_differ_a_little(ago: timedelta, every: timedelta) -> None:
    last = NOW + ago
    assert due_again(last, NOW, every) or NOW < last + every <= NOW + every + timedelta(hours=1)
    assert not to_come(last, NOW) or due_again(last, NOW, every)
