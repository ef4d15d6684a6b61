"""What if: how many more people would be mailed if something were mended that keeps them out of a count.

Only what somebody can mend here counts: consent is nobody's to mend, and what only dotdigital can end neither. An
address to which no mail gets is mended by another one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

MENDABLE: frozenset[str] = frozenset(
    (
        *("INACTIVE", "WRONG_TYPE", "NO_ACCESS", "NO_EMAIL", "BAD_EMAIL", "HARD_BOUNCED", "NO_MAIL_SERVER"),
        *("ODD_ROW", "FILTERED", "NOT_ALLOW_LISTED", "NOT_SYNCED", "VALUE_REJECTED", "REJECTED", "IMPORT_PENDING"),
        "CONTACT_LIMIT",
    )
)


class ClosedBy(msgspec.Struct, frozen=True):
    """So many people are kept out by all of these reasons (codes) at once."""

    codes: tuple[str, ...]
    people: int


def opened(closed: Iterable[ClosedBy], mended: Collection[str]) -> int:
    """How many people nothing else keeps out. Raises ValueError for a reason that nobody can mend."""
    if beyond := sorted(set(mended) - MENDABLE):
        raise ValueError(f"nobody can mend {', '.join(beyond)}")
    return sum(each.people for each in closed if set(each.codes) <= set(mended))
