"""`dyntui sync` and `dyntui audit`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NoReturn

import msgspec
import pytest

from dyntui.cli import sync
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.outcomes import Outcome, PersonOutcome, ReasonCount, RunStatus, Tally
from dyntui.model.sync_types import SYNC_TYPES
from dyntui.service.contract.campaigns import CAMPAIGNS_PAGE, CampaignRef
from dyntui.service.contract.lists import LISTS_PAGE
from dyntui.service.contract.results import CAMPAIGN_REPORT, CampaignReport
from dyntui.service.contract.runs import (
    RUN_CANCEL,
    RUN_GET,
    RUN_PEOPLE,
    RUN_START,
    RUNS_PAGE,
    OutcomesQuery,
    Progress,
    RunChanged,
    RunDetail,
    RunItem,
    RunRef,
    RunsQuery,
    StartRun,
)
from tests.cli.scripted_service import LIST_ID, ScriptedService, a_campaign, a_list, a_report, a_run, page_of


def running_until_ended(service: ScriptedService, ended: RunStatus = RunStatus.COMPLETED) -> None:
    """A run that is queued when it starts, gets on while it is watched, and ends."""
    service.answers(RUN_START, a_run(RunStatus.QUEUED, progress=Progress()))

    def asked(request: RunRef) -> RunDetail:
        for done in (1, 5):
            on_its_way = a_run(RunStatus.IN_PROCESS, progress=Progress(stage="Reading members", done=done, of=5))
            service.publish("run.changed", RunChanged(run=on_its_way))
        service.publish("run.changed", RunChanged(run=a_run(RunStatus.COMPLETED, id="another")))
        service.publish("run.changed", RunChanged(run=a_run(ended)))
        return RunDetail(run=a_run(RunStatus.QUEUED, progress=Progress()), items=())

    service.answers(RUN_GET, asked)


def test_a_list_is_synchronised_and_followed_to_its_end(dyntui: Callable, service: ScriptedService):
    service.answers(LISTS_PAGE, page_of(a_list()))
    running_until_ended(service)
    done = dyntui("sync", "lists", "--list", "Newsletter", "--account", "Main")

    assert done.code == 0
    assert service.requests(RUN_START) == [StartRun(sync_type="lists", account="Main", lists=(LIST_ID,))]
    assert "Reading members 1 of 5" in done.err
    assert "Reading members 5 of 5" in done.err
    assert "Completed (3 added, 2 excluded)" in done.err
    assert "NO_EMAIL" in done.out


def test_json_is_one_line_for_each_run_as_it_ended(dyntui: Callable, service: ScriptedService):
    running_until_ended(service)
    done = dyntui("sync", "suppressions", "--json")

    assert json.loads(done.out)["status"] == "Completed"
    assert json.loads(done.out)["tally"]["read"] == 5


def test_all_runs_one_after_the_other_suppressions_first(dyntui: Callable, service: ScriptedService):
    running_until_ended(service)
    dyntui("sync", "all")

    assert [one.sync_type for one in service.requests(RUN_START)] == list(SYNC_TYPES)
    assert list(SYNC_TYPES)[:2] == ["suppressions", "lists"]


def test_the_order_of_the_types_is_not_the_order_of_typing(dyntui: Callable, service: ScriptedService):
    running_until_ended(service)
    dyntui("sync", "lists", "suppressions")

    assert [one.sync_type for one in service.requests(RUN_START)] == ["suppressions", "lists"]


def test_a_campaign_narrows_the_campaigns_run_only(dyntui: Callable, service: ScriptedService):
    service.answers(CAMPAIGNS_PAGE, page_of(a_campaign()))
    running_until_ended(service)
    dyntui("sync", "all", "--campaign", "Spring")

    narrowed = {one.sync_type: one.campaigns for one in service.requests(RUN_START)}
    assert narrowed.pop("campaigns") == ("42",) and set(narrowed.values()) == {()}


def test_a_campaign_by_its_number_is_synchronised_for_the_account_that_has_it(
    dyntui: Callable, service: ScriptedService
):
    unknown = DyntuiError("CAMPAIGN_UNKNOWN", "-", not_done="-", remedy="-")
    accounts = {42: "Second", 7: "Main"}

    def known(ref: CampaignRef) -> CampaignReport | DyntuiError:
        account = accounts.get(ref.id)
        row = a_campaign(id=ref.id, account=account or "")
        return msgspec.structs.replace(a_report(), row=row) if account else unknown

    service.answers(CAMPAIGN_REPORT, known)
    running_until_ended(service)
    dyntui("sync", "campaigns", "--campaign", "42", "--campaign", "7")
    # One that was never read is looked for where an account is meant that nobody names.
    dyntui("sync", "campaigns", "--campaign", "99")
    dyntui("sync", "campaigns", "--campaign", "42", "--account", "Third")
    asked = [(each.account, each.campaigns) for each in service.requests(RUN_START)]
    assert asked == [("Second", ("42",)), ("Main", ("7",)), ("", ("99",)), ("Third", ("42",))]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (RunStatus.COMPLETED, 0),
        (RunStatus.COMPLETED_WITH_ERRORS, 4),
        (RunStatus.HELD, 4),
        (RunStatus.FAILED, 1),
        (RunStatus.CANCELLED, 1),
    ],
)
def test_the_exit_code_tells_how_the_run_ended(
    dyntui: Callable, service: ScriptedService, status: RunStatus, code: int
):
    running_until_ended(service, status)

    assert dyntui("sync", "lists").code == code


@pytest.mark.parametrize(
    ("error", "code"),
    [("DATAVERSE_UNREACHABLE", 6), ("DOTDIGITAL_UNAVAILABLE", 6), ("DATAVERSE_NOT_PERMITTED", 5), ("BOOK_GONE", 1)],
)
def test_a_failed_runs_exit_code_tells_what_kind_of_failure_it_was(
    dyntui: Callable, service: ScriptedService, error: str, code: int
):
    failed = a_run(RunStatus.FAILED, error_code=error, error="It failed.", remedy="Try again.")
    service.answers(RUN_START, failed)
    service.answers(RUN_GET, RunDetail(run=failed, items=()))
    done = dyntui("sync", "lists")

    assert done.code == code
    assert error in done.out


def test_no_wait_comes_back_at_once_and_says_how_to_look(dyntui: Callable, service: ScriptedService):
    service.answers(RUN_START, a_run(RunStatus.QUEUED))
    done = dyntui("sync", "lists", "--no-wait")

    assert done.code == 0
    assert "dyntui audit show run-1" in done.err
    assert service.requests(RUN_GET) == []


def test_a_run_can_be_cancelled(dyntui: Callable, service: ScriptedService):
    service.answers(RUN_CANCEL, a_run(RunStatus.IN_PROCESS, cancelling=True))
    done = dyntui("sync", "cancel", "run-1")

    assert done.code == 0
    assert service.requests(RUN_CANCEL) == [RunRef("run-1")]
    assert "will stop" in done.err


@pytest.mark.parametrize(
    "arguments",
    [[], ["nothing"], ["cancel"], ["cancel", "a", "b"], ["suppressions", "--list", "x"], ["lists", "--campaign", "x"]],
)
def test_a_senseless_sync_is_a_matter_of_usage(dyntui: Callable, profile: object, arguments: list[str]):
    done = dyntui("sync", *arguments)

    assert done.code == 2
    assert done.out == ""


def test_the_history_is_asked_for_with_its_filters(dyntui: Callable, service: ScriptedService):
    service.answers(RUNS_PAGE, page_of(a_run()))
    done = dyntui("audit", "list", "--type", "lists", "--status", "Completed with errors")

    assert service.requests(RUNS_PAGE) == [RunsQuery(kind="lists", status="Completed with errors")]
    assert "run-1" in done.out


def test_a_permalink_names_an_item_and_shows_its_people(dyntui: Callable, service: ScriptedService):
    item = RunItem(
        id=f"{LIST_ID}/strangers", kind="strangers", name="Strangers", status=RunStatus.COMPLETED, tally=Tally()
    )
    service.answers(RUN_GET, RunDetail(run=a_run(), items=(item,)))
    assert f"run-1/{LIST_ID}/strangers" in dyntui("audit", "show", "run-1").out
    service.answers(RUN_PEOPLE, page_of())
    dyntui("audit", "show", f"run-1/{LIST_ID}/strangers", "--outcome", "added")
    assert service.requests(RUN_PEOPLE) == [
        OutcomesQuery(run="run-1", item=f"{LIST_ID}/strangers", outcome="added", limit=200)
    ]


def test_statuses_and_ids_are_whole_on_a_narrow_terminal(
    dyntui: Callable, service: ScriptedService, monkeypatch: pytest.MonkeyPatch
):
    ids = ("3d9f5a10-0000-4000-8000-000000000001", "3d9f5a10-7000-4000-8000-000000000002")
    rows = [
        a_run(status, id=id, title="Newsletter, Dealers and many more lists than fit here")
        for status, id in zip((RunStatus.COMPLETED, RunStatus.COMPLETED_WITH_ERRORS), ids, strict=True)
    ]
    service.answers(RUNS_PAGE, page_of(*rows))
    monkeypatch.setattr("dyntui.cli.output._width", lambda: 80)
    done = dyntui("audit", "list")

    heading, first, second = done.out.splitlines()[-3:]
    assert "BY: Mira Sandahl" in done.out and "BY" not in heading
    assert "Completed with errors" in second and "Completed " in first
    assert first.endswith("3d9f5a10-0") and second.endswith("3d9f5a10-7")
    assert max(len(line) for line in (heading, first, second)) <= 80


def test_commands_in_messages_name_the_profile_that_was_chosen(dyntui: Callable, service: ScriptedService):
    service.answers(RUN_START, a_run(RunStatus.QUEUED))
    by_option = dyntui("sync", "lists", "--no-wait", "--profile", "default")
    assert "`dyntui --profile default audit show run-1`" in by_option.err
    assert "`dyntui audit show run-1`" in dyntui("sync", "lists", "--no-wait").err


def test_a_run_shows_its_items(dyntui: Callable, service: ScriptedService):
    item = RunItem(
        id="i1", kind="list", name="Newsletter", status=RunStatus.COMPLETED, tally=Tally(5), note="unchanged book"
    )
    service.answers(RUN_GET, RunDetail(run=a_run(), items=(item,)))
    done = dyntui("audit", "show", "run-1")

    assert "Mira Sandahl" in done.out
    assert "unchanged book" in done.out


def test_a_run_whose_counts_do_not_add_up_says_so(dyntui: Callable, service: ScriptedService):
    broken = Tally(6, (ReasonCount(Outcome.ADDED, "", 5),))
    service.answers(RUN_GET, RunDetail(run=a_run(RunStatus.FAILED, tally=broken), items=()))

    assert "does not add up" in dyntui("audit", "show", "run-1").out


def test_whom_a_send_added_to_its_recipients_it_mailed(dyntui: Callable, service: ScriptedService):
    sent = msgspec.structs.replace(a_run(tally=Tally(5, (ReasonCount(Outcome.ADDED, "", 5),))), kind="send")
    mailed = PersonOutcome(entity="contact", person="p1", name="Ann", address="a@x.org", outcome=Outcome.ADDED)
    service.answers(RUN_GET, RunDetail(run=sent, items=()))
    service.answers(RUN_PEOPLE, page_of(mailed))

    for arguments in ((), ("--people",)):
        done = dyntui("audit", "show", "run-1", *arguments)
        assert "mailed" in done.out
        assert "added" not in done.out


def test_the_people_of_a_run_are_shown_by_reason(dyntui: Callable, service: ScriptedService):
    person = PersonOutcome(
        entity="contact",
        person="p1",
        name="Ann",
        address="ann@example.com",
        outcome=Outcome.EXCLUDED,
        reason="SUPPRESSED",
        also=("NO_EMAIL",),
    )
    service.answers(RUN_PEOPLE, page_of(person))
    service.answers(RUN_GET, RunDetail(run=a_run(), items=()))
    done = dyntui("audit", "show", "run-1", "--people", "--outcome", "excluded", "--reason", "suppressed")

    assert service.requests(RUN_PEOPLE) == [OutcomesQuery(run="run-1", outcome="excluded", reason="SUPPRESSED")]
    assert "ann@example.com" in done.out


def test_a_reason_code_that_does_not_exist_is_refused(dyntui: Callable, service: ScriptedService):
    done = dyntui("audit", "show", "run-1", "--people", "--reason", "suppresed")

    assert done.code == 2
    assert "SUPPRESSED" in done.err
    assert service.requests(RUN_PEOPLE) == []


def test_the_runs_of_a_list_are_those_with_it_and_not_those_with_its_name(dyntui: Callable, service: ScriptedService):
    service.answers(RUNS_PAGE, page_of(a_run()))
    dyntui("audit", "list", "--list", LIST_ID)
    assert service.requests(RUNS_PAGE) == [RunsQuery(item=LIST_ID)]


def test_of_one_person_the_outcome_and_each_call_are_shown(dyntui: Callable, service: ScriptedService):
    ended = a_run(RunStatus.COMPLETED)
    calls = (
        RunItem(id="call-1", kind="call", name="Dynamics GET /lists({id})", status=RunStatus.COMPLETED, tally=Tally()),
        RunItem(
            id="call-2",
            kind="call",
            name="dotdigital PUT /contacts/v3/import",
            status=RunStatus.COMPLETED,
            tally=Tally(),
            note="wrote",
        ),
    )
    service.answers(LISTS_PAGE, page_of(a_list()))
    service.answers(RUN_START, ended)
    service.answers(RUN_GET, RunDetail(run=ended, items=calls))
    person = PersonOutcome(person="1", name="Ann", address="ann@example.org", outcome=Outcome.ADDED)
    service.answers(RUN_PEOPLE, page_of(person))
    done = dyntui("sync", "lists", "--list", "Newsletter", "--only", "ann@example.org")

    assert done.code == 0
    (asked,) = service.requests(RUN_START)
    assert (asked.lists, asked.only) == ((LIST_ID,), "ann@example.org")
    assert "ann@example.org" in done.out and "added" in done.out
    assert [line.split()[0] for line in done.out.splitlines() if "GET" in line or "PUT" in line] == ["1", "2"]


@pytest.mark.parametrize("address", ["", "  "])
def test_one_person_without_an_address_is_not_everybody(dyntui: Callable, service: ScriptedService, address: str):
    done = dyntui("sync", "lists", "--only", address)

    assert done.code == 2
    assert "--only" in done.err and "address" in done.err
    assert service.requests(RUN_START) == []


@pytest.mark.parametrize("types", [["suppressions"], ["all"], ["lists", "campaigns"]])
def test_one_person_goes_with_lists_alone(dyntui: Callable, service: ScriptedService, types: list[str]):
    done = dyntui("sync", *types, "--only", "ann@example.org")

    assert done.code == 2
    assert "--only goes with the type lists" in done.err
    assert service.requests(RUN_START) == []


def test_of_several_types_those_that_were_not_started_are_named(
    dyntui: Callable, service: ScriptedService, monkeypatch: pytest.MonkeyPatch
):
    running_until_ended(service)
    running = DyntuiError("ALREADY_RUNNING", "It is under way.", not_done="-", remedy="-", exit=Exit.LOCKED)
    service.answers(RUN_START, lambda asked: running if asked.sync_type == "lists" else a_run(RunStatus.QUEUED))
    refused = dyntui("sync", "suppressions", "lists", "metadata", "labels")
    assert refused.code == 7 and "Not started: Marketing lists, CRM metadata, Data field labels." in refused.err

    async def stopped(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(sync, "until_ended", stopped)
    left = dyntui("sync", "suppressions", "metadata", "labels")
    assert left.code == 130 and "goes on in the service" in left.err
    assert "Not started: CRM metadata, Data field labels." in left.err
    assert "Not started" not in dyntui("sync", "suppressions").err
