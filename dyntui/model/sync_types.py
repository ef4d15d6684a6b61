"""Every kind of run, once: the sync types, which people and schedules start, and sends, which the wizard starts.

What a run of a kind does is in the module of its id in `dyntui.sync.kinds`; everything else that depends on the kind is
told from here: the order in which runs take turns, their names, what they may be narrowed down to, and what shows
something new afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from dyntui.model.cursors import (
    CampaignsCursor,
    Cursor,
    FeedCursor,
    LabelsCursor,
    ListsCursor,
    MembersCursor,
    OneList,
    PreferencesCursor,
    SendCursor,
    UndoCursor,
)
from dyntui.model.member_changes import MemberChange, PeopleSlice
from dyntui.model.outcomes import Outcome
from dyntui.model.schedules import Interval


class RunKind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of run. `id` is stored with the run; `title` names a run of everything, `heading` several runs.

    `priority`: lower first (spec section 7). `narrowed_by`: what a person may name so that only that is synchronised.
    `planned`: it can be asked for a plan; `instead`: why not, and what shows beforehand what it would do. `changes`:
    the subjects that show something else once such a run has ended.
    `cursor`: what is stored of how far a run has come. `words`: what people read for an outcome, where it does not go
    by its own name. `interval`: how often it runs by itself until an administrator says otherwise.
    """

    id: str
    title: str
    heading: str
    priority: int
    narrowed_by: str = ""
    planned: bool = False
    instead: str = ""
    changes: tuple[str, ...] = ()
    cursor: type[Cursor] = Cursor
    words: Mapping[Outcome, str] = {}
    interval: Interval = Interval.HOUR

    def key(self, account_id: str, of: object = "") -> str:
        """What only one run at a time may hold: the kind within an email account, or one thing `of` it."""
        return "/".join(str(each) for each in (self.id, account_id, of) if each)


class Narrowed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a run of a sync type was asked for: only these `lists` or `campaigns` (ids; empty: all); `scheduled` where a
    timer asked and not a person. `plan`: it ends before anything is changed; `apply`: the run whose plan it carries
    out, and nothing else. `diff`: everything is read on both sides, and compared field by field. `only`: the address
    of the one person about whom it is; for nobody else is anything written."""

    lists: tuple[str, ...] = ()
    campaigns: tuple[int, ...] = ()
    scheduled: bool = False
    plan: bool = False
    apply: str = ""
    diff: bool = False
    only: str = ""


class SendOf(msgspec.Struct, frozen=True):
    """What a run of `SEND` or `HAND_OVER` was asked for: the send's id."""

    send: str


