"""Characters that Dynamics counts twice, in texts that are longer than their column: they are cut as it counts."""

from __future__ import annotations

from typing import Any

import httpx

from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.service.contract.lists import ListRow
from tests.scenarios.office import Office
from tests.scenarios.test_forms import rows
from tests.scenarios.test_web_behaviour import looked_at, visits

TENTS = "\N{CAMPING}" * 240


def named(office: Office, path: str, **values: str) -> None:
    """Every row of the answers of a path says this."""

    def changed(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if not request.url.path.endswith(path) or request.method != "GET":
            return answer
        body: list[dict[str, Any]] = [{**each, **values} for each in answer.json()]
        return httpx.Response(200, headers={"Date": answer.headers["Date"]}, json=body)

    office.sandbox.doctor(changed)


def test_campaigns_and_what_recipients_did_come_to_dynamics(office: Office, newsletter: ListRow) -> None:
    named(office, "/campaigns/filtered", name=f"{'x' * 20}{TENTS}", subject=TENTS * 5, fromName=TENTS)
    run = office.run("campaigns")
    assert run.run.status is RunStatus.COMPLETED, run
    campaigns = rows(office, "dyntui_emailcampaign", "dyntui_name", "dyntui_subject")
    assert campaigns and all(each["dyntui_name"].startswith("x" * 20) for each in campaigns)
    assert rows(office, "dyntui_engagement", "dyntui_kind")


def test_forms_responses_and_page_visits_come_to_dynamics(office: Office, newsletter: ListRow) -> None:
    named(office, "/v2/surveys", name=TENTS)
    run = office.run("forms")
    assert run.run.status is RunStatus.COMPLETED, run
    assert rows(office, "dyntui_form", "dyntui_name") and rows(office, "dyntui_formresponse", "dyntui_name")
    ada = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)
    office.sandbox.state.db.execute("DELETE FROM dd_insight")
    looked_at(office, "s1", ada.address, TENTS)
    assert office.run("web-behaviour").run.status is RunStatus.COMPLETED
    assert visits(office)[ada.address]


def test_preferences_come_to_dynamics(office: Office, newsletter: ListRow) -> None:
    named(office, "/v2/preferences", publicName=TENTS)
    office.sandbox.state.db.execute("UPDATE dd_preference SET public_name = ?", (TENTS,))
    run = office.run("preferences")
    assert run.run.status is RunStatus.COMPLETED, run
    assert rows(office, "dyntui_preference", "dyntui_name")
