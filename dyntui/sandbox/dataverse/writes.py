"""Creating and changing rows, one at a time (create-entity-web-api, update-delete-entities-using-web-api).

Everything here runs inside a transaction of the caller or opens one itself, so that a failed write leaves nothing.
"""

# ruff: noqa: S608 - names in the SQL come from the schema, values are parameters

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dyntui.sandbox.dataverse import (
    cascades,
    computed,
    links,
    lists,
    retrieve,
    row_rules,
    secured,
    security,
    sharing,
    storage,
)
from dyntui.sandbox.dataverse.addresses import RowKey, locate
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.clause import Value
from dyntui.sandbox.dataverse.errors import (
    DataverseError,
    bad_request,
    duplicate_id,
    duplicate_key,
    duplicate_row,
    not_allowed,
    row_missing,
    version_mismatch,
)
from dyntui.sandbox.dataverse.payload import Plan
from dyntui.sandbox.dataverse.storage import quoted
from dyntui.sandbox.dataverse.tables import Collection, Column, Table
from dyntui.sandbox.request import Response


@dataclass(slots=True)
class Writer:
    """Writes rows of one table for one request; made once for many rows, since much of the work is the same for all.

    `touched` collects the ids of created rows in order.
    """

    call: Call
    table: Table
    create_plan: Plan
    update_plan: Plan
    defaults: dict[str, Value]
    touched: list[str] = field(default_factory=list)
    _statements: dict[tuple[str, ...], str] = field(default_factory=dict)
    _limited: bool = True

    @classmethod
    def of(cls, call: Call, table: Table) -> "Writer":
        rejecting = call.state.config.dataverse.read_only_columns == "reject"
        return cls(
            call,
            table,
            Plan(call, table, creating=True, rejecting=rejecting),
            Plan(call, table, creating=False, rejecting=rejecting),
            computed.defaults(call, table),
        )

    def may_create(self) -> None:
        """Raises DataverseError 403 without the Create privilege."""
        security.check(self.call.state, self.call.caller, "Create", self.table)
        self._limited = security.row_filter(self.call.state, self.call.caller, self.table, "Create", "t") is not None

    def create(self, body: Mapping[str, Any], given: Mapping[str, Value] | None = None) -> str:
        """Creates a row with everything nested in it and returns its id. `may_create` must have been called.

        `given` are stored values that win over the body, such as the key in the address.
        """
        call, table = self.call, self.table
        payload = self.create_plan.read(body)
        secured.check_write(call.state, call.caller, table, payload.columns, creating=True)
        for column, target, nested in payload.parents:
            parent_writer = Writer.of(call, call.schema.tables[target])
            parent_writer.may_create()
            self.create_plan.set_lookup(payload, column, target, parent_writer.create(nested))
        row = {**self.defaults, **payload.columns, **(given or {})}
        computed.complete_new(call, table, row)
        row_rules.before_create(call, table, row)
        row_id = str(row.get(table.primary_id) or call.state.ids.guid())
        row[table.primary_id] = row_id
        row["versionnumber"] = storage.next_version(call.state)
        self._insert(row)
        if self._limited:
            security.check(call.state, call.caller, "Create", table, row_id)
        row_rules.after_create(call, table, row_id, row)
        sharing.reparented(call, table, row_id, {name: value for name, value in row.items() if value is not None})
        detect_duplicates(call, table, row_id, row)
        for collection, child in payload.children:
            create_child(call, row_id, collection, child)
        for collection, far_id in payload.links:
            link(call, table, row_id, collection, far_id)
        self.touched.append(row_id)
        return row_id

    def _insert(self, row: dict[str, Value]) -> None:
        names = tuple(row)
        statement = self._statements.get(names)
        if statement is None:
            columns, marks = ", ".join(map(quoted, names)), ", ".join("?" * len(names))
            statement = f"INSERT INTO {quoted(self.table.sql_name)} ({columns}) VALUES ({marks})"
            self._statements[names] = statement
        try:
            self.call.state.db.execute(statement, tuple(row.values()))
        except sqlite3.IntegrityError as error:
            raise _violation(self.table, error) from error

    def update(self, row_id: str, body: Mapping[str, Any]) -> bool:
        """Changes a row; answers whether it exists. Raises DataverseError when the caller may not write it."""
        call, table = self.call, self.table
        needed = [table.primary_id, *computed.needed_before(table)]
        columns = ", ".join(map(quoted, needed))
        found = call.state.db.execute(
            f"SELECT {columns} FROM {quoted(table.sql_name)} WHERE {quoted(table.primary_id)} = ?", (row_id,)
        ).fetchone()
        if found is None:
            return False
        security.check(call.state, call.caller, "Write", table, row_id)
        before = dict(zip(needed, found, strict=True))
        payload = self.update_plan.read(body)
        secured.check_write(call.state, call.caller, table, payload.columns, creating=False)
        self._apply(row_id, payload.columns, before)
        for collection, far_id in payload.links:
            link(call, table, row_id, collection, far_id)
        return True

    def _apply(self, row_id: str, change: dict[str, Value], before: dict[str, Any]) -> None:
        call, table = self.call, self.table
        if "ownerid" in change:
            security.check(call.state, call.caller, "Assign", table, row_id)
        if table.logical_name == "list":
            lists.check_change(change, before)
        computed.changed_state(call, table, row_id, change, before)
        cascades.check_circles(call, table, row_id, change)
        if not call.state.config.dataverse.unchanged_update_bumps_version and self._is_same(row_id, change):
            return
        computed.complete_change(call, table, change, before)
        row_rules.before_update(call, table, row_id, change)
        change["versionnumber"] = storage.next_version(call.state)
        assignments = ", ".join(f"{quoted(name)} = ?" for name in change)
        try:
            call.state.db.execute(
                f"UPDATE {quoted(table.sql_name)} SET {assignments} WHERE {quoted(table.primary_id)} = ?",
                (*change.values(), row_id),
            )
        except sqlite3.IntegrityError as error:
            raise _violation(table, error) from error
        row_rules.after_update(call, table, row_id, change)
        sharing.reparented(call, table, row_id, change)
        if "ownerid" in change and change["ownerid"] != before["ownerid"]:
            cascades.assign(call, table, row_id, str(change["ownerid"]), str(change["owneridtype"]))
        detect_duplicates(call, table, row_id, change)

    def _is_same(self, row_id: str, change: Mapping[str, Value]) -> bool:
        if not change:
            return True
        found = self.call.state.db.execute(
            f"SELECT {', '.join(map(quoted, change))} FROM {quoted(self.table.sql_name)}"
            f" WHERE {quoted(self.table.primary_id)} = ?",
            (row_id,),
        ).fetchone()
        return tuple(found) == tuple(change.values())


