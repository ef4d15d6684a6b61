"""Bodies of writes: JSON properties become column values, @odata.bind becomes lookups, nested rows are set aside."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dyntui.sandbox.dataverse import addresses, security, values
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.clause import Value
from dyntui.sandbox.dataverse.errors import DataverseError, bad_request, invalid_payload, no_row_for_key, row_missing
from dyntui.sandbox.dataverse.tables import Collection, Column, Table

_HELP = (
    "For more information on this error please follow this help link https://go.microsoft.com/fwlink/?linkid=2195293"
)


@dataclass(slots=True)
class Payload:
    """What a body asks for. `columns` by logical name as stored, lookups with their type columns.

    `parents` are rows to create first, under the lookup that will point to them; `children` rows to create afterwards
    in a collection; `links` existing rows to put into a collection.
    """

    columns: dict[str, Value] = field(default_factory=dict)
    parents: list[tuple[Column, str, dict[str, Any]]] = field(default_factory=list)
    children: list[tuple[Collection, dict[str, Any]]] = field(default_factory=list)
    links: list[tuple[Collection, str]] = field(default_factory=list)


@dataclass(slots=True)
class Plan:
    """How bodies of a table's rows are read, worked out once per request or bulk operation.

    `rejecting` says what happens to columns that may not be written: an error, or nothing.
    """

    call: Call
    table: Table
    creating: bool
    rejecting: bool = False
    _converters: dict[str, tuple[str, values.Converter] | None] = field(default_factory=dict)
    _bound: dict[str, tuple[str, str]] = field(default_factory=dict)
    _allowed: set[tuple[str, str]] = field(default_factory=set)

    def read(self, body: Mapping[str, Any]) -> Payload:
        """The meaning of a body. Raises DataverseError for properties or values that do not fit."""
        found = Payload()
        columns, converters = found.columns, self._converters
        for name, value in body.items():
            known = converters.get(name, _UNSEEN)
            if known is _UNSEEN:
                known = self._look_up(name, value, found)
                if known is _UNSEEN:
                    continue
                converters[name] = known
            if known is not None:
                columns[known[0]] = known[1](value)
        return found

    def _look_up(self, name: str, value: Any, found: Payload) -> tuple[str, values.Converter] | None:
        """The converter for a plain property; None for one to pass over; `_UNSEEN` when it was dealt with here."""
        if "@" in name:
            target, _, annotation = name.partition("@")
            if annotation == "odata.bind":
                self._bind(target, value, found)
                return _UNSEEN
            return None
        column = self.table.columns.get(name)
        if column is not None and column.is_stored and not column.is_lookup and column.visible_at <= self.call.now:
            writable = column.valid_for_create if self.creating else column.valid_for_update
            if writable:
                return name, values.converter(self.table, column)
            if self.rejecting and name != self.table.primary_id:
                raise DataverseError(
                    "0x80048d19",
                    f"The property '{name}' is read only and cannot be set on '{self.table.logical_name}'.",
                )
            return None
        self._nested(name, value, found)
        return _UNSEEN

    def _nested(self, name: str, value: Any, found: Payload) -> None:
        """Rows inside of a row: deep insert. Raises DataverseError for what is no navigation property."""
        lookup = self.call.schema.lookups(self.table).get(name)
        collection = self.call.schema.collections(self.table).get(name)
        if lookup is not None and isinstance(value, dict):
            self._only_on_create(name)
            column, targets = lookup
            found.parents.append((column, targets[0], value))
        elif collection is not None and isinstance(value, list):
            self._only_on_create(name)
            found.children += [(collection, item) for item in value]
        elif lookup is not None and value is None:
            self._clear(lookup[0], lookup[1], found)
        elif name in self.call.schema.properties(self.table):
            raise invalid_payload(
                f"{_HELP} ---->  InnerException : Microsoft.Crm.CrmException: CRM do not support direct update of"
                " Entity Reference properties, Use Navigation properties instead."
            )
        else:
            raise self.unknown(name)

    def _only_on_create(self, name: str) -> None:
        if not self.creating:
            raise bad_request(
                f"Deep update of navigation properties is not allowed. A nested value was found for '{name}'."
            )

    def unknown(self, name: str) -> DataverseError:
        """The error for a property that a table does not have."""
        kind = f"Microsoft.Dynamics.CRM.{self.table.logical_name}"
        return DataverseError(
            "0x80048d19",
            f"Error identified in Payload provided by the user for Entity :'{self.table.entity_set}', {_HELP} ----> "
            f" InnerException : Microsoft.Crm.CrmException: Invalid property '{name}' was found in entity '{kind}'."
            f" ---> Microsoft.OData.ODataException: The property '{name}' does not exist on type '{kind}'. Make sure to"
            " only use property names that are defined by the type.",
        )

    def _bind(self, name: str, value: Any, found: Payload) -> None:
        lookup = self.call.schema.lookups(self.table).get(name)
        if lookup is None or lookup[0].visible_at > self.call.now:
            collection = self.call.schema.collections(self.table).get(name)
            if collection is None:
                raise self.unknown(name)
            if not isinstance(value, list):
                raise invalid_payload(f"The value of '{name}@odata.bind' must be a list of addresses.")
            found.links += [(collection, self._target(name, (collection.target,), each)[1]) for each in value]
            return
        column, targets = lookup
        if value is None:
            self._clear(column, targets, found)
            return
        table, row_id = self._target(name, targets, value)
        self.set_lookup(found, column, table, row_id)

    def set_lookup(self, found: Payload, column: Column, target: str, row_id: str) -> None:
        """Points a lookup to a row, if it may be written; asks for the privileges Append and AppendTo."""
        writable = column.valid_for_create if self.creating else column.valid_for_update
        if not writable:
            return
        found.columns[column.logical_name] = row_id
        if column.type_column:
            found.columns[column.type_column] = target
        if column.type != "Owner" and (target, row_id) not in self._allowed:
            call = self.call
            security.check(call.state, call.caller, "Append", self.table)
            security.check(call.state, call.caller, "AppendTo", call.schema.tables[target], row_id)
            self._allowed.add((target, row_id))

    def _clear(self, column: Column, targets: tuple[str, ...], found: Payload) -> None:
        if column.type == "Owner":
            raise DataverseError("0x80040229", "The owner of a record cannot be null.")
        if column.type_column and column.type_column in found.columns:
            # One of several navigation properties of the lookup is set, the others are cleared: the value wins.
            return
        found.columns[column.logical_name] = None
        if column.type_column:
            found.columns[column.type_column] = None

    def _target(self, name: str, targets: tuple[str, ...], address: Any) -> tuple[str, str]:
        """(table, id) of the row that an address names. Raises DataverseError when it does not exist or fit."""
        if not isinstance(address, str):
            raise invalid_payload(f"The value of '{name}@odata.bind' must be an address.")
        known = self._bound.get(address)
        if known is None:
            table, key = addresses.read_reference(self.call, address)
            row_id = addresses.locate(self.call, table, key)
            if row_id is None:
                raise (
                    no_row_for_key(table.logical_name)
                    if key.row_id is None
                    else row_missing(table.schema_name, key.row_id)
                )
            known = (table.logical_name, row_id)
            self._bound[address] = known
        if known[0] not in targets:
            raise invalid_payload(
                f"The address '{address}' does not fit the navigation property '{name}', which leads to"
                f" {' or '.join(targets)}."
            )
        return known


def _never(_value: Any) -> Value:
    raise AssertionError


_UNSEEN = ("", _never)
