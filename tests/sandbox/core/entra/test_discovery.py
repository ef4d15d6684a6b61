"""What clients look up before and after they sign in."""

from typing import Any

import httpx
import pytest

from dyntui.sandbox.entra import tokens
from dyntui.sandbox.entra.directory import SERVICE_PRINCIPAL_ID, TENANT_ID, find_person
from dyntui.sandbox.entra.grants import GLOBAL_DISCOVERY
from tests.sandbox.core.conftest import Served

INSTANCES = "/api/discovery/v2.0/Instances"


def bearer(served: Served, oid: str, *, audience: str = GLOBAL_DISCOVERY, is_app: bool = False) -> dict[str, str]:
    token = tokens.issue(served.gateway.state, oid=oid, audience=audience, tenant=TENANT_ID, is_app=is_app)
    return {"Authorization": f"Bearer {token}"}


async def instances(served: Served, headers: dict[str, str]) -> httpx.Response:
    async with served.client() as client:
        return await client.get(served.urls["entra"] + INSTANCES, headers=headers)


@pytest.fixture
def manager(served: Served) -> str:
    person = find_person("manager")
    assert person is not None
    served.gateway.state.membership = lambda oid: "member" if oid == person.oid else None
    return person.oid


async def test_a_member_finds_the_environment_and_its_address(served: Served, manager: str) -> None:
    answer = (await instances(served, bearer(served, manager))).json()
    (row,) = answer["value"]
    assert (row["ApiUrl"], row["TenantId"]) == (served.urls["dataverse"], TENANT_ID)
    assert row["IsUserSysAdmin"] is False


async def test_somebody_without_a_user_finds_nothing_rather_than_an_error(served: Served, manager: str) -> None:
    outsider = find_person("outsider")
    assert outsider is not None
    assert outsider.oid != manager
    assert (await instances(served, bearer(served, outsider.oid))).json()["value"] == []


@pytest.mark.usefixtures("manager")
async def test_an_application_finds_nothing(served: Served) -> None:
    headers = bearer(served, SERVICE_PRINCIPAL_ID, is_app=True)
    assert (await instances(served, headers)).json()["value"] == []


async def test_a_token_for_another_resource_is_refused(served: Served, manager: str) -> None:
    headers = bearer(served, manager, audience=served.urls["dataverse"])
    assert (await instances(served, headers)).status_code == 401
    assert (await instances(served, {})).status_code == 401


@pytest.mark.parametrize("tenant", [TENANT_ID, "skarnfjall.example", "organizations", "common"])
@pytest.mark.parametrize("path", ["v2.0/.well-known/openid-configuration", ".well-known/openid-configuration"])
async def test_the_tenants_endpoints_carry_the_name_they_were_asked_by(served: Served, tenant: str, path: str) -> None:
    base = f"{served.urls['entra']}/{tenant}"
    async with served.client() as client:
        told: dict[str, Any] = (await client.get(f"{base}/{path}")).json()
    assert told["token_endpoint"] == f"{base}/oauth2/v2.0/token"
    assert told["device_authorization_endpoint"] == f"{base}/oauth2/v2.0/devicecode"
    assert told["issuer"] == f"{served.urls['entra']}/{TENANT_ID}/v2.0"


async def test_instance_discovery_names_the_host(served: Served) -> None:
    async with served.client() as client:
        told = (await client.get(f"{served.urls['entra']}/common/discovery/instance")).json()
    host = httpx.URL(served.urls["entra"]).netloc.decode()
    assert told["metadata"][0]["aliases"] == [host]


@pytest.mark.parametrize(
    ("form", "error", "code"),
    [
        ({}, "invalid_request", 900144),
        ({"client_id": "CLIENT"}, "invalid_request", 900144),
        ({"client_id": "CLIENT", "grant_type": "password"}, "unsupported_grant_type", 70003),
        ({"client_id": "CLIENT", "grant_type": "client_credentials", "scope": "x/.default"}, "invalid_client", 7000218),
        (
            {"client_id": "CLIENT", "grant_type": "client_credentials", "client_secret": "SECRET", "scope": "openid"},
            "invalid_scope",
            1002012,
        ),
        ({"client_id": "CLIENT", "grant_type": "refresh_token", "refresh_token": "no"}, "invalid_grant", 9002313),
        (
            {"client_id": "CLIENT", "grant_type": "client_credentials", "client_assertion": "a.b.c"},
            "invalid_request",
            900144,
        ),
    ],
)
async def test_a_senseless_token_request_is_refused_with_its_code(
    served: Served, form: dict[str, str], error: str, code: int
) -> None:
    known = {"CLIENT": served.announcement["client_id"], "SECRET": served.announcement["client_secret"]}
    filled = {name: known.get(value, value) for name, value in form.items()}
    async with served.client() as client:
        answer = await client.post(f"{served.announcement['authority']}/oauth2/v2.0/token", data=filled)
    body = answer.json()
    assert answer.status_code in {400, 401}
    assert (body["error"], body["error_codes"]) == (error, [code])
    assert body["error_description"].startswith(f"AADSTS{code}: ")
    assert body["trace_id"] in body["error_description"]
    assert body["correlation_id"] in body["error_description"]
