"""Marketing lists and their members as store, contract and both faces show them."""

from __future__ import annotations

import msgspec

from dyntui.model.outcomes import Outcome


class ListRow(msgspec.Struct, frozen=True, kw_only=True):
    """A marketing list in the grid. `member_type`: account, contact, lead, or other. `members` is None where Dynamics
    keeps no count (dynamic lists that were never read). `sync_status` in words; `last_synced` ISO 8601 UTC or `""`;
    `account`: the email account's name."""

    id: str
    name: str
    member_type: str
    dynamic: bool
    members: int | None
    active: bool
    locked: bool
    activated: bool
    account: str
    sync_status: str
    last_synced: str
    sync_order: int
    manual_only: bool
    owner: str = ""
    modified_on: str = ""


class MemberRow(msgspec.Struct, frozen=True, kw_only=True):
    """A member of a marketing list with the outcome of the last synchronisation; `outcome` None when never
    synchronised."""

    entity: str
    person: str
    name: str
    address: str
    outcome: Outcome | None
    reason: str = ""
    detail: str = ""
    contact_id: int | None = None
