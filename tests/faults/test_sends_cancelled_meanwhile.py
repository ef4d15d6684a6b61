"""A send that somebody cancels before any of its steps: it goes to nobody, or whoever cancels is told that it is too
late."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from dyntui.model.cursors import SendCursor
from dyntui.model.errors import DyntuiError
from dyntui.model.waves import Limits, Waves
from tests.faults.job import Job, office_from, properly_mailed
from tests.faults.meanwhile import Meanwhile
from tests.faults.test_every_step_of_handed_sends import Ticking
from tests.thorough import keeping

# Of the steps before dotdigital is asked, and of those after.
EVERY, EVERY_LATER = 9, 4
UNLIMITED = Limits(bounces=100, complaints=100, unsubscribes=100)


class Cancelling:
    """A send, and what whoever cancels it was told."""

    def __init__(self, meanwhile: Meanwhile, targeted: Path, folder: Path, *, handed: bool) -> None:
        self.said = ""
        self._meanwhile, self._targeted, self._folder, self._handed = meanwhile, targeted, folder, handed

    def before(self, step: int, *, killed: bool) -> list[bool]:
        """Cancelled before this step; for each of the steps whether dotdigital may have had the send by then."""
        folder = self._folder / f"{step} {killed}"
        with office_from(self._targeted, folder, Ticking) as office:
            count = Job(office).count()
            at = (office.sandbox.now() + timedelta(hours=3)).isoformat() if self._handed else ""
            queued = office.queue_send(count, handed=self._handed, at=at)

            def cancel() -> None:
                try:
                    self.said = office.cancel_send(queued.id).state
                except DyntuiError as refused:
                    self.said = refused.code

            kind = "hand-over" if self._handed else "send"
            with self._meanwhile.before(step, kind, office, cancel, killed=killed):
                office.engine.drain()
            self.sent = office.send_row(queued.id)
            self.status = office.detail(self.sent.run).run.status.value
            self.books = [name for name in office.book_names() if name.startswith("dyntui send")]
            self.mailed, self.count = len(properly_mailed(office.sandbox)), count.sendable
            query = "SELECT dyntui_state FROM dv_dyntui_campaignsend WHERE dyntui_campaignsendid = ?"
            row = office.sandbox.state.db.execute(query, (queued.id,)).fetchone()
            self.in_dynamics = row[0] if row else ""
        cursors = [each for each in self._meanwhile.steps if isinstance(each, SendCursor)]
        return [each.past_recall for each in cursors]

    def reached_nobody(self) -> bool:
        """It was cancelled, nothing is left of it, and both systems say so."""
        ended = (self.sent.state, self.sent.doubt, self.status, self.in_dynamics)
        return ended == ("Cancelled", "", "Cancelled", "Cancelled") and not self.books and not self.mailed

    def was_too_late(self) -> bool:
        """It went on, and whoever cancelled it knows."""
        state = "Handed over" if self._handed else "Sent"
        went_on = (self.sent.state, self.in_dynamics, self.status) == (state, state, "Completed")
        everybody = 0 if self._handed else self.count
        return self.said == "SEND_NOT_CANCELLABLE" and went_on and self.mailed == everybody

    def was_taken_back(self) -> bool:
        """dotdigital had it already, for later."""
        return self._handed and (self.said, self.sent.state, self.sent.doubt) == ("Cancelled", "Cancelled", "emptied")


@pytest.mark.parametrize("handed", [False, True])
def test_a_send_cancelled_before_dotdigital_is_asked_goes_to_nobody_and_afterwards_that_is_refused(
    handed: bool, targeted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = Cancelling(Meanwhile(monkeypatch), targeted, tmp_path, handed=handed)
    past = send.before(0, killed=False)
    asks = past.index(True)
    # The note that the request leaves is the last moment at which it can be stopped.
    for killed in (False, True):
        send.before(asks, killed=killed)
        assert send.reached_nobody() and send.said == "Preparing", (send.said, send.sent)
    send.before(asks + 1, killed=False)
    assert send.was_too_late(), (send.said, send.sent)
    # What dotdigital has and mails later is taken back, though the run that has handed it over begins its end anew.
    send.before(len(past), killed=True)
    assert send.was_taken_back() if handed else send.was_too_late(), (send.said, send.sent)


def test_a_send_that_was_cancelled_is_cancelled_also_where_it_then_stood_still_for_hours(
    targeted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile = Meanwhile(monkeypatch)
    with office_from(targeted, tmp_path, Ticking) as office:
        queued = office.queue_send(Job(office).count())

        def cancel() -> None:
            office.cancel_send(queued.id)
            office.let_pass(hours=3)

        with meanwhile.before(60, "send", office, cancel, killed=True):
            office.engine.drain()
        ended = office.send_row(queued.id)
        assert (ended.state, office.detail(ended.run).run.status.value) == ("Cancelled", "Cancelled")
        assert not properly_mailed(office.sandbox)


@pytest.mark.thorough
@pytest.mark.parametrize("killed", [False, True])
@pytest.mark.parametrize("handed", [False, True])
def test_a_send_cancelled_before_any_of_its_steps_goes_to_nobody_or_to_everybody(
    handed: bool, killed: bool, targeted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = Cancelling(Meanwhile(monkeypatch), targeted, tmp_path, handed=handed)
    past = send.before(0, killed=False)
    asks = past.index(True)
    for step in range(1, asks, EVERY):
        send.before(step, killed=killed)
        assert send.reached_nobody() and send.said in ("Queued", "Preparing"), (step, send.said, send.sent)
    for step in range(asks + 1, len(past) + 1, EVERY_LATER):
        send.before(step, killed=killed)
        assert send.was_too_late() or send.was_taken_back(), (step, send.said, send.sent)


@pytest.mark.parametrize("killed", keeping([False, True], True))
def test_waves_that_are_stopped_while_one_is_prepared_mail_nobody_more_and_name_everybody(
    killed: bool, targeted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile, asks = Meanwhile(monkeypatch), 0
    # Not at all; at the last moment at which the first wave can be stopped; and a step later.
    for step in range(3):
        with office_from(targeted, tmp_path / str(step), Ticking) as office:
            whole = office.send_in_waves(Job(office).count(), Waves(shares=(50,), limits=UNLIMITED))

            def stop(office: Ticking = office, send: str = whole.id) -> None:
                office.cancel_send(send)

            with meanwhile.before(asks + step - 1 if step else 0, "send", office, stop, killed=killed):
                office.look_at_sends()
            if not step:
                past = [isinstance(each, SendCursor) and each.past_recall for each in meanwhile.steps]
                asks = past.index(True)
            for _ in range(3):
                office.let_pass(minutes=61)
                office.look_at_sends()
            ended, people = office.send_row(whole.id), len(properly_mailed(office.sandbox))
            assert ended.state == ("Stopped" if step else "Sent"), (step, ended)
            assert people == ended.mailed and (people > 0) is (step != 1), (step, people)
            outcomes = office.people(ended.run)
            assert len(outcomes) == ended.potential and ended.sendable == people
