"""The real systems together, over HTTPS: sign in, read, mail, and what the book-keeping says about it."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from dyntui.sandbox.assembly import HANDLERS, TRUTH, open_world
from dyntui.sandbox.entra import tokens
from dyntui.sandbox.entra.directory import TENANT_ID, find_person
from dyntui.sandbox.gateway import Gateway, new_gateway
from dyntui.sandbox.server import Announcement, running
from tests.sandbox.core.conftest import START


class Whole:
    """A running sandbox with one client which trusts it."""

    def __init__(self, gateway: Gateway, announced: Announcement, http: httpx.AsyncClient) -> None:
        self.gateway, self.announced, self.http = gateway, announced, http
        self.account = (announced["api_user"], announced["api_password"])
        self.region = gateway.state.urls.dotdigital["r2"]

    async def app_token(self) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.announced["client_id"],
            "client_secret": self.announced["client_secret"],
            "scope": f"{self.announced['dataverse_url']}/.default",
        }
        answer = await self.http.post(f"{self.announced['authority']}/oauth2/v2.0/token", data=form)
        return str(answer.json()["access_token"])

    def person_token(self, part: str) -> str:
        person = find_person(part)
        assert person is not None
        audience = self.announced["dataverse_url"]
        return tokens.issue(self.gateway.state, oid=person.oid, audience=audience, tenant=TENANT_ID)

    async def dataverse(self, path: str, token: str) -> httpx.Response:
        url = f"{self.announced['dataverse_url']}/api/data/v9.2/{path}"
        return await self.http.get(url, headers={"Authorization": f"Bearer {token}"})

    async def dotdigital(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self.http.request(method, self.region + path, auth=self.account, json=body)
        assert answer.status_code < 300, answer.text
        return answer.json()

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self.http.request(method, self.announced["control_url"] + path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
async def whole(tmp_path: Path) -> AsyncIterator[Whole]:
    gateway = new_gateway(open_world(None, 400, 1, START), HANDLERS)
    async with running(gateway, TRUTH, tmp_path / "tls") as announced:
        context = ssl.create_default_context(cafile=announced["ca_file"])
        async with httpx.AsyncClient(verify=context) as http:
            yield Whole(gateway, announced, http)
    gateway.state.db.close()


async def test_the_application_signs_in_and_reads_the_newsletters_members(whole: Whole) -> None:
    token = await whole.app_token()
    found = (await whole.dataverse("lists?$filter=listname eq 'Newsletter'", token)).json()["value"][0]
    members = (
        await whole.dataverse(f"lists({found['listid']})/listcontact_association?$select=fullname", token)
    ).json()
    assert len(members["value"]) == found["membercount"] > 0


@pytest.mark.parametrize(
    ("part", "status"), [("manager", 200), ("professional", 200), ("viewer", 200), ("nobody", 403), ("outsider", 403)]
)
async def test_people_get_as_far_as_their_roles_take_them(whole: Whole, part: str, status: int) -> None:
    answer = await whole.dataverse("contacts?$top=1&$select=fullname", whole.person_token(part))
    assert answer.status_code == status, answer.text


async def test_a_stranger_to_entra_gets_401(whole: Whole) -> None:
    assert (await whole.dataverse("WhoAmI", "no.such.token")).status_code == 401


async def test_every_answer_of_dataverse_tells_what_the_limits_leave(whole: Whole) -> None:
    answer = await whole.dataverse("WhoAmI", await whole.app_token())
    assert answer.headers["x-ms-ratelimit-burst-remaining-xrm-requests"] == "5999"
    assert answer.headers["OData-Version"] == "4.0"


async def test_a_mail_to_somebody_who_opted_out_in_dynamics_is_told_as_such(whole: Whole) -> None:
    books = await whole.dotdigital("GET", "/v2/address-books")
    book = next(each for each in books if each["name"] == "Webshop customers")
    members = await whole.dotdigital("GET", f"/v2/address-books/{book['id']}/contacts")
    unlucky = next(each["email"] for each in members if each["status"] == "Subscribed")
    made = {"table": "contact", "values": {"lastname": "X", "emailaddress1": unlucky.upper(), "donotbulkemail": 1}}
    await whole.control("POST", "/dataverse/rows", made)
    campaigns = await whole.dotdigital("GET", "/v2/campaigns")
    campaign = next(each["id"] for each in campaigns if each["status"] == "Unsent")
    await whole.dotdigital("POST", "/v2/campaigns/send", {"campaignId": campaign, "addressBookIds": [book["id"]]})
    assert await whole.control("GET", "/mailed") == []
    await whole.control("POST", "/clock", {"advance_seconds": 3600})
    mailed = {mail["address"]: mail for mail in await whole.control("GET", "/mailed")}
    assert mailed[unlucky]["opted_out_at_send"] is True
    assert not all(mail["opted_out_at_send"] for mail in mailed.values())
    assert not any(mail["suppressed_at_send"] for mail in mailed.values())
    assert {mail["campaign_id"] for mail in mailed.values()} == {campaign}


async def test_reading_leaves_the_digest_alone_and_writing_changes_it(whole: Whole) -> None:
    before = await whole.control("GET", "/digest")
    await whole.dotdigital("GET", "/v2/contacts")
    await whole.dataverse("contacts?$top=5", await whole.app_token())
    assert await whole.control("GET", "/digest") == before
    await whole.dotdigital("POST", "/v2/address-books", {"name": "New book"})
    after = await whole.control("GET", "/digest")
    assert after["dataverse"] == before["dataverse"]
    assert after["dotdigital"] != before["dotdigital"]


async def test_too_many_calls_are_refused_by_both_systems_when_limits_are_on(whole: Whole) -> None:
    token = await whole.app_token()
    limits = {"scheme": "tiered", "dataverse": {"requests": 1}, "dotdigital": {"low_per_minute": 1}}
    await whole.control("POST", "/limits", limits)
    first, second = await whole.dataverse("WhoAmI", token), await whole.dataverse("WhoAmI", token)
    assert (first.status_code, second.status_code) == (200, 429)
    assert int(second.headers["Retry-After"]) > 0
    answers = [await whole.http.get(f"{whole.region}/v2/contacts", auth=whole.account) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].headers["X-RateLimit-Scope"] == "lowCallRate"
