"""Consent records of v2 contacts; every write appends one (9.6)."""

from typing import Any

from dyntui.sandbox.dotdigital import codec, contact_store, contacts_v2, dates, preferences
from dyntui.sandbox.dotdigital.call import Call, objects_of
from dyntui.sandbox.dotdigital.contact_store import Contact
from dyntui.sandbox.dotdigital.errors import V2Error
from dyntui.sandbox.request import Response

_KEYS = ("TEXT", "DATETIMECONSENTED", "URL", "IPADDRESS", "USERAGENT")
# The and-preferences calls and imports show other names for the same keys.
_ALIASES = {
    "CONSENTTEXT": "TEXT",
    "CONSENTDATETIME": "DATETIMECONSENTED",
    "CONSENTURL": "URL",
    "CONSENTIP": "IPADDRESS",
    "CONSENTUSERAGENT": "USERAGENT",
}


def get(call: Call) -> Response:
    """GET /v2/contacts/{id or e-mail}/with-consent."""
    _active(call)
    return codec.answer(_shown(call, contacts_v2.reachable(call)))


def create(call: Call) -> Response:
    """POST /v2/contacts/with-consent: 201."""
    return codec.answer(_write(call, None, with_preferences=False), 201)


def update(call: Call) -> Response:
    """PUT /v2/contacts/{id}/with-consent."""
    return codec.answer(_write(call, call.args["id"], with_preferences=False))


def create_with_preferences(call: Call) -> Response:
    """POST /v2/contacts/with-consent-and-preferences: 201."""
    return codec.answer(_write(call, None, with_preferences=True), 201)


def update_with_preferences(call: Call) -> Response:
    """PUT /v2/contacts/{id}/with-consent-and-preferences: preferences not mentioned are opted out of."""
    return codec.answer(_write(call, call.args["id"], with_preferences=True))


def _active(call: Call) -> None:
    if not call.settings.consent_active:
        raise V2Error("ERROR_FEATURENOTACTIVE", 403)


def _write(call: Call, contact_id: str | None, *, with_preferences: bool) -> dict[str, Any]:
    _active(call)
    body = call.bound()
    inner = body.get("contact")
    if not isinstance(inner, dict):
        raise V2Error("ERROR_CONTACT_INVALID")
    contact = contacts_v2.replace(call, inner) if contact_id else contacts_v2.write(call, inner)
    for record in objects_of(body.get("consentfields")):
        fields = {
            _ALIASES.get(str(pair.get("key")).upper(), str(pair.get("key")).upper()): pair.get("value")
            for pair in objects_of(record.get("fields"))
        }
        if not set(_KEYS).issuperset(fields):
            raise V2Error("ERROR_PARAMETER_INVALID")
        call.state.db.execute(
            "INSERT INTO dd_consent (contact_id, fields, created) VALUES (?, ?, ?)",
            (contact.id, codec.text(fields), call.now),
        )
    shown = _shown(call, contact)
    if with_preferences:
        preferences.choose(call, contact.id, objects_of(body.get("preferences")), others_out=contact_id is not None)
        shown["preferences"] = preferences.tree(call.state, contact.id)
    return shown


def _shown(call: Call, contact: Contact) -> dict[str, Any]:
    rows = call.state.db.execute(
        "SELECT id, fields, created FROM dd_consent WHERE contact_id = ? ORDER BY id", (contact.id,)
    )
    records = [
        {
            "id": str(key),
            "fields": [*_pairs(codec.decode(fields)), {"key": "DATETIMECREATED", "value": dates.iso(created)}],
        }
        for key, fields, created in rows
    ]
    fields = contact_store.field_names(call.state)
    return {"contact": contact_store.v2_contact(contact, fields), "consentFields": records}


def _pairs(fields: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": fields.get(key)} for key in _KEYS]
