"""Who is on a marketing list, changed by hand: Manage Members, and lists of people that are shown somewhere."""

from __future__ import annotations

from typing import Annotated

import msgspec

from dyntui.model.member_changes import MemberChange as MemberChange
from dyntui.model.member_changes import PeopleSlice as PeopleSlice
from dyntui.model.roles import Ability
from dyntui.service.contract.actions import Action
from dyntui.service.contract.bounds import Query, Text, one_of
from dyntui.service.contract.calls import Call
from dyntui.service.contract.campaigns import ON_REPORT, CampaignRow
from dyntui.service.contract.lists import (
    LISTS_CHANGED,
    MEMBER_TYPES,
    ON_LIST,
    ON_LISTS,
    ListDetail,
    ListRow,
)
from dyntui.service.contract.paging import Page, Window
from dyntui.service.contract.people import ON_FOUND_PEOPLE, ON_PERSON
from dyntui.service.contract.runs import ON_PEOPLE, RunRow
from dyntui.service.contract.situations import Situation, on_its_page

# More are named by a query, or as a slice of people.
MOST_NAMED = 10_000
People = Annotated[tuple[Text, ...], msgspec.Meta(max_length=MOST_NAMED)]


class FoundRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record of Dynamics that a search has found. `active`: it can be put onto a marketing list."""

    id: str
    entity: str
    name: str
    address: str
    active: bool


class FindRecords(Window, frozen=True, kw_only=True):
    """A window on the records of a `member_type` (account, contact, lead) whose name or address contains `search`;
    nobody without one."""

    member_type: Annotated[str, one_of(*MEMBER_TYPES)]


class ChangeMembers(msgspec.Struct, frozen=True, kw_only=True):
    """How the members of a static `list` (id) are to change: `add`, `remove`, or `keep` only those who are named.

    They are named in one way: `people` (ids of records, or addresses), a slice of people `shown` somewhere, a saved
    `view` (id or name), or a `query` (FetchXML)."""

    list: Text
    change: MemberChange
    people: People = ()
    shown: PeopleSlice | None = None
    view: Text = ""
    query: Query = ""


class CountPeople(msgspec.Struct, frozen=True, kw_only=True):
    """Those `shown` somewhere are counted by their record type."""

    shown: PeopleSlice


class PeopleOfType(msgspec.Struct, frozen=True):
    """So many people of a record type (account, contact, lead; `""`: addresses without a record)."""

    entity: str
    people: int


class PeopleCounted(msgspec.Struct, frozen=True):
    """People by record type, most first."""

    rows: tuple[PeopleOfType, ...]


class GatherPeople(msgspec.Struct, frozen=True, kw_only=True):
    """A static list that is to be made of people: `name`, `member_type` and `description` as for a new list; `people`
    or `shown` as for a change of members. Those of another type are named, and left out."""

    name: Text
    member_type: Annotated[str, one_of(*MEMBER_TYPES)]
    description: Text = ""
    people: People = ()
    shown: PeopleSlice | None = None


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """The list that was made, and the run that puts people on it."""

    list: ListDetail
    run: RunRow


MEMBERS_FIND = Call("members.find", FindRecords, Page[FoundRecord], Ability.SEE)
MEMBERS_PLAN = Call("members.plan", ChangeMembers, RunRow, Ability.SYNCHRONISE)
MEMBERS_COUNT = Call("members.count", CountPeople, PeopleCounted, Ability.SEE)
MEMBERS_GATHER = Call("members.gather", GatherPeople, Gathered, Ability.SYNCHRONISE, changes=(LISTS_CHANGED,))


def why_closed(row: ListRow) -> str:
    """Why nobody can change the members of a list by hand, in a sentence; `""` where they can."""
    if not row.active:
        return f"{row.name} is inactive in Dynamics; activate the list there first."
    if row.dynamic:
        return f"{row.name} is dynamic: its query says who is on it; E changes the query."
    return f"{row.name} is locked; E unlocks it." if row.locked else ""


def manage(situation: Situation) -> str:
    """One static list that is neither locked nor inactive."""
    if situation.marks(ListRow):
        return "Members are managed list by list; take the marks away first."
    row = situation.one(ListRow)
    return "No marketing list is selected." if row is None else why_closed(row)


def shows_people_alone(situation: Situation) -> bool:
    """Whether the screen is about people; others have hints of their own that matter more."""
    return situation.one(ListRow) is None and situation.one(CampaignRow) is None


ACTIONS = (
    Action(
        id="members.manage",
        title="Manage Members",
        scopes=(ON_LISTS, ON_LIST),
        keys=("A",),
        hint="Manage",
        call=MEMBERS_PLAN,
        command="dyntui lists members add LIST",
        tooltip="Adds, removes or keeps only people, by lookup or by a view or query; says whom before it is done",
        row=True,
        rule=manage,
        hinted=on_its_page,
    ),
    Action(
        id="members.gather",
        title="Make a list of these people",
        scopes=(ON_PEOPLE, ON_FOUND_PEOPLE, ON_PERSON, ON_REPORT, ON_LIST),
        keys=("L",),
        hint="Make a list",
        call=MEMBERS_GATHER,
        command="dyntui lists gather NAME",
        tooltip="A new static list of the marked people, or of all that are shown here",
        hinted=shows_people_alone,
    ),
)
