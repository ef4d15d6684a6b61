"""Which flags of records dyntui itself has set: those alone it may take back.

Public:
    begin(c, rows, now), begun(c) -> [(FlagSet, when)], not_set(c, rows)     about to be set, and not known to be yet
    remember(c, rows, now), of_addresses(c, addresses) -> list[FlagSet], forget(c, rows)
    wanted(c, addresses) -> {address: columns}    what is to be set for suppressed addresses, by their accounts
    of_account(c, account_id) -> columns; in_use(c) -> columns      of one account, of any
    had(c, people, now)                           people who had a suppressed address, where no flag says it for them
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from sqlalchemy import ColumnElement, Connection, case, delete, exists, func, select, tuple_

from dyntui.model.suppression_flags import SuppressionFlags
from dyntui.store.chunks import in_chunks
from dyntui.store.schema import email_account, former_address, record_flag, suppression
from dyntui.store.upserts import upsert

_f, _s = record_flag.c, suppression.c
# Where the address was found on the record itself, and not on a list.
_ON_NO_LIST = ""


class FlagSet(msgspec.Struct, frozen=True):
    """A column of a record that was set, and the suppressed address that it was set for."""

    entity: str
    person_id: str
    address: str
    flag: str


# What `set_on` begins with until it is known that a flag was set.
_BEGUN = "about to be set "


def begin(c: Connection, rows: Iterable[FlagSet], now: str) -> None:
    """These flags are not set, and dyntui is about to set them: whoever is ended in between does not say so."""
    upsert(
        c,
        record_flag,
        ("person_id", "flag", "entity", "address", "set_on"),
        ("person_id", "flag"),
        ((row.person_id, row.flag, row.entity, row.address, f"{_BEGUN}{now}") for row in rows),
        update=(),
    )


def begun(c: Connection) -> list[tuple[FlagSet, str]]:
    """The flags of which it is not known whether they were set, with when they were about to be."""
    open_ones = select(_f.entity, _f.person_id, _f.address, _f.flag, _f.set_on).where(_f.set_on.startswith(_BEGUN))
    rows = c.execute(open_ones.order_by(_f.person_id, _f.flag))
    return [(FlagSet(*row[:4]), row.set_on.removeprefix(_BEGUN)) for row in rows]


def not_set(c: Connection, rows: Sequence[FlagSet]) -> None:
    """Those of these flags that were about to be set were not, or not by dyntui."""
    for some in in_chunks(rows):
        c.execute(delete(record_flag).where(*_these(some), _f.set_on.startswith(_BEGUN)))


def _these(rows: Sequence[FlagSet]) -> tuple[ColumnElement[bool], ...]:
    # By the people an index finds them; pairs alone SQLite compares with every row.
    pairs = [(row.person_id, row.flag) for row in rows]
    return (_f.person_id.in_([person_id for person_id, _ in pairs]), tuple_(_f.person_id, _f.flag).in_(pairs))


def remember(c: Connection, rows: Iterable[FlagSet], now: str) -> None:
    """These flags were not set, and dyntui has set them."""
    upsert(
        c,
        record_flag,
        ("person_id", "flag", "entity", "address", "set_on"),
        ("person_id", "flag"),
        ((row.person_id, row.flag, row.entity, row.address, now) for row in rows),
    )


def of_addresses(c: Connection, addresses: Sequence[str]) -> list[FlagSet]:
    """The flags that were set for these addresses, as far as no account suppresses them any more."""
    found: list[FlagSet] = []
    for some in in_chunks(addresses):
        rows = c.execute(
            select(_f.entity, _f.person_id, _f.address, _f.flag)
            .where(_f.address.in_(some), ~exists().where(suppression.c.address == _f.address))
            .where(~_f.set_on.startswith(_BEGUN))
            .order_by(_f.person_id, _f.flag)
        )
        found += [FlagSet(*row) for row in rows]
    return found


def forget(c: Connection, rows: Sequence[FlagSet]) -> None:
    """These flags are not dyntui's any more."""
    for some in in_chunks(rows):
        c.execute(delete(record_flag).where(*_these(some)))


def wanted(c: Connection, addresses: Sequence[str]) -> dict[str, frozenset[str]]:
    """The columns that are to be set for those of the addresses that some account suppresses: what any of the accounts
    wants that do. An account that was disconnected wants what is usual."""
    found: dict[str, frozenset[str]] = {}
    of_account = func.coalesce(email_account.c.suppression_flags, SuppressionFlags.BULK.value)
    suppressing = suppression.outerjoin(email_account, email_account.c.id == _s.account_id)
    for some in in_chunks(addresses):
        rows = c.execute(select(_s.address, of_account).select_from(suppressing).where(_s.address.in_(some)).distinct())
        for address, flags in rows:
            found[address] = found.get(address, frozenset()) | SuppressionFlags(flags).columns
    return found


def of_account(c: Connection, account_id: str) -> frozenset[str]:
    """The columns that one account wants set."""
    chosen = c.execute(select(email_account.c.suppression_flags).where(email_account.c.id == account_id)).scalar()
    return SuppressionFlags(chosen or SuppressionFlags.BULK).columns


def in_use(c: Connection) -> frozenset[str]:
    """The columns that any account wants set."""
    chosen = c.execute(select(email_account.c.suppression_flags)).scalars()
    return frozenset[str]().union(*(SuppressionFlags(each).columns for each in chosen))


def had(c: Connection, people: Mapping[str, Iterable[str]], now: str) -> None:
    """People (by id) who had these suppressed addresses until now: no flag says it for them when they take another."""
    when = case((_s.suppressed_on == "", _s.learned_on), else_=_s.suppressed_on)
    mentioned = sorted({address for several in people.values() for address in several})
    since: dict[str, str] = {}
    for some in in_chunks(mentioned):
        rows = c.execute(select(_s.address, func.max(when)).where(_s.address.in_(some)).group_by(_s.address))
        since.update((row[0], row[1]) for row in rows)
    upsert(
        c,
        former_address,
        ("list_id", "address", "person_id", "gone_on"),
        ("list_id", "address", "person_id"),
        (
            (_ON_NO_LIST, address, person, max(now, since.get(address, "")))
            for person, several in people.items()
            for address in several
        ),
    )
