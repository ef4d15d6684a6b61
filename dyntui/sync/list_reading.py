"""Who is on a marketing list, read as cheaply as has shown itself to be right.

What changed is asked first; as long as trust in its answers is to be earned, and once a day afterwards, everybody is
read after that (`dyntui.model.trust`), and what the reading finds besides is a difference. Where nothing is known to go
on from everybody is read at once. What was done, and on which proof it rests, is kept in words for the audit.
"""

from __future__ import annotations

import functools

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from dyntui.dataverse import lists as dv_lists
from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.http import Dataverse
from dyntui.model.counted import counted
from dyntui.model.cursors import OneList
from dyntui.model.trust import MEMBERS, RECORDS, Rule, age_of, why_proved
from dyntui.store import cheap_answers, reading_places
from dyntui.store.lists import StoredList
from dyntui.store.reading_places import Place
from dyntui.sync import member_listing, membership_changes, record_changes
from dyntui.sync.list_state import ListNow, ListRow
from dyntui.sync.run_context import RunContext

# How long the audit says what was read; a name in Dynamics is no longer than a note may be.
_LONGEST = 400


class _Answer(msgspec.Struct, frozen=True):
    """`why`: everybody has to be read, and why; `compare`: the mark of those on the list, where that is the proof of
    cheap answers."""

    why: str
    compare: str = ""


async def read(ctx: RunContext, dv: Dataverse, now: ListNow, chosen: StoredList, title: str, rule: Rule | None) -> None:
    """Everybody on the list is in the store as of now, from where the cursor's `listing` says it was left. `rule`: None
    where everybody is to be read whatever is trusted."""
    if ctx.at(OneList).listing in ("", "done"):
        answer = await _what_changed(ctx, dv, now, chosen, title, rule)
        if not answer.why:
            return
        at = replace(ctx.at(OneList), listing="", why=answer.why[:_LONGEST], count=now.row.member_count)
        await ctx.save(at, stage=f"Reading {title}")
        doubt = await member_listing.read(ctx, dv, now, chosen, title, answer.compare)
    else:
        doubt = await member_listing.read(ctx, dv, now, chosen, title)
    at = ctx.at(OneList)

    def end(c: Connection) -> None:
        reading_places.end(c, chosen.id, ctx.run_id, doubt, ctx.run_id)
        known = {} if now.row.dynamic else {"rows_read": at.rows, "rows_since": at.asked_on}
        if reading_places.place(c, chosen.id).records_columns != at.columns:
            # What changes of records are asked for is not what is known of them now.
            known |= {"records_link": "", "records_columns": ""}
        said = f"all were read: {at.why}"
        reading_places.put(c, chosen.id, **known, records_gone=False, read_how=said)

    await ctx.save(replace(at, listing="done", next=""), stage=f"Reading {title}", work=end)
    await _judge(ctx, dv, now, chosen)


async def _what_changed(
    ctx: RunContext, dv: Dataverse, now: ListNow, chosen: StoredList, title: str, rule: Rule | None
) -> _Answer:
    place = await _place(ctx, chosen)
    if rule is None:
        return _Answer("before a send everybody is read")
    if now.caller is not None:
        return _Answer("its query runs in the name of its owner")
    why_not = ""
    if place.base and place.records_run != ctx.run_id:
        found = await record_changes.bring_up(ctx, dv, [chosen])
        why_not = found[chosen.id].why_not
        place = await _place(ctx, chosen)
    if not place.base:
        return _Answer(place.read_how or "nothing of it was read before")
    if why_not:
        return _Answer(why_not)
    await ctx.write(functools.partial(_asked, chosen.id, ctx.now()))
    why = await _why_proved(ctx, "", RECORDS, chosen, rule)
    if not now.row.dynamic and place.rows_read >= 0:
        seen = await membership_changes.bring_up(ctx, dv, now, chosen, place, title)
        why = why or await _why_proved(ctx, chosen.account_id, MEMBERS, chosen, rule)
        if not why and not seen.agrees:
            await membership_changes.prove(ctx, dv, now, chosen, place, title)
    elif not now.row.dynamic:
        why = why or "its rows were not counted before"
    elif not why:
        try:
            await membership_changes.bring_up(ctx, dv, now, chosen, place, title)
        except DataverseError as error:
            if error.code != "DATAVERSE_ANSWER_UNREADABLE":
                raise
            why = "its query answers members that cannot be read"
    if why:
        return _Answer(why, place.base)
    await _end(ctx, now, chosen, place, title)
    return _Answer("")


