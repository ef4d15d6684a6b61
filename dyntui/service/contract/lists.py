"""Marketing lists and their members."""

from __future__ import annotations

import msgspec

from dyntui.model.outcomes import Outcome, ReasonCount
from dyntui.service.contract.bounds import ListView, Text
from dyntui.service.contract.paging import Window


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


class ListDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A marketing list's page: the row, its address book and what became of its members in the last run."""

    row: ListRow
    description: str
    address_book: str
    address_book_id: int
    counts: tuple[ReasonCount, ...]
    last_run: str
    active_run: str
    query: str = ""


class ListsQuery(Window, frozen=True, kw_only=True):
    """`view`: `active`, `inactive`, `my`, `activated`, `problems` or `all`."""

    view: ListView = "active"


class ListRef(msgspec.Struct, frozen=True):
    """A marketing list by id."""

    id: Text


class Activate(msgspec.Struct, frozen=True, kw_only=True):
    """Activate for email. A free address book of the same name is linked only when `link` says so."""

    id: Text
    account: Text = ""
    link: bool = False


class MembersQuery(Window, frozen=True, kw_only=True):
    """A window on a list's members as last read; by outcome and reason where given."""

    list: Text
    outcome: Text = ""
    reason: Text = ""


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
