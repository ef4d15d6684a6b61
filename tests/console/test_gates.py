"""Before the first screen: reaching the service, signing in, not configured; and when the service goes away."""

from __future__ import annotations

from dyntui.screens.app import Console

from dyntui.model.errors import DyntuiError, Exit
from dyntui.service.contract.session import SignInState

from .driving import NARROW, Driver, Heard, driving, frame, settle
from .fake_service import FakeService

UNREACHABLE = DyntuiError(
    "SERVICE_NOT_STARTED",
    "The service did not start.",
    not_done="Nothing was asked.",
    remedy="See the log file.",
    exit=Exit.UNREACHABLE,
)


async def test_signing_in_shows_address_and_code_and_leads_home() -> None:
    service = FakeService(signed_in=False)
    async with driving(service) as hand:
        for text in ("Sign in to Highland Outfitters", "https://microsoft.com/devicelogin", "F7QK2MNRV"):
            assert text in hand.text
        await hand.press("2")
        assert any("before you are signed in" in notice for notice in hand.notices)
        await hand.press("y")
        assert hand.app.clipboard == "F7QK2MNRV"
        service.sign_in_answer = SignInState(state="signed in", user="Sigrid Larsen")
        await hand.press("r")
        assert "Latest runs" in hand.text


async def test_a_code_that_expired_says_so_and_a_new_one_can_be_had() -> None:
    service = FakeService(signed_in=False)
    async with driving(service) as hand:
        service.sign_in_answer = SignInState(state="expired")
        await hand.press("r")
        assert "Press n for a new code" in hand.text
        asked = len(hand.asked("session.sign_in"))
        await hand.press("n")
        assert len(hand.asked("session.sign_in")) == asked + 1


async def test_before_setup_the_command_is_named_and_looking_again_leads_on() -> None:
    service = FakeService(configured=False)
    async with driving(service) as hand:
        assert "dyntui setup" in hand.text
        assert "dyntui demo" in hand.text
        await hand.press("y")
        assert hand.app.clipboard == "dyntui setup"
        service.configured = True
        await hand.press("r")
        assert "Latest runs" in hand.text


async def test_a_service_that_cannot_be_reached_is_explained_and_tried_again() -> None:
    service = FakeService()
    answers: list[DyntuiError | FakeService] = [UNREACHABLE, service]

    async def connect() -> FakeService:
        answer = answers.pop(0)
        if isinstance(answer, DyntuiError):
            raise answer
        return answer

    app = Console(connect)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)  # type: ignore[arg-type]
        for text in ("SERVICE_NOT_STARTED", "The service did not start.", "See the log file.", "r  try again"):
            assert text in frame(app)  # type: ignore[arg-type]
        await pilot.press("r")
        await settle(pilot)  # type: ignore[arg-type]
        assert "Latest runs" in frame(app)  # type: ignore[arg-type]


async def test_a_lost_service_is_said_so_and_taken_up_again_when_it_is_back() -> None:
    first, second = FakeService(), FakeService()
    answers: list[FakeService | DyntuiError] = [first, UNREACHABLE, UNREACHABLE, second]
    banners: list[str] = []

    async def connect() -> FakeService:
        if app.banner:
            banners.append(app.banner)
        answer = answers.pop(0)
        if isinstance(answer, DyntuiError):
            raise answer
        return answer

    app = Heard(connect, retry_after=(0.0,))
    async with app.run_test(size=NARROW) as pilot:
        hand = Driver(app, pilot, first)  # type: ignore[arg-type]
        await hand.settle()
        await hand.press("2", "j")
        first.lose()
        await hand.settle()
        await hand.settle()
        assert [banner.rpartition("Attempt ")[2] for banner in banners] == [
            "1 to reach it…",
            "2 to reach it…",
            "3 to reach it…",
        ]
        assert all("went away at " in banner for banner in banners)
        assert "SERVICE_NOT_STARTED: The service did not start. See the log file." in banners[1]
        assert app.banner == ""
        assert "2 of 10 marketing lists" in hand.text
        assert any("answers again" in notice for notice in hand.notices)
        second.lists.clear()
        await hand.press("r")
        assert "No marketing list in this view" in hand.text


async def test_what_the_service_refuses_is_shown_in_four_parts_and_can_be_copied() -> None:
    service = FakeService()
    service.failing["runs.start"] = DyntuiError(
        "ALREADY_RUNNING",
        "This list is being synchronised by Ola.",
        not_done="No second run was started.",
        remedy="Wait until the run has ended.",
    )
    async with driving(service) as hand:
        await hand.press("2", "j", "s")
        for text in ("ALREADY_RUNNING", "synchronised by Ola", "No second run", "Wait until the run has ended."):
            assert text in hand.text
        assert "Traceback" not in hand.text
        await hand.press("y")
        assert hand.app.clipboard.splitlines()[0] == "ALREADY_RUNNING"
        await hand.press("escape")
        assert "ALREADY_RUNNING" not in hand.text


async def test_a_grid_that_cannot_be_read_offers_to_try_again() -> None:
    service = FakeService()
    service.failing["suppressions.page"] = UNREACHABLE
    async with driving(service) as hand:
        await hand.press("5")
        assert "SERVICE_NOT_STARTED" in hand.text
        assert "r  try again" in hand.text
        service.failing.clear()
        await hand.press("r")
        assert "1 of 160 suppressions" in hand.text
