"""Starting and polling imports: what v2 and v3 have in common (5.1, 5.2)."""

from dyntui.sandbox.dotdigital import codec, jobs
from dyntui.sandbox.dotdigital.call import Call


def full(call: Call) -> bool:
    """Whether the account already has as many active imports as it may, v2 and v3 together."""
    active = call.state.db.execute("SELECT count(*) FROM dd_import WHERE status = 'NotFinished'").fetchone()[0]
    return bool(active >= call.settings.import_active_limit)


def start(call: Call, kind: str, payload: bytes, merge: str, books: list[int]) -> str:
    """Queues an import of `kind` (file, collection or v3) and answers its id."""
    import_id, settings = call.state.ids.guid(), call.settings
    call.state.db.execute(
        "INSERT INTO dd_import (id, kind, status, outcome, merge, books, payload, created)"
        " VALUES (?, ?, 'NotFinished', ?, ?, ?, ?, ?)",
        (import_id, kind, settings.import_outcome, merge, codec.text(books), payload, call.now),
    )
    wait = 0 if settings.import_polls == 0 else int(settings.import_seconds * 1000)
    jobs.schedule(call.state, "import", import_id, call.now + wait)
    return import_id


def polls(call: Call, import_id: str) -> int:
    """How often an import was asked for."""
    return int(call.state.db.execute("SELECT polls FROM dd_import WHERE id = ?", (import_id,)).fetchone()[0])


def poll(call: Call, import_id: str, v3: bool) -> str | None:
    """Counts one poll and answers the status; None for an unknown import. Both APIs see only their own imports."""
    row = call.state.db.execute(
        "UPDATE dd_import SET polls = polls + 1 WHERE id = ? AND (kind = 'v3') = ? RETURNING status, polls",
        (import_id.lower(), v3),
    ).fetchone()
    if row is None:
        return None
    if row[0] == "NotFinished" and row[1] >= call.settings.import_polls:
        jobs.hasten(call.state, import_id.lower(), call.now)
    return str(row[0])
