"""What a condition of FetchXML means in SQL. Operators: learn.microsoft.com fetchxml/reference/operators.

Negative operators (ne, not-in, not-like ...) are true for null (Sql4Cds issues 167 and 530, written against real
organisations; XrmMockup says otherwise), unless the switch `not_equal_includes_null` is off.
"""

# ruff: noqa: S608 - names in the SQL are quoted ones of the schema, values are parameters

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dyntui.sandbox.dataverse import date_ranges, secured
from dyntui.sandbox.dataverse.clause import Clause, Value, all_of, any_of
from dyntui.sandbox.dataverse.errors import DataverseError
from dyntui.sandbox.dataverse.fetchxml_parse import Condition
from dyntui.sandbox.dataverse.fetchxml_scope import Scope, Source
from dyntui.sandbox.dataverse.filter import like
from dyntui.sandbox.dataverse.filter_functions import stored_value
from dyntui.sandbox.dataverse.storage import quoted, timestamp
from dyntui.sandbox.dataverse.tables import CHOICE_TYPES, Column, Table

_COMPARISONS = {"eq": "=", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}


@dataclass(frozen=True, slots=True)
class _Subject:
    """What a condition is about: a column or, with `column` None, the name of what a lookup points to."""

    scope: Scope
    source: Source
    sql: str
    column: Column | None
    name: str

    def value(self, text: str) -> Value:
        if self.column is None:
            return text.rstrip(" ")
        if self.column.type == "EntityName" and text.isascii() and text.isdigit():
            return next(
                (each.logical_name for each in self.scope.schema.tables.values() if each.object_type_code == int(text)),
                text,
            )
        if self.column.type in CHOICE_TYPES and not text.lstrip("-").isdigit():
            raise _unfit(text, self.name)
        return stored_value(self.column, text.strip() if self.column.type not in {"String", "Memo"} else text)


_Operator = Callable[[_Subject, Sequence[str]], Clause]


def compile_condition(scope: Scope, source: Source, condition: Condition) -> Clause:
    """The condition for rows of `source`, or of the link-entity that it names.

    Raises DataverseError: unknown column 0x80041103, unknown operator or wrong number of values 0x80041106, a value
    that does not fit the column's type 0x80040203.
    """
    if condition.of is not None:
        source = scope.named(condition.of)
    subject = _subject(scope, source, condition.attribute)
    if condition.compared_with is not None:
        return _compare_columns(subject, condition)
    negated = _NEGATIONS.get(condition.operator)
    operator = negated or condition.operator
    meaning = _OPERATORS.get(operator)
    if meaning is None and operator in date_ranges.operators():
        clause = _in_span(subject, operator, condition.values)
    elif meaning is None:
        raise DataverseError("0x80041106", f"The condition operator '{condition.operator}' is not supported.")
    else:
        clause = meaning(subject, condition.values)
    return _negated(subject, clause) if negated else clause


def _negated(subject: _Subject, clause: Clause) -> Clause:
    if subject.scope.state.config.dataverse.not_equal_includes_null:
        return clause.negated()
    return all_of((clause.negated(), Clause(f"{subject.sql} IS NOT NULL")))


def _subject(scope: Scope, source: Source, name: str) -> _Subject:
    base = source.table.columns.get(name.removesuffix("name")) if name.endswith("name") else None
    if name not in source.table.columns and base is not None and base.is_lookup:
        return _Subject(scope, source, scope.name_of_lookup(source, base), None, name)
    column = scope.column(source, name)
    secured.reads_null(scope.state, scope.caller, source.table, name)
    return _Subject(scope, source, source.column(name), column, name)


def _compare_columns(subject: _Subject, condition: Condition) -> Clause:
    other_source, other_name = subject.source, condition.compared_with or ""
    if "." in other_name:
        alias, _, other_name = other_name.partition(".")
        other_source = subject.scope.named(alias)
    subject.scope.column(other_source, other_name)
    secured.reads_null(subject.scope.state, subject.scope.caller, other_source.table, other_name)
    other = other_source.column(other_name)
    if condition.operator in {"ne", "neq"}:
        return _negated(subject, Clause(f"{subject.sql} = {other}"))
    if condition.operator not in _COMPARISONS:
        raise DataverseError("0x80041106", f"The operator '{condition.operator}' cannot compare columns.")
    return Clause(f"{subject.sql} {_COMPARISONS[condition.operator]} {other}")


def _one(subject: _Subject, values: Sequence[str]) -> str:
    if len(values) != 1:
        raise DataverseError("0x80041106", f"The condition on '{subject.name}' needs one value, and has {len(values)}.")
    return values[0]


def _unfit(text: str, name: str) -> DataverseError:
    return DataverseError("0x80040203", f"The value '{text}' does not fit the column '{name}'.")


