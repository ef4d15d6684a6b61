"""What a run wrote, on either side, with what was there before: the rows that the audit shows and that undo starts
from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec

from dyntui.model.plans import ADD, CREATE, FLAG, JOIN, REMOVE, SUPPRESS, UNFLAG, UPDATE

EFFECTS_WRITTEN = (ADD, UPDATE, REMOVE, SUPPRESS, FLAG, UNFLAG, JOIN, CREATE)

# What people chose of marketing preferences, in dotdigital and on their rows in Dynamics.
PREFERENCES = ("preferences", "preference rows")

Values = dict[str, Any]


class AppliedChange(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a run wrote of a person.

    `target`: `book:ID` (an address book), `account` (dotdigital's suppressions), `suppressions` (rows in Dynamics), or
    `contact`, `lead` (the record in Dynamics), `list:ID` (a marketing list), or one of
    `PREFERENCES`. `effect`: add, update, remove (of an
    address book; update also of a record), suppress, flag, unflag; join (a marketing list), create (a record).
    `before` and `after`: the fields that differ, by label or column; None:
    there was, or is, nothing; `known` is False where what was there before was not read. `before_address`: the address
    that was in the book before, where it is another one. `created`: the contact did not exist in dotdigital; `deleted`:
    the one that was in the book before does not exist there any more.
    `consent`: a withdrawal of consent. `undone_by`: the run that undid it, `""` while it stands.
    """

    item_id: str
    target: str
    person: str
    entity: str
    name: str
    address: str
    effect: str
    reason: str = ""
    consent: bool = False
    before: Values | None = None
    after: Values | None = None
    known: bool = True
    before_address: str = ""
    contact_id: int | None = None
    created: bool = False
    deleted: bool = False
    undone_by: str = ""


def same_value(one: Any, other: Any) -> bool:
    """Whether two values of a field say the same, in whatever form either system hands them over: empty is empty,
    white space around a text is nothing, numbers are compared as numbers, times as times."""
    one, other = (each.strip() if isinstance(each, str) else each for each in (one, other))
    if one in (None, "") or other in (None, ""):
        return one in (None, "") and other in (None, "")
    if isinstance(one, bool) or isinstance(other, bool):
        return str(one).casefold() == str(other).casefold()
    if one == other or str(one) == str(other):
        return True
    if isinstance(one, (int, float, Decimal)) or isinstance(other, (int, float, Decimal)):
        try:
            return Decimal(str(one)) == Decimal(str(other))
        except InvalidOperation:
            return False
    moments = _moment(str(one)), _moment(str(other))
    return None not in moments and moments[0] == moments[1]


# As both systems write dates and times: what has no hyphens may be anybody's number.
_DATED: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def _moment(text: str) -> datetime | None:
    if _DATED.match(text) is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def _of(values: Mapping[str, Any], name: str) -> Any:
    """A field; dotdigital's names are in capitals."""
    return values.get(name, values.get(name.upper()))


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Values, Values]:
    """The fields of `after` whose value was another one before: as they were (None where there was none), and as they
    are."""
    changed = [name for name, value in after.items() if not same_value(_of(before, name), value)]
    return {name: _of(before, name) for name in changed}, {name: after[name] for name in changed}


def written_again(earlier: tuple[Values, Values], now: tuple[Values, Values]) -> tuple[Values, Values]:
    """Fields before and after two changes of one person that count as one. A field that still held what the `earlier`
    one wrote was before both what it was before that; of one that others had changed since, that is what was there."""
    (had, wrote), (before, after) = earlier, now
    first = {
        name: had[name] if name in had and name in wrote and same_value(wrote[name], value) else value
        for name, value in before.items()
    }
    return {**had, **first}, {**wrote, **after}


def changed_since(now: Mapping[str, Any], before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> str:
    """Which fields hold by `now` what they held neither `before` nor are to hold `after`, in words; `""` for none."""
    moved = moved_fields(now, before)
    return f"{', '.join(moved)} changed since" if moved and moved_fields(now, after) else ""


def moved_fields(now: Mapping[str, Any], written: Mapping[str, Any] | None) -> list[str]:
    """The fields that do not hold any more what was written, in stable order."""
    return sorted(name for name, value in (written or {}).items() if not same_value(_of(now, name), value))
