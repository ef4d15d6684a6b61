"""Values from dotdigital to Dynamics, and both ways at once, as told by the sandbox afterwards."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from dyntui.dataverse import bulk, metadata
from dyntui.model.conversion import Direction
from dyntui.model.errors import DyntuiError
from dyntui.model.held import Kind
from dyntui.model.labels import LabelType
from dyntui.model.mapping import PROVISIONED, ConflictRule, DataMapping
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.model.people import Entity
from dyntui.sandbox.dotdigital import contact_store, storage
from dyntui.service.contract.lists import MemberRow
from dyntui.service.housekeeping import forget
from dyntui.store import crm_columns, mappings
from tests.scenarios.office import Office, writes
from tests.scenarios.test_mapped_columns import account_of, mapped
from tests.scenarios.test_members_and_books import in_dotdigital as asked_of_dotdigital
from tests.thorough import keeping


def two_way(
    office: Office, *pairs: tuple[str, str], rule: ConflictRule = ConflictRule.DOTDIGITAL, more: bool = False
) -> None:
    """These labels also feed their columns of contacts; `more`: besides those that do."""

    async def columns() -> Any:
        return (await metadata.columns(await office.resources.connections.dataverse(), "contact")).rows

    found, account = office.wait(columns()), account_of(office)
    inward = tuple(DataMapping(label, Entity.CONTACT, column, Direction.TO_DYNAMICS, rule) for label, column in pairs)
    with office.db.write() as c:
        crm_columns.replace(c, "contact", found, "2026-01-01T00:00:00Z")
        now = mappings.current(c, account)
        before, others = now.version, now.mappings if more else PROVISIONED
        saved = mappings.save(
            c, account, (*others, *inward), based_on=before, by="test", now="2026-01-01T00:00:00Z", why="test"
        )
    assert saved


def change_in_dotdigital(office: Office, address: str, **values: Any) -> None:
    """Somebody edits a contact there."""
    state = office.sandbox.state
    with state.transaction():
        contact = contact_store.by_email(state, address)
        assert contact is not None
        data = {**contact_store.data_of(contact), **values}
        state.db.execute(
            "UPDATE dd_contact SET data = ?, updated = ? WHERE id = ?",
            (json.dumps(data), storage.now(state), contact.id),
        )


def in_dotdigital(office: Office, address: str, label: str) -> Any:
    contact = contact_store.by_email(office.sandbox.state, address)
    assert contact is not None
    return contact_store.data_of(contact).get(label)


def in_dynamics(office: Office, person: str, column: str) -> Any:
    query = f"SELECT {column} FROM dv_contact WHERE contactid = ?"
    return office.sandbox.state.db.execute(query, (person,)).fetchone()[0]


def nothing_said(office: Office) -> None:
    """No contact of dotdigital has a value yet that nobody has compared with Dynamics."""
    office.sandbox.state.db.execute("UPDATE dd_contact SET data = '{}'")
    office.sandbox.state.db.commit()


def some(office: Office, many: int) -> list[MemberRow]:
    """Members of a list that is synchronised, with contacts of whom dotdigital knows nothing else."""
    nothing_said(office)
    newsletter = office.activated("Newsletter")
    office.run("lists")
    return [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:many]


def test_a_value_changed_in_dotdigital_arrives_and_a_second_run_writes_nothing(office: Office) -> None:
    two_way(office, ("FIRSTNAME", "firstname"), ("LASTNAME", "lastname"))
    ada, bob, cy = some(office, 3)
    office.let_pass(hours=2)
    office.run("address-books")
    change_in_dotdigital(office, ada.address, FIRSTNAME="Augusta")
    change_in_dotdigital(office, bob.address, FIRSTNAME=None)
    office.change_in_dynamics("contact", cy.person, firstname="Cyrus")
    run, calls = office.calls_between(lambda: office.run("address-books"))
    said = {each.person: each for each in office.people(run.run.id)}
    assert run.run.tally.adds_up and set(said) == {ada.person, bob.person}
    assert (said[ada.person].outcome, said[ada.person].detail) == (Outcome.UPDATED, "FIRSTNAME")
    assert in_dynamics(office, ada.person, "firstname") == "Augusta"
    assert in_dynamics(office, bob.person, "firstname") is None
    assert [each for each in writes(calls) if "$batch" not in each] == [] and len(writes(calls)) == 1
    (change,) = [each for each in office.written(run.run.id) if each.person == ada.person]
    assert (change.target, change.after) == ("contact", {"firstname": "Augusta"}) and change.before is not None
    # What was changed in Dynamics alone goes out with the lists.
    office.run("lists")
    assert in_dotdigital(office, cy.address, "FIRSTNAME") == "Cyrus"
    assert in_dynamics(office, cy.person, "firstname") == "Cyrus"
    for _ in range(2):
        office.run("lists")
    again, calls = office.calls_between(lambda: office.run("lists"))
    assert writes(calls) == [] and again.run.tally.adds_up


@pytest.mark.parametrize(
    ("rule", "value", "winner"),
    keeping(
        [
            (ConflictRule.DOTDIGITAL, "There", "dotdigital"),
            (ConflictRule.DYNAMICS, "Here", "Dynamics"),
            (ConflictRule.NEWEST, "There", "dotdigital"),
        ],
        (ConflictRule.DYNAMICS, "Here", "Dynamics"),
    ),
)
def test_a_conflict_is_decided_by_the_rule_kept_with_both_values_and_ends_alike(
    office: Office, rule: ConflictRule, value: str, winner: str
) -> None:
    two_way(office, ("FIRSTNAME", "firstname"), rule=rule)
    (ada,) = some(office, 1)
    office.let_pass(hours=2)
    office.run("address-books")
    office.change_in_dynamics("contact", ada.person, firstname="Here")
    office.let_pass(minutes=5)
    change_in_dotdigital(office, ada.address, FIRSTNAME="There")
    run = office.run("lists")
    (said,) = office.people(run.run.id, item="address-books")
    assert said.also == ("CONFLICT",) and f"{winner} wins" in said.detail
    assert "'Here' in Dynamics, 'There' in dotdigital" in said.detail
    assert in_dynamics(office, ada.person, "firstname") == value
    assert in_dotdigital(office, ada.address, "FIRSTNAME") == value
    (met,) = office.conflicts()
    assert (met.person, met.label, met.run) == (ada.person, "FIRSTNAME", run.run.id)
    assert (met.dynamics, met.dotdigital, met.winner) == ("'Here'", "'There'", winner)
    (waits,) = [each for each in office.decisions() if each.kind is Kind.CONFLICTS]
    assert (waits.name, waits.people) == ("Main", 1) and "FIRSTNAME" in waits.why
    assert office.settle_conflicts(met) == 1
    assert office.conflicts() == () and [each.person for each in office.conflicts(settled=True)] == [ada.person]
    assert Kind.CONFLICTS not in {each.kind for each in office.decisions()}
    with pytest.raises(DyntuiError, match="NO_CONFLICT"):
        office.settle_conflicts(met)
    office.run("lists")
    again = office.run("lists")
    assert office.people(again.run.id, item="address-books") == () and office.conflicts() == ()


def test_the_values_that_lost_are_taken_unless_they_moved_since_and_undone(office: Office) -> None:
    two_way(office, ("FIRSTNAME", "firstname"))
    two_way(office, ("LASTNAME", "lastname"), rule=ConflictRule.DYNAMICS, more=True)
    ada, bob = some(office, 2)
    office.let_pass(hours=2)
    office.run("address-books")
    for each in (ada, bob):
        office.change_in_dynamics("contact", each.person, firstname="Here", lastname="Here")
        change_in_dotdigital(office, each.address, FIRSTNAME="There", LASTNAME="There")
    office.run("lists")

    def where_they_lost(person: MemberRow) -> tuple[Any, Any]:
        first = in_dynamics(office, person.person, "firstname")
        return first, in_dotdigital(office, person.address, "LASTNAME")

    assert where_they_lost(ada) == where_they_lost(bob) == ("There", "Here")
    office.change_in_dynamics("contact", bob.person, firstname="Moved")
    change_in_dotdigital(office, bob.address, LASTNAME="Moved")
    run = office.take_other(*office.conflicts())
    said = {each.person: (each.outcome, each.reason) for each in office.people(run.run.id)}
    assert said == {
        **dict.fromkeys((f"{ada.person}/Dynamics", f"{ada.person}/dotdigital"), (Outcome.UPDATED, "")),
        **dict.fromkeys((f"{bob.person}/Dynamics", f"{bob.person}/dotdigital"), (Outcome.REJECTED, "STALE")),
    }
    assert where_they_lost(ada) == ("Here", "There") and where_they_lost(bob) == ("Moved", "Moved")
    kept = {each.label: (each.taken, bool(each.settled_on)) for each in office.conflicts(settled=True)}
    assert kept == {"FIRSTNAME": ("Dynamics", True), "LASTNAME": ("dotdigital", True)} and run.run.tally.adds_up
    assert {each.person for each in office.conflicts()} == {bob.person}
    written = {each.target.partition(":")[0]: (each.before, each.after) for each in office.written(run.run.id)}
    assert written == {
        "contact": ({"firstname": "There"}, {"firstname": "Here"}),
        "book": ({"LASTNAME": "Here"}, {"LASTNAME": "There"}),
    }
    office.undo(run.run.id)
    assert where_they_lost(ada) == ("There", "Here")
    office.change_in_dynamics("contact", ada.person, firstname="Here")
    change_in_dotdigital(office, ada.address, LASTNAME="There")
    office.let_pass(minutes=5)
    office.run("lists")
    assert in_dotdigital(office, ada.address, "FIRSTNAME") == "Here"
    assert in_dynamics(office, ada.person, "lastname") == "There"


def test_a_value_that_lost_is_no_other_one_once_the_run_that_wrote_over_it_is_forgotten(
    office: Office,
) -> None:
    two_way(office, ("LASTNAME", "lastname"), rule=ConflictRule.DYNAMICS)
    (ada,) = some(office, 1)
    office.let_pass(hours=2)
    office.run("address-books")
    office.change_in_dynamics("contact", ada.person, lastname="Bath")
    change_in_dotdigital(office, ada.address, LASTNAME="Leeds")
    office.run("lists")
    assert in_dotdigital(office, ada.address, "LASTNAME") == "Bath"
    office.let_pass(days=20)
    office.change_in_dynamics("contact", ada.person, lastname="York")
    office.run("lists")
    assert in_dotdigital(office, ada.address, "LASTNAME") == "York"
    office.let_pass(days=12)
    office.wait(forget(office.resources, timedelta(days=30)))
    (waits,) = office.conflicts()
    assert waits.dotdigital == "'Leeds'"
    run = office.take_other(waits)
    (said,) = office.people(run.run.id)
    assert (said.outcome, said.reason) == (Outcome.REJECTED, "NO_BEFORE_IMAGE")
    assert in_dotdigital(office, ada.address, "LASTNAME") == "York"
    assert office.conflicts() == (waits,)


def test_a_value_that_does_not_fit_is_named_written_nowhere_and_tried_again(office: Office) -> None:
    two_way(office, ("FIRSTNAME", "firstname"))
    ada, bob = some(office, 2)
    office.let_pass(hours=2)
    office.run("address-books")
    before = in_dynamics(office, ada.person, "firstname")
    change_in_dotdigital(office, ada.address, FIRSTNAME="A" * 60)
    change_in_dotdigital(office, bob.address, FIRSTNAME="Bo")
    run = office.run("address-books")
    said = {each.person: each for each in office.people(run.run.id)}
    assert run.run.status is RunStatus.COMPLETED_WITH_ERRORS and run.run.tally.adds_up
    assert (said[ada.person].outcome, said[ada.person].reason) == (Outcome.REJECTED, "VALUE_REJECTED")
    assert "firstname" in said[ada.person].detail and in_dynamics(office, ada.person, "firstname") == before
    assert in_dynamics(office, bob.person, "firstname") == "Bo"
    office.let_pass(days=3)
    office.sandbox.state.db.execute(
        "UPDATE dd_contact SET data = json_set(data, '$.FIRSTNAME', 'Al') WHERE email = ?", (ada.address,)
    )
    office.run("address-books")
    assert in_dynamics(office, ada.person, "firstname") == "Al"


def test_a_value_that_had_to_wait_wins_over_no_newer_one(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule says the newest: when the contact was changed is still known when its values are tried again."""
    two_way(office, ("FIRSTNAME", "firstname"), rule=ConflictRule.NEWEST)
    ada, bob = some(office, 2)
    office.let_pass(hours=2)
    office.run("address-books")
    for each in (ada, bob):
        change_in_dotdigital(office, each.address, FIRSTNAME="There")
    office.let_pass(minutes=5)
    real = bulk.update_unmoved

    async def after_somebody(*given: Any, **more: Any) -> Any:
        for each in (ada, bob):
            office.change_in_dynamics("contact", each.person, firstname="Here")
        return await real(*given, **more)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(bulk, "update_unmoved", after_somebody)
        waits = office.run("address-books").run
    assert {(each.outcome, each.reason) for each in office.people(waits.id)} == {(Outcome.REJECTED, "STALE")}
    office.let_pass(days=1)
    change_in_dotdigital(office, bob.address, FIRSTNAME="Later")
    office.let_pass(minutes=5)
    office.run("address-books")
    assert [in_dynamics(office, each.person, "firstname") for each in (ada, bob)] == ["Here", "Later"]


