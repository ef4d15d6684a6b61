"""Organisations and email accounts that are not production: who may be mailed from there all the same."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from dyntui.model.people import is_address, normalise


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """An email account (by id and name), or the organisation (`account_id` is `""`), that is marked as not production;
    by whom and since when (ISO 8601 UTC)."""

    account_id: str
    account: str
    marked_by: str
    marked_on: str


class Allowed(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a send may mail although something is marked: an address, or everybody of a domain (`@example.org`)."""

    entry: str
    added_by: str
    added_on: str


def entry(text: str) -> str:
    """An entry of the allow list as it is kept: a normalised address, or `@` and a domain. Raises ValueError."""
    given = normalise(text)
    if is_address(f"anybody{given}" if given.startswith("@") else given):
        return given
    raise ValueError(f"{text!r} is neither an e-mail address nor @ and a domain.")


def is_allowed(address: str, entries: Collection[str]) -> bool:
    """Whether the allow list names a normalised address or its domain."""
    return address in entries or f"@{address.rpartition('@')[2]}" in entries
