"""What a marketing list is, and its settings: one below the other, each changed with Enter, saved together."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from dyntui.model.list_definitions import LONGEST_NAME, description_fault, name_fault
from dyntui.model.list_settings import HIGHEST, LOWEST, ListSettings
from dyntui.model.membership_actions import ACTIONS, CREATES, default
from dyntui.model.opt_in import OptIn
from dyntui.model.people import Entity
from dyntui.model.subscription_filters import SubscriptionFilter, text_of
from dyntui.service.contract.lists import LIST_EDIT, EditList, ListDetail, SavedView

from .dialogs import Confirm
from .facts_question import following
from .query_question import FINDS, QUERY, VIEW, QueryQuestion
from .wording import number

_SAVE = "save"
_YES, _NO = "yes", "no"


class SettingsQuestion(QueryQuestion[ListDetail]):
    """Asks what a list is to be and how it is to be synchronised; answers with the list as it was changed."""

    WORD = "Setting"

    def __init__(self, detail: ListDetail, views: Sequence[SavedView]) -> None:
        super().__init__(f"Edit {detail.row.name}", told=detail.misfit, query=detail.query)
        row = detail.row
        self._row = row
        self._named, self._description, self._locked = row.name, detail.description, row.locked
        self._described = detail.description
        self._offered = detail.offered
        self._views = {each.id: each for each in views}
        self._before = detail.settings
        self._now = detail.settings or ListSettings(
            membership_action=default(row.dynamic), sync_order=row.sync_order, manual_only=row.manual_only
        )

    @property
    def records(self) -> str:
        """What the list holds."""
        return self._row.member_type

    # -- what is shown ---------------------------------------------------------------------------------------------

    def facts(self) -> Sequence[tuple[str, str, str]]:
        """What the list is, and the settings that fit it."""
        now, asked = self._now, self._now.subscription_filter
        rows = [
            ("name", "Name", self._named),
            ("description", "Description", self._description or "none"),
            *(self.query_facts() if self._row.dynamic else ()),
            ("locked", "Locked", _YES if self._locked else _NO),
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
        left_out = {"clear_on_send", "locked"} if self._row.dynamic else set()
        if self._row.member_type == Entity.ACCOUNT:
            left_out.add("opt_in")
        return [*(each for each in rows if each[0] not in left_out), (_SAVE, "Save", "")]

    def _view(self, asked: SubscriptionFilter) -> str:
        known = self._views.get(asked.view)
        return known.name if known else asked.view or "none"

    def meaning(self, key: str) -> str:
        """What a setting means."""
        known = {
            "name": f"At most {LONGEST_NAME} characters. The address book is renamed with the next synchronisation.",
            "description": "What the list is for.",
            "locked": "Nobody can change the members of a locked list.",
            "membership_action": ACTIONS[self._now.membership_action].means,
            **dict.fromkeys(("bulk", "email", "active"), "In force whatever is chosen: the choice is for the record."),
            "opt_in": "By the opt-in type that the record has in Dynamics.",
            "view": "Who is no longer found leaves the address book.",
            "clear_on_send": "Its members leave the list once a campaign was sent to it.",
            "sync_order": "Lower first, then by name.",
            "manual_only": "Left out where all lists are synchronised.",
        }
        return known.get(key, "") or self.query_meaning(key)

    # -- what is changed -------------------------------------------------------------------------------------------

    def change(self, key: str) -> None:
        """The next choice; the order is typed."""
        now = self._now
        if key == _SAVE:
            self._save()
        elif key == "sync_order":
            self.type_in(key, str(now.sync_order), whole_number=True)
        elif key in ("name", "description"):
            self.type_in(key, self._named if key == "name" else self._description)
        elif key == "locked":
            self._locked = not self._locked
        elif key in (VIEW, QUERY, FINDS):
            self.change_query(key)
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
        """Name, description, FetchXML, or the synchronisation order."""
        if key == QUERY:
            return self.query_typed(text)
        if key == "name":
            fault = name_fault(text)
            self._named = self._named if fault else text
        elif key == "description":
            fault = description_fault(text)
            self._description = self._description if fault else text
        elif not text.isdecimal() or not LOWEST <= int(text) <= HIGHEST:
            fault = f"Synchronisation order: a number from {LOWEST} to {HIGHEST:,}."
        else:
            fault = ""
            self._now = msgspec.structs.replace(self._now, sync_order=int(text))
        return fault

    # -- what is saved ---------------------------------------------------------------------------------------------

    def _save(self) -> None:
        """What is changed about the list itself, and what makes records, is asked about once more."""
        request = self._changed()
        if request == EditList(id=self._row.id):
            self.dismiss(None)
            return
        if self.asked and self.counted is None:
            self.console.notify("The new query was not counted.", title="Not saved yet", severity="warning")
            return
        lines = self._told_before(request)
        if not lines:
            self._write(request)
            return
        made = CREATES.get(request.membership_action) if request.membership_action else None
        title = f"Make {made}s of strangers?" if made else "Change the list in Dynamics?"
        question = Confirm(title, lines, yes="Save")
        self.app.push_screen(question, lambda yes: self._write(request) if yes else None)

    def _told_before(self, request: EditList) -> list[str]:
        made = CREATES.get(request.membership_action) if request.membership_action else None
        strangers = f"Every contact in the address book that no {made} in Dynamics matches becomes a new one."
        lines = [strangers] if made else []
        if request.name is not None:
            lines.append(f"Name: {self._row.name} → {request.name}")
        if request.description is not None:
            lines.append(f"Description: {request.description or 'none'}")
        if self.counted is not None:
            known = "" if self._row.members is None else f"; {number(self._row.members)} are known on it"
            lines.append(f"The new query finds {number(self.counted.people)}{known}.")
        if request.locked is not None:
            lines.append("It is locked." if request.locked else "It is unlocked: its members can be changed.")
        return lines

    def _write(self, request: EditList) -> None:
        self.ask(LIST_EDIT, request, self._kept)

    def _kept(self, detail: ListDetail) -> None:
        self.dismiss(detail)

    def _changed(self) -> EditList:
        before, now = self._before, self._now
        changed = {
            name: getattr(now, name)
            for name in ("membership_action", "clear_on_send", "sync_order", "manual_only")
            if before is None or getattr(before, name) != getattr(now, name)
        }
        if before is None or before.subscription_filter != now.subscription_filter:
            changed["subscription_filter"] = tuple(text_of(now.subscription_filter).split(","))
        return EditList(
            id=self._row.id,
            name=self._named if self._named != self._row.name else None,
            description=self._description if self._description != self._described else None,
            view=self.view or None,
            query=self.fetch_xml or None,
            locked=self._locked if self._locked != self._row.locked else None,
            **changed,
        )
