"""The record of every call."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from dyntui.sandbox.gateway import Gateway
from dyntui.sandbox.recording import Recorder
from tests.sandbox.core.conftest import Served


@pytest.fixture
def record(gateway: Gateway, tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "calls.jsonl"
    gateway.recorder = Recorder(path)
    yield path
    gateway.recorder.close()


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


async def test_every_call_is_one_line_of_the_promised_shape(record: Path, served: Served) -> None:
    async with served.client() as client:
        await client.post(f"{served.urls['r2']}/v2/contacts?x=1", json={"email": "ånn@example.org"})
    (line,) = lines(record)
    assert list(line) == [
        *("t", "method", "url", "request_headers", "request_body", "status", "response_headers", "response_body"),
    ]
    assert (line["method"], line["url"], line["status"]) == ("POST", f"{served.urls['r2']}/v2/contacts?x=1", 200)
    assert json.loads(str(line["request_body"])) == {"email": "ånn@example.org"}
    assert json.loads(str(line["response_body"]))["path"] == "/v2/contacts"


async def test_no_credential_is_ever_recorded(record: Path, served: Served) -> None:
    announced = served.announcement
    form = {
        "grant_type": "client_credentials",
        "client_id": announced["client_id"],
        "client_secret": announced["client_secret"],
        "scope": f"{announced['dataverse_url']}/.default",
    }
    async with served.client() as client:
        answer = await client.post(f"{announced['authority']}/oauth2/v2.0/token", data=form)
        token = answer.json()["access_token"]
        await client.get(f"{served.urls['dataverse']}/x", headers={"Authorization": f"Bearer {token}"})
    recorded = lines(record)
    text = json.dumps(recorded)
    assert len(recorded) == 2
    assert announced["client_secret"] not in text
    assert token not in text


async def test_a_dropped_answer_is_recorded_as_none(record: Path, served: Served) -> None:
    async with served.client() as client:
        fault = {"system": "dataverse", "kind": "drop_after", "times": 1}
        await client.post(f"{served.urls['control']}/faults", json=[fault])
        with pytest.raises(Exception, match="disconnected"):
            await client.get(f"{served.urls['dataverse']}/x")
    assert [line["status"] for line in lines(record)] == [None]


def test_the_record_is_for_its_owner_only(record: Path) -> None:
    assert record.stat().st_mode & 0o777 == 0o600