def test_consent_is_never_written_from_a_data_field(office: Office) -> None:
    two_way(office, ("FIRSTNAME", "emailaddress2"), ("LASTNAME", "lastname"))
    (ada,) = some(office, 1)
    office.let_pass(hours=2)
    change_in_dotdigital(office, ada.address, FIRSTNAME="x@y.example")
    run = office.run("address-books")
    (item,) = run.items
    assert "never written from a data field" in item.note
    assert in_dynamics(office, ada.person, "emailaddress2") != "x@y.example"


def test_nothing_is_asked_where_no_mapping_leads_to_dynamics(office: Office) -> None:
    some(office, 1)
    run, calls = office.calls_between(lambda: office.run("address-books"))
    assert sum(each["count"] for each in calls) <= 2 and run.run.tally.adds_up and run.items == ()


def test_a_data_field_that_was_deleted_in_dotdigital_clears_no_column(office: Office) -> None:
    mapped(office, ("CITY", LabelType.STRING, "address1_city"))
    two_way(office, ("CITY", "address1_city"), ("FIRSTNAME", "firstname"))
    ada, bob = some(office, 2)
    office.let_pass(hours=2)
    change_in_dotdigital(office, ada.address, CITY="Oslo")
    office.run("address-books")
    assert in_dynamics(office, ada.person, "address1_city") == "Oslo"
    with_city = in_dynamics(office, bob.person, "address1_city")
    asked_of_dotdigital(office, "DELETE", "/v2/data-fields/CITY")
    for each in (ada, bob):
        change_in_dotdigital(office, each.address, FIRSTNAME="Augusta")
    office.let_pass(minutes=5)
    run = office.run("address-books")
    assert [in_dynamics(office, each.person, "address1_city") for each in (ada, bob)] == ["Oslo", with_city]
    assert [in_dynamics(office, each.person, "firstname") for each in (ada, bob)] == ["Augusta"] * 2
    assert "has no data field CITY" in run.items[0].note and run.run.tally.adds_up


