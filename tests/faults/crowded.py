"""Histories of two lists that share people, with everything else that goes on between sends.

Records are merged, values change on both sides and are merged, a plan is made now and carried out later, runs are
undone, several kinds of run are queued at once; calls fail and runs are let go meanwhile. Whatever happens, nobody is
mailed against their will, everybody is accounted for, and in the end a second synchronisation writes nothing.
`python -m tests.faults.crowded FIRST COUNT` plays many.
"""

from __future__ import annotations

import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.sandbox.dotdigital import contact_store
from dyntui.service.contract.plans import PlanDetail
from tests.faults.history import History
from tests.faults.interrupted import Interrupted
from tests.faults.job import make_ready_to_send, new_office, office_from
from tests.scenarios.test_address_books import change_in_dotdigital, two_way

OTHER = "Alpine Club"
_AT_ONCE = ("lists", "suppressions", "address-books", "campaigns", "opt-in")
_REFUSED = ("PLAN_APPLIED", "NO_PLAN", "NOTHING_TO_UNDO", "RUN_NOT_UNDONE", "LIST_NOT_ACTIVATED", "ALREADY_RUNNING")


class CrowdedHistory(History):
    """See the module."""

    def __init__(self, office: Interrupted, seed: int) -> None:
        self.plans: list[PlanDetail] = []
        self.to_undo: list[str] = []
        super().__init__(office, seed)
        self.steps += [
            (2, self.is_merged),
            (2, self.changes_in_dotdigital),
            (2, self.is_renamed_in_dynamics),
            (2, self.joins_the_other_list),
            (2, self.a_plan_is_made),
            (2, self.a_plan_is_carried_out),
            (1, self.a_run_is_undone),
            (3, self.several_at_once),
        ]

    def begin(self) -> None:
        """Half of the newsletter's people are on another list, too, and names travel both ways."""
        office = self.office
        two_way(office, ("FIRSTNAME", "firstname"), ("LASTNAME", "lastname"))
        there = [each for each in office.members(self.job.newsletter.id) if each.outcome is not Outcome.EXCLUDED]
        other = office.activated(OTHER)
        known = {row[0] for row in office.sandbox.state.db.execute("SELECT entityid FROM dv_listmember")}
        office.join(other.id, [each.person for each in there[::2] if each.person in known])
        office.run("lists")
        self.other = other.id

    # -- what people do ----------------------------------------------------------------------------------------------

    def is_merged(self) -> None:
        loser, survivor = self.somebody(), self.somebody()
        row = self.office.sandbox.state.db.execute(
            "SELECT count(*) FROM dv_contact WHERE contactid IN (?, ?) AND merged IS NOT 1 AND statecode = 0",
            (loser, survivor),
        ).fetchone()
        if loser != survivor and row[0] == 2 and len(self.members) > 20:
            self.change(loser, merged=1, masterid=survivor, statecode=1)
            del self.members[loser]

    def changes_in_dotdigital(self) -> None:
        address = self.address()
        if contact_store.by_email(self.office.sandbox.state, address) is not None:
            change_in_dotdigital(self.office, address, FIRSTNAME=f"There{len(self.told)}")
            self.told.append(f"{address} is renamed in dotdigital")

    def is_renamed_in_dynamics(self) -> None:
        self.change(self.somebody(), firstname=f"Here{len(self.told)}")

    def joins_the_other_list(self) -> None:
        person = self.somebody()
        act = self.chance.choice((self.office.join, self.office.leave))
        self.told.append(f"{act.__name__} {person} {OTHER}")
        self.unharmed(lambda: self._quietly(act, person))

    def _quietly(self, act: Any, person: str) -> None:
        try:
            act(self.other, [person])
        except AssertionError:
            self.told.append("   Dynamics refused")

    # -- what dyntui does --------------------------------------------------------------------------------------------

    def a_plan_is_made(self) -> None:
        try:
            made, calls = self.office.calls_between(lambda: self.office.plan_of(self.chance.choice(_AT_ONCE[:1])))
        except DyntuiError as refused:
            self.refused("plan", refused)
            return
        assert not [each for each in calls if each["writes"]], "a plan wrote"
        self.told.append(f"plan: {made.run.status}")
        self.plans.append(made)

    def a_plan_is_carried_out(self) -> None:
        if not self.plans:
            self.a_plan_is_made()
        if not self.plans:
            return
        plan = self.plans.pop(self.chance.randrange(len(self.plans)))
        try:
            done = self.office.apply(plan)
        except DyntuiError as refused:
            self.refused("apply", refused)
            return
        self.told.append(f"apply: {done.run.status} {done.run.error_code}")
        self.adds_up(done)
        self.to_undo.append(done.run.id)

    def a_run_is_undone(self) -> None:
        if not self.to_undo:
            self.to_undo.append(self.runs("lists").run.id)
        try:
            done = self.office.undo(self.to_undo.pop())
        except DyntuiError as refused:
            self.refused("undo", refused)
            return
        self.told.append(f"undo: {done.run.status} {done.run.error_code}")
        self.adds_up(done)

    def refused(self, what: str, error: DyntuiError) -> None:
        self.told.append(f"{what} refused: {error.code}")
        if error.exit is not Exit.UNREACHABLE and error.code not in _REFUSED:
            raise AssertionError(f"{what} refused: {error.code} {error.message}")

    def several_at_once(self) -> None:
        kinds = self.chance.sample(_AT_ONCE, 3)
        started = [self.office.start(each) for each in kinds]
        self.office.engine.drain()
        for kind, run_id in zip(kinds, started, strict=True):
            run = self.office.detail(run_id)
            self.told.append(f"at once {kind}: {run.run.status} {run.run.error_code}")
            self.adds_up(run)

    def play(self, steps: int) -> None:
        """As many steps, and then everything comes to an end in peace."""
        self.go_on(steps)
        self.office.sandbox.reset()
        self.office.let_pass(hours=25)
        for _ in range(2):
            self.runs("lists")
        self.somebody_counts()
        self.somebody_sends()
        for _ in range(2):
            self.runs("lists")
        again, calls = self.office.calls_between(lambda: self.runs("lists"))
        # What was undone or held waits for a decision.
        assert again.run.status in (RunStatus.COMPLETED, RunStatus.COMPLETED_WITH_ERRORS, RunStatus.HELD)
        assert not [each for each in calls if each["writes"]], f"a second synchronisation wrote {calls}"


