"""$filter -> SQL: odata-query parses the text, this module gives every node its meaning in Dataverse.

Source: learn.microsoft.com webapi/query/filter-rows. Arithmetic and the `in` operator are not supported there either.
"""

# ruff: noqa: S608 - names in the SQL come from the schema, values are parameters

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache

from odata_query import ast, exceptions
from odata_query.grammar import ODataLexer, ODataParser

from dyntui.sandbox.dataverse import filter_functions
from dyntui.sandbox.dataverse.clause import Clause, Value, all_of, any_of
from dyntui.sandbox.dataverse.errors import DataverseError, bad_request, unknown_property
from dyntui.sandbox.dataverse.property_path import Property, Scope, collection, resolve
from dyntui.sandbox.dataverse.reader import Reader
from dyntui.sandbox.dataverse.storage import quoted, timestamp
from dyntui.sandbox.dataverse.tables import Column

_OPERATORS = {ast.Eq: "=", ast.NotEq: "<>", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
_OPERATOR_NAMES = {
    ast.Eq: "Equal",
    ast.NotEq: "NotEqual",
    ast.Lt: "LessThan",
    ast.LtE: "LessThanOrEqual",
    ast.Gt: "GreaterThan",
    ast.GtE: "GreaterThanOrEqual",
}
_MIRRORED = {ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE}
_LITERAL_TYPES = {
    ast.String: "Edm.String",
    ast.Integer: "Edm.Int32",
    ast.Float: "Edm.Double",
    ast.Boolean: "Edm.Boolean",
    ast.GUID: "Edm.Guid",
    ast.DateTime: "Edm.DateTimeOffset",
    ast.Date: "Edm.Date",
}
EDM_TYPES = {
    "Integer": "Edm.Int32",
    "Picklist": "Edm.Int32",
    "State": "Edm.Int32",
    "Status": "Edm.Int32",
    "BigInt": "Edm.Int64",
    "Decimal": "Edm.Decimal",
    "Money": "Edm.Decimal",
    "Double": "Edm.Double",
    "Boolean": "Edm.Boolean",
    "DateTime": "Edm.DateTimeOffset",
    "Uniqueidentifier": "Edm.Guid",
    "Lookup": "Edm.Guid",
    "Customer": "Edm.Guid",
    "Owner": "Edm.Guid",
}
_NUMBERS = {"Edm.Int32", "Edm.Int64", "Edm.Decimal", "Edm.Double"}
_DATES = {"Edm.DateTimeOffset", "Edm.Date"}
_QUOTED = re.compile(r"('(?:[^']|'')*')")
_ALIAS = re.compile(r"@\w+")


class _Lexer(ODataLexer):
    """The library's rules, except that its words are words: `allowed` is no `all` followed by something."""

    tokens = ODataLexer.tokens
    ANY = r"any(?=\s*\()"  # type: ignore[assignment]
    ALL = r"all(?=\s*\()"  # type: ignore[assignment]
    NULL = r"null(?!\w)"  # type: ignore[assignment]
    BOOLEAN = r"(?:true|false)(?!\w)"  # type: ignore[assignment]


def edm_type(column: Column) -> str:
    """The type of a column's values in OData."""
    return "Edm.Date" if column.is_date_only else EDM_TYPES.get(column.type, "Edm.String")


def compile_filter(scope: Scope, reader: Reader, text: str, aliases: Mapping[str, str]) -> Clause:
    """The condition that `text` means for rows of `scope`. Raises DataverseError when it cannot be understood."""
    return _Meaning(reader).of(scope, _parse(_prepared(text, aliases)), {})


def with_aliases(text: str, aliases: Mapping[str, str]) -> str:
    """`text` with parameter aliases (@p1) outside of strings replaced. Raises DataverseError for an unknown one."""

    def value(match: re.Match[str]) -> str:
        if match[0] not in aliases:
            raise bad_request(f"The parameter alias '{match[0]}' has no value.")
        return aliases[match[0]]

    parts = _QUOTED.split(text)
    return "".join(part if part.startswith("'") else _ALIAS.sub(value, part) for part in parts)


def _prepared(text: str, aliases: Mapping[str, str]) -> str:
    """The text in the library's dialect: `[a]` is written `(a,)`, `not(` as `not (`."""
    parts = _QUOTED.split(with_aliases(text, aliases).strip())
    items = 0
    for place, part in enumerate(parts):
        if part.startswith("'"):
            items += 1
            continue
        written = re.sub(r"\bnot\(", "not (", part)
        result = ""
        for character in written:
            if character == "[":
                items = 0
                result += "("
            elif character == "]":
                result += ",)" if items <= 1 else ")"
            else:
                items += character == ","
                result += character
        parts[place] = result
    return "".join(parts)


@lru_cache(maxsize=512)
def _parse(text: str) -> ast._Node:
    try:
        node: ast._Node | None = ODataParser().parse(_Lexer().tokenize(text))
    except (exceptions.ODataException, AttributeError, ValueError) as error:
        # AttributeError: the library trips over functions with more than two named parameters.
        raise bad_request(f"Syntax error in the filter expression '{text}'.") from error
    if node is None:
        raise bad_request("The filter expression is empty.")
    return node


class _Meaning:
    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    def of(self, scope: Scope, node: ast._Node, variables: Mapping[str, Scope]) -> Clause:
        match node:
            case ast.BoolOp():
                parts = (self.of(scope, each, variables) for each in _side_by_side(node))
                return all_of(parts) if isinstance(node.op, ast.And) else any_of(parts)
            case ast.UnaryOp(op=ast.Not()):
                return self.of(scope, node.operand, variables).negated()
            case ast.Compare():
                return self._compare(scope, node, variables)
            case ast.CollectionLambda():
                return self._lambda(scope, node, variables)
            case ast.Call():
                return self._call(scope, node, variables)
            case ast.Identifier() | ast.Attribute():
                found = self._property(scope, node, variables)
                if found.column.type == "Boolean":
                    return found.where(Clause(f"{found.sql} = 1"))
        raise bad_request("The $filter expression must evaluate to a single boolean value.")

    def _property(self, scope: Scope, node: ast._Node, variables: Mapping[str, Scope]) -> Property:
        names = _names(node)
        if len(names) > 1 and names[0] in variables:
            return resolve(variables[names[0]], names[1:])
        return resolve(scope, names)

    def _compare(self, scope: Scope, node: ast.Compare, variables: Mapping[str, Scope]) -> Clause:
        left, right, kind = node.left, node.right, type(node.comparator)
        if isinstance(left, ast._Literal) and not isinstance(right, ast._Literal):
            left, right, kind = right, left, _MIRRORED.get(kind, kind)
        if kind not in _OPERATORS:
            raise bad_request("The query specified in the URI is not valid: the operator 'in' is not supported.")
        if isinstance(left, ast.Call | ast.CollectionLambda | ast.Compare | ast.BoolOp) and isinstance(
            right, ast.Boolean
        ):
            clause = self.of(scope, left, variables)
            return clause if right.py_val is (kind is ast.Eq) else clause.negated()
        if not isinstance(left, ast.Identifier | ast.Attribute):
            raise bad_request("The query specified in the URI is not valid: only properties can be compared.")
        found = self._property(scope, left, variables)
        if isinstance(right, ast.Null):
            present = found.where(Clause(f"{found.sql} IS NOT NULL"))
            return present if kind is ast.NotEq else present.negated()
        if isinstance(right, ast.Identifier | ast.Attribute):
            return self._columns(found, kind, self._property(scope, right, variables))
        if not isinstance(right, ast._Literal):
            raise bad_request("The query specified in the URI is not valid: arithmetic is not supported.")
        operator, value = _comparison(found.column, kind, right)
        return self._with_value(found, operator, value)

    def _with_value(self, found: Property, operator: str, value: Value) -> Clause:
        if operator == "<>":
            equal = self._with_value(found, "=", value)
            if self.reader.not_equal_includes_null:
                return equal.negated()
            return all_of((equal.negated(), found.where(Clause(f"{found.sql} IS NOT NULL"))))
        if self.reader.tells_case_apart and edm_type(found.column) == "Edm.String":
            return found.where(Clause(f"{found.sql} COLLATE BINARY {operator} ?", (value,)))
        if isinstance(value, str) and not value.isascii():
            return found.where(Clause(f"fold({found.sql}) {operator} fold(?)", (value,)))
        return found.where(Clause(f"{found.sql} {operator} ?", (value,)))

    def _columns(self, left: Property, kind: type[ast._Comparator], right: Property) -> Clause:
        if left.hops or right.hops:
            raise bad_request("Columns can only be compared with columns of the same row.")
        if edm_type(left.column) != edm_type(right.column):
            raise _incompatible(edm_type(left.column), edm_type(right.column), kind)
        return Clause(f"{left.sql} {_OPERATORS[kind]} {right.sql}")

    def _lambda(self, scope: Scope, node: ast.CollectionLambda, variables: Mapping[str, Scope]) -> Clause:
        names = _names(node.owner)
        start = scope
        if names[0] in variables and len(names) > 1:
            start, names = variables[names[0]], names[1:]
        owner, hops, found = collection(start, names)
        target = scope.schema.table(found.target)
        if target is None:
            raise unknown_property(names[-1], owner.table.logical_name)
        inner = owner.inner(target)
        condition = Clause("1")
        if node.lambda_ is not None:
            condition = self.of(inner, node.lambda_.expression, {**variables, node.lambda_.identifier.name: inner})
        every = isinstance(node.operator, ast.All)
        if every:
            condition = condition.negated()
        if found.intersect is None:
            near = inner.sql(found.far_column)
            source = inner.source
        else:
            link = f"{inner.alias}_link"
            near = f"{link}.{quoted(found.near_column)}"
            source = (
                f"{quoted('dv_' + found.intersect)} AS {link} JOIN {inner.source}"
                f" ON {inner.sql(target.primary_id)} = {link}.{quoted(found.far_column)}"
            )
        some = Clause(
            f"{owner.sql(owner.table.primary_id)} IN (SELECT {near} FROM {source} WHERE {condition.text})",
            condition.params,
        )
        some = Property(owner.table.columns[owner.table.primary_id], owner, hops).where(some)
        return some.negated() if every else some

    def _call(self, scope: Scope, node: ast.Call, variables: Mapping[str, Scope]) -> Clause:
        name = _full_name(node.func)
        if name in _STRING_FUNCTIONS:
            if not isinstance(node.args[0], ast.Identifier | ast.Attribute) or not isinstance(node.args[1], ast.String):
                raise bad_request(f"No function signature for the function with name '{name}' matches the arguments.")
            found = self._property(scope, node.args[0], variables)
            if edm_type(found.column) != "Edm.String":
                raise bad_request(f"No function signature for the function with name '{name}' matches the arguments.")
            pattern = _STRING_FUNCTIONS[name](node.args[1].py_val)
            return found.where(like(found.sql, pattern, tells_case_apart=self.reader.tells_case_apart))
        if name.startswith("Microsoft.Dynamics.CRM."):
            return filter_functions.compile_call(scope, self.reader, node)
        raise bad_request(f"An unknown function with name '{name}' was found.")


_STRING_FUNCTIONS: dict[str, Callable[[str], str]] = {
    "contains": lambda text: f"%{text}%",
    "startswith": lambda text: f"{text}%",
    "endswith": lambda text: f"%{text}",
}


def like(sql: str, pattern: str, *, tells_case_apart: bool = False) -> Clause:
    """SQL's LIKE as Dataverse means it: % _ and [..] are wildcards, letter case does not matter, unless the database
    `tells_case_apart`."""
    if "[" in pattern:
        expression = like_expression(pattern)
        try:
            re.compile(expression)
        except re.error:
            # A set such as [z-a] holds nothing, so nothing is like it.
            return Clause("0")
        return Clause(f"{sql} REGEXP ?", (expression,))
    if tells_case_apart:
        return Clause(f"{sql} GLOB ?", (pattern.translate(_GLOB),))
    if pattern.isascii():
        return Clause(f"{sql} LIKE ?", (pattern,))
    return Clause(f"fold({sql}) LIKE fold(?)", (pattern,))


# SQLite's GLOB tells capitals from small letters, and has wildcards of its own.
_GLOB = str.maketrans({"%": "*", "_": "?", "*": "[*]", "?": "[?]"})


def like_expression(pattern: str) -> str:
    """The regular expression of a LIKE pattern with sets, such as `[a-d]%`."""
    result, place = "", 0
    while place < len(pattern):
        character = pattern[place]
        end = pattern.find("]", place + 1) if character == "[" else -1
        if end > place + 1:
            inside = pattern[place + 1 : end]
            negation = "^" if inside.startswith("^") else ""
            inside = re.sub(r"([\\\[\]&~|])", r"\\\1", inside[len(negation) :])
            result += f"[{negation}{inside}]" if inside else re.escape(pattern[place : end + 1])
            place = end
        else:
            result += {"%": ".*", "_": "."}.get(character, re.escape(character))
        place += 1
    return result


def _side_by_side(node: ast.BoolOp) -> list[ast._Node]:
    """The operands of a chain of equal operators; a loop, because filters of hundreds of `or` are usual."""
    found: list[ast._Node] = []
    waiting: list[ast._Node] = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, ast.BoolOp) and type(each.op) is type(node.op):
            waiting += [each.right, each.left]
        else:
            found.append(each)
    return found


