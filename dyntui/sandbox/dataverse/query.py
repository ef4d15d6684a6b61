"""OData queries over a set of rows: a table, or a collection of one row (learn.microsoft.com webapi/query)."""

# ruff: noqa: S608 - names in the SQL come from the schema, values are parameters

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from dyntui.sandbox.dataverse import expand, paging, rows, secured, security
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.clause import Clause, Value, all_of
from dyntui.sandbox.dataverse.errors import bad_request
from dyntui.sandbox.dataverse.filter import compile_filter
from dyntui.sandbox.dataverse.preferences import MAX_PAGE_SIZE
from dyntui.sandbox.dataverse.property_path import Property, Scope, resolve
from dyntui.sandbox.dataverse.storage import quoted
from dyntui.sandbox.dataverse.tables import Collection, Table
from dyntui.sandbox.request import Response

COUNT_LIMIT = 5000
QUERY_OPTIONS = frozenset(
    {"$select", "$filter", "$orderby", "$top", "$count", "$expand", "$apply", "$skiptoken", "$deltatoken"}
)
_TOTAL = "Microsoft.Dynamics.CRM.totalrecordcount"
_EXCEEDED = "Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"
_METADATA = "Microsoft.Dynamics.CRM.globalmetadataversion"


@dataclass(frozen=True, slots=True)
class Source:
    """Rows to query: FROM, the condition that makes them a set, and the SQL of their unique sort key."""

    scope: Scope
    origin: Clause
    condition: Clause
    key: str

    @property
    def table(self) -> Table:
        return self.scope.table

    def narrowed(self, condition: Clause | None) -> "Source":
        """The rows for which `condition` holds too."""
        return self if condition is None else replace(self, condition=all_of((self.condition, condition)))

    def select(self, columns: str, tail: str = "", params: Sequence[Value] = ()) -> Clause:
        """A SELECT statement over the rows."""
        return Clause(
            f"SELECT {columns} FROM {self.origin.text} WHERE {self.condition.text} {tail}",
            (*self.origin.params, *self.condition.params, *params),
        )


def scope_of(call: Call, table: Table) -> Scope:
    """Where a query's names are looked up; every further table that it reaches must be readable for the caller."""
    return Scope(
        call.schema,
        table,
        "t",
        call.now,
        lambda reached: security.check(call.state, call.caller, "Read", reached),
        lambda reached, name: secured.reads_null(call.state, call.caller, reached, name),
    )


def of_table(call: Call, table: Table) -> Source:
    """All rows of a table that the caller may read. Raises DataverseError 403 without the Read privilege."""
    security.check(call.state, call.caller, "Read", table)
    scope = scope_of(call, table)
    source = Source(scope, Clause(scope.source), Clause("1"), scope.sql(table.primary_id))
    return source.narrowed(security.row_filter(call.state, call.caller, table, "Read", scope.alias))


def of_collection(call: Call, near_id: str, collection: Collection) -> Source:
    """The rows of a collection-valued navigation property of one row."""
    source = of_table(call, call.schema.tables[collection.target])
    scope = source.scope
    if collection.intersect is None:
        return source.narrowed(Clause(f"{scope.sql(collection.far_column)} = ?", (near_id,)))
    cap = call.state.config.dataverse.association_page_cap if collection.intersect == "listmember" else 0
    end = f" ORDER BY far LIMIT {cap}" if cap else ""
    # The link is walked in the order of its index, which is the order of the rows' keys: a page costs no sorting.
    origin = Clause(
        f"(SELECT {quoted(collection.far_column)} AS far FROM {quoted('dv_' + collection.intersect)}"
        f" WHERE {quoted(collection.near_column)} = ?{end}) AS link"
        f" CROSS JOIN {scope.source} ON {scope.sql(source.table.primary_id)} = link.far",
        (near_id,),
    )
    return replace(source, origin=origin, key="link.far")


def check_options(call: Call, allowed: frozenset[str] = QUERY_OPTIONS) -> None:
    """Raises DataverseError for a system query option that is not in `allowed`."""
    for name in call.options:
        if name.startswith("$") and name not in allowed:
            word = name[1:].capitalize()
            if name == "$skip":
                raise bad_request(f"{word} Clause is not supported in CRM")
            raise bad_request(f"The query parameter {name} is not supported.")


def filtered(call: Call, source: Source) -> Source:
    """The rows that the request's $filter lets through."""
    text = call.options.get("$filter")
    return source if text is None else source.narrowed(compile_filter(source.scope, call.reader, text, call.aliases))


def count(call: Call, source: Source) -> Response:
    """`/$count`: the number of rows as text, 5,000 at most."""
    check_options(call, frozenset({"$filter", "$apply", "$deltatoken"}))
    number = min(_count(call, filtered(call, source)), COUNT_LIMIT)
    return Response(200, {"Content-Type": "text/plain"}, str(number).encode())


