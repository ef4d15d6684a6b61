"""What ends while people work - a role, a secret, a certificate, the right time: a clear message and a remedy, nothing
done by halves, and the next try goes on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.model.roles import Role
from dyntui.sandbox.dotdigital import storage as dotdigital
from dyntui.sandbox.dotdigital import suppressions
from dyntui.service.contract.campaigns import CampaignRow
from dyntui.service.contract.lists import LISTS_PAGE, ListsQuery
from dyntui.service.contract.runs import RUN_START, StartRun
from dyntui.service.contract.target_counts import TargetCount
from dyntui.service.identity import ROLES_SECONDS
from dyntui.sync import doubtful_sends
from tests.scenarios.office import Office, writes
from tests.scenarios.test_role_self_test import Desk
from tests.scenarios.test_roles import Passing
from tests.scenarios.test_subscribing_again import contact_of

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


def deletes(office: Office, table: str, *, allowed: bool) -> None:
    """The service's role has or has not the right to delete rows of a table."""
    state, marks = office.sandbox.state, ("-{}", "{}") if allowed else ("{}", "-{}")
    name = f"prvDelete{table}"
    (privilege,) = state.db.execute("SELECT privilegeid FROM dv_privilege WHERE name = ?", (name,)).fetchone()
    before, after = (each.format(privilege) for each in marks)
    with state.transaction():
        changed = "UPDATE dv_roleprivileges SET privilegeid = ? WHERE privilegeid = ?"
        assert state.db.execute(changed, (after, before)).rowcount


@pytest.mark.parametrize("table", ["dyntui_suppression", "dyntui_listunsubscribe"])
def test_rows_of_who_subscribed_again_that_dynamics_keeps_are_named_and_go_once_it_lets_them(
    table: str, office: Office
) -> None:
    newsletter = office.activated("Newsletter")
    first = office.run("lists")
    person = next(each for each in office.people(first.run.id) if each.outcome is Outcome.ADDED)
    of_the_list = table == "dyntui_listunsubscribe"
    kind, book = ("lists", office.book_of(newsletter.id)) if of_the_list else ("suppressions", None)
    office.unsubscribe(person.address, **({"book": book} if of_the_list else {}))
    office.run(kind)
    assert office.records_where(table, dyntui_address=person.address)
    state = office.sandbox.state
    with state.transaction():
        suppressions.lift(state, contact_of(office, person.address), book, dotdigital.now(state))
    office.let_pass(days=1, minutes=1)
    deletes(office, table, allowed=False)
    for _ in range(2):
        refused = office.run(kind)
        assert refused.run.status is RunStatus.COMPLETED_WITH_ERRORS, refused
        said = (*(each.note for each in refused.items), *(each.address for each in office.people(refused.run.id)))
        assert any(person.address in each for each in said)
    deletes(office, table, allowed=True)
    assert office.run(kind).run.status is RunStatus.COMPLETED
    assert not office.records_where(table, dyntui_address=person.address)


def test_a_role_that_ends_once_everybody_was_mailed_fails_the_run_and_says_what_is_left_to_be_done(
    office: Office, counted: tuple[CampaignRow, TargetCount], monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign, count = counted
    compare = doubtful_sends.compare

    async def then(*asked: Any) -> None:
        office.give_roles("application")
        await compare(*asked)

    monkeypatch.setattr(doubtful_sends, "compare", then)
    sent = office.send(count)
    run = office.detail(sent.run).run
    assert (sent.state, run.error_code, len(office.mailed(campaign))) == (
        "Sent",
        "DATAVERSE_USER_WITHOUT_ROLE",
        count.sendable,
    )
    assert run.not_done.startswith("The send went out.") and "take the members off by hand" in run.remedy
    office.give_roles("application", Role.SERVICE)
    office.run("campaigns")
    assert office.records_where("dyntui_campaignsend", dyntui_state="Sent") == {sent.id}


def test_an_account_that_is_disconnected_while_all_are_asked_fails_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    connections = office.resources.connections
    there = connections._accounts()
    known = iter([[*there, "gone"]])
    monkeypatch.setattr(connections, "_accounts", lambda: next(known, there))
    assert list(office.wait(connections.everywhere())) == there
