"""Contact data fields: listing, creating and deleting them (6), and binding values sent in v2 calls to them."""

import re
from collections.abc import Mapping
from typing import Any

from dyntui.sandbox.dotdigital import codec, contact_store, field_values
from dyntui.sandbox.dotdigital.call import Call, objects_of
from dyntui.sandbox.dotdigital.errors import V2Error, not_found, parameter_invalid
from dyntui.sandbox.request import Response
from dyntui.sandbox.state import State

_NAME = re.compile(r"[A-Z0-9_-]{1,20}")
RESERVED = frozenset(
    {
        *("ACCOUNT", "CAMPAIGN", "CAMPAIGNID", "CONTACT", "CONTACT_API_ID", "CONTACTID", "EMAIL", "HCONTACTID"),
        *("HEMAIL", "HEMAIL256", "ID", "MESSAGECONTENT", "MOBILENUMBERID", "NOTES", "UNSUBSCRIBED", "UNIQUECONTACTID"),
    }
)
"""Names which the web application refuses (6); the API refuses them too here ([inferred])."""
VISIBILITIES = ("Private", "Public")


def list_fields(call: Call) -> Response:
    """GET /v2/data-fields: all of them, no paging."""
    rows = call.state.db.execute("SELECT type, visibility, default_value FROM dd_data_field ORDER BY name")
    names = contact_store.field_names(call.state)
    return codec.answer([_field(name, *row) for name, row in zip(names, rows, strict=True)])


def create(call: Call) -> Response:
    """POST /v2/data-fields: 201 with an empty body (or an echo, by switch)."""
    body = call.bound()
    name = str(body.get("name") or "").upper()
    kind = choice(body.get("type"), field_values.TYPES)
    visibility = choice(body.get("visibility") or "Private", VISIBILITIES)
    if not _NAME.fullmatch(name) or name in RESERVED or kind is None or visibility is None:
        raise V2Error("ERROR_DATAFIELD_INVALID")
    if call.state.db.execute("SELECT 1 FROM dd_data_field WHERE name = ?", (name,)).fetchone():
        raise V2Error("ERROR_NON_UNIQUE_DATAFIELD")
    total = call.state.db.execute("SELECT count(*) FROM dd_data_field").fetchone()[0]
    if total >= call.settings.data_field_limit:
        raise V2Error("ERROR_DATAFIELD_LIMITEXCEEDED")
    default = body.get("defaultvalue")
    try:
        stored = field_values.convert(kind, default)
    except field_values.WrongType:
        raise V2Error("ERROR_DATAFIELD_INVALID") from None
    except field_values.Overflow:
        raise V2Error("ERROR_DATAFIELD_VALUE_OVERFLOW") from None
    text = None if stored is None else codec.text(stored)
    call.state.db.execute(
        "INSERT INTO dd_data_field (name, type, visibility, default_value, system) VALUES (?, ?, ?, ?, 0)",
        (name, kind, visibility, text),
    )
    call.state.db.execute(
        "INSERT INTO dd_data_field_spelling (name, spelling) VALUES (?, ?)"
        " ON CONFLICT DO UPDATE SET spelling = excluded.spelling",
        (name, str(body["name"])),
    )
    if call.settings.data_field_create_echoes:
        (shown,) = contact_store.field_names(call.state, [name])
        return codec.answer(_field(shown, kind, visibility, text), 201)
    return codec.empty(201)


def delete(call: Call) -> Response:
    """DELETE /v2/data-fields/{name}: `{dependencies, result}`; blocked while something uses the field."""
    db, name = call.state.db, call.args["name"].upper()
    row = db.execute("SELECT system FROM dd_data_field WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise not_found("ERROR_DATAFIELD_NOTFOUND")
    if row[0]:
        raise V2Error("ERROR_DATAFIELD_INVALID")
    uses = db.execute("SELECT type, object_id FROM dd_dependency WHERE field = ? ORDER BY type, object_id", (name,))
    dependencies = [{"type": kind, "objectId": object_id} for kind, object_id in uses]
    dependencies += [{"type": "Campaign", "objectId": campaign} for campaign in _campaigns_using(call.state, name)]
    if dependencies:
        body = {"dependencies": dependencies, "result": False}
        return codec.answer(body, call.settings.blocked_field_delete_status)
    db.execute("DELETE FROM dd_data_field WHERE name = ?", (name,))
    # json_remove rewrites every row it is given: contacts without a value stay untouched.
    db.execute(
        "UPDATE dd_contact SET data = json_remove(data, ?1) WHERE json_type(data, ?1) IS NOT NULL", (f'$."{name}"',)
    )
    return codec.answer({"dependencies": None, "result": True})


def bind(call: Call, pairs: Any) -> dict[str, Any]:
    """The `[{key, value}]` of a v2 contact as stored values by upper-case name; None clears.

    Raises 400 for an unknown field (the whole call is refused), a value of the wrong type or one too long.
    """
    types = contact_store.field_types(call.state)
    return {
        key: value
        for key, value in (
            _value(types, str(pair.get("key") or "").strip().upper(), pair.get("value")) for pair in objects_of(pairs)
        )
        if value is not None or call.settings.null_clears_data_field
    }


def merge(old: Mapping[str, Any], new: Mapping[str, Any], option: str = "Overwrite") -> dict[str, Any]:
    """Stored values after a write under a merge option (5.1): Overwrite, OnlyOverwriteIfNotEmpty (an empty new value
    changes nothing) or OnlyOverwriteIfContactDataNotPopulated (a set old value stays)."""
    merged = dict(old)
    for key, value in new.items():
        if option == "OnlyOverwriteIfContactDataNotPopulated" and merged.get(key) is not None:
            continue
        if value is not None:
            merged[key] = value
        elif option == "Overwrite":
            merged.pop(key, None)
    return merged


def choice(value: Any, allowed: tuple[str, ...]) -> str | None:
    """The enum value meant by a text in any letter case or by its number; None when there is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return allowed[value] if 0 <= value < len(allowed) else None
    return next((name for name in allowed if isinstance(value, str) and name.lower() == value.lower()), None)


def _value(types: Mapping[str, str], key: str, value: Any) -> tuple[str, Any]:
    if key not in types:
        raise V2Error("ERROR_DATAFIELD_NOTFOUND")
    try:
        return key, field_values.convert(types[key], value)
    except field_values.WrongType:
        raise V2Error("ERROR_DATAFIELD_INVALID") from None
    except field_values.Overflow:
        raise V2Error("ERROR_DATAFIELD_VALUE_OVERFLOW") from None


def _field(name: str, kind: str, visibility: str, default: str | None) -> dict[str, Any]:
    value = None if default is None else codec.decode(default)
    return {"name": name, "type": kind, "visibility": visibility, "defaultValue": value}


def _campaigns_using(state: State, name: str) -> list[int]:
    """Campaigns whose content shows the field as `@FIRSTNAME@`."""
    token = f"@{name}@"
    return [
        row[0]
        for row in state.db.execute(
            "SELECT id FROM dd_campaign WHERE instr(upper(html), ?1) OR instr(upper(text), ?1)"
            " OR instr(upper(subject), ?1) ORDER BY id",
            (token,),
        )
    ]


def enum(value: Any, allowed: tuple[str, ...], name: str) -> str:
    """The enum value meant. Raises 400 ERROR_PARAMETER_INVALID."""
    chosen = choice(value, allowed)
    if chosen is None:
        raise parameter_invalid(f"{name} is not valid.")
    return chosen
