"""Responses to forms in: read where a form has other ones than before, matched with records, and told to Dynamics."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from dyntui.dataverse.errors import GONE, DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.rows import bind
from dyntui.dotdigital import forms as dd_forms
from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.moments import moment
from dyntui.model import solution
from dyntui.model.created_records import CreatedDefaults
from dyntui.model.forms import Given, GivenValue, NewRespondents, answers, text_of, title
from dyntui.model.lengths import cut
from dyntui.model.matching import Candidate
from dyntui.model.moments import dated, moment_of
from dyntui.model.moments import text_of as moment_text
from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.model.people import Entity, normalise
from dyntui.store import forms, outcomes
from dyntui.store.forms import Form, Response
from dyntui.sync import feeds, form_definitions, matching, odd_answers, respondents, suppressions
from dyntui.sync.connector_rows import KEY, upsert_rows
from dyntui.sync.respondents import Not
from dyntui.sync.run_context import RunContext

_AT_ONCE = 500
_NAME = 255
_LONGEST_ADDRESS = 256


class How(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of new respondents, what records say that are made of them, every email account, the forms
    that are `listed` and those with activity since the last run, and dotdigital's time at the start."""

    new: NewRespondents
    created: CreatedDefaults
    everywhere: suppressions.Everywhere
    listed: Collection[int]
    active: Collection[int]
    until: datetime


def other_responses(known: Form, active: Collection[int]) -> bool:
    """Whether a form may have other responses than are known: it was active, dotdigital counts others, or not all were
    read."""
    return known.id in active or not known.responses_on or known.header.counted != known.responses_as


async def synchronise(ctx: RunContext, dv: Dataverse, dd: Dotdigital, known: Form, place: int, how: How) -> None:
    """One form's responses: one item of the run, with an outcome for each that is new or says something else. Of a form
    that is not listed any more there is nothing to be read: what is known of it is told."""
    item = str(known.id)
    await ctx.begin_item(item, kind="form", name=known.header.name, place=place)
    there = known.id in how.listed
    notes = [] if there else ["dotdigital does not list the form any more: nothing of it was read"]
    notes += await _questions(ctx, dd, known) if there and known.asked_as != known.asks_as else []
    if there and other_responses(known, how.active):
        latest = await ctx.read(lambda c: forms.get(c, ctx.account_id, known.id))
        notes += await _read(ctx, dd, latest or known, how)
    if await _tell(ctx, dv, known.id, item, how) and await form_definitions.made_anew(ctx, dv, known.id):
        await _tell(ctx, dv, known.id, item, how)
    await ctx.save(ctx.cursor, stage=_stage(known), work=lambda c: ctx.close_item(c, item, note="; ".join(notes)))


def _stage(known: Form) -> str:
    return f"Reading responses to {known.header.name}"


async def _questions(ctx: RunContext, dd: Dotdigital, known: Form) -> list[str]:
    found = await form_definitions.read_questions(ctx, dd, known)
    changed = (("new question", found.new), ("no longer asked", found.gone))
    return [f"{word}: {', '.join(texts)}" for word, texts in changed if texts]


async def _read(ctx: RunContext, dd: Dotdigital, known: Form, how: How) -> list[str]:
    """The responses since they were read last, into the store; all of them the first time, and where fewer are known
    then than dotdigital counts. What is to be said of it."""
    since = moment_of(known.responses_on)
    whole = await _pages(ctx, dd, known, since - feeds.OVERLAP if since else None, how)
    counted = known.header.complete + known.header.incomplete
    there = await ctx.read(lambda c: forms.count(c, ctx.account_id, known.id))
    if whole and since is not None and there < counted:
        whole = await _pages(ctx, dd, known, None, how)
        there = await ctx.read(lambda c: forms.count(c, ctx.account_id, known.id))
    mark = moment_text(how.until) if whole else ""
    # Where some could not be read, the next run looks whether they can be.
    as_counted = known.header.counted if there >= counted else ""
    await ctx.write(lambda c: forms.read_to(c, ctx.account_id, known.id, mark, as_counted))
    return [f"dotdigital counts {counted:,} responses, of which {there:,} can be read"] if there < counted else []


async def _pages(ctx: RunContext, dd: Dotdigital, known: Form, since: datetime | None, how: How) -> bool:
    """Whether the feed came to its end."""
    item, number, asked = str(known.id), 0, False
    questions = known.questions
    repeats = False
    async for page in dd_forms.response_pages(dd, known.id, since=since):
        given = [answers(_given(each), questions) for each in page.rows]
        if not asked and any(each.unknown for each in given):
            # Somebody may have changed the form without its date saying so.
            asked = True
            questions = (await form_definitions.read_questions(ctx, dd, known)).questions
            given = [answers(_given(each), questions) for each in page.rows]
        read = [_response(each, said, how.until + feeds.AHEAD) for each, said in zip(page.rows, given, strict=True)]
        odd = [each for each in read if isinstance(each, PersonOutcome)]
        odd += odd_answers.unreadable(page.odd, f"{number}/")
        keep = functools.partial(
            _keep,
            ctx=ctx,
            form_id=known.id,
            item=item,
            good=[each for each in read if isinstance(each, Response)],
            odd=odd,
        )
        await ctx.save(ctx.cursor, stage=_stage(known), work=keep)
        number, repeats = number + 1, repeats or page.repeats
    if repeats:
        await odd_answers.name_repeating(ctx, item, f"responses to {known.header.name}")
    return not repeats


def _keep(
    c: Connection, ctx: RunContext, form_id: int, item: str, good: Sequence[Response], odd: Sequence[PersonOutcome]
) -> None:
    forms.keep(c, ctx.account_id, form_id, good)
    outcomes.record(c, ctx.run_id, item, odd)


