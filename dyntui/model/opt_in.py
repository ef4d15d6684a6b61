"""How somebody has agreed to be mailed, as dotdigital tells it: four types, each stronger than the one before."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any


class OptIn(enum.IntEnum):
    """Unknown < Single < Double < VerifiedDouble (dotdigital_api.md 3.1 `optInType`)."""

    UNKNOWN = 0
    SINGLE = 1
    DOUBLE = 2
    VERIFIED_DOUBLE = 3

    @property
    def title(self) -> str:
        """As dotdigital spells it."""
        return _TITLES[self]


_TITLES = {
    OptIn.UNKNOWN: "Unknown",
    OptIn.SINGLE: "Single",
    OptIn.DOUBLE: "Double",
    OptIn.VERIFIED_DOUBLE: "VerifiedDouble",
}
_BY_TITLE = {title.lower(): each for each, title in _TITLES.items()}

# The choice column of contact and lead in Dynamics, and its values.
COLUMN = "dyntui_optintype"
CODES = {727000000 + each: each for each in OptIn}
CODE_OF = {each: code for code, each in CODES.items()}


def opt_in_of(text: str) -> OptIn | None:
    """The type that dotdigital names, in whatever case; None for one that is not known."""
    return _BY_TITLE.get(text.strip().lower())


def said(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """A change of the choice column as people read it: `Unknown, now Single`."""
    return ", now ".join(CODES.get(each.get(COLUMN) or 0, OptIn.UNKNOWN).title for each in (before, after))
