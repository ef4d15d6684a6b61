"""Whose people a page of people shows."""

from __future__ import annotations

import msgspec


class Whose(msgspec.Struct, frozen=True, kw_only=True):
    """Whose people: of a `run` of a `kind` (and of an `item`) or of a target `count`, narrowed by outcome and reason;
    or those about whom a list (`held`: its id) waits for a decision: with the reason UNDONE about their undone change.
    A count with the `kind` of a send is one that was sent. `title` says it."""

    title: str
    trail: tuple[str, ...] = ()
    run: str = ""
    kind: str = ""
    item: str = ""
    held: str = ""
    count: str = ""
    outcome: str = ""
    reason: str = ""
    sendable: bool = False
