"""One of something is never several."""

from __future__ import annotations

import pytest

from dyntui.model.bounce_forecast import Sent, forecast, in_words
from dyntui.model.campaigns import through_another
from dyntui.model.counted import amount, counted, people_of
from dyntui.model.waves import Limits, Results, passed
from dyntui.service.contract.mappings import MappingsChecked


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (counted(1, "row"), "1 row"),
        (counted(0, "row is", "rows are"), "0 rows are"),
        (amount(1_234_567), "1,234,567"),
        (amount(1_234_567.5), "1,234,567.5"),
        (amount(0), "0"),
        (people_of(1), "1 person"),
        (people_of(3401), "3,401 people"),
        (passed(Limits(), 1, Results(complaints=1)), "1 complaint of 1 person mailed: more than 0.1 %."),
        (through_another(1), "1 of them unsubscribed from one of these lists and is mailed through another."),
        (through_another(2), "2 of them unsubscribed from one of these lists and are mailed through another."),
        (
            in_words(forecast(300, [Sent(1000, 90)], 1, 0), 300),
            "About 27 will bounce, as 9.0% did in the last campaign; 1 was never mailed before.",
        ),
        (
            MappingsChecked(findings=(), people=1, imports=1, seconds=1).cost,
            "1 person is sent again, in one import of some 1 second",
        ),
    ],
)
def test_one_is_never_several(said: str, expected: str) -> None:
    assert said == expected
