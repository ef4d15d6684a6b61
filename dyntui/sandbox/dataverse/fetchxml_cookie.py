"""The paging cookie of FetchXML: an XML fragment whose attribute holds the real cookie, URL-encoded twice.

`<cookie pagenumber="2" pagingcookie="..." istracking="False" />`; decoded twice the attribute is
`<cookie page="1"><contactid last="{GUID}" first="{GUID}" /></cookie>` (fetchxml/page-results). Clients put the decoded
one into `paging-cookie` of the next query.
"""

from collections.abc import Sequence
from urllib.parse import quote, unquote
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from dyntui.sandbox.dataverse.clause import Value
from dyntui.sandbox.dataverse.errors import DataverseError

_NULL = "lastnull"


def annotation(page: int, names: Sequence[str], first: Sequence[Value], last: Sequence[Value]) -> str:
    """The fragment after page number `page`, whose first and last row have these sort values."""
    cookie = Element("cookie", {"page": str(page)})
    for name, start, end in zip(names, first, last, strict=True):
        marks = {_NULL: "1"} if end is None else {"last": _written(end)}
        SubElement(cookie, name, marks | ({"firstnull": "1"} if start is None else {"first": _written(start)}))
    outer = Element(
        "cookie",
        {
            "pagenumber": str(page + 1),
            "pagingcookie": _twice_encoded(tostring(cookie, encoding="unicode")),
            "istracking": "False",
        },
    )
    return tostring(outer, encoding="unicode")


def read(text: str, names: Sequence[str]) -> tuple[int, tuple[Value, ...]]:
    """(page that the cookie was given with, sort values of its last row) of a `paging-cookie` attribute.

    Raises DataverseError 0x8004112a for a cookie that is damaged, still encoded, or of another query.
    """
    try:
        cookie = fromstring(text, forbid_dtd=True)
        page = int(cookie.attrib["page"])
    except (ParseError, DefusedXmlException, KeyError, ValueError) as error:
        raise DataverseError("0x8004112a", "Malformed XML in the Paging Cookie.") from error
    found = {each.tag: each.attrib for each in cookie}
    if set(found) != set(names):
        raise DataverseError("0x8004112a", "The paging cookie does not belong to this query.")
    return page, tuple(_read_value(found[name]) for name in names)


def _read_value(attributes: dict[str, str]) -> Value:
    if attributes.get(_NULL) == "1":
        return None
    if "last" not in attributes:
        raise DataverseError("0x8004112a", "The paging cookie has no last value.")
    text = attributes["last"]
    return text[1:-1].lower() if text.startswith("{") and text.endswith("}") and len(text) == 38 else text


def _written(value: Value) -> str:
    text = str(value)
    return f"{{{text.upper()}}}" if len(text) == 36 and text.count("-") == 4 else text


def _twice_encoded(text: str) -> str:
    # The platform writes hexadecimal digits of URL encoding in lower case.
    return _lower(quote(_lower(quote(text, safe="")), safe=""))


def _lower(text: str) -> str:
    parts = text.split("%")
    return "%".join([parts[0], *(part[:2].lower() + part[2:] for part in parts[1:])])


def decode(annotation_text: str) -> str:
    """The cookie inside an annotation, as a client puts it into its next query. Raises ValueError."""
    try:
        return unquote(unquote(fromstring(annotation_text).attrib["pagingcookie"]))
    except (ParseError, KeyError) as error:
        raise ValueError("no paging cookie") from error
