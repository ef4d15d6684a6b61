"""Definitions of choices as JSON: the options of columns, and global choices (OptionSetMetadata and its kin)."""

from dyntui.sandbox.dataverse import choices, labels
from dyntui.sandbox.dataverse.choices import GlobalChoice
from dyntui.sandbox.dataverse.definitions import NAMESPACE, VERSION, Json, managed_property
from dyntui.sandbox.dataverse.stable_ids import stable_id
from dyntui.sandbox.dataverse.tables import Column, Option, Table
from dyntui.sandbox.state import State


def option_set_json(state: State, table: Table, column: Column) -> Json | None:
    """The local option set of a choice column; None when it uses a global one."""
    if not column.options or column.option_set_global:
        return None
    name = column.option_set or f"{table.logical_name}_{column.logical_name}"
    set_id = stable_id(f"options {table.logical_name}.{column.logical_name}")
    frame = _option_set_frame(state, name, set_id, column.display_name, column.custom, column.type)
    del frame["@odata.type"]
    if column.type == "Boolean":
        by_value = {option.value: _option_json(state, option, column) for option in column.options}
        return frame | {"TrueOption": by_value.get(1), "FalseOption": by_value.get(0)}
    return frame | {"Options": [_option_json(state, option, column) for option in column.options]}


def global_option_set_json(state: State, column: Column) -> Json | None:
    """The global option set that a choice column uses; None when it has its own."""
    if not column.option_set_global:
        return None
    choice = choices.find(state, column.option_set)
    return None if choice is None else choice_json(state, choice)


def choice_json(state: State, choice: GlobalChoice) -> Json:
    """OptionSetMetadata of a global choice."""
    frame = _option_set_frame(
        state, choice.name, choice.metadata_id, choice.display_name, choice.custom, "Picklist", is_global=True
    )
    frame["Description"] = labels.write(choice.description, state.config.dataverse.base_language)
    return frame | {"Options": [_option_json(state, option, None, custom=choice.custom) for option in choice.options]}


def _option_set_frame(
    state: State, name: str, set_id: str, text: str, custom: bool, kind: str, *, is_global: bool = False
) -> Json:
    language = state.config.dataverse.base_language
    return {
        "@odata.type": f"{NAMESPACE}{'BooleanOptionSetMetadata' if kind == 'Boolean' else 'OptionSetMetadata'}",
        "MetadataId": set_id,
        "Name": name,
        "IsGlobal": is_global,
        "IsCustomOptionSet": custom,
        "IsManaged": not custom,
        "OptionSetType": {"MultiSelectPicklist": "Picklist"}.get(kind, kind),
        "ExternalTypeName": None,
        "ParentOptionSetName": None,
        "IntroducedVersion": "1.0.0.0" if custom else VERSION,
        "HasChanged": None,
        "IsCustomizable": managed_property("iscustomizable", True),
        "DisplayName": labels.write(text, language, managed=not custom),
        "Description": labels.write("", language),
    }


def _option_json(state: State, option: Option, column: Column | None, *, custom: bool = False) -> Json:
    managed = not (custom or (column is not None and column.custom))
    language = state.config.dataverse.base_language
    found: Json = {
        "Value": option.value,
        "Color": option.color,
        "IsManaged": managed,
        "ExternalValue": "",
        "ParentValues": [],
        "Tag": None,
        "IsHidden": False,
        "MetadataId": None,
        "HasChanged": None,
        "Label": labels.write(option.label, language, option.labels, managed=managed),
        "Description": labels.write("", language),
    }
    if column is not None and column.type == "Status":
        found = {
            "@odata.type": f"{NAMESPACE}StatusOptionMetadata",
            **found,
            "State": option.state,
            "TransitionData": None,
        }
    elif column is not None and column.type == "State":
        found = {
            "@odata.type": f"{NAMESPACE}StateOptionMetadata",
            **found,
            "DefaultStatus": option.default_status,
            "InvariantName": option.label,
        }
    return found
