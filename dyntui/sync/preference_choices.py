"""What people chose, from both sides into the store: choices of contacts from dotdigital's feeds, choices of records
from their rows in Dynamics, and records that have another address than before."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.query import literal
from dyntui.dataverse.reading import ODD_COLUMNS, Whole
from dyntui.dotdigital import preferences as dd_preferences
from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.moments import moment
from dyntui.dotdigital.preferences import Chosen
from dyntui.model import solution
from dyntui.model.cursors import PreferencesCursor
from dyntui.model.errors import DyntuiError
from dyntui.model.guard import guard
from dyntui.model.guids import guid_of
from dyntui.model.moments import EPOCH, dated, due_again, moment_of, text_of
from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.model.people import Entity, normalise
from dyntui.model.preferences import CODES, Choice, Preference
from dyntui.store import outcomes, preferences, watermarks
from dyntui.store.preferences import Known, OfContact, OfRecord
from dyntui.sync import feeds, matching, odd_answers
from dyntui.sync.asked import Asked
from dyntui.sync.run_context import RunContext

FEED = "preferences"
_ROWS = f"{FEED}/rows"
_PASSED_OVER = f"{FEED}/rows passed over"
_PROOF = f"{FEED}/opted in"
_PROVED_EVERY = timedelta(days=1)
_PLACES = {"contact": Entity.CONTACT, "lead": Entity.LEAD}


def item_of(preference_id: int) -> str:
    """The item of a run that holds what became of everybody's choice of a preference."""
    return str(preference_id)


async def begin(ctx: RunContext, known: Mapping[int, Preference], wanted: Collection[int]) -> None:
    """The items of these preferences, begun once."""
    for each in sorted(wanted):
        title = known[each].title if each in known else f"preference {each}"
        await ctx.begin_item(item_of(each), kind="preference", name=title, place=1 + each)


# -- dotdigital --------------------------------------------------------------------------------------------------------


async def read_contacts(ctx: RunContext, dd: Dotdigital, offered: Mapping[int, Preference]) -> None:
    """What contacts chose since the last run: a call for each preference. Once a day it is proved that nobody whose
    `yes` is known has taken it back unseen."""
    if not ctx.at(PreferencesCursor).until:
        until = await feeds.server_time(dd)
        # As of every feed of consent: nobody says how late somebody's no may come into it.
        since = await feeds.since(ctx, ctx.account_id, FEED, until, overlap=feeds.CONSENT_OVERLAP)
        at = PreferencesCursor(since=text_of(since), until=text_of(until))
        await ctx.save(at, stage="Reading choices")
    for preference_id in sorted(offered):
        if preference_id > ctx.at(PreferencesCursor).leaf:
            await _read_choices(ctx, dd, offered, preference_id)
    at = ctx.at(PreferencesCursor)
    until = moment_of(at.until) or EPOCH
    await _prove(ctx, dd, until, sorted(offered))
    if not at.repeats:
        await feeds.advance(ctx, ctx.account_id, FEED, until)


async def _read_choices(ctx: RunContext, dd: Dotdigital, offered: Mapping[int, Preference], preference_id: int) -> None:
    """All of one preference's feed."""
    at = ctx.at(PreferencesCursor)
    since, until = moment_of(at.since) or EPOCH, moment_of(at.until) or EPOCH
    item, title = item_of(preference_id), offered[preference_id].title
    number, repeats = 0, False
    async for page in dd_preferences.choice_pages(dd, preference_id, since):
        found = [_understood(each, preference_id, until + feeds.AHEAD) for each in page.rows]
        good = [each for each in found if isinstance(each, OfContact)]
        odd = [each for each in found if isinstance(each, PersonOutcome)]
        odd += odd_answers.unreadable(page.odd, f"{number}/")
        if odd:
            await begin(ctx, offered, [preference_id])
        keep = functools.partial(_keep, ctx=ctx, item=item, good=good, odd=odd)
        await ctx.save(at, stage=f"Reading choices of {title}", work=keep)
        number, repeats = number + 1, repeats or page.repeats
    if repeats:
        await odd_answers.name_repeating(ctx, item, f"choices of {title}")
    at = msgspec.structs.replace(at, leaf=preference_id, repeats=at.repeats or repeats)
    await ctx.save(at, stage=f"Reading choices of {title}")


