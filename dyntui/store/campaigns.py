"""Email campaigns: headers, targets, totals as received, and what every recipient did.

Public:
    record_headers(c, account_id, rows, now); record_summary(c, account_id, campaign_id, summary, now)
    record_results_read(c, account_id, campaign_id, now)
    record_content(c, account_id, campaign_id, text)
    get(c, account_id, campaign_id) -> Campaign | None; all_of(c, account_id) -> list[Campaign]
    find(c, campaign_id) -> list[Campaign]                              in every account
    without_results(c, account_id) -> list[int]
    written(c, account_id, rows)                                       what Dynamics was told: (id, fingerprint, row_id)
    targets(c, account_id, campaign_id) -> list[str]; change_targets(c, account_id, campaign_id, add, remove)
    record_recipients(c, account_id, campaign_id, rows, run_id=, item=); count_recipients(c, account_id, campaign_id)
    record_activity(c, account_id, campaign_id, rows)
    unwritten_engagements(c, account_id, campaign_id, limit, after=-1) -> list[Engagement]; engagements_written(...)
As people look at them: `dyntui.store.campaign_window`; reports: `dyntui.store.results`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    String,
    bindparam,
    case,
    cast,
    delete,
    func,
    literal,
    select,
    update,
)

from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.store import members, outcomes
from dyntui.store.chunks import in_chunks
from dyntui.store.schema import activity, campaign, campaign_target, list_member, recipient
from dyntui.store.upserts import json_text, update_many, upsert

_c = campaign.c
_r = recipient.c
_t = campaign_target.c


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign as dotdigital lists it; times ISO 8601 UTC, `""` where there is none."""

    id: int
    name: str
    subject: str = ""
    from_name: str = ""
    from_address: str = ""
    reply_to: str = ""
    status: str = ""
    type: str = ""
    split_test: bool = False
    tags: tuple[str, ...] = ()
    sent_on: str = ""


class Campaign(Header, frozen=True, kw_only=True):
    """A campaign as stored. `summary`: its totals as received, `{}` before the first reading; `fingerprint`: of what
    was written to Dynamics, `row_id` its row there; `targets`: how many target lists it has."""

    account_id: str
    row_id: str = ""
    body_text: str = ""
    summary: dict[str, Any] = {}
    fingerprint: str = ""
    read_on: str = ""
    results_on: str = ""
    targets: int = 0


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


_HEADER = Header.__struct_fields__
_RECIPIENT = Recipient.__struct_fields__


def total(summary: Mapping[str, Any], name: str) -> int:
    """A total of a campaign's summary (dotdigital_api.md 6), 0 where dotdigital gave none."""
    return int(summary.get(name) or 0)


def record_headers(c: Connection, account_id: str, rows: Iterable[Header], now: str) -> None:
    """Keep campaigns as listed; content, totals and targets stay."""
    columns = ("account_id", *_HEADER, "summary", "read_on")
    upsert(
        c,
        campaign,
        columns,
        ("account_id", "id"),
        (
            (
                account_id,
                *(json_text(row.tags) if name == "tags" else getattr(row, name) for name in _HEADER),
                "{}",
                now,
            )
            for row in rows
        ),
        update=[name for name in columns if name not in ("account_id", "id", "summary")],
    )


def record_summary(c: Connection, account_id: str, campaign_id: int, summary: dict[str, Any], now: str) -> None:
    """Keep a campaign's totals as received. `now`: when its results were read; `""` while its recipients are yet to be
    read from the beginning."""
    c.execute(update(campaign).where(*_is(account_id, campaign_id)).values(summary=summary, results_on=now))


def record_results_read(c: Connection, account_id: str, campaign_id: int, now: str) -> None:
    """Everything of a campaign was read; `""`: not everything, so that the next reading begins from the beginning."""
    c.execute(update(campaign).where(*_is(account_id, campaign_id)).values(results_on=now))


def record_content(c: Connection, account_id: str, campaign_id: int, text: str) -> None:
    """Keep a campaign's plain-text content as received."""
    c.execute(update(campaign).where(*_is(account_id, campaign_id)).values(body_text=text))


