"""What Dataverse refuses, as errors a person can act on.

The platform's own code decides (`error.code`, for example `0x80040217`), the HTTP status is the fallback. Codes and
meanings: reference/dataverse_api.md section 3 (platform table cross-checked with Microsoft Learn).

Public: `DataverseError`, `UnknownOutcome`, `error_from(...)`, and the sets of platform codes that other modules ask
about (`GONE`, `DUPLICATE`, `ALREADY_THERE`, `TRANSIENT_AFTER_CUSTOMISATION`, ...).
"""

from __future__ import annotations

import re
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

GONE: Final = frozenset({"0x80040217"})
KEY_NOT_FOUND: Final = frozenset({"0x80060891"})
DUPLICATE: Final = frozenset({"0x80040237"})
DUPLICATE_KEY: Final = frozenset({"0x80060892"})
VERSION_MISMATCH: Final = frozenset({"0x80060882"})
PRIVILEGE: Final = frozenset({"0x80040220", "0x80040231", "0x80048306", "0x8004020d", "0x80048405"})
# AttributePrivilegeCreateIsMissing, AttributePermissionReadIsMissing, AttributePermissionUpdateIsMissingDuringUpdate.
COLUMN_SECURED: Final = frozenset({"0x8004f502", "0x8004f504", "0x8004f507"})
THROTTLED: Final = frozenset({"0x80072321", "0x80072322", "0x80072326", "0x8005f103", "0x80048544"})
# "Generic SQL error" of any kind: its message names SQL Server's number ("Sql Number: 1205"), and that of a deadlock is
# the one after which a transaction was rolled back for certain ("Troubleshoot Dataverse bulk operation errors",
# Microsoft Learn).
SQL_ERROR: Final = frozenset({"0x80044150"})
SQL_DEADLOCK: Final = 1205
_SQL_NUMBER: Final = re.compile(r"Sql Number:\s*(\d+)", re.IGNORECASE)
SQL_TIMEOUT: Final = frozenset({"0x80044151"})
EXPIRED_STAMP: Final = frozenset({"0x80044352"})
TRACKING_OFF: Final = frozenset({"0x80072491", "0x80072492", "0x80072493"})
PAGING_COOKIE: Final = frozenset({"0x8004112a"})
UNKNOWN_NAME: Final = frozenset({"0x80060888", "0x80041102", "0x80041103", "0x8004111e"})
NOT_A_MEMBER: Final = frozenset({"0x80048458"})
LIST_REFUSES: Final = frozenset({"0x80040301", "0x80040302", "0x8004033a", "0x8004033b", "0x8004f701"})
ALREADY_THERE: Final = frozenset(
    {
        *("0x80040237", "0x80047013", "0x80047010", "0x80060893", "0x80060894", "0x8004f023", "0x80041403"),
        # EntityRelationshipSchemaNameNotUnique, InvalidPublisherUniqueName (Web service error codes).
        *("0x8004432b", "0x8004f01c"),
    }
)
TRANSIENT_AFTER_CUSTOMISATION: Final = frozenset({"0x80040216", "0x80060891", "0x80048d19", "0x80071151"})

_PRIVILEGE_NAME: Final = re.compile(r"\bprv[A-Z][A-Za-z0-9_]+")


class DataverseError(RemoteError):
    """Dataverse, or the way to it, refused a call. `platform_code` is in lower case; `privileges` are the names missing
    (403)."""

    def __init__(
        self, code: str, message: str, *, privileges: tuple[str, ...] = (), **parts: Unpack[RemoteParts]
    ) -> None:
        super().__init__(code, message, **parts)
        self.privileges = privileges


class UnknownOutcome(DataverseError):
    """A write was sent and no answer came: it may or may not have been made. Read back before doing it again."""


DYNAMICS: Final = System("Dynamics", "DATAVERSE", DataverseError, UnknownOutcome)
WRITE_NOT_DONE: Final = DYNAMICS.not_done(writes=True)

