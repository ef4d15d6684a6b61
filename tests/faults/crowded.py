"""Histories of two email accounts and three lists that share people, in which several runs are at work at once.

While people do what `tests.faults.shared_lists` says, a plan is made now and carried out later, runs are undone,
campaigns of both accounts are sent; two workers carry out what is queued side by side; calls fail and runs are let go
meanwhile, and people opt out before any call. Whatever happens, nobody is mailed against their will, everybody is
accounted for, values become what the rule says, every change tells what was there before, one plan is as the other
where nothing has happened, and in the end nothing is left to write.
`make sim KINDS=crowded` plays many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import RunStatus
from dyntui.service.contract.plans import PlanDetail
from dyntui.service.contract.runs import RunDetail
from dyntui.service.contract.sends import SendRow
from dyntui.service.contract.target_counts import CountTargets, TargetCount
from tests.faults.history import Ended, is_away, trust_in
from tests.faults.job import office_from
from tests.faults.restless import watched
from tests.faults.shared_lists import SharedLists
from tests.faults.side_by_side import TwoWorkers
from tests.faults.values import Values
from tests.month import promises
from tests.month.world import MAIN, Peaks, World

STEPS = 8
_ROUNDS = 4
_KINDS = ("lists", "lists", "suppressions", "address-books", "campaigns", "opt-in")
_REFUSED = (
    "PLAN_APPLIED",
    "PLAN_FAILED",
    "NO_PLAN",
    "NOTHING_TO_UNDO",
    "RUN_NOT_UNDONE",
    "LIST_NOT_ACTIVATED",
    "ALREADY_RUNNING",
)


class CrowdedHistory(SharedLists):
    """See the module. `plans`: what can be carried out; `to_undo`: runs; `values`: what the names of people must
    become."""

    def __init__(self, office: TwoWorkers, seed: int) -> None:
        self.plans: list[PlanDetail] = []
        self.to_undo: list[str] = []
        super().__init__(office, seed)
        office.engine.chance.seed(seed)
        self.world = World({MAIN: office.sandbox, self.second.name: self.second.sandbox}, {}, {}, Peaks())
        self.lists = {self.newsletter: MAIN, self.other: MAIN, self.elsewhere: self.second.name}
        books = {each: office.book_of(each) for each in self.lists}
        self.values = Values(self.world, books, self.lists, self.rule)
        self.steps = [
            (2, self.opts_out_in_dynamics),
            (1, self.opts_in_again_in_dynamics),
            (2, self.unsubscribes),
            (1, self.unsubscribes_from_the_list),
            (2, self.unsubscribes_elsewhere),
            (1, self.is_suppressed_in_dynamics),
            (2, self.moves_to_another_address),
            (1, self.joins_or_leaves),
            (1, self.is_merged),
            (3, self.changes_in_dotdigital),
            (3, self.is_renamed_in_dynamics),
            (2, self.joins_another_list),
            (1, self.time_passes),
            (3, self.something_fails),
            (4, self.somebody_synchronises),
            (2, self.a_plan_is_made),
            (2, self.a_plan_is_carried_out),
            (1, self.a_run_is_undone),
            (3, self.somebody_counts),
            (4, self.somebody_sends),
            (5, self.several_at_once),
        ]

    # -- what dyntui does --------------------------------------------------------------------------------------------

    def account(self) -> str:
        return self.chance.choice((MAIN, MAIN, self.second.name))

    def runs(self, sync_type: str, account: str = MAIN) -> RunDetail:
        """A run by itself: names become what the rule makes of them, and it tells what was there before."""
        before = self.values.now()
        run = self.office.run(sync_type, account=account)
        self.told.append(f"run {sync_type} of {account}: {run.run.status} {run.run.error_code}")
        self.adds_up(run)
        self.values.told_before(before, run, self.office)
        if sync_type == "lists":
            self.values.merged(before, run, account, self.office)
        return run

    def adds_up(self, run: RunDetail) -> None:
        super().adds_up(run)
        assert run.run.status.ended, f"{run.run.kind} {run.run.id} has not ended: {run.run.status}"

    def somebody_synchronises(self) -> None:
        self.runs(self.chance.choice(_KINDS), self.account())

    def a_plan_is_made(self) -> None:
        account = self.account()
        try:
            made, calls = self.office.calls_between(lambda: self.office.plan_of("lists", account=account))
        except DyntuiError as refused:
            self.refused("plan", refused)
            return
        assert not [each for each in calls if each["writes"]], "a plan wrote"
        self.told.append(f"plan of {account}: {made.run.status}")
        if self.chance.random() < 0.4:
            self.one_plan_is_as_the_other(account)
        self.plans.append(made)

    def one_plan_is_as_the_other(self, account: str) -> None:
        """Nothing fails and nothing happens between the two."""
        made: list[PlanDetail] = []

        def make() -> None:
            made.extend(self.office.plan_of("lists", account=account) for _ in range(2))

        self.unharmed(make)
        if all(each.run.status is RunStatus.COMPLETED for each in made):
            assert made[0].plan.digest == made[1].plan.digest, f"two plans of the same differ: {made}"

    def a_plan_is_carried_out(self) -> None:
        if not self.plans:
            self.a_plan_is_made()
        if not self.plans:
            return
        plan = self.plans.pop(self.chance.randrange(len(self.plans)))
        before = self.values.now()
        try:
            done = self.office.apply(plan)
        except DyntuiError as refused:
            self.refused("apply", refused)
            return
        self.told.append(f"apply: {done.run.status} {done.run.error_code}")
        self.adds_up(done)
        self.values.told_before(before, done, self.office)
        self.values.forget()
        self.to_undo.append(done.run.id)

    def a_run_is_undone(self) -> None:
        if not self.to_undo:
            self.to_undo.append(self.runs("lists", self.account()).run.id)
        self.values.forget()
        try:
            done = self.office.undo(self.to_undo.pop())
        except DyntuiError as refused:
            self.refused("undo", refused)
            return
        self.told.append(f"undo: {done.run.status} {done.run.error_code}")
        self.adds_up(done)

    def refused(self, what: str, error: DyntuiError) -> None:
        self.told.append(f"{what} refused: {error.code}")
        if not is_away(error) and error.code not in _REFUSED:
            raise AssertionError(f"{what} refused: {error.code} {error.message}")

    def several_at_once(self) -> None:
        """Kinds of both accounts, a plan that is carried out and sends, as they come."""
        started = dict.fromkeys(self._start_some(self.chance.randint(2, 4)))
        sends = (
            [each for each in (self._queue_one(beside_another=False),) if each] if self.chance.random() < 0.5 else []
        )
        self._at_once([*started, *(each.run for each in sends)], sends)

    def _start_some(self, many: int) -> Iterable[str]:
        for kind, account in {(self.chance.choice(_KINDS), self.account()): None for _ in range(many)}:
            yield self.office.start(kind, account=account)
        if self.plans and self.chance.random() < 0.3:
            plan = self.plans.pop(self.chance.randrange(len(self.plans)))
            try:
                yield self.office.start_apply(plan)
            except DyntuiError as refused:
                self.refused("apply", refused)

    def _at_once(self, started: list[str], sends: list[SendRow]) -> None:
        self.told.append(f"at once: {[self.office.run_of(each).title for each in started]}")
        # What happens meanwhile is not to be told from what was there before.
        self.values.forget()
        self.left = self.chance.randint(0, 4)
        self.office.meanwhile = lambda: self.happens(0.15)
        self.office.engine.drain()
        self.office.meanwhile = lambda: None
        self.left = 0
        for run_id in started:
            run = self.office.detail(run_id)
            self.told.append(f"   {run.run.title}: {run.run.status} {run.run.error_code}")
            self.adds_up(run)
        for each in sends:
            self._has_been_sent(self.office.send_row(each.id))
        self.nobody_is_wronged()

    # -- sends -------------------------------------------------------------------------------------------------------

    def somebody_counts(self) -> None:
        number = self.chance.choice(self.campaigns)
        try:
            count = self.office.wait(self.office._sending.count(self.office.context, CountTargets(id=number)))
        except DyntuiError as refused:
            self.told.append(f"count refused: {refused.code}")
            assert is_away(refused) or refused.code == "CAMPAIGN_NOT_SENDABLE", refused
            return
        self.told.append(f"count of {number}: {count.sendable} of {count.potential}")
        assert count.potential == count.sendable + sum(each.people for each in count.excluded)
        self.counts.append(count)

    def _queue_one(self, *, beside_another: bool) -> SendRow | None:
        if not self.counts:
            self.somebody_counts()
        if not self.counts:
            return None
        count: TargetCount = self.counts.pop(self.chance.randrange(len(self.counts)))
        try:
            return self.office.queue_send(count)
        except DyntuiError as refused:
            self.told.append(f"send refused: {refused.code}")
            # Of one campaign only one send is under way.
            twice = ("ALREADY_RUNNING",) if beside_another else ()
            known = ("SEND_NO_RECIPIENTS", "COUNT_UNKNOWN", "COUNT_TAKEN", "CAMPAIGN_NOT_SENDABLE", *twice)
            assert is_away(refused) or refused.code in known, refused
            return None

    def somebody_sends(self) -> None:
        """One campaign or two at once, of whichever account."""
        sends: list[SendRow] = []
        for _ in range(self.chance.choice((1, 2))):
            if (queued := self._queue_one(beside_another=bool(sends))) is not None:
                sends.append(queued)
        self._at_once([each.run for each in sends], sends)

    def _has_been_sent(self, sent: SendRow) -> None:
        self.told.append(f"   send of {sent.campaign}: {sent.standing}, {sent.sendable} of {sent.potential}")
        assert sent.potential == sent.sendable + sum(each.people for each in sent.excluded)
        self.sends += sent.state == "Sent"

    def nobody_is_wronged(self) -> None:
        """Of what was mailed since the last time, in both accounts."""
        closed = promises.must_not_be_mailed(self.world)
        for name, sandbox in self.world.accounts.items():
            mails = sandbox.control.get("/mailed").raise_for_status().json()
            times = Counter((mail["campaign_id"], mail["address"]) for mail in mails)
            assert max(times.values(), default=1) == 1, f"somebody was mailed twice in {name}"
            for mail in mails:
                if (mail["send_id"], mail["address"]) in self.seen or mail["campaign_id"] not in self.meant_for:
                    continue
                self.seen.add((mail["send_id"], mail["address"]))
                self._was_wanted(mail, closed)

    def _was_wanted(self, mail: dict[str, Any], closed: set[str]) -> None:
        address, number = mail["address"], mail["campaign_id"]
        left = address in self.left_the_list and self.meant_for[number] == self.newsletter
        if not (address in closed or left or mail["suppressed_at_send"]):
            return
        # What somebody wishes after the last look began is too late for this one.
        looks = [each for each in self.looks.get(number, []) if each <= datetime.fromisoformat(mail["sent_on"])]
        if not looks or address not in self.when or self.when[address] < looks[-1]:
            raise AssertionError(f"{address} was mailed {mail}, wished {self.when.get(address)}, looks {looks}")

    # -- the end -----------------------------------------------------------------------------------------------------

    def play(self, steps: int) -> None:
        """As many steps, and then everything comes to an end in peace."""
        self.go_on(steps)
        self.unharmed(lambda: None)
        self.office.sandbox.reset()
        self.office.let_pass(hours=25)
        self.nobody_is_wronged()
        self.comes_to_rest()
        self.names_change()
        self.comes_to_rest()
        self.somebody_counts()
        self.somebody_sends()
        self.comes_to_rest()
        self.values.agree(self.office)

    def comes_to_rest(self) -> None:
        """What one account brings to Dynamics the other one takes from there; then there is nothing left to write."""
        for _ in range(_ROUNDS):
            self.office.until_told()
            before = self._writes()
            again = [self.runs("lists", name) for name in self.world.accounts]
            written = self._writes() - before
            if not written:
                break
        assert not written, f"after {_ROUNDS} synchronisations one still wrote {written}"
        for each in again:
            # What was undone or held waits for a decision.
            calm = (RunStatus.COMPLETED, RunStatus.COMPLETED_WITH_ERRORS, RunStatus.HELD)
            assert each.run.status in calm, f"{each.run.status} {each.run.error_code} {each.run.error}"

    def _writes(self) -> Counter[str]:
        return Counter(
            {
                f"{name} {each['method']} {each['route']}": each["writes"]
                for name, sandbox in self.world.accounts.items()
                for each in sandbox.control.get("/calls").raise_for_status().json()
            }
        )


def play(seed: int, kept: Path, folder: Path, steps: int = STEPS) -> Ended:
    """Plays a history. Raises AssertionError with all that happened where something was wrong."""
    with office_from(kept, folder, TwoWorkers, trust=trust_in(seed)) as office:
        history = CrowdedHistory(office, seed)
        office.interrupt(seed, often=0.4)
        try:
            with watched(history):
                history.play(steps)
        except Exception as wrong:
            wrong.add_note("\n".join(history.told))
            raise
        finally:
            history.second.sandbox.stop()
        history.told.append(f"at once {office.engine.most}, had to wait {office.engine.put_back} times")
        return Ended(tuple(history.told), history.sends, office.sandbox.time.seconds(), office.digest())
