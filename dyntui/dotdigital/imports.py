"""Bulk import of contacts (v3): start, poll, read what became of every row.

    split(contacts) -> lists of at most 5,000 contacts and 45 MB      fitting(contacts) -> how many of them fit into one
    start_import(dd, contacts, merge=) -> import id        import_result(dd, import_id) -> ImportResult

An import is an upsert and never resubscribes anybody (reference 5.5, 5.7). The body is at most 50 MB; at most 25
imports run at a time in an account, the 26th waits. `ImportResult.finished` is False while it runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.reading import Long, OddRow, loosely, read, rows_of, unreadable
from dyntui.model import exact_json
from dyntui.remote.calls import Reply, decoder

MOST_CONTACTS: Final = 5000
MOST_BYTES: Final = 45_000_000

OVERWRITE: Final = "overwrite"
OVERWRITE_IF_NOT_EMPTY: Final = "overwriteIfNotEmpty"
OVERWRITE_IF_EMPTY: Final = "overwriteIfEmpty"

NOT_FINISHED: Final = "notfinished"
FINISHED: Final = "finished"
REJECTED_BY_WATCHDOG: Final = "rejectedbywatchdog"
EXCEEDS_CONTACT_LIMIT: Final = "exceedsallowedcontactlimit"


class EmailProperties(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A contact's e-mail channel. Its subscription status cannot be written: an import must never resubscribe anybody.

    `email_type`: `html` or `plainText`; `opt_in_type`: `unknown`, `single`, `double`, `verifiedDouble` (which makes
    dotdigital ask the person to confirm).
    """

    email_type: str | None = None
    opt_in_type: str | None = None


class ChannelProperties(msgspec.Struct, frozen=True, omit_defaults=True):
    """A contact's channels, as far as an import may write them."""

    email: EmailProperties | None = None


class ImportContact(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One row to import.

    `match_identifier` names which of `identifiers` finds the contact (`email`, `contactId`, `mobileNumber` or a custom
    one). A None in `data_fields` clears the field. `lists` are address book ids to add the contact to.
    """

    match_identifier: str
    identifiers: Mapping[str, str | int]
    data_fields: Mapping[str, object] = {}
    channel_properties: ChannelProperties | None = None
    lists: Sequence[int] = ()
    preferences: Sequence[Mapping[str, object]] = ()
    consent_records: Sequence[Mapping[str, object]] = ()


class ImportedContact(msgspec.Struct, frozen=True, rename="camel"):
    """A contact that the import created or updated."""

    contact_id: Long
    identifiers: dict[str, str | int | None] = {}

    @property
    def email(self) -> str:
        """Its address in lower case, or ""."""
        return str(self.identifiers.get("email") or "").lower()


class Failure(msgspec.Struct, frozen=True, rename="camel"):
    """One reason why a row, or a part of it, was refused; compare `failure_code` without regard to case."""

    failure_code: str = ""
    description: str = ""


class FailedContact(msgspec.Struct, frozen=True, rename="camel"):
    """A row with its failures; a contact may be updated and yet be here for its consent records alone."""

    failures: list[Failure] = []
    contact_id: Long | None = None
    match_identifier: str | None = None
    identifiers: dict[str, str | int | None] = {}

    @property
    def email(self) -> str:
        """Its address in lower case, or ""."""
        return str(self.identifiers.get("email") or "").lower()


class ImportSummary(msgspec.Struct, frozen=True, rename="camel"):
    """Counts of a finished import."""

    new_contacts: Long = 0
    updated_contacts: Long = 0
    globally_suppressed: Long = 0
    invalid_entries: Long = 0
    duplicate_identifiers: Long = 0


class ImportResult(msgspec.Struct, frozen=True, rename="camel"):
    """An import's state: `status` as received (`NotFinished`, `Finished`, `RejectedByWatchdog`, `Failed`,
    `ExceedsAllowedContactLimit`, or one that is new; empty where there is none), and once it is finished every row's
    fate. `odd` are rows of the report that could not be read."""

    import_id: str = ""
    status: str = ""
    summary: ImportSummary | None = None
    created: list[ImportedContact] | None = None
    updated: list[ImportedContact] | None = None
    failures: list[FailedContact] | None = None
    odd: list[OddRow] = []

    @property
    def finished(self) -> bool:
        """It runs no more, well or not. A report without a status has been seen: who is in it was dealt with."""
        return self.status.lower() != NOT_FINISHED if self.status else self._reported

    @property
    def succeeded(self) -> bool:
        """It ran to its end; single rows may still have failed, all of them even."""
        return self.status.lower() == FINISHED or (not self.status and self._reported)

    @property
    def _reported(self) -> bool:
        return bool(self.created or self.updated or self.failures)


class _Started(msgspec.Struct, frozen=True, rename="camel"):
    import_id: str


def split(contacts: Iterable[ImportContact], *, most: int = MOST_CONTACTS) -> Iterator[list[ImportContact]]:
    """Runs of contacts that fit into one import each."""
    some: list[ImportContact] = []
    size = 0
    for contact in contacts:
        length = len(exact_json.encode(contact)) + 1
        if some and (len(some) >= most or size + length > MOST_BYTES):
            yield some
            some, size = [], 0
        some.append(contact)
        size += length
    if some:
        yield some


def fitting(contacts: Iterable[ImportContact]) -> int:
    """How many of the first contacts fit into one import."""
    return len(next(split(contacts), ()))


async def start_import(dd: Dotdigital, contacts: Sequence[ImportContact], *, merge: str = OVERWRITE) -> str:
    """Start an import and return its id; waits while 25 others run.

    After a lost answer it is started again: the rows are upserted, so a twin import changes nothing else.
    Raises DotdigitalError.
    """
    if not contacts:
        raise ValueError("an import needs at least one contact")
    reply = await dd.request(
        "PUT",
        "/contacts/v3/import",
        body={"mergeOption": merge, "contacts": contacts},
        repeatable=True,
        expects_json=True,
    )
    return read(reply, _Started).import_id


async def import_result(dd: Dotdigital, import_id: str) -> ImportResult:
    """Where an import stands. Poll every 10 to 60 seconds until `finished`.

    Raises DOTDIGITAL_IMPORT_NOT_FOUND for an id that dotdigital does not know (any more).
    """
    reply = await dd.request("GET", f"/contacts/v3/import/{import_id}", expects_json=True)
    try:
        return decoder(ImportResult).decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _row_by_row(reply)


def _row_by_row(reply: Reply) -> ImportResult:
    """A report in which something is null or odd: the rows that can be read count, the others are named."""
    report = loosely(reply)
    if not isinstance(report, dict):
        raise unreadable(reply, f"a report was expected, not {type(report).__name__}")
    created, odd_created = rows_of(_list(report, "created"), ImportedContact, "created")
    updated, odd_updated = rows_of(_list(report, "updated"), ImportedContact, "updated")
    failures, odd_failures = rows_of(_list(report, "failures"), FailedContact, "failures")
    status = report.get("status")
    return ImportResult(
        import_id=str(report.get("importId", "")),
        status=status if isinstance(status, str) else "",
        created=created,
        updated=updated,
        failures=failures,
        odd=[*odd_created, *odd_updated, *odd_failures],
    )


def _list(report: Mapping[str, Any], name: str) -> Sequence[Any]:
    rows = report.get(name)
    return rows if isinstance(rows, list) else ()
