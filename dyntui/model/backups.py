"""Backups of a store."""

from __future__ import annotations

import msgspec


class Backup(msgspec.Struct, frozen=True, kw_only=True):
    """One. `made_on`: ISO 8601 UTC; `reason`: in words; `automatic`: made by dyntui itself, which keeps ten of them;
    `revision`: the store's schema; `size`: in bytes."""

    name: str
    made_on: str
    reason: str
    automatic: bool
    revision: str
    size: int = 0
