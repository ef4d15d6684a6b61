"""How long a text is, and what of it a column takes."""

from __future__ import annotations


def units(text: str) -> int:
    """The length of a text as both systems count it: in UTF-16, where a character beyond U+FFFF counts twice."""
    return len(text) + sum(each > "\uffff" for each in text) if not text.isascii() else len(text)


def cut(text: str, longest: int) -> str:
    """As much of a text as a column of this length takes."""
    text = text[:longest]
    over = units(text) - longest
    while over > 0:
        over -= units(text[-1])
        text = text[:-1]
    return text
