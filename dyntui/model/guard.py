"""The removal guard: when removals from an address book wait for somebody's decision (spec section 7)."""

from __future__ import annotations

# Removals for another reason than consent are held when there are more than 10 and more than 10 %.
GUARD_PEOPLE = 10
GUARD_SHARE = 0.10


def guard(going: int, in_book: int, listed: int, unproven: str = "") -> str:
    """Why the removal of `going` people waits for approval; `""` when it may go ahead. `unproven`: why the listing that
    it rests on proves nothing."""
    if going and not listed:
        return "the list came back empty"
    if going and unproven:
        return unproven
    if going > GUARD_PEOPLE and going > GUARD_SHARE * in_book:
        return f"{going} of {in_book} people in the address book would leave it"
    return ""
