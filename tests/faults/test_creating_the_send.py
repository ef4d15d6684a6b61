"""The one call that cannot be taken back: however its answer is lost, there is one send at most."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from dyntui.dotdigital.imports import ImportContact
from dyntui.model.errors import DyntuiError
from dyntui.model.moments import text_of
from dyntui.service.contract.target_counts import TargetCount
from dyntui.store import list_unsubscribes
from dyntui.sync import send
from tests.faults.job import FrozenOffice, Job, office_from
from tests.faults.sends import (
    NOT_TAKEN_UP,
    READ_BACK,
    SEND,
    error_of,
    excluded,
    gathering,
    leftovers,
    lose,
    mailed,
    members_of,
    sends_there,
    shown,
)
from tests.thorough import keeping


@pytest.fixture
def office(targeted: Path, tmp_path: Path) -> Iterator[FrozenOffice]:
    with office_from(targeted, tmp_path) as opened:
        yield opened


@pytest.fixture
def job(office: FrozenOffice) -> Job:
    return Job(office)


@pytest.fixture
def count(job: Job) -> TargetCount:
    return job.count()


@pytest.mark.parametrize("kind", ["drop_after", "truncate"])
def test_a_send_whose_answer_is_lost_is_found_and_not_made_again(kind: str, office: FrozenOffice, count: TargetCount):
    lose(office, SEND, kind)
    everybody = shown(office, count)
    sent = office.send(count)
    assert (sent.state, mailed(office), sends_there(office)) == ("Sent", everybody, 1)
    assert leftovers(office) == []


def test_a_send_that_shows_late_is_waited_for(office: FrozenOffice, count: TargetCount):
    lose(office, SEND, "drop_after")
    lose(office, READ_BACK, "drop_before", times=20)
    everybody = shown(office, count)
    assert office.send(count).state == "Sent"
    assert mailed(office) == everybody


@pytest.mark.parametrize(
    "answer",
    [
        {"kind": "drop_before"},
        {"kind": "status", "status": 504},
        {"kind": "html", "status": 502},
        {"kind": "status", "status": 503},
    ],
)
def test_a_send_that_nobody_confirms_is_left_to_a_person(
    answer: dict[str, object], office: FrozenOffice, count: TargetCount
):
    lose(office, SEND, **answer)  # type: ignore[arg-type]
    office.sandbox.control.post("/calls/reset")
    sent = office.send(count)
    run = office.detail(sent.run).run
    asked = [fault["struck"] for fault in office.sandbox.control.get("/faults").json()]
    assert (run.error_code, sent.state, asked) == ("SEND_UNCONFIRMED", "Failed", [1])
    assert run.not_done and mailed(office) == []
    (book,) = leftovers(office)
    assert book in run.remedy and "Outbox" in run.remedy and members_of(office, book) == 0
    assert sent.standing == "Not known whether it was made" and f"settle {sent.id}" in sent.error


@pytest.mark.parametrize("when", keeping(["start", "accept"], "accept"))
def test_a_request_that_arrives_an_hour_late_reaches_nobody_and_can_be_sent_again(
    when: str, targeted: Path, tmp_path: Path
):
    with office_from(targeted, tmp_path) as office:
        job = Job(office)
        first, second = job.count(), job.count()
        everybody = shown(office, first)
        # An empty book that is there is not a book that is gone, whenever its people are looked up.
        office.sandbox.switch(dotdigital={"missing_book_means_everybody": True, "recipients_resolved_at": when})
        # Silent for longer than anybody looks, and carried out all the same.
        lose(office, SEND, "delay", seconds=3600, times=1)
        unconfirmed = office.send(first)
        assert (error_of(office, unconfirmed), unconfirmed.state) == ("SEND_UNCONFIRMED", "Failed")
        somebody = office.count_people(first.id, sendable=True)[3]
        office.change_in_dynamics("contact", somebody.person, donotemail=1)
        office.let_pass(hours=2)
        assert "dotdigital POST /v2/campaigns/send" in office.sandbox.calls()
        again = office.send(second)
        assert (error_of(office, again), again.sendable, mailed(office)) == ("SEND_NO_RECIPIENTS", 0, [])
        stopped = office.send_row(unconfirmed.id)
        assert (stopped.state, stopped.doubt) == ("Sent", "stopped")
        assert f"shows 0 of {first.sendable} people as mailed" in stopped.error
        office.settle(unconfirmed.id, was_mailed=False)
        office.run("lists")
        assert office.send(job.count()).state == "Sent"
        assert mailed(office) == [each for each in everybody if each != somebody.address]


@pytest.mark.parametrize("was_made", keeping([False, True], True))
def test_what_nobody_confirmed_is_sent_again_only_once_somebody_has_said_what_became_of_it(
    was_made: bool, office: FrozenOffice, job: Job
):
    """DD-07: a send that does not show for minutes may have been made all the same."""
    counts = [job.count() for _ in range(3)]
    everybody = shown(office, counts[0])
    office.sandbox.switch(dotdigital={"send_appears_after_seconds": 3600.0})
    lose(office, SEND, "drop_after" if was_made else "drop_before", times=1)
    unconfirmed = office.send(counts[0])
    assert (error_of(office, unconfirmed), unconfirmed.doubt) == ("SEND_UNCONFIRMED", "unproved")
    refused = office.send(counts[1])
    assert (error_of(office, refused), refused.state) == ("SEND_UNSETTLED", "Failed")
    assert unconfirmed.id in office.detail(refused.run).run.remedy
    settled = office.settle(unconfirmed.id, was_mailed=was_made)
    assert settled.decision == ("mailed" if was_made else "not mailed") and settled.decided_on
    again = office.send(counts[2])
    if was_made:
        assert (error_of(office, again), settled.state) == ("SEND_NO_RECIPIENTS", "Sent")
    else:
        assert again.state == "Sent"
    assert (mailed(office), sends_there(office)) == (everybody, 1)
    with pytest.raises(DyntuiError, match="somebody has said so already"):
        office.settle(unconfirmed.id, was_mailed=True)


def test_a_send_that_appears_late_by_itself_is_followed_and_not_made_again(office: FrozenOffice, job: Job):
    first, second = job.count(), job.count()
    everybody = shown(office, first)
    office.sandbox.switch(dotdigital={"send_appears_after_seconds": 3600.0})
    lose(office, SEND, "drop_after", times=1)
    unconfirmed = office.send(first)
    office.let_pass(hours=2)
    again = office.send(second)
    settled = office.send_row(unconfirmed.id)
    assert (error_of(office, again), settled.state, settled.doubt) == ("SEND_NO_RECIPIENTS", "Sent", "")
    assert (mailed(office), sends_there(office)) == (everybody, 1)


def test_a_gateway_that_fails_after_the_send_was_made_makes_no_second_one(office: FrozenOffice, count: TargetCount):
    """DD-06: a gateway's 503 says nothing of what was done behind it."""
    office.sandbox.switch(dotdigital={"send_appears_after_seconds": 600.0})
    lose(office, SEND, "status_after", status=503, times=1)
    everybody = shown(office, count)
    sent = office.send(count)
    assert (error_of(office, sent), sends_there(office), mailed(office)) == ("SEND_UNCONFIRMED", 1, everybody)


