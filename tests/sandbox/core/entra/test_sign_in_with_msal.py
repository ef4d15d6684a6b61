"""Microsoft's own library signs in against the simulated Entra ID over HTTPS."""

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote_plus

import httpx
import jwt
import msal
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from dyntui.sandbox.entra.assertion import register_certificate
from dyntui.sandbox.entra.directory import find_person
from dyntui.sandbox.entra.grants import answer_device_code
from dyntui.sandbox.entra.tokens import encode_part, read
from tests.sandbox.core.conftest import START, Served


class HttpForMsal(httpx.Client):
    """httpx writes bytes into a form as their Python literal; MSAL hands its signed assertions over as bytes."""

    def post(self, url: Any, *, data: Any = None, **options: Any) -> httpx.Response:
        form = {name: value.decode() if isinstance(value, bytes) else value for name, value in (data or {}).items()}
        return super().post(url, data=form, **options)


@pytest.fixture
def http(served: Served) -> Iterator[httpx.Client]:
    with HttpForMsal(verify=served.tls) as client:
        yield client


def confidential(served: Served, http: httpx.Client, credential: Any) -> Any:
    return msal.ConfidentialClientApplication(
        served.announcement["client_id"],
        authority=served.announcement["authority"],
        client_credential=credential,
        instance_discovery=False,
        http_client=http,
    )


def public(served: Served, http: httpx.Client, cache: Any = None) -> Any:
    return msal.PublicClientApplication(
        served.announcement["client_id"],
        authority=served.announcement["authority"],
        instance_discovery=False,
        http_client=http,
        token_cache=cache,
    )


def application_scope(served: Served) -> list[str]:
    return [f"{served.announcement['dataverse_url']}/.default"]


def user_scope(served: Served) -> list[str]:
    return [f"{served.announcement['dataverse_url']}/user_impersonation"]


