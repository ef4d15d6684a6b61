"""How long a text is, and what of it a column takes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dyntui.model.lengths import cut, units


def test_a_character_beyond_the_first_plane_counts_twice_and_is_not_cut_in_half() -> None:
    assert units("a\N{CAMPING}") == 3
    assert cut("a\N{CAMPING}b", 3) == "a\N{CAMPING}"
    assert cut("a\N{CAMPING}b", 2) == "a"


@given(st.text(max_size=30), st.integers(0, 30))
def test_what_is_left_is_the_beginning_that_just_fits(text: str, longest: int) -> None:
    left = cut(text, longest)
    assert text.startswith(left) and units(left) <= longest
    assert left == text or units(text[: len(left) + 1]) > longest
