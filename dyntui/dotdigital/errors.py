"""What dotdigital refuses, as errors a person can act on.

v2 answers `{"message": "Human sentence. ERROR_CODE"}`: the code is the last token (one text has a space after it);
v3 answers `{"errorCode", "description", "details"}`; gateways answer HTML. Codes: reference/dotdigital_api.md 2.2-2.5.

Public: `DotdigitalError`, `UnknownOutcome`, `error_from(...)`, `read_error(body)`.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from dyntui.model.errors import DyntuiError, Exit

FLAT_LIMIT: Final = "ERROR_APIUSAGE_EXCEEDED"
NOT_TAKEN_UP: Final = "ERROR_SYSTEM_SERVICETEMPORARILYUNAVAILABLE"
TOO_MANY_IMPORTS: Final = frozenset({"ERROR_IMPORT_TOOMANYACTIVEIMPORTS", "contacts:tooManyActiveImports"})
TOO_MANY_DELETES: Final = frozenset({"contacts:tooManyBulkDeleteJobs"})
CONTACT_NOT_FOUND: Final = frozenset({"ERROR_CONTACT_NOT_FOUND", "contacts:contactNotFound"})
CONTACT_SUPPRESSED: Final = frozenset({"ERROR_CONTACT_SUPPRESSED", "ERROR_CONTACT_SUPPRESSEDFORADDRESSBOOK"})

_CODE: Final = re.compile(r"ERROR_[A-Z0-9_]+")
_TAG: Final = re.compile(r"<[^>]*>")
_DETAIL_LIMIT: Final = 4000
_MESSAGE_LIMIT: Final = 300

READ_NOT_DONE: Final = "Nothing was read, and nothing was changed."
WRITE_NOT_DONE: Final = "The change was not made in dotdigital."


class DotdigitalError(DyntuiError):
    """dotdigital, or the way to it, refused a call.

    `status` is the HTTP status (0 when no answer came); `platform_code` is dotdigital's own (`ERROR_...` in v2,
    `service:code` in v3, or ""); `remote_message` its words (hostile text: show escaped); `items` v3's details as
    (item, description). `repeated`: an earlier attempt of the same call ended without a known outcome.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        not_done: str,
        remedy: str,
        exit: Exit = Exit.FAILED,
        detail: str = "",
        status: int = 0,
        platform_code: str = "",
        remote_message: str = "",
        items: tuple[tuple[str, str], ...] = (),
        repeated: bool = False,
    ) -> None:
        super().__init__(code, message, not_done=not_done, remedy=remedy, exit=exit, detail=detail)
        self.status = status
        self.platform_code = platform_code
        self.remote_message = remote_message
        self.items = items
        self.repeated = repeated


class UnknownOutcome(DotdigitalError):
    """A write was sent and no answer came: it may or may not have been made. Read back before doing it again."""


class RemoteError(msgspec.Struct, frozen=True):
    """An error body: dotdigital's code or "", its words, and v3's details."""

    code: str
    message: str
    items: tuple[tuple[str, str], ...] = ()


class _Meaning(msgspec.Struct, frozen=True):
    code: str
    message: str
    remedy: str
    exit: Exit = Exit.FAILED


