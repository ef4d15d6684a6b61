"""$apply: filter, groupby and aggregate over at most 50,000 rows (webapi/query/aggregate-data)."""

# ruff: noqa: S608 - names in the SQL come from the schema, values are parameters

import re
from typing import Any

from dyntui.sandbox.dataverse import rows
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.clause import Clause
from dyntui.sandbox.dataverse.errors import DataverseError, bad_request
from dyntui.sandbox.dataverse.expand import split
from dyntui.sandbox.dataverse.filter import compile_filter
from dyntui.sandbox.dataverse.property_path import Property, resolve
from dyntui.sandbox.dataverse.query import Source, check_options, filtered
from dyntui.sandbox.dataverse.storage import quoted
from dyntui.sandbox.dataverse.tables import Column
from dyntui.sandbox.request import Response

LIMIT = 50_000
_STEP = re.compile(r"(filter|groupby|aggregate)\((.*)\)", re.DOTALL)
_TERM = re.compile(r"([\w/]+)\s+with\s+(sum|average|min|max|countdistinct)\s+as\s+(\w+)")
_COUNT = re.compile(r"\$count\s+as\s+(\w+)")
_FUNCTIONS = {"sum": "sum({})", "average": "avg({})", "min": "min({})", "max": "max({})"}


def run(call: Call, source: Source) -> Response:
    """The groups that $apply asks for. Raises DataverseError 0x8004e023 when too many rows would go into them."""
    check_options(call, frozenset({"$apply", "$filter", "$orderby", "$top"}))
    source = filtered(call, source)
    groups: list[tuple[str, Property]] = []
    terms: list[tuple[str, str, Column | None]] = []
    steps = split(call.options["$apply"], "/")
    for place, step in enumerate(steps):
        match = _STEP.fullmatch(step.strip())
        if match is None or (place < len(steps) - 1 and match[1] != "filter"):
            raise bad_request(f"The transformation '{step}' in $apply is not supported.")
        if match[1] == "filter":
            source = source.narrowed(compile_filter(source.scope, call.reader, match[2], call.aliases))
        elif match[1] == "aggregate":
            terms = _terms(source, match[2])
        else:
            groups, terms = _groups(source, match[2])
    _check_size(call, source)
    return _reply(call, source, groups, terms)


def _groups(source: Source, text: str) -> tuple[list[tuple[str, Property]], list[tuple[str, str, Column | None]]]:
    first, *rest = split(text, ",")
    inside = re.fullmatch(r"\s*\((.*)\)\s*", first, re.DOTALL)
    if inside is None:
        raise bad_request("groupby needs its properties in parentheses.")
    groups = []
    for name in (part.strip() for part in inside[1].split(",")):
        groups.append((name.replace("/", "_"), resolve(source.scope, name.split("/"))))
    terms: list[tuple[str, str, Column | None]] = []
    if rest:
        match = re.fullmatch(r"\s*aggregate\((.*)\)\s*", ",".join(rest), re.DOTALL)
        if match is None:
            raise bad_request("groupby can only be followed by aggregate.")
        terms = _terms(source, match[1])
    return groups, terms


def _terms(source: Source, text: str) -> list[tuple[str, str, Column | None]]:
    """(alias, SQL, column) of every aggregate."""
    found: list[tuple[str, str, Column | None]] = []
    for part in (each.strip() for each in split(text, ",")):
        counted = _COUNT.fullmatch(part)
        if counted:
            found.append((counted[1], "count(*)", None))
            continue
        match = _TERM.fullmatch(part)
        if match is None:
            raise bad_request(f"The aggregate expression '{part}' is not valid.")
        named = resolve(source.scope, match[1].split("/"))
        if match[2] == "countdistinct":
            found.append((match[3], f"count(DISTINCT {named.value()})", None))
        else:
            column = None if match[2] == "average" else named.column
            found.append((match[3], _FUNCTIONS[match[2]].format(named.value()), column))
    return found


def _check_size(call: Call, source: Source) -> None:
    inner = source.select("1", "LIMIT ?", (LIMIT + 1,))
    number = call.state.db.execute(f"SELECT count(*) FROM ({inner.text})", inner.params).fetchone()[0]
    if number > LIMIT:
        raise DataverseError(
            "0x8004e023",
            "The maximum record limit is exceeded. Reduce the number of records."
            f" AggregateQueryRecordLimit exceeded: {LIMIT}.",
        )


def _reply(
    call: Call, source: Source, groups: list[tuple[str, Property]], terms: list[tuple[str, str, Column | None]]
) -> Response:
    names = [name for name, _found in groups] + [name for name, _sql, _column in terms]
    if not names:
        raise bad_request("$apply needs groupby or aggregate.")
    columns = [f"{found.value()} AS {quoted(name)}" for name, found in groups]
    columns += [f"{sql} AS {quoted(name)}" for name, sql, _column in terms]
    grouping = f"GROUP BY {', '.join(str(place + 1) for place in range(len(groups)))}" if groups else ""
    query = source.select(
        ", ".join(columns), f"{grouping} {_order(call, names)} {_limit(call).text}", _limit(call).params
    )
    found = call.state.db.execute(query.text, query.params).fetchall()
    shown: list[Any] = list(zip(*found, strict=True)) if found else [[] for _name in names]
    kinds: list[Column | None] = [each.column for _name, each in groups]
    kinds += [column for _name, _sql, column in terms]
    data = [values if kind is None else rows.served(kind, values) for kind, values in zip(kinds, shown, strict=True)]
    value = [dict(zip(names, row, strict=True)) for row in zip(*data, strict=True)]
    context = f"{call.base}/$metadata#{source.table.entity_set}({','.join(names)})"
    return call.reply({"@odata.context": context, "value": value})


def _order(call: Call, names: list[str]) -> str:
    terms = []
    for part in filter(None, (each.strip() for each in call.options.get("$orderby", "").split(","))):
        name, _, direction = part.partition(" ")
        if name not in names or direction.strip() not in {"", "asc", "desc"}:
            raise bad_request(f"The result of $apply cannot be sorted by '{part}'.")
        terms.append(f"{quoted(name)} {'DESC' if direction.strip() == 'desc' else 'ASC'}")
    return f"ORDER BY {', '.join(terms)}" if terms else ""


def _limit(call: Call) -> Clause:
    top = call.options.get("$top")
    if top is None:
        return Clause("")
    if not (top.isascii() and top.isdigit()):
        raise bad_request(f"Invalid value '{top}' for $top query option found.")
    return Clause("LIMIT ?", (min(int(top), LIMIT),))
