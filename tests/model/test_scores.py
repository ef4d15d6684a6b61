"""Contact scores: what a row of dotdigital comes to, and what is written of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from dyntui.model.scores import (
    ENGAGEMENT,
    LABEL,
    SCORE,
    SCORED_ON,
    SUITABILITY,
    Score,
    differing,
    newest,
    read_score,
    said,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
EARLIER = datetime(2026, 11, 20, 8, tzinfo=UTC)


def read(*values: Any, modified: datetime | None = EARLIER) -> Score | str:
    return read_score("a@x.org", *values, modified, NOW)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((20, 10, 30, "Cool"), (20, 10, 30, "Cool")),
        ((0, 0, 0, "Cold"), (0, 0, 0, "Cold")),
        ((255, 1, 2, None), (255, 1, 2, "")),
        ((20, None, 30, " Cool "), (20, None, 30, "Cool")),
        ((None, None, None, "Hot"), (None, None, None, "Hot")),
    ],
)
def test_a_row_is_read_and_what_it_does_not_say_stays_unsaid(values: Any, expected: Any) -> None:
    found = read(*values)
    assert isinstance(found, Score) and found.scored_on == "2026-11-20T08:00:00Z"
    assert (found.score, found.engagement, found.suitability, found.label) == expected


@pytest.mark.parametrize(
    ("values", "modified", "fault"),
    [
        (("eighty", 1, 2, "Hot"), EARLIER, "score 'eighty'"),
        ((True, 1, 2, "Hot"), EARLIER, "score 'True'"),
        ((20, -1, 2, "Hot"), EARLIER, "engagement '-1'"),
        ((20, 1, 256, "Hot"), EARLIER, "suitability '256'"),
        ((20, 1, 2.5, "Hot"), EARLIER, "suitability '2.5'"),
        ((20, 1, 2, ["Hot"]), EARLIER, "label"),
        ((20, 1, 2, "x" * 101), EARLIER, "label"),
        ((None, None, None, None), EARLIER, "no score"),
        ((20, 1, 2, "Hot"), datetime(2999, 1, 1, tzinfo=UTC), "scored on 2999-01-01T00:00:00Z"),
        ((20, 1, 2, "Hot"), None, "scored on no date"),
    ],
)
def test_what_is_no_score_is_said_and_not_guessed(values: Any, modified: datetime | None, fault: str) -> None:
    found = read(*values, modified=modified)
    assert isinstance(found, str) and found.startswith(fault)


def test_of_several_scores_of_an_address_the_one_worked_out_last_counts_in_any_order() -> None:
    old = Score(address="a@x.org", score=90, scored_on="2026-11-01T00:00:00Z")
    new = Score(address="a@x.org", score=10, scored_on="2026-11-02T00:00:00Z")
    other = Score(address="b@x.org", score=5, scored_on="2026-01-01T00:00:00Z")
    for rows in ([old, new, other], [other, new, old]):
        assert newest(rows) == {"a@x.org": new, "b@x.org": other}


def test_only_what_differs_is_written_and_a_new_date_alone_is_nothing_to_write() -> None:
    score = Score(address="a@x.org", score=35, suitability=30, label="Cool", scored_on="2026-11-20T08:00:00Z")
    there = {SCORE: 20, ENGAGEMENT: 7, SUITABILITY: 30, LABEL: "Cold", SCORED_ON: "2026-11-01T08:00:00Z"}
    found = differing(there, score)
    assert found is not None and found[1] == {SCORE: 35, LABEL: "Cool", SCORED_ON: "2026-11-20T08:00:00Z"}
    assert found[0] == {SCORE: 20, LABEL: "Cold", SCORED_ON: "2026-11-01T08:00:00Z"}
    assert said(*found) == "score 20, now 35; label Cold, now Cool"
    assert differing({**there, **found[1], SCORED_ON: "2020-01-01T00:00:00Z"}, score) is None
    assert said({}, {SCORE: 0}) == "score empty, now 0"
