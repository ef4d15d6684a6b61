"""Whoever is not looking is told once of what matters, by a command or a web address, and again until they take it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from aiohttp import web
from sqlalchemy import update

from dyntui.model.budgets import Meter
from dyntui.model.errors import DyntuiError
from dyntui.model.notices import Notice, NoticeEvent, without_addresses
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.service.config import read_config
from dyntui.service.hook import NotDelivered, deliver
from dyntui.service.hook_settings import HookSettings
from dyntui.service.notifier import Notifier, check
from dyntui.service.profile import open_profile
from dyntui.service.resources import Resources
from dyntui.store import accounts, runs
from dyntui.store.accounts import EmailAccount
from dyntui.store.runs import NewRun, Problem
from dyntui.store.schema import list_member, marketing_list, notice
from tests.empty_store import open_empty_store
from tests.simulation.time import one_thread_loop

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SETTINGS = HookSettings(command="tell")
NOTICE = Notice(event=NoticeEvent.FAILED, on="2026-03-02T12:00:00Z", account="Main", title="Lists failed", text="Why")


class Night:
    """A store in which runs fail, with somebody who is told."""

    def __init__(self, path: Path, settings: HookSettings = SETTINGS) -> None:
        self.db = open_empty_store(path / "store.db")
        self.now = NOON
        self.told: list[Notice] = []
        self.away = ""
        self.meters: tuple[Meter, ...] = ()
        self.settings = settings
        self._loop = one_thread_loop()
        self._ids = 0
        self.resources = Resources(
            profile=open_profile("test", {"DYNTUI_HOME": str(path)}),
            db=self.db,
            secrets=None,  # type: ignore[arg-type]
            connections=None,  # type: ignore[arg-type]
            clock=lambda: self.now,
            ids=lambda: "",
            publish=lambda name, params, key="": None,
        )
        with self.db.write() as c:
            accounts.put_account(
                c, EmailAccount(id="a", name="Main", api_user="u", endpoint="e", region="r1", platform_id=1)
            )

    def close(self) -> None:
        self._loop.close()
        self.db.close()

    async def _tell(self, _: HookSettings, notice: Notice) -> None:
        if self.away:
            raise NotDelivered(self.away)
        self.told.append(notice)

    async def _metered(self) -> tuple[Meter, ...]:
        return self.meters

    def look(self, minutes: int = 0) -> list[str]:
        """What is told after these minutes, by a notifier that was just started."""
        self.now += timedelta(minutes=minutes)
        self.told.clear()
        notifier = Notifier(self.resources, self.settings, self._metered, tell=self._tell)
        self._loop.run_until_complete(notifier.look())
        return [each.title for each in self.told]

    def status(self, *, run_here: bool = True) -> tuple[str, str]:
        found = self._loop.run_until_complete(check(self.resources, self.settings, run_here=run_here))
        assert found is not None
        return found.state, found.text

    def run(self, kind: str = "lists", code: str = "", error: str = "", title: str = "", **request: object) -> str:
        """A run that ended now, failed where there is a code."""
        self._ids += 1
        run_id, now = f"r{self._ids}", f"{self.now:%Y-%m-%dT%H:%M:%SZ}"
        with self.db.write() as c:
            new = NewRun(id=run_id, kind=kind, title=title or kind, account_id="a", sync_key=kind, queued_on=now,
                         request=request)  # fmt: skip
            runs.create(c, new)
            claim = runs.claim(c, run_id, now)
            assert claim is not None
            failed = Problem(code=code, message=error, not_done="Nothing was done.", remedy="Try again.")
            status = RunStatus.FAILED if code else None
            runs.finish(c, run_id, claim.token, now, status=status, problem=failed if code else None)
        return run_id

    def hold(self, list_id: str, people: int, run: str) -> None:
        with self.db.write() as c:
            values = {"id": list_id, "name": list_id, "member_type": "contact", "account_id": "a", "activated": True}
            c.execute(marketing_list.insert().values(values))
            for place in range(people):
                c.execute(
                    list_member.insert().values(
                        list_id=list_id, person_id=f"p{place}", seq=place, fields={}, outcome=Outcome.HELD.value,
                        reason="REMOVAL_HELD", detail="too many", gated_by=run, sent_address=f"p{place}@x.org",
                    )
                )  # fmt: skip


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    made = Night(tmp_path)
    yield made
    made.close()


def test_a_failed_run_is_told_once_whatever_restarts_and_runs_that_went_well_are_not(night: Night) -> None:
    night.run()
    run_id = night.run(code="SIGN_IN_REFUSED", error="ann@example.org was refused.")
    assert night.look() == ["lists failed"]
    (told,) = night.told
    assert (told.event, told.account, told.code, told.run) == (NoticeEvent.FAILED, "Main", "SIGN_IN_REFUSED", run_id)
    assert (told.text, told.remedy) == ("[address] was refused. Nothing was done.", "Try again.")
    assert night.look(1) == []
    night.run(plan=True, code="BROKEN")
    assert night.look(1) == []


def test_of_a_night_in_which_a_system_is_away_the_first_failure_is_told_and_another_kind_of_failure_again(
    night: Night,
) -> None:
    titles = []
    for code in ("AWAY", "AWAY", "AWAY", "REFUSED", "REFUSED", "", "AWAY", "AWAY"):
        night.now += timedelta(minutes=15)
        night.run(code=code)
        titles += night.look()
    assert titles == ["lists failed"] * 3
    night.run(kind="campaigns", code="AWAY")
    assert night.look(15) == ["campaigns failed"]


def test_a_failure_is_told_although_a_plan_failed_for_the_same_reason_before(night: Night) -> None:
    night.run(plan=True, code="AWAY")
    assert night.look() == []
    night.now += timedelta(minutes=15)
    night.run(code="AWAY")
    assert night.look() == ["lists failed"]
    # Nor does a plan that goes well between two failures make the second one news.
    night.now += timedelta(minutes=15)
    night.run(plan=True)
    night.now += timedelta(minutes=15)
    night.run(code="AWAY")
    assert night.look() == []


def test_of_sends_each_that_fails_is_told(night: Night) -> None:
    for _ in range(2):
        night.run(kind="send", code="SEND_CHANGED")
        assert night.look(60) == ["send failed"]


def test_a_notice_has_no_address_in_its_title_and_controls_no_terminal(night: Night) -> None:
    night.run(kind="test-send", code="AWAY", error="dotdigital is\x1b[2J away.", title="Test to ann@example.org")
    night.hold("VIP\x1b]0;mine\x07 bob@example.org", 3, "run-1")
    assert night.look() == ["Test to [address] failed", "Removals of VIP\u241b]0;mine\u2407 [address] are held"]
    assert night.told[0].text.startswith("dotdigital is\u241b[2J away.")


def test_held_removals_are_told_once_until_they_are_decided(night: Night) -> None:
    night.hold("Newsletter", 12, "run-1")
    assert night.look() == ["Removals of Newsletter are held"]
    assert "12 of 12 contacts would leave. too many" in night.told[0].text
    # Every synchronisation finds them held anew.
    with night.db.write() as c:
        c.execute(update(list_member).values(gated_by="run-2"))
    assert night.look(60) == []
    for outcome, told in ((Outcome.EXCLUDED, []), (Outcome.HELD, ["Removals of Newsletter are held"])):
        with night.db.write() as c:
            c.execute(update(list_member).values(outcome=outcome.value))
        assert night.look(60) == told


def test_a_limit_that_runs_out_is_told_once_a_day(night: Night) -> None:
    well = Meter(account="Dynamics", account_id="", limit="calls in 5 minutes", used=10, most=6000)
    soon = Meter(account="Main", account_id="a", limit="calls in an hour", used=1900, most=2000,
                 used_up_on="2026-03-02T12:20:00Z", frees_on="2026-03-02T12:40:00Z")  # fmt: skip
    night.meters = (well, soon)
    assert night.look() == ["The calls in an hour of Main run out"]
    assert "1,900 of 2,000 are used. It is used up at 2026-03-02 12:20Z" in night.told[0].text
    assert night.look(60) == []
    assert night.look(24 * 60) == ["The calls in an hour of Main run out"]


def test_what_was_not_taken_is_told_again_at_growing_distances_and_given_up_in_the_end(night: Night) -> None:
    night.run(code="AWAY")
    night.away = "the pager is off"
    tried = []
    for minute in (*range(30), *range(31, 25 * 60, 10)):
        night.now = NOON + timedelta(minutes=minute)
        before = attempts(night)
        night.look()
        if attempts(night) != before:
            tried.append(minute)
    assert tried == [0, 1, 6, 21, 81, 261, 621, 1341]
    assert night.status() == ("warning", "the command tell did not take 1 notice: the pager is off")
    night.away = ""
    assert night.look(24 * 60) == []
    night.run(code="OTHER")
    assert night.look(1) == ["lists failed"]


def attempts(night: Night) -> int:
    with night.db.read() as c:
        return sum(row.attempts for row in c.execute(notice.select()))


def test_a_hook_is_told_what_it_asked_for_and_nothing_of_last_month(tmp_path: Path) -> None:
    night = Night(tmp_path, HookSettings(command="tell", events=(NoticeEvent.HELD,)))
    night.run(code="AWAY")
    night.hold("Newsletter", 12, "run-1")
    assert night.look() == ["Removals of Newsletter are held"]
    night.run(code="OTHER")
    night.settings = SETTINGS
    assert night.look(48 * 60) == []
    assert night.status() == ("ok", "the command tell is told, last 2026-03-02 12:00Z")
    assert "`dyntui serve` only" in night.status(run_here=False)[1]
    night.close()


# -- the ways out -----------------------------------------------------------------------------------------------------

HEAR = "import sys, os, json; open(sys.argv[1], 'w').write(json.dumps([json.load(sys.stdin), sorted(os.environ)]))"


async def test_a_command_gets_the_notice_on_its_standard_input_and_no_setting_of_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = ("DYNTUI_KEYRING_PASSPHRASE", "PGPASSWORD", "IDENTITY_HEADER", "AZURE_CLIENT_SECRET")
    for name in (*secret, "CREDENTIALS_DIRECTORY"):
        monkeypatch.setenv(name, "secret")
    script, heard = tmp_path / "hear it.py", tmp_path / "heard"
    script.write_text(HEAR)
    settings = HookSettings(command=f"{sys.executable} '{script}' {heard}")
    await deliver(settings, NOTICE)
    said, environment = json.loads(heard.read_text())
    assert msgspec.convert(said, Notice) == NOTICE
    assert "PATH" in environment and not [name for name in environment if name.startswith("DYNTUI_")]
    assert not {*secret, "CREDENTIALS_DIRECTORY"} & set(environment)


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("/nowhere/to be found", "cannot be started"),
        (f"{sys.executable} -c 'import sys; sys.stdin.read(); sys.exit(\"no signal\")'", "ended with 1: no signal"),
    ],
)
async def test_a_command_that_fails_is_named_with_what_it_said(command: str, why: str) -> None:
    with pytest.raises(NotDelivered, match=why):
        await deliver(HookSettings(command=command), NOTICE)


async def test_what_a_command_said_is_known_where_there_are_no_files_in_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As on macOS."""
    monkeypatch.delattr(os, "memfd_create")
    with pytest.raises(NotDelivered, match="the pager is off"):
        await deliver(HookSettings(command="sh -c 'cat >/dev/null; echo the pager is off >&2; exit 1'"), NOTICE)


