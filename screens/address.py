"""The address of a page: what `dyntui open` takes, and where the console goes with it."""

from __future__ import annotations

from typing import Any

import msgspec

from .places import CAMPAIGN, LIST, SEND, Place


class Address(msgspec.Struct, frozen=True):
    """A page below a `section`: its `place`, and what it is `about`."""

    section: str
    place: Place[Any]
    about: Any


# By the word that an address begins with: the section, and the place in it.
KINDS: dict[str, tuple[str, Place[Any]]] = {
    "list": ("lists", LIST),
    "campaign": ("campaigns", CAMPAIGN),
    "send": ("campaigns", SEND),
}


def address_of(kind: str, about: object) -> Address:
    """The page of a thing of this kind."""
    return Address(*KINDS[kind], about)