def _asked(list_id: str, now: str, c: Connection) -> None:
    cheap_answers.asked(c, "", RECORDS, list_id, now)


async def _end(ctx: RunContext, now: ListNow, chosen: StoredList, place: Place, title: str) -> None:
    """Only what changed was read: the audit names the proof that it rests on."""
    records = await ctx.read(lambda c: cheap_answers.known(c, "", RECORDS, chosen.id))
    members = await ctx.read(lambda c: cheap_answers.known(c, chosen.account_id, MEMBERS, chosen.id))
    said = f"only what changed was read: records proved {age_of(records.last_proof, ctx.moment())} ago"
    said += ", ids read" if now.row.dynamic else f", members proved {age_of(members.last_proof, ctx.moment())} ago"

    def end(c: Connection) -> None:
        reading_places.end(c, chosen.id, ctx.run_id, "", place.base)
        reading_places.put(c, chosen.id, read_how=said)

    await ctx.save(replace(ctx.at(OneList), listing="done"), stage=f"Reading {title}", work=end)


async def _judge(ctx: RunContext, dv: Dataverse, now: ListNow, chosen: StoredList) -> None:
    """Everybody was read. What differs from the cheap answers before is none of their differences where it happened
    meanwhile: asked again they show it."""
    at = ctx.at(OneList)
    differs = list(at.differs)
    records: int | None = None
    members: int | None = None
    found = ""
    if at.compare:
        records = 0
        if differs:
            again = (await record_changes.bring_up(ctx, dv, [chosen], differs)).get(chosen.id)
            differs = [each for each in differs if again is None or each not in again.named]
            # Once they are read in another way, Dynamics is asked from the beginning, and names nobody.
            records = len(differs) if (await _place(ctx, chosen)).base else None
        if not now.row.dynamic:
            members, found = await _counted(ctx, dv, now, chosen)

    def judge(c: Connection) -> None:
        said = f"{counted(len(differs), 'member')} of {chosen.name!r} had changed unseen: {', '.join(differs[:3])}"
        cheap_answers.proved(c, "", RECORDS, chosen.id, ctx.now(), records, said)
        if not now.row.dynamic:
            cheap_answers.proved(c, chosen.account_id, MEMBERS, chosen.id, ctx.now(), members, found)

    await ctx.write(judge)


async def _counted(ctx: RunContext, dv: Dataverse, now: ListNow, chosen: StoredList) -> tuple[int | None, str]:
    """How often the answers about a static list's rows were wrong, and how; None where nobody can say, because the list
    changed while it was read."""
    at = ctx.at(OneList)
    if at.backdated:
        return at.backdated, membership_changes.unseen(at.backdated, chosen.name)
    if at.rows == at.count:
        return 0, ""
    row = await dv_lists.marketing_list(dv, chosen.id, ListRow)
    after = row.member_count if row is not None else None
    if after != at.count:
        return None, ""
    return 1, f"Dynamics counts {'none' if after is None else after} and has {at.rows} members of {chosen.name!r}"


async def _why_proved(ctx: RunContext, account_id: str, question: str, chosen: StoredList, rule: Rule) -> str:
    asked = await ctx.read(lambda c: cheap_answers.known(c, account_id, question, chosen.id))
    why = why_proved(asked, rule, ctx.moment())
    return f"{question}: {why}" if why else ""


async def _place(ctx: RunContext, chosen: StoredList) -> Place:
    return await ctx.read(lambda c: reading_places.place(c, chosen.id))