async def test_a_command_that_has_ended_has_ended_whatever_goes_on_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dyntui.service.hook._PATIENCE", 5.0)
    # What stays behind holds all of its streams until the test lets it go.
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    script = tmp_path / "tell"
    script.write_text(f"#!/bin/sh\ncat > /dev/null\n(read line < {gate}) &\nexit 0\n")
    script.chmod(0o755)
    await deliver(HookSettings(command=str(script)), NOTICE)
    gate.write_text("go\n")


async def test_a_command_that_hangs_is_ended_with_all_that_it_has_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dyntui.service.hook._PATIENCE", 0.5)
    with pytest.raises(NotDelivered, match="took longer than"):
        await deliver(HookSettings(command="sh -c 'sleep 600 & sleep 600'"), NOTICE)


async def test_a_web_address_gets_the_notice_as_json_and_anything_but_success_is_a_failure() -> None:
    heard: list[Notice] = []
    status = 204

    async def hear(request: web.Request) -> web.Response:
        heard.append(msgspec.json.decode(await request.read(), type=Notice))
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    app = web.Application()
    app.router.add_post("/hook", hear)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    settings = HookSettings(url=f"http://127.0.0.1:{port}/hook")
    await deliver(settings, NOTICE)
    assert heard == [NOTICE]
    for status in (302, 404, 500):
        with pytest.raises(NotDelivered, match=f"answered {status}"):
            await deliver(settings, NOTICE)
    await runner.cleanup()
    with pytest.raises(NotDelivered, match="does not answer"):
        await deliver(settings, NOTICE)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('command = "a"\nurl = "https://x.example/"', "not both"),
        ('url = "http://x.example/hook"', "begins with https://"),
        ('url = "https://me:secret@x.example/hook"', "no user and password"),
        ('command = "say \'it"', "cannot be read"),
        ('command = " "', "is empty"),
        ('url = "https://x.example:99999/hook"', "cannot be read"),
        ('url = """https://x.example/hook\n"""', "cannot be read"),
        ('url = "https://999.1.1.1/hook"', "cannot be read"),
        ('url = "https://xn--/hook"', "cannot be read"),
        ('command = "a"\nevents = ["rain"]', "rain"),
    ],
)
def test_a_hook_that_cannot_be_used_is_refused_with_the_settings(tmp_path: Path, text: str, said: str) -> None:
    profile = open_profile("test", {"DYNTUI_HOME": str(tmp_path)})
    profile.prepare()
    profile.config_file.write_text(f"[hook]\n{text}\n")
    with pytest.raises(DyntuiError) as refused:
        read_config(profile)
    assert refused.value.code == "CONFIG_UNREADABLE" and said in refused.value.message


def test_a_hook_is_shown_without_what_may_be_a_secret_in_its_address() -> None:
    assert HookSettings(url="https://hooks.example/T0/secret").where == "https://hooks.example"
    assert HookSettings(command="/bin/tell --token secret").where == "the command /bin/tell"
    assert not HookSettings().wanted


def test_addresses_are_masked_in_whatever_is_told() -> None:
    text = "Ann <ann.b+c@example.org>, 'bo@x.y' and o'neill@x.ie; nothing@"
    assert "@" not in without_addresses(text).replace("nothing@", "")


def test_nobody_waits_for_the_hook_when_the_service_ends(tmp_path: Path) -> None:
    night = Night(tmp_path)

    async def end() -> None:
        begun = asyncio.Event()

        async def hang(_: HookSettings, __: Notice) -> None:
            begun.set()
            await asyncio.Event().wait()

        notifier = Notifier(night.resources, SETTINGS, night._metered, tell=hang)
        notifier.start()
        await asyncio.wait_for(begun.wait(), 180)
        await notifier.stop()

    night.run(code="AWAY")
    asyncio.run(end())
    assert night.look() == ["lists failed"]
    night.close()
