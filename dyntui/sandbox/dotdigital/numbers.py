"""Numbers as clients write them: what can be an identifier and what cannot."""

INT32, INT64 = 2**31 - 1, 2**63 - 1
"""Largest identifier of v2 and of v3."""
_MOST_DIGITS = 19


def whole_number(text: str, maximum: int = INT64) -> int | None:
    """A number in plain digits, of a path or an option; None for anything else and for what is larger."""
    if not text.isascii() or not text.isdigit() or len(text) > _MOST_DIGITS:
        return None
    number = int(text)
    return number if number <= maximum else None
