"""Columns: from AttributeMetadata in a request to a column, and creating, changing and deleting them.

Sources: create-update-column-definitions-using-web-api; the Complex* types that CreateEntities takes are the same with
another name.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from dyntui.sandbox.dataverse import choices, customisation, labels, solutions, storage
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.errors import DataverseError, invalid_argument
from dyntui.sandbox.dataverse.tables import Column, ColumnType, Option, Table
from dyntui.sandbox.state import State

Json = Mapping[str, Any]
Requirement = Literal["None", "Recommended", "ApplicationRequired", "SystemRequired"]
Behavior = Literal["UserLocal", "DateOnly", "TimeZoneIndependent"]

_NAMESPACE = "Microsoft.Dynamics.CRM."
_TYPES: dict[str, ColumnType] = {
    "StringAttributeMetadata": "String",
    "MemoAttributeMetadata": "Memo",
    "IntegerAttributeMetadata": "Integer",
    "BigIntAttributeMetadata": "BigInt",
    "DecimalAttributeMetadata": "Decimal",
    "DoubleAttributeMetadata": "Double",
    "MoneyAttributeMetadata": "Money",
    "BooleanAttributeMetadata": "Boolean",
    "DateTimeAttributeMetadata": "DateTime",
    "PicklistAttributeMetadata": "Picklist",
    "MultiSelectPicklistAttributeMetadata": "MultiSelectPicklist",
    "LookupAttributeMetadata": "Lookup",
    "FileAttributeMetadata": "File",
    "ImageAttributeMetadata": "Image",
}
_REQUIREMENTS: dict[str, Requirement] = {
    "None": "None",
    "Recommended": "Recommended",
    "ApplicationRequired": "ApplicationRequired",
}
_BEHAVIORS: dict[str, Behavior] = {
    "UserLocal": "UserLocal",
    "DateOnly": "DateOnly",
    "TimeZoneIndependent": "TimeZoneIndependent",
}
_TEXT_FORMATS = {
    "Text",
    "TextArea",
    "Email",
    "Url",
    "Phone",
    "TickerSymbol",
    "PhoneticGuide",
    "VersionNumber",
    "Json",
    "RichText",
}
_LONGEST = {"String": 4000, "Memo": 1_048_576}
_SHORTEST_DEFAULT = {"String": 100, "Memo": 2000}
_FIRST_OPTION = 1
_MOST_OPTION = 2**31


def create(call: Call, table: Table, body: Json, solution: str | None) -> Column:
    """Adds the column that a body describes to a table, inside a customisation. Raises DataverseError."""
    column = read(call.state, table, body, solution)
    if column.type == "Lookup":
        raise DataverseError("0x80040203", "A lookup is created with its relationship, by RelationshipDefinitions.")
    add(call, table, column, solution)
    return column


def add(call: Call, table: Table, column: Column, solution: str | None) -> None:
    """Adds a column that has been read. Raises DataverseError 0x80047013 when the table has one of its name."""
    taken = {each.lower() for each in table.columns}
    if column.logical_name in taken:
        raise DataverseError(
            "0x80047013",
            f"An attribute with the specified name {column.logical_name} already exists for the entity "
            f"'{table.logical_name}'. Specify a unique name.",
        )
    column.visible_at = customisation.visible_from(call.state)
    storage.add_column(call.state, table, column)
    if column.type == "Money":
        _add_currency(call.state, table)
        base = Column(
            f"{column.logical_name}_base",
            f"{column.schema_name}_Base",
            "Money",
            metadata_id=call.state.ids.guid(),
            display_name=f"{column.display_name} (Base)",
            precision=column.precision,
            custom=True,
            valid_for_create=False,
            valid_for_update=False,
            visible_at=column.visible_at,
        )
        if base.logical_name not in table.columns:
            storage.add_column(call.state, table, base)
    solutions.add_component(call.state, solution, solutions.COLUMN, column.metadata_id)


def _add_currency(state: State, table: Table) -> None:
    """The columns that a table gets with its first amount of money."""
    for column in (
        Column(
            "transactioncurrencyid",
            "TransactionCurrencyId",
            "Lookup",
            display_name="Currency",
            targets=["transactioncurrency"],
            navigation={"transactioncurrency": "transactioncurrencyid"},
        ),
        Column(
            "exchangerate",
            "ExchangeRate",
            "Decimal",
            display_name="Exchange Rate",
            precision=10,
            valid_for_create=False,
            valid_for_update=False,
        ),
    ):
        if column.logical_name not in table.columns:
            column.metadata_id = state.ids.guid()
            storage.add_column(state, table, column)


def read(state: State, table: Table, body: Json, solution: str | None = None) -> Column:
    """The column that a body describes. Raises DataverseError for what cannot be a column."""
    kind = _type_of(body)
    schema_name = customisation.check_schema_name(body.get("SchemaName"))
    language = state.config.dataverse.base_language
    if kind not in ("Picklist", "MultiSelectPicklist"):
        labels.check_languages(body.get("DisplayName"), state.config.dataverse.languages)
    display, display_others = labels.read(body.get("DisplayName"), language)
    if not display:
        raise invalid_argument(f"The column '{schema_name}' needs a DisplayName.")
    description, description_others = labels.read(body.get("Description"), language)
    column = Column(
        schema_name.lower(),
        schema_name,
        kind,
        metadata_id=state.ids.guid(),
        display_name=display,
        description=description,
        required=_required(body),
        custom=True,
        extra={
            "created_on": customisation.moment(state),
            "modified_on": customisation.moment(state),
            "labels": {"display_name": _texts(display_others), "description": _texts(description_others)},
        },
    )
    reader = _READERS.get(kind)
    if reader is not None:
        reader(state, column, body)
    if kind in {"Picklist", "MultiSelectPicklist", "Boolean"}:
        _read_options(state, table, column, body, solution)
    return column


def change(call: Call, table: Table, column: Column, body: Json) -> None:
    """PUT: keeps the new definition of a column until it is published. Raises DataverseError for a new type or name."""
    if "@odata.type" in body and _type_of(body) != column.type:
        raise invalid_argument(f"The type of the column '{column.logical_name}' cannot be changed.")
    for name in ("SchemaName", "LogicalName"):
        given = body.get(name)
        if given is not None and str(given).lower() != column.logical_name:
            raise invalid_argument(f"The name of the column '{column.logical_name}' cannot be changed.")
    state = call.state
    language = state.config.dataverse.base_language
    changes: dict[str, Any] = {}
    others: dict[str, Any] = {}
    for name, attribute in (("DisplayName", "display_name"), ("Description", "description")):
        if name in body:
            changes[attribute], more = labels.read(body[name], language)
            others[attribute] = _texts(more)
    if "RequiredLevel" in body:
        changes["required"] = _required(body)
    trial = Column(column.logical_name, column.schema_name, column.type, max_length=column.max_length)
    reader = _READERS.get(column.type)
    if reader is not None and column.type != "DateTime":
        reader(state, trial, {**_as_body(column), **body})
        if column.max_length is not None and trial.max_length is not None and trial.max_length < column.max_length:
            raise invalid_argument(f"The length of the column '{column.logical_name}' cannot be reduced.")
        for attribute in ("max_length", "min_value", "max_value", "precision", "format"):
            changes[attribute] = getattr(trial, attribute)
    customisation.keep(column, {**changes, "labels": others})
    storage.save_table(state, table)


def delete(call: Call, table: Table, column: Column) -> None:
    """Removes a custom column with its values. Raises DataverseError for columns which belong to the platform."""
    if not column.custom or column.logical_name in {table.primary_id, table.primary_name}:
        raise DataverseError("0x8004f032", f"The column '{column.logical_name}' cannot be deleted.")
    if column.attribute_of is not None:
        raise DataverseError(
            "0x80047016", f"The column '{column.logical_name}' only exists with '{column.attribute_of}'."
        )
    for key in table.keys.values():
        if column.logical_name in key.columns:
            raise DataverseError(
                "0x8004f01f",
                f"The column '{column.logical_name}' cannot be deleted: the key '{key.schema_name}' needs it.",
            )
    storage.drop_column(call.state, table, column)
    base = table.columns.get(f"{column.logical_name}_base")
    if column.type == "Money" and base is not None:
        storage.drop_column(call.state, table, base)
    solutions.forget_component(call.state, column.metadata_id)


def _type_of(body: Json) -> ColumnType:
    name = str(body.get("@odata.type", "")).removeprefix("#").removeprefix(_NAMESPACE).removeprefix("Complex")
    found = _TYPES.get(name)
    if found is None:
        raise invalid_argument(f"The type '{body.get('@odata.type')}' is no attribute metadata that can be created.")
    return found


def _texts(others: Mapping[int, str]) -> dict[str, str]:
    return {str(code): text for code, text in others.items()}


def _required(body: Json) -> Requirement:
    level = body.get("RequiredLevel")
    value = level.get("Value", "None") if isinstance(level, Mapping) else level or "None"
    found = _REQUIREMENTS.get(str(value))
    if found is None:
        raise invalid_argument(f"The RequiredLevel '{value}' is not possible.")
    return found


def _number(body: Json, name: str, default: float, lowest: float, highest: float, *, whole: bool = True) -> Any:
    value = body.get(name)
    if value is None:
        return default
    kinds = (int,) if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not lowest <= value <= highest:
        raise invalid_argument(f"{name} must be a number from {lowest} to {highest}, not {value!r}.")
    return value


def _format_name(body: Json) -> str:
    name = body.get("FormatName")
    value = name.get("Value") if isinstance(name, Mapping) else name
    return str(value or body.get("Format") or "")


def _read_text(_state: State, column: Column, body: Json) -> None:
    column.max_length = _number(body, "MaxLength", _SHORTEST_DEFAULT[column.type], 1, _LONGEST[column.type])
    column.format = _format_name(body) or ("TextArea" if column.type == "Memo" else "Text")
    if column.format not in _TEXT_FORMATS:
        raise invalid_argument(f"The format '{column.format}' is not possible for the column '{column.schema_name}'.")


def _read_whole(_state: State, column: Column, body: Json) -> None:
    column.min_value = _number(body, "MinValue", -2_147_483_648, -2_147_483_648, 2_147_483_647)
    column.max_value = _number(body, "MaxValue", 2_147_483_647, -2_147_483_648, 2_147_483_647)
    column.format = str(body.get("Format") or "None")


def _read_fraction(_state: State, column: Column, body: Json) -> None:
    limit = 922_337_203_685_477.0 if column.type == "Money" else 100_000_000_000.0
    column.min_value = _number(body, "MinValue", -limit, -limit, limit, whole=False)
    column.max_value = _number(body, "MaxValue", limit, -limit, limit, whole=False)
    column.precision = _number(body, "Precision", 2, 0, 4 if column.type == "Money" else 10)


def _read_date(_state: State, column: Column, body: Json) -> None:
    behavior = body.get("DateTimeBehavior")
    value = behavior.get("Value", "UserLocal") if isinstance(behavior, Mapping) else behavior or "UserLocal"
    form = str(body.get("Format") or "DateAndTime")
    found = _BEHAVIORS.get(str(value))
    if found is None or form not in {"DateOnly", "DateAndTime"}:
        raise invalid_argument(f"The date behavior '{value}' with the format '{form}' is not possible.")
    column.date_behavior, column.format = found, "DateOnly" if found == "DateOnly" else form


def _as_body(column: Column) -> dict[str, Any]:
    """The properties of a column that its reader knows, so that a PUT which leaves some out keeps them."""
    kept = {
        "MaxLength": column.max_length,
        "MinValue": column.min_value,
        "MaxValue": column.max_value,
        "Precision": column.precision,
        "Format": column.format,
    }
    return {name: value for name, value in kept.items() if value is not None}


def _read_options(state: State, table: Table, column: Column, body: Json, solution: str | None) -> None:
    bound = body.get("GlobalOptionSet@odata.bind")
    if bound is not None and column.type != "Boolean":
        key = str(bound).rstrip("/").rpartition("(")[2].removesuffix(")").partition("=")
        choice = choices.find(state, (key[2] or key[0]).strip("'"))
        if choice is None:
            raise DataverseError("0x80040217", f"There is no global choice '{bound}'.", 404)
        column.option_set, column.option_set_global, column.options = choice.name, True, list(choice.options)
        _read_default(column, body)
        return
    given = body.get("OptionSet")
    if not isinstance(given, Mapping):
        raise invalid_argument(f"The column '{column.schema_name}' needs an OptionSet.")
    column.option_set = f"{table.logical_name}_{column.logical_name}"
    if column.type == "Boolean":
        for value, name, text in ((1, "TrueOption", "Yes"), (0, "FalseOption", "No")):
            option = given.get(name)
            label = option.get("Label") if isinstance(option, Mapping) else None
            shown, others = labels.read(label, state.config.dataverse.base_language)
            column.options.append(Option(value, shown or text, labels=others))
        column.default_value = bool(body.get("DefaultValue", False))
        return
    if given.get("IsGlobal") and given.get("Name"):
        known = choices.find(state, str(given["Name"]))
        if known is not None:
            column.option_set, column.option_set_global, column.options = known.name, True, list(known.options)
            _read_default(column, body)
            return
    column.options = read_options(state, given.get("Options"), solution)
    _read_default(column, body)


def _read_default(column: Column, body: Json) -> None:
    default = body.get("DefaultFormValue")
    if isinstance(default, int) and default >= 0:
        if column.option(default) is None:
            raise invalid_argument(f"The default value {default} is no option of the column '{column.schema_name}'.")
        column.default_value = default


def read_options(state: State, given: Any, solution: str | None) -> list[Option]:
    """The options of a choice; those without a value get the next one of the publisher's range.

    Raises DataverseError for values that occur twice.
    """
    if not isinstance(given, list):
        raise invalid_argument("Options must be a list.")
    following = _first_value(state, solution)
    found: list[Option] = []
    for each in given:
        if not isinstance(each, Mapping):
            raise invalid_argument("Options must be a list of OptionMetadata.")
        text, others = labels.read(each.get("Label"), state.config.dataverse.base_language)
        value = each.get("Value")
        if value is None:
            value = following
        if not isinstance(value, int) or isinstance(value, bool) or not -_MOST_OPTION <= value < _MOST_OPTION:
            raise invalid_argument(f"The value {value!r} of an option is no whole number of 32 bits.")
        following = max(following, value + 1)
        if any(option.value == value for option in found):
            raise DataverseError("0x80048403", f"The value {value} occurs twice in the options.")
        color = each.get("Color")
        found.append(Option(value, text, labels=others, color=str(color) if color else None))
    return found


def _first_value(state: State, solution: str | None) -> int:
    row = state.db.execute(
        "SELECT p.customizationoptionvalueprefix FROM dv_solution s JOIN dv_publisher p USING (publisherid)"
        " WHERE s.uniquename = ?",
        (solution or "Default",),
    ).fetchone()
    prefix = row[0] if row is not None and row[0] is not None else None
    return _FIRST_OPTION if prefix is None else int(prefix) * 10_000


_READERS: dict[str, Callable[[State, Column, Json], None]] = {
    "String": _read_text,
    "Memo": _read_text,
    "Integer": _read_whole,
    "Decimal": _read_fraction,
    "Double": _read_fraction,
    "Money": _read_fraction,
    "DateTime": _read_date,
}
