"""Schedules: when the sync types of an email account run by themselves."""

from __future__ import annotations

from typing import Annotated

import msgspec

from dyntui.model.admin_changes import AdminChange as AdminChange
from dyntui.model.roles import Ability
from dyntui.model.sync_types import SYNC_TYPES
from dyntui.service.contract.actions import Action, Scope
from dyntui.service.contract.bounds import Text
from dyntui.service.contract.calls import Call
from dyntui.service.contract.console import ON_EVERYWHERE
from dyntui.service.contract.events import Changed, Event
from dyntui.service.contract.paging import Page, Window
from dyntui.service.contract.runs import RUN_START
from dyntui.service.contract.situations import Situation, go


class SchedulesOf(msgspec.Struct, frozen=True, kw_only=True):
    """Those of an email account (id or name); without one, of the default account."""

    account: Text = ""


class ScheduleRow(msgspec.Struct, frozen=True, kw_only=True):
    """When a sync type runs. Times ISO 8601 UTC, `""` for none; `at` (HH:MM, of once a day alone) and the hours of
    `window` are in UTC.

    `interval`: `manual`, `5min`, `10min`, `15min`, `30min`, `1h`, `2h`, `4h`, `6h`, `12h` or `daily`. `window`:
    `always`, or ranges such as `Mon-Fri 18:00-08:00; Sat 10:00-12:00`. `text`: interval, window and pause in words.
    `status`: `running`, `queued`, `paused`, `held` or `idle`. `last_run`: when the run of this type that is
    `last_run_id` was queued, whoever started it, and `last_status` what became of it. `behind_since`: since when a run
    has been due that has not started. `revision`: goes up with every save."""

    sync_type: str
    title: str
    interval: str
    at: str
    window: str
    text: str
    paused: bool
    status: str
    last_run: str
    last_run_id: str
    last_status: str
    next_run: str
    behind_since: str
    revision: int
    saved_by: str
    saved_on: str


class Schedules(msgspec.Struct, frozen=True, kw_only=True):
    """The schedules of an email account in the order of runs that are due together. `run_here`: whether this service
    starts them; `note` says why not. `warnings`: what is odd about them, as sentences."""

    account: str
    rows: tuple[ScheduleRow, ...]
    run_here: bool
    note: str = ""
    warnings: tuple[str, ...] = ()


