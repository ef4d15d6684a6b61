from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.choice.cover import Measured, chosen

NAMES = [f"tests/test_{file}.py::test_{n}" for file in "abc" for n in range(4)]
BRANCHES = st.frozensets(st.integers(0, 12), max_size=8)
TESTS = st.lists(st.tuples(st.floats(0, 5), BRANCHES), max_size=len(NAMES)).map(
    lambda each: [
        Measured(name, seconds, sum(1 << branch for branch in run))
        for name, (seconds, run) in zip(NAMES, each, strict=False)
    ]
)


def _branches(tests: list[Measured]) -> int:
    run = 0
    for each in tests:
        run |= each.branches
    return run.bit_count()


@given(TESTS, st.floats(0, 1), st.sets(st.sampled_from(NAMES)))
def test_the_share_of_the_branches_is_run_and_a_test_of_every_file(
    tests: list[Measured], share: float, always: set[str]
) -> None:
    always &= {each.name for each in tests}

    found = chosen(tests, share=share, always=always)

    kept = [each for each in tests if each.name in found]
    assert always <= found
    assert _branches(kept) >= share * _branches(tests) - 1e-9
    assert {each.file for each in kept} == {each.file for each in tests}


def test_of_tests_that_run_the_same_the_cheapest_stays() -> None:
    tests = [Measured(NAMES[0], 3.0, 0b111), Measured(NAMES[1], 1.0, 0b111), Measured(NAMES[2], 0.5, 0b111)]

    assert chosen(tests, share=1) == {NAMES[2]}


def test_one_that_runs_nothing_new_is_left_out_however_cheap() -> None:
    tests = [Measured(NAMES[0], 2.0, 0b1111), Measured(NAMES[1], 0.1, 0b0000), Measured(NAMES[2], 2.5, 0b0110)]

    assert chosen(tests, share=1) == {NAMES[0]}


def test_of_a_file_that_would_be_left_out_the_cheapest_stays() -> None:
    tests = [Measured(NAMES[0], 1.0, 0b111), Measured(NAMES[4], 3.0, 0b001), Measured(NAMES[5], 2.0, 0b010)]

    assert chosen(tests, share=1) == {NAMES[0], NAMES[5]}
