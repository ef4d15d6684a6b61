"""Pages: sort keys, the place where a page ends, and the cookie that carries it to the next request.

The platform's $skiptoken holds an encoded `<cookie pagenumber pagingcookie istracking/>` whose inner cookie names the
sort columns with their last values; clients must treat it as opaque (webapi/query/page-results).
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote
from xml.etree.ElementTree import Element, SubElement, tostring

from defusedxml.ElementTree import fromstring

from dyntui.sandbox.dataverse.clause import Clause, Value, all_of, any_of
from dyntui.sandbox.dataverse.errors import DataverseError


@dataclass(frozen=True, slots=True)
class SortKey:
    """An SQL expression that rows are sorted by. `unique` ones are never null."""

    sql: str
    descending: bool = False
    unique: bool = False

    @property
    def term(self) -> str:
        return f"{self.sql} DESC" if self.descending else self.sql


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page starts: its number, from 1, and the sort values of the row before it."""

    page: int = 1
    after: tuple[Value, ...] | None = None
    tracking: bool = False


def order_by(keys: Sequence[SortKey]) -> str:
    """The terms for ORDER BY."""
    return ", ".join(key.term for key in keys)


def after(keys: Sequence[SortKey], values: Sequence[Value]) -> Clause:
    """The condition for rows that come after one with these sort values; nulls come first in ascending order."""
    if len(keys) == 1 and keys[0].unique:
        return _beyond(keys[0], values[0])
    ways = []
    for place, key in enumerate(keys):
        same = [Clause(f"{each.sql} IS ?", (value,)) for each, value in zip(keys[:place], values[:place], strict=True)]
        ways.append(all_of([*same, _beyond(key, values[place])]))
    return any_of(ways)


def _beyond(key: SortKey, value: Value) -> Clause:
    if value is None:
        return Clause("0") if key.descending else Clause(f"{key.sql} IS NOT NULL")
    if not key.descending:
        return Clause(f"{key.sql} > ?", (value,))
    less = Clause(f"{key.sql} < ?", (value,))
    return less if key.unique else any_of((less, Clause(f"{key.sql} IS NULL")))


def write_token(place: Place) -> str:
    """The $skiptoken for the page that starts at `place`, not yet encoded for an address."""
    inner = Element("cookie", {"page": str(place.page - 1)})
    for number, value in enumerate(place.after or ()):
        SubElement(inner, f"k{number}", {"last": json.dumps(value)})
    cookie = quote(quote(tostring(inner, encoding="unicode"), safe=""), safe="")
    tracking = "True" if place.tracking else "False"
    return f'<cookie pagenumber="{place.page}" pagingcookie="{cookie}" istracking="{tracking}" />'


def read_token(text: str) -> Place:
    """The place in a $skiptoken. Raises DataverseError 0x8004112a for anything that was not written here."""
    try:
        outer = fromstring(text)
        inner = fromstring(unquote(unquote(outer.attrib["pagingcookie"])))
        values = tuple(_value(each.attrib["last"]) for each in inner)
        return Place(int(outer.attrib["pagenumber"]), values or None, outer.attrib.get("istracking") == "True")
    except (SyntaxError, KeyError, ValueError) as error:
        # ElementTree's ParseError is a SyntaxError.
        raise DataverseError("0x8004112a", "The paging cookie is not valid.") from error


def _value(text: str) -> Value:
    """A sort value of a token. Raises ValueError for what no column holds."""
    value = json.loads(text)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ValueError("a number beyond 64 bits")
    if value is not None and not isinstance(value, str | int | float):
        raise ValueError("neither text nor a number")
    found: Value = value
    return found


def next_link(address: str, raw_query: str, token: str) -> str:
    """The address of this query's next page: its own options, with another $skiptoken."""
    kept = [part for part in raw_query.split("&") if part and not re.match(r"(?i)(\$|%24)skiptoken=", part)]
    return f"{address}?{'&'.join([*kept, '$skiptoken=' + quote(token, safe='= /')])}".replace(" ", "%20")
