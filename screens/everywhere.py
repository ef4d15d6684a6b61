"""What can be done anywhere in the console: going to a section, commands, help, theme, leaving."""

from __future__ import annotations

import os
from functools import partialmethod
from typing import ClassVar

from textual.screen import Screen
from textual.widget import Widget

from dyntui.service.contract.actions import Scope
from dyntui.service.contract.console import ON_EVERYWHERE
from dyntui.service.contract.keymap import Keymap

from . import going
from .bindings import bindings
from .perform import perform, scopes_in_focus
from .places import SECTIONS
from .remembered import Memory
from .runs_under_way import RunsUnderWay
from .theme import next_theme
from .typing_ahead import TypingAhead
from .wording import number


class Everywhere(TypingAhead, inherit_bindings=False):
    """An app with the actions that every screen has. `farewell`: what whoever quits should know besides."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_EVERYWHERE,)
    BINDINGS = bindings(ON_EVERYWHERE)
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, memory: Memory, farewell: str, keymap: Keymap, *, ansi_color: bool | None = None) -> None:
        super().__init__(ansi_color=ansi_color)
        self.memory = memory
        self.keymap = keymap
        self.set_keymap({action_id: ",".join(keys) for action_id, keys in keymap.items()})
        self.runs = RunsUnderWay()
        self._farewell = farewell
        self._asks_to_quit: Screen[bool] | None = None

    def action_perform(self, action_id: str) -> None:
        """Takes an action of the registry."""
        perform(self.screen, action_id)

    def go(self, section: str, view: str | None = None) -> None:
        """Goes to a section; going to where one is leads to its top. `view`: whichever was left."""
        going.go(self, section, view)

    def do_app_palette(self) -> None:
        """Every command by name."""
        from .palette import Palette

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette())

    def do_app_help(self) -> None:
        """The keys that work here."""
        from .help import HelpScreen

        self.push_screen(HelpScreen(scopes_in_focus(self.screen)))

    def do_app_jump(self) -> None:
        """A letter on whatever can have the focus."""
        from .jump import Jump, lettered

        below = self.screen
        targets = lettered(below.focus_chain)
        if len(targets) < 2:
            self.notify("Nothing else here can have the focus.", markup=False)
            return

        def jumped(target: Widget | None) -> None:
            if target is not None and target.is_attached:
                below.set_focus(target)

        self.push_screen(Jump(targets), jumped)

    def do_app_theme(self) -> None:
        """The next theme."""
        self.theme = next_theme(self.theme)
        self.memory.keep_theme(self.theme)
        self.notify(self.theme, title="Theme", markup=False)

    def do_app_suspend(self) -> None:
        """The terminal goes back to the shell until the console is called again."""
        self.action_suspend_process()

    def do_app_screenshot(self) -> None:
        """Saves the screen as an SVG file where the console was started."""
        try:
            path = self.save_screenshot(path=os.curdir)
        except OSError as error:
            self.notify(f"{error.strerror}: {error.filename}", title="Not saved", severity="error", markup=False)
        else:
            self.notify(path, title="Screenshot saved", markup=False)

    def do_app_quit_at_top(self) -> None:
        """The same, where the way out cannot be meant."""
        self.do_app_quit()

    def do_app_quit(self) -> None:
        """Asks once, then ends the console."""
        if self._asks_to_quit is self.screen:
            return
        from .dialogs import Confirm

        running = len(self.runs)
        text = "Nothing is running."
        if running:
            text = f"{number(running)} run{'' if running == 1 else 's'} under way; the service finishes without you."

        def answered(yes: bool | None) -> None:
            if yes:
                self.exit()

        lines = [text, self._farewell] if self._farewell else [text]
        self._asks_to_quit = asks = Confirm("Quit dyntui?", lines, yes="Quit", no="Stay")
        self.push_screen(asks, answered)


for _section in SECTIONS:
    setattr(Everywhere, f"do_go_{_section.name}", partialmethod(Everywhere.go, _section.name))
