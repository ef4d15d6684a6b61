"""Roles, reasons, payloads and harmless text."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dyntui.model.payloads import fingerprint
from dyntui.model.plain import plain
from dyntui.model.reasons import BY_CODE, CATALOGUE, reason_of_import_failure, reason_of_status
from dyntui.model.roles import Ability, Role, abilities, roles_with


@pytest.mark.parametrize(
    ("roles", "may_send", "may_synchronise", "may_see"),
    [
        ([], False, False, False),
        (["Salesperson"], False, False, False),
        ([Role.VIEWER], False, False, True),
        ([Role.PROFESSIONAL], False, True, True),
        ([Role.MANAGER], True, True, True),
        ([Role.SERVICE], False, True, True),
        ([Role.VIEWER, Role.PROFESSIONAL], False, True, True),
    ],
)
def test_only_the_documented_roles_give_abilities(
    roles: list[str], may_send: bool, may_synchronise: bool, may_see: bool
) -> None:
    given_abilities = abilities(roles)
    assert (Ability.SEND in given_abilities) is may_send
    assert (Ability.SYNCHRONISE in given_abilities) is may_synchronise
    assert (Ability.SEE in given_abilities) is may_see
    assert (Ability.ADMINISTER in given_abilities) is may_send


def test_a_refusal_can_name_the_roles_that_may_do_it() -> None:
    assert roles_with(Ability.SEND) == (Role.MANAGER,)
    assert roles_with(Ability.SEE) == (Role.MANAGER, Role.PROFESSIONAL, Role.VIEWER)


def test_every_reason_says_what_it_means_who_can_mend_it_and_how() -> None:
    assert len(BY_CODE) == len(CATALOGUE)
    for reason in CATALOGUE:
        assert reason.code.isupper()
        assert reason.meaning.endswith(".") and reason.remedy.endswith(".") and reason.who


# Section 9 of the specification.
SPECIFIED = """
NO_EMAIL BAD_EMAIL DUPLICATE_ADDRESS DO_NOT_EMAIL DO_NOT_BULK_EMAIL SUPPRESSED SUPPRESSED_OTHER_ACCOUNT
GLOBALLY_SUPPRESSED DOMAIN_SUPPRESSED HARD_BOUNCED SOFT_BOUNCED COMPLAINED MAIL_BLOCKED UNSUBSCRIBED_LIST
PENDING_OPT_IN OPT_IN_TOO_WEAK FILTERED INACTIVE MERGED LEAD_QUALIFIED WRONG_TYPE AMBIGUOUS_MATCH UNKNOWN_PERSON
NOT_SYNCED STALE REJECTED IMPORT_PENDING WATCHDOG VALUE_REJECTED CONFLICT REMOVAL_HELD ALREADY_SENT CONTACT_LIMIT
NO_ACCESS NOT_ALLOW_LISTED WAVE_STOPPED LEFT_LIST NO_MAIL_SERVER ODD_ROW UNKNOWN
"""
# What only an undo says.
OF_UNDO = {"UNDONE", "NOT_UNDONE", "NO_BEFORE_IMAGE"}
# What only the audit of a send says of which it was found later that it mailed nobody.
OF_SETTLING = {"NOT_MAILED"}


def test_the_catalogue_is_the_specifications_and_fits_into_a_mask() -> None:
    assert set(BY_CODE) == set(SPECIFIED.split()) | OF_UNDO | OF_SETTLING
    assert len(BY_CODE) < 63


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("Subscribed", ""),
        ("SharedSuppression", "GLOBALLY_SUPPRESSED"),
        ("NotAllowed", "GLOBALLY_SUPPRESSED"),
        ("NoMxRecord", "NO_MAIL_SERVER"),
        ("Unsubscribed", "SUPPRESSED"),
        ("HardBounced", "HARD_BOUNCED"),
        ("IspComplained", "COMPLAINED"),
        ("PendingOptIn", "PENDING_OPT_IN"),
        ("NotAvailableInThisVersion", "UNKNOWN"),
        ("somethingNew", "UNKNOWN"),
    ],
)
def test_a_platform_status_stands_for_one_reason_and_a_new_one_surfaces_as_unknown(status: str, reason: str) -> None:
    assert reason_of_status(status) == reason


def test_an_unknown_import_failure_is_a_rejection_not_a_success() -> None:
    assert reason_of_import_failure("ApiSchemaViolation") == "REJECTED"
    assert reason_of_import_failure("invalidEmail") == "BAD_EMAIL"


@given(st.text(), st.text())
def test_equal_fingerprints_mean_equal_payloads(first: str, second: str) -> None:
    one = fingerprint("a@example.org", {"FIRSTNAME": first})
    two = fingerprint("a@example.org", {"FIRSTNAME": second})
    assert (one == two) is (first == second)


@given(st.text())
def test_remote_text_can_never_carry_a_control_character_to_the_terminal(text: str) -> None:
    shown = plain(text)
    assert len(shown) == len(text)
    assert not any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in shown)


def test_an_escape_sequence_shows_as_symbols() -> None:
    assert plain("\x1b[31mred\x07") == "␛[31mred␇"
