"""What the service cannot see refuses lists and sends by name: hidden is never taken for "has not opted out"."""

from __future__ import annotations

from typing import Any

import pytest

from dyntui.dataverse import lists, membership, security
from dyntui.model import solution_privileges
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.model.roles import Role
from dyntui.service.contract.lists import ListRow
from tests.scenarios.office import Office
from tests.thorough import keeping

_APPLICATION = "connector@skarnfjall.example"


def secure(office: Office, columns: dict[str, list[str]]) -> None:
    body = {"dataverse": {"secured_columns": columns}}
    office.sandbox.control.post("/settings", json=body).raise_for_status()


@pytest.mark.parametrize(
    "column", keeping(["contact.donotbulkemail", "account.donotemail", "lead.emailaddress1"], "account.donotemail")
)
def test_a_secured_column_refuses_lists_and_sends_by_name(office: Office, column: str) -> None:
    newsletter = office.activated("Newsletter")
    secure(office, {column: []})
    run = office.run("lists").run
    assert (run.status, run.error_code) == (RunStatus.FAILED, "CONSENT_HIDDEN")
    assert column in run.error
    secure(office, {column: [_APPLICATION], "contact.jobtitle": []})
    assert office.run("lists").run.status is not RunStatus.FAILED
    office.run("campaigns")
    campaign = office.campaign_named("Newsletter March")
    office.target(campaign, newsletter.id)
    count = office.count(campaign)
    secure(office, {column: []})
    sent = office.send(count)
    assert office.detail(sent.run).run.error_code == "CONSENT_HIDDEN"
    assert office.mailed(campaign) == []


@pytest.mark.parametrize("conditions", keeping(["refuse", "null"], "null"))
def test_a_query_that_asks_about_a_hidden_column_fails_its_list_by_name_and_changes_nobody(
    office: Office, conditions: str
) -> None:
    office.sandbox.switch(dataverse={"secured_conditions": conditions})
    nordic, newsletter = office.activated("Active contacts in Nordic countries"), office.activated("Newsletter")
    # Whom the service cannot tell apart: compared as empty, everybody is found.
    query = (
        '<fetch><entity name="contact"><attribute name="contactid"/><filter>'
        '<condition attribute="jobtitle" operator="not-like" value="%a%"/></filter></entity></fetch>'
    )
    office.change_in_dynamics("list", nordic.id, query=query)
    office.run("lists")
    book = office.digest()["dotdigital"]
    secure(office, {"contact.jobtitle": []})
    office.let_pass(minutes=11)
    run = office.run("lists")
    items = {item.id: item for item in run.items}
    assert items[nordic.id].status is RunStatus.FAILED and items[newsletter.id].status is RunStatus.COMPLETED
    assert items[nordic.id].note.startswith("LIST_QUERY_REFUSED: ") and "contact.jobtitle" in items[nordic.id].note
    assert office.digest()["dotdigital"] == book
    secure(office, {"contact.jobtitle": [_APPLICATION]})
    assert office.run("lists").run.status is RunStatus.COMPLETED


def test_records_out_of_sight_hold_removals_and_refuse_sends(office: Office, newsletter: ListRow) -> None:
    office.run("campaigns")
    campaign = office.campaign_named("Newsletter March")
    office.target(campaign, newsletter.id)
    count = office.count(campaign)
    office.give_roles("application", "System Administrator")
    leaver = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)

    async def leads_of_the_unit_alone() -> None:
        dv = await office.resources.connections.dataverse()
        more = await security.known_privileges(dv, solution_privileges.OPTIONAL_PRIVILEGES[Role.SERVICE])
        held = dict.fromkeys((*solution_privileges.ROLE_PRIVILEGES[Role.SERVICE], *more), security.GLOBAL)
        await security.ensure_role(dv, Role.SERVICE, {**held, "prvReadLead": security.LOCAL})
        left = await lists.marketing_list(dv, newsletter.id)
        assert left is not None
        assert not (await membership.remove_members(dv, left, [leaver.person])).refused

    office.wait(leads_of_the_unit_alone())
    office.give_roles("application", Role.SERVICE)
    run = office.run("lists")
    held = [each for each in office.people(run.run.id) if each.outcome is Outcome.HELD]
    assert [(each.person, each.reason) for each in held] == [(leaver.person, "REMOVAL_HELD")]
    assert "prvReadLead" in held[0].detail
    sent = office.send(count)
    detail = office.detail(sent.run).run
    assert detail.error_code == "RECORDS_HIDDEN" and "prvReadLead" in detail.error
    assert office.mailed(campaign) == []


def definitions(calls: list[dict[str, Any]]) -> int:
    return sum(each["count"] for each in calls if each["route"] == "EntityDefinitions")


def test_column_security_is_asked_of_again_after_minutes_after_a_refusal_and_in_every_send(office: Office) -> None:
    # What asks about a hidden column compares null here: where it is refused, the run ends by that.
    office.sandbox.switch(dataverse={"secured_conditions": "null"})
    newsletter, nordic = office.activated("Newsletter"), office.activated("Active contacts in Nordic countries")
    run = lambda: office.calls_between(lambda: office.run("lists"))  # noqa: E731
    office.run("lists")
    assert definitions(run()[1]) == 0
    office.run("campaigns")
    campaign = office.campaign_named("Newsletter March")
    office.target(campaign, newsletter.id)
    count = office.count(campaign)

    # What is hidden between two looks ends no opt-out that is known, and no send goes by what is remembered.
    out = next(each for each in office.members(newsletter.id) if each.reason == "DO_NOT_BULK_EMAIL")
    secure(office, {"contact.donotbulkemail": []})
    hidden, calls = run()
    assert definitions(calls) == 0 and out.person in excluded(office, hidden.run.id)
    sent = office.send(count)
    assert office.detail(sent.run).run.error_code == "CONSENT_HIDDEN" and office.mailed(campaign) == []
    office.let_pass(minutes=11)
    assert office.run("lists").run.error_code == "CONSENT_HIDDEN"
    secure(office, {})
    again, calls = run()
    assert definitions(calls) == 1 and out.person in excluded(office, again.run.id)

    office.change_in_dynamics("list", nordic.id, query="<fetch/>")
    run()
    assert definitions(run()[1]) == 1


def excluded(office: Office, run_id: str) -> set[str]:
    return {each.person for each in office.people(run_id) if each.outcome is Outcome.EXCLUDED}
