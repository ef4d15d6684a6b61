"""Which email account every place of the console is to show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual import on
from textual.widget import Widget
from textual.widgets import Static

from dyntui.service.contract.session import EmailAccount

from .dialogs import Dialog
from .widgets.bars import BarList, BarRow
from .widgets.cells import single_line

_ALL = "*"


class AccountChoice(Dialog[str]):
    """Answers with the id of an email account, or `""` for all of them; Esc gives no answer."""

    def __init__(self, accounts: Sequence[EmailAccount], chosen: str) -> None:
        super().__init__("Email account")
        self._rows = [BarRow(_ALL, "All email accounts", None, "", "•" if not chosen else " ", "")]
        for each in accounts:
            words = (["the default one"] if each.is_default else []) + ([each.description] if each.description else [])
            mark = "•" if each.id == chosen else " "
            self._rows.append(BarRow(each.id, each.name, None, "", mark, single_line(", ".join(words))))
        self._bars = BarList(id="account-choice", shares=False, enter="Choose")
        self._chosen = chosen or _ALL

    def compose_body(self) -> Iterable[Widget]:
        """The accounts, and what a choice means."""
        yield Static("Lists, sends, results, runs and settings are then of this account.", markup=False)
        yield self._bars

    def on_mount(self) -> None:
        """On the one that is chosen."""
        self._bars.show_rows(self._rows)
        self._bars.choose(self._chosen)
        self.set_focus(self._bars)

    def refresh_hints(self) -> None:
        """Draws how one chooses."""
        self.show_keys(("↑ ↓", "Line"), ("Enter", "Choose"), ("Esc", "Cancel"))

    @on(BarList.Opened)
    def _answered(self, event: BarList.Opened) -> None:
        self.dismiss("" if event.key == _ALL else event.key)
