"""The settings of a marketing list: one below the other, each changed with Enter, saved together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, TypeVar

import msgspec
from textual import on
from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Input, Static

from dyntui.model.list_settings import HIGHEST, LOWEST, ListSettings
from dyntui.model.membership_actions import ACTIONS, default
from dyntui.model.opt_in import OptIn
from dyntui.model.people import Entity
from dyntui.model.subscription_filters import SubscriptionFilter, text_of
from dyntui.service.contract.actions import Scope
from dyntui.service.contract.console import ON_DIALOG
from dyntui.service.contract.lists import EditList, ListDetail, SavedView

from .bindings import bindings
from .dialogs import Dialog
from .widgets.bars import BarList, BarRow
from .widgets.field import Field

C = TypeVar("C")
_SAVE = "save"
_YES, _NO = "yes", "no"


class SettingsQuestion(Dialog[EditList]):
    """Asks for the settings of a list; answers with those that were changed."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_DIALOG,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_DIALOG)

    def __init__(self, detail: ListDetail, views: Sequence[SavedView]) -> None:
        super().__init__(f"Settings of {detail.row.name}")
        row = detail.row
        self._row = row
        self._offered = detail.offered
        self._views = {each.id: each for each in views}
        self._before = detail.settings
        self._now = detail.settings or ListSettings(
            membership_action=default(row.dynamic), sync_order=row.sync_order, manual_only=row.manual_only
        )
        self._lines = BarList(id="list-settings", shares=False, enter="Change")
        self._means = Static(detail.misfit, id="question", markup=False)
        self._order = Field(id="list-order", compact=True, select_on_focus=False, type="integer")
        self._order.cursor_blink = False
        self._order.display = False

    def compose_body(self) -> Iterable[Widget]:
        """The settings, and what the one in hand means."""
        yield self._lines
        yield self._order
        yield self._means

    def on_mount(self) -> None:
        """To the first setting."""
        self._show()
        self.set_focus(self._lines)
        self.refresh_hints()

    def refresh_hints(self) -> None:
        """Draws the keys."""
        self.show_keys(("↑ ↓", "Setting"), ("Enter", "Change"), ("Esc", "Cancel"))

    # -- what is shown ---------------------------------------------------------------------------------------------

    def _show(self) -> None:
        self._lines.show_rows([BarRow(key, title, None, "", "", note) for key, title, note in self._settings()])

    def _settings(self) -> list[tuple[str, str, str]]:
        now, asked = self._now, self._now.subscription_filter
        rows = [
            ("membership_action", "Strangers in the book", ACTIONS[now.membership_action].title),
            ("bulk", "Skip do not allow bulk emails", _YES if asked.bulk else _NO),
            ("email", "Skip do not allow emails", _YES if asked.email else _NO),
            ("active", "Active records only", _YES if asked.active else _NO),
            ("opt_in", "Opt-in type at least", asked.opt_in.title if asked.opt_in else "any"),
            ("view", "Only who a saved view finds", self._view(asked)),
            ("clear_on_send", "Clear list on send", _YES if now.clear_on_send else _NO),
            ("sync_order", "Synchronisation order", str(now.sync_order)),
            ("manual_only", "Manual synchronisation only", _YES if now.manual_only else _NO),
        ]
        left_out = {"clear_on_send"} if self._row.dynamic else set()
        if self._row.member_type == Entity.ACCOUNT:
            left_out.add("opt_in")
        return [*(each for each in rows if each[0] not in left_out), (_SAVE, "Save", "")]

    def _view(self, asked: SubscriptionFilter) -> str:
        known = self._views.get(asked.view)
        return known.name if known else asked.view or "none"

    @on(BarList.Moved)
    def _explain(self, event: BarList.Moved) -> None:
        self._tell(event.key)

    def _tell(self, key: str) -> None:
        known = {
            "membership_action": ACTIONS[self._now.membership_action].means,
            **dict.fromkeys(("bulk", "email", "active"), "In force whatever is chosen: the choice is for the record."),
            "opt_in": "By the opt-in type that the record has in Dynamics.",
            "view": "Who is no longer found leaves the address book.",
            "clear_on_send": "Its members leave the list once a campaign was sent to it.",
            "sync_order": "Lower first, then by name.",
            "manual_only": "Left out where all lists are synchronised.",
        }
        self._means.update(known.get(key, ""))

    # -- what is changed -------------------------------------------------------------------------------------------

    @on(BarList.Opened)
    def _change(self, event: BarList.Opened) -> None:
        key, now = event.key, self._now
        if key == _SAVE:
            self._save()
            return
        if key == "sync_order":
            self._order.value = str(now.sync_order)
            self._order.display = True
            self.set_focus(self._order)
            return
        if key in ("clear_on_send", "manual_only"):
            self._now = msgspec.structs.replace(now, **{key: not getattr(now, key)})
        elif key == "membership_action":
            self._now = msgspec.structs.replace(now, membership_action=_next(self._offered, now.membership_action))
        else:
            self._now = msgspec.structs.replace(now, subscription_filter=self._other_filter(key))
        self._show()
        self._tell(key)

    def _other_filter(self, key: str) -> SubscriptionFilter:
        asked = self._now.subscription_filter
        if key == "opt_in":
            return msgspec.structs.replace(asked, opt_in=_next(tuple(OptIn), asked.opt_in))
        if key == "view":
            known = dict.fromkeys(("", *self._views, asked.view))
            return msgspec.structs.replace(asked, view=_next(tuple(known), asked.view))
        return msgspec.structs.replace(asked, **{key: not getattr(asked, key)})

    @on(Input.Submitted)
    def _ordered(self, event: Input.Submitted) -> None:
        event.stop()
        typed = event.value.strip()
        if not typed.isdecimal() or not LOWEST <= int(typed) <= HIGHEST:
            self.console.notify(
                f"A number from {LOWEST} to {HIGHEST:,}.", title="Synchronisation order", severity="warning"
            )
            return
        self._now = msgspec.structs.replace(self._now, sync_order=int(typed))
        self._order.display = False
        self._show()
        self.set_focus(self._lines)

    def _save(self) -> None:
        before, now = self._before, self._now
        changed = {
            name: getattr(now, name)
            for name in ("membership_action", "clear_on_send", "sync_order", "manual_only")
            if before is None or getattr(before, name) != getattr(now, name)
        }
        if before is None or before.subscription_filter != now.subscription_filter:
            changed["subscription_filter"] = tuple(text_of(now.subscription_filter).split(","))
        self.dismiss(EditList(id=self._row.id, **changed) if changed else None)


def _next(choices: Sequence[C], chosen: C) -> C:
    return choices[(choices.index(chosen) + 1) % len(choices)] if chosen in choices else choices[0]
