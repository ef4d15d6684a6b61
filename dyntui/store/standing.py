"""How members of marketing lists stand before the mail: which gates are closed, by fact, as bits of one number.

Shared by the settling of a listing and by target counts, so that both give the same person the same reason.

Public: `standing(account_id, scope, own, more, among) -> CTE`, `with_duplicates(rows, account_id, lists, among)`,
`shared_addresses(account_id, lists, among)`, `own_reason_lists(c, scope)`, `own_reasons(scope)`,
`materialised(statement, name)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
    Connection,
    Label,
    Select,
    String,
    and_,
    case,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    union,
    union_all,
)

from dyntui.store import list_unsubscribes, suppressed_people
from dyntui.store.among import Among, address_in
from dyntui.store.bound import Value
from dyntui.store.chunks import beside
from dyntui.store.gate_marks import code_mark, codes_mark, first_mark, list_mark, mark
from dyntui.store.opt_outs import opted_addresses, opted_survivors
from dyntui.store.schema import list_member, list_unsubscribe, marketing_list, opt_out, suppression
from dyntui.store.stand_ins import into

Scope = Sequence[ColumnElement[bool]]

# What `dyntui.store.list_filters` keeps of people.
_BY_FILTERS = ("OPT_IN_TOO_WEAK", "FILTERED", "OPT_IN_TOO_WEAK,FILTERED")

# Columns of Dynamics whose name says no more than the reason does.
_NAMED_BY_THE_REASON = ("", "donotemail", "donotbulkemail")


def own_reason_lists(c: Connection, scope: Scope) -> tuple[str, ...]:
    """The combinations of the records' own gates that occur among members (few: a record closes few gates)."""
    return tuple(sorted(c.execute(own_reasons(scope)).scalars()))


def own_reasons(scope: Scope) -> Select[str]:
    """What `own_reason_lists` asks, unsorted."""
    return select(list_member.c.own_reasons).where(*scope, list_member.c.own_reasons != "").distinct()


def materialised(statement: Select[Any] | CompoundSelect[Any], name: str) -> CTE:
    """The query, evaluated once per row. Otherwise the planner may copy a long expression into each of its uses."""
    return statement.cte(name).prefix_with("MATERIALIZED")


