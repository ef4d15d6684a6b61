"""The books of sends are kept for two weeks: who leaves "this list" by a mail leaves the book that it went to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.job import FrozenOffice, Job, office_from
from tests.faults.sends import mailed, members_of, shown
from tests.faults.test_last_look import MovingOffice
from tests.thorough import keeping


@pytest.fixture
def office(targeted: Path, tmp_path: Path) -> Iterator[FrozenOffice]:
    with office_from(targeted, tmp_path, MovingOffice) as opened:
        yield opened


@pytest.fixture
def job(office: FrozenOffice) -> Job:
    return Job(office)


def send_books(office: FrozenOffice) -> dict[str, int]:
    books = office.in_dotdigital("GET", "/v2/address-books")
    return {each["name"]: each["id"] for each in books if each["name"].startswith("dyntui send")}


def another_campaign(office: FrozenOffice, job: Job) -> int:
    number = int(office.in_dotdigital("POST", f"/v2/campaigns/{job.campaign.id}/copy")["id"])
    office.run("campaigns")
    office.target(office.campaign_numbered(number), job.newsletter.id)
    return number


@pytest.mark.parametrize("learnt_by", keeping(["lists", "suppressions", "campaigns", "the next send"], "lists"))
def test_who_leaves_the_list_by_the_mail_is_mailed_no_more(learnt_by: str, office: FrozenOffice, job: Job):
    """DD-10, DD-17."""
    number = another_campaign(office, job)
    assert office.send(job.count()).state == "Sent"
    ((name, book),) = send_books(office).items()
    assert members_of(office, name) > 50, "the book stays as it is: mails may still go out"
    before = office.count(office.campaign_numbered(number))
    somebody = office.count_people(before.id, sendable=True)[3]
    office.unsubscribe(somebody.address, book=book)
    if learnt_by == "the next send":
        queued = before
    else:
        office.run(learnt_by)
        queued = office.count(office.campaign_numbered(number))
        (left_out,) = [each for each in office.count_people(queued.id) if each.person == somebody.person]
        assert left_out.reason == "UNSUBSCRIBED_LIST"
    everybody = shown(office, before)
    first = mailed(office)
    assert office.send(queued).state == "Sent"
    assert sorted(first + [each for each in everybody if each != somebody.address]) == mailed(office)
    office.run("lists")
    assert somebody.address not in {
        each.address for each in office.members(job.newsletter.id) if each.outcome == "added"
    }
    assert office.book_of(job.newsletter.id) not in books_of(office, somebody.address)


def books_of(office: FrozenOffice, address: str) -> set[int]:
    contact = office.in_dotdigital("GET", f"/v2/contacts/{address}")["id"]
    return {each["id"] for each in office.in_dotdigital("GET", f"/v2/contacts/{contact}/address-books")}


def test_a_book_is_emptied_and_removed_after_two_weeks_and_what_came_late_counts(office: FrozenOffice, job: Job):
    sent = office.send(job.count())
    ((_, book),) = send_books(office).items()
    office.let_pass(days=13, hours=20)
    for sync_type in ("campaigns", "suppressions", "lists"):
        office.run(sync_type)
    assert list(send_books(office).values()) == [book]
    somebody = office.people(sent.run, outcome="added")[3]
    office.unsubscribe(somebody.address, book=book)
    office.let_pass(hours=5)
    office.run("campaigns")
    assert send_books(office) == {}
    again = job.count()
    (left_out,) = [each for each in office.count_people(again.id) if each.person == somebody.person]
    assert "UNSUBSCRIBED_LIST" in (left_out.reason, *left_out.also)
    _, calls = office.calls_between(lambda: office.run("campaigns"))
    assert not [each for each in calls if each["writes"]], "a book that is gone is looked at no more"


def test_a_kept_book_that_somebody_deleted_is_passed_over(office: FrozenOffice, job: Job):
    assert office.send(job.count()).state == "Sent"
    (book,) = send_books(office).values()
    office.in_dotdigital("DELETE", f"/v2/address-books/{book}")
    number = another_campaign(office, job)
    office.run("lists")
    assert office.send(office.count(office.campaign_numbered(number))).state == "Sent"


def test_the_book_of_a_send_in_doubt_stays_until_two_weeks_after_somebody_decided(office: FrozenOffice, job: Job):
    office.sandbox.order(
        {"system": "dotdigital", "method": "POST", "route": "/campaigns/send$", "kind": "drop_before", "times": 1}
    )
    unconfirmed = office.send(job.count())
    office.let_pass(days=30)
    office.run("campaigns")
    ((name, _),) = send_books(office).items()
    assert (members_of(office, name), unconfirmed.doubt) == (0, "unproved")
    office.settle(unconfirmed.id, was_mailed=False)
    office.let_pass(days=13)
    office.run("campaigns")
    assert list(send_books(office)) == [name]
    office.let_pass(days=2)
    office.run("campaigns")
    assert send_books(office) == {}
