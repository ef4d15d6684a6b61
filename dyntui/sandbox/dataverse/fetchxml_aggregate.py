"""Aggregate FetchXML: groups, counts and sums instead of rows (fetchxml/aggregate-data)."""

from dyntui.sandbox.dataverse.clause import Clause
from dyntui.sandbox.dataverse.errors import DataverseError
from dyntui.sandbox.dataverse.fetchxml_parse import Column as Wanted
from dyntui.sandbox.dataverse.fetchxml_parse import Fetch
from dyntui.sandbox.dataverse.fetchxml_scope import Scope, Source
from dyntui.sandbox.dataverse.fetchxml_statement import Output, Statement, all_orders
from dyntui.sandbox.dataverse.paging import SortKey
from dyntui.sandbox.dataverse.tables import Column


def compile_aggregate(scope: Scope, fetch: Fetch, source: Source, origin: Clause, where: Clause) -> Statement:
    """The statement of an aggregate query, given FROM and WHERE. Raises DataverseError for what has no aggregate."""
    select: list[str] = []
    groups: list[str] = []
    outputs: list[Output] = []
    aliases: dict[str, str] = {}
    for each in scope.shown():
        for wanted in fetch.columns if each.link is None else each.link.columns:
            sql, output = _aggregated(scope, each, wanted, len(select))
            outputs.append(output)
            select.append(sql)
            aliases[output.name] = sql
            if wanted.group:
                groups.append(sql)
                if output.column is not None and output.column.type_column is not None and wanted.date_grouping is None:
                    kind = each.column(output.column.type_column)
                    outputs[-1] = Output(output.name, output.column, output.place, len(select), output.linked)
                    select.append(kind)
                    groups.append(kind)
    if not select:
        raise DataverseError("0x80041107", "An aggregate query needs at least one attribute.")
    keys = []
    for _source, order in all_orders(scope, fetch):
        if order.alias is None:
            raise DataverseError(
                "0x80041131", "An attribute cannot be specified for an order of an aggregate query: use an alias."
            )
        if order.alias not in aliases:
            raise DataverseError("0x8004110a", f"The alias {order.alias} does not exist.")
        keys.append(SortKey(aliases[order.alias], order.descending))
    keys += [SortKey(sql) for sql in groups if sql not in {key.sql for key in keys}]
    return Statement(
        source,
        tuple(select),
        origin,
        where,
        tuple(groups),
        tuple(keys),
        (),
        (),
        (),
        tuple(outputs),
        False,
        False,
        False,
        False,
    )


def _aggregated(scope: Scope, source: Source, wanted: Wanted, place: int) -> tuple[str, Output]:
    column = scope.column(source, wanted.name)
    sql = source.column(wanted.name)
    if wanted.alias is None:
        raise DataverseError(
            "0x8004110b", f"An alias is required for the attribute '{wanted.name}' of an aggregate query."
        )
    linked = source.alias is not None
    if wanted.group:
        if wanted.date_grouping is not None:
            return _date_part(column, sql, wanted.date_grouping), Output(wanted.alias, None, place, aggregate=True)
        return sql, Output(wanted.alias, column, place, linked=linked)
    counted = f"DISTINCT {sql}" if wanted.distinct else sql
    match wanted.aggregate:
        case "count":
            return "COUNT(*)", Output(wanted.alias, None, place, aggregate=True)
        case "countcolumn":
            return f"COUNT({counted})", Output(wanted.alias, None, place, aggregate=True)
        case "sum" | "avg" as name:
            if column.type not in {"Integer", "BigInt", "Decimal", "Double", "Money"}:
                raise DataverseError("0x80060559", f"The attribute '{wanted.name}' cannot be used in {name}.")
            value = f"{name.upper()}({sql})"
            return (f"CAST({value} AS INTEGER)" if column.type == "Integer" else value), Output(
                wanted.alias, column, place, linked=linked, aggregate=True
            )
        case "min" | "max" as name:
            return f"{name.upper()}({sql})", Output(wanted.alias, column, place, linked=linked, aggregate=True)
    raise DataverseError("0x80041107", f"The attribute '{wanted.name}' must be grouped by or aggregated.")


def _date_part(column: Column, sql: str, part: str) -> str:
    if column.type != "DateTime":
        raise DataverseError("0x8004e01d", f"The attribute '{column.logical_name}' is not a date.")
    month, year = f"CAST(strftime('%m', {sql}) AS INTEGER)", f"CAST(strftime('%Y', {sql}) AS INTEGER)"
    return {
        "day": f"CAST(strftime('%d', {sql}) AS INTEGER)",
        "week": f"CAST(strftime('%W', {sql}) AS INTEGER) + 1",
        "month": month,
        "quarter": f"({month} + 2) / 3",
        "year": year,
        "fiscal-period": f"({month} + 2) / 3",
        "fiscal-year": year,
    }[part]
