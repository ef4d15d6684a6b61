"""FetchXML -> one SELECT: joins, filters, columns, order. What a page of it is, is said in `fetchxml`.

Filters of an outer link restrict the join, as on the platform. Rows of every table are restricted to what the caller
may read. Where links show nothing and only `distinct` keeps rows from being repeated, they become EXISTS: same answer,
and every row stays one row of the table, which is what makes large lists quick to page through.
"""

# ruff: noqa: S608 - names in the SQL are quoted ones of the schema, values are parameters

from collections.abc import Sequence
from dataclasses import dataclass, field

from dyntui.sandbox.dataverse import security
from dyntui.sandbox.dataverse.clause import Clause, Value, all_of, any_of
from dyntui.sandbox.dataverse.errors import DataverseError
from dyntui.sandbox.dataverse.fetchxml_aggregate import compile_aggregate
from dyntui.sandbox.dataverse.fetchxml_conditions import compile_condition
from dyntui.sandbox.dataverse.fetchxml_parse import Condition, Fetch, Filter, Link
from dyntui.sandbox.dataverse.fetchxml_scope import Scope, Source
from dyntui.sandbox.dataverse.fetchxml_statement import Output, Statement, all_orders
from dyntui.sandbox.dataverse.paging import SortKey
from dyntui.sandbox.dataverse.storage import quoted
from dyntui.sandbox.dataverse.tables import CHOICE_TYPES

_JOINED = {"inner", "outer"}


@dataclass(slots=True)
class _Select:
    """Expressions of the SELECT, each once."""

    items: list[str] = field(default_factory=list)

    def place(self, sql: str) -> int:
        if sql not in self.items:
            self.items.append(sql)
        return self.items.index(sql)


def compile_fetch(scope: Scope, fetch: Fetch) -> Statement:
    """The statement for a query. Raises DataverseError for whatever it names that does not exist."""
    source = scope.add(fetch.table)
    security.check(scope.state, scope.caller, "Read", source.table)
    as_exists = fetch.distinct and not fetch.aggregate and _shows_itself_only(scope, source, fetch)
    tables, conditions = _joins(scope, source, fetch.links, as_exists)
    conditions += [_filter(scope, source, each) for each in fetch.filters]
    reach = security.row_filter(scope.state, scope.caller, source.table, "Read", source.sql)
    if reach is not None:
        conditions.append(reach)
    origin = Clause(f"{quoted(source.table.sql_name)} AS {source.sql}{tables.text}", tables.params)
    where = all_of(conditions)
    if fetch.aggregate:
        return compile_aggregate(scope, fetch, source, origin, where)
    distinct = fetch.distinct and not as_exists
    select = _Select()
    if not distinct:
        select.place(source.column(source.table.primary_id))
        select.place(source.column("versionnumber"))
    outputs = _outputs(scope, fetch, select, distinct)
    keys, names, params = _order(scope, fetch, distinct)
    by_link = any(order_source.alias is not None for order_source, _order_of in all_orders(scope, fetch))
    seekable = not distinct and not by_link and all(key.sql.count(".") == 1 for key in keys)
    places = tuple(select.place(key.sql) for key in keys) if seekable else ()
    return Statement(
        source=source,
        select=tuple(select.items),
        tables=origin,
        where=where,
        group_by=(),
        keys=keys,
        key_names=names,
        key_places=places,
        order_params=params,
        outputs=outputs,
        distinct=distinct,
        keyed=not distinct,
        gives_cookie=not by_link,
        seekable=seekable,
    )


def _shows_itself_only(scope: Scope, source: Source, fetch: Fetch) -> bool:
    """Whether links only decide which rows of the table there are, and those rows show their key."""
    columns = {column.name for column in fetch.columns}
    shows_key = fetch.all_columns or source.table.primary_id in columns
    links = list(fetch.all_links())
    named = [condition.of for each in fetch.filters for condition in each.conditions() if condition.of is not None]
    compared = [c.compared_with for each in fetch.filters for c in each.conditions() if c.compared_with]
    return (
        shows_key
        and not named
        and not any("." in each for each in compared)
        and not any(order.of for order in fetch.orders)
        and not any(link.columns or link.all_columns or link.orders for link in links)
        and not any(
            c.of or "." in (c.compared_with or "") for link in links for f in link.filters for c in f.conditions()
        )
    )


