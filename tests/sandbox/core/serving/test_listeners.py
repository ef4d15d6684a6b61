"""What goes over the wire."""

import asyncio
import json
import ssl
from pathlib import Path

import httpx
import pytest

from dyntui.sandbox.control import Truth
from dyntui.sandbox.gateway import Gateway
from dyntui.sandbox.server import running
from tests.sandbox.core.conftest import Served, posted


async def test_every_listener_answers_over_a_trusted_connection(served: Served) -> None:
    async with served.client() as client:
        for listener in ("dataverse", "r1", "r2", "r3"):
            answer = await client.get(f"{served.urls[listener]}/v2/contacts('a%2Fb')?x=1+2")
            assert answer.json()["path"] == "/v2/contacts('a/b')"
            assert answer.json()["query"] == [["x", "1 2"]]


async def test_a_client_without_the_authority_does_not_get_in(served: Served) -> None:
    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await client.get(f"{served.urls['dataverse']}/x")


async def test_the_announcement_leads_to_everything(served: Served) -> None:
    announced = served.announcement
    assert announced["dataverse_url"] == served.urls["dataverse"]
    assert announced["authority"] == f"{served.urls['entra']}/{announced['tenant']}"
    assert announced["dotdigital_url"] == served.urls["r1"]
    assert announced["control_url"] == served.urls["control"]
    assert list(announced) == [
        *("dataverse_url", "authority", "tenant", "client_id", "client_secret", "dotdigital_url", "api_user"),
        *("api_password", "ca_file", "control_url"),
    ]


async def test_answers_are_compressed_for_clients_that_take_it(served: Served) -> None:
    url = f"{served.urls['dataverse']}/x"
    async with served.client() as client:
        small = await client.get(url, headers={"Accept-Encoding": "gzip"})
        plain = await client.get(url, headers={"Accept-Encoding": "identity"})
    assert small.headers["Content-Encoding"] == "gzip"
    assert int(small.headers["Content-Length"]) < int(plain.headers["Content-Length"])
    assert "Content-Encoding" not in plain.headers
    assert small.json() == plain.json()


async def test_a_body_of_fifty_megabytes_is_taken(served: Served) -> None:
    async with served.client(timeout=60) as client:
        answer = await client.post(f"{served.urls['r2']}/import", content=b"x" * 50_000_000)
    assert answer.json()["size"] == 50_000_000


async def test_the_authoritys_files_are_for_their_owner_only(served: Served) -> None:
    folder = Path(served.announcement["ca_file"]).parent
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.name: oct(file.stat().st_mode & 0o777) for file in folder.iterdir()} == {
        "ca.pem": "0o600",
        "ca.key": "0o600",
    }


async def test_a_reopened_sandbox_is_trusted_by_those_who_trusted_it_before(
    gateway: Gateway, truth: Truth, tmp_path: Path
) -> None:
    async with running(gateway, truth, tmp_path / "tls") as first:
        context = ssl.create_default_context(cafile=first["ca_file"])
    async with running(gateway, truth, tmp_path / "tls") as second, httpx.AsyncClient(verify=context) as client:
        assert (await client.get(f"{second['control_url']}/clock")).status_code == 200


async def test_a_bug_in_a_system_is_a_500_and_the_next_call_works(served: Served) -> None:
    def broken(_state: object, _request: object) -> object:
        raise ZeroDivisionError

    sound = served.gateway.handlers
    served.gateway.handlers = {**sound, "dataverse": broken}  # type: ignore[dict-item]
    async with served.client() as client:
        assert (await client.get(f"{served.urls['dataverse']}/x")).status_code == 500
        served.gateway.handlers = sound
        assert (await client.get(f"{served.urls['dataverse']}/x")).status_code == 200


async def order(client: httpx.AsyncClient, served: Served, **fault: object) -> None:
    answer = await client.post(f"{served.urls['control']}/faults", json=[fault])
    assert answer.status_code == 200, answer.text


