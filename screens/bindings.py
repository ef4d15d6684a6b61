"""Textual bindings made from the registry of actions. No screen or widget writes a binding of its own."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from dyntui.service.contract.actions import Scope, key_name
from dyntui.service.contract.subjects import of


def bindings(*scopes: Scope) -> list[BindingType]:
    """The bindings of these scopes; all of them call `perform` with the action's id on the node that declares them."""
    return [
        Binding(
            ",".join(action.keys),
            f"perform('{action.id}')",
            action.title,
            show=bool(action.hint),
            key_display=key_name(action.keys[0]),
            tooltip=action.tooltip,
            id=action.id,
        )
        for action in of(*scopes)
        if action.keys
    ]


def method_name(action_id: str) -> str:
    """The method that carries an action out: `lists.activate` -> `do_lists_activate`."""
    return "do_" + action_id.replace(".", "_")
