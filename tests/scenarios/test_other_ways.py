"""Where sources about dotdigital disagree, or answers are not as described: dyntui is right either way."""

from __future__ import annotations

from pathlib import Path

import pytest

from dyntui.model.outcomes import Outcome, RunStatus
from tests.scenarios.office import Office
from tests.scenarios.worlds import world

OTHER_WAYS = {
    "api_endpoint_trailing_slash": False,
    "book_delete_status": 204,
    "data_field_names_upper": False,
    "metrics_last_date_sent": True,
    "preferences_content_type": "application/json",
    "recycle_bin_status": 202,
    "server_time_format": "text",
    "v3_failure_code_case": "pascal",
    "v3_links": "href",
    "v3_polls_without_status": 3,
    "v3_report_nulls": True,
}


@pytest.mark.parametrize(
    "switches", [pytest.param({}, marks=pytest.mark.thorough), OTHER_WAYS], ids=["as described", "the other way"]
)
def test_a_list_is_sent_to_and_its_results_are_read_whatever_the_sources_say(
    switches: dict[str, object], tmp_path: Path
) -> None:
    with world(tmp_path, people=200, audience=True) as sandbox:
        sandbox.switch(dotdigital=switches)
        office = Office.open(sandbox, tmp_path)
        newsletter = office.activated("Newsletter")
        first, second = office.run("lists"), office.run("lists")
        assert first.run.tally.adds_up and second.run.tally.adds_up
        assert second.run.status is RunStatus.COMPLETED
        assert first.run.tally.of(Outcome.ADDED) == second.run.tally.of(Outcome.UNCHANGED) > 100
        office.run("campaigns")
        campaign = office.campaign_named("Newsletter March")
        office.target(campaign, newsletter.id)
        count = office.count(campaign)
        sent = office.send(count)
        assert sent.state == "Sent"
        assert len(office.mailed(campaign)) == count.sendable > 0
        office.let_pass(days=3)
        assert office.run("campaigns").run.status is RunStatus.COMPLETED
        assert office.report(campaign).sent == count.sendable
        assert office.run("suppressions").run.status is RunStatus.COMPLETED
        office.close()


def test_an_odd_campaign_is_named_and_all_others_are_read(office: Office) -> None:
    office.sandbox.switch(dotdigital={"odd_campaigns": True})
    run = office.run("campaigns")
    failed = [item for item in run.items if item.status is RunStatus.FAILED]
    assert [item.name for item in failed] == ["a campaign that cannot be read"]
    assert "DOTDIGITAL_ROW_UNREADABLE" in failed[0].note and "left out" in failed[0].note
    assert office.campaign_named("Campaign 900001").status == ""
    assert office.campaign_named("Newsletter March").status == "Unsent"
    # Nothing is new but that campaign, which stays as it is: the run has read all there is.
    again = office.run("campaigns")
    assert [item.status for item in again.items] == [RunStatus.FAILED]
    assert (again.run.status, again.run.error_code) == (RunStatus.COMPLETED_WITH_ERRORS, "PARTS_FAILED")


def test_a_row_of_an_import_that_the_report_does_not_tell_is_never_taken_for_accepted(office: Office) -> None:
    """Every address fails, and the reports leave out the codes, the reasons or the addresses in turn."""
    newsletter = office.activated("Newsletter")
    office.sandbox.switch(dotdigital={"v3_report_nulls": True, "v3_unknown_data_field": "fail"})
    office.sandbox.state.db.execute("DELETE FROM dd_data_field WHERE name = 'FIRSTNAME'")
    run = office.run("lists")
    assert run.run.tally.adds_up
    reasons = {each.reason for each in office.people(run.run.id) if each.reason in {"REJECTED", "UNKNOWN"}}
    assert reasons == {"REJECTED", "UNKNOWN"}
    assert newsletter.id
