"""Records of Dynamics looked up by name or address, and several of them taken."""

from __future__ import annotations

from dyntui.service.contract.members import MEMBERS_FIND, FindRecords, FoundRecord
from dyntui.service.contract.paging import Page, Window

from .dialogs import Picker
from .widgets.columns import Column
from .widgets.grid_words import Wording

_COLUMNS: tuple[Column[FoundRecord], ...] = (
    Column(title="Name", text=lambda row: row.name, width=20, flex=2, whole=True),
    Column(title="Address", text=lambda row: row.address, width=24, flex=2, whole=True),
    Column(
        title="",
        text=lambda row: "" if row.active else "inactive",
        width=8,
        priority=2,
        tone=lambda row: "warn",
    ),
)


class Lookup(Picker[FoundRecord]):
    """Answers with the records that were marked, or the one in hand. What is marked stays so while somebody searches
    for others."""

    def __init__(self, member_type: str) -> None:
        async def source(window: Window) -> Page[FoundRecord]:
            asked = FindRecords(member_type=member_type, search=window.search, offset=window.offset, limit=window.limit)
            return await self.console.call(MEMBERS_FIND, asked)

        super().__init__(
            f"Look up {member_type}s in Dynamics",
            _COLUMNS,
            source,
            key=lambda row: row.id,
            wording=Wording(
                one=member_type,
                many=f"{member_type}s",
                empty="Whom are you looking for?",
                next_step="Type a part of a name or an address.",
            ),
            refuse=lambda row: "" if row.active else f"{row.name} is inactive; Dynamics takes active records only.",
        )

    def begin(self) -> None:
        """The keys write into the search."""
        self.search()
