"""The three-way merge of one value: by its table, and as a function of its arguments alone."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from dyntui.model.mapping import ConflictRule
from dyntui.model.merge import CASES, NEVER, Merged, Read, Side, merge, table

VALUES = st.sampled_from([None, "a", "b", "c", 7, Decimal("1.50"), True, "2026-01-01T00:00:00Z"])
BASES = VALUES | st.just(NEVER)
TIMES = st.sampled_from(["", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"])
RULES = st.sampled_from(ConflictRule)
DOTDIGITAL, DYNAMICS = Side.DOTDIGITAL, Side.DYNAMICS


def test_what_changed_on_one_side_travels_and_an_emptied_value_clears_the_other_one() -> None:
    for rule in ConflictRule:
        assert merge("a", Read("b"), Read("a"), rule) == Merged("b", DOTDIGITAL)
        assert merge("a", Read("a"), Read("b"), rule) == Merged("b", DYNAMICS)
        assert merge("a", Read(None), Read("a"), rule) == Merged(None, DOTDIGITAL)
        assert merge("a", Read("a"), Read(None), rule) == Merged(None, DYNAMICS)
        assert merge("a", Read("b"), Read("b"), rule) == Merged("b")


def test_a_conflict_is_decided_by_the_rule_and_dotdigital_wins_by_default() -> None:
    early, late = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
    here, there = Read("b", late), Read("c", early)
    assert merge("a", here, there, ConflictRule.DOTDIGITAL) == Merged("c", DYNAMICS, DOTDIGITAL)
    assert merge("a", here, there, ConflictRule.DYNAMICS) == Merged("b", DOTDIGITAL, DYNAMICS)
    assert merge("a", here, there, ConflictRule.NEWEST).winner is DYNAMICS
    assert merge("a", Read("b", early), Read("c", late), ConflictRule.NEWEST).winner is DOTDIGITAL
    assert merge("a", Read("b"), Read("c"), ConflictRule.NEWEST).winner is DOTDIGITAL


def test_what_was_never_synchronised_is_not_cleared_by_an_empty_side() -> None:
    for rule in ConflictRule:
        assert merge(NEVER, Read("b"), Read(None), rule) == Merged("b", DOTDIGITAL)
        assert merge(NEVER, Read(None), Read("b"), rule) == Merged("b", DYNAMICS)
        assert merge(NEVER, Read("b"), Read("c"), rule).conflict


@given(BASES, VALUES, VALUES, TIMES, TIMES, RULES)
def test_the_outcome_is_one_of_the_two_values_and_merging_again_changes_nothing(
    base: object, dynamics: object, dotdigital: object, here: str, there: str, rule: ConflictRule
) -> None:
    one, other = Read(dynamics, here), Read(dotdigital, there)  # type: ignore[arg-type]
    found = merge(base, one, other, rule)  # type: ignore[arg-type]
    assert found == merge(base, one, other, rule)  # type: ignore[arg-type]
    assert found.value in (dynamics, dotdigital)
    assert (found.to is None) == (dynamics == dotdigital or str(dynamics) == str(dotdigital))
    after = merge(found.value, Read(found.value, here), Read(found.value, there), rule)
    assert after == Merged(found.value)
    if found.conflict:
        assert base is NEVER or (base != dynamics and base != dotdigital)


@given(VALUES, VALUES, VALUES)
def test_swapping_base_and_a_side_is_noticed_by_the_direction(base: object, dynamics: object, other: object) -> None:
    if len({str(each) for each in (base, dynamics)}) == 2:
        assert merge(base, Read(dynamics), Read(base), ConflictRule.DOTDIGITAL).to is DOTDIGITAL  # type: ignore[arg-type]
        assert merge(base, Read(base), Read(dynamics), ConflictRule.DYNAMICS).to is DYNAMICS  # type: ignore[arg-type]


def test_the_table_of_the_documentation_has_every_case_under_every_rule() -> None:
    rows = table()
    assert len(rows) == len(CASES) + 1 and len({row[:3] for row in rows}) == len(rows)
    assert sum("CONFLICT" in cell for row in rows for cell in row) == 5 * 4
