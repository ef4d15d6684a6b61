"""Change tracking: what is new, changed and gone in a table since the last reading.

    changes(dv, entity_set, row_type, select=, since=, age=, life=, resume=) -> DeltaPage[T]...
    tracking_life(dv) -> timedelta

Facts: reference/dataverse_api.md section 6.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Final, Generic, TypeVar

import msgspec

from dyntui.dataverse.addresses import API_PATH
from dyntui.dataverse.errors import DYNAMICS, DataverseError, repeating_pages
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.keys import key_of, met, sorted_out
from dyntui.dataverse.query import columns_of, query
from dyntui.dataverse.reading import loosely
from dyntui.dataverse.rows import PAGE_SIZE, find_rows
from dyntui.model.guids import guid_of
from dyntui.remote.calls import decoder
from dyntui.remote.errors import READ_NOT_DONE
from dyntui.remote.failures import unreadable

T = TypeVar("T")
_LIFE_MARGIN: Final = timedelta(days=1)
_DEFAULT_LIFE_DAYS: Final = 7
# More is no setting that Dynamics takes.
_LONGEST_LIFE_DAYS: Final = 3650
_DELETED_MARK: Final = b"$deletedEntity"


class DeltaPage(msgspec.Struct, Generic[T], frozen=True):
    """One page of changes: rows new or changed, ids deleted; `delta_link` stands on the last page only.

    Save `delta_link` only after everything before it is stored (reference section 6).
    """

    rows: list[T]
    deleted: list[str]
    next_link: str | None = None
    delta_link: str | None = None


class _Changes(msgspec.Struct, frozen=True):
    """An answer of change tracking. Changes that are none may be told by an empty object (the page on change tracking);
    everywhere else an answer without `value` is none."""

    items: list[msgspec.Raw] = msgspec.field(name="value", default_factory=list)
    next_link: str | None = msgspec.field(name="@odata.nextLink", default=None)
    delta_link: str | None = msgspec.field(name="@odata.deltaLink", default=None)


class _Deleted(msgspec.Struct, frozen=True):
    context: str = msgspec.field(name="@odata.context", default="")
    id: str = ""


async def changes(
    dv: Dataverse,
    entity_set: str,
    row_type: type[T],
    *,
    select: Sequence[str] | None = None,
    since: str | None = None,
    age: timedelta = timedelta(),
    life: timedelta = timedelta(days=7),
    resume: str | None = None,
    maxpagesize: int = PAGE_SIZE,
    keyless: bool = False,
) -> AsyncIterator[DeltaPage[T]]:
    """Everything (without `since`) or what changed after the stored `delta_link`; `resume` is a page's next_link.

    `age` is how long ago `since` was stored, `life` how long the organisation keeps changes (`tracking_life`). A link
    of nearly that age is not used: sources disagree whether an older one is refused or answered with every row and
    without the deletions. An answer without a delta link leaves `since` as the place to go on from. `keyless` as of
    `rows.pages`.

    Change tracking takes no filter, order or expand. Raises DataverseError DATAVERSE_CHANGES_EXPIRED when the link
    is too old (read everything again), DATAVERSE_TRACKING_OFF when the table is not tracked, and DATAVERSE_PAGE_REPEATS
    where a page leads back to one that was answered.
    """
    if since is not None and age >= life - min(_LIFE_MARGIN, life / 2):
        raise _changes_expired(age)
    columns = columns_of(row_type) if select is None else select
    prefer = ["odata.track-changes", f"odata.maxpagesize={maxpagesize}"]
    link: str | None = resume or (_where_it_is_now(since) if since else entity_set + query(select=columns))
    answered: set[str] = set()
    while link is not None:
        answered.add(link)
        raw = await dv.get(link, _Changes, prefer=prefer)
        page = _sorted_out(raw, row_type, entity_set, key_of(entity_set, columns), keyless=keyless)
        if page.next_link is None and page.delta_link is None:
            page = msgspec.structs.replace(page, delta_link=since)
        yield page
        link = page.next_link
        if link in answered:
            raise repeating_pages(entity_set)


def _where_it_is_now(link: str) -> str:
    """A kept link as a path: the organisation may have got another address since. It is asked of the configured host
    alone, whichever it was given out under."""
    host, path, rest = link.partition(API_PATH)
    return f"{path}{rest}" if path and host.startswith("https://") else link


class _TrackingLife(msgspec.Struct, frozen=True, rename={"days": "expirechangetrackingindays"}):
    days: int | None = None


async def tracking_life(dv: Dataverse) -> timedelta:
    """How long the organisation keeps changes (ExpireChangeTrackingInDays, by default 7 days)."""
    found = await find_rows(dv, "organizations", _TrackingLife, top=1)
    days = found[0].days if found else None
    return timedelta(days=days if days is not None and 0 <= days <= _LONGEST_LIFE_DAYS else _DEFAULT_LIFE_DAYS)


def _changes_expired(age: timedelta) -> DataverseError:
    return DataverseError(
        "DATAVERSE_CHANGES_EXPIRED",
        "The place in the stream of changes is too old.",
        not_done=READ_NOT_DONE,
        remedy="Read everything again.",
        detail=f"the delta link is {age} old",
    )


def _sorted_out(raw: _Changes, row_type: type[T], entity_set: str, key: str, *, keyless: bool) -> DeltaPage[T]:
    reader = decoder(row_type)
    rows: list[T] = []
    deleted: list[str] = []
    for item in raw.items:
        # A person's own text may hold the mark: the context member decides, the search only saves time.
        if _DELETED_MARK in bytes(item):
            entry = decoder(_Deleted).decode(item)
            if entry.context.endswith("$deletedEntity"):
                deleted.append(guid_of(entry.id) or entry.id.lower())
                continue
        row = _row(item, reader, row_type, entity_set)
        if row is not None:
            rows.append(row)
    known, _ = sorted_out(rows, row_type, entity_set, key, keyless=keyless)
    return DeltaPage(rows=list(known), deleted=deleted, next_link=raw.next_link, delta_link=raw.delta_link)


def _row(item: msgspec.Raw, reader: msgspec.json.Decoder[T], row_type: type[T], entity_set: str) -> T | None:
    """A row, where need be without the columns that cannot be read; None where it cannot be read at all. Raises
    DATAVERSE_ANSWER_UNREADABLE for what is no JSON."""
    try:
        return reader.decode(item)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass  # perhaps some column alone
    try:
        return loosely(bytes(item), row_type)
    except msgspec.ValidationError:
        met(entity_set, loosely(bytes(item), dict))
        return None
    except (ValueError, RecursionError) as failure:
        raise unreadable(DYNAMICS, f"{failure}: {bytes(item)[:500].decode('utf-8', 'replace')}", 200) from failure
