"""What all subjects of the contract declare together: calls, events, scopes, sections, actions.

The server dispatches by `CALLS`; key bindings, help, palette and the documentation's tables are made of `ACTIONS`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any

from dyntui.model.subjects import SUBJECTS
from dyntui.service.contract.actions import Action, Scope, Section, key_name
from dyntui.service.contract.calls import Call
from dyntui.service.contract.console import ON_EVERYWHERE
from dyntui.service.contract.events import Changed, Event
from dyntui.service.contract.situations import go

_MODULES = tuple(import_module(f"dyntui.service.contract.{subject.name}") for subject in SUBJECTS)


def _all(kind: type[Any]) -> list[Any]:
    return [value for module in _MODULES for value in vars(module).values() if isinstance(value, kind)]


CALLS: dict[str, Call[Any, Any]] = {call.name: call for call in sorted(_all(Call), key=lambda call: call.name)}
EVENTS: dict[str, Event[Any]] = {event.name: event for event in sorted(_all(Event), key=lambda event: event.name)}
SCOPES: tuple[Scope, ...] = tuple(dict.fromkeys(_all(Scope)))
SECTIONS: tuple[Section, ...] = tuple(dict.fromkeys(_all(Section)))


def _going() -> Iterator[Action]:
    """To each section, by a key that is its place."""
    for place, section in enumerate(SECTIONS, start=1):
        yield Action(
            id=f"go.{section.name}",
            title=section.title,
            known_as=section.known_as,
            scopes=(ON_EVERYWHERE,),
            keys=(str(place),),
            tooltip=section.tooltip,
            rule=go,
        )


ACTIONS: tuple[Action, ...] = (*_going(), *(each for module in _MODULES for each in getattr(module, "ACTIONS", ())))
BY_ID: dict[str, Action] = {action.id: action for action in ACTIONS}


def changed_event(subject: str) -> Event[Changed]:
    """The event that says that what a subject shows has changed. Raises KeyError where it has none."""
    return EVENTS[f"{subject}.changed"]


def of(*scopes: Scope) -> tuple[Action, ...]:
    """The actions of these scopes, each once, scope by scope as given."""
    offered = {action.id: action for scope in scopes for action in ACTIONS if scope in action.scopes}
    return tuple(offered.values())


def key_tables(scopes: Iterable[Scope] = SCOPES) -> str:
    """The key tables of the documentation, as Markdown."""
    lines: list[str] = []
    for scope in scopes:
        actions = of(scope)
        if not actions:
            continue
        lines += [
            f"### {scope.heading}",
            "",
            "| keys | action | what it does | command | in `[keys]` |",
            "|---|---|---|---|---|",
        ]
        for action in actions:
            keys = " ".join(f"`{key_name(key)}`" for key in action.keys) or "palette"
            command = f"`{action.command}`" if action.command else ""
            lines.append(f"| {keys} | {action.title} | {action.tooltip} | {command} | `{action.id}` |")
        lines.append("")
    return "\n".join(lines)
