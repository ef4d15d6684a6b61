"""The precedence of reasons as SQL: every closed gate is a bit, the lowest bit is the person's reason.

Bits live within one statement only; what is stored are codes, so that a later version may reorder the catalogue.

Public, in Python: `mark(code)`, `join(codes)`, `split(text)`; in SQL: `code_mark(code)`, `list_mark(codes, lists)`,
`codes_mark(codes)`, `first_mark(mask)`, `first_code(mask)`, `further_codes(mask)`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, String, case
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from dyntui.model.reasons import CATALOGUE, PRECEDENCE

_UNKNOWN = PRECEDENCE["UNKNOWN"]


def mark(code: str) -> int:
    """The bit of one reason; an unknown code has that of `UNKNOWN`."""
    return 1 << PRECEDENCE.get(code, _UNKNOWN)


def join(codes: Iterable[str]) -> str:
    """Codes as a column keeps them: distinct, by precedence."""
    return ",".join(sorted(set(codes), key=lambda code: (PRECEDENCE.get(code, _UNKNOWN), code)))


def split(text: str) -> tuple[str, ...]:
    """The codes that a column keeps."""
    return tuple(text.split(",")) if text else ()


class code_mark(GenericFunction[int]):
    """The bit of the code in a column; 0 for none (`""` or NULL)."""

    type = BigInteger()
    inherit_cache = True


class codes_mark(GenericFunction[int]):
    """The bits of the joined codes in a column, whatever they are: for a few rows, as each code is looked for."""

    type = BigInteger()
    inherit_cache = True


class first_code(GenericFunction[str]):
    """The first reason of a mask by precedence; `""` for none. Evaluates its argument several times."""

    type = String()
    inherit_cache = True


class further_codes(GenericFunction[str]):
    """The reasons of a mask behind the first, joined with `,` by precedence. Evaluates its argument many times."""

    type = String()
    inherit_cache = True


# The catalogue is written out in the statement: its codes are ours and hold nothing to escape, and as bound values they
# would cost more than the query itself.
_WHEN_CODE = " ".join(f"WHEN '{reason.code}' THEN {1 << place}" for place, reason in enumerate(CATALOGUE))
_WHEN_MARK = " ".join(f"WHEN {1 << place} THEN '{reason.code}'" for place, reason in enumerate(CATALOGUE))


@compiles(code_mark)
def _code_mark(element: code_mark, compiler: SQLCompiler, **options: Any) -> str:
    code = compiler.process(element.clauses, **options)
    return f"CASE coalesce({code}, '') WHEN '' THEN 0 {_WHEN_CODE} ELSE {1 << _UNKNOWN} END"


@compiles(codes_mark)
def _codes_mark(element: codes_mark, compiler: SQLCompiler, **options: Any) -> str:
    codes = compiler.process(element.clauses, **options)
    listed = f"(',' || {codes} || ',')"
    found = [f"replace({listed}, ',{reason.code},', '') <> {listed}" for reason in CATALOGUE]
    bits = " + ".join(f"CASE WHEN {each} THEN {1 << place} ELSE 0 END" for place, each in enumerate(found))
    # As long as the codes found are, each with its comma: what is longer has a code that nobody knows.
    known = " + ".join(
        f"CASE WHEN {each} THEN {len(reason.code) + 1} ELSE 0 END"
        for reason, each in zip(CATALOGUE, found, strict=True)
        if reason.code != "UNKNOWN"
    )
    others = f"CASE WHEN {known} < length({codes}) + 1 THEN {1 << _UNKNOWN} ELSE 0 END"
    return f"CASE {codes} WHEN '' THEN 0 ELSE (({bits}) | {others}) END"


@compiles(first_code)
def _first_code(element: first_code, compiler: SQLCompiler, **options: Any) -> str:
    # A mask put together with operators is one value here.
    mask = f"({compiler.process(element.clauses, **options)})"
    return f"CASE {mask} - ({mask} & ({mask} - 1)) WHEN 0 THEN '' {_WHEN_MARK} ELSE 'UNKNOWN' END"


@compiles(further_codes)
def _further_codes(element: further_codes, compiler: SQLCompiler, **options: Any) -> str:
    mask = f"({compiler.process(element.clauses, **options)})"
    behind = f"({mask} & ({mask} - 1))"
    each = " || ".join(
        f"CASE {behind} & {1 << place} WHEN 0 THEN '' ELSE ',{reason.code}' END"
        for place, reason in enumerate(CATALOGUE)
    )
    return f"CASE {behind} WHEN 0 THEN '' ELSE substr({each}, 2) END"


def list_mark(codes: ColumnElement[str], lists: Iterable[str]) -> ColumnElement[int]:
    """The bits of the joined codes in a column; `lists`: all its distinct values (few: a record closes few gates)."""
    known = {each: sum({mark(code) for code in split(each)}) for each in lists if each}
    whens = [(codes == each, mask) for each, mask in known.items()]
    combined: ColumnElement[int] = case((codes == "", 0), *whens, else_=mark("UNKNOWN"))
    return combined


def first_mark(mask: ColumnElement[int]) -> ColumnElement[int]:
    """The bit of the first reason by precedence; 0 for none."""
    return mask - mask.bitwise_and(mask - 1)
