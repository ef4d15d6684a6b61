"""Setup, sign-in, status, stop, completions, paths, and the parts that all commands share."""

from __future__ import annotations

import asyncio
import errno
import io
import json
import re
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import msgspec
import pytest
from rich.cells import cell_len

from dyntui.cli.main import COMMANDS, root
from dyntui.model.budgets import Meter, Share
from dyntui.model.roles import Ability, Role
from dyntui.service.contract.lists import LISTS_PAGE
from dyntui.service.contract.paging import Page
from dyntui.service.contract.runs import RUN_GET, RUN_START, RUNS_PAGE, RunDetail
from dyntui.service.contract.session import (
    HELLO,
    SIGN_IN,
    SIGN_IN_STATE,
    SIGN_OUT,
    STATUS,
    Check,
    EmailAccount,
    Nothing,
    SignInStarted,
    SignInState,
    Status,
)
from dyntui.service.contract.setup import SETUP_APPLY, SETUP_PLAN, SetupReport, SetupStep
from dyntui.service.contract.subjects import ACTIONS
from dyntui.service.contract.suppressions import (
    ANSWER_CONSENT_SOURCES,
    CONSENT_SOURCES,
    SUPPRESSION_ADD,
    SUPPRESSION_ASK,
    SUPPRESSION_LIFT,
    SUPPRESSION_ODD,
    SUPPRESSIONS_PAGE,
    AddedSuppression,
    AddSuppression,
    AskedToSubscribe,
    AskToSubscribe,
    ConsentSources,
    Lifted,
    OddRow,
    OddRows,
    SuppressionRow,
)
from dyntui.service.lock import only_service
from dyntui.service.profile import Profile
from dyntui.service.store_lock import only_service_of
from tests.cli.scripted_service import ScriptedService, a_hello, a_run, page_of

SANDBOX = {
    "dataverse_url": "https://localhost:1",
    "authority": "https://localhost:2/tenant",
    "tenant": "tenant",
    "client_id": "client",
    "client_secret": "sandbox-secret",
    "dotdigital_url": "https://localhost:3",
    "api_user": "apiuser-1@apiconnector.com",
    "api_password": "sandbox-password",
    "ca_file": "/tmp/ca.pem",
    "control_url": "https://localhost:4",
}
TOML = """
[organisation]
dataverse_url = "https://contoso.crm4.dynamics.com"
authority = "https://login.microsoftonline.com/contoso.example"
client_id = "client"
client_secret = "toml-secret"
ca_file = "ca.pem"

[[accounts]]
name = "Main"
api_user = "apiuser-1@apiconnector.com"
api_password = "toml-password"
"""
REPORT = SetupReport(
    organisation="Contoso",
    organisation_url="https://contoso.crm4.dynamics.com",
    accounts=("Main",),
    steps=(SetupStep(kind="table", name="dyntui_emailcampaign", state="done"),),
    applied=True,
)


def test_the_sandboxs_line_is_accepted_as_it_is(
    dyntui: Callable, service: ScriptedService, monkeypatch: pytest.MonkeyPatch
):
    service.answers(SETUP_APPLY, REPORT)
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(SANDBOX) + "\n"))
    done = dyntui("setup", "--from", "-")

    (request,) = service.requests(SETUP_APPLY)
    assert request.organisation.client_secret == "sandbox-secret"
    assert request.organisation.authority == "https://localhost:2/tenant"
    assert request.accounts[0].api_password == "sandbox-password"
    assert done.code == 0
    assert "sandbox-secret" not in done.out + done.err


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize(
    "text",
    [
        json.dumps({**SANDBOX, "assign": {"Email Marketing Manager": ["mira@contoso.example"]}}),
        TOML.replace('ca_file = "ca.pem"', "") + '[assign]\n"Email Marketing Manager" = ["mira@contoso.example"]\n',
    ],
    ids=["the sandbox's line", "TOML"],
)
def test_who_becomes_manager_stands_beside_the_rest_with_or_without_a_byte_order_mark(
    dyntui: Callable, service: ScriptedService, tmp_path: Path, text: str, mark: str
):
    service.answers(SETUP_APPLY, REPORT)
    (tmp_path / "setup.txt").write_text(mark + text, encoding="utf-8")
    done = dyntui("setup", "--from", str(tmp_path / "setup.txt"))

    assert done.code == 0, done.err
    (request,) = service.requests(SETUP_APPLY)
    assert request.assign == {"Email Marketing Manager": ("mira@contoso.example",)}
    assert "Nobody holds the role Email Marketing Manager yet" in done.err


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (json.dumps({**SANDBOX, "asign": {}}), "asign"),
        (TOML.replace("client_id", "client_name"), "organisation.client_name"),
        (TOML + 'passwort = "x"\n', "accounts.passwort"),
    ],
)
def test_keys_that_setup_does_not_know_are_refused_by_name(
    dyntui: Callable, profile: Profile, tmp_path: Path, text: str, named: str
):
    (tmp_path / "setup.txt").write_text(text)
    done = dyntui("setup", "--from", str(tmp_path / "setup.txt"))

    assert done.code == 2
    assert f"keys that setup does not know: {named}." in done.err


