"""The tables a new organisation with the Sales app has, read from standard_tables.json.

The file is a trimmed copy of public facts (Microsoft's table reference and MIT-licensed early-bound classes): one line
per column; `targets` only names tables which exist here. Navigation names follow the platform: the column's own name
for one target and for owners, `<column>_<table>` for several targets.
"""

import json
from importlib.resources import files
from typing import Any, Literal

from dyntui.sandbox.dataverse import cascades, organization, storage
from dyntui.sandbox.dataverse.stable_ids import stable_id
from dyntui.sandbox.dataverse.tables import Column, ManyToMany, OneToMany, Option, Table
from dyntui.sandbox.state import State

_WITHOUT_NAVIGATION = {("listmember", "entityid")}
_CASCADE_DELETES = {("listmember", "listid"), ("solutioncomponent", "solutionid")}
_CASCADE_DELETES_BY_NAME = {"contact_customer_accounts"}
_PEOPLE = {"account", "contact", "lead"}
_OWN_WAY = {("listmember", "entityid")}
"""Lookups to people that merging treats by itself."""

MANY_TO_MANY = (
    ManyToMany(
        *("listcontact_association", "list", "listid", "listcontact_association"),
        *("contact", "entityid", "listcontact_association", "listmember"),
    ),
    ManyToMany(
        *("listlead_association", "list", "listid", "listlead_association"),
        *("lead", "entityid", "listlead_association", "listmember"),
    ),
    ManyToMany(
        *("listaccount_association", "list", "listid", "listaccount_association"),
        *("account", "entityid", "listaccount_association", "listmember"),
    ),
    ManyToMany(
        *("systemuserroles_association", "systemuser", "systemuserid", "systemuserroles_association"),
        *("role", "roleid", "systemuserroles_association", "systemuserroles"),
    ),
    ManyToMany(
        *("teammembership_association", "team", "teamid", "teammembership_association"),
        *("systemuser", "systemuserid", "teammembership_association", "teammembership"),
    ),
    ManyToMany(
        *("teamroles_association", "team", "teamid", "teamroles_association"),
        *("role", "roleid", "teamroles_association", "teamroles"),
    ),
    ManyToMany(
        *("roleprivileges_association", "role", "roleid", "roleprivileges_association"),
        *("privilege", "privilegeid", "roleprivileges_association", "roleprivileges"),
    ),
)


def install(state: State) -> None:
    """Creates the standard tables, their relationships and the rows an organisation begins with."""
    document: dict[str, Any] = json.loads(files(__package__).joinpath("standard_tables.json").read_text("utf-8"))
    with state.transaction():
        for name, raw in document.items():
            storage.create_table(state, _table(name, raw))
        for name, raw in document.items():
            for column in raw["columns"]:
                for target, schema_name in column.get("relationships", {}).items():
                    storage.add_one_to_many(
                        state,
                        OneToMany(
                            schema_name,
                            target,
                            document[target]["primary_id"],
                            name,
                            column["name"],
                            navigation="" if (name, column["name"]) in _WITHOUT_NAVIGATION else schema_name,
                            metadata_id=stable_id(f"1:N {schema_name}"),
                            on_delete=_on_delete(name, column["name"], schema_name),
                            extra=_cascade(name, column["name"], target, schema_name),
                        ),
                    )
        for relationship in MANY_TO_MANY:
            relationship.metadata_id = stable_id(f"N:N {relationship.schema_name}")
            storage.add_many_to_many(state, relationship)
        organization.install(state)


def _on_delete(table: str, column: str, schema_name: str) -> Literal["Cascade", "RemoveLink"]:
    """Deleting an account deletes its contacts, while child accounts and child contacts only lose their parent."""
    deletes = (table, column) in _CASCADE_DELETES or schema_name in _CASCADE_DELETES_BY_NAME
    return "Cascade" if deletes else "RemoveLink"


def _cascade(table: str, column: str, target: str, schema_name: str) -> dict[str, Any]:
    """How a standard relationship cascades. What belongs to a person moves when the person is merged [inferred for all
    but `cascades.STANDARD`]."""
    known = cascades.STANDARD.get(schema_name)
    if known is not None:
        return {"cascade": dict(known)}
    moves = target in _PEOPLE and column != "masterid" and (table, column) not in _OWN_WAY
    return {"cascade": {"Merge": "Cascade"}} if moves else {}


def _table(name: str, raw: dict[str, Any]) -> Table:
    return Table(
        name,
        raw["schema"],
        raw["set"],
        raw["primary_id"],
        raw.get("primary_name"),
        raw["code"],
        raw["ownership"],
        columns={column["name"]: _column(name, column) for column in raw["columns"]},
        metadata_id=stable_id(name),
        display_name=raw["label"],
        display_collection_name=raw["plural"],
        change_tracking=raw.get("tracking", False),
        can_change_tracking=not raw.get("intersect", False),
        optimistic_concurrency=raw.get("concurrency", False),
        intersect=raw.get("intersect", False),
        app=raw.get("app", ""),
        messages=raw.get("messages"),
    )


def _column(table: str, raw: dict[str, Any]) -> Column:
    name, kind, targets = raw["name"], raw["type"], raw.get("targets", [])
    if kind == "Boolean":
        options = [Option(1, raw["true"]), Option(0, raw["false"])]
    elif kind == "State":
        options = [Option(value, label, default_status=status) for value, label, status in raw["options"]]
    elif kind == "Status":
        options = [Option(value, label, state=state) for value, label, state in raw["options"]]
    else:
        options = [Option(value, label) for value, label in raw.get("options", [])]
    if (table, name) in _WITHOUT_NAVIGATION:
        navigation = {}
    elif kind == "Owner" or len(targets) == 1:
        navigation = dict.fromkeys(targets, name)
    else:
        navigation = {target: f"{name}_{target}" for target in targets}
    return Column(
        name,
        raw["schema"],
        kind,
        metadata_id=stable_id(f"{table}.{name}"),
        display_name=raw.get("label", raw["schema"]),
        max_length=raw.get("max"),
        min_value=raw.get("min"),
        max_value=raw.get("max_value"),
        precision=raw.get("precision"),
        options=options,
        option_set=raw.get("global") or (f"{table}_{name}" if options else ""),
        option_set_global="global" in raw,
        default_value=raw.get("default"),
        targets=targets,
        navigation=navigation,
        date_behavior=raw.get("behavior", "UserLocal"),
        format=raw.get("format", ""),
        required=raw.get("required", "None"),
        valid_for_create=raw.get("create", True),
        valid_for_update=raw.get("update", True),
    )
