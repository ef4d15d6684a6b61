"""Records that are made of who answered a form and is not known in Dynamics, where the email account says so."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping

import msgspec

from dyntui.dataverse import bulk, security
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.rows import bind
from dyntui.model.addresses import fault
from dyntui.model.changes import AppliedChange
from dyntui.model.created_records import CreatedDefaults, created
from dyntui.model.errors import DyntuiError
from dyntui.model.forms import NewRespondents
from dyntui.model.matching import Candidate
from dyntui.model.people import Entity
from dyntui.model.plans import CREATE
from dyntui.store import applied_changes, strangers
from dyntui.store.applied_changes import Place
from dyntui.sync import known_before, opt_outs, sight, suppressions
from dyntui.sync.record_columns import TABLES
from dyntui.sync.run_context import RunContext

_TOPIC = "Answered {list}"

log = logging.getLogger(__name__)


class Not(msgspec.Struct, frozen=True):
    """Why no record was made. `again`: the next run may make one."""

    reason: str
    detail: str = ""
    again: bool = False


async def make(
    ctx: RunContext,
    dv: Dataverse,
    everywhere: suppressions.Everywhere,
    item: str,
    form: str,
    people: Mapping[str, Mapping[str, str]],
    as_what: NewRespondents,
    defaults: CreatedDefaults,
) -> dict[str, Candidate | Not]:
    """A contact or lead for each of the people (address -> what they said of their name), or why there is none. Who has
    opted out anywhere is never made: Dynamics and every email account (`everywhere`) are asked before. Where an account
    cannot be asked nobody is made a record, and the next run tries."""
    if as_what is NewRespondents.IGNORE or not people:
        return {address: Not("UNKNOWN_PERSON") for address in people}
    await sight.require_columns(ctx, dv)
    try:
        await suppressions.pull_everywhere(ctx, everywhere)
    except DyntuiError as error:
        log.warning("who may become a record of %s is not known: %s %s", form, error, error.detail)
        why = f"not every email account could be asked who is suppressed: {error.message}"
        return {address: Not("NOT_SYNCED", why, again=True) for address in people}
    await opt_outs.read(ctx, dv)
    said_no = await ctx.read(lambda c: strangers.consent(c, "", sorted(people)))
    found: dict[str, Candidate | Not] = {}
    found |= {address: Not("BAD_EMAIL", wrong) for address in people if (wrong := fault(address))}
    found |= {address: Not(no.reason, no.detail) for address, no in said_no.items()}
    elsewhere = await known_before.known(ctx, dv, list(TABLES), [each for each in people if each not in found])
    found |= {address: Not("UNKNOWN_PERSON", known_before.said(each)) for address, each in elsewhere.items()}
    entity = Entity(as_what.value)
    table = TABLES[entity]
    wanted = [address for address in sorted(people) if address not in found]
    of_form = msgspec.structs.replace(defaults, topic=_TOPIC)
    owner = await _owner(dv, defaults.owner) if wanted else {}
    rows = [
        {table.key: _id_of(ctx.run_id, address), **created(entity, address, people[address], form, of_form), **owner}
        for address in wanted
    ]
    results = await bulk.create_many(dv, table, rows) if rows else []
    written: list[AppliedChange] = []
    for address, row, result in zip(wanted, rows, results, strict=True):
        if result.error is not None:
            found[address] = Not("REJECTED", f"Dynamics: {result.error.message}", again=True)
            continue
        person = str(row[table.key])
        name = " ".join(str(row[each]) for each in ("firstname", "lastname") if row.get(each))
        found[address] = Candidate(entity=entity, id=person, name=name, address=address, active=True)
        written.append(_written(item, entity, person, name, address, row))
    await ctx.write(lambda c: applied_changes.keep(c, Place(ctx.run_id, item, entity.value), written))
    return found


async def known(ctx: RunContext, found: Mapping[str, Candidate]) -> dict[str, Candidate]:
    """Of the records that have the addresses of respondents those that count as found. What this run has made before it
    was interrupted, and did not get to keep as made, is made once more: that makes nothing."""
    own = {_id_of(ctx.run_id, address) for address in found}
    kept = await ctx.read(lambda c: applied_changes.created_by(c, ctx.run_id, own))
    return {address: each for address, each in found.items() if each.id not in own or each.id in kept}


async def _owner(dv: Dataverse, named: str) -> dict[str, object]:
    """A form has no owner: where the account names none, the records are the service's."""
    owner = await security.user_by_name(dv, named) if named else None
    return {} if owner is None else {"ownerid@odata.bind": bind("systemusers", owner.id)}


def _id_of(run_id: str, address: str) -> str:
    """The id of the record that a run makes of somebody: the same one however often it tries."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"dyntui/{run_id}/respondent/{address}"))


def _written(
    item: str, entity: Entity, person: str, name: str, address: str, row: Mapping[str, object]
) -> AppliedChange:
    return AppliedChange(
        item_id=item,
        target=entity.value,
        person=person,
        entity=entity.value,
        name=name,
        address=address,
        effect=CREATE,
        after=dict(row),
    )
