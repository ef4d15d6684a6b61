"""What the service answered before: pages are never emptier than they were, whatever is away."""

from __future__ import annotations

from collections import OrderedDict
from typing import TypeVar, cast

import msgspec

from dyntui.service.contract.calls import Call

Q = TypeVar("Q", bound=msgspec.Struct)
A = TypeVar("A", bound=msgspec.Struct)

_KEPT = 64


class Answers:
    """The last answers by their questions, with the time at which each was given (ISO 8601)."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, bytes], tuple[msgspec.Struct, str]] = OrderedDict()

    def keep(self, method: Call[Q, A], request: Q, answer: A, on: str) -> None:
        """What was answered, and when."""
        key = _key(method, request)
        self._known[key] = (answer, on)
        self._known.move_to_end(key)
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)

    def last(self, method: Call[Q, A], request: Q) -> tuple[A | None, str]:
        """The last answer and its time; None where this was never answered."""
        answer, on = self._known.get(_key(method, request), (None, ""))
        return cast("A | None", answer), on

    def forget(self) -> None:
        """Somebody else may be there, or may not see it any more."""
        self._known.clear()


def _key(method: Call[Q, A], request: Q) -> tuple[str, bytes]:
    return method.name, msgspec.json.encode(request)
