"""Manners: Esc, q, help, palette, roles, themes, and silence."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from dyntui.screens.theme import DARK, first_theme, next_theme
from dyntui.screens.widgets.text_lines import TextLines
from textual.events import Key
from textual.widgets import Input, LoadingIndicator

from dyntui.model.roles import Role
from dyntui.store import accounts

from .driving import WIDE, driving
from .service import Service
from .worlds import CAMPAIGN, LIST, Opening


async def test_escape_goes_one_step_out_at_a_time() -> None:
    async with driving() as hand:
        await hand.press("2", "slash", *"fair", "enter", "enter")
        assert "Marketing Lists › Autumn fair" in hand.text
        await hand.press("escape")
        assert "match “fair”" in hand.text
        await hand.press("space", "escape")
        assert "11 marketing lists" in hand.text
        assert "1 marked" in hand.text
        await hand.press("escape")
        assert "marked" not in hand.text
        await hand.press("escape")
        assert "Marketing Lists" in hand.text


async def test_q_asks_on_a_top_level_screen_and_does_nothing_deeper_down() -> None:
    async with driving() as hand:
        await hand.press("2", "enter", "q")
        assert any("Esc goes one step out" in notice for notice in hand.notices)
        await hand.press("escape", "q")
        assert "Quit dyntui?" in hand.text
        await hand.press("enter")
        assert "Quit dyntui?" not in hand.text
        await hand.press("q", "right", "enter")
        assert not hand.app.is_running or hand.app._exit


async def test_an_empty_page_names_no_key_that_does_nothing() -> None:
    async with driving() as hand:
        await hand.press("2", "enter")
        assert "Not activated for email yet: press a." in hand.text and "press s" not in hand.text
        await hand.press("escape")
        await hand.to("2", LIST)
        await hand.press("enter")
        assert "Not activated" not in hand.text


async def test_ctrl_q_asks_anywhere() -> None:
    async with driving() as hand:
        await hand.press("2", "enter", "ctrl+q")
        assert "Quit dyntui?" in hand.text


async def test_under_a_dialog_no_keys_of_the_page_are_shown_while_a_run_gets_on() -> None:
    async with driving() as hand:
        await hand.to("2", LIST)
        await hand.press("s", "q", "f10")
        await hand.step()
        await hand.finish()
        assert "y Quit  n Stay" in hand.text and "? Help" not in hand.text
        await hand.press("escape")
        assert "? Help" in hand.text


async def test_help_names_the_keys_that_work_here_and_why_some_do_not() -> None:
    async with driving() as hand:
        await hand.to("2", "Autumn fair")
        await hand.press("question_mark")
        assert "Marketing Lists" in hand.text
        assert "Activate for Email" in hand.text
        assert "Autumn fair is not" in hand.text
        await hand.press("G")
        assert "Esc Close" in hand.text and "Autumn fair is not" not in hand.text
        assert "Asks first" in hand.app.screen.query_one("#help-lines", TextLines).text
        await hand.press("escape")
        assert "5 of 11 marketing lists" in hand.text


@pytest.mark.parametrize("key", ["colon", "ctrl+p"])
async def test_the_palette_runs_an_action_about_the_row(key: str) -> None:
    async with driving() as hand:
        await hand.to("2", "Autumn fair")
        await hand.press(key)
        lines = hand.text.splitlines()
        assert next(line for line in lines if "for Email" in line).strip() == "Activate for Email  a"
        await hand.type("activ")
        await hand.press("enter")
        assert "Activate Autumn fair for email?" in hand.text


async def test_a_viewer_sees_why_an_action_cannot_be_taken() -> None:
    async with driving(Opening(role=Role.VIEWER)) as hand:
        await hand.press("2", "a")
        assert any("needs the role Email Marketing Manager" in notice for notice in hand.notices)
        await hand.to("", LIST)
        await hand.press("s")
        assert hand.asked("lists.activate") == []
        assert hand.asked("runs.start") == []


async def test_a_professional_may_synchronise_but_not_send() -> None:
    async with driving(Opening("targeted", Role.PROFESSIONAL)) as hand:
        await hand.to("3", CAMPAIGN)
        await hand.press("w")
        assert "Step 1 of 5" not in hand.text
        assert any("needs the role Email Marketing Manager" in notice for notice in hand.notices)


async def test_the_screens_follow_the_width() -> None:
    async with driving() as hand:
        await hand.press("2")
        assert " 2 Lists " in hand.text
        assert "Owner" not in hand.text
        await hand.pilot.resize_terminal(*WIDE)
        await hand.settle()
        assert "2 Marketing Lists" in hand.text
        assert "Owner" in hand.text
        await hand.pilot.resize_terminal(60, 15)
        await hand.settle()
        assert "Alpine Club" in hand.text


async def test_sections_keep_their_place() -> None:
    async with driving() as hand:
        await hand.to("2", LIST)
        await hand.press("enter", "3", "2")
        assert f"Marketing Lists › {LIST}" in hand.text
        await hand.press("2")
        assert "8 of 11 marketing lists" in hand.text


async def test_a_page_is_kept_and_aimed_anew() -> None:
    async with driving() as hand:
        await hand.press("2", "enter", "escape")
        await hand.to("", LIST)
        await hand.press("enter")
        assert f"Marketing Lists › {LIST}" in hand.text
        pages = [screen for screen in hand.app._installed_screens.values() if type(screen).__name__ == "ListPage"]
        assert len(pages) == 1


async def test_nothing_on_the_screens_moves_by_itself() -> None:
    async with driving(Opening("targeted")) as hand:
        for keys in (
            ("1",),
            ("2",),
            ("slash",),
            ("escape", "enter"),
            ("3",),
            (*"jjjjjj", "w", "n", "n", "n", "n"),
            ("4",),
            ("5",),
        ):
            await hand.press(*keys)
            for screen in hand.app.screen_stack:
                assert not screen.query(LoadingIndicator)
                assert all(not field.cursor_blink for field in screen.query(Input))
        assert hand.app.animation_level == "none"


def test_themes_go_round_and_no_colour_means_none() -> None:
    seen = [DARK.name]
    for _ in range(3):
        seen.append(next_theme(seen[-1]))
    assert len(set(seen)) == 4
    assert next_theme(seen[-1]) == DARK.name
    assert first_theme(None, no_color=True) == "ansi-dark"
    assert first_theme("nord", no_color=True) == "nord"
    assert first_theme(None, no_color=False) == DARK.name


async def test_the_next_theme_is_a_command() -> None:
    async with driving() as hand:
        await hand.press("colon")
        await hand.type("next theme")
        await hand.press("enter")
        assert hand.app.theme == "dyntui-light"


def test_the_screens_are_loaded_on_first_visit_only() -> None:
    code = (
        "import sys, dyntui.screens.app; "
        "print([name for name in sys.modules if name.startswith('dyntui.screens.') "
        "and name.rpartition('.')[2] in ('home', 'lists', 'campaigns', 'audit', 'suppressions', 'send_wizard', "
        "'report', 'help', 'palette', 'dialogs')])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


async def test_letters_typed_faster_than_the_filter_opens_are_never_commands() -> None:
    async with driving() as hand:
        await hand.to("2", LIST)
        keys = [Key("slash", "/"), *(Key(char, char) for char in "sda")]
        for key in keys:
            hand.app.post_message(key)
        await hand.settle()
        assert hand.asked("runs.start") == []
        assert sorted(hand.app.screen.query_one("#grid-filter", Input).value) == ["a", "d", "s"]


async def test_a_screen_come_back_to_has_the_theme_of_now() -> None:
    async with driving() as hand:
        await hand.press("2", "3", "2")
        before = hand.app.screen.styles.background
        await hand.press("3")
        hand.app.do_app_theme()
        await hand.settle()
        there = hand.app.screen.styles.background
        await hand.press("2")
        assert hand.app.screen.styles.background == there != before


async def test_what_was_said_on_one_page_does_not_stand_over_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    async with driving() as hand:
        await hand.press("3", "v")
        assert len(hand.app._notifications) == 1
        # What opens a page may say something about it.
        await hand.press("enter")
        assert len(hand.app._notifications) == 1
        monkeypatch.setattr("dyntui.screens.app._JUST_NOW", -1.0)
        await hand.press("escape")
        assert len(hand.app._notifications) == 0


def with_role(service: Service, role: Role) -> None:
    """An administrator has given the person another role, and the service has read it."""
    service.sandbox.control.post("/dataverse/roles", json={"user": "manager", "roles": [role]}).raise_for_status()
    service._identities._held.clear()


async def test_a_role_that_was_given_or_taken_away_meanwhile_counts_without_a_new_start() -> None:
    async with driving(Opening(role=Role.VIEWER)) as hand:
        await hand.to("2", LIST)
        await hand.press("s")
        assert "needs the role" in hand.notices[-1]
        with_role(hand.service, Role.MANAGER)
        await hand.press("r", "s")
        assert len(hand.asked("runs.start")) == 1 and "Synchronisation Audit" in hand.text
        await hand.press("escape")
        with_role(hand.service, Role.VIEWER)
        await hand.press("d", "y")
        assert "NOT_PERMITTED" in hand.text
        await hand.press("escape", "d")
        assert "needs the role" in hand.notices[-1] and "for email?" not in hand.text


@pytest.mark.parametrize("lost", [False, True])
async def test_whoever_is_not_signed_in_any_more_is_led_to_sign_in_and_back_to_what_is_there_by_then(
    lost: bool,
) -> None:
    async with driving() as hand:
        await hand.to("2", LIST)
        with hand.service.db.write() as c:
            accounts.unlink_person(c, os.getuid())
        hand.service.time_passes.clear()
        if lost:
            hand.service.lose()
            await hand.until(lambda text: "Sign in to" in text)
        else:
            await hand.press("s")
        assert "Sign in to" in hand.text and LIST not in hand.text
        await hand.press("y")
        somebody = {"user_code": hand.app.clipboard, "as": "manager"}
        hand.service.sandbox.control.post("/device", json=somebody).raise_for_status()
        await hand.service.let_time_pass()
        await hand.press("r")
        await hand.until(lambda text: "Latest runs" in text)
        await hand.press("2")
        # What has been mended since is not said any more.
        assert "NOT_SIGNED_IN" not in hand.text
        views = [each.view for each in hand.asked("lists.page")]  # type: ignore[attr-defined]
        assert LIST in hand.text and views.count("active") == 2
