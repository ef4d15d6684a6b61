"""`dyntui paths`: where the profile keeps its files."""

from __future__ import annotations

import click

from dyntui.cli.lazy import Command, choices
from dyntui.cli.output import print_facts, print_json
from dyntui.service.profile import open_profile


@click.command("paths", cls=Command)
@click.pass_context
def command(context: click.Context) -> None:
    """Where the profile keeps its configuration, data, state, log and socket."""
    profile = open_profile(choices(context).profile)
    places = {
        "config": str(profile.config_file),
        "data": str(profile.data),
        "state": str(profile.state),
        "log": str(profile.log_file),
        "socket": str(profile.socket),
    }
    if choices(context).json:
        print_json(places)
    else:
        print_facts(list(places.items()))
