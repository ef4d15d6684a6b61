"""What is sent to dotdigital for a record: its mapped columns, converted, by label.

feeds_of(entity, mappings, labels, columns, hidden) -> Feeds        once for a run
payload(feeds, values) -> Payload                           for every record
fingerprint(address, fields) -> str                         equal means there is nothing to send
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence

import msgspec

from dyntui.model import exact_json
from dyntui.model.columns import TEXT, Column, Columns, column_at, why_hidden
from dyntui.model.conversion import ChoiceAs, Direction, Rejected, Value, convert, fits
from dyntui.model.labels import ADDRESS_LABEL, STRING_LENGTH, DataLabel, LabelType
from dyntui.model.mapping import DataMapping, address_column
from dyntui.model.people import Entity

Fields = dict[str, Value]
"""Values by label, in the order of the labels. None clears a data field."""


# Text of so many characters fits into a String data field however they are counted.
_SHORT = STRING_LENGTH // 2


class Feed(msgspec.Struct, frozen=True):
    """A column that feeds a data label. `text`: the column holds text, most of which needs no conversion."""

    label: str
    label_type: LabelType
    column: Column
    choice: ChoiceAs
    text: bool


def feed_of(label: DataLabel, column: Column, choice: ChoiceAs) -> Feed:
    """The column as it feeds the label."""
    return Feed(label.name, label.type, column, choice, column.type in TEXT)


class Feeds(msgspec.Struct, frozen=True):
    """All columns of an entity that feed labels, in the order of the labels. `left_out`: mappings that cannot be
    carried out at present, in words, each with why; `address`: the column that the address comes from."""

    entity: Entity
    feeds: tuple[Feed, ...]
    left_out: tuple[str, ...] = ()
    address: str = "emailaddress1"


class Payload(msgspec.Struct, frozen=True):
    """What is sent for a record, and the values that cannot be carried: their labels are not in `fields`."""

    fields: Fields
    rejected: tuple[Rejected, ...] = ()


def feeds_of(
    entity: Entity,
    mappings: Iterable[DataMapping],
    labels: Iterable[DataLabel],
    columns: Columns,
    hidden: Collection[str] = (),
) -> Feeds:
    """The enabled mappings of an entity to dotdigital. A mapping whose label or column is gone, or has another type
    now, or reads as empty because it is `hidden` from the service, is left out: what the data field holds stays as it
    is."""
    known = {each.name: each for each in labels if each.synchronised}
    feeds: list[Feed] = []
    left_out: list[str] = []
    several = tuple(mappings)
    for each in several:
        if not each.enabled or each.entity is not entity or each.direction is not Direction.TO_DOTDIGITAL:
            continue
        if each.label == ADDRESS_LABEL:
            continue
        label, column = known.get(each.label), column_at(columns, entity.value, each.column)
        if label is None:
            left_out.append(f"{each.words}: the email service has no data field {each.label} of the label's type")
        elif column is None:
            left_out.append(f"{each.words}: Dynamics has no such column any more")
        elif Direction.TO_DOTDIGITAL not in fits(column, label.type) or not column.readable:
            left_out.append(f"{each.words}: a {column.type} column does not go to a {label.type} label")
        elif why := why_hidden(column, hidden):
            left_out.append(f"{each.words}: {why}")
        else:
            feeds.append(feed_of(label, column, each.choice))
    in_order = tuple(sorted(feeds, key=lambda feed: feed.label))
    return Feeds(entity, in_order, tuple(left_out), address_column(several, entity))


def payload(feeds: Sequence[Feed], values: Iterable[object]) -> Payload:
    """What is sent for a record whose columns, in the order of the feeds, hold `values`. A value that is a `Rejected`
    could not even be read."""
    fields: Fields = {}
    rejected: list[Rejected] = []
    for feed, value in zip(feeds, values, strict=True):
        if feed.text and isinstance(value, str) and len(value) <= _SHORT and not value.isspace():
            fields[feed.label] = value or None
            continue
        found = (
            value
            if isinstance(value, Rejected)
            else convert(value, feed.column, feed.label_type, Direction.TO_DOTDIGITAL, choice=feed.choice)
        )
        if isinstance(found, Rejected):
            rejected.append(found)
        else:
            fields[feed.label] = found.value
    return Payload(fields, tuple(rejected))


def fingerprint(address: str, fields: Fields) -> str:
    """A stable hash of what is sent for a person: equal means there is nothing to send."""
    return hashlib.blake2b(exact_json.encode([address, fields]), digest_size=12).hexdigest()
