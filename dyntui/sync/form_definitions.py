"""Forms in: which there are, what they ask, and their rows in Dynamics, written where they differ from what was written
before."""

from __future__ import annotations

import functools
import hashlib

import msgspec

from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.rows import bind
from dyntui.dotdigital import forms as dd_forms
from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.moments import moment
from dyntui.model import solution
from dyntui.model.errors import DyntuiError
from dyntui.model.forms import Definition, Question, merged, questions_text
from dyntui.model.lengths import cut
from dyntui.model.moments import dated, text_of
from dyntui.store import forms
from dyntui.store.forms import Form, Header
from dyntui.sync import feeds, odd_answers, parts
from dyntui.sync.connector_rows import KEY, upsert_rows
from dyntui.sync.refused_rows import name_refused
from dyntui.sync.run_context import RunContext

_WRITE_ROWS = 500
_NAME, _WORD, _URL = 255, 50, 2000


async def listed(ctx: RunContext, dd: Dotdigital) -> set[int]:
    """Every form there is, into the store; their ids. One that cannot be read is named."""
    seen: set[int] = set()
    repeats = False
    async for page in dd_forms.form_pages(dd):
        for each in page.odd:
            await _name_odd(ctx, f"odd {each.place}", each.reason, each.received)
        rows = [_header(ctx, each) for each in page.rows]
        seen.update(each.id for each in rows)
        repeats = repeats or page.repeats
        keep = functools.partial(forms.record, account_id=ctx.account_id, rows=rows)
        await ctx.save(ctx.cursor, stage="Reading forms", done=len(seen), work=keep)
    if repeats:
        await odd_answers.name_repeating(ctx, "forms", "forms")
    return seen


async def _name_odd(ctx: RunContext, item: str, reason: str, received: str) -> None:
    await ctx.fail_part(
        item,
        DyntuiError(
            "DOTDIGITAL_ROW_UNREADABLE",
            f"A form in dotdigital's list cannot be read ({reason}); received: {received}",
            not_done="It was left out; all other forms were read.",
            remedy="Look at the form in dotdigital; ask dotdigital's support when it looks right there.",
        ),
        kind="form",
        name="a form that cannot be read",
        place=0,
    )


def _header(ctx: RunContext, row: dd_forms.Form) -> Header:
    def when(text: str | None) -> str:
        return text_of(dated(moment(text), ctx.moment() + feeds.AHEAD))

    return Header(
        id=row.id,
        name=cut(row.name or f"Form {row.id}", _NAME),
        state=cut(row.state or "", _WORD),
        url=cut(row.url or "", _URL),
        made_on=when(row.date_survey_created),
        # Compared only, so kept whatever it says.
        changed_on=(row.date_survey_modified or "")[:_WORD],
        first_response=when(row.first_response_date),
        last_response=when(row.last_response_date),
        complete=row.total_complete_responses,
        incomplete=row.total_incomplete_responses,
        views=row.total_views,
    )


async def read_questions(ctx: RunContext, dd: Dotdigital, known: Form) -> Definition:
    """What a form asks now, into the store; what it asked before is kept with it. Raises DOTDIGITAL_ANSWER_UNREADABLE
    where a page of it cannot be read: questions that do not show are not taken for gone."""
    pages, odd = await dd_forms.questions(dd, known.id)
    if odd:
        raise DyntuiError(
            "DOTDIGITAL_ANSWER_UNREADABLE",
            f"A page of the form cannot be read ({odd[0].reason}); received: {odd[0].received}",
            not_done="Its questions stay as they were known; its responses were not read.",
            remedy="Look at the form in dotdigital; ask dotdigital's support when it looks right there.",
        )
    now = [question for page in pages for field in page.fields or () for question in _questions(field)]
    found = merged(known.questions, now)
    await ctx.write(lambda c: forms.asked(c, ctx.account_id, known.id, found.questions, known.asks_as))
    return found


def _questions(field: dd_forms.Field, line_of: Question | None = None) -> list[Question]:
    """A field as a question, and those below it; what is told and not asked is none."""
    text = (field.text or "").strip() or f"question {field.id}"
    choices = {each.id: each.text or f"choice {each.id}" for each in field.choices or ()}
    if field.has_other_option and field.other_option_choice_id:
        choices.setdefault(field.other_option_choice_id, "Other")
    one = Question(
        id=line_of.id if line_of else field.id,
        line=field.id if line_of else 0,
        text=f"{line_of.text}: {text}" if line_of else text,
        type=(field.type or "")[:_WORD],
        choices=choices or (line_of.choices if line_of else {}),
        label=(field.assigned_contact_data_field_name or "") if field.is_assigned_to_contact_data_field else "",
    )
    found = [one, *(each for below in field.sub_fields or () for each in _questions(below, one))]
    if field.has_other_option:
        other = msgspec.structs.replace(one, text=f"{text} (other)", choices={}, label="")
        if field.other_option_sub_field_id:
            found.append(msgspec.structs.replace(other, line=field.other_option_sub_field_id))
        elif field.other_option_text_field_id:
            found.append(msgspec.structs.replace(other, id=field.other_option_text_field_id))
    return found


