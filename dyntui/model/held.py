"""What waits for a decision of a person, as store, contract and both faces show it."""

from __future__ import annotations

import enum

import msgspec


class HeldRemovals(msgspec.Struct, frozen=True, kw_only=True):
    """A marketing list (id and name) from whose address book `people` would have to leave, of `in_book` contacts.
    `why` they are held (`""`: they are not as they were planned), and the `run` that holds them.

    `undone`: `people` whose change was undone, and of whom the synchronisation would make it again."""

    list: str
    name: str
    people: int
    in_book: int
    why: str
    run: str
    undone: bool = False


class Kind(enum.StrEnum):
    """What waits."""

    REMOVALS = "removals"
    UNDONE = "undone"
    REFUSED = "refused"
    AMBIGUOUS = "ambiguous"
    CONFLICTS = "conflicts"
    PLAN = "plan"


# What waits, as people read it behind how many they are.
KIND_WORDS = {
    Kind.REMOVALS: "removals",
    Kind.UNDONE: "undone changes",
    Kind.REFUSED: "refused rows",
    Kind.AMBIGUOUS: "ambiguous matches",
    Kind.CONFLICTS: "conflicts",
    Kind.PLAN: "a plan",
}


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a person has to decide, or look at: of a marketing list (its id and `name`), with conflicts of an
    email account, or a plan that can be carried out (of a run's id). `people`: how many it is about; `in_book`: of how
    many contacts, 0 where that says nothing. `run`: the one that found or planned it, `""` where several did."""

    kind: Kind
    about: str
    name: str
    people: int
    why: str
    in_book: int = 0
    run: str = ""

    @property
    def removal(self) -> bool:
        """Whether somebody is let go or kept by it."""
        return self.kind in (Kind.REMOVALS, Kind.UNDONE)


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """How many people wait for a decision, by what it is about; and how many `plans` can be carried out."""

    removals: int = 0
    refused: int = 0
    ambiguous: int = 0
    conflicts: int = 0
    plans: int = 0

    @property
    def all(self) -> int:
        """Altogether."""
        return self.removals + self.refused + self.ambiguous + self.conflicts + self.plans


_NAMES = {
    "removals": ("removal", "removals"),
    "refused": ("refused row", "refused rows"),
    "ambiguous": ("ambiguous match", "ambiguous matches"),
    "conflicts": ("conflict", "conflicts"),
    "plans": ("plan", "plans"),
}


def waits_in_words(waiting: Waiting) -> str:
    """`12 removals, 1 conflict`; `""` where nothing waits."""
    counted = [(getattr(waiting, name), one, many) for name, (one, many) in _NAMES.items()]
    return ", ".join(f"{number:,} {one if number == 1 else many}" for number, one, many in counted if number)
