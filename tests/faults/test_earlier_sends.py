"""A send whose run ended before anybody knew what became of it: nobody is mailed twice for it, and nobody left out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from dyntui.dotdigital import address_books, sends
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.cursors import Cursor, SendCursor
from dyntui.model.outcomes import RunStatus
from dyntui.service.contract.sends import SendRow
from dyntui.store import sends as send_store
from dyntui.store.schema import send
from dyntui.sync.run_context import RunContext
from tests.faults.every_step import EveryStep
from tests.faults.job import FrozenOffice, Job, office_from
from tests.faults.sends import (
    NOT_TAKEN_UP,
    READ_BACK,
    SEND,
    begins_after,
    error_of,
    everybody_accounted_for,
    leftovers,
    lose,
    mailed,
    members_of,
    sends_there,
    shown,
    told_dynamics,
    when,
)
from tests.thorough import keeping

LEADS = "Open leads with e-mail"


@pytest.fixture
def office(targeted: Path, tmp_path: Path) -> Iterator[FrozenOffice]:
    with office_from(targeted, tmp_path) as opened:
        yield opened


@pytest.fixture
def job(office: FrozenOffice) -> Job:
    return Job(office)


def more_targets(office: FrozenOffice, job: Job) -> None:
    leads = office.activated(LEADS)
    office.run("lists")
    office.target(job.campaign, leads.id)


def book_name(office: FrozenOffice, sent: SendRow) -> str:
    with office.db.read() as c:
        this = send_store.get(c, sent.id)
    assert this is not None
    return this.book_name


def test_a_request_that_arrives_while_its_book_is_emptied_mails_nobody_twice(
    office: FrozenOffice, job: Job, monkeypatch: pytest.MonkeyPatch
):
    first, second = job.count(), job.count()
    everybody, campaign = shown(office, first), job.campaign.id
    begins_after(office, 0.0)
    lose(office, SEND, "drop_before", times=1)
    empty, late = address_books.start_removal_of_all, [campaign]

    async def emptied(dd: Dotdigital, book_id: int) -> address_books.Removal:
        if late:
            await sends.start_send(dd, late.pop(), book_ids=(book_id,))
            await asyncio.to_thread(office.let_pass, seconds=2)
        return await empty(dd, book_id)

    monkeypatch.setattr(address_books, "start_removal_of_all", emptied)
    unconfirmed = office.send(first)
    assert error_of(office, unconfirmed) == "SEND_UNCONFIRMED"
    again = office.send(second)
    office.let_pass(hours=1)
    assert (error_of(office, again), office.send_row(unconfirmed.id).state) == ("SEND_NO_RECIPIENTS", "Sent")
    assert mailed(office) == everybody


def test_a_send_that_has_not_begun_is_waited_for_and_its_mails_are_not_taken_for_those_of_the_next(
    office: FrozenOffice, job: Job
):
    first = job.count()
    begins_after(office, 1800.0)
    lose(office, r"^/v2/campaigns/send/", "status", status=401, times=1)
    unfollowed = office.send(first)
    assert unfollowed.state == "Sending"
    more_targets(office, job)
    count = job.count()
    begins_after(office, 3600.0)
    lose(office, SEND, "drop_after")
    sent = office.send(count)
    office.let_pass(hours=10)
    assert (office.send_row(unfollowed.id).state, sent.state) == ("Sent", "Sent")
    assert set(mailed(office)) == set(shown(office, first)) | set(shown(office, count))
    for each in (unfollowed, sent):
        assert everybody_accounted_for(office, office.send_row(each.id))
        assert told_dynamics(office, each) == "Sent"
    assert leftovers(office) == []


def test_a_send_of_which_nothing_is_seen_for_hours_is_not_taken_for_sent(office: FrozenOffice, job: Job):
    assert office.send(job.count()).state == "Sent"
    more_targets(office, job)
    count, before = job.count(), mailed(office)
    lose(office, SEND, "drop_after")
    begins_after(office, 9000.0)
    waiting = office.send(count)
    assert (waiting.state, error_of(office, waiting), mailed(office)) == ("Sending", "SEND_NOT_SEEN", before)
    office.let_pass(hours=24)
    office.run("campaigns")
    assert len(mailed(office)) == len(before) + count.sendable
    assert everybody_accounted_for(office, office.send_row(waiting.id))
    assert (office.send_row(waiting.id).state, told_dynamics(office, waiting), leftovers(office)) == (
        "Sent",
        "Sent",
        [],
    )


def test_a_send_that_could_not_be_followed_is_brought_to_its_end_by_the_next_synchronisation(
    office: FrozenOffice, job: Job
):
    count = job.count()
    begins_after(office, 60.0)
    lose(office, r"^/v2/campaigns/send/", "status", status=401, times=1)
    unfollowed = office.send(count)
    assert unfollowed.state == "Sending"
    office.let_pass(hours=5)
    office.run("campaigns")
    assert (office.send_row(unfollowed.id).state, told_dynamics(office, unfollowed)) == ("Sent", "Sent")
    assert everybody_accounted_for(office, office.send_row(unfollowed.id))
    assert leftovers(office) == []


def test_a_send_that_was_sent_is_sent_whatever_keeps_the_service_from_clearing_up(office: FrozenOffice, job: Job):
    queued = office.queue_send(job.count())

    def killed(run_id: str) -> None:
        if office.run_of(run_id).cursor.get("phase") == "clear":
            office.worker._changed = lambda run_id: None
            raise asyncio.CancelledError

    office.worker._changed = killed
    with pytest.raises(CancelledError):
        office.engine.drain()
    office.secrets.held.clear()
    office.worker.reconnect()
    office.engine.stop()
    office.engine.sweep()
    office.engine.drain()
    sent = office.send_row(queued.id)
    assert sent.state == "Sent"
    assert everybody_accounted_for(office, sent)


@pytest.mark.parametrize(
    "fault",
    [
        {"system": "dotdigital", "route": r"/activities", "kind": "status", "status": 503},
        {
            "system": "dataverse",
            "method": "PATCH",
            "route": "campaignsends",
            "kind": "status",
            "status": 403,
            "after": 1,
        },
    ],
    ids=["who was mailed is not told", "Dynamics refuses its row"],
)
def test_dynamics_learns_that_a_send_was_sent(fault: dict[str, Any], office: FrozenOffice, job: Job):
    office.sandbox.order(fault)
    sent = office.send(job.count())
    assert sent.state == "Sent"
    office.sandbox.reset()
    office.run("campaigns")
    assert told_dynamics(office, sent) == "Sent"


def test_a_send_whose_number_is_known_is_not_looked_for(
    office: FrozenOffice, job: Job, monkeypatch: pytest.MonkeyPatch
):
    queued, save = office.queue_send(job.count()), RunContext.save

    async def killed(self: RunContext, cursor: Cursor, **how: Any) -> None:
        if isinstance(cursor, SendCursor) and cursor.phase == "follow":
            raise asyncio.CancelledError
        await save(self, cursor, **how)

    with monkeypatch.context() as patched, pytest.raises(CancelledError):
        patched.setattr(RunContext, "save", killed)
        office.engine.drain()
    with office.db.read() as c:
        known = send_store.get(c, queued.id)
    assert known is not None and known.platform_send_id
    lose(office, READ_BACK, "status", status=503)
    office.engine.stop()
    office.engine.sweep()
    office.engine.drain()
    assert office.send_row(queued.id).state == "Sent"


def test_nobody_has_a_campaign_twice_because_their_address_changed(office: FrozenOffice, job: Job):
    count = job.count()
    somebody = office.count_people(count.id, sendable=True)[3]
    assert office.send(count).state == "Sent"
    office.change_in_dynamics("contact", somebody.person, emailaddress1="moved.house@example.org")
    office.run("lists")
    (again,) = [each for each in office.count_people(job.count().id) if each.person == somebody.person]
    assert (again.address, again.reason) == ("moved.house@example.org", "ALREADY_SENT")


@pytest.mark.parametrize("shows_sent", keeping([True, False], True))
@pytest.mark.parametrize("hidden", keeping([True, False], True))
def test_whom_a_cancelled_send_reached_is_not_mailed_again_before_somebody_says_so(
    hidden: bool, shows_sent: bool, office: FrozenOffice, job: Job
):
    """DD-04, DD-05: dotdigital tells neither whom it reached, nor always that it was cancelled."""
    office.sandbox.switch(
        dotdigital={"cancelled_send_hides_recipients": hidden, "partly_cancelled_shows_sent": shows_sent}
    )
    begins_after(office, 600.0)
    count = job.count()
    everybody = shown(office, count)
    body = {"campaign": job.campaign.id, "reached": 5}

    def staff_cancel() -> None:
        office.sandbox.control.post("/cancel-send", json=body).raise_for_status()

    sent = when(office, office.queue_send(count), "Sending", staff_cancel)
    reached = mailed(office)
    assert len(reached) == 5
    if shows_sent:
        assert (sent.state, sent.standing) == ("Sent", "Sent or stopped, see the outbox")
        assert f"shows {0 if hidden else 5} of {count.sendable} people as mailed" in sent.error
    else:
        assert (sent.state, error_of(office, sent)) == ("Cancelled", "SEND_CANCELLED_REMOTELY")
        assert sent.doubt == "cancelled" and "Outbox" in sent.error and f"settle {sent.id}" in sent.error
    again = job.count()
    assert again.sendable == 0
    assert {each.reason: each.people for each in again.excluded}["ALREADY_SENT"] == count.sendable
    if shows_sent:
        # Synchronising leaves the doubt; a campaign that is Cancelled there cannot be sent at all.
        office.run("campaigns")
        assert job.count().sendable == 0
    assert office.send_row(sent.id).undecided
    decided = office.settle(sent.id, was_mailed=hidden)
    left = [] if hidden else [each for each in everybody if each not in reached]
    assert (decided.undecided, shown(office, job.count())) == (False, left)
    begins_after(office, 1.0)
    if left and shows_sent:
        assert office.send(job.count()).state == "Sent"
        assert mailed(office) == everybody


def test_a_look_that_is_killed_leaves_nobody_in_the_book_of_a_send_that_was_cancelled(
    office: FrozenOffice, job: Job, monkeypatch: pytest.MonkeyPatch
):
    office.sandbox.switch(dotdigital={"partly_cancelled_shows_sent": False})
    count = job.count()
    begins_after(office, 600.0)
    lose(office, r"^/v2/campaigns/send/", "status", status=401, times=1)
    unfollowed = office.send(count)
    assert unfollowed.state == "Sending"
    body = {"campaign": job.campaign.id, "reached": 5}
    office.sandbox.control.post("/cancel-send", json=body).raise_for_status()
    killing = EveryStep(monkeypatch)
    with killing.of(office):
        office.run("campaigns")
    assert killing.kills["campaigns"] > 5
    cancelled = office.send_row(unfollowed.id)
    assert (cancelled.state, cancelled.doubt, told_dynamics(office, unfollowed)) == (
        "Cancelled",
        "cancelled",
        "Cancelled",
    )
    assert members_of(office, book_name(office, unfollowed)) == 0


@pytest.mark.parametrize("appears", [0.0, 60.0])
def test_a_request_turned_away_and_carried_out_all_the_same_is_not_made_again(
    appears: float, office: FrozenOffice, job: Job
):
    office.sandbox.switch(dotdigital={"send_appears_after_seconds": appears})
    count = job.count()
    lose(office, SEND, "status", times=1, **NOT_TAKEN_UP)
    queued, late = office.queue_send(count), [job.campaign.id]

    def carried_out(run_id: str) -> None:
        cursor = office.run_of(run_id).cursor
        if late and cursor.get("turned_away") and cursor.get("phase") == "prove":
            with office.db.read() as c:
                this = send_store.get(c, queued.id)
            assert this is not None
            request = {"campaignId": late.pop(), "addressBookIds": [this.book_id]}
            office.in_dotdigital("POST", "/v2/campaigns/send", request)

    office.worker._changed = carried_out
    office.engine.drain()
    assert not late
    office.let_pass(hours=1)
    assert (office.send_row(queued.id).state, mailed(office), sends_there(office)) == ("Sent", shown(office, count), 1)
    assert leftovers(office) == [], "the send's own book is kept, so that who leaves the list by it is heard"


def test_a_first_send_that_does_not_begin_is_not_waited_for_for_ever(office: FrozenOffice, job: Job):
    begins_after(office, 1_000_000.0)
    waiting = office.send(job.count())
    assert (waiting.state, error_of(office, waiting), mailed(office)) == ("Sending", "SEND_NOT_SEEN", [])


def test_a_row_that_dynamics_refuses_for_good_fails_no_synchronisation(office: FrozenOffice, job: Job):
    refused = {"system": "dataverse", "method": "PATCH", "route": "campaignsends", "kind": "status", "status": 400}
    count = job.count()
    assert office.send(count).state == "Sent"
    with office.db.write() as c:
        c.execute(update(send).values(state="Failed"))
    office.sandbox.order(refused)
    assert office.run("campaigns").run.status is RunStatus.COMPLETED_WITH_ERRORS