async def tell_dynamics(ctx: RunContext, dv: Dataverse) -> None:
    """Form rows that differ from what was written before, in bulk; then their row ids, for lookups."""
    known = await ctx.read(lambda c: forms.all_of(c, ctx.account_id))
    rows = {each.id: _columns(ctx.account_id, each) for each in known}
    prints = {form_id: _fingerprint(row) for form_id, row in rows.items()}
    changed = [each for each in known if prints[each.id] != each.fingerprint]
    refused: list[tuple[str, DataverseError]] = []
    for start in range(0, len(changed), _WRITE_ROWS):
        some = changed[start : start + _WRITE_ROWS]
        results = await upsert_rows(dv, solution.FORM, [rows[each.id] for each in some])
        there = []
        for each, result in zip(some, results, strict=True):
            if result.error is not None:
                refused.append((f"{each.header.name} ({each.id})", result.error))
            else:
                there.append(each)
        ids = await _row_ids(dv, [row_key(ctx.account_id, each.id) for each in there])
        found = [(each.id, prints[each.id], ids.get(row_key(ctx.account_id, each.id), "")) for each in there]
        # One that does not show yet is written and looked for again by the next run.
        written = [(form_id, mark, row_id) for form_id, mark, row_id in found if row_id]
        keep = functools.partial(forms.written, account_id=ctx.account_id, rows=written)
        await ctx.save(
            ctx.cursor, stage="Writing forms to Dynamics", done=start + len(some), of=len(changed), work=keep
        )
    await name_refused(ctx, "rows of forms", "form", "Rows of forms in Dynamics", refused)


async def made_anew(ctx: RunContext, dv: Dataverse, form_id: int) -> bool:
    """Whether somebody had deleted the form's row in Dynamics: no response can be written without."""
    key = row_key(ctx.account_id, form_id)
    if key in await _row_ids(dv, [key]):
        return False
    await ctx.write(functools.partial(forms.written, account_id=ctx.account_id, rows=[(form_id, "", "")]))
    await tell_dynamics(ctx, dv)
    return True


def _fingerprint(row: dict[str, object]) -> str:
    return hashlib.blake2b(msgspec.json.encode(row), digest_size=12).hexdigest()


def row_key(account_id: str, form_id: int) -> str:
    """The alternate key of a form's row."""
    return f"{account_id}-{form_id}"


def _columns(account_id: str, known: Form) -> dict[str, object]:
    header = known.header
    # What was not read yet takes nothing away that was there before.
    questions = cut(questions_text(known.questions), solution.LONGEST_MEMO)
    return {
        KEY: row_key(account_id, known.id),
        "dyntui_name": header.name,
        "dyntui_formnumber": known.id,
        "dyntui_state": header.state or None,
        "dyntui_url": header.url or None,
        **({"dyntui_questions": questions} if questions else {}),
        "dyntui_madeon": header.made_on or None,
        "dyntui_changedon": text_of(moment(header.changed_on)) or None,
        "dyntui_firstresponse": header.first_response or None,
        "dyntui_lastresponse": header.last_response or None,
        "dyntui_complete": header.complete,
        "dyntui_incomplete": header.incomplete,
        "dyntui_views": header.views,
        "dyntui_EmailAccountId@odata.bind": bind(solution.EMAIL_ACCOUNT.entity_set, account_id),
    }


class _RowId(msgspec.Struct, frozen=True, rename={"row": "dyntui_formid", "key": KEY}):
    row: str
    key: str = ""


async def _row_ids(dv: Dataverse, keys: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    async for page in dv_rows.pages_where_any(
        dv, solution.FORM.entity_set, _RowId, KEY, keys, orderby=("dyntui_formid",)
    ):
        found.update((row.key, row.row) for row in page.rows)
    return found


async def failed(ctx: RunContext, dv: Dataverse, dd: Dotdigital, known: Form, place: int, error: DyntuiError) -> None:
    """One form could not be read: the others go on, and the next run reads it from the beginning. Raises the error
    where it is one of the whole run."""
    if await parts.is_of_the_run(error, dv, dd):
        raise error
    item = str(known.id)
    await ctx.fail_part(item, error, kind="form", name=known.header.name, place=place)
    await ctx.write(lambda c: forms.read_to(c, ctx.account_id, known.id, "", ""))
