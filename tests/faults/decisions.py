"""Histories of plans and decisions: whole parts of a list leave by accident and come back, removals are held, approved
and discarded, plans are made and carried out later, workers are taken for dead, suppressions end and begin again.

Nobody leaves an address book by accident without a decision, a decision is about those whom it was about and ends with
its facts, a plan changes nothing, and carrying it out changes what it names and nothing else. The store is new at the
beginning: its first reading of everything is disturbed, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.model.plans import REMOVE, UPDATE, PlannedChange
from dyntui.sandbox.dotdigital import storage, suppressions
from dyntui.service.contract import plans
from dyntui.service.contract.runs import RunDetail
from dyntui.store import runs
from tests.faults.history import Ended, History, trust_in
from tests.faults.job import LIST, again, office_from
from tests.faults.restless import Restless
from tests.oracle.addresses import spelled_in
from tests.oracle.comparing import LIVE
from tests.oracle.rows import Snapshot, snapshot
from tests.scenarios.office import writes

STEPS = 24
# As the specification says: more than so many, and more than such a share, wait for a decision.
_MANY, _SHARE = 10, 0.10
_KEPT = "kept in the address book by "

Plan = tuple[plans.PlanDetail, dict[str, PlannedChange]]


class DecidingHistory(History):
    """See the module. `unsettled`: people and addresses to whom something else happened than leaving, coming back and
    being renamed: what becomes of them is not looked at here. `approved`, `kept`: whom a decision is about."""

    def __init__(self, office: Restless, seed: int) -> None:
        self.unsettled: set[str] = set()
        self.approved: set[str] = set()
        self.kept: set[str] = set()
        self.plans: list[Plan] = []
        super().__init__(office, seed)
        late = self.chance.choice((0.0, 5400.0))
        self.told.append(f"suppressions show {late} s late")
        office.sandbox.switch(dotdigital={"late_suppressions_seconds": late})
        self.steps = [
            (1, self.opts_out_in_dynamics),
            (1, self.unsubscribes),
            (1, self.unsubscribes_from_the_list),
            (2, self.is_suppressed_in_dynamics),
            (1, self.moves_to_another_address),
            (4, self.is_renamed),
            (3, self.many_leave),
            (2, self.many_come_back),
            (1, self.time_passes),
            (2, self.something_fails),
            (4, lambda: self.runs("lists")),
            (4, self.somebody_plans),
            (4, self.somebody_applies),
            (5, self.somebody_decides),
            (1, self.another_worker_takes_over),
            (1, self.subscribes_again_and_thinks_better_of_it),
        ]

    def begin(self) -> None:
        again(self.office, lambda: self.office.activated(LIST))
        # Whoever was suppressed long ago is named by the first reading alone.
        fault = {
            "system": self.chance.choice(("dotdigital", "dotdigital", "dataverse")),
            "kind": self.chance.choice(("drop_before", "drop_after", "truncate")),
            "route": self.chance.choice(("suppressed-since", "")),
            "times": self.chance.randint(1, 3),
            "after": self.chance.randint(0, 2),
        }
        self.told.append(f"fault {fault}")
        self.office.sandbox.order(fault)
        run = self.office.run("lists")
        self.told.append(f"first run: {run.run.status} {run.run.error_code}")
        self.adds_up(run)

    def new_campaigns(self) -> list[int]:
        return []

    # -- what people do ----------------------------------------------------------------------------------------------

    def change(self, person: str, **values: object) -> None:
        self.unsettled |= {person, self.members[person]}
        super().change(person, **values)

    def moves_to_another_address(self) -> None:
        before = dict(self.members)
        super().moves_to_another_address()
        self.unsettled |= {self.members[each] for each in before if self.members[each] != before[each]}

    def _unsubscribe(self, address: str, **where: object) -> bool:
        self.unsettled.add(address)
        return super()._unsubscribe(address, **where)

    def is_suppressed_in_dynamics(self) -> None:
        super().is_suppressed_in_dynamics()
        self.unsettled |= self.suppressed_in_dynamics

    def is_renamed(self) -> None:
        for person in self.chance.sample(sorted(self.members), 3):
            self.told.append(f"{person} is renamed")
            self.office.change_in_dynamics("contact", person, firstname=f"New{len(self.told)}")

    def many_leave(self) -> None:
        """By accident: somebody has changed what the list is made of."""
        there = self.on_the_list()
        going = [each for each in there if self.chance.random() < 0.4]
        self.told.append(f"{len(going)} of {len(there)} leave")
        self.unharmed(lambda: self.office.leave(self.newsletter, going))

    def some_leave(self) -> None:
        """Too few to wait for a decision."""
        there = self.on_the_list()
        going = self.chance.sample(there, min(3, len(there)))
        self.told.append(f"{going} leave")
        self.unharmed(lambda: self.office.leave(self.newsletter, going))

    def many_come_back(self) -> None:
        gone = sorted(set(self.members) - set(self.on_the_list()))
        active = {each.key[1] for each in self.rows().records.values() if each.state == 0}
        self.told.append(f"{len(gone)} come back")
        self.unharmed(lambda: self.office.join(self.newsletter, [each for each in gone if each in active]))

    def subscribes_again_and_thinks_better_of_it(self) -> None:
        """The second decision falls while dyntui acts on the first."""
        suppressed = sorted(
            (each.id, each.address) for each in self.rows().contacts.values() if each.status == "Unsubscribed"
        )
        if not suppressed:
            return
        contact, address = self.chance.choice(suppressed)
        self.told.append(f"{address} subscribes again")
        self.unsettled.add(address)
        state = self.office.sandbox.state
        with state.transaction():
            suppressions.lift(state, contact, None, storage.now(state))
        self.office.let_pass(hours=25)
        self.office.sandbox.order(
            {"system": "dataverse", "kind": "status", "status": 503, "times": 2, "after": self.chance.randint(0, 8)}
        )
        later = [lambda: self._unsubscribe(address)]
        self.office.meanwhile = lambda: later.pop()() if later else None
        self.runs("suppressions")
        self.office.meanwhile = lambda: None

    # -- what dyntui does --------------------------------------------------------------------------------------------

    def rows(self) -> Snapshot:
        self.office.sandbox.control.get("/state").raise_for_status()
        return snapshot(lambda query: self.office.sandbox.state.db.execute(query).fetchall())

    def on_the_list(self) -> list[str]:
        return sorted(person for _, person in self.rows().lists[self.newsletter].members)

    def runs(self, sync_type: str) -> RunDetail:
        before = self.rows()
        run = super().runs(sync_type)
        if sync_type == "lists":
            self.nobody_left_by_accident(before, run)
        return run

    def nobody_left_by_accident(self, before: Snapshot, run: RunDetail) -> None:
        if run.run.status is RunStatus.FAILED or any(each.status is RunStatus.FAILED for each in run.items):
            return
        after, people = self.rows(), self.office.people(run.run.id)
        was, remains = before.in_book(self.book), after.in_book(self.book)
        settled = [each for each in people if not {each.person, each.address} & self.unsettled]
        gone = {
            each.person
            for each in settled
            if each.outcome is Outcome.REMOVED and each.address in was and each.address not in remains
        }
        undecided = gone - self.approved
        assert len(undecided) <= max(_MANY, _SHARE * len(was)), f"{len(undecided)} left the book without a decision"
        for each in settled:
            if each.outcome is Outcome.HELD:
                assert each.address in remains or each.address not in was, f"{each} is held, and out of the book"
            if each.detail.startswith(_KEPT):
                assert each.person in self.kept, f"nobody has decided to keep {each}"
        # Who belongs into the book again has outlived every decision about them.
        belongs = {person for _, person in before.lists[self.newsletter].members} - self.unsettled
        self.approved -= belongs
        self.kept -= belongs

    def somebody_decides(self) -> None:
        waits = next((each for each in self.office.held() if each.list == self.newsletter), None)
        if waits is None:
            return
        shown = [each.person for each in self.office.people(waits.run) if each.outcome is Outcome.HELD]
        some = [] if self.chance.random() < 0.6 else [each for each in shown if self.chance.random() < 0.5]
        remove = self.chance.random() < 0.5
        if self.chance.random() < 0.4:
            self.many_come_back()
        before = self.rows()
        try:
            decided = self.office.decide_held(self.newsletter, *some, remove=remove)
        except DyntuiError as refused:
            assert refused.code == "NOTHING_HELD"
            return
        self.told.append(f"{'removed' if remove else 'kept'}: {decided.people} of {len(shown)}")
        (self.approved if remove else self.kept).update(some or shown)
        (self.kept if remove else self.approved).difference_update(some or shown)
        if decided.run is not None:
            run = self.office.detail(decided.run.id)
            self.adds_up(run)
            self.nobody_left_by_accident(before, run)

    def another_worker_takes_over(self) -> None:
        """And dies; the one that was taken for dead may change nothing more. Later somebody goes on."""
        taken: list[runs.Run | None] = []
        run_id = self.office.start("lists")

        def take_over() -> None:
            if not taken:
                with self.office.db.write() as c:
                    claim = runs.claim(c, run_id, self.office.resources.now())
                    taken.append(runs.get(c, run_id) if claim else None)

        before = self.rows()
        self.office.meanwhile = take_over
        self.office.engine.drain()
        self.office.meanwhile = lambda: None
        run = self.office.run_of(run_id)
        claimed = taken[0] if taken else None
        self.told.append(f"run lists, taken over: {claimed and claimed.attempt}, {run.attempt}")
        if claimed is not None and run.attempt == claimed.attempt:
            assert run == claimed, f"a worker that was taken for dead went on: {run}"
        self.office.engine.sweep()
        self.office.engine.drain()
        ended = self.office.detail(run_id)
        self.adds_up(ended)
        self.nobody_left_by_accident(before, ended)

    # -- plans -------------------------------------------------------------------------------------------------------

    def somebody_plans(self) -> None:
        rows = self.rows()
        asked = plans.MakePlan(sync_type="lists")
        run = self.office.wait(self.office._plans.make(self.office.context, asked))
        _, calls = self.office.calls_between(self.office.engine.drain)
        assert not writes(calls), f"a plan wrote: {writes(calls)}"
        detail = self.office.detail(run.id)
        self.told.append(f"plan: {detail.run.status} {detail.run.error_code}")
        self.adds_up(detail)
        if detail.run.status is RunStatus.FAILED or any(each.status is RunStatus.FAILED for each in detail.items):
            return
        plan = self.office.wait(self.office._plans.get(self.office.context, plans.PlanRef(run.id)))
        changes = {each.person: each for each in self.office.planned(plan)}
        for each in changes.values():
            contact = rows.contact(each.address)
            settled = contact is not None and not {each.person, each.address} & self.unsettled
            if settled and each.effect == UPDATE and each.before is not None and contact is not None:
                shown, there = _first_name(each.before), _first_name(contact.data)
                assert shown == there, f"the plan shows {shown!r} as what {each.address} has, and it has {there!r}"
        self.plans.append((plan, changes))

    def somebody_applies(self) -> None:
        """Now or later; whoever was renamed or left meanwhile is not as planned any more."""
        if not self.plans:
            self.somebody_plans()
        if not self.plans:
            return
        plan, changes = self.plans.pop(self.chance.randrange(len(self.plans)))
        if self.chance.random() < 0.5:
            self.is_renamed()
        if self.chance.random() < 0.5:
            self.some_leave()
        before = self.rows()
        run = self.office.apply(plan)
        self.told.append(f"applied: {run.run.status} {run.run.error_code}")
        self.adds_up(run)
        self.nobody_left_by_accident(before, run)
        after, people = self.rows(), self.office.people(run.run.id)
        having = Counter(each.address for each in people)
        for each in people:
            if {each.person, each.address} & self.unsettled or having[each.address] > 1:
                continue
            planned, contact = changes.get(each.person), after.contact(each.address)
            if each.outcome in (Outcome.ADDED, Outcome.UPDATED):
                assert planned is not None and planned.effect != REMOVE, f"{each} was not planned"
                meant, there = _first_name(planned.after or {}), _first_name(contact.data if contact else {})
                assert there == meant, f"{each} was planned to become {meant!r} and became {there!r}"
            if each.outcome is Outcome.REMOVED and each.address in before.in_book(self.book):
                assert planned is not None and planned.effect == REMOVE, f"{each} was not planned"

    # -- the end -----------------------------------------------------------------------------------------------------

    def everything_is_known(self) -> None:
        """What dotdigital suppresses stands in Dynamics: as a row, and as a flag of whoever has the address."""
        rows = self.rows()
        told = {address for text in rows.suppressions.values() for address in spelled_in(text)}
        suppressed = {each.address for each in rows.contacts.values() if each.status not in LIVE}
        assert suppressed <= told, f"no row in Dynamics for {sorted(suppressed - told)[:5]}"
        for each in rows.records.values():
            having = set(spelled_in(each.typed[0])) & suppressed
            assert not having or each.no_bulk or each.key[0] == "account", f"{each.key} lacks the flag, has {having}"


def _first_name(fields: Mapping[str, Any]) -> str:
    """Of blanks alone dotdigital keeps nothing."""
    return (fields.get("FIRSTNAME") or "").strip()


def play(seed: int, kept: Path, folder: Path, steps: int = STEPS) -> Ended:
    """Plays a history in a world whose organisation has just been connected, as `kept`.

    Raises AssertionError with all that happened where somebody was wronged or not accounted for.
    """
    with office_from(kept, folder, Restless, trust=trust_in(seed)) as office:
        office.interrupt(seed, often=0.5)
        told: list[str] = []
        try:
            history = DecidingHistory(office, seed)
            told = history.told
            history.go_on(steps)
            office.sandbox.reset()
            office.let_pass(hours=3)
            history.runs("lists")
            history.everything_is_known()
            office.until_told()
            again, calls = office.calls_between(lambda: office.run("lists"))
            assert again.run.status is not RunStatus.FAILED
            assert not writes(calls), f"a second synchronisation wrote: {writes(calls)}"
        except AssertionError as wrong:
            wrong.add_note("\n".join(told))
            raise
        return Ended(tuple(history.told), 0, office.sandbox.time.seconds(), office.digest())
