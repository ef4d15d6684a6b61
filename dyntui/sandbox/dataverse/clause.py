"""A piece of SQL with the values of its question marks."""

from collections.abc import Iterable
from dataclasses import dataclass

Value = str | int | float | None

_FLAT = 50
"""Parts joined side by side; more are nested in halves, because SQLite's expressions may be 1,000 levels deep."""


@dataclass(frozen=True, slots=True)
class Clause:
    text: str
    params: tuple[Value, ...] = ()

    def negated(self) -> "Clause":
        """True where this one is false or unknown."""
        return Clause(f"NOT COALESCE(({self.text}), 0)", self.params)


def all_of(clauses: Iterable[Clause]) -> Clause:
    return _joined(list(clauses), " AND ", "1")


def any_of(clauses: Iterable[Clause]) -> Clause:
    return _joined(list(clauses), " OR ", "0")


def _joined(parts: list[Clause], word: str, empty: str) -> Clause:
    if not parts:
        return Clause(empty)
    if len(parts) > _FLAT:
        middle = len(parts) // 2
        parts = [_joined(parts[:middle], word, empty), _joined(parts[middle:], word, empty)]
    return Clause(
        word.join(f"({part.text})" for part in parts), tuple(value for part in parts for value in part.params)
    )
