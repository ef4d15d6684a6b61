"""What the columns of Dynamics are, for data mappings: account, contact, lead, and the tables that mappings reach over
a lookup. Each table is an item of its own."""

from __future__ import annotations

import functools

from sqlalchemy import Connection

from dyntui.dataverse import metadata
from dyntui.dataverse.http import Dataverse
from dyntui.dataverse.metadata import Columns
from dyntui.model.columns import tables_reached
from dyntui.model.cursors import Cursor
from dyntui.model.errors import DyntuiError
from dyntui.model.mapping import faults, validate
from dyntui.model.outcomes import RunStatus
from dyntui.model.people import Entity
from dyntui.store import accounts, crm_columns, labels, mappings, outcomes
from dyntui.sync import parts
from dyntui.sync.connections import Connections
from dyntui.sync.run_context import RunContext

# Of new or vanished columns so many are named.
_NAMED = 10
_READ = (RunStatus.COMPLETED, RunStatus.COMPLETED_WITH_ERRORS)


async def run(ctx: RunContext, connections: Connections) -> None:
    """All tables are read anew; mappings that do not work with what they have now are named."""
    dv = await connections.dataverse()
    done: list[str] = []
    due = [each.value for each in Entity]
    # Of one that was read before an interruption there is nothing new any more, and its item says what was.
    read = {each.id for each in await ctx.read(lambda c: outcomes.items(c, ctx.run_id)) if each.status in _READ}
    while due:
        table = due.pop(0)
        if table not in read:
            await _table(ctx, dv, table, len(done))
        done.append(table)
        if not due:
            due = [each for each in await ctx.read(_reached) if each not in done]


async def _table(ctx: RunContext, dv: Dataverse, table: str, place: int) -> None:
    await ctx.begin_item(table, kind="table", name=f"Columns of {table}", place=place)
    try:
        found = await metadata.columns(dv, table)
        if not found.rows:
            raise _nothing(table)
    except DyntuiError as error:
        if await parts.is_of_the_run(error, dv):
            raise
        await ctx.fail_item(table, error)
    else:
        keep = functools.partial(_keep, ctx=ctx, table=table, found=found)
        await ctx.save(Cursor(), stage=f"Reading the columns of {table}", done=place + 1, work=keep)


def _nothing(table: str) -> DyntuiError:
    return DyntuiError(
        "DYNAMICS_LISTS_NO_COLUMN",
        f"Dynamics lists no column of {table} at all.",
        not_done="No column was taken for gone; what is known of them stays.",
        remedy="Run it again; `dyntui doctor` says which privileges are missing.",
    )


def _keep(c: Connection, ctx: RunContext, table: str, found: Columns) -> None:
    """What could not be read stays as it is known: where it is not told which column that is, all that are missing."""
    read = {each.logical_name for each in found.rows}
    known = [each for each in crm_columns.of_table(c, table) if each.logical_name not in read]
    stay = [each for each in known if "" in found.odd or each.logical_name in found.odd]
    replaced = crm_columns.replace(c, table, [*found.rows, *stay], ctx.now())
    broken = _broken(c, ctx.account_id, table)
    odd = [f"cannot be read, and stays as it is known: {name or 'a column'} ({why})" for name, why in found.odd.items()]
    notes = [
        f"{len(found.rows)} columns",
        *odd[:_NAMED],
        *(
            f"{word}: {_some(names)}"
            for word, names in (("new", replaced.added), ("changed", replaced.changed), ("gone", replaced.gone))
            # Everything is new to who never read the table.
            if names and (replaced.unchanged or replaced.changed or word != "new")
        ),
        *broken,
    ]
    ctx.close_item(
        c, table, read=0, note="; ".join(notes), status=RunStatus.COMPLETED_WITH_ERRORS if broken or odd else None
    )


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _broken(c: Connection, account_id: str, table: str) -> list[str]:
    """What is wrong with the mappings of a table's records now."""
    current = mappings.current(c, account_id).mappings
    found = faults(validate(current, labels.labels(c, account_id), crm_columns.columns(c)))
    return [
        f"{each.about}: {each.code}: {each.message} {each.remedy}"
        for each in found
        if current[each.row - 1].entity.value == table and current[each.row - 1].enabled
    ]


def _reached(c: Connection) -> list[str]:
    """The tables that mappings of any email account reach over a lookup, in order."""
    columns = crm_columns.columns(c)
    return sorted(
        {
            table
            for account in accounts.accounts(c)
            for each in mappings.current(c, account.id).mappings
            for table in tables_reached(columns, each.entity.value, each.column)
        }
    )
