"""CreateMultiple, UpdateMultiple and UpsertMultiple: many rows of one table, all or none.

Source: learn.microsoft.com bulk-operations. Standard tables: one transaction, the error names the first culprit.
"""

from typing import Any
from uuid import UUID

from dyntui.sandbox.dataverse.addresses import RowKey, check_key, locate, read_reference
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.errors import DataverseError, bad_request, not_allowed
from dyntui.sandbox.dataverse.tables import Table
from dyntui.sandbox.dataverse.values import converter
from dyntui.sandbox.dataverse.writes import Writer
from dyntui.sandbox.request import Response

MESSAGES = frozenset({"CreateMultiple", "UpdateMultiple", "UpsertMultiple"})


def run(call: Call, table: Table, message: str, body: dict[str, Any]) -> Response:
    """The reply to one of the messages. Raises DataverseError for the first target that cannot be written."""
    if message == "DeleteMultiple":
        raise DataverseError("0x80040216", "DeleteMultiple has not yet been implemented.", 400)
    _check_available(call, table, message)
    targets = _targets(table, body)
    call.writes = True
    writer = Writer.of(call, table)
    with call.state.transaction():
        if message == "CreateMultiple":
            writer.may_create()
            ids = [writer.create(target) for target in targets]
            context = f"{call.base}/$metadata#Microsoft.Dynamics.CRM.CreateMultipleResponse"
            return call.reply({"@odata.context": context, "Ids": ids})
        if message == "UpdateMultiple":
            _update(writer, targets)
        else:
            _upsert(writer, targets)
    return Response(204)


def offered(call: Call, table: Table) -> list[str]:
    """The messages that the organisation offers for a table, in alphabetical order."""
    chosen = call.state.config.dataverse.bulk_messages.get(table.logical_name)
    return sorted(
        message
        for message in MESSAGES
        if (table.messages is None or message in table.messages) and (chosen is None or message in chosen)
    )


def _check_available(call: Call, table: Table, message: str) -> None:
    """Raises DataverseError 405 where the organisation does not offer the message for the table."""
    if message not in offered(call, table):
        raise not_allowed(f"The message '{message}' is not supported for entity '{table.logical_name}'.")


def _targets(table: Table, body: dict[str, Any]) -> list[dict[str, Any]]:
    targets = body.get("Targets")
    if not isinstance(targets, list):
        raise bad_request("The parameter 'Targets' must be a list of rows.")
    if not targets:
        raise DataverseError("0x80040203", "The parameter 'Targets' must not be empty.")
    for target in targets:
        kind = target.get("@odata.type") if isinstance(target, dict) else None
        if not isinstance(kind, str):
            raise bad_request(
                "A type named '' could not be resolved by the model. When a model is available, each type name must"
                " resolve to a valid type: every target needs @odata.type."
            )
        name = kind.removeprefix("#").removeprefix("Microsoft.Dynamics.CRM.")
        if name != table.logical_name:
            raise DataverseError(
                "0x80040203", f"All targets must be of type '{table.logical_name}', but one is of type '{name}'."
            )
    return targets


def _update(writer: Writer, targets: list[dict[str, Any]]) -> None:
    """Changes every target once; of targets with the same key the first counts, or the call is refused."""
    table = writer.table
    done: set[str] = set()
    for target in targets:
        row_id = _row_id(writer, target)
        if row_id is None:
            raise DataverseError("0x80040203", f"The target has no '{table.primary_id}'.")
        if row_id in done:
            if writer.call.state.config.dataverse.duplicate_targets == "reject":
                raise DataverseError("0x80040203", f"The row {row_id} occurs twice in Targets.")
            continue
        done.add(row_id)
        if not writer.update(row_id, target):
            raise DataverseError("0x80040217", f"{table.schema_name} With Ids = {row_id} Do Not Exist")


def _row_id(writer: Writer, target: dict[str, Any]) -> str | None:
    """The id that a target states, by its key or its @odata.id; None when it states none."""
    key = _key(writer, target)
    return None if key is None else key.row_id or locate(writer.call, writer.table, key)


def _key(writer: Writer, target: dict[str, Any]) -> RowKey | None:
    table = writer.table
    stated = target.get(table.primary_id)
    if stated is not None:
        try:
            return RowKey(str(UUID(stated)))
        except (ValueError, AttributeError, TypeError) as error:
            raise bad_request(f"The value of '{table.primary_id}' is no GUID.") from error
    address = target.get("@odata.id")
    if address is None:
        return None
    named, key = read_reference(writer.call, str(address))
    if named.logical_name != table.logical_name:
        raise bad_request(f"The address '{address}' does not name a row of '{table.entity_set}'.")
    return key


def _upsert(writer: Writer, targets: list[dict[str, Any]]) -> None:
    call, table = writer.call, writer.table
    writer.may_create()
    for target in targets:
        key = _key(writer, target) or _key_in_body(writer, target)
        row_id = None if key is None else locate(call, table, key)
        if row_id is None:
            given = {} if key is None else dict(key.values) if key.row_id is None else {table.primary_id: key.row_id}
            _check_body(call, target, given)
            writer.create({name: each for name, each in target.items() if name not in given}, given)
        else:
            own = {} if key is None else key.values
            writer.update(row_id, {name: each for name, each in target.items() if name not in own})


def _check_body(call: Call, target: dict[str, Any], given: dict[str, Any]) -> None:
    """Raises DataverseError, with the setting, when a row addressed by an alternate key states that key again."""
    again = [name for name in given if name in target and "@odata.id" in target]
    if again and call.state.config.dataverse.key_in_upsert_body == "refuse":
        raise DataverseError("0x80040216", f"An item with the same key has already been added. Key: {again[0]}")


def _key_in_body(writer: Writer, target: dict[str, Any]) -> RowKey | None:
    """An alternate key whose columns the target states as ordinary values; None when there is none."""
    table = writer.table
    for key in table.keys.values():
        if all(target.get(name) is not None for name in key.columns):
            check_key(writer.call, table, key.columns)
            return RowKey(None, {name: converter(table, table.columns[name])(target[name]) for name in key.columns})
    return None