def play(seed: int, kept: Path, folder: Path, steps: int = 25) -> CrowdedHistory:
    """Plays a history. Raises AssertionError with all that happened where something was wrong."""
    with office_from(kept, folder, Interrupted) as office:
        history = CrowdedHistory(office, seed)
        office.interrupt(seed, often=0.5)
        try:
            history.play(steps)
        except Exception as wrong:
            wrong.add_note("\n".join(history.told))
            raise
        return history


def main(first: int, count: int) -> int:
    """Plays many, and says what went wrong with which seed."""
    wrong, sends, began = [], 0, time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        connected, ready = Path(name) / "connected", Path(name) / "ready"
        connected.mkdir()
        with new_office(connected):
            pass
        make_ready_to_send(connected, ready)
        for seed in range(first, first + count):
            with tempfile.TemporaryDirectory() as folder:
                try:
                    sends += play(seed, ready, Path(folder)).sends
                except Exception as error:  # noqa: BLE001 - told with its seed; the other histories go on
                    wrong.append(seed)
                    _say(f"seed {seed}: " + "".join(traceback.format_exception(error)))
            _say(f"{seed - first + 1} of {count}, {len(wrong)} wrong, {sends} sent, {time.monotonic() - began:.0f} s")
    return bool(wrong)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]), int(sys.argv[2])))
