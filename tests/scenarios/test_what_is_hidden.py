"""What the service cannot see refuses lists and sends by name: hidden is never taken for "has not opted out"."""

from __future__ import annotations

import pytest

from dyntui.dataverse import lists, security
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.model.roles import Role
from tests.scenarios.office import Office

_APPLICATION = "connector@skarnfjall.example"


def secure(office: Office, columns: dict[str, list[str]]) -> None:
    body = {"dataverse": {"secured_columns": columns}}
    office.sandbox.control.post("/settings", json=body).raise_for_status()


@pytest.mark.parametrize("column", ["contact.donotbulkemail", "account.donotemail", "lead.emailaddress1"])
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


def test_records_out_of_sight_hold_removals_and_refuse_sends(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    office.run("lists")
    office.run("campaigns")
    campaign = office.campaign_named("Newsletter March")
    office.target(campaign, newsletter.id)
    count = office.count(campaign)
    office.give_roles("application", "System Administrator")
    leaver = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)

    async def leads_of_the_unit_alone() -> None:
        dv = await office.resources.connections.dataverse()
        held = await security.role_privileges(dv, Role.SERVICE)
        assert held is not None
        await security.ensure_role(dv, Role.SERVICE, {**held, "prvreadlead": security.LOCAL})
        left = await lists.marketing_list(dv, newsletter.id)
        assert left is not None
        assert not (await lists.remove_members(dv, left, [leaver.person])).refused

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
