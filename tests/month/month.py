"""Plays a month: what is due starts, people and faults move both sides meanwhile, the service ends twice on the way.

Between two moments nothing happens in real time. The service is what `tests.scenarios.office` makes of the real use
cases, the worker and the clients; schedules, consent watch and housekeeping do what they do in a service, whenever it
is due.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import gc
import random
import resource
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec

from dyntui.model.errors import DyntuiError
from dyntui.model.schedules import next_run
from dyntui.model.sync_types import SYNC_TYPES
from dyntui.model.trust import Rule
from dyntui.sandbox.dotdigital import bulk_load
from dyntui.service.contract.campaigns import CampaignRef, ChangeTargets
from dyntui.service.housekeeping import forget
from dyntui.store import accounts, runs, schedules
from dyntui.sync.connections import DATAVERSE_SECRET, account_secret
from tests.month import promises
from tests.month.movement import Movement
from tests.month.world import MAIN, World, connect, new_world
from tests.scenarios.office import Office
from tests.scenarios.test_growth import used_bytes
from tests.scenarios.watching import Watched

# The last digit of the port at which a sandbox tells the truth.
_CONTROL = 6
_A_DAY_AND_A_BIT = 25 * 3600.0
_PAGE = resource.getpagesize()
_HTML = "<html><body><p>Month</p><a href='http://$UNSUB$'>out</a></body></html>"


# In the order in which runs that are due together start.
EVERY_KIND = tuple(each.id for each in sorted(SYNC_TYPES.values(), key=lambda kind: kind.priority))


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """How large a month. `moves`: things that people do in a day, for each thousand of them; `faults`: a day; `keep`:
    days after which runs are forgotten; `proved`: days in which all cheap answers are proved; `watch`: minutes between
    two looks for opt-outs that are not left out of the simulation (0: none); `rest`: hours of schedules after the last
    move; `minutes`: of real time after which nothing moves any more, on whatever day that is (0: after the last);
    `kinds`: the sync types that are looked at then (empty: all). `apart`: the interval of what would run more often
    (`4h`; `""`: as schedules are provisioned)."""

    people: int = 300
    lists: int = 3
    days: float = 3.0
    seed: int = 1
    moves: float = 20.0
    faults: float = 4.0
    keep: int = 7
    proved: float = 0.0
    watch: float = 5.0
    rest: float = 24.0
    minutes: float = 0.0
    accounts: int = 3
    kinds: tuple[str, ...] = ()
    apart: str = ""


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """A day as it ended: runs, things that happened and sends so far, seconds of a processor, bytes of the store and of
    this process's memory, the Python objects in it; promises broken, calls that a limit refused, and of the fullest
    window how much of its limit was used, each so far."""

    number: int
    runs: int
    moves: int
    sends: int
    cpu: float
    store: int
    memory: int
    objects: int
    broken: int
    refused: int
    fullest: float


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """What a month came to. `broken`: every promise that was, in words; `peaks`: by limit the fullest window, and the
    limit; `ended`: how runs ended, by kind and status; `compared`: members who were looked up in the book of their list
    at the end; `shrunk`: the store once all of the month is forgotten."""

    asked: Asked
    broken: tuple[str, ...]
    days: tuple[Day, ...]
    runs: dict[str, int]
    ended: dict[str, int]
    cpu_by_kind: dict[str, float]
    moves: int
    faults: int
    sends: int
    mailed: int
    looks: int
    compared: int
    peaks: dict[str, tuple[float, float]]
    seconds: float
    cpu: float
    store: int
    shrunk: int


class Month:
    """See the module. `say` is told of every day's end."""

    def __init__(self, asked: Asked, folder: Path, say: Callable[[str], None]) -> None:
        self.asked, self._folder, self._say = asked, folder, say
        self.chance = random.Random(f"month/{asked.seed}")
        self.world: World = new_world(folder, asked.people, asked.lists, asked.seed, asked.accounts)
        self._services = 0
        self.office = self._service()
        connect(self.office, self.world, asked.apart)
        self.movement = Movement(self.world, asked.seed)
        self.watched = Watched(self.office)
        self.broken: list[str] = []
        self.runs: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()
        self.cpu_by_kind: Counter[str] = Counter()
        self.compared: Counter[str] = Counter()
        self.days: list[Day] = []
        self.sends = self.mailed = self.looks = 0
        self._moves_due = self._faults_due = 0.0
        self._sent: dict[tuple[str, int], None] = {}
        # How many more calls until this service dies; 0: it does not.
        self._dies_after, self._at_work = 0, False
        self._let_things_happen()

    def close(self) -> None:
        self.watched.close()
        self.office.close()
        self.world.close()

    # -- the service -------------------------------------------------------------------------------------------------

    def _service(self) -> Office:
        office = Office(self.world.dynamics, self._folder, trust=Rule(first_days=self.asked.proved))
        self._services += 1
        office.number_from(self._services * 10_000_000)
        return office

    def _restart(self) -> None:
        """Whatever is queued or was in hand goes on in the next one."""
        self.watched.close()
        self.office.close()
        self.office = self._service()
        info = self.world.dynamics.info
        self.office.wait(self.office.secrets.set(DATAVERSE_SECRET, info["client_secret"]))
        with self.office.db.read() as c:
            known = accounts.accounts(c)
        for each in known:
            self.office.wait(self.office.secrets.set(account_secret(each.id), info["api_password"]))
        self.office.engine.start()
        self.watched = Watched(self.office)

    def _let_things_happen(self) -> None:
        """Before any call of dyntui's somebody may do something, and the service may die."""
        wire = self.world.dynamics._wire
        arrive = wire.arrive

        def arrived(request: httpx.Request, body: bytes) -> Any:
            if (request.url.port or 0) % 10 != _CONTROL:
                if self._moves_due >= 1 and self.chance.random() < 0.05:
                    self._move_once()
                if self._dies_after and self._at_work:
                    self._dies_after -= 1
                    if not self._dies_after:
                        raise asyncio.CancelledError
            return arrive(request, body)

        wire.arrive = arrived  # type: ignore[method-assign]

    # -- time --------------------------------------------------------------------------------------------------------

    def play(self) -> Ended:
        """All of it."""
        began, cpu = time.monotonic(), time.process_time()
        self._say(f"set up after {cpu:.0f} s of a processor")
        start = self.world.now()
        end = start + timedelta(days=self.asked.days)
        restarts = [
            (start + timedelta(days=self.asked.days * part), dies) for part, dies in ((1 / 3, False), (2 / 3, True))
        ]
        day, morning = 0, start
        while (now := self.world.now()) < end and not self._out_of_time(began):
            if now >= morning:
                day += 1
                self._day_begins(day, cpu)
                morning += timedelta(days=1)
            if restarts and now >= restarts[0][0]:
                _, dies = restarts.pop(0)
                self._ends_and_begins(dies)
            self._until(min(self._next_due(), morning, end))
            self._carry_out_what_is_due()
        self._comes_to_rest()
        store = used_bytes(self.office)
        return self._ended(time.monotonic() - began, time.process_time() - cpu, store)

    def _out_of_time(self, began: float) -> bool:
        return 0 < 60 * self.asked.minutes < time.monotonic() - began

    def _next_due(self) -> datetime:
        """When a schedule has something to start, in whole minutes as its timer looks."""
        now = self.world.now()
        with self.office.db.read() as c:
            every = schedules.schedules(c)
        due = [next_run(each.schedule, each.last_start, now) for each in every]
        return max(min((each for each in due if each is not None), default=now), now + timedelta(minutes=1))

    def _until(self, moment: datetime) -> None:
        """People move, and the watch looks, until then."""
        before = self.world.now()
        days = (moment - before).total_seconds() / 86_400
        self._moves_due += days * self.asked.moves * self.asked.people / 1000
        self._faults_due += days * self.asked.faults
        while self._faults_due >= 1 or (self._faults_due > 0 and self.chance.random() < self._faults_due):
            self._faults_due -= 1
            self.movement.break_something()
        for part in range(1, 5):
            here = before + (moment - before) * part / 4
            while self._moves_due >= 1 and self.chance.random() < 0.9:
                self._move_once()
            if self.asked.watch:
                self._watch(here)
            else:
                self.world.dynamics.time.skip_to(here)

    def _move_once(self) -> None:
        self._moves_due -= 1
        self.movement.happen()

    def _watch(self, moment: datetime) -> None:
        """It looks every minute in a service; of these looks the simulation makes one in some minutes."""
        while self.watched.due <= moment:
            self.world.dynamics.time.skip_to(self.watched.due)
            self.watched.look()
            self.looks += 1
            self.watched.due = max(self.watched.due, self.world.now() + timedelta(minutes=self.asked.watch))
        self.world.dynamics.time.skip_to(moment)

    def _carry_out_what_is_due(self) -> None:
        self.office.look_at_schedules()
        self._drain()

    def _drain(self) -> None:
        """One run after the other, each looked at when it has ended."""
        engine = self.office.engine
        chunk = engine._chunk

        def timed(run_id: str) -> str:
            kind, began = self.office.run_of(run_id).kind, time.process_time()
            self._at_work = True
            try:
                return chunk(run_id)
            finally:
                self._at_work = False
                self.cpu_by_kind[kind] += time.process_time() - began

        engine._chunk = timed
        try:
            done = engine.drain()
        except concurrent.futures.CancelledError:
            self.movement.told.append("the service dies")
            self._dies_after = 0
            self._restart()
            self._drain()
            return
        finally:
            engine._chunk = chunk
        for run_id in done:
            run = self.office.run_of(run_id)
            self.runs[run.kind] += 1
            self.ended[f"{run.kind} {run.status} {run.error_code}".strip()] += 1
            if wrong := promises.broken_by(run):
                self._is_broken(wrong)

    def _is_broken(self, what: str) -> None:
        self.broken.append(f"{self.world.now():%Y-%m-%d %H:%M}: {what}")
        self._say(f"BROKEN {self.broken[-1]}")

    # -- days --------------------------------------------------------------------------------------------------------

    def _day_begins(self, day: int, cpu: float) -> None:
        """Faults of the day before are over; somebody decides what is held and sends; old runs are forgotten."""
        self.movement.mend()
        promises.remember_who_left(self.world)
        self._decide()
        self.office.wait(forget(self.office.resources, timedelta(days=self.asked.keep)))
        if day % 3 == 2:
            for account in self.world.accounts:
                self._send(account, day)
        for wrong in promises.consent_is_kept(self.world, self.movement):
            self._is_broken(wrong)
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        peaks = self.world.peaks
        last = Day(
            number=day - 1,
            runs=self.runs.total(),
            moves=self.movement.edits,
            sends=self.sends,
            cpu=round(time.process_time() - cpu, 1),
            store=used_bytes(self.office),
            memory=pages * _PAGE,
            objects=len(gc.get_objects()),
            broken=len(self.broken),
            refused=self.world.refused(),
            fullest=max((most / peaks.limits[name] for name, most in peaks.most.items()), default=0.0),
        )
        self.days.append(last)
        self._say(
            f"day {last.number}: {last.runs:,} runs, {last.moves:,} moves, {last.sends} sends, {last.cpu:,.0f} s of a"
            f" processor, store {last.store / 1e6:.1f} MB, memory {last.memory / 1e6:.0f} MB, {last.objects:,}"
            f" objects; {last.broken} promises broken, {last.refused} calls refused, fullest window {last.fullest:.0%}"
        )

    def _decide(self, *, all_of_it: bool = False) -> None:
        """What the guard holds."""
        for each in self.office.held():
            try:
                self.office.decide_held(each.list_id, remove=all_of_it or self.chance.random() < 0.8)
            except DyntuiError as error:
                self.movement.told.append(f"not decided: {error.code}")

    def _send(self, account: str, day: int) -> None:
        """A campaign to one or two lists of an account, by whoever may; nobody else does anything meanwhile."""
        state = self.world.accounts[account].state
        name = f"Month {account} {day}"
        number = bulk_load.campaign(state, name, name, _HTML, "Month http://$UNSUB$", from_name="Month")
        with self.movement.still():
            self.office.start("campaigns", account=account)
            self._drain()
            own = [symbol for symbol, each in self.world.account_of.items() if each == account]
            targets = self.chance.sample(own, min(len(own), self.chance.randint(1, 2)))
            list_ids = tuple(self.world.hands[MAIN].lists[each] for each in targets)
            office = self.office
            try:
                office.wait(office._campaigns.change_targets(office.context, ChangeTargets(id=number, add=list_ids)))
                campaign = office.wait(office._campaigns.get(office.context, CampaignRef(number))).row
                count = office.count(campaign)
                closed = promises.must_not_be_mailed(self.world)
                gone = [promises.left(self.world, account, self.movement.book(each)) for each in targets]
                queued = office.queue_send(count)
            except DyntuiError as error:
                self.movement.told.append(f"not sent: {error.code} {error}")
                self.ended[f"send not begun {error.code}"] += 1
                return
            self._sent[account, number] = None
            self._drain()
            self.world.dynamics.advance(120)
            mailed = promises.mails(self.world, account, number)
        self.sends += self.office.send_row(queued.id).state == "Sent"
        self.mailed += len(mailed)
        if wronged := sorted(set(mailed) & (closed | set.intersection(*gone))):
            self._is_broken(f"{len(wronged)} opted out and were mailed {name}: {wronged[:3]}")
        if len(mailed) > count.sendable:
            self._is_broken(f"{name} went to {len(mailed)}, and {count.sendable} were counted")

    def _ends_and_begins(self, dies: bool) -> None:
        """In order, with runs in its queue, or in the middle of one of them."""
        self.movement.told.append(f"the service ends: {'killed' if dies else 'in order'}")
        if dies:
            self._dies_after = self.chance.randint(20, 200)
        else:
            self.office.look_at_schedules()
            self._restart()

    # -- the end -----------------------------------------------------------------------------------------------------

    def _comes_to_rest(self) -> None:
        """Nobody moves any more: schedules go on for a while; then both sides agree, and more runs write nothing."""
        self._moves_due, self.asked = 0.0, msgspec.structs.replace(self.asked, moves=0.0, faults=0.0)
        self._dies_after = 0
        self.movement.mend()
        for each in self.world.accounts.values():
            each.switch(dotdigital={"audience": False})
        quiet = self.world.now() + timedelta(hours=self.asked.rest)
        while self.world.now() < quiet:
            self._decide(all_of_it=True)
            self._until(self._next_due())
            self._carry_out_what_is_due()
        self._say(f"movement has stopped, {self.runs.total():,} runs; {time.process_time():,.0f} s of a processor")
        # Whatever says only what changed is proved once a day.
        self.world.dynamics.advance(_A_DAY_AND_A_BIT)
        for _ in range(2):
            for kind in self.asked.kinds or EVERY_KIND:
                for account in self.world.accounts:
                    self._run(kind, account)
        for account in self.world.accounts:
            for kind in self.asked.kinds or EVERY_KIND:
                before = self._writes()
                run = self._run(kind, account)
                written = self._writes() - before
                if run.error_code or written:
                    self._is_broken(
                        f"{kind} of {account} is not at rest: {run.status} {run.error_code} {dict(written)}"
                    )
        promises.remember_who_left(self.world)
        every = (
            promises.consent_is_kept(self.world, self.movement),
            promises.everybody_has_one_outcome(self.world, self.office),
            promises.both_sides_agree(self.world, self.movement, self.office, self.compared),
            self._nobody_was_mailed_twice(),
            self._budgets_were_kept(),
        )
        for check in every:
            for wrong in check:
                self._is_broken(wrong)

    def _run(self, kind: str, account: str) -> runs.Run:
        # As a schedule does: by hand, whom dotdigital has refused would be offered once more with every run.
        run_id = self.office.start(kind, account=account, scheduled=True)
        self._drain()
        return self.office.run_of(run_id)

    def _writes(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for name, sandbox in self.world.accounts.items():
            for each in sandbox.control.get("/calls").json():
                if each["writes"]:
                    found[f"{name} {each['method']} {each['route']}"] += each["writes"]
        return found

    def _nobody_was_mailed_twice(self) -> Any:
        for account, number in self._sent:
            twice = [each for each, times in Counter(promises.mails(self.world, account, number)).items() if times > 1]
            if twice:
                yield f"{len(twice)} were mailed campaign {number} of {account} twice: {twice[:3]}"

    def _budgets_were_kept(self) -> Any:
        if refused := self.world.refused():
            yield f"{refused} calls were refused by a limit"
        for name, most in self.world.peaks.most.items():
            if most > self.world.peaks.limits[name]:
                yield f"{name}: {most}, allowed are {self.world.peaks.limits[name]}"

    def _ended(self, seconds: float, cpu: float, store: int) -> Ended:
        self.world.dynamics.advance(86_400 * (self.asked.keep + 1))
        self.office.wait(forget(self.office.resources, timedelta(days=self.asked.keep)))
        return Ended(
            asked=self.asked,
            broken=tuple(self.broken),
            days=tuple(self.days),
            runs=dict(self.runs),
            ended=dict(sorted(self.ended.items())),
            cpu_by_kind={kind: round(spent, 1) for kind, spent in self.cpu_by_kind.most_common()},
            moves=self.movement.edits,
            faults=self.movement.faults,
            sends=self.sends,
            mailed=self.mailed,
            looks=self.looks,
            compared=self.compared.total(),
            peaks={
                name: (round(most, 1), self.world.peaks.limits[name]) for name, most in self.world.peaks.most.items()
            },
            seconds=round(seconds, 1),
            cpu=round(cpu, 1),
            store=store,
            shrunk=used_bytes(self.office),
        )


def play(asked: Asked, folder: Path, say: Callable[[str], None] = lambda line: None) -> tuple[Ended, list[str]]:
    """A month, and the last of what happened in it."""
    with closing(Month(asked, folder, say)) as month:
        return month.play(), list(month.movement.told)
