"""Data mappings as a TOML file: written and read again it is the same set.

    [[mapping]]
    label = "FIRSTNAME"
    entity = "contact"
    column = "firstname"
    direction = "to dotdigital"

Columns stand by their logical names, choices of a column by their values (`choice = "value"`) or labels. `conflict`,
`choice` and `enabled` may be left out. Before the rows may stand of which email account (`account`, its id) the file
was written while which version counted (`based_on`).

Public: `written(mappings, origin) -> str`, `read(text) -> (mappings, findings)`, `origin_of(text) -> Origin | None`.
"""

from __future__ import annotations

import enum
import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import tomli_w

from dyntui.model.labels import canonical
from dyntui.model.mapping import DataMapping, Finding
from dyntui.model.plain import escaped

_NEEDED: Final = ("label", "entity", "column", "direction")
_FIELDS: Final = DataMapping.__struct_fields__
_WHERE: Final = re.compile(r"at line (\d+)")
_SHOWN: Final = 80
_ORIGIN: Final[Mapping[str, type]] = {"account": str, "based_on": int}
_REMARK: Final = "# What somebody saves after this was written is not overwritten; without these lines it is.\n"
# A column over fifteen lookups, each with the longest logical name that Dataverse has (128), is no shorter.
_LONGEST: Final = 16 * 129


class Origin(msgspec.Struct, frozen=True):
    """Of which email account (its id) a file was written, while which version counted there."""

    account: str
    based_on: int


def written(mappings: Sequence[DataMapping], origin: Origin | None = None) -> str:
    """The file. On a terminal nothing in it is a control code."""
    rows = escaped(tomli_w.dumps({"mapping": [msgspec.to_builtins(each) for each in mappings]}))
    if origin is None:
        return rows
    return f"{_REMARK}{escaped(tomli_w.dumps(msgspec.to_builtins(origin)))}\n{rows}"


def origin_of(text: str) -> Origin | None:
    """What the file says of where it comes from; None where it says nothing, or cannot be read."""
    try:
        return msgspec.convert(tomllib.loads(text), Origin)
    except (tomllib.TOMLDecodeError, RecursionError, msgspec.ValidationError):
        return None


def read(text: str) -> tuple[list[DataMapping], list[Finding]]:
    """The mappings of a file, and everything that cannot be read of it; there are mappings where nothing is wrong."""
    try:
        parsed = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return [], [_finding(_row_of(text, str(error)), "the file", f"It is no TOML: {error}.")]
    found: list[Finding] = []
    rows = parsed.pop("mapping", None)
    for name, value in parsed.items():
        if name in _ORIGIN:
            if not isinstance(value, _ORIGIN[name]) or isinstance(value, bool):
                what = f"{name} = {str(value)[:_SHOWN]!r} is not what an export writes there; leave the line out."
                found.append(_finding(0, "the file", what))
            continue
        found.append(_finding(0, "the file", f"It holds {name[:_SHOWN]!r}, which is nothing of a mapping."))
    if not isinstance(rows, list) or not rows:
        found.append(_finding(0, "the file", "It holds no mappings: a row begins with [[mapping]]."))
        return [], found
    made: list[DataMapping] = []
    for place, row in enumerate(rows, start=1):
        wrong = _wrong(row)
        if wrong:
            found += [_finding(place, _words(row), each) for each in wrong]
            continue
        mapping = msgspec.convert(row, DataMapping)
        made.append(msgspec.structs.replace(mapping, label=canonical(mapping.label)))
    return ([], found) if found else (made, [])


def _wrong(row: Any) -> list[str]:
    if not isinstance(row, dict):
        return ["It is no table."]
    wrong = [f"{name} is missing." for name in _NEEDED if name not in row]
    wrong += [f"{name[:_SHOWN]!r} is nothing of a mapping." for name in row if name not in _FIELDS]
    for name in _FIELDS:
        if name in row and (why := _fault(name, row[name])):
            wrong.append(f"{name} = {str(row[name])[:_SHOWN]!r}: {why}.")
    return wrong


def _fault(name: str, value: Any) -> str:
    kind = next(each.type for each in msgspec.structs.fields(DataMapping) if each.name == name)
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        allowed: list[str] = list(kind) if isinstance(kind, enum.EnumType) else []
        return f"it must be one of {', '.join(allowed)}" if allowed else f"it must be {_KINDS[kind]}"
    if kind is str and not str(value).strip():
        return "it is empty"
    if kind is str and len(str(value)) > _LONGEST:
        return f"it is longer than {_LONGEST} characters"
    return ""


_KINDS: Final[Mapping[Any, str]] = {str: "text", bool: "true or false"}


def _words(row: Any) -> str:
    known = (
        [str(row[name])[:_SHOWN] for name in ("label", "entity", "column") if name in row]
        if isinstance(row, dict)
        else []
    )
    return " ".join(known) or "a mapping"


def _row_of(text: str, error: str) -> int:
    """The mapping in which the line stands that cannot be read; 0 before the first."""
    where = _WHERE.search(error)
    lines = text.splitlines()
    upto = lines[: int(where[1])] if where else lines
    return sum(each.strip().startswith("[[mapping") for each in upto)


def _finding(row: int, about: str, message: str) -> Finding:
    return Finding(row, about, "MAPPING_FILE", message, "Correct the file; `dyntui mappings export` shows a right one.")