def test_a_toml_file_is_planned_without_applying(
    dyntui: Callable, service: ScriptedService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "setup.toml").write_text(TOML)
    service.answers(SETUP_PLAN, REPORT)
    done = dyntui("setup", "--from", "setup.toml", "--plan", "--json")

    (request,) = service.requests(SETUP_PLAN)
    assert request.accounts[0].dotdigital_url == "https://r1-api.dotdigital.com"
    assert request.organisation.ca_file == str(tmp_path / "ca.pem")
    assert json.loads(done.out)["steps"][0]["name"] == "dyntui_emailcampaign"
    assert service.requests(SETUP_APPLY) == []


def test_at_a_terminal_the_plan_is_no_part_of_the_json(
    dyntui: Callable, service: ScriptedService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "setup.toml").write_text(TOML.replace('ca_file = "ca.pem"', ""))
    missing = msgspec.structs.replace(
        REPORT, applied=False, steps=(SetupStep(kind="table", name="one", state="missing"),)
    )
    service.answers(SETUP_PLAN, missing)
    service.answers(SETUP_APPLY, REPORT)
    typed = io.StringIO("y\n")
    typed.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stdin", typed)
    done = dyntui("setup", "--from", str(tmp_path / "setup.toml"), "--json")

    assert done.code == 0, done.err
    assert json.loads(done.out)["applied"] is True
    assert "1 (table 1)" in done.err and "Apply it?" in done.err


@pytest.mark.parametrize(
    "text",
    [
        "neither [ one nor the other",
        "[organisation]\ndataverse_url = 'x'\n",
        json.dumps({**SANDBOX, "client_secret": 12345678}),
        TOML.replace('"toml-secret"', "12345678"),
    ],
)
def test_a_setup_that_makes_no_sense_is_refused_without_repeating_a_secret(
    dyntui: Callable, profile: Profile, tmp_path: Path, text: str
):
    (tmp_path / "setup.txt").write_text(text)
    done = dyntui("setup", "--from", str(tmp_path / "setup.txt"))

    assert done.code == 2
    assert "SETUP_INPUT_INVALID" in done.err
    assert "12345678" not in done.err
    assert "toml-password" not in done.err


def test_a_missing_file_is_named(dyntui: Callable, profile: Profile):
    done = dyntui("setup", "--from", "/nowhere/setup.toml")

    assert done.code == 2
    assert "/nowhere/setup.toml" in done.err


