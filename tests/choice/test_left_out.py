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


def test_what_is_written_down_is_marked(request: pytest.FixtureRequest) -> None:
    marked = {each.nodeid for each in request.session.items if each.get_closest_marker("repeats")}

    assert marked == {each.nodeid for each in request.session.items} & left_out.read()
