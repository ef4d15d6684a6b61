"""The precedence of reasons as SQL: every closed gate is a bit, the lowest bit is the person's reason.

Bits live within one statement only; what is stored are codes, so that a later version may reorder the catalogue.

Public: `mark(code)`, `marks(column, lists)`, `first_mark(mask)`, `first_code(mask)`, `further_codes(mask)`,
`join(codes)`, `split(text)`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, String, case, func, literal

from dyntui.model.reasons import CATALOGUE, PRECEDENCE

_UNKNOWN = PRECEDENCE["UNKNOWN"]


def mark(code: str) -> int:
    """The bit of one reason; an unknown code has that of `UNKNOWN`."""
    return 1 << PRECEDENCE.get(code, _UNKNOWN)


def _number(value: int) -> ColumnElement[int]:
    return literal(value, BigInteger)


def marks(column: ColumnElement[str], lists: Iterable[str] | None = None) -> ColumnElement[int]:
    """The bits of the code in `column` (NULL or `""`: none). Where the column holds joined codes, `lists` are all its
    distinct values (few: combinations of the record's own gates)."""
    values = [reason.code for reason in CATALOGUE] if lists is None else [value for value in lists if value]
    known = {value: _number(_union(split(value))) for value in values}
    empty = func.coalesce(column, "") == ""
    if not known:
        return case((empty, _number(0)), else_=_number(mark("UNKNOWN")))
    return case(
        (empty, _number(0)),
        else_=case(known, value=column, else_=_number(mark("UNKNOWN"))),
    )


def _union(codes: Iterable[str]) -> int:
    mask = 0
    for code in codes:
        mask |= mark(code)
    return mask


def rest(mask: ColumnElement[int]) -> ColumnElement[int]:
    """The mask without its first reason."""
    return mask.bitwise_and(mask - 1)


def first_mark(mask: ColumnElement[int]) -> ColumnElement[int]:
    """The bit of the first reason by precedence; 0 for none."""
    return mask - rest(mask)


def first_code(mask: ColumnElement[int]) -> ColumnElement[str]:
    """The first reason by precedence; `""` for none."""
    named = {_number(1 << place): literal(reason.code, String) for place, reason in enumerate(CATALOGUE)}
    return case(
        (mask == 0, literal("", String)),
        else_=case(*((first_mark(mask) == bit, code) for bit, code in named.items()), else_=literal("UNKNOWN", String)),
    )


def further_codes(mask: ColumnElement[int]) -> ColumnElement[str]:
    """The reasons behind the first, joined with `,` by precedence."""
    behind = rest(mask)
    text: ColumnElement[Any] = literal("", String)
    for place, reason in enumerate(CATALOGUE):
        has = behind.bitwise_and(_number(1 << place)) != 0
        text = text + case((has, literal("," + reason.code, String)), else_=literal("", String))
    return case((behind == 0, literal("", String)), else_=func.substr(text, 2, type_=String))


def join(codes: Iterable[str]) -> str:
    """Codes as a column keeps them: distinct, by precedence."""
    return ",".join(sorted(set(codes), key=lambda code: (PRECEDENCE.get(code, _UNKNOWN), code)))


def split(text: str) -> tuple[str, ...]:
    """The codes that a column keeps."""
    return tuple(text.split(",")) if text else ()
