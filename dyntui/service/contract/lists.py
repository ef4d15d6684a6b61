"""Marketing lists and their members."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import msgspec

from dyntui.model.list_growth import ListGrowth as ListGrowth
from dyntui.model.list_settings import HIGHEST, LOWEST, ListSettings
from dyntui.model.list_status import NO_BOOK as NO_BOOK
from dyntui.model.lists import ListRow as ListRow
from dyntui.model.lists import MemberRow as MemberRow
from dyntui.model.membership_actions import MembershipAction
from dyntui.model.outcomes import Outcome, ReasonCount, RunStatus
from dyntui.model.people import Entity
from dyntui.model.roles import Ability
from dyntui.service.contract.actions import Action, Scope, Section
from dyntui.service.contract.bounds import Query, Text, one_of
from dyntui.service.contract.calls import Call
from dyntui.service.contract.events import Changed, Event
from dyntui.service.contract.paging import Page, Window
from dyntui.service.contract.runs import RUN_START
from dyntui.service.contract.session import Nothing
from dyntui.service.contract.situations import Situation

MEMBER_TYPES = tuple(each.value for each in Entity)
VIEWS = ("active", "inactive", "my", "activated", "problems", "all")


class ListDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A marketing list's page: the row, its address book and what became of its members in the last run. `as_of`: when
    the row was read from Dynamics. `settings`: None where Dynamics says what is no setting (`misfit`); `offered`: the
    membership actions that fit the list."""

    row: ListRow
    description: str
    address_book: str
    address_book_id: int
    counts: tuple[ReasonCount, ...]
    last_run: str
    active_run: str
    query: str = ""
    as_of: str = ""
    settings: ListSettings | None = None
    misfit: str = ""
    offered: tuple[MembershipAction, ...] = ()


def sync_words(row: ListRow, counts: Iterable[ReasonCount] = ()) -> str:
    """How a list's last synchronisation went, in the words of its run (`dyntui.service.contract.runs.run_status`): what
    was rejected is people to mend. `counts`: what became of its members, where that is known."""
    if row.sync_status != RunStatus.COMPLETED_WITH_ERRORS:
        return row.sync_status
    rejected = sum(count.people for count in counts if count.outcome is Outcome.REJECTED)
    return f"{RunStatus.COMPLETED}, {f'{rejected:,}' if rejected else 'some'} to mend"


class ListsQuery(Window, frozen=True, kw_only=True):
    """`view`: `active`, `inactive`, `my`, `activated`, `problems` or `all`. `account`: without those that are activated
    for another email account."""

    view: Annotated[str, one_of(*VIEWS)] = "active"
    account: Text = ""


class ListRef(msgspec.Struct, frozen=True):
    """A marketing list by id."""

    id: Text


class Activate(msgspec.Struct, frozen=True, kw_only=True):
    """Activate for email. A free address book of the same name is linked only when `link` says so."""

    id: Text
    account: Text = ""
    link: bool = False


class MembersQuery(Window, frozen=True, kw_only=True):
    """A window on a list's members as last read; by outcome and reason where given."""

    list: Text
    outcome: Text = ""
    reason: Text = ""


class NewList(msgspec.Struct, frozen=True, kw_only=True):
    """A marketing list that is to be made in Dynamics. `member_type`: account, contact or lead. A dynamic one takes the
    query of a saved `view` (id or name) or a `query` (FetchXML) of its own; a static one has neither."""

    name: Text
    member_type: Annotated[str, one_of(*MEMBER_TYPES)]
    dynamic: bool = False
    description: Text = ""
    view: Text = ""
    query: Query = ""


class EditList(msgspec.Struct, frozen=True, kw_only=True):
    """What of a marketing list is to be otherwise; None: as it is. `view` (id or name) or `query` (FetchXML): what a
    dynamic list finds its members by; `locked`: whether its members can be changed. The others are settings:
    `subscription_filter`: its parts as `dyntui.model.subscription_filters` spells them; a view may be named by its
    name."""

    id: Text
    name: Text | None = None
    description: Text | None = None
    view: Text | None = None
    query: Query | None = None
    locked: bool | None = None
    membership_action: MembershipAction | None = None
    subscription_filter: tuple[Text, ...] | None = None
    clear_on_send: bool | None = None
    sync_order: Annotated[int, msgspec.Meta(ge=LOWEST, le=HIGHEST)] | None = None
    manual_only: bool | None = None


class ActionSimulated(msgspec.Struct, frozen=True, kw_only=True):
    """What a membership action would make of the strangers of a list's book: how many stay, leave it, join the list,
    or become a record and join; why, by reason; `held`: why those who leave would wait for a decision."""

    action: MembershipAction
    stay: int
    leave: int
    join: int
    create: int
    reasons: dict[str, int]
    held: str = ""


