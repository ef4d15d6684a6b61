"""What a database error means to the person who runs dyntui."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from dyntui.model.errors import DyntuiError, Exit

# The server is away, or has ended a connection; what was under way is undone.
STORE_UNREACHABLE = "STORE_UNREACHABLE"
NOTHING_WRITTEN = "Nothing was read and nothing was written."


def corrupt(where: str, detail: str) -> DyntuiError:
    """The file cannot be read as the store it should be."""
    return DyntuiError(
        "STORE_CORRUPT",
        f"The store at {where} is damaged, or is not a database.",
        not_done=NOTHING_WRITTEN,
        remedy="Put a backup back: `dyntui backup list`, then `dyntui backup restore NAME`; without one, move the file "
        "away and connect the organisation again: `dyntui setup`, which has to be told anew what is not production.",
        detail=detail,
    )


def newer(where: str, revision: str) -> DyntuiError:
    """A later version of dyntui has upgraded the store."""
    return DyntuiError(
        "STORE_NEWER",
        f"The store at {where} was written by a newer version of dyntui (revision {revision}).",
        not_done=NOTHING_WRITTEN,
        remedy="Install that version of dyntui, put back the backup from before its upgrade (`dyntui backup list`), or "
        "use another profile.",
    )


def foreign(where: str) -> DyntuiError:
    """A database, but somebody else's."""
    return DyntuiError(
        "STORE_FOREIGN",
        f"The database at {where} holds tables that are not dyntui's.",
        not_done=NOTHING_WRITTEN,
        remedy="Name another file or database for the store.",
    )


def moved(where: str, to: str) -> DyntuiError:
    """A store that was carried over into another database, and is as it was then."""
    return DyntuiError(
        "STORE_MOVED",
        f"The store at {where} was moved to {to}.",
        not_done=NOTHING_WRITTEN,
        remedy="Name that one as `url` under `[store]` in the configuration.",
        exit=Exit.USAGE,
    )


def same(where: str) -> DyntuiError:
    """A store cannot be moved to where it is."""
    return DyntuiError(
        "STORE_SAME",
        f"The store is at {where} already.",
        not_done="Nothing was moved.",
        remedy="Name another database or file.",
        exit=Exit.USAGE,
    )


def not_empty(where: str) -> DyntuiError:
    """A store is only moved to where there is none."""
    return DyntuiError(
        "STORE_NOT_EMPTY",
        f"There is a store at {where} already.",
        not_done="Nothing was written; the store stays where it is.",
        remedy="Name a new database or a new file.",
        exit=Exit.USAGE,
    )


def differs(where: str, table: str) -> DyntuiError:
    """What was read back is not what was written."""
    return DyntuiError(
        "STORE_DIFFERS",
        f"The table {table} came back from {where} with other rows than were written there.",
        not_done="Nothing of it was kept; the store stays where it is.",
        remedy="Look for another program that writes to that database, then try again.",
    )


def in_use(where: str, by: Sequence[str]) -> DyntuiError:
    """Processes work with the store."""
    return DyntuiError(
        "STORE_IN_USE",
        f"The store at {where} is in use by {', '.join(by)}.",
        not_done="Nothing was moved.",
        remedy="Stop them: `dyntui stop` where the service runs, Ctrl-C or SIGTERM for `dyntui worker`.",
        exit=Exit.LOCKED,
    )


def served(where: str, by: str) -> DyntuiError:
    """Another service plans the work of the store already."""
    return DyntuiError(
        "STORE_SERVED",
        f"The store at {where} has a service already: {by}.",
        not_done="No second one was started: schedules and sends are begun by one.",
        remedy="Use that one, and `dyntui worker` here to carry out runs; or stop it first.",
        exit=Exit.LOCKED,
    )


def no_address() -> DyntuiError:
    """Not the address of a database for a store. What was given is not repeated: it may hold a password."""
    return DyntuiError(
        "STORE_ADDRESS",
        "The store's address is none: `url` under `[store]` in the configuration, or what the command was given.",
        not_done=NOTHING_WRITTEN,
        remedy="Write postgresql://USER:PASSWORD@HOST/DATABASE, or leave it out for a file of the profile's own.",
        exit=Exit.USAGE,
    )


def no_driver() -> DyntuiError:
    """PostgreSQL is asked for, and psycopg is not installed."""
    return DyntuiError(
        "STORE_DRIVER_MISSING",
        "This installation cannot speak to PostgreSQL: psycopg is missing.",
        not_done=NOTHING_WRITTEN,
        remedy="Install it: pip install 'dyntui[postgresql]'.",
    )


