"""A test send reaches one contact who may be mailed, and leaves the campaign as it was."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from dyntui.dotdigital import sends
from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.model.suppression_flags import SuppressionFlags
from dyntui.service.contract.campaigns import CampaignRow
from dyntui.service.contract.target_counts import TargetCount
from dyntui.service.trial_copies import TrialCopies
from dyntui.store import watermarks
from tests.faults.test_last_look import suppression_row
from tests.scenarios.office import Office
from tests.scenarios.test_members_and_books import in_dotdigital
from tests.scenarios.test_odd_rows_of_dynamics import doctored
from tests.scenarios.test_suppression_flags import choose


def refused(office: Office, campaign: CampaignRow, address: str) -> str:
    with pytest.raises(DyntuiError) as error:
        office.test_send(campaign, address)
    return error.value.code


def test_a_test_mails_one_contact_a_copy_and_nobody_who_opted_out(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, count = counted
    me, opts_out, leaves, declines, typed = office.count_people(count.id, sendable=True)[:5]
    sent = office.test_send(campaign, me.address.upper())
    mails = office.sandbox.control.get("/mailed").json()
    assert [mail["address"] for mail in mails] == [me.address] and (sent.address, sent.copy) == (me.address, "")
    # The campaign is unsent, nobody has had it, and no copy is left.
    assert office.mailed(campaign) == [] and office.count(campaign).sendable == count.sendable
    assert b"Copy of" not in in_dotdigital(office, "GET", "/v2/campaigns/filtered")
    # The audit says who was mailed what.
    (entry,) = office.audit(kind="test-send").rows
    assert (entry.title, entry.status) == (f"Test send: {campaign.name}", "Completed")
    assert [(each.address, each.outcome) for each in office.people(entry.id)] == [(me.address, Outcome.ADDED)]
    # Who said no a moment ago, on either side, whatever was read before.
    office.change_in_dynamics("contact", opts_out.person, donotbulkemail=1)
    office.change_in_dynamics("contact", declines.person, donotsendmm=1)
    office.unsubscribe(leaves.address)
    suppression_row(office, f"Typed by hand <{typed.address.upper()}>")
    known = office.count_people(count.id, reason="DO_NOT_EMAIL")[0]
    assert {refused(office, campaign, each.address) for each in (opts_out, leaves, declines, typed, known)} == {
        "TEST_OPTED_OUT"
    }
    assert refused(office, campaign, "somebody.new@example.org") == "TEST_CONTACT_UNKNOWN"
    assert refused(office, campaign, "nobody") == "TEST_ADDRESS_INVALID"
    # An opt-out that column security hides would read as none.
    office.sandbox.switch(dataverse={"secured_columns": {"contact.donotemail": []}})
    assert refused(office, campaign, me.address) == "CONSENT_HIDDEN"
    assert len(office.sandbox.control.get("/mailed").json()) == 1


def test_nobody_gets_a_test_at_another_address_than_they_said_no_with(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, count = counted
    moves = office.count_people(count.id, sendable=True)[0]
    choose(office, SuppressionFlags.NONE)
    office.unsubscribe(moves.address)
    office.run("suppressions")
    office.change_in_dynamics("contact", moves.person, emailaddress1="moved.on@example.org")
    office.run("lists")
    office.put_into_book(count.lists[0].id, "moved.on@example.org")
    (left_out,) = [each for each in office.count_people(office.count(campaign).id) if each.person == moves.person]
    assert (left_out.address, left_out.reason) == ("moved.on@example.org", "SUPPRESSED")
    assert refused(office, campaign, "moved.on@example.org") == "TEST_OPTED_OUT"
    assert not office.sandbox.control.get("/mailed").json()


def test_a_test_that_is_refused_leaves_no_copy_behind(office: Office, counted: tuple[CampaignRow, TargetCount]) -> None:
    campaign, count = counted
    me = office.count_people(count.id, sendable=True)[0]
    fault = {"system": "dotdigital", "kind": "status", "method": "POST", "route": "campaigns/send$", "status": 403}
    office.sandbox.order(fault)
    assert refused(office, campaign, me.address).startswith("DOTDIGITAL_")
    assert b"Copy of" not in in_dotdigital(office, "GET", "/v2/campaigns/filtered")
    assert office.sandbox.control.get("/mailed").json() == []


def test_of_a_test_whose_service_ended_no_copy_stays_and_the_audit_says_what_became_of_it(
    office: Office, counted: tuple[CampaignRow, TargetCount], monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign, count = counted
    me = office.count_people(count.id, sendable=True)[0]
    copies = TrialCopies(office.resources)

    def service_ends(*_asked: Any, **_how: Any) -> None:
        raise asyncio.CancelledError

    def ended_test() -> None:
        with pytest.raises(asyncio.CancelledError):
            office.test_send(campaign, me.address)
        assert b"Copy of" in in_dotdigital(office, "GET", "/v2/campaigns/filtered")

    # After it was sent, and as long as that lasts the copy cannot be removed.
    office.during_sleep = service_ends
    ended_test()
    office.during_sleep = lambda: None
    assert office.wait(copies.sweep()) == 0
    office.let_pass(minutes=20)
    assert office.wait(copies.sweep()) == 1
    # Before it was asked for.
    with monkeypatch.context() as patched:
        patched.setattr(sends, "start_send", service_ends)
        ended_test()
    # It might be under way still.
    assert office.wait(copies.sweep()) == 0
    office.let_pass(minutes=6)
    assert office.wait(copies.sweep()) == 1
    assert b"Copy of" not in in_dotdigital(office, "GET", "/v2/campaigns/filtered")
    said = [office.people(each.id)[0] for each in office.audit(kind="test-send").rows]
    assert [(each.address, each.outcome) for each in said] == [
        (me.address, Outcome.REJECTED),
        (me.address, Outcome.ADDED),
    ]
    assert "before the test was sent" in said[0].detail
    assert len(office.sandbox.control.get("/mailed").json()) == 1 and office.wait(copies.sweep()) == 0


def test_a_copy_that_is_made_for_a_test_is_no_campaign_to_whoever_synchronises_meanwhile(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, count = counted
    me = office.count_people(count.id, sendable=True)[0]
    before = {each.name for each in office.all_campaigns()}
    run_id = office.start("campaigns")

    def synchronised_meanwhile() -> None:
        office.during_sleep = lambda: None
        office.engine.drain()

    office.during_sleep = synchronised_meanwhile
    assert office.test_send(campaign, me.address).copy == ""
    assert office.detail(run_id).run.status is RunStatus.COMPLETED
    office.run("campaigns")
    assert {each.name for each in office.all_campaigns()} == before
    rows = office.sandbox.state.db.execute("SELECT dyntui_name FROM dv_dyntui_emailcampaign").fetchall()
    assert {name for (name,) in rows} == before


SPELT: dict[str, Callable[[str], str]] = {
    "with capitals": str.upper,
    "with blanks around it": "  {}  ".format,
    "with a name before it": "Ann Berg <{}>".format,
    "behind another one": "office@example.org; {}".format,
    "without its sign": lambda address: address.replace("@", " at "),
    "with its sign in brackets": lambda address: address.replace("@", " [at] "),
}


def compares_text(office: Office, tells_case_apart: bool) -> None:
    """From the beginning this has been the organisation's database."""
    office.sandbox.switch(dataverse={"text_tells_case_apart": tells_case_apart})
    with office.db.write() as c:
        watermarks.put(c, "", "collation", "")


