"""Activating and deactivating marketing lists for email: the questions asked before, whichever screen starts it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dyntui.model.errors import DyntuiError
from dyntui.service.contract.lists import (
    LIST_ACTIVATE,
    LIST_DEACTIVATE,
    Activate,
    ListDetail,
    ListRef,
    ListRow,
    can_be_activated,
)

from .base import Asking
from .dialogs import Confirm
from .gone_on import still_here
from .widgets.cells import single_line

# The service's answer when a free address book of the list's name is there: linking it needs the person's word.
BOOK_EXISTS = "BOOK_EXISTS"
# So many lists are named one by one; of the others their number is said.
_NAMED = 5

Then = Callable[[], None]


def activate(screen: Asking[None], chosen: Sequence[ListRow], then: Then) -> None:
    """Activates those of the chosen lists that can be, after a confirmation, one after the other; an existing address
    book is linked after another one. `then` is called after each."""
    rows = [row for row in chosen if can_be_activated(row)]
    tell_left_out(screen, [row for row in chosen if row not in rows], "activated already, or inactive in Dynamics")
    if not rows:
        return
    waiting = list(rows)

    def next_one() -> None:
        if waiting:
            row = waiting.pop(0)
            screen.ask(LIST_ACTIVATE, Activate(id=row.id), done, refused=lambda error: refused(row, error))

    def confirmed(yes: bool | None) -> None:
        if yes:
            next_one()

    def refused(row: ListRow, error: DyntuiError) -> None:
        if error.code != BOOK_EXISTS or not still_here(screen):
            # Whoever has gone on presses keys for something else.
            screen.show_error(error)
            next_one()
            return
        question = Confirm(
            "Link the existing address book?",
            [
                error.message,
                "Linking binds it to this marketing list; the contacts that are in it already stay in it.",
            ],
            yes="Link it",
        )
        screen.app.push_screen(question, lambda yes: linked(row, yes))

    def linked(row: ListRow, yes: bool | None) -> None:
        if yes:
            screen.ask(LIST_ACTIVATE, Activate(id=row.id, link=True), done)
        else:
            next_one()

    def done(detail: ListDetail) -> None:
        screen.notify("It can be synchronised now: press s.", title=_title(detail.row, "activated"), markup=False)
        then()
        next_one()

    what = "The list gets an address book of its name" if len(rows) == 1 else "Each gets an address book of its name"
    question = Confirm(
        f"Activate {_named(rows)} for email?",
        [*_names(rows), f"{what} in dotdigital. Nobody is mailed by this."],
        yes="Activate",
    )
    screen.app.push_screen(question, confirmed)


def deactivate(screen: Asking[None], chosen: Sequence[ListRow], then: Then) -> None:
    """Deactivates those of the chosen lists that are activated, after a confirmation, one after the other: one that
    cannot be keeps none of the others. `then` is called after each."""
    rows = [row for row in chosen if row.activated]
    tell_left_out(screen, [row for row in chosen if row not in rows], "not activated")
    if not rows:
        return
    waiting = list(rows)

    def next_one() -> None:
        if waiting:
            screen.ask(LIST_DEACTIVATE, ListRef(waiting.pop(0).id), done, refused=refused)

    def confirmed(yes: bool | None) -> None:
        if yes:
            next_one()

    def refused(error: DyntuiError) -> None:
        screen.show_error(error)
        next_one()

    def done(detail: ListDetail) -> None:
        screen.notify("Its address book stays as it is.", title=_title(detail.row, "deactivated"), markup=False)
        then()
        next_one()

    what = "It is not synchronised" if len(rows) == 1 else "They are not synchronised"
    question = Confirm(
        f"Deactivate {_named(rows)} for email?",
        [*_names(rows), f"{what} any more and can no longer be a target. The address book is kept."],
        yes="Deactivate",
        danger=True,
    )
    screen.app.push_screen(question, confirmed)


def tell_left_out(screen: Asking[None], rows: Sequence[ListRow], why: str) -> None:
    """Names the chosen lists that an action does not take."""
    if rows:
        names = _names(rows) or [single_line(rows[0].name)]
        screen.notify("\n".join(names), title=f"Left out: {why}", severity="warning", markup=False)


def _named(rows: Sequence[ListRow]) -> str:
    return single_line(rows[0].name) if len(rows) == 1 else f"{len(rows)} lists"


def _names(rows: Sequence[ListRow]) -> list[str]:
    names = [single_line(row.name) for row in rows[:_NAMED]]
    return [*names, f"and {len(rows) - _NAMED} more"] if len(rows) > _NAMED else names if len(rows) > 1 else []


def _title(row: ListRow, what: str) -> str:
    return f"{single_line(row.name)} {what}"
