"""Long lists of values: cut into as many as one statement carries, and looked up by an index of them.

Public: `in_chunks(values)`, `beside(column)`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

from sqlalchemy import ColumnElement, String, literal

T = TypeVar("T")

# Well below what a statement may carry (SQLite: 32,766 values).
FEW: Final = 5000


def in_chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """The values in their order, at most FEW at a time."""
    return (values[start : start + FEW] for start in range(0, len(values), FEW))


def beside(column: ColumnElement[str]) -> ColumnElement[str]:
    """The column, for a condition beside a long list of values.

    SQLite expects ten rows where a column is equal to something, and would go through a million of an account or a
    list that are, rather than look up the values; by this it finds none.
    """
    return column + literal("", String)
