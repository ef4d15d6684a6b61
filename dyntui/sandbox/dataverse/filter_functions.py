"""The Microsoft.Dynamics.CRM.* query functions of $filter -> SQL.

Source: learn.microsoft.com webapi/reference/queryfunctions. Their PropertyName is a column's logical name.
"""

# ruff: noqa: S608 - names in the SQL come from the schema, values are parameters

import math
import re
import sys
from collections.abc import Callable
from uuid import UUID

from odata_query import ast

from dyntui.sandbox.dataverse import date_ranges
from dyntui.sandbox.dataverse.clause import Clause, Value, all_of, any_of
from dyntui.sandbox.dataverse.errors import bad_request, invalid_argument, unknown_property
from dyntui.sandbox.dataverse.property_path import Property, Scope
from dyntui.sandbox.dataverse.reader import Reader
from dyntui.sandbox.dataverse.storage import quoted, timestamp
from dyntui.sandbox.dataverse.tables import FRACTION_TYPES, WHOLE_NUMBER_TYPES, Column, Table

_UNITS = ("Minutes", "Hours", "Days", "Weeks", "Months", "Years")
_BOOLEANS = {"0": 0, "false": 0, "1": 1, "true": 1}
_DATE_NAMES = {
    "Last7Days": "last-seven-days",
    "Next7Days": "next-seven-days",
    **{f"OlderThanX{unit}": f"olderthan-x-{unit.lower()}" for unit in _UNITS},
}
_TEAMS = 'SELECT "teamid" FROM "dv_teammembership" WHERE "systemuserid" = ?'


def compile_call(scope: Scope, reader: Reader, node: ast.Call) -> Clause:
    """The condition that a function call means. Raises DataverseError for unknown functions and wrong parameters."""
    name = node.func.name
    parameters: dict[str, ast._Node] = {}
    for argument in node.args:
        if not isinstance(argument, ast.NamedParam):
            raise bad_request(f"The parameters of the function '{name}' must be named.")
        parameters[argument.name.name] = argument.param
    found = _property(scope, parameters)
    values: list[str] = []
    for key, given in parameters.items():
        if key.startswith("PropertyValue"):
            values += [_text(each) for each in given.val] if isinstance(given, ast.List) else [_text(given)]
    operator = _DATE_NAMES.get(name) or re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
    if name in _FUNCTIONS:
        return _FUNCTIONS[name](found, reader, values)
    if name == "NotOn":
        return _negation(found, reader, _in_span(found, reader, "on", values))
    if operator in date_ranges.operators():
        return _in_span(found, reader, operator, values)
    raise bad_request(f"An unknown function with name 'Microsoft.Dynamics.CRM.{name}' was found.")


def _property(scope: Scope, parameters: dict[str, ast._Node]) -> Property:
    node = parameters.get("PropertyName")
    if not isinstance(node, ast.String):
        raise bad_request("The function needs the parameter PropertyName.")
    name: str = node.py_val
    column = scope.table.columns.get(name) or scope.schema.properties(scope.table).get(name)
    if column is None or not column.is_stored or column.visible_at > scope.now:
        raise unknown_property(name, scope.table.logical_name)
    return Property(column, scope)


def _text(node: ast._Node) -> str:
    if not isinstance(node, ast._Literal):
        raise bad_request("The parameters of a function must be literals.")
    return str(node.py_val) if not isinstance(node, ast.Boolean) else node.val.lower()


def stored_value(column: Column, text: str) -> Value:
    """A value that a function was given as text, in the form in which rows keep it."""
    try:
        if column.is_lookup or column.type == "Uniqueidentifier":
            return str(UUID(text))
        if column.type == "Boolean":
            return _BOOLEANS[text.lower()]
        if column.type in WHOLE_NUMBER_TYPES:
            return max(min(int(text), 2**63 - 1), -(2**63))
        if column.type in FRACTION_TYPES:
            return _number(text)
        if column.type == "DateTime":
            moment = date_ranges.parse_moment(text)
            return moment.date().isoformat() if column.is_date_only else timestamp(moment)
    except (ValueError, KeyError) as error:
        raise invalid_argument(f"The value '{text}' does not fit the column '{column.logical_name}'.") from error
    return text.rstrip(" ")


def _number(text: str) -> float:
    """Raises ValueError for what is no number; one that is too large is the largest there is."""
    number = float(text)
    if math.isnan(number):
        raise ValueError(text)
    return max(min(number, sys.float_info.max), -sys.float_info.max)


def _in_span(found: Property, reader: Reader, operator: str, values: list[str]) -> Clause:
    if found.column.type != "DateTime":
        raise invalid_argument(f"The column '{found.column.logical_name}' is not a date.")
    try:
        span = date_ranges.span(operator, values, reader.moment)
    except (ValueError, OverflowError) as error:
        raise invalid_argument(f"The value of '{operator}' leads out of the range of dates.") from error
    parts = []
    for sign, moment in ((">=", span.start), ("<", span.end)):
        if moment is not None:
            text = moment.date().isoformat() if found.column.is_date_only else timestamp(moment)
            if found.column.is_date_only and sign == "<" and moment.time().isoformat() != "00:00:00":
                sign = "<="  # noqa: PLW2901 - a plain date of the day on which the span ends lies inside it
            parts.append(Clause(f"{found.sql} {sign} ?", (text,)))
    return all_of(parts)