def run(call: Call, source: Source) -> Response:
    """One page of rows, with the link to the next one."""
    check_options(call)
    table = source.table
    wanted = expand.read(call, table, call.options.get("$expand"))
    chosen = rows.shape(call, table, call.options.get("$select"), expand.columns_needed(wanted))
    matching = filtered(call, source)
    keys = _sort_keys(call, matching)
    place = paging.read_token(call.options["$skiptoken"]) if "$skiptoken" in call.options else paging.Place()
    size, pages = _page_size(call)
    found, next_values = _read(call, matching, chosen, keys, place, size)
    objects = rows.encode(call, chosen, found)
    expand.add(call, wanted, chosen, found, objects)
    result: dict[str, Any] = {
        "@odata.context": rows.context(call, table, call.options.get("$select"), expand.context(wanted))
    }
    _add_counts(call, matching, result)
    result["value"] = objects
    if pages and next_values is not None:
        token = paging.write_token(paging.Place(place.page + 1, next_values))
        result["@odata.nextLink"] = paging.next_link(call.here(), call.request.raw_query, token)
    applied = call.prefer.applied("annotations", "maxpagesize")
    return call.reply(result, headers=applied)


def _page_size(call: Call) -> tuple[int, bool]:
    """(rows in this reply, whether more pages may follow). With a preferred page size $top is ignored."""
    top = call.options.get("$top")
    if top is not None and not (top.isascii() and top.isdigit()):
        raise bad_request(f"Invalid value '{top}' for $top query option found. It must be a non-negative integer.")
    if call.prefer.page_size is not None:
        return call.prefer.page_size, True
    if top is None:
        return MAX_PAGE_SIZE, True
    return min(int(top), MAX_PAGE_SIZE), int(top) > MAX_PAGE_SIZE


def _read(
    call: Call, source: Source, chosen: rows.Shape, keys: list[paging.SortKey], place: paging.Place, size: int
) -> tuple[list[rows.Row], tuple[Value, ...] | None]:
    """(rows of one page, sort values of the last one when more rows follow)."""
    if place.after is not None:
        if len(place.after) != len(keys):
            raise bad_request("The $skiptoken belongs to another query.")
        source = source.narrowed(paging.after(keys, place.after))
    by_key_alone = len(keys) == 1
    columns = chosen.select_list(source.scope.alias)
    if not by_key_alone:
        columns = f"{columns}, {', '.join(key.sql for key in keys)}"
    query = source.select(columns, f"ORDER BY {paging.order_by(keys)} LIMIT ?", (size + 1,))
    found: list[rows.Row] = call.state.db.execute(query.text, query.params).fetchall()
    more, found = len(found) > size, found[:size]
    last = found[-1] if found else ()
    values = (last[:1] if by_key_alone else last[-len(keys) :]) if more else None
    if not by_key_alone:
        width = len(chosen.read)
        found = [row[:width] for row in found]
    return found, values or None


def _sort_keys(call: Call, source: Source) -> list[paging.SortKey]:
    keys = []
    for part in filter(None, (each.strip() for each in call.options.get("$orderby", "").split(","))):
        match = re.fullmatch(r"([\w/@]+)(?:\s+(asc|desc))?", part)
        if match is None:
            raise bad_request(f"Syntax error in the $orderby expression '{part}'.")
        name = call.aliases.get(match[1], match[1])
        found = resolve(source.scope, name.split("/"))
        if found.column.logical_name == source.table.primary_id and not found.hops:
            keys.append(paging.SortKey(source.key, match[2] == "desc", unique=True))
            return keys
        keys.append(paging.SortKey(_sort_expression(call, found), match[2] == "desc"))
    keys.append(paging.SortKey(source.key, unique=True))
    return keys


def _sort_expression(call: Call, found: Property) -> str:
    """What rows are sorted by: lookups by the name of what they point to, everything else by value."""
    if not found.column.is_lookup:
        return found.value() if not found.hops else f"{found.value()} COLLATE NOCASE"
    if found.hops:
        raise bad_request("Rows cannot be sorted by a lookup of another row.")
    parts = []
    for target in found.column.targets:
        table = call.schema.table(target)
        if table is not None and table.primary_name is not None:
            parts.append(
                f"(SELECT n.{quoted(table.primary_name)} FROM {quoted(table.sql_name)} AS n"
                f" WHERE n.{quoted(table.primary_id)} = {found.sql})"
            )
    if not parts:
        return found.sql
    return f"{parts[0] if len(parts) == 1 else 'COALESCE(' + ', '.join(parts) + ')'} COLLATE NOCASE"


def _count(call: Call, source: Source) -> int:
    """How many rows there are, counted to one beyond the limit."""
    inner = source.select("1", "LIMIT ?", (COUNT_LIMIT + 1,))
    number: int = call.state.db.execute(f"SELECT count(*) FROM ({inner.text})", inner.params).fetchone()[0]
    return number


def _add_counts(call: Call, source: Source, result: dict[str, Any]) -> None:
    asked = call.options.get("$count", "false")
    if asked not in {"true", "false"}:
        raise bad_request(f"Invalid value '{asked}' for $count query option found. It must be 'true' or 'false'.")
    number = _count(call, source) if asked == "true" else -1
    if asked == "true":
        result["@odata.count"] = min(number, COUNT_LIMIT)
    for name, value in (
        (_TOTAL, min(number, COUNT_LIMIT)),
        (_EXCEEDED, number > COUNT_LIMIT),
        (_METADATA, str(call.schema.version)),
    ):
        if call.prefer.wants(name):
            result[f"@{name}"] = value
