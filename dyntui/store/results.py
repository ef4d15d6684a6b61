"""Results of a campaign from what its recipients did: counts, the course over time, links, the recipients themselves.

Public:
    totals(c, account_id, campaign_id, count_id="") -> Totals; events(c, account_id, campaign_id) -> {kind: number}
    hours(c, account_id, campaign_id) -> list[Hour]; links(c, account_id, campaign_id, limit=50) -> list[Link]
    read_with(c, account_id, campaign_id, by) -> list[ReadWith]; roi(c, account_id, campaign_id) -> list[RoiRow]
    window(c, asked, account_id=, campaign_id=, kept=) -> Page[RecipientRow]
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import msgspec
from msgspec.structs import replace
from sqlalchemy import ColumnElement, Connection, String, and_, case, false, func, literal, or_, select, true

from dyntui.model.campaign_results import ResultKind
from dyntui.model.campaigns import Hour, Link, ReadWith, RecipientRow, RoiRow
from dyntui.model.outcomes import Outcome
from dyntui.model.paging import Page, Window
from dyntui.store import campaigns
from dyntui.store.recipients import Recipient
from dyntui.store.schema import activity, list_member, recipient, target_person
from dyntui.store.windows import contains, ordered, shown

_a = activity.c
_r = recipient.c


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over the recipients known."""

    people: int
    opened: int
    opens: int
    clicked: int
    clicks: int
    hard_bounced: int
    soft_bounced: int
    unsubscribed: int
    forwards: int
    replies: int
    page_views: int


