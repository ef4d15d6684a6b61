"""Setup in the console: the questions of `dyntui setup`, its plan and its steps, by keyboard at 80x24."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from dyntui.screens.remembered import Memory

from dyntui.dataverse import kept_sign_in
from dyntui.model.errors import DyntuiError
from dyntui.service import finding_environments, person_sign_in
from dyntui.service.contract.credentials import SignInPlace
from dyntui.service.contract.session import HELLO, Nothing
from dyntui.service.contract.setup import SetupRequest
from dyntui.service.finding_environments import DevicePrompt, Environment

from .driving import Driver, driving
from .worlds import Opening

BARE = Opening("bare", signed_in=False)
ENVIRONMENT = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "DOTDIGITAL_PASSWORD", "DOTDIGITAL_USER")


@pytest.fixture(autouse=True)
def nothing_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)


async def answer(hand: Driver, question: str, text: str) -> None:
    """Types over what is proposed, or pastes as people do with long secrets."""
    assert question in hand.text, hand.text
    await hand.press("ctrl+u")
    await hand.paste(text)
    await hand.press("enter")


async def take(hand: Driver, question: str, *keys: str) -> None:
    """Takes what is proposed, or another choice."""
    assert question in hand.text, hand.text
    await hand.press(*keys, "enter")


async def test_from_nothing_to_signing_in_by_the_questions_and_the_plan(tmp_path: Path) -> None:
    left = tmp_path / "setup.json"
    async with driving(BARE, memory=Memory(tmp_path / "console.json")) as hand:
        info = hand.service.sandbox.info
        await hand.press("enter")
        await answer(hand, "Dynamics 365 address", "localhost")
        assert "! Write the whole address" in hand.text
        await answer(hand, "Dynamics 365 address", info["dataverse_url"])
        await answer(hand, "Tenant (id or domain)", "tenent")
        # Back to a wrong answer, then out of the conversation, and on where it was left.
        await hand.press("escape")
        await answer(hand, "Tenant (id or domain)", info["authority"])
        await hand.press("escape", "escape", "escape")
        assert "Nothing is connected yet" in hand.text and "kept." in hand.text
        await hand.press("enter")
        await take(hand, "Dynamics 365 address")
        await take(hand, info["authority"][:40])
        await answer(hand, "Client id of the app", info["client_id"])
        await take(hand, "Signs in by")
        await answer(hand, "Client secret", "hush-wrong-secret")
        assert "hush" not in hand.text and "hush" not in left.read_text()
        await take(hand, "certificate authority")
        await take(hand, "Is this a production organisation?")
        await take(hand, "Name of the email account")
        await answer(hand, "dotdigital address", info["dotdigital_url"])
        await answer(hand, "API user", info["api_user"])
        await answer(hand, "API password", info["api_password"])
        await take(hand, "Double opt-in of the account", "g")
        await take(hand, "Another email account?")
        await answer(hand, "User name in Dynamics of the first one", "mira.sandahl@skarnfjall.example")

        # The secret is refused: Esc leads to what it is about, with the other answers kept.
        assert "DATAVERSE_SECRET_REFUSED" in hand.text and "Esc corrects them" in hand.text
        assert "hush" not in hand.text
        await hand.press("escape")
        for question in ("Dynamics 365 address", "Tenant", "Client id", "Signs in by"):
            await take(hand, question)
        assert "Enter keeps the one given before" in hand.text
        await answer(hand, "Client secret", info["client_secret"])
        await take(hand, "certificate authority")
        await take(hand, "Is this a production organisation?")

        for text in ("Setup: the plan", "To be made", "Mira Sandahl", "Enter Install"):
            assert text in hand.text, hand.text
        assert all(len(line) <= 80 for line in hand.text.splitlines()) and len(hand.text.splitlines()) == 24
        assert hand.asked("setup.apply") == []
        hand.service.time_passes.clear()
        await hand.press("enter")
        await hand.until(lambda text: "Sign in to" in text)
        (request,) = hand.asked("setup.apply")
        assert isinstance(request, SetupRequest)
        assert request.organisation.client_secret == info["client_secret"]
        assert (request.accounts[0].name, request.accounts[0].double_opt_in) == ("Main", "off")
        assert (await hand.service.client.call(HELLO, Nothing())).configured
        assert any("is connected" in each for each in hand.notices)
        # What could have been gone on with is gone.
        assert not left.exists()


async def test_the_organisation_is_chosen_among_those_in_which_the_person_has_a_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []
    signed_in = asyncio.Event()
    link = "https://microsoft.com/devicelogin"

    async def find(where: str, client: str, ca: str, show: Callable[[DevicePrompt], None]) -> list[Environment]:
        asked.append((where, client, ca))
        if len(asked) == 1:
            raise DyntuiError("NO_ENVIRONMENTS", "None.", not_done="Nothing.", remedy="Type the address.")
        show(DevicePrompt("ABCD-1234", link, "", 900, 5, {}))
        await signed_in.wait()
        return [Environment(url=f"https://{name}.crm4.dynamics.com/", friendly_name=name) for name in ("live", "trial")]

    monkeypatch.setattr(finding_environments, "find", find)
    async with driving(BARE, memory=Memory(tmp_path / "console.json")) as hand:
        await hand.press("enter")
        assert "? finds it" in hand.text
        await answer(hand, "Dynamics 365 address", "?")
        await answer(hand, "Tenant (id or domain)", "contoso.example")
        await answer(hand, "Client id of the app", "app-1")
        await take(hand, "certificate authority")
        assert "NO_ENVIRONMENTS" in hand.text
        await hand.pilot.press("enter")
        await hand.until(lambda text: "ABCD-1234" in text)
        assert asked == [("https://login.microsoftonline.com/contoso.example", "app-1", "")] * 2
        # A link that is broken over two lines cannot be copied.
        assert any(link in line for line in hand.text.splitlines()) and "Copy the address" in hand.text
        signed_in.set()
        await hand.until(lambda text: "Which one is to be connected?" in text and "https://trial." in text)
        await take(hand, "https://trial.crm4.dynamics.com", "down")
        # What signing in needed is not asked again.
        assert "Signs in by" in hand.text
        left = json.loads((tmp_path / "setup.json").read_text())
        assert left["url"] == "https://trial.crm4.dynamics.com" and left["client_id"] == "app-1"


async def test_who_signs_in_by_device_code_is_whom_the_service_acts_as_and_is_offered_as_the_first_manager(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, asked = "https://microsoft.com/devicelogin", []
    kept = kept_sign_in.text(
        json.dumps(
            {"RefreshToken": {"r": {"secret": "hush"}}, "Account": {"a": {"username": "astrid@contoso.example"}}}
        ),
        datetime.now(UTC),
    )
    signed_in = asyncio.Event()

    async def sign_in(where: SignInPlace, show: Callable[[DevicePrompt], None]) -> str:
        asked.append(where)
        if len(asked) == 1:
            raise DyntuiError("DATAVERSE_DEVICE_CODE_BLOCKED", "Blocked.", not_done="Nothing.", remedy="Ask.")
        show(DevicePrompt(f"ABCD-{len(asked)}", link, "", 900, 5, {}))
        await signed_in.wait()
        return kept

    monkeypatch.setattr(person_sign_in, "sign_in", sign_in)
    async with driving(BARE, memory=Memory(tmp_path / "console.json")) as hand:
        await hand.press("enter")
        await answer(hand, "Dynamics 365 address", "https://contoso.crm4.dynamics.com")
        await answer(hand, "Tenant (id or domain)", "contoso.example")
        await answer(hand, "Client id of the app", "app-1")
        assert "the service acts as them" in " ".join(hand.text.split())
        await take(hand, "Signs in by", "end")
        await take(hand, "certificate authority")
        assert "DATAVERSE_DEVICE_CODE_BLOCKED" in hand.text
        await hand.pilot.press("enter")
        await hand.until(lambda text: "ABCD-2" in text)
        # Back, and forward again: another code.
        await hand.pilot.press("escape")
        await hand.until(lambda text: "certificate authority" in text)
        await hand.pilot.press("enter")
        await hand.until(lambda text: "ABCD-3" in text)
        assert any(link in line for line in hand.text.splitlines()) and "Copy the address" in hand.text
        signed_in.set()
        await hand.until(lambda text: "Is this a production organisation?" in text)
        place = SignInPlace(
            url="https://contoso.crm4.dynamics.com",
            authority="https://login.microsoftonline.com/contoso.example",
            client_id="app-1",
        )
        assert asked == [place] * 3
        await take(hand, "Is this a production organisation?")
        await take(hand, "Name of the email account")
        await take(hand, "dotdigital address")
        await answer(hand, "API user", "apiuser-1@x")
        await answer(hand, "API password", "hush-password")
        await take(hand, "Double opt-in of the account")
        await take(hand, "Another email account?")
        assert "User name in Dynamics of the first one" in hand.text and "astrid@contoso.example" in hand.text
        assert "hush" not in (tmp_path / "setup.json").read_text() and "hush" not in hand.text


async def test_another_process_goes_on_with_what_is_not_secret_and_asks_nothing_that_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "setup.json").write_text(
        json.dumps({"url": "https://contoso.crm4.dynamics.com", "account.1.name": "Shop"})
    )
    monkeypatch.setenv("AZURE_TENANT_ID", "contoso.example")
    monkeypatch.setenv("AZURE_CLIENT_ID", "app-1")
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "hush-secret")
    monkeypatch.setenv("DOTDIGITAL_PASWORD", "hush-typo")
    async with driving(BARE, memory=Memory(tmp_path / "console.json")) as hand:
        for text in ("from AZURE_TENANT_ID", "a secret, from AZURE_CLIENT_SECRET", "DOTDIGITAL_PASWORD is not used"):
            await hand.press("down", "down")
            assert text in hand.text, hand.text
        assert "hush" not in hand.text
        await hand.press("enter")
        await take(hand, "https://contoso.crm4.dynamics.com")
        await take(hand, "certificate authority")
        await take(hand, "Is this a production organisation?", "j")
        assert "Who may be mailed" in hand.text
        await take(hand, "Who may be mailed")
        assert "Shop" in hand.text and "question" in hand.text


async def test_without_a_place_for_secrets_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with driving(BARE) as hand:
        monkeypatch.setattr("dyntui.screens.not_configured.no_place_for_secrets", lambda status: True)
        await hand.press("enter")
        assert "KEYRING_UNAVAILABLE" in hand.text and "Dynamics 365 address" not in hand.text
