"""Habits of the console that hold on every screen: what answers a question, what is marked, what is remembered."""

from __future__ import annotations

from pathlib import Path

import pytest
from dyntui.screens.remembered import Memory
from dyntui.screens.widgets.text_lines import TextLines
from textual.command import CommandList
from textual.filter import Monochrome, NoColor
from textual.widgets import Input

from dyntui.model.paging import Window
from dyntui.model.roles import Role
from dyntui.store import run_people, run_window
from tests.console.driving import driving
from tests.console.worlds import CAMPAIGN, FAILED, LIST, Opening


async def test_quitting_takes_two_keys() -> None:
    async with driving() as hand:
        await hand.press("q", "y")
        assert not hand.app.is_running


async def test_no_and_escape_leave_everything_as_it_is() -> None:
    async with driving() as hand:
        for answer in ("n", "escape", "enter"):
            await hand.press("q")
            assert "Quit dyntui?" in hand.text
            await hand.press(answer)
            assert "Quit dyntui?" not in hand.text and hand.app.is_running


async def test_marked_lists_are_activated_together_and_the_others_named() -> None:
    async with driving() as hand:
        await hand.to("2", "My own contacts")
        # Newsletter between the two is activated already.
        await hand.press("space", "space", "space", "a")
        assert "Activate 2 lists for email?" in hand.text
        assert LIST in hand.notices[0]
        await hand.press("y")
        await hand.settle()
        assert len(hand.asked("lists.activate")) == 2
        await hand.press("l", "l", "l")
        assert "Open leads" in hand.text and "of 6 marketing lists" in hand.text


async def test_one_campaign_at_a_time_is_sent() -> None:
    async with driving() as hand:
        await hand.press("3", "space", "space", "w")
        assert "one campaign" in hand.notices[-1]


async def test_a_run_that_is_marked_is_the_one_that_is_cancelled() -> None:
    async with driving() as hand:
        await hand.to("2", LIST)
        await hand.press("s", "escape", "4")
        with hand.service.db.read() as c:
            started = run_window.window(c, Window()).rows[0]
        assert "c Cancel run" in hand.text
        await hand.press("space")
        assert "1 marked" in hand.text and "2 of " in hand.text
        await hand.press("c")
        (cancelled,) = hand.asked("runs.cancel")
        assert cancelled.id == started.id  # type: ignore[attr-defined]


async def test_theme_and_order_are_remembered(tmp_path: Path) -> None:
    kept = tmp_path / "console.json"
    async with driving(memory=Memory(kept)) as hand:
        await hand.press("2", "o")
        before = hand.app.theme
        hand.app.do_app_theme()
        chosen = hand.app.theme
        assert chosen != before
    async with driving(memory=Memory(kept)) as hand:
        assert hand.app.theme == chosen
        await hand.press("2")
        assert "▲" in hand.text


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"[1]", b'{"theme": "no such theme", "sorts": {"lists-grid": "gone"}}']
)
async def test_a_memory_that_cannot_be_used_is_as_good_as_none(tmp_path: Path, content: bytes) -> None:
    kept = tmp_path / "console.json"
    kept.write_bytes(content)
    async with driving(memory=Memory(kept)) as hand:
        await hand.press("2")
        assert "Newsletter" in hand.text


async def test_where_something_is_typed_the_hints_are_no_letters() -> None:
    async with driving() as hand:
        await hand.press("2", "slash")
        hints = hand.text.splitlines()[-1]
        assert "F1 Help" in hints and "Ctrl+p Commands" in hints and "?" not in hints and ":" not in hints


async def test_no_colour_leaves_the_terminals_own_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with driving() as hand:
        filters = {type(each) for each in hand.app.get_line_filters()}
        assert NoColor in filters and Monochrome not in filters
        # The frame in which the keys go is another one, not only of another colour.
        assert "╔═ Latest runs" in hand.text and "╭─ Status" in hand.text
        await hand.press("colon")
        # Where one types, and which command is in hand.
        assert hand.app.screen.query_one(Input).get_component_rich_style("input--cursor").reverse
        drawn = hand.app.screen.query_one(CommandList).render_line(0)
        assert any(segment.style and segment.style.underline for segment in drawn)


async def test_a_tall_home_shows_lists_and_campaigns_and_leads_to_them() -> None:
    async with driving(size=(200, 60)) as hand:
        assert "Activated lists" in hand.text and "207" in hand.text
        await hand.press("tab")
        await hand.press("enter")
        assert f"Marketing Lists › {LIST}" in hand.text and hand.app.section == "lists"
    async with driving(size=(80, 24)) as hand:
        assert "Activated lists" not in hand.text


