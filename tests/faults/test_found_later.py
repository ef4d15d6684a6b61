"""What became of a send is found out after its run has ended: the audit says what is known now, and that it was found
later."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert

from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.model.waves import Limits, Waves
from dyntui.service.contract.runs import RunItem
from dyntui.service.contract.sends import SendRow
from dyntui.store import sends as send_store
from dyntui.store.schema import recipient
from tests.faults.job import FrozenOffice, Job, office_from
from tests.faults.sends import SEND, begins_after, lose, mailed, when
from tests.scenarios.office import addresses


@pytest.fixture
def office(targeted: Path, tmp_path: Path) -> Iterator[FrozenOffice]:
    with office_from(targeted, tmp_path) as opened:
        yield opened


@pytest.fixture
def job(office: FrozenOffice) -> Job:
    return Job(office)


def of_its_run(office: FrozenOffice, sent: SendRow) -> tuple[RunItem, tuple[PersonOutcome, ...]]:
    """The part of the audit in which the people of a send stand, and they."""
    detail, people = office.detail(sent.run), office.people(sent.run)
    (item,) = detail.items
    assert detail.run.tally.adds_up and item.tally.adds_up
    assert len(people) == len({each.person for each in people}) == item.tally.read == sent.potential
    return item, people


def not_mailed(people: tuple[PersonOutcome, ...]) -> list[PersonOutcome]:
    return [each for each in people if each.reason == "NOT_MAILED"]


def stopped_half_way(office: FrozenOffice, job: Job, reached: int) -> SendRow:
    """A send that somebody has cancelled in dotdigital, which says `Sent` all the same."""
    office.sandbox.switch(dotdigital={"cancelled_send_hides_recipients": False, "partly_cancelled_shows_sent": True})
    begins_after(office, 600.0)
    body = {"campaign": job.campaign.id, "reached": reached}

    def staff_cancel() -> None:
        office.sandbox.control.post("/cancel-send", json=body).raise_for_status()

    sent = when(office, office.queue_send(job.count()), "Sending", staff_cancel)
    assert (sent.state, sent.doubt) == ("Sent", "stopped")
    return sent


def test_a_send_that_somebody_found_not_mailed_has_nobody_as_mailed_in_the_audit_but_those_whom_dotdigital_shows(
    office: FrozenOffice, job: Job
) -> None:
    sent = stopped_half_way(office, job, reached=5)
    before, _ = of_its_run(office, sent)
    assert before.tally.of(Outcome.ADDED) == sent.sendable and not before.note
    office.settle(sent.id, was_mailed=False)
    item, people = of_its_run(office, sent)
    assert addresses(people, Outcome.ADDED) == set(mailed(office)) and len(mailed(office)) == 5
    left = not_mailed(people)
    assert len(left) == sent.sendable - 5 and {each.outcome for each in left} == {Outcome.EXCLUDED}
    assert all("found later" in each.detail for each in left)
    assert item.note.startswith("Found later, on 20") and "not mailed" in item.note
    # Everybody else is left out for the reason that they had.
    assert {each.reason: each.people for each in item.tally.counts if each.reason not in ("", "NOT_MAILED")} == {
        each.reason: each.people for each in before.tally.counts if each.reason
    }
    # So it is where one of them is looked up.
    of_them = office.timeline(person=left[0].person)
    assert [each.kind for each in of_them if each.where == sent.campaign_name] == ["left out"]


def test_a_send_that_somebody_found_mailed_says_so_in_the_audit(office: FrozenOffice, job: Job) -> None:
    sent = stopped_half_way(office, job, reached=5)
    office.settle(sent.id, was_mailed=True)
    item, people = of_its_run(office, sent)
    assert item.tally.of(Outcome.ADDED) == sent.sendable and not not_mailed(people)
    assert item.note.startswith("Found later, on 20") and ": mailed," in item.note


@pytest.mark.parametrize("was_made", [False, True])
def test_everybody_of_a_send_that_nobody_confirmed_has_an_outcome_once_somebody_has_said_what_it_is(
    was_made: bool, office: FrozenOffice, job: Job
) -> None:
    count = job.count()
    office.sandbox.switch(dotdigital={"send_appears_after_seconds": 3600.0})
    lose(office, SEND, "drop_after" if was_made else "drop_before", times=1)
    unconfirmed = office.send(count)
    assert unconfirmed.doubt == "unproved" and not office.people(unconfirmed.run)
    settled = office.settle(unconfirmed.id, was_mailed=was_made)
    item, people = of_its_run(office, settled)
    found = item.tally.of(Outcome.ADDED), len(not_mailed(people))
    assert found == ((count.sendable, 0) if was_made else (0, count.sendable))
    assert item.note.startswith("Found later, on 20")


def test_a_send_that_the_next_synchronisation_finds_sent_says_in_its_audit_that_this_was_found_later(
    office: FrozenOffice, job: Job
) -> None:
    begins_after(office, 600.0)
    lose(office, r"^/v2/campaigns/send/", "status", status=401, times=1)
    unfollowed = office.send(job.count())
    assert unfollowed.state == "Sending"
    office.let_pass(hours=1)
    office.run("campaigns")
    found = office.send_row(unfollowed.id)
    assert found.state == "Sent"
    item, _ = of_its_run(office, found)
    assert item.tally.of(Outcome.ADDED) == found.sendable
    assert item.note.startswith("Found later, on 20") and "dotdigital shows it as sent" in item.note


def test_of_a_send_that_was_cancelled_in_dotdigital_everybody_has_an_outcome_once_somebody_has_said_so(
    office: FrozenOffice, job: Job
) -> None:
    office.sandbox.switch(dotdigital={"cancelled_send_hides_recipients": False, "partly_cancelled_shows_sent": False})
    begins_after(office, 600.0)
    body = {"campaign": job.campaign.id, "reached": 5}

    def staff_cancel() -> None:
        office.sandbox.control.post("/cancel-send", json=body).raise_for_status()

    sent = when(office, office.queue_send(job.count()), "Sending", staff_cancel)
    assert (sent.state, sent.doubt) == ("Cancelled", "cancelled")
    office.settle(sent.id, was_mailed=False)
    item, people = of_its_run(office, sent)
    assert addresses(people, Outcome.ADDED) == set(mailed(office)) and len(mailed(office)) == 5
    assert len(not_mailed(people)) == sent.sendable - 5 and item.note.startswith("Found later, on 20")


def test_the_audit_of_a_send_in_waves_names_the_wave_of_which_something_was_found_later(
    office: FrozenOffice, job: Job
) -> None:
    whole = office.send_in_waves(
        job.count(), Waves(shares=(50,), pause=20, limits=Limits(bounces=100, complaints=100, unsubscribes=100))
    )
    office.look_at_sends()
    (first,) = office.sends_of(whole.id)
    office.cancel_send(whole.id)
    office.look_at_sends()
    stopped = office.send_row(whole.id)
    assert stopped.state == "Stopped"
    # Two are shown as mailed.
    shown = sorted(mailed(office))[:2]
    with office.db.write() as c:
        send_store.put_doubt(c, first.id, "stopped", "It says Sent, and shows fewer people.")
        c.exec_driver_sql("DELETE FROM recipient")
        for number, address in enumerate(shown, 1):
            row = {"account_id": first.account_id, "campaign_id": first.campaign}
            c.execute(insert(recipient).values(row | {"contact_id": number, "address": address}))
    office.settle(first.id, was_mailed=False)
    item, people = of_its_run(office, stopped)
    assert addresses(people, Outcome.ADDED) == set(shown) and item.tally.of(Outcome.ADDED) == 2
    assert item.note.startswith("Found later, on 20") and "of wave 1: not mailed" in item.note
    of_wave, in_it = of_its_run(office, first)
    assert len(not_mailed(in_it)) == first.sendable - 2 and "not mailed" in of_wave.note
    # Whoever is in the wave has the outcome there that they have in the whole; the others were in no wave.
    named = {each.person: (each.outcome, each.reason, each.detail) for each in people}
    assert {each.person: named[each.person] for each in in_it} == {
        each.person: (each.outcome, each.reason, each.detail) for each in in_it
    }
    others = {each.reason for each in people if each.person not in {one.person for one in in_it}}
    assert "WAVE_STOPPED" in others and "NOT_MAILED" not in others
