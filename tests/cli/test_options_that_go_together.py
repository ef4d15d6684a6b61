"""No option is passed over in silence: whoever names one person never speaks of all of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.cli.scripted_service import ScriptedService

PERSON = "33333333-3333-3333-3333-333333333333"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        # All of the account's conflicts would have been settled.
        (("conflicts", "settle", "--all", "--person", PERSON), "CONFLICTS_UNNAMED"),
        (("conflicts", "settle", "--all", "--label", "FIRSTNAME"), "CONFLICTS_UNNAMED"),
        (("conflicts", "settle", "--person", PERSON), "CONFLICTS_UNNAMED"),
        # Everybody who is suggested would have been mapped.
        (("users", "map", "ann@example.com", "--suggested"), "USERS_UNNAMED"),
        (("users", "map", "ann@example.com"), "USERS_UNNAMED"),
        (("users", "map", "ann@example.com", "Ann", "--suggested"), "USERS_UNNAMED"),
        # Nothing would have been changed, and the settings shown as if something had been.
        (("accounts", "edit", "Main"), "name at least one option"),
        (("lists", "edit", PERSON), "name at least one option"),
        (("mappings", "edit", "FIRSTNAME", "contact"), "name at least one option"),
        (("mappings", "edit", "FIRSTNAME", "contact", "--column", "x", "--why", "y"), "name at least one option"),
        (("campaigns", "edit", "42"), "--sync-level"),
        (("schedules", "edit", "lists"), "Give at least one of --every"),
        # No file would have been written, and nothing mended.
        (("doctor", "--first", "--bundle", "new.zip"), "--bundle"),
        (("doctor", "--report", "new.md", "--fix"), "--fix"),
        (("doctor", "--first", "--from", "setup.toml"), "--from"),
        (
            ("credentials", "replace", "dynamics", "--certificate", "c.pem", "--from", "s.txt"),
            "--certificate or --from",
        ),
        # One of two texts would have been looked for.
        (("audit", "search", "ann", "--search", "x"), "TEXT and --search"),
        (("people", "search", "ann", "--search", "x"), "TEXT and --search"),
        # Everybody would have been counted or shown.
        (("audit", "show", "run-1", "--reason", "SUPPRESSED"), "--reason goes with --people."),
        (("audit", "show", "run-1", "--changes", "--outcome", "held"), "--outcome goes with --people."),
        (("audit", "show", "run-1", "--item", "x"), "--item goes with --people or --changes."),
        (("why", "ann@example.org", "--account", "Second"), "--account goes with --campaign."),
        (("campaigns", "count", "42", "--reason", "SUPPRESSED"), "--reason goes with --by-person."),
        (("campaigns", "count", "42", "--sendable"), "--sendable goes with --by-person."),
        (("campaigns", "report", "42", "--filter", "opened"), "--filter goes with --recipients."),
        (("campaigns", "report", "42", "--search", "ann"), "--search goes with --recipients."),
    ],
)
def test_an_option_that_would_be_passed_over_is_refused(
    dyntui: Callable, service: ScriptedService, words: tuple[str, ...], said: str
) -> None:
    done = dyntui(*words)

    assert done.code == 2
    assert said in done.err
    assert service.asked == []
