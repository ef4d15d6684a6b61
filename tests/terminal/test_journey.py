"""A newcomer's first quarter of an hour, on a real terminal of 80x24: `dyntui demo`, and the whole job by hand."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.terminal.terminal import Terminal

DYNTUI = (sys.executable, "-m", "dyntui.cli.main")
ENTER, ESCAPE, RIGHT = "\r", "\x1b", "\x1b[C"

# Sandbox, service and console beside each other: one such test at a time is enough for the machine.
pytestmark = pytest.mark.xdist_group("terminal-demo")


class Newcomer:
    """Somebody at the keyboard, who goes on when the screen has answered."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def sees(self, *texts: str) -> None:
        for text in texts:
            self._terminal.until(text)

    def types(self, keys: str, *texts: str) -> None:
        self._terminal.type(keys)
        self.sees(*texts)

    def look_of(self, text: str) -> tuple[str, str, bool, bool]:
        """Colours and weight of a text on the screen: how one sees where the keys go."""
        screen = self._terminal.screen
        line, column = next((line, row.index(text)) for line, row in enumerate(screen.display) if text in row)
        cell = screen.buffer[line][column]
        return cell.fg, cell.bg, cell.bold, cell.reverse

    def number(self, pattern: str) -> int:
        """A number on the screen."""
        self._terminal.until(lambda: re.search(pattern, self._terminal.text) is not None)
        found = re.search(pattern, self._terminal.text)
        assert found is not None
        return int(found[1].replace(",", ""))

    def finishes_run(self, what: str) -> None:
        """The run's page says how it ended, and is left."""
        trail = f"Synchronisation Audit › {what}"
        # A terminal may have drawn one of them and not the other yet.
        self._terminal.until(
            lambda: trail in self._terminal.text and bool(re.search(r"Status +Completed", self._terminal.text))
        )
        self._terminal.type(ESCAPE)
        self._terminal.until(lambda: trail not in self._terminal.text)


def test_a_newcomer_activates_synchronises_targets_sends_and_reads_the_results(
    environ: Mapping[str, str], tmp_path: Path
):
    (tmp_path / "t").mkdir()
    with Terminal([*DYNTUI, "demo"], {**environ, "TMPDIR": str(tmp_path / "t")}) as terminal:
        hand = Newcomer(terminal)
        hand.sees("First steps", "▸ 1  Activate a marketing list for email")

        hand.types("2", "1 of 11 marketing lists")
        hand.types("/", "ype to filter")
        hand.types("newsl", "1 of 11 marketing lists match “newsl”")
        hand.types(ENTER, "a Activate")
        hand.types("a", "Activate Newsletter for email?")
        hand.types(RIGHT + ENTER, "✓ active")
        hand.types(ENTER, "Marketing Lists › Newsletter", "✓ activated for email")
        hand.types("s", "Audit › Newsletter")
        hand.finishes_run("Newsletter")
        hand.sees("Members by outcome in the last run", "+ Added", "Do not bulk e-mail")
        hand.types("m", "+ added", "○ excluded")

        hand.types("3", "Email Campaigns", "s Synchronise")
        hand.types("s", "Audit › Email campaigns")
        hand.finishes_run("Email campaigns")
        hand.types("/", "ype to filter")
        hand.types("newsletter m", "newsletter m", "Newsletter March")
        terminal.until(lambda: "Welcome" not in terminal.text)
        hand.types(ENTER, "Esc Clear")
        hand.types(ENTER, "Email Campaigns › Newsletter March", "No target marketing list yet")
        hand.types("t", "Add Existing Marketing List")
        hand.types(ENTER, "1 of 1 target list")

        hand.types("w", "Step 1 of 5", "Mira Sandahl")
        hand.types("n", "Step 2 of 5", "✓ ready")
        hand.types("n", "Step 3 of 5", "potential")
        potential = hand.number(r"([\d,]+) potential")
        sendable = hand.number(r"= +([\d,]+) sendable")
        assert potential == sendable + hand.number(r"\+ +([\d,]+) excluded")
        hand.types("n", "Step 4 of 5", "Immediately")
        hand.types("n", "Step 5 of 5", f"Type {sendable} to confirm", "Send Campaign")
        hand.types(str(sendable), f"   {sendable}  ")
        unfocused = hand.look_of("Send Campaign")
        hand.types(ENTER)
        terminal.until(lambda: hand.look_of("Send Campaign") != unfocused)
        hand.types(ENTER, "Sends › Newsletter March")
        terminal.until(lambda: re.search(r"State +Sent", terminal.text) is not None)
        hand.types(ESCAPE)
        hand.sees("Email Campaigns › Newsletter March", "Status   Sent, ")

        hand.types("v", "Newsletter March › Report")
        # Days pass in the demo while somebody looks on: sooner or later the first ones have opened it.
        for _ in range(10):
            hand.types("s", "Audit › Email campaigns")
            hand.finishes_run("Email campaigns")
            if hand.number(r"│ Opened by +([\d,]+)"):
                break
        assert hand.number(r"│ Sent +([\d,]+)") == sendable
        assert 0 < hand.number(r"│ Opened by +([\d,]+)") < hand.number(r"│ Delivered +([\d,]+)") <= sendable

        hand.types("1", "First steps")
        terminal.until(lambda: terminal.text.count("✓") >= 6 and "▸" not in terminal.text)
        hand.types("q", "Quit dyntui?")
        terminal.type(RIGHT + ENTER)
        assert terminal.ended() == 0
        assert terminal.left_on == []
    assert list((tmp_path / "t").iterdir()) == []
