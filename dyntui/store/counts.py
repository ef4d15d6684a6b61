"""Email Campaign Targets Counts: the people of several marketing lists, each once, each with one outcome.

A count is a snapshot: exactly those with outcome `added` are sendable, and a send addresses nobody else. Later facts
can only take people out of it (`recheck`, `resolve`). Always potential == sendable + the sum over the exclusions.

Public:
    snapshot(c, NewCount) -> Count; get(c, count_id) -> Count | None; counts(c, count_id) -> tuple[ReasonCount, ...]
    recheck(c, count_id) -> int                                         how many more are left out
    sendable_batch(c, count_id, limit, after="") -> list[TargetPerson]; sendable_addresses(c, count_id) -> {address: id}
    addresses(c, count_id) -> frozenset[str]                            of everybody, mailed or not
    resolve(c, count_id, rows) -> int                                   what became of people on the way to the send
    copy_outcomes(c, run_id, item_id, count_id) -> int
    window(c, PeopleWindow) -> Found[CountedPerson]; delete_older_than(c, moment) -> int
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Row,
    Select,
    String,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from dyntui.model.outcomes import Outcome, ReasonCount
from dyntui.store import outcomes, sequences
from dyntui.store.failures import vanished
from dyntui.store.gate_marks import code_mark, first_code, first_mark, further_codes, mark, split
from dyntui.store.schema import (
    list_member,
    marketing_list,
    merged_record,
    outcome,
    recipient,
    send,
    suppression,
    target_count,
    target_person,
)
from dyntui.store.standing import materialised, own_reason_lists, standing, with_duplicates
from dyntui.store.upserts import update_many
from dyntui.store.windows import Found, contains, ordered

_m = list_member.c
_p = target_person.c
_SENDABLE = Outcome.ADDED.value
_THROUGH_ANOTHER = "unsubscribed from another target list"


class NewCount(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be counted. `lists`: ids, of which the first has its say where a person is in several."""

    id: str
    account_id: str
    campaign_id: int
    lists: Sequence[str]
    counted_on: str
    suppressions_as_of: str = ""


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """A count. `counts`: by outcome and reason, those sendable (`added`) among them."""

    id: str
    account_id: str
    campaign_id: int
    lists: tuple[str, ...]
    counted_on: str
    suppressions_as_of: str
    potential: int
    counts: tuple[ReasonCount, ...]

    @property
    def sendable(self) -> int:
        """How many people will be mailed."""
        return sum(each.people for each in self.counts if each.outcome is Outcome.ADDED)

    @property
    def excluded(self) -> tuple[ReasonCount, ...]:
        """Who will not, by reason."""
        return tuple(each for each in self.counts if each.outcome is not Outcome.ADDED)


