"""`dyntui paths`: where the profile keeps its files."""

from __future__ import annotations

import click

from dyntui.cli.lazy import Command, choices
from dyntui.cli.output import print_facts, print_json
from dyntui.service.profile import MACHINE_HOME, open_profile


@click.command("paths", cls=Command)
@click.pass_context
def command(context: click.Context) -> None:
    """Where the profile keeps its configuration, data, state, log and socket."""
    name = choices(context).profile
    profile = open_profile(name)
    # Of the machine's service store and log are its own; configuration and state are those of this person's console.
    kept = open_profile(name, {"DYNTUI_HOME": str(MACHINE_HOME)}) if profile.kept_by_another else profile
    places = {
        "config": str(profile.config_file),
        "data": str(kept.data),
        "state": str(profile.state),
        "log": str(kept.log_file),
        "socket": str(profile.socket),
    }
    if choices(context).json:
        print_json(places)
    else:
        print_facts(list(places.items()))
