"""Rows that dotdigital refused, or that cannot be sent as they are."""

from __future__ import annotations

import msgspec


class RefusedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A member of a marketing list (`list`: its id, `list_name`) whose row was refused. `retry_on`: when a timer offers
    it again (ISO 8601 UTC; `""`: with the next synchronisation); a person's synchronisation offers it at once.
    `ignored_until` and `why`: somebody does not want to hear of it."""

    list: str
    list_name: str
    person: str
    entity: str
    name: str
    address: str
    reason: str
    detail: str
    retry_on: str
    ignored_until: str = ""
    ignored_by: str = ""
    why: str = ""
