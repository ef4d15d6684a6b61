"""Whether marketing lists can be used in an email account: they are known, and activated for it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from dyntui.model.errors import DyntuiError, Exit
from dyntui.store.lists import StoredList


def require(found: Sequence[StoredList], ids: Collection[str], account_id: str, not_done: str) -> None:
    """`found`: what is known of the lists with these ids. Raises LIST_OF_ANOTHER_ACCOUNT, LIST_NOT_ACTIVATED."""
    elsewhere = [each.name for each in found if each.activated and each.account_id != account_id]
    if elsewhere:
        raise DyntuiError(
            "LIST_OF_ANOTHER_ACCOUNT",
            f"Activated for another email account: {', '.join(elsewhere)}.",
            not_done=not_done,
            remedy="Use a list in the email account that it is activated for.",
            exit=Exit.USAGE,
        )
    wrong = [each.name for each in found if not each.activated]
    if wrong or len(found) < len(ids):
        raise DyntuiError(
            "LIST_NOT_ACTIVATED",
            ("Not activated for email: " + ", ".join(wrong) + ".") if wrong else "A marketing list is not known.",
            not_done=not_done,
            remedy="Activate the list for email first.",
            exit=Exit.USAGE,
        )
