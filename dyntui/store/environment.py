"""What is marked as not production, and the allow list.

Public:
    marks(c) -> list[Mark]; mark(c, account_id, by, now); unmark(c, account_id) -> bool
    allow_list(c) -> list[Allowed]; allow(c, entries, by, now); disallow(c, entries) -> int
    is_marked(c, account_id) -> bool; allowed_domains(c) -> domains; not_allowed(domains, address) -> condition
    may_be_mailed(c, account_id, address) -> bool            of one address
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Connection, delete, false, literal, or_, select

from dyntui.model.environment import Allowed, Mark
from dyntui.store.schema import allowed_address, email_account, not_production
from dyntui.store.upserts import upsert

_n = not_production.c
_a = allowed_address.c


def marks(c: Connection) -> list[Mark]:
    """What is marked: the organisation first, then the email accounts by name."""
    rows = c.execute(
        select(not_production, email_account.c.name)
        .join(email_account, email_account.c.id == _n.account_id, isouter=True)
        .order_by(_n.account_id != "", email_account.c.name)
    )
    return [
        Mark(
            account_id=row.account_id,
            account=row.name or row.account_id,
            marked_by=row.marked_by,
            marked_on=row.marked_on,
        )
        for row in rows
    ]


def mark(c: Connection, account_id: str, by: str, now: str) -> None:
    """The account, or the organisation (`""`), is not production; who said so first is kept."""
    columns = ("account_id", "marked_by", "marked_on")
    upsert(c, not_production, columns, ("account_id",), [(account_id, by, now)], update=())


def unmark(c: Connection, account_id: str) -> bool:
    """The account, or the organisation, is production; whether it was marked."""
    return bool(c.execute(delete(not_production).where(_n.account_id == account_id)).rowcount)


def allow_list(c: Connection) -> list[Allowed]:
    """The allow list, by entry."""
    rows = c.execute(select(allowed_address).order_by(_a.entry))
    return [Allowed(entry=row.entry, added_by=row.added_by, added_on=row.added_on) for row in rows]


def allow(c: Connection, entries: Iterable[str], by: str, now: str) -> None:
    """These may be mailed; `entries` as `dyntui.model.environment.entry` gives them."""
    columns = ("entry", "added_by", "added_on")
    upsert(c, allowed_address, columns, ("entry",), [(each, by, now) for each in entries], update=())


def disallow(c: Connection, entries: Iterable[str]) -> int:
    """These may not be mailed any more; how many were on the list."""
    return c.execute(delete(allowed_address).where(_a.entry.in_(list(entries)))).rowcount


def is_marked(c: Connection, account_id: str) -> bool:
    """Whether a send of the account may mail only whom the allow list names."""
    marked = select(_n.account_id).where(_n.account_id.in_(("", account_id)))
    return c.execute(marked.limit(1)).first() is not None


def allowed_domains(c: Connection) -> tuple[str, ...]:
    """The domains that the allow list names, with the @ before them."""
    return tuple(each.entry for each in allow_list(c) if each.entry.startswith("@"))


def not_allowed(domains: Sequence[str], address: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether the allow list names neither the address nor its domain (`dyntui.model.environment.is_allowed`);
    `domains`: see `allowed_domains`."""
    # Few domains, and possibly many addresses.
    of_domain = or_(*(address.endswith(each, autoescape=True) for each in domains)) if domains else false()
    return ~or_(address.in_(select(_a.entry)), of_domain)


def may_be_mailed(c: Connection, account_id: str, address: str) -> bool:
    """Whether nothing of the environment keeps one address from being mailed by the account."""
    if not is_marked(c, account_id):
        return True
    return not c.execute(select(not_allowed(allowed_domains(c), literal(address)))).scalar_one()
