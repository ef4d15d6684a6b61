"""Where people opt out in this organisation besides `donotemail` and `donotbulkemail`, and what of it counts.

Which columns and tables exist is a fact of the organisation, asked now and then; whether they are opt-outs is an
administrator's answer. Until there is one, all that exist count.

Public: `found(c) -> Found | None`, `put_found(c, Found)`, `answer(c) -> tuple | None`, `put_answer(c, sources)`,
`counting(c) -> tuple[str, ...]`.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection

from dyntui.model.consent_sources import CONSENT_ROWS, MARKETING, SOURCES
from dyntui.store import watermarks

_FOUND, ANSWER = "consent sources found", "consent sources that count"


class Found(msgspec.Struct, frozen=True):
    """What the organisation has: `columns` as `table.column`, whether it has consent rows, and when it was asked."""

    columns: tuple[str, ...]
    consent_rows: bool
    asked_on: str

    @property
    def sources(self) -> tuple[str, ...]:
        """The names of those there are."""
        has = {MARKETING: any(each.endswith(f".{MARKETING}") for each in self.columns), CONSENT_ROWS: self.consent_rows}
        return tuple(each for each in SOURCES if has[each])


def found(c: Connection) -> Found | None:
    """What was found when the organisation was asked last."""
    text = watermarks.get(c, "", _FOUND)
    return msgspec.json.decode(text, type=Found) if text else None


def put_found(c: Connection, facts: Found) -> None:
    """Keep what was found."""
    watermarks.put(c, "", _FOUND, msgspec.json.encode(facts).decode())


def answer(c: Connection) -> tuple[str, ...] | None:
    """What an administrator said to count; None while nobody has."""
    text = watermarks.get(c, "", ANSWER)
    return msgspec.json.decode(text, type=tuple[str, ...]) if text else None


def put_answer(c: Connection, sources: Iterable[str]) -> None:
    """Keep an administrator's answer."""
    watermarks.put(c, "", ANSWER, msgspec.json.encode(tuple(sources)).decode())


def counting(c: Connection) -> tuple[str, ...]:
    """The sources that count besides the two columns that always do."""
    said, there = answer(c), found(c)
    return tuple(each for each in (there.sources if there else ()) if said is None or each in said)
