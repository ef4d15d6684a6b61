"""Other keys for the console's actions, as somebody says in `config.toml`:

    [keys]
    "lists.activate" = "a"
    "grid.filter" = ["/", "ctrl+f"]

Keys are written as people write them (`?`, `Enter`, `Ctrl+f`, `F5`) or in Textual's notation (`question_mark`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from dyntui.model.errors import DyntuiError, Exit
from dyntui.service.contract.actions import KEY_NAMES, Action
from dyntui.service.contract.console import ON_EVERYWHERE, ON_GRID
from dyntui.service.contract.subjects import BY_ID, SCOPES, of

# By id of the action, in Textual's notation; the first is the one shown.
Keymap = Mapping[str, tuple[str, ...]]

_BY_NAME = {**{shown.casefold(): key for key, shown in KEY_NAMES.items()}, **{key: key for key in KEY_NAMES}}
_NAMED = frozenset((*_BY_NAME.values(), "tab", "backspace", "delete", "insert"))
_ONE = re.compile(r"[0-9A-Za-z]|f([1-9]|1[0-2])|(ctrl|alt|shift)\+([0-9a-z]|f([1-9]|1[0-2]))")


def keymap_of(chosen: Mapping[str, str | Sequence[str]]) -> Keymap:
    """The keys that were chosen, by action. Raises DyntuiError KEYMAP_INVALID: an action that does not exist, a key
    that is none, one that would mean two things where both can be pressed."""
    if not chosen:
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for action_id, said in chosen.items():
        if action_id not in BY_ID:
            raise _invalid(f"there is no action {action_id!r}")
        keys = tuple(_key(action_id, each) for each in ([said] if isinstance(said, str) else said))
        if not keys:
            raise _invalid(f"{action_id} has no key")
        found[action_id] = tuple(dict.fromkeys(keys))
    if clashes := twice(found):
        raise _invalid("; ".join(clashes))
    return found


def keys_of(action: Action, keymap: Keymap) -> tuple[str, ...]:
    """The keys of an action, in Textual's notation."""
    return keymap.get(action.id, action.keys)


def twice(keymap: Keymap) -> list[str]:
    """The keys that would mean two things, in words: within a scope, and together with what works everywhere or in a
    grid, except where that is so without the keymap."""
    found: list[str] = []
    for scope in SCOPES:
        for together in dict.fromkeys(((scope,), (scope, ON_EVERYWHERE), (scope, ON_GRID))):
            actions = of(*together)
            usual = Counter(key for action in actions for key in action.keys)
            now: dict[str, list[Action]] = {}
            for action in actions:
                for key in keys_of(action, keymap):
                    now.setdefault(key, []).append(action)
            found += [
                f"{key} would be {' and '.join(each.id for each in several)} ({scope.heading})"
                for key, several in now.items()
                if len(several) > max(1, usual[key]) and any(each.id in keymap for each in several)
            ]
    return list(dict.fromkeys(found))


def _key(action_id: str, said: str) -> str:
    """A key in Textual's notation."""
    name = said.strip()
    if len(name) == 1 and name.isascii() and name.isalnum():
        return name
    key = _BY_NAME.get(name.casefold(), name.casefold())
    if not _ONE.fullmatch(key) and key not in _NAMED:
        raise _invalid(f"{said!r}, for {action_id}, is no key")
    return key


def _invalid(why: str) -> DyntuiError:
    return DyntuiError(
        "KEYMAP_INVALID",
        f"The keys in config.toml cannot be used: {why}.",
        not_done="The console was not opened.",
        remedy="Correct [keys] there: docs/reference/keys.md has the names of the actions, and `dyntui paths` says "
        "where the file is.",
        exit=Exit.USAGE,
    )