@pytest.mark.parametrize("noticed_by", ["address-books", "lists", "labels"])
def test_a_data_field_that_is_made_anew_after_a_run_had_missed_it_clears_no_column(
    office: Office, noticed_by: str
) -> None:
    mapped(office, ("CITY", LabelType.STRING, "address1_city"))
    two_way(office, ("CITY", "address1_city"), ("FIRSTNAME", "firstname"))
    ada, bob = some(office, 2)
    office.let_pass(hours=2)
    change_in_dotdigital(office, ada.address, CITY="Oslo")
    office.run("address-books")
    cities = [in_dynamics(office, each.person, "address1_city") for each in (ada, bob)]
    asked_of_dotdigital(office, "DELETE", "/v2/data-fields/CITY")
    office.let_pass(minutes=5)
    office.run(noticed_by)
    asked_of_dotdigital(office, "POST", "/v2/data-fields", {"name": "CITY", "type": "String", "visibility": "Private"})
    if noticed_by == "labels":
        office.run("labels")
    for each in (ada, bob):
        change_in_dotdigital(office, each.address, FIRSTNAME="Augusta")
    office.let_pass(minutes=5)
    office.run("address-books")
    assert [in_dynamics(office, each.person, "address1_city") for each in (ada, bob)] == cities
    # What somebody clears from then on is cleared.
    change_in_dotdigital(office, ada.address, CITY="Rome")
    office.let_pass(minutes=5)
    office.run("address-books")
    assert in_dynamics(office, ada.person, "address1_city") == "Rome"
    change_in_dotdigital(office, ada.address, CITY=None)
    office.let_pass(minutes=5)
    office.run("address-books")
    assert in_dynamics(office, ada.person, "address1_city") is None
