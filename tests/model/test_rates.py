"""One definition for each rate of a campaign's results."""

from __future__ import annotations

import pytest

from dyntui.model.rates import OF, Counts, delivered, of_each, rates


def test_each_rate_is_a_share_of_what_the_table_says() -> None:
    counts = Counts(sent=1000, delivered=980, opened=490, clicked=98, bounced=20, unsubscribed=49)
    found = rates(counts)
    for name, whole in OF.items():
        part = {"delivery": 980, "open": 490, "click": 98, "click_to_open": 98, "bounce": 20, "unsubscribe": 49}[name]
        assert getattr(found, name) == pytest.approx(part / getattr(counts, whole)), name
    assert set(OF) == set(found.__struct_fields__)


def test_a_rate_of_nobody_is_none() -> None:
    assert {getattr(rates(Counts()), name) for name in OF} == {None}
    unread = rates(Counts(sent=10))
    assert (unread.delivery, unread.bounce, unread.open) == (0.0, 0.0, None)


def test_delivered_is_what_was_sent_and_did_not_bounce() -> None:
    assert delivered(sent=100, hard=3, soft=2) == 95
    assert delivered(sent=1, hard=1, soft=1) == 0


def test_the_bases_are_said_in_words() -> None:
    assert of_each("open", "delivery") == "open: of delivered, delivery: of sent"
    assert of_each("click_to_open") == "click to open: of opened"
