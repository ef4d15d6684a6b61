"""A system, or the service, is away: what was read stays with its age, and why is said once, in its place."""

from __future__ import annotations

import asyncio
import os

from dyntui.screens.dialogs import Dialog
from dyntui.screens.error_panel import ErrorPanel
from sqlalchemy import update

from dyntui.model.errors import DyntuiError, Exit
from dyntui.store.schema import person_link

from .driving import Driver, driving
from .service import Service
from .worlds import CAMPAIGN, LIST, NEVER, Opening

AWAY = DyntuiError(
    "DATAVERSE_UNREACHABLE",
    "Dynamics cannot be reached.",
    not_done="Nothing was read.",
    remedy="Check the network.",
    exit=Exit.UNREACHABLE,
)
NO_MORE = DyntuiError(
    "NOT_PERMITTED", "Your roles do not allow it.", not_done="Nothing was read.", remedy="Ask.", exit=Exit.NOT_PERMITTED
)
READS = (
    "session.status",
    "runs.page",
    "runs.get",
    "lists.page",
    "lists.get",
    "lists.members",
    "campaigns.page",
    "campaigns.get",
    "campaigns.report",
    "campaigns.recipients",
    "suppressions.page",
)


def take_away(hand: Driver, error: DyntuiError = AWAY) -> None:
    hand.service.failing.update(dict.fromkeys(READS, error))


def dialogs(hand: Driver) -> int:
    return sum(isinstance(screen, Dialog) for screen in hand.app.screen_stack)


async def test_rows_stay_with_their_age_and_the_error_is_one_line() -> None:
    async with driving() as hand:
        await hand.to("2", LIST)
        take_away(hand)
        await hand.press("r")
        assert "8 of 11 marketing lists" in hand.text and LIST in hand.text
        assert "as of 12:00 · DATAVERSE_UNREACHABLE" in hand.text and not dialogs(hand)
        await hand.press("e")
        for part in ("Dynamics cannot be reached.", "Nothing was read.", "Check the network."):
            assert part in hand.text
        hand.service.failing.clear()
        await hand.press("escape", "r")
        assert "DATAVERSE_UNREACHABLE" not in hand.text
        await hand.press("e")
        assert "Everything on this screen was read." in hand.notices


async def test_moving_about_in_old_rows_does_not_ask_again() -> None:
    async with driving() as hand:
        await hand.press("5")
        take_away(hand)
        await hand.press("r")
        asked = len(hand.asked("suppressions.page"))
        await hand.press("G", "g", "ctrl+d", "k")
        assert len(hand.asked("suppressions.page")) == asked


async def test_old_rows_stay_when_they_can_be_neither_filtered_nor_sorted() -> None:
    async with driving() as hand:
        await hand.press("2")
        take_away(hand)
        await hand.press("o", "slash", *"winter")
        assert LIST in hand.text and "of 11 marketing lists" in hand.text and "match" not in hand.text


async def test_four_questions_that_fail_alike_are_one_line_on_home_and_no_dialog() -> None:
    async with driving(size=(120, 40)) as hand:
        take_away(hand)
        await hand.press("r")
        assert hand.text.count("DATAVERSE_UNREACHABLE") == 1 and not dialogs(hand)
        assert "Skarnfjäll Friluft AB" in hand.text and "In order" in hand.text
        await hand.press("e")
        assert " of 4" not in hand.text


async def test_every_page_come_back_to_shows_what_was_read_before() -> None:
    for section, row, seen in (
        ("2", LIST, ("Members by outcome", "Address book", "Do not")),
        ("3", CAMPAIGN, ("From", "Reply to")),
        ("4", "22 Nov 12:00", ("Started by", "BOOK_GONE")),
    ):
        async with driving() as hand:
            await hand.to(section, row)
            await hand.press("enter")
            take_away(hand)
            await hand.press("escape", "enter")
            assert all(text in hand.text for text in seen), hand.text
            assert "as of 12:00" in hand.text and not dialogs(hand)


async def test_a_view_come_back_to_shows_its_rows() -> None:
    async with driving() as hand:
        await hand.press("2")
        take_away(hand)
        await hand.press("l")
        assert "r  try again" in hand.text and "✗" not in hand.text
        await hand.press("h")
        assert "11 marketing lists" in hand.text and "as of 12:00" in hand.text


async def test_who_may_not_see_it_any_more_sees_nothing() -> None:
    async with driving() as hand:
        await hand.to("2", LIST)
        await hand.press("enter")
        take_away(hand, NO_MORE)
        await hand.press("r")
        assert "Address book" not in hand.text and "Do not bulk" not in hand.text
        await hand.press("escape", "r")
        assert NEVER not in hand.text and "NOT_PERMITTED" in hand.text