def _equal(found: Property, value: Value) -> Clause:
    if isinstance(value, str) and not value.isascii():
        return Clause(f"fold({found.sql}) = fold(?)", (value,))
    return Clause(f"{found.sql} = ?", (value,))


def _in(found: Property, reader: Reader, values: list[str]) -> Clause:
    if reader.most_values is not None:
        reader.most_values.check(len(values))
    stored = [stored_value(found.column, each) for each in values]
    if reader.tells_case_apart and any(isinstance(each, str) for each in stored):
        return Clause(f"{found.sql} COLLATE BINARY IN ({', '.join('?' * len(stored))})", tuple(stored))
    if all(not isinstance(each, str) or each.isascii() for each in stored):
        return Clause(f"{found.sql} IN ({', '.join('?' * len(stored))})", tuple(stored))
    return any_of(_equal(found, each) for each in stored)


def _between(found: Property, _reader: Reader, values: list[str]) -> Clause:
    if len(values) != 2:
        raise invalid_argument("Between needs two values.")
    low, high = (stored_value(found.column, each) for each in values)
    return Clause(f"{found.sql} BETWEEN ? AND ?", (low, high))


def _contain_values(found: Property, _reader: Reader, values: list[str]) -> Clause:
    if found.column.type != "MultiSelectPicklist":
        raise invalid_argument(f"The column '{found.column.logical_name}' does not hold several choices.")
    return any_of(Clause(f"',' || {found.sql} || ',' LIKE ?", (f"%,{int(each)},%",)) for each in values)


def _user(found: Property, reader: Reader, _values: list[str]) -> Clause:
    return Clause(f"{found.sql} = ?", (reader.user_id,))


def _business_unit(found: Property, reader: Reader, _values: list[str]) -> Clause:
    return Clause(f"{found.sql} = ?", (reader.business_unit_id,))


def _teams(found: Property, reader: Reader, _values: list[str]) -> Clause:
    return Clause(f"{found.sql} IN ({_TEAMS})", (reader.user_id,))


def _hierarchy_table(found: Property) -> Table:
    """The table in whose hierarchy a row is looked for: that of the column's target, or its own for the row's id."""
    table = found.scope.table
    if found.column.is_lookup and table.logical_name not in found.column.targets:
        table = found.scope.schema.tables[found.column.targets[0]]
    return table


def _parent_column(table: Table) -> str:
    for column in table.columns.values():
        if column.is_lookup and table.logical_name in column.targets and column.logical_name.startswith("parent"):
            return column.logical_name
    raise invalid_argument(f"The table '{table.logical_name}' has no hierarchy.")


def _hierarchy(up: bool, itself: bool) -> "_Function":
    def condition(found: Property, _reader: Reader, values: list[str]) -> Clause:
        if len(values) != 1:
            raise invalid_argument("A hierarchy function needs the id of one row.")
        table = _hierarchy_table(found)
        row_id, parent = quoted(table.primary_id), quoted(_parent_column(table))
        start = str(stored_value(table.columns[table.primary_id], values[0]))
        step = (
            f"SELECT t.{parent} FROM {quoted(table.sql_name)} AS t JOIN line ON t.{row_id} = line.id"
            f" WHERE t.{parent} IS NOT NULL"
            if up
            else f"SELECT t.{row_id} FROM {quoted(table.sql_name)} AS t JOIN line ON t.{parent} = line.id"
        )
        chosen = f"{found.sql} IN (WITH RECURSIVE line (id) AS (SELECT ? UNION {step}) SELECT id FROM line)"
        if itself:
            return Clause(chosen, (start,))
        return Clause(f"{chosen} AND {found.sql} <> ?", (start, start))

    return condition


_Function = Callable[[Property, Reader, list[str]], Clause]


def _negated(function: _Function) -> _Function:
    return lambda found, reader, values: _negation(found, reader, function(found, reader, values))


def _negation(found: Property, reader: Reader, clause: Clause) -> Clause:
    if reader.not_equal_includes_null:
        return clause.negated()
    return all_of((clause.negated(), Clause(f"{found.sql} IS NOT NULL")))


_FUNCTIONS: dict[str, _Function] = {
    "In": _in,
    "NotIn": _negated(_in),
    "Between": _between,
    "NotBetween": _negated(_between),
    "ContainValues": _contain_values,
    "DoesNotContainValues": _negated(_contain_values),
    "EqualUserId": _user,
    "NotUserId": _negated(_user),
    "EqualBusinessId": _business_unit,
    "NotBusinessId": _negated(_business_unit),
    "EqualUserTeams": _teams,
    "EqualUserOrUserTeams": lambda found, reader, values: any_of(
        (_user(found, reader, values), _teams(found, reader, values))
    ),
    "Above": _hierarchy(up=True, itself=False),
    "AboveOrEqual": _hierarchy(up=True, itself=True),
    "Under": _hierarchy(up=False, itself=False),
    "UnderOrEqual": _hierarchy(up=False, itself=True),
    "NotUnder": _negated(_hierarchy(up=False, itself=False)),
}
