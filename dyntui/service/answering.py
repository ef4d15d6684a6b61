"""Which call of the contract a method answers, said once, where the method is."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import msgspec

from dyntui.service.connection import Handlers
from dyntui.service.contract.calls import Call
from dyntui.service.permission import CallContext

S = TypeVar("S")
Q = TypeVar("Q", bound=msgspec.Struct)
A = TypeVar("A", bound=msgspec.Struct)

Answering = Callable[[S, CallContext, Q], Coroutine[Any, Any, A]]

_CALL = "answers_call"


def answers(call: Call[Q, A]) -> Callable[[Answering[S, Q, A]], Answering[S, Q, A]]:
    """The method answers the call: the type checker holds its request and its answer against those of the call."""

    def mark(method: Answering[S, Q, A]) -> Answering[S, Q, A]:
        setattr(method, _CALL, call)
        return method

    return mark


def handlers_of(*use_cases: object) -> Handlers:
    """By name, the calls that the methods of these objects answer. Raises ValueError where two answer the same one."""
    found: Handlers = {}
    for each in use_cases:
        for name, method in vars(type(each)).items():
            call = getattr(method, _CALL, None)
            if call is None:
                continue
            if call.name in found:
                raise ValueError(f"{call.name} is answered twice")
            found[call.name] = getattr(each, name)
    return found
