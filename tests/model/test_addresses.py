"""Which addresses are taken for sending, by the one published rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dyntui.model.addresses import RULES, fault
from dyntui.sandbox.dotdigital import addresses as dotdigital


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.broken)
def test_the_example_of_a_condition_breaks_that_one_first(rule: object) -> None:
    assert fault(rule.example) == rule.broken  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "address",
    [
        "ann@example.org",
        "o'neill+news@mail.example.co.uk",
        "a@b.xn--p1ai",
        f"{'a' * 64}@example.org",
        "{x}@a-b.example",
    ],
)
def test_ordinary_addresses_are_taken(address: str) -> None:
    assert fault(address) == ""


@pytest.mark.parametrize(
    "address",
    ["", "@", "ann@", "@example.org", "ann@example.o", "ann@example.c0m", "ann@example.org.", f"a@{'b' * 250}.example",
     ".ann@example.org", "ann.@example.org", "ann@ex_ample.org", "ann@example..org", "ann@example.org\u200b"],
)  # fmt: skip
def test_what_dotdigital_would_refuse_is_refused_here(address: str) -> None:
    assert fault(address)


_PIECES = st.sampled_from(["a", "Z9", ".", "..", "-", "@", "example", "org", "xn--p1ai", "ä", " ", "_", "'", "<", '"'])


@given(st.one_of(st.text(max_size=40), st.lists(_PIECES, max_size=9).map("".join), st.emails()))
def test_nothing_that_passes_is_refused_by_dotdigital_for_its_form_and_nothing_else_is_held_back(text: str) -> None:
    address = text.strip().lower()
    assert (fault(address) == "") == dotdigital.valid(address)
