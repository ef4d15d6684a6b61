"""What a run wrote is kept with what was there before: field by field, and only of whom it changed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.service.contract.lists import ListRow
from dyntui.service.housekeeping import forget
from dyntui.store.schema import applied_change, change_part
from tests.scenarios.office import Office
from tests.scenarios.test_address_books import in_dotdigital
from tests.scenarios.test_suppressions import typed


@pytest.fixture
def newsletter(office: Office) -> ListRow:
    return office.activated("Newsletter")


def test_what_was_added_updated_and_taken_out_is_kept_with_the_fields_before_and_after(
    office: Office, newsletter: ListRow
) -> None:
    first = office.run("lists")
    added = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED]
    written = {each.person: each for each in office.written(first.run.id, effect="add")}
    assert {each.person for each in added} <= set(written)
    ann = written[added[0].person]
    assert ann.after and set(ann.after) <= {"FIRSTNAME", "LASTNAME", "FULLNAME"} and ann.contact_id
    assert ann.created is (ann.before is None) and not ann.consent and not ann.undone_by
    assert any(each.created for each in written.values())

    renamed, opted_out, leaves, moves = added[:4]
    office.change_in_dynamics("contact", renamed.person, firstname="Renamed")
    office.change_in_dynamics("contact", opted_out.person, donotemail=1)
    office.change_in_dynamics("contact", moves.person, emailaddress1="moved@example.com")
    office.leave(newsletter.id, [leaves.person])
    typed(office, added[4].address)
    second = office.run("lists").run.id
    changes = {(each.person, each.target.partition(":")[0]): each for each in office.written(second)}
    assert (changes[renamed.person, "book"].effect, changes[renamed.person, "book"].after) == (
        "update",
        {"FIRSTNAME": "Renamed"},
    )
    before = changes[renamed.person, "book"].before
    assert before is not None and before["FIRSTNAME"] and set(before) == {"FIRSTNAME"}
    out = changes[opted_out.person, "book"]
    assert (out.effect, out.reason, out.consent) == ("remove", "DO_NOT_EMAIL", True)
    left = changes[leaves.person, "book"]
    assert (left.effect, left.reason, left.consent, left.after) == ("remove", "LEFT_LIST", False, None)
    moved = changes[moves.person, "book"]
    assert (moved.effect, moved.before_address, moved.address) == ("update", moves.address, "moved@example.com")
    assert (changes[added[4].address, "account"].effect, changes[added[4].address, "account"].consent) == (
        "suppress",
        True,
    )
    flagged = changes[added[4].person, "contact"]
    assert (flagged.effect, flagged.before, flagged.after) == (
        "flag",
        {"donotbulkemail": False},
        {"donotbulkemail": True},
    )
    assert [each.person for each in office.written(second, person=renamed.person)] == [renamed.person]
    assert [each.person for each in office.written(second, search=leaves.address)] == [leaves.person]
    # By an address: what was written of whoever had it, before or after, and of nobody whose address only holds it.
    assert {each.person for each in office.written(second, person="MOVED@example.com")} == {moves.person}
    assert {each.person for each in office.written(second, person=moves.address)} == {moves.person}
    assert office.written(second, person="oved@example.com") == office.written(second, person="moved@example.co") == ()

    office.until_told()
    third = office.run("lists").run.id
    assert office.written(third) == ()


def test_what_dotdigital_held_of_somebody_is_what_was_there_before(office: Office, newsletter: ListRow) -> None:
    office.run("lists")
    somebody = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)
    office.change_in_dotdigital(somebody.address, LASTNAME="By hand")
    office.change_in_dynamics("contact", somebody.person, lastname="By Dynamics")
    (change,) = [each for each in office.written(office.run("lists").run.id) if each.person == somebody.person]
    assert change.known and change.before is not None and change.after is not None
    assert (change.before["LASTNAME"], change.after["LASTNAME"]) == ("By hand", "By Dynamics")


def test_what_runs_wrote_is_forgotten_with_them(office: Office, newsletter: ListRow) -> None:
    run_id = office.run("lists").run.id
    assert office.written(run_id)
    office.let_pass(days=31)
    assert office.wait(forget(office.resources, timedelta(days=30)))
    with office.db.read() as c:
        assert [
            c.execute(select(func.count()).select_from(each)).scalar() for each in (change_part, applied_change)
        ] == [
            0,
            0,
        ]


def test_what_an_import_had_changed_of_which_nobody_saw_the_end_stands_in_the_audit_once_it_is_seen(
    office: Office, newsletter: ListRow
) -> None:
    office.run("lists")
    people = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:3]
    was = [in_dotdigital(office, each.address, "LASTNAME") for each in people]
    for each in people:
        office.change_in_dynamics("contact", each.person, lastname="Changed")
    away = {"system": "dotdigital", "method": "GET", "kind": "status", "status": 500, "times": 1000}
    office.sandbox.order({**away, "route": "import"})
    run = office.run("lists").run
    assert run.status is RunStatus.FAILED and office.written(run.id) == ()
    office.sandbox.reset()
    office.let_pass(minutes=10)
    office.run("lists")
    wrote = office.written(run.id)
    assert {each.person for each in wrote} == {each.person for each in people}
    assert {(each.after or {})["LASTNAME"] for each in wrote} == {"Changed"}
    assert office.undo(run.id).run.tally.of(Outcome.UPDATED) == len(people)
    assert [in_dotdigital(office, each.address, "LASTNAME") for each in people] == was


@pytest.mark.parametrize("lost", ["drop_after", pytest.param("drop_before", marks=pytest.mark.thorough)])
def test_whom_a_run_that_failed_had_taken_out_is_told_of_it_once_they_do_not_show(
    office: Office, newsletter: ListRow, lost: str
) -> None:
    """And of the next run where the request had not arrived."""
    office.run("lists")
    people = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:3]
    office.leave(newsletter.id, [each.person for each in people])
    office.sandbox.order({"system": "dotdigital", "route": "contacts/delete", "kind": lost, "times": 1000})
    failed = office.run("lists").run
    assert failed.status is RunStatus.FAILED and office.written(failed.id) == ()
    office.sandbox.reset()
    office.let_pass(minutes=10)
    following = office.run("lists").run
    wrote = {run: {each.person for each in office.written(run, effect="remove")} for run in (failed.id, following.id)}
    by_it, nobody = {each.person for each in people}, set[str]()
    assert list(wrote.values()) == ([by_it, nobody] if lost == "drop_after" else [nobody, by_it])
    if lost == "drop_after":
        assert office.undo(failed.id).run.tally.of(Outcome.ADDED) == len(people)
        assert {each.address for each in people} <= office.in_book(newsletter.id)
