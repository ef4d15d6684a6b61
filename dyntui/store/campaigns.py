"""Email campaigns: headers, targets, and totals as received.

Public:
    record_headers(c, account_id, rows, now); record_summary(c, account_id, campaign_id, summary, now)
    record_results_read(c, account_id, campaign_id, now, again=)
    reading(c, Campaign) -> Reading; read_at_all(c, account_id) -> set[int]
    set_level(c, EmailAccount, Campaign, level)
    record_content(c, account_id, campaign_id, text)
    get(c, account_id, campaign_id) -> Campaign | None; all_of(c, account_id) -> list[Campaign]; ids(c, account_id)
    find(c, campaign_id) -> list[Campaign]                              in every account
    without_results(c, account_id) -> list[int]; looked_at(c, account_id) -> [(id, sent on, results on)]
    written(c, account_id, rows)                                       what Dynamics was told: (id, fingerprint, row_id)
    targets(c, account_id, campaign_id) -> list[str]; change_targets(c, account_id, campaign_id, add, remove)
What recipients did: `dyntui.store.recipients`; as people look at campaigns: `dyntui.store.campaign_window`; reports:
`dyntui.store.results`; putting campaigns away: `dyntui.store.archive`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
    delete,
    func,
    or_,
    select,
    update,
)

from dyntui.model.campaign_results import Reading, ResultKind
from dyntui.model.campaigns import SplitVersion
from dyntui.store import accounts
from dyntui.store.accounts import EmailAccount
from dyntui.store.chunks import in_chunks
from dyntui.store.schema import campaign, campaign_target
from dyntui.store.upserts import json_text, update_many, upsert

_c = campaign.c
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
    was written to Dynamics, `row_id` its row there; `targets`: how many target lists it has; `sync_level`: of its own,
    `""` as its email account; `read_again`: its results are to be read from the beginning; `archived_on` (`""`: it is
    not), `archived_by`: when and by whom it was put away."""

    account_id: str
    row_id: str = ""
    body_text: str = ""
    summary: dict[str, Any] = {}
    fingerprint: str = ""
    read_on: str = ""
    results_on: str = ""
    sync_level: str = ""
    read_again: bool = False
    archived_on: str = ""
    archived_by: str = ""
    targets: int = 0


_HEADER = Header.__struct_fields__


# Where the versions of a split test stand beside the totals.
SPLIT_TEST = "splitTest"


def versions(summary: Mapping[str, Any]) -> tuple[SplitVersion, ...]:
    """The versions of a split test as they were read last."""
    rows = (summary.get(SPLIT_TEST) or {}).get("versions") or ()
    return tuple(
        SplitVersion(
            name=each.get("version") or each.get("subjectLine") or "",
            # A number that is read from a row of JSON is a Decimal, which an answer would tell as a text.
            results=float(each.get("resultsActual") or 0),
            share=float(each.get("resultsPercentage") or 0) / 100,
            won=bool(each.get("winningVersion")),
        )
        for each in rows
    )


def split_metric(summary: Mapping[str, Any]) -> str:
    """By what the versions of a split test are measured, `""` where that was not read."""
    return str((summary.get(SPLIT_TEST) or {}).get("splitTestWinnerMetric") or "")


def total(summary: Mapping[str, Any], name: str) -> int:
    """A total of a campaign's summary (dotdigital_api.md 6), 0 where dotdigital gave none."""
    return max(0, int(summary.get(name) or 0))


def record_headers(c: Connection, account_id: str, rows: Iterable[Header], now: str) -> None:
    """Keep campaigns as listed; totals and targets stay. The content of one that was not out yet is forgotten: somebody
    may have changed it since it was read."""
    rows = list(rows)
    for some in in_chunks([row.id for row in rows]):
        not_out = (_c.account_id == account_id, _c.id.in_(some), func.lower(_c.status).not_in(("sent", "sending")))
        c.execute(update(campaign).where(*not_out, _c.body_text != "").values(body_text=""))
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


def ids(c: Connection, account_id: str) -> frozenset[int]:
    """The campaigns of an account that are known."""
    return frozenset(c.execute(select(_c.id).where(_c.account_id == account_id)).scalars())


