"""What happens later on the sandbox clock: imports, removals, refreshes and sends, each due at a moment.

Jobs wait in a table, so that a stored world goes on where it stopped. They are run by `life.tick`.
"""

from dyntui.sandbox.state import State


def schedule(state: State, kind: str, ref: str, due: int) -> None:
    """Plans the job `kind` for the thing `ref` at the moment `due`."""
    state.db.execute("INSERT INTO dd_job (kind, ref, due) VALUES (?, ?, ?)", (kind, ref, due))


def hasten(state: State, ref: str, due: int) -> None:
    """Lets the jobs of a thing happen at `due` at the latest: the next call finds them done."""
    state.db.execute("UPDATE dd_job SET due = min(due, ?) WHERE ref = ?", (due, ref))


def cancel(state: State, ref: str) -> None:
    """Forgets the jobs of a thing."""
    state.db.execute("DELETE FROM dd_job WHERE ref = ?", (ref,))


def take(state: State, now: int) -> tuple[str, str, int] | None:
    """Removes and answers the next job that is due: kind, thing and moment; None when there is none."""
    row = state.db.execute(
        "SELECT id, kind, ref, due FROM dd_job WHERE due <= ? ORDER BY due, id LIMIT 1", (now,)
    ).fetchone()
    if row is None:
        return None
    state.db.execute("DELETE FROM dd_job WHERE id = ?", (row[0],))
    return str(row[1]), str(row[2]), int(row[3])


def anything_due(state: State, now: int) -> bool:
    """Whether a job or an event of the audience waits to happen."""
    return bool(
        state.db.execute(
            "SELECT EXISTS (SELECT 1 FROM dd_job WHERE due <= ?1) OR EXISTS"
            " (SELECT 1 FROM dd_event WHERE applied = 0 AND due <= ?1)",
            (now,),
        ).fetchone()[0]
    )
