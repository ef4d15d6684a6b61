"""Backups: copies of the store, and one more."""

from __future__ import annotations

from typing import ClassVar

import msgspec
from textual.binding import BindingType

from dyntui.service.contract.actions import Scope
from dyntui.service.contract.backups import (
    BACKUP_MAKE,
    BACKUPS_CHANGED,
    BACKUPS_LIST,
    ON_BACKUPS,
    Backup,
    MakeBackup,
)
from dyntui.service.contract.paging import Page as PageOfRows
from dyntui.service.contract.paging import Window
from dyntui.service.contract.session import Nothing

from .base import Page
from .bindings import bindings
from .facts_dialog import FactsDialog
from .grid_screen import GridScreen, Rows
from .widgets.columns import Column
from .widgets.grid_words import Wording
from .widgets.paging import windowed
from .wording import moment

_WORDING = Wording(
    one="backup",
    many="backups",
    empty="There is no backup yet",
    next_step="n makes one; dyntui makes one by itself before an upgrade and before mappings are imported.",
)
_COLUMNS: tuple[Column[Backup], ...] = (
    Column(title="Made", text=lambda row: moment(row.made_on), width=17),
    Column(title="Reason", text=lambda row: row.reason, width=24, flex=2),
    Column(title="By", text=lambda row: "dyntui" if row.automatic else "hand", width=6),
    Column(title="MB", text=lambda row: f"{row.size / 1e6:,.2f}", width=8, right=True),
)
_ROWS = Rows(id="backups-grid", columns=_COLUMNS, key=lambda row: row.name, wording=_WORDING, enter="Put back")


class BackupsPage(GridScreen[Backup], Page[str]):
    """A row is a backup; Enter says how it is put back, which no running service can do to itself."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_BACKUPS,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_BACKUPS)
    TRAIL = ("Health", "Backups")

    def __init__(self) -> None:
        super().__init__(_ROWS)

    async def rows_in(self, window: Window) -> PageOfRows[Backup]:
        """All of them."""
        answer = await self.console.call(BACKUPS_LIST, Nothing())
        return windowed(answer.rows, window, lambda row: f"{row.name} {row.reason}")

    def concerns(self, name: str, value: msgspec.Struct) -> bool:
        """One more was made."""
        return name == BACKUPS_CHANGED.name

    def opened(self, row: Backup) -> None:
        """How it is put back."""
        facts = [
            ("Made", moment(row.made_on), "strong"),
            ("Reason", row.reason, ""),
            ("Name", row.name, ""),
            ("Holds", "the store, the mappings of every email account, config.toml; no secret", ""),
            ("Put back", f"leave the console, `dyntui stop`, then `dyntui backup restore {row.name}`", "accent"),
        ]
        self.app.push_screen(FactsDialog("Backup", facts))

    def do_backups_make(self) -> None:
        """Copies the store as it is now."""

        def made(row: Backup) -> None:
            self.notify(f"Made: {row.name}", title="Backup", markup=False)
            self.grid.reload()

        self.ask(BACKUP_MAKE, MakeBackup(), made)
