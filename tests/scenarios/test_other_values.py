"""Taking the value of a conflict that had lost, where two people share a contact or the run was interrupted."""

from __future__ import annotations

import asyncio
import concurrent.futures
from typing import Any

import pytest

from dyntui.model.mapping import ConflictRule
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.sync import other_values
from dyntui.sync.run_context import RunContext
from tests.scenarios.office import Office
from tests.scenarios.test_address_books import change_in_dotdigital, in_dotdigital, some, two_way


def test_the_other_values_of_two_people_of_one_address_are_taken_one_after_the_other(office: Office) -> None:
    two_way(office, ("FIRSTNAME", "firstname"), rule=ConflictRule.DYNAMICS)
    two_way(office, ("LASTNAME", "lastname"), rule=ConflictRule.DYNAMICS, more=True)
    ada, bob = some(office, 2)
    office.let_pass(hours=2)
    office.run("address-books")
    office.change_in_dynamics("contact", ada.person, firstname="Here")
    change_in_dotdigital(office, ada.address, FIRSTNAME="There")
    office.run("lists")
    # She leaves, and he has her address from now on.
    office.change_in_dynamics("contact", ada.person, emailaddress1="")
    office.change_in_dynamics("contact", bob.person, emailaddress1=ada.address, firstname="Here")
    office.run("lists")
    office.let_pass(hours=2)
    office.run("address-books")
    office.change_in_dynamics("contact", bob.person, lastname="Here")
    change_in_dotdigital(office, ada.address, LASTNAME="There")
    office.run("lists")
    assert {(each.person, each.label) for each in office.conflicts()} == {
        (ada.person, "FIRSTNAME"),
        (bob.person, "LASTNAME"),
    }
    run = office.take_other(*office.conflicts())
    assert {(each.outcome, each.reason) for each in office.people(run.run.id)} == {(Outcome.UPDATED, "")}
    assert [in_dotdigital(office, ada.address, each) for each in ("FIRSTNAME", "LASTNAME")] == ["There", "There"]
    assert office.conflicts() == () and run.run.tally.adds_up


def test_the_other_value_counts_as_taken_where_dotdigital_forgot_the_import_that_brought_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_way(office, ("LASTNAME", "lastname"), rule=ConflictRule.DYNAMICS)
    (ada,) = some(office, 1)
    office.let_pass(hours=2)
    office.run("address-books")
    office.change_in_dynamics("contact", ada.person, lastname="Here")
    change_in_dotdigital(office, ada.address, LASTNAME="There")
    office.run("lists")
    carry_out = other_values.carry_out

    async def then_interrupted(ctx: RunContext, *given: Any, **more: Any) -> Any:
        result = await carry_out(ctx, *given, **more)
        assert result.finished
        office.sandbox.state.db.execute("DELETE FROM dd_import")
        office.sandbox.state.db.commit()
        raise asyncio.CancelledError

    (waits,) = office.conflicts()
    with monkeypatch.context() as patched, pytest.raises(concurrent.futures.CancelledError):
        patched.setattr(other_values, "carry_out", then_interrupted)
        office.take_other(waits)
    assert in_dotdigital(office, ada.address, "LASTNAME") == "There"
    office.engine.drain()
    (run,) = office.audit(kind="conflicts").rows
    assert (run.status, run.error_code) == (RunStatus.COMPLETED, "")
    assert [(each.outcome, each.reason) for each in office.people(run.id)] == [(Outcome.UPDATED, "")]
    assert office.conflicts() == ()
