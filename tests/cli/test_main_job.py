"""The main job's report: what it counts, and when it says that the promises held."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import msgspec
import pytest

from dyntui.cli.main_job import Report, main_job
from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome, ReasonCount, RunStatus, Tally
from dyntui.service.client import attach
from dyntui.service.contract.campaigns import CAMPAIGN_CHANGE_TARGETS, CAMPAIGN_SEND, CAMPAIGNS_PAGE, Targets
from dyntui.service.contract.lists import LIST_ACTIVATE, LISTS_PAGE, LISTS_REFRESH, Activate
from dyntui.service.contract.results import CAMPAIGN_REPORT, CampaignReport
from dyntui.service.contract.runs import RUN_GET, RUN_START, RunDetail, RunRow, StartRun
from dyntui.service.contract.sends import SEND_GET
from dyntui.service.contract.session import Nothing
from dyntui.service.contract.target_counts import CAMPAIGN_COUNT
from dyntui.service.profile import Profile
from tests.cli.scripted_service import (
    LIST_ID,
    ScriptedService,
    a_campaign,
    a_count,
    a_detail,
    a_list,
    a_run,
    a_send,
    page_of,
)


def a_report() -> CampaignReport:
    return CampaignReport(
        row=a_campaign(status="Sent"),
        as_of="2026-11-25T14:05:09Z",
        sent=3,
        delivered=2,
        unique_opens=2,
        opens=4,
        unique_clicks=1,
        clicks=2,
        hard_bounces=1,
        soft_bounces=1,
        unsubscribes=1,
        complaints=0,
        forwards=0,
        replies=0,
        delivery_rate=0.66,
        open_rate=1.0,
        click_rate=0.5,
        click_to_open_rate=0.5,
        bounce_rate=0.33,
        unsubscribe_rate=0.33,
        hours=(),
        links=(),
        sends=(),
    )


class World:
    """A service and a sandbox that do the main job as told."""

    def __init__(self, service: ScriptedService, profile: Profile) -> None:
        self.profile = profile
        self.service = service
        self.runs: dict[str, RunRow] = {}
        self.controlled: list[tuple[str, str, object]] = []
        self.mails = [self.mail() for _ in range(3)] + [self.mail(campaign_id=7)]
        service.answers(LISTS_REFRESH, Nothing())
        service.answers(LISTS_PAGE, page_of(a_list()))
        service.answers(LIST_ACTIVATE, a_detail())
        service.answers(RUN_START, self.start)
        service.answers(RUN_GET, lambda request: RunDetail(run=self.runs[request.id], items=()))
        service.answers(
            CAMPAIGNS_PAGE, page_of(a_campaign("A", 50), a_campaign("B", 42), a_campaign("S", 1, split_test=True))
        )
        service.answers(CAMPAIGN_CHANGE_TARGETS, Targets((a_list(),)))
        service.answers(CAMPAIGN_COUNT, a_count())
        service.answers(CAMPAIGN_SEND, a_send("Queued"))
        service.answers(SEND_GET, a_send())
        service.answers(CAMPAIGN_REPORT, a_report())
        self.runs["run-1"] = a_run(kind="send")
        self.ended: dict[str, Any] = {}

    def mail(self, **changes: Any) -> dict[str, Any]:
        usual = {"address": "a@example.com", "campaign_id": 42, "suppressed_at_send": False, "opted_out_at_send": False}
        return {**usual, **changes}

    def start(self, request: StartRun) -> RunRow:
        run = a_run(id=f"{request.sync_type}-{len(self.runs)}", kind=request.sync_type)
        if sum(1 for known in self.runs if known.startswith("lists")) == 1:
            run = msgspec.structs.replace(run, dotdigital_writes=0)
        self.runs[run.id] = msgspec.structs.replace(run, **self.ended)
        return self.runs[run.id]

    def control(self, method: str, path: str, body: object) -> Any:
        self.controlled.append((method, path, body))
        return self.mails if path == "/mailed" else {}

    def job(self) -> Report:
        async def attached() -> Report:
            async with await attach(self.profile) as client:
                return await main_job(client, self.control, 2000)

        return asyncio.run(attached())


@pytest.fixture
def world(service: ScriptedService, profile: Profile) -> World:
    return World(service, profile)


def test_the_report_holds_what_the_documentation_promises(world: World):
    report = json.loads(msgspec.json.encode(world.job()))

    assert list(report) == [
        "people",
        "list_members",
        "potential",
        "sendable",
        "excluded",
        "mailed",
        "wrongly_mailed",
        "identity_held",
        "calls",
        "second_sync",
        "opened",
        "clicked",
        "bounced",
        "unsubscribed",
        "seconds",
        "peak_memory_mb",
    ]
    assert report["calls"] == {"dataverse": {"reads": 2, "writes": 0}, "dotdigital": {"reads": 0, "writes": 1}}
    assert report["second_sync"] == {"dataverse_writes": 0, "dotdigital_writes": 0}
    assert report["excluded"] == {"SUPPRESSED": 2}
    assert (report["opened"], report["clicked"], report["bounced"], report["unsubscribed"]) == (2, 1, 2, 1)
    assert report["peak_memory_mb"] > 0


def test_the_job_is_done_in_order_on_the_newsletter_and_a_plain_campaign(world: World):
    world.job()

    changing = [(name, request) for name, request in world.service.asked if name not in ("runs.get", "lists.page")]
    assert changing[1] == ("lists.activate", Activate(id=LIST_ID))
    started = [(one.sync_type, one.lists, one.campaigns) for one in world.service.requests(RUN_START)]
    assert started == [
        ("lists", (LIST_ID,), ()),
        ("lists", (LIST_ID,), ()),
        ("campaigns", (), ()),
        ("campaigns", (), ("42",)),
    ]
    assert world.service.requests(CAMPAIGN_CHANGE_TARGETS)[0].id == 42
    assert [(method, path) for method, path, _ in world.controlled] == [("POST", "/clock"), ("GET", "/mailed")]


def test_everybody_accounted_for_and_nobody_wrongly_mailed_is_success(world: World):
    report = world.job()

    assert (report.sendable, report.mailed, report.wrongly_mailed) == (3, 3, 0)
    assert report.identity_held
    assert report.succeeded


@pytest.mark.parametrize("fault", [{"suppressed_at_send": True}, {"opted_out_at_send": True}])
def test_one_person_mailed_wrongly_is_failure(world: World, fault: dict[str, bool]):
    world.mails[0] = world.mail(**fault)
    report = world.job()

    assert report.wrongly_mailed == 1
    assert report.identity_held
    assert not report.succeeded


def test_a_mail_too_few_or_too_many_breaks_the_identity(world: World):
    world.mails.append(world.mail())

    assert not world.job().identity_held


def test_counts_that_do_not_add_up_break_the_identity(world: World):
    world.service.answers(CAMPAIGN_COUNT, msgspec.structs.replace(a_count(), potential=99))

    assert not world.job().identity_held


def test_a_run_that_does_not_add_up_breaks_the_identity(world: World):
    world.ended = {"tally": Tally(9, (ReasonCount(Outcome.ADDED, "", 3),))}

    assert not world.job().identity_held


def test_a_send_that_was_refused_breaks_the_identity(world: World):
    world.service.answers(SEND_GET, a_send("Refused"))

    assert not world.job().identity_held


def test_a_failed_run_ends_the_job_with_its_error(world: World):
    world.ended = {
        "status": RunStatus.FAILED,
        "error_code": "BOOK_GONE",
        "error": "The book is gone.",
        "remedy": "Repair it.",
    }
    with pytest.raises(DyntuiError, match="BOOK_GONE") as raised:
        world.job()

    assert raised.value.remedy == "Repair it."
    assert world.service.requests(CAMPAIGN_SEND) == []


def test_without_an_unsent_campaign_nothing_is_sent(world: World):
    world.service.answers(CAMPAIGNS_PAGE, page_of(a_campaign(split_test=True)))

    with pytest.raises(DyntuiError, match="CAMPAIGN_UNKNOWN"):
        world.job()
