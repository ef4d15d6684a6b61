"""Results of campaigns, where something is in the way."""

from __future__ import annotations

import httpx
import pytest

from dyntui.model.outcomes import RunStatus
from dyntui.service.contract.campaigns import CampaignRow, RecipientsQuery, TargetCount
from dyntui.service.contract.runs import RunDetail
from dyntui.service.contract.sends import SendRow
from tests.scenarios.office import Office
from tests.scenarios.test_members_and_books import in_dotdigital


@pytest.fixture
def sent(office: Office, counted: tuple[CampaignRow, object]) -> tuple[CampaignRow, SendRow]:
    campaign, count = counted
    sent = office.send(count)  # type: ignore[arg-type]
    office.let_pass(days=3)
    return campaign, sent


def item_of(run: RunDetail, campaign: CampaignRow) -> RunStatus:
    return next(each.status for each in run.items if each.id == str(campaign.id))


def recipients(office: Office, campaign: CampaignRow) -> int:
    asked = RecipientsQuery(id=campaign.id)
    return office.wait(office._results.recipients(office.context, asked)).matching


def test_results_that_broke_off_are_read_from_the_beginning_and_delay_no_other_campaign(
    office: Office, sent: tuple[CampaignRow, SendRow]
) -> None:
    campaign, send = sent
    opens = {"system": "dotdigital", "route": f"/campaigns/{campaign.id}/opens", "kind": "status", "status": 400}
    office.sandbox.order(opens)
    broken = office.run("campaigns")
    assert item_of(broken, campaign) is RunStatus.FAILED
    office.sandbox.reset()
    run, calls = office.calls_between(lambda: office.run("campaigns"))
    assert run.run.status is RunStatus.COMPLETED and item_of(run, campaign) is RunStatus.COMPLETED
    assert "/v2/campaigns/{id}/activities" in " ".join(each["route"] for each in calls)
    assert not [each for each in calls if "activities/since-date" in each["route"]]
    assert recipients(office, campaign) == send.sendable


def test_a_recipient_whose_record_was_deleted_in_dynamics_delays_no_other(
    office: Office, sent: tuple[CampaignRow, SendRow]
) -> None:
    campaign, send = sent
    somebody = office.people(send.run, outcome="added")[0]
    office.delete_in_dynamics("contacts", somebody.person)
    run = office.run("campaigns")
    assert item_of(run, campaign) is RunStatus.COMPLETED
    assert recipients(office, campaign) == send.sendable


def test_rows_that_dynamics_refuses_are_named_in_the_audit_and_in_the_status(
    office: Office, sent: tuple[CampaignRow, SendRow]
) -> None:
    campaign, send = sent
    refuse = {"system": "dataverse", "kind": "status", "status": 400, "times": 1000}
    office.sandbox.order({**refuse, "route": r"dyntui_(emailcampaign|engagement)s?"})
    run = office.run("campaigns")
    assert run.run.status is RunStatus.COMPLETED_WITH_ERRORS, run
    notes = {each.id: each.note for each in run.items if each.status is RunStatus.FAILED}
    assert f"({campaign.id}): " in notes["rows of campaigns"] and "DYNAMICS_REFUSED_ROWS" in run.run.error
    assert recipients(office, campaign) == send.sendable
    office.sandbox.reset()
    assert office.run("campaigns").run.status is RunStatus.COMPLETED


def test_a_recipient_without_a_date_or_an_address_has_had_the_campaign(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    """Somebody else sends the campaign in dotdigital; of its recipients a few rows are odd."""
    campaign, count = counted
    book = office.book_of(office.list_named("Newsletter").id)
    in_dotdigital(office, "POST", "/v2/campaigns/send", {"campaignId": campaign.id, "addressBookIds": [book]})
    office.let_pass(days=1)
    odd = ({"dateSent": "no date"}, {"dateSent": None}, {"dateSent": "0001-01-01T00:00:00Z"}, {"email": None})

    def make_odd(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if not request.url.path.endswith("/activities") or not (rows := answer.json()):
            return answer
        for row, values in zip(rows, odd, strict=False):
            row.update(values)
        return httpx.Response(answer.status_code, headers={"Date": answer.headers["Date"]}, json=rows)

    office.sandbox.doctor(make_odd)
    assert office.run("campaigns").run.status.ended
    mailed = {each["address"] for each in office.mailed(campaign)}
    assert len(mailed) > 100
    # Read once more, nothing that was known of them is lost.
    for _ in range(2):
        left = office.count_people(office.count(campaign).id, sendable=True)
        assert not {each.address for each in left} & mailed and len(left) < count.sendable
        office.run("campaigns", campaigns=(str(campaign.id),))
