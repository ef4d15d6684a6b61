"""Suppressions as store, contract and both faces show them."""

from __future__ import annotations

import msgspec


class SuppressionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A suppressed address in an email account (by name).

    The platform's status, the reason code it stands for, when the person did it and when dyntui learned it.
    """

    address: str
    account: str
    status: str
    reason: str
    suppressed_on: str
    learned_on: str


class OddRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row that asks for somebody not to be mailed, from which no address can be got."""

    source: str
    received: str
    learned_on: str
