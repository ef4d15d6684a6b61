"""Which suppression rows in Dynamics a person wrote, and which are dyntui's own.

A row that was copied, imported or corrected by a person names the origin that it had before. Where the service has a
user of its own, who changed a row last says whose it is, unless it says what the service itself had told
(`news_to_us`). Where it acts as a person, the rows of that person are told from its own by their alternate key, which
is made of address and email account: neither a copy nor a corrected address has the right one.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse import query
from dyntui.model.sign_in import SignInBy
from dyntui.store import accounts, suppressions

ORIGIN, BY_HAND = "dotdigital", "a person"
# A condition that every row meets.
_ALL = "dyntui_suppressionid ne null"


class Added(
    msgspec.Struct,
    frozen=True,
    rename={
        "row": "dyntui_suppressionid",
        "address": "dyntui_address",
        "changed_on": "modifiedon",
        "changed_by": "_modifiedby_value",
        "origin": "dyntui_origin",
        "key": "dyntui_key",
        "account": "_dyntui_emailaccountid_value",
    },
):
    """A suppression row that may have been written in Dynamics."""

    row: str = ""
    address: str | None = None
    changed_on: datetime | None = None
    changed_by: str | None = None
    origin: str | None = None
    key: str | None = None
    account: str | None = None


class Written(msgspec.Struct, frozen=True):
    """Which rows persons wrote: those that meet the `condition` and, where the service acts as the person `person`,
    are `theirs`."""

    condition: str
    person: str = ""

    def theirs(self, row: Added) -> bool:
        """Whether a row that meets the condition is a person's."""
        if not self.person or row.origin != ORIGIN or (row.changed_by or "").lower() != self.person.lower():
            return True
        return row.key != row_key(row.account or "", row.address or "")


def written_in_dynamics(c: Connection) -> Written:
    """Those that name another origin, and those that somebody else than the service changed last."""
    known = accounts.organisation(c)
    if known is not None and known.auth == SignInBy.DEVICE_CODE:
        return Written(_ALL, known.service_user_id)
    by_others = [query.differs("dyntui_origin", ORIGIN)]
    if known is not None and known.service_user_id:
        by_others.append(query.differs("_modifiedby_value", uuid.UUID(query.guid(known.service_user_id))))
    return Written(f"({' or '.join(by_others)})")


def news_to_us(c: Connection, rows: Sequence[Added]) -> list[Added]:
    """Rows of persons without those that the service wrote, whoever changed them since: it acted as another user, or
    somebody gave all rows another owner. The key is its own, and that the account suppresses the address is known; in
    other accounts such a row asks for nothing."""
    own: dict[str, list[Added]] = {}
    for row in rows:
        if row.origin == ORIGIN and row.account and row.address and row.key == row_key(row.account, row.address):
            own.setdefault(row.account, []).append(row)
    told: set[str] = set()
    for account_id, some in own.items():
        unknown = frozenset(suppressions.not_known(c, account_id, [row.address or "" for row in some]))
        told.update(row.row for row in some if row.address not in unknown)
    return [row for row in rows if row.row not in told]


def row_key(account_id: str, address: str) -> str:
    """The alternate key of a suppression row: a hash, since key values may not hold `/ < > * % & : \\ ? +`
    (dataverse_api.md 5.2)."""
    return hashlib.sha256(f"{account_id}\n{address}".encode()).hexdigest()[:40]


def key_by_hand(address: str, reason: str, user_id: str) -> str:
    """That of the row by which somebody suppresses an address for a reason: saying it again is saying the same."""
    said = f"{BY_HAND}\n{user_id}\n{address}\n{reason}"
    return hashlib.sha256(said.encode()).hexdigest()[:40]