def _keep(c: Connection, ctx: RunContext, item: str, good: Sequence[OfContact], odd: Sequence[PersonOutcome]) -> None:
    preferences.keep(c, ctx.account_id, good)
    outcomes.record(c, ctx.run_id, item, odd)


def _understood(row: Chosen, preference_id: int, now: datetime) -> OfContact | PersonOutcome:
    """A choice; one from the future, or of a contact without an address, is named."""
    address = normalise(row.email)
    named = PersonOutcome(person=str(row.contact_id), address=address, outcome=Outcome.EXCLUDED)
    if not address:
        return msgspec.structs.replace(named, reason="NO_EMAIL")
    said = moment(row.on)
    if said is not None and dated(said, now) is None:
        detail = f"chosen on {text_of(said)}"
        return msgspec.structs.replace(named, outcome=Outcome.REJECTED, reason="ODD_ROW", detail=detail)
    return OfContact(
        preference_id=preference_id,
        contact_id=row.contact_id,
        address=address,
        choice=Choice.YES if row.opted_in else Choice.NO,
        chosen_on=text_of(said),
    )


async def _prove(ctx: RunContext, dd: Dotdigital, now: datetime, offered: Sequence[int]) -> None:
    """Whether everybody who is known to have said yes to something that is offered is still opted in: who is not has
    said no. More of these than could be by chance are not believed. A yes that the feeds may still tell of is left to
    them: it would come back with the next reading."""
    before = text_of(now - feeds.CONSENT_OVERLAP)
    last = moment_of(await ctx.read(lambda c: watermarks.get(c, ctx.account_id, _PROOF)))
    yes = await ctx.read(lambda c: preferences.count_yes(c, ctx.account_id, offered, before))
    if not yes or not due_again(last, now, _PROVED_EVERY):
        return
    withdrawn: list[OfContact] = []
    listed, why = 0, ""
    async for page in dd_preferences.opted_in_pages(dd):
        known = await ctx.read(
            lambda c: preferences.yes_of(
                c,
                ctx.account_id,
                [each.contact_id for each in page.rows],  # noqa: B023 - awaited here
                offered,
                before,
            )
        )
        for each in page.rows:
            listed += len(each.preferences)
            withdrawn += [
                OfContact(
                    preference_id=preference_id,
                    contact_id=each.contact_id,
                    address=address,
                    choice=Choice.NO,
                    chosen_on=text_of(now),
                )
                for preference_id, address in known.get(each.contact_id, {}).items()
                if preference_id not in each.preferences
            ]
        odd_answers.met(ctx, page.odd)
        await ctx.save(ctx.cursor, stage="Proving who is opted in")
        why = "dotdigital answered the same page again" if page.repeats else why
    why = guard(len(withdrawn), yes, listed, why)
    if why:
        await _name_unproven(ctx, len(withdrawn), yes, why)
        return

    def keep(c: Connection) -> None:
        preferences.keep(c, ctx.account_id, withdrawn)
        watermarks.put(c, ctx.account_id, _PROOF, text_of(now))

    await ctx.save(ctx.cursor, stage="Proving who is opted in", work=keep)


async def _name_unproven(ctx: RunContext, going: int, yes: int, why: str) -> None:
    item = "proof"
    await ctx.fail_part(
        item,
        DyntuiError(
            "PREFERENCES_UNPROVEN",
            f"dotdigital does not show {going:,} of {yes:,} known opt-ins any more ({why}).",
            not_done="They were not taken for withdrawn; what the feeds of choices tell was.",
            remedy="Look at some of these contacts in dotdigital; the next run asks again.",
        ),
        kind="preferences",
        name="Who is opted in",
        place=1,
    )


# -- Dynamics ----------------------------------------------------------------------------------------------------------


