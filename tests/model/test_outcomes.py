"""The accounting identity and the status a run earns by its counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dyntui.model.outcomes import Outcome, ReasonCount, RunStatus, Tally, status_of, total

counts = st.builds(
    ReasonCount, st.sampled_from(Outcome), st.sampled_from(["", "NO_EMAIL", "SUPPRESSED"]), st.integers(0, 9)
)
tallies = st.builds(Tally, st.integers(0, 50), st.lists(counts, max_size=5).map(tuple))


@pytest.mark.parametrize(
    ("tally", "status"),
    [
        (Tally(), RunStatus.COMPLETED),
        (Tally(3, (ReasonCount(Outcome.ADDED, "", 3),)), RunStatus.COMPLETED),
        (Tally(3, (ReasonCount(Outcome.ADDED, "", 2),)), RunStatus.FAILED),
        (Tally(2, (ReasonCount(Outcome.ADDED, "", 3),)), RunStatus.FAILED),
        (Tally(1, (ReasonCount(Outcome.REJECTED, "BAD_EMAIL", 1),)), RunStatus.COMPLETED_WITH_ERRORS),
        (
            Tally(2, (ReasonCount(Outcome.REJECTED, "X", 1), ReasonCount(Outcome.HELD, "REMOVAL_HELD", 1))),
            RunStatus.HELD,
        ),
        (Tally(1, (ReasonCount(Outcome.EXCLUDED, "NO_EMAIL", 1),)), RunStatus.COMPLETED),
    ],
)
def test_a_run_whose_counts_do_not_add_up_has_failed_whatever_else(tally: Tally, status: RunStatus) -> None:
    assert status_of(tally) is status


@given(st.lists(tallies))
def test_a_total_keeps_every_person_of_every_item(parts: list[Tally]) -> None:
    whole = total(parts)
    assert whole.read == sum(part.read for part in parts)
    assert whole.named == sum(part.named for part in parts)
    for outcome in Outcome:
        assert whole.of(outcome) == sum(part.of(outcome) for part in parts)


@given(st.lists(tallies))
def test_a_total_of_items_that_add_up_adds_up(parts: list[Tally]) -> None:
    if all(part.adds_up for part in parts):
        assert total(parts).adds_up


@given(st.permutations([Tally(1, (ReasonCount(o, "", 1),)) for o in Outcome]))
def test_a_total_reads_the_same_in_whatever_order_the_items_ended(parts: list[Tally]) -> None:
    assert total(parts) == total(sorted(parts, key=repr))