def record_summary(c: Connection, account_id: str, campaign_id: int, summary: dict[str, Any], now: str) -> None:
    """Keep a campaign's totals as received. `now`: when its results were read; `""` while its recipients are yet to be
    read from the beginning."""
    c.execute(update(campaign).where(*_is(account_id, campaign_id)).values(summary=summary, results_on=now))


def record_results_read(
    c: Connection, account_id: str, campaign_id: int, now: str, *, again: bool | None = None
) -> None:
    """Everything of a campaign was read; `""`: not everything, so that the next reading begins from the beginning.
    `again`: whether it does so in any case; None: as it is."""
    values = {"results_on": now} | ({} if again is None else {"read_again": again})
    c.execute(update(campaign).where(*_is(account_id, campaign_id)).values(**values))


def reading(c: Connection, known: Campaign) -> Reading:
    """What is read of a campaign's results."""
    of = accounts.account(c, known.account_id)
    return accounts.reading(of, known.sync_level) if of is not None else Reading("NONE")


def kinds_read(c: Connection, account_id: str, campaign_id: int) -> frozenset[ResultKind]:
    """Of what its recipients did that which was read, and is read still. Of a campaign that is not known: all of it."""
    known = get(c, account_id, campaign_id)
    if known is None:
        return frozenset(ResultKind)
    return frozenset(reading(c, known).kinds) if known.results_on else frozenset()


def read_at_all(c: Connection, account_id: str) -> set[int]:
    """The campaigns of an account whose sync level is not NONE."""
    of = accounts.account(c, account_id)
    levels = ("" if of is not None and of.sync_level != "NONE" else "SUMMARY", "SUMMARY", "DETAILED")
    return set(c.execute(select(_c.id).where(_c.account_id == account_id, _c.sync_level.in_(levels))).scalars())


def set_level(c: Connection, of: EmailAccount, known: Campaign, level: str) -> None:
    """Give a campaign a sync level of its own, or `""` that of its account. Where more is read of it than before, it
    is read from the beginning."""
    widened = not accounts.reading(of, known.sync_level).holds(accounts.reading(of, level))
    values = {"sync_level": level, "read_again": True} if widened else {"sync_level": level}
    c.execute(update(campaign).where(*_is(known.account_id, known.id)).values(**values))


def record_content(c: Connection, account_id: str, campaign_id: int, text: str) -> None:
    """Keep a campaign's plain-text content as received."""
    c.execute(update(campaign).where(*_is(account_id, campaign_id)).values(body_text=text))


def record_edited(c: Connection, account_id: str, campaign_id: int, changed: Mapping[str, object]) -> None:
    """Keep what somebody has edited about a campaign since it was listed (columns of its `Header`). Its content is
    forgotten, as it may be another one too."""
    c.execute(update(campaign).where(*_is(account_id, campaign_id)).values(dict(changed) | {"body_text": ""}))


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


# Nothing of these has gone out (dotdigital_api.md 7.1); what is triggered, paused or cancelled may have reached people.
_NOT_OUT = ("", "unsent", "requiressystemapproval", "requiressmsapproval", "requiresworkflowapproval")


def _gone_out(account_id: str) -> tuple[ColumnElement[bool], ...]:
    out = func.lower(_c.status).not_in(_NOT_OUT), func.lower(_c.type).not_in(("template", "aitemplate"))
    return (_c.account_id == account_id, *out)


def without_results(c: Connection, account_id: str) -> list[int]:
    """Campaigns that have gone out and whose results were never read to the end, or are to be read again."""
    unread = or_(_c.results_on == "", _c.read_again.is_(True))
    return list(c.execute(select(_c.id).where(*_gone_out(account_id), unread).order_by(_c.id)).scalars())


def looked_at(c: Connection, account_id: str) -> list[tuple[int, str, str]]:
    """Campaigns that have gone out, with when they were sent (`""`: not known) and when their results were read last,
    those first that have not been read for longest."""
    known = select(_c.id, _c.sent_on, _c.results_on).where(*_gone_out(account_id), _c.results_on != "")
    return [tuple(row) for row in c.execute(known.order_by(_c.results_on, _c.id))]


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
