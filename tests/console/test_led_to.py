"""Where one is led by what waits or by a step, the rows that are meant are there, whichever view was left."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from dyntui.screens.first_steps import step_rows
from dyntui.screens.remembered import Memory
from dyntui.screens.widgets.bars import BarList

from dyntui.model.outcomes import RunStatus
from dyntui.model.roles import Ability
from tests.console.driving import WIDE, Driver, driving
from tests.console.worlds import CAMPAIGN, LIST, Opening


def left_in(tmp_path: Path, **views: str) -> Memory:
    """A console that was left in these views, by grid."""
    memory = Memory(tmp_path / "console.json")
    for grid, view in views.items():
        memory.keep_view(f"{grid}-grid", view)
    return memory


async def take(hand: Driver, step: str) -> None:
    """Takes one of the first steps."""
    await hand.press("1")
    hand.app.screen.query_one("#first-steps", BarList).choose(step)
    await hand.press("enter")


@pytest.mark.parametrize(
    ("step", "method", "view"),
    [
        ("activate", "lists.page", "active"),
        ("campaigns", "campaigns.page", "current"),
        ("targets", "campaigns.page", "unsent"),
    ],
)
async def test_a_first_step_leads_to_where_it_can_be_done(tmp_path: Path, step: str, method: str, view: str) -> None:
    memory = left_in(tmp_path, lists="inactive", campaigns="archived")
    async with driving(size=WIDE, first_steps=True, memory=memory) as hand:
        await take(hand, step)
        assert hand.asked(method)[-1].view == view  # type: ignore[attr-defined]
        row = LIST if method == "lists.page" else CAMPAIGN
        assert f"{row} " in hand.text and "email campaign in this view" not in hand.text
        # What was chosen by hand is what is remembered.
        assert memory.now.views == {"lists-grid": "inactive", "campaigns-grid": "archived"}


async def test_a_first_step_leads_there_from_another_view_a_filter_and_an_open_page() -> None:
    async with driving(size=WIDE, first_steps=True) as hand:
        await hand.to("3", CAMPAIGN)
        await hand.press("enter")
        assert f"Email Campaigns › {CAMPAIGN}" in hand.text
        await take(hand, "targets")
        assert "Email Campaigns ›" not in hand.text and hand.asked("campaigns.page")[-1].view == "unsent"  # type: ignore[attr-defined]
        await hand.press("l", "l", "slash")
        await hand.type("zzz")
        await hand.press("enter")
        assert "Nothing matches" in hand.text or "No email campaign" in hand.text
        await take(hand, "targets")
        assert CAMPAIGN in hand.text and "zzz" not in hand.text


async def test_the_next_send_is_of_a_campaign_that_is_not_archived() -> None:
    async with driving(Opening("targeted"), size=WIDE, first_steps=True) as hand:
        await hand.to("3", CAMPAIGN)
        await hand.press("a", "l", "l")
        await take(hand, "send")
        assert "Step 1" not in hand.text and hand.asked("campaigns.page")[-1].view == "unsent"  # type: ignore[attr-defined]
        # What was sent had its targets, also when it is archived.
        known = hand.app.get_screen_stack("home")[0]._known  # type: ignore[attr-defined]
        sent = msgspec.structs.replace(known.runs[0], kind="send", status=RunStatus.COMPLETED)
        rows = step_rows(msgspec.structs.replace(known, runs=(sent,)), [each.value for each in Ability])
        assert not known.targeted and [row.key for row in rows if row.swatch != "✓"] == ["results"]


async def test_a_send_that_waits_is_shown_where_home_leads_to(tmp_path: Path) -> None:
    memory = left_in(tmp_path, sends="all")
    async with driving(Opening("doubted"), size=WIDE, memory=memory) as hand:
        assert "say who was mailed (W)" in hand.text
        await hand.press("W")
        assert hand.asked("sends.page")[-1].view == "held" and CAMPAIGN in hand.text  # type: ignore[attr-defined]
        # From elsewhere it is the view that was chosen.
        await hand.press("escape", "2", "W")
        assert hand.asked("sends.page")[-1].view == "all"  # type: ignore[attr-defined]


async def test_a_decision_shows_the_rows_that_wait_for_it(tmp_path: Path) -> None:
    memory = left_in(tmp_path, quarantine="ignored", conflicts="settled")
    async with driving(Opening("refused"), size=WIDE, memory=memory) as hand:
        await hand.press("6", "enter")
        assert "3 refused rows" in hand.text
        await hand.press("escape", "n")
        assert "No row is ignored" in hand.text