class ScheduleEdit(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be another way about a sync type; None stays as it is. See `ScheduleRow`. Once a day without a time
    (`at` None for a type that was not daily, or `""`) takes the time of the row's next run, from tomorrow. `revision`:
    that of the row that was edited; where somebody has saved it since, nothing is saved. 0: whatever it is."""

    sync_type: Text
    interval: Text | None = None
    at: Text | None = None
    window: Text | None = None
    paused: bool | None = None
    revision: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] = 0

    @property
    def changes(self) -> bool:
        """Whether anything is to be another way."""
        return any(each is not None for each in (self.interval, self.at, self.window, self.paused))


Edits = Annotated[tuple[ScheduleEdit, ...], msgspec.Meta(max_length=100)]


class SaveSchedules(msgspec.Struct, frozen=True, kw_only=True):
    """Edits that are saved together or not at all."""

    account: Text = ""
    edits: Edits


class ComingQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The scheduled runs of the next `days`, at most `limit` of them."""

    account: Text = ""
    days: Annotated[int, msgspec.Meta(ge=1, le=31)] = 7
    limit: Annotated[int, msgspec.Meta(ge=1, le=50_000)] = 200


class ComingRun(msgspec.Struct, frozen=True):
    """A scheduled start to come, each taken to start on time. `sync_type`: `send` for a send that is held."""

    on: str
    sync_type: str
    title: str


class Coming(msgspec.Struct, frozen=True, kw_only=True):
    """Scheduled runs in order, from `start` until before `end` (ISO 8601 UTC); `more`: there are more than these."""

    account: str
    start: str
    end: str
    runs: tuple[ComingRun, ...]
    more: bool


class StripQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The next seven days as they will be; with `edits`, as they would be."""

    account: Text = ""
    edits: Edits = ()


class StripRow(msgspec.Struct, frozen=True, kw_only=True):
    """How many runs of a sync type start in each hour. `often`: interval and time of day in words; `window`, `text` and
    `next_run` as in `ScheduleRow`."""

    sync_type: str
    title: str
    often: str
    window: str
    text: str
    next_run: str
    hours: tuple[int, ...]


class Strip(msgspec.Struct, frozen=True, kw_only=True):
    """Seven days from the midnight (UTC) on which today began, hour by hour; `warnings` as in `Schedules`."""

    start: str
    rows: tuple[StripRow, ...]
    warnings: tuple[str, ...] = ()


class ScheduleChangesQuery(Window, frozen=True, kw_only=True):
    """A window on who changed the schedules of an email account, newest first."""

    account: Text = ""


SCHEDULES_CHANGED = Event("schedules.changed", Changed)

SCHEDULES_LIST = Call("schedules.list", SchedulesOf, Schedules, Ability.SEE)
SCHEDULES_SAVE = Call("schedules.save", SaveSchedules, Schedules, Ability.ADMINISTER, changes=(SCHEDULES_CHANGED,))
SCHEDULES_COMING = Call("schedules.coming", ComingQuery, Coming, Ability.SEE)
SCHEDULES_STRIP = Call("schedules.strip", StripQuery, Strip, Ability.SEE)
SCHEDULES_CHANGES = Call("schedules.changes", ScheduleChangesQuery, Page[AdminChange], Ability.SEE)


class Unsaved(msgspec.Struct, frozen=True):
    """So many sync types have edits on the screen that are not saved."""

    edits: int


def in_hand(situation: Situation) -> str:
    """A sync type is in hand."""
    return "" if situation.one(ScheduleRow) else "No sync type is selected."


def to_start(situation: Situation) -> str:
    """A sync type of which no run goes on."""
    row = situation.one(ScheduleRow)
    if row is not None and row.status in ("queued", "running"):
        return f"{row.title} is {row.status} already."
    return in_hand(situation)


def unsaved(situation: Situation) -> str:
    """There are edits that are not saved."""
    return "" if has_unsaved(situation) else "Nothing is edited: Enter edits the sync type in hand."


def has_unsaved(situation: Situation) -> bool:
    """Whether there are edits that are not saved."""
    edits = situation.one(Unsaved)
    return edits is not None and edits.edits > 0


ON_SCHEDULES = Scope("Synchronisation Settings")

# What the original product calls three of the sync types.
_CLASSIC = ("MarketingListsDataOut", "MarketingListsDataIn", "CampaignStatistics")

ACTIONS = (
    Action(
        id="schedules.open",
        title="Synchronisation Settings",
        known_as=("Email Settings", *(each.title for each in SYNC_TYPES.values()), *_CLASSIC),
        scopes=(ON_EVERYWHERE,),
        keys=("S",),
        call=SCHEDULES_LIST,
        command="dyntui schedules list",
        tooltip="When each sync type runs by itself, and the week ahead",
        rule=go,
    ),
    Action(
        id="schedules.edit",
        title="Edit the schedule",
        scopes=(ON_SCHEDULES,),
        keys=("E",),
        aside="Edit",
        call=SCHEDULES_STRIP,
        command="dyntui schedules edit TYPE",
        tooltip="Interval, time of day and window; nothing counts before it is saved",
        row=True,
        rule=in_hand,
    ),
    Action(
        id="schedules.save",
        title="Save the edits",
        scopes=(ON_SCHEDULES,),
        keys=("w",),
        hint="Save",
        call=SCHEDULES_SAVE,
        tooltip="All of them together, with your name and the time; they count at once",
        rule=unsaved,
        hinted=has_unsaved,
    ),
    Action(
        id="schedules.drop",
        title="Take the edits back",
        scopes=(ON_SCHEDULES,),
        keys=("u",),
        hint="Take back",
        tooltip="Everything is as it was saved",
        rule=unsaved,
        hinted=has_unsaved,
    ),
    Action(
        id="schedules.start",
        title="Synchronise it now",
        scopes=(ON_SCHEDULES,),
        keys=("s",),
        hint="Run now",
        call=RUN_START,
        command="dyntui sync TYPE",
        tooltip="Starts a run; its schedule stays as it is",
        row=True,
        rule=to_start,
    ),
    Action(
        id="schedules.pause",
        title="Pause or resume",
        scopes=(ON_SCHEDULES,),
        keys=("p",),
        hint="Pause",
        call=SCHEDULES_SAVE,
        command="dyntui schedules pause TYPE",
        tooltip="At once: it does not run by itself until it is resumed; a run under way goes on",
        row=True,
        rule=in_hand,
    ),
    Action(
        id="schedules.week",
        title="The week ahead",
        scopes=(ON_SCHEDULES,),
        keys=("v",),
        hint="Week",
        call=SCHEDULES_STRIP,
        command="dyntui schedules coming",
        tooltip="The week in place of the table, and back, where there is no room for both",
    ),
)