_ASK_ADMIN = "Ask a Dynamics administrator to grant it in one of the roles of this user or of the application user."
_MEANINGS: Final[dict[str, Meaning]] = {}


def _mean(codes: frozenset[str] | set[str], meaning: Meaning) -> None:
    for code in codes:
        _MEANINGS[code] = meaning


_mean(GONE, Meaning("DATAVERSE_ROW_GONE", "The row no longer exists in Dynamics.", "Read the rows again."))
_mean(
    KEY_NOT_FOUND,
    Meaning("DATAVERSE_KEY_NOT_FOUND", "No row has this key in Dynamics.", "Read the rows again."),
)
_mean(
    {"0x8006089d"},
    Meaning("DATAVERSE_KEY_AMBIGUOUS", "Several rows have the same key.", "Find and merge the duplicates in Dynamics."),
)
_mean(
    {"0x80060890", "0x8006088f"},
    Meaning(
        "DATAVERSE_KEY_NOT_READY",
        "The alternate key is missing or its index is not active yet.",
        "Run `dyntui setup` again; it waits for the key.",
    ),
)
_mean(
    DUPLICATE_KEY | DUPLICATE,
    Meaning("DATAVERSE_DUPLICATE", "A row with the same key exists already.", "Read the existing row."),
)
_mean(
    {"0x80040333"},
    Meaning("DATAVERSE_DUPLICATE_RULE", "A duplicate-detection rule refused the row.", "Resolve the duplicate first."),
)
_mean(
    VERSION_MISMATCH,
    Meaning("DATAVERSE_ROW_CHANGED", "The row was changed by somebody else meanwhile.", "Read it again and retry."),
)
_mean(
    PRIVILEGE,
    Meaning("DATAVERSE_NOT_PERMITTED", "Dynamics does not permit this.", _ASK_ADMIN, Exit.NOT_PERMITTED),
)
_mean(
    # QueryContainedSecuredAttributeWithoutAccess: a condition rests on it.
    COLUMN_SECURED | {"0x8004f506"},
    Meaning(
        "DATAVERSE_COLUMN_SECURED",
        "A secured column may not be read or written by this user.",
        "Ask a Dynamics administrator for a column security profile.",
        Exit.NOT_PERMITTED,
    ),
)
_mean(
    {"0x80042f09"},
    Meaning(
        "DATAVERSE_USER_WITHOUT_ROLE",
        "The user or application user has no security role.",
        "Assign it a security role in the Power Platform admin centre.",
        Exit.NOT_PERMITTED,
    ),
)
_mean(
    {"0x80072560"},
    Meaning(
        "DATAVERSE_USER_UNKNOWN",
        "The signed-in application or user is not a user of this environment.",
        "Create an application user for the client id in the Power Platform admin centre.",
        Exit.NOT_PERMITTED,
    ),
)
_mean(
    {"0x8004a112", "0x80041d40"},
    Meaning(
        "DATAVERSE_USER_DISABLED",
        "The user is disabled or may only read.",
        "Enable the user in the Power Platform admin centre.",
        Exit.NOT_PERMITTED,
    ),
)
_mean(
    {"0x8004a110"},
    Meaning(
        "DATAVERSE_MAY_NOT_ACT_FOR",
        "The application user may not act on behalf of another user.",
        "Give it the Delegate role (prvActOnBehalfOfAnotherUser).",
        Exit.NOT_PERMITTED,
    ),
)
_mean(
    {"0x80041d52", "0x80044300", "0x80044302"},
    Meaning(
        "DATAVERSE_SIGN_IN_REFUSED",
        "Dynamics refused the sign-in.",
        "Sign in again: `dyntui setup`.",
        Exit.NOT_PERMITTED,
    ),
)
_mean(
    THROTTLED,
    Meaning("DATAVERSE_LIMIT", "Dynamics' service-protection limit is closed.", "Try again later."),
)
_mean(
    UNKNOWN_NAME | {"0x80048d19"},
    Meaning(
        "DATAVERSE_UNKNOWN_NAME",
        "A table or column that was asked for does not exist.",
        "Refresh the CRM metadata; then check the mappings and `dyntui setup`.",
    ),
)
_mean(
    {"0x80040203"},
    Meaning("DATAVERSE_BAD_ARGUMENT", "Dynamics refused a value of the request.", "See the log for the value."),
)
_mean(
    {"0x80040216"},
    Meaning("DATAVERSE_UNEXPECTED", "Dynamics failed unexpectedly.", "Try again; then ask Microsoft support."),
)
_mean(
    {"0x80040227"},
    Meaning("DATAVERSE_IN_USE", "The row is still referred to by others.", "Remove what refers to it first."),
)
_mean(
    {"0x80040265", "0x80040224"},
    Meaning(
        "DATAVERSE_PLUGIN_REFUSED",
        "A plug-in or workflow of this organisation stopped the write.",
        "Its message says why; ask who maintains the plug-in.",
    ),
)
_mean(
    {"0x80044331", "0x8004432f", "0x80044330", "0x8004431a", "0x8004431c"},
    Meaning(
        "DATAVERSE_VALUE_OUT_OF_RANGE",
        "A value is too long, out of range or not one of the column's choices.",
        "Correct the value or the mapping.",
    ),
)
_mean(
    PAGING_COOKIE, Meaning("DATAVERSE_PAGE_LOST", "Dynamics lost its place in a listing.", "Start the listing again.")
)
_mean(
    {"0x8004e023"},
    Meaning("DATAVERSE_AGGREGATE_TOO_LARGE", "More than 50,000 rows cannot be counted in one query.", "Page instead."),
)
_mean(
    EXPIRED_STAMP,
    Meaning("DATAVERSE_CHANGES_EXPIRED", "The place in the stream of changes is too old.", "Read everything again."),
)
_mean(
    TRACKING_OFF,
    Meaning(
        "DATAVERSE_TRACKING_OFF",
        "Change tracking is not enabled for the table.",
        "Run `dyntui setup`, which enables it.",
    ),
)
_mean(
    {"0x80040301"},
    Meaning("DATAVERSE_LIST_WRONG_TYPE", "The members are of another type than the list.", "Choose another list."),
)
_mean(
    {"0x80040302"},
    Meaning("DATAVERSE_LIST_LOCKED", "The marketing list is locked.", "Unlock the list in Dynamics."),
)
_mean({"0x8004033a"}, Meaning("DATAVERSE_LIST_INACTIVE", "The marketing list is inactive.", "Activate it in Dynamics."))
_mean({"0x8004033b"}, Meaning("DATAVERSE_MEMBER_INACTIVE", "The member is inactive.", "Activate the record first."))
_mean(
    {"0x8004f701"},
    Meaning(
        "DATAVERSE_LIST_DYNAMIC", "A dynamic list's members cannot be changed by hand.", "Change the list's query."
    ),
)
_mean(NOT_A_MEMBER, Meaning("DATAVERSE_NOT_A_MEMBER", "The record is not a member of the list.", "Nothing to do."))
_mean(
    {"0x80071151"},
    Meaning(
        "DATAVERSE_CUSTOMISATION_BUSY",
        "Another customisation or import is running.",
        "Wait for it and run setup again.",
    ),
)
_DATABASE_BUSY: Final = Meaning(
    "DATAVERSE_DATABASE_BUSY", "Dynamics' database was too busy.", "Try again with less at a time."
)
_mean(SQL_TIMEOUT, _DATABASE_BUSY)
_mean(
    SQL_ERROR,
    Meaning(
        "DATAVERSE_DATABASE_ERROR",
        "Dynamics' database ended the request with an error.",
        "Try again; where it comes again, a Dynamics administrator finds its cause by the number that it names.",
    ),
)
_mean(
    ALREADY_THERE - DUPLICATE,
    Meaning("DATAVERSE_ALREADY_THERE", "Something with this name exists already.", "Use the existing one."),
)