def standing(
    account_id: Value,
    scope: Scope,
    own: Sequence[str] | None,
    more: Sequence[Label[Any]] = (),
    among: Among | None = None,
) -> CTE:
    """Every member within `scope`: `list_id`, `person_id`, `address`; `mask`: bits of the closed gates (duplicates and
    what the book holds are not looked at); `detail` of the first of them. `own` comes from `own_reason_lists`; None: it
    was not asked, of few. `more` are further columns made of a member's own. `among`: those within `scope`, where they
    are few.
    """
    member = list_member.c
    addresses, survivors = opted_addresses(among), opted_survivors(among)
    address, merged = addresses.c, survivors.c
    by_person = materialised(list_unsubscribes.people(among), "unsubscribed_people")
    as_person = by_person.c
    suppressed_as = materialised(suppressed_people.people(account_id, among), "suppressed_people")
    as_before = suppressed_as.c
    other = suppression.alias("elsewhere")
    elsewhere = (
        select(func.min(other.c.account_id))
        .where(other.c.address == member.address, other.c.account_id != account_id)
        .correlate(list_member)
        .scalar_subquery()
    )
    facts = materialised(
        select(
            *(member[name] for name in ("list_id", "person_id", "address")),
            (codes_mark(member.own_reasons) if own is None else list_mark(member.own_reasons, own)).label("own"),
            member.own_detail,
            list_mark(member.filtered, _BY_FILTERS).label("filtered"),
            member.filtered_detail,
            code_mark(opt_out.c.reason).label("opted"),
            case((opt_out.c.said_by.in_(_NAMED_BY_THE_REASON), ""), else_=opt_out.c.said_by).label("opted_detail"),
            code_mark(merged.reason).label("merged_in"),
            (merged.how + literal(" ", String) + merged.entity + literal(" ", String) + merged.person_id).label(
                "merged_detail"
            ),
            code_mark(address.reason).label("opted_address"),
            (address.entity + literal(" ", String) + address.person_id).label("address_detail"),
            code_mark(suppression.c.reason).label("suppressed"),
            case(
                (suppression.c.suppressed_on == "", suppression.c.status),
                else_=suppression.c.status + literal(", ", String) + suppression.c.suppressed_on,
            ).label("suppressed_detail"),
            code_mark(as_before.reason).label("suppressed_as"),
            as_before.detail.label("suppressed_as_detail"),
            func.coalesce(elsewhere, "").label("elsewhere"),
            func.coalesce(
                list_unsubscribe.c.unsubscribed_on,
                as_person.unsubscribed_on + literal(" as ", String) + as_person.address,
            ).label("unsubscribed_on"),
            *more,
        )
        .select_from(list_member)
        .outerjoin(opt_out, opt_out.c.person_id == member.person_id)
        .outerjoin(survivors, merged.survivor_id == member.person_id)
        .outerjoin(addresses, address.address == member.address)
        .outerjoin(suppression, and_(suppression.c.account_id == account_id, suppression.c.address == member.address))
        .outerjoin(
            list_unsubscribe,
            and_(list_unsubscribe.c.list_id == member.list_id, list_unsubscribe.c.address == member.address),
        )
        .outerjoin(suppressed_as, as_before.person_id == member.person_id)
        .outerjoin(by_person, and_(as_person.list_id == member.list_id, as_person.person_id == member.person_id))
        .where(*scope),
        "facts",
    ).c
    mask = (
        facts.own.bitwise_or(facts.filtered)
        .bitwise_or(facts.opted)
        .bitwise_or(facts.merged_in)
        .bitwise_or(facts.opted_address)
        .bitwise_or(facts.suppressed)
        .bitwise_or(facts.suppressed_as)
        .bitwise_or(case((facts.elsewhere != "", mark("SUPPRESSED_OTHER_ACCOUNT")), else_=0))
        .bitwise_or(case((facts.unsubscribed_on.is_not(None), mark("UNSUBSCRIBED_LIST")), else_=0))
    )
    masked = materialised(select(*facts, mask.label("mask")), "masked").c
    first = first_mark(masked.mask)
    detail = case(
        (masked.mask == 0, literal("", String)),
        (and_(first == mark("MERGED"), masked.own_detail == ""), func.coalesce(into(masked.person_id), "")),
        (first.bitwise_and(masked.own) != 0, masked.own_detail),
        (first.bitwise_and(masked.filtered) != 0, masked.filtered_detail),
        (first == masked.opted, masked.opted_detail),
        (first == masked.merged_in, masked.merged_detail),
        (first == masked.opted_address, masked.address_detail),
        (first == masked.suppressed, masked.suppressed_detail),
        (first == masked.suppressed_as, masked.suppressed_as_detail),
        (first == mark("SUPPRESSED_OTHER_ACCOUNT"), masked.elsewhere),
        (first == mark("UNSUBSCRIBED_LIST"), masked.unsubscribed_on),
        else_=literal("", String),
    )
    shown = ["list_id", "person_id", "address", "mask", *(each.name for each in more)]
    return materialised(select(*(masked[name] for name in shown), detail.label("detail")), "standing")


def _activated(account_id: Value) -> Select[tuple[str]]:
    return select(marketing_list.c.id).where(
        marketing_list.c.account_id == account_id,
        marketing_list.c.activated.is_(True),
        marketing_list.c.active.is_(True),
    )


def _rivals(account_id: Value, lists: Sequence[Value], table: Any) -> ColumnElement[bool]:
    """Whether a row of `list_member` (or of an alias of it) may meet others at its address: the person is on the list
    as last read, and the list is one of the account's activated ones, or one of `lists`."""
    on_one = or_(table.c.list_id.in_(list(lists)), table.c.list_id.in_(_activated(account_id)))
    return and_(table.c.address != "", table.c.has_left.is_(False), on_one)


def _by_address(account_id: Value, lists: Sequence[Value]) -> ColumnElement[bool]:
    """As `_rivals` of `list_member`, so put that SQLite goes through the index that is in the order of addresses and
    holds all that is asked, and not through the wide rows of list after list."""
    m = list_member.c
    activated = _activated(account_id)
    some = [select(literal(each, String) if isinstance(each, str) else each) for each in lists]
    anywhere = beside(m.list_id).in_(union(activated, *some))
    return and_(m.address != "", m.has_left.is_(False), anywhere)


