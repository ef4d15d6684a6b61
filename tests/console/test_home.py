"""Home's line about sends."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from dyntui.screens.home import HomeScreen
from dyntui.screens.wording import tell_time_by
from sqlalchemy import insert, select

from dyntui.service.contract.paging import Page
from dyntui.service.contract.sends import SendsQuery
from dyntui.store.schema import marketing_list
from tests.cli.scripted_service import a_send

from .driving import driving
from .service import Service
from .worlds import LIST, Opening


@pytest.mark.parametrize(
    ("state", "view", "said"),
    [
        ("Scheduled", "", "Spring goes out 22 Nov 14:06, 29 more (W)"),
        ("Missed", "missed", "Spring and 16 more missed the hour (W)"),
        ("Failed", "undecided", "Spring and 16 more: say who was mailed (W)"),
    ],
)
def test_how_many_more_there_are_is_said_of_all_sends_that_wait(
    monkeypatch: pytest.MonkeyPatch, state: str, view: str, said: str
) -> None:
    tell_time_by(lambda: datetime(2026, 11, 22, 12, tzinfo=UTC))
    home, asked = HomeScreen(), []
    row = a_send(state, send_at="2026-11-22T14:06:00Z", doubt="unproved" if view == "undecided" else "")

    def look(_call: object, query: SendsQuery, take: Any, **_kind: object) -> None:
        asked.append(query.view)
        take(Page(rows=(row,), matching=17, total=17))

    monkeypatch.setattr(home, "look", look)
    monkeypatch.setattr(home, "_show_facts", lambda _status: None)
    monkeypatch.setattr(HomeScreen, "_brief", False)
    home._know_sends(Page(rows=(row,) * 16, matching=30, total=30))
    assert home._sends is not None and home._sends[1] == said
    assert asked == ([view] if view else [])


def among_small_ones(service: Service) -> None:
    """Sixty activated lists with one member each, whose names come first."""
    with service.db.write() as c:
        like = c.execute(select(marketing_list).where(marketing_list.c.name == LIST)).one()._mapping
        small = {**like, "member_count": 1, "book_id": 0}
        c.execute(insert(marketing_list), [{**small, "id": f"{n}", "name": f"A {n:02}"} for n in range(60)])


async def test_the_largest_lists_are_the_largest_of_all_however_many_there_are() -> None:
    async with driving(Opening(prepare=among_small_ones), size=(120, 60)) as hand:
        lines = hand.text.splitlines()
        first = next(place for place, line in enumerate(lines) if "Activated lists, by members" in line) + 1
        assert LIST in lines[first] and "207" in lines[first]
