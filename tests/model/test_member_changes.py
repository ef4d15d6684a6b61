"""Which people a slice names: those of one place with what narrows them down there, and nothing that is passed over."""

from __future__ import annotations

from typing import Any

import pytest

from dyntui.model.member_changes import PeopleSlice, misfit


@pytest.mark.parametrize(
    "named",
    [
        {"search": "bob"},
        {"run": "r1", "item": "l1", "outcome": "held", "reason": "UNDONE", "search": "bob"},
        {"count": "c1", "sendable": True, "reason": "SUPPRESSED"},
        {"list": "l1", "outcome": "excluded", "reason": "NO_EMAIL", "search": "bob"},
        {"campaign": 42, "account": "a1", "did": "clicked"},
        {"suppressed": True, "search": "@example.com"},
    ],
)
def test_people_of_one_place_are_named_with_what_narrows_them_down(named: dict[str, Any]) -> None:
    assert misfit(PeopleSlice(**named)) == ""


@pytest.mark.parametrize(
    ("named", "why"),
    [
        ({}, "not said which people"),
        ({"run": "r1", "list": "l1"}, "run and list"),
        ({"campaign": 42, "reason": "SUPPRESSED"}, "People of a campaign are not narrowed down by reason."),
        ({"run": "r1", "sendable": True}, "sendable"),
        ({"list": "l1", "did": "opened"}, "did"),
        ({"suppressed": True, "outcome": "excluded"}, "These people are not narrowed down by outcome."),
        ({"search": "bob", "reason": "NO_EMAIL"}, "reason"),
    ],
)
def test_what_would_be_passed_over_is_refused(named: dict[str, Any], why: str) -> None:
    assert why in misfit(PeopleSlice(**named))
