"""Mappings as a file: read again it is the same, and what is broken is named row by row."""

from __future__ import annotations

import random
import re

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from dyntui.model.conversion import ChoiceAs, Direction
from dyntui.model.mapping import PROVISIONED, ConflictRule, DataMapping
from dyntui.model.mapping_file import Origin, origin_of, read, written
from dyntui.model.people import Entity
from dyntui.model.plain import plain

ORIGIN = Origin("11111111-1111-4111-8111-111111111111", 3)
MAPPINGS = st.builds(
    DataMapping,
    st.from_regex(r"[A-Z0-9_-]{1,20}", fullmatch=True),
    st.sampled_from(Entity),
    st.text(min_size=1).filter(str.strip),
    st.sampled_from(Direction),
    st.sampled_from(ConflictRule),
    st.booleans(),
    st.sampled_from(ChoiceAs),
)


@given(st.lists(MAPPINGS, min_size=1, max_size=8))
def test_what_was_written_is_read_again(mappings: list[DataMapping]) -> None:
    assert read(written(mappings)) == (mappings, [])
    assert origin_of(written(mappings)) is None
    text = written(mappings, ORIGIN)
    assert (read(text), origin_of(text)) == ((mappings, []), ORIGIN)


def test_nothing_in_the_file_steers_a_terminal_and_all_of_it_is_read_again() -> None:
    odd = "".join(map(chr, (*range(1, 32), *range(0x7F, 0xA0), 0x61C, 0x200F, 0x2028, 0x202E, 0x2066)))
    mapping = DataMapping("SHOE", Entity.LEAD, f"new_{odd}shoe", Direction.TO_DYNAMICS)
    text = written([mapping])
    assert all(plain(line) == line for line in text.split("\n"))
    assert read(text) == ([mapping], [])


def test_what_can_be_left_out_has_its_default() -> None:
    text = '[[mapping]]\nlabel = "shoe"\nentity = "lead"\ncolumn = "new_shoe"\ndirection = "to Dynamics"\n'
    assert read(text) == ([DataMapping("SHOE", Entity.LEAD, "new_shoe", Direction.TO_DYNAMICS)], [])


@pytest.mark.parametrize(
    ("text", "row", "what"),
    [
        ("", 0, "no mappings"),
        ("mapping = 3\n", 0, "no mappings"),
        ("x = 1\n", 0, "'x', which is nothing of a mapping"),
        ("[[mapping]]\n", 1, "label is missing"),
        ("[[mapping]]\nlabel = 'A'\n[[mapping]]\nlabel = \n", 2, "no TOML"),
        ("\x00", 0, "no TOML"),
        ("mapping = [1]\n", 1, "no table"),
    ],
)
def test_a_file_that_is_none_is_named(text: str, row: int, what: str) -> None:
    mappings, found = read(text)
    assert mappings == [] and (found[0].row == row) and any(what in each.message for each in found)


def broken(seed: int) -> tuple[str, int]:
    """A right file with one thing wrong, and the row in which it is."""
    chance = random.Random(seed)
    rows = [
        {
            "label": each.label,
            "entity": each.entity.value,
            "column": each.column,
            "direction": each.direction.value,
            "conflict": each.conflict.value,
            "enabled": each.enabled,
            "choice": each.choice.value,
        }
        for each in PROVISIONED
    ]
    place = chance.randrange(len(rows))
    name = chance.choice(list(rows[place]))
    kind = chance.randrange(5)
    if kind == 0:
        del rows[place][chance.choice(["label", "entity", "column", "direction"])]
    elif kind == 1:
        rows[place][name] = chance.choice([7, 1.5, [1], {"a": 1}])
    elif kind == 2:
        rows[place][chance.choice(["labels", "Label", "colour", ""])] = "x"
    elif kind == 3:
        rows[place][chance.choice(["entity", "direction", "conflict", "choice"])] = "x" * chance.randrange(300)
    else:
        lines = tomli_w.dumps({"mapping": rows}).splitlines()
        inside = [at for at, line in enumerate(lines) if " = " in line]
        at = chance.choice(inside)
        lines[at] = chance.choice([lines[at].split("=")[0], lines[at] + " x", '"' + lines[at]])
        return "\n".join(lines) + "\n", sum(line.startswith("[[") for line in lines[:at])
    return tomli_w.dumps({"mapping": rows}), place + 1


@pytest.mark.parametrize("seed", range(200))
def test_what_is_broken_is_named_by_its_row(seed: int) -> None:
    text, row = broken(seed)
    mappings, found = read(text)
    assert mappings == [] and {each.row for each in found} == {row}, (found, row)
    assert all(re.search(r"[a-z]", each.message) and each.remedy for each in found)


@pytest.mark.parametrize("line", ['based_on = "3"', "based_on = true", "account = 3", "based_on = [3]"])
def test_what_no_export_writes_before_the_rows_is_named(line: str) -> None:
    mappings, found = read(f"{line}\n{written(PROVISIONED)}")
    assert not mappings and line.partition(" ")[0] in found[0].message
