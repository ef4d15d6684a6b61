"""Web behaviour: which pages a session says that somebody looked at.

    read_session(document, now) -> Session      pages, and what could not be read of it

How a session is written is documented nowhere (assumption DD-36 [inferred]): names are compared without regard to case,
and several are known for each thing. What is not understood is said, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from dyntui.model import exact_json
from dyntui.model.lengths import cut
from dyntui.model.moments import dated, text_of

LONGEST_URL: Final = 2000
_LONGEST_TITLE: Final = 200
_MOST_PAGES: Final = 1000
_PAGES = ("pages", "pageviews", "pagesviewed", "visits")
_URL = ("url", "pageurl", "uri", "address", "location")
_TITLE = ("title", "pagetitle", "name")
_TIME = ("time", "visitedon", "viewedon", "dateviewed", "date", "datetime", "timestamp")
_BEGAN = ("starttime", "started", "datestarted", "sessionstart", *_TIME)
_SHOWN = 80


class PageVisit(msgspec.Struct, frozen=True, kw_only=True):
    """A page that was looked at in a session, `times` times, first at `visited_on` (ISO 8601 UTC)."""

    url: str
    title: str = ""
    visited_on: str
    times: int = 1


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """The pages of a session, each once. `faults`: what could not be read, in words."""

    visits: tuple[PageVisit, ...] = ()
    faults: tuple[str, ...] = ()


def read_session(document: Any, now: datetime) -> Session:
    """A session as dotdigital sent it: an object, or the text of one."""
    if isinstance(document, str):
        try:
            document = exact_json.decode(document)
        except msgspec.DecodeError:
            return Session(faults=(f"no JSON: {document[:_SHOWN]!r}",))
    if not isinstance(document, Mapping):
        return Session(faults=(f"no session: {type(document).__name__}",))
    whole = _folded(document)
    began = _value(whole, _BEGAN)
    pages = _value(whole, _PAGES)
    if pages is None and _value(whole, _URL) is not None:
        pages = [document]
    if not isinstance(pages, list):
        return Session(faults=(f"no pages among {', '.join(sorted(map(str, document)))[:_SHOWN] or 'nothing'}",))
    visits: dict[str, PageVisit] = {}
    faults = []
    for number, page in enumerate(pages[:_MOST_PAGES], 1):
        found = _visit(page, began, now)
        if isinstance(found, str):
            faults.append(f"page {number}: {found}")
            continue
        known = visits.get(found.url)
        if known is not None:
            first = min(known, found, key=lambda each: each.visited_on)
            found = msgspec.structs.replace(first, times=known.times + 1, title=known.title or found.title)
        visits[found.url] = found
    if len(pages) > _MOST_PAGES:
        faults.append(f"{len(pages) - _MOST_PAGES:,} pages more than {_MOST_PAGES:,}")
    return Session(visits=tuple(visits.values()), faults=tuple(faults))


def _visit(page: Any, began: Any, now: datetime) -> PageVisit | str:
    if not isinstance(page, Mapping):
        return f"no page: {str(page)[:_SHOWN]!r}"
    values = _folded(page)
    url, title = _value(values, _URL), _value(values, _TITLE)
    if not isinstance(url, str) or not url.strip():
        return "no address"
    said = _value(values, _TIME)
    moment = _moment(began if said is None else said)
    visited_on = dated(moment, now)
    if visited_on is None:
        return f"visited on {str(began if said is None else said)[:_SHOWN]!r}"
    return PageVisit(
        url=cut(url.strip(), LONGEST_URL),
        title=title.strip()[:_LONGEST_TITLE] if isinstance(title, str) else "",
        visited_on=text_of(visited_on),
    )


def _folded(values: Mapping[Any, Any]) -> dict[str, Any]:
    return dict(_names(values))


def _names(values: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        yield str(name).lower().replace("_", ""), value


def _value(values: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((values[name] for name in names if values.get(name) is not None), None)


def _moment(said: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(said.strip()) if isinstance(said, str) else None
    except ValueError:
        return None
    return found if found is None or found.tzinfo is not None else found.replace(tzinfo=UTC)
