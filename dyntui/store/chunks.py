"""Values cut into as many as one statement carries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

T = TypeVar("T")

# Well below what a statement may carry (SQLite: 32,766 values).
FEW: Final = 5000


def in_chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """The values in their order, at most FEW at a time."""
    return (values[start : start + FEW] for start in range(0, len(values), FEW))
