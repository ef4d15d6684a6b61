"""What dotdigital refuses, as errors a person can act on.

v2 answers `{"message": "Human sentence. ERROR_CODE"}`: the code is the last token (one text has a space after it);
v3 answers `{"errorCode", "description", "details"}`; gateways answer HTML. Codes: reference/dotdigital_api.md 2.2-2.5.

Public: `DotdigitalError`, `UnknownOutcome`, `error_from(...)`, `read_error(body)`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Unpack

import msgspec

from dyntui.model.errors import Exit
from dyntui.remote.errors import (
    MESSAGE_LIMIT,
    Meaning,
    RemoteError,
    RemoteParts,
    System,
    asking_to_wait,
    detail_of,
    text_of,
)

FLAT_LIMIT: Final = "ERROR_APIUSAGE_EXCEEDED"
BOOK_IN_USE: Final = "ERROR_ADDRESSBOOK_IN_USE"
NOT_TAKEN_UP: Final = "ERROR_SYSTEM_SERVICETEMPORARILYUNAVAILABLE"
TOO_MANY_IMPORTS: Final = frozenset({"ERROR_IMPORT_TOOMANYACTIVEIMPORTS", "contacts:tooManyActiveImports"})
TOO_MANY_DELETES: Final = frozenset({"contacts:tooManyBulkDeleteJobs"})
CONTACT_NOT_FOUND: Final = frozenset({"ERROR_CONTACT_NOT_FOUND", "contacts:contactNotFound"})
CONTACT_SUPPRESSED: Final = frozenset({"ERROR_CONTACT_SUPPRESSED", "ERROR_CONTACT_SUPPRESSEDFORADDRESSBOOK"})

_CODE: Final = re.compile(r"ERROR_[A-Z0-9_]+")


class DotdigitalError(RemoteError):
    """dotdigital, or the way to it, refused a call. `platform_code` is `ERROR_...` in v2 and `service:code` in v3;
    `items` are v3's details as (item, description)."""

    def __init__(
        self, code: str, message: str, *, items: tuple[tuple[str, str], ...] = (), **parts: Unpack[RemoteParts]
    ) -> None:
        super().__init__(code, message, **parts)
        self.items = items


class UnknownOutcome(DotdigitalError):
    """A write was sent and no answer came: it may or may not have been made. Read back before doing it again."""


DOTDIGITAL: Final = System("dotdigital", "DOTDIGITAL", DotdigitalError, UnknownOutcome)


class ErrorBody(msgspec.Struct, frozen=True):
    """An error body: dotdigital's code or "", its words, and v3's details."""

    code: str
    message: str
    items: tuple[tuple[str, str], ...] = ()


_SIGN_IN = Meaning(
    "DOTDIGITAL_SIGN_IN_REFUSED",
    "dotdigital refused the API user or its password.",
    "Check the API user in dotdigital (Settings > Access > API users), then `dyntui setup`. It is not retried: "
    "repeated failures lock API users.",
    Exit.NOT_PERMITTED,
)
_NOT_PERMITTED = Meaning(
    "DOTDIGITAL_NOT_PERMITTED",
    "dotdigital does not permit this for the API user, or the account lives in another region.",
    "Check the API user's permissions; given https://r1-api.dotdigital.com, `dyntui setup` finds the region.",
    Exit.NOT_PERMITTED,
)
_BOOK_GONE = Meaning(
    "DOTDIGITAL_BOOK_NOT_FOUND", "The address book does not exist.", "Repair the list's address book in dyntui."
)
_BOOK_NAME = Meaning(
    "DOTDIGITAL_BOOK_NAME_TAKEN",
    "A list or segment with this name exists already, or the name is reserved.",
    "Choose another name or bind the existing address book.",
)
_CAMPAIGN_GONE = Meaning("DOTDIGITAL_CAMPAIGN_NOT_FOUND", "The campaign does not exist.", "Synchronise campaigns.")
_SUPPRESSED = Meaning(
    "DOTDIGITAL_CONTACT_SUPPRESSED", "The contact is suppressed.", "Nothing: the person opted out or cannot be reached."
)
_CONTACT_GONE = Meaning("DOTDIGITAL_CONTACT_NOT_FOUND", "The contact does not exist.", "Synchronise the list again.")
_IMPORT_GONE = Meaning("DOTDIGITAL_IMPORT_NOT_FOUND", "The import is not known or not finished.", "Start it again.")
_TOO_MANY = Meaning(
    "DOTDIGITAL_TOO_MANY_JOBS", "dotdigital's 25 simultaneous imports stayed taken for too long.", "Try again later."
)
_LIMIT = Meaning("DOTDIGITAL_LIMIT", "dotdigital's call limit is closed.", "Try again later.")
_INVALID = Meaning("DOTDIGITAL_VALUE_REFUSED", "dotdigital refused a value.", "Correct the value or the mapping.")
_UNAVAILABLE = Meaning(
    "DOTDIGITAL_UNAVAILABLE", "dotdigital is temporarily unavailable.", "Try again later.", Exit.UNREACHABLE
)

