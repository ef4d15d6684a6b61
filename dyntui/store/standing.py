"""How members of marketing lists stand before the mail: which gates are closed, by fact, as bits of one number.

Shared by the settling of a listing and by target counts, so that both give the same person the same reason.

Public: `standing(account_id, scope, own) -> CTE`, `own_reason_lists(c, scope)`, `materialised(statement, name)`,
`duplicate_detail(winner_entity, winner_id, winner_name)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import CTE, ColumnElement, Connection, Select, String, and_, case, func, literal, select

from dyntui.store.gate_marks import first_mark, mark, marks
from dyntui.store.schema import list_member, list_unsubscribe, opt_out, suppression

Scope = Sequence[ColumnElement[bool]]


def own_reason_lists(c: Connection, scope: Scope) -> tuple[str, ...]:
    """The combinations of the records' own gates that occur among members (few: a record closes few gates)."""
    distinct = select(list_member.c.own_reasons).where(*scope, list_member.c.own_reasons != "").distinct()
    return tuple(sorted(c.execute(distinct).scalars()))


def materialised(statement: Select[Any], name: str) -> CTE:
    """The query, evaluated once per row. Otherwise the planner may copy a long expression into each of its uses."""
    return statement.cte(name).prefix_with("MATERIALIZED")


def standing(account_id: str, scope: Scope, own: Sequence[str]) -> CTE:
    """Every member within `scope`: `list_id`, `person_id`, `address`, `mask` (bits of the closed gates; duplicates and
    what the book holds are not looked at), `detail` of the first of them, and `competes`: whether the record may take
    the place of its address. `own` comes from `own_reason_lists`.
    """
    member = list_member.c
    other = suppression.alias("elsewhere")
    elsewhere = (
        select(func.min(other.c.account_id))
        .where(other.c.address == member.address, other.c.account_id != account_id)
        .correlate(list_member)
        .scalar_subquery()
    )
    facts = materialised(
        select(
            member.list_id,
            member.person_id,
            member.address,
            marks(member.own_reasons, own).label("own"),
            member.own_detail,
            marks(opt_out.c.reason).label("opted"),
            case(
                (opt_out.c.person_id == member.person_id, ""),
                else_=opt_out.c.entity + literal(" ", String) + opt_out.c.person_id,
            ).label("opted_detail"),
            marks(suppression.c.reason).label("suppressed"),
            case(
                (suppression.c.suppressed_on == "", suppression.c.status),
                else_=suppression.c.status + literal(", ", String) + suppression.c.suppressed_on,
            ).label("suppressed_detail"),
            func.coalesce(elsewhere, "").label("elsewhere"),
            list_unsubscribe.c.unsubscribed_on,
        )
        .select_from(list_member)
        .outerjoin(opt_out, opt_out.c.address == member.address)
        .outerjoin(suppression, and_(suppression.c.account_id == account_id, suppression.c.address == member.address))
        .outerjoin(
            list_unsubscribe,
            and_(list_unsubscribe.c.list_id == member.list_id, list_unsubscribe.c.address == member.address),
        )
        .where(*scope),
        "facts",
    ).c
    elsewhere_mark = case((facts.elsewhere != "", mark("SUPPRESSED_OTHER_ACCOUNT")), else_=0)
    unsubscribed_mark = case((facts.unsubscribed_on.is_not(None), mark("UNSUBSCRIBED_LIST")), else_=0)
    mask = (
        facts.own.bitwise_or(facts.opted)
        .bitwise_or(facts.suppressed)
        .bitwise_or(elsewhere_mark)
        .bitwise_or(unsubscribed_mark)
    )
    masked = materialised(select(*facts, mask.label("mask")), "masked").c
    first = first_mark(masked.mask)
    detail = case(
        (masked.mask == 0, literal("", String)),
        (first.bitwise_and(masked.own) != 0, masked.own_detail),
        (first == masked.opted, masked.opted_detail),
        (first == masked.suppressed, masked.suppressed_detail),
        (first == mark("SUPPRESSED_OTHER_ACCOUNT"), masked.elsewhere),
        (first == mark("UNSUBSCRIBED_LIST"), masked.unsubscribed_on),
        else_=literal("", String),
    )
    competes = and_(masked.own == 0, masked.unsubscribed_on.is_(None))
    return materialised(
        select(
            masked.list_id,
            masked.person_id,
            masked.address,
            masked.mask,
            detail.label("detail"),
            case((competes, 1), else_=0).label("competes"),
        ),
        "standing",
    )


def duplicate_detail(
    entity: ColumnElement[str], person_id: ColumnElement[str], name: ColumnElement[str]
) -> ColumnElement[str]:
    """The words that name the record which has the place of an address."""
    who = entity + literal(" ", String) + person_id
    return case((name == "", who), else_=who + literal(" ", String) + name)