def _compared(sign: str) -> _Operator:
    def meaning(subject: _Subject, values: Sequence[str]) -> Clause:
        if sign == "=" and subject.column is not None and subject.column.type == "MultiSelectPicklist":
            return _chosen(subject, [_one(subject, values)])
        value = subject.value(_one(subject, values))
        if isinstance(value, str) and not value.isascii():
            return Clause(f"fold({subject.sql}) {sign} fold(?)", (value,))
        return Clause(f"{subject.sql} {sign} ?", (value,))

    return meaning


def _matched(pattern: Callable[[str], str]) -> _Operator:
    return lambda subject, values: like(subject.sql, pattern(_one(subject, values)))


def _in(subject: _Subject, values: Sequence[str]) -> Clause:
    if not values:
        raise DataverseError("0x80041106", f"The condition on '{subject.name}' needs at least one value.")
    if subject.column is not None and subject.column.type == "MultiSelectPicklist":
        return _chosen(subject, values)
    stored = [subject.value(each) for each in values]
    plain = [each for each in stored if not isinstance(each, str) or each.isascii()]
    parts = [Clause(f"{subject.sql} IN (SELECT value FROM json_each(?))", (json.dumps(plain),))] if plain else []
    parts += [Clause(f"fold({subject.sql}) = fold(?)", (each,)) for each in stored if each not in plain]
    return any_of(parts)


def _chosen(subject: _Subject, values: Sequence[str]) -> Clause:
    """Several choices are `in` values when they are exactly these (fake-xrm-easy; not sure of it) [inferred]."""
    try:
        wanted = sorted({int(part) for each in values for part in each.split(",")})
    except ValueError as error:
        raise _unfit(", ".join(values), subject.name) from error
    return Clause(f"{subject.sql} = ?", (",".join(map(str, wanted)),))


def _between(subject: _Subject, values: Sequence[str]) -> Clause:
    if len(values) != 2:
        raise DataverseError("0x80041106", f"The condition on '{subject.name}' needs two values.")
    return Clause(f"{subject.sql} BETWEEN ? AND ?", (subject.value(values[0]), subject.value(values[1])))


def _contain_values(subject: _Subject, values: Sequence[str]) -> Clause:
    if subject.column is None or subject.column.type != "MultiSelectPicklist":
        raise DataverseError("0x80041106", f"The column '{subject.name}' does not hold several choices.")
    if not all(each.lstrip("-").isdigit() for each in values):
        raise _unfit(", ".join(values), subject.name)
    return any_of(Clause(f"',' || {subject.sql} || ',' LIKE ?", (f"%,{int(each)},%",)) for each in values)


def _in_span(subject: _Subject, operator: str, values: Sequence[str]) -> Clause:
    if subject.column is None or subject.column.type != "DateTime":
        raise DataverseError("0x80041106", f"The column '{subject.name}' is not a date: '{operator}' cannot be used.")
    span = date_ranges.span(operator, values, subject.scope.state.clock.now())
    parts: list[str] = []
    params: list[Value] = []
    for sign, moment in ((">=", span.start), ("<", span.end)):
        if moment is None:
            continue
        if subject.column.is_date_only:
            # A plain date of the day on which the span ends lies inside it.
            parts.append(f"{subject.sql} {'<=' if sign == '<' and moment.time().isoformat() != '00:00:00' else sign} ?")
            params.append(moment.date().isoformat())
        else:
            parts.append(f"{subject.sql} {sign} ?")
            params.append(timestamp(moment))
    return Clause(" AND ".join(parts), tuple(params))


def _in_quarter(subject: _Subject, values: Sequence[str]) -> Clause:
    """in-fiscal-period: a date in that period of whichever fiscal year; the fiscal year is the calendar year."""
    if subject.column is None or subject.column.type != "DateTime":
        raise DataverseError(
            "0x80041106", f"The column '{subject.name}' is not a date: 'in-fiscal-period' cannot be used."
        )
    last = 3 * date_ranges.quarter(values)
    month = f"CAST(substr({subject.sql}, 6, 2) AS INTEGER)"
    return Clause(f"{month} BETWEEN ? AND ?", (last - 2, last))


def _hierarchy_of(subject: _Subject) -> tuple[Table, str]:
    """(table, its column that leads to the row above) of a column's hierarchy. Raises DataverseError without one."""
    column, table = subject.column, subject.source.table
    if column is not None and column.is_lookup:
        table = subject.scope.schema.tables[column.targets[0]]
    parent = next(
        (
            each.logical_name
            for each in table.columns.values()
            if each.is_lookup and table.logical_name in each.targets and each.logical_name.startswith("parent")
        ),
        None,
    )
    if parent is None:
        raise DataverseError("0x80041106", f"The table '{table.logical_name}' has no hierarchy.")
    return table, parent


