"""When a campaign is looked at again, and when it is read from the beginning."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from dyntui.model.late_results import TRIES, Behind, after_news, after_whole, due, next_look

SENT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def looks(days: float) -> int:
    """How often a campaign is looked at in so many days, by a service that runs each hour."""
    looked, number, now = SENT, 0, SENT
    while now < SENT + timedelta(days=days):
        now += timedelta(hours=1)
        if due(SENT, looked, now):
            looked, number = now, number + 1
    return number


def test_a_campaign_is_looked_at_daily_at_first_and_seldom_when_it_is_old() -> None:
    assert due(SENT, None, SENT)
    assert not due(SENT, SENT, SENT + timedelta(hours=12)) and due(SENT, SENT, SENT + timedelta(days=1))
    assert looks(4) in (4, 5)
    assert 20 <= looks(365) <= 30
    late = SENT + timedelta(days=100)
    assert next_look(SENT, late) == late + timedelta(days=25)
    assert next_look(None, late) < late + timedelta(days=1)


def test_what_no_reading_finds_is_left_until_more_is_missing() -> None:
    behind = Behind()
    for number in range(1, TRIES + 1):
        behind = after_whole(behind, {"opens": 2})
        assert (behind.tries, behind.again) == (number, number < TRIES)
    assert after_news(behind, {"opens": 2}) == behind
    assert after_news(behind, {"opens": 1}) == Behind({"opens": 1}, TRIES, False)
    more = after_news(behind, {"opens": 3, "clicks": 1})
    assert more == Behind({"opens": 2}, 0, True)
    assert after_whole(more, {"opens": 2}) == Behind({"opens": 2}, 1, True)
    assert after_whole(more, {}) == Behind() == after_news(behind, {})
