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


def answered_by(kind: type[object]) -> dict[Call[Any, Any], str]:
    """The calls that methods of a class answer, and the methods' names."""
    methods = vars(kind).items()
    return {call: name for name, method in methods if (call := getattr(method, _CALL, None)) is not None}


def handlers_of(*use_cases: object) -> Handlers:
    """By name, the calls that the methods of these objects answer. Raises ValueError where two answer the same one."""
    found: Handlers = {}
    for each in use_cases:
        for call, name in answered_by(type(each)).items():
            if call.name in found:
                raise ValueError(f"{call.name} is answered twice")
            found[call.name] = getattr(each, name)
    return found
