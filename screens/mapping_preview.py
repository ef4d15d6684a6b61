"""What the data mappings make of real people: the value given, and before and after on the other side, both ways."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from dyntui.model.people import Entity
from dyntui.service.contract.mappings import MAPPINGS_PREVIEW, PreviewMappings
from dyntui.service.contract.paging import Page as PageOfRows
from dyntui.service.contract.paging import Window

from .base import AccountPage
from .grid_screen import GridScreen, Rows
from .widgets.columns import Column
from .widgets.facts import Fact
from .widgets.grid_words import Wording
from .widgets.paging import windowed

# So many people of a table are shown.
_PEOPLE = 20
_WORDING = Wording(
    one="value",
    many="values",
    empty="Nobody of this table is in an address book",
    next_step="Activate a list and synchronise it; h and l go to another table.",
)


class Shown(msgspec.Struct, frozen=True):
    """A value of a person that a mapping carries."""

    person: str
    name: str
    address: str
    label: str
    column: str
    direction: str
    given: str
    before: str
    after: str
    changes: bool
    rejected: str


def _becomes(row: Shown) -> str:
    if row.rejected:
        return f"! {row.rejected}"
    return f"{row.before or '–'} → {row.after or '–'}" if row.changes else "as it is"


def _tone(row: Shown) -> str:
    return "bad" if row.rejected else "accent" if row.changes else "muted"


_COLUMNS: tuple[Column[Shown], ...] = (
    Column(title="Name", text=lambda row: row.name, width=14, flex=1),
    Column(title="Data label", text=lambda row: row.label, width=12, flex=1),
    Column(title="Direction", text=lambda row: row.direction, width=13, priority=3),
    Column(title="Given", text=lambda row: row.given or "–", width=16, flex=1, priority=1),
    Column(title="Becomes", text=_becomes, width=18, flex=2, tone=_tone),
)
_ROWS = Rows(
    id="mapping-preview-grid",
    columns=_COLUMNS,
    key=lambda row: f"{row.person} {row.label} {row.direction}",
    wording=_WORDING,
    views=tuple((each.value, f"{each.value.title()}s", None) for each in (Entity.CONTACT, Entity.LEAD, Entity.ACCOUNT)),
    preview="Value",
    enter="",
)


class MappingPreviewPage(GridScreen[Shown], AccountPage):
    """The mappings of an email account, named by its id (`""`: the default one), on people of a table."""

    TRAIL = ("Data Mappings", "What they make of people")
    CSS_PATH = "../styles/mappings.tcss"

    def __init__(self) -> None:
        super().__init__(_ROWS)

    async def rows_in(self, window: Window) -> PageOfRows[Shown]:
        """Some people of the chosen table, as both systems have them at this moment."""
        asked = PreviewMappings(account=self.account_meant, entity=Entity(self.views.chosen), limit=_PEOPLE)
        found = await self.console.call(MAPPINGS_PREVIEW, asked)
        rows = [
            Shown(
                person=person.person,
                name=person.name,
                address=person.address,
                label=each.label,
                column=each.column,
                direction=each.direction,
                given=each.given,
                before=each.before,
                after=each.after,
                changes=each.changes,
                rejected=each.rejected,
            )
            for person in found.people
            for each in person.values
        ]
        return windowed(rows, window, lambda row: f"{row.name} {row.address} {row.label} {row.column} {row.given}")

    def previewed(self, row: Shown) -> Sequence[Fact]:
        """All of a value."""
        facts = [
            ("Name", row.name, ""),
            ("Address", row.address, ""),
            ("Data label", row.label, ""),
            ("Column", row.column, ""),
            ("Direction", row.direction, ""),
            ("Given", row.given or "empty", ""),
            ("Before", row.before or "empty", ""),
            ("After", row.after or "empty", "accent" if row.changes else ""),
            ("Rejected", row.rejected, "bad"),
        ]
        return [fact for fact in facts if fact[1]]
