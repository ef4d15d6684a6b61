"""What ends while people work - a role, a secret, a certificate, the right time: a clear message and a remedy, nothing
done by halves, and the next try goes on."""

from __future__ import annotations

import json

import pytest

from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.model.roles import Role
from dyntui.service.contract.lists import LISTS_PAGE, ListsQuery
from dyntui.service.contract.runs import RUN_START, StartRun
from dyntui.service.identity import ROLES_SECONDS
from tests.scenarios.office import Office, writes
from tests.scenarios.test_role_self_test import Desk
from tests.scenarios.test_roles import Passing

# By Entra ID's number, what a run that cannot sign in says.
ENDED = {
    7000222: ("DATAVERSE_SECRET_EXPIRED", "credentials replace dynamics"),
    7000215: ("DATAVERSE_SECRET_REFUSED", "credentials replace dynamics"),
    700027: ("DATAVERSE_CERTIFICATE_REFUSED", "credentials replace dynamics"),
    700024: ("DATAVERSE_CLOCK_WRONG", "Set the clock"),
    7000112: ("DATAVERSE_CLIENT_DISABLED", "administrator"),
}


def test_a_role_that_is_taken_away_from_somebody_at_work_ends_what_they_may_do_and_not_what_they_began(
    office: Office,
) -> None:
    clock = Passing()
    office.give_roles("manager", Role.MANAGER)
    desk = Desk(office, "manager")
    desk.identities._monotonic = clock
    newsletter = office.activated("Newsletter")
    desk.ask(LISTS_PAGE, ListsQuery())
    begun = office.start("lists")
    office.give_roles("manager", Role.VIEWER)
    clock.now += ROLES_SECONDS
    with pytest.raises(DyntuiError) as refused:
        desk.ask(RUN_START, StartRun(sync_type="lists"))
    assert refused.value.code == "NOT_PERMITTED" and Role.MANAGER in refused.value.message + refused.value.remedy
    # They still see, and the run that they began while they might comes to its end.
    assert [row.id for row in desk.ask(LISTS_PAGE, ListsQuery()).rows if row.id == newsletter.id]
    office.engine.drain()
    assert office.run_of(begun).status is RunStatus.COMPLETED
    office.give_roles("manager")
    clock.now += ROLES_SECONDS
    with pytest.raises(DyntuiError) as refused:
        desk.ask(LISTS_PAGE, ListsQuery())
    assert refused.value.code == "NOT_PERMITTED" and refused.value.remedy
    office.give_roles("manager", Role.MANAGER)
    clock.now += ROLES_SECONDS
    assert desk.ask(RUN_START, StartRun(sync_type="suppressions")).id


def test_a_sign_in_that_has_ended_stops_runs_by_its_name_and_they_go_on_once_it_is_mended(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    for number, (code, remedy) in ENDED.items():
        body = json.dumps({"error": "invalid_client", "error_codes": [number], "error_description": f"AADSTS{number}"})
        fault = {"system": "entra", "route": "token", "kind": "status", "status": 401, "body": body, "times": 50}
        office.let_pass(hours=3)
        office.sandbox.order(fault)
        run, calls = office.calls_between(lambda: office.run("lists").run)
        assert (run.status, run.error_code) == (RunStatus.FAILED, code), (number, run)
        assert remedy in run.remedy and writes(calls) == [], (number, run.remedy, writes(calls))
        office.sandbox.reset()
    run = office.run("lists").run
    assert run.status in (RunStatus.COMPLETED, RunStatus.COMPLETED_WITH_ERRORS) and run.tally.of(Outcome.ADDED) > 100
    assert newsletter.id
