"""A whole dyntui at work on a sandbox of its own: use cases and worker as in the service, runs carried out at once.

    office = Office.open(sandbox)                 # connected and installed
    newsletter = office.activated("Newsletter")
    run = office.run("lists")                     # carried out to its end

dyntui, its sandbox and the test are one process with one clock. Waiting moves that clock, so nothing sleeps.
"""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self, TypeVar

from msgspec.structs import replace

from dyntui.dataverse import lists as dv_lists
from dyntui.dataverse import membership
from dyntui.dataverse import rows as dv_rows
from dyntui.dotdigital import address_books, imports
from dyntui.model.changes import AppliedChange
from dyntui.model.outcomes import Outcome, PersonOutcome, RunStatus
from dyntui.model.paging import MOST_ROWS, Page, Window
from dyntui.model.plans import PlannedChange
from dyntui.model.quarantine import RefusedRow
from dyntui.model.roles import Ability, Role
from dyntui.model.traces import Trace
from dyntui.model.trust import Rule
from dyntui.model.waves import Waves
from dyntui.sandbox.dotdigital import contact_store, memberships
from dyntui.sandbox.dotdigital import storage as dd_storage
from dyntui.service.campaigns import Campaigns
from dyntui.service.changes import Changes
from dyntui.service.conflicts import Conflicts
from dyntui.service.contract import (
    campaigns,
    changes,
    conflicts,
    environment,
    held,
    lists,
    members,
    people,
    plans,
    quarantine,
    results,
    runs,
    schedules,
    setup,
    target_counts,
)
from dyntui.service.contract.sends import (
    ChangesQuery,
    PersonChanged,
    SendCampaign,
    SendDetail,
    SendRef,
    SendRow,
    SendsQuery,
    SettleSend,
)
from dyntui.service.contract.session import Nothing
from dyntui.service.environment import EnvironmentGuard
from dyntui.service.held import Held
from dyntui.service.held_sends import HeldSends
from dyntui.service.identity import Identities
from dyntui.service.lists import Lists
from dyntui.service.members import Members
from dyntui.service.people import People
from dyntui.service.permission import CallContext
from dyntui.service.plans import Plans
from dyntui.service.profile import open_profile
from dyntui.service.quarantine import Quarantine
from dyntui.service.resources import Resources
from dyntui.service.results import Results
from dyntui.service.runs import Runs
from dyntui.service.schedule_timer import ScheduleTimer
from dyntui.service.schedules import ScheduleUseCases
from dyntui.service.send_decisions import SendDecisions
from dyntui.service.send_pages import SendPages
from dyntui.service.send_timer import SendTimer
from dyntui.service.send_waves import SendWaves
from dyntui.service.sending import Sending
from dyntui.service.setup import Setup
from dyntui.service.subject_requests import SubjectRequests
from dyntui.service.trial_sends import TrialSends
from dyntui.store import accounts, run_window
from dyntui.store import runs as run_store
from dyntui.store.database import Database, open_store, sqlite_url
from dyntui.sync.connections import DATAVERSE_SECRET, OF_PEOPLE, Connections, account_secret
from dyntui.sync.double_opt_in import mails_nobody
from dyntui.sync.engine import InlineEngine
from dyntui.sync.worker import Worker
from tests.empty_store import open_empty_store
from tests.simulation.sandbox import InProcessSandbox
from tests.simulation.time import one_thread_loop

T = TypeVar("T")
PROVE_EACH = Rule()


class Pocket:
    """Secrets in memory."""

    label = "memory"

    def __init__(self) -> None:
        self.held: dict[str, str] = {}

    async def get(self, name: str) -> str | None:
        return self.held.get(name)

    async def set(self, name: str, secret: str, *, instead_of: str | None = None) -> None:
        if instead_of in (None, self.held.get(name)):
            self.held[name] = secret

    async def delete(self, name: str) -> None:
        self.held.pop(name, None)

    async def check(self, name: str, secret: str) -> None:
        """There is always room."""


async def _everything(uid: int, *, soon: bool) -> frozenset[Ability]:
    return frozenset(Ability)


