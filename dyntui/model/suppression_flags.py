"""What of a record in Dynamics says that its address is suppressed in an email account.

Suppression rows are written always, and whom an account suppresses is never mailed, whatever is chosen here.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import Final

BULK_EMAIL: Final = "donotbulkemail"
EMAIL: Final = "donotemail"
# As the columns are called in Dynamics.
TITLES: Final = {BULK_EMAIL: "Do not allow bulk emails", EMAIL: "Do not allow emails"}


class SuppressionFlags(enum.StrEnum):
    """The flags that are set on contacts and leads with a suppressed address, by the email account."""

    BULK = "bulk"
    EMAIL = "email"
    BOTH = "both"
    NONE = "none"

    @property
    def columns(self) -> frozenset[str]:
        """The columns that are set to yes."""
        return _COLUMNS[self]

    @property
    def in_short(self) -> str:
        """As it fits in a line, with what is asked."""
        return ", ".join(_SHORT[each] for each in TITLES if each in self.columns) or "nothing"


_SHORT: Final = {BULK_EMAIL: "no bulk emails", EMAIL: "no emails"}
_COLUMNS: Final = {
    SuppressionFlags.BULK: frozenset({BULK_EMAIL}),
    SuppressionFlags.EMAIL: frozenset({EMAIL}),
    SuppressionFlags.BOTH: frozenset({BULK_EMAIL, EMAIL}),
    SuppressionFlags.NONE: frozenset[str](),
}


def in_words(columns: Iterable[str]) -> str:
    """Flags as people read them."""
    return " and ".join(TITLES[each] for each in TITLES if each in set(columns))
