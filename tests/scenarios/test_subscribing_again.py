"""Whoever subscribes to a list again is on it again; a contact that others make anew says nothing for the person."""

from __future__ import annotations

import pytest

from dyntui.model.outcomes import Outcome, PersonOutcome
from dyntui.sandbox.dotdigital import contact_store, memberships, suppressions
from dyntui.sandbox.dotdigital import storage as dotdigital
from dyntui.service.contract.runs import RunDetail
from dyntui.store import lifts
from tests.scenarios.office import Office, writes


def contact_of(office: Office, address: str) -> int:
    found = contact_store.by_email(office.sandbox.state, address)
    assert found is not None
    return found.id


def made_anew(office: Office, address: str, book: int) -> None:
    """Somebody deletes the contact in dotdigital, makes a new one with the address, and puts it into the book."""
    state = office.sandbox.state
    now = dotdigital.now(state)
    with state.transaction():
        contact_store.delete(state, [contact_of(office, address)], now)
        new = contact_store.insert(
            state, address, now, opt_in="Unknown", email_type="Html", status="Subscribed", data={}
        )
        memberships.join(state, book, [new], now)


def reason_of(office: Office, run: RunDetail, person: PersonOutcome) -> str:
    (found,) = [each for each in office.people(run.run.id) if each.person == person.person]
    return found.reason or str(found.outcome)


def in_book(office: Office, book: int, address: str) -> bool:
    office.until_told()
    found = contact_store.by_email(office.sandbox.state, address)
    members = office.sandbox.state.db.execute("SELECT contact_id FROM dd_member WHERE book_id = ?", (book,)).fetchall()
    return found is not None and (found.id,) in members


@pytest.mark.parametrize("recreate_reuses_id", [False, True])
def test_who_subscribes_to_the_list_again_is_on_it_again_and_a_contact_made_anew_is_not(
    office: Office, recreate_reuses_id: bool
) -> None:
    office.sandbox.state.config.dotdigital.recreate_reuses_id = recreate_reuses_id
    newsletter = office.activated("Newsletter")
    first = office.run("lists")
    again, anew, suppressed, stays = [each for each in office.people(first.run.id) if each.outcome is Outcome.ADDED][:4]
    book = office.book_of(newsletter.id)
    for each in (again, anew, stays):
        office.unsubscribe(each.address, book=book)
    office.unsubscribe(suppressed.address)
    run = office.run("lists")
    assert [reason_of(office, run, each) for each in (again, anew, stays)] == ["UNSUBSCRIBED_LIST"] * 3

    with office.sandbox.state.transaction():
        now = dotdigital.now(office.sandbox.state)
        suppressions.lift(office.sandbox.state, contact_of(office, again.address), book, now)
    for each in (anew, suppressed):
        made_anew(office, each.address, book)
    # Once a day the feeds are read as a whole.
    office.let_pass(days=1, minutes=1)
    run = office.run("lists")
    assert reason_of(office, run, again) in ("added", "updated", "unchanged")
    assert [reason_of(office, run, each) for each in (anew, suppressed, stays)] == [
        "UNSUBSCRIBED_LIST",
        "SUPPRESSED",
        "UNSUBSCRIBED_LIST",
    ]
    assert [in_book(office, book, each.address) for each in (again, anew, suppressed, stays)] == [
        True,
        False,
        False,
        False,
    ]
    with office.db.read() as c:
        assert [(each.kind, each.address) for each in lifts.lifts(c)] == [("list unsubscribe", again.address)]
    _, calls = office.calls_between(lambda: office.run("lists"))
    assert writes(calls) == []


def test_a_contact_that_others_make_anew_gets_the_values_of_its_record_again(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    first = office.run("lists")
    somebody = next(each for each in office.people(first.run.id) if each.outcome is Outcome.ADDED)
    book = office.book_of(newsletter.id)
    before = contact_store.by_email(office.sandbox.state, somebody.address)
    made_anew(office, somebody.address, book)

    assert reason_of(office, office.run("lists"), somebody) == "updated"
    after = contact_store.by_email(office.sandbox.state, somebody.address)
    assert before is not None and after is not None and after.id != before.id
    assert after.data == before.data != {}
    assert reason_of(office, office.run("lists"), somebody) == "unchanged"
