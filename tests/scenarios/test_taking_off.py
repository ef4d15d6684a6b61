"""Who unsubscribes from a list leaves it in Dynamics too, where the email account says so."""

from __future__ import annotations

import pytest

from dyntui.dataverse import membership
from dyntui.model.outcomes import Outcome, PersonOutcome, RunStatus
from dyntui.sandbox.dotdigital import storage as dotdigital
from dyntui.sandbox.dotdigital import suppressions
from dyntui.service.accounts import EmailAccounts
from dyntui.service.contract.accounts import EditAccount
from dyntui.service.contract.lists import ListRow
from dyntui.service.contract.runs import RunDetail
from dyntui.sync import leaving_lists
from tests.faults.every_step import EveryStep
from tests.scenarios.office import Office, writes
from tests.scenarios.test_list_synchronisation import adds_up
from tests.scenarios.test_subscribing_again import contact_of
from tests.thorough import keeping


def says(office: Office, leave: bool) -> None:
    use_cases = EmailAccounts(office.resources, office.worker.reconnect)
    row = office.wait(use_cases.edit(office.context, EditAccount(account="Main", takes_off_unsubscribed=leave)))
    assert row.takes_off_unsubscribed is leave


def on_the_list(office: Office, list_id: str) -> set[str]:
    """As Dynamics has it."""
    asked = "SELECT entityid FROM dv_listmember WHERE listid = ?"
    return {person for (person,) in office.sandbox.state.db.execute(asked, (list_id,))}


def added(office: Office, newsletter: ListRow) -> list[PersonOutcome]:
    run = office.run("lists")
    outcomes = (Outcome.ADDED, Outcome.UPDATED, Outcome.UNCHANGED)
    return [each for each in office.people(run.run.id, item=newsletter.id) if each.outcome in outcomes]


def taken_off(office: Office, run: RunDetail, newsletter: ListRow) -> dict[str, PersonOutcome]:
    assert adds_up(run)
    if not any(each.id == f"{newsletter.id}/unsubscribed" for each in run.items):
        return {}
    return {each.person: each for each in office.people(run.run.id, item=f"{newsletter.id}/unsubscribed")}