def _violation(table: Table, error: sqlite3.IntegrityError) -> DataverseError:
    key = storage.key_of_violation(table, error)
    if key is None:
        return duplicate_id()
    labels = ", ".join(table.columns[name].display_name or table.columns[name].schema_name for name in key.columns)
    return duplicate_key(labels, key.display_name or key.schema_name)


def detect_duplicates(call: Call, table: Table, row_id: str, row: Mapping[str, Value]) -> None:
    """The standard rule "same e-mail address", asked for with MSCRM.SuppressDuplicateDetection: false."""
    if call.request.headers.get("mscrm.suppressduplicatedetection", "true").strip().lower() != "false":
        return
    address = row.get("emailaddress1")
    if address is None or "emailaddress1" not in table.columns:
        return
    found = call.state.db.execute(
        f"SELECT 1 FROM {quoted(table.sql_name)} WHERE emailaddress1 = ? AND {quoted(table.primary_id)} <> ? LIMIT 1",
        (address, row_id),
    ).fetchone()
    if found is not None:
        raise DataverseError(
            "0x80040333",
            "A record was not created or updated because a duplicate of the current record already exists.",
        )


def create(call: Call, table: Table) -> Response:
    """`POST contacts`: 204 with the new row's address, or 201 with the row."""
    retrieve.check_message(table, "Create")
    if table.logical_name == "listmember":
        raise not_allowed("Members are added to lists by AddListMembersList or AddMemberList.")
    call.writes = True
    writer = Writer.of(call, table)
    with call.state.transaction():
        writer.may_create()
        row_id = writer.create(call.body())
        return _created(call, table, row_id)


def create_related(call: Call, table: Table, row_id: str, collection: Collection) -> Response:
    """`POST accounts(id)/contact_customer_accounts`: creates a row in a collection."""
    call.writes = True
    with call.state.transaction():
        require(call, table, row_id)
        child_id = create_child(call, row_id, collection, call.body())
        return _created(call, call.schema.tables[collection.target], child_id)


def create_child(call: Call, near_id: str, collection: Collection, body: Mapping[str, Any]) -> str:
    """Creates a row that belongs to a collection of another row."""
    table = call.schema.tables[collection.target]
    near = _near_table(call, collection)
    writer = Writer.of(call, table)
    writer.may_create()
    if collection.intersect is not None:
        child_id = writer.create(body)
        link(call, near, near_id, collection, child_id)
        return child_id
    column = table.columns[collection.far_column]
    given: dict[str, Value] = {column.logical_name: near_id}
    if column.type_column:
        given[column.type_column] = near.logical_name
    return writer.create(body, given)


def link(call: Call, table: Table, row_id: str, collection: Collection, far_id: str) -> None:
    """Puts an existing row into a collection of another one; asks for Append and AppendTo.

    Raises DataverseError 0x80040237 for an N:N link that exists.
    """
    if collection.intersect is None:
        bind(call, table, row_id, collection, far_id)
    else:
        links.connect(call, table, row_id, collection, far_id)


