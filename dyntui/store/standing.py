"""How members of marketing lists stand before the mail: which gates are closed, by fact, as bits of one number.

Shared by the settling of a listing and by target counts, so that both give the same person the same reason.

Public: `standing(account_id, scope, own) -> CTE`, `with_duplicates(rows, order) -> CTE`, `own_reason_lists(c, scope)`,
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
    func,
    literal,
    or_,
    select,
)

from dyntui.store.gate_marks import code_mark, first_mark, list_mark, mark
from dyntui.store.opt_outs import opted_addresses, opted_survivors
from dyntui.store.schema import list_member, list_unsubscribe, opt_out, suppression

Scope = Sequence[ColumnElement[bool]]

# Columns of Dynamics whose name says no more than the reason does.
_NAMED_BY_THE_REASON = ("", "donotemail", "donotbulkemail")


def own_reason_lists(c: Connection, scope: Scope) -> tuple[str, ...]:
    """The combinations of the records' own gates that occur among members (few: a record closes few gates)."""
    distinct = select(list_member.c.own_reasons).where(*scope, list_member.c.own_reasons != "").distinct()
    return tuple(sorted(c.execute(distinct).scalars()))


def materialised(statement: Select[Any] | CompoundSelect[Any], name: str) -> CTE:
    """The query, evaluated once per row. Otherwise the planner may copy a long expression into each of its uses."""
    return statement.cte(name).prefix_with("MATERIALIZED")


def standing(account_id: str, scope: Scope, own: Sequence[str], more: Sequence[Label[Any]] = ()) -> CTE:
    """Every member within `scope`: `list_id`, `person_id`, `entity`, `name`, `address`, `created_on`; `mask`: bits of
    the closed gates (duplicates and what the book holds are not looked at); `detail` of the first of them; `competes`:
    whether the record may have the place of its address, `in_place`: whether it has it in the book (both 1 or 0). `own`
    comes from `own_reason_lists`; `more` are further columns made of a member's own.
    """
    member = list_member.c
    addresses, survivors = opted_addresses(), opted_survivors()
    address, merged = addresses.c, survivors.c
    other = suppression.alias("elsewhere")
    elsewhere = (
        select(func.min(other.c.account_id))
        .where(other.c.address == member.address, other.c.account_id != account_id)
        .correlate(list_member)
        .scalar_subquery()
    )
    in_place = and_(member.sent_fingerprint != "", member.sent_address == member.address)
    facts = materialised(
        select(
            *(member[name] for name in ("list_id", "person_id", "entity", "name", "address", "created_on")),
            case((in_place, 1), else_=0).label("in_place"),
            list_mark(member.own_reasons, own).label("own"),
            member.own_detail,
            code_mark(opt_out.c.reason).label("opted"),
            case((opt_out.c.said_by.in_(_NAMED_BY_THE_REASON), ""), else_=opt_out.c.said_by).label("opted_detail"),
            code_mark(merged.reason).label("merged_in"),
            (literal("merged ", String) + merged.entity + literal(" ", String) + merged.person_id).label(
                "merged_detail"
            ),
            code_mark(address.reason).label("opted_address"),
            (address.entity + literal(" ", String) + address.person_id).label("address_detail"),
            code_mark(suppression.c.reason).label("suppressed"),
            case(
                (suppression.c.suppressed_on == "", suppression.c.status),
                else_=suppression.c.status + literal(", ", String) + suppression.c.suppressed_on,
            ).label("suppressed_detail"),
            func.coalesce(elsewhere, "").label("elsewhere"),
            list_unsubscribe.c.unsubscribed_on,
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
        .where(*scope),
        "facts",
    ).c
    mask = (
        facts.own.bitwise_or(facts.opted)
        .bitwise_or(facts.merged_in)
        .bitwise_or(facts.opted_address)
        .bitwise_or(facts.suppressed)
        .bitwise_or(case((facts.elsewhere != "", mark("SUPPRESSED_OTHER_ACCOUNT")), else_=0))
        .bitwise_or(case((facts.unsubscribed_on.is_not(None), mark("UNSUBSCRIBED_LIST")), else_=0))
    )
    masked = materialised(select(*facts, mask.label("mask")), "masked").c
    first = first_mark(masked.mask)
    detail = case(
        (masked.mask == 0, literal("", String)),
        (first.bitwise_and(masked.own) != 0, masked.own_detail),
        (first == masked.opted, masked.opted_detail),
        (first == masked.merged_in, masked.merged_detail),
        (first == masked.opted_address, masked.address_detail),
        (first == masked.suppressed, masked.suppressed_detail),
        (first == mark("SUPPRESSED_OTHER_ACCOUNT"), masked.elsewhere),
        (first == mark("UNSUBSCRIBED_LIST"), masked.unsubscribed_on),
        else_=literal("", String),
    )
    competes = and_(masked.own == 0, masked.unsubscribed_on.is_(None), masked.address != "")
    shown = ["list_id", "person_id", "entity", "name", "address", "created_on", "in_place", "mask"]
    shown += [each.name for each in more]
    return materialised(
        select(
            *(masked[name] for name in shown), detail.label("detail"), case((competes, 1), else_=0).label("competes")
        ),
        "standing",
    )


def with_duplicates(rows: CTE, order: Sequence[ColumnElement[Any]] = ()) -> CTE:
    """The rows of `standing` (or a choice of them), where `mask` and `detail` also say who must leave the place of an
    address to another record: of those that compete, the first by `order`, then one that has it in the book, then the
    oldest, then the lowest id keeps it.
    """
    r = rows.c
    # Of a million rows few share an address: only those are sorted.
    shared = materialised(
        select(r.address).where(r.address != "").group_by(r.address).having(func.count() > 1), "shared"
    )
    who = r.entity + literal(" ", String) + r.person_id
    named = case((r.name == "", who), else_=who + literal(" ", String) + r.name)
    keeper = func.first_value(case((r.competes == 1, named), else_="")).over(
        partition_by=r.address,
        order_by=[r.competes.desc(), *order, r.in_place.desc(), r.created_on, r.person_id],
    )
    several = r.address.in_(select(shared.c.address))
    nobody = literal("", String)
    ranked = materialised(
        select(*r, named.label("named"), keeper.label("keeper"))
        .where(several)
        .union_all(select(*r, nobody.label("named"), nobody.label("keeper")).where(~several)),
        "ranked",
    ).c
    duplicate = mark("DUPLICATE_ADDRESS")
    yields = and_(ranked.keeper != "", ranked.keeper != ranked.named)
    mask = ranked.mask.bitwise_or(case((yields, duplicate), else_=0))
    named_first = or_(ranked.mask == 0, first_mark(ranked.mask) > duplicate)
    shown = [ranked[name] for name in rows.c.keys() if name not in ("mask", "detail")]  # noqa: SIM118
    return materialised(
        select(
            *shown,
            mask.label("mask"),
            case((and_(yields, named_first), ranked.keeper), else_=ranked.detail).label("detail"),
        ),
        "placed",
    )
