"""The email account that every place of the console is about: which one was chosen, and asking for another."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.app import App

from dyntui.service.contract.session import EmailAccount

from .remembered import Memory
from .widgets.cells import single_line


class ChosenAccount:
    """Of the accounts that are `known`; remembered in `memory`. `changed` is told of another choice."""

    def __init__(
        self,
        app: App[None],
        memory: Memory,
        known: Callable[[], Sequence[EmailAccount]],
        changed: Callable[[], None],
    ) -> None:
        self._app = app
        self._memory = memory
        self._known = known
        self._changed = changed

    @property
    def id(self) -> str:
        """Its id; `""`: all of them."""
        known = self._known()
        chosen = self._memory.now.account
        return chosen if len(known) > 1 and chosen in {each.id for each in known} else ""

    @property
    def one(self) -> str:
        """The id of the one that a page about one account shows: the chosen one, else the default one; `""` where none
        is known."""
        known = self._known()
        return self.id or next((each.id for each in (*(one for one in known if one.is_default), *known)), "")

    def name(self, *, one: bool) -> str:
        """What stands in a frame, `""` where there is only one account. `one`: on a page that is about one account,
        the default one where none is chosen."""
        known = self._known()
        if len(known) < 2:
            return ""
        meant = self.one if one else self.id
        return next((single_line(each.name) for each in known if each.id == meant), "all email accounts")

    def ask(self) -> None:
        """Asks for another one."""
        from .choosing_account import AccountChoice

        known = self._known()
        if len(known) < 2:
            text = "There is only one email account; C shows it, and connects another."
            self._app.notify(text, markup=False)
        elif not isinstance(self._app.screen, AccountChoice):
            self._app.push_screen(AccountChoice(known, self.id), self.take)

    def take(self, id: str | None) -> None:
        """That one from now on; None: as before."""
        if id is None or id == self.id:
            return
        self._memory.keep_account(id)
        self._changed()
