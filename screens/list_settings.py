"""The settings of a marketing list: one below the other, each changed with Enter, saved together."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from dyntui.model.list_settings import HIGHEST, LOWEST, ListSettings
from dyntui.model.membership_actions import ACTIONS, default
from dyntui.model.opt_in import OptIn
from dyntui.model.people import Entity
from dyntui.model.subscription_filters import SubscriptionFilter, text_of
from dyntui.service.contract.lists import EditList, ListDetail, SavedView

from .facts_question import FactsQuestion, following

_SAVE = "save"
_YES, _NO = "yes", "no"


class SettingsQuestion(FactsQuestion[EditList]):
    """Asks for the settings of a list; answers with those that were changed."""

    WORD = "Setting"

    def __init__(self, detail: ListDetail, views: Sequence[SavedView]) -> None:
        super().__init__(f"Settings of {detail.row.name}", told=detail.misfit)
        row = detail.row
        self._row = row
        self._offered = detail.offered
        self._views = {each.id: each for each in views}
        self._before = detail.settings
        self._now = detail.settings or ListSettings(
            membership_action=default(row.dynamic), sync_order=row.sync_order, manual_only=row.manual_only
        )

    # -- what is shown ---------------------------------------------------------------------------------------------

    def facts(self) -> Sequence[tuple[str, str, str]]:
        """The settings that fit the list."""
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

    def meaning(self, key: str) -> str:
        """What a setting means."""
        known = {
            "membership_action": ACTIONS[self._now.membership_action].means,
            **dict.fromkeys(("bulk", "email", "active"), "In force whatever is chosen: the choice is for the record."),
            "opt_in": "By the opt-in type that the record has in Dynamics.",
            "view": "Who is no longer found leaves the address book.",
            "clear_on_send": "Its members leave the list once a campaign was sent to it.",
            "sync_order": "Lower first, then by name.",
            "manual_only": "Left out where all lists are synchronised.",
        }
        return known.get(key, "")

    # -- what is changed -------------------------------------------------------------------------------------------

    def change(self, key: str) -> None:
        """The next choice; the order is typed."""
        now = self._now
        if key == _SAVE:
            self._save()
        elif key == "sync_order":
            self.type_in(key, str(now.sync_order), whole_number=True)
        elif key in ("clear_on_send", "manual_only"):
            self._now = msgspec.structs.replace(now, **{key: not getattr(now, key)})
        elif key == "membership_action":
            chosen = following(now.membership_action, self._offered)
            self._now = msgspec.structs.replace(now, membership_action=chosen)
        else:
            self._now = msgspec.structs.replace(now, subscription_filter=self._other_filter(key))

    def _other_filter(self, key: str) -> SubscriptionFilter:
        asked = self._now.subscription_filter
        if key == "opt_in":
            return msgspec.structs.replace(asked, opt_in=following(asked.opt_in, OptIn))
        if key == "view":
            known = dict.fromkeys(("", *self._views, asked.view))
            return msgspec.structs.replace(asked, view=following(asked.view, known))
        return msgspec.structs.replace(asked, **{key: not getattr(asked, key)})

    def typed(self, key: str, text: str) -> str:
        """The synchronisation order."""
        if not text.isdecimal() or not LOWEST <= int(text) <= HIGHEST:
            return f"Synchronisation order: a number from {LOWEST} to {HIGHEST:,}."
        self._now = msgspec.structs.replace(self._now, sync_order=int(text))
        return ""

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