def test_without_terminal_and_file_nobody_is_asked(dyntui: Callable, profile: Profile, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    done = dyntui("setup")

    assert done.code == 2
    assert "SETUP_INPUT_MISSING" in done.err


def test_signing_in_shows_the_code_and_waits(
    dyntui: Callable, service: ScriptedService, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("dyntui.cli.sign_in._PACE", 0.0)
    service.answers(
        SIGN_IN,
        SignInStarted(verification_uri="https://login.example/device", user_code="ABC123", expires_in=900, interval=5),
    )
    states = iter([SignInState(state="pending"), SignInState(state="signed in", user="Mira Sandahl")])
    service.answers(SIGN_IN_STATE, lambda request: next(states))
    service.answers(HELLO, a_hello(Ability.SEE))
    done = dyntui("sign-in")

    assert done.code == 0 and service.requests(RUN_START) == []
    assert "https://login.example/device" in done.err
    assert "ABC123" in done.err
    assert "Mira Sandahl" in done.err


def test_signing_out_says_who_was_signed_in(dyntui: Callable, service: ScriptedService):
    who = iter(["Mira Sandahl", ""])
    service.answers(SIGN_OUT, lambda request: SignInState(state="signed out", user=next(who)))

    assert dyntui("sign-out").err == "Mira Sandahl is signed out.\n"
    assert dyntui("sign-out").err == "Nobody was signed in.\n"


def test_whoever_may_synchronise_and_signs_in_first_reads_what_both_systems_have(
    dyntui: Callable, service: ScriptedService
):
    service.answers(SIGN_IN, SignInStarted(verification_uri="u", user_code="c", expires_in=900, interval=5))
    service.answers(SIGN_IN_STATE, SignInState(state="signed in", user="Mira Sandahl"))
    main = EmailAccount(id="a-1", name="Main", is_default=True, region="r1", endpoint="e", sync_level="DETAILED")
    service.answers(HELLO, msgspec.structs.replace(a_hello(Ability.SEE, Ability.SYNCHRONISE), accounts=(main,)))
    service.answers(RUNS_PAGE, page_of())
    service.answers(RUN_START, lambda request: a_run(id=request.sync_type))
    service.answers(RUN_GET, lambda request: RunDetail(run=a_run(id=request.id), items=()))
    done = dyntui("sign-in")

    assert done.code == 0
    assert [each.sync_type for each in service.requests(RUN_START)] == ["metadata", "labels", "suppressions"]
    assert {each.account for each in service.requests(RUN_START)} == {"a-1"}
    service.answers(RUNS_PAGE, page_of(a_run()))
    assert dyntui("sign-in").code == 0 and len(service.requests(RUN_START)) == 3


def test_a_declined_sign_in_is_not_permitted(dyntui: Callable, service: ScriptedService):
    service.answers(SIGN_IN, SignInStarted(verification_uri="u", user_code="c", expires_in=900, interval=5))
    service.answers(SIGN_IN_STATE, SignInState(state="declined"))
    done = dyntui("sign-in")

    assert done.code == 5
    assert "SIGN_IN_DECLINED" in done.err


def a_status(held: int) -> Status:
    return Status(
        version="1",
        profile="default",
        process=4711,
        started_on="2026-11-22T14:05:09Z",
        store="sqlite",
        checks=(Check(name="Dynamics", state="ok", text="signed in"),),
        active_runs=1,
        held=held,
        dataverse_calls=10,
        dotdigital_calls=20,
        budgets=(
            Meter(
                account="Main",
                account_id="a",
                limit="calls in an hour",
                used=1264,
                most=2000,
                frees_on="2026-11-22T15:05:00Z",
                used_up_on="2026-11-22T15:01:00Z",
                shares=(Share("lists", 1200), Share("people", 64)),
            ),
        ),
    )


@pytest.mark.parametrize(("held", "code"), [(0, 0), (3, 4)])
def test_status_shows_the_checks_and_its_code_tells_of_held_changes(
    dyntui: Callable, service: ScriptedService, held: int, code: int
):
    service.answers(STATUS, a_status(held))
    done = dyntui("status")

    assert done.code == code
    assert "4711" in done.out
    assert "signed in" in done.out
    meter = next(line for line in done.out.splitlines() if "calls in an hour" in line)
    for said in ("Main", "1,264", "2,000", "15:05", "15:01", "lists 1,200, people 64"):
        assert said in meter
    told = json.loads(dyntui("status", "--json").out)["budgets"]
    assert told[0]["shares"] == [{"kind": "lists", "used": 1200}, {"kind": "people", "used": 64}]


def test_status_does_not_start_a_service(dyntui: Callable, profile: Profile):
    done = dyntui("status", "--json")

    assert done.code == 6
    assert json.loads(done.err)["error"]["code"] == "SERVICE_NOT_RUNNING"
    assert not profile.socket.exists()


def test_a_remedy_that_opens_the_console_opens_that_of_the_profile(dyntui: Callable, profile: Profile):
    done = dyntui("--profile", "other", "status")

    assert "`dyntui --profile other serve`" in done.err and "with `dyntui --profile other`" in done.err
    as_json = json.loads(dyntui("--profile", "other", "status", "--json").err)["error"]
    assert "`dyntui --profile other serve`" in as_json["remedy"]
    assert "with `dyntui`." in dyntui("status").err


def test_stopping_what_does_not_run_is_no_error(dyntui: Callable, profile: Profile):
    done = dyntui("stop")

    assert done.code == 0
    assert "No service is running" in done.err


def test_a_second_service_on_the_profile_is_refused_with_code_7(dyntui: Callable, profile: Profile):
    from dyntui.service.process import Life, run_service

    with only_service(profile), pytest.raises(Exception, match="LOCKED") as raised:
        run_service(profile, lambda profile, long_lived: pytest.fail("built"), Life(long_lived=True))
    assert raised.value.exit == 7


def test_a_service_that_finds_no_room_for_its_lock_says_so(
    dyntui: Callable, profile: Profile, monkeypatch: pytest.MonkeyPatch
):
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("dyntui.service.lock.os.pwrite", full)

    refused = dyntui("serve")

    assert refused.code == 1 and "PROFILE_NOT_WRITABLE" in refused.err and str(profile.state) in refused.err
    assert "Make room on its disk." in refused.err


def test_a_store_in_a_file_that_two_profiles_name_has_one_service(dyntui: Callable, profile: Profile, tmp_path: Path):
    from dyntui.service.process import Life, run_service

    url = f"sqlite:///{tmp_path}/shared.db"
    (tmp_path / "link.db").symlink_to(tmp_path / "shared.db")
    profile.config_file.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/link.db"\n')
    with only_service_of(url):
        with pytest.raises(Exception, match="STORE_SERVED") as raised:
            run_service(profile, lambda profile, long_lived: pytest.fail("built"), Life(long_lived=True))
        assert raised.value.exit == 7
        for words in (("backup", "restore", "backup.zip"), ("store", "move", str(tmp_path / "other.db"))):
            refused = dyntui(*words, "--yes")
            assert refused.code == 7 and "STORE_SERVED" in refused.err
    assert dyntui("backup", "restore", "backup.zip", "--yes").code == 2


def test_suppressions_are_listed(dyntui: Callable, service: ScriptedService):
    row = SuppressionRow(
        address="ann@example.com",
        account="Main",
        status="Unsubscribed",
        reason="SUPPRESSED",
        suppressed_on="2026-11-01T00:00:00Z",
        learned_on="2026-11-22T14:05:09Z",
    )
    service.answers(SUPPRESSIONS_PAGE, page_of(row))

    assert "ann@example.com" in dyntui("suppressions", "list").out


def test_a_suppression_is_lifted_with_a_reason(dyntui: Callable, service: ScriptedService):
    answer = Lifted(address="ann@example.com", lifted=("DO_NOT_EMAIL p1",), stays=("Main says Unsubscribed",))
    service.answers(SUPPRESSION_LIFT, answer)
    assert dyntui("suppressions", "lift", "ann@example.com").code == 2
    said = dyntui("suppressions", "lift", "ann@example.com", "--reason", "asked for it").out
    assert "DO_NOT_EMAIL p1" in said and "Main says Unsubscribed" in said
    (asked,) = service.requests(SUPPRESSION_LIFT)
    assert (asked.address, asked.reason) == ("ann@example.com", "asked for it")


def test_what_counts_as_an_opt_out_is_shown_and_answered(dyntui: Callable, service: ScriptedService):
    found = ("donotsendmm", "msdynmkt_contactpointconsent4")
    shown = ConsentSources(found=found, counting=found, answered=False, asked_on="")
    service.answers(CONSENT_SOURCES, shown)
    assert "until somebody has answered" in dyntui("suppressions", "sources").out
    answered = msgspec.structs.replace(shown, counting=("donotsendmm",), answered=True)
    service.answers(ANSWER_CONSENT_SOURCES, answered)
    assert "no" in dyntui("suppressions", "sources", "--count", "donotsendmm").out
    dyntui("suppressions", "sources", "--none")
    assert [each.count for each in service.requests(ANSWER_CONSENT_SOURCES)] == [("donotsendmm",), ()]
    assert dyntui("suppressions", "sources", "--none", "--count", "donotsendmm").code == 2


def test_rows_without_an_address_are_shown(dyntui: Callable, service: ScriptedService):
    row = OddRow(source="suppression rows in Dynamics", received="suppression row 1: n/a", learned_on="")
    service.answers(SUPPRESSION_ODD, OddRows(rows=(row,)))
    assert "n/a" in dyntui("suppressions", "odd").out


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_completions_name_the_command(dyntui: Callable, profile: Profile, shell: str):
    done = dyntui("completions", shell)

    assert done.code == 0
    assert "_DYNTUI_COMPLETE" in done.out


def test_paths_are_the_profiles(dyntui: Callable, profile: Profile):
    done = dyntui("--profile", "other", "paths", "--json")

    assert json.loads(done.out)["socket"].endswith("/other/run/service.sock")


@pytest.mark.parametrize("words", [("--profile", "typed", "paths"), ("paths", "--profile", "typed")])
def test_a_profile_that_is_typed_counts_and_not_that_of_the_environment(
    dyntui: Callable, profile: Profile, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
):
    monkeypatch.setenv("DYNTUI_PROFILE", "other")
    assert "/typed/" in json.loads(dyntui(*words, "--json").out)["data"]
    assert "/other/" in json.loads(dyntui("paths", "--json").out)["data"]


def test_a_profile_name_that_leaves_its_place_is_usage(dyntui: Callable, profile: Profile):
    assert dyntui("--profile", "../x", "status").code == 2


@pytest.mark.parametrize("arguments", [["nonsense"], ["lists", "nonsense"], ["lists", "list", "--limit", "0"]])
def test_nonsense_is_usage(dyntui: Callable, profile: Profile, arguments: list[str]):
    assert dyntui(*arguments).code == 2


@pytest.mark.parametrize(
    ("arguments", "said", "help_of"),
    [
        (["nonsense"], "No such command 'nonsense'", "dyntui"),
        (["lists", "nonsense"], "No such command 'nonsense'", "dyntui lists"),
        (["lists", "list", "--limit", "0"], "--limit", "dyntui lists list"),
        (["lists", "show"], "LIST", "dyntui lists show"),
        (["lists", "list", "--colour"], "--colour", "dyntui lists list"),
        (["lists"], "command is missing", "dyntui lists"),
        (["--profile"], "--profile", "dyntui"),
        (["conflicts", "settle", "--all", "--label", "\x1b[2J"], "", ""),
    ],
)
def test_a_matter_of_usage_is_told_in_json_too(
    dyntui: Callable, profile: Profile, arguments: list[str], said: str, help_of: str
):
    done = dyntui("--json", *arguments)
    assert (done.code, done.out) == (2, "")
    error = json.loads(done.err)["error"]
    assert list(error) == ["code", "message", "not_done", "remedy"]
    assert said in error["message"] and all(error.values()) and "\x1b" not in done.err
    if help_of:
        assert error["code"] == "USAGE" and f"`{help_of} --help`" in error["remedy"]


def test_a_matter_of_usage_names_the_profile_that_was_chosen(dyntui: Callable, profile: Profile):
    done = dyntui("--profile", "other", "lists", "nonsense", "--json")
    assert "`dyntui --profile other lists --help`" in json.loads(done.err)["error"]["remedy"]


def test_a_service_that_goes_away_while_asked_is_code_6(dyntui: Callable, service: ScriptedService):
    def vanish(request: Nothing) -> Status:
        for connection in list(service.server._connections):
            connection.hang_up()
        return a_status(0)

    service.answers(STATUS, vanish)
    done = dyntui("status")

    assert done.code == 6
    assert "SERVICE_GONE" in done.err


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_in_the_help_exists_under_its_name(name: str):
    context = root.make_context("dyntui", [name], resilient_parsing=True)

    assert root.get_command(context, name) is not None


COMMANDS_OF_ACTIONS = sorted({command for action in ACTIONS if (command := action.command)})


@pytest.mark.parametrize("line", COMMANDS_OF_ACTIONS)
def test_the_command_named_by_each_action_of_the_console_can_be_parsed(line: str):
    _, *arguments = line.replace("VERSION", "7").replace("--out FILE", "--out file.csv").split()
    command, context = root, root.make_context("dyntui", list(arguments), resilient_parsing=False)
    while isinstance(command, type(root)) or hasattr(command, "get_command"):
        name, *arguments = arguments
        command = command.get_command(context, name)
        assert command is not None, line
        context = command.make_context(name, list(arguments), parent=context)


def test_tables_fit_the_terminal_and_cut_with_an_ellipsis(monkeypatch: pytest.MonkeyPatch):
    from dyntui.cli import output

    shown = io.StringIO()
    shown.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stdout", shown)
    monkeypatch.setenv("COLUMNS", "40")
    output.print_table(["name", "people"], [("名前" * 40, "1,234")], right=["people"])

    lines = shown.getvalue().splitlines()
    assert all(cell_len(line) <= 40 for line in lines)
    assert "…" in lines[1]
    assert re.search(r"1,234$", lines[1])


def test_who_waits_for_an_answer_is_told_so_and_gets_it(
    dyntui: Callable, service: ScriptedService, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("dyntui.service.client.LATE_SECONDS", 0.0)
    said = threading.Event()
    monkeypatch.setattr("dyntui.cli.service_call._say_late", said.set)

    async def handler(context: object, request: object) -> Page:
        await asyncio.to_thread(said.wait, 10)
        return page_of()

    service.handlers[LISTS_PAGE.name] = handler
    assert dyntui("lists", "list").code == 0
    assert said.is_set()


def _commands(command: click.Command, path: str = "dyntui") -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from _commands(found, f"{path} {name}")


def test_every_command_takes_the_options_that_all_take():
    common = {"--account", "--profile", "--json", "--yes", "--plain"}
    lacking = {
        path
        for path, command in _commands(root)
        if not common <= {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
    }
    # The sandbox is no part of a profile.
    assert lacking == {"dyntui sandbox"}


def test_an_address_is_suppressed_once_somebody_has_said_so(dyntui: Callable, service: ScriptedService):
    answer = AddedSuppression(address="ada@example.org", already=("Second",), runs=(a_run(), a_run(id="run-2")))
    service.answers(SUPPRESSION_ADD, answer)
    assert dyntui("suppressions", "add", "ada@example.org").code == 2
    assert dyntui("suppressions", "add", "ada@example.org", "--reason", "by phone").code != 0
    assert service.requests(SUPPRESSION_ADD) == []
    done = dyntui("suppressions", "add", "ada@example.org", "--reason", "by phone", "--yes")
    assert service.requests(SUPPRESSION_ADD) == [AddSuppression(address="ada@example.org", reason="by phone")]
    assert "ada@example.org is suppressed" in done.out + done.err and "already by Second" in done.out + done.err


def test_somebody_is_asked_to_subscribe_again_once_somebody_has_said_so(dyntui: Callable, service: ScriptedService):
    said = "dotdigital has mailed them; they stay suppressed until they confirm"
    answer = AskedToSubscribe(address="ada@example.org", account="Main", status="ContactChallenged", said=said)
    service.answers(SUPPRESSION_ASK, answer)
    assert dyntui("suppressions", "ask", "ada@example.org").code == 2
    done = dyntui("suppressions", "ask", "ada@example.org", "--evidence", "a letter", "--yes")
    assert service.requests(SUPPRESSION_ASK) == [AskToSubscribe(address="ada@example.org", evidence="a letter")]
    assert "until they confirm" in done.out + done.err


def test_the_roles_are_shown_with_what_each_allows_and_which_one_holds(dyntui: Callable, service: ScriptedService):
    service.answers(HELLO, msgspec.structs.replace(a_hello(), roles=(str(Role.VIEWER),)))
    done = dyntui("roles")
    assert done.code == 0 and "Mira Sandahl" in done.out
    assert "Email Marketing Viewer" in done.out.splitlines()[1]
    (see,) = (line for line in done.out.splitlines() if line.startswith("see lists"))
    (send,) = (line for line in done.out.splitlines() if line.startswith("send or schedule"))
    assert (see.split()[-4:], send.split()[-4:]) == (["yes"] * 4, ["yes", "no", "no", "no"])
    assert json.loads(dyntui("roles", "--json").out)["roles"] == [Role.VIEWER]
    service.answers(HELLO, msgspec.structs.replace(a_hello(), roles_known=False))
    assert "does not tell your roles" in dyntui("roles").err
