"""The three tables whose rows may be members of a marketing list (reference/dataverse_api.md section 7.1)."""

from __future__ import annotations

from typing import Final

import msgspec


class MemberTable(msgspec.Struct, frozen=True):
    """One of the three tables whose rows may be members; `code` is the list's `createdfromcode`."""

    code: int
    logical_name: str
    entity_set: str
    key: str
    association: str


MEMBER_TABLES: Final = {
    1: MemberTable(1, "account", "accounts", "accountid", "listaccount_association"),
    2: MemberTable(2, "contact", "contacts", "contactid", "listcontact_association"),
    4: MemberTable(4, "lead", "leads", "leadid", "listlead_association"),
}
BY_NAME: Final = {table.logical_name: table for table in MEMBER_TABLES.values()}
