"""A bulk import from its start to its end, and what became of every row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from msgspec.structs import replace

from dyntui.dotdigital import imports
from dyntui.dotdigital.errors import DotdigitalError
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.counted import counted
from dyntui.model.cursors import OneList
from dyntui.model.people import normalise
from dyntui.model.reasons import reason_of_import_failure
from dyntui.sync.run_context import LastImport, RunContext

# Rows per import: what other connectors use; the documented limit is 50 MB (dotdigital_api.md 5.7).
ROWS = imports.MOST_CONTACTS
# Some two minutes; an answer without a status is said to be a passing one (dotmailer-magento2-extension 587).
_ANSWERS_WITHOUT_STATUS = 18
# dotdigital's own samples poll every 10 s (dotdigital_api.md 5.2); short imports are met sooner.
POLL_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
# Failures of parts that no import of a list's people has.
_NOT_OURS = frozenset({"consentrecordsnotapplied"})
# An import is asked for when it should be through by the pace of the one before, and after so many seconds at most.
_LONGEST_FIRST_WAIT = 20.0
# One that was through when it was first asked for may have been so for a while: the next one is asked for by this share
# sooner, and one that was not, by this share later at first.
_SOONER_OR_LATER = 0.1
# How long one of so many times as many rows takes nobody can tell by it.
_MUCH_LARGER = 10


class Fate(msgspec.Struct, frozen=True):
    """What became of one address in an import: a contact id, or the reason code and detail of its refusal."""

    address: str
    contact_id: int | None = None
    reason: str = ""
    detail: str = ""


def row(address: str, fields: dict[str, str | None], book_id: int) -> imports.ImportContact:
    """A person as an import row for one address book."""
    return imports.ImportContact(
        match_identifier="email", identifiers={"email": address}, data_fields=fields, lists=(book_id,)
    )


async def carry_out(
    ctx: RunContext,
    dd: Dotdigital,
    rows: Sequence[imports.ImportContact],
    stage: str,
    done: int,
    of: int,
    *,
    cancellable: bool = True,
) -> imports.ImportResult:
    """Imports the rows. The cursor names the import while it runs: one that was started before an interruption is
    followed; where dotdigital does not know it any more the rows are imported again, which changes nothing twice. Not
    `cancellable`: a request to stop is heard once it is stored what became of them."""
    started = ctx.at(OneList).importing
    if started:
        try:
            return (await _follow(ctx, dd, started, stage, done, of, cancellable))[0]
        except DotdigitalError as error:
            if error.code != "DOTDIGITAL_IMPORT_NOT_FOUND":
                raise
    started, began = await imports.start_import(dd, rows), ctx.moment()
    at = replace(ctx.at(OneList), importing=started)
    await ctx.save(at, stage=stage, done=done, of=of, cancellable=cancellable)
    first = min(max(_as_long_as(ctx.last_import, len(rows)), POLL_SECONDS[0]), _LONGEST_FIRST_WAIT)
    await ctx.sleep(first)
    result, at_work = await _follow(ctx, dd, started, stage, done, of, cancellable, first)
    # As long as it was seen at work: with the wait for its end the waits would grow from import to import.
    took = first * (1 - _SOONER_OR_LATER) if at_work is None else (at_work - began).total_seconds()
    ctx.last_import = LastImport(len(rows), took)
    return result


async def until_ended(ctx: RunContext, dd: Dotdigital, stage: str) -> None:
    """Waits for the import that was under way when the run was interrupted, where there is one: before its end nothing
    shows of it. What became of its rows `carry_out` tells."""
    started = ctx.at(OneList).importing
    if not started:
        return
    try:
        await _follow(ctx, dd, started, stage, 0, 0, True)
    except DotdigitalError as error:
        if error.code != "DOTDIGITAL_IMPORT_NOT_FOUND":
            raise


def _as_long_as(last: LastImport, rows: int) -> float:
    """Seconds that an import may take at the pace of the last one; 0 where that was so small that what takes the same
    time for any import counted most."""
    return last.seconds * rows / last.rows if last.rows * _MUCH_LARGER >= rows else 0.0


async def _follow(
    ctx: RunContext,
    dd: Dotdigital,
    import_id: str,
    stage: str,
    done: int,
    of: int,
    cancellable: bool,
    waited: float = 0.0,
) -> tuple[imports.ImportResult, datetime | None]:
    """Polls an import to its end, slower and slower, and the more slowly the longer it was `waited` for before; a
    request to cancel is heard between polls. With when it was last seen at work."""
    turn, at_work = 0, None
    while not (result := await imports.import_result(dd, import_id)).finished:
        if not result.status and turn >= _ANSWERS_WITHOUT_STATUS:
            break
        at_work = ctx.moment()
        await ctx.save(ctx.cursor, stage=stage, done=done, of=of, cancellable=cancellable)
        pause = POLL_SECONDS[min(turn, len(POLL_SECONDS) - 1)]
        await ctx.sleep(min(max(pause, waited * _SOONER_OR_LATER * 2**turn), POLL_SECONDS[-1]))
        turn += 1
    return result, at_work


def fates(addresses: Iterable[str], result: imports.ImportResult) -> list[Fate]:
    """Every address of an import against its report.

    A refusal of the whole import is everybody's; a row that the report does not mention is UNKNOWN, never a success.
    A contact may be written although a part of its row failed (dotdigital_api.md 5.7). Unless that is a part that no
    import of ours has, the row counts as refused: what the contact holds, or in which books it is, nobody knows.
    """
    if not result.status and not result.succeeded:
        return [Fate(address, reason="UNKNOWN", detail="the import has no status") for address in addresses]
    if not result.succeeded:
        status = result.status.lower()
        whole = {imports.REJECTED_BY_WATCHDOG: "WATCHDOG", imports.EXCEEDS_CONTACT_LIMIT: "CONTACT_LIMIT"}
        return [Fate(address, reason=whole.get(status, "REJECTED"), detail=result.status) for address in addresses]
    accepted = {normalise(each.email): each.contact_id for each in (*(result.created or ()), *(result.updated or ()))}
    refused = {normalise(each.email): each.failures for each in result.failures or ()}
    unmentioned = _unmentioned(result)
    found: list[Fate] = []
    for address in addresses:
        if address in accepted and not (address in refused and _concerns_us(refused[address])):
            found.append(Fate(address, accepted[address]))
        elif address in refused:
            first = next(iter(refused[address]), imports.Failure())
            codes = ", ".join(each.failure_code or each.description for each in refused[address])
            reason = reason_of_import_failure(first.failure_code)
            found.append(Fate(address, reason=reason, detail=codes or "the import's report gives no reason"))
        else:
            found.append(Fate(address, reason="UNKNOWN", detail=unmentioned))
    return found


def _concerns_us(failures: Sequence[imports.Failure]) -> bool:
    return not failures or any(each.failure_code.lower() not in _NOT_OURS for each in failures)


def _unmentioned(result: imports.ImportResult) -> str:
    """Why nothing is known of a row that the report does not mention, with the rows of it that could not be read."""
    if not result.odd:
        return "the import's report does not mention the row"
    first = result.odd[0]
    return (
        f"the import's report has {counted(len(result.odd), 'row')} that cannot be read: {first.place} {first.received}"
    )
