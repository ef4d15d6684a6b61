"""Keys typed faster than they are answered: each goes where the one before has put the focus.

Textual hands a key to what has the focus at the moment it arrives (App.on_event), while the key before it may still be
on its way to an action that moves the focus: over a slow link, where many keys arrive at once, the first letters behind
`/` would go to the rows and the last ones to the filter. So a key waits until the one before has come to its end, and
what it made its widget say as well: that a line was entered, upon which a question goes on to its next one.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass

from textual import events, on
from textual.app import App
from textual.message import Message
from textual.widget import Widget

# A key that went to something which was just being taken away never comes back; seconds until the next one goes on.
LOST_AFTER = 0.5

# How often what follows a key goes its way: behind the key; behind what the widget said of it; and then from where the
# focus is by that time, such as a dialog that was opened, once that stands.
ROUNDS = 3


class TypingAhead(App[None], inherit_bindings=False):
    """An app that deals with one key at a time."""

    @dataclass
    class _Done(Message):
        """Follows a key on its way, and arrives when that has been dealt with."""

        turn: int
        rounds: int

    def __init__(self, *, ansi_color: bool | None = None) -> None:
        super().__init__(ansi_color=ansi_color)
        self._typed: deque[events.Key | events.Paste] = deque()
        self._turn = 0
        self._since: float | None = None

    @property
    def keys_under_way(self) -> bool:
        """Whether a key was typed that has not been dealt with yet. What has ended the app is not waited for."""
        return self.is_running and (bool(self._typed) or self._since is not None)

    async def on_event(self, event: events.Event) -> None:
        """Takes what is typed in its order; everything else as ever."""
        if not isinstance(event, (events.Key, events.Paste)) or event.is_forwarded:
            await super().on_event(event)
            return
        self._typed.append(event)
        if self._since is None:
            await self._hand_out()
        elif len(self._typed) == 1:
            self.set_timer(LOST_AFTER, self._go_on)

    async def _hand_out(self) -> None:
        self._turn += 1
        self._since = time.monotonic()
        target = self.focused or self.screen
        await super().on_event(self._typed.popleft())
        await self._follow(target, ROUNDS)

    async def _follow(self, target: Widget, rounds: int) -> None:
        if not rounds or not target.post_message(self._Done(self._turn, rounds)):
            await self._next()

    @on(_Done)
    async def _dealt_with(self, message: _Done) -> None:
        # Where the app ends meanwhile there is no screen any more.
        if message.turn == self._turn and self.screen_stack:
            await self._follow(self.focused or self.screen, message.rounds - 1)

    async def _next(self) -> None:
        self._since = None
        if self._typed:
            await self._hand_out()

    async def _go_on(self) -> None:
        if self._typed and self._since is not None:
            if time.monotonic() - self._since >= LOST_AFTER:
                await self._next()
            else:
                self.set_timer(LOST_AFTER, self._go_on)