def shared_addresses(account_id: Value, lists: Sequence[Value], among: Among | None = None) -> Select[Any]:
    """Addresses that several records on the account's lists have; of a million few."""
    m = list_member.c
    return (
        select(m.address)
        .where(_by_address(account_id, lists), address_in(among, m.address))
        .group_by(m.address)
        .having(func.min(m.person_id) != func.max(m.person_id))
    )


def _keepers(account_id: Value, lists: Sequence[Value], among: Among | None) -> CTE:
    """`address`, and who keeps it: `person_id` and `named` (type, id and name).

    A contact before a lead before an account, then the older record, then the smaller id: one record over all lists of
    the account. A record that closes a gate itself does not compete, nor does one whose person was suppressed,
    nor one on a list that the address or the person unsubscribed from, or whose filter keeps the person out.
    """
    shared = materialised(shared_addresses(account_id, lists, among), "shared")
    whose = None if among is None or among.rivals is None else Among(among.rivals, among.addresses)
    rival = list_member.alias("rival")
    r = rival.c
    unsubscribed = exists().where(list_unsubscribe.c.list_id == r.list_id, list_unsubscribe.c.address == r.address)
    by_person = list_unsubscribes.people(whose).subquery("unsubscribed_rivals").c
    as_person = exists().where(by_person.list_id == r.list_id, by_person.person_id == r.person_id)
    who = r.entity + literal(" ", String) + r.person_id
    rank = case({"contact": 0, "lead": 1, "account": 2}, value=r.entity, else_=3)
    place = func.row_number().over(partition_by=r.address, order_by=[rank, r.created_on, r.person_id, r.list_id])
    ranked = (
        select(
            r.address,
            r.person_id,
            case((r.name == "", who), else_=who + literal(" ", String) + r.name).label("named"),
            place.label("place"),
        )
        .where(
            r.address.in_(select(shared.c.address)),
            _rivals(account_id, lists, rival),
            r.own_reasons == "",
            r.filtered == "",
            ~unsubscribed,
            ~as_person,
            r.person_id.not_in(suppressed_people.person_ids(whose)),
        )
        .subquery("ranked")
    )
    keeper = select(ranked.c.address, ranked.c.person_id, ranked.c.named).where(ranked.c.place == 1)
    # SQLite expects a handful of them, and would go through all of them for everybody who is looked at. With what might
    # be every member it makes an index of them, although there is none behind it.
    nobody = select(list_member.c.address, list_member.c.person_id, list_member.c.name).where(false())
    return materialised(union_all(keeper, nobody), "keeper")


def _maybe_everybody(rows: CTE) -> CTE:
    """The same rows, of which SQLite expects as many as there are members: of a few it would go through all keepers for
    each, instead of making an index of them."""
    nobody = select(*(literal(None, each.type).label(each.name) for each in rows.c)).select_from(list_member)
    return materialised(union_all(select(*rows.c), nobody.where(false())), f"maybe_{rows.name}")


def with_duplicates(rows: CTE, account_id: Value, lists: Sequence[Value], among: Among | None = None) -> CTE:
    """The rows of `standing` (or a choice of them), where `mask` and `detail` also say who must leave the place of an
    address to another record on the account's lists (see `_keepers`); `lists` count as such whatever their state."""
    if among is None:
        rows = _maybe_everybody(rows)
    r, keeper = rows.c, _keepers(account_id, lists, among).c
    duplicate = mark("DUPLICATE_ADDRESS")
    yields = and_(keeper.person_id.is_not(None), keeper.person_id != r.person_id)
    named_first = or_(r.mask == 0, first_mark(r.mask) > duplicate)
    shown = [r[name] for name in r.keys() if name not in ("mask", "detail")]  # noqa: SIM118
    return materialised(
        select(
            *shown,
            r.mask.bitwise_or(case((yields, duplicate), else_=0)).label("mask"),
            case((and_(yields, named_first), keeper.named), else_=r.detail).label("detail"),
        ).select_from(rows.outerjoin(keeper.address.table, and_(keeper.address == r.address, r.address != ""))),
        "placed",
    )
