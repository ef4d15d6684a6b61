"""`dyntui sandbox`: both remote systems, simulated. Everything after the name is the sandbox's own."""

from __future__ import annotations

import runpy
import sys

import click


@click.command(
    "sandbox", context_settings={"ignore_unknown_options": True, "help_option_names": []}, add_help_option=False
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    """Dynamics 365, dotdigital and Entra ID on loopback; --help lists the options."""
    sys.argv = ["dyntui sandbox", *arguments]
    runpy.run_module("dyntui.sandbox.main", run_name="__main__", alter_sys=True)
