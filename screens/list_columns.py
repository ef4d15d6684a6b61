"""Columns of marketing lists, for every grid that shows them."""

from __future__ import annotations

from collections.abc import Iterable

from dyntui.model.outcomes import ReasonCount
from dyntui.service.contract.lists import ListRow, sync_words

from .widgets.columns import Column
from .wording import moment, number


def _status_tone(row: ListRow) -> str:
    if not row.activated:
        return "muted"
    return "" if row.sync_status.startswith(("Completed", "Synchronised")) else "warn"


def status_text(row: ListRow, counts: Iterable[ReasonCount] = ()) -> str:
    """How far a list is, in words, also where the service has none yet. `counts` as for `sync_words`."""
    if row.sync_status:
        return sync_words(row, counts)
    if not row.active:
        return "inactive in Dynamics"
    return "not synchronised yet" if row.activated else "not activated"


def kind(row: ListRow) -> str:
    """`contact, dynamic`; that it is locked."""
    return f"{row.member_type}, {'dynamic' if row.dynamic else 'static'}{', locked' if row.locked else ''}"


LIST_COLUMNS: tuple[Column[ListRow], ...] = (
    Column(title="Name", text=lambda row: row.name, width=18, flex=3, sort="name", whole=True),
    Column(title="Type", text=lambda row: row.member_type, width=7, priority=3, sort="member_type"),
    Column(title="", text=lambda row: "dynamic" if row.dynamic else "static", width=7, priority=5, sort="dynamic"),
    Column(
        title="Members",
        text=lambda row: "—" if row.members is None else number(row.members),
        width=9,
        right=True,
        priority=1,
        sort="members",
    ),
    Column(
        title="Email",
        text=lambda row: "✓ active" if row.activated else "",
        width=8,
        # Only an activated list has a status, which says so too.
        priority=2,
        sort="activated",
        tone=lambda row: "good",
    ),
    Column(
        title="Sync status",
        text=lambda row: status_text(row) if row.activated else "",
        width=20,
        flex=2,
        priority=1,
        tone=_status_tone,
        sort="sync_status",
    ),
    Column(
        title="Synchronised",
        text=lambda row: moment(row.last_synced),
        width=17,
        priority=4,
        sort="last_synced",
        tone=lambda row: "muted",
    ),
    Column(title="Order", text=lambda row: str(row.sync_order), width=5, right=True, priority=6, sort="sync_order"),
)

PICK_COLUMNS: tuple[Column[ListRow], ...] = (
    Column(title="Name", text=lambda row: row.name, width=18, flex=1, sort="name", whole=True),
    Column(title="Type", text=lambda row: row.member_type, width=7, priority=2, sort="member_type"),
    Column(
        title="Members",
        text=lambda row: "—" if row.members is None else number(row.members),
        width=9,
        right=True,
        priority=1,
        sort="members",
    ),
    Column(title="Sync status", text=sync_words, width=16, flex=1, priority=1, tone=_status_tone),
)
