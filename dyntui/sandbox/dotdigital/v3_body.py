"""Bodies of v3 contact calls: their strict shape, and the rows they mean (3.7, 5.7).

JSON of a wrong type is refused as a whole with `server:badRequest` and the place of the fault; what has the right type
but a wrong value is `contacts:badRequest`, or the failure of one row in an import.
"""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from dyntui.sandbox.dotdigital import addresses, contact_store, dates, field_values
from dyntui.sandbox.dotdigital.data_fields import choice
from dyntui.sandbox.dotdigital.errors import V3Error
from dyntui.sandbox.dotdigital.upsert import Row
from dyntui.sandbox.state import State

IDENTIFIER = re.compile(r"[-A-Za-z0-9_]{1,50}")
_PHONE = re.compile(r"\+?[1-9]\d{6,14}")
LISTS, CONSENTS, VALUE_LENGTH = 100, 5, 256


class ResubscribeOptions(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    resubscribe_with_no_challenge: bool = True
    preferred_locale: str | None = None
    redirect_url_after_challenge: str | None = None


class EmailChannel(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    email_type: str | None = None
    opt_in_type: str | None = None
    status: str | None = None
    resubscribe_options: ResubscribeOptions | None = None


class PhoneChannel(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    status: str | None = None
    country_code: str | None = None
    opt_in_type: str | None = None


class Channels(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    email: EmailChannel | None = None
    sms: PhoneChannel | None = None
    whats_app: PhoneChannel | None = None


class Preference(msgspec.Struct, rename="camel"):
    id: int
    is_opted_in: bool


class Consent(msgspec.Struct, rename="camel"):
    text: str | None = None
    date_time_consented: str | None = None
    url: str | None = None
    ip_address: str | None = None
    user_agent: str | None = None


class Item(msgspec.Struct, rename="camel"):
    """One contact of an import, or the body of a single write, where matchIdentifier is not used."""

    match_identifier: str | None = None
    identifiers: dict[str, Any] = {}
    data_fields: dict[str, Any] = {}
    channel_properties: Channels | None = None
    lists: list[int] = []
    preferences: list[Preference] = []
    consent_records: list[Consent] = []


class Import(msgspec.Struct, rename="camel"):
    contacts: list[Item]
    merge_option: str = "overwrite"


_T = TypeVar("_T")


def decode(body: bytes, kind: type[_T]) -> _T:
    """The body as `kind`. Raises 400 contacts:badJson for what is no JSON, server:badRequest for wrong types."""
    try:
        return msgspec.json.Decoder(kind, float_hook=Decimal).decode(body.removeprefix(b"\xef\xbb\xbf"))
    except msgspec.ValidationError as error:
        text, _, path = str(error).rpartition(" - at `")
        place = position(body, path.rstrip("`")) if text else "line 1, position 1"
        raise V3Error("server:badRequest", "The request is invalid", details=[(place, text or str(error))]) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise V3Error("contacts:badJson", f"The request body is not valid JSON: {error}") from None


def position(body: bytes, path: str) -> str:
    """Where the value of a path such as `$.contacts[3].lists` ends, as "line 1, position 15" (2.5)."""
    text = body.decode("utf-8", "replace")
    decoder, at = json.JSONDecoder(), 0
    for name, index in re.findall(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]", path):
        at = _into(text, at, decoder, name, int(index) if index.isdigit() else 0)
    try:
        _, end = decoder.raw_decode(text, at)
    except (ValueError, RecursionError):
        end = at
    line = text.count("\n", 0, end) + 1
    return f"line {line}, position {end - (text.rfind(chr(10), 0, end) + 1)}"


_BLANK = re.compile(r"[ \t\r\n]*")


def _skip(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _into(text: str, at: int, decoder: json.JSONDecoder, name: str, index: int) -> int:
    """Offset of a member of the object, or of an element of the array, that starts at `at`; `at` if there is none."""
    at = _skip(text, at)
    here, seen = at + 1, 0
    try:
        while True:
            here = _skip(text, here)
            if text[here] in "]}":
                return at
            if text[at] == "{":
                key, here = decoder.raw_decode(text, here)
                here = _skip(text, _skip(text, here) + 1)
                if key == name:
                    return here
            elif seen == index:
                return here
            _, here = decoder.raw_decode(text, here)
            here = _skip(text, here)
            if text[here] != ",":
                return at
            here, seen = here + 1, seen + 1
    except (ValueError, IndexError, RecursionError):
        return at


def check(body: bytes, items: list[Item], prefix: str) -> None:
    """What JSON types alone do not say. Raises 400 for the first fault of each kind; `prefix` is the path of items."""
    for index, item in enumerate(items):
        at = f"{prefix}[{index}]" if prefix.endswith("contacts") else prefix
        for name, value in item.identifiers.items():
            wrong = not isinstance(value, int) if name == "contactId" else not isinstance(value, str)
            if wrong or isinstance(value, bool):
                _wrong_type(body, f"{at}.identifiers.{name}", f"Identifier {name} has the wrong type")
        for name, value in item.data_fields.items():
            if isinstance(value, dict | list):
                _wrong_type(body, f"{at}.dataFields.{name}", f"Data field {name} must be a plain value")
        if len(item.lists) > LISTS or len(item.consent_records) > CONSENTS:
            raise _bad(f"{at}.lists or {at}.consentRecords", "Too many items")
        _check_channels(item, at)


def _wrong_type(body: bytes, path: str, text: str) -> None:
    raise V3Error("server:badRequest", "The request is invalid", details=[(position(body, path), text)])


def _bad(item: str, text: str) -> V3Error:
    return V3Error("contacts:badRequest", "The request is invalid", details=[(item.removeprefix("$."), text)])


_STATUSES = ("noSubscription", "subscribed", "unsubscribed", "suppressed")


def _check_channels(item: Item, at: str) -> None:
    channels = item.channel_properties
    if channels is None:
        return
    wanted: list[tuple[str, str | None, tuple[str, ...]]] = []
    if channels.email:
        wanted = [
            ("email.emailType", channels.email.email_type, contact_store.EMAIL_TYPES),
            ("email.optInType", channels.email.opt_in_type, contact_store.OPT_IN_TYPES),
            ("email.status", channels.email.status, _STATUSES[1:]),
        ]
    for name, phone in (("sms", channels.sms), ("whatsApp", channels.whats_app)):
        if phone:
            wanted.append((f"{name}.status", phone.status, _STATUSES))
    for name, value, allowed in wanted:
        if value is not None and choice(value, allowed) is None:
            raise _bad(f"{at}.channelProperties.{name}", f"'{value}' is not valid")


# -- rows ------------------------------------------------------------------------------------------------------------


class Context(msgspec.Struct, frozen=True):
    """What rows are read against: types of data fields, names of custom identifiers, ids of leaf preferences."""

    types: Mapping[str, str]
    customs: Mapping[str, str]
    preferences: frozenset[int]
    ignore_unknown: bool


def context(state: State) -> Context:
    """The account's present definitions."""
    customs = {name.lower(): name for (name,) in state.db.execute("SELECT name FROM dd_custom_identifier")}
    leaves = frozenset(row[0] for row in state.db.execute("SELECT id FROM dd_preference WHERE is_preference"))
    ignore = state.config.dotdigital.v3_unknown_data_field == "ignore"
    return Context(contact_store.field_types(state), customs, leaves, ignore)


def row_of(item: Item, around: Context, match: str, value: str | int | None) -> Row:
    """The row that an item means for the contact found by `match`; a fault of its values is left in `failure`."""
    name = identifier_name(match, around)
    row = Row(match=name or match, value=value if value is not None else "", source=item)
    if name is None:
        return _failed(row, "InvalidMatchIdentifier", f"{match} is no identifier of this account")
    if value is None or value == "":
        return _failed(row, "NoValidIdentifiers", f"The contact has no {match}")
    if name == "email":
        row.email = row.value = addresses.normal(str(value))
    elif name != "contactId":
        row.value = row.others[name] = _identifier(name, str(value))
    for key, text in item.identifiers.items():
        known = identifier_name(key, around)
        if known is None:
            return _failed(row, "InvalidMatchIdentifier", f"{key} is no identifier of this account")
        if known == "email":
            row.email = addresses.normal(text)
        elif known != "contactId":
            row.others[known] = _identifier(known, text)
    phone = row.others.get("mobileNumber")
    if phone is not None and not _PHONE.fullmatch(phone):
        return _failed(row, "InvalidPhoneNumber", f"{phone} is not a valid mobile number")
    if any(not value or len(value) > VALUE_LENGTH for value in row.others.values()):
        return _failed(row, "NoValidIdentifiers", "An identifier is empty or too long")
    row.lists = item.lists
    row.preferences = [(one.id, one.is_opted_in) for one in item.preferences]
    if not around.preferences.issuperset(one.id for one in item.preferences):
        return _failed(row, "ApiSchemaViolation", "Unknown marketing preference")
    consents = [_consent(one) for one in item.consent_records]
    row.consents = [one for one in consents if consent_is_valid(one)]
    row.partial = "ConsentRecordsNotApplied" if len(row.consents) < len(consents) else ""
    _channels(item, row)
    return _data(item, around, row)


def identifier_name(name: str, around: Context) -> str | None:
    """The canonical name of an identifier in any letter case; None for an unknown one."""
    lower = name.lower()
    standard = {"email": "email", "contactid": "contactId", "mobilenumber": "mobileNumber"}
    return standard.get(lower) or around.customs.get(lower)


def _identifier(name: str, value: str) -> str:
    return value.strip().removeprefix("+") if name == "mobileNumber" else value.strip()


def _failed(row: Row, code: str, text: str) -> Row:
    row.failure, row.detail = code, text
    return row


def _channels(item: Item, row: Row) -> None:
    channels = item.channel_properties
    if channels is None:
        return
    if channels.email:
        row.email_type = _known(channels.email.email_type, contact_store.EMAIL_TYPES)
        row.opt_in = _known(channels.email.opt_in_type, contact_store.OPT_IN_TYPES)
        row.status = _known(channels.email.status, ("Subscribed", "Unsubscribed", "Suppressed"))
    row.sms = _known(channels.sms.status, _STATUSES) if channels.sms else None
    row.whatsapp = _known(channels.whats_app.status, _STATUSES) if channels.whats_app else None


def _known(value: str | None, allowed: tuple[str, ...]) -> str | None:
    return None if value is None else choice(value, allowed)


def _data(item: Item, around: Context, row: Row) -> Row:
    data: dict[str, Any] = {}
    for key, value in item.data_fields.items():
        name = key.upper()
        kind = around.types.get(name)
        if kind is None:
            if around.ignore_unknown:
                continue
            return _failed(row, "ApiSchemaViolation", f"Data field {key} does not exist")
        try:
            data[name] = field_values.convert(kind, value)
        except field_values.WrongType:
            return _failed(row, "ApiSchemaViolation", f"The value of data field {key} is not of type {kind}")
        except field_values.Overflow:
            return _failed(row, "ApiSchemaViolation", f"The value of data field {key} is too long")
    row.data = data
    return row


def _consent(one: Consent) -> dict[str, Any]:
    return {
        "TEXT": one.text,
        "DATETIMECONSENTED": one.date_time_consented,
        "URL": one.url,
        "IPADDRESS": one.ip_address,
        "USERAGENT": one.user_agent,
    }


def consent_is_valid(consent: Mapping[str, Any]) -> bool:
    """Whether a consent record's date can be read; if not, the record is left out of the contact (5.7)."""
    moment = consent.get("DATETIMECONSENTED")
    try:
        return moment is None or dates.parse(str(moment)) > 0
    except (ValueError, OverflowError):
        return False
