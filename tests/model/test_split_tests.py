"""How split tests are written and what dotdigital takes of them."""

from __future__ import annotations

import pytest

from dyntui.model.split_tests import SplitTest, split_of, wrong


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("", SplitTest(metric="Opens", percentage=20, hours=4)),
        ("clicks", SplitTest(metric="Clicks", percentage=20, hours=4)),
        ("Opens, 10%, 24h", SplitTest(metric="Opens", percentage=10, hours=24)),
        ("48 hours, 100 %, roi", SplitTest(metric="ROI", percentage=100, hours=48)),
    ],
)
def test_a_split_test_is_read_as_people_write_it(text: str, split: SplitTest) -> None:
    assert split_of(text) == split
    assert split_of(f"{split.by}, {split.percentage}%, {split.hours}h") == split


@pytest.mark.parametrize("text", ["replies", "opens, 0%", "opens, 101%", "0h", "721h", "opens, clicks", "2.5%", "-1h"])
def test_what_dotdigital_does_not_know_of_a_split_test_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        split_of(text)


def test_a_split_test_says_what_it_does() -> None:
    assert wrong(SplitTest(metric="ROI", percentage=1, hours=1)) == ""
    assert SplitTest(metric="ROI", percentage=1, hours=1).words == (
        "1 % get its versions; after 1 hour the rest get the one with most ROI"
    )
