"""Suppressions as dyntui knows them."""

from __future__ import annotations

import msgspec

from dyntui.service.contract.paging import Window


class SuppressionsQuery(Window, frozen=True, kw_only=True):
    """A window on the suppressed addresses."""

    account: str = ""


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