class FilterSimulated(msgspec.Struct, frozen=True, kw_only=True):
    """How many of a list's members, as last read, a part of a subscription filter concerns."""

    part: str
    people: int


class Simulation(msgspec.Struct, frozen=True, kw_only=True):
    """What each setting would come to for a list, whose book has `in_book` contacts and so many `strangers`."""

    list: str
    in_book: int
    strangers: int
    actions: tuple[ActionSimulated, ...]
    filters: tuple[FilterSimulated, ...]


class SavedView(msgspec.Struct, frozen=True, kw_only=True):
    """A saved view of Dynamics. `personal`: of one person, and not of everybody."""

    id: str
    name: str
    personal: bool


class SavedViews(msgspec.Struct, frozen=True):
    """The views that find records of a list's type, by name."""

    rows: tuple[SavedView, ...]


class ViewsQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The views of the list `id`, or of a `member_type` where no list is named. `own`: also the personal views of who
    asks; otherwise those alone that dyntui itself may run."""

    id: Text = ""
    member_type: Text = ""
    own: bool = False


class CountFound(msgspec.Struct, frozen=True, kw_only=True):
    """How many records of a `member_type` a saved `view` (id or name) or a `query` (FetchXML) finds for who asks."""

    member_type: Annotated[str, one_of(*MEMBER_TYPES)]
    view: Text = ""
    query: Query = ""


class FoundCount(msgspec.Struct, frozen=True, kw_only=True):
    """So many `people`. `view`: its name; `relative`: the conditions of the query that mean whoever runs it."""

    people: int
    view: str = ""
    relative: tuple[str, ...] = ()


LISTS_CHANGED = Event("lists.changed", Changed)

LISTS_PAGE = Call("lists.page", ListsQuery, Page[ListRow], Ability.SEE)
LISTS_REFRESH = Call("lists.refresh", Nothing, Nothing, Ability.SEE, changes=(LISTS_CHANGED,))
LIST_GET = Call("lists.get", ListRef, ListDetail, Ability.SEE)
LIST_ACTIVATE = Call("lists.activate", Activate, ListDetail, Ability.SYNCHRONISE, changes=(LISTS_CHANGED,))
LIST_DEACTIVATE = Call("lists.deactivate", ListRef, ListDetail, Ability.SYNCHRONISE, changes=(LISTS_CHANGED,))
LIST_EDIT = Call("lists.edit", EditList, ListDetail, Ability.SYNCHRONISE, changes=(LISTS_CHANGED,))
LIST_NEW = Call("lists.new", NewList, ListDetail, Ability.SYNCHRONISE, changes=(LISTS_CHANGED,))
LIST_VIEWS = Call("lists.views", ViewsQuery, SavedViews, Ability.SEE)
LIST_COUNT_FOUND = Call("lists.count", CountFound, FoundCount, Ability.SEE)
LIST_SIMULATE = Call("lists.simulate", ListRef, Simulation, Ability.SEE)
LIST_GROWTH = Call("lists.growth", ListRef, ListGrowth, Ability.SEE)
LIST_MEMBERS = Call("lists.members", MembersQuery, Page[MemberRow], Ability.SEE)


class BeingSynchronised(msgspec.Struct, frozen=True):
    """The list in hand has an active run."""

    run: str


def in_hand(situation: Situation) -> bool:
    """Whether a list is in hand."""
    return situation.one(ListRow) is not None


def in_hand_alone(situation: Situation) -> str:
    """One list is in hand, and none is marked."""
    if situation.marks(ListRow):
        return "Lists are edited one by one; take the marks away first."
    return "" if in_hand(situation) else "No marketing list is selected."


def with_a_book(situation: Situation) -> str:
    """One list, and it is activated: of its address book there is something to tell."""
    row = situation.one(ListRow)
    if reason := in_hand_alone(situation):
        return reason
    return "" if row is not None and row.activated else f"{row.name if row else ''} is not activated for email yet."


def not_activated(situation: Situation) -> bool:
    """Unless the list is activated already, and has its address book."""
    row = situation.one(ListRow)
    return row is None or not row.activated or row.sync_status == NO_BOOK


def can_be_activated(row: ListRow) -> bool:
    """Whether the list is active in Dynamics, and not activated yet or without its address book."""
    return row.active and (not row.activated or row.sync_status == NO_BOOK)


def can_be_synchronised(row: ListRow) -> bool:
    """Whether the list is activated, and active in Dynamics."""
    return row.active and row.activated


def activate(situation: Situation) -> str:
    """A list that is active in Dynamics and not activated yet, or has lost its address book; of several, one."""
    if marked := situation.marks(ListRow):
        return "" if any(map(can_be_activated, marked)) else "None of the marked lists can be activated."
    row = situation.one(ListRow)
    if row is None:
        return "No marketing list is selected."
    if row.activated and row.sync_status != NO_BOOK:
        return f"{row.name} is already activated for email."
    if not row.active:
        return f"{row.name} is inactive in Dynamics; activate the list there first."
    return ""


def deactivate(situation: Situation) -> str:
    """A list that is activated and not just being synchronised; of several, one."""
    if marked := situation.marks(ListRow):
        return "" if any(each.activated for each in marked) else "None of the marked lists is activated."
    row = situation.one(ListRow)
    if row is None:
        return "No marketing list is selected."
    if not row.activated:
        return f"{row.name} is not activated for email."
    if situation.one(BeingSynchronised):
        return f"{row.name} is being synchronised; wait for it or cancel it first."
    return ""


def synchronise_list(situation: Situation) -> str:
    """An activated list that is not being synchronised already; of several, one."""
    if marked := situation.marks(ListRow):
        return "" if any(map(can_be_synchronised, marked)) else "None of the marked lists is activated."
    row = situation.one(ListRow)
    if row is None:
        return "No marketing list is selected."
    if not row.activated:
        return f"{row.name} is not activated for email yet; press a to activate it."
    if not row.active:
        return f"{row.name} is inactive in Dynamics."
    if situation.one(BeingSynchronised):
        return f"{row.name} is being synchronised already."
    return ""


SECTION = Section("lists", title="Marketing Lists", short="Lists", tooltip="Lists, members, synchronisation")

ON_LISTS = Scope("Marketing Lists")
ON_LIST = Scope("Marketing List")
# The wizard chooses among lists, and can synchronise one of them.
ON_WIZARD = Scope("Send Email Campaign")


ACTIONS = (
    Action(
        id="lists.activate",
        title="Activate for Email",
        scopes=(ON_LISTS, ON_LIST),
        keys=("a",),
        hint="Activate",
        call=LIST_ACTIVATE,
        command="dyntui lists activate LIST",
        tooltip="Binds the list to an address book, so that it can be synchronised and mailed",
        row=True,
        rule=activate,
        hinted=not_activated,
    ),
    Action(
        id="lists.deactivate",
        title="Deactivate for Email",
        scopes=(ON_LISTS, ON_LIST),
        keys=("d",),
        call=LIST_DEACTIVATE,
        command="dyntui lists deactivate LIST",
        tooltip="Stops synchronising; the address book is kept",
        aside="Deactivate",
        row=True,
        rule=deactivate,
    ),
    Action(
        id="lists.synchronise",
        title="Synchronise",
        scopes=(ON_LISTS, ON_LIST, ON_WIZARD),
        keys=("s",),
        hint="Synchronise",
        call=RUN_START,
        command="dyntui sync lists --list LIST",
        tooltip="Suppressions first, then the members of the list, or of every marked one",
        row=True,
        rule=synchronise_list,
        hinted=in_hand,
    ),
    Action(
        id="lists.new",
        title="New marketing list",
        scopes=(ON_LISTS,),
        keys=("n",),
        aside="New",
        call=LIST_NEW,
        command="dyntui lists new NAME",
        tooltip="Static or dynamic; says what is made, and how many its query finds, before it is made in Dynamics",
    ),
    Action(
        id="lists.edit",
        title="Edit",
        scopes=(ON_LISTS, ON_LIST),
        keys=("E",),
        aside="Edit",
        call=LIST_EDIT,
        command="dyntui lists edit LIST",
        tooltip="Name, description, query, membership action, subscription filter, order, by hand only, clear on send",
        row=True,
        rule=in_hand_alone,
    ),
    Action(
        id="lists.simulate",
        title="What each setting would do",
        scopes=(ON_LISTS, ON_LIST),
        keys=("w",),
        aside="Try settings",
        call=LIST_SIMULATE,
        command="dyntui lists simulate LIST",
        tooltip="What each membership action would make of strangers, and whom filters would keep out; changes nothing",
        row=True,
        rule=with_a_book,
    ),
    Action(
        id="lists.reread",
        title="Read from Dynamics again",
        scopes=(ON_LISTS,),
        keys=("R",),
        aside="Read again",
        call=LISTS_REFRESH,
        command="dyntui lists list --refresh",
    ),
    Action(
        id="lists.growth",
        title="How it has grown",
        scopes=(ON_LISTS, ON_LIST),
        keys=("T",),
        aside="Growth",
        call=LIST_GROWTH,
        command="dyntui lists growth LIST",
        tooltip="How many people were in the address book, and left out, day by day",
        row=True,
        rule=in_hand_alone,
    ),
    Action(
        id="list.panes",
        title="Overview or members",
        scopes=(ON_LIST,),
        keys=("m",),
        hint="Members",
        call=LIST_MEMBERS,
        command="dyntui lists members list LIST",
        tooltip="Changes between the overview and the members",
    ),
)
