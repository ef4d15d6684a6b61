"""The command palette: every action by name and with its key, those about the selected row first; and people, lists,
campaigns and runs by what is typed."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.command import (
    Command,
    CommandList,
    CommandPalette,
    DiscoveryHit,
    Hit,
    Hits,
    Provider,
    ProviderSource,
    SearchIcon,
)
from textual.content import Content
from textual.widgets import Input
from textual.worker import Worker, WorkerState

from dyntui.service.contract.actions import Action, key_name
from dyntui.service.contract.console import ON_EVERYWHERE, ON_GRID, ON_OVER, ON_ROWS
from dyntui.service.contract.subjects import of

from .bindings import bindings
from .palette_things import Things
from .perform import keys_for, perform, reason_against, scopes_in_focus
from .widgets.cells import literal

# A verb about the selected row goes before an equally good match of another action.
_ROW_FIRST = 2.0
_SCREEN_FIRST = 1.3
# One that does not work now goes behind every one that does.
_LAST = 0.01


def offered(actions: tuple[Action, ...]) -> list[Action]:
    """The actions of the palette in the order of the open list: about the row, about the screen, everywhere."""
    in_palette = [action for action in actions if action.palette]
    return sorted(
        in_palette,
        key=lambda one: (ON_EVERYWHERE in one.scopes, not {ON_GRID, ON_ROWS}.isdisjoint(one.scopes), not one.row),
    )


class Actions(Provider):
    """The registry's actions for the screen from which the palette was opened."""

    def _actions(self) -> list[Action]:
        return offered(of(*scopes_in_focus(self.screen)))

    def _help(self, action: Action) -> str:
        reason = reason_against(self.screen, action)
        return f"not now: {reason}" if reason else action.tooltip

    def _key(self, action: Action) -> Content:
        keys = keys_for(self.screen, action)
        # With a colour of its own it would be lost in the line in hand where there are sixteen.
        return Content(f"  {key_name(keys[0])}" if keys else "")

    async def discover(self) -> Hits:
        """All of them, before anything is typed; those that do not work now last."""
        for action in sorted(self._actions(), key=lambda one: bool(reason_against(self.screen, one))):
            yield DiscoveryHit(
                Content(action.title).append(self._key(action)),
                partial(perform, self.screen, action.id),
                text=action.title,
                help=literal(self._help(action)),
            )

    async def search(self, query: str) -> Hits:
        """Those that match what is typed."""
        matcher = self.matcher(query)
        for action in self._actions():
            # By its other names only as they are written: letters here and there would find too much.
            others = [f"{action.title} ({each})" for each in action.known_as if query.casefold() in each.casefold()]
            name = max([action.title, *others], key=matcher.match)
            score = matcher.match(name)
            if score > 0:
                boost = _ROW_FIRST if action.row else 1.0 if ON_EVERYWHERE in action.scopes else _SCREEN_FIRST
                boost = _LAST if reason_against(self.screen, action) else boost
                yield Hit(
                    score * boost,
                    matcher.highlight(name).append(self._key(action)),
                    partial(perform, self.screen, action.id),
                    text=name,
                    help=literal(self._help(action)),
                )


class Palette(CommandPalette):
    """Textual's palette with a cursor that does not blink. Until what is typed has been looked for, the list is that of
    what was typed before, or of everything: Enter waits for its own, and takes what has the words in it."""

    COMMANDS: ClassVar[set[type[Provider]]] = {Actions, Things}  # type: ignore[assignment]
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_OVER)

    def __init__(self) -> None:
        providers: ProviderSource = {Actions, Things}
        super().__init__(providers, placeholder="A command, list, campaign, person or run")
        # What is looked for, and what the list is the answer to.
        self._sought = ""
        self._listed: str | None = None
        self._entered = False

    def action_perform(self, action_id: str) -> None:
        """Takes an action of the registry."""
        perform(self, action_id)

    def on_mount(self) -> None:
        """Keeps the line quiet, and begins it with a sign that every terminal has."""
        self.query_one(Input).cursor_blink = False
        self.query_one(SearchIcon).icon = ":"

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._sought = event.value.strip()
        self._entered = False

    @on(Input.Submitted)
    def _enter(self, event: Input.Submitted) -> None:
        if self._listed != event.value.strip():
            event.stop()
            event.prevent_default()
            self._entered = bool(event.value.strip())

    def _refresh_command_list(self, command_list: CommandList, commands: list[Command], clear_current: bool) -> None:
        """It is the answer to what is looked for now."""
        super()._refresh_command_list(command_list, commands, clear_current)
        self._listed = self._sought

    @on(Worker.StateChanged)
    def _all_found(self, event: Worker.StateChanged) -> None:
        found = event.worker.group == self._GATHER_COMMANDS_GROUP and event.state is WorkerState.SUCCESS
        if not found or not self._entered or self._listed != self._sought:
            return
        self._entered = False
        command_list = self.query_one(CommandList)
        best = command_list.get_option_at_index(0) if command_list.option_count else None
        # What only has the letters here and there is looked at first.
        if isinstance(best, Command) and self._sought.casefold() in (best.hit.text or "").casefold():
            command_list.action_select()
