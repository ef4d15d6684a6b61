"""When the service was last found to read every column that consent rests on, and what it was asked besides
(`dyntui.sync.sight`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from dyntui.model.errors import DyntuiError

_ABOUT_COLUMNS = frozenset(
    {"DATAVERSE_COLUMN_SECURED", "DATAVERSE_NOT_PERMITTED", "DATAVERSE_UNKNOWN_NAME", "LIST_QUERY_REFUSED"}
)


class ColumnsSeen:
    """Of one organisation, for as long as it is connected. `on`: None before the first time; `mapped`: the columns of
    data mappings that it was asked of, by table."""

    def __init__(self) -> None:
        self.on: datetime | None = None
        self.mapped: Mapping[str, Sequence[str]] = {}

    def heed(self, error: DyntuiError) -> None:
        """Something was refused: where that may be a column, the next run asks afresh."""
        if error.code in _ABOUT_COLUMNS:
            self.on = None
