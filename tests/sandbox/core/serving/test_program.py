"""The sandbox as a process of its own."""

import json
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.thorough import keeping


@contextmanager
def program(*options: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """A running sandbox and what it announced."""
    command = [sys.executable, "-m", "dyntui.sandbox.main", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            assert process.stderr is not None
            pytest.fail(process.stderr.read())
        yield process, json.loads(line)
    finally:
        process.terminate()
        process.communicate(timeout=180)


def client(announced: dict[str, str]) -> httpx.Client:
    return httpx.Client(verify=ssl.create_default_context(cafile=announced["ca_file"]))


def control(announced: dict[str, str], path: str) -> Any:
    with client(announced) as http:
        return http.get(announced["control_url"] + path).json()


def test_it_announces_itself_serves_and_stops_when_told() -> None:
    with program("--people", "60") as (process, announced):
        counts = control(announced, "/state")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=180) == 0
    assert counts["contacts"] + counts["leads"] == 60
    assert not Path(announced["ca_file"]).exists()


def test_a_stored_world_is_reopened_as_it_was_left(tmp_path: Path) -> None:
    stored = str(tmp_path / "world.sqlite")
    with program("--people", "60", "--seed", "5", "--state", stored) as (_, announced):
        before = control(announced, "/digest")
        with client(announced) as http:
            http.post(announced["control_url"] + "/clock", json={"advance_seconds": 86400 * 10})
        later = control(announced, "/digest")
    with program("--people", "9", "--seed", "6", "--state", stored) as (_, announced):
        after, clock = control(announced, "/digest"), control(announced, "/clock")
        counts = control(announced, "/state")
    assert before == later == after
    assert clock["offset_seconds"] == pytest.approx(86400 * 10, abs=1)
    assert counts["contacts"] + counts["leads"] == 60


@pytest.mark.thorough
def test_two_sandboxes_do_not_share_a_stored_world(tmp_path: Path) -> None:
    stored = str(tmp_path / "world.sqlite")
    command = [sys.executable, "-m", "dyntui.sandbox.main", "--people", "0", "--state", stored]
    with program("--people", "0", "--state", stored):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "locked" in done.stderr


def test_a_file_which_is_no_stored_world_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear diary, " * 100)
    command = [sys.executable, "-m", "dyntui.sandbox.main", "--people", "0", "--state", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert file.read_text() == "Dear diary, " * 100


def test_it_ends_by_itself_when_its_parent_is_gone() -> None:
    parent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with program("--people", "0", "--parent", str(parent.pid)) as (process, _):
        assert process.poll() is None
        parent.communicate(b"\n", timeout=180)
        assert process.wait(timeout=180) == 0


@pytest.mark.thorough
def test_the_clock_starts_where_it_is_told_to() -> None:
    with program("--people", "0", "--clock", "2027-05-01T12:00:00Z") as (_, announced):
        assert control(announced, "/clock")["now"].startswith("2027-05-01T12:00:")


def test_faults_of_a_file_strike_from_the_first_call_on(tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    file.write_text(json.dumps([{"system": "dataverse", "kind": "status", "status": 503, "times": 1}]))
    with program("--people", "0", "--faults", str(file)) as (_, announced), client(announced) as http:
        assert http.get(announced["dataverse_url"] + "/api/data/v9.2/WhoAmI").status_code == 503
        assert http.get(announced["dataverse_url"] + "/api/data/v9.2/WhoAmI").status_code == 401


@pytest.mark.parametrize("text", keeping(["{}", "[", '[{"system": "moon"}]'], "["))
def test_a_senseless_file_of_faults_is_a_mistake_in_usage(tmp_path: Path, text: str) -> None:
    file = tmp_path / "faults.json"
    file.write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "dyntui.sandbox.main", "--faults", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "--faults" in done.stderr


def test_a_taken_port_is_told_and_nothing_is_served() -> None:
    with program("--people", "0") as (_, announced):
        port = httpx.URL(announced["dataverse_url"]).port
        done = subprocess.run(
            [sys.executable, "-m", "dyntui.sandbox.main", "--people", "0", "--port", str(port)],
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert "could not start" in done.stderr
    assert done.stdout == ""


@pytest.mark.thorough
def test_a_record_holds_every_call(tmp_path: Path) -> None:
    record = tmp_path / "calls.jsonl"
    with program("--people", "0", "--record", str(record)) as (_, announced), client(announced) as http:
        http.get(
            announced["dotdigital_url"] + "/v2/account-info", auth=(announced["api_user"], announced["api_password"])
        )
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    assert [line["status"] for line in lines] == [200]
    assert announced["api_password"] not in record.read_text()


@pytest.mark.thorough
def test_account_info_of_the_first_region_leads_to_the_account_in_the_second() -> None:
    with program("--people", "0") as (_, announced), client(announced) as http:
        auth = (announced["api_user"], announced["api_password"])
        info = http.get(announced["dotdigital_url"] + "/v2/account-info", auth=auth).json()
        endpoint = {each["name"]: each["value"] for each in info["properties"]}["ApiEndpoint"].rstrip("/")
        there = http.get(endpoint + "/v2/contacts", auth=auth).status_code
        elsewhere = http.get(announced["dotdigital_url"] + "/v2/contacts", auth=auth).status_code
    assert endpoint != announced["dotdigital_url"]
    assert (there, elsewhere) == (200, 403)


def test_no_process_is_left_behind() -> None:
    with program("--people", "0") as (process, _):
        pid = process.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