_BY_STATUS: Final[dict[int, Meaning]] = {
    401: _MEANINGS["0x80041d52"],
    403: _MEANINGS["0x80040220"],
    404: Meaning("DATAVERSE_NOT_FOUND", "Dynamics does not know what was asked for.", "Check the address and setup."),
    412: _MEANINGS["0x80060882"],
    413: Meaning("DATAVERSE_TOO_LARGE", "The request was too large.", "Send less at a time."),
    429: _MEANINGS["0x80072321"],
}
_SERVER_FAILED: Final = Meaning(
    "DATAVERSE_FAILED", "Dynamics answered with a failure.", "Try again later.", Exit.UNREACHABLE
)
_REFUSED: Final = Meaning("DATAVERSE_REFUSED", "Dynamics refused the request.", "See the log for its answer.")


class _Body(msgspec.Struct, frozen=True):
    error: msgspec.Raw = msgspec.Raw()
    message: str | None = msgspec.field(default=None, name="Message")


class _Error(msgspec.Struct, frozen=True):
    code: str | int | None = None
    message: str | None = None


def read_error(body: bytes) -> tuple[str, str]:
    """(platform code in lower-case hex or "", message) of an error body, whatever its shape.

    Known shapes: `{"error": {"code", "message"}}`, `{"Message": ...}`, `{"error": "..."}`, plain text and HTML.
    """
    try:
        outer = msgspec.json.decode(body, type=_Body)
        if bytes(outer.error) not in {b"", b"null"}:
            inner = msgspec.json.decode(outer.error, type=_Error | str)
            if isinstance(inner, str):
                return "", inner
            return _hexadecimal(inner.code), inner.message or ""
        if outer.message is not None:
            return "", outer.message
    except msgspec.DecodeError:
        pass  # not JSON at all, or JSON of another shape: its text is the message
    return "", text_of(body)