_SIGN_IN = _Meaning(
    "DOTDIGITAL_SIGN_IN_REFUSED",
    "dotdigital refused the API user or its password.",
    "Check the API user in dotdigital (Settings > Access > API users), then `dyntui setup`. It is not retried: "
    "repeated failures lock API users.",
    Exit.NOT_PERMITTED,
)
_NOT_PERMITTED = _Meaning(
    "DOTDIGITAL_NOT_PERMITTED",
    "dotdigital does not permit this for the API user, or the account lives in another region.",
    "Check the API user's permissions; given https://r1-api.dotdigital.com, `dyntui setup` finds the region.",
    Exit.NOT_PERMITTED,
)
_BOOK_GONE = _Meaning(
    "DOTDIGITAL_BOOK_NOT_FOUND", "The address book does not exist.", "Repair the list's address book in dyntui."
)
_BOOK_NAME = _Meaning(
    "DOTDIGITAL_BOOK_NAME_TAKEN",
    "A list or segment with this name exists already, or the name is reserved.",
    "Choose another name or bind the existing address book.",
)
_CAMPAIGN_GONE = _Meaning("DOTDIGITAL_CAMPAIGN_NOT_FOUND", "The campaign does not exist.", "Synchronise campaigns.")
_SUPPRESSED = _Meaning(
    "DOTDIGITAL_CONTACT_SUPPRESSED", "The contact is suppressed.", "Nothing: the person opted out or cannot be reached."
)
_CONTACT_GONE = _Meaning("DOTDIGITAL_CONTACT_NOT_FOUND", "The contact does not exist.", "Synchronise the list again.")
_IMPORT_GONE = _Meaning("DOTDIGITAL_IMPORT_NOT_FOUND", "The import is not known or not finished.", "Start it again.")
_TOO_MANY = _Meaning(
    "DOTDIGITAL_TOO_MANY_JOBS", "dotdigital's 25 simultaneous imports stayed taken for too long.", "Try again later."
)
_LIMIT = _Meaning("DOTDIGITAL_LIMIT", "dotdigital's call limit is closed.", "Try again later.")
_INVALID = _Meaning("DOTDIGITAL_VALUE_REFUSED", "dotdigital refused a value.", "Correct the value or the mapping.")
_UNAVAILABLE = _Meaning(
    "DOTDIGITAL_UNAVAILABLE", "dotdigital is temporarily unavailable.", "Try again later.", Exit.UNREACHABLE
)

