"""`dyntui store`: the database in which the profile keeps everything, and moving it to another one."""

from __future__ import annotations

import click

from dyntui.cli.confirming import confirm
from dyntui.cli.lazy import Group, choices
from dyntui.cli.output import number, print_facts, print_json, print_table, say
from dyntui.model.errors import Exit
from dyntui.service.profile import open_profile


@click.group(cls=Group)
def command() -> None:
    """The database in which the profile keeps everything: a file, or one on a PostgreSQL server."""


@command.command()
@click.pass_context
def show(context: click.Context) -> None:
    """Where the store is, and how large."""
    from dyntui.service.store_moving import look

    found = look(open_profile(choices(context).profile))
    if choices(context).json:
        print_json(found)
    else:
        print_facts([("Store", found.where), ("Kind", found.kind), ("Size", f"{found.size / 1e6:,.1f} MB")])


@command.command()
@click.argument("target", metavar="ADDRESS|FILE|own")
@click.pass_context
def move(context: click.Context, target: str) -> int:
    """Carry the store over into a new database, prove that nothing differs, and use that one from then on.

    ADDRESS is postgresql://USER@HOST/DATABASE, best without a password: libpq finds that in ~/.pgpass or PGPASSWORD.
    "own" is the profile's own file. No service of the profile may run. The store so far stays as it was, and is opened
    by nobody any more.
    """
    from dyntui.service.store_moving import address_of, move, place

    chosen = choices(context)
    profile = open_profile(chosen.profile)
    address = address_of("" if target == "own" else target, profile)
    confirm(chosen, f"Move the store to {place(address)}?", not_done="Nothing was moved.")
    moved = move(profile, address, lambda each: say(f"{each.table}: {number(each.rows)}") if each.rows else None)
    if chosen.json:
        print_json(moved)
        return int(Exit.DONE)
    print_table(["table", "rows", "digest"], ((each.table, number(each.rows), each.digest) for each in moved.tables))
    say(f"The store is at {moved.target} now: each table was read back, and nothing differs.")
    say(f"Until now it was at {moved.kept or moved.source}. Delete that when you need it no longer.")
    return int(Exit.DONE)
