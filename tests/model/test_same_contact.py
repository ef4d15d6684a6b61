from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dyntui.model.same_contact import is_the_same

BEFORE, THEN, AFTER = (datetime(2026, 3, day, tzinfo=UTC) for day in (1, 2, 3))


@pytest.mark.parametrize(
    ("made_on", "known_id", "same"),
    [
        (BEFORE, 7, True),
        (THEN, 7, True),
        # Made anew with the id that it had.
        (AFTER, 7, False),
        # Made anew with an id of its own.
        (BEFORE, 6, False),
        (BEFORE, 0, True),
        (AFTER, 0, False),
        (None, 7, False),
    ],
)
def test_a_contact_is_the_one_that_opted_out_by_its_id_and_as_it_was_there_then(
    made_on: datetime | None, known_id: int, same: bool
) -> None:
    assert is_the_same(7, made_on, known_id, "2026-03-02T00:00:00Z") is same


def test_a_contact_is_nobody_who_opted_out_at_a_time_that_nobody_knows() -> None:
    assert not is_the_same(7, BEFORE, 7, "")
