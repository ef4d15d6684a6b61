"""The life which imports of v2 and v3 share: at most 25 active, NotFinished for a while, then an outcome (5)."""

from dyntui.sandbox.dotdigital import contact_store, dates, imports_v2, imports_v3, upsert
from dyntui.sandbox.state import State


def finish(state: State, import_id: str, at: int) -> None:
    """Applies an import whose time has come and keeps its report; what it held is let go.

    Nothing at all is applied when the outcome switched on at its start is a failure, or when the account's contact
    allowance has no room for its new contacts.
    """
    kind, outcome, payload, merge, books = state.db.execute(
        "SELECT kind, outcome, payload, merge, books FROM dd_import WHERE id = ?", (import_id,)
    ).fetchone()
    if outcome == "Finished":
        rows = imports_v3.rows(state, payload) if kind == "v3" else imports_v2.rows(state, kind, payload, books)
        limit = state.config.dotdigital.contact_limit
        if rows is None:
            outcome = "InvalidFileFormat"
        elif limit and contact_store.count(state) + upsert.new_rows(state, rows) > limit:
            outcome = "ExceedsAllowedContactLimit"
        else:
            report = imports_v3.apply if kind == "v3" else imports_v2.apply
            report(state, import_id, rows, merge, at)
    state.db.execute(
        "UPDATE dd_import SET status = ?, finished = ?, payload = NULL WHERE id = ?", (outcome, at, import_id)
    )


def fail(state: State, import_id: str) -> None:
    """An import that broke off: nothing of it was applied."""
    state.db.execute("UPDATE dd_import SET status = 'Failed', payload = NULL WHERE id = ?", (import_id,))


def forget(state: State, at: int) -> None:
    """Fault reports are kept for about a week (5.4)."""
    state.db.execute(
        "UPDATE dd_import SET faults = NULL WHERE faults IS NOT NULL AND finished < ?",
        (at - state.config.dotdigital.fault_report_days * dates.DAY,),
    )
