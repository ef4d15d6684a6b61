"""$select, $filter and $expand over definitions, which are JSON objects and not rows.

Metadata queries know fewer options than rows do (query-schema-definitions): no paging, no order, no string functions;
enum values are written `Microsoft.Dynamics.CRM.OwnershipTypes'UserOwned'`.
"""

import functools
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from odata_query import ast, exceptions
from odata_query.grammar import ODataLexer, ODataParser

from dyntui.sandbox.dataverse.errors import bad_request
from dyntui.sandbox.dataverse.expand import split

Json = dict[str, Any]

_ENUM = re.compile(r"Microsoft\.Dynamics\.CRM\.\w+('(?:[^']|'')*')")
_NOT_SUPPORTED = ("$top", "$skip", "$orderby", "$apply", "$search", "$format", "$skiptoken")
_COMPARISONS: dict[type, Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a query of definitions, or those in the parentheses of an $expand."""

    select: tuple[str, ...] | None = None
    filter: str | None = None
    expand: tuple[tuple[str, "Options"], ...] = ()


def read_options(options: Mapping[str, str]) -> Options:
    """The query options. Raises DataverseError for those which metadata queries do not support."""
    for name in _NOT_SUPPORTED:
        if name in options:
            raise bad_request(f"The query parameter {name} is not supported.")
    select = options.get("$select")
    names = None if select is None else tuple(part.strip() for part in select.split(",") if part.strip())
    return Options(names, options.get("$filter"), _read_expand(options.get("$expand")))


def _read_expand(text: str | None) -> tuple[tuple[str, Options], ...]:
    if not text:
        return ()
    found = []
    for part in split(text, ","):
        name, _, inside = part.strip().partition("(")
        inner: dict[str, str] = {}
        for option in split(inside.rstrip().removesuffix(")"), ";") if inside else []:
            key, _, value = option.strip().partition("=")
            inner[key] = value
        found.append((name, read_options(inner)))
    return tuple(found)


def project(item: Json, options: Options, expandable: Mapping[str, Any], type_name: str) -> Json:
    """The selected properties of a definition with its expanded ones.

    `expandable` are the values of navigation properties: JSON objects, lists of them, or functions from the options in
    the parentheses to either. Raises DataverseError for unknown names.
    """
    if options.select is None:
        found = dict(item)
    else:
        found = {name: item[name] for name in ("@odata.type", "MetadataId") if name in item}
        for name in options.select:
            if name not in item:
                if name in expandable:
                    continue
                raise bad_request(
                    f"Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{type_name}'."
                )
            found[name] = item[name]
    for name, inner in options.expand:
        if name not in expandable:
            raise bad_request(f"Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{type_name}'.")
        found[name] = expanded(expandable[name], inner, name)
    return found


def expanded(value: Any, options: Options, name: str) -> Any:
    """An expanded value, with the options in its parentheses applied."""
    if callable(value):
        return value(options)
    if isinstance(value, list):
        return [project(each, options, {}, name) for each in value if matches(each, options.filter)]
    return None if value is None else project(value, options, {}, name)


def matches(item: Json, text: str | None) -> bool:
    """Whether a $filter lets a definition through. Raises DataverseError for what metadata filters cannot do."""
    return True if text is None else bool(_evaluate(item, _parse(text)))


# Asked for every column of a table, and parsing is what takes long.
@functools.lru_cache(maxsize=64)
def _parse(text: str) -> ast._Node:
    prepared = re.sub(r"\bnot\(", "not (", _ENUM.sub(r"\1", text))
    try:
        node: ast._Node | None = ODataParser().parse(ODataLexer().tokenize(prepared))
    except (exceptions.ODataException, AttributeError, ValueError) as error:
        raise bad_request(f"Syntax error in the filter expression '{text}'.") from error
    if node is None:
        raise bad_request("The filter expression is empty.")
    return node


def _evaluate(item: Json, node: ast._Node) -> Any:
    match node:
        case ast.BoolOp():
            both = (_evaluate(item, each) for each in (node.left, node.right))
            return all(both) if isinstance(node.op, ast.And) else any(both)
        case ast.UnaryOp(op=ast.Not()):
            return not _evaluate(item, node.operand)
        case ast.Compare():
            return _compare(item, node)
        case ast.Identifier() | ast.Attribute():
            return _value(item, node)
        case ast.Null():
            return None
        case ast.GUID():
            return str(node.py_val)
        case ast._Literal():
            return node.py_val
        case ast.Call():
            name = _name_of(node.func)
            if name.endswith((".In", ".NotIn")):
                return _in(item, node) is name.endswith(".In")
            raise bad_request(f"The {name} function isn't supported for Metadata Entities.")
    raise bad_request("The filter expression is not supported for Metadata Entities.")


def _compare(item: Json, node: ast.Compare) -> bool:
    compare = _COMPARISONS.get(type(node.comparator))
    if compare is None:
        raise bad_request("The operator 'in' is not supported for Metadata Entities.")
    left, right = _evaluate(item, node.left), _evaluate(item, node.right)
    if isinstance(left, str) and isinstance(right, str):
        return compare(left.casefold(), right.casefold())
    if (
        left is None
        or right is None
        or isinstance(left, str) != isinstance(right, str)
        or isinstance(left, dict | list)
    ):
        return (left == right) if compare is operator.eq else (left != right and compare is operator.ne)
    return compare(left, right)


def _in(item: Json, node: ast.Call) -> bool:
    named = {argument.name.name: argument.param for argument in node.args if isinstance(argument, ast.NamedParam)}
    name, wanted = named.get("PropertyName"), named.get("PropertyValues")
    if not isinstance(name, ast.String) or not isinstance(wanted, ast.List):
        raise bad_request("The function In needs the parameters PropertyName and PropertyValues.")
    value = _at(item, [name.py_val])
    return str(value).casefold() in {str(each.py_val).casefold() for each in wanted.val}


def _value(item: Json, node: ast._Node) -> Any:
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.insert(0, node.attr)
        node = node.owner
    if not isinstance(node, ast.Identifier):
        raise bad_request("The filter expression is not supported for Metadata Entities.")
    return _at(item, [_name_of(node), *names])


def _name_of(node: ast.Identifier) -> str:
    return ".".join([*node.namespace, node.name])


def _at(item: Json, names: list[str]) -> Any:
    value: Any = item
    for name in names:
        if not isinstance(value, dict) or name not in value:
            raise bad_request(
                f"Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.EntityMetadata'."
            )
        value = value[name]
    return value
