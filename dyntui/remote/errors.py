"""Refusals of a remote system, as errors a person can act on, and what their messages are made of."""

from __future__ import annotations

import re
from typing import Final, Unpack

import msgspec

from dyntui.model.errors import DyntuiError, Exit, Parts
from dyntui.remote.verdicts import Limited

READ_NOT_DONE: Final = "Nothing was read, and nothing was changed."
MESSAGE_LIMIT: Final = 300
_DETAIL_LIMIT: Final = 4000
_TAG: Final = re.compile(r"<[^>]*>")


class RemoteParts(Parts, total=False):
    """The named parts of a RemoteError."""

    status: int
    platform_code: str
    remote_message: str
    repeated: bool
    limited: Limited | None


class RemoteError(DyntuiError):
    """A remote system, or the way to it, refused a call.

    `status` is the HTTP status (0 when no answer came); `platform_code` the system's own code or "";
    `remote_message` its own words (hostile text: show escaped); `repeated` says that an earlier attempt of the same
    call ended without a known outcome, so that "it exists already" or "it is gone" may be that attempt's own work.
    `limited`: what refused was a limit on the way to the system (of the directory that issues tokens).
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int = 0,
        platform_code: str = "",
        remote_message: str = "",
        repeated: bool = False,
        limited: Limited | None = None,
        **parts: Unpack[Parts],
    ) -> None:
        super().__init__(code, message, **parts)
        self.status = status
        self.platform_code = platform_code
        self.remote_message = remote_message
        self.repeated = repeated
        self.limited = limited


class Meaning(msgspec.Struct, frozen=True):
    """What a code of a remote system means to a person."""

    code: str
    message: str
    remedy: str
    exit: Exit = Exit.FAILED


class System(msgspec.Struct, frozen=True):
    """A remote system: its `name` in messages, the `prefix` of its error codes, and its kinds of error."""

    name: str
    prefix: str
    error: type[RemoteError]
    unknown_outcome: type[RemoteError]

    def not_done(self, *, writes: bool) -> str:
        """What a refused call left undone."""
        return f"The change was not made in {self.name}." if writes else READ_NOT_DONE


def text_of(body: bytes) -> str:
    """The words of a body that is plain text or HTML, on one line."""
    return " ".join(_TAG.sub(" ", _beginning(body)).split())


def detail_of(status: int, body: bytes) -> str:
    """An answer for the log."""
    return f"HTTP {status} {_beginning(body)}"


def asking_to_wait(message: str, seconds: float | None) -> str:
    """The message of a refusal by a limit, with how long it asks to wait where it says so."""
    if not seconds:
        return message
    how_long = f"{seconds / 60:,.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"
    return f"{message} It asks to wait for {how_long}."


def _beginning(body: bytes) -> str:
    return body[:_DETAIL_LIMIT].decode("utf-8", "replace")
