"""`dyntui schedules`: when sync types run by themselves."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta

import click

from dyntui.cli.lazy import Choices, Group, choices
from dyntui.cli.out_file import out_option, overwrite_option, writing
from dyntui.cli.output import moment, number, print_json, print_table, say
from dyntui.cli.pages import Column, Columns, Rows, page_of
from dyntui.cli.service_call import ask
from dyntui.model.counted import counted
from dyntui.model.schedules import Interval
from dyntui.model.sync_windows import local_text
from dyntui.service.client import ServiceClient
from dyntui.service.contract.schedules import (
    SCHEDULES_CHANGES,
    SCHEDULES_COMING,
    SCHEDULES_LIST,
    SCHEDULES_SAVE,
    AdminChange,
    Coming,
    ComingQuery,
    SaveSchedules,
    ScheduleChangesQuery,
    ScheduleEdit,
    Schedules,
    SchedulesOf,
)
from dyntui.service.new_files import NewFile

_ACCOUNT = click.option("--account", default="", help="Of this email account; the default one where none is named.")
_DAYS = click.option("--days", type=click.IntRange(1, 31), default=7, show_default=True, help="So many days ahead.")
_OPTIONAL = " An empty time is that of the next run, from tomorrow."
# What an export may hold; the service says where there is more.
_MOST_EXPORTED = 50_000


@click.group(cls=Group)
def command() -> None:
    """When sync types run by themselves, while `dyntui serve` runs. Times of schedules are in UTC."""


@command.command("list")
@_ACCOUNT
@click.pass_context
def list_(context: click.Context, account: str) -> None:
    """Every sync type with its last and next run, its interval, window and status."""
    _print(choices(context), ask(choices(context), SCHEDULES_LIST, SchedulesOf(account=account)))


@command.command()
@click.argument("sync_type", metavar="TYPE")
@click.option(
    "--every", "interval", type=click.Choice([each.value for each in Interval]), help="How often it runs by itself."
)
@click.option("--at", metavar="HH:MM", help="For `--every daily`: when, in UTC." + _OPTIONAL)
@click.option("--window", metavar="HOURS", help="`always`, or hours in UTC in which it may start.")
@_ACCOUNT
@click.pass_context
def edit(
    context: click.Context, sync_type: str, interval: str | None, at: str | None, window: str | None, account: str
) -> None:
    """Change when TYPE runs by itself. It counts at once.

    The weekdays of a window are those on which it opens: `Mon-Fri 18:00-08:00` is open on Saturday until 08:00, and
    closed on Monday until 18:00. Several ranges: `Mon-Fri 18:00-08:00; Sat,Sun 00:00-24:00`.

    \b
    dyntui schedules edit lists --every 30min
    dyntui schedules edit campaigns --every 4h --window "Mon-Fri 18:00-08:00"
    dyntui schedules edit campaigns --every daily --at 18:30
    """
    if interval is None and at is None and window is None:
        raise click.UsageError("Give at least one of --every, --at and --window.")
    if window is not None and not window.strip():
        # A variable of a script that is empty must not mean `always`.
        raise click.UsageError("--window needs hours in UTC, or `always`.")
    _save(context, account, ScheduleEdit(sync_type=sync_type, interval=interval, at=at, window=window))


@command.command()
@click.argument("sync_types", metavar="TYPE...", nargs=-1, required=True)
@_ACCOUNT
@click.pass_context
def pause(context: click.Context, sync_types: tuple[str, ...], account: str) -> None:
    """Let these sync types not run by themselves until they are resumed. A run under way goes on."""
    _save(context, account, *(ScheduleEdit(sync_type=each, paused=True) for each in dict.fromkeys(sync_types)))


@command.command()
@click.argument("sync_types", metavar="TYPE...", nargs=-1, required=True)
@_ACCOUNT
@click.pass_context
def resume(context: click.Context, sync_types: tuple[str, ...], account: str) -> None:
    """Let paused sync types run by themselves again: at once where the interval has passed, daily ones at their
    time."""
    _save(context, account, *(ScheduleEdit(sync_type=each, paused=False) for each in dict.fromkeys(sync_types)))


@command.command()
@_DAYS
@click.option("--limit", type=click.IntRange(1, _MOST_EXPORTED), default=50, show_default=True, help="At most so many.")
@_ACCOUNT
@click.pass_context
def coming(context: click.Context, days: int, limit: int, account: str) -> None:
    """The scheduled runs to come, in order."""
    answer = ask(choices(context), SCHEDULES_COMING, ComingQuery(account=account, days=days, limit=limit))
    if choices(context).json:
        print_json(answer)
        return
    print_table(["starts", "local time", "type"], ((moment(run.on), _local(run.on), run.title) for run in answer.runs))
    if answer.more:
        say(f"The first {number(len(answer.runs))} are shown; --limit shows more.")


_CHANGES: Columns[AdminChange] = (
    Column("when", lambda row: moment(row.changed_on), whole=True),
    Column("who", lambda row: row.changed_by),
    Column("type", lambda row: row.thing),
    Column("before", lambda row: row.before),
    Column("after", lambda row: row.after),
)


@command.command()
@_ACCOUNT
@page_of(SCHEDULES_CHANGES, _CHANGES)
async def history(_client: ServiceClient, rows: Rows, account: str) -> ScheduleChangesQuery:
    """Who changed which schedule, when, and how it was before."""
    return ScheduleChangesQuery(account=account, **rows)


@command.command()
@_DAYS
@out_option("--out", help="Write to this file (.ics).")
@overwrite_option
@_ACCOUNT
@click.pass_context
def export(context: click.Context, days: int, out: NewFile | None, account: str) -> None:
    """The scheduled runs to come as an iCalendar file, which calendars show and subscribe to."""
    from dyntui.cli.calendar_file import calendar_of

    asked = ComingQuery(account=account, days=days, limit=_MOST_EXPORTED)
    answer = ask(choices(context), SCHEDULES_COMING, asked)
    made = calendar_of(answer)
    if out is not None:
        with writing(out, private=False) as file:
            file.write_bytes(made)
    if choices(context).json:
        print_json(answer)
        return
    if out is None:
        sys.stdout.buffer.write(made)
        sys.stdout.buffer.flush()
    _say_how_many(answer, out)


def _say_how_many(answer: Coming, out: NewFile | None) -> None:
    where = f" in {out.path}" if out is not None else ""
    until = moment(answer.runs[-1].on if answer.more else answer.end)
    say(f"{counted(len(answer.runs), 'scheduled run')} until {until}{where}.")


def _save(context: click.Context, account: str, *edits: ScheduleEdit) -> None:
    chosen = choices(context)
    _print(chosen, ask(chosen, SCHEDULES_SAVE, SaveSchedules(account=account, edits=edits)))


def _print(chosen: Choices, answer: Schedules) -> None:
    if chosen.json:
        print_json(answer)
        return
    print_table(
        ["type", "runs", "window, local", "last run", "next run", "local time", "status"],
        (
            (
                row.sync_type,
                row.text,
                local_text(row.window, _ahead(row.next_run)) or "–",
                moment(row.last_run),
                moment(row.next_run),
                _local(row.next_run),
                f"{row.status}, due since {moment(row.behind_since)}" if row.behind_since else row.status,
            )
            for row in answer.rows
        ),
        whole=["last run", "next run", "local time", "status"],
    )
    for each in (*answer.warnings, *filter(None, (answer.note,))):
        say(each)


def _ahead(iso: str) -> timedelta | None:
    """How far the clock on the wall is ahead of UTC, then or now."""
    return (datetime.fromisoformat(iso).astimezone() if iso else datetime.now().astimezone()).utcoffset()


def _local(iso: str) -> str:
    """A time in UTC as the clock on the wall shows it: `Mon 19:00`."""
    return f"{datetime.fromisoformat(iso).astimezone():%a %H:%M}" if iso else "–"
