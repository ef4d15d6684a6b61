"""OData text: literals, query strings and filters, escaped.

Public: `text(value)`, `guid(value)`, `moment(value)`, `alternate_key(**columns)`, `any_of(column, values)`,
`differs(column, value)`, `in_chunks(column, values, ...)`, `query(...)`, `columns_of(row_type)`.
Rules: reference/dataverse_api.md sections 4.1 and 5.2.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import msgspec

from dyntui.dataverse.errors import DataverseError
from dyntui.model.errors import Exit
from dyntui.model.guids import guid_of

_SAFE = "$,;=:/()'*@!"
_NOT_IN_A_KEY = frozenset("/<>*%&:\\?+")


def text(value: str) -> str:
    """A string literal: quoted, with quotes doubled."""
    return "'" + value.replace("'", "''") + "'"


def guid(value: str) -> str:
    """A GUID literal (unquoted, lower case). Raises DATAVERSE_ID_INVALID when it is not one: nothing else may stand
    unquoted."""
    found = guid_of(value)
    if not found:
        raise DataverseError(
            "DATAVERSE_ID_INVALID",
            f"{value[:80]!r} is no id of a row in Dynamics.",
            not_done="Nothing was asked of Dynamics and nothing was changed there.",
            remedy="Use an id as dyntui or Dynamics shows it.",
            exit=Exit.USAGE,
        )
    return found


def is_guid(value: str) -> bool:
    """Whether a text from outside can be an id."""
    return bool(guid_of(value))


def moment(value: datetime) -> str:
    """A timestamp literal in UTC. ValueError for a time without zone."""
    if value.tzinfo is None:
        raise ValueError("a time without zone cannot be sent to Dataverse")
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def literal(value: str | bool | float | datetime | uuid.UUID | None) -> str:
    """A value as an OData literal."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return text(value)
    if isinstance(value, datetime):
        return moment(value)
    return str(value)


def alternate_key(**columns: str | int | uuid.UUID) -> str:
    """`a='x',b=5`: what stands in the parentheses of a row addressed by its alternate key, percent-encoded.

    ValueError for text with one of `/ < > * % & : \\ ? +`: Dataverse does not find such a key by its address, however
    it is encoded (reference section 5.2). Key columns therefore hold digests or ids, not addresses of people.
    """
    for name, value in columns.items():
        if isinstance(value, str) and _NOT_IN_A_KEY & set(value):
            raise ValueError(f"{name} holds a character that cannot stand in a key: {value!r}")
    return ",".join(f"{name}={quote(literal(value), safe=chr(39))}" for name, value in columns.items())


def differs(column: str, value: str | bool | int | uuid.UUID) -> str:
    """`column` is not `value`, or is empty.

    Whether `ne` alone is true for null is not documented and told differently (Sql4Cds issues 167 and 530, XrmMockup):
    the second half makes the answer the same either way.
    """
    return f"({column} ne {literal(value)} or {column} eq null)"


def any_of(column: str, values: Iterable[str]) -> str:
    """`column` is one of `values` (as Dataverse's In function, which takes strings for every type)."""
    listed = ",".join(text(value) for value in values)
    return f"Microsoft.Dynamics.CRM.In(PropertyName={text(column)},PropertyValues=[{listed}])"


def in_chunks(values: Sequence[str], *, limit: int = 24_000) -> Iterator[Sequence[str]]:
    """`values` in runs whose encoded In filter stays below `limit` characters of URL."""
    start, size = 0, 0
    for place, value in enumerate(values):
        length = len(quote(text(value), safe=_SAFE)) + 1
        if place > start and size + length > limit:
            yield values[start:place]
            start, size = place, 0
        size += length
    if start < len(values):
        yield values[start:]


def query(
    *,
    select: Sequence[str] = (),
    filter: str | None = None,
    orderby: Sequence[str] = (),
    expand: str | None = None,
    top: int | None = None,
    count: bool = False,
) -> str:
    """`?$select=...&...`, percent-encoded, or "" when nothing is asked."""
    options: list[tuple[str, str]] = []
    if select:
        options.append(("$select", ",".join(select)))
    if filter:
        options.append(("$filter", filter))
    if orderby:
        options.append(("$orderby", ",".join(orderby)))
    if expand:
        options.append(("$expand", expand))
    if top is not None:
        options.append(("$top", str(top)))
    if count:
        options.append(("$count", "true"))
    if not options:
        return ""
    return "?" + "&".join(f"{name}={encoded(value)}" for name, value in options)


def encoded(value: str) -> str:
    """Percent-encoded for a query string, leaving readable what may stand there."""
    return quote(value, safe=_SAFE)


def columns_of(row_type: Any) -> tuple[str, ...]:
    """The columns that a Struct reads, by their names in Dataverse; annotations (`@`, `.`) are not columns."""
    return tuple(
        field.encode_name for field in msgspec.structs.fields(row_type) if not {"@", "."} & set(field.encode_name)
    )
