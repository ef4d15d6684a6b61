"""Two people who decide about one send at once, before any of the steps of each other's call: one of them is told that
the other was first, and nothing is done twice; and a call that is ended by a kill can be made again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dyntui.model.sends import SendRow
from dyntui.model.waves import Limits, Waves
from dyntui.service.contract.sends import SendRef, SettleSend
from tests.faults.cut_short import Call, CutShort
from tests.faults.job import Job, office_from, properly_mailed
from tests.faults.sends import SEND, lose, members_of
from tests.faults.test_every_step_of_handed_sends import Ticking

# `make test` runs those about a send that is cancelled, changed or decided meanwhile.
pytestmark = pytest.mark.thorough

Office = Ticking
UNLIMITED = Limits(bounces=100, complaints=100, unsubscribes=100)


# -- what they decide about ------------------------------------------------------------------------------------------


def not_confirmed(office: Office) -> str:
    """A send of which nobody knows whether it was made."""
    count = Job(office).count()
    lose(office, SEND, "drop_before", times=1)
    return office.send(count).id


def held(office: Office) -> str:
    return office.schedule_send(Job(office).count(), office.sandbox.now() + timedelta(hours=1)).id


def due(office: Office) -> str:
    send = held(office)
    office.let_pass(hours=1, minutes=1)
    return send


def missed(office: Office) -> str:
    send = held(office)
    office.let_pass(hours=3)
    office.look_at_sends()
    return send


def handed(office: Office) -> str:
    at = (office.sandbox.now() + timedelta(hours=3)).isoformat()
    queued = office.queue_send(Job(office).count(), handed=True, at=at)
    office.engine.drain()
    return queued.id


def taken_back(office: Office) -> str:
    send = handed(office)
    office.cancel_send(send)
    return send


def stopped(office: Office) -> str:
    """A send that somebody has stopped half-way in dotdigital's outbox, which calls it sent."""
    office.sandbox.switch(dotdigital={"partly_cancelled_shows_sent": True})
    send = handed(office)
    office.let_pass(hours=2, minutes=55)
    body = {"campaign": office.send_row(send).campaign, "reached": 3}
    office.sandbox.control.post("/cancel-send", json=body).raise_for_status()
    office.let_pass(minutes=20)
    office.look_at_sends()
    return send


def in_waves(office: Office) -> str:
    whole = office.send_in_waves(Job(office).count(), Waves(shares=(50,), limits=UNLIMITED))
    office.look_at_sends()
    return whole.id


# -- what they do ----------------------------------------------------------------------------------------------------


def cancel(office: Office, send: str) -> Call:
    return lambda: office._held_sends.cancel(office.context, SendRef(send))


def release(office: Office, send: str) -> Call:
    return lambda: office._held_sends.release(office.context, SendRef(send))


def mailed(office: Office, send: str) -> Call:
    return lambda: office._decisions.settle(office.context, SettleSend(send, True))


def not_mailed(office: Office, send: str) -> Call:
    return lambda: office._decisions.settle(office.context, SettleSend(send, False))


def look(office: Office, send: str) -> Call:
    """Nobody's decision: the service looks whether it is time."""
    return office.send_timer.look


@dataclass(frozen=True)
class Pair:
    """Two calls about one thing. `late`: what the one who comes second is told, `""` where both want the same;
    `ends`: the states in which the send may end."""

    about: Callable[[Office], str]
    one: Callable[[Office, str], Call]
    other: Callable[[Office, str], Call]
    late: str
    ends: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.about.__name__}-{self.one.__name__}-{self.other.__name__}"


IN_DOUBT, CANCELLABLE, MISSED = "SEND_NOT_IN_DOUBT", "SEND_NOT_CANCELLABLE", "SEND_NOT_MISSED"
PAIRS = (
    Pair(not_confirmed, not_mailed, mailed, IN_DOUBT, ("Cancelled", "Sent")),
    Pair(not_confirmed, mailed, not_mailed, IN_DOUBT, ("Cancelled", "Sent")),
    Pair(stopped, not_mailed, mailed, IN_DOUBT, ("Sent",)),
    Pair(stopped, mailed, not_mailed, IN_DOUBT, ("Sent",)),
    Pair(not_confirmed, not_mailed, not_mailed, IN_DOUBT, ("Cancelled",)),
    Pair(taken_back, not_mailed, mailed, IN_DOUBT, ("Cancelled",)),
    Pair(held, cancel, cancel, CANCELLABLE, ("Cancelled",)),
    Pair(due, cancel, look, "", ("Cancelled",)),
    Pair(due, look, cancel, "", ("Cancelled",)),
    Pair(missed, release, cancel, MISSED, ("Cancelled",)),
    Pair(missed, cancel, release, MISSED, ("Cancelled",)),
    Pair(missed, release, release, MISSED, ("Sent",)),
    Pair(handed, cancel, cancel, CANCELLABLE, ("Cancelled",)),
    Pair(in_waves, cancel, cancel, CANCELLABLE, ("Stopped",)),
    Pair(in_waves, cancel, look, "", ("Stopped",)),
    Pair(in_waves, look, cancel, "", ("Stopped",)),
)


