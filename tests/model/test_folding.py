"""Searches see neither case nor accents."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dyntui.model.folding import BASES, fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("HÅKANSSON", "hakansson"),
        ("Søren Kierkegård", "soren kierkegard"),
        ("Łukasz Dvořák", "lukasz dvorak"),
        ("Nguyễn", "nguyen"),
        ("İstanbul ılık", "istanbul ilik"),
        ("Straße", "strasse"),
        ("Æsir", "æsir"),
        ("Ёлка 李雷", "ёлка 李雷"),
        ("o'neil+x@example.org", "o'neil+x@example.org"),
    ],
)
def test_a_name_without_case_and_accents(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text(alphabet=st.characters(max_codepoint=0x24F)))
def test_however_the_accents_are_written_a_name_is_the_same(text: str) -> None:
    assert fold(unicodedata.normalize("NFC", text)) == fold(unicodedata.normalize("NFD", text))
    assert fold(fold(text)) == fold(text)


def test_every_letter_stands_for_one_letter() -> None:
    assert all(len(letter) == len(base) == 1 and base not in BASES for letter, base in BASES.items())
