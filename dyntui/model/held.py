"""Removals that wait for a decision, as store, contract and both faces show them."""

from __future__ import annotations

import msgspec


class HeldRemovals(msgspec.Struct, frozen=True, kw_only=True):
    """A marketing list (id and name) from whose address book `people` would have to leave, of `in_book` contacts.
    `why` they are held, and the `run` that holds them; `""` where the removal is held for reasons of its people.

    `undone`: `people` whose change was undone, and of whom the synchronisation would make it again."""

    list: str
    name: str
    people: int
    in_book: int
    why: str
    run: str
    undone: bool = False
