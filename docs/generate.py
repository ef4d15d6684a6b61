"""Writes `docs/reference/` from the product itself: `python docs/generate.py`. A test fails when a page is stale."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec

from dyntui.cli.main import root
from dyntui.model.addresses import RULES
from dyntui.model.health import KINDS
from dyntui.model.merge import table as merge_table
from dyntui.model.reasons import CATALOGUE
from dyntui.model.roles import Ability, Role, abilities
from dyntui.service.contract.subjects import CALLS, EVENTS, key_tables

REFERENCE = Path(__file__).parent / "reference"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def reasons() -> str:
    """The reason catalogue, in its order of precedence."""
    rows = "\n".join(
        f"| {place} | `{each.code}` | {each.meaning} | {each.who} | {each.remedy} |"
        for place, each in enumerate(CATALOGUE, start=1)
    )
    return (
        "# Reasons\n\nOf several reasons that apply to a person, the first by this order is the person's reason; the "
        "others are listed behind it.\n\n| | code | meaning | who can mend it | how |\n|---|---|---|---|---|\n"
        f"{rows}\n"
    )


def findings() -> str:
    """What `dyntui doctor` can find, in the order in which it looks."""
    rows = "".join(
        f"| `{each.code}` | {each.severity} | {_cell(each.meaning)} | {_cell(each.remedy)} |\n"
        for each in KINDS.values()
    )
    return (
        "# Findings\n\nWhat `dyntui doctor` can find. A part that refuses an answer is told with the error's own code "
        "and remedy.\n\n| code | severity | means | remedy |\n|---|---|---|---|\n" + rows
    )


_GROUPS = """## Roles through groups of Entra ID

A role may be given to a user, to a team, or to a team that stands for a group of Entra ID. Dynamics notes who joined or
left such a group only when that person uses Dynamics next. dyntui therefore asks for the roles as Entra ID's groups are
now (`RetrieveAadUserRoles`) and keeps the answer for two minutes: who is put out of the group can send nothing after
that. Where an environment does not answer this call, `dyntui status` shows a warning under *Roles*; give roles to users
there, not to groups.
"""


def addresses() -> str:
    """The rule of BAD_EMAIL, condition by condition."""
    rows = "".join(f"| {_cell(each.meaning)} | `{each.example}` | {each.broken} |\n" for each in RULES)
    return (
        "# Addresses\n\nAn address is taken for sending when all of this holds for it, in small letters and without "
        "blanks around it. Otherwise its person is excluded as `BAD_EMAIL`, before anything is sent, with what is "
        "wrong as the detail; of several conditions that are broken the first is named. Like every reason, `BAD_EMAIL` "
        "is the person's reason where it comes first in the [order of reasons](reasons.md), and is listed behind "
        "another one elsewhere.\n\n| condition | an address that breaks it | what the detail says |\n|---|---|---|\n"
        f"{rows}"
    )


def merging() -> str:
    """What becomes of a value, by what either side has and had, and by the mapping's rule."""
    headings, *rows = merge_table()
    head = f"| {' | '.join(headings)} |\n|{'---|' * len(headings)}\n"
    body = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    return (
        "# Merging\n\nOne value of one person: what both sides had when they were synchronised last, what each has, "
        "and what becomes of it under each conflict rule of the data mapping. The default rule is `dotdigital`. "
        "*Never*: the value was not synchronised before. A direction that is not mapped is not written; where both "
        f"have changed it, both values are kept with the run.\n\n{head}{body}"
    )


def roles() -> str:
    """Who may do what."""
    head = "| ability | " + " | ".join(role.value for role in Role) + " |\n|---" + "|---" * len(Role) + "|\n"
    rows = "".join(
        f"| {ability.value} | "
        + " | ".join("yes" if ability in abilities([role.value]) else "" for role in Role)
        + " |\n"
        for ability in Ability
    )
    return f"# Roles\n\nSecurity roles in Dynamics, created by `dyntui setup`; they add up.\n\n{head}{rows}\n{_GROUPS}"


def keys() -> str:
    """Every key of the console."""
    return f"# Keys\n\n{_OWN_KEYS}\n\n{key_tables().strip()}\n"


