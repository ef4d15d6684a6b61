"""Choices of marketing preferences compared, and told to the side that does not have them (`dyntui.model.preferences`
decides)."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec.structs import replace
from sqlalchemy import Connection

from dyntui.dataverse.http import Dataverse
from dyntui.dotdigital import contacts
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.matching import Candidate, winners
from dyntui.model.merge import Side
from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.model.people import normalise
from dyntui.model.preferences import Choice, Said, decide
from dyntui.store import outcomes, preferences
from dyntui.store.preferences import Known, OfContact, OfRecord
from dyntui.sync import matching, preferences_to_dotdigital, preferences_to_dynamics
from dyntui.sync.preference_choices import begin, item_of
from dyntui.sync.preference_due import Due, name, settle_changes
from dyntui.sync.run_context import RunContext

_AT_ONCE: Final = 1000


async def find_records(ctx: RunContext, dv: Dataverse, dd: Dotdigital, known: Mapping[int, Known]) -> None:
    """For every new choice of a contact the record that has its address; whoever has none waits for one. Of several
    records a `no` counts for all, a `yes` for the one that the contact stands for, and for those who had chosen: what
    one of them had been told is not to stand against it."""
    while some := await ctx.read(lambda c: preferences.contact_news(c, ctx.account_id, _AT_ONCE)):
        moved = await _moved(dd, some)
        await ctx.write(functools.partial(preferences.readdress, account_id=ctx.account_id, addresses=moved))
        some = [replace(each, address=moved.get(each.contact_id, each.address)) for each in some]
        addresses = [each.address for each in some]
        everybody = await matching.everybody(ctx, dv, addresses)
        found = winners(everybody)
        chose = await ctx.read(functools.partial(preferences.chose, account_id=ctx.account_id, addresses=addresses))
        sharing: dict[str, list[Candidate]] = {}
        for match in everybody:
            sharing.setdefault(match.address, []).append(match)
        made = [
            OfRecord(
                preference_id=each.preference_id,
                person_id=match.id,
                entity=match.entity.value,
                name=match.name,
                address=each.address,
            )
            for each in some
            for match in sharing.get(each.address, ())
            if each.choice is Choice.NO or match is found[each.address] or (each.preference_id, match.id) in chose
        ]
        strangers: dict[int, list[PersonOutcome]] = {}
        for each in some:
            if each.address not in found:
                strangers.setdefault(each.preference_id, []).append(_stranger(each))
        await begin(ctx, {key: each.preference for key, each in known.items()}, strangers)
        keep = functools.partial(_found, ctx=ctx, some=some, made=made, strangers=strangers)
        await ctx.save(ctx.cursor, stage="Comparing choices", work=keep)


async def _moved(dd: Dotdigital, some: Sequence[OfContact]) -> dict[int, str]:
    """Those of the contacts, by id, that have another address than they chose with: somebody else may have that one by
    now, who has chosen nothing. The feeds of choices do not tell."""
    ids = sorted({each.contact_id for each in some})
    found = (await contacts.retrieve_contacts(dd, ids=ids, takes_odd=True)).contacts
    now = {each.id: normalise(each.email) for each in found}
    return {each.contact_id: at for each in some if (at := now.get(each.contact_id, "")) and at != each.address}


def _stranger(each: OfContact) -> PersonOutcome:
    return PersonOutcome(
        person=str(each.contact_id),
        address=each.address,
        outcome=Outcome.EXCLUDED,
        reason="UNKNOWN_PERSON",
        detail=f"{each.choice} in dotdigital",
    )


def _found(
    c: Connection,
    ctx: RunContext,
    some: Sequence[OfContact],
    made: Sequence[OfRecord],
    strangers: Mapping[int, Sequence[PersonOutcome]],
) -> None:
    preferences.make(c, ctx.account_id, made)
    preferences.contacts_seen(c, ctx.account_id, some)
    for preference_id, named in strangers.items():
        outcomes.record(c, ctx.run_id, item_of(preference_id), named)


async def settle(ctx: RunContext, dv: Dataverse, dd: Dotdigital, known: Mapping[int, Known]) -> None:
    """Every choice that is news to one side, some at a time."""
    after = (-1, "")
    while pairs := await ctx.read(
        lambda c: preferences.record_news(c, ctx.account_id, after, _AT_ONCE)  # noqa: B023 - awaited here
    ):
        last = pairs[-1].record
        after = (last.preference_id, last.person_id)
        offered = {key: each for key, each in known.items() if not each.preference.gone and each.row_id}
        gone = {key for key, each in known.items() if each.preference.gone}
        idle = [each.record for each in pairs if each.record.preference_id in gone]
        due = [
            Due(pair=each, decided=decide(each.base, Said(each.record.choice, each.record.chosen_on), each.dotdigital))
            for each in pairs
            if each.record.preference_id in offered
        ]
        titles = {key: each.preference for key, each in known.items()}
        await begin(ctx, titles, {each.record.preference_id for each in due})
        same = [each for each in due if each.decided.to is None]
        keep = functools.partial(_same, ctx=ctx, same=same, idle=idle)
        await ctx.save(ctx.cursor, stage="Comparing choices", work=keep)
        await preferences_to_dynamics.tell(ctx, dv, offered, [each for each in due if each.decided.to is Side.DYNAMICS])
        await preferences_to_dotdigital.tell(ctx, dd, [each for each in due if each.decided.to is Side.DOTDIGITAL])


def _same(c: Connection, ctx: RunContext, same: Sequence[Due], idle: Sequence[OfRecord]) -> None:
    preferences.settled(c, ctx.account_id, [each.record for each in same])
    preferences.set_aside(c, ctx.account_id, idle)
    written = settle_changes(c, ctx, same)

    def became(each: Due) -> Outcome:
        return Outcome.UPDATED if each.key in written else Outcome.UNCHANGED

    name(c, ctx, [(each, became(each), "", str(each.decided.choice)) for each in same if each.decided.choice])
