"""Who filters, and how far the organisation lets them."""

from dataclasses import dataclass
from datetime import datetime

from dyntui.sandbox.dataverse.errors import DataverseError


@dataclass(frozen=True, slots=True)
class MostValues:
    """How many values In and NotIn take, and the status that more are answered with."""

    number: int
    status: int

    def check(self, values: int) -> None:
        """Raises DataverseError for too many."""
        if values <= self.number:
            return
        if self.status >= 500:
            raise DataverseError("0x80040216", "An unexpected error occurred.", self.status)
        raise DataverseError(
            "0x8004430c", f"Number of conditions in query exceeded maximum limit. The limit is {self.number}."
        )


@dataclass(frozen=True, slots=True)
class Reader:
    """Who filters: what relative functions such as Today and EqualUserId are about."""

    user_id: str
    business_unit_id: str
    moment: datetime
    not_equal_includes_null: bool = True
    most_values: MostValues | None = None
    tells_case_apart: bool = False
