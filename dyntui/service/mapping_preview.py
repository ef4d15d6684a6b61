"""What data mappings make of real people: the value on each side, before and after, in both directions. Nothing is
written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.member_tables import MEMBER_TABLES
from dyntui.dataverse.query import guid
from dyntui.dotdigital import contacts
from dyntui.model.columns import Column, Columns, column_at
from dyntui.model.conversion import Converted, Direction, Rejected, Value, convert, fits
from dyntui.model.labels import ADDRESS_LABEL, DataLabel, LabelType
from dyntui.model.mapping import DataMapping, address_column
from dyntui.model.payloads import Feed, Feeds, feed_of
from dyntui.model.people import Entity, is_address, normalise
from dyntui.service.contract.mappings import PreviewPerson, PreviewValue
from dyntui.service.resources import Resources
from dyntui.store import mapped_people
from dyntui.sync.having_address import pages_having
from dyntui.sync.member_rows import MemberRow, Reading, as_mailed, reading_of

_TABLES = {Entity(each.logical_name): each for each in MEMBER_TABLES.values()}
# What a data field's own values are read as, whatever column they go to.
_NATURAL = {
    LabelType.STRING: Column(entity="", logical_name="", type="Memo"),
    LabelType.NUMERIC: Column(entity="", logical_name="", type="Decimal"),
    LabelType.DATE: Column(entity="", logical_name="", type="DateTime"),
    LabelType.BOOLEAN: Column(entity="", logical_name="", type="Boolean"),
}


async def preview(
    resources: Resources,
    account_id: str,
    entity: Entity,
    mappings: Sequence[DataMapping],
    labels: Sequence[DataLabel],
    columns: Columns,
    addresses: Sequence[str],
    limit: int,
    caller: str | None,
) -> tuple[PreviewPerson, ...]:
    """People with the addresses, or without any some of those on the account's activated lists, as the `caller` may see
    them in Dynamics. A few calls, however many mappings there are. Raises DyntuiError where a system refuses."""
    table = _TABLES[entity]
    chosen = _usable(entity, mappings, labels, columns)
    feeds = tuple(feed for _, feed in chosen)
    reading = reading_of(Feeds(entity, feeds, address=address_column(mappings, entity)))
    dv = await resources.connections.dataverse()
    found: list[MemberRow] = []
    kind, wanted = reading.row_type, reading.wanted
    if addresses:
        async for some in pages_having(
            resources,
            dv,
            table.entity_set,
            kind,
            sorted({normalise(each) for each in addresses}),
            lambda row: as_mailed(reading, row).address,
            column=reading.address,
            select=wanted.select,
            expand=wanted.expand,
            annotations=wanted.annotations,
            caller=caller,
        ):
            found += some
    else:
        known = await resources.read(lambda c: mapped_people.sample(c, account_id, entity, limit))
        async for page in dv_rows.pages_where_any(
            dv,
            table.entity_set,
            kind,
            table.key,
            [guid(each) for each in known],
            select=wanted.select,
            expand=wanted.expand,
            annotations=wanted.annotations,
            caller=caller,
        ):
            found += page.rows
    people = found[:limit]
    mailed = [normalise(as_mailed(reading, each).address) for each in people]
    there = await _in_dotdigital(resources, account_id, mailed)
    return tuple(_person(reading, [each for each, _ in chosen], row, there) for row in people)


def _usable(
    entity: Entity, mappings: Iterable[DataMapping], labels: Sequence[DataLabel], columns: Columns
) -> list[tuple[DataMapping, Feed]]:
    """The enabled mappings of the entity that could work, with the column that each reads or writes."""
    known = {each.name: each for each in labels}
    chosen: list[tuple[DataMapping, Feed]] = []
    for each in mappings:
        label, column = known.get(each.label), column_at(columns, entity.value, each.column)
        if each.entity is not entity or not each.enabled or label is None or column is None:
            continue
        if each.label != ADDRESS_LABEL and each.direction in fits(column, label.type):
            chosen.append((each, feed_of(label, column, each.choice)))
    return chosen


async def _in_dotdigital(
    resources: Resources, account_id: str, addresses: Sequence[str]
) -> dict[str, dict[str, contacts.Value]]:
    """The data fields of contacts, by address; who is no contact is missing."""
    asked = sorted({each for each in addresses if is_address(each)})
    if not asked:
        return {}
    dd = await resources.connections.dotdigital(account_id)
    found = await contacts.retrieve_contacts(dd, emails=asked, with_data=True, takes_odd=True)
    return {normalise(each.email): each.values for each in found.contacts}


def _person(
    reading: Reading,
    mappings: Sequence[DataMapping],
    row: MemberRow,
    there: dict[str, dict[str, contacts.Value]],
) -> PreviewPerson:
    person = as_mailed(reading, row)
    address = normalise(person.address)
    fields = there.get(address)
    values = [
        _value(mapping, feed, source.of(row), (fields or {}).get(feed.label))
        for mapping, feed, source in zip(mappings, reading.feeds, reading.sources, strict=True)
    ]
    return PreviewPerson(
        person=person.id,
        entity=person.entity.value,
        name=person.full_name,
        address=address,
        in_dotdigital=fields is not None,
        values=tuple(values),
    )


def _value(mapping: DataMapping, feed: Feed, in_dynamics: object, in_dotdigital: object) -> PreviewValue:
    out = mapping.direction is Direction.TO_DOTDIGITAL
    given, before = (in_dynamics, in_dotdigital) if out else (in_dotdigital, in_dynamics)
    became = convert(given, feed.column, feed.label_type, mapping.direction, choice=mapping.choice)
    if isinstance(became, Rejected):
        return PreviewValue(
            label=mapping.label,
            column=mapping.column,
            direction=mapping.direction.value,
            given=_text(given),
            before=_text(before),
            after=_text(before),
            changes=False,
            rejected=became.why,
        )
    return PreviewValue(
        label=mapping.label,
        column=mapping.column,
        direction=mapping.direction.value,
        given=_text(given),
        before=_text(before),
        after=_text(became.value),
        changes=became.value != _as_kept(before, feed, out),
    )


def _as_kept(before: object, feed: Feed, out: bool) -> Value:
    """The value that the receiving side has, in the form in which values are compared."""
    if out:
        natural = convert(before, _NATURAL[feed.label_type], feed.label_type, Direction.TO_DYNAMICS)
        return natural.value if isinstance(natural, Converted) else _text(before)
    if feed.column.type == "Picklist":
        return before if isinstance(before, int) else None
    there = convert(before, feed.column, feed.label_type, Direction.TO_DOTDIGITAL)
    if isinstance(there, Rejected):
        return _text(before)
    back = convert(there.value, feed.column, feed.label_type, Direction.TO_DYNAMICS)
    return back.value if isinstance(back, Converted) else _text(before)


def _text(value: object) -> str:
    if value is None:
        return ""
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
