"""When removals wait for a decision: what the account takes for too many, and what proves nothing."""

from __future__ import annotations

import pytest

from dyntui.model.guard import Limits, guard


@pytest.mark.parametrize(
    ("going", "in_book", "limits", "held"),
    [
        (10, 20, Limits(), False),
        (11, 110, Limits(), False),
        (11, 109, Limits(), True),
        (1, 1000, Limits(people=0, percent=0), True),
        (3, 4, Limits(people=3, percent=0), False),
        (30, 100, Limits(people=0, percent=30), False),
        (31, 100, Limits(people=0, percent=30), True),
        (100, 100, Limits(people=0, percent=100), False),
        (0, 0, Limits(people=0, percent=0), False),
    ],
)
def test_both_limits_of_the_account_have_to_be_exceeded(going: int, in_book: int, limits: Limits, held: bool) -> None:
    assert bool(guard(going, in_book, listed=500, limits=limits)) is held


def test_what_proves_nothing_is_held_whatever_the_limits() -> None:
    wide = Limits(people=1_000_000, percent=100)
    assert guard(1, 10, listed=0, limits=wide) and guard(1, 10, 5, "the listing is doubtful", wide)