async def test_an_ordered_status_comes_as_often_as_ordered(served: Served) -> None:
    url = f"{served.urls['dataverse']}/x"
    async with served.client() as client:
        await order(client, served, system="dataverse", kind="status", status=429, retry_after=7, times=2, after=1)
        answers = [await client.get(url) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 429, 429, 200]
    assert answers[1].headers["Retry-After"] == "7"


async def test_a_gateways_web_page_takes_the_place_of_an_answer(served: Served) -> None:
    async with served.client() as client:
        await order(client, served, system="dotdigital", kind="html", status=502)
        answer = await client.get(f"{served.urls['r2']}/v2/contacts")
        other = await client.get(f"{served.urls['dataverse']}/x")
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (502, "text/html")
    assert other.status_code == 200


async def test_a_connection_dropped_before_leaves_nothing_done(served: Served) -> None:
    async with served.client() as client:
        await order(client, served, system="dataverse", kind="drop_before", times=1)
        with pytest.raises(httpx.TransportError):
            await client.post(f"{served.urls['dataverse']}/x", json={})
    assert posted(served.gateway.state) == 0


async def test_a_connection_dropped_after_leaves_everything_done(served: Served) -> None:
    async with served.client() as client:
        await order(client, served, system="dataverse", kind="drop_after", route=r"echo/\{id\}", times=1)
        with pytest.raises(httpx.TransportError):
            await client.post(f"{served.urls['dataverse']}/x", json={})
    assert posted(served.gateway.state) == 1


async def test_a_status_after_leaves_everything_done_and_says_what_was_ordered(served: Served) -> None:
    async with served.client() as client:
        told = {"status": 503, "body": '{"message": "Error: ERROR_SOMETHING"}'}
        await order(client, served, system="dataverse", kind="status_after", times=1, **told)
        answer = await client.post(f"{served.urls['dataverse']}/x", json={})
    assert (answer.status_code, answer.json()) == (503, {"message": "Error: ERROR_SOMETHING"})
    assert posted(served.gateway.state) == 1


async def test_a_truncated_answer_is_announced_whole_and_ends_halfway(served: Served) -> None:
    async with served.client() as client:
        await order(client, served, system="dataverse", kind="truncate", times=1)
        with pytest.raises(httpx.RemoteProtocolError, match="received"):
            await client.get(f"{served.urls['dataverse']}/x")
        assert (await client.get(f"{served.urls['dataverse']}/x")).status_code == 200


async def test_faults_strike_the_ordered_method_and_route_only(served: Served) -> None:
    async with served.client() as client:
        await order(client, served, system="dataverse", kind="status", status=503, method="POST", route="^/leads")
        base = served.urls["dataverse"]
        answers = [
            await client.get(f"{base}/leads"),
            await client.post(f"{base}/contacts"),
            await client.post(f"{base}/leads(1)"),
        ]
        await client.delete(f"{served.urls['control']}/faults")
        answers.append(await client.post(f"{base}/leads(1)"))
    assert [answer.status_code for answer in answers] == [200, 200, 503, 200]


async def test_page_drift_is_passed_on_to_dotdigital(served: Served) -> None:
    async with served.client() as client:
        await order(client, served, system="dotdigital", kind="page_drift")
        assert served.gateway.state.config.dotdigital.page_drift is True
        await client.delete(f"{served.urls['control']}/faults")
        assert served.gateway.state.config.dotdigital.page_drift is False


async def test_a_fault_nobody_can_mean_is_refused(served: Served) -> None:
    async with served.client() as client:
        for fault in ({"system": "moon", "kind": "status"}, {"system": "*", "kind": "explode"}, {"route": 1}, 5):
            answer = await client.post(f"{served.urls['control']}/faults", json=[fault])
            assert answer.status_code == 400, fault
            assert answer.json()["error"]


