"""The keys that work where one is, from the registry of actions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.widget import Widget

from dyntui.service.contract.actions import Scope, disabled_reason, key_name
from dyntui.service.contract.console import ON_CHOICES, ON_DIALOG, ON_EVERYWHERE, ON_GRID, ON_ROWS, ON_TEXT
from dyntui.service.contract.subjects import of

from .dialogs import Dialog
from .perform import hint_of, keys_for
from .widgets.cells import fit, wrap
from .widgets.text_lines import Row, TextLines

_KEYS, _TITLE, _INDENT = 14, 24, 4
_THREE_COLUMNS = _KEYS + _TITLE + 24

# Moving about comes after what a screen is for.
_MOVING = (ON_GRID, ON_ROWS, ON_CHOICES, ON_TEXT)


def _place(scope: Scope) -> int:
    return 2 if scope is ON_EVERYWHERE else 1 if scope in _MOVING else 0


class HelpScreen(Dialog[None]):
    """Every action of the scopes in focus: its keys, what it does, why not just now."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_DIALOG, ON_TEXT)

    def __init__(self, scopes: Sequence[Scope]) -> None:
        super().__init__("Help")
        self._scopes = tuple(scopes)
        self._lines = TextLines(id="help-lines")

    def compose_body(self) -> Iterable[Widget]:
        """The lines."""
        yield self._lines

    def on_mount(self) -> None:
        """Writes the help from the registry, for the screen underneath."""
        below = self.app.screen_stack[-2]
        situation = below.situation() if isinstance(below, Dialog) or hasattr(below, "situation") else self.situation()
        rows: list[Row] = []
        width = min(110, self.app.size.width * 98 // 100) - 8
        # Without room for three columns, what an action does stands below it.
        below_it = width < _THREE_COLUMNS
        indent = _INDENT if below_it else _KEYS + _TITLE
        for scope in sorted(self._scopes, key=_place):
            actions = of(scope)
            if not actions:
                continue
            rows += [((scope.heading, "accent"),)]
            for action in actions:
                keys = " ".join(key_name(key) for key in keys_for(self, action)) or "via :"
                reason = disabled_reason(action, situation)
                said = reason or action.tooltip
                first, *more = ["", *(wrap(said, width - indent) if said or not below_it else ())][not below_it :]
                tone = "off" if reason else "muted"
                word = hint_of(below, action)
                what = word if word and word != action.hint else action.title
                title = (fit(what, _TITLE), "off" if reason else "strong")
                rows.append(((f"  {fit(keys, _KEYS - 2)}", "key"), title, (f" {first}", tone)))
                rows += [((f"{' ' * indent} {line}", tone),) for line in more]
            rows.append((("", ""),))
        self._lines.show_lines(rows[:-1])
        self.set_focus(self._lines)
