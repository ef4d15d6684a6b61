"""Where everybody of several marketing lists stands for a send: sendable, or kept out by which reasons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import CTE, ColumnElement, Connection, Label, Select, and_, case, func, literal, or_, select

from dyntui.model.outcomes import Outcome
from dyntui.store import environment, mailed_already
from dyntui.store.among import Among, address_in, person_in
from dyntui.store.bound import Value
from dyntui.store.gate_marks import code_mark, first_code, first_mark, further_codes, mark
from dyntui.store.schema import list_member, marketing_list
from dyntui.store.stand_ins import stand_ins
from dyntui.store.standing import Scope, materialised, own_reason_lists, standing, with_duplicates

_THROUGH_ANOTHER = "unsubscribed from another target list"

_m = list_member.c


class Facts(msgspec.Struct, frozen=True):
    """What the question is about, and what it depends on besides: statements about the same facts are the same.

    `own`: the combinations of the records' own gates that occur; None: it is about a few, of whom they are not asked,
    so that a question about others is the same statement. `allowed`: domains of the allow list where the account may
    mail nobody else; None: it may mail everybody.
    """

    account_id: str
    campaign_id: int
    lists: tuple[str, ...]
    own: tuple[str, ...] | None
    allowed: tuple[str, ...] | None


def facts(c: Connection, account_id: str, campaign_id: int, lists: Sequence[str], *, few: bool = False) -> Facts:
    """The facts of this moment about everybody of the lists, or about a `few` of them."""
    own = None if few else own_reason_lists(c, _scope(lists, None))
    marked = environment.is_marked(c, account_id)
    return Facts(account_id, campaign_id, tuple(lists), own, environment.allowed_domains(c) if marked else None)


def stands(count_id: Value, known: Facts, among: Among | None = None) -> CTE:
    """Where everybody of a count's lists stands by these facts, each once; or the few `among` them.

    Columns: `list_id`, `person_id`, `place`, `unsubscribed` (from how many of the lists), and the person's standing:
    `mask` (0: sendable), `detail`, `refused` (1 or 0).
    """
    best = _best_of_lists(count_id, known, among)
    return _stands(with_duplicates(best, known.account_id, known.lists, among))


def named(stands: CTE) -> tuple[Label[Any], ...]:
    """What the standing comes to in words: `outcome` (`added`: sendable), `reason`, `detail` and `also`."""
    s = stands.c
    rejected = or_(s.refused == 1, first_mark(s.mask) == mark("VALUE_REJECTED"))
    elsewhere = and_(s.mask == 0, s.unsubscribed > 0)
    left_out = case((rejected, Outcome.REJECTED.value), else_=Outcome.EXCLUDED.value)
    return (
        case((s.mask == 0, Outcome.ADDED.value), else_=left_out).label("outcome"),
        first_code(s.mask).label("reason"),
        case((elsewhere, _THROUGH_ANOTHER), else_=s.detail).label("detail"),
        case((elsewhere, "UNSUBSCRIBED_LIST"), else_=further_codes(s.mask)).label("also"),
    )


def _scope(lists: Sequence[str], among: Among | None) -> Scope:
    gone = and_(_m.has_left.is_(True), _m.outcome == Outcome.HELD.value)
    return (_m.list_id.in_(lists), person_in(among, _m.person_id), ~gone)


def _best_of_lists(count_id: Value, facts: Facts, among: Among | None) -> CTE:
    """Everybody of the lists once, through the list that gives them the best standing."""
    account_id, campaign_id, lists = facts.account_id, facts.campaign_id, facts.lists
    had = mailed_already.addresses(count_id, account_id, campaign_id, among)
    # Under another address by now, or as a record that was merged away: the person has had it all the same.
    had_elsewhere = mailed_already.people(count_id, account_id, campaign_id, among)
    merged = stand_ins("mailed_stand_ins").c
    had_before_a_merge = select(merged.survivor_id).where(
        person_in(among, merged.survivor_id),
        or_(merged.person_id.in_(had_elsewhere), and_(merged.address != "", merged.address.in_(had))),
    )
    has_had = or_(_m.address.in_(had), _m.person_id.in_(had_elsewhere), _m.person_id.in_(had_before_a_merge))
    # Whose removal was held and who is on the list now, again or still, is in the book like the others.
    in_the_book = (Outcome.ADDED, Outcome.UPDATED, Outcome.UNCHANGED, Outcome.HELD)
    done = _m.outcome.in_([each.value for each in in_the_book])
    ready = and_(done, _m.fingerprint == _m.sent_fingerprint, _m.address == _m.sent_address)
    refused = and_(_m.outcome == Outcome.REJECTED.value, _m.fingerprint == _m.rejected_fingerprint)
    state = case(
        (and_(ready, has_had), mark("ALREADY_SENT")),
        (ready, 0),
        (refused, code_mark(_m.rejected_reason)),
        else_=mark("NOT_SYNCED"),
    )
    place = case({list_id: index for index, list_id in enumerate(lists)}, value=_m.list_id) if lists else literal(0)
    left = case((_m.has_left.is_(True), mark("LEFT_LIST")), else_=0)
    # Seen in the book of one list, it is true of whoever has the address, also on a list whose book has it not.
    pending = case((_m.address.in_(_pending(account_id, lists, among)), mark("PENDING_OPT_IN")), else_=0)
    gates = code_mark(_m.channel).bitwise_or(left).bitwise_or(pending)
    if facts.allowed is not None:
        unlisted = environment.not_allowed(facts.allowed, _m.address)
        gates = gates.bitwise_or(case((unlisted, mark("NOT_ALLOW_LISTED")), else_=0))
    more = (
        gates.label("gates"),
        _m.rejected_detail.label("refusal"),
        case((refused, 1), else_=0).label("was_refused"),
        state.label("state"),
        place.label("place"),
    )
    known = standing(account_id, _scope(lists, among), facts.own, more, among).c
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


def _pending(account_id: str, lists: Sequence[str], among: Among | None) -> Select[Any]:
    """Addresses that have not confirmed their opt-in, as the books of the account's lists and of these lists say."""
    of_account = select(marketing_list.c.id).where(marketing_list.c.account_id == account_id)
    here = or_(_m.list_id.in_(list(lists)), _m.list_id.in_(of_account))
    pending = select(_m.address).where(_m.channel == "PENDING_OPT_IN", _m.address != "", here)
    return pending.where(address_in(among, _m.address)).distinct()


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
