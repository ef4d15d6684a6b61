"""Contact scores: what dotdigital says of a contact, and what follows for the columns of a contact or lead in Dynamics.

read_score(...) -> Score | str      a row as received, or what is wrong with it
newest(scores) -> {address: Score}  where several contacts or email accounts have one address
columns_of(score), differing(before, after), said(before, after)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from dyntui.model.changes import differing as _differing
from dyntui.model.lengths import units
from dyntui.model.moments import dated, text_of

SCORE, ENGAGEMENT, SUITABILITY = "dyntui_score", "dyntui_engagement", "dyntui_suitability"
LABEL, SCORED_ON = "dyntui_scorelabel", "dyntui_scoredon"
COLUMNS: Final = (SCORE, ENGAGEMENT, SUITABILITY, LABEL, SCORED_ON)
LONGEST_LABEL: Final = 100
# A byte by the service's own description (dotdigital_api.md 9.1); in practice up to 100.
HIGHEST: Final = 255
_SHOWN = 60


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """The score of an address. A number or a label that dotdigital did not tell is None or `""`. `scored_on`: ISO 8601
    UTC."""

    address: str
    score: int | None = None
    engagement: int | None = None
    suitability: int | None = None
    label: str = ""
    scored_on: str = ""


def read_score(
    address: str, score: Any, engagement: Any, suitability: Any, label: Any, modified: datetime | None, now: datetime
) -> Score | str:
    """A row as dotdigital sent it, or what is wrong with it, in words. `modified`: None where it is no date.

    A score from the future, or without a date, is none: it would stand for ever as the newest.
    """
    scored_on = dated(modified, now)
    if scored_on is None:
        return f"scored on {text_of(modified) or 'no date'}"
    numbers = {"score": score, "engagement": engagement, "suitability": suitability}
    for name, value in numbers.items():
        if value is not None and not (type(value) is int and 0 <= value <= HIGHEST):
            return f"{name} {str(value)[:_SHOWN]!r}"
    if label is not None and (not isinstance(label, str) or units(label) > LONGEST_LABEL):
        return f"label {str(label)[:_SHOWN]!r}"
    if not label and all(value is None for value in numbers.values()):
        return "no score"
    return Score(address=address, label=(label or "").strip(), scored_on=text_of(scored_on), **numbers)


def newest(scores: Iterable[Score]) -> dict[str, Score]:
    """The score of each address that was worked out last; of equally new ones the same every time."""
    best: dict[str, Score] = {}
    for each in scores:
        known = best.get(each.address)
        if known is None or _rank(each) > _rank(known):
            best[each.address] = each
    return best


def _rank(score: Score) -> tuple[str, int, int, int, str]:
    return score.scored_on, score.score or 0, score.engagement or 0, score.suitability or 0, score.label


def columns_of(score: Score) -> dict[str, Any]:
    """What the columns are to hold; what dotdigital did not tell is not among them."""
    told = {
        SCORE: score.score,
        ENGAGEMENT: score.engagement,
        SUITABILITY: score.suitability,
        LABEL: score.label or None,
    }
    return {name: value for name, value in told.items() if value is not None} | {SCORED_ON: score.scored_on}


def differing(before: Mapping[str, Any], score: Score) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The columns that change, as they are and as they are to be; None where the record says the same. That a score was
    worked out anew and came out the same is nothing to write."""
    old, new = _differing(before, columns_of(score))
    return None if set(new) <= {SCORED_ON} else (old, new)


_WORDS = {SCORE: "score", ENGAGEMENT: "engagement", SUITABILITY: "suitability", LABEL: "label"}


def said(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """A change as people read it: `score 20, now 35; label Cold, now Cool`."""
    return "; ".join(
        f"{word} {_shown(before.get(name))}, now {_shown(after[name])}"
        for name, word in _WORDS.items()
        if name in after
    )


def _shown(value: Any) -> str:
    return "empty" if value in (None, "") else str(value)