class TargetPerson(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody to be mailed."""

    person_id: str
    entity: str
    name: str
    address: str
    fields: dict[str, Any]
    contact_id: int | None


class Resolved(msgspec.Struct, frozen=True):
    """What became of a sendable person on the way to the send: `added` (still sendable), or left out with a reason."""

    person_id: str
    outcome: Outcome
    reason: str = ""
    detail: str = ""
    contact_id: int | None = None


class CountedPerson(msgspec.Struct, frozen=True, kw_only=True):
    """A person of a count."""

    person: str
    entity: str
    name: str
    address: str
    outcome: Outcome
    reason: str
    detail: str
    also: tuple[str, ...]


class PeopleWindow(msgspec.Struct, frozen=True, kw_only=True):
    """Which people of a count are wanted; `sendable`: those who will be mailed, else by `reason` where given."""

    count_id: str
    sendable: bool = False
    reason: str = ""
    offset: int = 0
    limit: int = 200
    search: str = ""
    sort: str = ""


def snapshot(c: Connection, new: NewCount) -> Count:
    """Count the people of the lists, and keep them.

    A record in several lists is one person: sendable if any list makes it so, else with the best of its reasons by
    precedence. Of several records with one address one may be mailed, the same over all lists of the account. Facts
    newer than the lists' last synchronisation count: opt-outs, suppressions and unsubscribes as known now. Who has had
    the campaign is ALREADY_SENT, who has left since LEFT_LIST. Who is not in the book as read last is NOT_SYNCED, or as
    dotdigital refused them. People who left and whose removal is held are nobody's recipients.
    """
    c.execute(
        insert(target_count).values(
            id=new.id,
            account_id=new.account_id,
            campaign_id=new.campaign_id,
            lists=list(new.lists),
            counted_on=new.counted_on,
            suppressions_as_of=new.suppressions_as_of,
        )
    )
    best = _best_of_lists(c, new.id, new.account_id, new.campaign_id, new.lists)
    stands = _stands(with_duplicates(best, new.account_id, new.lists))
    s = stands.c
    rejected = or_(s.refused == 1, first_mark(s.mask) == mark("VALUE_REJECTED"))
    elsewhere = and_(s.mask == 0, s.unsubscribed > 0)
    people = (
        select(
            literal(new.id, String),
            _m.person_id,
            func.row_number().over(order_by=[s.place, _m.seq, _m.person_id]) - 1,
            *(_m[name] for name in ("entity", "name", "address", "fields", "contact_id")),
            case((s.mask == 0, _SENDABLE), (rejected, Outcome.REJECTED.value), else_=Outcome.EXCLUDED.value),
            first_code(s.mask),
            case((elsewhere, _THROUGH_ANOTHER), else_=s.detail),
            case((elsewhere, "UNSUBSCRIBED_LIST"), else_=further_codes(s.mask)),
        )
        .select_from(stands)
        .join(list_member, and_(_m.list_id == s.list_id, _m.person_id == s.person_id))
    )
    columns = ("count_id", "person_id", "seq", "entity", "name", "address", "fields", "contact_id")
    c.execute(insert(target_person).from_select([*columns, "outcome", "reason", "detail", "also"], people))
    potential = sequences.following(c, target_person, (_p.count_id == new.id,))
    c.execute(update(target_count).where(target_count.c.id == new.id).values(potential=potential))
    made = get(c, new.id)
    if made is None:
        raise vanished("a target count")
    return made


def _mailed(column: ColumnElement[Any], count_id: str, account_id: str, campaign_id: int) -> Select[Any]:
    """Of the people of the campaign's other sends whom those mailed, are mailing, or may have mailed.

    Of a send that was cancelled nobody can tell whom it reached before: all have had it, until somebody has found out
    otherwise.
    """
    return (
        select(column)
        .join(send, send.c.count_id == _p.count_id)
        .where(
            send.c.account_id == account_id,
            send.c.campaign_id == campaign_id,
            send.c.count_id != count_id,
            or_(send.c.state.in_(("Sending", "Sent")), send.c.doubt == "cancelled", send.c.decision == "mailed"),
            send.c.decision != "not mailed",
            _p.outcome == _SENDABLE,
        )
    )


def _had(count_id: str, account_id: str, campaign_id: int) -> Select[Any]:
    """The addresses that had the campaign already, by its other sends and by what dotdigital says of its recipients."""
    earlier = _mailed(_p.address, count_id, account_id, campaign_id)
    return select(earlier.union(_seen_mailed(account_id, campaign_id)).subquery("had"))


def _pending(account_id: str, lists: Sequence[str]) -> Select[Any]:
    """Addresses that have not confirmed their opt-in, as the books of the account's lists and of these lists say."""
    of_account = select(marketing_list.c.id).where(marketing_list.c.account_id == account_id)
    here = or_(_m.list_id.in_(list(lists)), _m.list_id.in_(of_account))
    return select(_m.address).where(_m.channel == "PENDING_OPT_IN", _m.address != "", here).distinct()


def _best_of_lists(c: Connection, count_id: str, account_id: str, campaign_id: int, lists: Sequence[str]) -> CTE:
    """Everybody of the lists once, through the list that gives them the best standing."""
    gone = and_(_m.has_left.is_(True), _m.outcome == Outcome.HELD.value)
    scope = (_m.list_id.in_(lists), ~gone)
    had = _had(count_id, account_id, campaign_id)
    # Under another address by now, or as a record that was merged away: the person has had it all the same.
    had_elsewhere = _mailed(_p.person_id, count_id, account_id, campaign_id)
    merged = merged_record.c
    had_before_a_merge = select(merged.survivor_id).where(
        or_(merged.person_id.in_(had_elsewhere), and_(merged.address != "", merged.address.in_(had)))
    )
    has_had = or_(_m.address.in_(had), _m.person_id.in_(had_elsewhere), _m.person_id.in_(had_before_a_merge))
    done = _m.outcome.in_((Outcome.ADDED.value, Outcome.UPDATED.value, Outcome.UNCHANGED.value))
    ready = and_(done, _m.fingerprint == _m.sent_fingerprint, _m.address == _m.sent_address)
    refused = and_(_m.outcome == Outcome.REJECTED.value, _m.fingerprint == _m.rejected_fingerprint)
    state = case(
        (and_(ready, has_had), mark("ALREADY_SENT")),
        (ready, 0),
        (refused, code_mark(_m.rejected_reason)),
        (_m.outcome == Outcome.HELD.value, mark("REMOVAL_HELD")),
        else_=mark("NOT_SYNCED"),
    )
    place = case({list_id: index for index, list_id in enumerate(lists)}, value=_m.list_id) if lists else literal(0)
    left = case((_m.has_left.is_(True), mark("LEFT_LIST")), else_=0)
    # Seen in the book of one list, it is true of whoever has the address, also on a list whose book has it not.
    pending = case((_m.address.in_(_pending(account_id, lists)), mark("PENDING_OPT_IN")), else_=0)
    gates = code_mark(_m.channel).bitwise_or(left).bitwise_or(pending)
    more = (
        gates.label("gates"),
        _m.rejected_detail.label("refusal"),
        case((refused, 1), else_=0).label("was_refused"),
        state.label("state"),
        place.label("place"),
    )
    known = standing(account_id, scope, own_reason_lists(c, scope), more).c
    # What dotdigital has against the person, and having left, keep nobody out of a book, but out of every send.
    mask = known.mask.bitwise_or(known.gates)
    first_of_gates = first_mark(mask) != first_mark(known.mask)
    others = [known[name] for name in ("list_id", "person_id", "address", "state", "place", "refusal", "was_refused")]
    k = materialised(
        select(*others, mask.label("mask"), case((first_of_gates, ""), else_=known.detail).label("detail")), "gated"
    ).c
    rank = func.row_number().over(partition_by=k.person_id, order_by=[first_mark(_with_state(k)), k.place])
    left_some = func.sum(case((k.mask.bitwise_and(mark("UNSUBSCRIBED_LIST")) != 0, 1), else_=0))
    ranked = select(*k, rank.label("best"), left_some.over(partition_by=k.person_id).label("unsubscribed")).subquery(
        "ranked_lists"
    )
    shown = (ranked.c[name] for name in (*k.keys(), "unsubscribed"))
    return materialised(select(*shown).where(ranked.c.best == 1), "best_of_lists")


def _with_state(row: Any) -> ColumnElement[int]:
    """The mask, and where no gate is closed, what keeps the person out of the book."""
    combined: ColumnElement[int] = case((row.mask == 0, row.state), else_=row.mask)
    return combined


def _refused(row: Any) -> ColumnElement[bool]:
    """Whether dotdigital's refusal is what keeps the person out."""
    return and_(row.mask == 0, row.was_refused == 1)


def _stands(rows: CTE) -> CTE:
    """`list_id`, `person_id`, `place`, `unsubscribed` (from how many of the lists), and the person's standing: `mask`,
    `detail`, `refused` (1 or 0)."""
    row = rows.c
    return materialised(
        select(
            row.list_id,
            row.person_id,
            row.place,
            row.unsubscribed,
            _with_state(row).label("mask"),
            case((_refused(row), row.refusal), else_=row.detail).label("detail"),
            case((_refused(row), 1), else_=0).label("refused"),
        ),
        "stands",
    )


def get(c: Connection, count_id: str) -> Count | None:
    """A count as it stands now."""
    row = c.execute(select(target_count).where(target_count.c.id == count_id)).one_or_none()
    if row is None:
        return None
    return Count(**dict(row._mapping) | {"lists": tuple(row.lists), "counts": counts(c, count_id)})


def counts(c: Connection, count_id: str) -> tuple[ReasonCount, ...]:
    """The people of a count by outcome and reason."""
    rows = c.execute(
        select(_p.outcome, _p.reason, func.count().label("people"))
        .where(_p.count_id == count_id)
        .group_by(_p.outcome, _p.reason)
        .order_by(_p.outcome, _p.reason)
    )
    return tuple(ReasonCount(Outcome(row.outcome), row.reason, row.people) for row in rows)


def through_another_list(c: Connection, count_id: str) -> int:
    """How many of the sendable unsubscribed from one of the target lists, and are mailed through another."""
    left_one = and_(_p.count_id == count_id, _p.outcome == _SENDABLE, _p.also == "UNSUBSCRIBED_LIST")
    return c.execute(select(func.count()).select_from(target_person).where(left_one)).scalar_one()


def recheck(c: Connection, count_id: str) -> int:
    """Apply the facts of this moment to those who are sendable; how many more are left out. Nobody is ever added.

    Who is in none of the lists any more is left out as LEFT_LIST, who has another address there as NOT_SYNCED.
    """
    counted = get(c, count_id)
    if counted is None:
        raise KeyError(count_id)
    sendable = and_(_p.count_id == count_id, _p.outcome == _SENDABLE)
    best = _best_of_lists(c, counted.id, counted.account_id, counted.campaign_id, counted.lists)
    stands = _stands(with_duplicates(best, counted.account_id, counted.lists)).c
    rejected = or_(stands.refused == 1, first_mark(stands.mask) == mark("VALUE_REJECTED"))
    before = counted.sendable
    c.execute(
        update(target_person)
        .where(sendable, _p.person_id == stands.person_id, stands.mask != 0)
        .values(
            outcome=case((rejected, Outcome.REJECTED.value), else_=Outcome.EXCLUDED.value),
            reason=first_code(stands.mask),
            detail=stands.detail,
            also=further_codes(stands.mask),
        )
    )
    there = exists().where(_m.list_id.in_(counted.lists), _m.person_id == _p.person_id, _m.has_left.is_(False))
    gone = update(target_person).where(sendable, ~there)
    c.execute(gone.values(outcome=Outcome.EXCLUDED.value, reason="LEFT_LIST", detail="", also=""))
    moved = update(target_person).where(sendable, ~there.where(_m.address == _p.address))
    named = {
        "outcome": Outcome.EXCLUDED.value,
        "reason": "NOT_SYNCED",
        "detail": "has another address by now",
        "also": "",
    }
    c.execute(moved.values(named))
    # Counted, as SQLite's driver knows no row count for a statement that begins with WITH.
    still = c.execute(select(func.count()).select_from(target_person).where(sendable)).scalar_one()
    return before - still


def sendable_batch(c: Connection, count_id: str, limit: int, after: str = "") -> list[TargetPerson]:
    """The next people to be mailed, by person id from `after` on."""
    rows = c.execute(
        select(*(_p[name] for name in TargetPerson.__struct_fields__))
        .where(_p.count_id == count_id, _p.outcome == _SENDABLE, _p.person_id > after)
        .order_by(_p.person_id)
        .limit(limit)
    )
    return [TargetPerson(**row._mapping) for row in rows]


def sendable_addresses(c: Connection, count_id: str) -> dict[str, str]:
    """Everybody to be mailed: address -> person id."""
    rows = c.execute(select(_p.address, _p.person_id).where(_p.count_id == count_id, _p.outcome == _SENDABLE))
    return {row.address: row.person_id for row in rows}


def addresses(c: Connection, count_id: str) -> frozenset[str]:
    """The addresses of everybody in the count, mailed or not."""
    return frozenset(c.execute(select(_p.address).where(_p.count_id == count_id, _p.address != "")).scalars())


def _seen_mailed(account_id: str, campaign_id: int) -> Select[Any]:
    """The addresses that dotdigital shows as mailed the campaign, as far as that was read. Its feed names recipients
    and nobody else (dotdigital_api.md 7.6): one without a date that can be read was mailed as well."""
    of_campaign = (recipient.c.account_id == account_id, recipient.c.campaign_id == campaign_id)
    return select(recipient.c.address).where(*of_campaign, recipient.c.address != "")


def mailed_before(c: Connection, account_id: str, campaign_id: int, count_id: str) -> int:
    """How many dotdigital shows as mailed the campaign, as far as that was read, who are not to be mailed by a send to
    the count."""
    own = select(_p.address).where(_p.count_id == count_id, _p.outcome == _SENDABLE)
    others = _seen_mailed(account_id, campaign_id).where(recipient.c.address.not_in(own)).subquery("others")
    return int(c.execute(select(func.count()).select_from(others)).scalar_one())


def not_seen_mailed(c: Connection, account_id: str, campaign_id: int, count_id: str) -> int:
    """How many of those whom a send to the count was to mail dotdigital does not show as mailed, without those who are
    suppressed by now: it has left them out."""
    banned = select(suppression.c.address).where(suppression.c.account_id == account_id)
    unseen = (
        _p.count_id == count_id,
        _p.outcome == _SENDABLE,
        _p.address.not_in(_seen_mailed(account_id, campaign_id)),
        _p.address.not_in(banned),
    )
    return int(c.execute(select(func.count()).select_from(target_person).where(*unseen)).scalar_one())


def contact_ids(c: Connection, count_id: str, person_ids: Iterable[str]) -> list[int]:
    """The contacts that these people became, where that is known."""
    wanted = set(person_ids)
    if not wanted:
        return []
    rows = c.execute(select(_p.person_id, _p.contact_id).where(_p.count_id == count_id, _p.contact_id.is_not(None)))
    return [row.contact_id for row in rows if row.person_id in wanted]


def resolve(c: Connection, count_id: str, rows: Iterable[Resolved]) -> int:
    """Keep what became of sendable people; how many it were. Who had been left out stays so."""
    contact = bindparam("b_contact", type_=_p.contact_id.type)
    statement = (
        update(target_person)
        .where(
            _p.count_id == bindparam("b_count", type_=String),
            _p.person_id == bindparam("b_person", type_=String),
            _p.outcome == _SENDABLE,
        )
        .values(
            outcome=bindparam("b_outcome", type_=String),
            reason=bindparam("b_reason", type_=String),
            detail=bindparam("b_detail", type_=String),
            contact_id=func.coalesce(contact, _p.contact_id),
        )
    )
    names = ("b_outcome", "b_reason", "b_detail", "b_contact", "b_count", "b_person")
    return update_many(
        c,
        statement,
        names,
        ((row.outcome.value, row.reason, row.detail, row.contact_id, count_id, row.person_id) for row in rows),
    )


def copy_outcomes(c: Connection, run_id: str, item_id: str, count_id: str) -> int:
    """Keep what became of everybody as the people of a run's item (those mailed are `added`); how many."""
    columns = ("person_id", "seq", "entity", "name", "address", "outcome", "reason", "detail", "also")
    people = select(literal(run_id, String), literal(item_id, String), *(_p[name] for name in columns))
    outcomes.clear(c, run_id, item_id)
    c.execute(insert(outcome).from_select(["run_id", "item_id", *columns], people.where(_p.count_id == count_id)))
    return sum(each.people for each in outcomes.recount(c, run_id, item_id))


_SORTABLE = {name: _p[name] for name in ("entity", "name", "address", "outcome", "reason", "detail")}


def window(c: Connection, asked: PeopleWindow) -> Found[CountedPerson]:
    """People of a count, in the order of their lists; the search looks at name and address."""
    scope = (_p.count_id == asked.count_id,)
    narrowed: list[ColumnElement[bool]] = list(scope)
    if asked.sendable:
        narrowed.append(_p.outcome == _SENDABLE)
    elif asked.reason:
        narrowed += [_p.outcome.in_((Outcome.EXCLUDED.value, Outcome.REJECTED.value)), _p.reason == asked.reason]
    if asked.search:
        narrowed.append(contains((_p.name, _p.address), asked.search))
    total = sequences.following(c, target_person, scope)
    whole = len(narrowed) == 1
    matching = total
    if not whole:
        matching = c.execute(select(func.count()).select_from(target_person).where(*narrowed)).scalar_one()
    keys = select(_p.person_id).where(*narrowed)
    if whole and not asked.sort:
        keys = keys.where(_p.seq >= asked.offset).order_by(_p.seq)
    else:
        keys = ordered(keys, asked.sort, _SORTABLE, (_p.seq,)).offset(asked.offset)
    shown = keys.limit(asked.limit).subquery("shown")
    page = select(target_person).join(shown, shown.c.person_id == _p.person_id).where(*scope)
    rows = c.execute(ordered(page, asked.sort, _SORTABLE, (_p.seq,))).all()
    return Found(tuple(_counted(row) for row in rows), matching, total)


def _counted(row: Row[Any]) -> CountedPerson:
    return CountedPerson(
        person=row.person_id,
        entity=row.entity,
        name=row.name,
        address=row.address,
        outcome=Outcome(row.outcome),
        reason=row.reason,
        detail=row.detail,
        also=split(row.also),
    )


def delete_older_than(c: Connection, moment: str) -> int:
    """Forget the counts made before `moment` that no send took; how many."""
    taken = select(send.c.count_id)
    old = and_(target_count.c.counted_on < moment, target_count.c.id.not_in(taken))
    return c.execute(delete(target_count).where(old)).rowcount
