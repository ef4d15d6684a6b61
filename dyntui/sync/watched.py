"""What a source of the consent watch is, and what it tells: part by part, each kept before the next is asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from dyntui.model.outcomes import PersonOutcome
from dyntui.store.watch import Key


class Told(msgspec.Struct, frozen=True):
    """One answer. `keep` writes it and says who of it had not been known to opt out; `place`: from where to ask on once
    it is kept. `first`: everything there is was read for the first time, which is no news."""

    place: str
    keep: Callable[[Connection], list[PersonOutcome]]
    first: bool = False


Ask = Callable[[str, datetime], AsyncIterator[Told]]
"""Asks a source from a place on (`""`: for the first time), at a moment: a call for each answer. Raises DyntuiError."""


class Source(msgspec.Struct, frozen=True):
    """`title`: what people read. `fresh_as_of`: until when runs have read it as well."""

    key: Key
    title: str
    ask: Ask
    fresh_as_of: datetime | None = None
