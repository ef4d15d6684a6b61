"""The tests that `make test` leaves out, as `make choose` wrote them down: each under its file, in left_out.txt.

A test that is not named there is run: a new one, and one with another name.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable
from pathlib import Path

import pytest

_LIST = Path(__file__).with_name("left_out.txt")
_INDENT = "  "


def read(text: str | None = None) -> frozenset[str]:
    """Ids of the tests."""
    found, file = set(), ""
    for line in (_LIST.read_text(encoding="utf-8") if text is None else text).splitlines():
        if line.startswith(_INDENT):
            found.add(f"{file}::{line.removeprefix(_INDENT)}")
        else:
            file = line
    return frozenset(found)


def mark(items: Iterable[pytest.Item], names: Collection[str]) -> None:
    """Marks those of the tests that are named."""
    for each in items:
        if each.nodeid in names:
            each.add_marker("repeats")


def write(names: Iterable[str]) -> None:
    """In place of those that were written down before."""
    _LIST.write_text(as_text(names), encoding="utf-8")


def as_text(names: Iterable[str]) -> str:
    """The ids as the file has them."""
    of_files = itertools.groupby(sorted(each.split("::", 1) for each in names), key=lambda each: each[0])
    return "".join(
        f"{line}\n" for file, tests in of_files for line in (file, *(f"{_INDENT}{test}" for _, test in tests))
    )