class Office:
    """See the module. `loop` runs the use cases; the worker has its own. `store_url`: where its store is; `""`: in a
    file at its home."""

    def __init__(
        self,
        sandbox: InProcessSandbox,
        home: Path,
        *,
        timeout: float | None = None,
        trust: Rule = PROVE_EACH,
        store_url: str = "",
    ) -> None:
        self.sandbox = sandbox
        self.trust = trust
        self._loop = one_thread_loop()
        self.secrets = Pocket()
        store = home / "dyntui.db"
        known = store_url or (sqlite_url(store) if store.exists() else "")
        self.db: Database = open_store(known) if known else open_empty_store(store)
        self._numbers = itertools.count(1)
        self.during_sleep: Callable[[], None] = lambda: None
        # How much this machine's clock is behind that of both systems.
        self.behind = timedelta()
        around = sandbox.surroundings(sleep=self._pass_time, timeout=timeout)
        surroundings = replace(around, wall=lambda: around.wall() - self.behind.total_seconds())
        self.resources = Resources(
            profile=open_profile("test", {"DYNTUI_HOME": str(home)}),
            db=self.db,
            secrets=self.secrets,
            connections=Connections(self.db, self.secrets, surroundings, OF_PEOPLE),
            clock=self._now,
            ids=lambda: f"00000000-0000-4000-8000-{next(self._numbers):012d}",
            publish=lambda name, params, key="": None,
        )
        self.worker = Worker(
            self.db,
            self.secrets,
            clock=self._now,
            changed=lambda run_id: None,
            surroundings=surroundings,
            trust=trust,
        )
        self.worker.start()
        self.engine = self.new_engine()
        identities = Identities(self.resources)
        self._runs = Runs(self.resources, identities, self.engine.enqueue)
        self._lists = Lists(self.resources, identities)
        self._held = Held(self.resources, identities, self._runs)
        self._campaigns = Campaigns(self.resources, identities)
        self._members = Members(self.resources, identities, self._lists, self._campaigns, self._runs)
        self._plans = Plans(self.resources, self._runs, self._members)
        self._changes = Changes(self.resources, self._runs)
        self._quarantine = Quarantine(self.resources, identities, self._runs)
        self._conflicts = Conflicts(self.resources, identities, self._runs)
        waves = SendWaves(self.resources, self.engine.enqueue)
        self.send_timer = SendTimer(self.resources, self.engine.enqueue, waves, begins=True)
        self._sending = Sending(
            self.resources, identities, self._campaigns, self._runs, held_here=True, held=self.send_timer.wake
        )
        self._send_pages = SendPages(self.resources)
        self._held_sends = HeldSends(
            self.resources, identities, self._runs, waves, self.send_timer.wake, held_here=True
        )
        self._decisions = SendDecisions(self.resources, identities)
        self._results = Results(self.resources, self._campaigns)
        self._environment = EnvironmentGuard(self.resources, identities)
        self._people = People(self.resources, self._campaigns)
        self._subject_requests = SubjectRequests(self.resources, identities)
        self.timer = ScheduleTimer(self.resources, self.engine.enqueue)
        self._schedules = ScheduleUseCases(self.resources, identities, self.timer.wake, run_here=True)
        self.context = CallContext(os.getuid(), _everything)

    @classmethod
    def open(cls, sandbox: InProcessSandbox, home: Path | None = None, *, timeout: float | None = None) -> Self:
        """An office whose organisation is connected and installed. `timeout`: seconds of silence that end a call."""
        office = cls(sandbox, home or Path(tempfile.mkdtemp(prefix="dyntui-office-")), timeout=timeout)
        office.set_up()
        return office

    def new_engine(self) -> InlineEngine:
        """What carries runs out."""
        return InlineEngine(self.db, self.worker.chunk)

    def take_over(self) -> None:
        """Goes on with a store that another office has kept: its secrets, and ids that it has not given away."""
        info = self.sandbox.info
        self.wait(self.secrets.set(DATAVERSE_SECRET, info["client_secret"]))
        with self.db.read() as c:
            known = accounts.accounts(c)
            # No run needs as many ids.
            self.number_from(1000 * (1 + run_window.window(c, Window()).total))
        for each in known:
            self.wait(self.secrets.set(account_secret(each.id), info["api_password"]))

    def number_from(self, first: int) -> None:
        """The next ids are counted from here: no two offices of one world give the same."""
        self._numbers = itertools.count(first)

    def close(self) -> None:
        self.worker.stop()
        self.wait(self.resources.connections.close())
        self._loop.close()
        self.db.close()

    def wait(self, work: Coroutine[Any, Any, T] | Awaitable[T]) -> T:
        return self._loop.run_until_complete(work)  # type: ignore[arg-type]

    def _now(self) -> datetime:
        return self.sandbox.now() - self.behind

    async def _pass_time(self, seconds: float) -> None:
        """Instead of sleeping the whole world moves on, and at least by a second."""
        self.during_sleep()
        await self.sandbox.time.until(self.sandbox.now() + timedelta(seconds=max(seconds, 1.0)))

    def set_up(self) -> setup.SetupReport:
        """Installs as an administrator; from then on the service's user holds the role that is meant for it, alone, and
        it is known, as after a canary, that imports mail nobody."""
        report = self.wait(Setup(self.resources, self.worker.reconnect).apply(self.context, self.setup_request()))
        self.give_roles("application", Role.SERVICE)
        with self.db.write() as c:
            for each in accounts.accounts(c):
                mails_nobody(c, each.id, self.resources.now())
        return report

    def plan_setup(self) -> setup.SetupReport:
        """What setting up would make."""
        return self.wait(Setup(self.resources, self.worker.reconnect).plan(self.context, self.setup_request()))

    def give_roles(self, user: str, *roles: str) -> None:
        """All the roles that a user (short name, or "application") holds directly from now on."""
        self.sandbox.control.post("/dataverse/roles", json={"user": user, "roles": roles}).raise_for_status()

    def setup_request(self) -> setup.SetupRequest:
        """What connects the organisation and its account."""
        return setup_request(self.sandbox)

    # -- what people do ---------------------------------------------------------------------------------------------

    def list_named(self, name: str) -> lists.ListRow:
        page = self.wait(self._lists.page(self.context, lists.ListsQuery(view="all", limit=500)))
        return next(row for row in page.rows if row.name == name)

    def refresh_lists(self) -> None:

        self.wait(self._lists.refresh(self.context, Nothing()))

    def activated(self, name: str) -> lists.ListRow:
        row = self.list_named(name)
        return self.wait(self._lists.activate(self.context, lists.Activate(id=row.id, link=True))).row

    def activate(self, request: lists.Activate) -> lists.ListDetail:
        return self.wait(self._lists.activate(self.context, request))

    def deactivate(self, list_id: str) -> lists.ListDetail:
        return self.wait(self._lists.deactivate(self.context, lists.ListRef(list_id)))

    def edit(self, request: lists.EditList) -> lists.ListDetail:
        return self.wait(self._lists.edit(self.context, request))

    def new_list(self, **asked: Any) -> lists.ListDetail:
        return self.wait(self._lists.new(self.context, lists.NewList(**asked)))

    def count_found(self, **asked: Any) -> lists.FoundCount:
        return self.wait(self._lists.count_found(self.context, lists.CountFound(**asked)))

    def plan_members(self, list_id: str, change: str, **named: Any) -> plans.PlanDetail:
        """The plan of a change of a list's members."""
        asked = members.ChangeMembers(list=list_id, change=members.MemberChange(change), **named)
        run = self.wait(self._members.plan(self.context, asked))
        self.engine.drain()
        return self.wait(self._plans.get(self.context, plans.PlanRef(run.id)))

    def gather(self, **asked: Any) -> runs.RunDetail:
        """A list made of people, and filled."""
        made = self.wait(self._members.gather(self.context, members.GatherPeople(**asked)))
        self.engine.drain()
        return self.detail(made.run.id)

    def find_records(self, member_type: str, search: str) -> tuple[members.FoundRecord, ...]:
        asked = members.FindRecords(member_type=member_type, search=search)
        return self.wait(self._members.find(self.context, asked)).rows

    def count_shown(self, **shown: Any) -> dict[str, int]:
        """People that are shown somewhere, by type."""
        asked = members.CountPeople(shown=members.PeopleSlice(**shown))
        return {each.entity: each.people for each in self.wait(self._members.count(self.context, asked)).rows}

    def simulate(self, list_id: str) -> lists.Simulation:
        return self.wait(self._lists.simulate(self.context, lists.ListRef(list_id)))

    def saved_views(self, list_id: str) -> tuple[lists.SavedView, ...]:
        return self.wait(self._lists.views(self.context, lists.ViewsQuery(id=list_id))).rows

    def own_views(self, member_type: str) -> tuple[lists.SavedView, ...]:
        """The views by which whoever is at the keyboard can find people."""
        asked = lists.ViewsQuery(member_type=member_type, own=True)
        return self.wait(self._lists.views(self.context, asked)).rows

    def list_detail(self, list_id: str) -> lists.ListDetail:
        return self.wait(self._lists.get(self.context, lists.ListRef(list_id)))

    def book_of(self, list_id: str) -> int:
        return self.wait(self._lists.get(self.context, lists.ListRef(list_id))).address_book_id

    def book_names(self) -> list[str]:
        """The address books that dotdigital has now."""

        async def ask() -> list[str]:
            with self.db.read() as c:
                account = accounts.accounts(c)[0]
            dd = await self.resources.connections.dotdigital(account.id)
            return [book.name for book in await address_books.address_books(dd)]

        return self.wait(ask())

    def start(self, sync_type: str, **chosen: Any) -> str:
        return self.wait(self._runs.start(self.context, runs.StartRun(sync_type=sync_type, **chosen))).id

    def run(self, sync_type: str, **chosen: Any) -> runs.RunDetail:
        run_id = self.start(sync_type, **chosen)
        self.engine.drain()
        return self.detail(run_id)

    def detail(self, run_id: str) -> runs.RunDetail:
        """A run, of whatever kind: once it has ended, however it did, it accounts for everybody whom it has read."""
        found = self.wait(self._runs.get(self.context, runs.RunRef(run_id)))
        if found.run.status.ended:
            wrong = [each for each in (found.run, *found.items) if not each.tally.adds_up]
            assert not wrong and not any(each.status is RunStatus.IN_PROCESS for each in found.items), found
        return found

    def audit(self, **asked: Any) -> Page[runs.RunRow]:
        return self.wait(self._runs.page(self.context, runs.RunsQuery(**asked)))

    def run_of(self, run_id: str) -> run_store.Run:
        """A run as stored; may be asked for while it is carried out."""
        with self.db.read() as c:
            found = run_store.get(c, run_id)
        assert found is not None
        return found

    def cancel(self, run_id: str) -> None:
        """Asks a run to stop; may be called while it is carried out."""
        with self.db.write() as c:
            run_store.request_cancel(c, run_id, self.resources.now())

    def people(self, run_id: str, **chosen: Any) -> tuple[PersonOutcome, ...]:
        asked = runs.OutcomesQuery(run=run_id, limit=MOST_ROWS, **chosen)
        return self.wait(self._runs.people(self.context, asked)).rows

    def found(self, search: str) -> tuple[Trace, ...]:
        return self.wait(self._runs.search(self.context, runs.SearchQuery(search=search))).rows

    def found_people(self, search: str, **chosen: Any) -> tuple[people.KnownPerson, ...]:
        return self.wait(self._people.search(self.context, people.PeopleQuery(search=search, **chosen))).rows

    def person(self, named: str) -> people.PersonDetail:
        return self.wait(self._people.show(self.context, people.PersonRef(person=named)))

    def everything_known(self, person: str) -> people.SubjectExport:
        return self.wait(self._subject_requests.export(self.context, people.PersonRef(person=person)))

    def requests(self) -> tuple[people.AdminChange, ...]:
        return self.wait(self._subject_requests.requests(self.context, people.RequestsQuery())).rows

    def why(self, address: str, campaign: int = 0) -> people.WhyAnswer:
        return self.wait(self._people.why(self.context, people.WhyQuery(address=address, campaign=campaign)))

    def timeline(self, **asked: Any) -> tuple[people.TimelineEvent, ...]:
        return self.wait(self._people.timeline(self.context, people.TimelineQuery(limit=500, **asked))).rows

    def environment(self, production: bool | None = None, **changes: Any) -> environment.Environment:
        """What is marked, after it was marked or unmarked and the allow list changed."""
        if production is not None:
            asked = environment.MarkEnvironment(production=production, **changes)
            return self.wait(self._environment.mark(self.context, asked))
        return self.wait(self._environment.allow(self.context, environment.ChangeAllowList(**changes)))

    def held(self) -> tuple[held.HeldRemovals, ...]:
        return self.wait(self._held.lists(self.context, held.WaitingIn())).rows

    def waiting(self, list_id: str, **asked: Any) -> tuple[PersonOutcome, ...]:
        """Whom the decision about a list is about."""
        query = held.WaitingPeople(list=list_id, limit=MOST_ROWS, **asked)
        return self.wait(self._held.people(self.context, query)).rows

    def decisions(self) -> tuple[held.Decision, ...]:
        """Everything that waits for a person."""
        return self.wait(self._held.waiting(self.context, held.WaitingIn())).rows

    def conflicts(self, **asked: Any) -> tuple[conflicts.Conflict, ...]:
        return self.wait(self._conflicts.page(self.context, conflicts.ConflictsQuery(**asked))).rows

    def settle_conflicts(self, *of: conflicts.Conflict) -> int:
        named = tuple(conflicts.ConflictOf(person=each.person, label=each.label) for each in of)
        return self.wait(self._conflicts.settle(self.context, conflicts.SettleConflicts(of=named))).conflicts

    def take_other(self, *of: conflicts.Conflict) -> runs.RunDetail:
        """The values that had lost, written back."""
        named = tuple(conflicts.ConflictOf(person=each.person, label=each.label) for each in of)
        run = self.wait(self._conflicts.take(self.context, conflicts.TakeOther(of=named)))
        self.engine.drain()
        return self.detail(run.id)

    def decide_held(
        self, list_id: str, *people: str, remove: bool, undone: bool = False, waiting: int = 0
    ) -> held.HeldDecided:
        """The decision, carried out."""
        asked = held.DecideHeld(list=list_id, people=people, remove=remove, undone=undone, waiting=waiting)
        decided = self.wait(self._held.decide(self.context, asked))
        self.engine.drain()
        return decided

    def refused(self, **asked: Any) -> tuple[RefusedRow, ...]:
        query = quarantine.RefusedQuery(limit=MOST_ROWS, **asked)
        return self.wait(self._quarantine.page(self.context, query)).rows

    def retry_refused(self, list_id: str = "") -> runs.RunDetail:
        """Offered again, to its end."""
        run = self.wait(self._quarantine.retry(self.context, quarantine.RetryRefused(list=list_id)))
        self.engine.drain()
        return self.detail(run.id)

    def pick(self, list_id: str, stranger: str, record: str) -> runs.RunDetail:
        """Of several records somebody chooses one for a stranger."""
        asked = quarantine.PickMatch(list=list_id, stranger=stranger, record=record)
        run = self.wait(self._quarantine.pick(self.context, asked))
        self.engine.drain()
        return self.detail(run.id)

    def ignore_refused(self, list_id: str, *people: str, days: int = 30) -> quarantine.RefusedIgnored:
        asked = quarantine.IgnoreRefused(list=list_id, people=people, days=days, why="known")
        return self.wait(self._quarantine.ignore(self.context, asked))

    def plan(self, *list_ids: str) -> plans.PlanDetail:
        """A plan of these lists, or of all."""
        return self.plan_of("lists", lists=list_ids)

    def plan_of(self, sync_type: str, **chosen: Any) -> plans.PlanDetail:
        asked = plans.MakePlan(sync_type=sync_type, **chosen)
        run = self.wait(self._plans.make(self.context, asked))
        self.engine.drain()
        return self.wait(self._plans.get(self.context, plans.PlanRef(run.id)))

    def diff(self, list_id: str) -> plans.PlanDetail:
        """A list against its address book."""
        run = self.wait(self._plans.diff(self.context, plans.DiffList(list_id)))
        self.engine.drain()
        return self.wait(self._plans.get(self.context, plans.PlanRef(run.id)))

    def plan_again(self, plan: plans.PlanDetail) -> plans.PlanDetail:
        """The plan as it is by now."""
        return self.wait(self._plans.get(self.context, plans.PlanRef(plan.run.id)))

    def planned(self, plan: plans.PlanDetail, **chosen: Any) -> tuple[PlannedChange, ...]:
        asked = plans.ChangesQuery(run=plan.run.id, limit=MOST_ROWS, **chosen)
        return self.wait(self._plans.changes(self.context, asked)).rows

    def apply(self, plan: plans.PlanDetail) -> runs.RunDetail:
        """The plan, carried out."""
        run_id = self.start_apply(plan)
        self.engine.drain()
        return self.detail(run_id)

    def start_apply(self, plan: plans.PlanDetail) -> str:
        """The plan, to be carried out."""
        return self.wait(self._plans.apply(self.context, plans.PlanRef(plan.run.id))).id

    def written(self, run_id: str, **chosen: Any) -> tuple[AppliedChange, ...]:
        """What a run wrote."""
        asked = changes.WrittenQuery(run=run_id, limit=50_000, **chosen)
        return self.wait(self._changes.page(self.context, asked)).rows

    def schedules(self) -> schedules.Schedules:
        return self.wait(self._schedules.of_account(self.context, schedules.SchedulesOf()))

    def schedule(self, sync_type: str, **changed: Any) -> schedules.Schedules:
        """An edit of one sync type, saved."""
        return self.save_schedules(schedules.ScheduleEdit(sync_type=sync_type, **changed))

    def save_schedules(self, *edits: schedules.ScheduleEdit) -> schedules.Schedules:
        return self.wait(self._schedules.save(self.context, schedules.SaveSchedules(edits=edits)))

    def coming(self, **asked: Any) -> schedules.Coming:
        return self.wait(self._schedules.coming(self.context, schedules.ComingQuery(**asked)))

    def strip(self, *edits: schedules.ScheduleEdit) -> schedules.Strip:
        return self.wait(self._schedules.strip(self.context, schedules.StripQuery(edits=edits)))

    def schedule_changes(self, **asked: Any) -> tuple[schedules.AdminChange, ...]:
        query = schedules.ScheduleChangesQuery(**asked)
        return self.wait(self._schedules.changes(self.context, query)).rows

    def look_at_schedules(self) -> list[str]:
        """What the timer does every minute; the runs that it has queued."""
        return self.wait(self.timer.look())

    def plan_undo(self, run_id: str) -> plans.PlanDetail:
        """The plan of undoing a run, once everything shows."""
        self.until_told()
        run = self.wait(self._changes.undo(self.context, changes.UndoRun(run_id)))
        self.engine.drain()
        return self.wait(self._plans.get(self.context, plans.PlanRef(run.id)))

    def undo(self, run_id: str) -> runs.RunDetail:
        """A run undone, its plan first."""
        return self.apply(self.plan_undo(run_id))

    def members(self, list_id: str) -> tuple[lists.MemberRow, ...]:
        asked = lists.MembersQuery(list=list_id, limit=MOST_ROWS)
        return self.wait(self._lists.members(self.context, asked)).rows

    def campaign_named(self, name: str) -> campaigns.CampaignRow:
        page = self.wait(self._campaigns.page(self.context, campaigns.CampaignsQuery(view="all", limit=500)))
        return next(row for row in page.rows if row.name == name)

    def all_campaigns(self) -> tuple[campaigns.CampaignRow, ...]:
        return self.wait(self._campaigns.page(self.context, campaigns.CampaignsQuery(limit=500))).rows

    def copy_campaign(self, name: str, times: int) -> None:
        """Somebody copies a campaign in dotdigital, so many times."""
        self.sandbox.state.db.executemany(
            "INSERT INTO dd_campaign"
            " (name, subject, from_name, from_id, html, text, reply_action, reply_to, type, tags)"
            " SELECT 'Copy of ' || name || ' ' || ?, subject, from_name, from_id, html, text, reply_action, reply_to,"
            " type, tags FROM dd_campaign WHERE name = ?",
            [(number, name) for number in range(times)],
        )
        self.sandbox.state.db.commit()

    def target(self, campaign: campaigns.CampaignRow, *list_ids: str) -> None:
        self.wait(self._campaigns.change_targets(self.context, campaigns.ChangeTargets(id=campaign.id, add=list_ids)))

    def untarget(self, campaign: campaigns.CampaignRow, *list_ids: str) -> None:
        asked = campaigns.ChangeTargets(id=campaign.id, remove=list_ids)
        self.wait(self._campaigns.change_targets(self.context, asked))

    def count(self, campaign: campaigns.CampaignRow, *, to_send: bool = False) -> target_counts.TargetCount:
        asked = target_counts.CountTargets(id=campaign.id, to_send=to_send)
        return self.wait(self._sending.count(self.context, asked))

    def count_people(self, count_id: str, **chosen: Any) -> tuple[PersonOutcome, ...]:
        asked = target_counts.CountPeopleQuery(count=count_id, limit=MOST_ROWS, **chosen)
        return self.wait(self._sending.count_people(self.context, asked)).rows

    def queue_send(self, count: target_counts.TargetCount, **how: Any) -> SendRow:
        asked = SendCampaign(count=count.id, confirm=count.sendable, **how)
        return self.wait(self._sending.send(self.context, asked))

    def send(self, count: target_counts.TargetCount) -> SendRow:
        queued = self.queue_send(count)
        self.engine.drain()
        return self.send_row(queued.id)

    def test_send(self, campaign: campaigns.CampaignRow, address: str) -> campaigns.TrialSent:
        trial = TrialSends(self.resources, Identities(self.resources), self._campaigns)
        return self.wait(trial.test(self.context, campaigns.TrialSend(id=campaign.id, address=address)))

    def schedule_send(self, count: target_counts.TargetCount, at: datetime) -> SendRow:
        """Has the service hold a send until then."""
        asked = SendCampaign(count=count.id, confirm=count.sendable, at=at.isoformat())
        return self.wait(self._sending.send(self.context, asked))

    def send_in_waves(self, count: target_counts.TargetCount, waves: Waves, at: datetime | None = None) -> SendRow:
        """Has the service send in waves; none has begun."""
        when = "" if at is None else at.isoformat()
        asked = SendCampaign(count=count.id, confirm=count.sendable, waves=waves, at=when)
        return self.wait(self._sending.send(self.context, asked))

    def sends_of(self, send_id: str) -> list[SendRow]:
        """The waves of a send that have begun, in order."""
        rows = self.wait(self._held_sends.page(self.context, SendsQuery(limit=500))).rows
        return sorted((each for each in rows if each.waves_of == send_id), key=lambda each: each.wave)

    def look_at_sends(self) -> list[SendRow]:
        """The service looks at the sends that it holds, and carries out what it begins; what is held then."""
        self.wait(self.send_timer.look())
        self.engine.drain()
        return list(self.wait(self._held_sends.page(self.context, SendsQuery(view="held"))).rows)

    def cancel_send(self, send_id: str) -> SendRow:
        return self.wait(self._held_sends.cancel(self.context, SendRef(send_id)))

    def release_send(self, send_id: str) -> SendRow:
        return self.wait(self._held_sends.release(self.context, SendRef(send_id)))

    def send_row(self, send_id: str) -> SendRow:
        return self.wait(self._sending.send_get(self.context, SendRef(send_id)))

    def changes(self, named: str) -> tuple[PersonChanged, ...]:
        """Who of a send is something else than was confirmed."""
        asked = ChangesQuery(id=named, limit=500)
        return self.wait(self._send_pages.changes(self.context, asked)).rows

    def send_page(self, named: str) -> SendDetail:
        return self.wait(self._send_pages.show(self.context, SendRef(named)))

    def settle(self, send_id: str, was_mailed: bool) -> SendRow:
        """Somebody has looked into dotdigital's outbox, and says what became of a send."""
        return self.wait(self._decisions.settle(self.context, SettleSend(send_id, was_mailed)))

    def report(self, campaign: campaigns.CampaignRow) -> results.CampaignReport:
        return self.wait(self._results.report(self.context, campaigns.CampaignRef(campaign.id)))

    # -- what the sandbox knows -------------------------------------------------------------------------------------

    def calls_between(self, work: Callable[[], T]) -> tuple[T, list[dict[str, Any]]]:
        """What `work` answers, and the calls that the sandbox counted meanwhile."""
        self.sandbox.control.post("/calls/reset").raise_for_status()
        answer = work()
        return answer, self.sandbox.control.get("/calls").raise_for_status().json()

    def mailed(self, campaign: campaigns.CampaignRow) -> list[dict[str, Any]]:
        mails = self.sandbox.control.get("/mailed").raise_for_status().json()
        return [mail for mail in mails if mail["campaign_id"] == campaign.id]

    def digest(self) -> dict[str, str]:
        """What both systems hold, once everything shows."""
        self.until_told()
        return dict(self.sandbox.control.get("/digest").raise_for_status().json())

    def let_pass(self, **time: float) -> None:
        seconds = timedelta(**time).total_seconds()
        self.sandbox.control.post("/clock", json={"advance_seconds": seconds}).raise_for_status()

    def until_told(self) -> None:
        """Lets so much time pass that what dotdigital shows late, where a switch makes it late, shows."""
        settings = self.sandbox.state.config.dotdigital
        late = (
            settings.late_suppressions_seconds,
            settings.listing_lag_seconds,
            settings.removal_lag_seconds,
            settings.book_count_lag_seconds,
        )
        if any(late):
            self.let_pass(seconds=max(late) + 1)
            # Whoever looks has everything happen that is due by now.
            self.sandbox.control.get("/mailed").raise_for_status()

    def change_in_dynamics(self, table: str, row_id: str, **values: Any) -> None:
        """Somebody edits a row in Dynamics; values as rows keep them (booleans as 0 and 1)."""
        body = {"table": table, "id": row_id, "values": values}
        self.sandbox.control.post("/dataverse/rows", json=body).raise_for_status()

    def change_in_dotdigital(self, address: str, *books: int, **fields: str | None) -> None:
        """Somebody imports a contact in dotdigital: these data fields, into these address books."""

        async def change() -> None:
            with self.db.read() as c:
                account = accounts.accounts(c)[0]
            dd = await self.resources.connections.dotdigital(account.id)
            row = imports.ImportContact(
                match_identifier="email", identifiers={"email": address}, data_fields=fields, lists=books
            )
            started = await imports.start_import(dd, [row])
            while not (await imports.import_result(dd, started)).finished:
                await self._pass_time(1)

        self.wait(change())

    def delete_in_dynamics(self, entity_set: str, row_id: str) -> None:
        """Somebody deletes a row in Dynamics."""

        async def delete() -> None:
            assert await dv_rows.delete(await self.resources.connections.dataverse(), entity_set, row_id)

        self.give_roles("application", "System Administrator")
        self.wait(delete())
        self.give_roles("application", Role.SERVICE)

    def save_view(self, name: str, table: str, column: str, value: str) -> None:
        """Somebody saves a view for everybody: the rows of a table with this value."""
        query = (
            f'<fetch><entity name="{table}"><attribute name="{table}id"/><filter>'
            f'<condition attribute="{column}" operator="eq" value="{value}"/></filter></entity></fetch>'
        )
        body = {"name": name, "returnedtypecode": table, "fetchxml": query, "querytype": 0}

        async def create() -> None:
            await dv_rows.create(await self.resources.connections.dataverse(), "savedqueries", body)

        self.give_roles("application", "System Administrator")
        self.wait(create())
        self.give_roles("application", Role.SERVICE)

    def records_where(self, table: str, **values: Any) -> set[str]:
        """The ids of the rows with these values, as the sandbox keeps them."""
        where = " AND ".join(f"{name} = ?" for name in values)
        rows = self.sandbox.state.db.execute(f"SELECT {table}id FROM dv_{table} WHERE {where}", (*values.values(),))
        return {row[0] for row in rows}

    def in_book(self, list_id: str) -> set[str]:
        """The addresses in a list's book, as dotdigital has them."""
        self.until_told()
        query = "SELECT c.email FROM dd_member m JOIN dd_contact c ON c.id = m.contact_id WHERE m.book_id = ?"
        return {row[0] for row in self.sandbox.state.db.execute(query, (self.book_of(list_id),))}

    def moves_in_dotdigital(self, address: str) -> str:
        """A contact takes another address there; which one."""
        state, new = self.sandbox.state, f"new.{address}"
        with state.transaction():
            moved = (new, dd_storage.now(state), address)
            state.db.execute("UPDATE dd_contact SET email = ?, updated = ? WHERE email = ?", moved)
        return new

    def put_into_book(self, list_id: str, address: str, **values: str) -> None:
        """Somebody puts a contact into a list's book in dotdigital."""
        state, book = self.sandbox.state, self.book_of(list_id)
        now = dd_storage.now(state)
        with state.transaction():
            known = contact_store.by_email(state, address)
            made = {"opt_in": "Unknown", "email_type": "Html", "status": "Subscribed", "data": values}
            contact = known.id if known else contact_store.insert(state, address, now, **made)
            memberships.join(state, book, [contact], now)
        self.until_told()

    def all_lists(self) -> tuple[lists.ListRow, ...]:
        return self.wait(self._lists.page(self.context, lists.ListsQuery(view="all", limit=500))).rows

    def leave(self, list_id: str, people: list[str]) -> None:
        """Somebody takes people out of a static list in Dynamics."""

        async def remove() -> None:
            dv = await self.resources.connections.dataverse()
            row = await dv_lists.marketing_list(dv, list_id)
            assert row is not None
            assert (await membership.remove_members(dv, row, people)).refused == []

        self.wait(remove())

    def join(self, list_id: str, people: list[str]) -> None:
        """Somebody puts people on a static list in Dynamics."""

        async def add() -> None:
            dv = await self.resources.connections.dataverse()
            row = await dv_lists.marketing_list(dv, list_id)
            assert row is not None
            assert (await membership.add_members(dv, row, people)).refused == []

        self.wait(add())

    def service_user(self) -> str:
        """The user that dyntui itself is in Dynamics."""
        with self.db.read() as c:
            organisation = accounts.organisation(c)
        assert organisation is not None
        return organisation.service_user_id

    def unsubscribe(self, address: str, **where: Any) -> None:
        """Somebody unsubscribes, from everything or from one `book`; it shows by now."""
        self.sandbox.control.post("/unsubscribe", json={"address": address, **where}).raise_for_status()
        self.until_told()


