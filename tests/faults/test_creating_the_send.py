"""The one call that cannot be taken back: however its answer is lost, there is one send at most."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dyntui.service.contract.campaigns import TargetCount
from tests.faults.job import FrozenOffice, Job, office_from
from tests.faults.sends import (
    READ_BACK,
    SEND,
    error_of,
    excluded,
    gathering,
    leftovers,
    lose,
    mailed,
    sends_there,
    shown,
)


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
    "answer", [{"kind": "drop_before"}, {"kind": "status", "status": 504}, {"kind": "html", "status": 502}]
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
    assert [name for name in leftovers(office) if name in run.remedy], "the remedy names the book to look at"


def test_who_was_reached_by_a_send_that_nobody_confirmed_is_not_mailed_again(targeted: Path, tmp_path: Path):
    with office_from(targeted, tmp_path) as office:
        job = Job(office)
        first, second = job.count(), job.count()
        everybody = shown(office, first)
        # Silent for longer than anybody looks, and carried out all the same.
        lose(office, SEND, "delay", seconds=3600, times=1)
        unconfirmed = office.send(first)
        assert (error_of(office, unconfirmed), unconfirmed.state) == ("SEND_UNCONFIRMED", "Failed")
        office.let_pass(hours=1)
        assert "dotdigital POST /v2/campaigns/send" in office.sandbox.calls()
        again = office.send(second)
        assert (error_of(office, again), again.sendable) == ("SEND_NO_RECIPIENTS", 0)
        assert {each.reason for each in again.excluded} >= {"ALREADY_SENT"}
        assert office.send_row(unconfirmed.id).state == "Sent"
        office.let_pass(hours=1)
        assert (mailed(office), sends_there(office)) == (everybody, 1)


def test_what_nobody_confirmed_and_nobody_sees_later_can_be_sent_again(office: FrozenOffice, job: Job):
    first, second = job.count(), job.count()
    lose(office, SEND, "drop_before", times=1)
    everybody = shown(office, first)
    assert error_of(office, office.send(first)) == "SEND_UNCONFIRMED"
    assert office.send(second).state == "Sent"
    assert (mailed(office), sends_there(office), leftovers(office)) == (everybody, 1, [])


def test_a_send_refused_for_the_moment_is_made_once_more(office: FrozenOffice, count: TargetCount):
    lose(office, SEND, "status", status=503, times=1)
    everybody = shown(office, count)
    sent = office.send(count)
    assert (sent.state, mailed(office), sends_there(office)) == ("Sent", everybody, 1)


def test_a_send_refused_for_the_moment_twice_is_left_to_a_person(office: FrozenOffice, count: TargetCount):
    lose(office, SEND, "status", status=503)
    sent = office.send(count)
    assert error_of(office, sent) == "SEND_UNCONFIRMED"
    assert [fault["struck"] for fault in office.sandbox.control.get("/faults").json()] == [2]
    assert mailed(office) == []


def test_a_send_made_once_more_whose_answer_is_lost_is_found(office: FrozenOffice, count: TargetCount):
    lose(office, SEND, "status", status=503, times=1)
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
    # Nothing begins by itself: a send that is taken for sent too early loses its address book before it is.
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


def test_what_cannot_be_put_away_after_a_send_does_not_make_it_unsent(office: FrozenOffice, count: TargetCount):
    everybody = shown(office, count)
    office.sandbox.order(
        {"system": "dotdigital", "method": "DELETE", "route": r"/address-books/", "kind": "status", "status": 503}
    )
    sent = office.send(count)
    assert (sent.state, mailed(office)) == ("Sent", everybody)
    assert office.detail(sent.run).run.error_code == "DOTDIGITAL_UNKNOWN_OUTCOME"


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


def test_a_stranger_in_the_book_of_a_send_stops_it(office: FrozenOffice, count: TargetCount):
    def sneak_in() -> None:
        books = office.in_dotdigital("GET", "/v2/address-books")
        book = next(each["id"] for each in books if each["name"].startswith("dyntui send"))
        guest = {"email": "late.guest@example.org", "optInType": "Single", "emailType": "Html"}
        office.in_dotdigital("POST", f"/v2/address-books/{book}/contacts", guest)

    sent = gathering(office, count, sneak_in)
    assert (sent.state, error_of(office, sent)) == ("Failed", "SEND_BOOK_NOT_EXACT")
    assert (mailed(office), leftovers(office)) == ([], [])
