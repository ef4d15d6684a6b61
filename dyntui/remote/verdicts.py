"""What a refused answer means for the next attempt. Each client judges its own system's answers."""

from __future__ import annotations

import msgspec


class Limited(msgspec.Struct, frozen=True):
    """A limit is closed: the call was not carried out and is made again, however often.

    `seconds` until then (None: the system does not say). `for_all`: every other call would meet the limit too.
    `spread`: up to a second more is waited, as many are let in at the same moment.
    """

    seconds: float | None
    for_all: bool = False
    spread: bool = False


class NotCarriedOut(msgspec.Struct, frozen=True):
    """The system says that nothing was changed and that another attempt may succeed."""


class Doubtful(msgspec.Struct, frozen=True):
    """Whether the call was carried out is not known. `retry_after`: seconds that the system asks to wait."""

    retry_after: float | None = None


class Refused(msgspec.Struct, frozen=True):
    """Another attempt would be refused too."""


Verdict = Limited | NotCarriedOut | Doubtful | Refused
