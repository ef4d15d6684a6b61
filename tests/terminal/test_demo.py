"""The demo and the real service, on real protocols and a real terminal."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from dyntui.cli.demo import connect
from dyntui.cli.sandbox_process import Sandbox
from dyntui.model.outcomes import RunStatus
from dyntui.service.client import attach
from dyntui.service.contract.runs import RUN_GET, RUNS_PAGE, RunChanged, RunRef, RunRow
from dyntui.service.profile import Profile
from tests.terminal.terminal import Terminal

DYNTUI = (sys.executable, "-m", "dyntui.cli.main")


@pytest.fixture
def demo_environ(environ: Mapping[str, str], tmp_path: Path) -> Mapping[str, str]:
    """An environment in which a demo's throw-away things can be seen to come and go."""
    (tmp_path / "t").mkdir()
    return {**environ, "TMPDIR": str(tmp_path / "t")}


def headless(environ: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*DYNTUI, "demo", "--people", "200", *arguments],
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def test_without_a_terminal_the_demo_says_so_and_does_the_main_job(demo_environ: Mapping[str, str], tmp_path: Path):
    done = headless(demo_environ, "--json")

    assert done.returncode == 0, done.stderr
    assert "no terminal" in done.stderr
    report = json.loads(done.stdout)
    assert report["sendable"] == report["mailed"] > 0
    assert report["potential"] == report["sendable"] + sum(report["excluded"].values())
    assert report["wrongly_mailed"] == 0
    assert report["identity_held"] is True
    assert report["second_sync"] == {"dataverse_writes": 0, "dotdigital_writes": 0}
    assert list((tmp_path / "t").iterdir()) == []


@pytest.mark.thorough
def test_a_viewer_may_look_but_not_do_the_job(demo_environ: Mapping[str, str]):
    done = headless(demo_environ, "--headless", "--as", "viewer")

    assert done.returncode == 5
    assert "NOT_PERMITTED" in done.stderr
    assert "Email Marketing Manager" in done.stderr
    assert done.stdout == ""


def test_the_demo_opens_the_console_and_leaves_nothing_behind(demo_environ: Mapping[str, str], tmp_path: Path):
    with Terminal([*DYNTUI, "demo", "--people", "50", "--as", "professional"], demo_environ) as terminal:
        terminal.until("First steps")
        # Cut short on a narrow screen once the budgets stand beside it.
        terminal.until("Email Marketing Profes")
        terminal.signal(signal.SIGTERM)

        assert terminal.ended() == 143
        assert terminal.left_on == []
        assert terminal.after == terminal.before
    assert list((tmp_path / "t").iterdir()) == []


@pytest.fixture
def world(
    profile: Profile, environ: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Sandbox]:
    """The profile's real service, connected to a sandbox, and a manager signed in."""
    monkeypatch.setenv("DYNTUI_HOME", environ["DYNTUI_HOME"])
    monkeypatch.setenv("DYNTUI_KEYRING", "memory")
    with Sandbox(50, 1, tmp_path / "sandbox.log", stay=False) as sandbox:
        asyncio.run(connect(profile, sandbox, "manager", long_lived=True))
        yield sandbox


@pytest.mark.thorough
def test_a_closed_terminal_ends_the_console_while_the_synchronisation_goes_on(
    world: Sandbox, profile: Profile, environ: Mapping[str, str]
):
    activated = subprocess.run([*DYNTUI, "lists", "list", "--refresh"], env=environ, capture_output=True, check=True)
    assert b"Newsletter" in activated.stdout
    subprocess.run([*DYNTUI, "lists", "activate", "Newsletter"], env=environ, capture_output=True, check=True)
    # Every call takes a moment, so that there is something left to do when the terminal goes.
    world.control("POST", "/faults", [{"system": "*", "kind": "delay", "seconds": 1.0}])
    with Terminal(DYNTUI, environ) as console:
        console.until("Latest runs")
        with Terminal([*DYNTUI, "sync", "lists"], environ) as command:
            command.until("Newsletter")
            command.close()
            assert command.ended() == -signal.SIGHUP
        console.close()
        assert console.ended() == 128 + signal.SIGHUP
        world.control("DELETE", "/faults")

    run = asyncio.run(the_only_run_as_it_ended(profile))
    assert run.status is RunStatus.COMPLETED
    assert run.tally.adds_up


async def the_only_run_as_it_ended(profile: Profile) -> RunRow:
    async with await attach(profile) as client, client.subscribe("run.changed", RunChanged) as changes:
        from dyntui.service.contract.runs import RunsQuery

        page = await client.call(RUNS_PAGE, RunsQuery())
        (run,) = page.rows
        while not run.status.ended:
            run = (await anext(changes)).run
        return (await client.call(RUN_GET, RunRef(run.id))).run
