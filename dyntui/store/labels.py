"""Data labels of an email account.

Public:
    labels(c, account_id) -> [DataLabel]           those that every account has, while none were read
    known(c, account_id) -> bool                   whether dotdigital's data fields were ever read
    put(c, account_id, [DataLabel], now); remove(c, account_id, name)
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection, delete, exists, select

from dyntui.model.labels import DataLabel, LabelType, Visibility
from dyntui.store import missed_fields
from dyntui.store.schema import data_label
from dyntui.store.upserts import upsert

_l = data_label.c
_COLUMNS = ("name", "type", "default_value", "visibility", "description", "synchronised", "conflict")

# dotdigital's own data fields (reference/dotdigital_api.md section 6): they are fed before the first reading.
STANDARD = tuple(
    DataLabel(name=name, type=LabelType.STRING, visibility=Visibility.PUBLIC, synchronised=True)
    for name in ("FIRSTNAME", "FULLNAME", "LASTNAME")
)


def labels(c: Connection, account_id: str) -> list[DataLabel]:
    """The account's labels by name. Before the first reading of its data fields: those that every account has, and
    those that were made here."""
    found = _kept(c, account_id)
    if known(c, account_id):
        return found
    mine = {each.name for each in found}
    return sorted([*found, *(each for each in STANDARD if each.name not in mine)], key=lambda each: each.name)


def _kept(c: Connection, account_id: str) -> list[DataLabel]:
    rows = c.execute(select(*(_l[name] for name in _COLUMNS)).where(_l.account_id == account_id).order_by(_l.name))
    return [msgspec.convert(dict(zip(_COLUMNS, row, strict=True)), DataLabel) for row in rows]


def known(c: Connection, account_id: str) -> bool:
    """Whether the account's data fields were ever read."""
    there = (_l.synchronised.is_(True)) | (_l.conflict != "")
    return bool(c.execute(select(exists().where(_l.account_id == account_id, there))).scalar())


def put(c: Connection, account_id: str, changed: Iterable[DataLabel], now: str) -> None:
    """Keep labels as they are now; the others stay as they were."""
    rows = []
    for each in changed:
        plain = msgspec.to_builtins(each)
        rows.append((account_id, *(plain[name] for name in _COLUMNS), now))
    upsert(
        c,
        data_label,
        ("account_id", *_COLUMNS, "known_since"),
        ("account_id", "name"),
        rows,
        update=_COLUMNS[1:],
    )


def remove(c: Connection, account_id: str, name: str) -> None:
    """The label is no more, and its data field neither."""
    missed_fields.miss(c, account_id, [name])
    c.execute(delete(data_label).where(_l.account_id == account_id, _l.name == name))