class UndoOf(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a run of `UNDO` was asked for: the run whose changes are undone. `caller`: in whose name Dynamics is written
    to, where what is undone was written in somebody's. `plan`: it ends before anything is changed; `apply`: the run
    whose plan it carries out."""

    run: str
    caller: str = ""
    plan: bool = False
    apply: str = ""


class MembersOf(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a run of `MEMBERS` was asked for: how the members of a marketing `list` (id) change. Whom it is about:
    `people` (ids of records, or addresses), a slice of people `shown` somewhere, or whom FetchXML (`query`) finds,
    which is that of the saved `view` of this name. `caller`: in whose name Dynamics is asked and written to. `plan`: it
    ends before anything is changed; `apply`: the run whose plan it carries out."""

    list: str
    change: MemberChange
    people: tuple[str, ...] = ()
    shown: PeopleSlice | None = None
    view: str = ""
    query: str = ""
    caller: str = ""
    plan: bool = False
    apply: str = ""


class TakeOf(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a run of `TAKE` was asked for: the conflicts `of` these (record, data label), whose other value somebody
    (`by`) takes. `caller`: in whose name Dynamics is written to."""

    of: tuple[tuple[str, str], ...]
    by: str = ""
    caller: str = ""


Asked = Narrowed | SendOf | UndoOf | MembersOf | TakeOf
R = TypeVar("R", bound=Asked)


def asked_of(stored: Mapping[str, Any], request: type[R]) -> R:
    """What a run was asked for, as it is stored with the run."""
    return msgspec.convert(stored, request, strict=False)


LISTS = RunKind(
    id="lists",
    title="Marketing lists",
    heading="Marketing lists",
    priority=40,
    narrowed_by="lists",
    planned=True,
    changes=("lists",),
    cursor=ListsCursor,
)
SEND = RunKind(
    id="send",
    title="Send",
    heading="Sends",
    priority=10,
    changes=("lists", "campaigns", "sends"),
    cursor=SendCursor,
    words={Outcome.ADDED: "mailed"},
)
# dotdigital has it and mails somebody later; the same kind of run looks after it until then.
HAND_OVER = RunKind(
    id="hand-over",
    title="Send handed to dotdigital",
    heading="Sends handed to dotdigital",
    priority=10,
    changes=("lists", "campaigns", "sends"),
    cursor=SendCursor,
    words={Outcome.ADDED: "handed over"},
)
# Runs that carry out a send.
SENDING = (SEND.id, HAND_OVER.id)
WATCH = RunKind(
    id="watch", title="Consent watch", heading="Consent watch", priority=20, words={Outcome.ADDED: "opted out"}
)
TEST_SEND = RunKind(
    id="test-send", title="Test send", heading="Test sends", priority=10, words={Outcome.ADDED: "mailed"}
)
UNDO = RunKind(id="undo", title="Undo", heading="Undo", priority=30, changes=("lists",), cursor=UndoCursor)
MEMBERS = RunKind(
    id="members",
    title="Members of a marketing list",
    heading="Manage Members",
    priority=35,
    changes=("lists",),
    cursor=MembersCursor,
)

TAKE = RunKind(
    id="conflicts",
    title="Other values of conflicts",
    heading="Conflicts",
    priority=35,
    changes=("conflicts",),
    cursor=OneList,
)

# In the order in which they are to run: suppressions first of all.
_SYNC_TYPES = (
    RunKind(
        id="suppressions",
        title="Suppressions",
        heading="Suppressions",
        priority=20,
        instead="Consent is never put off: whoever must not be mailed is told to the other side at once. `dyntui "
        "suppressions list` shows who is known, `dyntui why ADDRESS` what stands against somebody.",
        interval=Interval.MINUTES_15,
    ),
    LISTS,
    RunKind(
        id="metadata",
        title="CRM metadata",
        heading="CRM metadata",
        priority=70,
        instead="It writes to neither system: it reads which columns can be mapped.",
        changes=("mappings",),
        interval=Interval.DAILY,
    ),
    RunKind(
        id="labels",
        title="Data field labels",
        heading="Data field labels",
        priority=70,
        instead="`dyntui labels list` shows the labels of both sides, and which have another type on one of them.",
        changes=("labels", "mappings"),
        cursor=LabelsCursor,
        interval=Interval.DAILY,
    ),
    RunKind(
        id="address-books",
        title="Address books to Dynamics",
        heading="Address books to Dynamics",
        priority=50,
        planned=True,
        changes=("lists",),
        cursor=ListsCursor,
        interval=Interval.MINUTES_30,
    ),
    RunKind(
        id="opt-in",
        title="Opt-in status",
        heading="Opt-in status",
        priority=75,
        instead="It only raises the opt-in type of records, and what it wrote is put back by `dyntui undo RUN`.",
        interval=Interval.MANUAL,
    ),
    RunKind(
        id="scoring",
        title="Contact scoring",
        heading="Contact scoring",
        priority=76,
        instead="It writes the connector's own columns of records, and what it wrote is put back by `dyntui undo RUN`.",
        cursor=FeedCursor,
        interval=Interval.MANUAL,
    ),
    RunKind(
        id="forms",
        title="Forms",
        heading="Forms",
        priority=77,
        instead="It adds forms and responses to the connector's own tables in Dynamics; records are made of who "
        "answered only where the email account says so (`dyntui accounts edit ACCOUNT --new-respondents`), and stay.",
        interval=Interval.HOURS_4,
    ),
    RunKind(
        id="web-behaviour",
        title="Web behaviour tracking",
        heading="Web behaviour tracking",
        priority=78,
        instead="It only adds page visits to the connector's own table in Dynamics.",
        cursor=FeedCursor,
        interval=Interval.HOURS_4,
    ),
    RunKind(
        id="preferences",
        title="Marketing preferences",
        heading="Marketing preferences",
        priority=79,
        instead="Choices are not undone: they are changed where they were made. Both values of one that was made on "
        "both sides stand in the audit.",
        cursor=PreferencesCursor,
        interval=Interval.HOURS_4,
    ),
    RunKind(
        id="campaigns",
        title="Email campaigns",
        heading="Campaigns",
        priority=60,
        instead="It only brings campaigns and results to the connector's own tables in Dynamics.",
        narrowed_by="campaigns",
        changes=("campaigns",),
        cursor=CampaignsCursor,
        words={Outcome.ADDED: "first results", Outcome.UPDATED: "new results", Outcome.UNCHANGED: "no news"},
    ),
)
SYNC_TYPES: dict[str, RunKind] = {each.id: each for each in _SYNC_TYPES}
# What the engine carries out; the watch only tells the audit what it has learned, and a test send what was sent.
CARRIED_OUT: dict[str, RunKind] = {**SYNC_TYPES, **{each.id: each for each in (SEND, HAND_OVER, UNDO, MEMBERS, TAKE)}}
RUN_KINDS: dict[str, RunKind] = {**CARRIED_OUT, WATCH.id: WATCH, TEST_SEND.id: TEST_SEND}

# A count of targets is no run, and has words of its own.
COUNT = "count"
_OF_A_COUNT = {Outcome.ADDED: "sendable"}


def outcome_word(outcome: Outcome, kind: str = "") -> str:
    """What people read for an outcome: whom a `send` added to its recipients it mailed, whom a `count` of targets added
    to them is sendable, of recipients of `campaigns` there are results; in any other kind of run an outcome goes by its
    own name."""
    words = _OF_A_COUNT if kind == COUNT else RUN_KINDS[kind].words if kind in RUN_KINDS else {}
    return words.get(outcome, outcome.value)