async def test_calls_under_way_at_once_count_against_the_limit(served: Served) -> None:
    served.gateway.dataverse_limits.enforced = True
    served.gateway.dataverse_limits.limits.concurrent = 1
    release = asyncio.Event()

    async def waiting_sleep(_seconds: float) -> None:
        await release.wait()

    served.gateway.latency_seconds = 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dyntui.sandbox.server.asyncio.sleep", waiting_sleep)
        async with served.client() as client:
            url = f"{served.urls['dataverse']}/x"
            first, second = asyncio.ensure_future(client.get(url)), asyncio.ensure_future(client.get(url))
            done, _ = await asyncio.wait({first, second}, return_when=asyncio.FIRST_COMPLETED)
            release.set()
            statuses = sorted([(await first).status_code, (await second).status_code])
    assert [answer.result().status_code for answer in done] == [429]
    assert statuses == [200, 429]


async def test_calls_are_counted_by_route_with_their_writes(served: Served) -> None:
    async with served.client() as client:
        for _ in range(3):
            await client.get(f"{served.urls['dataverse']}/x")
        await client.post(f"{served.urls['r2']}/y")
        await client.get(f"{served.urls['entra']}/nothing")
        counted = (await client.get(f"{served.urls['control']}/calls")).json()
        await client.post(f"{served.urls['control']}/calls/reset")
        after = (await client.get(f"{served.urls['control']}/calls")).json()
    assert counted == [
        {"system": "dataverse", "method": "GET", "route": "echo/{id}", "count": 3, "writes": 0},
        {"system": "dotdigital", "method": "POST", "route": "echo/{id}", "count": 1, "writes": 1},
    ]
    assert after == []


async def test_account_info_can_tell_how_many_calls_were_made(served: Served) -> None:
    async with served.client() as client:
        for _ in range(4):
            await client.get(f"{served.urls['r2']}/v2/account-info")
    settings = served.gateway.state.config.dotdigital
    assert (settings.calls_in_last_hour, settings.calls_remaining) == (4, 1996)


async def test_control_tells_and_moves_the_time(served: Served) -> None:
    control = served.urls["control"]
    async with served.client() as client:
        moved = (await client.post(f"{control}/clock", json={"advance_seconds": 3600})).json()
        told = (await client.get(f"{control}/clock")).json()
        back = await client.post(f"{control}/clock", json={"advance_seconds": -1})
    assert moved["now"] == told["now"] == "2026-03-02T10:00:00+00:00"
    assert told["offset_seconds"] == 3600
    assert back.status_code == 400


async def test_control_sets_switches_and_limits_of_the_known_kind_only(served: Served) -> None:
    control = served.urls["control"]
    async with served.client() as client:
        good = await client.post(f"{control}/settings", json={"entra": {"device_code_blocked": True}})
        unknown = await client.post(f"{control}/settings", json={"entra": {"moon": True}})
        wrong = await client.post(f"{control}/settings", json={"entra": {"device_code_seconds": "long"}})
        limits = {"scheme": "tiered", "dataverse": {"requests": 9}, "dotdigital": {"low_per_minute": 3}}
        limited = await client.post(f"{control}/limits", json=limits)
        nonsense = await client.post(f"{control}/limits", json={"scheme": "some"})
    statuses = [answer.status_code for answer in (good, unknown, wrong, limited, nonsense)]
    assert statuses == [200, 400, 400, 200, 400]
    assert served.gateway.state.config.entra.device_code_blocked is True
    assert served.gateway.dataverse_limits.limits.requests == 9
    assert served.gateway.dataverse_limits.enforced is True
    assert served.gateway.dotdigital_limits.limits.low_per_minute == 3


async def test_control_passes_other_calls_on_to_the_systems_levers(served: Served) -> None:
    async with served.client() as client:
        answer = await client.post(f"{served.urls['control']}/unsubscribe", json={"address": "a@example.org"})
        unknown = await client.post(f"{served.urls['control']}/nothing")
    assert answer.json() == {"address": "a@example.org"}
    assert unknown.status_code == 404
    assert "POST /unsubscribe" in unknown.json()["calls"]


async def test_the_digest_tells_both_systems_apart(served: Served) -> None:
    async with served.client() as client:
        told = (await client.get(f"{served.urls['control']}/digest")).json()
    assert json.dumps(told).count("sha256:") == 2
    assert told["dataverse"] != told["dotdigital"]