async def test_refusals_wait_in_one_panel_and_the_same_one_is_said_once() -> None:
    async with driving() as hand:
        other = DyntuiError("OTHER", "Something else.", not_done="Nothing.", remedy="Wait.")
        await hand.press("2")
        for error in (AWAY, AWAY, other):
            hand.app.show_error(error)
            await hand.settle()
        assert dialogs(hand) == 1 and "1 of 2" in hand.text and "Esc Next" in hand.text
        await hand.press("escape")
        assert "Something else." in hand.text and "2 of 2" in hand.text
        await hand.press("escape")
        assert not dialogs(hand)


async def test_a_refusal_that_comes_late_does_not_stop_who_has_gone_on() -> None:
    async with driving() as hand:
        service = hand.service
        await hand.press("2")
        service.gate, service.held = asyncio.Event(), {"lists.refresh"}
        service.failing["lists.refresh"] = AWAY
        await hand.pilot.press("R")
        await hand.pilot.press("3")
        await hand.pilot.pause()
        service.gate.set()
        await hand.settle()
        assert not dialogs(hand) and "Email Campaigns" in hand.text
        assert any("Dynamics cannot be reached." in notice for notice in hand.notices)


async def test_an_answer_that_takes_long_names_who_is_away() -> None:
    async with driving(patience=0.01) as hand:
        service = hand.service
        await hand.press("2")
        service.gate, service.held = asyncio.Event(), {"lists.refresh"}
        await hand.pilot.press("R")
        await hand.until(lambda text: "waiting for an answer" in text)
        service.gate.set()
        await hand.settle()
        assert "waiting for an answer" not in hand.text


async def test_a_service_that_says_nothing_is_told_with_its_time_and_nothing_is_asked_of_it() -> None:
    async with driving(patience=0.01, silence=0.02) as hand:
        service = hand.service
        await hand.press("2")
        service.gate = asyncio.Event()
        await hand.pilot.press("r")
        await hand.until(lambda text: f"(process {os.getpid()}) has said nothing since 12:00" in text)
        assert "11 marketing lists" in hand.text
        await hand.pilot.press("a")
        await hand.pilot.pause()
        assert not dialogs(hand) and any("does not answer" in notice for notice in hand.notices)
        service.gate.set()
        await hand.settle()
        assert "has said nothing" not in hand.text and "11 marketing lists" in hand.text


async def test_targets_that_cannot_be_counted_say_so_and_can_be_counted_again() -> None:
    async with driving(Opening("targeted")) as hand:
        service = hand.service
        await hand.to("3", CAMPAIGN)
        await hand.press("w", "n")
        service.failing["campaigns.count"] = AWAY
        await hand.press("n", "n")
        assert "Step 3 of 5" in hand.text and "DATAVERSE_UNREACHABLE" in hand.text and not dialogs(hand)
        assert any("could not be counted" in notice for notice in hand.notices)
        service.failing.clear()
        await hand.press("r")
        assert "potential" in hand.text and "DATAVERSE_UNREACHABLE" not in hand.text


async def test_the_panel_is_the_only_dialog_for_what_is_refused() -> None:
    async with driving() as hand:
        hand.service.failing["runs.start"] = AWAY
        await hand.to("2", LIST)
        await hand.press("s")
        assert isinstance(hand.app.screen, ErrorPanel)


def silence_about_roles(service: Service) -> None:
    """Dynamics has never said which roles the person has, and does not say it now."""
    with service.db.write() as c:
        c.execute(update(person_link).values(roles=""))
    service.sandbox.order(
        {
            "system": "dataverse",
            "route": "RetrieveAadUserRoles|systemusers",
            "kind": "status",
            "status": 503,
            "times": 10_000,
        }
    )


async def test_who_came_while_roles_were_unknown_is_told_so_and_has_them_when_dynamics_is_back() -> None:
    async with driving(Opening(prepare=silence_about_roles)) as hand:
        assert "not known just now" in hand.text and "none of the connector" not in hand.text
        await hand.press("2")
        assert "ROLES_UNKNOWN" in hand.text and LIST not in hand.text
        await hand.press("a")
        assert "Dynamics does not say which roles you have" in hand.notices[-1] and not dialogs(hand)
        hand.service.sandbox.reset()
        await hand.press("r")
        await hand.to("", "Autumn fair")
        await hand.press("a")
        assert "Activate Autumn fair for email?" in hand.text