def setup_request(sandbox: InProcessSandbox) -> setup.SetupRequest:
    """What connects the organisation and its account."""
    info = sandbox.info
    return setup.SetupRequest(
        organisation=setup.OrganisationInput(
            dataverse_url=info["dataverse_url"],
            authority=info["authority"],
            client_id=info["client_id"],
            client_secret=info["client_secret"],
            ca_file=info["ca_file"],
        ),
        accounts=(
            setup.EmailAccountInput(
                double_opt_in="off",
                name="Main",
                api_user=info["api_user"],
                api_password=info["api_password"],
                dotdigital_url=info["dotdigital_url"],
                ca_file=info["ca_file"],
            ),
        ),
    )


def writes(calls: list[dict[str, Any]]) -> list[str]:
    """The routes that wrote, with how often."""
    return [f"{each['system']} {each['route']} {each['writes']}" for each in calls if each["writes"]]


def status_there(sandbox: InProcessSandbox, address: str) -> str:
    """What dotdigital says of a contact; `""`: it has none."""
    info, account = sandbox.info, sandbox.state.config.dotdigital
    where = sandbox.state.urls.dotdigital[account.region]
    answer = sandbox.http.get(f"{where}/v2/contacts/{address}", auth=(info["api_user"], info["api_password"]))
    assert answer.status_code in {200, 404}, answer.text
    return str(answer.json()["status"]) if answer.status_code == 200 else ""


def by_reason(run: runs.RunRow) -> dict[str, int]:
    """Counts of a run by reason, or by outcome where that needs no reason."""
    return {count.reason or str(count.outcome): count.people for count in run.tally.counts}


def addresses(people: tuple[PersonOutcome, ...], outcome: Outcome) -> set[str]:
    return {each.address for each in people if each.outcome is outcome}
