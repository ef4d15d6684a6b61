"""A service in this process that keeps the contract: abilities checked, counts that add up, runs that go step by step.

Nothing moves by itself: a test says `await service.advance()`; the play script lets it advance at a pace.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar, cast

import msgspec

from dyntui.model.budgets import Meter, Share
from dyntui.model.changes import AppliedChange
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.list_settings import ListSettings
from dyntui.model.membership_actions import default, offered
from dyntui.model.outcomes import Outcome, PersonOutcome, ReasonCount, RunStatus, Tally
from dyntui.model.plans import EFFECTS, Effects, Plan, PlannedCalls, PlannedChange
from dyntui.model.quarantine import RefusedRow
from dyntui.model.reasons import BY_CODE
from dyntui.model.roles import Role, abilities
from dyntui.model.subscription_filters import filter_of
from dyntui.model.sync_types import SYNC_TYPES
from dyntui.model.traces import Trace
from dyntui.service.contract.calls import Call
from dyntui.service.contract.campaigns import (
    CAMPAIGN_CHANGE_TARGETS,
    CAMPAIGN_COUNT,
    CAMPAIGN_COUNT_PEOPLE,
    CAMPAIGN_GET,
    CAMPAIGN_RECIPIENTS,
    CAMPAIGN_REPORT,
    CAMPAIGN_SEND,
    CAMPAIGN_TARGETS,
    CAMPAIGNS_PAGE,
    CampaignDetail,
    CampaignRef,
    CampaignReport,
    CampaignRow,
    CampaignsQuery,
    ChangeTargets,
    CountPeopleQuery,
    CountTargets,
    Hour,
    Link,
    ListReadiness,
    RecipientRow,
    RecipientsQuery,
    TargetCount,
    Targets,
)
from dyntui.service.contract.changes import CHANGES_PAGE, CHANGES_UNDO, UndoRun
from dyntui.service.contract.held import (
    HELD_DECIDE,
    HELD_LISTS,
    DecideHeld,
    HeldDecided,
    HeldLists,
    HeldRemovals,
)
from dyntui.service.contract.lists import (
    LIST_ACTIVATE,
    LIST_DEACTIVATE,
    LIST_EDIT,
    LIST_GET,
    LIST_MEMBERS,
    LIST_SIMULATE,
    LIST_VIEWS,
    LISTS_PAGE,
    LISTS_REFRESH,
    ActionSimulated,
    Activate,
    EditList,
    FilterSimulated,
    ListDetail,
    ListRef,
    ListRow,
    ListsQuery,
    MemberRow,
    MembersQuery,
    SavedView,
    SavedViews,
    Simulation,
)
from dyntui.service.contract.paging import Page
from dyntui.service.contract.plans import (
    PLAN_APPLY,
    PLAN_CHANGES,
    PLAN_DIFF,
    PLAN_GET,
    PLAN_MAKE,
    MakePlan,
    PlanDetail,
    PlannedList,
    PlanRef,
)
from dyntui.service.contract.quarantine import (
    QUARANTINE_IGNORE,
    QUARANTINE_PAGE,
    QUARANTINE_RETRY,
    IgnoreRefused,
    RefusedIgnored,
)
from dyntui.service.contract.runs import (
    RUN_CANCEL,
    RUN_GET,
    RUN_PEOPLE,
    RUN_SEARCH,
    RUN_START,
    RUNS_PAGE,
    OutcomesQuery,
    Progress,
    RunChanged,
    RunDetail,
    RunItem,
    RunRef,
    RunRow,
    RunsQuery,
    SearchQuery,
    StartRun,
)
from dyntui.service.contract.schedules import SCHEDULES_LIST, SCHEDULES_STRIP, Schedules, Strip
from dyntui.service.contract.sends import SEND_GET, SEND_SETTLE, SendCampaign, SendRow, SettleSend
from dyntui.service.contract.session import (
    HELLO,
    SIGN_IN,
    SIGN_IN_STATE,
    STATUS,
    Check,
    Hello,
    Nothing,
    SignInStarted,
    SignInState,
    Status,
)
from dyntui.service.contract.suppressions import (
    ANSWER_CONSENT_SOURCES,
    CONSENT_SOURCES,
    SUPPRESSION_LIFT,
    SUPPRESSION_ODD,
    SUPPRESSIONS_PAGE,
    AnswerConsentSources,
    ConsentSources,
    Lifted,
    LiftSuppression,
    OddRow,
    OddRows,
    SuppressionRow,
    SuppressionsQuery,
)

from .fake_world import ACCOUNT, campaign_details, list_rows, members_of, recipient_rows, suppression_rows

T = TypeVar("T", bound=msgspec.Struct)
Q = TypeVar("Q", bound=msgspec.Struct)
A = TypeVar("A", bound=msgspec.Struct)
E = TypeVar("E", bound=msgspec.Struct)

NOW = "2026-03-03T14:05:00Z"
VIEW_ID = "77777777-7777-4777-8777-777777777777"
_OF_A_PERSON = ("person", "entity", "name", "address", "outcome", "reason", "detail")


class FakeEvents(Generic[E]):
    """The events of one name."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[E | None] = asyncio.Queue()

    def put(self, value: E | None) -> None:
        self._queue.put_nowait(value)

    def close(self) -> None:
        self.put(None)

    def __aiter__(self) -> AsyncIterator[E]:
        return self._all()

    async def _all(self) -> AsyncIterator[E]:
        while (value := await self._queue.get()) is not None:
            yield value