def bind(call: Call, near: Table, near_id: str | None, collection: Collection, far_id: str) -> None:
    """Lets the lookup of a row in a 1:N collection lead to the near row, or nowhere."""
    target = call.schema.tables[collection.target]
    navigation = target.columns[collection.far_column].navigation[near.logical_name]
    address = None if near_id is None else f"/{near.entity_set}({near_id})"
    Writer.of(call, target).update(far_id, {f"{navigation}@odata.bind": address})


def _near_table(call: Call, collection: Collection) -> Table:
    one = call.schema.one_to_many.get(collection.relationship)
    if one is not None:
        return call.schema.tables[one.referenced]
    many = call.schema.many_to_many[collection.relationship]
    return call.schema.tables[many.entity1 if collection.near_column == many.attribute1 else many.entity2]


def _created(call: Call, table: Table, row_id: str) -> Response:
    if call.prefer.representation:
        item = retrieve.read(call, table, row_id)
        headers = call.prefer.applied("return", "annotations")
        return call.reply(item, 201, {"ETag": item["@odata.etag"], **headers})
    address = call.address(table, row_id)
    return Response(204, {"OData-EntityId": address, "Location": address})


def upsert(call: Call, table: Table, key: RowKey) -> Response:
    """`PATCH contacts(key)`: changes the row, or creates it where If-Match does not forbid that."""
    call.writes = True
    writer = Writer.of(call, table)
    with call.state.transaction():
        row_id, created = put(call, writer, key, call.body())
        return _changed(call, table, row_id, created=created)


def put(call: Call, writer: Writer, key: RowKey, body: Mapping[str, Any]) -> tuple[str, bool]:
    """Changes or creates the row that a key names: (its id, whether it is new).

    Raises DataverseError for If-Match and If-None-Match that do not hold.
    """
    table = writer.table
    row_id = locate(call, table, key)
    only_new = call.request.headers.get("if-none-match", "").strip() == "*"
    match = call.request.headers.get("if-match", "").strip()
    if row_id is None:
        if match:
            raise row_missing(table.schema_name, key.row_id or "")
        retrieve.check_message(table, "Create")
        writer.may_create()
        given = dict(key.values) if key.row_id is None else {table.primary_id: key.row_id}
        return writer.create({name: each for name, each in body.items() if name not in given}, given), True
    if only_new:
        raise duplicate_row()
    retrieve.check_message(table, "Update")
    check_version(call, table, row_id)
    writer.update(row_id, {name: each for name, each in body.items() if name not in key.values})
    return row_id, False


def _changed(call: Call, table: Table, row_id: str, *, created: bool) -> Response:
    if call.prefer.representation:
        item = retrieve.read(call, table, row_id)
        headers = call.prefer.applied("return", "annotations")
        return call.reply(item, 201 if created else 200, {"ETag": item["@odata.etag"], **headers})
    return Response(204, {"OData-EntityId": call.address(table, row_id)})


def check_version(call: Call, table: Table, row_id: str) -> None:
    """Raises DataverseError 412 when If-Match names another version than the row has."""
    match = call.request.headers.get("if-match", "").strip()
    if match in {"", "*"}:
        return
    if not table.optimistic_concurrency:
        raise DataverseError(
            "0x8006088d", f"Optimistic concurrency isn't enabled for entity type {table.logical_name}."
        )
    found = call.state.db.execute(
        f"SELECT versionnumber FROM {quoted(table.sql_name)} WHERE {quoted(table.primary_id)} = ?", (row_id,)
    ).fetchone()
    if found is not None and match not in {f'W/"{found[0]}"', f'"{found[0]}"'}:
        raise version_mismatch()


def put_property(call: Call, table: Table, row_id: str, column: Column) -> Response:
    """`PUT contacts(id)/jobtitle` with {"value": ...}."""
    body = call.body()
    if "value" not in body:
        raise bad_request("The body must have the member 'value'.")
    return _set_property(call, table, row_id, column.property_name, body["value"])


def clear_property(call: Call, table: Table, row_id: str, column: Column) -> Response:
    """`DELETE contacts(id)/jobtitle`: sets null."""
    return _set_property(call, table, row_id, column.property_name, None)


def _set_property(call: Call, table: Table, row_id: str, name: str, value: Any) -> Response:
    call.writes = True
    with call.state.transaction():
        require(call, table, row_id)
        check_version(call, table, row_id)
        Writer.of(call, table).update(row_id, {name: value})
    return Response(204)


def require(call: Call, table: Table, row_id: str) -> None:
    """Raises DataverseError 404 when a row does not exist."""
    if locate(call, table, RowKey(row_id)) is None:
        raise row_missing(table.schema_name, row_id)