def wrong_order(where: str, encoding: str, collation: str) -> DyntuiError:
    """A database that orders text by a language's rules: pages of a listing would overlap, and copies would differ."""
    return DyntuiError(
        "STORE_COLLATION",
        f"The database at {where} has the encoding {encoding} and the collation {collation}.",
        not_done=NOTHING_WRITTEN,
        remedy="Make one for dyntui: CREATE DATABASE dyntui TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8';",
        exit=Exit.USAGE,
    )


def vanished(what: str) -> DyntuiError:
    """A row that was just written is not there: something else works on the tables, or the file is damaged."""
    return DyntuiError(
        "STORE_CORRUPT",
        f"The store has lost {what} that was just written.",
        not_done="The change was not kept.",
        remedy="Look for another program that writes to the store; if there is none, restore it from a backup.",
    )


def translate(where: str, error: BaseException) -> DyntuiError | None:
    """The error to raise in place of a driver's, or None for one that only a programmer can mend."""
    text = str(error)
    said = text.lower()
    if _is_psycopg(error):
        return _of_server(where, error, getattr(error, "sqlstate", None))
    if is_damage(error):
        return corrupt(where, text)
    if not isinstance(error, sqlite3.OperationalError):
        return None
    if "unable to open" in said:
        return _unreachable(where, text, "Check that the folder exists and that the service's user may write to it.")
    if "readonly" in said:
        return _read_only(where, text, "Give the service's user write access to the file and its folder.")
    if "is full" in said or "disk i/o" in said:
        return _disk(where, text)
    if "locked" in said or "busy" in said:
        return _busy(where, text, "Try again; if it lasts, look for another program that holds the file open.")
    return None


def is_damage(error: BaseException) -> bool:
    """Whether SQLite says that the file is no database, or not one any more."""
    said = str(error).lower()
    return "malformed" in said or "not a database" in said or "disk image" in said


def _is_psycopg(error: BaseException) -> bool:
    """One of the database's errors. Not imported: with SQLite the driver is not needed."""
    return type(error).__module__.partition(".")[0] == "psycopg"


def _of_server(where: str, error: BaseException, state: str | None) -> DyntuiError | None:
    """By SQLSTATE (PostgreSQL's documentation, appendix A); a connection that was not made, or broke, has none."""
    text = str(error)
    if state is None:
        return _unreachable(where, text, _LOOK_AT_SERVER) if _is_away(error) else None
    if state[:2] in ("08", "28", "3D") or state in ("57P01", "57P02", "57P03", "53300"):
        return _unreachable(where, text, _LOOK_AT_SERVER)
    if state in ("25006", "42501"):
        return _read_only(where, text, "Make the database belong to the user that the address names.")
    if state in ("53100", "58030"):
        return _disk(where, text)
    if state in ("55P03", "40P01", "40001"):
        return _busy(where, text, "Try again; if it lasts, look in pg_stat_activity for who holds the store.")
    return None


def _is_away(error: BaseException) -> bool:
    """Whether an error without SQLSTATE means the server, or the way there: a name that leads nowhere, a line that
    broke. Else the driver refused what it was given, which is a defect."""
    said = str(error).lower()
    if "connection" in said or "server" in said:
        return True
    operational = any(each.__name__ == "OperationalError" for each in type(error).__mro__)
    return operational and not said.startswith("sending ")


_LOOK_AT_SERVER = "Check that the server runs, and host, database, user and password in the store's address."


def _unreachable(where: str, text: str, remedy: str) -> DyntuiError:
    return DyntuiError(
        STORE_UNREACHABLE,
        f"The store at {where} cannot be opened.",
        not_done=NOTHING_WRITTEN,
        remedy=remedy,
        exit=Exit.UNREACHABLE,
        detail=text,
    )


def _read_only(where: str, text: str, remedy: str) -> DyntuiError:
    return DyntuiError(
        "STORE_READ_ONLY",
        f"The store at {where} cannot be written to.",
        not_done="The change was not kept.",
        remedy=remedy,
        detail=text,
    )


def _disk(where: str, text: str) -> DyntuiError:
    return DyntuiError(
        "STORE_DISK",
        f"The disk that holds the store at {where} is full or failing.",
        not_done="The change was not kept.",
        remedy="Free some space or replace the disk; the run goes on where it stopped.",
        detail=text,
    )


def _busy(where: str, text: str, remedy: str) -> DyntuiError:
    return DyntuiError(
        "STORE_BUSY",
        f"The store at {where} was in use for too long by another process.",
        not_done="The change was not kept.",
        remedy=remedy,
        exit=Exit.LOCKED,
        detail=text,
    )