def refusal(code: str, message: str, remedy: str = "Try again.", exit: Exit = Exit.FAILED) -> DyntuiError:
    """An error as the service words it."""
    return DyntuiError(code, message, not_done="Nothing was changed.", remedy=remedy, exit=exit)


def page(rows: Sequence[T], query: Any, *, as_of: str = "") -> Page[T]:
    """A window on rows: searched in every text, sorted by the named column."""
    chosen: Iterable[T] = rows
    if query.search:
        wanted = query.search.casefold()
        chosen = [row for row in rows if wanted in " ".join(map(str, msgspec.structs.astuple(row))).casefold()]
    found = list(chosen)
    if query.sort:
        name = query.sort.removeprefix("-")
        found.sort(key=lambda row: (getattr(row, name) is None, getattr(row, name)), reverse=query.sort.startswith("-"))
    window = tuple(found[query.offset : query.offset + query.limit])
    return Page(rows=window, matching=len(found), total=len(rows), offset=query.offset, as_of=as_of)


def tally_of(people: Sequence[PersonOutcome]) -> Tally:
    """The counts of people by outcome and reason."""
    sums: dict[tuple[Outcome, str], int] = {}
    for one in people:
        sums[(one.outcome, one.reason)] = sums.get((one.outcome, one.reason), 0) + 1
    counts = tuple(ReasonCount(outcome, reason, people) for (outcome, reason), people in sorted(sums.items()))
    return Tally(len(people), counts)


