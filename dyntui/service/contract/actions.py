"""What an action of the console is: its title, keys, contract call, command, and why it cannot be taken just now.

Every subject of the contract declares its own; bindings, key hints, help, command palette and the docs' key tables are
generated from all of them (`dyntui.service.contract.subjects`), so that none can say something else than the others.
Plain values: nothing here knows the console.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from dyntui.model.roles import Ability, roles_with
from dyntui.service.contract.calls import Call
from dyntui.service.contract.situations import Situation, always, at_all_times


class Scope(msgspec.Struct, frozen=True):
    """Where an action can be taken: a screen, or something on it. `heading` is that of its help section."""

    heading: str


class Section(msgspec.Struct, frozen=True):
    """A top-level screen of the console: `title` in the top bar, `short` where that is narrow. `known_as`: see
    `Action`."""

    name: str
    title: str
    short: str
    tooltip: str
    known_as: tuple[str, ...] = ()


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """One action, offered in one or more `scopes`: it takes what is selected there. `id` is stable (a keymap may name
    it); `keys` in Textual's notation, the first is the one shown; `call` the contract call it ends in, `command` the
    same on the command line; `hint` is the word in the key hints (`""`: only in help, palette, and the hints of a wide
    screen), `aside` the one where there is room beside the others; `row` says that it concerns the selected row. `rule`
    gives the reason why it cannot be taken, `""` when it can. `hinted` says whether its hint is shown: not where it
    will never make sense again. `known_as`: what the original product calls it, and what is done there; the
    palette finds it by these names too."""

    id: str
    title: str
    scopes: tuple[Scope, ...]
    keys: tuple[str, ...] = ()
    call: Call[Any, Any] | None = None
    command: str = ""
    tooltip: str = ""
    hint: str = ""
    aside: str = ""
    row: bool = False
    palette: bool = True
    known_as: tuple[str, ...] = ()
    rule: Callable[[Situation], str] = always
    hinted: Callable[[Situation], bool] = at_all_times

    @property
    def ability(self) -> Ability | None:
        """What the person needs: that of the contract call."""
        return self.call.ability if self.call is not None else None


def disabled_reason(action: Action, situation: Situation) -> str:
    """Why the action cannot be taken just now, as a sentence for the person; `""` when it can."""
    if action.call is not None and not situation.connected:
        return "The service does not answer just now."
    if action.ability is not None and action.ability.value not in situation.abilities:
        if not situation.roles_known:
            return "Dynamics does not say which roles you have; r asks again."
        roles = " or ".join(role.value for role in roles_with(action.ability))
        return f"{action.title} needs the role {roles}. A Dynamics administrator can assign it."
    return action.rule(situation)


# How keys are written that Textual names.
KEY_NAMES = {
    "escape": "Esc",
    "question_mark": "?",
    "slash": "/",
    "colon": ":",
    "plus": "+",
    "minus": "-",
    "equals_sign": "=",
    "at": "@",
    "semicolon": ";",
    "greater_than_sign": ">",
    "less_than_sign": "<",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "enter": "Enter",
    "space": "Space",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
}


def key_name(key: str) -> str:
    """A key as people write it: `escape` -> Esc, `ctrl+d` -> Ctrl+d, `f1` -> F1."""
    if key.startswith("ctrl+"):
        return f"Ctrl+{key.removeprefix('ctrl+')}"
    if len(key) > 1 and key[0] == "f" and key[1:].isdigit():
        return key.upper()
    return KEY_NAMES.get(key, key)


# Those that write a character, of the keys that Textual names.
_TYPED = frozenset(
    (
        *("question_mark", "slash", "colon", "plus", "minus", "equals_sign", "at", "space", "semicolon"),
        *("greater_than_sign", "less_than_sign", "left_square_bracket", "right_square_bracket"),
    )
)


def is_typed(key: str) -> bool:
    """Whether the key writes a character where something is typed, so that it cannot be a command there."""
    return len(key) == 1 or key in _TYPED