def certificate(name: str = "client") -> tuple[str, str]:
    """Private key and certificate as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(START - timedelta(days=1))
        .not_valid_after(START + timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private.decode(), made.public_bytes(serialization.Encoding.PEM).decode()


async def test_an_application_signs_in_with_its_secret(served: Served, http: httpx.Client) -> None:
    app = await asyncio.to_thread(confidential, served, http, served.announcement["client_secret"])
    answer = await asyncio.to_thread(app.acquire_token_for_client, application_scope(served))
    token = read(served.gateway.state, answer["access_token"])
    assert token is not None
    assert (token.is_app, token.audience) == (True, served.announcement["dataverse_url"])
    assert token.app_id == served.announcement["client_id"]


async def test_the_second_token_of_an_application_comes_from_msals_cache(served: Served, http: httpx.Client) -> None:
    app = await asyncio.to_thread(confidential, served, http, served.announcement["client_secret"])
    first = await asyncio.to_thread(app.acquire_token_for_client, application_scope(served))
    second = await asyncio.to_thread(app.acquire_token_for_client, application_scope(served))
    assert first["token_source"] == "identity_provider"
    assert second["token_source"] == "cache"
    assert second["access_token"] == first["access_token"]


async def test_a_wrong_secret_is_refused_as_entra_refuses_it(served: Served, http: httpx.Client) -> None:
    app = await asyncio.to_thread(confidential, served, http, "wrong")
    answer = await asyncio.to_thread(app.acquire_token_for_client, application_scope(served))
    assert answer["error"] == "invalid_client"
    assert answer["error_codes"] == [7000215]
    assert answer["error_description"].startswith("AADSTS7000215: Invalid client secret provided.")


async def test_an_application_which_nobody_registered_is_unknown(served: Served, http: httpx.Client) -> None:
    app = await asyncio.to_thread(
        lambda: msal.ConfidentialClientApplication(
            "00000000-0000-0000-0000-00000000beef",
            authority=served.announcement["authority"],
            client_credential="x",
            instance_discovery=False,
            http_client=http,
        )
    )
    answer = await asyncio.to_thread(app.acquire_token_for_client, application_scope(served))
    assert (answer["error"], answer["error_codes"]) == ("unauthorized_client", [700016])


async def test_an_unknown_tenant_is_named_as_such(served: Served) -> None:
    async with served.client() as client:
        url = f"{served.urls['entra']}/11111111-2222-3333-4444-555555555555/v2.0/.well-known/openid-configuration"
        answer = await client.get(url)
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_tenant"
    assert answer.json()["error_codes"] == [90002]


@pytest.fixture
def real_time(served: Served) -> None:
    """MSAL dates its assertions by the machine's clock, so the world's clock has to run in real time."""
    served.gateway.state.clock = type(served.gateway.state.clock)()


@pytest.mark.usefixtures("real_time")
async def test_an_application_signs_in_with_its_certificate(served: Served, http: httpx.Client) -> None:
    key, pem = certificate()
    register_certificate(served.gateway.state, pem)
    app = await asyncio.to_thread(confidential, served, http, {"private_key": key, "public_certificate": pem})
    answer = await asyncio.to_thread(app.acquire_token_for_client, application_scope(served))
    assert read(served.gateway.state, answer["access_token"]) is not None


@pytest.mark.usefixtures("real_time")
async def test_the_older_way_with_a_thumbprint_works_too(served: Served, http: httpx.Client) -> None:
    key, pem = certificate()
    thumbprint = register_certificate(served.gateway.state, pem)
    app = await asyncio.to_thread(confidential, served, http, {"private_key": key, "thumbprint": thumbprint})
    answer = await asyncio.to_thread(app.acquire_token_for_client, application_scope(served))
    assert "access_token" in answer, answer


@pytest.mark.usefixtures("real_time")
async def test_a_certificate_still_signs_in_after_the_world_was_moved_a_month_ahead(
    served: Served, http: httpx.Client
) -> None:
    key, pem = certificate()
    register_certificate(served.gateway.state, pem)
    served.gateway.state.advance(timedelta(days=30))
    app = await asyncio.to_thread(confidential, served, http, {"private_key": key, "public_certificate": pem})
    answer = await asyncio.to_thread(app.acquire_token_for_client, application_scope(served))
    assert "access_token" in answer, answer


@pytest.mark.usefixtures("real_time")
async def test_a_certificate_which_nobody_uploaded_is_refused(served: Served, http: httpx.Client) -> None:
    key, pem = certificate()
    app = await asyncio.to_thread(confidential, served, http, {"private_key": key, "public_certificate": pem})
    answer = await asyncio.to_thread(app.acquire_token_for_client, application_scope(served))
    assert (answer["error"], answer["error_codes"]) == ("invalid_client", [700027])


@pytest.mark.usefixtures("real_time")
async def test_an_uploaded_certificate_does_not_vouch_for_another_key(served: Served, http: httpx.Client) -> None:
    _, pem = certificate()
    other_key, _ = certificate()
    register_certificate(served.gateway.state, pem)
    app = await asyncio.to_thread(confidential, served, http, {"private_key": other_key, "public_certificate": pem})
    answer = await asyncio.to_thread(app.acquire_token_for_client, application_scope(served))
    assert answer["error_codes"] == [700027]


async def poll_once(app: Any, flow: dict[str, Any]) -> dict[str, Any]:
    flow["latest_attempt_at"] = 0  # MSAL warns about polls in quick succession
    answer: dict[str, Any] = await asyncio.to_thread(
        app.acquire_token_by_device_flow, flow, exit_condition=lambda _flow: True
    )
    return answer


async def test_a_person_signs_in_with_a_device_code(served: Served, http: httpx.Client) -> None:
    app = await asyncio.to_thread(public, served, http)
    flow = await asyncio.to_thread(app.initiate_device_flow, user_scope(served))
    assert flow["user_code"] in flow["message"]
    assert (await poll_once(app, flow))["error"] == "authorization_pending"
    async with served.client() as client:
        approval = {"user_code": flow["user_code"], "as": "manager"}
        assert (await client.post(f"{served.urls['control']}/device", json=approval)).status_code == 200
    answer = await poll_once(app, flow)
    manager = find_person("manager")
    assert manager is not None
    assert answer["id_token_claims"]["preferred_username"] == manager.upn
    token = read(served.gateway.state, answer["access_token"])
    assert token is not None
    assert (token.oid, token.is_app) == (manager.oid, False)


async def test_a_person_enters_the_code_at_the_page_that_is_shown(served: Served, http: httpx.Client) -> None:
    app = await asyncio.to_thread(public, served, http)
    flow = await asyncio.to_thread(app.initiate_device_flow, user_scope(served))
    page = (await asyncio.to_thread(http.get, flow["verification_uri"])).text
    assert "<form" in page and "Mira Sandahl" in page and "curl" in page

    async def enter(code: str, who: str) -> httpx.Response:
        return await asyncio.to_thread(http.post, flow["verification_uri"], data={"user_code": code, "as": who})

    for code, who in (("X", "manager"), (flow["user_code"], "santa")):
        assert (await enter(code, who)).status_code == 400
    assert "Mira Sandahl is signed in" in (await enter(flow["user_code"], "manager")).text
    assert (await poll_once(app, flow))["id_token_claims"]["name"] == "Mira Sandahl"


async def test_a_stored_sign_in_is_renewed_in_silence(served: Served, http: httpx.Client) -> None:
    cache = msal.SerializableTokenCache()
    app = await asyncio.to_thread(public, served, http, cache)
    flow = await asyncio.to_thread(app.initiate_device_flow, user_scope(served))
    answer_device_code(served.gateway.state, flow["user_code"], find_person("professional"))
    first = await poll_once(app, flow)
    stored = json.loads(cache.serialize())
    for entry in stored["AccessToken"].values():
        entry["expires_on"] = entry["extended_expires_on"] = "1"
    reopened = msal.SerializableTokenCache()
    reopened.deserialize(json.dumps(stored))
    again = await asyncio.to_thread(public, served, http, reopened)
    account = again.get_accounts()[0]
    second = await asyncio.to_thread(again.acquire_token_silent, user_scope(served), account)
    assert second["access_token"] != first["access_token"]
    token = read(served.gateway.state, second["access_token"])
    assert token is not None
    assert token.oid == account["local_account_id"]


async def test_a_silent_sign_in_first_looks_into_the_cache(served: Served, http: httpx.Client) -> None:
    app = await asyncio.to_thread(public, served, http)
    flow = await asyncio.to_thread(app.initiate_device_flow, user_scope(served))
    answer_device_code(served.gateway.state, flow["user_code"], find_person("viewer"))
    first = await poll_once(app, flow)
    second = await asyncio.to_thread(app.acquire_token_silent, user_scope(served), app.get_accounts()[0])
    assert second["access_token"] == first["access_token"]


async def test_a_declined_device_code_says_so(served: Served, http: httpx.Client) -> None:
    app = await asyncio.to_thread(public, served, http)
    flow = await asyncio.to_thread(app.initiate_device_flow, user_scope(served))
    async with served.client() as client:
        await client.post(f"{served.urls['control']}/device", json={"user_code": flow["user_code"], "deny": True})
    assert (await poll_once(app, flow))["error"] == "authorization_declined"


async def test_a_device_code_expires_after_a_quarter_of_an_hour(served: Served, http: httpx.Client) -> None:
    app = await asyncio.to_thread(public, served, http)
    flow = await asyncio.to_thread(app.initiate_device_flow, user_scope(served))
    served.gateway.state.advance(timedelta(minutes=15))
    assert (await poll_once(app, flow))["error"] == "expired_token"


async def test_a_client_which_polls_too_fast_is_told_to_slow_down(served: Served) -> None:
    tenant, client_id = served.announcement["authority"], served.announcement["client_id"]
    async with served.client() as client:
        form = {"client_id": client_id, "scope": f"{user_scope(served)[0]} openid offline_access"}
        flow = (await client.post(f"{tenant}/oauth2/v2.0/devicecode", data=form)).json()
        poll = {
            "client_id": client_id,
            "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
            "device_code": flow["device_code"],
        }
        first = await client.post(f"{tenant}/oauth2/v2.0/token", data=poll)
        second = await client.post(f"{tenant}/oauth2/v2.0/token", data=poll)
        served.gateway.state.advance(timedelta(seconds=5))
        third = await client.post(f"{tenant}/oauth2/v2.0/token", data=poll)
    errors = [answer.json()["error"] for answer in (first, second, third)]
    assert errors == ["authorization_pending", "slow_down", "authorization_pending"]
    assert [answer.status_code for answer in (first, second, third)] == [400, 400, 400]


async def test_a_policy_may_block_device_codes(served: Served, http: httpx.Client) -> None:
    served.gateway.state.config.entra.device_code_blocked = True
    app = await asyncio.to_thread(public, served, http)
    flow = await asyncio.to_thread(app.initiate_device_flow, user_scope(served))
    answer_device_code(served.gateway.state, flow["user_code"], find_person("manager"))
    assert "AADSTS53003" in (await poll_once(app, flow))["error_description"]


async def test_a_token_for_a_host_nobody_knows_is_not_issued(served: Served, http: httpx.Client) -> None:
    app = await asyncio.to_thread(confidential, served, http, served.announcement["client_secret"])
    answer = await asyncio.to_thread(app.acquire_token_for_client, ["https://other.example/.default"])
    assert (answer["error"], answer["error_codes"]) == ("invalid_resource", [500011])


async def test_revoked_sessions_cannot_be_renewed(served: Served, http: httpx.Client) -> None:
    app = await asyncio.to_thread(public, served, http)
    flow = await asyncio.to_thread(app.initiate_device_flow, user_scope(served))
    answer_device_code(served.gateway.state, flow["user_code"], find_person("viewer"))
    await poll_once(app, flow)
    async with served.client() as client:
        revoked = (await client.post(f"{served.urls['control']}/sessions/revoke")).json()
    answer = await asyncio.to_thread(
        lambda: app.acquire_token_silent_with_error(user_scope(served), app.get_accounts()[0], force_refresh=True)
    )
    assert revoked == {"revoked": 1}
    assert answer["error"] == "invalid_grant"


async def test_an_application_may_prove_itself_in_the_authorization_header(served: Served) -> None:
    """client_secret_basic, one of the ways that the tenant's configuration offers."""
    info = served.announcement
    address = f"{info['authority']}/oauth2/v2.0/token"
    form = {"grant_type": "client_credentials", "scope": f"{info['dataverse_url']}/.default"}
    client, secret = quote_plus(info["client_id"]), quote_plus(info["client_secret"])
    async with served.client() as http:
        good = await http.post(address, data=form, auth=(client, secret))
        assert good.status_code == 200
        assert good.json()["token_type"] == "Bearer"
        wrong = await http.post(address, data=form, auth=(client, "wrong"))
        assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
        broken = await http.post(address, data=form, headers={"Authorization": "Basic %%%"})
        assert (broken.status_code, broken.json()["error"]) == (401, "invalid_client")
        another = await http.post(address, data={**form, "client_id": "somebody-else"}, auth=(client, secret))
        assert (another.status_code, another.json()["error"]) == (400, "invalid_request")


