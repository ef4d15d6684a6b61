"""What the platform fills in by itself: names, states, owners, money in the base currency, list types, times."""

from collections.abc import Mapping
from typing import Any

from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.clause import Value
from dyntui.sandbox.dataverse.errors import DataverseError, invalid_argument
from dyntui.sandbox.dataverse.tables import Table

_FULL_NAMES = frozenset({"contact", "lead", "systemuser"})
INVALID_STATUS = "0x80048408"


def defaults(call: Call, table: Table) -> dict[str, Value]:
    """Values that new rows of a table get where the body has none: default values, state, caller as owner, times."""
    now, caller = call.now, call.caller
    found: dict[str, Value] = {}
    for column in table.stored_columns():
        if column.default_value is not None:
            found[column.logical_name] = int(column.default_value)
    stamps: dict[str, Value] = {
        "createdon": now,
        "modifiedon": now,
        "createdby": caller.user_id,
        "modifiedby": caller.user_id,
        "createdonbehalfby": caller.on_behalf_by,
        "modifiedonbehalfby": caller.on_behalf_by,
    }
    found.update({name: value for name, value in stamps.items() if name in table.columns})
    if table.is_owned:
        found["ownerid"], found["owneridtype"] = caller.user_id, "systemuser"
    return found


def complete_new(call: Call, table: Table, row: dict[str, Value]) -> None:
    """Adds to a new row what follows from its other values. Raises DataverseError for a status of another state."""
    _created_earlier(call, table, row)
    if "statecode" in table.columns:
        _new_state(table, row)
    if table.is_owned:
        row.update(ownership(call, table, str(row["ownerid"]), str(row["owneridtype"])))
    add_full_name(table, row, {})
    if table.logical_name == "list":
        _new_list(row)
    _add_base_amounts(call, table, row, {})


def _created_earlier(call: Call, table: Table, row: dict[str, Value]) -> None:
    """`overriddencreatedon` of an import: createdon becomes that time, the column holds the time of the import.

    Raises DataverseError for a time to come (XrmMockup TestCreate; code and text are inferred).
    """
    created = row.get("overriddencreatedon")
    if created is None:
        return
    if str(created) > call.now:
        raise invalid_argument(f"overriddencreatedon of '{table.logical_name}' must not be in the future.")
    row["createdon"], row["overriddencreatedon"] = created, call.now


def ownership(call: Call, table: Table, owner_id: str, kind: str) -> dict[str, Value]:
    """The owner columns that belong to an owner. Raises DataverseError when there is no such user or team."""
    source = "team" if kind == "team" else "systemuser"
    found = call.state.db.execute(
        f"SELECT businessunitid FROM dv_{source} WHERE {source}id = ?",  # noqa: S608 - one of two constants
        (owner_id,),
    ).fetchone()
    if found is None:
        raise DataverseError("0x80040229", f"The owner {owner_id} does not exist.")
    values: dict[str, Value] = {
        "owninguser": owner_id if kind != "team" else None,
        "owningteam": owner_id if kind == "team" else None,
        "owningbusinessunit": found[0],
    }
    return {name: value for name, value in values.items() if name in table.columns}


def _new_state(table: Table, row: dict[str, Value]) -> None:
    states = table.columns["statecode"]
    state = row.get("statecode")
    status = row.get("statuscode")
    if state is None:
        state = row["statecode"] = states.options[0].value if states.options else 0
    if status is None:
        row["statuscode"] = default_status(table, int(state))
    else:
        check_status(table, int(state), int(status), None)


def default_status(table: Table, state: int) -> int | None:
    """The status reason that a state brings when none is given."""
    option = table.columns["statecode"].option(state)
    if option is not None and option.default_status is not None:
        return option.default_status
    statuses = table.columns.get("statuscode")
    return next((each.value for each in statuses.options if each.state == state), None) if statuses else None


