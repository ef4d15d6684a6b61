"""What a database error means to the person who runs dyntui."""

from __future__ import annotations

import sqlite3

from dyntui.model.errors import DyntuiError, Exit

NOTHING_WRITTEN = "Nothing was read and nothing was written."


def corrupt(where: str, detail: str) -> DyntuiError:
    """The file cannot be read as the store it should be."""
    return DyntuiError(
        "STORE_CORRUPT",
        f"The store at {where} is damaged, or is not a database.",
        not_done=NOTHING_WRITTEN,
        remedy="Move the file away and restore it from a backup, or connect the organisation again.",
        detail=detail,
    )


def newer(where: str, revision: str) -> DyntuiError:
    """A later version of dyntui has upgraded the store."""
    return DyntuiError(
        "STORE_NEWER",
        f"The store at {where} was written by a newer version of dyntui (revision {revision}).",
        not_done=NOTHING_WRITTEN,
        remedy="Install that version of dyntui, or use another profile.",
    )


def foreign(where: str) -> DyntuiError:
    """A database, but somebody else's."""
    return DyntuiError(
        "STORE_FOREIGN",
        f"The database at {where} holds tables that are not dyntui's.",
        not_done=NOTHING_WRITTEN,
        remedy="Name another file or database for the store.",
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
    if "malformed" in said or "not a database" in said or "disk image" in said:
        return corrupt(where, text)
    if not isinstance(error, sqlite3.OperationalError):
        return None
    if "unable to open" in said:
        return DyntuiError(
            "STORE_UNREACHABLE",
            f"The store at {where} cannot be opened.",
            not_done=NOTHING_WRITTEN,
            remedy="Check that the folder exists and that the service's user may write to it.",
            exit=Exit.UNREACHABLE,
            detail=text,
        )
    if "readonly" in said:
        return DyntuiError(
            "STORE_READ_ONLY",
            f"The store at {where} cannot be written to.",
            not_done="The change was not kept.",
            remedy="Give the service's user write access to the file and its folder.",
            detail=text,
        )
    if "is full" in said or "disk i/o" in said:
        return DyntuiError(
            "STORE_DISK",
            f"The disk that holds the store at {where} is full or failing.",
            not_done="The change was not kept.",
            remedy="Free some space or replace the disk; the run goes on where it stopped.",
            detail=text,
        )
    if "locked" in said or "busy" in said:
        return DyntuiError(
            "STORE_BUSY",
            f"The store at {where} was in use for too long by another process.",
            not_done="The change was not kept.",
            remedy="Try again; if it lasts, look for another program that holds the file open.",
            exit=Exit.LOCKED,
            detail=text,
        )
    return None
