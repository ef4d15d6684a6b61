"""Bad input: a message with code, what was not done and the remedy; the right exit code; no traceback; nothing written.

All of it as a person types it: `dyntui` in a process of its own, and the service that it starts.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dyntui.service.lock import until_released
from dyntui.service.profile import Profile, open_profile
from tests.faults.job import CAMPAIGN, LIST
from tests.faults.real_service import HOME, RealService, real_service, until
from tests.sandbox_process import SandboxProcess
from tests.served_worlds import dotdigital_endpoint, served_world

pytestmark = pytest.mark.xdist_group("bad input")

DYNTUI = Path(sys.executable).with_name("dyntui")
# None of its targets is anybody else's in these tests.
OTHER_CAMPAIGN = "Trade news"
FAILED, USAGE, NOT_PERMITTED, UNREACHABLE, LOCKED = 1, 2, 5, 6, 7


@dataclass(frozen=True)
class Said:
    """What a command line came to."""

    code: int
    out: str
    err: str

    def error(self) -> dict[str, str]:
        """The error's parts; that there are all of them, and nothing of how it came about."""
        assert "Traceback" not in self.err and "Traceback" not in self.out
        parts: dict[str, str] = json.loads(self.err.splitlines()[-1])["error"]
        assert all(parts[name] for name in ("code", "message", "not_done", "remedy"))
        return parts


