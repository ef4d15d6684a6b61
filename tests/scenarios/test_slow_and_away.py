"""A limit slows a run and never fails it; a system that is away is told of, and setup can mend how it is reached."""

from __future__ import annotations

import httpx
import msgspec
import pytest

from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import RunStatus
from dyntui.service.contract import campaigns, lists, target_counts
from dyntui.service.contract.campaigns import CAMPAIGN_GET
from dyntui.service.contract.lists import LISTS_PAGE
from dyntui.service.contract.session import STATUS, Nothing
from dyntui.service.contract.setup import SETUP_APPLY
from dyntui.sync.connections import DATAVERSE_SECRET
from tests.scenarios.office import Office
from tests.scenarios.test_role_self_test import Desk, with_roles
from tests.thorough import keeping


def test_a_limit_of_forty_minutes_slows_a_run_which_says_until_when(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    stages: list[str] = []
    run_id = office.start("lists")
    office.during_sleep = lambda: stages.append(office.run_of(run_id).stage)
    for system, times in (("dataverse", 2), ("dotdigital", 1)):
        office.sandbox.order({"system": system, "kind": "status", "status": 429, "retry_after": 2400, "times": times})
    began = office.sandbox.now()
    office.engine.drain()
    run = office.detail(run_id).run
    assert run.status is RunStatus.COMPLETED, run
    # Of Dynamics two calls may meet the limit at the same time, and wait for it together.
    assert (office.sandbox.now() - began).total_seconds() > 2 * 2400
    said = {stage.partition(" until ")[0] for stage in stages if stage.startswith("Waits")}
    assert said == {"Waits for the limit of Dynamics", "Waits for the limit of dotdigital"}
    assert "Waits" not in office.run_of(run_id).stage
    assert office.members(newsletter.id)


@pytest.mark.usefixtures("newsletter")
def test_a_limit_of_entra_slows_a_run_too_and_is_named(office: Office) -> None:
    office.let_pass(hours=2)  # the token has ended
    office.sandbox.order({"system": "entra", "kind": "status", "status": 429, "retry_after": 2400, "times": 3})
    run_id, stages = office.start("lists"), set[str]()
    office.during_sleep = lambda: stages.add(office.run_of(run_id).stage.partition(" until ")[0])
    began = office.sandbox.now()
    office.engine.drain()
    assert office.run_of(run_id).status is RunStatus.COMPLETED
    assert (office.sandbox.now() - began).total_seconds() > 3 * 2400
    assert "Waits for the limit of Entra ID" in stages


@pytest.mark.parametrize("system", keeping(["dataverse", "dotdigital"], "dotdigital"))
@pytest.mark.parametrize("kind", ["lists", "send"])
def test_a_run_that_waits_for_a_limit_is_cancelled_at_once(
    office: Office, counted: tuple[campaigns.CampaignRow, target_counts.TargetCount], kind: str, system: str
) -> None:
    campaign, count = counted
    run_id = office.start("lists") if kind == "lists" else office.queue_send(count).run

    def somebody_cancels() -> None:
        if "Waits for the limit" in office.run_of(run_id).stage:
            office.cancel(run_id)

    office.during_sleep = somebody_cancels
    # After some calls of each kind of run: in the middle of the work.
    limit = {"system": system, "kind": "status", "status": 429, "retry_after": 2400, "after": 5}
    office.sandbox.order(limit)
    began = office.sandbox.now()
    office.engine.drain()
    assert office.run_of(run_id).status is RunStatus.CANCELLED
    assert (office.sandbox.now() - began).total_seconds() < 60
    assert office.mailed(campaign) == []
    office.sandbox.reset()
    office.during_sleep = lambda: None
    office.let_pass(hours=1)
    assert office.run("lists").run.status is RunStatus.COMPLETED


def test_status_tells_each_systems_refusal_and_what_is_stored_is_still_shown(office: Office) -> None:
    with_roles(office)
    desk = Desk(office, "manager")
    assert {check.state for check in desk.ask(STATUS, Nothing()).checks} == {"ok"}
    office.resources.troubles["consent cannot be watched"] = "a defect"
    told = next(check for check in desk.ask(STATUS, Nothing()).checks if check.name == "Service")
    assert (told.state, told.text) == ("error", "consent cannot be watched: a defect")
    office.resources.troubles.clear()
    office.sandbox.order({"system": "dotdigital", "kind": "status", "status": 429, "times": 1000})
    began = office.sandbox.now()
    states = {check.name: check for check in desk.ask(STATUS, Nothing()).checks}
    assert states["Dynamics"].state == "ok"
    assert "DOTDIGITAL_LIMIT" in states["Email account Main"].text
    assert (office.sandbox.now() - began).total_seconds() < 3
    assert desk.ask(LISTS_PAGE, lists.ListsQuery(view="all")).rows


def test_a_campaigns_page_is_shown_with_its_text_as_last_read_while_dotdigital_is_away(office: Office) -> None:
    with_roles(office)
    office.run("campaigns")
    desk, campaign = Desk(office, "viewer"), office.campaign_named("Newsletter March")
    office.sandbox.order({"system": "dotdigital", "kind": "status", "status": 503, "times": 1000})
    shown = desk.ask(CAMPAIGN_GET, campaigns.CampaignRef(campaign.id))
    assert shown.row == campaign
    assert shown.text.startswith("(The text could not be read: ")
    office.sandbox.reset()
    text = desk.ask(CAMPAIGN_GET, campaigns.CampaignRef(campaign.id)).text
    assert text and "could not be read" not in text
    office.sandbox.order({"system": "dotdigital", "kind": "status", "status": 429, "times": 1000})
    assert desk.ask(CAMPAIGN_GET, campaigns.CampaignRef(campaign.id)).text == text


def test_a_campaign_without_a_plain_text_is_asked_for_it_once_until_it_is_read_again(office: Office) -> None:
    office.run("campaigns")
    campaign = office.campaign_named("Newsletter March")

    def html_alone(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if f"/campaigns/{campaign.id}" not in request.url.path:
            return answer
        kept = {name: value for name, value in answer.headers.items() if name.lower() in ("date", "content-type")}
        return httpx.Response(answer.status_code, headers=kept, json=answer.json() | {"plainTextContent": ""})

    def shown() -> str:
        return office.wait(office._campaigns.get(office.context, campaigns.CampaignRef(campaign.id))).text

    office.sandbox.doctor(html_alone)
    _, first = office.calls_between(shown)
    text, again = office.calls_between(shown)
    assert sum(each["count"] for each in first) == 1 and (text, again) == ("", [])
    office.run("campaigns")
    _, changed = office.calls_between(shown)
    assert sum(each["count"] for each in changed) == 1


def test_setup_mends_a_connection_that_cannot_sign_in_any_more(office: Office) -> None:
    with_roles(office)
    desk = Desk(office, "manager")
    office.wait(office.secrets.set(DATAVERSE_SECRET, "an old one"))
    office.wait(office.resources.connections.close())
    with pytest.raises(DyntuiError, match="ROLES_UNKNOWN") as raised:
        desk.ask(LISTS_PAGE, lists.ListsQuery())
    assert "refused the client secret" in raised.value.message
    assert desk.ask(SETUP_APPLY, office.setup_request()).applied
    assert desk.ask(LISTS_PAGE, lists.ListsQuery(view="all")).rows


def test_setup_over_a_new_connection_still_asks_for_the_right(office: Office) -> None:
    with_roles(office)
    desk = Desk(office, "viewer")
    office.wait(office.secrets.set(DATAVERSE_SECRET, "an old one"))
    office.wait(office.resources.connections.close())
    request = office.setup_request()
    with pytest.raises(DyntuiError, match="NOT_PERMITTED"):
        desk.ask(SETUP_APPLY, request)
    wrong = msgspec.structs.replace(
        request, organisation=msgspec.structs.replace(request.organisation, client_secret="no")
    )
    with pytest.raises(DyntuiError, match="DATAVERSE_SECRET_REFUSED"):
        desk.ask(SETUP_APPLY, wrong)
