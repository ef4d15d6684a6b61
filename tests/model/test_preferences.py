"""Marketing preferences: what becomes of a choice, for every case there is."""

from __future__ import annotations

from itertools import product

import pytest

from dyntui.model.merge import Side
from dyntui.model.preferences import Choice, Said, decide

NONE, YES, NO = Choice.NONE, Choice.YES, Choice.NO
EARLY, LATE = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
IN_DYNAMICS, IN_DOTDIGITAL = Side.DYNAMICS, Side.DOTDIGITAL


@pytest.mark.parametrize(
    ("base", "dynamics", "dotdigital", "choice", "to", "winner"),
    [
        (NONE, Said(), Said(), NONE, None, None),
        (NONE, Said(), Said(YES), YES, IN_DYNAMICS, None),
        (NONE, Said(), Said(NO), NO, IN_DYNAMICS, None),
        (NONE, Said(YES), Said(), YES, IN_DOTDIGITAL, None),
        (YES, Said(), Said(YES), YES, IN_DYNAMICS, None),
        (YES, Said(YES), Said(), YES, IN_DOTDIGITAL, None),
        (YES, Said(YES), Said(YES), YES, None, None),
        (YES, Said(NO), Said(NO), NO, None, None),
        (YES, Said(YES, LATE), Said(NO, EARLY), NO, IN_DYNAMICS, None),
        (YES, Said(NO, EARLY), Said(YES, LATE), NO, IN_DOTDIGITAL, None),
        (NO, Said(YES, LATE), Said(NO, EARLY), YES, IN_DOTDIGITAL, None),
        (NO, Said(YES, EARLY), Said(NO, LATE), NO, IN_DYNAMICS, IN_DOTDIGITAL),
        (NO, Said(YES), Said(NO, LATE), NO, IN_DYNAMICS, IN_DOTDIGITAL),
        (NONE, Said(YES, LATE), Said(NO, EARLY), YES, IN_DOTDIGITAL, IN_DYNAMICS),
        (NONE, Said(YES, EARLY), Said(NO, LATE), NO, IN_DYNAMICS, IN_DOTDIGITAL),
        (NONE, Said(YES), Said(NO), NO, IN_DYNAMICS, IN_DOTDIGITAL),
        (NONE, Said(NO), Said(YES), NO, IN_DOTDIGITAL, IN_DYNAMICS),
        (NONE, Said(YES, LATE), Said(NO), NO, IN_DYNAMICS, IN_DOTDIGITAL),
        (NONE, Said(NO, LATE), Said(YES, LATE), NO, IN_DOTDIGITAL, IN_DYNAMICS),
    ],
)
def test_a_choice_travels_to_the_side_that_does_not_have_it(
    base: Choice, dynamics: Said, dotdigital: Said, choice: Choice, to: Side | None, winner: Side | None
) -> None:
    found = decide(base, dynamics, dotdigital)
    assert (found.choice, found.to, found.winner) == (choice, to, winner)


def test_a_choice_that_nobody_made_is_never_turned_into_one_and_clears_none() -> None:
    sides = [Said(choice, on) for choice, on in product(Choice, ("", EARLY, LATE))]
    for base, dynamics, dotdigital in product(Choice, sides, sides):
        found = decide(base, dynamics, dotdigital)
        made = {dynamics.choice, dotdigital.choice}
        assert found.choice in made
        assert (found.choice is NONE) == (made == {NONE})
        if found.to is not None:
            told = dynamics if found.to is IN_DYNAMICS else dotdigital
            assert found.choice is not told.choice
            # Once told, there is nothing more to do.
            after = Said(found.choice, LATE)
            assert decide(found.choice, after, after).to is None