def _names(node: ast._Node) -> list[str]:
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.insert(0, node.attr)
        node = node.owner
    if not isinstance(node, ast.Identifier):
        raise bad_request("The query specified in the URI is not valid.")
    return [_full_name(node), *names]


def _full_name(node: ast.Identifier) -> str:
    return ".".join((*node.namespace, node.name))


def _incompatible(left: str, right: str, kind: type[ast._Comparator]) -> DataverseError:
    return bad_request(
        "A binary operator with incompatible types was detected. Found operand types"
        f" '{left}' and '{right}' for operator kind '{_OPERATOR_NAMES[kind]}'."
    )


def _comparison(column: Column, kind: type[ast._Comparator], literal: ast._Literal) -> tuple[str, Value]:
    """Operator and stored value for comparing a column with a literal of a fitting type."""
    wanted, given = edm_type(column), _LITERAL_TYPES.get(type(literal), "Edm.Unknown")
    operator = _OPERATORS[kind]
    fits = wanted == given or (wanted in _NUMBERS and given in _NUMBERS) or (wanted in _DATES and given in _DATES)
    if not fits:
        raise _incompatible(wanted, given, kind)
    try:
        value = literal.py_val
    except ValueError as error:
        raise bad_request(f"The literal for '{column.logical_name}' cannot be understood.") from error
    if wanted == "Edm.Guid":
        return operator, str(value)
    if wanted == "Edm.Boolean":
        return operator, int(value)
    if wanted == "Edm.String":
        return operator, value.rstrip(" ")
    if wanted == "Edm.Date":
        return operator, value.isoformat()[:10]
    if wanted == "Edm.DateTimeOffset":
        try:
            return _moment(operator, value)
        except OverflowError as error:
            raise bad_request(f"The literal for '{column.logical_name}' cannot be understood.") from error
    # Whole numbers beyond 64 bits are no error: nothing is equal to them, everything less.
    if abs(value) >= 2**63:
        return operator, math.inf if value > 0 else -math.inf
    return operator, value


def _moment(operator: str, value: datetime) -> tuple[str, Value]:
    if not isinstance(value, datetime):
        return operator, f"{value.isoformat()}T00:00:00Z"
    utc = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if utc.microsecond:
        # Stored times have whole seconds: 44.5 lies between two of them.
        if operator in {"=", "<>"}:
            return operator, utc.isoformat()
        operator = {">=": ">", "<": "<="}.get(operator, operator)
    return operator, timestamp(utc)
