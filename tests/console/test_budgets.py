"""Budgets in the console: what is left, what will be needed, what gets done."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from dyntui.store.schema import budget_limit, run

from .driving import WIDE, driving
from .service import Service
from .worlds import Opening


def busy(service: Service) -> None:
    """Runs of lists needed many calls lately."""
    with service.db.write() as c:
        c.execute(update(run).where(run.c.kind == "lists").values(dotdigital_reads=2500, people_read=4000))
        c.execute(budget_limit.update().values(most=2000))


@pytest.mark.parametrize("plain", [False, True])
async def test_budgets_show_what_is_left_what_will_be_needed_and_what_slows_first(
    plain: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if plain:
        monkeypatch.setenv("NO_COLOR", "1")
    async with driving(Opening("worked", stays=True, prepare=busy), size=WIDE if not plain else (80, 24)) as hand:
        await hand.press("U")
        text = hand.text
        assert "Budgets" in text and "Dynamics" in text and "Main" in text and "Runs out" in text
        # A column for each hour, its axis, and the pattern of what does not fit.
        assert "┤" in text and "╵" in text and "needed in an hour, UTC" in text
        assert "8,000" in text and "calls in 2 runs" in text and "have not run yet: " in text
        await hand.press("G")
        assert "▒" in hand.text.split("needed in an hour")[0]
        assert "Main: what runs may use is used up 22 Nov" in hand.text and "Email campaigns slows first" in hand.text
        await hand.press("enter")
        assert "slows first" in hand.text and "2,501 calls each" in hand.text
        await hand.press("escape")
        assert "By type" in hand.text