def _joins(scope: Scope, parent: Source, links: Sequence[Link], as_exists: bool) -> tuple[Clause, list[Clause]]:
    """The joins of links, and the conditions of those that only ask whether something exists."""
    text = ""
    params: tuple[Value, ...] = ()
    conditions: list[Clause] = []
    for link in links:
        if link.kind not in _JOINED:
            conditions.append(_exists(scope, parent, link))
        elif as_exists:
            if link.kind == "inner":
                conditions.append(_exists(scope, parent, link))
        else:
            joined = _join(scope, parent, link)
            text += joined.text
            params += joined.params
    return Clause(text, params), conditions


def _join(scope: Scope, parent: Source, link: Link) -> Clause:
    source, conditions = _linked(scope, parent, link)
    scope.joined.add(source.sql)
    inside, more = _joins(scope, source, link.links, as_exists=False)
    on = all_of([*conditions, *more, *(_filter(scope, source, each) for each in link.filters)])
    table = f"{quoted(source.table.sql_name)} AS {source.sql}"
    if link.kind == "inner":
        return Clause(f" JOIN {table} ON {on.text}{inside.text}", on.params + inside.params)
    if not inside.text:
        return Clause(f" LEFT JOIN {table} ON {on.text}", on.params)
    return Clause(f" LEFT JOIN ({table}{inside.text}) ON {on.text}", inside.params + on.params)


def _exists(scope: Scope, parent: Source, link: Link) -> Clause:
    """Whether a linked row exists, as `in` or `exists` (or, with `not any`, that none does)."""
    source, conditions = _linked(scope, parent, link)
    inside, more = _joins(scope, source, link.links, as_exists=True)
    on = all_of([*conditions, *more, *(_filter(scope, source, each) for each in link.filters)])
    found = Clause(
        f"EXISTS (SELECT 1 FROM {quoted(source.table.sql_name)} AS {source.sql}{inside.text} WHERE {on.text})",
        inside.params + on.params,
    )
    return found.negated() if link.kind == "not any" else found


def _linked(scope: Scope, parent: Source, link: Link) -> tuple[Source, list[Clause]]:
    """The source of a link and what ties its rows to the parent's."""
    source = scope.add(link.table, link)
    security.check(scope.state, scope.caller, "Read", source.table)
    near, far = _ends(scope, parent, source, link)
    conditions = [Clause(f"{source.column(far)} = {parent.column(near)}")]
    reach = security.row_filter(scope.state, scope.caller, source.table, "Read", source.sql)
    if reach is not None:
        conditions.append(reach)
    return source, conditions


def _ends(scope: Scope, parent: Source, source: Source, link: Link) -> tuple[str, str]:
    """(column of the parent, column of the linked table); from the one relationship between them when not given."""
    if link.to_column and link.from_column:
        return scope.column(parent, link.to_column).logical_name, scope.column(source, link.from_column).logical_name
    ends = [
        (one.referencing_attribute, one.referenced_attribute)
        for one in scope.schema.one_to_many.values()
        if (one.referencing, one.referenced) == (parent.table.logical_name, source.table.logical_name)
    ] + [
        (one.referenced_attribute, one.referencing_attribute)
        for one in scope.schema.one_to_many.values()
        if (one.referenced, one.referencing) == (parent.table.logical_name, source.table.logical_name)
    ]
    fitting = [(near, far) for near, far in ends if link.to_column in {None, near} and link.from_column in {None, far}]
    if len(fitting) != 1:
        raise DataverseError("0x80041111", f"The link-entity '{link.table}' needs the attributes 'from' and 'to'.")
    return fitting[0]


def _filter(scope: Scope, source: Source, each: Filter) -> Clause:
    parts = []
    for part in each.parts:
        if isinstance(part, Condition):
            parts.append(compile_condition(scope, source, part))
        elif isinstance(part, Filter):
            parts.append(_filter(scope, source, part))
        else:
            parts.append(_exists(scope, source, part))
    if not parts:
        return Clause("1")
    return any_of(parts) if each.kind == "or" else all_of(parts)


