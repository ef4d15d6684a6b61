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


_CLIENTS = "tests/dotdigital/test_against_sandbox.py"
_EARLIER = "tests/faults/test_earlier_sends.py"

NOT_ABOUT: tuple[NotAbout, ...] = (
    NotAbout(
        "double_opt_in=all",
        "no list is imported, by name, and nothing can be sent: tests/scenarios/test_double_opt_in.py holds that",
        ("tests/scenarios/", "tests/faults/"),
    ),
    NotAbout(
        "listing_lag_seconds",
        "a client answers what a listing shows; synchronisations and sends wait for it",
        tuple(
            f"{_CLIENTS}::{name}"
            for name in (
                "test_an_import_creates_updates_and_says_what_failed",
                "test_a_cleared_value_arrives_as_a_clear",
                "test_both_versions_tell_the_same_members",
                "test_drifting_pages_lose_nobody",
                "test_members_leave_the_book_and_stay_contacts",
                "test_imports_and_listings_survive_every_kind_of_fault",
                "test_the_26th_import_waits_until_a_place_is_free",
            )
        ),
    ),
    NotAbout(
        "late_suppressions_seconds",
        "a client answers what a feed shows; synchronisations read it again, with an overlap of two days",
        (f"{_CLIENTS}::test_suppressions_of_every_kind_are_told_since_a_time",),
    ),
    NotAbout(
        "send_appears_after_seconds",
        "the test expects the send to show at once; one that shows late is refused as SEND_UNSETTLED until it does",
        (f"{_EARLIER}::test_a_request_that_arrives_while_its_book_is_emptied_mails_nobody_twice",),
    ),
)


def left_out(tests: Iterable[str], thrown: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Those of the tests that are not about a switch that is thrown, as DYNTUI_SANDBOX_SWITCHES has it."""
    switches = {
        text for named in thrown.values() for name, value in named.items() for text in (name, f"{name}={value}")
    }
    begin = tuple(test for each in NOT_ABOUT if each.switch in switches for test in each.tests)
    return {test for test in tests if test.startswith(begin)} if begin else set()
