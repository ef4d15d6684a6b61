"""What the choice of an action depends on, and the reasons that are no subject's own why one cannot be taken just now.

Each rule gives its reason as a sentence for the person, `""` where the action can be taken.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """What the choice of an action depends on: the person's abilities and what is in hand on the screen.

    `roles_known` is false while Dynamics could not be asked for the person's roles; `entered` until the person is
    signed in; `depth` is how many steps out the top-level screen is; `trouble`:
    something on the screen could not be read. `selected`: what is in hand, of each kind one; `marked`: the marked rows,
    which an action takes in place of the one in hand.
    """

    abilities: frozenset[str] = frozenset()
    connected: bool = True
    roles_known: bool = True
    entered: bool = True
    depth: int = 0
    trouble: bool = False
    selected: tuple[msgspec.Struct, ...] = ()
    marked: tuple[msgspec.Struct, ...] = ()

    def one(self, kind: type[T]) -> T | None:
        """What is in hand of this kind."""
        return next((each for each in self.selected if isinstance(each, kind)), None)

    def marks(self, kind: type[T]) -> tuple[T, ...]:
        """The marked rows of this kind."""
        return tuple(each for each in self.marked if isinstance(each, kind))

    def chosen(self, kind: type[T]) -> tuple[T, ...]:
        """What an action takes: the marked rows of this kind, else the one in hand."""
        row = self.one(kind)
        return self.marks(kind) or (() if row is None else (row,))

    def holding(self, *selected: msgspec.Struct | None, marked: tuple[msgspec.Struct, ...] = ()) -> Situation:
        """The same with what is in hand; None is nothing."""
        return msgspec.structs.replace(
            self, selected=(*self.selected, *(each for each in selected if each is not None)), marked=marked
        )


def always(_: Situation) -> str:
    """Nothing is ever against it."""
    return ""


def trouble(situation: Situation) -> str:
    """Something could not be read."""
    return "" if situation.trouble else "Everything on this screen was read."


def at_all_times(_: Situation) -> bool:
    """Whatever the situation."""
    return True


def on_its_page(situation: Situation) -> bool:
    """On the page of one thing, whose hints have more room than those of a section's grid."""
    return situation.depth > 0


def within(situation: Situation) -> bool:
    """Once somebody is signed in."""
    return situation.entered


def at_top(situation: Situation) -> bool:
    """On a screen from which Esc leads nowhere."""
    return situation.depth == 0


def quit_at_top(situation: Situation) -> str:
    """Not on a screen from which Esc leads out."""
    return "Esc goes one step out; q quits on a top-level screen." if situation.depth else ""


def go(situation: Situation) -> str:
    """Only once somebody is signed in."""
    return "" if situation.entered else "There is nothing to see before you are signed in."
