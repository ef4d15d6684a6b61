"""Values of a parametrised test that `make test` leaves out: one that stays shows the same (decision 0030)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import pytest
from _pytest.mark.structures import ParameterSet


def keeping(values: Iterable[Any], *kept: Any) -> list[ParameterSet]:
    """The values, each marked `thorough` that is not `kept`; tuples are several arguments."""
    return [_one(each, marked=each not in kept) for each in values]


def but(values: Iterable[Any], *left_out: Any) -> list[ParameterSet]:
    """The values, those marked `thorough` that are `left_out`."""
    return [_one(each, marked=each in left_out) for each in values]


def _one(value: Any, *, marked: bool) -> ParameterSet:
    marks: Collection[pytest.MarkDecorator] = (pytest.mark.thorough,) if marked else ()
    return pytest.param(*(value if isinstance(value, tuple) else (value,)), marks=marks)