async def test_a_very_wide_screen_says_beside_runs_and_people_what_the_row_in_hand_is_about() -> None:
    async with driving(Opening("refused"), size=(160, 40)) as hand:
        await hand.press("4")
        assert "─ Run ─" in hand.text and "15 reads, 1 write" in hand.text and "○ Inactive record" in hand.text
        await hand.press("enter", "p")
        assert "─ Person ─" in hand.text and "(DOMAIN_SUPPRESSED)" in hand.text
        for keys in (("5",), ("6", "n")):
            await hand.press(*keys)
            assert "Who can mend it" in hand.text
        await hand.pilot.resize_terminal(120, 40)
        await hand.settle()
        assert "Who can mend it" not in hand.text
        # A campaign that was sent in dotdigital is not said not to have been sent.
        await hand.press("3", "G", "enter")
        assert "Sent in dotdigital, and not from here." in hand.text and "Not sent yet" not in hand.text


async def test_who_may_not_take_a_step_is_told_whose_it_is() -> None:
    async with driving(Opening(role=Role.PROFESSIONAL), size=(120, 40), first_steps=True) as hand:
        line = next(line for line in hand.text.splitlines() if "Send it through" in line)
        assert "Email Marketing Manager" in line


async def test_enter_is_hinted_as_what_it_does_there() -> None:
    async with driving(Opening("both")) as hand:
        hints = lambda: hand.text.splitlines()[-1]  # noqa: E731
        await hand.to("3", CAMPAIGN)
        assert "Enter Open" in hints()
        await hand.press("w", "n")
        said = set()
        for key in ("g", "G"):
            await hand.press(key)
            said |= {word for word in ("Enter Next", "Enter Synchronise", "Enter Open") if word in hints()}
        assert said == {"Enter Next", "Enter Synchronise"}
        await hand.press("question_mark")
        help_lines = hand.app.screen.query_one("#help-lines", TextLines).text.splitlines()
        assert "Synchronise" in next(line for line in help_lines if line.startswith("  Enter"))
        await hand.press("escape", "escape", "escape", "G", "v")
        assert "Enter Copy" in hints() and "m Charts" in hints()
        await hand.press("m")
        assert "m Recipients" in hints()
        await hand.press("m")
        assert "Enter" not in hints() and "m Overview" in hints()
        await hand.press("5", "f")
        assert "Enter" not in hints()


async def test_the_audit_is_narrowed_down_to_a_sync_type_a_start_or_a_status() -> None:
    async with driving(size=(120, 40)) as hand:
        await hand.press("4")
        assert "Suppressions" in hand.text and LIST in hand.text and FAILED in hand.text
        await hand.press("slash")
        await hand.paste("failed")
        assert FAILED in hand.text and "1 of " in hand.text and f" {LIST} " not in hand.text
        await hand.press("ctrl+u")
        await hand.paste("2026-11-22 12")
        assert LIST in hand.text and FAILED in hand.text
        await hand.press("ctrl+u")
        await hand.paste("2026-11-21")
        assert "Nothing matches" in hand.text
        await hand.press("escape", "escape", "l")
        kind = hand.asked("runs.page")[-1].kind  # type: ignore[attr-defined]
        assert kind and (LIST in hand.text) == (kind == "lists")


async def test_a_person_is_found_in_all_runs() -> None:
    async with driving(size=(120, 40)) as hand:
        with hand.service.db.read() as c:
            (run,) = [each for each in run_window.window(c, Window()).rows if each.title == LIST]
            everybody = run_people.window(c, Window(limit=500), run_id=run.id).rows
        somebody = next(
            each
            for each in everybody[len(everybody) // 2 :]
            if each.address and each.name.isascii() and len(each.name) < 14
        )
        await hand.press("4", "f")
        assert "Whom are you looking for?" in hand.text and hand.asked("runs.search")[-1].search == ""  # type: ignore[attr-defined]
        await hand.paste(somebody.address)
        assert hand.asked("runs.search")[-1].search == somebody.address  # type: ignore[attr-defined]
        assert somebody.name in hand.text and f"{somebody.outcome}" in hand.text
        await hand.press("enter", "enter")
        assert LIST in hand.text.splitlines()[1]
        await hand.press("escape", "escape", "escape")
        assert "› Search all runs" not in hand.text
