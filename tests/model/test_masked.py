"""Text that leaves the installation names nobody."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dyntui.model.masked import masked


@pytest.mark.parametrize(
    "text",
    [
        "contact ada@example.org was refused",
        'GET /v2/contacts/"ada@example.org"',
        "<ada@example.org>;ada@example.org",
        "o'brien@exämple.invalid: BAD_EMAIL",
        "(kund+1@bücher.example)",
    ],
)
def test_addresses_are_masked_wherever_they_stand(text: str) -> None:
    assert "example" not in masked(text).replace("@masked", "")
    assert "@masked" in masked(text)


def test_the_same_address_is_the_same_word_in_any_case() -> None:
    assert masked("Ada@Example.org") == masked("ada@example.ORG") != masked("bob@example.org")


@given(st.text())
def test_masking_twice_changes_nothing_about_what_names_nobody(text: str) -> None:
    plain = text.replace("@", "")
    assert masked(plain) == plain


def test_a_very_long_word_takes_no_time() -> None:
    began = time.process_time()
    for word in ("f3" * 200_000, "%2C" * 200_000):
        assert masked(f"{word} ada@example.org") == f"{word} {masked('ada@example.org')}"
    assert time.process_time() - began < 5