class _Row(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    rename={
        "id": "dyntui_preferencechoiceid",
        "choice": "dyntui_choice",
        "preference": "_dyntui_preferenceid_value",
        "contact": "_dyntui_contactid_value",
        "lead": "_dyntui_leadid_value",
        "changed_on": "modifiedon",
    },
):
    id: str
    choice: Whole | None = None
    preference: str | None = None
    contact: str | None = None
    lead: str | None = None
    changed_on: str | None = None
    odd: tuple[str, ...] = msgspec.field(name=ODD_COLUMNS, default=())


async def read_rows(ctx: RunContext, dv: Dataverse, known: Sequence[Known]) -> None:
    """What people chose in Dynamics since the last run: rows that dyntui wrote itself say nothing new. Choices of a
    preference that had no row yet were passed over: once it has one everything is read."""
    since = moment_of(await ctx.read(lambda c: watermarks.get(c, ctx.account_id, _ROWS)))
    passed_over = (await ctx.read(lambda c: watermarks.get(c, ctx.account_id, _PASSED_OVER))).split()
    question = Asked(dv, ctx.moment())
    by_row = {each.row_id: each.preference for each in known if each.row_id}
    whole = since is None or any(str(each.id) in passed_over for each in by_row.values())
    changed = None if since is None or whole else f"modifiedon ge {literal(since - feeds.OVERLAP)}"
    async for page in dv_rows.pages(
        dv,
        solution.PREFERENCE_CHOICE.entity_set,
        _Row,
        filter=changed,
        orderby=("modifiedon", "dyntui_preferencechoiceid"),
    ):
        await _take_in(ctx, dv, page.rows, by_row)
    without = " ".join(str(each.preference.id) for each in known if not each.row_id)

    def keep(c: Connection) -> None:
        watermarks.put(c, ctx.account_id, _ROWS, text_of(question.on))
        watermarks.put(c, ctx.account_id, _PASSED_OVER, without)

    await ctx.write(keep)


async def _take_in(ctx: RunContext, dv: Dataverse, rows: Sequence[_Row], by_row: Mapping[str, Preference]) -> None:
    mine = [each for each in rows if guid_of(each.preference) in by_row]
    people = {
        entity: await matching.by_id(dv, entity, sorted({i for each in mine if (i := guid_of(getattr(each, name)))}))
        for name, entity in _PLACES.items()
    }
    found: list[OfRecord] = []
    odd: dict[int, list[PersonOutcome]] = {}
    for each in mine:
        preference = by_row[guid_of(each.preference)]
        name = "contact" if each.contact else "lead"
        person = people[_PLACES[name]].get(guid_of(getattr(each, name)))
        unread = "dyntui_choice" in each.odd or (each.choice is not None and each.choice not in CODES)
        if person is None or unread:
            why = f"choice {each.choice!r}" if unread else "no contact and no lead"
            odd.setdefault(preference.id, []).append(
                PersonOutcome(
                    person=f"row {each.id}",
                    outcome=Outcome.REJECTED,
                    reason="ODD_ROW",
                    detail=f"a row of {preference.title} in Dynamics: {why}",
                )
            )
            continue
        found.append(
            OfRecord(
                preference_id=preference.id,
                person_id=person.id,
                entity=person.entity.value,
                name=person.name,
                address=person.address,
                choice=CODES.get(each.choice or 0, Choice.NONE),
                chosen_on=each.changed_on or "",
                row_id=each.id,
            )
        )
    await begin(ctx, {each.id: each for each in by_row.values()}, odd)

    def keep(c: Connection) -> None:
        preferences.keep_rows(c, ctx.account_id, found)
        for preference_id, named in odd.items():
            outcomes.record(c, ctx.run_id, item_of(preference_id), named)

    await ctx.save(ctx.cursor, stage="Reading choices in Dynamics", work=keep)


async def read_addresses(ctx: RunContext, dv: Dataverse) -> None:
    """Records that changed: who has another address keeps what they chose, and who has one that a contact chose with is
    found now."""
    async for changed in matching.changed_records(ctx, dv, FEED):
        people = {each.id: each.address for each in changed}

        def keep(c: Connection, people: Mapping[str, str] = people) -> None:
            preferences.moved(c, people)
            preferences.again(c, sorted(set(people.values()) - {""}))

        await ctx.write(keep)
