from __future__ import annotations

import pytest

from tests.choice import left_out

NAMES = {
    "tests/a/test_one.py::test_this",
    "tests/a/test_one.py::test_that[2 spaces::and colons]",
    "tests/b/test_two.py::TestOf::test_these",
}


def test_the_names_that_were_written_down_are_read() -> None:
    text = left_out.as_text(NAMES)

    assert text.splitlines()[:2] == ["tests/a/test_one.py", "  test_that[2 spaces::and colons]"]
    assert left_out.read(text) == NAMES


def test_nothing_left_out_is_an_empty_file() -> None:
    assert left_out.as_text(()) == ""
    assert left_out.read("") == frozenset()


def test_those_that_are_named_are_marked_and_no_others(request: pytest.FixtureRequest) -> None:
    this = request.node
    other = pytest.Function.from_parent(this.parent, name="other", callobj=test_nothing_left_out_is_an_empty_file)

    left_out.mark([this, other], {other.nodeid})

    assert [each.name for each in (this, other) if each.get_closest_marker("repeats")] == ["other"]
