"""Choices of marketing preferences that dotdigital does not have, by imports of contacts that exist.

The feeds are asked once more directly before: whoever chose something else meanwhile is left to the next run. Whether
an import takes preferences that it does not name for declined is documented nowhere: the first import of an account is
one contact, and looked at before anybody else's.
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from dyntui.dotdigital import contacts
from dyntui.dotdigital import preferences as dd_preferences
from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.imports import ImportContact, ImportResult
from dyntui.dotdigital.moments import moment
from dyntui.model.cursors import OneList
from dyntui.model.errors import DyntuiError
from dyntui.model.moments import EPOCH, moment_of, text_of
from dyntui.model.outcomes import Outcome
from dyntui.model.people import is_address, normalise
from dyntui.model.preferences import Choice, Said
from dyntui.model.reasons import reason_of_import_failure
from dyntui.store import preferences, watermarks
from dyntui.store.preferences import OfContact
from dyntui.sync import feeds, imports
from dyntui.sync.preference_choices import FEED
from dyntui.sync.preference_due import IN_DOTDIGITAL, Due, begin_changes, begun, keep_changes, name
from dyntui.sync.run_context import RunContext

_CANARY: Final = "preferences/canary"
_KEEPS, _DECLINES = "keeps what is not said", "declines what is not said"
_WHY_NOT: Final = {
    _DECLINES: "this email account declines preferences that an import does not name",
    "": "the first choice that was to be written to this email account was refused",
}
# So many contacts in turn are tried by a run as the first of an account, where each of them is refused.
_MOST_TRIED: Final = 3
_STAGE: Final = "Writing choices to dotdigital"
# What somebody chose in dotdigital may show in its feeds a little later.
_LATE: Final = timedelta(minutes=5)
# What the clocks of dotdigital's machines may differ by.
_CLOCKS: Final = timedelta(minutes=1)


async def tell(ctx: RunContext, dd: Dotdigital, due: Sequence[Due]) -> None:
    """By an import of the contacts that have the addresses; nobody is made a contact."""
    if not due:
        return
    # Before its end nothing shows of an import that was under way when the run was interrupted.
    await imports.until_ended(ctx, dd, _STAGE)
    addresses = sorted({each.record.address for each in due if is_address(each.record.address)})
    found = (await contacts.retrieve_contacts(dd, emails=addresses, takes_odd=True)).contacts if addresses else []
    by_address = {normalise(each.email): each.id for each in found}
    since = min(await feeds.mark(ctx, ctx.account_id, FEED), await feeds.server_time(dd) - _LATE)
    late = await _chosen_meanwhile(dd, {each.record.preference_id for each in due}, since)
    no_of = await ctx.read(lambda c: preferences.declined(c, ctx.account_id, addresses))
    ours = await ctx.read(lambda c: begun(c, ctx, IN_DOTDIGITAL, due))
    wanted: list[Due] = []
    named: list[tuple[Due, Outcome, str, str]] = []
    for each in due:
        contact_id = by_address.get(each.record.address)
        known = each.pair.dotdigital
        now = late.get((each.record.preference_id, contact_id or 0), known)
        if contact_id is None:
            named.append(
                (each, Outcome.EXCLUDED, "UNKNOWN_PERSON", f"{each.decided.choice}: no contact has the address")
            )
        elif _moved(now, known) and not (each.key in ours and now.choice in (ours[each.key], each.decided.choice)):
            named.append((each, Outcome.REJECTED, "STALE", "chosen in dotdigital meanwhile"))
        elif each.decided.choice is Choice.YES and (each.record.preference_id, each.record.address) in no_of:
            # One contact stands for all of them, and the strictest has their way.
            detail = f"no of {no_of[each.record.preference_id, each.record.address]}, which has the address as well"
            named.append((each, Outcome.EXCLUDED, "CONFLICT", detail))
        else:
            wanted.append(each)
    await ctx.save(ctx.cursor, stage=_STAGE, work=lambda c: name(c, ctx, named))
    canary = await ctx.read(lambda c: watermarks.get(c, ctx.account_id, _CANARY))
    # What became of an import's rows it tells itself; whoever is to be told something else by now comes after it.
    again = {each.key for each in wanted if ours.get(each.key) is each.decided.choice}
    if not again and ctx.at(OneList).importing:
        await ctx.save(replace(ctx.at(OneList), importing=""), stage=_STAGE)
    wanted = [each for each in wanted if each.key in again] + _turned(ctx, [w for w in wanted if w.key not in again])
    tried = 0
    while wanted and canary == "" and tried < _MOST_TRIED:
        canary, tried = await _try(ctx, dd, by_address, wanted.pop(0)), tried + 1
    if canary == _KEEPS:
        for some in ([w for w in wanted if w.key in again], [w for w in wanted if w.key not in again]):
            if some:
                await _import(ctx, dd, by_address, some)
    elif wanted:
        refused = [(each, Outcome.REJECTED, "NOT_SYNCED", _WHY_NOT[canary]) for each in wanted]
        await ctx.save(ctx.cursor, stage=_STAGE, work=lambda c: name(c, ctx, refused))


def _moved(now: Said, known: Said) -> bool:
    """Whether a contact has chosen since, be it the same once more."""
    return now.choice is not known.choice or now.on > known.on


def _turned(ctx: RunContext, wanted: Sequence[Due]) -> list[Due]:
    """In another order in each run: those who are refused whenever they are first delay nobody for ever."""
    first = zlib.crc32(ctx.run_id.encode()) % len(wanted) if wanted else 0
    return [*wanted[first:], *wanted[:first]]


async def _chosen_meanwhile(dd: Dotdigital, ids: set[int], since: datetime) -> dict[tuple[int, int], Said]:
    """What contacts chose of these preferences a moment ago, by preference and contact."""
    found: dict[tuple[int, int], Said] = {}
    for preference_id in sorted(ids):
        async for page in dd_preferences.choice_pages(dd, preference_id, since):
            for each in page.rows:
                choice = Choice.YES if each.opted_in else Choice.NO
                found[preference_id, each.contact_id] = Said(choice, text_of(moment(each.on)))
    return found


class _Trying(msgspec.Struct, frozen=True):
    """The first import of an account, of one choice of one contact, from when on its answer is to be looked at."""

    preference_id: int
    contact_id: int
    address: str
    began: str


async def _try(ctx: RunContext, dd: Dotdigital, by_address: Mapping[str, int], first: Due) -> str:
    """The first import of an account, of one choice of one contact: whether what it does not name stays as it is.
    `""` where the import did not succeed, and nobody knows."""
    record = first.record
    began = text_of(await feeds.server_time(dd))
    trying = _Trying(record.preference_id, by_address[record.address], record.address, began)
    # Kept before: a run that is killed on the way has to look before anything is taken for somebody's choice.
    mark = msgspec.json.encode(trying).decode()
    await ctx.write(lambda c: watermarks.put(c, ctx.account_id, _CANARY, mark))
    if not await _import(ctx, dd, by_address, [first]):
        await ctx.write(lambda c: watermarks.put(c, ctx.account_id, _CANARY, ""))
        return ""
    return await _found(ctx, trying, await _declined_by(ctx, dd, trying), _KEEPS)


async def look_at_first(ctx: RunContext, dd: Dotdigital) -> None:
    """Before choices are read: what the first import of an account has declined, where the run was interrupted before
    it had looked. One that is at work still is waited for. Nothing declined does not say that there was an import:
    another one is the first then."""
    mark = await ctx.read(lambda c: watermarks.get(c, ctx.account_id, _CANARY))
    if mark.startswith("{"):
        await imports.until_ended(ctx, dd, _STAGE)
        trying = msgspec.json.decode(mark, type=_Trying)
        await _found(ctx, trying, await _declined_by(ctx, dd, trying), "")


async def _declined_by(ctx: RunContext, dd: Dotdigital, trying: _Trying) -> list[OfContact]:
    """The preferences of the contact that were declined since, though the import did not name them."""
    known = await ctx.read(lambda c: preferences.all_of(c, ctx.account_id))
    others = {each.preference.id for each in known if not each.preference.gone} - {trying.preference_id}
    declined = await ctx.read(lambda c: preferences.no_of(c, ctx.account_id, trying.contact_id))
    turned: list[OfContact] = []
    for preference_id in sorted(others - declined):
        async for page in dd_preferences.choice_pages(dd, preference_id, moment_of(trying.began) or EPOCH):
            turned += [
                OfContact(
                    preference_id=preference_id,
                    contact_id=trying.contact_id,
                    address=trying.address,
                    choice=Choice.NO,
                    chosen_on=text_of(moment(each.on)),
                )
                for each in page.rows
                if each.contact_id == trying.contact_id and not each.opted_in
            ]
    return turned


async def _found(ctx: RunContext, trying: _Trying, turned: Sequence[OfContact], otherwise: str) -> str:
    """Keeps what the first import has shown; `otherwise`: where nothing was declined."""
    found = _DECLINES if turned else otherwise

    def keep(c: Connection) -> None:
        others = [each for each in preferences.all_of(c, ctx.account_id) if not each.preference.gone]
        preferences.not_chosen(c, ctx.account_id, turned)
        watermarks.put(c, ctx.account_id, _CANARY, found if len(others) > 1 else "")

    await ctx.write(keep)
    if turned:
        await _name_declined(ctx, trying.address, len(turned))
    return found


async def _name_declined(ctx: RunContext, address: str, count: int) -> None:
    item = "first import"
    await ctx.fail_part(
        item,
        DyntuiError(
            "PREFERENCES_DECLINED",
            f"dotdigital took {count:,} preferences of {address} for declined that were not named.",
            not_done="No further choice is written to this email account; choices still come to Dynamics.",
            remedy="Put these preferences of the contact right in dotdigital, and tell dotdigital's support.",
        ),
        kind="preferences",
        name="The first choice that was written to dotdigital",
        place=1,
    )


async def _import(ctx: RunContext, dd: Dotdigital, by_address: Mapping[str, int], wanted: Sequence[Due]) -> bool:
    """Whether all of them were accepted."""
    people: dict[int, list[Due]] = {}
    for each in wanted:
        people.setdefault(by_address[each.record.address], []).append(each)
    rows = [
        ImportContact(
            match_identifier="contactId",
            identifiers={"contactId": contact_id},
            preferences=[
                {"id": each.record.preference_id, "isOptedIn": each.decided.choice is Choice.YES} for each in some
            ],
        )
        for contact_id, some in people.items()
    ]
    await ctx.write(lambda c: begin_changes(c, ctx, IN_DOTDIGITAL, wanted))
    # Whoever chooses while it is at work has chosen later. When one began that was interrupted nobody knows by now.
    began = EPOCH if ctx.at(OneList).importing else await feeds.server_time(dd)
    result = await imports.carry_out(ctx, dd, rows, _STAGE, 0, len(rows))
    refused = _refused(people, result)
    keep = functools.partial(_told_dotdigital, ctx=ctx, people=people, refused=refused, began=began)
    after = replace(ctx.at(OneList), importing="")
    await ctx.save(after, stage=_STAGE, done=len(rows), of=len(rows), work=keep)
    return not refused


def _since(known: str, began: datetime) -> str:
    """From when on dotdigital says what an import told it: after what it had said before, and surely not after what
    somebody chooses since, by whatever clock."""
    times = (began - _CLOCKS, began) if began != EPOCH else ()
    return next((text_of(each) for each in times if text_of(each) > known), known)


def _refused(people: Mapping[int, Sequence[Due]], result: ImportResult) -> dict[int, tuple[str, str]]:
    """The contacts that an import did not change, each with reason and detail. One that was changed although a part of
    it was refused counts as refused: which part is not told."""
    if not result.succeeded:
        return dict.fromkeys(people, ("REJECTED", f"the import ended as {result.status or 'unknown'}"))
    done = {each.contact_id for each in (*(result.created or ()), *(result.updated or ()))}
    said: dict[int, tuple[str, str]] = {}
    for each in result.failures or ():
        number = each.contact_id or each.identifiers.get("contactId")
        code = each.failures[0].failure_code if each.failures else ""
        said[int(number or 0)] = (reason_of_import_failure(code), code or "no reason was given")
    missing = ("UNKNOWN", "the import's report does not mention the contact")
    return {key: said.get(key, missing) for key in people if key in said or key not in done}


def _told_dotdigital(
    c: Connection,
    ctx: RunContext,
    people: Mapping[int, Sequence[Due]],
    refused: Mapping[int, tuple[str, str]],
    began: datetime,
) -> None:
    told = [(each, contact_id) for contact_id, some in people.items() if contact_id not in refused for each in some]
    rows = [
        (replace(each.record, choice=each.decided.choice), contact_id, _since(each.pair.dotdigital.on, began))
        for each, contact_id in told
    ]
    preferences.told_dotdigital(c, ctx.account_id, rows)
    refused_of = [each for contact_id, some in people.items() if contact_id in refused for each in some]
    keep_changes(c, ctx, IN_DOTDIGITAL, [each for each, _ in told], refused_of)
    name(
        c,
        ctx,
        [
            *((each, Outcome.UPDATED, "", each.said) for each, _ in told),
            *(
                (each, Outcome.REJECTED, *refused[contact_id])
                for contact_id, some in people.items()
                if contact_id in refused
                for each in some
            ),
        ],
    )