def _is(account_id: str, campaign_id: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return _c.account_id == account_id, _c.id == campaign_id


def with_targets() -> Select[Any]:
    """Campaigns with `targets`: how many target lists they have."""
    count = select(func.count()).where(_t.account_id == _c.account_id, _t.campaign_id == _c.id).scalar_subquery()
    return select(campaign, count.label("targets"))


def _campaign(row: Row[Any]) -> Campaign:
    values = dict(row._mapping)
    return Campaign(**values | {"tags": tuple(values["tags"])})


def get(c: Connection, account_id: str, campaign_id: int) -> Campaign | None:
    """A campaign of an account."""
    row = c.execute(with_targets().where(*_is(account_id, campaign_id))).one_or_none()
    return None if row is None else _campaign(row)


def find(c: Connection, campaign_id: int) -> list[Campaign]:
    """The campaigns of this id, whatever their account."""
    return [_campaign(row) for row in c.execute(with_targets().where(_c.id == campaign_id).order_by(_c.account_id))]


def all_of(c: Connection, account_id: str) -> list[Campaign]:
    """Every campaign of an account, by id."""
    return [_campaign(row) for row in c.execute(with_targets().where(_c.account_id == account_id).order_by(_c.id))]


def without_results(c: Connection, account_id: str) -> list[int]:
    """Campaigns that have been sent and whose results were never read to the end."""
    sent = func.lower(_c.status).in_(("sent", "sending"))
    rows = c.execute(select(_c.id).where(_c.account_id == account_id, sent, _c.results_on == "").order_by(_c.id))
    return list(rows.scalars())


def written(c: Connection, account_id: str, rows: Iterable[tuple[int, str, str]]) -> None:
    """Dynamics has these campaigns now: id, fingerprint of what was written, row id (`""`: as it was)."""
    row_id = bindparam("b_row", type_=String)
    statement = (
        update(campaign)
        .where(_c.account_id == bindparam("b_account", type_=String), _c.id == bindparam("b_id", type_=_c.id.type))
        .values(
            fingerprint=bindparam("b_fingerprint", type_=String),
            row_id=case((row_id == "", _c.row_id), else_=row_id),
        )
    )
    update_many(
        c,
        statement,
        ("b_fingerprint", "b_row", "b_account", "b_id"),
        ((fingerprint, row, account_id, campaign_id) for campaign_id, fingerprint, row in rows),
    )


def targets(c: Connection, account_id: str, campaign_id: int) -> list[str]:
    """Ids of a campaign's target lists."""
    found = select(_t.list_id).where(_t.account_id == account_id, _t.campaign_id == campaign_id).order_by(_t.list_id)
    return list(c.execute(found).scalars())


def change_targets(
    c: Connection, account_id: str, campaign_id: int, add: Sequence[str] = (), remove: Sequence[str] = ()
) -> None:
    """Add and remove target lists; one already there, or already gone, is no error."""
    columns = ("account_id", "campaign_id", "list_id")
    upsert(c, campaign_target, columns, columns, ((account_id, campaign_id, each) for each in add), update=())
    if remove:
        of_campaign = (_t.account_id == account_id, _t.campaign_id == campaign_id)
        c.execute(delete(campaign_target).where(*of_campaign, _t.list_id.in_(remove)))


def record_recipients(
    c: Connection, account_id: str, campaign_id: int, rows: Sequence[Recipient], run_id: str = "", item: str = ""
) -> None:
    """Keep what recipients did, as last received; one received without an address has that which is known of the
    contact. Where an `item` of a run is named, everybody becomes a person of it:
    added, updated or unchanged (what the run itself added stays that, however often it reads it); excluded as
    UNKNOWN_PERSON where no member of a list has the address."""
    rows = _with_addresses(c, account_id, campaign_id, rows)
    if item:
        outcomes.record(c, run_id, item, _audited(c, account_id, campaign_id, rows), first_stands=True)
    upsert(
        c,
        recipient,
        ("account_id", "campaign_id", *_RECIPIENT),
        ("account_id", "campaign_id", "contact_id"),
        ((account_id, campaign_id, *msgspec.structs.astuple(row)) for row in rows),
        update=_RECIPIENT[1:],
    )


def _with_addresses(c: Connection, account_id: str, campaign_id: int, rows: Sequence[Recipient]) -> Sequence[Recipient]:
    nameless = [row.contact_id for row in rows if not row.address]
    if not nameless:
        return rows
    known = dict(members.addresses_of_contacts(c, nameless))
    for chunk in in_chunks(nameless):
        kept = select(_r.contact_id, _r.address).where(
            _r.account_id == account_id,
            _r.campaign_id == campaign_id,
            _r.contact_id.in_(chunk),
            _r.address != "",
        )
        known |= {row.contact_id: row.address for row in c.execute(kept)}
    return [row if row.address else msgspec.structs.replace(row, address=known.get(row.contact_id, "")) for row in rows]


def _audited(c: Connection, account_id: str, campaign_id: int, rows: Sequence[Recipient]) -> Iterator[PersonOutcome]:
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
        for row in some:
            known = people.get(row.address)
            was = before.get(row.contact_id)
            changed = Outcome.ADDED if was is None else Outcome.UNCHANGED if was == row else Outcome.UPDATED
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


def _state() -> ColumnElement[str]:
    """What there is to tell Dynamics of a recipient, as one text that differs when something does."""
    parts: list[ColumnElement[str]] = [
        _r.sent_on,
        _r.first_opened,
        _r.last_opened,
        *(cast(_r[name], String) for name in ("opens", "clicks", "forwards", "replies")),
        *(case((_r[name].is_(True), "1"), else_="0") for name in ("unsubscribed", "soft_bounced", "hard_bounced")),
    ]
    text = parts[0]
    for part in parts[1:]:
        text = text + literal("|", String) + part
    return text


def unwritten_engagements(
    c: Connection, account_id: str, campaign_id: int, limit: int, after: int = -1
) -> list[Engagement]:
    """The next recipients whom Dynamics knows (a member of some list has the address) and was not told everything of,
    by contact id from `after` on."""
    m = list_member.c
    # Of several records with the address: the one that has its place in a book, then the lowest id.
    place = func.row_number().over(
        partition_by=_r.contact_id, order_by=[case((m.sent_address == m.address, 0), else_=1), m.person_id]
    )
    state = _state().label("state")
    known = (
        select(*(_r[name] for name in _RECIPIENT), m.person_id, m.entity, state, place.label("place"))
        .select_from(recipient)
        .join(list_member, m.address == _r.address)
        .where(_r.account_id == account_id, _r.campaign_id == campaign_id, _r.contact_id > after)
        .where(_r.address != "", _state() != _r.written)
        .subquery("known")
    )
    wanted = [known.c[name] for name in (*_RECIPIENT, "person_id", "entity", "state")]
    rows = c.execute(select(*wanted).where(known.c.place == 1).order_by(known.c.contact_id).limit(limit))
    return [Engagement(**row._mapping) for row in rows]


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
