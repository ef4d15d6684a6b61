"""How many of something, in words: `1 person`, `3,401 people`."""

from __future__ import annotations


def counted(count: int, one: str, many: str = "") -> str:
    """`1 row is`, `3,401 rows are` for `"row is"` and `"rows are"`; without `many`, an s is put behind `one`."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def amount(value: float) -> str:
    """`12,345,678`, `1,234.5`: a number or a sum of money as it is, with two decimals at most."""
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def people_of(count: int) -> str:
    """`1 person`, `3,401 people`."""
    return counted(count, "person", "people")
