"""What `dyntui setup` asks, and what it does not take for an answer."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import click
import pytest
from click.testing import CliRunner

from dyntui.cli import device_code, setup_questions
from dyntui.dataverse import kept_sign_in, sign_in
from dyntui.service import person_sign_in
from dyntui.service import setup_questions as questions
from dyntui.service.setup_conversation import Conversation
from dyntui.service.setup_environment import said_by
from dyntui.sync.surroundings import Surroundings
from tests.sandbox_process import SandboxProcess

_DEFAULTS = sign_in.SignIn.__init__.__kwdefaults__


@pytest.fixture
def sandbox_process() -> Iterator[SandboxProcess]:
    with SandboxProcess.start(people=5) as sandbox:
        yield sandbox


def test_an_account_that_was_given_already_is_asked_for_again() -> None:
    @click.command()
    def ask() -> None:
        known = {each.key: "-" for each in questions.questions({}) if each.about != questions.ACCOUNTS}
        talk = Conversation(known)
        setup_questions.ask_all(talk)
        for number in (1, 2):
            each = questions.account_of(number, talk.answers, "")
            click.echo(f"{each.name} {each.api_user} {each.is_default}")

    first = ["Main", "", "apiuser-1@x", "password", "off"]
    second = ["main", "Outlet", "", "APIUSER-1@x", "apiuser-2@x", "password", "off"]
    done = CliRunner().invoke(ask, input="\n".join([*first, "y", *second, "n", ""]))
    assert done.exit_code == 0, done.output
    assert done.output.count("Another email account has that already.") == 2
    assert done.output.splitlines()[-2:] == ["Main apiuser-1@x None", "Outlet apiuser-2@x None"]


def test_one_more_account_is_asked_only_for_what_the_environment_leaves_out() -> None:
    said = said_by({"DOTDIGITAL_USER": "apiuser-2@x", "DOTDIGITAL_PASSWORD": "hush", "DOTDIGITAL_REGION": "2"})

    @click.command()
    def ask() -> None:
        for others in ([("Main", "apiuser-1@x")], [("Main", "APIUSER-2@x")]):
            each = setup_questions.one_more_account(others, said)
            click.echo(f"{each.name} {each.api_user} {each.dotdigital_url} {each.is_default}")

    known = ["Outlet", "off", "-"]
    # Whose API user is connected already, that is no new account: everything is asked.
    typed = ["Shop", "", "apiuser-3@x", "password", "off", "-"]
    done = CliRunner().invoke(ask, input="\n".join([*known, *typed, ""]))
    assert done.exit_code == 0, done.output
    lines = [line for line in done.output.splitlines() if line.endswith("None")]
    assert lines == [
        "Outlet apiuser-2@x https://r2-api.dotdigital.com None",
        "Shop apiuser-3@x https://r1-api.dotdigital.com None",
    ]
    assert "hush" not in done.output


def typing_each_code(
    sandbox_process: SandboxProcess, shown: list[str], part: Callable[[], str]
) -> Callable[[str], None]:
    """What is shown is kept, and a code is typed in the browser as soon as it is, by whoever has the `part`."""

    def say(text: str) -> None:
        shown.append(text)
        if text.startswith("Enter the code:"):
            body = {"user_code": text.rsplit(maxsplit=1)[-1], "as": part()}
            sandbox_process.control.post("/device", json=body).raise_for_status()

    return say


def test_the_person_as_whom_the_service_acts_signs_in_between_two_questions(
    sandbox_process: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = sandbox_process.info
    shown: list[str] = []
    say = typing_each_code(sandbox_process, shown, lambda: "admin")

    async def at_once(seconds: float) -> None:
        sandbox_process.advance(seconds)

    monkeypatch.setattr(device_code, "say", say)
    monkeypatch.setattr(device_code, "somebody_there", lambda: True)
    monkeypatch.setattr(person_sign_in.sign_in, "__defaults__", (Surroundings(sleep=at_once),))

    @click.command()
    def ask() -> None:
        known = {"url": info["dataverse_url"], "tenant": info["authority"], "ca_file": info["ca_file"]}
        talk = Conversation({**known, "client_id": info["client_id"]})
        with contextlib.suppress(click.Abort):
            setup_questions.ask_all(talk)
        kept = talk.answers["signed_in"]
        assert kept_sign_in.is_one(kept) and "production" in talk.answers
        click.echo(kept_sign_in.user_of(kept))

    done = CliRunner().invoke(ask, input="device-code\ny\n")
    assert done.exit_code == 0, (done.output, done.exception)
    assert "astrid.holmvik@skarnfjall.example" in done.output
    (link,) = [line for line in shown if line.startswith("Open in any browser: ")]
    assert link.endswith("/devicelogin") and "\n" not in link


def test_environments_are_found_by_signing_in_and_one_is_chosen(
    sandbox_process: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The code is typed in the browser as soon as it is shown."""
    info = sandbox_process.info
    shown: list[str] = []
    say = typing_each_code(sandbox_process, shown, lambda: part)

    async def at_once(seconds: float) -> None:
        sandbox_process.advance(seconds)

    monkeypatch.setattr(setup_questions, "say", say)
    monkeypatch.setattr(device_code, "say", say)
    monkeypatch.setattr(sign_in.SignIn.__init__, "__kwdefaults__", {**_DEFAULTS, "sleep": at_once})

    @click.command()
    def ask() -> None:
        talk = Conversation({"tenant": info["authority"], "ca_file": info["ca_file"]})
        with contextlib.suppress(click.Abort):
            setup_questions.ask_all(talk)
        click.echo(sorted(talk.answers.items()))

    part = "manager"
    done = CliRunner().invoke(ask, input=f"?\n{info['client_id']}\n1\n")
    assert done.exit_code == 0, (done.output, done.exception)
    assert f"('url', '{info['dataverse_url'].rstrip('/')}')" in done.output
    assert any(info["dataverse_url"].rstrip("/") in line for line in shown)
    part = "outsider"
    nobody = CliRunner().invoke(ask, input=f"?\n{info['client_id']}\n1\n")
    assert getattr(nobody.exception, "code", "") == "NO_ENVIRONMENTS"


@pytest.mark.parametrize(("columns", "typed"), [("80", "3"), ("80", "workload-identity"), ("200", "workload-identity")])
def test_choices_for_which_a_line_has_no_room_stand_below_one_another(
    monkeypatch: pytest.MonkeyPatch, columns: str, typed: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    signs_in = next(each for each in questions.questions({}) if each.key == "sign_in")

    @click.command()
    def ask() -> None:
        click.echo(f"= {setup_questions._asked(signs_in, str)}")

    done = CliRunner().invoke(ask, input=f"9\n{typed}\n")
    assert "= workload-identity" in done.output and "Error: " in done.output
    assert all(len(line) < int(columns) for line in done.output.splitlines())
    assert ("4  managed-identity\n" in done.output) == (columns == "80")