_OWN_KEYS = """Other keys for an action are said in `config.toml` (`dyntui paths` says where it is), by the name in the
last column:

```toml
[keys]
"lists.activate" = "a"
"app.palette" = [":", "Ctrl+f", "F7"]
```

The first one is shown. A key that would mean two things where both can be pressed is refused by name when the console
opens."""


def contract() -> str:
    """Every call and event of the service, with their types."""
    lines = ["# The contract", "", "JSON-RPC 2.0 over the profile's Unix socket, one message a line.", ""]
    lines += ["| call | asks | answers | needs |", "|---|---|---|---|"]
    for method in CALLS.values():
        need = method.ability.value if method.ability else "nothing"
        lines.append(f"| `{method.name}` | `{_name(method.request)}` | `{_name(method.answer)}` | {need} |")
    lines += ["", "## Events", "", "Notifications that the service sends to every client who has what they need:", ""]
    lines += ["| event | carries | needs | sent after |", "|---|---|---|---|"]
    for event in EVENTS.values():
        after = ", ".join(f"`{each.name}`" for each in CALLS.values() if event in each.changes)
        need = event.ability.value if event.ability else "nothing"
        lines.append(f"| `{event.name}` | `{_name(event.value)}` | {need} | {after} |")
    types = [kind for method in CALLS.values() for kind in (method.request, method.answer)]
    types += [event.value for event in EVENTS.values()]
    _, components = msgspec.json.schema_components(types)
    schema = msgspec.json.format(msgspec.json.encode(_dedented(components), order="sorted"), indent=1).decode()
    lines += [
        "",
        "## Types",
        "",
        "JSON Schema of everything that is asked, answered and sent:",
        "",
        "```json",
        schema,
        "```",
    ]
    return "\n".join(lines) + "\n"


def _dedented(schema: Any) -> Any:
    """Descriptions without the indentation that docstrings keep before Python 3.13."""
    if isinstance(schema, list):
        return [_dedented(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: inspect.cleandoc(value) if name == "description" and isinstance(value, str) else _dedented(value)
        for name, value in schema.items()
    }


def _name(kind: object) -> str:
    name = getattr(kind, "__name__", None)
    arguments = getattr(kind, "__args__", ())
    if name is None or arguments:
        origin = getattr(kind, "__origin__", kind)
        return f"{origin.__name__}[{', '.join(each.__name__ for each in arguments)}]"
    return str(name)


# What people look for by another name, and what does it.
_ELSEWHERE = (
    ("`restore`", "`dyntui backup restore NAME`; mappings as they were: `dyntui mappings restore VERSION`"),
    ("`accounts create`, `accounts delete`", "`dyntui accounts add`, `dyntui accounts disconnect`"),
    ("`roles edit`", "roles are given in Dynamics; `dyntui roles` says what each allows, and which you hold"),
    ("an address of a page", "`dyntui open list/LIST`, `campaign/CAMPAIGN`, `send/SEND`, `run/RUN`"),
)


def commands() -> str:
    """The help of every command, as it is printed."""
    root_context = click.Context(root, info_name="dyntui", terminal_width=100, **root.context_settings)
    pages = [
        f"## {context.command_path}\n\n```text\n{context.command.get_help(context).rstrip()}\n```\n"
        for context in _walk(root_context)
    ]
    elsewhere = "\n".join(f"| {sought} | {found} |" for sought, found in _ELSEWHERE)
    named = f"Looked for under another name:\n\n| looked for | command |\n|---|---|\n{elsewhere}\n"
    return f"# Commands\n\n{named}\n" + "\n".join(pages)


def _walk(context: click.Context) -> Iterator[click.Context]:
    """The context of a command, then those of the commands below it: options such as `-h` come down from the root."""
    yield context
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            found = context.command.get_command(context, name)
            if found is not None:
                yield from _walk(click.Context(found, parent=context, info_name=name))


PAGES = {
    "findings.md": findings,
    "reasons.md": reasons,
    "addresses.md": addresses,
    "roles.md": roles,
    "merging.md": merging,
    "keys.md": keys,
    "contract.md": contract,
    "commands.md": commands,
}


def write() -> None:
    """Writes every page."""
    REFERENCE.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        (REFERENCE / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write()
    sys.exit(0)