def totals(c: Connection, account_id: str, campaign_id: int, count_id: str = "") -> Totals:
    """What the recipients did, summed up: all of the campaign, or those whom the send of a count mailed."""

    def people(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.count(case((condition, 1)))

    def total(column: ColumnElement[int]) -> ColumnElement[int]:
        return func.coalesce(func.sum(column), 0)

    row = c.execute(
        select(
            func.count().label("people"),
            people(_r.opens > 0).label("opened"),
            total(_r.opens).label("opens"),
            people(_r.clicks > 0).label("clicked"),
            total(_r.clicks).label("clicks"),
            people(_r.hard_bounced.is_(True)).label("hard_bounced"),
            people(_r.soft_bounced.is_(True)).label("soft_bounced"),
            people(_r.unsubscribed.is_(True)).label("unsubscribed"),
            total(_r.forwards).label("forwards"),
            total(_r.replies).label("replies"),
            total(_r.page_views).label("page_views"),
        ).where(*_recipients(account_id, campaign_id, count_id))
    ).one()
    return Totals(**{name: int(value) for name, value in row._mapping.items()})


def _recipients(account_id: str, campaign_id: int, count_id: str) -> list[ColumnElement[bool]]:
    scope = [_r.account_id == account_id, _r.campaign_id == campaign_id]
    if count_id:
        mailed = (target_person.c.count_id == count_id, target_person.c.outcome == Outcome.ADDED.value)
        scope.append(_r.address.in_(select(target_person.c.address).where(*mailed)))
    return scope


def events(c: Connection, account_id: str, campaign_id: int) -> dict[str, int]:
    """How many single events of each kind are known."""
    rows = c.execute(
        select(_a.kind, func.count())
        .where(_a.account_id == account_id, _a.campaign_id == campaign_id)
        .group_by(_a.kind)
    )
    return {kind: int(number) for kind, number in rows}


def hours(c: Connection, account_id: str, campaign_id: int) -> list[Hour]:
    """Opens and clicks by the hour, in order; hours without any are left out."""
    hour = func.substr(_a.happened_on, 1, 13, type_=String) + literal(":00:00Z", String)
    rows = c.execute(
        select(
            hour.label("hour"),
            func.count(case((_a.kind == "open", 1))).label("opens"),
            func.count(case((_a.kind == "click", 1))).label("clicks"),
        )
        .where(_a.account_id == account_id, _a.campaign_id == campaign_id, _a.happened_on != "")
        .group_by("hour")
        .order_by("hour")
    )
    return [Hour(**row._mapping) for row in rows]


def links(c: Connection, account_id: str, campaign_id: int, limit: int = 50) -> list[Link]:
    """The links clicked most."""
    clicks = func.count().label("clicks")
    rows = c.execute(
        select(_a.url, clicks, func.count(_a.contact_id.distinct()).label("people"))
        .where(_a.account_id == account_id, _a.campaign_id == campaign_id, _a.kind == "click")
        .group_by(_a.url)
        .order_by(clicks.desc(), _a.url)
        .limit(limit)
    )
    return [Link(**row._mapping) for row in rows]


def read_with(c: Connection, account_id: str, campaign_id: int, by: str) -> list[ReadWith]:
    """With which mail clients (`client`) or kinds of devices (`device`) it was opened, the most frequent first."""
    opens = func.count().label("opens")
    rows = c.execute(
        select(_a[by].label("name"), opens, func.count(_a.contact_id.distinct()).label("people"))
        .where(_a.account_id == account_id, _a.campaign_id == campaign_id, _a.kind == "open")
        .group_by(_a[by])
        .order_by(opens.desc(), _a[by])
    )
    return [ReadWith(**row._mapping) for row in rows]


def roi(c: Connection, account_id: str, campaign_id: int) -> list[RoiRow]:
    """What came of it, by marker."""
    rows = c.execute(
        select(_a.url, _a.value, _a.contact_id)
        .where(_a.account_id == account_id, _a.campaign_id == campaign_id, _a.kind == "roi")
        .order_by(_a.url)
    )
    sums: dict[str, Decimal] = {}
    times: dict[str, int] = {}
    people: dict[str, set[int]] = {}
    for marker, value, contact in rows:
        times[marker] = times.get(marker, 0) + 1
        people.setdefault(marker, set()).add(contact)
        sums[marker] = sums.get(marker, Decimal(0)) + _number(value)
    return [RoiRow(marker=each, times=times[each], people=len(people[each]), total=f"{sums[each]:f}") for each in times]


def _number(value: str) -> Decimal:
    try:
        number = Decimal(value)
    except InvalidOperation:
        return Decimal(0)
    return number if number.is_finite() else Decimal(0)


_FILTERS: dict[str, ColumnElement[bool]] = {
    "all": true(),
    "opened": _r.opens > 0,
    "clicked": _r.clicks > 0,
    "bounced": or_(_r.hard_bounced.is_(True), _r.soft_bounced.is_(True)),
    "unsubscribed": _r.unsubscribed.is_(True),
    "unopened": and_(_r.opens == 0, _r.hard_bounced.is_(False), _r.soft_bounced.is_(False)),
}

_SHOWN = tuple(name for name in RecipientRow.__struct_fields__ if name in _r)
_SORTABLE = {name: _r[name] for name in Recipient.__struct_fields__}


def window(c: Connection, asked: Window, *, account_id: str, campaign_id: int, kept: str = "all") -> Page[RecipientRow]:
    """Recipients by address, each with the name of a member of some list who has it; the search looks at the address.
    `kept`: `all`, `opened`, `clicked`, `bounced`, `unsubscribed` or `unopened`; where opens are not read it is known of
    nobody that they did not open it."""
    campaign = and_(_r.account_id == account_id, _r.campaign_id == campaign_id)
    read = campaigns.kinds_read(c, account_id, campaign_id)
    opens, clicks = ResultKind.OPENS in read, ResultKind.CLICKS in read
    matching = and_(campaign, _FILTERS[kept] if opens or kept != "unopened" else false())
    if asked.search:
        matching = and_(matching, contains((_r.address,), asked.search))
    named = (
        select(func.min(list_member.c.name))
        .where(list_member.c.address == _r.address, list_member.c.address != "")
        .scalar_subquery()
    )
    page = select(*(_r[name] for name in _SHOWN), func.coalesce(named, "").label("name")).where(matching)
    rows = c.execute(
        ordered(page, asked.sort, _SORTABLE, (_r.address, _r.contact_id)).offset(asked.offset).limit(asked.limit)
    )
    found = tuple(replace(shown(RecipientRow, row), opens_read=opens, clicks_read=clicks) for row in rows)
    total, hits = c.execute(
        select(func.count(), func.count(case((matching, 1)))).select_from(recipient).where(campaign)
    ).one()
    return Page(rows=found, matching=hits, total=total, offset=asked.offset)
