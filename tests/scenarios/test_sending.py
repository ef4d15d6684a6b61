"""Sending a campaign: exactly the people shown, nobody who opted out, once."""

from __future__ import annotations

import msgspec
import pytest

from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.service.contract.campaigns import CampaignRef, CampaignRow
from dyntui.service.contract.target_counts import TargetCount
from tests.scenarios.conftest import CAMPAIGN
from tests.scenarios.office import Office
from tests.scenarios.test_members_and_books import in_dotdigital
from tests.scenarios.test_new_lists import GUIDES


def test_potential_is_sendable_plus_the_sum_of_the_exclusions(counted: tuple[CampaignRow, TargetCount]) -> None:
    _, count = counted
    assert count.potential == count.sendable + sum(each.people for each in count.excluded)


def test_behind_every_slice_stand_its_people(office: Office, counted: tuple[CampaignRow, TargetCount]) -> None:
    _, count = counted
    for slice_ in count.excluded:
        people = office.count_people(count.id, reason=slice_.reason)
        assert len([each for each in people if each.outcome is slice_.outcome]) == slice_.people
    assert len(office.count_people(count.id, sendable=True)) == count.sendable


def test_exactly_the_people_shown_are_mailed(office: Office, counted: tuple[CampaignRow, TargetCount]) -> None:
    campaign, count = counted
    shown = {each.address for each in office.count_people(count.id, sendable=True)}
    sent = office.send(count)
    mails = office.mailed(campaign)
    assert sent.state == "Sent"
    assert {mail["address"] for mail in mails} == shown
    assert len(mails) == count.sendable
    assert office.changes(sent.id) == (), "nothing changed: the forecast is the fact"
    assert not any(mail["suppressed_at_send"] or mail["opted_out_at_send"] for mail in mails)


