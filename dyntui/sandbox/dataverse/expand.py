"""$expand: related rows inside the rows of a reply.

Source: learn.microsoft.com webapi/query/join-tables. Single-valued properties may nest; collections bring up to 5,000
rows each, or, as soon as anything is nested, pages of the preferred size.
"""

# ruff: noqa: S608 - names in the SQL come from the schema, values are parameters

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from dyntui.sandbox.dataverse import rows, security
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.clause import Clause, all_of
from dyntui.sandbox.dataverse.errors import bad_request, unknown_property
from dyntui.sandbox.dataverse.filter import compile_filter
from dyntui.sandbox.dataverse.preferences import MAX_PAGE_SIZE
from dyntui.sandbox.dataverse.property_path import Scope, resolve
from dyntui.sandbox.dataverse.storage import quoted
from dyntui.sandbox.dataverse.tables import Collection, Column, Table

MAX_EXPANDS = 15
_OPTIONS = {"$select", "$filter", "$orderby", "$top", "$expand"}


@dataclass(frozen=True, slots=True)
class Expansion:
    """One navigation property to expand, and how. `lookup` and `targets`, or `collection`, say what it leads to."""

    name: str
    options: dict[str, str]
    reference_only: bool
    nested: tuple["Expansion", ...]
    lookup: Column | None
    targets: tuple[str, ...]
    collection: Collection | None

    @property
    def is_principal(self) -> bool:
        """Whether it leads to a user or a team, of which only the common key is known."""
        return len(self.targets) > 1


def read(call: Call, table: Table, text: str | None) -> tuple[Expansion, ...]:
    """The expansions of a query. Raises DataverseError for unknown properties and what the platform refuses."""
    if text is None:
        return ()
    found = _read(call, table, text)
    every = list(_walk(found))
    if len(every) > MAX_EXPANDS:
        raise bad_request(f"The number of $expand options exceeds the maximum of {MAX_EXPANDS}.")
    if any(each.nested for each in every):
        for each in every:
            if each.collection is None:
                continue
            if each.collection.intersect is not None:
                raise bad_request("Nested $expand is not supported with N:N relationships.")
            if each.options.keys() & {"$top", "$orderby"}:
                raise bad_request("The options $top and $orderby are not supported in nested $expand of collections.")
    return found


def columns_needed(expansions: Iterable[Expansion]) -> list[Column]:
    """The lookup columns that must be read to expand."""
    return [each.lookup for each in expansions if each.lookup is not None]


def context(expansions: Iterable[Expansion]) -> str:
    """The part of @odata.context that names the expanded properties."""
    return ",".join(f"{each.name}({each.options.get('$select', '')})" for each in expansions)


def add(
    call: Call,
    expansions: Sequence[Expansion],
    chosen: rows.Shape,
    found: Sequence[rows.Row],
    objects: Sequence[dict[str, Any]],
) -> None:
    """Adds the related rows to `objects`, which are the JSON forms of the rows `found`."""
    paged = any(each.nested for each in _walk(expansions))
    for each in expansions:
        if each.collection is None:
            _add_single(call, each, chosen, found, objects)
        else:
            size = (call.prefer.page_size or MAX_PAGE_SIZE) if paged else MAX_PAGE_SIZE
            _add_collection(call, each, chosen.table, found, objects, size)


def _walk(expansions: Iterable[Expansion]) -> Iterable[Expansion]:
    for each in expansions:
        yield each
        yield from _walk(each.nested)


def _read(call: Call, table: Table, text: str) -> tuple[Expansion, ...]:
    return tuple(_read_item(call, table, item.strip()) for item in split(text, ",") if item.strip())


def _read_item(call: Call, table: Table, item: str) -> Expansion:
    match = re.fullmatch(r"(\w+)(/\$ref)?(?:\((.*)\))?", item, re.DOTALL)
    if match is None:
        raise bad_request(f"Syntax error in the $expand expression '{item}'.")
    name, reference, inside = match.groups()
    options = {}
    for part in filter(None, (each.strip() for each in split(inside or "", ";"))):
        option, _, value = part.partition("=")
        if option not in _OPTIONS:
            raise bad_request(f"The option '{option}' is not supported inside of $expand.")
        options[option] = value
    lookup = call.schema.lookups(table).get(name)
    collection = call.schema.collections(table).get(name)
    if collection is not None and reference:
        raise bad_request("Only single-valued navigation properties can be expanded to references.")
    if lookup is not None:
        column, targets = lookup
        if column.visible_at > call.now:
            raise unknown_property(name, table.logical_name)
        if len(targets) > 1:
            return _principal(name, options, bool(reference), column, targets)
        target = call.schema.tables[targets[0]]
        nested = _read(call, target, options["$expand"]) if "$expand" in options else ()
        return Expansion(name, options, bool(reference), nested, column, targets, None)
    if collection is not None:
        target = call.schema.tables[collection.target]
        nested = _read(call, target, options["$expand"]) if "$expand" in options else ()
        return Expansion(name, options, False, nested, None, (), collection)
    raise unknown_property(name, table.logical_name)


def _principal(
    name: str, options: dict[str, str], reference: bool, column: Column, targets: tuple[str, ...]
) -> Expansion:
    for selected in filter(None, (each.strip() for each in options.get("$select", "").split(","))):
        if selected != "ownerid":
            raise unknown_property(selected, "principal")
    return Expansion(name, options, reference, (), column, targets, None)


def split(text: str, separator: str) -> list[str]:
    """Parts of a query option, at separators outside of parentheses and strings."""
    parts, depth, in_string, start = [], 0, False, 0
    for place, character in enumerate(text):
        if character == "'":
            in_string = not in_string
        elif in_string:
            continue
        elif character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
        elif character == separator and not depth:
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]