def check_status(table: Table, state: int, status: int, row_id: str | None) -> None:
    """Raises DataverseError when a status reason does not belong to a state."""
    option = table.columns["statuscode"].option(status)
    if option is not None and option.state not in {None, state}:
        label = table.columns["statecode"].option(state)
        name = f"{table.schema_name}State.{label.label if label else state}"
        about = f" on {table.logical_name} with Id {row_id}" if row_id else ""
        raise DataverseError(INVALID_STATUS, f"{status} is not a valid status code for state code {name}{about}.")


def changed_state(call: Call, table: Table, row_id: str, change: dict[str, Value], before: Mapping[str, Any]) -> None:
    """Makes state and status of an update fit each other. Raises DataverseError when they cannot."""
    if "statecode" not in table.columns or not change.keys() & {"statecode", "statuscode"}:
        return
    state, status = change.get("statecode"), change.get("statuscode")
    if state is None and status is not None and call.state.config.dataverse.status_of_other_state == "follow":
        option = table.columns["statuscode"].option(int(status))
        if option is not None and option.state is not None and option.state != before["statecode"]:
            state = change["statecode"] = option.state
    state = int(before["statecode"] or 0) if state is None else int(state)
    if change.get("statuscode") is not None:
        check_status(table, state, int(change["statuscode"] or 0), row_id)
    elif state != before["statecode"] or "statuscode" in change:
        change["statuscode"] = default_status(table, state)


def add_full_name(table: Table, change: dict[str, Value], before: Mapping[str, Any]) -> None:
    """Computes fullname, first name then last name, when one of them changes."""
    if table.logical_name in _FULL_NAMES and change.keys() & {"firstname", "lastname"}:
        parts = [change.get(name, before.get(name)) for name in ("firstname", "lastname")]
        change["fullname"] = " ".join(str(part) for part in parts if part) or None


def _new_list(row: dict[str, Value]) -> None:
    # The name is required of people who fill in the form; over the API it may be missing or blank.
    if row.get("createdfromcode") is None:
        raise DataverseError("0x80040203", "The required field 'createdfromcode' is missing.")
    row["membertype"] = row["createdfromcode"]
    row["membercount"] = None if row.get("type") else 0


def complete_change(call: Call, table: Table, change: dict[str, Value], before: Mapping[str, Any]) -> None:
    """Adds to an update what follows from it: name, owner columns, base amounts, times."""
    add_full_name(table, change, before)
    if "ownerid" in change:
        change.update(ownership(call, table, str(change["ownerid"]), str(change["owneridtype"])))
    _add_base_amounts(call, table, change, before)
    stamps: dict[str, Value] = {
        "modifiedon": call.now,
        "modifiedby": call.caller.user_id,
        "modifiedonbehalfby": call.caller.on_behalf_by,
    }
    change.update({name: value for name, value in stamps.items() if name in table.columns})


def needed_before(table: Table) -> list[str]:
    """Columns of a row as it was which an update has to know."""
    names = ["firstname", "lastname", "ownerid", "statecode", "statuscode", "transactioncurrencyid", "exchangerate"]
    return [name for name in names if name in table.columns and table.columns[name].is_stored]


def _add_base_amounts(call: Call, table: Table, change: dict[str, Value], before: Mapping[str, Any]) -> None:
    if "transactioncurrencyid" not in table.columns:
        return
    amounts = [name for name in change if f"{name}_base" in table.columns and table.columns[name].type == "Money"]
    if not amounts and "transactioncurrencyid" not in change:
        return
    currency = change.get("transactioncurrencyid") or before.get("transactioncurrencyid")
    found = call.state.db.execute(
        "SELECT transactioncurrencyid, exchangerate FROM dv_transactioncurrency WHERE transactioncurrencyid = ?1"
        " OR ?1 IS NULL ORDER BY createdon LIMIT 1",
        (currency,),
    ).fetchone()
    if found is None:
        return
    change["transactioncurrencyid"] = found[0]
    rate = float(found[1] or 1)
    if "exchangerate" in table.columns:
        change["exchangerate"] = rate
    for name in amounts:
        amount = change[name]
        change[f"{name}_base"] = None if amount is None else round(float(amount) / rate, 4)
