"""Activating and deactivating a marketing list for email: the questions asked before, whichever screen starts it."""

from __future__ import annotations

from collections.abc import Callable

from dyntui.model.errors import DyntuiError
from dyntui.service.contract.lists import Activate, ListDetail, ListRef, ListRow
from dyntui.service.contract.methods import LIST_ACTIVATE, LIST_DEACTIVATE

from .base import Asking
from .dialogs import Confirm
from .widgets.cells import single_line

# The service's answer when a free address book of the list's name is there: linking it needs the person's word.
BOOK_EXISTS = "BOOK_EXISTS"

Then = Callable[[ListDetail], None]


def activate(screen: Asking[None], row: ListRow, then: Then) -> None:
    """Activates after a confirmation; an existing address book is linked after a second one."""

    def confirmed(yes: bool | None) -> None:
        if yes:
            screen.ask(LIST_ACTIVATE, Activate(id=row.id), done, refused=refused)

    def refused(error: DyntuiError) -> None:
        if error.code != BOOK_EXISTS:
            screen.show_error(error)
            return
        question = Confirm(
            "Link the existing address book?",
            [
                error.message,
                "Linking binds it to this marketing list; the contacts that are in it already stay in it.",
            ],
            yes="Link it",
        )
        screen.app.push_screen(question, linked)

    def linked(yes: bool | None) -> None:
        if yes:
            screen.ask(LIST_ACTIVATE, Activate(id=row.id, link=True), done)

    def done(detail: ListDetail) -> None:
        screen.notify("It can be synchronised now: press s.", title=_title(row, "activated"), markup=False)
        then(detail)

    question = Confirm(
        f"Activate {row.name} for email?",
        ["The list gets an address book of its name in dotdigital. Nobody is mailed by this."],
        yes="Activate",
    )
    screen.app.push_screen(question, confirmed)


def deactivate(screen: Asking[None], row: ListRow, then: Then) -> None:
    """Deactivates after a confirmation."""

    def confirmed(yes: bool | None) -> None:
        if yes:
            screen.ask(LIST_DEACTIVATE, ListRef(row.id), done)

    def done(detail: ListDetail) -> None:
        screen.notify("Its address book stays as it is.", title=_title(row, "deactivated"), markup=False)
        then(detail)

    question = Confirm(
        f"Deactivate {row.name} for email?",
        ["It is not synchronised any more and can no longer be a target. The address book is kept."],
        yes="Deactivate",
        danger=True,
    )
    screen.app.push_screen(question, confirmed)


def _title(row: ListRow, what: str) -> str:
    return f"{single_line(row.name)} {what}"
