"""Marketing preferences: what somebody chose, on either side, and what follows from that.

    decide(base, dynamics, dotdigital) -> Decided

A choice is `yes`, `no`, or none at all. None never travels: what nobody chose is not turned into a `no`, and nobody's
choice is cleared by it.
"""

from __future__ import annotations

import enum
from typing import Final

import msgspec

from dyntui.model.merge import Side


class Choice(enum.StrEnum):
    """What somebody chose of one preference."""

    NONE = ""
    YES = "yes"
    NO = "no"


# The values of the choice column in Dynamics; empty: nobody has chosen.
CODES: Final = {727000000: Choice.YES, 727000001: Choice.NO}
CODE_OF: Final = {choice: code for code, choice in CODES.items()}


class Said(msgspec.Struct, frozen=True):
    """What one side says; `on`: when it was chosen there, ISO 8601 UTC, `""` where nobody knows."""

    choice: Choice = Choice.NONE
    on: str = ""


class Decided(msgspec.Struct, frozen=True):
    """The choice that both sides are to have. `to`: the side that has to be told, None: neither. `winner`: whose choice
    it is where both had chosen otherwise since, None: there was no conflict."""

    choice: Choice
    to: Side | None = None
    winner: Side | None = None


def decide(base: Choice, dynamics: Said, dotdigital: Said) -> Decided:
    """What becomes of a choice. `base`: what both sides had last, none where they never had the same.

    What changed on one side travels. Changed on both, or never synchronised, the later one wins; where that is not to
    be told, `no`. A `no` that was said once more in dotdigital, later than the `yes` in Dynamics, has changed as well.
    """
    if dynamics.choice is dotdigital.choice:
        return Decided(dynamics.choice)
    if dynamics.choice is Choice.NONE:
        return Decided(dotdigital.choice, Side.DYNAMICS)
    if dotdigital.choice is Choice.NONE:
        return Decided(dynamics.choice, Side.DOTDIGITAL)
    if base is dynamics.choice:
        return Decided(dotdigital.choice, Side.DYNAMICS)
    if base is dotdigital.choice and not (dotdigital.choice is Choice.NO and _is_later(dotdigital, dynamics)):
        return Decided(dynamics.choice, Side.DOTDIGITAL)
    if _is_later(dynamics, dotdigital):
        return Decided(dynamics.choice, Side.DOTDIGITAL, Side.DYNAMICS)
    return Decided(dotdigital.choice, Side.DYNAMICS, Side.DOTDIGITAL)


def _is_later(one: Said, other: Said) -> bool:
    """Whether one was said later than the other; of what cannot be told apart, the `no`."""
    if not (one.on and other.on) or one.on == other.on:
        return one.choice is Choice.NO
    return one.on > other.on


class Preference(msgspec.Struct, frozen=True, kw_only=True):
    """Something that somebody can choose. `category`: what it stands under; `gone`: it is not offered any more."""

    id: int
    name: str
    category: str = ""
    public: bool = False
    gone: bool = False

    @property
    def title(self) -> str:
        """With what it stands under."""
        return f"{self.category}: {self.name}" if self.category else self.name
