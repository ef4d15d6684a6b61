"""A line in which something is typed."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.widgets import Input

from dyntui.service.contract.actions import Scope
from dyntui.service.contract.console import ON_FIELD

from ..bindings import bindings
from ..perform import perform


class Field(Input):
    """Letters and digits are no keys here: the hints are those of the field."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_FIELD,)
    BINDINGS = bindings(ON_FIELD)

    def _on_paste(self, event: events.Paste) -> None:
        """A text of several lines, such as FetchXML, is taken whole, as one line."""
        event.prevent_default()
        event.stop()
        self.replace(" ".join(event.text.splitlines()), *self.selection)

    def action_perform(self, action_id: str) -> None:
        """Takes an action of the registry."""
        perform(self, action_id)

    def do_field_take(self) -> None:
        """Hands over what was typed."""
        self.post_message(self.Submitted(self, self.value))

    def do_field_leave(self) -> None:
        """As Esc does on the screen."""
        perform(self.screen, "app.back")