def _children(subject: _Subject, values: Sequence[str]) -> Clause:
    """child-of: rows directly below one row [inferred: only the next level, `under` is all of them]."""
    table, parent = _hierarchy_of(subject)
    above = str(stored_value(table.columns[table.primary_id], _one(subject, values)))
    return Clause(
        f"{subject.sql} IN (SELECT h.{quoted(table.primary_id)} FROM {quoted(table.sql_name)} h"
        f" WHERE h.{quoted(parent)} = ?)",
        (above,),
    )


def _user_language(subject: _Subject, _values: Sequence[str]) -> Clause:
    """eq-userlanguage: the caller's language (LCID). The simulated users keep to the organisation's."""
    return Clause(f"{subject.sql} = ?", (subject.scope.state.config.dataverse.base_language,))


def _hierarchy(up: bool, itself: bool) -> _Operator:
    """Rows above or below one row in the hierarchy of a table that points to itself with a parent… column."""

    def meaning(subject: _Subject, values: Sequence[str]) -> Clause:
        table, parent = _hierarchy_of(subject)
        start = str(stored_value(table.columns[table.primary_id], _one(subject, values)))
        key, above, rows = quoted(table.primary_id), quoted(parent), quoted(table.sql_name)
        step = (
            f"SELECT h.{above} FROM {rows} h JOIN line ON h.{key} = line.id WHERE h.{above} IS NOT NULL"
            if up
            else f"SELECT h.{key} FROM {rows} h JOIN line ON h.{above} = line.id"
        )
        chosen = f"{subject.sql} IN (WITH RECURSIVE line (id) AS (SELECT ? UNION {step}) SELECT id FROM line)"
        if itself:
            return Clause(chosen, (start,))
        return Clause(f"{chosen} AND {subject.sql} <> ?", (start, start))

    return meaning


def _equal_to(*wanted: Callable[[Scope], Sequence[str]]) -> _Operator:
    """An id that the caller's situation gives."""

    def meaning(subject: _Subject, _values: Sequence[str]) -> Clause:
        ids = [each for find in wanted for each in find(subject.scope)]
        if not ids:
            return Clause("0")
        return Clause(f"{subject.sql} IN ({', '.join('?' * len(ids))})", tuple(ids))

    return meaning


def _user(scope: Scope) -> Sequence[str]:
    return (scope.caller.user_id,)


def _teams(scope: Scope) -> Sequence[str]:
    return scope.caller.teams


def _subordinates(scope: Scope) -> Sequence[str]:
    """The people below the caller in the managers' hierarchy."""
    rows = scope.state.db.execute(
        "WITH RECURSIVE line (id) AS (SELECT ? UNION SELECT u.systemuserid FROM dv_systemuser u"
        " JOIN line ON u.parentsystemuserid = line.id) SELECT id FROM line",
        (scope.caller.user_id,),
    )
    return [row[0] for row in rows]


def _business_unit(scope: Scope) -> Sequence[str]:
    return (scope.caller.business_unit_id,)


_NEGATIONS = {
    "ne": "eq",
    "neq": "eq",
    "not-like": "like",
    "not-in": "in",
    "not-between": "between",
    "not-begin-with": "begins-with",
    "not-end-with": "ends-with",
    "ne-userid": "eq-userid",
    "ne-businessid": "eq-businessid",
    "not-contain-values": "contain-values",
    "not-under": "under",
}

_OPERATORS: dict[str, _Operator] = {
    **{name: _compared(sign) for name, sign in _COMPARISONS.items()},
    "like": _matched(lambda text: text),
    "begins-with": _matched(lambda text: f"{text}%"),
    "ends-with": _matched(lambda text: f"%{text}"),
    "in": _in,
    "null": lambda subject, _values: Clause(f"{subject.sql} IS NULL"),
    "not-null": lambda subject, _values: Clause(f"{subject.sql} IS NOT NULL"),
    "between": _between,
    "contain-values": _contain_values,
    "eq-userid": _equal_to(_user),
    "eq-userteams": _equal_to(_teams),
    "eq-useroruserteams": _equal_to(_user, _teams),
    "eq-useroruserhierarchy": _equal_to(_subordinates),
    "eq-useroruserhierarchyandteams": _equal_to(_subordinates, _teams),
    "eq-businessid": _equal_to(_business_unit),
    "eq-userlanguage": _user_language,
    "in-fiscal-period": _in_quarter,
    "child-of": _children,
    "under": _hierarchy(up=False, itself=False),
    "eq-or-under": _hierarchy(up=False, itself=True),
    "above": _hierarchy(up=True, itself=False),
    "eq-or-above": _hierarchy(up=True, itself=True),
}