_MEANINGS: Final[dict[str, _Meaning]] = {
    "ERROR_INVALID_LOGIN": _SIGN_IN,
    "ERROR_APIUSER_INVALID": _SIGN_IN,
    "ERROR_FEATURENOTACTIVE": _Meaning(
        "DOTDIGITAL_FEATURE_OFF", "This feature is not part of the dotdigital account.", "Ask dotdigital to enable it."
    ),
    "ERROR_ADDRESSBOOK_NOT_FOUND": _BOOK_GONE,
    "ERROR_ADDRESSBOOK_DUPLICATE": _BOOK_NAME,
    "ERROR_ADDRESSBOOK_NOTWRITABLE": _Meaning(
        "DOTDIGITAL_BOOK_NOT_WRITABLE", "The address book cannot be written by the API.", "Choose another address book."
    ),
    "ERROR_ADDRESSBOOK_IN_USE": _Meaning(
        "DOTDIGITAL_BOOK_IN_USE", "The address book is busy with an import or a removal.", "Try again in a minute."
    ),
    "ERROR_ADDRESSBOOK_LIMITEXCEEDED": _Meaning(
        "DOTDIGITAL_BOOK_LIMIT", "The account may not have more address books.", "Delete address books in dotdigital."
    ),
    "ERROR_CONTACT_SUPPRESSED": _SUPPRESSED,
    "ERROR_CONTACT_SUPPRESSEDFORADDRESSBOOK": _SUPPRESSED,
    "ERROR_CONTACT_NOT_FOUND": _CONTACT_GONE,
    "contacts:contactNotFound": _CONTACT_GONE,
    "ERROR_CONTACT_TOOMANY": _Meaning(
        "DOTDIGITAL_CONTACT_LIMIT",
        "The account's contact allowance is used up.",
        "Raise the allowance or remove contacts.",
    ),
    "accounts:maxAccountLimit": _Meaning(
        "DOTDIGITAL_CONTACT_LIMIT",
        "The account's contact allowance is used up.",
        "Raise the allowance or remove contacts.",
    ),
    "ERROR_NON_UNIQUE_DATAFIELD": _Meaning(
        "DOTDIGITAL_FIELD_EXISTS", "A data field with this name exists already.", "Synchronise data labels."
    ),
    "ERROR_DATAFIELD_NOTFOUND": _Meaning(
        "DOTDIGITAL_FIELD_NOT_FOUND", "A data field does not exist.", "Synchronise data labels."
    ),
    "ERROR_DATAFIELD_LIMITEXCEEDED": _Meaning(
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
    "ERROR_CAMPAIGN_INVALID": _Meaning(
        "DOTDIGITAL_CAMPAIGN_INVALID", "The campaign is not complete or not valid.", "Correct it in dotdigital."
    ),
    "ERROR_CAMPAIGN_READONLY": _Meaning(
        "DOTDIGITAL_CAMPAIGN_READ_ONLY", "The campaign was sent already.", "Copy the campaign in dotdigital."
    ),
    "ERROR_CAMPAIGN_SENDNOTPERMITTED": _Meaning(
        "DOTDIGITAL_SEND_NOT_PERMITTED", "dotdigital does not permit the send.", "Ask dotdigital support."
    ),
    "ERROR_CAMPAIGN_SEND_INVALID": _Meaning(
        "DOTDIGITAL_SEND_INVALID", "dotdigital refused the send as not valid.", "Check the campaign and its targets."
    ),
    "ERROR_SEND_LIMITEXCEEDED": _Meaning(
        "DOTDIGITAL_SEND_LIMIT", "The account's email allowance is used up.", "Buy credits in dotdigital."
    ),
    "ERROR_CAMPAIGN_CONTAINS_UNSUPPORTED_BLOCKS": _Meaning(
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
_BY_STATUS: Final[dict[int, _Meaning]] = {
    401: _SIGN_IN,
    403: _NOT_PERMITTED,
    404: _Meaning("DOTDIGITAL_NOT_FOUND", "dotdigital does not know what was asked for.", "Synchronise again."),
    413: _Meaning("DOTDIGITAL_TOO_LARGE", "The request was too large for dotdigital.", "Send less at a time."),
    429: _LIMIT,
    503: _UNAVAILABLE,
}
_FAILED: Final = _Meaning(
    "DOTDIGITAL_FAILED", "dotdigital answered with a failure.", "Try again later.", Exit.UNREACHABLE
)
_REFUSED: Final = _Meaning("DOTDIGITAL_REFUSED", "dotdigital refused the request.", "See the log for its answer.")


class _Detail(msgspec.Struct, frozen=True):
    item: str | None = None
    description: str | None = None
    error: str | None = None


class _Body(msgspec.Struct, frozen=True):
    message: str | None = None
    error_code: str | None = msgspec.field(default=None, name="errorCode")
    description: str | None = None
    details: list[_Detail] | None = None


def read_error(body: bytes) -> RemoteError:
    """dotdigital's code and words from an error body of any shape."""
    try:
        parsed = msgspec.json.decode(body, type=_Body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        text = " ".join(_TAG.sub(" ", body[:_DETAIL_LIMIT].decode("utf-8", "replace")).split())
        return RemoteError(_code_in(text), text)
    if parsed.error_code:
        items = tuple((each.item or "", each.description or each.error or "") for each in parsed.details or ())
        return RemoteError(parsed.error_code.strip(), parsed.description or "", items)
    message = (parsed.message or "").strip()
    return RemoteError(_code_in(message), message)


def _code_in(message: str) -> str:
    """The last token when it is a code; else any code inside (one is known to stand within a longer text)."""
    found: list[str] = _CODE.findall(message)
    return found[-1] if found else ""


def error_from(status: int, body: bytes, *, writes: bool, repeated: bool = False) -> DotdigitalError:
    """The error for an answer outside 2xx."""
    remote = read_error(body)
    meaning = _MEANINGS.get(remote.code) or _BY_STATUS.get(status) or (_FAILED if status >= 500 else _REFUSED)
    message = meaning.message
    words = _CODE.sub("", remote.message).removeprefix("Error:").strip()
    if words and status < 500 and status not in {401, 429}:
        message = f"{message} Its words: {words[:_MESSAGE_LIMIT]}"
    return DotdigitalError(
        meaning.code,
        message,
        not_done=WRITE_NOT_DONE if writes else READ_NOT_DONE,
        remedy=meaning.remedy,
        exit=meaning.exit,
        detail=f"HTTP {status} {body[:_DETAIL_LIMIT].decode('utf-8', 'replace')}",
        status=status,
        platform_code=remote.code,
        remote_message=remote.message,
        items=remote.items,
        repeated=repeated,
    )


def closed_for(error: DotdigitalError, seconds: float | None) -> DotdigitalError:
    """The refusal by a limit, with how long it asks to wait."""
    if not seconds:
        return error
    minutes = f"{seconds / 60:,.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"
    return DotdigitalError(
        error.code,
        f"{error.message} It asks to wait for {minutes}.",
        not_done=error.not_done,
        remedy=error.remedy,
        exit=error.exit,
        detail=error.detail,
        status=error.status,
        platform_code=error.platform_code,
        repeated=error.repeated,
    )