def sql_number(message: str) -> int:
    """SQL Server's number in the message of an SQL error; 0 where it names none."""
    found = _SQL_NUMBER.search(message)
    return int(found[1]) if found else 0


def _hexadecimal(code: str | int | None) -> str:
    text = str(code or "").strip().lower()
    if re.fullmatch(r"-?\d+", text):
        return f"0x{int(text) & 0xFFFFFFFF:08x}"
    return text


def error_from(
    status: int, body: bytes, *, writes: bool, repeated: bool = False, wait: float | None = None
) -> DataverseError:
    """The error for an answer outside 2xx and 3xx. `wait`: seconds that a limit asks to wait."""
    platform_code, remote_message = read_error(body)
    meaning = _MEANINGS.get(platform_code) or _BY_STATUS.get(status) or (_SERVER_FAILED if status >= 500 else _REFUSED)
    if platform_code in SQL_ERROR and sql_number(remote_message) == SQL_DEADLOCK:
        meaning = _DATABASE_BUSY
    privileges = tuple(dict.fromkeys(_PRIVILEGE_NAME.findall(remote_message))) if status == 403 else ()
    message = meaning.message
    if privileges:
        message = f"{message} Missing: {', '.join(privileges)}."
    elif remote_message:
        message = f"{message} Its words: {remote_message[:MESSAGE_LIMIT]}"
    return DataverseError(
        meaning.code,
        asking_to_wait(message, wait),
        not_done=DYNAMICS.not_done(writes=writes),
        remedy=meaning.remedy,
        exit=meaning.exit,
        detail=detail_of(status, body),
        status=status,
        platform_code=platform_code,
        remote_message=remote_message,
        privileges=privileges,
        repeated=repeated,
    )


def repeating_pages(of: str) -> DataverseError:
    """The error of a listing that does not go on: a page leads back to one that was answered."""
    return DataverseError(
        "DATAVERSE_PAGE_REPEATS",
        f"Dynamics answered the same page of {of} again instead of the next one.",
        not_done="What should have followed was not read.",
        remedy="Run it again later: it begins anew. Ask a Dynamics administrator if it stays so.",
        status=200,
    )
