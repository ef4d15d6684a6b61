"""Columns which every table of the platform has, whoever defined it (learn.microsoft.com: entity reference pages)."""

from dyntui.sandbox.dataverse.tables import Column, Option, Table


def add_system_columns(table: Table) -> None:
    """Adds the standard columns that `table` does not define itself: key, version, who and when, owner, state.

    Intersect tables only get their key and version.
    """
    for column in _columns(table):
        table.columns.setdefault(column.logical_name, column)


def _read_only(column: Column) -> Column:
    column.valid_for_create = column.valid_for_update = False
    return column


def _lookup(name: str, schema: str, label: str, target: str) -> Column:
    return _read_only(Column(name, schema, "Lookup", display_name=label, targets=[target], navigation={target: name}))


def _columns(table: Table) -> list[Column]:
    key_schema = table.schema_name + "Id" if table.primary_id == table.logical_name + "id" else table.primary_id
    columns = [
        Column(
            table.primary_id,
            key_schema,
            "Uniqueidentifier",
            display_name=table.display_name or table.schema_name,
            required="SystemRequired",
            valid_for_update=False,
        ),
        _read_only(Column("versionnumber", "VersionNumber", "BigInt", display_name="Version Number")),
    ]
    if table.intersect:
        return columns
    columns += [
        _read_only(Column("createdon", "CreatedOn", "DateTime", display_name="Created On", format="DateAndTime")),
        _read_only(Column("modifiedon", "ModifiedOn", "DateTime", display_name="Modified On", format="DateAndTime")),
        _lookup("createdby", "CreatedBy", "Created By", "systemuser"),
        _lookup("modifiedby", "ModifiedBy", "Modified By", "systemuser"),
        _lookup("createdonbehalfby", "CreatedOnBehalfBy", "Created By (Delegate)", "systemuser"),
        _lookup("modifiedonbehalfby", "ModifiedOnBehalfBy", "Modified By (Delegate)", "systemuser"),
        Column(
            "overriddencreatedon",
            "OverriddenCreatedOn",
            "DateTime",
            display_name="Record Created On",
            format="DateOnly",
            valid_for_update=False,
        ),
    ]
    if table.is_owned:
        columns += [
            Column(
                "ownerid",
                "OwnerId",
                "Owner",
                display_name="Owner",
                required="SystemRequired",
                targets=["systemuser", "team"],
                navigation={"systemuser": "ownerid", "team": "ownerid"},
            ),
            _lookup("owninguser", "OwningUser", "Owning User", "systemuser"),
            _lookup("owningteam", "OwningTeam", "Owning Team", "team"),
            _lookup("owningbusinessunit", "OwningBusinessUnit", "Owning Business Unit", "businessunit"),
        ]
    if table.is_owned or table.custom:
        columns += [
            Column(
                "statecode",
                "StateCode",
                "State",
                display_name="Status",
                required="SystemRequired",
                options=[Option(0, "Active", default_status=1), Option(1, "Inactive", default_status=2)],
                valid_for_create=False,
            ),
            Column(
                "statuscode",
                "StatusCode",
                "Status",
                display_name="Status Reason",
                options=[Option(1, "Active", state=0), Option(2, "Inactive", state=1)],
            ),
        ]
    return columns
