"""The shared book of what was used of the remote systems' limits: several workers take from it before they call.

Public:
    take(c, account_id, wishes, spender, now) -> {name: amount} | Busy
    settle(c, account_id, differences); uses(c, account_id, names) -> {name: [Use]}
    limits(c, account_id) -> {name: most}; learn(c, account_id, {name: most})
    told_of_others(c, account_id, limit, used, now)
    grant(c, account_id, sharer, under_way, all_at_once, now) -> int
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, select, update

from dyntui.model.budgets import OTHERS, Limit, Use, ceiling, counted, free_in
from dyntui.store.schema import budget_grant, budget_limit, budget_window, email_account
from dyntui.store.upserts import Excluded, update_many, upsert

# A connection that has not asked for so long has nothing under way any more: a call is given up sooner.
_GRANT_SECONDS = 150
_KEYS = ("account_id", "limit_name", "start", "spender")
_SETTLED = (
    update(budget_window)
    .where(
        budget_window.c.account_id == bindparam("an_account"),
        budget_window.c.limit_name == bindparam("a_limit"),
        budget_window.c.start == bindparam("a_start"),
        budget_window.c.spender == bindparam("a_spender"),
    )
    .values(amount=budget_window.c.amount + bindparam("more"))
)
# What is asked before every few calls is put together once.
_PERCENT = select(email_account.c.budget_percent).where(email_account.c.id == bindparam("an_account"))
_USES = select(
    budget_window.c.limit_name, budget_window.c.start, budget_window.c.spender, budget_window.c.amount
).where(
    budget_window.c.account_id == bindparam("an_account"),
    budget_window.c.limit_name.in_(bindparam("names", expanding=True)),
)
_OVER = delete(budget_window).where(
    budget_window.c.account_id == bindparam("an_account"),
    budget_window.c.limit_name == bindparam("a_limit"),
    budget_window.c.start <= bindparam("a_start"),
)
_UNSEEN = delete(budget_grant).where(
    budget_grant.c.account_id == bindparam("an_account"), budget_grant.c.seen < bindparam("a_moment")
)
_GRANTED_TO_OTHERS = select(func.count(), func.coalesce(func.sum(budget_grant.c.at_once), 0)).where(
    budget_grant.c.account_id == bindparam("an_account"), budget_grant.c.sharer != bindparam("a_sharer")
)


class Wish(msgspec.Struct, frozen=True):
    """What is wanted of a limit: `least`, and up to `most` for the calls that follow within the same bucket."""

    limit: Limit
    least: int
    most: int


class Difference(msgspec.Struct, frozen=True):
    """What a spender used more (or, negative, less) than it had taken in a bucket."""

    name: str
    start: int
    spender: str
    amount: int


class Busy(msgspec.Struct, frozen=True):
    """Nothing was taken: `limit` allows no more until a moment (epoch seconds)."""

    limit: Limit
    until: float


def take(c: Connection, account_id: str, wishes: Sequence[Wish], spender: str, now: float) -> dict[str, int] | Busy:
    """Takes of every limit what is wanted, as far as it is there: name -> how much; all or nothing. Of an
    email account no more than the share that dyntui may use, whatever others use."""
    _lock(c, account_id)
    _forget(c, account_id, [wish.limit for wish in wishes], now)
    by_limit = uses(c, account_id, [wish.limit.name for wish in wishes])
    taken: dict[str, int] = {}
    percent = _percent(c, account_id)
    for wish in wishes:
        inside = counted(wish.limit, by_limit.get(wish.limit.name, ()), now)
        ours = [use for use in inside if use.spender != OTHERS]
        # What everybody uses together, and what dyntui does.
        tops = ((ceiling(wish.limit, spender), inside), (ceiling(wish.limit, spender, percent), ours))
        least = min(wish.least, *(top for top, _ in tops))
        if seconds := max(free_in(wish.limit, used, now, least, top) for top, used in tops):
            return Busy(wish.limit, now + seconds)
        left = min(top - sum(use.amount for use in used) for top, used in tops)
        # Others want some too: never more than a quarter of what is left.
        taken[wish.limit.name] = max(least, min(wish.most, left // 4))
    _add(
        c,
        account_id,
        [Difference(wish.limit.name, wish.limit.bucket_at(now), spender, taken[wish.limit.name]) for wish in wishes],
    )
    return taken


def _percent(c: Connection, account_id: str) -> int:
    """The share of an email account's calls that dyntui may use; of what Dynamics allows it may use all."""
    known = c.execute(_PERCENT, {"an_account": account_id}).scalar()
    return 100 if known is None else int(known)