class Terminal:
    """Somebody with a profile of their own who types commands."""

    def __init__(self, folder: Path) -> None:
        self.environment = RealService.environment_of(folder)
        self.profile: Profile = open_profile("default", self.environment)

    def dyntui(self, *arguments: str, stdin: str = "", **environment: str) -> Said:
        done = subprocess.run(
            [DYNTUI, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=180,
            env={**os.environ, **self.environment, **environment},
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def process(self) -> int:
        """Of the service that answers; 0 while none does."""
        said = self.dyntui("status", "--json")
        return int(json.loads(said.out)["process"]) if said.out else 0

    def files(self) -> dict[str, bytes]:
        """What is kept where the person's things are; a lock keeps nothing."""
        root = Path(self.environment["DYNTUI_HOME"])
        kept = (path for path in root.rglob("*") if path.is_file() and path.parent.name in ("config", "data"))
        return {str(path.relative_to(root)): path.read_bytes() for path in kept if path.suffix != ".lock"}


@contextmanager
def terminal(folder: Path) -> Iterator[Terminal]:
    opened = Terminal(folder)
    try:
        yield opened
    finally:
        opened.dyntui("stop")


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Terminal]:
    with terminal(tmp_path) as opened:
        yield opened


# -- connecting ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Desk:
    """A person in front of a world that nobody has connected."""

    sandbox: SandboxProcess
    person: Terminal

    def answers(self, **other: str) -> dict[str, Any]:
        info = {**self.sandbox.info, **other}
        return {
            "organisation": {
                name: info[name] for name in ("dataverse_url", "authority", "client_id", "client_secret", "ca_file")
            },
            "accounts": [
                {
                    "name": "Main",
                    **{name: info[name] for name in ("api_user", "api_password", "dotdigital_url", "ca_file")},
                }
            ],
        }

    def setup(self, *arguments: str, **other: str) -> Said:
        answers = json.dumps(self.answers(**other))
        return self.person.dyntui("setup", "--from", "-", *arguments, "--json", stdin=answers)

    def digest(self) -> object:
        return self.sandbox.control.get("/digest").json()

    def in_region(self, region: str) -> None:
        self.sandbox.control.post("/settings", json={"dotdigital": {"region": region}}).raise_for_status()

    def endpoint(self, region: str) -> str:
        """A region's address, whoever lives there."""
        self.in_region(region)
        found = dotdigital_endpoint(self.sandbox)
        self.in_region("r2")
        return found


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """The world of them all: what is refused changes nothing in it."""
    with served_world(tmp_path_factory.mktemp("world")) as running:
        yield running


@pytest.fixture(scope="module")
def desk(sandbox: SandboxProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with terminal(tmp_path_factory.mktemp("desk")) as person:
        yield Desk(sandbox, person)


@pytest.mark.parametrize(
    ("wrong", "code", "exit_code"),
    [
        ({"client_secret": "not-the-secret"}, "DATAVERSE_SECRET_REFUSED", NOT_PERMITTED),
        pytest.param(
            {"client_id": "00000000-0000-4000-8000-000000000000"},
            "DATAVERSE_CLIENT_UNKNOWN",
            USAGE,
            marks=pytest.mark.thorough,
        ),
        ({"api_password": "not-the-password"}, "DOTDIGITAL_SIGN_IN_REFUSED", NOT_PERMITTED),
        pytest.param(
            {"api_user": "apiuser-nobody@apiconnector.com"},
            "DOTDIGITAL_SIGN_IN_REFUSED",
            NOT_PERMITTED,
            marks=pytest.mark.thorough,
        ),
        ({"dataverse_url": "https://localhost:1"}, "DATAVERSE_ORGANISATION_UNKNOWN", USAGE),
        ({"authority": "https://localhost:1/tenant"}, "DATAVERSE_SIGN_IN_UNREACHABLE", UNREACHABLE),
        ({"dotdigital_url": "https://localhost:1"}, "DOTDIGITAL_UNREACHABLE", UNREACHABLE),
        pytest.param(
            {"dotdigital_url": "https://nowhere.invalid"},
            "DOTDIGITAL_UNREACHABLE",
            UNREACHABLE,
            marks=pytest.mark.thorough,
        ),
        pytest.param({"dataverse_url": "http://localhost:1"}, "SETUP_INVALID", USAGE, marks=pytest.mark.thorough),
        pytest.param(
            {"dotdigital_url": "http://r1-api.dotdigital.com"}, "SETUP_INVALID", USAGE, marks=pytest.mark.thorough
        ),
        ({"authority": "https://login.microsoftonline.com"}, "AUTHORITY_INVALID", USAGE),
        pytest.param({"ca_file": "/nowhere/ca.pem"}, "SETUP_INVALID", USAGE, marks=pytest.mark.thorough),
        ({"client_secret": ""}, "SETUP_INVALID", USAGE),
    ],
    ids=lambda value: " ".join(f"{name}={text}" for name, text in value.items()) if isinstance(value, dict) else "",
)
def test_what_cannot_be_connected_is_named_and_nothing_is_kept(
    wrong: dict[str, str], code: str, exit_code: int, desk: Desk
):
    before = desk.digest()
    said = desk.setup(**wrong)
    assert (said.error()["code"], said.code) == (code, exit_code)
    assert desk.digest() == before
    assert "default/data/secrets.enc" not in desk.person.files()
    assert desk.person.dyntui("lists", "list", "--json").error()["code"] == "NOT_CONFIGURED"
    for secret in (desk.sandbox.info["client_secret"], desk.sandbox.info["api_password"], "not-the-"):
        assert secret not in said.err + said.out + desk.person.profile.log_file.read_text()


def test_an_organisation_that_cannot_be_reached_is_named_after_seconds(desk: Desk):
    before = desk.digest()
    desk.sandbox.order({"system": "dataverse", "kind": "drop_before"})
    said = desk.setup()
    desk.sandbox.reset()
    assert (said.error()["code"], said.code) == ("DATAVERSE_UNREACHABLE", UNREACHABLE)
    assert desk.digest() == before


def test_the_first_regions_address_finds_an_account_wherever_it_lives(desk: Desk):
    said = desk.setup("--plan", dotdigital_url=desk.endpoint("r1"))
    assert said.code == 0, said.err
    assert json.loads(said.out)["accounts"] == [f"Main at {desk.endpoint('r2')}"]


def test_another_regions_host_refuses_and_the_remedy_names_the_one_that_does_not(desk: Desk):
    said = desk.setup(dotdigital_url=desk.endpoint("r3"))
    assert (said.error()["code"], said.code) == ("DOTDIGITAL_NOT_PERMITTED", NOT_PERMITTED)
    assert "https://r1-api.dotdigital.com" in said.error()["remedy"]


def test_answers_that_are_no_setup_are_refused_without_being_repeated(person: Terminal):
    said = person.dyntui("setup", "--from", "-", "--json", stdin='{"organisation": {"client_secret": "hunter2"}}')
    assert (said.error()["code"], said.code) == ("SETUP_INPUT_INVALID", USAGE)
    assert "hunter2" not in said.err
    assert person.files() == {}


# -- files that are not what they should be --------------------------------------------------------------------------


def test_a_corrupt_configuration_is_named_with_its_line_and_left_as_it_is(person: Terminal):
    person.profile.prepare()
    person.profile.config_file.write_text('[service]\nidle_seconds = "soon\n')
    before = person.files()
    said = person.dyntui("lists", "list", "--json")
    error = said.error()
    assert (error["code"], said.code) == ("CONFIG_UNREADABLE", FAILED)
    assert "line 2" in error["message"] and str(person.profile.config_file) in error["message"]
    assert person.files() == before


def test_a_setting_that_does_not_exist_is_named_with_its_line(person: Terminal):
    person.profile.prepare()
    person.profile.config_file.write_text("[service]\nidle_seconds = 60\n\n[store]\npath = '/tmp'\n")
    error = person.dyntui("lists", "list", "--json").error()
    assert error["code"] == "CONFIG_UNREADABLE" and "line 5" in error["message"]


def test_garbage_for_a_store_is_refused_and_left_as_it_is(person: Terminal):
    person.profile.prepare()
    (person.profile.data / "dyntui.db").write_bytes(b"this is not a database, whatever its name says. " * 200)
    before = person.files()
    said = person.dyntui("lists", "list", "--json")
    assert (said.error()["code"], said.code) == ("STORE_CORRUPT", FAILED)
    assert person.files() == before


def test_somebody_elses_database_is_refused_and_left_as_it_is(person: Terminal):
    person.profile.prepare()
    with closing(sqlite3.connect(person.profile.data / "dyntui.db")) as db:
        db.execute("CREATE TABLE recipes (name TEXT)")
        db.commit()
    before = person.files()
    said = person.dyntui("lists", "list", "--json")
    assert (said.error()["code"], said.code) == ("STORE_FOREIGN", FAILED)
    assert person.files() == before


# -- a profile at work -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def set_up(sandbox: SandboxProcess, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A profile that is connected, whose person is signed in, and with which nobody works."""
    folder = tmp_path_factory.mktemp("set-up")
    with real_service(folder) as service:
        service.set_up(sandbox)
    return folder


@pytest.fixture(scope="module")
def at_work(sandbox: SandboxProcess, set_up: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """What one test synchronises there is no obstacle to the others."""
    folder = tmp_path_factory.mktemp("at-work")
    shutil.copytree(set_up / HOME, folder / HOME)
    with terminal(folder) as person:
        yield Desk(sandbox, person)


@pytest.fixture
def returning(set_up: Path, tmp_path: Path) -> Iterator[Terminal]:
    """Somebody who has worked with dyntui before, alone with the files of the profile."""
    shutil.copytree(set_up / HOME, tmp_path / HOME)
    with terminal(tmp_path) as person:
        yield person


def store_of(person: Terminal) -> Path:
    return person.profile.data / "dyntui.db"


@pytest.mark.thorough
def test_a_store_of_a_newer_version_is_refused_and_left_as_it_is(returning: Terminal):
    with closing(sqlite3.connect(store_of(returning))) as db:
        (table,) = db.execute("SELECT name FROM sqlite_master WHERE name LIKE '%version%'").fetchone()
        db.execute(f"UPDATE {table} SET version_num = '9999'")
        db.commit()
    before = store_of(returning).read_bytes()
    said = returning.dyntui("lists", "list", "--json")
    assert (said.error()["code"], said.code) == ("STORE_NEWER", FAILED)
    assert store_of(returning).read_bytes() == before


def test_a_store_that_is_damaged_inside_is_said_to_be(returning: Terminal):
    store = store_of(returning)
    whole = store.read_bytes()
    # The first page says that this is a database; everything behind it is noise.
    store.write_bytes(whole[:4096] + bytes(range(256)) * ((len(whole) - 4096) // 256))
    said = returning.dyntui("lists", "list", "--json")
    assert (said.error()["code"], said.code) == ("STORE_CORRUPT", FAILED)


def test_a_wrong_passphrase_is_said_to_be_wrong(returning: Terminal):
    before = returning.profile.secrets_file.read_bytes()
    wrong = {"DYNTUI_KEYRING_PASSPHRASE": "another one"}
    said = returning.dyntui("lists", "list", "--refresh", "--json", **wrong)
    assert (said.error()["code"], said.code) == ("KEYRING_PASSPHRASE_WRONG", FAILED)
    assert returning.profile.secrets_file.read_bytes() == before


def test_a_second_service_on_one_profile_is_refused(at_work: Desk):
    """Between services that stay: a private one, as a command starts, would give way."""
    assert at_work.person.dyntui("lists", "list", "--json").code == 0
    environment = {**os.environ, **at_work.person.environment}
    serving = [Path(sys.executable).with_name("dyntui"), "serve"]
    with subprocess.Popen(serving, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as first:
        try:
            until(lambda: at_work.person.process() == first.pid)
            said = at_work.person.dyntui("serve", "--json")
            assert (said.error()["code"], said.code) == ("LOCKED", LOCKED)
            assert str(first.pid) in said.error()["message"]
            assert at_work.person.process() == first.pid
        finally:
            first.terminate()


def test_an_engines_database_that_is_damaged_is_put_aside_and_nothing_is_lost(at_work: Desk):
    at_work.person.dyntui("stop")
    until_released(at_work.person.profile)
    engine = at_work.person.profile.data / "engine.db"
    engine.write_bytes(b"noise" * 1000)
    assert at_work.person.dyntui("sync", "suppressions", "--json").code == 0
    assert engine.with_suffix(".damaged").read_bytes() == b"noise" * 1000


def test_a_list_without_members_is_synchronised_and_nobody_can_be_sent_to(at_work: Desk):
    person = at_work.person
    for step in (
        ("lists", "list", "--refresh"),
        ("lists", "activate", "Autumn fair", "--link"),
        ("sync", "lists"),
        ("sync", "campaigns"),
        ("campaigns", "targets", "add", OTHER_CAMPAIGN, "Autumn fair"),
    ):
        said = person.dyntui(*step, "--json")
        assert said.code == 0, said.err
    before = at_work.digest()
    sent = person.dyntui("campaigns", "send", OTHER_CAMPAIGN, "--yes", "--json")
    assert (sent.error()["code"], sent.code) == ("SEND_NO_RECIPIENTS", USAGE)
    assert sent.error()["remedy"].startswith("Put people on the target lists")
    assert at_work.digest() == before


def test_a_campaign_without_targets_cannot_be_counted_nor_sent(at_work: Desk):
    person = at_work.person
    assert person.dyntui("sync", "campaigns", "--json").code == 0
    before = at_work.digest()
    for command in ("count", "send"):
        said = person.dyntui("campaigns", command, CAMPAIGN, "--json")
        assert (said.error()["code"], said.code) == ("CAMPAIGN_NO_TARGETS", USAGE)
    assert at_work.digest() == before


def test_a_list_or_campaign_that_nobody_knows_is_said_to_be_unknown(at_work: Desk):
    for arguments in (("lists", "show", "No such list"), ("campaigns", "show", "No such campaign")):
        said = at_work.person.dyntui(*arguments, "--json")
        assert said.error()["code"].endswith("_UNKNOWN") and said.code == USAGE


@pytest.mark.thorough
def test_a_list_that_was_not_activated_is_not_synchronised(at_work: Desk):
    assert at_work.person.dyntui("lists", "list", "--refresh", "--json").code == 0
    before = at_work.digest()
    said = at_work.person.dyntui("sync", "lists", "--list", LIST, "--json")
    assert (said.error()["code"], said.code) == ("LIST_NOT_ACTIVATED", USAGE)
    assert at_work.digest() == before
