"""Email Accounts in the console: settings, one more, one less."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import update

from dyntui.dataverse.sign_in import DevicePrompt
from dyntui.model.errors import DyntuiError
from dyntui.sandbox.entra.directory import find_person
from dyntui.service import person_sign_in
from dyntui.service.contract.credentials import SignInPlace
from dyntui.store import accounts
from dyntui.store.schema import email_account

from .driving import WIDE, driving
from .service import Service
from .worlds import Opening

ADA = "ada.brook@kestrel-outdoor.example"


async def test_an_account_is_edited_another_one_connected_and_disconnected() -> None:
    async with driving(Opening("connected")) as hand:
        second = hand.service.sandbox.beside(24_818, people=5, seed=3)
        await hand.press("C")
        assert "Email Accounts" in hand.text and "DETAILED" in hand.text and "Main" in hand.text
        # Setting by setting; nothing counts before the last line.
        await hand.press("enter", "j", "j", "enter", *["j"] * 5, "enter", "j", "enter", "j", "j", "enter")
        await hand.press("backspace", "backspace")
        await hand.type("5x")
        await hand.press("enter", "j", "enter", "backspace", "backspace")
        await hand.type("300")
        await hand.press("enter")
        assert any("from 0 to 100" in each for each in hand.notices)
        await hand.press("backspace", "enter")
        await hand.press("G", "k", "k", "enter", "k", "enter")
        assert hand.asked("accounts.edit") == []
        await hand.press("G", "enter")
        assert "NONE" in hand.text
        with hand.service.db.read() as c:
            kept = c.execute(email_account.select()).one()
        assert (kept.removal_people, kept.removal_percent, kept.copies_suppressions) == (5, 30, False)
        assert kept.suppression_flags == "email"
        assert (kept.takes_off_unsubscribed, kept.takes_off_suppressed) == (True, True)

        await hand.press("n", "G", "enter")
        assert any("Answer first: Name of the email account" in each for each in hand.notices)
        info = second.info
        # The world's own address stands for another region's, which account-info corrects.
        for place, text in enumerate(("Second", info["dotdigital_url"], info["api_user"], info["api_password"])):
            await hand.press("g", *["j"] * place, "enter", "ctrl+u")
            await hand.type(text)
            assert text != info["api_password"] or text not in hand.text
            await hand.press("enter")
        assert "typed" in hand.text
        await hand.press("G", "enter")
        assert "Second" in hand.text and info["api_password"] not in hand.text
        await hand.to("", "Second")
        await hand.press("D")
        assert "Disconnect Second?" in hand.text and "opt-outs above all" in hand.text
        await hand.press("y")
        assert "Second" not in hand.text
        second.stop()


@pytest.mark.parametrize("size", [(80, 24), (60, 18)])
async def test_what_suppressions_set_in_dynamics_is_read_whole(size: tuple[int, int]) -> None:
    async with driving(Opening("connected"), size=size) as hand:
        await hand.press("C", "E", *["j"] * 8)
        for expected in ("no bulk emails", "no emails", "no bulk emails, no emails", "nothing"):
            (line,) = [each for each in hand.text.splitlines() if "▌ Set in Dynamics" in each]
            assert line.split("Set in Dynamics")[1].strip(" │") == expected
            await hand.press("enter")


async def test_the_first_question_about_a_new_account_is_explained_and_not_the_second() -> None:
    async with driving() as hand:
        await hand.press("C", "n")
        assert "▌ Name of the email account" in hand.text and "Any region's address" not in hand.text


async def test_the_settings_stand_beside_the_rows_where_there_is_room() -> None:
    async with driving(Opening("worked"), size=WIDE) as hand:
        await hand.press("C")
        for text in ("Copies suppressions", "above 10 and 10 %", "as config.toml says"):
            assert text in hand.text
        await hand.press("D")
        assert any("deactivate them first" in each for each in hand.notices)


async def test_an_api_password_is_replaced_and_proved_first() -> None:
    async with driving(Opening("connected")) as hand:
        await hand.press("C", "i")
        assert "client secret" in hand.text and "API password" in hand.text and "R Replace" not in hand.text
        await hand.press("j", "enter", "G", "enter")
        assert "Type the new API password first" in hand.notices[-1]
        await hand.press("k", "enter")
        await hand.type("hush-wrong")
        assert "hush" not in hand.text
        await hand.press("enter", "G", "enter")
        assert "DOTDIGITAL_SIGN_IN_REFUSED" in hand.text
        settings = {"dotdigital": {"api_password": "hush-rotated"}}
        hand.service.sandbox.control.post("/settings", json=settings).raise_for_status()
        await hand.press("escape", "enter", "j", "enter")
        await hand.type("hush-rotated")
        await hand.press("enter", "G", "enter")
        assert "It was proved, and is in use" in hand.notices[-1] and "hush" not in hand.text
        assert [each.of for each in hand.asked("credentials.replace")] == ["Main", "Main"]  # type: ignore[attr-defined]
        await hand.press("escape")
        assert "DETAILED" in hand.text


async def test_a_certificate_that_cannot_be_used_is_refused_before_the_service_is_asked(tmp_path: Path) -> None:
    async with driving(Opening("connected")) as hand:
        await hand.press("H")
        assert "i Sign-ins" not in hand.text.splitlines()[-1], "no finding is about them"
        await hand.press("i", "enter", "enter", "j", "enter")
        await hand.type(str(tmp_path / "no.pem"))
        await hand.press("enter", "G", "enter")
        assert "cannot be read" in hand.notices[-1] and not hand.asked("credentials.replace")
        await hand.press("escape", "escape")
        assert hand.text.splitlines()[1].strip() == "Health"


async def test_the_person_as_whom_the_service_acts_signs_in_again_with_a_code(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = asyncio.Event()
    link = "https://microsoft.com/devicelogin"

    async def sign_in(where: SignInPlace, show: Callable[[DevicePrompt], None]) -> str:
        show(DevicePrompt("ABCD-1234", link, "", 900, 5, {}))
        await typed.wait()
        return "what signing in leaves"

    def acts_as_a_person(service: Service) -> None:
        with service.db.write() as c:
            accounts.sign_in_by(c, "device-code")

    monkeypatch.setattr(person_sign_in, "sign_in", sign_in)
    async with driving(Opening("connected", prepare=acts_as_a_person)) as hand:
        # Nobody can be asked who may see them, as the sign-in has ended: the way to mend that is there all the same.
        ended = DyntuiError("DATAVERSE_SERVICE_SIGNED_OUT", "It has ended.", not_done="Nothing.", remedy="Sign in.")
        hand.service.failing["credentials.list"] = ended
        assert hand.app.hello is not None
        hand.app.hello = msgspec.structs.replace(hand.app.hello, roles_known=False)
        await hand.press("C", "i")
        assert "device code" in hand.text and "It has ended." in hand.text
        await hand.press("enter", "G")
        await hand.pilot.press("enter")
        await hand.until(lambda text: "ABCD-1234" in text)
        assert any(link in line for line in hand.text.splitlines()) and "y Copy the address" in hand.text
        await hand.pilot.press("y")
        await hand.until(lambda _: hand.app.clipboard == link)
        # Given up, and begun again.
        await hand.pilot.press("escape")
        await hand.until(lambda text: "ABCD-1234" not in text)
        assert not hand.asked("credentials.replace")
        await hand.press("enter", "G")
        await hand.pilot.press("enter")
        await hand.until(lambda text: "ABCD-1234" in text)
        typed.set()
        await hand.until(lambda text: "CREDENTIAL_INVALID" in text)
        (asked,) = hand.asked("credentials.replace")
        assert asked.signed_in == "what signing in leaves"  # type: ignore[attr-defined]


async def test_users_of_dotdigital_are_mapped_by_choice_and_by_suggestion() -> None:
    manager = find_person("manager")
    assert manager is not None
    async with driving(Opening("worked")) as hand:
        hand.service.sandbox.state.config.dotdigital.managed_users = (ADA, manager.upn)
        await hand.press("C", "a")
        assert "USER_NOT_MAPPED" in hand.text and manager.name in hand.text
        await hand.press("escape", "u")
        assert "User mapping" in hand.text and f"{manager.name} ?" in hand.text
        assert hand.text.index("User of dotdigital") < hand.text.index("User of Dynamics")
        await hand.press("s")
        assert f"{manager.upn} is {manager.name}" in hand.text
        await hand.press("y")
        assert f"{manager.name} ?" not in hand.text and manager.name in hand.text
        await hand.press("g", "enter")
        assert "Who in Dynamics is ada.brook" in hand.text
        await hand.press("enter")
        assert any("already" in each for each in hand.notices) or "already" in hand.text


async def test_automation_studio_is_opened_in_the_browser_and_over_ssh_its_address_is_copied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    manager = find_person("manager")
    assert manager is not None
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)
    async with driving(Opening("worked")) as hand:
        hand.service.sandbox.state.config.dotdigital.managed_users = (manager.upn,)
        shown: list[str] = []
        monkeypatch.setattr(hand.app, "open_url", shown.append)
        await hand.press("C", "u", "s", "y", "escape")
        with hand.service.db.write() as c:
            c.execute(update(email_account).values(endpoint="https://r2-api.dotdigital.com"))
        studio = "https://r2-app.dotdigital.com/"
        await hand.press("a")
        assert (shown, hand.app.clipboard) == ([], studio)
        hand.app.copy_to_clipboard("")
        monkeypatch.setenv("DISPLAY", ":0")
        await hand.press("a")
        assert (shown, hand.app.clipboard) == ([studio], "")
        monkeypatch.setenv("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22")
        await hand.press("a")
        assert (shown, hand.app.clipboard) == ([studio], studio)
        assert any(manager.upn in each for each in hand.notices)
