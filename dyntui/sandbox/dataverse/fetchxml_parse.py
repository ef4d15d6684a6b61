"""FetchXML text -> a tree of plain values. Knows the language only: no tables, no columns, no SQL.

Source: learn.microsoft.com fetchxml/reference; error names from the platform's code table.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from dyntui.sandbox.dataverse.errors import DataverseError

MAX_LINKS = 15
MAX_CONDITIONS = 500
MAX_DEPTH = 30
"""Elements inside elements that are followed; far more than any view editor makes."""
MAX_PAGE_SIZE = 5000
MAX_SIMPLE_PAGING_ROWS = 50_000
"""Rows that paging by number alone, without a cookie, can reach."""

_MOST_DIGITS = 9
_AGGREGATES = {"count", "countcolumn", "sum", "avg", "min", "max"}
_DATE_GROUPINGS = {"day", "week", "month", "quarter", "year", "fiscal-period", "fiscal-year"}
_LINK_TYPES = {"inner", "outer", "natural", "exists", "in"}
_LINK_TYPES_IN_FILTERS = {"any", "not any"}


@dataclass(frozen=True, slots=True)
class Condition:
    attribute: str
    operator: str
    values: tuple[str, ...]
    of: str | None
    """Alias (or name) of the link-entity that the attribute belongs to, when it is not the enclosing table."""
    compared_with: str | None
    """`valueof`: another column, `column` or `alias.column`, instead of a value."""


@dataclass(frozen=True, slots=True)
class Filter:
    kind: Literal["and", "or"]
    parts: tuple["Condition | Filter | Link", ...]

    def conditions(self) -> Iterator[Condition]:
        for part in self.parts:
            if isinstance(part, Filter):
                yield from part.conditions()
            elif isinstance(part, Condition):
                yield part


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    alias: str | None
    aggregate: str | None
    group: bool
    date_grouping: str | None
    distinct: bool


@dataclass(frozen=True, slots=True)
class Order:
    attribute: str | None
    alias: str | None
    of: str | None
    descending: bool


@dataclass(frozen=True, slots=True)
class Link:
    table: str
    from_column: str | None
    to_column: str | None
    alias: str | None
    kind: str
    columns: tuple[Column, ...]
    all_columns: bool
    filters: tuple[Filter, ...]
    orders: tuple[Order, ...]
    links: tuple["Link", ...]


@dataclass(frozen=True, slots=True)
class Fetch:
    table: str
    columns: tuple[Column, ...]
    all_columns: bool
    filters: tuple[Filter, ...]
    orders: tuple[Order, ...]
    links: tuple[Link, ...]
    distinct: bool
    aggregate: bool
    aggregate_limit: int | None
    top: int | None
    count: int | None
    page: int
    paging_cookie: str | None
    return_total: bool

    def all_links(self) -> Iterator[Link]:
        pending = list(self.links)
        while pending:
            link = pending.pop(0)
            yield link
            pending.extend(link.links)


def parse(text: str) -> Fetch:
    """The query of a FetchXML document.

    Raises DataverseError with the platform's code: malformed XML or unknown elements 0x8004111c, no table 0x80041102,
    more than 15 links 0x8004430d, more than 500 conditions 0x8004430c, contradictory paging 0x80040203.
    """
    try:
        root: Element = fromstring(text, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise DataverseError("0x80040201", f"Invalid XML: {error}") from error
    _check_depth(root)
    if root.tag != "fetch":
        raise _invalid_node(f"Invalid Child Node, valid nodes are fetch. NodeName = {root.tag}")
    entities = [child for child in root if child.tag == "entity"]
    for child in root:
        if child.tag not in {"entity", "order"}:
            raise _invalid_node(f"Invalid Child Node, valid nodes are entity, order. NodeName = {child.tag}")
    if len(entities) != 1 or not entities[0].get("name"):
        raise DataverseError("0x80041102", "Missing entity name in FetchXML.")
    entity = entities[0]
    body = _Body.of(entity)
    fetch = Fetch(
        table=entity.get("name", ""),
        columns=body.columns,
        all_columns=body.all_columns,
        filters=body.filters,
        orders=body.orders,
        links=body.links,
        distinct=_flag(root, "distinct"),
        aggregate=_flag(root, "aggregate"),
        aggregate_limit=_number(root, "aggregatelimit"),
        top=_number(root, "top"),
        count=_number(root, "count"),
        page=_number(root, "page") or 1,
        paging_cookie=root.get("paging-cookie") or None,
        return_total=_flag(root, "returntotalrecordcount"),
    )
    _check_limits(fetch)
    return fetch


def _check_depth(root: Element) -> None:
    level, depth = [root], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise DataverseError("0x80041101", f"The query is nested deeper than {MAX_DEPTH} levels.")
        level = [child for element in level for child in element]


def _check_limits(fetch: Fetch) -> None:
    links = list(fetch.all_links())
    if len(links) > MAX_LINKS:
        raise DataverseError(
            "0x8004430d", f"Number of link entities in query exceeded maximum limit. The limit is {MAX_LINKS}."
        )
    filters = [*fetch.filters, *(one for link in links for one in link.filters)]
    if sum(1 for one in filters for _ in one.conditions()) > MAX_CONDITIONS:
        raise DataverseError(
            "0x8004430c", f"Number of conditions in query exceeded maximum limit. The limit is {MAX_CONDITIONS}."
        )
    if fetch.top is not None and (fetch.count is not None or fetch.page > 1 or fetch.paging_cookie):
        raise DataverseError("0x80040203", "The top attribute can't be specified with paging attribute page or count.")
    if fetch.top is not None and fetch.top > MAX_PAGE_SIZE:
        raise DataverseError("0x80040203", f"The top attribute cannot be greater than {MAX_PAGE_SIZE}.")


@dataclass(frozen=True, slots=True)
class _Body:
    """What an entity and a link-entity have in common."""

    columns: tuple[Column, ...]
    all_columns: bool
    filters: tuple[Filter, ...]
    orders: tuple[Order, ...]
    links: tuple[Link, ...]

    @classmethod
    def of(cls, element: Element) -> "_Body":
        columns: list[Column] = []
        filters: list[Filter] = []
        orders: list[Order] = []
        links: list[Link] = []
        all_columns = False
        for child in element:
            match child.tag:
                case "attribute":
                    columns.append(_column(child))
                case "all-attributes":
                    all_columns = True
                case "no-attrs":
                    pass
                case "filter":
                    filters.append(_filter(child))
                case "order":
                    orders.append(_order(child))
                case "link-entity":
                    links.append(_link(child))
                case _:
                    raise _invalid_node(
                        "Invalid Child Node, valid nodes are filter, order, link-entity, attribute, all-attributes, "
                        f"no-attrs. NodeName = {child.tag}"
                    )
        return cls(tuple(columns), all_columns, tuple(filters), tuple(orders), tuple(links))


def _column(element: Element) -> Column:
    aggregate = element.get("aggregate")
    if aggregate is not None and aggregate not in _AGGREGATES:
        raise DataverseError("0x8004111a", f"Invalid aggregate: {aggregate}")
    grouping = element.get("dategrouping")
    if grouping is not None and grouping not in _DATE_GROUPINGS:
        raise DataverseError("0x80041108", f"Invalid dategrouping: {grouping}")
    return Column(
        name=_required(element, "name"),
        alias=element.get("alias"),
        aggregate=aggregate,
        group=_flag(element, "groupby"),
        date_grouping=grouping,
        distinct=_flag(element, "distinct"),
    )


def _order(element: Element) -> Order:
    attribute, alias = element.get("attribute"), element.get("alias")
    if not attribute and not alias:
        raise DataverseError("0x80041103", "An order needs an attribute or an alias.")
    return Order(attribute, alias, element.get("entityname"), _flag(element, "descending"))


def _link(element: Element, kinds: set[str] = _LINK_TYPES) -> Link:
    kind = element.get("link-type", "inner")
    if kind not in kinds:
        raise DataverseError(
            "0x80041117",
            f"Invalid link-type specified, valid values are: 'natural', 'inner', 'outer' . link-type = {kind}",
        )
    body = _Body.of(element)
    return Link(
        table=_required(element, "name"),
        from_column=element.get("from"),
        to_column=element.get("to"),
        alias=element.get("alias"),
        kind="inner" if kind == "natural" else kind,
        columns=body.columns,
        all_columns=body.all_columns,
        filters=body.filters,
        orders=body.orders,
        links=body.links,
    )


def _filter(element: Element) -> Filter:
    kind = element.get("type", "and")
    if kind not in {"and", "or"}:
        raise DataverseError("0x80041106", f"Invalid filter type: {kind}")
    parts: list[Condition | Filter | Link] = []
    for child in element:
        if child.tag == "condition":
            parts.append(_condition(child))
        elif child.tag == "filter":
            parts.append(_filter(child))
        elif child.tag == "link-entity":
            parts.append(_link(child, _LINK_TYPES_IN_FILTERS))
        else:
            raise _invalid_node(f"Invalid Child Node, valid nodes are filter, condition. NodeName = {child.tag}")
    return Filter("or" if kind == "or" else "and", tuple(parts))


def _condition(element: Element) -> Condition:
    values = tuple(child.text or "" for child in element if child.tag == "value")
    value = element.get("value")
    if not values and value is not None:
        values = (value,)
    return Condition(
        attribute=_required(element, "attribute"),
        operator=_required(element, "operator"),
        values=values,
        of=element.get("entityname"),
        compared_with=element.get("valueof"),
    )


def _required(element: Element, name: str) -> str:
    value = element.get(name)
    if not value:
        raise DataverseError("0x80041103", f"The required attribute '{name}' is missing on <{element.tag}>.")
    return value


def _flag(element: Element, name: str) -> bool:
    return element.get(name, "false").lower() in {"true", "1"}


def _number(element: Element, name: str) -> int | None:
    text = element.get(name)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > _MOST_DIGITS or int(text) < 1:
        raise DataverseError("0x8004110c", f"The value of '{name}' must be a whole number greater than zero: {text!r}.")
    return int(text)


def _invalid_node(message: str) -> DataverseError:
    return DataverseError("0x8004111c", message)
