"""`dyntui`: opens the console, or does one thing and says what became of it."""

from __future__ import annotations

import errno
import sys
import traceback
from collections.abc import Sequence

import click

from dyntui import __version__
from dyntui.cli.lazy import NAMED_PROFILE, PLAIN, Lazy, LazyGroup, choices
from dyntui.cli.output import show_error
from dyntui.cli.streams import check_arguments, open_streams
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.subjects import SUBJECTS

# Conventional for a command that was interrupted: 128 + SIGINT.
INTERRUPTED = 130


def _lazy(module: str, summary: str, attribute: str = "command") -> Lazy:
    return Lazy(f"dyntui.cli.{module}", attribute, summary)


COMMANDS = {
    "demo": _lazy("demo", "The whole of dyntui on simulated systems, in a throw-away profile."),
    **{each.name: _lazy(each.module, each.summary) for subject in SUBJECTS for each in subject.commands},
    "open": _lazy("open", "The console on the page of a list, a campaign, a send or a run."),
    "status": _lazy("service", "The service at a glance.", "status"),
    "serve": _lazy("service", "Run the service in the foreground.", "serve"),
    "service": _lazy("service_unit", "The service as one of the machine's: install, uninstall."),
    "store": _lazy("store", "The database that keeps everything: show, move to PostgreSQL or back."),
    "worker": _lazy("worker", "Carry out runs of a store that several machines share."),
    "stop": _lazy("service", "End the running service; runs resume when it starts again.", "stop"),
    "paths": _lazy("paths", "Where the profile keeps its files."),
    "completions": _lazy("completions", "Completions for bash, zsh or fish."),
    "sandbox": _lazy("sandbox", "Both remote systems, simulated on this machine."),
}


@click.group(
    cls=LazyGroup,
    lazy=COMMANDS,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 failed, 2 usage, 3 a plan found changes, 4 done but some held or in quarantine, "
    "5 not permitted, 6 unreachable, 7 already running or locked.",
)
@click.version_option(__version__, prog_name="dyntui")
@click.pass_context
def root(context: click.Context) -> int | None:
    """The terminal console and synchronisation engine between Dynamics 365 and dotdigital.

    Without a command, dyntui opens the console; with --plain alone, a dialogue of lines for the main jobs.
    """
    if context.invoked_subcommand is not None:
        return None
    if choices(context).plain:
        from dyntui.cli.plain_dialogue import Dialogue

        return Dialogue(choices(context), run).hold()
    from dyntui.cli.console import open_console

    return open_console(choices(context).profile)


def run(arguments: Sequence[str]) -> int:
    """Carries out a command line; its exit code."""
    as_json = "--json" in arguments
    NAMED_PROFILE.set("")
    PLAIN.set(False)
    try:
        check_arguments(arguments)
        code = root.main(list(arguments), prog_name="dyntui", standalone_mode=False)
    except DyntuiError as error:
        show_error(error, as_json=as_json)
        return int(error.exit)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        if as_json:
            show_error(_not_understood(error), as_json=True)
        else:
            error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    except OSError as error:
        show_error(_unusable(error) if error.filename else _unforeseen(error), as_json=as_json)
        return int(Exit.FAILED)
    except Exception as error:  # noqa: BLE001 - the boundary to the terminal, where it is reported
        show_error(_unforeseen(error), as_json=as_json)
        return int(Exit.FAILED)
    return code if isinstance(code, int) else int(Exit.DONE)


def _not_understood(error: click.ClickException) -> DyntuiError:
    """A command line that is none, for programs."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    # The message is all of the help otherwise.
    missing = isinstance(error, click.exceptions.NoArgsIsHelpError)
    return DyntuiError(
        "USAGE",
        "A command is missing." if missing else error.format_message(),
        not_done="Nothing was changed.",
        remedy=f"See `{context.command_path if context is not None else 'dyntui'} --help`.",
        exit=Exit(error.exit_code),
    )


def _unusable(error: OSError) -> DyntuiError:
    """A file that was named on the command line, mostly: its folder does not exist, may not be written to, or is on a
    disk that is full."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return DyntuiError(
        "FILE_UNUSABLE",
        f"{error.filename} cannot be used: {error.strerror or error}.",
        not_done="The command stopped there; what the service does is not affected.",
        remedy="Make room there, or name a file on another disk."
        if full
        else "Name a file in a folder that exists and that you may read and write.",
    )


def _unforeseen(error: Exception) -> DyntuiError:
    place = traceback.extract_tb(error.__traceback__)[-1]
    return DyntuiError(
        "COMMAND_FAILED",
        f"The command failed in a way that was not foreseen: {type(error).__name__}: {error}"
        f" ({place.filename}, line {place.lineno}).",
        not_done="It is not known how far it came; what the service does is not affected.",
        remedy="Report it with this line.",
    )


def main() -> None:
    """Entry point."""
    open_streams()
    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except OSError as error:
        show_error(_unusable(error), as_json="--json" in sys.argv)
        code = code or int(Exit.FAILED)
    sys.exit(code)


if __name__ == "__main__":
    main()
