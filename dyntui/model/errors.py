"""Errors a person can act on: a stable code, what happened, what was not done, the remedy."""

from __future__ import annotations

import enum
from typing import Required, TypedDict


class Exit(enum.IntEnum):
    """Exit codes of the command line (design: commands.md)."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    CHANGES = 3
    HELD = 4
    NOT_PERMITTED = 5
    UNREACHABLE = 6
    LOCKED = 7


class Parts(TypedDict, total=False):
    """The named parts of a DyntuiError, for kinds of it that pass them on."""

    not_done: Required[str]
    remedy: Required[str]
    exit: Exit
    detail: str


class DyntuiError(Exception):
    """Something a person must know, in four parts.

    `code` is stable and upper-case (`DATAVERSE_SIGN_IN_REFUSED`); `message` says what happened; `not_done` what
    was therefore left undone; `remedy` what to do next. `exit` is the command line's exit code for it. `detail`
    keeps what a remote system answered, for the log only: it is never shown unescaped and never holds a secret.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        not_done: str,
        remedy: str,
        exit: Exit = Exit.FAILED,
        detail: str = "",
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.not_done = not_done
        self.remedy = remedy
        self.exit = exit
        self.detail = detail