class FakeService:
    """See the module. `failing` maps a method's name to the error it answers; `asked` records every call."""

    def __init__(self, role: Role = Role.MANAGER, *, configured: bool = True, signed_in: bool = True) -> None:
        self.role = role
        self.configured = configured
        self.signed_in = signed_in
        self.roles_known = True
        self.sign_in_answer = SignInState(state="pending")
        self.failing: dict[str, DyntuiError] = {}
        self.asked: list[tuple[str, msgspec.Struct]] = []
        # While it is closed, nothing is answered; of methods named, these.
        self.gate: asyncio.Event | None = None
        self.held: set[str] = set()
        self.waiting: dict[str, HeldRemovals] = {}
        self.changes: list[PlannedChange] = []
        self.refused: list[RefusedRow] = []
        self.applied = ""
        self.confirm_above = 50
        self.lists: dict[str, ListRow] = {row.id: row for row in list_rows()}
        self.books = {"Climbing club ⛰️ Ålesund"}
        self.campaigns: dict[int, CampaignDetail] = {detail.row.id: detail for detail in campaign_details()}
        self.targets: dict[int, list[str]] = {id: [] for id in self.campaigns}
        # Campaigns of which no results have been read.
        self.unread: set[int] = set()
        self.suppressions = suppression_rows()
        self.settings: dict[str, ListSettings] = {}
        self.synchronised = {row.id for row in self.lists.values() if row.last_synced}
        self.odd: tuple[OddRow, ...] = (OddRow(source="contact 11", received="n/a", learned_on=NOW),)
        self.sources = ConsentSources(
            found=("donotsendmm",), counting=("donotsendmm",), answered=False, asked_on="2026-03-03T14:00:00Z"
        )
        self.counts: dict[str, TargetCount] = {}
        self.written: list[AppliedChange] = []
        self.count_people: dict[str, list[PersonOutcome]] = {}
        self.sends: dict[str, SendRow] = {}
        self.runs: dict[str, RunRow] = {}
        self.items: dict[str, tuple[RunItem, ...]] = {}
        self.people: dict[tuple[str, str], list[PersonOutcome]] = {}
        self._plans: dict[str, Callable[[], Tally]] = {}
        self._steps: dict[str, list[Progress]] = {}
        self._events: dict[str, list[FakeEvents[Any]]] = {}
        self._ended = asyncio.Event()
        self._handlers: dict[str, Callable[[Any], Any]] = self._table()
        self._past()

    # The client's interface

    async def call(self, method: Call[Q, A], request: Q) -> A:
        """Answers, or raises what the service would."""
        if self._ended.is_set():
            raise refusal("SERVICE_GONE", "The service went away.", exit=Exit.UNREACHABLE)
        self.asked.append((method.name, request))
        if self.gate is not None and (not self.held or method.name in self.held):
            await self.gate.wait()
        if method.ability is not None and method.ability not in abilities([self.role.value]):
            raise refusal("NOT_PERMITTED", f"{method.name} needs an ability you lack.", exit=Exit.NOT_PERMITTED)
        if method.name in self.failing:
            raise self.failing[method.name]
        answer = self._handlers[method.name](request)
        if inspect.isawaitable(answer):
            answer = await answer
        return msgspec.json.decode(msgspec.json.encode(answer), type=method.answer)

    def subscribe(self, name: str, kind: type[E]) -> FakeEvents[E]:
        """The events of a name."""
        events: FakeEvents[E] = FakeEvents()
        self._events.setdefault(name, []).append(events)
        return events

    async def closed(self) -> None:
        """Waits for `lose`."""
        await self._ended.wait()

    async def close(self) -> None:
        """Ends the connection."""
        self.lose()

    # What a test does

    def answer_with(self, handlers: Mapping[str, Callable[[Any], Any]]) -> None:
        """These calls are answered by use cases of the service itself."""
        self._handlers |= handlers

    def lose(self) -> None:
        """The service goes away."""
        self._ended.set()
        for group in self._events.values():
            for events in group:
                events.close()

    def emit(self, name: str, value: msgspec.Struct) -> None:
        """Sends an event."""
        for events in self._events.get(name, []):
            events.put(value)

    @property
    def active(self) -> list[RunRow]:
        """The runs that have not ended."""
        return [run for run in self.runs.values() if not run.status.ended]

    def advance(self) -> bool:
        """Takes the oldest active run one step on; False when nothing runs."""
        run = next(iter(self.active), None)
        if run is None:
            return False
        steps = self._steps[run.id]
        if run.cancelling:
            self._change(run, status=RunStatus.CANCELLED, ended_on=NOW)
        elif steps:
            self._change(run, status=RunStatus.IN_PROCESS, started_on=NOW, progress=steps.pop(0))
        else:
            tally = self._plans[run.id]()
            rejected = tally.of(Outcome.REJECTED)
            status = RunStatus.COMPLETED_WITH_ERRORS if rejected else RunStatus.COMPLETED
            self._change(self.runs[run.id], status=status, ended_on="2026-03-03T14:07:31Z", tally=tally)
        return True

    def finish(self) -> None:
        """Lets everything that runs come to its end."""
        while self.advance():
            pass

    def _change(self, run: RunRow, **changes: Any) -> None:
        run = msgspec.structs.replace(run, **changes)
        self.runs[run.id] = run
        self.emit("run.changed", RunChanged(run=run))

    # The calls

    def _table(self) -> dict[str, Callable[[Any], Any]]:
        return {
            HELLO.name: self._hello,
            STATUS.name: self._status,
            SIGN_IN.name: self._sign_in,
            SIGN_IN_STATE.name: self._sign_in_state,
            RUN_START.name: self._start,
            RUN_CANCEL.name: self._cancel,
            RUN_GET.name: lambda q: RunDetail(run=self.runs[q.id], items=self.items.get(q.id, ())),
            RUNS_PAGE.name: self._runs,
            RUN_PEOPLE.name: self._run_people,
            RUN_SEARCH.name: self._search,
            LISTS_PAGE.name: self._lists,
            LISTS_REFRESH.name: self._reread,
            LIST_GET.name: self._list,
            LIST_ACTIVATE.name: self._activate,
            LIST_DEACTIVATE.name: self._deactivate,
            LIST_EDIT.name: self._edit,
            LIST_VIEWS.name: self._views,
            LIST_SIMULATE.name: self._simulate,
            LIST_MEMBERS.name: self._members,
            CAMPAIGNS_PAGE.name: self._campaigns,
            CAMPAIGN_GET.name: self._campaign,
            CAMPAIGN_TARGETS.name: lambda q: Targets(rows=self._target_rows(q.id)),
            CAMPAIGN_CHANGE_TARGETS.name: self._change_targets,
            CAMPAIGN_COUNT.name: self._count,
            CAMPAIGN_COUNT_PEOPLE.name: self._people_of_count,
            CAMPAIGN_SEND.name: self._send,
            SEND_GET.name: lambda q: self.sends[q.id],
            CAMPAIGN_REPORT.name: self._report,
            CAMPAIGN_RECIPIENTS.name: self._recipients,
            SUPPRESSIONS_PAGE.name: self._suppressions,
            SUPPRESSION_LIFT.name: self._lift,
            SUPPRESSION_ODD.name: lambda q: OddRows(rows=self.odd),
            CONSENT_SOURCES.name: lambda q: self.sources,
            ANSWER_CONSENT_SOURCES.name: self._answer_sources,
            SEND_SETTLE.name: self._settle,
            QUARANTINE_PAGE.name: lambda q: page(
                [each for each in self.refused if bool(each.ignored_until) == q.ignored], q
            ),
            QUARANTINE_RETRY.name: lambda q: self._start(StartRun(sync_type="lists", lists=(q.list,))),
            QUARANTINE_IGNORE.name: self._ignore,
            PLAN_MAKE.name: self._make_plan,
            PLAN_DIFF.name: lambda q: self._make_plan(MakePlan(sync_type="lists", lists=(q.list,))),
            PLAN_GET.name: self._plan_detail,
            PLAN_CHANGES.name: lambda q: page([each for each in self.changes if q.effect in ("", each.effect)], q),
            PLAN_APPLY.name: self._apply_plan,
            CHANGES_UNDO.name: self._plan_undo,
            CHANGES_PAGE.name: lambda q: page([each for each in self.written if q.effect in ("", each.effect)], q),
            SCHEDULES_LIST.name: lambda q: Schedules(account=ACCOUNT.name, rows=(), run_here=False),
            SCHEDULES_STRIP.name: lambda q: Strip(start="2026-03-03T00:00:00Z", rows=()),
            HELD_LISTS.name: lambda q: HeldLists(rows=tuple(self.waiting.values())),
            HELD_DECIDE.name: self._decide_held,
        }

    def _hello(self, _: Nothing) -> Hello:
        if not self.configured:
            return Hello(version="0.1.0", profile="default", configured=False)
        signed = self.signed_in
        return Hello(
            version="0.1.0",
            profile="demo",
            configured=True,
            demo=True,
            organisation="Highland Outfitters",
            organisation_url="https://highland.crm4.dynamics.com",
            user="Sigrid Larsen" if signed else "",
            roles=(self.role.value,) if signed and self.roles_known else (),
            abilities=tuple(sorted(one.value for one in abilities([self.role.value])))
            if signed and self.roles_known
            else (),
            roles_known=self.roles_known,
            accounts=(ACCOUNT,),
        )

    def _status(self, _: Nothing) -> Status:
        return Status(
            version="0.1.0",
            profile="demo",
            process=4711,
            started_on="2026-03-03T13:00:00Z",
            store="SQLite",
            checks=(
                Check(name="Dynamics 365", state="ok", text="signed in as dyntui service"),
                Check(name="dotdigital", state="ok", text="Highland Outfitters, r1"),
                Check(name="Suppressions", state="warning", text="last read 8 hours ago"),
            ),
            active_runs=len(self.active),
            held=sum(each.people for each in self.waiting.values()),
            dataverse_calls=128,
            dotdigital_calls=64,
            budgets=(
                Meter(account="Dynamics", account_id="", limit="calls in 5 minutes", used=128, most=6000),
                Meter(
                    account="Highland",
                    account_id=ACCOUNT.id,
                    limit="calls in an hour",
                    used=1264,
                    most=2000,
                    frees_on="2026-03-03T14:20:00Z",
                    shares=(Share("lists", 1200), Share("watch", 64)),
                ),
            ),
        )

    def _sign_in(self, _: Nothing) -> SignInStarted:
        self.sign_in_answer = SignInState(state="pending")
        return SignInStarted(
            verification_uri="https://microsoft.com/devicelogin", user_code="F7QK2MNRV", expires_in=900, interval=0
        )

    def _sign_in_state(self, _: Nothing) -> SignInState:
        # It stays so, however often it is asked.
        self.signed_in = self.signed_in or self.sign_in_answer.state == "signed in"
        return self.sign_in_answer

    def _list_run(self, id: str) -> str:
        return next((run.id for run in self.active if any(item.id == id for item in self.items[run.id])), "")

    def _lists(self, query: ListsQuery) -> Page[ListRow]:
        views: dict[str, Callable[[ListRow], bool]] = {
            "active": lambda row: row.active,
            "inactive": lambda row: not row.active,
            "my": lambda row: row.owner == "Sigrid Larsen",
            "activated": lambda row: row.activated,
            "problems": lambda row: "Not found" in row.sync_status,
            "all": lambda row: True,
        }
        return page([row for row in self.lists.values() if views[query.view](row)], query, as_of=NOW)

    def _reread(self, _: Nothing) -> Nothing:
        self.emit("lists.changed", Nothing())
        return Nothing()

    def _list(self, query: ListRef) -> ListDetail:
        row = self.lists[query.id]
        outcomes = self._outcomes(row) if row.id in self.synchronised else []
        return ListDetail(
            row=row,
            description="Made by the marketing team",
            address_book=row.name if row.activated else "",
            address_book_id=9000 if row.activated else 0,
            counts=tally_of(outcomes).counts,
            last_run=next((run.id for run in reversed(self.runs.values()) if run.title == row.name), ""),
            active_run=self._list_run(row.id),
            settings=self._settings(row.id),
            offered=offered(row.member_type, row.dynamic),
        )

    def _outcomes(self, row: ListRow) -> list[PersonOutcome]:
        return [
            PersonOutcome(
                entity=one.entity,
                person=one.person,
                name=one.name,
                address=one.address,
                outcome=one.outcome or Outcome.ADDED,
                reason=one.reason,
                detail=one.detail,
                also=("DO_NOT_EMAIL",) if one.reason == "SUPPRESSED" else (),
            )
            for one in members_of(row, True)
        ]

    def _activate(self, request: Activate) -> ListDetail:
        row = self.lists[request.id]
        if row.name in self.books and not request.link:
            raise refusal(
                "BOOK_EXISTS",
                f"dotdigital already has an address book named {row.name}.",
                "Link it to the list, or rename one of the two.",
            )
        self.lists[row.id] = msgspec.structs.replace(
            row, activated=True, account=ACCOUNT.name, sync_status="Waiting for its first synchronisation"
        )
        self.emit("lists.changed", Nothing())
        return self._list(ListRef(row.id))

    def _deactivate(self, request: ListRef) -> ListDetail:
        row = self.lists[request.id]
        self.lists[row.id] = msgspec.structs.replace(row, activated=False, account="", sync_status="")
        self.emit("lists.changed", Nothing())
        return self._list(request)

    def _edit(self, request: EditList) -> ListDetail:
        row, before = self.lists[request.id], self._settings(request.id)
        changed = {
            name: value
            for name in ("membership_action", "clear_on_send", "sync_order", "manual_only")
            if (value := getattr(request, name)) is not None
        }
        if request.subscription_filter is not None:
            changed["subscription_filter"] = filter_of(",".join(request.subscription_filter))
        now = self.settings[row.id] = msgspec.structs.replace(before, **changed)
        self.lists[row.id] = msgspec.structs.replace(row, sync_order=now.sync_order, manual_only=now.manual_only)
        self.emit("lists.changed", Nothing())
        return self._list(ListRef(row.id))

    def _settings(self, list_id: str) -> ListSettings:
        row = self.lists[list_id]
        usual = ListSettings(membership_action=default(row.dynamic), sync_order=row.sync_order)
        return self.settings.get(list_id, usual)

    def _simulate(self, query: ListRef) -> Simulation:
        row = self.lists[query.id]
        actions = tuple(
            ActionSimulated(action=each, stay=3, leave=1, join=2, create=0, reasons={"SUPPRESSED": 1})
            for each in offered(row.member_type, row.dynamic)
        )
        counted = (FilterSimulated(part="bulk", people=7),)
        return Simulation(list=row.id, in_book=412, strangers=6, actions=actions, filters=counted)

    def _views(self, query: ListRef) -> SavedViews:
        return SavedViews((SavedView(id=VIEW_ID, name="Mountain guides", personal=False),))

    def _members(self, query: MembersQuery) -> Page[MemberRow]:
        rows = members_of(self.lists[query.list], query.list in self.synchronised)
        if query.outcome:
            rows = [row for row in rows if row.outcome is not None and row.outcome.value == query.outcome]
        if query.reason:
            rows = [row for row in rows if row.reason == query.reason]
        return page(rows, query, as_of=NOW)

    def _new_run(self, kind: str, title: str, items: tuple[RunItem, ...], stages: Sequence[tuple[str, int]]) -> RunRow:
        id = f"run-{len(self.runs) + 1:03}"
        run = RunRow(
            id=id,
            kind=kind,
            title=title,
            account=ACCOUNT.name,
            status=RunStatus.QUEUED,
            started_by="Sigrid Larsen",
            queued_on=NOW,
            started_on="",
            ended_on="",
            tally=Tally(),
            progress=Progress(stage="Waiting for its turn"),
        )
        self.runs[id] = run
        self.items[id] = items
        self._steps[id] = [Progress(stage=stage, done=of * part // 3, of=of) for stage, of in stages for part in (1, 3)]
        return run

    def _start(self, request: StartRun) -> RunRow:
        if request.sync_type == "lists":
            rows = [self.lists[id] for id in request.lists] or [row for row in self.lists.values() if row.activated]
            items = tuple(self._item(row) for row in rows)
            title = rows[0].name if len(rows) == 1 else f"{len(rows)} marketing lists"
            size = sum(row.members or 0 for row in rows)
            stages = [("Reading suppressions", 160), ("Reading members", size), ("Importing", size)]
            run = self._new_run("lists", title, items, stages)
            self._plans[run.id] = lambda: self._end_lists(run.id, rows)
        else:
            title = SYNC_TYPES[request.sync_type].title
            item = RunItem(
                id=request.sync_type, kind=request.sync_type, name=title, status=RunStatus.QUEUED, tally=Tally()
            )
            run = self._new_run(request.sync_type, title, (item,), [("Reading", len(self.campaigns))])
            self._plans[run.id] = lambda: self._end_feed(run.id, request.sync_type)
        self.emit("run.changed", RunChanged(run=run))
        return run

    def _item(self, row: ListRow) -> RunItem:
        return RunItem(id=row.id, kind="list", name=row.name, status=RunStatus.QUEUED, tally=Tally())

    def _end_lists(self, id: str, rows: Sequence[ListRow]) -> Tally:
        everybody: list[PersonOutcome] = []
        items = []
        for row in rows:
            people = self._outcomes(row)
            self.people[(id, row.id)] = people
            everybody += people
            tally = tally_of(people)
            status = RunStatus.COMPLETED_WITH_ERRORS if tally.of(Outcome.REJECTED) else RunStatus.COMPLETED
            items.append(RunItem(id=row.id, kind="list", name=row.name, status=status, tally=tally))
            self.synchronised.add(row.id)
            self.lists[row.id] = msgspec.structs.replace(row, sync_status="Synchronised", last_synced=NOW)
        self.items[id] = tuple(items)
        self.people[(id, "")] = everybody
        self.emit("lists.changed", Nothing())
        return tally_of(everybody)

    def _end_feed(self, id: str, kind: str) -> Tally:
        if kind == "campaigns":
            for send in self.sends.values():
                detail = self.campaigns[send.campaign]
                row = msgspec.structs.replace(detail.row, unique_opens=send.sendable * 2 // 5)
                self.campaigns[send.campaign] = msgspec.structs.replace(detail, row=row)
            self.emit("campaigns.changed", Nothing())
        self.people[(id, "")] = []
        return Tally()

    def _ignore(self, request: IgnoreRefused) -> RefusedIgnored:
        self.refused = [
            msgspec.structs.replace(each, ignored_until=NOW) if each.person in request.people else each
            for each in self.refused
        ]
        return RefusedIgnored(people=len(request.people), until=NOW)

    def _make_plan(self, request: MakePlan) -> RunRow:
        run = self._start(StartRun(sync_type="lists", lists=request.lists))
        self._change(run, plan=True, title=f"Plan: {run.title}")
        return self.runs[run.id]

    def _plan_undo(self, request: UndoRun) -> RunRow:
        run = self._new_run("undo", f"Plan: Undo: {self.runs[request.run].title}", self.items[request.run], [])
        self._plans[run.id] = lambda: self.runs[request.run].tally
        self._change(run, plan=True)
        return self.runs[run.id]

    def _plan_detail(self, request: PlanRef) -> PlanDetail:
        effects = Effects(
            item_id="list-1", **{name: sum(each.effect == name for each in self.changes) for name in EFFECTS}
        )
        return PlanDetail(
            run=self.runs[request.run],
            plan=Plan(
                run_id=request.run,
                digest="d",
                decided_on=NOW,
                calls=PlannedCalls(dataverse_reads=4, dotdigital_reads=8, dotdigital_writes=2),
                seconds=40,
                applied_by=self.applied,
            ),
            lists=(PlannedList(id="list-1", name=self.lists["list-1"].name, effects=effects),),
        )

    def _apply_plan(self, request: PlanRef) -> RunRow:
        run = self._start(StartRun(sync_type="lists", lists=("list-1",)))
        self.applied = run.id
        return run

    def _decide_held(self, request: DecideHeld) -> HeldDecided:
        decided = self.waiting.pop(request.list)
        run = self._start(StartRun(sync_type="lists", lists=(request.list,))) if request.remove else None
        return HeldDecided(people=decided.people, run=run)

    def _cancel(self, request: RunRef) -> RunRow:
        self._change(self.runs[request.id], cancelling=True)
        return self.runs[request.id]

    def _runs(self, query: RunsQuery) -> Page[RunRow]:
        rows = [
            run
            for run in reversed(self.runs.values())
            if query.kind in ("", run.kind) and query.status in ("", run.status.value)
        ]
        return page(rows, query)

    def _run_people(self, query: OutcomesQuery) -> Page[PersonOutcome]:
        people = self.people.get((query.run, query.item), [])
        return page(_narrow(people, query.outcome, query.reason), query)

    def _search(self, query: SearchQuery) -> Page[Trace]:
        rows = [
            Trace(
                run=run,
                kind=self.runs[run].kind,
                title=self.runs[run].title,
                started_on=NOW,
                item=self.lists[item].name,
                **{name: getattr(each, name) for name in _OF_A_PERSON},
            )
            for (run, item), people in self.people.items()
            if item in self.lists and query.search
            for each in people
        ]
        return page(rows, query)

    def _target_rows(self, id: int) -> tuple[ListRow, ...]:
        return tuple(self.lists[one] for one in self.targets[id])

    def _row(self, id: int) -> CampaignRow:
        return msgspec.structs.replace(self.campaigns[id].row, targets=len(self.targets[id]))

    def _campaigns(self, query: CampaignsQuery) -> Page[CampaignRow]:
        rows = [self._row(id) for id in self.campaigns]
        if query.view != "all":
            rows = [row for row in rows if (row.status == "Sent") == (query.view == "sent")]
        return page(rows, query, as_of=NOW)

    def _campaign(self, query: CampaignRef) -> CampaignDetail:
        sends = tuple(send for send in self.sends.values() if send.campaign == query.id)
        active = next((send.run for send in sends if not self.runs[send.run].status.ended), "")
        return msgspec.structs.replace(
            self.campaigns[query.id],
            row=self._row(query.id),
            targets=self._target_rows(query.id),
            sends=sends,
            active_run=active,
        )

    def _change_targets(self, request: ChangeTargets) -> Targets:
        for id in request.add:
            if not self.lists[id].activated:
                raise refusal("LIST_NOT_ACTIVATED", f"{self.lists[id].name} is not activated for email.")
            if id not in self.targets[request.id]:
                self.targets[request.id].append(id)
        self.targets[request.id] = [id for id in self.targets[request.id] if id not in request.remove]
        self.emit("campaigns.changed", Nothing())
        return Targets(rows=self._target_rows(request.id))

    def _readiness(self, id: str) -> ListReadiness:
        row = self.lists[id]
        ready = id in self.synchronised
        return ListReadiness(
            id=id,
            name=row.name,
            members=row.members or 0,
            ready=ready,
            reason="" if ready else "NOT_SYNCED",
            explanation="" if ready else "It has not been synchronised yet. Synchronise the list.",
        )

    def _count(self, request: CountTargets) -> TargetCount:
        ids = request.lists or tuple(self.targets[request.id])
        people: list[PersonOutcome] = []
        for id in ids:
            if id in self.synchronised:
                people += self._outcomes(self.lists[id])
        sendable = [one for one in people if one.outcome in (Outcome.ADDED, Outcome.UNCHANGED)]
        count = TargetCount(
            id=f"count-{len(self.counts) + 1}",
            campaign=request.id,
            campaign_name=self.campaigns[request.id].row.name,
            potential=len(people),
            sendable=len(sendable),
            excluded=tuple(
                one for one in tally_of(people).counts if one.outcome not in (Outcome.ADDED, Outcome.UNCHANGED)
            ),
            lists=tuple(self._readiness(id) for id in ids),
            counted_on=NOW,
            suppressions_as_of=NOW,
            confirm_above=self.confirm_above,
        )
        self.counts[count.id] = count
        self.count_people[count.id] = people
        return count

    def _people_of_count(self, query: CountPeopleQuery) -> Page[PersonOutcome]:
        people = self.count_people[query.count]
        if query.sendable:
            people = [one for one in people if one.outcome in (Outcome.ADDED, Outcome.UNCHANGED)]
        elif query.reason:
            people = [one for one in people if one.reason == query.reason]
        return page(people, query)

    def _send(self, request: SendCampaign) -> SendRow:
        count = self.counts[request.count]
        if count.sendable > count.confirm_above and request.confirm != count.sendable:
            raise refusal("CONFIRMATION_WRONG", "The number typed is not the number of people.")
        run = self._new_run(
            "send", count.campaign_name, (), [("Reading suppressions", 160), ("Sending", count.sendable)]
        )
        send = SendRow(
            id=f"send-{len(self.sends) + 1}",
            campaign=count.campaign,
            campaign_name=count.campaign_name,
            run=run.id,
            state="Queued",
            created_by="Sigrid Larsen",
            created_on=NOW,
            sent_on="",
            potential=count.potential,
            sendable=count.sendable,
            excluded=count.excluded,
            lists=tuple(one.name for one in count.lists if one.ready),
        )
        self.sends[send.id] = send
        self._plans[run.id] = lambda: self._end_send(run.id, send, request.count)
        self.emit("run.changed", RunChanged(run=run))
        return send

    def _end_send(self, run: str, send: SendRow, count: str) -> Tally:
        people = self.count_people[count]
        self.people[(run, "")] = people
        self.sends[send.id] = msgspec.structs.replace(send, state="Sent", sent_on=NOW)
        detail = self.campaigns[send.campaign]
        row = msgspec.structs.replace(detail.row, status="Sent", sent_on=NOW, sent=send.sendable)
        self.campaigns[send.campaign] = msgspec.structs.replace(detail, row=row)
        self.emit("campaigns.changed", Nothing())
        return tally_of(people)

    def _report(self, query: CampaignRef) -> CampaignReport:
        row = self._row(query.id)
        sent = row.sent
        delivered = sent * 97 // 100
        opens = (310, 620, 540, 410, 260, 190, 150, 130, 90, 60, 40, 35, 30, 28, 80, 120, 90, 60, 40, 22, 12, 8, 4, 2)
        return CampaignReport(
            row=row,
            as_of="" if row.id in self.unread else NOW,
            sent=sent,
            delivered=delivered,
            unique_opens=row.unique_opens,
            opens=row.unique_opens * 3 // 2,
            unique_clicks=row.unique_clicks,
            clicks=row.unique_clicks * 5 // 4,
            hard_bounces=sent // 100,
            soft_bounces=sent // 50,
            unsubscribes=sent // 400,
            complaints=sent // 5000,
            forwards=3,
            replies=7,
            delivery_rate=delivered / sent if sent else 0.0,
            open_rate=row.unique_opens / delivered if delivered else 0.0,
            click_rate=row.unique_clicks / delivered if delivered else 0.0,
            click_to_open_rate=row.unique_clicks / row.unique_opens if row.unique_opens else 0.0,
            bounce_rate=(sent - delivered) / sent if sent else 0.0,
            unsubscribe_rate=0.0025,
            hours=tuple(
                Hour(hour=f"2026-01-12T{place:02}:00:00Z", opens=count, clicks=count // 6)
                for place, count in enumerate(opens)
            )
            if row.unique_opens
            else (),
            links=(
                Link(url="https://example.org/winter/tents?utm=mail", clicks=812, people=640),
                Link(url="https://example.org/winter/\x1b[31mskis", clicks=403, people=388),
                Link(url="https://example.org/find-a-shop", clicks=97, people=91),
            )
            if row.unique_clicks
            else (),
            sends=tuple(send for send in self.sends.values() if send.campaign == query.id),
        )

    def _recipients(self, query: RecipientsQuery) -> Page[RecipientRow]:
        filters: dict[str, Callable[[RecipientRow], bool]] = {
            "all": lambda row: True,
            "opened": lambda row: row.opens > 0,
            "unopened": lambda row: row.opens == 0,
            "clicked": lambda row: row.clicks > 0,
            "bounced": lambda row: row.soft_bounced or row.hard_bounced,
            "unsubscribed": lambda row: row.unsubscribed,
        }
        return page([row for row in recipient_rows(self._row(query.id)) if filters[query.filter](row)], query)

    def _suppressions(self, query: SuppressionsQuery) -> Page[SuppressionRow]:
        return page(self.suppressions, query, as_of=NOW)

    def _lift(self, request: LiftSuppression) -> Lifted:
        stays = f"{ACCOUNT.name} says Unsubscribed: the person must subscribe again in dotdigital"
        return Lifted(address=request.address, lifted=("OPTED_OUT of a deleted record",), stays=(stays,))

    def _answer_sources(self, request: AnswerConsentSources) -> ConsentSources:
        self.sources = msgspec.structs.replace(self.sources, counting=request.count, answered=True)
        return self.sources

    def _settle(self, request: SettleSend) -> SendRow:
        decision = "mailed" if request.was_mailed else "not mailed"
        send = msgspec.structs.replace(self.sends[request.id], decision=decision, decided_by="Sigrid Larsen")
        self.sends[send.id] = send
        return send

    def _past(self) -> None:
        """Runs of days gone by: one in order, one that failed."""
        self._start(StartRun(sync_type="suppressions"))
        self.finish()
        self._start(StartRun(sync_type="lists", lists=("list-1",)))
        self.finish()
        failed = self._start(StartRun(sync_type="lists", lists=("list-8",)))
        self._steps[failed.id].clear()
        self._change(
            failed,
            status=RunStatus.FAILED,
            started_on="2026-03-01T06:00:40Z",
            ended_on="2026-03-01T06:00:43Z",
            error_code="ADDRESS_BOOK_GONE",
            error="The address book Guides and instructors is not there any more.",
            not_done="None of the 140 members was read or changed.",
            remedy="Deactivate the list and activate it again; that makes a new address book.",
        )


def _narrow(people: list[PersonOutcome], outcome: str, reason: str) -> list[PersonOutcome]:
    if outcome:
        people = [one for one in people if one.outcome.value == outcome]
    if reason:
        people = [one for one in people if one.reason == reason]
    return people


def reasons_known(counts: Sequence[ReasonCount]) -> bool:
    """Whether every reason is in the catalogue."""
    return all(not one.reason or one.reason in BY_CODE for one in counts)


async def advancing(service: FakeService, pace: float) -> None:
    """Lets a service get on by itself, for people who look at the console by hand."""
    while True:
        await asyncio.sleep(pace)
        service.advance()


__all__ = ["FakeService", "advancing", "cast", "refusal"]
