"""A month that is over in a moment: an hour, sixty people, a list of each of two email accounts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.month.month import Asked, play


@pytest.mark.thorough
def test_hours_left_alone_with_movement_faults_and_two_ends_of_the_service_break_no_promise(tmp_path: Path) -> None:
    kinds = ("suppressions", "address-books", "lists")
    asked = Asked(people=60, lists=2, accounts=2, days=0.05, moves=10_000, faults=30, rest=0, watch=15.0, kinds=kinds)
    ended, told = play(asked, tmp_path)
    assert not ended.broken, (ended.broken, told)
    assert ended.moves > 20 and ended.runs["suppressions"] > 6 and ended.compared > 5