async def test_an_assertion_of_any_shape_is_refused_and_the_next_call_is_served(served: Served) -> None:
    private, public = certificate()
    register_certificate(served.gateway.state, public)
    info = served.announcement
    form = {
        "grant_type": "client_credentials",
        "client_id": info["client_id"],
        "scope": f"{info['dataverse_url']}/.default",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    }

    address = f"{info['authority']}/oauth2/v2.0/token"

    def part(value: object) -> str:
        return encode_part(json.dumps(value).encode())

    headers: list[object] = [{}, [], 5, None, {"x5c": "x"}, {"x5c": [5]}, {"x5c": ["="]}, {"x5t": 5}, {"x5t": "%"}]
    headers += [{"x5t#S256": []}, {"alg": ["PS256"]}, {"alg": "PS256"}]
    async with served.client() as http:
        for header in headers:
            for claims in ({}, [], {"nbf": "x", "exp": 10**400}):
                assertion = f"{part(header)}.{part(claims)}.{part('x')}"
                answer = await http.post(address, data={**form, "client_assertion": assertion})
                assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client"), assertion
        own = {"iss": info["client_id"], "sub": info["client_id"], "aud": address}
        for times in ({"nbf": "x"}, {"exp": [1]}, {"exp": 10**400}, {}):
            assertion = jwt.encode({**own, **times}, private, algorithm="PS256")
            answer = await http.post(address, data={**form, "client_assertion": assertion})
            assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client"), times
