"""Whoever takes from a limit when the rules allow it never makes more calls than the remote system allows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dyntui.model.budgets import HOUR, PEOPLE, Limit, Share, Use, ceiling, counted, free_in, meter

SMALL = Limit(name="small", unit="calls", most=10, window=60, bucket=5)


@given(
    st.lists(
        st.tuples(
            st.floats(0, 30),  # how long nobody asks
            st.integers(1, SMALL.most),  # how much is taken at once
            st.floats(0, 0.999),  # when in the bucket it is used
            st.floats(0, 5),  # how long it is under way
        ),
        max_size=80,
    )
)
def test_no_window_ever_holds_more_than_the_limit(asked: list[tuple[float, int, float, float]]) -> None:
    now, uses, arrived = 1000.0, list[Use](), list[float]()
    for pause, wanted, later, under_way in asked:
        now += pause
        if (wait := free_in(SMALL, uses, now, wanted, SMALL.most)) > 0:
            now += wait
            assert free_in(SMALL, uses, now, wanted, SMALL.most) == 0.0
        start = SMALL.bucket_at(now)
        uses.append(Use(start, "lists", wanted))
        # Used at any moment until the bucket ends, and there a little later.
        used = now + later * (start + SMALL.bucket - now)
        arrived += [used + under_way] * wanted
    for first in arrived:
        assert sum(first <= each < first + SMALL.window for each in arrived) <= SMALL.most


def test_everybody_leaves_sends_a_reserve() -> None:
    assert ceiling(HOUR, "send") == 2000
    assert ceiling(HOUR, PEOPLE) == 1900
    assert ceiling(HOUR, "lists") == 1800
    # Even of the smallest limit everybody may use something.
    assert ceiling(Limit(name="one", unit="calls", most=1, window=60, bucket=5), "lists") == 1


def test_the_meter_says_who_used_what_and_when_it_will_be_used_up() -> None:
    now = 100 * 3600.0
    uses = [Use(int(now) - 7200, "lists", 999), Use(int(now) - 1800, "lists", 300), Use(int(now) - 60, "watch", 700)]
    shown = meter("Main", "a", HOUR, uses, now)
    assert (shown.used, shown.most) == (1000, 2000)
    assert shown.shares == (Share("watch", 700), Share("lists", 300))
    # In six minutes 700: the other 1,000 last for less than nine.
    assert "1970-01-05T04:08" < shown.used_up_on < "1970-01-05T04:09"
    assert shown.frees_on == "1970-01-05T04:32:00Z"
    assert meter("Main", "a", HOUR, uses, now + 3700).used == 0
    assert counted(HOUR, uses, now) == uses[1:]