def test_a_send_refused_for_the_moment_is_made_once_more(office: FrozenOffice, count: TargetCount):
    lose(office, SEND, "status", times=1, **NOT_TAKEN_UP)
    everybody = shown(office, count)
    sent = office.send(count)
    assert (sent.state, mailed(office), sends_there(office)) == ("Sent", everybody, 1)


def test_a_send_refused_for_the_moment_twice_is_left_to_a_person(office: FrozenOffice, count: TargetCount):
    lose(office, SEND, "status", **NOT_TAKEN_UP)
    sent = office.send(count)
    assert error_of(office, sent) == "SEND_UNCONFIRMED"
    assert [fault["struck"] for fault in office.sandbox.control.get("/faults").json()] == [2]
    assert mailed(office) == []


def test_a_send_made_once_more_whose_answer_is_lost_is_found(office: FrozenOffice, count: TargetCount):
    lose(office, SEND, "status", times=1, **NOT_TAKEN_UP)
    lose(office, SEND, "drop_after")
    everybody = shown(office, count)
    assert office.send(count).state == "Sent"
    assert (mailed(office), sends_there(office)) == (everybody, 1)


def test_a_send_refused_in_words_ends_by_name_and_leaves_nothing(office: FrozenOffice, count: TargetCount):
    office.sandbox.control.post("/settings", json={"dotdigital": {"sending_permitted": False}}).raise_for_status()
    sent = office.send(count)
    assert (error_of(office, sent), sent.state) == ("DOTDIGITAL_SEND_NOT_PERMITTED", "Failed")
    assert (mailed(office), leftovers(office)) == ([], [])


