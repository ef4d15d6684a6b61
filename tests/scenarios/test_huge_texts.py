"""A text of a megabyte in a row costs neither time nor memory beyond its own reading: it is kept cut."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec

from dyntui.model.outcomes import RunStatus
from dyntui.service.contract import campaigns, lists, runs
from dyntui.service.contract.campaigns import CAMPAIGN_GET, CAMPAIGNS_PAGE
from dyntui.service.contract.lists import LIST_GET, LISTS_PAGE
from dyntui.service.contract.runs import RUN_GET, RUNS_PAGE
from tests.scenarios.office import Office
from tests.scenarios.test_role_self_test import Desk, with_roles

HUGE = "N" * 1_000_000
# Of a text in a row that is shown; of a query or a mail's text beside it.
LONGEST, LONGEST_PAGE = 1_000, 100_000


def huge(office: Office, path: str, *names: str) -> None:
    """From now on every row that is answered at the path holds the huge text under these names, where it has them."""

    def changed(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                name: HUGE if name in names and isinstance(each, str) else changed(each) for name, each in value.items()
            }
        return [changed(each) for each in value[:2]] if isinstance(value, list) else value

    def answers(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if path not in request.url.path or request.method != "GET" or answer.status_code >= 300:
            return answer
        kept = {name: value for name, value in answer.headers.items() if name.lower() in ("date", "content-type")}
        return httpx.Response(answer.status_code, headers=kept, content=msgspec.json.encode(changed(answer.json())))

    office.sandbox.doctor(answers)


def longest(value: Any) -> int:
    """Characters of the longest text in an answer."""
    plain = msgspec.to_builtins(value)

    def of(each: Any) -> int:
        if isinstance(each, str):
            return len(each)
        inside = each.values() if isinstance(each, dict) else each if isinstance(each, (list, tuple)) else ()
        return max((of(one) for one in inside), default=0)

    return of(plain)


def test_a_campaign_with_huge_texts_is_read_and_shown_cut(office: Office) -> None:
    with_roles(office)
    desk = Desk(office, "viewer")
    huge(office, "/campaigns", "name", "subject", "fromName", "replyToAddress", "status", "tags", "plainTextContent")
    run = office.run("campaigns").run
    assert run.status is not RunStatus.FAILED, run
    page = desk.ask(CAMPAIGNS_PAGE, campaigns.CampaignsQuery())
    assert page.rows and longest(page) <= LONGEST
    assert longest(desk.ask(CAMPAIGN_GET, campaigns.CampaignRef(page.rows[0].id))) <= LONGEST_PAGE
    assert longest(desk.ask(RUN_GET, runs.RunRef(run.id))) <= LONGEST
    assert longest(desk.ask(RUNS_PAGE, runs.RunsQuery())) <= LONGEST


def test_a_list_with_huge_texts_is_read_and_shown_cut(office: Office) -> None:
    with_roles(office)
    newsletter = office.activated("Newsletter")
    desk = Desk(office, "viewer")
    office.change_in_dynamics("list", newsletter.id, listname=HUGE, description=HUGE, query=HUGE)
    office.refresh_lists()
    run = office.run("lists").run
    assert run.status is RunStatus.COMPLETED, run
    assert longest(desk.ask(LISTS_PAGE, lists.ListsQuery(view="all"))) <= LONGEST
    assert longest(desk.ask(RUN_GET, runs.RunRef(run.id))) <= LONGEST
    assert longest(desk.ask(LIST_GET, lists.ListRef(newsletter.id))) <= LONGEST_PAGE