def goes_on(office: Office, send: str) -> SendRow:
    """What becomes of the send when time passes."""
    office.look_at_sends()
    for _ in range(3):
        office.let_pass(minutes=61)
        office.look_at_sends()
    return office.send_row(send)


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_of_two_who_decide_at_once_the_second_is_told_and_nothing_is_done_twice(
    pair: Pair, targeted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut, step = CutShort(monkeypatch), 0
    while step <= cut.steps:
        step += 1
        with office_from(targeted, tmp_path / str(step), Office) as office:
            send = pair.about(office)
            said = cut.both(office, pair.one(office, send), pair.other(office, send), step)
            codes = [each for each in said if isinstance(each, str)]
            assert codes in ([], [pair.late]), said
            ended = goes_on(office, send)
            assert ended.state in pair.ends, (step, said, ended)
            assert not properly_mailed(office.sandbox) or ended.state != "Cancelled"
            if pair.late == IN_DOUBT:
                assert codes == [IN_DOUBT]
                (first,) = [each for each in said if isinstance(each, SendRow)]
                assert first.decision == ended.decision != ""
            if pair.about is stopped:
                # By the book of a send that was mailed people leave its lists: it is as it was.
                assert (people_of(office) > 0) is (ended.decision == "mailed"), (step, ended)


def people_of(office: Office) -> int:
    """How many are in the address book of the send."""
    (book,) = [name for name in office.book_names() if name.startswith("dyntui send")]
    return members_of(office, book)


KILLED: tuple[tuple[Any, Any, str], ...] = (
    (not_confirmed, not_mailed, "Cancelled"),
    (not_confirmed, mailed, "Sent"),
    (held, cancel, "Cancelled"),
    (missed, cancel, "Cancelled"),
    (missed, release, "Sent"),
    (due, look, "Sent"),
    (handed, cancel, "Cancelled"),
    (taken_back, not_mailed, "Cancelled"),
    (in_waves, cancel, "Stopped"),
    (in_waves, look, "Sent"),
)


@pytest.mark.parametrize(
    ("about", "call", "ends"),
    KILLED,
    ids=lambda each: getattr(each, "__name__", each),
)
def test_what_is_killed_before_one_of_its_steps_can_be_done_again(
    about: Callable[[Office], str],
    call: Callable[[Office, str], Call],
    ends: str,
    targeted: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cut, step, killed = CutShort(monkeypatch), 0, True
    while killed:
        step += 1
        with office_from(targeted, tmp_path / str(step), Office) as office:
            send = about(office)
            killed = cut.killed(office, call(office, send), step)
            office.engine.drain()
            if killed:
                again = cut.both(office, call(office, send), call(office, send), 0)
                assert not isinstance(again[0], str) or again[0] in (IN_DOUBT, CANCELLABLE, MISSED), again
            ended = goes_on(office, send)
            assert ended.state == ends, (step, ended)
            assert not properly_mailed(office.sandbox) or ended.state != "Cancelled"


def test_a_send_that_ends_while_somebody_takes_it_back_is_not_said_to_be_taken_back(
    targeted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = CutShort(monkeypatch)
    with office_from(targeted, tmp_path, Office) as office:
        send = handed(office)
        office.let_pass(hours=3, minutes=5)

        async def it_ends() -> None:
            await office.send_timer.look()
            office.engine.drain()

        # Its book is emptied by then.
        said, _ = cut.both(office, cancel(office, send), it_ends, 2)
        ended = office.send_row(send)
        assert (said, ended.state, ended.doubt) == (CANCELLABLE, "Sent", "")
        assert len(properly_mailed(office.sandbox)) == ended.sendable
