"""Command groups: commands imported when they are called, and the options that every command takes."""

from __future__ import annotations

import contextvars
import importlib
from collections.abc import Mapping
from typing import Any

import click
import msgspec
from click.core import ParameterSource


class Choices(msgspec.Struct):
    """What was chosen by the options that every command takes, before or after the command's name."""

    profile: str = "default"
    json: bool = False
    yes: bool = False
    plain: bool = False
    account: str = ""


def choices(context: click.Context) -> Choices:
    """The choices of this command line."""
    found = context.find_root().ensure_object(Choices)
    assert isinstance(found, Choices)
    return found


# The profile that `--profile` named, for the commands that messages name; `""` where none was.
NAMED_PROFILE: contextvars.ContextVar[str] = contextvars.ContextVar("named_profile", default="")


# Whether everything is said in lines alone (`--plain`): no table, nothing that is drawn over.
PLAIN: contextvars.ContextVar[bool] = contextvars.ContextVar("plain", default=False)


def _typed(context: click.Context, parameter: click.Parameter) -> bool:
    return context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE


def _counts(context: click.Context, parameter: click.Parameter) -> bool:
    """Whether a value is meant: one of the environment, which every part of a command line hears, is none where another
    was typed before the command's name."""
    known = f"dyntui.typed.{parameter.name}"
    if _typed(context, parameter):
        context.meta[known] = True
    return _typed(context, parameter) or known not in context.meta


def _profile(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    if value is not None and _counts(context, parameter):
        choices(context).profile = value
        if _typed(context, parameter):
            NAMED_PROFILE.set(value)


def _json(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        choices(context).json = True


def named_account(context: click.Context, parameter: click.Parameter, value: str) -> str:
    """A variable of a script that is empty must not mean another email account, or all of them."""
    if _typed(context, parameter) and not value.strip():
        raise click.BadParameter("it needs the name of an email account.", context, parameter)
    return value


def _account(context: click.Context, parameter: click.Parameter, value: str) -> None:
    if named_account(context, parameter, value) and _counts(context, parameter):
        choices(context).account = value


def _yes(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        choices(context).yes = True


def _plain(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        choices(context).plain = True
        PLAIN.set(True)


ACCOUNT = "--account"


def typed_account(context: click.Context) -> str:
    """The email account that `--account` before the command's name says; `""` where only the environment says one."""
    return choices(context).account if "dyntui.typed.chosen_account" in context.meta else ""


def common_options() -> list[click.Parameter]:
    """New option objects, one set for each command."""
    return [
        click.Option(
            [ACCOUNT, "chosen_account"],
            metavar="NAME",
            default="",
            envvar="DYNTUI_ACCOUNT",
            expose_value=False,
            callback=_account,
            help="The email account that is meant, by name or id; it narrows listings down.",
        ),
        click.Option(
            ["--profile"],
            metavar="NAME",
            envvar="DYNTUI_PROFILE",
            expose_value=False,
            callback=_profile,
            help="Profile to use (its own configuration, store and service).",
        ),
        click.Option(
            ["--json"],
            is_flag=True,
            expose_value=False,
            callback=_json,
            help="Print the typed answer as JSON, and nothing else on standard output.",
        ),
        click.Option(["--yes", "-y"], is_flag=True, expose_value=False, callback=_yes, help="Answer confirmations."),
        click.Option(
            ["--plain"],
            is_flag=True,
            expose_value=False,
            callback=_plain,
            help="Say everything in lines, for screen readers and terminals that only print.",
        ),
    ]


class Command(click.Command):
    """A command with the common options."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for each in self.params:
            if ACCOUNT in each.opts and each.callback is None:
                each.callback = named_account
        self.params.extend(each for each in common_options() if not self._has(each))

    def _has(self, option: click.Parameter) -> bool:
        """Whether the command has an option of this name which says more."""
        return any(name in each.opts for each in self.params for name in option.opts)


class Group(click.Group):
    """A group whose commands take the common options; `click.group(cls=Group)`."""

    command_class = Command

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.extend(common_options())


Group.group_class = Group


class Lazy(msgspec.Struct, frozen=True):
    """Where a command is defined, and the line about it that `--help` shows without importing it."""

    module: str
    attribute: str
    summary: str


class LazyGroup(Group):
    """A group that imports a command's module when the command is called."""

    def __init__(self, *args: Any, lazy: Mapping[str, Lazy], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        lazy = self._lazy.get(cmd_name)
        if lazy is None:
            return None
        found = getattr(importlib.import_module(lazy.module), lazy.attribute)
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazy.summary) for name, lazy in self._lazy.items()])
