"""An organisation that is not production mails nobody but whom its allow list names."""

from __future__ import annotations

import msgspec
import pytest

from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome
from dyntui.model.paging import Window
from dyntui.service.contract.campaigns import CampaignRow
from dyntui.service.contract.setup import OrganisationInput
from dyntui.service.contract.target_counts import TargetCount
from dyntui.service.environment import keep_as_set_up
from dyntui.store import admin_changes
from tests.scenarios.office import Office


def test_only_whom_the_allow_list_names_is_mailed_and_everybody_else_is_left_out_by_name(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, before = counted
    office.environment(production=False)
    count = office.count(campaign)
    assert count.sendable == 0 and count.potential == before.potential
    left_out = {each.reason: each.people for each in count.excluded}
    assert left_out["NOT_ALLOW_LISTED"] >= before.sendable

    sendable = office.count_people(before.id, sendable=True)
    one, domain = sendable[0].address, sendable[1].address.rpartition("@")[2]
    office.environment(add=(one.upper(), f"@{domain}"))
    named = {each.address for each in sendable if each.address == one or each.address.endswith(f"@{domain}")}
    count = office.count(campaign)
    assert {each.address for each in office.count_people(count.id, sendable=True)} == named

    office.environment(remove=(one,))
    sent = office.send(count)
    assert {mail["address"] for mail in office.mailed(campaign)} == named - {one}
    (person,) = [each for each in office.people(sent.run) if each.address == one and each.person == sendable[0].person]
    assert (person.outcome, person.reason) == (Outcome.EXCLUDED, "NOT_ALLOW_LISTED")
    details = {gate.code: gate.detail for gate in office.why(one, campaign.id).verdicts[0].gates}
    assert details["NOT_ALLOW_LISTED"].startswith("the organisation is marked as not production")


def test_a_mark_of_an_account_holds_for_its_sends_and_ends_by_a_decision_alone(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, before = counted
    assert office.environment(production=False, account="Main").marks[0].account == "Main"
    assert office.count(campaign).sendable == 0
    # Setting up again leaves the mark as it is.
    office.set_up()
    assert office.count(campaign).sendable == 0
    assert office.environment(production=True, account="Main").marks == ()
    assert office.count(campaign).sendable == before.sendable
    with pytest.raises(DyntuiError) as refused:
        office.environment(production=True)
    assert refused.value.code == "NOT_MARKED"
    # It is kept who let everybody be mailed again, and whom before that.
    office.environment(add=("ann@example.org", "bo@example.org"))
    office.environment(add=("ann@example.org",))
    office.environment(remove=("bo@example.org",))
    with office.db.read() as c:
        rows = admin_changes.window(c, Window(), subject="environment", account_id=None).rows
    assert [(each.thing, each.account, each.before, each.after) for each in rows] == [
        ("allow list", "", "bo@example.org", ""),
        ("allow list", "", "", "ann@example.org, bo@example.org"),
        ("production", "Main", "not production", "production"),
        ("production", "Main", "production", "not production"),
    ]


def test_what_is_no_address_does_not_come_onto_the_allow_list(office: Office) -> None:
    for wrong in ("example.org", "@", "a b@example.org", "%", "@exa_mple%"):
        with pytest.raises(DyntuiError) as refused:
            office.environment(add=("fine@example.org", wrong))
        assert refused.value.code == "ALLOW_LIST_ENTRY_INVALID"
    assert office.environment(add=()).allowed == ()
    with pytest.raises(DyntuiError) as refused:
        office.environment(remove=("fine@example.org",))
    assert refused.value.code == "ALLOW_LIST_ENTRY_UNKNOWN"


def test_setup_marks_the_organisation_when_it_is_told_so(office: Office) -> None:
    organisation = office.setup_request().organisation
    marked = msgspec.structs.replace(organisation, not_production=True, allow=("@example.org",))
    with office.db.write() as c:
        keep_as_set_up(c, marked, office.resources.now())
        keep_as_set_up(c, OrganisationInput(dataverse_url="", authority="", client_id=""), office.resources.now())
    kept = office.environment(add=())
    assert [(each.account, each.marked_by) for each in kept.marks] == [("", "setup")]
    assert [each.entry for each in kept.allowed] == ["@example.org"]
