"""Members of marketing lists changed by hand, and lists made of people that are shown somewhere.

What is asked for is checked here and carried out by a run of `MEMBERS`: planned first, but where a new list is filled.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from dyntui.dataverse import lists as dv_lists
from dyntui.dataverse import rows as dv_rows
from dyntui.dataverse.lists import MarketingList
from dyntui.dataverse.member_tables import BY_NAME
from dyntui.dataverse.query import guid, literal
from dyntui.model.counted import people_of
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.member_changes import MemberChange, PeopleSlice, misfit
from dyntui.model.people import normalise
from dyntui.model.sync_types import MEMBERS, MembersOf, asked_of
from dyntui.service import list_definitions
from dyntui.service.answering import answers
from dyntui.service.campaigns import Campaigns
from dyntui.service.contract.campaigns import CampaignRef
from dyntui.service.contract.lists import NewList
from dyntui.service.contract.members import (
    MEMBERS_COUNT,
    MEMBERS_FIND,
    MEMBERS_GATHER,
    MEMBERS_PLAN,
    ChangeMembers,
    CountPeople,
    FindRecords,
    FoundRecord,
    Gathered,
    GatherPeople,
    PeopleCounted,
    PeopleOfType,
)
from dyntui.service.contract.paging import Page
from dyntui.service.contract.runs import RunRow
from dyntui.service.identity import Identities
from dyntui.service.lists import Lists
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.service.runs import Runs, chosen_account
from dyntui.store import accounts, people_slices
from dyntui.store import lists as list_store
from dyntui.sync import list_state
from dyntui.sync.member_changes import require_open
from dyntui.sync.member_sources import candidate, record_type

# So many are shown of whom a search in Dynamics finds; more of the name leads to the others.
_MOST_FOUND = 250
_VERBS = {
    MemberChange.ADD: "Add to {list}: {whom}",
    MemberChange.REMOVE: "Remove from {list}: {whom}",
    MemberChange.KEEP: "Keep in {list} only: {whom}",
}


class Members:
    """The calls of `members.*`."""

    def __init__(
        self, resources: Resources, identities: Identities, lists: Lists, campaigns: Campaigns, runs: Runs
    ) -> None:
        self._resources = resources
        self._identities = identities
        self._lists = lists
        self._campaigns = campaigns
        self._runs = runs

    @answers(MEMBERS_FIND)
    async def find(self, context: CallContext, request: FindRecords) -> Page[FoundRecord]:
        """Records of Dynamics as the person may see them, by name; active ones first. Of many, the first 250, and how
        many there are."""
        wanted = request.search.strip()
        if not wanted:
            return Page(rows=(), matching=0, total=0)
        table = BY_NAME[request.member_type]
        name = "name" if table.logical_name == "account" else "fullname"
        text = literal(wanted)
        dv = await self._resources.connections.dataverse()
        pages = dv_rows.pages(
            dv,
            table.entity_set,
            record_type(table),
            filter=f"contains({name},{text}) or contains(emailaddress1,{text})",
            orderby=("statecode", name, table.key),
            maxpagesize=_MOST_FOUND,
            count=True,
            caller=await self._identities.caller(context.uid),
        )
        first = await anext(pages)
        found = [
            FoundRecord(id=each.id, entity=table.logical_name, name=each.name, address=each.address, active=each.active)
            for each in map(candidate, first.rows)
        ]
        window = tuple(found[request.offset : request.offset + request.limit])
        return Page(rows=window, matching=len(found), total=first.count or len(found), offset=request.offset)

    @answers(MEMBERS_PLAN)
    async def plan(self, context: CallContext, request: ChangeMembers) -> RunRow:
        """Queues a run that says whom a change would put on a list or take off it, and changes nothing; `plans.apply`
        carries it out. Raises LIST_GONE, LIST_DYNAMIC, LIST_LOCKED, LIST_INACTIVE, MEMBERS_NOT_NAMED, VIEW_UNKNOWN,
        VIEW_AMBIGUOUS, QUERY_REFUSED."""
        row = await self._open(request.list)
        caller = await self._identities.caller(context.uid)
        _require_one_way(request)
        view, query = "", ""
        if request.view or request.query:
            dv = await self._resources.connections.dataverse()
            found = await list_definitions.found(dv, row.table.logical_name, request.view, request.query, caller)
            view, query = found.view, found.query
        asked = MembersOf(
            list=row.id,
            change=request.change,
            people=request.people,
            shown=await self._of_account(request.shown) if request.shown is not None else None,
            view=view,
            query=query,
            caller=caller or "",
            plan=True,
        )
        return await self._queue(context, asked, row.name)

    async def apply(self, context: CallContext, plan: str) -> RunRow:
        """Queues a run that carries out the plan of this one, in the name of who asks for that."""
        planned = asked_of(await self._runs.request_of(plan), MembersOf)
        row = await self._open(planned.list)
        caller = await self._identities.caller(context.uid)
        asked = msgspec.structs.replace(planned, plan=False, apply=plan, caller=caller or "")
        return await self._queue(context, asked, row.name)

    @answers(MEMBERS_COUNT)
    async def count(self, context: CallContext, request: CountPeople) -> PeopleCounted:
        """People that are shown somewhere, by record type."""
        shown = await self._of_account(request.shown)
        found = await self._resources.read(lambda c: people_slices.types(c, shown))
        rows = sorted(found.items(), key=lambda each: (-each[1], each[0]))
        return PeopleCounted(tuple(PeopleOfType(entity, people) for entity, people in rows))

    @answers(MEMBERS_GATHER)
    async def gather(self, context: CallContext, request: GatherPeople) -> Gathered:
        """Makes a static list and queues the run that puts the people on it. Raises MEMBERS_NOT_NAMED and what
        `lists.new` raises."""
        if bool(request.people) is (request.shown is not None):
            raise _not_shown("People are named either one by one, or as they are shown somewhere.")
        if _named_by_nothing(request.people):
            raise _not_shown("One of the people is named by an empty text.")
        shown = await self._of_account(request.shown) if request.shown is not None else None
        made = await self._lists.new(
            context,
            NewList(name=request.name, member_type=request.member_type, description=request.description),
        )
        asked = MembersOf(
            list=made.row.id,
            change=MemberChange.ADD,
            people=request.people,
            shown=shown,
            caller=await self._identities.caller(context.uid) or "",
        )
        return Gathered(list=made, run=await self._queue(context, asked, made.row.name))

    async def _of_account(self, shown: PeopleSlice) -> PeopleSlice:
        """Recipients of a campaign are those of its email account. Raises MEMBERS_NOT_NAMED, CAMPAIGN_UNKNOWN."""
        if wrong := misfit(shown):
            raise _not_shown(wrong)
        if not shown.campaign:
            return shown
        campaign = await self._campaigns.known(CampaignRef(shown.campaign, shown.account))
        return msgspec.structs.replace(shown, account=campaign.account_id)

    async def _open(self, list_id: str) -> MarketingList:
        """The list as Dynamics has it now. Raises LIST_GONE, LIST_DYNAMIC, LIST_LOCKED, LIST_INACTIVE."""
        dv = await self._resources.connections.dataverse()
        row = await dv_lists.marketing_list(dv, guid(list_id), MarketingList)
        if row is None:
            raise list_state.gone(list_id)
        require_open(row)
        return row

    async def _queue(self, context: CallContext, asked: MembersOf, name: str) -> RunRow:
        known = await self._resources.read(lambda c: list_store.get(c, asked.list))
        own = known.account_id if known is not None else ""
        account = await self._resources.read(lambda c: accounts.account(c, own)) if own else None
        account = account or await chosen_account(self._resources, "")
        title = _VERBS[asked.change].format(list=name, whom=_whom(asked))
        title = f"Plan: {title}" if asked.plan else title
        return await self._runs.queue(
            context, MEMBERS, title, account.id, asked, key=MEMBERS.key(account.id, asked.list)
        )


def use_cases(parts: Parts) -> Members:
    """What answers these calls."""
    runs = Runs(parts.resources, parts.identities, parts.enqueue)
    lists, campaigns = Lists(parts.resources, parts.identities), Campaigns(parts.resources, parts.identities)
    return Members(parts.resources, parts.identities, lists, campaigns, runs)


def _require_one_way(request: ChangeMembers) -> None:
    ways = (bool(request.people), request.shown is not None, bool(request.view), bool(request.query))
    if sum(ways) != 1:
        raise _not_named(
            "People are named in one way: one by one, by a saved view, by FetchXML, or as they are shown somewhere."
        )
    if _named_by_nothing(request.people):
        # A variable of a script that is empty must not mean that everybody leaves.
        raise _not_named("One of the people is named by an empty text.")


def _named_by_nothing(people: Sequence[str]) -> bool:
    return not all(each.strip() for each in people)


def _not_named(why: str) -> DyntuiError:
    return DyntuiError(
        "MEMBERS_NOT_NAMED",
        why,
        not_done="Nothing was read or changed.",
        remedy="Give exactly one of them: `--address`, `--view` or `--fetchxml`.",
        exit=Exit.USAGE,
    )


def _not_shown(why: str) -> DyntuiError:
    return DyntuiError(
        "MEMBERS_NOT_NAMED",
        why,
        not_done="No list was made, and nobody was put on one.",
        remedy="Name people with `--address`, or one of `--run`, `--count`, `--list`, `--campaign`, `--suppressed` and "
        "`--search`, with what narrows that down.",
        exit=Exit.USAGE,
    )


def _whom(asked: MembersOf) -> str:
    if asked.view:
        return f"view {asked.view}"
    if asked.query:
        return "a query"
    if asked.shown is not None:
        of = asked.shown
        whom = {
            "people of a run": of.run,
            "people of a target count": of.count,
            "members of a list": of.list,
            "recipients of a campaign": of.campaign,
        }
        return next((words for words, given in whom.items() if given), f"whom “{of.search}” finds")
    number = len(asked.people)
    return normalise(asked.people[0]) if number == 1 else people_of(number)
