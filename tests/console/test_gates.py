"""Before the first screen: reaching the service, signing in, not configured; and when the service goes away."""

from __future__ import annotations

from sqlalchemy import update

from dyntui.model.errors import DyntuiError, Exit
from dyntui.service.contract.runs import StartRun
from dyntui.service.contract.session import HELLO, Nothing
from dyntui.store.schema import marketing_list

from .driving import driving
from .service import Service
from .worlds import LIST, PERSON, Opening

UNREACHABLE = DyntuiError(
    "SERVICE_NOT_STARTED",
    "The service did not start.",
    not_done="Nothing was asked.",
    remedy="See the log file.",
    exit=Exit.UNREACHABLE,
)


def before_sign_in(service: Service) -> None:
    """Nothing makes a person hurry."""
    service.time_passes.clear()


SIGNED_OUT = Opening(signed_in=False, prepare=before_sign_in)


async def test_signing_in_shows_address_and_code_and_leads_home_while_everything_is_read_for_the_first_time() -> None:
    async with driving(Opening("connected", signed_in=False, prepare=before_sign_in)) as hand:
        for text in ("Sign in to Skarnfjäll Friluft AB", "/devicelogin"):
            assert text in hand.text
        await hand.press("2")
        assert any("before you are signed in" in notice for notice in hand.notices)
        await hand.press("y")
        code = hand.app.clipboard
        assert code and code in hand.text
        sandbox = hand.service.sandbox
        sandbox.control.post("/device", json={"user_code": code, "as": "manager"}).raise_for_status()
        await hand.service.let_time_pass()
        await hand.press("r")
        assert "Latest runs" in hand.text
        hello = await hand.service.client.call(HELLO, Nothing())
        assert hello.user == PERSON
        (account,) = hello.accounts
        assert hand.asked("runs.start") == [
            StartRun(sync_type=each, account=account.id) for each in ("metadata", "labels", "suppressions")
        ]


async def test_who_signs_out_is_asked_first_and_led_to_the_sign_in() -> None:
    async with driving() as hand:
        await hand.press("colon")
        await hand.type("sign out")
        await hand.press("enter")
        assert f"Sign out {PERSON}?" in hand.text and "held sends go on" in hand.text
        await hand.press("n")
        assert not hand.asked("session.sign_out")
        await hand.press("colon")
        await hand.type("sign out")
        await hand.press("enter", "y")
        assert "Sign in to Skarnfjäll Friluft AB" in hand.text
        assert (await hand.service.client.call(HELLO, Nothing())).user == ""
        await hand.press("2")
        assert any("before you are signed in" in notice for notice in hand.notices)


async def test_a_code_that_expired_says_so_and_a_new_one_can_be_had() -> None:
    async with driving(SIGNED_OUT) as hand:
        hand.service.sandbox.advance(3600)
        await hand.service.let_time_pass()
        await hand.press("r")
        assert "DEVICE_CODE_EXPIRED" in hand.text and "n New code" in hand.text
        hand.service.time_passes.clear()
        await hand.press("n")
        assert len(hand.asked("session.sign_in")) == 2


async def test_before_setup_the_command_is_named_and_looking_again_leads_on() -> None:
    async with driving(Opening("bare", signed_in=False)) as hand:
        assert "dyntui --profile test setup" in hand.text
        assert "dyntui demo" in hand.text and "Enter Set up" in hand.text
        await hand.press("y")
        assert hand.app.clipboard == "dyntui --profile test setup"
        await hand.service.set_up()
        hand.service.time_passes.clear()
        await hand.press("r")
        assert "Sign in to Skarnfjäll Friluft AB" in hand.text


async def test_a_service_that_cannot_be_reached_is_explained_and_tried_again() -> None:
    async with driving(refusals=[UNREACHABLE]) as hand:
        for text in ("SERVICE_NOT_STARTED", "The service did not start.", "See the log file.", "r  try again"):
            assert text in hand.text
        await hand.press("r")
        assert "Latest runs" in hand.text


async def test_a_lost_service_is_said_so_and_taken_up_again_when_it_is_back() -> None:
    refusals: list[DyntuiError] = []
    async with driving(refusals=refusals) as hand:
        await hand.to("2", LIST)
        refusals += [UNREACHABLE, UNREACHABLE]
        hand.service.lose()
        await hand.settle()
        await hand.settle()
        assert [banner.rpartition("Attempt ")[2] for banner in hand.banners] == [
            "1 to reach it…",
            "2 to reach it…",
            "3 to reach it…",
        ]
        assert all("went away at " in banner for banner in hand.banners)
        assert "SERVICE_NOT_STARTED: The service did not start. See the log file." in hand.banners[1]
        assert hand.app.banner == ""
        assert "8 of 11 marketing lists" in hand.text
        assert any("answers again" in notice for notice in hand.notices)
        with hand.service.db.write() as c:
            c.execute(update(marketing_list).values(active=0))
        await hand.press("r")
        assert "No marketing list in this view" in hand.text


async def test_what_the_service_refuses_is_shown_in_four_parts_and_can_be_copied() -> None:
    refusal = DyntuiError(
        "ALREADY_RUNNING",
        "This list is being synchronised by Ola.",
        not_done="No second run was started.",
        remedy="Wait until the run has ended.",
    )
    async with driving() as hand:
        hand.service.failing["runs.start"] = refusal
        await hand.to("2", LIST)
        await hand.press("s")
        for text in ("ALREADY_RUNNING", "synchronised by Ola", "No second run", "Wait until the run has ended."):
            assert text in hand.text
        assert "Traceback" not in hand.text
        await hand.press("y")
        assert hand.app.clipboard.splitlines()[0] == "ALREADY_RUNNING"
        await hand.press("escape")
        assert "ALREADY_RUNNING" not in hand.text


async def test_a_grid_that_cannot_be_read_offers_to_try_again() -> None:
    async with driving() as hand:
        hand.service.failing["suppressions.page"] = UNREACHABLE
        await hand.press("5")
        assert "SERVICE_NOT_STARTED" in hand.text
        assert "r  try again" in hand.text
        hand.service.failing.clear()
        await hand.press("r")
        assert "1 of 7 suppressions" in hand.text
