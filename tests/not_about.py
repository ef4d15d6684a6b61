"""Which tests are not about a switch of the sandbox: they are left out when it is thrown for the whole suite.

Each is about something that the switch takes away, or about what the platform does by default; what holds with the
switch thrown is held by other tests. A test whose check can be made to hold both ways does not belong here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple


class NotAbout(NamedTuple):
    """Tests by the beginning of their ids; a switch by name, with `=value` where it is meant with that value alone."""

    switch: str
    why: str
    tests: tuple[str, ...]


NOT_ABOUT: tuple[NotAbout, ...] = ()


def left_out(tests: Iterable[str], thrown: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Those of the tests that are not about a switch that is thrown, as DYNTUI_SANDBOX_SWITCHES has it."""
    switches = {
        text for named in thrown.values() for name, value in named.items() for text in (name, f"{name}={value}")
    }
    begin = tuple(test for each in NOT_ABOUT if each.switch in switches for test in each.tests)
    return {test for test in tests if test.startswith(begin)} if begin else set()
