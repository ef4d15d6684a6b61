"""Which user of Dynamics a user of dotdigital is.

Public: `mapped(c, account_id) -> {address: MappedUser}`, `put(c, account_id, MappedUser)`, `forget(c, account_id,
address) -> bool`, `of_user(c, account_id, user_id) -> str`.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from dyntui.model.user_mapping import MappedUser
from dyntui.store.schema import user_mapping
from dyntui.store.upserts import upsert

_u = user_mapping.c
_COLUMNS = ("account_id", "dotdigital", "user_id", "name", "address", "mapped_by", "mapped_on")


def mapped(c: Connection, account_id: str) -> dict[str, MappedUser]:
    """Every choice for an email account, by the address in dotdigital."""
    rows = c.execute(select(user_mapping).where(_u.account_id == account_id))
    return {row.dotdigital: _made(row._mapping) for row in rows}


def _made(row: object) -> MappedUser:
    return MappedUser(**{name: row[name] for name in _COLUMNS if name != "account_id"})  # type: ignore[index]


def put(c: Connection, account_id: str, chosen: MappedUser) -> None:
    """Keeps a choice, in place of an earlier one for the same user of dotdigital."""
    row = (account_id, *(getattr(chosen, name) for name in _COLUMNS[1:]))
    upsert(c, user_mapping, _COLUMNS, ("account_id", "dotdigital"), [row])


def forget(c: Connection, account_id: str, address: str) -> bool:
    """Takes a choice away; whether there was one."""
    gone = delete(user_mapping).where(_u.account_id == account_id, _u.dotdigital == address)
    return bool(c.execute(gone).rowcount)


def of_user(c: Connection, account_id: str, user_id: str) -> str:
    """The address in dotdigital of a user of Dynamics; `""` where nobody has mapped them."""
    asked = select(_u.dotdigital).where(_u.account_id == account_id, _u.user_id == user_id)
    return c.execute(asked).scalar() or ""