def _add_single(
    call: Call, each: Expansion, chosen: rows.Shape, found: Sequence[rows.Row], objects: Sequence[dict[str, Any]]
) -> None:
    if each.lookup is None:
        return
    place = chosen.place(each.lookup.logical_name)
    kind = chosen.place(each.lookup.type_column) if each.lookup.type_column else None
    related: dict[tuple[str, str], dict[str, Any]] = {}
    for target in each.targets:
        ids = {row[place] for row in found if row[place] is not None and (kind is None or row[kind] == target)}
        table = call.schema.tables[target]
        for row_id, value in _by_id(call, table, ids, each).items():
            related[target, row_id] = value
    for row, item in zip(found, objects, strict=True):
        target = each.targets[0] if kind is None else row[kind]
        item[each.name] = related.get((target, row[place]))


def _by_id(call: Call, table: Table, ids: set[str], each: Expansion) -> dict[str, dict[str, Any]]:
    """Rows of a table as JSON, by id; rows that the caller may not read are missing."""
    if not ids:
        return {}
    security.check(call.state, call.caller, "Read", table)
    reach = security.row_filter(call.state, call.caller, table, "Read", "t") or Clause("1")
    select = table.primary_id if each.is_principal or each.reference_only else each.options.get("$select")
    chosen = rows.shape(call, table, select, columns_needed(each.nested))
    found = call.state.db.execute(
        f"SELECT {chosen.select_list('t')} FROM {quoted(table.sql_name)} AS t"
        f" WHERE t.{quoted(table.primary_id)} IN (SELECT value FROM json_each(?)) AND ({reach.text})",
        (json.dumps(sorted(ids)), *reach.params),
    ).fetchall()
    if each.reference_only:
        return {row[0]: {"@odata.id": call.address(table, row[0])} for row in found}
    if each.is_principal:
        return {row[0]: {"@odata.etag": f'W/"{row[1]}"', "ownerid": row[0]} for row in found}
    objects = rows.encode(call, chosen, found)
    add(call, each.nested, chosen, found, objects)
    return {row[0]: item for row, item in zip(found, objects, strict=True)}


def _add_collection(
    call: Call, each: Expansion, near: Table, found: Sequence[rows.Row], objects: Sequence[dict[str, Any]], size: int
) -> None:
    if each.collection is None or not found:
        return
    limit = min(_top(each), size)
    children = _children(call, each, each.collection, [row[0] for row in found], limit)
    for row, item in zip(found, objects, strict=True):
        mine = children.get(row[0], [])
        item[each.name] = mine[:limit]
        if len(mine) > limit and "$top" not in each.options:
            options = "&".join(f"{name}={quote(value, safe=_SAFE)}" for name, value in each.options.items())
            address = f"{call.address(near, row[0])}/{each.name}"
            item[f"{each.name}@odata.nextLink"] = f"{address}?{options}" if options else address


_SAFE = "$,;()'=/@:*"


def _top(each: Expansion) -> int:
    text = each.options.get("$top")
    if text is None:
        return MAX_PAGE_SIZE
    if not (text.isascii() and text.isdigit()):
        raise bad_request(f"Invalid value '{text}' for $top query option found.")
    return int(text)


def _children(
    call: Call, each: Expansion, collection: Collection, near_ids: list[str], limit: int
) -> dict[str, list[dict[str, Any]]]:
    """Up to limit + 1 related rows of every near row."""
    table = call.schema.tables[collection.target]
    security.check(call.state, call.caller, "Read", table)
    scope = Scope(
        call.schema, table, "t", call.now, lambda reached: security.check(call.state, call.caller, "Read", reached)
    )
    chosen = rows.shape(call, table, each.options.get("$select"), columns_needed(each.nested))
    conditions = [security.row_filter(call.state, call.caller, table, "Read", "t") or Clause("1")]
    if "$filter" in each.options:
        conditions.append(compile_filter(scope, call.reader, each.options["$filter"], call.aliases))
    condition = all_of(conditions)
    if collection.intersect is None:
        near, source = scope.sql(collection.far_column), scope.source
    else:
        near = f"l.{quoted(collection.near_column)}"
        source = (
            f"{quoted('dv_' + collection.intersect)} AS l CROSS JOIN {scope.source}"
            f" ON {scope.sql(table.primary_id)} = l.{quoted(collection.far_column)}"
        )
    found = call.state.db.execute(
        f"SELECT * FROM (SELECT {chosen.select_list('t')}, {near} AS near_id, row_number() OVER (PARTITION BY {near}"
        f" ORDER BY {_order(scope, each)}) AS number FROM {source}"
        f" WHERE {near} IN (SELECT value FROM json_each(?)) AND ({condition.text}))"
        " WHERE number <= ? ORDER BY near_id, number",
        (json.dumps(near_ids), *condition.params, limit + 1),
    ).fetchall()
    own = [row[:-2] for row in found]
    objects = rows.encode(call, chosen, own)
    add(call, each.nested, chosen, own, objects)
    result: dict[str, list[dict[str, Any]]] = {}
    for row, item in zip(found, objects, strict=True):
        result.setdefault(row[-2], []).append(item)
    return result


def _order(scope: Scope, each: Expansion) -> str:
    terms = []
    for part in filter(None, (one.strip() for one in each.options.get("$orderby", "").split(","))):
        name, _, direction = part.partition(" ")
        if direction.strip() not in {"", "asc", "desc"}:
            raise bad_request(f"Syntax error in the $orderby expression '{part}'.")
        terms.append(f"{resolve(scope, name.split('/')).value()} {'DESC' if direction.strip() == 'desc' else 'ASC'}")
    return ", ".join([*terms, scope.sql(scope.table.primary_id)])
