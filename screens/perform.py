"""Carrying an action out: finds who can, or says why it cannot be taken just now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from textual.dom import DOMNode

from dyntui.service.contract.actions import Action, Scope, disabled_reason, key_name
from dyntui.service.contract.keymap import Keymap, keys_of
from dyntui.service.contract.situations import Situation
from dyntui.service.contract.subjects import BY_ID

from .bindings import method_name


@runtime_checkable
class Wording(Protocol):
    """A widget or screen that says what a key does there in other words than the action's own."""

    def hint_of(self, action_id: str) -> str | None:
        """The word for the key hints; `""`: nothing, so there is no hint; None: the action's own."""


@runtime_checkable
class Awaiting(Protocol):
    """A widget of whose rows none may be in hand for a while."""

    def why_none_in_hand(self) -> str:
        """Why no row is, though some are on the screen; else `""`."""


@runtime_checkable
class Situated(Protocol):
    """A screen that knows what the choice of an action depends on."""

    def situation(self) -> Situation:
        """The person's abilities and what is selected."""


@runtime_checkable
class Keyed(Protocol):
    """An app whose actions may have other keys than the usual ones."""

    keymap: Keymap


def keys_for(node: DOMNode, action: Action) -> tuple[str, ...]:
    """The keys of an action where a node stands, in Textual's notation."""
    return keys_of(action, node.app.keymap) if isinstance(node.app, Keyed) else action.keys


def situation_of(node: DOMNode) -> Situation:
    """The situation of the screen on which a node stands."""
    screen = node.screen
    return screen.situation() if isinstance(screen, Situated) else Situation()


def nodes_in_focus(node: DOMNode) -> Iterator[DOMNode]:
    """The focused widget, what it stands in, the screen, the app: in the order in which they answer."""
    screen = node.screen
    start: DOMNode = screen.focused if screen.focused is not None else screen
    yield from start.ancestors_with_self
    if screen not in start.ancestors_with_self:
        yield screen


def scopes_in_focus(node: DOMNode) -> tuple[Scope, ...]:
    """The scopes whose keys work now, the nearest first."""
    scopes: list[Scope] = []
    for one in nodes_in_focus(node):
        for scope in getattr(one, "SCOPES", ()):
            if scope not in scopes:
                scopes.append(scope)
    return tuple(scopes)


def reason_against(node: DOMNode, action: Action) -> str:
    """Why an action cannot be taken on this screen now; `""` when it can."""
    return disabled_reason(action, situation_of(node))


def with_its_key(node: DOMNode, said: str, action_id: str) -> str:
    """What is said where there is nothing yet; with the key of the action that changes it where it can be taken now."""
    action = BY_ID[action_id]
    return f"{said}." if reason_against(node, action) else f"{said}: press {key_name(keys_for(node, action)[0])}."


def hint_of(node: DOMNode, action: Action) -> str:
    """What the key of an action does here, in a word; `""` where it has no place in the hints."""
    for one in nodes_in_focus(node):
        word = one.hint_of(action.id) if isinstance(one, Wording) else None
        if word is not None:
            return word
    return action.hint


def perform(node: DOMNode, action_id: str) -> None:
    """Takes an action, or tells the person why it cannot be taken."""
    action = BY_ID[action_id]
    reason = reason_against(node, action)
    if reason:
        awaited = [one.why_none_in_hand() for one in nodes_in_focus(node) if action.row and isinstance(one, Awaiting)]
        reason = next(filter(None, awaited), reason)
        node.app.notify(reason, title=action.title, severity="warning", markup=False)
        return
    method = method_name(action_id)
    for one in nodes_in_focus(node):
        do = getattr(one, method, None)
        if do is not None:
            do()
            return
    node.app.notify("There is nothing here to do it with.", title=action.title, severity="warning", markup=False)
