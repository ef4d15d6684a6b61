"""What commands that change data mappings have in common: options, what is asked first, what is said afterwards."""

from __future__ import annotations

import click

from dyntui.cli.confirming import confirm
from dyntui.cli.lazy import Choices
from dyntui.cli.output import print_json, say
from dyntui.model.counted import people_of
from dyntui.model.plain import plain
from dyntui.service.contract.mappings import MappingsChecked, MappingsSaved

ACCOUNT = click.option("--account", default="", metavar="ACCOUNT", help="Of this email account.")
WHY = click.option("--why", default="", help="Kept with the version, beside your name.")
ACKNOWLEDGE = click.option("--acknowledge", is_flag=True, help="Warnings are known.")


def ask_first(chosen: Choices, checked: MappingsChecked) -> None:
    """Says what a change costs, and goes on when the person says yes; where nobody is sent again nothing is asked."""
    if checked.people and all(each.warning for each in checked.findings):
        confirm(
            chosen,
            f"{checked.cost}. Save the mappings?",
            not_done="No mapping was changed.",
        )


def print_saved(chosen: Choices, answer: MappingsSaved) -> None:
    """What changed and counts from now on."""
    if chosen.json:
        print_json(answer)
        return
    for each in answer.changes:
        click.echo(plain(each))
    if not answer.changes:
        say(f"Nothing differs: version {answer.version} counts as before.")
        return
    say(f"Version {answer.version} counts now.")
    if answer.people:
        say(f"The next synchronisation sends {people_of(answer.people)} again.")