_MEANINGS: Final[dict[str, Meaning]] = {
    "ERROR_INVALID_LOGIN": _SIGN_IN,
    "ERROR_APIUSER_INVALID": _SIGN_IN,
    "ERROR_FEATURENOTACTIVE": Meaning(
        "DOTDIGITAL_FEATURE_OFF", "This feature is not part of the dotdigital account.", "Ask dotdigital to enable it."
    ),
    "insightData:collectionNotFound": Meaning(
        "DOTDIGITAL_COLLECTION_NOT_FOUND", "The account has no such insight data.", "Ask dotdigital to enable it."
    ),
    "ERROR_ADDRESSBOOK_NOT_FOUND": _BOOK_GONE,
    "ERROR_ADDRESSBOOK_DUPLICATE": _BOOK_NAME,
    "ERROR_ADDRESSBOOK_NOTWRITABLE": Meaning(
        "DOTDIGITAL_BOOK_NOT_WRITABLE", "The address book cannot be written by the API.", "Choose another address book."
    ),
    BOOK_IN_USE: Meaning(
        "DOTDIGITAL_BOOK_IN_USE", "The address book is busy with an import or a removal.", "Try again in a minute."
    ),
    "ERROR_ADDRESSBOOK_LIMITEXCEEDED": Meaning(
        "DOTDIGITAL_BOOK_LIMIT", "The account may not have more address books.", "Delete address books in dotdigital."
    ),
    "ERROR_CONTACT_SUPPRESSED": _SUPPRESSED,
    "ERROR_CONTACT_SUPPRESSEDFORADDRESSBOOK": _SUPPRESSED,
    "ERROR_CONTACT_NOT_FOUND": _CONTACT_GONE,
    "contacts:contactNotFound": _CONTACT_GONE,
    "ERROR_CONTACT_TOOMANY": Meaning(
        "DOTDIGITAL_CONTACT_LIMIT",
        "The account's contact allowance is used up.",
        "Raise the allowance or remove contacts.",
    ),
    "accounts:maxAccountLimit": Meaning(
        "DOTDIGITAL_CONTACT_LIMIT",
        "The account's contact allowance is used up.",
        "Raise the allowance or remove contacts.",
    ),
    "ERROR_NON_UNIQUE_DATAFIELD": Meaning(
        "DOTDIGITAL_FIELD_EXISTS", "A data field with this name exists already.", "Synchronise data labels."
    ),
    "ERROR_DATAFIELD_NOTFOUND": Meaning(
        "DOTDIGITAL_FIELD_NOT_FOUND", "A data field does not exist.", "Synchronise data labels."
    ),
    "ERROR_DATAFIELD_LIMITEXCEEDED": Meaning(
        "DOTDIGITAL_FIELD_LIMIT", "The account may not have more data fields.", "Delete data fields in dotdigital."
    ),
    "ERROR_IMPORT_NOT_FOUND": _IMPORT_GONE,
    "ERROR_IMPORT_REPORT_NOT_FOUND": _IMPORT_GONE,
    "contacts:importNotFound": _IMPORT_GONE,
    "ERROR_IMPORT_TOOMANYACTIVEIMPORTS": _TOO_MANY,
    "contacts:tooManyActiveImports": _TOO_MANY,
    "contacts:tooManyBulkDeleteJobs": _TOO_MANY,
    FLAT_LIMIT: _LIMIT,
    "ERROR_CAMPAIGN_NOT_FOUND": _CAMPAIGN_GONE,
    "ERROR_CAMPAIGN_INVALID": Meaning(
        "DOTDIGITAL_CAMPAIGN_INVALID", "The campaign is not complete or not valid.", "Correct it in dotdigital."
    ),
    "ERROR_CAMPAIGN_READONLY": Meaning(
        "DOTDIGITAL_CAMPAIGN_READ_ONLY", "The campaign was sent already.", "Copy the campaign in dotdigital."
    ),
    "ERROR_CAMPAIGN_SENDNOTPERMITTED": Meaning(
        "DOTDIGITAL_SEND_NOT_PERMITTED", "dotdigital does not permit the send.", "Ask dotdigital support."
    ),
    "ERROR_CAMPAIGN_SEND_INVALID": Meaning(
        "DOTDIGITAL_SEND_INVALID", "dotdigital refused the send as not valid.", "Check the campaign and its targets."
    ),
    "ERROR_SEND_LIMITEXCEEDED": Meaning(
        "DOTDIGITAL_SEND_LIMIT", "The account's email allowance is used up.", "Buy credits in dotdigital."
    ),
    "ERROR_CAMPAIGN_CONTAINS_UNSUPPORTED_BLOCKS": Meaning(
        "DOTDIGITAL_CAMPAIGN_UNSUPPORTED",
        "The campaign holds blocks that the API cannot send.",
        "Send it in dotdigital.",
    ),
    "ERROR_PARAMETER_INVALID": _INVALID,
    "ERROR_INVALID_EMAIL": _INVALID,
    "ERROR_DATAFIELD_INVALID": _INVALID,
    "ERROR_DATAFIELD_VALUE_OVERFLOW": _INVALID,
    "server:badRequest": _INVALID,
    "contacts:badRequest": _INVALID,
    "contacts:badJson": _INVALID,
    NOT_TAKEN_UP: _UNAVAILABLE,
}
_BY_STATUS: Final[dict[int, Meaning]] = {
    401: _SIGN_IN,
    403: _NOT_PERMITTED,
    404: Meaning("DOTDIGITAL_NOT_FOUND", "dotdigital does not know what was asked for.", "Synchronise again."),
    413: Meaning("DOTDIGITAL_TOO_LARGE", "The request was too large for dotdigital.", "Send less at a time."),
    429: _LIMIT,
    503: _UNAVAILABLE,
}
_FAILED: Final = Meaning(
    "DOTDIGITAL_FAILED", "dotdigital answered with a failure.", "Try again later.", Exit.UNREACHABLE
)
_REFUSED: Final = Meaning("DOTDIGITAL_REFUSED", "dotdigital refused the request.", "See the log for its answer.")


