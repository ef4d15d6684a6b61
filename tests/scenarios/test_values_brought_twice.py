"""A run that brings values to Dynamics is killed, something changes, and it goes on: what an undo sets back is what was
there before."""

from __future__ import annotations

import asyncio
import concurrent.futures
from typing import Any

import pytest

from dyntui.dataverse import bulk
from dyntui.model.opt_in import CODE_OF, COLUMN, OptIn
from dyntui.model.outcomes import Outcome
from dyntui.model.people import Entity
from dyntui.service.contract.lists import MemberRow
from dyntui.sync import feeds
from dyntui.sync.kinds import opt_in
from tests.scenarios.office import Office
from tests.scenarios.test_address_books import change_in_dotdigital, in_dynamics, some, two_way


def opted_in_more(office: Office) -> MemberRow:
    """Somebody whose opt-in type Dynamics does not know yet, although it was synchronised before."""
    (ada,) = some(office, 1)
    office.let_pass(hours=2)
    office.run("opt-in")
    office.sandbox.state.db.execute("UPDATE dd_contact SET opt_in = 'VerifiedDouble'")
    change_in_dotdigital(office, ada.address, FIRSTNAME="Ada")
    office.let_pass(minutes=5)
    return ada


@pytest.mark.parametrize("written", [False, True])
def test_what_somebody_typed_before_the_run_went_on_is_set_back_by_an_undo(
    written: bool, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_way(office, ("FIRSTNAME", "firstname"), ("LASTNAME", "lastname"))
    (ada,) = some(office, 1)
    office.let_pass(hours=2)
    office.run("address-books")
    last = in_dynamics(office, ada.person, "lastname")
    change_in_dotdigital(office, ada.address, FIRSTNAME="There")
    office.let_pass(minutes=5)
    real = bulk.update_unmoved

    async def killed(*given: Any, **more: Any) -> Any:
        if written:
            await real(*given, **more)
        raise asyncio.CancelledError

    run = office.start("address-books")
    with monkeypatch.context() as patched, pytest.raises(concurrent.futures.CancelledError):
        patched.setattr(bulk, "update_unmoved", killed)
        office.engine.drain()
    office.change_in_dynamics("contact", ada.person, firstname="Typed in")
    change_in_dotdigital(office, ada.address, LASTNAME="Later")
    office.engine.drain()
    assert [in_dynamics(office, ada.person, each) for each in ("firstname", "lastname")] == ["There", "Later"]
    (change,) = office.written(run)
    assert change.before == {"firstname": "Typed in", "lastname": last}
    assert office.undo(run).run.tally.of(Outcome.UPDATED) == 1
    assert [in_dynamics(office, ada.person, each) for each in ("firstname", "lastname")] == ["Typed in", last]


def test_who_changes_again_before_the_run_goes_on_is_set_back_to_what_was_there_first(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_way(office, ("FIRSTNAME", "firstname"), ("LASTNAME", "lastname"))
    (ada,) = some(office, 1)
    office.let_pass(hours=2)
    office.run("address-books")
    was = [in_dynamics(office, ada.person, each) for each in ("firstname", "lastname")]
    change_in_dotdigital(office, ada.address, FIRSTNAME="There")
    office.let_pass(minutes=5)
    run = office.start("address-books")

    async def killed(*_: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patched, pytest.raises(concurrent.futures.CancelledError):
        patched.setattr(feeds, "advance", killed)
        office.engine.drain()
    assert in_dynamics(office, ada.person, "firstname") == "There"
    change_in_dotdigital(office, ada.address, FIRSTNAME="Later", LASTNAME="Later")
    office.engine.drain()
    assert [in_dynamics(office, ada.person, each) for each in ("firstname", "lastname")] == ["Later", "Later"]
    assert office.undo(run).run.tally.of(Outcome.UPDATED) == 1
    assert [in_dynamics(office, ada.person, each) for each in ("firstname", "lastname")] == was


def test_an_opt_in_type_that_was_typed_in_before_the_run_went_on_is_set_back_by_an_undo(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = opted_in_more(office)

    real = bulk.update_unmoved

    async def killed(dv: Any, table: bulk.Table, changes: Any, **more: Any) -> Any:
        if ada.person in {key for key, *_ in changes}:
            raise asyncio.CancelledError
        return await real(dv, table, changes, **more)

    run = office.start("opt-in")
    with monkeypatch.context() as patched, pytest.raises(concurrent.futures.CancelledError):
        patched.setattr(bulk, "update_unmoved", killed)
        office.engine.drain()
    typed = CODE_OF[OptIn.DOUBLE]
    assert in_dynamics(office, ada.person, COLUMN) != typed
    office.change_in_dynamics("contact", ada.person, **{COLUMN: typed})
    office.engine.drain()
    assert in_dynamics(office, ada.person, COLUMN) == CODE_OF[OptIn.VERIFIED_DOUBLE]
    office.undo(run)
    assert in_dynamics(office, ada.person, COLUMN) == typed


def test_an_opt_in_type_that_somebody_lowered_after_the_run_had_written_it_is_set_back_by_an_undo(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = opted_in_more(office)

    real = opt_in._raise

    async def killed(ctx: Any, dv: Any, entity: Entity, wanted: Any, **more: Any) -> Any:
        if entity is Entity.LEAD:
            raise asyncio.CancelledError
        return await real(ctx, dv, entity, wanted, **more)

    run = office.start("opt-in")
    with monkeypatch.context() as patched, pytest.raises(concurrent.futures.CancelledError):
        patched.setattr(opt_in, "_raise", killed)
        office.engine.drain()
    typed = CODE_OF[OptIn.DOUBLE]
    assert in_dynamics(office, ada.person, COLUMN) == CODE_OF[OptIn.VERIFIED_DOUBLE]
    office.change_in_dynamics("contact", ada.person, **{COLUMN: typed})
    office.engine.drain()
    assert in_dynamics(office, ada.person, COLUMN) == CODE_OF[OptIn.VERIFIED_DOUBLE]
    office.undo(run)
    assert in_dynamics(office, ada.person, COLUMN) == typed


def test_an_opt_in_type_that_was_undone_stays_undone_until_dotdigital_says_another_one(office: Office) -> None:
    (ada,) = some(office, 1)
    office.let_pass(hours=2)
    office.sandbox.state.db.execute("UPDATE dd_contact SET opt_in = 'Double'")
    change_in_dotdigital(office, ada.address, FIRSTNAME="Ada")
    office.let_pass(minutes=5)
    run = office.start("opt-in")
    office.engine.drain()
    assert in_dynamics(office, ada.person, COLUMN) == CODE_OF[OptIn.DOUBLE]
    office.undo(run)
    was = in_dynamics(office, ada.person, COLUMN)
    for _ in range(2):
        office.let_pass(hours=2)
        office.run("opt-in")
        assert in_dynamics(office, ada.person, COLUMN) == was
    office.sandbox.state.db.execute("UPDATE dd_contact SET opt_in = 'VerifiedDouble'")
    change_in_dotdigital(office, ada.address, FIRSTNAME="Augusta")
    office.let_pass(minutes=5)
    office.run("opt-in")
    assert in_dynamics(office, ada.person, COLUMN) == CODE_OF[OptIn.VERIFIED_DOUBLE]