def test_a_campaign_that_was_sent_before_is_followed_although_it_says_sent_all_along(office: FrozenOffice, job: Job):
    first = office.send(job.count())
    leads = office.activated("Open leads with e-mail")
    office.run("lists")
    office.target(job.campaign, leads.id)
    again = office.count(job.campaign)
    lose(office, SEND, "drop_after")
    # Nothing begins by itself: a send that is taken for sent too early has mailed nobody.
    office.sandbox.control.post("/settings", json={"dotdigital": {"send_start_seconds": 600.0}}).raise_for_status()
    sent = office.send(again)
    mails = office.sandbox.control.get("/mailed").json()
    assert (first.state, sent.state) == ("Sent", "Sent")
    assert len(mails) == first.sendable + sent.sendable
    assert leftovers(office) == []


def test_a_platform_that_is_away_for_an_hour_is_waited_for_while_it_sends(office: FrozenOffice, count: TargetCount):
    lose(office, r"^/v2/campaigns/send/", "status", status=503, times=100)
    assert office.send(count).state == "Sent"
    assert leftovers(office) == []


@pytest.mark.parametrize(
    ("reason", "opt_out"),
    [
        ("DO_NOT_EMAIL", lambda office, row, book: office.change_in_dynamics("contact", row.person, donotemail=1)),
        ("SUPPRESSED", lambda office, row, book: office.unsubscribe(row.address)),
        ("UNSUBSCRIBED_LIST", lambda office, row, book: office.unsubscribe(row.address, book=book)),
    ],
)
def test_who_opts_out_while_the_book_is_filled_is_left_out_by_name(
    reason: str, opt_out: Callable[..., None], office: FrozenOffice, job: Job
):
    count = job.count()
    somebody = office.count_people(count.id, sendable=True)[3]
    book = office.book_of(job.newsletter.id)
    sent = gathering(office, count, lambda: opt_out(office, somebody, book))
    assert sent.state == "Sent" and sent.sendable == count.sendable - 1
    assert somebody.address not in mailed(office)
    assert excluded(office, sent, somebody.person) == reason


def test_whoever_opts_out_before_their_turn_comes_is_put_into_no_address_book(
    office: FrozenOffice, job: Job, monkeypatch: pytest.MonkeyPatch
):
    count, list_id = job.count(), job.newsletter.id
    people = sorted(office.count_people(count.id, sendable=True), key=lambda each: each.person)
    somebody, imported = people[-1], list[str]()
    carry_out = send.carry_out

    async def carried_out(ctx: Any, dd: Any, rows: Sequence[ImportContact], *which: Any) -> Any:
        result = await carry_out(ctx, dd, rows, *which)
        if not imported:
            with office.db.write() as c:
                list_unsubscribes.add(c, list_id, [(somebody.address, "")], text_of(office._now()))
        imported.extend(each.identifiers["email"] for each in rows)
        return result

    monkeypatch.setattr(send, "carry_out", carried_out)
    monkeypatch.setattr(send, "ROWS", len(people) // 2)
    sent = office.send(count)
    assert (sent.state, sent.sendable) == ("Sent", count.sendable - 1)
    assert len(imported) == count.sendable - 1 and somebody.address not in imported
    assert excluded(office, sent, somebody.person) == "UNSUBSCRIBED_LIST"


def test_a_stranger_in_the_book_of_a_send_stops_it(office: FrozenOffice, count: TargetCount):
    def sneak_in() -> None:
        books = office.in_dotdigital("GET", "/v2/address-books")
        book = next(each["id"] for each in books if each["name"].startswith("dyntui send"))
        guest = {"email": "late.guest@example.org", "optInType": "Single", "emailType": "Html"}
        office.in_dotdigital("POST", f"/v2/address-books/{book}/contacts", guest)

    sent = gathering(office, count, sneak_in)
    assert (sent.state, error_of(office, sent)) == ("Failed", "SEND_BOOK_NOT_EXACT")
    assert (mailed(office), leftovers(office)) == ([], [])
