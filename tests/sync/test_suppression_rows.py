"""Since when rows that somebody wrote in Dynamics ask for a suppression."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dyntui.sync.suppression_rows import Added
from dyntui.sync.suppressions import asked_on

NOW = datetime(2026, 11, 28, tzinfo=UTC)
SUBSCRIBED_AGAIN = "2026-11-01T00:00:00Z"


def row(key: str, changed_on: datetime | None) -> Added:
    return Added(row=key, address="Ann <ann@example.org>", changed_on=changed_on)


@pytest.mark.parametrize("when", [None, datetime(1, 1, 1, tzinfo=UTC), datetime(1900, 1, 1), datetime(9999, 12, 31)])
def test_a_row_whose_date_cannot_be_read_asks_for_it_whatever_came_later(when: datetime | None) -> None:
    assert asked_on([row("1", when)], NOW)["ann@example.org"] > SUBSCRIBED_AGAIN


def test_of_several_rows_for_one_address_the_latest_counts_in_any_order() -> None:
    before, after = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC)
    assert asked_on([row("1", before)], NOW)["ann@example.org"] < SUBSCRIBED_AGAIN
    for rows in ([row("1", before), row("2", after)], [row("2", after), row("1", before)]):
        assert asked_on(rows, NOW)["ann@example.org"] > SUBSCRIBED_AGAIN
