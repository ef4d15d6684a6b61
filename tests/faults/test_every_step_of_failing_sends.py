"""Sends that fail, killed before each of their steps and while they end: what has ended one ends it for good."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest

from dyntui.model.cursors import SendCursor
from dyntui.service.contract.sends import SendRow
from tests.faults.every_step import EveryStep
from tests.faults.job import FrozenOffice, Job, office_from, properly_mailed
from tests.faults.meanwhile import Meanwhile
from tests.faults.sends import (
    READ_BACK,
    SEND,
    begins_after,
    error_of,
    leftovers,
    lose,
    members_of,
    sends_there,
    told_dynamics,
)
from tests.thorough import keeping


def opt_outs_cannot_be_read(office: FrozenOffice) -> None:
    lose(office, r"/v2/contacts/suppressed-since/", "status", status=403)


def everybody_opts_out(office: FrozenOffice) -> None:
    for each in office.members(office.list_named("Newsletter").id):
        office.change_in_dynamics("contact", each.person, donotemail=1)


def nobody_confirms_it(office: FrozenOffice) -> None:
    lose(office, SEND, "drop_before")


FAILING = {
    opt_outs_cannot_be_read: ("SEND_REFUSED", "Refused", ""),
    everybody_opts_out: ("SEND_NO_RECIPIENTS", "Failed", ""),
    nobody_confirms_it: ("SEND_UNCONFIRMED", "Failed", "unproved"),
}
Trouble = Callable[[FrozenOffice], None]


def how_it_ended(office: FrozenOffice, send_id: str) -> tuple[object, ...]:
    """Everything that tells two endings apart, in both systems and here."""
    sent = office.send_row(send_id)
    run = office.detail(sent.run)
    people = sorted((each.person, each.outcome.value, each.reason) for each in office.people(sent.run))
    there = [members_of(office, book) for book in leftovers(office)]
    said = (sent.state, sent.doubt, sent.error, sent.sendable, run.run.status.value, run.run.error_code)
    return said, people, there, told_dynamics(office, sent), len(properly_mailed(office.sandbox)), office.digest()


@pytest.mark.parametrize("trouble", keeping(FAILING, nobody_confirms_it), ids=lambda each: each.__name__)
def test_a_send_that_fails_and_is_killed_before_each_of_its_steps_fails_alike(
    trouble: Trouble, targeted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killing = EveryStep(monkeypatch)
    endings = []
    for name, how in (("straight", contextlib.nullcontext), ("killed", killing.of)):
        with office_from(targeted, tmp_path / name) as office:
            count = Job(office).count()
            trouble(office)
            queued = office.queue_send(count)
            with how(office):
                office.engine.drain()
            endings.append(how_it_ended(office, queued.id))
            code, state, doubt = FAILING[trouble]
            ended = office.send_row(queued.id)
            assert (error_of(office, ended), ended.state, ended.doubt) == (code, state, doubt)
    straight, killed = endings
    assert straight == killed
    assert killing.kills["send"] > 5, killing.kills


@pytest.mark.parametrize("trouble", FAILING, ids=lambda each: each.__name__)
def test_what_has_ended_a_send_ends_it_for_good_though_its_run_is_interrupted_there(
    trouble: Trouble, targeted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile = Meanwhile(monkeypatch)

    def ended_before(step: int, folder: str) -> tuple[SendRow, str, int]:
        with office_from(targeted, tmp_path / folder) as office:
            count = Job(office).count()
            trouble(office)
            queued = office.queue_send(count)
            mend = office.sandbox.reset
            with meanwhile.before(step, "send", office, mend, killed=True):
                office.engine.drain()
            sent = office.send_row(queued.id)
            return sent, error_of(office, sent), sends_there(office)

    ended_before(0, "straight")
    ends = next(n for n, each in enumerate(meanwhile.steps) if isinstance(each, SendCursor) and each.ended)
    # Whatever was in its way is gone by now.
    for step in range(ends + 1, len(meanwhile.steps) + 1):
        sent, code, sends = ended_before(step, f"killed {step}")
        assert (code, sent.state, sent.doubt, sends) == (*FAILING[trouble], 0)


@pytest.mark.parametrize(("was_mailed", "state"), [(True, "Sent"), (False, "Cancelled")])
def test_what_a_person_says_of_a_send_whose_run_is_interrupted_as_it_ends_stays(
    was_mailed: bool, state: str, targeted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile, last = Meanwhile(monkeypatch), 0
    for folder in ("straight", "killed"):
        with office_from(targeted, tmp_path / folder) as office:
            count = Job(office).count()
            nobody_confirms_it(office)
            queued = office.queue_send(count)

            def says(office: FrozenOffice = office, send: str = queued.id) -> None:
                office.settle(send, was_mailed)

            # A worker that is killed there leaves a service at which people decide.
            with meanwhile.before(last, "send", office, says, killed=True):
                office.engine.drain()
            last = len(meanwhile.steps)
            sent = office.send_row(queued.id)
            assert office.detail(sent.run).run.status.ended
    assert (sent.state, sent.decision) == (state, "mailed" if was_mailed else "not mailed")


def test_what_a_person_says_of_a_send_that_was_cancelled_stays_though_a_run_learns_that_only_now(
    targeted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile = Meanwhile(monkeypatch)
    with office_from(targeted, tmp_path) as office:
        job = Job(office)
        count = job.count()
        begins_after(office, 7200)
        lose(office, SEND, "drop_after", times=1)
        lose(office, READ_BACK, "status", status=503)
        unconfirmed = office.send(count)
        assert unconfirmed.doubt == "unproved"
        office.sandbox.reset()
        office.sandbox.control.post("/cancel-send", json={"campaign": job.campaign.id}).raise_for_status()
        # The run has listed by then what is open.
        with meanwhile.before(2, "campaigns", office, lambda: office.settle(unconfirmed.id, True), killed=False):
            office.run("campaigns")
        sent = office.send_row(unconfirmed.id)
        assert (sent.state, sent.decision, sent.error) == ("Sent", "mailed", "")
