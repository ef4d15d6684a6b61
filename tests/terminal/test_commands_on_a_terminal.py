"""Commands as a person uses them: prompts, progress, Ctrl-C."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import RunStatus
from dyntui.service.contract.campaigns import CAMPAIGN_GET, CAMPAIGN_SEND
from dyntui.service.contract.lists import LISTS_PAGE
from dyntui.service.contract.runs import RUN_CANCEL, RUN_GET, RUN_START, Progress, RunChanged, RunDetail, RunRef
from dyntui.service.contract.sends import SendCampaign
from dyntui.service.contract.session import HELLO, STATUS, Check, Status
from dyntui.service.contract.setup import SETUP_APPLY, SETUP_PLAN, OrganisationInput, SetupReport, SetupStep
from dyntui.service.contract.target_counts import CAMPAIGN_COUNT
from tests.cli.scripted_service import ScriptedService, a_count, a_hello, a_list, a_run, a_send, page_of
from tests.cli.test_campaign_commands import a_campaign_with
from tests.terminal.terminal import Terminal

DYNTUI = (sys.executable, "-m", "dyntui.cli.main")
CLEAR = b"\r\x1b[K"


def test_ctrl_c_stops_the_waiting_and_says_that_the_run_goes_on(service: ScriptedService, environ: Mapping[str, str]):
    running = a_run(RunStatus.IN_PROCESS, progress=Progress(stage="Reading members", done=1, of=5))
    service.answers(RUN_START, running)
    service.answers(RUN_GET, RunDetail(run=running, items=()))
    with Terminal([*DYNTUI, "sync", "lists"], environ) as terminal:
        terminal.until("Reading members 1 of 5")
        terminal.type("\x03")

        assert terminal.ended() == 130
        assert "goes on in the service" in terminal.text
        assert "dyntui sync cancel run-1" in terminal.text
    assert service.requests(RUN_CANCEL) == []


def test_progress_is_one_line_that_goes_away(service: ScriptedService, environ: Mapping[str, str]):
    service.answers(RUN_START, a_run(RunStatus.QUEUED, progress=Progress()))

    def asked(request: RunRef) -> RunDetail:
        for done in range(5):
            progress = Progress(stage="Reading members", done=done, of=5)
            service.publish("run.changed", RunChanged(run=a_run(RunStatus.IN_PROCESS, progress=progress)))
        service.publish("run.changed", RunChanged(run=a_run()))
        return RunDetail(run=a_run(RunStatus.QUEUED, progress=Progress()), items=())

    service.answers(RUN_GET, asked)
    with Terminal([*DYNTUI, "sync", "lists"], environ) as terminal:
        assert terminal.ended() == 0
        assert terminal.raw.count(CLEAR) >= 6
        assert b"[\xe2\x96\x88" in terminal.raw
        assert "Reading members" not in terminal.text
        assert "Completed (3 added, 2 excluded)" in terminal.text


def test_a_large_send_asks_for_the_number_to_be_typed(service: ScriptedService, environ: Mapping[str, str]):
    service.answers(HELLO, a_hello())
    service.answers(CAMPAIGN_COUNT, a_count(sendable=500, confirm_above=100))
    service.answers(CAMPAIGN_GET, a_campaign_with())
    service.answers(CAMPAIGN_SEND, a_send("Queued"))
    with Terminal([*DYNTUI, "campaigns", "send", "42", "--no-wait"], environ) as terminal:
        terminal.until("Type the number of people to send to:")
        terminal.type("500\r")

        assert terminal.ended() == 0
    assert service.requests(CAMPAIGN_SEND) == [SendCampaign(count="count-1", confirm=500)]


def test_ctrl_c_at_the_confirmation_sends_nothing(service: ScriptedService, environ: Mapping[str, str]):
    service.answers(HELLO, a_hello())
    service.answers(CAMPAIGN_COUNT, a_count())
    service.answers(CAMPAIGN_GET, a_campaign_with())
    with Terminal([*DYNTUI, "campaigns", "send", "42"], environ) as terminal:
        terminal.until("Send to 3 people?")

        assert terminal.ended_by_ctrl_c() == 130
    assert service.requests(CAMPAIGN_SEND) == []


ANSWERS = (
    ("Dynamics 365 address", "contoso"),
    ("Write the whole address", "https://contoso.crm4.dynamics.com/"),
    ("Tenant", "contoso.example"),
    ("Client id", "client"),
    ("Signs in by", "secret"),
    ("Client secret:", "typed-secret"),
    ("certificate authority", "/no/such/file"),
    ("There is no file /no/such/file", ""),
    ("Is this a production organisation?", "n"),
    ("Who may be mailed", "contoso.example"),
    ("neither an e-mail address nor @", "@contoso.example, mira@example.org"),
    ("Name of the email account", "Main"),
    ("dotdigital address", ""),
    ("API user", "apiuser-1@apiconnector.com"),
    ("API password:", "typed-password"),
    ("Double opt-in of the account", "off"),
    ("Another email account?", "n"),
    ("User name in Dynamics of the first one", "mira@contoso.example"),
)


def a_status(keyring: str = "ok") -> Status:
    return Status(
        version="1",
        profile="default",
        process=1,
        started_on="2026-11-22T12:00:00Z",
        store="/data",
        checks=(Check(name="Keyring", state=keyring, text="a keyring"),),
        active_runs=0,
        held=0,
        dataverse_calls=0,
        dotdigital_calls=0,
    )


def a_plan() -> SetupReport:
    return SetupReport(
        organisation="Contoso",
        organisation_url="https://contoso.crm4.dynamics.com",
        accounts=("Main",),
        steps=(SetupStep(kind="table", name="dyntui_emailcampaign", state="missing"),),
        applied=False,
    )


def test_setup_asks_for_what_it_needs_and_secrets_are_typed_unseen(
    service: ScriptedService, environ: Mapping[str, str]
):
    service.answers(STATUS, a_status())
    service.answers(SETUP_PLAN, a_plan())
    service.answers(SETUP_APPLY, a_plan())
    with Terminal([*DYNTUI, "setup"], environ, lines=60) as terminal:
        for question, answer in (*ANSWERS, ("Apply it?", "y")):
            terminal.until(question)
            terminal.type(f"{answer}\r")

        assert terminal.ended() == 0
        assert b"typed-" not in terminal.raw
    (request,) = service.requests(SETUP_APPLY)
    assert request.organisation.authority == "https://login.microsoftonline.com/contoso.example"
    assert request.organisation.client_secret == "typed-secret"
    (account,) = request.accounts
    assert (account.api_password, account.double_opt_in) == ("typed-password", "off")
    assert account.dotdigital_url == "https://r1-api.dotdigital.com"
    assert request.assign == {"Email Marketing Manager": ("mira@contoso.example",)}


def times_seen(terminal: Terminal, text: str, times: int) -> bool:
    return terminal.text.count(text) == times


def test_one_wrong_answer_is_corrected_and_the_others_are_kept(
    service: ScriptedService, environ: Mapping[str, str], tmp_path: Path
):
    refused = iter(
        [
            DyntuiError("DATAVERSE_SIGN_IN_UNREACHABLE", "Entra ID is away.", not_done="-", remedy="-"),
            DyntuiError("SETUP_NEEDS_RIGHTS", "Not permitted.", not_done="-", remedy="-"),
        ]
    )
    service.answers(STATUS, a_status())
    service.answers(SETUP_PLAN, lambda request: next(refused, a_plan()))
    service.answers(SETUP_APPLY, a_plan())
    (tmp_path / "ca.pem").write_text("-")
    with Terminal([*DYNTUI, "setup"], environ, lines=60) as terminal:
        for question, answer in ANSWERS:
            terminal.until(question)
            terminal.type(f"{answer}\r")
        for question, times, answer in (
            ("Correct (dynamics", 1, ""),
            # The second time is after the address that was refused.
            ("Dynamics 365 address", 3, ""),
            ("Tenant", 2, "fabrikam.example"),
            ("Client id", 2, ""),
            ("Signs in by", 2, ""),
            ("Client secret (Enter keeps it)", 1, ""),
            ("certificate authority", 3, str(tmp_path / "ca.pem")),
            ("Is this a production organisation?", 2, ""),
            ("Who may be mailed", 3, ""),
            ("Correct (dynamics", 2, ""),
            ("Apply it?", 1, "y"),
        ):
            terminal.until(partial(times_seen, terminal, question, times))
            terminal.type(f"{answer}\r")

        assert terminal.ended() == 0
        assert b"typed-" not in terminal.raw
    (request,) = service.requests(SETUP_APPLY)
    assert request.organisation == OrganisationInput(
        dataverse_url="https://contoso.crm4.dynamics.com",
        authority="https://login.microsoftonline.com/fabrikam.example",
        client_id="client",
        client_secret="typed-secret",
        ca_file=str(tmp_path / "ca.pem"),
        not_production=True,
        allow=("@contoso.example", "mira@example.org"),
    )
    assert (request.accounts[0].name, request.accounts[0].ca_file) == ("Main", str(tmp_path / "ca.pem"))


def test_nothing_is_asked_where_no_secret_can_be_kept(service: ScriptedService, environ: Mapping[str, str]):
    service.answers(STATUS, a_status(keyring="warning"))
    with Terminal([*DYNTUI, "setup"], environ) as terminal:
        assert terminal.ended() == 1
        assert "KEYRING_UNAVAILABLE" in terminal.text and "Dynamics 365 address" not in terminal.text


def test_a_setup_from_a_file_shows_its_plan_and_asks(
    service: ScriptedService, environ: Mapping[str, str], tmp_path: Path
):
    line = {
        "dataverse_url": "https://localhost:1",
        "authority": "https://localhost:2/tenant",
        "client_id": "client",
        "client_secret": "s",
        "dotdigital_url": "https://localhost:3",
        "api_user": "u",
        "api_password": "p",
        "ca_file": "",
    }
    (tmp_path / "line.json").write_text(json.dumps(line))
    step = SetupStep(kind="table", name="dyntui_emailcampaign", state="missing")
    plan = SetupReport(organisation="C", organisation_url="https://c", accounts=("A",), steps=(step,), applied=False)
    service.answers(SETUP_PLAN, plan)
    with Terminal([*DYNTUI, "setup", "--from", str(tmp_path / "line.json")], environ, lines=40) as terminal:
        terminal.until("Apply it?")
        terminal.type("n\r")

        assert terminal.ended() == 130
        assert "1 (table 1)" in terminal.text
    assert service.requests(SETUP_APPLY) == []


def test_a_table_fits_eighty_columns(service: ScriptedService, environ: Mapping[str, str]):
    long_names = [a_list("A very long name of a marketing list " * 3), a_list("短い名前" * 20)]
    service.answers(LISTS_PAGE, page_of(*long_names))
    with Terminal([*DYNTUI, "lists", "list"], environ) as terminal:
        assert terminal.ended() == 0
        *_, heading, first, second = [line for line in terminal.text.splitlines() if line]
        assert "MEMBERS: 12,345" in terminal.text and "MEMBERS" not in heading
        assert first.startswith("A very long name of a marketing list A very") and second.startswith("短い名前短い名前")
