"""A plan says what a synchronisation would do and changes nothing; carried out, it does that and nothing else."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from dyntui.model.errors import DyntuiError
from dyntui.model.held import Kind
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.model.sync_types import SYNC_TYPES
from dyntui.service.contract.lists import ListRow
from dyntui.service.contract.plans import PlanDetail
from dyntui.store import decisions
from dyntui.store.schema import run
from tests.scenarios.office import Office, writes
from tests.scenarios.test_address_books import change_in_dotdigital, in_dynamics, some, two_way
from tests.scenarios.test_members_and_books import in_book
from tests.scenarios.test_suppressions import typed


@pytest.fixture
def newsletter(office: Office) -> ListRow:
    return office.activated("Newsletter")


def numbers(plan: PlanDetail) -> tuple[int, int, int]:
    (only,) = [each for each in plan.lists if each.kind == "list"]
    return only.effects.add, only.effects.update, only.effects.remove


def test_a_plan_writes_nothing_and_what_it_says_is_what_happens(office: Office, newsletter: ListRow) -> None:
    before = office.digest()
    plan, calls = office.calls_between(lambda: office.plan(newsletter.id))
    assert writes(calls) == [] and office.digest() == before
    planned = plan.run.tally
    assert office.found(office.planned(plan, effect="add")[0].address) == (), "nothing has happened yet"
    assert planned.adds_up and numbers(plan) == (planned.of(Outcome.ADDED), 0, 0)
    changes = office.planned(plan, effect="add")
    assert {each.effect for each in office.planned(plan)} <= {"add", "suppress", "flag"} and all(
        each.before is None and each.after for each in changes
    )
    assert plan.plan.calls.dotdigital_writes == 1 and plan.plan.digest
    done = office.apply(plan)
    assert done.run.tally.counts == planned.counts
    assert in_book(office, office.book_of(newsletter.id)) == {each.address for each in changes}
    with pytest.raises(DyntuiError) as refused:
        office.apply(plan)
    assert refused.value.code == "PLAN_APPLIED"


def test_the_same_facts_give_the_same_plan_and_a_second_one_is_empty(office: Office, newsletter: ListRow) -> None:
    first, again = office.plan(newsletter.id), office.plan(newsletter.id)
    assert first.plan.digest == again.plan.digest
    office.apply(again)
    empty = office.plan(newsletter.id)
    assert numbers(empty) == (0, 0, 0) and office.planned(empty) == ()
    assert empty.run.tally.of(Outcome.ADDED) == 0 and empty.run.tally.adds_up


def test_a_plan_leaves_what_is_known_of_the_members_as_it_was(office: Office, newsletter: ListRow) -> None:
    somebody = next(each for each in office.members(newsletter.id) if each.entity == "contact" and each.address)
    office.change_in_dynamics("contact", somebody.person, emailaddress1="someone@spamtrap.test", statecode=0)
    office.run("lists")
    added = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED]
    office.leave(newsletter.id, [each.person for each in added[: len(added) // 2]])
    office.run("lists")
    office.change_in_dynamics("contact", added[-1].person, firstname="Renamed")
    members, refused, held = office.members(newsletter.id), office.refused(), office.held()
    assert refused and held
    plan = office.plan(newsletter.id)
    assert [each.person for each in office.planned(plan, effect="update")] == [added[-1].person]
    assert somebody.person in {each.person for each in office.planned(plan, effect="add")}
    known = [(each.person, each.outcome, each.reason, each.detail) for each in office.members(newsletter.id)]
    assert known == [(each.person, each.outcome, each.reason, each.detail) for each in members]
    assert (office.refused(), [each.people for each in office.held()]) == (refused, [each.people for each in held])


def test_a_plan_shows_fields_before_and_after_and_why_people_leave(office: Office, newsletter: ListRow) -> None:
    office.run("lists")
    added = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED]
    renamed, opted_out, leaves = added[:3]
    office.change_in_dynamics("contact", renamed.person, firstname="Renamed")
    office.change_in_dynamics("contact", opted_out.person, donotemail=1)
    office.leave(newsletter.id, [leaves.person])
    plan = office.plan(newsletter.id)
    changes = {each.person: each for each in office.planned(plan)}
    assert set(changes) == {renamed.person, opted_out.person, leaves.person}
    update = changes[renamed.person]
    assert update.effect == "update" and update.before is not None and update.after is not None
    differs = {label for label in update.after if update.after[label] != update.before[label]}
    assert differs == {"FIRSTNAME"} and update.after["FIRSTNAME"] == "Renamed"
    assert (changes[opted_out.person].effect, changes[opted_out.person].reason) == ("remove", "DO_NOT_EMAIL")
    assert (changes[leaves.person].effect, changes[leaves.person].reason) == ("remove", "LEFT_LIST")
    assert [each.person for each in office.planned(plan, effect="update")] == [renamed.person]
    assert plan.run.tally.of(Outcome.REMOVED) == 1 and plan.run.tally.of(Outcome.UPDATED) == 1


def test_who_has_changed_since_the_plan_is_refused_by_name_and_the_others_are_done(
    office: Office, newsletter: ListRow
) -> None:
    office.run("lists")
    added = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED]
    as_planned, moved, unplanned, leaves, withdraws = added[:5]
    for each in (as_planned, moved):
        office.change_in_dynamics("contact", each.person, firstname="Planned")
    plan = office.plan(newsletter.id)
    office.change_in_dynamics("contact", moved.person, firstname="Moved")
    office.change_in_dynamics("contact", unplanned.person, firstname="Unplanned")
    office.change_in_dynamics("contact", withdraws.person, donotemail=1)
    office.leave(newsletter.id, [leaves.person])
    book = office.book_of(newsletter.id)
    done = office.apply(plan)
    became = {each.person: (each.outcome, each.reason) for each in office.people(done.run.id)}
    assert became[as_planned.person] == (Outcome.UPDATED, "")
    assert became[moved.person] == became[unplanned.person] == (Outcome.REJECTED, "STALE")
    assert became[leaves.person] == (Outcome.HELD, "STALE")
    # Consent never waits for a plan.
    assert became[withdraws.person] == (Outcome.EXCLUDED, "DO_NOT_EMAIL")
    assert leaves.address in in_book(office, book) and withdraws.address not in in_book(office, book)
    assert done.run.tally.adds_up
    later = office.run("lists").run
    assert (later.tally.of(Outcome.UPDATED), later.tally.of(Outcome.REMOVED)) == (2, 1)


def test_a_plan_accounts_for_who_has_left_the_list_and_is_out_of_the_book_already(
    office: Office, newsletter: ListRow
) -> None:
    office.run("lists")
    unsubscribes, leaves = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:2]
    office.unsubscribe(unsubscribes.address, book=office.book_of(newsletter.id))
    office.leave(newsletter.id, [unsubscribes.person, leaves.person])
    for plan in (office.plan(newsletter.id), office.plan(newsletter.id)):
        assert plan.run.status is RunStatus.COMPLETED and plan.run.tally.adds_up
        became = {each.person: each.outcome for each in office.people(plan.run.id)}
        assert became[unsubscribes.person] is became[leaves.person] is Outcome.REMOVED
        assert numbers(plan) == (0, 0, 1)
    done = office.apply(plan)
    assert done.run.tally.counts == plan.run.tally.counts


def test_a_plan_counts_who_was_suppressed_in_dynamics_and_held_removals(office: Office, newsletter: ListRow) -> None:
    office.run("lists")
    added = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED]
    office.change_in_dynamics("contact", added[0].person, firstname="Renamed")
    typed(office, added[0].address)
    office.leave(newsletter.id, [each.person for each in added[1 : len(added) // 2]])
    plan, calls = office.calls_between(lambda: office.plan(newsletter.id))
    assert writes(calls) == []
    assert plan.run.status is RunStatus.HELD and plan.run.tally.of(Outcome.HELD) > 10
    became = {each.person: (each.outcome, each.reason) for each in office.people(plan.run.id)}
    assert became[added[0].person] == (Outcome.EXCLUDED, "SUPPRESSED")
    assert added[0].person not in {each.person for each in office.planned(plan, effect="update")}
    for sync_type in ("suppressions", "campaigns"):
        with pytest.raises(DyntuiError) as refused:
            office.plan_of(sync_type)
        assert refused.value.code == "NOT_PLANNED" and SYNC_TYPES[sync_type].instead in refused.value.remedy
    assert all(each.planned != bool(each.instead) for each in SYNC_TYPES.values())


def test_a_list_that_could_not_be_planned_is_left_alone_when_the_plan_is_carried_out(
    office: Office, newsletter: ListRow
) -> None:
    other = office.activated("Active contacts in Nordic countries")
    office.change_in_dynamics("list", newsletter.id, statecode=1)
    plan = office.plan(newsletter.id, other.id)
    effects = {each.id: each.effects.add for each in plan.lists}
    assert effects[newsletter.id] == 0 < effects[other.id]
    office.change_in_dynamics("list", newsletter.id, statecode=0)
    done = office.apply(plan)
    assert [each.id for each in done.items] == [other.id]
    assert {each.outcome for each in office.members(newsletter.id)} == {None}


def test_a_plan_of_which_no_list_could_be_planned_is_not_carried_out_on_all_others(
    office: Office, newsletter: ListRow
) -> None:
    office.run("lists")
    other = office.activated("Active contacts in Nordic countries")
    renamed = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)
    office.change_in_dynamics("contact", renamed.person, firstname="Renamed")
    office.change_in_dynamics("list", other.id, statecode=1)
    plan = office.plan(other.id)
    with pytest.raises(DyntuiError) as refused:
        office.apply(plan)
    assert refused.value.code == "PLAN_FAILED" and plan.run.id in refused.value.remedy
    assert office.list_named("Newsletter").sync_status == RunStatus.COMPLETED
    (updated,) = [each for each in office.people(office.run("lists").run.id) if each.outcome is Outcome.UPDATED]
    assert updated.person == renamed.person


def test_a_plan_without_a_list_leaves_those_alone_that_came_since(office: Office) -> None:
    plan = office.plan()
    newsletter = office.activated("Newsletter")
    done = office.apply(plan)
    assert newsletter.id not in {each.id for each in done.items} and done.run.tally.of(Outcome.REJECTED) == 0
    assert {each.outcome for each in office.members(newsletter.id)} == {None}


def test_a_run_that_an_earlier_version_began_goes_on(office: Office, newsletter: ListRow) -> None:
    run_id = office.start("lists")
    begun = {"due": [newsletter.id], "read": 0, "place": 0, "failed": []}
    with office.db.write() as c:
        c.execute(update(run).where(run.c.id == run_id).values(cursor=begun))
    office.engine.drain()
    ended = office.detail(run_id).run
    assert (ended.error_code, ended.status.ended) == ("", True) and ended.tally.of(Outcome.ADDED) > 100


def test_a_plan_says_what_arrives_from_dotdigital_and_only_that_is_brought(office: Office) -> None:
    two_way(office, ("FIRSTNAME", "firstname"), ("LASTNAME", "lastname"))
    ada, bob, cy, dee, eve = some(office, 5)
    newsletter = office.list_named("Newsletter")
    office.let_pass(hours=2)
    office.run("address-books")
    was = in_dynamics(office, ada.person, "firstname")
    for each in (ada, bob, cy):
        change_in_dotdigital(office, each.address, FIRSTNAME="Augusta")
    office.change_in_dynamics("contact", bob.person, firstname="Robert")
    office.change_in_dynamics("contact", dee.person, lastname="Dynamic")
    before = office.digest()
    plan, calls = office.calls_between(lambda: office.plan(newsletter.id))
    assert writes(calls) == [] and office.digest() == before
    brought = {each.person: each for each in office.planned(plan, effect="bring")}
    assert set(brought) == {ada.person, bob.person, cy.person}
    assert (brought[ada.person].before, brought[ada.person].after) == ({"firstname": was}, {"firstname": "Augusta"})
    assert "'Robert' in Dynamics, 'Augusta' in dotdigital, dotdigital wins" in brought[bob.person].detail
    sent = {each.person: each for each in office.planned(plan, effect="update")}
    differs = {label for label, value in sent[ada.person].after.items() if sent[ada.person].before[label] != value}
    # The full name is what Dynamics makes of both.
    assert dee.person in sent and differs == {"FULLNAME"}
    assert plan.plan.calls.dataverse_writes == 2 and plan.run.tally.adds_up
    assert office.plan(newsletter.id).plan.digest == plan.plan.digest

    change_in_dotdigital(office, cy.address, FIRSTNAME="Cyrus")
    change_in_dotdigital(office, eve.address, FIRSTNAME="Evelyn")
    done = office.apply(plan)
    became = {each.person: (each.outcome, each.reason) for each in office.people(done.run.id, item="address-books")}
    assert became[ada.person] == became[bob.person] == (Outcome.UPDATED, "")
    assert became[cy.person] == became[eve.person] == (Outcome.REJECTED, "STALE")
    members = {each.person: (each.outcome, each.reason) for each in office.people(done.run.id, item=newsletter.id)}
    assert {members[each.person] for each in (ada, bob, dee)} == {(Outcome.UPDATED, "")} and done.run.tally.adds_up
    assert in_dynamics(office, ada.person, "firstname") == in_dynamics(office, bob.person, "firstname") == "Augusta"
    assert in_dynamics(office, cy.person, "firstname") not in ("Augusta", "Cyrus")
    office.run("lists")
    assert in_dynamics(office, cy.person, "firstname") == "Cyrus"
    assert in_dynamics(office, eve.person, "firstname") == "Evelyn"
    alone = office.plan_of("address-books")
    assert office.planned(alone) == () and alone.run.tally.adds_up


def test_opt_outs_that_would_be_written_are_named_and_forecast_stands_beside_fact(
    office: Office, newsletter: ListRow
) -> None:
    office.run("lists")
    added = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED]
    asked, unsubscribes, renamed = added[:3]
    typed(office, asked.address)
    office.unsubscribe(unsubscribes.address)
    office.change_in_dynamics("contact", renamed.person, firstname="Renamed")
    before = office.digest()
    plan, calls = office.calls_between(lambda: office.plan(newsletter.id))
    assert writes(calls) == [] and office.digest() == before
    suppressed = {each.person: each.detail for each in office.planned(plan, effect="suppress")}
    assert set(suppressed) == {asked.address, unsubscribes.address} and "in dotdigital" in suppressed[asked.address]
    flagged = {each.person: each for each in office.planned(plan, effect="flag")}
    assert {asked.person, unsubscribes.person} <= set(flagged) and flagged[asked.person].name == asked.name
    done = office.apply(plan)
    became = office.plan_again(plan)
    assert became.fact is not None and became.fact.run_id == done.run.id and became.fact.refused == 0
    assert {each.name: each.done for each in became.lists} == {each.name: each.effects for each in became.lists}
    assert became.fact.calls.dataverse_writes == done.run.dataverse_writes
    assert became.plan.calls.dataverse_writes == done.run.dataverse_writes


def test_a_plan_waits_for_a_decision_until_it_is_carried_out_or_overtaken(office: Office, newsletter: ListRow) -> None:
    def waiting() -> list[tuple[str, int]]:
        now = office.resources.now()
        with office.db.read() as c:
            found = [each for each in decisions.waiting(c, now) if each.kind is Kind.PLAN]
            assert decisions.counted(c, now).plans == len(found)
        return [(each.run, each.people) for each in found]

    def changed() -> None:
        added = next(
            each for each in office.members(newsletter.id) if each.outcome in (Outcome.ADDED, Outcome.UNCHANGED)
        )
        office.change_in_dynamics("contact", added.person, firstname=f"Renamed {office.resources.now()}")

    first = office.plan(newsletter.id)
    people = len({each.person for each in office.planned(first)})
    assert waiting() == [(first.run.id, people)]
    office.let_pass(minutes=1)
    again = office.plan(newsletter.id)
    assert waiting() == [(again.run.id, people)], "an older plan of the same is not carried out any more"
    office.let_pass(minutes=1)
    office.apply(again)
    assert waiting() == []
    changed()
    last = office.plan(newsletter.id)
    assert waiting() == [(last.run.id, 1)]
    office.let_pass(minutes=1)
    # All lists are synchronised, and this one with them.
    office.run("lists")
    assert waiting() == []
    office.let_pass(minutes=1)
    assert numbers(office.plan(newsletter.id)) == (0, 0, 0) and waiting() == [], "there is nothing to be done"


def test_a_plan_still_waits_once_one_person_of_its_list_was_synchronised(office: Office, newsletter: ListRow) -> None:
    office.run("lists")
    one, *others = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:3]
    for each in (one, *others):
        office.change_in_dynamics("contact", each.person, firstname="Renamed")
    plan = office.plan(newsletter.id)
    office.let_pass(minutes=1)
    office.run("lists", lists=(newsletter.id,), only=one.address)
    assert [each.run for each in office.decisions() if each.kind is Kind.PLAN] == [plan.run.id]


def test_plans_to_undo_several_runs_of_a_kind_wait_side_by_side(office: Office, newsletter: ListRow) -> None:
    office.run("lists")
    one, other = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:2]
    plans = []
    for each in (one, other):
        office.let_pass(minutes=1)
        office.change_in_dynamics("contact", each.person, firstname="Renamed")
        plans.append(office.run("lists").run.id)

    def waiting() -> list[str]:
        return [each.run for each in office.decisions() if each.kind is Kind.PLAN]

    first = office.plan_undo(plans[0])
    office.let_pass(minutes=1)
    second = office.plan_undo(plans[1])
    assert waiting() == [second.run.id, first.run.id]
    office.let_pass(minutes=1)
    office.apply(second)
    assert waiting() == [first.run.id], "undoing one run undoes nothing of another one"
    office.let_pass(minutes=1)
    again = office.plan_undo(plans[0])
    assert waiting() == [again.run.id]


def test_plans_to_change_members_wait_side_by_side_where_they_are_about_others(
    office: Office, newsletter: ListRow
) -> None:
    addresses = [each.address for each in office.members(newsletter.id) if each.address][:4]
    first = office.plan_members(newsletter.id, "remove", people=tuple(addresses[:2]))
    office.let_pass(minutes=1)
    second = office.plan_members(newsletter.id, "remove", people=tuple(addresses[2:]))
    assert first.run.title == second.run.title
    assert [each.run for each in office.decisions() if each.kind is Kind.PLAN] == [second.run.id, first.run.id]
    office.let_pass(minutes=1)
    again = office.plan_members(newsletter.id, "remove", people=tuple(addresses[:2]))
    assert [each.run for each in office.decisions() if each.kind is Kind.PLAN] == [again.run.id, second.run.id]