def settle(c: Connection, account_id: str, differences: Iterable[Difference]) -> None:
    """Corrects what was taken by what was used."""
    rows = [(account_id, each.name, each.start, each.spender, each.amount) for each in differences if each.amount]
    update_many(c, _SETTLED, ("an_account", "a_limit", "a_start", "a_spender", "more"), rows)


def uses(c: Connection, account_id: str, names: Sequence[str]) -> dict[str, list[Use]]:
    """What was used of these limits, bucket by bucket; old buckets may be among them."""
    rows = c.execute(_USES, {"an_account": account_id, "names": list(names)})
    found: dict[str, list[Use]] = {}
    for row in rows:
        found.setdefault(row.limit_name, []).append(Use(row.start, row.spender, row.amount))
    return found


def limits(c: Connection, account_id: str) -> dict[str, int]:
    """The limits that this account's answers have told of, by name: how much each is."""
    rows = c.execute(
        select(budget_limit.c.limit_name, budget_limit.c.most).where(
            budget_limit.c.account_id == account_id, budget_limit.c.limit_name != ""
        )
    )
    return {row.limit_name: row.most for row in rows}


def learn(c: Connection, account_id: str, told: Mapping[str, int]) -> None:
    """Keeps how much limits are."""
    rows = [(account_id, name, most) for name, most in told.items()]
    upsert(c, budget_limit, ("account_id", "limit_name", "most"), ("account_id", "limit_name"), rows)


def told_of_others(c: Connection, account_id: str, limit: Limit, used: int, now: float) -> None:
    """The remote system has counted so many in the window: what nobody here has used, other programs have. What was
    known of them is replaced, and counts from now on until the window is over."""
    _lock(c, account_id)
    inside = counted(limit, uses(c, account_id, [limit.name]).get(limit.name, ()), now)
    # Buckets that only count by dyntui's caution may have left the remote system's window.
    ours = sum(use.amount for use in inside if use.spender != OTHERS)
    table = budget_window.c
    c.execute(
        delete(budget_window).where(
            table.account_id == account_id, table.limit_name == limit.name, table.spender == OTHERS
        )
    )
    if used > ours:
        _add(c, account_id, [Difference(limit.name, limit.bucket_at(now), OTHERS, used - ours)])


def grant(c: Connection, account_id: str, sharer: str, under_way: int, all_at_once: int, now: float) -> int:
    """How many calls this connection may have under way: an equal part of `all_at_once`, as far as the others have
    given up theirs. What it has under way already stays its own until it is done."""
    _lock(c, account_id)
    c.execute(_UNSEEN, {"an_account": account_id, "a_moment": int(now) - _GRANT_SECONDS})
    count, held = c.execute(_GRANTED_TO_OTHERS, {"an_account": account_id, "a_sharer": sharer}).one()
    mine: int = max(1, min(all_at_once // (count + 1), all_at_once - held))
    row = (account_id, sharer, max(mine, under_way), int(now))
    upsert(c, budget_grant, ("account_id", "sharer", "at_once", "seen"), ("account_id", "sharer"), [row])
    return mine


def _lock(c: Connection, account_id: str) -> None:
    """Whoever takes from an account's budgets at the same moment waits here, on either database."""
    upsert(
        c,
        budget_limit,
        ("account_id", "limit_name", "most"),
        ("account_id", "limit_name"),
        [(account_id, "", 0)],
    )


def _add(c: Connection, account_id: str, differences: Iterable[Difference]) -> None:
    upsert(
        c,
        budget_window,
        (*_KEYS, "amount"),
        _KEYS,
        [(account_id, each.name, each.start, each.spender, each.amount) for each in differences],
        update=(),
        computed=_with_more,
    )


def _with_more(new: Excluded) -> dict[str, ColumnElement[Any]]:
    return {"amount": budget_window.c.amount + new.amount}


def _forget(c: Connection, account_id: str, some: Iterable[Limit], now: float) -> None:
    """Buckets that count no more."""
    rows = [(account_id, limit.name, int(now) - limit.window - 2 * limit.bucket) for limit in some]
    update_many(c, _OVER, ("an_account", "a_limit", "a_start"), rows)