def test_who_unsubscribes_leaves_the_list_once_and_nobody_who_did_before(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    people = added(office, newsletter)
    before, leaver = people[:2]
    other = people[5]
    book = office.book_of(newsletter.id)
    office.unsubscribe(before.address, book=book)
    says(office, leave=True)
    office.run("lists")
    office.unsubscribe(leaver.address, book=book)
    members = on_the_list(office, newsletter.id)
    plan = office.plan(newsletter.id)
    assert plan.run and on_the_list(office, newsletter.id) == members, "a plan changes nothing"
    run = office.run("lists")
    gone = taken_off(office, run, newsletter)
    assert gone[leaver.person].outcome is Outcome.REMOVED and before.person not in gone
    assert on_the_list(office, newsletter.id) == members - gone.keys()
    assert other.person not in gone
    # The run that learned it has also said why they are not mailed, and the answer stays to be had.
    office.run("lists")
    assert f"unsubscribed from: {newsletter.name} (2026-" in office.why(leaver.address).note
    office.until_told()
    _, calls = office.calls_between(lambda: office.run("lists"))
    assert writes(calls) == []
    # Whom somebody puts on the list again stays there, and is not mailed.
    office.join(newsletter.id, [leaver.person])
    run = office.run("lists")
    assert taken_off(office, run, newsletter) == {} and leaver.person in on_the_list(office, newsletter.id)
    said = {each.person: each for each in office.people(run.run.id, item=newsletter.id)}
    assert said[leaver.person].reason == "UNSUBSCRIBED_LIST"
    # Whoever subscribes again and thinks better of it leaves once more.
    with office.sandbox.state.transaction():
        now = dotdigital.now(office.sandbox.state)
        suppressions.lift(office.sandbox.state, contact_of(office, leaver.address), book, now)
    office.let_pass(days=1, minutes=1)
    office.run("lists")
    office.unsubscribe(leaver.address, book=book)
    assert taken_off(office, office.run("lists"), newsletter).keys() == {leaver.person}
    # While it is switched off nobody leaves, and whoever unsubscribed meanwhile does not leave afterwards either.
    says(office, leave=False)
    office.unsubscribe(people[3].address, book=book)
    assert taken_off(office, office.run("lists"), newsletter) == {}
    says(office, leave=True)
    assert taken_off(office, office.run("lists"), newsletter) == {}
    office.unsubscribe(people[4].address, book=book)
    assert taken_off(office, office.run("lists"), newsletter).keys() == {people[4].person}


def test_who_unsubscribes_stays_on_the_list_where_nothing_else_was_said(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    leaver = added(office, newsletter)[0]
    office.run("lists")
    office.unsubscribe(leaver.address, book=office.book_of(newsletter.id))
    members = on_the_list(office, newsletter.id)
    for _ in range(2):
        assert taken_off(office, office.run("lists"), newsletter) == {}
    assert on_the_list(office, newsletter.id) == members


@pytest.mark.parametrize("times", keeping([1, 3], 3))
def test_a_refusal_is_named_delays_nobody_and_is_tried_again(office: Office, times: int) -> None:
    newsletter = office.activated("Newsletter")
    leaver = added(office, newsletter)[0]
    says(office, leave=True)
    office.run("lists")
    office.unsubscribe(leaver.address, book=office.book_of(newsletter.id))
    for _ in range(times):
        office.change_in_dynamics("list", newsletter.id, lockstatus=1)
        run = office.run("lists")
        assert run.run.status is RunStatus.COMPLETED_WITH_ERRORS
        assert leaver.person in on_the_list(office, newsletter.id)
    office.change_in_dynamics("list", newsletter.id, lockstatus=0)
    assert taken_off(office, office.run("lists"), newsletter).keys() >= {leaver.person}
    assert leaver.person not in on_the_list(office, newsletter.id)


def test_a_run_that_is_killed_before_each_of_its_steps_takes_them_off_and_adds_up(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    newsletter = office.activated("Newsletter")
    leaver = added(office, newsletter)[0]
    says(office, leave=True)
    office.run("lists")
    office.unsubscribe(leaver.address, book=office.book_of(newsletter.id))
    killing = EveryStep(monkeypatch)
    with killing.of(office):
        run = office.run("lists")
    assert killing.kills["lists"] > 10
    assert run.run.status in (RunStatus.COMPLETED, RunStatus.COMPLETED_WITH_ERRORS), run.run.error
    assert taken_off(office, run, newsletter)[leaver.person].outcome is Outcome.REMOVED
    assert leaver.person not in on_the_list(office, newsletter.id)


def test_who_was_taken_off_before_the_list_was_locked_stays_named(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    newsletter = office.activated("Newsletter")
    leavers = {each.person for each in added(office, newsletter)[:3]}
    says(office, leave=True)
    office.run("lists")
    for each in added(office, newsletter):
        if each.person in leavers:
            office.unsubscribe(each.address, book=office.book_of(newsletter.id))
    remove = membership.remove_members

    async def and_lock(*given: object, **named: object) -> membership.Changed:
        changed = await remove(*given, **named)  # type: ignore[arg-type]
        office.change_in_dynamics("list", newsletter.id, lockstatus=1)
        return changed

    monkeypatch.setattr(leaving_lists, "_BATCH", 1)
    monkeypatch.setattr(membership, "remove_members", and_lock)
    run = office.run("lists")
    gone = taken_off(office, run, newsletter)
    assert gone.keys() >= leavers, run.items
    named = {each for each, became in gone.items() if became.outcome is Outcome.REMOVED}
    assert len(named) == 1 and not named & on_the_list(office, newsletter.id)
    assert all("lock" in each.detail for person, each in gone.items() if person not in named)
