"""What every recipient of a campaign did, and what Dynamics was told of it.

Public:
    record_recipients(c, account_id, campaign_id, rows, run_id=, item=, left_out=)
    count_recipients(c, account_id, campaign_id)
    record_activity(c, account_id, campaign_id, rows)
    unwritten_engagements(c, account_id, campaign_id, limit, after=-1, sends=True) -> list[Engagement]
    engagements_written(c, account_id, campaign_id, rows)
    met_since(c, account_id, no, most) -> Met               campaigns that were sent to people who came onto lists
    events_of(c, account_id, campaign_id, contacts) -> list[Events]
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
    update,
)

from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.store import members, outcomes
from dyntui.store.chunks import beside, in_chunks
from dyntui.store.schema import activity, former_address, list_member, marketing_list, recipient, standing
from dyntui.store.upserts import update_many, upsert

_a = activity.c
_f = former_address.c
_r = recipient.c


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """One recipient and what they did; times ISO 8601 UTC or `""`."""

    contact_id: int
    address: str
    sent_on: str = ""
    opens: int = 0
    clicks: int = 0
    forwards: int = 0
    replies: int = 0
    page_views: int = 0
    first_opened: str = ""
    last_opened: str = ""
    unsubscribed: bool = False
    soft_bounced: bool = False
    hard_bounced: bool = False


class Engagement(Recipient, frozen=True, kw_only=True):
    """A recipient whom Dynamics knows, with something it was not told of. `state` sums up what there is to tell."""

    person_id: str
    entity: str
    state: str


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """One open or click, or ROI (`url`: its marker, `value`). `key`: equal for equal events, as the platform gives them
    no id."""

    key: str
    kind: str
    contact_id: int
    happened_on: str
    url: str = ""
    client: str = ""
    device: str = ""
    value: str = ""


class Events(msgspec.Struct, frozen=True, kw_only=True):
    """Single events of one kind of one recipient, summed up: how many, when the first and the last of them happened
    (`""` where no time is known), where the last one was, and what each marker of ROI came to."""

    contact_id: int
    kind: str
    times: int
    first: str
    last: str
    url: str
    worth: tuple[str, ...] = ()


_RECIPIENT = Recipient.__struct_fields__


def record_recipients(
    c: Connection,
    account_id: str,
    campaign_id: int,
    rows: Sequence[Recipient],
    run_id: str = "",
    item: str = "",
    left_out: Collection[str] = (),
) -> None:
    """Keep what recipients did, as last received; one received without an address has that which is known of the
    contact. Who was received with an address before keeps it, as the mail went there, unless they were mailed once more
    since: the contact may have taken another one. `left_out`: fields that were not read, and stay as they are known.
    Where an `item` of a run is named, everybody becomes a person of it: added, updated or unchanged (what the run
    itself added stays that, however often it reads it); excluded as UNKNOWN_PERSON where no member of a list has the
    address."""
    rows = _with_addresses(c, account_id, campaign_id, rows)
    if item:
        outcomes.record(c, run_id, item, _audited(c, account_id, campaign_id, rows, left_out), first_stands=True)
    upsert(
        c,
        recipient,
        ("account_id", "campaign_id", *_RECIPIENT),
        ("account_id", "campaign_id", "contact_id"),
        ((account_id, campaign_id, *msgspec.structs.astuple(row)) for row in rows),
        update=[name for name in _RECIPIENT[1:] if name not in left_out],
    )


def _with_addresses(c: Connection, account_id: str, campaign_id: int, rows: Sequence[Recipient]) -> Sequence[Recipient]:
    nameless = [row.contact_id for row in rows if not row.address]
    known = dict(members.addresses_of_contacts(c, account_id, nameless)) if nameless else {}
    before: dict[int, tuple[str, str]] = {}
    for chunk in in_chunks([row.contact_id for row in rows]):
        kept = select(_r.contact_id, _r.address, _r.sent_on).where(
            _r.account_id == account_id,
            _r.campaign_id == campaign_id,
            _r.contact_id.in_(chunk),
            _r.address != "",
        )
        before |= {row.contact_id: (row.address, row.sent_on) for row in c.execute(kept)}

    def address_of(row: Recipient) -> str:
        there, sent_on = before.get(row.contact_id, ("", ""))
        if there and (not row.address or row.sent_on <= sent_on):
            return there
        return row.address or known.get(row.contact_id, "")

    return [replace(row, address=address) if (address := address_of(row)) != row.address else row for row in rows]


def _audited(
    c: Connection, account_id: str, campaign_id: int, rows: Sequence[Recipient], left_out: Collection[str]
) -> Iterator[PersonOutcome]:
    m = list_member.c
    for some in in_chunks(rows):
        of_campaign = (_r.account_id == account_id, _r.campaign_id == campaign_id)
        kept = select(*(_r[name] for name in _RECIPIENT)).where(
            *of_campaign, _r.contact_id.in_([row.contact_id for row in some])
        )
        before = {row.contact_id: Recipient(**row._mapping) for row in c.execute(kept)}
        named = select(m.address, func.min(m.entity).label("entity"), func.min(m.name).label("name")).where(
            m.address.in_([row.address for row in some if row.address])
        )
        people = {row.address: row for row in c.execute(named.group_by(m.address))}
        # With another address by now.
        moved = [row.contact_id for row in some if row.address not in people]
        as_contacts = select(m.contact_id, func.min(m.entity).label("entity"), func.min(m.name).label("name")).where(
            m.contact_id.in_(moved), beside(m.list_id).in_(_lists_of(account_id))
        )
        contacts = {row.contact_id: row for row in c.execute(as_contacts.group_by(m.contact_id))} if moved else {}
        for row in some:
            known = people.get(row.address) or contacts.get(row.contact_id)
            was = before.get(row.contact_id)
            changed = Outcome.ADDED
            if was is not None:
                as_read = replace(row, **{name: getattr(was, name) for name in left_out})
                changed = Outcome.UNCHANGED if was == as_read else Outcome.UPDATED
            yield PersonOutcome(
                person=str(row.contact_id),
                entity=known.entity if known else "",
                name=known.name if known else "",
                address=row.address,
                outcome=changed if known else Outcome.EXCLUDED,
                reason="" if known else "UNKNOWN_PERSON",
            )


def count_recipients(c: Connection, account_id: str, campaign_id: int) -> int:
    """How many recipients of a campaign are known."""
    of_campaign = (_r.account_id == account_id, _r.campaign_id == campaign_id)
    return c.execute(select(func.count()).select_from(recipient).where(*of_campaign)).scalar_one()


def record_activity(c: Connection, account_id: str, campaign_id: int, rows: Iterable[Activity]) -> None:
    """Keep opens and clicks; one that was read before is the same one."""
    fields = Activity.__struct_fields__
    upsert(
        c,
        activity,
        ("account_id", "campaign_id", *fields),
        ("account_id", "campaign_id", "key"),
        ((account_id, campaign_id, *msgspec.structs.astuple(row)) for row in rows),
        update=(),
    )


def _state(*, sends: bool = True) -> ColumnElement[str]:
    """What there is to tell Dynamics of a recipient, as one text that differs when something does; without `sends` not
    that it was mailed."""
    parts: list[ColumnElement[str]] = [
        _r.sent_on if sends else literal("", String),
        _r.first_opened,
        _r.last_opened,
        *(cast(_r[name], String) for name in ("opens", "clicks", "forwards", "replies")),
        *(case((_r[name].is_(True), "1"), else_="0") for name in ("unsubscribed", "soft_bounced", "hard_bounced")),
    ]
    text = parts[0]
    for part in parts[1:]:
        text = text + literal("|", String) + part
    # Only where there are some, so that whoever has none is as he was told of by versions that did not know of these.
    text = text + _some("pages", _r.page_views) + _some("roi", _events("roi"))
    return text + _other("clicks", _r.clicks, _events("click")) + _other("views", _r.page_views, _events("page"))


def _events(kind: str) -> ColumnElement[int]:
    theirs = (
        _a.account_id == _r.account_id,
        _a.campaign_id == _r.campaign_id,
        _a.contact_id == _r.contact_id,
        _a.kind == kind,
    )
    return select(func.count()).where(*theirs).correlate(recipient).scalar_subquery()


def _other(name: str, counted: ColumnElement[int], single: ColumnElement[int]) -> ColumnElement[str]:
    """Of how many the times and places are known where that is another number than there are: once it changes, they are
    to be told."""
    number = case((counted > 0, single), else_=0)
    return case((number != counted, literal(f"|{name} known ", String) + cast(number, String)), else_="")


def _some(name: str, number: ColumnElement[int]) -> ColumnElement[str]:
    return case((number > 0, literal(f"|{name} ", String) + cast(number, String)), else_="")


def unwritten_engagements(
    c: Connection, account_id: str, campaign_id: int, limit: int, after: int = -1, *, sends: bool = True
) -> list[Engagement]:
    """The next recipients whom Dynamics knows (a member of some list has the address, or one of the account's lists the
    contact, with another address by now) and was not told everything of, by contact id from `after` on. Without `sends`
    it is not told who was mailed: who has been told of is not news."""
    m = list_member.c
    of_campaign = (_r.account_id == account_id, _r.campaign_id == campaign_id)
    untold = (_state() != _r.written, *(() if sends else (_state(sends=False) != _r.written,)))
    has_address = and_(m.address == _r.address, _r.address != "")
    is_contact = and_(m.contact_id == _r.contact_id, beside(m.list_id).in_(_lists_of(account_id)))
    is_known = or_(exists().where(has_address), exists().where(is_contact))
    # Chosen first: to rank everybody for each page of a large campaign would take as many times the whole of it.
    next_ones = (
        select(_r.contact_id)
        .where(*of_campaign, _r.contact_id > after, *untold, is_known)
        .order_by(_r.contact_id)
        .limit(limit)
    )
    ids = list(c.execute(next_ones).scalars())
    if not ids:
        return []
    # Of several records: the one that is the contact and had the address before, as somebody else may have it by now;
    # one that has the address, of these one that has its place in a book, then the lowest id.
    has = case((m.address == _r.address, case((m.sent_address == m.address, 1), else_=2)), else_=3)
    whose = case((m.mailed_as != "", m.mailed_as), else_=m.person_id)
    had = exists().where(_r.address != "", _f.address == _r.address, _f.person_id == whose)
    shown = (*(_r[name] for name in _RECIPIENT), m.person_id, m.entity, _state(sends=sends).label("state"))
    matched = [
        select(*shown, fits.label("fits"))
        .select_from(recipient)
        .join(list_member, condition)
        .where(*of_campaign, _r.contact_id.in_(ids))
        for condition, fits in ((has_address, has), (is_contact, case((had, 0), else_=has)))
    ]
    found = union_all(*matched).subquery("found")
    place = func.row_number().over(partition_by=found.c.contact_id, order_by=[found.c.fits, found.c.person_id])
    known = select(found, place.label("place")).subquery("known")
    wanted = [known.c[name] for name in (*_RECIPIENT, "person_id", "entity", "state")]
    rows = c.execute(select(*wanted).where(known.c.place == 1).order_by(known.c.contact_id))
    return [Engagement(**row._mapping) for row in rows]


def _lists_of(account_id: str) -> Select[Any]:
    """Another account has other contacts with the same ids."""
    return select(marketing_list.c.id).where(marketing_list.c.account_id == account_id)


class Met(msgspec.Struct, frozen=True):
    """`campaigns`: those of the account some recipients of which have the address of somebody on a list, and were never
    told of; `last`: up to which interval of `standing` was looked; `more`: there may be later ones."""

    campaigns: frozenset[int]
    last: int
    more: bool


def met_since(c: Connection, account_id: str, no: int, most: int) -> Met:
    """What follows from so many intervals after this one, each of somebody who came onto a list, or changed on it. Of
    numbers that were given anew, as the last intervals had been forgotten, the new ones are later."""
    no = min(no, c.execute(select(func.coalesce(func.max(standing.c.no), 0))).scalar_one())
    later = select(standing.c.no, standing.c.address).where(standing.c.no > no).order_by(standing.c.no).limit(most)
    rows = c.execute(later).all()
    found: set[int] = set()
    for some in in_chunks(sorted({row.address for row in rows} - {""})):
        untold = (beside(_r.account_id) == account_id, _r.address.in_(some), _r.written == "")
        found.update(c.execute(select(_r.campaign_id).where(*untold).distinct()).scalars())
    return Met(frozenset(found), rows[-1].no if rows else no, len(rows) == most)


def engagements_written(c: Connection, account_id: str, campaign_id: int, rows: Iterable[Engagement]) -> None:
    """Dynamics was told everything of these recipients, as it was when they were read here."""
    statement = (
        update(recipient)
        .where(
            _r.account_id == bindparam("b_account", type_=String),
            _r.campaign_id == bindparam("b_campaign", type_=_r.campaign_id.type),
            _r.contact_id == bindparam("b_contact", type_=_r.contact_id.type),
        )
        .values(written=bindparam("b_state", type_=String))
    )
    names = ("b_state", "b_account", "b_campaign", "b_contact")
    update_many(c, statement, names, ((row.state, account_id, campaign_id, row.contact_id) for row in rows))


def events_of(c: Connection, account_id: str, campaign_id: int, contacts: Sequence[int]) -> list[Events]:
    """The single events of recipients, summed up by recipient and kind."""
    found: dict[tuple[int, str], list[tuple[str, str, str]]] = {}
    for some in in_chunks(contacts):
        rows = c.execute(
            select(_a.contact_id, _a.kind, _a.happened_on, _a.url, _a.value)
            .where(_a.account_id == account_id, _a.campaign_id == campaign_id, _a.contact_id.in_(some))
            .order_by(_a.contact_id, _a.kind, _a.happened_on, _a.key)
        )
        for contact_id, kind, *event in rows:
            found.setdefault((contact_id, kind), []).append(tuple(event))
    return [_summed(contact_id, kind, events) for (contact_id, kind), events in found.items()]


def _summed(contact_id: int, kind: str, events: Sequence[tuple[str, str, str]]) -> Events:
    dated = [when for when, _, _ in events if when]
    markers: dict[str, list[str]] = {}
    for _, marker, value in events if kind == "roi" else ():
        markers.setdefault(marker, []).append(value)
    return Events(
        contact_id=contact_id,
        kind=kind,
        times=len(events),
        first=dated[0] if dated else "",
        last=dated[-1] if dated else "",
        url=events[-1][1] if kind != "roi" else "",
        worth=tuple(f"{marker} {', '.join(values)}".strip() for marker, values in markers.items()),
    )