@pytest.mark.parametrize(
    ("spelt", "column", "tells_case_apart"),
    [
        ("with capitals", "emailaddress1", True),
        ("with blanks around it", "emailaddress2", False),
        ("with a name before it", "emailaddress1", False),
        ("behind another one", "emailaddress3", True),
        ("without its sign", "emailaddress1", False),
        ("with its sign in brackets", "emailaddress2", False),
    ],
)
def test_nobody_gets_a_test_who_opted_out_a_moment_ago_however_dynamics_spells_their_address(
    office: Office,
    counted: tuple[CampaignRow, TargetCount],
    spelt: str,
    column: str,
    tells_case_apart: bool,
) -> None:
    campaign, count = counted
    somebody = office.count_people(count.id, sendable=True)[0]
    compares_text(office, tells_case_apart)
    values = {"emailaddress1": "", column: SPELT[spelt](somebody.address)}
    office.change_in_dynamics("contact", somebody.person, **values, donotbulkemail=1)
    assert refused(office, campaign, somebody.address) == "TEST_OPTED_OUT"
    assert not office.sandbox.control.get("/mailed").json()


def test_nobody_gets_a_test_whose_opt_out_of_a_moment_ago_cannot_be_read(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, count = counted
    somebody = office.count_people(count.id, sendable=True)[0]
    office.change_in_dynamics("contact", somebody.person, donotbulkemail=1)
    doctored(office, {somebody.person: {"donotbulkemail": {"value": True}}})
    assert refused(office, campaign, somebody.address) == "TEST_OPTED_OUT"


@pytest.mark.parametrize("tells_case_apart", [False, True])
def test_nobody_gets_a_test_whom_a_row_of_dynamics_keeps_out_however_it_spells_their_address(
    office: Office, counted: tuple[CampaignRow, TargetCount], tells_case_apart: bool
) -> None:
    campaign, count = counted
    somebody = office.count_people(count.id, sendable=True)[0]
    compares_text(office, tells_case_apart)
    spelt = f"Typed by hand <{somebody.address.upper()}>"
    suppression_row(office, spelt if tells_case_apart else somebody.address.replace("@", " (at) "))
    assert refused(office, campaign, somebody.address) == "TEST_OPTED_OUT"
