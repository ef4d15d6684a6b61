"""FetchXML: running queries page by page, and running a stored query with one's own columns.

    fetch_pages(dv, entity_set, row_type, fetch_xml, resume=) -> FetchPage[T]...
    with_columns(fetch_xml, columns, key, over=) -> fetch_xml    entity_of(fetch_xml)
    relative_to_caller(fetch_xml) -> {operator}                 conditions that mean whoever runs the query
    asked_about(fetch_xml) -> {"contact.creditlimit"}           columns that its conditions compare
    linked(fetch_xml) -> {"new_shop"}                           other tables that it looks into
    count(dv, entity_set, fetch_xml, key) -> int

`resume` is the `cursor` of the last page that was stored. Facts: reference/dataverse_api.md sections 4.5 and 7.5.
Stored queries are other people's text: they are parsed with defusedxml and written again from the parsed tree.
"""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, Final, Generic, TypeVar
from urllib.parse import quote, unquote
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

import msgspec
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from dyntui.dataverse.batch import get_long
from dyntui.dataverse.errors import DataverseError, repeating_pages
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.keys import key_of, sorted_out
from dyntui.dataverse.wanted import Over
from dyntui.remote.errors import READ_NOT_DONE

T = TypeVar("T")
_PAGE_SIZE: Final = 5000
_ANNOTATIONS: Final = "Microsoft.Dynamics.CRM.fetchxmlpagingcookie,Microsoft.Dynamics.CRM.morerecords"
# Conditions that mean the caller: their teams, their business unit, those below them (reference 4.5).
_CALLER_RELATIVE: Final = frozenset(
    {
        "eq-userid",
        "ne-userid",
        "eq-userteams",
        "eq-useroruserteams",
        "eq-useroruserhierarchy",
        "eq-useroruserhierarchyandteams",
        "eq-businessid",
        "ne-businessid",
        "eq-userlanguage",
    }
)
_PAGING_ATTRIBUTES: Final = ("page", "count", "paging-cookie", "returntotalrecordcount", "page-number")


class FetchPage(msgspec.Struct, Generic[T], frozen=True):
    """One page: `rows`, and the `cursor` to go on with, None on the last page. `odd` as of `rows.Page`."""

    rows: list[T]
    cursor: str | None = None
    odd: int = 0


class _Answer(msgspec.Struct, Generic[T], frozen=True):
    rows: list[T] = msgspec.field(name="value")
    cookie: str | None = msgspec.field(name="@Microsoft.Dynamics.CRM.fetchxmlpagingcookie", default=None)
    # Seen as a boolean and, in older versions, as text.
    more: bool | str = msgspec.field(name="@Microsoft.Dynamics.CRM.morerecords", default=False)
    odd: int = msgspec.field(name="@dyntui.odd", default=0)


class _Cursor(msgspec.Struct, frozen=True):
    page: int
    cookie: str | None = None


def parse(fetch_xml: str) -> Element:
    """The `<fetch>` element; DATAVERSE_QUERY_INVALID when the text is not FetchXML."""
    try:
        root: Element = fromstring(fetch_xml)
    except (ParseError, DefusedXmlException, ValueError) as failure:
        raise _invalid(str(failure)) from failure
    if root.tag != "fetch" or root.find("entity") is None:
        raise _invalid("there is no <fetch> with an <entity>")
    return root


def entity_of(fetch_xml: str) -> str:
    """The logical name of the table that a query reads."""
    return _entity(parse(fetch_xml)).get("name", "")


def _entity(root: Element) -> Element:
    entity = root.find("entity")
    if entity is None:
        raise _invalid("there is no <entity>")
    return entity


def relative_to_caller(fetch_xml: str) -> frozenset[str]:
    """The operators of a query that mean whoever runs it; empty when it finds the same rows for everybody who may read
    them. Raises DATAVERSE_QUERY_INVALID."""
    used = {element.get("operator", "").strip().lower() for element in parse(fetch_xml).iter("condition")}
    return _CALLER_RELATIVE & used


def asked_about(fetch_xml: str) -> frozenset[str]:
    """The columns, each with its table, that the conditions of a query compare. Raises DATAVERSE_QUERY_INVALID."""
    root = parse(fetch_xml)
    linked = list(root.iter("link-entity"))
    aliases = {each.get("alias", "") or each.get("name", ""): each.get("name", "") for each in linked}
    found: set[str] = set()
    for source in (_entity(root), *linked):
        table = source.get("name", "")
        for condition in _own_conditions(source):
            of = aliases.get(condition.get("entityname", ""), table)
            found.add(f"{of}.{condition.get('attribute', '')}")
            alias, _, other = condition.get("valueof", "").rpartition(".")
            found.add(f"{aliases.get(alias, table)}.{other}")
    # The name of what a lookup leads to is a property of the lookup.
    return frozenset(found | {each.removesuffix("name") for each in found})


def linked(fetch_xml: str) -> frozenset[str]:
    """The tables that a query looks into besides its own. Raises DATAVERSE_QUERY_INVALID."""
    return frozenset(each.get("name", "") for each in parse(fetch_xml).iter("link-entity"))


def _own_conditions(source: Element) -> Iterator[Element]:
    """Those of an entity itself, and of none that is linked to it."""
    for child in source:
        if child.tag == "condition":
            yield child
        elif child.tag != "link-entity":
            yield from _own_conditions(child)


