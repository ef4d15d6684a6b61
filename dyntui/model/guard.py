"""The removal guard: when removals from an address book wait for somebody's decision (spec section 7)."""

from __future__ import annotations

import msgspec

# Removals for another reason than consent are held when there are more than 10 and more than 10 %.
GUARD_PEOPLE = 10
GUARD_PERCENT = 10


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What an email account takes for too many: more than `people`, and more than `percent` of the address book."""

    people: int = GUARD_PEOPLE
    percent: int = GUARD_PERCENT


def guard(going: int, in_book: int, listed: int, unproven: str = "", limits: Limits = Limits()) -> str:  # noqa: B008
    """Why the removal of `going` people waits for approval; `""` when it may go ahead. `unproven`: why the listing that
    it rests on proves nothing."""
    if going and not listed:
        return "the list came back empty"
    if going and unproven:
        return unproven
    if going > limits.people and 100 * going > limits.percent * in_book:
        return f"{going} of {in_book} people in the address book would leave it"
    return ""
