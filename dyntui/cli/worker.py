"""`dyntui worker`: carries out runs of a store that several machines share."""

from __future__ import annotations

import click

from dyntui.cli.lazy import Command, choices
from dyntui.service.profile import open_profile


@click.command("worker", cls=Command)
@click.option("--name", default="1", show_default=True, help="Tells several workers on one machine apart.")
@click.pass_context
def command(context: click.Context, name: str) -> int:
    """Carry out runs of a store on a PostgreSQL server, until it is told to end (Ctrl-C, SIGTERM).

    Any number of them, on any machines, beside the one service (`dyntui serve`). The profile here names the store and
    holds the secrets. The runs of one that dies go on elsewhere within ten seconds.
    """
    import sys

    from dyntui.service.worker_process import run_worker

    return run_worker(open_profile(choices(context).profile), name, terminal=sys.stderr.isatty())
