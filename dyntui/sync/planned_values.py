"""What goes to an address book after values were brought to Dynamics: foreseen by a plan, recognised when it is carried
out.

A value that arrives from dotdigital changes what would be sent of the record: a plan supposes the values that it is to
bring, and what Dynamics makes of them (a full name) as far as that can be told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from dyntui.model.changes import same_value
from dyntui.model.conversion import Direction, Rejected, convert
from dyntui.model.payloads import Feed, fingerprint
from dyntui.model.people import Entity
from dyntui.store import applied_changes, mappings, planned_changes
from dyntui.store.applied_changes import Place
from dyntui.store.lists import StoredList
from dyntui.store.supposed_values import Supposed, of_list, supposed
from dyntui.sync import brought_values
from dyntui.sync.mapped_fields import TYPES

_FULL_NAME: Final = "fullname"
# Dynamics makes them of other columns of a record.
_DERIVED: Final = frozenset({_FULL_NAME, "yomifullname"})
_NAMES: Final = (("firstname", "lastname"), ("lastname", "firstname"))


@contextmanager
def brought(c: Connection, run_id: str, chosen: StoredList) -> Iterator[None]:
    """Within the block the members of a list are as if the values were brought that the plan of the run is to bring."""
    feeds = _feeds(c, chosen)
    values = planned_changes.all_images(c, run_id, brought_values.ITEM, planned_changes.on_list(chosen.id))
    rows = [
        _supposed(feeds, each, values[each.person_id][1])
        for each in of_list(c, chosen.id, list(values))
        if each.address
    ]
    with supposed(c, chosen.id, rows):
        yield


def leave_out_unchanged(c: Connection, run_id: str, list_id: str) -> None:
    """Whose contact holds already what would be sent, because it came from there, is not changed by the list."""
    brought_to = list(planned_changes.all_images(c, run_id, brought_values.ITEM, planned_changes.on_list(list_id)))
    images = planned_changes.images(c, run_id, list_id, brought_to)
    alike = [
        person
        for person, (before, after) in images.items()
        if before and all(same_value(before.get(label), value) for label, value in after.items())
    ]
    planned_changes.without_change(c, run_id, list_id, alike)


def following(c: Connection, run_id: str, plan_id: str, chosen: StoredList) -> set[str]:
    """The members who wait for an import with nothing but what follows from the values that the run has brought, as
    planned."""
    feeds = _feeds(c, chosen)
    values = planned_changes.all_images(c, plan_id, brought_values.ITEM, planned_changes.on_list(chosen.id))
    place = Place(run_id, brought_values.ITEM, chosen.member_type)
    done = applied_changes.written_of(c, place, list(values))
    planned = planned_changes.images(c, plan_id, chosen.id, list(done))
    derived = {each.label for each in feeds if each.column.logical_name in _DERIVED}
    found: set[str] = set()
    for row in of_list(c, chosen.id, sorted(done)):
        sent = row.sent_fields or {}
        foreseen = (
            planned[row.person_id][1] if row.person_id in planned else _with(feeds, sent, values[row.person_id][1])
        )
        differs = {label for label, value in row.fields.items() if not same_value(value, foreseen.get(label))}
        if differs <= derived:
            found.add(row.person_id)
    return found


def _feeds(c: Connection, chosen: StoredList) -> tuple[Feed, ...]:
    return mappings.feeds(c, chosen.account_id)[Entity(chosen.member_type)].feeds


def _supposed(feeds: Sequence[Feed], row: Any, columns: Mapping[str, Any]) -> Supposed:
    fields = _with(feeds, row.fields, columns)
    sent = None if row.sent_fields is None else _with(feeds, row.sent_fields, columns, derive=False)
    return Supposed(
        person_id=row.person_id, fields=fields, fingerprint=fingerprint(row.address, fields), sent_fields=sent
    )


def _with(
    feeds: Sequence[Feed], fields: Mapping[str, Any], columns: Mapping[str, Any], *, derive: bool = True
) -> dict[str, Any]:
    """The fields by label once these columns hold their new values. `derive`: with what Dynamics makes of them."""
    after = dict(fields)
    for feed in feeds:
        column = feed.column
        if column.over is None and column.logical_name in columns:
            value = msgspec.convert(columns[column.logical_name], TYPES[column.type], strict=False)
            found = convert(value, column, feed.label_type, Direction.TO_DOTDIGITAL, choice=feed.choice)
            if not isinstance(found, Rejected):
                after[feed.label] = found.value
    labels = {feed.column.logical_name: feed.label for feed in feeds if feed.column.over is None}
    if derive and _FULL_NAME in labels:
        after[labels[_FULL_NAME]] = _full_name(labels, fields, after)
    return dict(sorted(after.items()))


def _full_name(labels: Mapping[str, str], before: Mapping[str, Any], after: Mapping[str, Any]) -> Any:
    """The full name in the order that it had before, where that can be told; else as it was."""
    full = before.get(labels[_FULL_NAME])
    for names in _NAMES:
        for between in (" ", ", "):
            if _joined(labels, before, names, between) == (full or ""):
                return _joined(labels, after, names, between) or None
    return full


def _joined(labels: Mapping[str, str], values: Mapping[str, Any], names: Sequence[str], between: str) -> str:
    return between.join(str(values[labels[each]]) for each in names if labels.get(each) and values.get(labels[each]))