def with_columns(fetch_xml: str, columns: Sequence[str], key: str, over: Sequence[Over] = ()) -> str:
    """A stored query that selects the same rows with our `columns`, and columns `over` lookups under their aliases,
    each row once, ordered by its `key`.

    Paging attributes are dropped. A query with `top` keeps its order (the order decides which rows are on top).
    """
    root = parse(fetch_xml)
    entity = _entity(root)
    for attribute in _PAGING_ATTRIBUTES:
        root.attrib.pop(attribute, None)
    for element in root.iter():
        for child in list(element):
            if child.tag in {"attribute", "all-attributes"}:
                element.remove(child)
    if "top" not in root.attrib:
        for element in root.iter():
            for child in element.findall("order"):
                element.remove(child)
        SubElement(entity, "order", {"attribute": key})
    if root.find(".//link-entity") is not None:
        root.set("distinct", "true")
    for place, column in enumerate(dict.fromkeys([key, *columns])):
        entity.insert(place, Element("attribute", {"name": column}))
    for each in over:
        link = {"name": each.table, "from": each.key, "to": each.lookup, "link-type": "outer"}
        linked = SubElement(entity, "link-entity", {**link, "alias": f"dyntui_{each.property}".lower()})
        for name, alias in each.columns:
            SubElement(linked, "attribute", {"name": name, "alias": alias})
    return tostring(root, encoding="unicode")


async def fetch_pages(
    dv: Dataverse,
    entity_set: str,
    row_type: type[T],
    fetch_xml: str,
    *,
    pagesize: int = _PAGE_SIZE,
    annotations: str | None = None,
    resume: str | None = None,
    caller: str | None = None,
) -> AsyncIterator[FetchPage[T]]:
    """Run a query page by page. FetchXML leaves empty columns out: fields of `row_type` need defaults. `annotations`: a
    comma list of further ones.

    A query with `top` is one page. Raises DataverseError (DATAVERSE_PAGE_LOST: start again without `resume`;
    DATAVERSE_PAGE_REPEATS: it does not go on).
    """
    root = parse(fetch_xml)
    place = msgspec.json.decode(resume, type=_Cursor) if resume else _Cursor(page=1)
    paged = "top" not in root.attrib
    asked_for = [each.get("name", "") for each in _entity(root).findall("attribute")]
    while True:
        wanted = f"{_ANNOTATIONS},{annotations}" if annotations else _ANNOTATIONS
        answer = await _one_page(dv, entity_set, row_type, root, place if paged else None, pagesize, wanted, caller)
        more = paged and answer.more in (True, "true", "True")
        before, place = place, _Cursor(page=place.page + 1, cookie=_inner_cookie(answer.cookie))
        rows, odd = sorted_out(answer.rows, row_type, entity_set, key_of(entity_set, asked_for))
        cursor = msgspec.json.encode(place).decode() if more else None
        yield FetchPage(rows=list(rows), cursor=cursor, odd=answer.odd + odd)
        if more and place.cookie and place.cookie == before.cookie:
            # The cookie is of the last row: the next page would end where this one did.
            raise repeating_pages(entity_set)
        if not more:
            return


async def _one_page(
    dv: Dataverse,
    entity_set: str,
    row_type: type[T],
    root: Element,
    place: _Cursor | None,
    pagesize: int,
    annotations: str,
    caller: str | None,
) -> _Answer[T]:
    asked = copy.deepcopy(root)
    if place is not None:
        asked.set("count", str(pagesize))
        asked.set("page", str(place.page))
        if place.cookie:
            asked.set("paging-cookie", place.cookie)
    path = f"{entity_set}?fetchXml={quote(tostring(asked, encoding='unicode'), safe='')}"
    prefer = [f'odata.include-annotations="{annotations}"']
    answer: _Answer[T] = await get_long(dv, path, _Answer[row_type], prefer=prefer, caller=caller)  # type: ignore[valid-type]
    return answer


def _inner_cookie(annotation: str | None) -> str | None:
    """The `pagingcookie` attribute of the annotation, decoded twice (it is encoded twice)."""
    if not annotation:
        return None
    try:
        inner = fromstring(annotation).get("pagingcookie")
    except (ParseError, DefusedXmlException) as failure:
        raise _invalid(f"paging cookie: {failure}") from failure
    return unquote(unquote(inner)) if inner else None


class _Counted(msgspec.Struct, frozen=True):
    rows: int = msgspec.field(name="dyntui_rows", default=0)


async def count(dv: Dataverse, entity_set: str, fetch_xml: str, key: str, *, caller: str | None = None) -> int:
    """How many different rows a query selects, counted by the server.

    Raises DATAVERSE_AGGREGATE_TOO_LARGE beyond 50,000. A query with `top` is read instead.
    """
    if "top" in parse(fetch_xml).attrib:
        number = 0
        async for page in fetch_pages(dv, entity_set, dict[str, Any], with_columns(fetch_xml, [], key), caller=caller):
            number += len(page.rows)
        return number
    root = parse(with_columns(fetch_xml, [], key))
    entity = _entity(root)
    root.set("aggregate", "true")
    root.attrib.pop("distinct", None)
    for child in list(entity):
        if child.tag in {"attribute", "order"}:
            entity.remove(child)
    counted = {"name": key, "alias": "dyntui_rows", "aggregate": "countcolumn", "distinct": "true"}
    entity.insert(0, Element("attribute", counted))
    path = f"{entity_set}?fetchXml={quote(tostring(root, encoding='unicode'), safe='')}"
    answer = await get_long(dv, path, _Answer[_Counted], caller=caller)
    return answer.rows[0].rows if answer.rows else 0


def _invalid(detail: str) -> DataverseError:
    return DataverseError(
        "DATAVERSE_QUERY_INVALID",
        "A stored query is not valid FetchXML.",
        not_done=READ_NOT_DONE,
        remedy="Open the list or view in Dynamics and save its query again.",
        detail=detail[:500],
    )
