"""Who must not be mailed because an email account suppresses them.

Records that opted out in Dynamics are in `dyntui.store.opt_outs`, who unsubscribed from one list in
`dyntui.store.list_unsubscribes`. Addresses are normalised everywhere
(`dyntui.model.people.normalise`).

Public:
    record(c, account_id, rows, now, run_id="", item="") -> int            a page of the feed; how many were news
    supposed(c, account_id, addresses, now)        as if these were suppressed, within a block
    begin_whole(c, account_id) -> reading; end_whole(c, account_id, reading)
    unseen(c, account_id, reading, after="", limit=500)
    lift(c, account_id, reading, evidence, now, run_id="", item="") -> int     by the platform's own word
    of_others(c, account_id, since, after="", limit=500) -> list[OfOther]   whom other accounts suppress
    of_address(c, address) -> {account_id: Suppression}; lift_one(c, account_id, address)
    shown_in_feed(c, account_id, addresses) -> set[str]
    not_known(c, account_id, addresses) -> list[str]; suppressed_among(c, addresses) -> set[str]
    not_carried_out(c, account_id, asked) -> set[str]   what dotdigital has yet to be asked for
    unsaid(c, account_id, asked) -> {address: when}; said(c, account_id, asked)     what people say of bounced addresses
    count_unwritten(c, account_id); unwritten(c, account_id, limit, after="")
    written(c, account_id, addresses); tell_again(c, addresses); tell_all_again(c, account_id)
    window(c, asked, account_id="") -> Page[SuppressionRow]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import msgspec
from sqlalchemy import Connection, and_, case, delete, func, select, true, update

from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.model.paging import Page, Window
from dyntui.model.suppressions import SuppressionRow
from dyntui.store import accounts, consent_news, lifts, moved_contacts, outcomes, watermarks
from dyntui.store.chunks import in_chunks
from dyntui.store.lifts import Lift
from dyntui.store.schema import email_account, former_address, suppression
from dyntui.store.upserts import upsert
from dyntui.store.windows import contains, ordered, shown

# The reasons by which somebody is suppressed because they, or somebody for them, want it so.
BY_WILL = ("SUPPRESSED", "COMPLAINED")
# The status of what an administrator or a suppression row in Dynamics asked for (dotdigital_api.md 3.5).
BY_HAND = "Suppressed"

_f, _s = former_address.c, suppression.c
# The count of whole readings of an account.
_READINGS = "suppressed-since/readings"
# The last of them that came to its end.
_ENDED = "suppressed-since/read as a whole"


class Suppression(msgspec.Struct, frozen=True):
    """A suppressed address: the platform's status, the reason it stands for, when the person did it. `in_feed`: the
    platform itself says so, not Dynamics alone. `contact_id`: whom it names, 0 where that is not known."""

    address: str
    status: str
    reason: str
    suppressed_on: str = ""
    in_feed: bool = True
    contact_id: int = 0


def record(
    c: Connection, account_id: str, rows: Sequence[Suppression], now: str, run_id: str = "", item: str = ""
) -> int:
    """Keep suppressions as read; Dynamics has yet to be told of those that are new or changed: how many these are.
    Where an `item` of a run is named, everybody becomes a person of it: added, updated or unchanged (what the run
    itself added stays that, however often it reads it)."""
    known = _known(c, account_id, [row.address for row in rows])
    latest = {row.address: _as_kept(row, known.get(row.address)) for row in rows}
    news = [row for row in latest.values() if _differs(row, known.get(row.address))]
    told = {row.address for row in news}
    same = [row for row in latest.values() if row.address not in told]
    reading = watermarks.get(c, account_id, _READINGS)
    by_will = {row.address: row for row in news if row.reason in BY_WILL}
    _stays_theirs(c, account_id, {address: row.suppressed_on or now for address, row in by_will.items()})
    upsert(
        c,
        suppression,
        (
            "account_id",
            "address",
            "status",
            "reason",
            "suppressed_on",
            "learned_on",
            "in_dynamics",
            "in_feed",
            "listing",
            "contact_id",
        ),
        ("account_id", "address"),
        (
            (
                *(account_id, row.address, row.status, row.reason, row.suppressed_on, now),
                *(False, row.in_feed, reading, row.contact_id),
            )
            for row in news
        ),
    )
    _keep_said(
        c, account_id, ((each, row.reason, row.status, row.suppressed_on or now) for each, row in by_will.items())
    )
    upsert(
        c,
        suppression,
        ("account_id", "address", "in_feed", "listing", "contact_id"),
        ("account_id", "address"),
        ((account_id, row.address, row.in_feed, reading, row.contact_id) for row in same),
    )
    moved_contacts.met(c, {row.address: row.contact_id for row in latest.values()}, account_id=account_id)
    if news:
        consent_news.told(c)
    if item:
        outcomes.record(c, run_id, item, (_audited(row, row.address in known) for row in news))
        outcomes.record(c, run_id, item, (_audited(row, None) for row in same), first_stands=True)
    return len(news)


def _stays_theirs(c: Connection, account_id: str, dated: Mapping[str, str]) -> None:
    """Addresses whose people say no anew, at what they are `dated`: who had one when somebody said it before has said
    no still, though they gave it up before the new time."""
    for some in in_chunks(list(dated)):
        theirs = (
            select(_f.list_id, _f.address, _f.person_id, _f.gone_on)
            .join(suppression, _s.address == _f.address)
            .where(_s.account_id == account_id, _s.address.in_(some), _s.said_reason != "")
            .where(_f.gone_on != "", _f.gone_on >= _s.said_on)
        )
        upsert(
            c,
            former_address,
            ("list_id", "address", "person_id", "gone_on"),
            ("list_id", "address", "person_id"),
            [(*key, dated[key[1]]) for *key, gone_on in c.execute(theirs) if gone_on < dated[key[1]]],
        )


_SHOWN = (_s.address, _s.status, _s.reason, _s.suppressed_on, _s.in_feed, _s.contact_id)


@contextmanager
def supposed(c: Connection, account_id: str, addresses: Sequence[str], now: str) -> Iterator[None]:
    """Within the block these addresses are suppressed as somebody in Dynamics asks; what is known of any stays."""
    fresh = not_known(c, account_id, addresses)
    record(c, account_id, [Suppression(each, BY_HAND, "SUPPRESSED", now) for each in fresh], now)
    yield
    for some in in_chunks(fresh):
        c.execute(delete(suppression).where(_s.account_id == account_id, _s.address.in_(some)))


def _known(c: Connection, account_id: str, addresses: Sequence[str]) -> dict[str, Suppression]:
    known: dict[str, Suppression] = {}
    for some in in_chunks(addresses):
        found = c.execute(select(*_SHOWN).where(_s.account_id == account_id, _s.address.in_(some)))
        known |= {row.address: Suppression(*row) for row in found}
    return known


def _as_kept(row: Suppression, known: Suppression | None) -> Suppression:
    """A row that does not say when it happened keeps the time that is known; so does what somebody asked for by hand:
    the feed then tells when it was carried out. What dotdigital could not do for somebody who asked for it dates what
    is known by the request. A request ends no stronger word of a person, as long as the feed says nothing else."""
    if known is None:
        return row
    by_request = row.status == BY_HAND and not row.contact_id
    kept = known if by_request and known.reason in BY_WILL else row
    when = known.suppressed_on if row.status == known.status == BY_HAND else row.suppressed_on or known.suppressed_on
    if by_request and not row.in_feed:
        when = max(known.suppressed_on, row.suppressed_on)
    contact_id, in_feed = row.contact_id or known.contact_id, row.in_feed or known.in_feed
    return msgspec.structs.replace(kept, suppressed_on=when, in_feed=in_feed, contact_id=contact_id)


def _differs(row: Suppression, known: Suppression | None) -> bool:
    return known is None or (row.status, row.reason, row.suppressed_on) != (
        known.status,
        known.reason,
        known.suppressed_on,
    )


def _audited(row: Suppression, was_known: bool | None) -> PersonOutcome:
    named = {None: Outcome.UNCHANGED, True: Outcome.UPDATED, False: Outcome.ADDED}[was_known]
    detail = f"{row.status}, {row.suppressed_on}" if row.suppressed_on else row.status
    return PersonOutcome(person=row.address, address=row.address, outcome=named, detail=detail)


def begin_whole(c: Connection, account_id: str) -> str:
    """A reading of everything that the account suppresses begins; what names it."""
    reading = f"{int(watermarks.get(c, account_id, _READINGS) or 0) + 1:012d}"
    watermarks.put(c, account_id, _READINGS, reading)
    return reading


def end_whole(c: Connection, account_id: str, reading: str) -> None:
    """The reading has come to its end: whom it did not name dotdigital does not suppress any more."""
    watermarks.put(c, account_id, _ENDED, reading)


def unseen(c: Connection, account_id: str, reading: str, after: str = "", limit: int = 500) -> list[Suppression]:
    """Suppressions that nothing has named since the whole reading began, by address from `after` on. Where it is not
    known when somebody did it, `suppressed_on` is when it was learned."""
    since = case((_s.suppressed_on != "", _s.suppressed_on), else_=_s.learned_on).label("suppressed_on")
    rows = c.execute(
        select(*(since if each is _s.suppressed_on else each for each in _SHOWN))
        .where(_s.account_id == account_id, _s.listing < reading, _s.address > after)
        .order_by(_s.address)
        .limit(limit)
    )
    return [Suppression(*row) for row in rows]


def lift(
    c: Connection,
    account_id: str,
    reading: str,
    evidence: Mapping[str, str],
    now: str,
    run_id: str = "",
    item: str = "",
    in_force: Mapping[str, str] | None = None,
) -> int:
    """These addresses are suppressed no more, by the platform's own word (address -> what it says); how many were. What
    was named again since the whole reading began stays. They become people of the `item`: removed. `in_force`: until
    when each was suppressed for certain."""
    several = list(evidence)
    lifted: list[Lift] = []
    for chunk in in_chunks(several):
        going = (_s.account_id == account_id, _s.address.in_(chunk), _s.listing < reading)
        lifted += [
            Lift(
                kind=lifts.SUPPRESSION,
                account_id=account_id,
                address=row.address,
                reason=row.reason,
                evidence=evidence[row.address],
                in_force_until=(in_force or {}).get(row.address, ""),
            )
            for row in c.execute(select(_s.address, _s.reason).where(*going))
        ]
        c.execute(delete(suppression).where(*going))
    lifts.record(c, lifted, now)
    if item:
        gone = (
            PersonOutcome(person=each.address, address=each.address, outcome=Outcome.REMOVED, detail=each.evidence)
            for each in lifted
        )
        outcomes.record(c, run_id, item, gone)
    return len(lifted)


class OfOther(msgspec.Struct, frozen=True):
    """An address that another account suppresses. `account`: its name."""

    address: str
    status: str
    suppressed_on: str
    account: str


def of_others(c: Connection, account_id: str, since: str, after: str = "", limit: int = 500) -> list[OfOther]:
    """By address from `after` on: whom another account suppresses that has its suppressions copied, by somebody's will
    and its own word, learned at `since` or later, and who is not known to be suppressed in this account."""
    here = suppression.alias("here")
    known = select(here.c.address).where(here.c.account_id == account_id, here.c.address == _s.address).exists()
    source = func.row_number().over(partition_by=_s.address, order_by=(_s.said_on, _s.account_id))
    by_will = (_s.said_status.label("status"), _s.said_on.label("suppressed_on"))
    found = (
        select(_s.address, *by_will, email_account.c.name, source.label("place"))
        .join(email_account, email_account.c.id == _s.account_id)
        .where(
            _s.account_id != account_id,
            email_account.c.copies_suppressions.is_(True),
            _s.said_reason != "",
            _s.in_feed.is_(True),
            _s.learned_on >= since,
            _s.address > after,
            ~known,
        )
        .subquery()
    )
    columns = (found.c[name] for name in ("address", "status", "suppressed_on", "name"))
    rows = c.execute(select(*columns).where(found.c.place == 1).order_by(found.c.address).limit(limit))
    return [OfOther(*row) for row in rows]


def of_address(c: Connection, address: str) -> dict[str, Suppression]:
    """The accounts that suppress an address."""
    rows = c.execute(select(_s.account_id, *_SHOWN).where(_s.address == address).order_by(_s.account_id))
    return {row.account_id: Suppression(*row[1:]) for row in rows}


def shown_in_feed(c: Connection, account_id: str, addresses: Sequence[str]) -> set[str]:
    """Those of the addresses that dotdigital itself shows as suppressed by the account, as far as that was read."""
    found: set[str] = set()
    for some in in_chunks(addresses):
        here = (_s.account_id == account_id, _s.address.in_(some), _s.in_feed.is_(True))
        found |= set(c.execute(select(_s.address).where(*here)).scalars())
    return found


def lift_one(c: Connection, account_id: str, address: str) -> None:
    """Forget a suppression, whose lift the caller records."""
    c.execute(delete(suppression).where(_s.account_id == account_id, _s.address == address))


def suppressed_among(c: Connection, addresses: Sequence[str]) -> set[str]:
    """Those of the addresses that some account suppresses."""
    known: set[str] = set()
    for chunk in in_chunks(addresses):
        known.update(c.execute(select(_s.address).where(_s.address.in_(chunk))).scalars())
    return known


def not_known(c: Connection, account_id: str, addresses: Sequence[str]) -> list[str]:
    """Those of the addresses that are not known as suppressed in the account, in their order."""
    known: set[str] = set()
    for some in in_chunks(addresses):
        known.update(c.execute(select(_s.address).where(_s.account_id == account_id, _s.address.in_(some))).scalars())
    return [address for address in addresses if address not in known]


def not_carried_out(c: Connection, account_id: str, asked: Mapping[str, str]) -> set[str]:
    """Those of the addresses (with when somebody asked for it) that the account does not suppress as far as is known:
    nothing is known of them, or they were asked for since, and dotdigital could not do it before or its whole list does
    not name them any more."""
    ended = watermarks.get(c, account_id, _ENDED) or ""
    found = set(asked)
    for some in in_chunks(list(asked)):
        known = select(_s.address, _s.suppressed_on, _s.in_feed, _s.listing)
        for row in c.execute(known.where(_s.account_id == account_id, _s.address.in_(some))):
            if asked[row.address] <= row.suppressed_on or (row.in_feed and row.listing >= ended):
                found.discard(row.address)
    return found


def unsaid(c: Connection, account_id: str, asked: Mapping[str, str]) -> dict[str, str]:
    """Those of the addresses (with when somebody asked for it) that the account suppresses without that anybody said
    so: they bounce, or are blocked."""
    found: set[str] = set()
    for some in in_chunks(list(asked)):
        rows = select(_s.address).where(_s.account_id == account_id, _s.address.in_(some), _s.said_reason == "")
        found.update(c.execute(rows).scalars())
    return {address: when for address, when in asked.items() if address in found}


def said(c: Connection, account_id: str, asked: Mapping[str, str]) -> None:
    """Somebody asked for these suppressions, which the account has already: whoever has the address said no."""
    _keep_said(c, account_id, ((each, "SUPPRESSED", BY_HAND, when) for each, when in asked.items()))
    consent_news.told(c)


def _keep_said(c: Connection, account_id: str, rows: Iterable[tuple[str, str, str, str]]) -> None:
    upsert(
        c,
        suppression,
        ("account_id", "address", "said_reason", "said_status", "said_on"),
        ("account_id", "address"),
        ((account_id, *row) for row in rows),
    )


def count_unwritten(c: Connection, account_id: str) -> int:
    """How many suppressions Dynamics has yet to be told of."""
    return c.execute(
        select(func.count()).select_from(suppression).where(_s.account_id == account_id, _s.in_dynamics.is_(False))
    ).scalar_one()


def unwritten(c: Connection, account_id: str, limit: int, after: str = "") -> list[Suppression]:
    """The next suppressions that Dynamics has yet to be told of, by address from `after` on."""
    rows = c.execute(
        select(*_SHOWN)
        .where(_s.account_id == account_id, _s.in_dynamics.is_(False), _s.address > after)
        .order_by(_s.address)
        .limit(limit)
    )
    return [Suppression(*row) for row in rows]


def written(c: Connection, account_id: str, addresses: Sequence[str]) -> None:
    """Dynamics knows of these suppressions."""
    c.execute(
        update(suppression).where(_s.account_id == account_id, _s.address.in_(addresses)).values(in_dynamics=True)
    )


def tell_again(c: Connection, addresses: Sequence[str]) -> None:
    """Dynamics refused what these addresses ask for: the next run tells it once more."""
    c.execute(update(suppression).where(_s.address.in_(addresses)).values(in_dynamics=False))


def tell_all_again(c: Connection, account_id: str) -> None:
    """What Dynamics is to be told has changed: the next run tells everything of the account."""
    c.execute(update(suppression).where(_s.account_id == account_id).values(in_dynamics=False))


_SORTABLE = {name: _s[name] for name in ("address", "status", "reason", "suppressed_on", "learned_on")} | {
    "account": _s.account_id
}


def window(c: Connection, asked: Window, *, account_id: str = "") -> Page[SuppressionRow]:
    """Suppressions by address, of one account where given; the search looks at address and status."""
    scope = _s.account_id == account_id if account_id else true()
    matching = and_(scope, contains((_s.address, _s.status), asked.search)) if asked.search else scope
    columns = ("address", "account_id", "status", "reason", "suppressed_on", "learned_on")
    page = ordered(
        select(*(_s[name] for name in columns)).where(matching), asked.sort, _SORTABLE, (_s.address, _s.account_id)
    )
    names = accounts.names(c)
    rows = c.execute(page.offset(asked.offset).limit(asked.limit))
    found = tuple(shown(SuppressionRow, row, account=names.get(row.account_id, "")) for row in rows)
    total = c.execute(select(func.count()).select_from(suppression).where(scope)).scalar_one()
    count = select(func.count()).select_from(suppression).where(matching)
    hits = c.execute(count).scalar_one() if asked.search else total
    return Page(rows=found, matching=hits, total=total, offset=asked.offset)
