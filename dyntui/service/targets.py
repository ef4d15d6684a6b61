"""How target lists stand before anybody is counted: asked fresh in Dynamics, with the members of this moment."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from dyntui.dataverse.http import Dataverse
from dyntui.model.errors import DyntuiError
from dyntui.model.people import Entity
from dyntui.service.contract.target_counts import ListReadiness
from dyntui.service.resources import Resources
from dyntui.store import lists as list_store
from dyntui.store import pending_members, staging
from dyntui.store.lists import StoredList
from dyntui.store.staging import Staged
from dyntui.sync import list_state, member_listing, parts
from dyntui.sync.list_state import ListNow
from dyntui.sync.member_rows import Readings, readings, staged


async def readiness(resources: Resources, target: StoredList, account_id: str) -> tuple[ListReadiness, bool]:
    """Whether a list can take part in a send of an email account: it belongs to that account, is active and activated
    in Dynamics, was synchronised, and no import of it is under way. And whether its people are counted: those of a list
    that is refused are not, those of one that was never synchronised are."""

    def answer(*, ready: bool = False, reason: str = "", explanation: str = "") -> ListReadiness:
        return ListReadiness(
            id=target.id,
            name=target.name,
            members=people_of(target),
            ready=ready,
            reason=reason,
            explanation=explanation,
        )

    if not target.activated:
        return answer(reason="NOT_SYNCED", explanation="The list is not activated for email."), False
    if target.account_id != account_id:
        other = list_state.of_another_account(target.name)
        return answer(reason=other.code, explanation=f"{other.message} {other.remedy}"), False
    dv = await resources.connections.dataverse()
    try:
        now = await list_state.as_it_is(dv, target)
        await resources.read(lambda c: list_state.require_all_seen(c, now))
        waiting = await resources.read(lambda c: pending_members.count(c, target.id)) and target.last_synced
        if not waiting:
            await read_present(resources, now, target)
    except DyntuiError as error:
        if await parts.is_of_the_run(error, dv):
            raise
        if error.code == "LIST_INACTIVE":
            await resources.write(lambda c: list_store.found_inactive(c, target.id))
        return answer(reason=error.code, explanation=f"{error.message} {error.remedy}"), False
    if waiting:
        return answer(reason="IMPORT_PENDING", explanation="The list is being synchronised."), False
    if not target.last_synced:
        return answer(reason="NOT_SYNCED", explanation="The list has not been synchronised yet."), True
    return answer(ready=True, explanation=now.note), True


async def read_present(resources: Resources, now: ListNow, target: StoredList) -> None:
    """Who is on the list at this moment: who has left since it was synchronised is marked so, who joined is read."""
    dv = await resources.connections.dataverse()
    entity = Entity(now.row.table.logical_name)
    present: set[str] = set()
    async for ids in member_listing.ids(dv, now):
        present.update(ids)
    joined = await resources.write(lambda c: staging.mark_present(c, target.id, present))
    how = await resources.read(lambda c: readings(c, target.account_id))
    if len(joined) > member_listing.PAGE:
        # Most are new: their records come with the list's own pages.
        async for page in member_listing.records(dv, now, how[entity]):
            await _keep(resources, target.id, [staged(how[entity], each) for each in page.rows])
        joined = await resources.write(lambda c: staging.mark_present(c, target.id, present))
    await _read_joined(resources, dv, how, target.id, entity, joined)


async def _read_joined(
    resources: Resources, dv: Dataverse, how: Readings, list_id: str, entity: Entity, joined: Sequence[str]
) -> None:
    async for rows in member_listing.unseen_members(dv, how, entity, joined):
        await _keep(resources, list_id, rows)


async def _keep(resources: Resources, list_id: str, rows: Sequence[Staged]) -> None:
    """A synchronisation may have begun meanwhile: whom it has read is its own."""
    keep = functools.partial(staging.stage, list_id=list_id, listing=staging.PREVIEW, rows=rows, only_new=True)
    await resources.write(keep)


def people_of(target: StoredList) -> int:
    """As last read; before that as many as Dynamics says."""
    return target.people if target.people is not None else target.member_count or 0
