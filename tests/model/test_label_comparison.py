"""Data labels against dotdigital's data fields."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dyntui.model.label_comparison import DELETED, Field, compare
from dyntui.model.labels import DataLabel, LabelType, default_of

STRING = LabelType.STRING


def label(name: str, type: LabelType = STRING, synchronised: bool = True, conflict: str = "") -> DataLabel:
    return DataLabel(name=name, type=type, synchronised=synchronised, conflict=conflict)


def test_a_field_that_nobody_knew_becomes_a_label() -> None:
    found = compare([], [Field(name="Shoe", type="numeric", visibility="public", default_value="42")], ())
    assert found.learned == ("SHOE",) and not found.create
    (made,) = found.labels
    assert (made.name, made.type, made.visibility, made.default_value) == ("SHOE", LabelType.NUMERIC, "Public", "42")
    assert made.synchronised


def test_a_label_that_was_made_here_becomes_a_field() -> None:
    mine = label("MINE", synchronised=False)
    found = compare([mine], [], ())
    assert found.create == (mine,) and not found.labels and not found.conflicts


def test_a_name_with_another_type_is_a_conflict_and_neither_is_overwritten() -> None:
    found = compare([label("A")], [Field(name="A", type="Date")], ("A",))
    assert not found.create and not found.removed
    assert found.labels == found.conflicts == (label("A", synchronised=False, conflict="Date"),)
    again = compare(found.labels, [Field(name="A", type="Date")], ("A",))
    assert again.conflicts and not again.labels
    solved = compare(found.labels, [Field(name="A", type="String")], ("A",))
    assert solved.labels == (label("A"),) and not solved.conflicts


def test_a_field_that_was_deleted_in_dotdigital_takes_its_label_along_unless_it_is_mapped() -> None:
    found = compare([label("A"), label("B")], [], ("B",))
    assert found.removed == ("A",) and not found.create
    assert found.conflicts == (label("B", synchronised=False, conflict=DELETED),)
    assert compare(found.conflicts, [], ("B",)).create == ()


def test_a_field_of_a_type_that_nobody_knows_is_named() -> None:
    found = compare([], [Field(name="A", type="Colour")], ())
    assert found.odd == ("A is of the unknown type Colour",) and not found.labels
    assert compare([label("A")], [Field(name="A", type="Colour")], ()).conflicts[0].conflict == "Colour"


NAMES = st.sampled_from(["A", "B", "C"])
LABELS = st.lists(st.builds(label, NAMES, st.sampled_from(LabelType), st.booleans()), unique_by=lambda each: each.name)
FIELDS = st.lists(
    st.builds(Field, name=NAMES, type=st.sampled_from(["String", "Numeric", "Odd"])), unique_by=lambda each: each.name
)


@given(LABELS, FIELDS, st.sets(NAMES))
def test_comparing_again_finds_nothing_new(labels: list[DataLabel], fields: list[Field], mapped: set[str]) -> None:
    first = compare(labels, fields, mapped)
    known = {each.name: each for each in labels} | {each.name: each for each in first.labels}
    kept = [each for name, each in known.items() if name not in first.removed]
    now = [*fields, *(Field(name=each.name, type=each.type.value) for each in first.create)]
    second = compare(kept, now, mapped)
    assert not second.learned and not second.create and not second.removed
    assert {each.name for each in second.labels} <= {each.name for each in first.create}
    assert all(each.type is known[each.name].type for each in second.labels)


def test_a_default_value_has_the_type_of_its_label() -> None:
    assert default_of(label("A")) is None
    for kind, text, value in (
        (LabelType.STRING, "x", "x"),
        (LabelType.NUMERIC, "4.50", 4.5),
        (LabelType.BOOLEAN, "No", False),
        (LabelType.DATE, "2026-03-04", "2026-03-04T00:00:00"),
    ):
        assert default_of(DataLabel(name="A", type=kind, default_value=text)) == value