def read_error(body: bytes) -> ErrorBody:
    """dotdigital's code and words from an error body of any shape; names are compared without regard to case, as in
    every answer (reference 1.4)."""
    try:
        parsed = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        parsed = None  # no JSON: its text is the message
    said = _members(parsed)
    if code := _text(said, "errorcode"):
        details = said.get("details")
        rows = filter(None, map(_members, details if isinstance(details, list) else ()))
        items = tuple((_text(each, "item"), _text(each, "description") or _text(each, "error")) for each in rows)
        return ErrorBody(code, _text(said, "description"), items)
    in_words = isinstance(parsed, dict) and isinstance(said.get("message"), str | None)
    message = _text(said, "message") if in_words else text_of(body)
    return ErrorBody(_code_in(message), message)


def _members(value: object) -> dict[str, object]:
    """The members of an object by their name in lower case; none of anything else."""
    return {name.lower(): each for name, each in value.items()} if isinstance(value, dict) else {}


def _text(of: Mapping[str, object], name: str) -> str:
    value = of.get(name)
    return value.strip() if isinstance(value, str) else ""


def _code_in(message: str) -> str:
    """The last token when it is a code; else any code inside (one is known to stand within a longer text)."""
    found: list[str] = _CODE.findall(message)
    return found[-1] if found else ""


def error_from(
    status: int, body: bytes, *, writes: bool, repeated: bool = False, wait: float | None = None
) -> DotdigitalError:
    """The error for an answer outside 2xx. `wait`: seconds that a limit asks to wait."""
    remote = read_error(body)
    meaning = _MEANINGS.get(remote.code) or _BY_STATUS.get(status) or (_FAILED if status >= 500 else _REFUSED)
    message = meaning.message
    words = _CODE.sub("", remote.message).removeprefix("Error:").strip()
    if words and status < 500 and status not in {401, 429}:
        message = f"{message} Its words: {words[:MESSAGE_LIMIT]}"
    return DotdigitalError(
        meaning.code,
        asking_to_wait(message, wait),
        not_done=DOTDIGITAL.not_done(writes=writes),
        remedy=meaning.remedy,
        exit=meaning.exit,
        detail=detail_of(status, body),
        status=status,
        platform_code=remote.code,
        remote_message=remote.message,
        items=remote.items,
        repeated=repeated,
    )
