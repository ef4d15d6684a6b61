"""Accounts that are mailed at their primary contact's address: what is read of that contact, and which gates it closes.

The contact is whoever the mail reaches: what it has said, or anybody for it, counts for the account, besides what the
account says itself.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

import msgspec

from dyntui.model.columns import Column, Leads, Over
from dyntui.model.people import Gate
from dyntui.sync.mapped_fields import Source

_LOOKUP: Final = "primarycontactid"
_LEADS: Final = Leads(table="contact", key="contactid", property=_LOOKUP)


def _over(name: str, type_: str) -> Column:
    path = f"{_LOOKUP}.{name}"
    return Column(entity="account", logical_name=path, type=type_, over=Over(_LOOKUP, _LEADS, name))


COLUMNS: Final = (
    Column(entity="account", logical_name=_LOOKUP, type="Lookup"),
    _over("contactid", "Uniqueidentifier"),
    _over("emailaddress1", "String"),
    _over("donotemail", "Boolean"),
    _over("donotbulkemail", "Boolean"),
    _over("statecode", "State"),
    _over("merged", "Boolean"),
)
"""What is read of an account's primary contact: the lookup itself first."""


class Through(msgspec.Struct, frozen=True, kw_only=True):
    """The primary contact of an account. `id`: `""` where it has none; `seen`: the service may read the contact."""

    id: str
    seen: bool
    address: str = ""
    do_not_email: bool = False
    do_not_bulk_email: bool = False
    state_code: int = 0
    merged: bool = False


def contact_of(sources: Sequence[Source], row: object) -> Through:
    """The primary contact as a row of an account shows it; `sources`: those of `COLUMNS`."""
    values: list[Any] = [each.of(row) for each in sources]
    lookup, contact, address, no_email, no_bulk, state, merged = values
    return Through(
        id=(contact or lookup or "").lower(),
        seen=contact is not None,
        address=address or "",
        do_not_email=bool(no_email),
        do_not_bulk_email=bool(no_bulk),
        state_code=state or 0,
        merged=bool(merged),
    )


def with_contact(gates: Sequence[Gate], contact: Through) -> list[Gate]:
    """The gates that an account closes itself, with those that its primary contact closes."""
    if not contact.id:
        return [
            Gate("NO_EMAIL", "the account has no primary contact") if each.reason == "NO_EMAIL" else each
            for each in gates
        ]
    who = f"primary contact {contact.id}"
    if not contact.seen:
        hidden = Gate("NO_ACCESS", f"the service may not read the {who}")
        return [*(each for each in gates if each.reason != "NO_EMAIL"), hidden]
    closed = {
        "DO_NOT_EMAIL": contact.do_not_email,
        "DO_NOT_BULK_EMAIL": contact.do_not_bulk_email,
        "INACTIVE": contact.state_code != 0,
        "MERGED": contact.merged,
    }
    known = {each.reason for each in gates}
    return [*gates, *(Gate(reason, who) for reason, is_so in closed.items() if is_so and reason not in known)]


def unreadable(sources: Sequence[Source], odd: Collection[str]) -> list[str]:
    """Those of the columns without which nobody can say whether the account may be mailed that cannot be read."""
    return [each for each in dict.fromkeys(name for source in sources for name in source.properties) if each in odd]