def _outputs(scope: Scope, fetch: Fetch, select: _Select, distinct: bool) -> tuple[Output, ...]:
    outputs: dict[str, Output] = {}
    for source in scope.shown():
        wanted, everything = (
            (fetch.columns, fetch.all_columns)
            if source.link is None
            else (source.link.columns, source.link.all_columns)
        )
        chosen = [(scope.column(source, each.name), each.alias) for each in wanted]
        if everything:
            chosen += [(column, None) for column in scope.readable(source)]
        if source.link is None:
            if (
                any(column.type == "Money" for column, _alias in chosen)
                and "transactioncurrencyid" in source.table.columns
            ):
                chosen.append((source.table.columns["transactioncurrencyid"], None))
            if not distinct:
                chosen.append((source.table.columns[source.table.primary_id], None))
        for column, alias in chosen:
            name = alias or (column.property_name if source.alias is None else f"{source.alias}.{column.logical_name}")
            place = select.place(source.column(column.logical_name))
            kind = None if column.type_column is None else select.place(source.column(column.type_column))
            outputs.setdefault(name, Output(name, column, place, kind, linked=source.alias is not None))
    if not outputs:
        source = scope.sources[0]
        key = source.table.columns[source.table.primary_id]
        outputs[key.logical_name] = Output(key.logical_name, key, select.place(source.column(key.logical_name)))
    return tuple(outputs.values())


def _order(
    scope: Scope, fetch: Fetch, distinct: bool
) -> tuple[tuple[SortKey, ...], tuple[str, ...], tuple[Value, ...]]:
    """The sort keys, their names for a cookie, and the values in their terms.

    Lookups are sorted by the name of what they point to and choices by their label; the keys of all joined tables come
    last, so that every row has its one place.
    """
    keys: list[SortKey] = []
    names: list[str] = []
    params: tuple[Value, ...] = ()
    by_alias = {each.alias: each.name for each in fetch.columns if each.alias}
    for source, order in all_orders(scope, fetch):
        name = order.attribute or by_alias.get(order.alias or "")
        if name is None:
            raise DataverseError("0x80041133", "An attribute is required for an order of a query that is no aggregate.")
        column = scope.column(source, name, "0x8004111e")
        sql = source.column(name)
        if column.is_lookup:
            sql = scope.name_of_lookup(source, column)
        elif column.type in CHOICE_TYPES or column.type == "Boolean":
            sql, labels = scope.label_of_choice(source, column)
            params += labels
        keys.append(SortKey(sql, order.descending, unique=source.alias is None and name == source.table.primary_id))
        names.append(name if source.alias is None else f"{source.alias}.{name}")
    if distinct:
        return tuple(keys), tuple(names), params
    for source in scope.shown():
        sql = source.column(source.table.primary_id)
        if sql not in {key.sql for key in keys} and (source.link is None or not _leads_to_one(scope, source)):
            if source.link is None:
                sql = _walked(fetch, scope) or sql
            keys.append(SortKey(sql, unique=source.link is None))
            prefix = "" if source.alias is None else f"{source.alias}."
            names.append(f"{prefix}{source.table.primary_id}")
    return tuple(keys), tuple(names), params


def _walked(fetch: Fetch, scope: Scope) -> str | None:
    """A linked column that always equals the table's key: its index is walked in the order of the page."""
    key = scope.sources[0].table.primary_id
    for source in scope.shown():
        link = source.link
        if link is not None and link in fetch.links and link.kind == "inner" and link.to_column == key:
            return source.column(link.from_column or key)
    return None


def _leads_to_one(scope: Scope, source: Source) -> bool:
    """Whether at most one row of the linked table belongs to one of its parent.

    So it is over the table's key, and over an intersect table when the other end of the pair is given.
    """
    link = source.link
    if link is None or link.from_column == source.table.primary_id:
        return link is not None
    given = {
        part.attribute
        for each in link.filters
        if each.kind == "and"
        for part in each.parts
        if isinstance(part, Condition) and part.operator == "eq" and part.of is None
    }
    for many in scope.schema.many_to_many.values():
        pair = {many.attribute1, many.attribute2}
        if many.intersect == source.table.logical_name and link.from_column in pair:
            return bool(given & (pair - {link.from_column}))
    return False
