"""The one rule for ids of rows in Dynamics: what is one, and how it is written."""

from __future__ import annotations

import re
from typing import Final

_CANONICAL: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# As other programs write it: in capitals, in braces, without the hyphens.
_OTHERWISE: Final = re.compile(r"\{([0-9a-f-]{32,36})\}|([0-9a-f-]{32,36})", re.IGNORECASE)
_PLAIN: Final = re.compile(r"[0-9a-f]{32}")


def guid_of(value: object) -> str:
    """An id as Dynamics writes it, in small letters with hyphens; `""` where a value is none, however it is written."""
    if not isinstance(value, str):
        return ""
    if _CANONICAL.fullmatch(value):
        return value
    found = _OTHERWISE.fullmatch(value)
    digits = (found[1] or found[2]).lower() if found else ""
    if _CANONICAL.fullmatch(digits):
        return digits
    if _PLAIN.fullmatch(digits):
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    return ""


def as_stored(named: str) -> str:
    """What somebody has typed or copied as the id of something, as it is stored: an id of Dynamics as Dynamics writes
    it, any other one as it stands, without the blanks around it."""
    exactly = named.strip()
    return guid_of(exactly) or exactly
