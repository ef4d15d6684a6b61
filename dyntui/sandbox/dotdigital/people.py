"""What only the person behind an address can do: confirm an opt-in, answer a resubscription's challenge."""

from dyntui.sandbox.dotdigital import contact_store, storage, suppressions
from dyntui.sandbox.state import State


def confirm_opt_in(state: State, email: str) -> bool:
    """The person clicks the link of the confirmation mail: VerifiedDouble and Subscribed (3.3).

    Answers False when nothing waited for them.
    """
    now = storage.now(state)
    changed = state.db.execute(
        "UPDATE dd_contact SET status = 'Subscribed', opt_in = 'VerifiedDouble', updated = ?"
        " WHERE email = lower(?) AND status = 'PendingOptIn'",
        (now, email),
    )
    return changed.rowcount > 0


def answer_challenge(state: State, email: str) -> bool:
    """The person agrees to being resubscribed, to the account and to the lists asked for (3.6).

    Answers False when nobody had asked them.
    """
    contact = contact_store.by_email(state, email)
    if contact is None:
        return False
    asked = state.db.execute(
        "DELETE FROM dd_challenge WHERE contact_id = ? RETURNING book_id", (contact.id,)
    ).fetchall()
    for (book_id,) in asked:
        suppressions.lift(state, contact.id, book_id, storage.now(state))
    return bool(asked)
