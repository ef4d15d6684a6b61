"""Sends in waves: how large each wave is, and when results stop the next one.

The first waves take shares of everybody who may be mailed, the last one takes the rest. Between two waves people read,
bounce, complain and unsubscribe: what passes a limit then ends the send, and nobody of the later waves is mailed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Final

import msgspec

from dyntui.model.counted import counted, people_of
from dyntui.model.mentioned import shown

MOST_WAVES: Final = 20
# Bounces and complaints take some minutes to arrive: a shorter pause would look before there is anything to see.
SHORTEST_PAUSE: Final = 10
LONGEST_PAUSE: Final = 7 * 24 * 60

Percent = Annotated[float, msgspec.Meta(ge=0, le=100)]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What stops the next wave, in per cent of those mailed by the waves before it: more than this. A limit of 0 stops
    at the first one. Of bounces and unsubscribes a single one stops nothing unless its limit is 0."""

    bounces: Percent = 5.0
    complaints: Percent = 0.1
    unsubscribes: Percent = 1.0


class Waves(msgspec.Struct, frozen=True, kw_only=True):
    """How a send is divided: `shares` in per cent of everybody, one for each wave but the last, which takes the rest;
    `pause`: minutes from the end of a wave to the next one."""

    shares: Annotated[tuple[Percent, ...], msgspec.Meta(min_length=1, max_length=MOST_WAVES - 1)] = (1.0, 10.0)
    pause: Annotated[int, msgspec.Meta(ge=SHORTEST_PAUSE, le=LONGEST_PAUSE)] = 60
    limits: Limits = Limits()

    @property
    def count(self) -> int:
        """How many waves there are at most."""
        return len(self.shares) + 1

    @property
    def words(self) -> str:
        """`1 %, 10 %, the rest`."""
        return ", ".join([f"{each:g} %" for each in self.shares] + ["the rest"])


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """What came back: numbers of people."""

    bounces: int = 0
    complaints: int = 0
    unsubscribes: int = 0

    def since(self, before: Results) -> Results:
        """What was added to `before`; nothing counts below nothing."""
        return Results(**{name: max(0, getattr(self, name) - getattr(before, name)) for name in _NAMES})

    def or_more(self, other: Results) -> Results:
        """Of two counts of the same people the higher one of each."""
        return Results(**{name: max(getattr(self, name), getattr(other, name)) for name in _NAMES})


_NAMES = ("bounces", "complaints", "unsubscribes")
# A complaint is said by a person about this mail; of the others one alone says little about a list.
_ALONE = ("complaints",)


def wrong(waves: Waves) -> str:
    """Why a send cannot be divided like this; `""` when it can."""
    if any(each <= 0 for each in waves.shares):
        return "Every wave needs a share above 0 %."
    return "The shares leave nothing to the last wave." if sum(waves.shares) >= 100 else ""


def size(waves: Waves, wave: int, people: int, left: int) -> int:
    """How many people of the `left` ones the wave takes, of `people` in all; `wave` counts from 1. Rounded down, but
    never nobody."""
    if wave > len(waves.shares):
        return left
    share = int(round(people * waves.shares[wave - 1] / 100, 6))
    return min(left, max(1, share))


def to_come(waves: Waves, begun: int, people: int, left: int, first: datetime) -> Iterator[tuple[datetime, int]]:
    """When each wave after the `begun` ones is to start, the next one at `first`, and how many of the `left` people it
    takes; as if none took any time, and results stopped none."""
    for wave in range(begun + 1, waves.count + 1):
        if not left:
            return
        taken = size(waves, wave, people, left)
        yield first, taken
        left -= taken
        first += timedelta(minutes=waves.pause)


def passed(limits: Limits, mailed: int, results: Results) -> str:
    """Which limit the results pass, in a sentence; `""` where none is."""
    for name in _NAMES:
        people, limit = getattr(results, name), getattr(limits, name)
        if people * 100 > limit * mailed and (people > 1 or name in _ALONE or not limit):
            return f"{counted(people, name[:-1])} of {people_of(mailed)} mailed: more than {limit:g} %."
    return ""


_SHARE = re.compile(r"(\d+(?:\.\d+)?)\s*(%?)\Z", re.ASCII)
_THE_REST = ("rest", "the rest", "")


def shares_of(text: str) -> tuple[float, ...]:
    """The shares that people write as `1 %, 10 %, rest`; the rest is the last wave whether it is named or not. Raises
    ValueError with what is wrong in words."""
    parts = [each.strip().casefold() for each in re.split("[,;]", text)]
    if parts[-1] in _THE_REST:
        parts.pop()
    found = [_SHARE.match(each) for each in parts]
    if not parts or not all(found):
        raise ValueError(f"{shown(text)!r} names no waves; write them as 1 %, 10 %, rest")
    if len({each[2] for each in found if each is not None}) > 1:
        # 1,5 % would be two waves.
        raise ValueError(
            f"{shown(text)!r} is not clear; write % after each share, and decimals as in 1.5 %, 10 %, rest"
        )
    shares = tuple(float(each[1]) for each in found if each is not None)
    if len(shares) >= MOST_WAVES:
        raise ValueError(f"a send has at most {MOST_WAVES} waves")
    if not_so := wrong(Waves(shares=shares)):
        raise ValueError(not_so.removesuffix("."))
    return shares
