"""What somebody who is not looking should be told of: a run that failed, a send that was stopped, removals that are
held, a send that missed its hour, a budget that runs out."""

from __future__ import annotations

import re
from datetime import timedelta
from enum import StrEnum

import msgspec


class NoticeEvent(StrEnum):
    """What can be told of; the names are those of the settings."""

    FAILED = "failed"
    HELD = "held"
    BUDGET = "budget"


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A notice as a hook gets it. `on`: when it was noticed, ISO 8601 UTC; `account`: the email account's name, or
    `Dynamics`; `title` in a line what it is, `text` what happened, `remedy` what to do. `code` and `run` are those of
    the run that failed or holds. No address of anybody is in it."""

    event: NoticeEvent
    on: str
    account: str
    title: str
    text: str
    remedy: str = ""
    code: str = ""
    run: str = ""


_ADDRESS = re.compile(r"[^\s<>()\"',;:]+@[^\s<>()\"',;]+")


def without_addresses(text: str) -> str:
    """The text with every address in it masked: whoever gets a notice may not be allowed to see people."""
    return _ADDRESS.sub("[address]", text)


# Minutes until a notice that could not be delivered is tried again; then it is given up.
_AGAIN = (1, 5, 15, 60, 180, 360, 720)


def next_attempt(attempts: int) -> timedelta | None:
    """How long to wait after so many attempts; None: no more."""
    return timedelta(minutes=_AGAIN[attempts - 1]) if attempts <= len(_AGAIN) else None