def test_the_run_of_a_send_names_what_became_of_everybody(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    _, count = counted
    sent = office.send(count)
    run = office.detail(sent.run).run
    assert run.tally.adds_up and run.tally.read == count.potential
    assert run.tally.of(Outcome.ADDED) == sent.sendable
    assert sent.potential == sent.sendable + sum(each.people for each in sent.excluded)


def test_a_name_changed_between_count_and_send_is_the_one_that_the_mail_carries_and_the_contact_keeps(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    _, count = counted
    somebody = office.count_people(count.id, sendable=True)[0]
    office.change_in_dynamics("contact", somebody.person, firstname="Renamed")
    assert office.send(count).state == "Sent"
    found = in_dotdigital(office, "GET", f"/v2/contacts/{somebody.address}")
    values = {each["key"]: each["value"] for each in msgspec.json.decode(found)["dataFields"]}
    assert values["FIRSTNAME"] == "Renamed"
    assert office.run("lists").run.tally.of(Outcome.UPDATED) == 0


def edit_in_dotdigital(office: Office, campaign: CampaignRow, subject: str) -> None:
    """Somebody gives a campaign another subject there."""
    office.sandbox.state.db.execute("UPDATE dd_campaign SET subject = ? WHERE id = ?", (subject, campaign.id))


def test_what_was_changed_about_a_campaign_since_it_was_shown_is_not_sent_unseen(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, count = counted
    edit_in_dotdigital(office, campaign, "Another subject")
    with pytest.raises(DyntuiError) as refused:
        office.send(count)
    assert refused.value.code == "SEND_CHANGED" and "the campaign's subject" in refused.value.message
    assert office.mailed(campaign) == [] and office.campaign_named(campaign.name).subject == "Another subject"
    # By now it is shown as it is.
    assert office.send(count).state == "Sent"


def test_who_counts_to_send_is_shown_the_campaign_as_it_is_in_dotdigital(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, _ = counted
    edit_in_dotdigital(office, campaign, "Another subject")
    seen = office.wait(office._campaigns.preview(office.context, CampaignRef(campaign.id)))
    assert seen.subject == "Another subject"
    count = office.count(campaign, to_send=True)
    assert office.campaign_named(campaign.name).subject == "Another subject"
    assert office.send(count).state == "Sent"


def test_who_unsubscribes_between_count_and_send_is_left_out_by_name(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, count = counted
    somebody = office.count_people(count.id, sendable=True)[0]
    office.unsubscribe(somebody.address)
    sent = office.send(count)
    assert sent.sendable == count.sendable - 1
    assert somebody.address not in {mail["address"] for mail in office.mailed(campaign)}
    (person,) = [each for each in office.people(sent.run) if each.person == somebody.person]
    assert (person.outcome, person.reason) == (Outcome.EXCLUDED, "SUPPRESSED")


def test_who_opts_out_in_dynamics_between_count_and_send_is_left_out_by_name(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, count = counted
    somebody = office.count_people(count.id, sendable=True)[0]
    office.change_in_dynamics("contact", somebody.person, donotemail=1)
    sent = office.send(count)
    assert somebody.address not in {mail["address"] for mail in office.mailed(campaign)}
    (person,) = [each for each in office.people(sent.run) if each.person == somebody.person]
    assert (person.outcome, person.reason) == (Outcome.EXCLUDED, "DO_NOT_EMAIL")


def test_who_joins_the_list_after_the_count_is_not_mailed(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, count = counted
    excluded = next(each for each in office.count_people(count.id, reason="NO_EMAIL"))
    office.change_in_dynamics("contact", excluded.person, emailaddress1="late.joiner@example.org")
    office.send(count)
    assert "late.joiner@example.org" not in {mail["address"] for mail in office.mailed(campaign)}


def test_a_count_can_be_sent_once_only(office: Office, counted: tuple[CampaignRow, TargetCount]) -> None:
    campaign, count = counted
    office.send(count)
    with pytest.raises(DyntuiError, match="COUNT_TAKEN"):
        office.send(count)
    addresses = [mail["address"] for mail in office.mailed(campaign)]
    assert len(addresses) == len(set(addresses))


def test_the_sends_own_address_book_is_kept_for_those_who_leave_the_list_by_the_mail(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    _, count = counted
    sent = office.send(count)
    assert [name for name in office.book_names() if name.startswith("dyntui send")] == [f"dyntui send {sent.id}"]


def test_a_campaign_that_was_sent_is_not_shown_as_unsent(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, count = counted
    office.send(count)
    assert office.campaign_named(campaign.name).status in ("Sending", "Sent")


def test_a_send_is_refused_when_the_suppressions_cannot_be_read(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, count = counted
    office.sandbox.order({"system": "dotdigital", "route": "suppressed-since", "kind": "status", "status": 401})
    sent = office.send(count)
    assert sent.state == "Refused"
    assert office.detail(sent.run).run.error_code == "SEND_REFUSED"
    assert office.mailed(campaign) == []


def test_a_campaign_without_targets_cannot_be_counted(office: Office) -> None:
    office.run("campaigns")
    with pytest.raises(DyntuiError, match="CAMPAIGN_NO_TARGETS") as refused:
        office.count(office.campaign_named(CAMPAIGN))
    assert refused.value.remedy


def test_a_list_that_was_never_synchronised_explains_itself(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    office.run("campaigns")
    campaign = office.campaign_named(CAMPAIGN)
    office.target(campaign, newsletter.id)
    count = office.count(campaign)
    assert [(each.ready, each.reason) for each in count.lists] == [(False, "NOT_SYNCED")]
    assert count.sendable == 0
    with pytest.raises(DyntuiError, match="SEND_NO_RECIPIENTS"):
        office.send(count)


def test_a_list_that_is_not_activated_is_neither_synchronised_nor_sent_to(office: Office) -> None:
    office.refresh_lists()
    office.run("campaigns")
    campaign, newsletter = office.campaign_named(CAMPAIGN), office.list_named("Newsletter")
    assert office.run("lists").items == ()
    before = office.digest()
    for refused in (
        lambda: office.start("lists", lists=(newsletter.id,)),
        lambda: office.target(campaign, newsletter.id),
    ):
        with pytest.raises(DyntuiError, match="LIST_NOT_ACTIVATED") as error:
            refused()
        assert "Activate the list for email first" in error.value.remedy
    assert office.digest() == before and "Newsletter" not in office.book_names()

    office.activated("Newsletter")
    office.run("lists")
    office.target(campaign, newsletter.id)
    assert office.count(campaign).sendable > 100
    office.deactivate(newsletter.id)
    count = office.count(campaign)
    (target,) = count.lists
    assert (target.ready, target.explanation) == (False, "The list is not activated for email.")
    assert count.sendable == 0 and office.run("lists").items == ()
    with pytest.raises(DyntuiError, match="SEND_NO_RECIPIENTS"):
        office.send(count)


def test_a_list_made_for_a_campaign_is_filled_synchronised_and_sent_to(office: Office) -> None:
    office.run("campaigns")
    campaign = office.campaign_named(CAMPAIGN)
    fresh = office.new_list(name="Guides in March", member_type="contact").row
    office.apply(office.plan_members(fresh.id, "add", query=GUIDES))
    office.activated("Guides in March")
    office.run("lists")
    office.target(campaign, fresh.id)
    count = office.count(campaign)
    guides = office.records_where("contact", jobtitle="Mountain guide", statecode=0)
    assert count.potential == len(guides) and count.sendable > 0
    sent = office.send(count)
    shown = {each.address for each in office.count_people(count.id, sendable=True)}
    assert sent.state == "Sent" and {mail["address"] for mail in office.mailed(campaign)} == shown


def test_a_large_send_asks_for_its_number(office: Office, counted: tuple[CampaignRow, TargetCount]) -> None:
    _, count = counted
    assert count.sendable <= count.confirm_above, "this world is too small for the question to be asked"
    assert office.send(count).state == "Sent"


def test_results_come_back_for_everybody_who_was_mailed(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, count = counted
    sent = office.send(count)
    office.let_pass(days=3)
    run = office.run("campaigns")
    report = office.report(campaign)
    assert run.run.status is RunStatus.COMPLETED
    assert report.sent == sent.sendable
    assert 0 < report.unique_opens <= report.delivered <= report.sent
    assert run.run.tally.adds_up and run.run.tally.read == sent.sendable
    _, calls = office.calls_between(lambda: office.run("campaigns"))
    assert not [each for each in calls if each["writes"]]
