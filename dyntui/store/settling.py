"""What is to be done with everybody of a listing: by the record, by the facts of the moment, by what the book holds.

Public: `settle(c, list_id, listing, account_id, now, whole=)`, `withhold(c, list_id, listing, account_id)`,
`mark_left(c, list_id, listing)`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Insert,
    MetaData,
    Select,
    String,
    Table,
    Update,
    and_,
    case,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.schema import CreateTable, DropTable

from dyntui.model.outcomes import Outcome
from dyntui.store import dialects, held, list_unsubscribes, settled_before, suppressed_people, unsettled
from dyntui.store.among import Among
from dyntui.store.bound import text
from dyntui.store.gate_marks import code_mark, first_code, first_mark, further_codes, mark
from dyntui.store.opt_outs import is_opted_out
from dyntui.store.schema import list_member, list_unsubscribe, suppression
from dyntui.store.staging import PREVIEW
from dyntui.store.standing import (
    Scope,
    materialised,
    own_reasons,
    shared_addresses,
    standing,
    with_duplicates,
)

_m = list_member.c
_EXCLUDED = literal(Outcome.EXCLUDED.value, String)
_REJECTED = literal(Outcome.REJECTED.value, String)
_PENDING = literal("", String)


_LIST, _LISTING, _ACCOUNT, _NOW = (text(name) for name in ("list", "listing", "account", "now"))
# Whom a settling is about: `_NEWS`: where nothing that decides about the others has moved.
_EVERYBODY, _FEW, _NEWS, _WAITING = "everybody", "few", "news", "waiting"
# Whom it looks at, where that is not everybody; and who has a closed gate.
_looked_at = Table(
    "people_looked_at", MetaData(), Column("person_id", String, primary_key=True), prefixes=["TEMPORARY"]
)
_gated = Table(
    "people_gated",
    MetaData(),
    Column("person_id", String, primary_key=True),
    *(Column(name, String) for name in ("outcome", "reason", "detail", "also")),
    prefixes=["TEMPORARY"],
)


def settle(
    c: Connection, list_id: str, listing: str, account_id: str, now: str, *, whole: bool = True, there: str = ""
) -> None:
    """Decide what is to be done with everybody of a complete listing, by the facts of this moment. Once per listing:
    what the import has acknowledged since would be taken for unchanged. Not `whole`: only those are looked at of whom
    something has changed since they were settled, and, unless nothing has moved since, against whom something is known.
    `there`: what dotdigital's clock shows, by which people say no; until then who has another address now had theirs.

    The first closed gate by precedence is the reason (outcome excluded; rejected for VALUE_REJECTED), the others are
    `also`. Of several records with one address on the account's lists one is taken (`dyntui.store.standing`); the
    others are excluded, their detail names it. Who has no closed gate is unchanged, still rejected (`retry_on` lies
    after `now` and nothing changed), or pending: outcome `""`; what dotdigital itself has against them is `also`.
    """
    if whole:
        dialects.count_anew(c, list_member)
        mark_left(c, list_id, listing)
    list_unsubscribes.given_up(c, list_id, max(now, there))
    still = settled_before.stands_still(c, list_id, listing)
    whom = _EVERYBODY if whole else _NEWS if still else _FEW
    here = {_LIST.key: list_id}
    read = here | {_LISTING.key: listing}
    with _looking_at(c, whom, here | {_ACCOUNT.key: account_id}):
        with _naming_gates(c, whom, reasons=read, gates=read | {_ACCOUNT.key: account_id}):
            c.execute(_opened(whom), read)
            _close(c, list_id, listing)
        c.execute(_settled(whom), read | {_NOW.key: now})
        held.settle(c, list_id, listing, _looked(whom))
    settled_before.keep(c, list_id, listing)


def withhold(c: Connection, list_id: str, listing: str, account_id: str) -> None:
    """Of those who wait to be imported nobody is who has opted out since the listing was settled: the gate that has
    closed is their outcome."""
    here = {_LIST.key: list_id}
    with _naming_gates(c, _WAITING, reasons=here, gates=here | {_ACCOUNT.key: account_id}):
        _close(c, list_id, listing)


@contextmanager
def _looking_at(c: Connection, whom: str, values: dict[str, str]) -> Iterator[None]:
    """Where few are looked at, they are in `_looked_at`."""
    if whom not in (_FEW, _NEWS):
        yield
        return
    c.execute(CreateTable(_looked_at))
    c.execute(_to_be_looked_at(whom), values)
    yield
    c.execute(DropTable(_looked_at))


@functools.cache
def _to_be_looked_at(whom: str) -> Insert:
    people = unsettled.with_gates(_LIST, _ACCOUNT) if whom == _FEW else unsettled.moving(_LIST)
    return insert(_looked_at).from_select(["person_id"], people)


def _looked(whom: str) -> Scope:
    return (_m.person_id.in_(select(_looked_at.c.person_id)),) if whom in (_FEW, _NEWS) else ()


def _scope(whom: str) -> Scope:
    if whom == _WAITING:
        return (_m.list_id == _LIST, _m.listing != PREVIEW, _m.outcome == "", _m.has_left.is_(False))
    return (_m.list_id == _LIST, _m.listing == _LISTING, *_looked(whom))


@functools.cache
def _opened(whom: str) -> Update:
    """Who has no closed gate any more, and who has left the list since."""
    has_gate = _m.person_id.in_(select(_gated.c.person_id))
    over = (_m.list_id == _LIST, *_looked(whom), _m.gated_by == _LISTING, ~has_gate)
    return update(list_member).where(*over).values(gated_by="", news=True)


@functools.cache
def _settled(whom: str) -> Update:
    """Who has no closed gate is unchanged, still rejected, or waits to be imported."""
    waiting = and_(_m.fingerprint == _m.rejected_fingerprint, _m.retry_on > _NOW)
    becomes = case(
        (and_(_m.fingerprint == _m.sent_fingerprint, _m.address == _m.sent_address), Outcome.UNCHANGED.value),
        (waiting, _REJECTED),
        else_=_PENDING,
    )
    values: dict[str, ColumnElement[Any]] = {
        "outcome": becomes,
        "reason": case((becomes == _REJECTED, _m.rejected_reason), else_=""),
        "detail": case((becomes == _REJECTED, _m.rejected_detail), else_=""),
        "also": _m.channel,
    }
    differs = or_(*(_m[name] != value for name, value in values.items()))
    return update(list_member).where(*_scope(whom), _m.gated_by != _LISTING, differs).values(**values, news=True)


def _close(c: Connection, list_id: str, listing: str) -> None:
    """Whoever has a closed gate is excluded, or rejected, by it."""
    c.execute(_closed(), {_LIST.key: list_id, _LISTING.key: listing})


@functools.cache
def _closed() -> Update:
    g = _gated.c
    now = {name: g[name] for name in ("outcome", "reason", "detail", "also")}
    differs = or_(_m.gated_by != _LISTING, *(_m[name] != value for name, value in now.items()))
    same_person = (_m.list_id == _LIST, _m.person_id == g.person_id)
    return update(list_member).where(*same_person, differs).values(**now, gated_by=_LISTING, news=True)


def mark_left(c: Connection, list_id: str, listing: str) -> None:
    """A listing is complete: whom it did not see is not on the list."""
    gone = _m.listing != listing
    c.execute(update(list_member).where(_m.list_id == list_id, _m.has_left != gone).values(has_left=gone, news=True))


@contextmanager
def _naming_gates(c: Connection, whom: str, *, reasons: dict[str, str], gates: dict[str, str]) -> Iterator[None]:
    """Who of them has a closed gate, with the outcome and the reasons, is in `_gated`. `reasons`, `gates`: the
    values of the two statements."""
    own = tuple(sorted(c.execute(_own_reasons(whom), reasons).scalars()))
    c.execute(CreateTable(_gated))
    c.execute(_with_gates(whom, own), gates)
    yield
    c.execute(DropTable(_gated))


@functools.cache
def _own_reasons(whom: str) -> Select[str]:
    return own_reasons(_scope(whom))


# Two or three for each combination of own gates that the lists settled last have. Of each it is some MB of the service;
# to put one together again takes twenty milliseconds.
@functools.lru_cache(maxsize=16)
def _with_gates(whom: str, own: tuple[str, ...]) -> Insert:
    shared = shared_addresses(_ACCOUNT, [_LIST])
    unsubscribed = list_unsubscribes.people().subquery("unsubscribed").c
    # Few of a million have any: the others are not looked at one by one.
    concerned = or_(
        _m.own_reasons != "",
        _m.filtered != "",
        is_opted_out(_m.person_id, _m.address),
        _m.address.in_(select(suppression.c.address)),
        _m.address.in_(select(list_unsubscribe.c.address).where(list_unsubscribe.c.list_id == _LIST)),
        _m.person_id.in_(select(unsubscribed.person_id).where(unsubscribed.list_id == _LIST)),
        _m.person_id.in_(suppressed_people.person_ids()),
        _m.address.in_(shared),
    )
    channel = (_m.channel.label("channel"),)
    looked = _looked(whom)
    among = None
    if whom == _NEWS:
        theirs = select(list_member.c.address).where(_m.list_id == _LIST, *looked)
        among = Among(select(_looked_at.c.person_id), theirs)
    facts = standing(_ACCOUNT, _scope(whom) if looked else (*_scope(whom), concerned), own, channel, among)
    placed = with_duplicates(facts, _ACCOUNT, [_LIST], among).c
    # What the functions of marks are asked of is a column: they write it many times.
    stands = materialised(
        select(*placed, code_mark(placed.channel).bitwise_or(placed.mask).label("closed")).where(placed.mask != 0),
        "with_closed_gates",
    ).c
    first = first_mark(stands.mask)
    # What dotdigital has against the person is no gate of a synchronisation: it stands behind those that are.
    behind = stands.channel + case((further_codes(stands.mask) == "", ""), else_="," + further_codes(stands.mask))
    named = select(
        stands.person_id,
        case((first == mark("VALUE_REJECTED"), _REJECTED), else_=_EXCLUDED),
        first_code(stands.mask),
        stands.detail,
        case((first_mark(stands.closed) == first, further_codes(stands.closed)), else_=behind),
    )
    return insert(_gated).from_select(list(_gated.c.keys()), named)