def _given(row: dd_forms.Response) -> list[GivenValue]:
    return [GivenValue(each.field_id, each.sub_field_id or 0, each.value) for each in row.given_answers or ()]


def _response(row: dd_forms.Response, said: Given, now: datetime) -> Response | PersonOutcome:
    address = normalise(row.email)
    started, completed = moment(row.date_started), moment(row.date_completed)
    late = [each for each in (started, completed) if each is not None and dated(each, now) is None]
    if late or len(address) > _LONGEST_ADDRESS:
        detail = f"answered on {moment_text(late[0])}" if late else f"an address of {len(address)} characters"
        return PersonOutcome(
            person=_person(row.id, ""),
            address=address[:_LONGEST_ADDRESS],
            outcome=Outcome.REJECTED,
            reason="ODD_ROW",
            detail=detail,
        )
    return Response(
        id=row.id,
        address=address,
        started_on=moment_text(started),
        completed_on=moment_text(completed),
        complete=row.complete,
        answers=said.answers,
        names=said.names,
    )


def _person(response_id: int, record: str) -> str:
    return record or f"response {response_id}"


async def _tell(ctx: RunContext, dv: Dataverse, form_id: int, item: str, how: How) -> bool:
    """Responses of which Dynamics does not know everything, some at a time. One that it refuses delays no other, and is
    told again by the next run; so is that of somebody who is to be made a record and could not be. Whether a row that
    one refers to was gone."""
    known = await ctx.read(lambda c: forms.get(c, ctx.account_id, form_id))
    if known is None or not known.row_id:
        # Dynamics refused the form's own row, and it was named for that.
        return False
    after, gone = -1, False
    while some := await ctx.read(lambda c: forms.news(c, ctx.account_id, form_id, after, _AT_ONCE)):  # noqa: B023
        theirs = await matching.told_for(dv, {each.id: each.person_id for each in some})
        asked = [each for each in some if each.id not in theirs]
        matched = await matching.records(ctx, dv, [each.address for each in asked])
        found: dict[str, Candidate | Not] = {**await respondents.known(ctx, matched)}
        new = {each.address: each.names for each in asked if each.address and each.address not in found}
        found |= await respondents.make(ctx, dv, how.everywhere, item, known.header.name, new, how.new, how.created)
        whose = [theirs.get(each.id) or found.get(each.address) for each in some]
        rows = [_columns(ctx.account_id, known, each, of) for each, of in zip(some, whose, strict=True)]
        results = await upsert_rows(dv, solution.FORM_RESPONSE, rows)
        gone = gone or any(each.error is not None and each.error.platform_code in GONE for each in results)
        became = list(zip(some, whose, results, strict=True))
        named = [_outcome(each, of, result.error) for each, of, result in became]
        told = [
            (each.id, of.id if isinstance(of, Candidate) else "")
            for each, of, result in became
            if result.error is None and not (isinstance(of, Not) and of.again)
        ]
        keep = functools.partial(_told, ctx=ctx, form_id=form_id, item=item, told=told, named=named)
        await ctx.save(ctx.cursor, stage=f"Writing responses to {known.header.name}", work=keep)
        after = some[-1].id
    return gone


def _told(
    c: Connection,
    ctx: RunContext,
    form_id: int,
    item: str,
    told: Sequence[tuple[int, str]],
    named: Sequence[PersonOutcome],
) -> None:
    forms.told(c, ctx.account_id, form_id, told)
    outcomes.record(c, ctx.run_id, item, named)


def _outcome(each: Response, found: Candidate | Not | None, error: DataverseError | None) -> PersonOutcome:
    match = found if isinstance(found, Candidate) else None
    named = PersonOutcome(
        entity=match.entity.value if match else "",
        person=_person(each.id, match.id if match else ""),
        name=match.name if match else "",
        address=each.address,
        outcome=Outcome.UPDATED if each.told else Outcome.ADDED,
        detail=f"response {each.id}",
    )
    replaced = msgspec.structs.replace
    if error is not None:
        return replaced(named, outcome=Outcome.REJECTED, reason="REJECTED", detail=f"Dynamics: {error.message}")
    if isinstance(found, Not):
        outcome = Outcome.REJECTED if found.reason == "REJECTED" else Outcome.EXCLUDED
        return replaced(named, outcome=outcome, reason=found.reason, detail=found.detail or named.detail)
    if match is None:
        return replaced(named, outcome=Outcome.EXCLUDED, reason="NO_EMAIL", detail=f"{named.detail} is anonymous")
    return named


_LOOKUPS = {Entity.CONTACT: ("dyntui_ContactId", "contacts"), Entity.LEAD: ("dyntui_LeadId", "leads")}


def _columns(account_id: str, known: Form, each: Response, found: Candidate | Not | None) -> dict[str, object]:
    row: dict[str, object] = {
        KEY: hashlib.sha256(f"{account_id}/{known.id}/{each.id}".encode()).hexdigest()[:40],
        "dyntui_name": cut(title(known.header.name, each.address), _NAME),
        "dyntui_address": each.address or None,
        "dyntui_startedon": each.started_on or None,
        "dyntui_completedon": each.completed_on or None,
        "dyntui_iscomplete": each.complete,
        "dyntui_answers": cut(text_of(each.answers), solution.LONGEST_MEMO) or None,
        "dyntui_FormId@odata.bind": bind(solution.FORM.entity_set, known.row_id),
    }
    if isinstance(found, Candidate):
        column, entity_set = _LOOKUPS[found.entity]
        row[f"{column}@odata.bind"] = bind(entity_set, found.id)
    return row
