"""A contact's number in dotdigital, as people and programs name somebody of whom there is no record."""

from __future__ import annotations

_MOST_DIGITS = 18


def contact_number(text: str) -> int | None:
    """The number that a text says; None for anything else, and for more digits than any number of dotdigital has: a
    store refuses those."""
    return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else None
