"""A marketing list that two runs want at once, or that changes under the hands of one."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable

import pytest

from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.service.contract import lists as contract
from dyntui.service.contract.lists import ListRow
from dyntui.store import lists as list_store
from dyntui.sync.engine import DONE, LATER
from tests.scenarios.office import Office
from tests.scenarios.test_list_synchronisation import adds_up


def once_at(office: Office, stage: str, happens: Callable[[], None], *, done: int = 0) -> None:
    """`happens` as soon as a run has stored that it has `done` so much of a stage beginning so; once."""
    left = [happens]

    def changed(run_id: str) -> None:
        run = office.run_of(run_id)
        if left and run.stage.startswith(stage) and run.stage_done >= done:
            left.pop()()

    office.worker._changed = changed


def let_go() -> None:
    """The service ends here."""
    raise asyncio.CancelledError


def interrupted(office: Office, stage: str) -> str:
    """A list run that the service let go of at a stage."""
    run_id = office.start("lists")
    once_at(office, stage, let_go)
    with pytest.raises(concurrent.futures.CancelledError):
        office.engine.drain()
    return run_id


def told(answers: list[tuple[str, str]], run_id: str, answer: str) -> str:
    """The answer, noted."""
    answers.append((run_id, answer))
    return answer


def test_a_run_waits_for_the_list_that_an_interrupted_one_has_in_hand(office: Office, newsletter: ListRow) -> None:
    office.run("campaigns")
    campaign = office.campaign_named("Newsletter March")
    office.target(campaign, newsletter.id)
    count = office.count(campaign)
    for each in office.members(newsletter.id)[:40]:
        office.change_in_dynamics("contact", each.person, firstname="Renamed")
    first = interrupted(office, "Importing")
    queued = office.queue_send(count)
    waited: list[str] = []
    once_at(office, "Waiting for another run", lambda: waited.append(office.run_of(queued.run).stage))
    answers: list[tuple[str, str]] = []
    office.engine._chunk = lambda run_id: told(answers, run_id, office.worker.chunk(run_id))
    office.engine.drain()
    # The more urgent one comes first, keeps no slot while it waits, and comes again after the other.
    assert answers == [(queued.run, LATER), (first, DONE), (queued.run, DONE)] and waited
    run, sent = office.detail(first), office.send_row(queued.id)
    assert adds_up(run) and run.run.tally.read == newsletter.members
    assert run.run.tally.of(Outcome.UPDATED) > 0 and run.run.tally.of(Outcome.REMOVED) == 0
    assert (sent.state, sent.sendable) == ("Sent", count.sendable)


def test_looking_at_members_during_the_first_synchronisation_takes_nobody_out_of_it(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    known = office.wait(office._lists._known(newsletter.id))
    assert known.people is None
    run_id = office.start("lists")

    def look() -> None:
        # Asked for before anybody was read, answered when they have been.
        looking = threading.Thread(target=lambda: office.wait(office._lists._read_members(known)))
        looking.start()
        looking.join()

    once_at(office, "Reading Newsletter", look, done=1)
    office.engine.drain()
    run = office.detail(run_id)
    assert run.run.tally.read == newsletter.members and adds_up(run)


def test_a_list_deactivated_before_its_turn_is_named_and_delays_no_other(office: Office) -> None:
    office.activated("Newsletter")
    leads = office.activated("Open leads with e-mail")

    def deactivate() -> None:
        with office.db.write() as c:
            list_store.deactivate(c, leads.id)

    run_id = office.start("lists")
    once_at(office, "Reading Newsletter", deactivate)
    office.engine.drain()
    run = office.detail(run_id)
    by_name = {item.name: item for item in run.items}
    assert by_name["Newsletter"].tally.of(Outcome.ADDED) > 100
    assert by_name["Open leads with e-mail"].status is RunStatus.FAILED
    assert "LIST_NOT_ACTIVATED" in by_name["Open leads with e-mail"].note
    assert run.run.status is RunStatus.COMPLETED_WITH_ERRORS


def test_a_list_that_vanishes_before_its_turn_is_named_and_delays_no_other(office: Office) -> None:
    office.activated("Newsletter")
    leads = office.activated("Open leads with e-mail")

    def vanish() -> None:
        with office.db.write() as c:
            list_store.deactivate(c, leads.id)
            list_store.forget_unread(c, "2000-01-01T00:00:00Z")

    run_id = office.start("lists")
    once_at(office, "Finished Newsletter", vanish)
    office.engine.drain()
    run = office.detail(run_id)
    assert [item.status is RunStatus.FAILED for item in run.items] == [False, True]
    assert "LIST_GONE" in run.items[1].note


def test_a_list_that_a_reading_did_not_see_keeps_what_its_book_holds(office: Office, newsletter: ListRow) -> None:
    somebody = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)
    office.unsubscribe(somebody.address, book=office.book_of(newsletter.id))
    office.run("lists")
    office.let_pass(days=2)
    with office.db.write() as c:
        list_store.forget_unread(c, "2000-01-01T00:00:00Z")
    office.refresh_lists()
    run = office.run("lists")
    people = office.people(run.run.id)
    assert not {each.outcome for each in people} & {Outcome.ADDED, Outcome.UPDATED}
    (person,) = [each for each in people if each.person == somebody.person]
    assert (person.outcome, person.reason) == (Outcome.EXCLUDED, "UNSUBSCRIBED_LIST")


def test_a_list_that_takes_over_a_book_learns_who_had_unsubscribed_from_it(office: Office, newsletter: ListRow) -> None:
    somebody = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)
    office.unsubscribe(somebody.address, book=office.book_of(newsletter.id))
    office.run("lists")
    office.let_pass(days=2)
    office.run("lists")
    office.deactivate(newsletter.id)
    heir = taken_over(office, "Open leads with e-mail", "Newsletter")
    lead = office.members(heir.id)[0]
    office.change_in_dynamics("lead", lead.person, emailaddress1=somebody.address)
    run = office.run("lists")
    (person,) = [each for each in office.people(run.run.id) if each.person == lead.person]
    assert (person.outcome, person.reason) == (Outcome.EXCLUDED, "UNSUBSCRIBED_LIST")


def taken_over(office: Office, name: str, book: str) -> contract.ListRow:
    """A list, renamed to the name of a book and activated with it."""
    office.change_in_dynamics("list", office.list_named(name).id, listname=book)
    before = office.list_named(name).id
    office.refresh_lists()
    return office.activate(contract.Activate(id=before, link=True)).row


def test_a_list_is_not_activated_again_with_a_book_that_another_one_has_now(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    office.deactivate(newsletter.id)
    taken_over(office, "Open leads with e-mail", "Newsletter")
    with pytest.raises(DyntuiError, match="BOOK_TAKEN"):
        office.activate(contract.Activate(id=newsletter.id, link=True))
