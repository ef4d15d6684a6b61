"""What is to be set on records with suppressed addresses, by the settings of the accounts that suppress them."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from dyntui.model.suppression_flags import BULK_EMAIL, EMAIL, SuppressionFlags, in_words
from dyntui.store import accounts, flags, suppressions
from dyntui.store.accounts import EmailAccount
from dyntui.store.flags import FlagSet
from dyntui.store.suppressions import Suppression

ANN, BOB = "ann@example.com", "bob@example.com"
NOW = "2026-03-01T10:00:00Z"
B, E, N = frozenset({BULK_EMAIL}), frozenset({EMAIL}), frozenset[str]()


def account(c: Connection, name: str, chosen: str) -> None:
    accounts.put_account(
        c,
        EmailAccount(
            id=name,
            name=name,
            api_user=name,
            endpoint="",
            region="",
            platform_id=len(name),
            suppression_flags=chosen,
        ),
    )


def suppressed(c: Connection, by: str, address: str) -> None:
    suppressions.record(c, by, [Suppression(address, "Unsubscribed", "SUPPRESSED", NOW)], NOW)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"a": "bulk"}, B),
        ({"a": "email"}, E),
        ({"a": "both"}, B | E),
        ({"a": "none"}, N),
        ({"a": "bulk", "bb": "email"}, B | E),
        ({"a": "none", "bb": "none"}, N),
        ({"a": "none", "bb": "bulk"}, B),
        # Disconnected: as is usual.
        ({"a": "none", "gone": ""}, B),
    ],
)
def test_of_several_accounts_that_suppress_an_address_what_any_wants_is_set(
    c: Connection, settings: dict[str, str], expected: frozenset[str]
) -> None:
    for name, chosen in settings.items():
        if chosen:
            account(c, name, chosen)
        suppressed(c, name, ANN)
    assert flags.wanted(c, [ANN, BOB]) == {ANN: expected}


def test_flags_are_remembered_and_forgotten_one_by_one(c: Connection) -> None:
    bulk, email = (FlagSet("contact", "p1", ANN, each) for each in (BULK_EMAIL, EMAIL))
    other = FlagSet("lead", "p2", BOB, EMAIL)
    flags.remember(c, [bulk, email, other], NOW)
    suppressed(c, "a", BOB)
    assert flags.of_addresses(c, [ANN, BOB]) == [bulk, email], "as long as somebody suppresses it, it stays"
    flags.forget(c, [bulk])
    assert flags.of_addresses(c, [ANN, BOB]) == [email]


def test_flags_have_the_names_that_people_know() -> None:
    assert {each.value: in_words(each.columns) for each in SuppressionFlags} == {
        "bulk": "Do not allow bulk emails",
        "email": "Do not allow emails",
        "both": "Do not allow bulk emails and Do not allow emails",
        "none": "",
    }
