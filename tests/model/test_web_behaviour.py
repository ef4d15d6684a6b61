"""Web behaviour: the pages of a session, in whatever way it is written."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from dyntui.model.web_behaviour import read_session

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SHOP = "https://shop.example"


def page(url: str = SHOP, time: Any = "2026-11-20T08:00:00Z", **more: Any) -> dict[str, Any]:
    return {"url": url, "time": time, **more}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"pages": [page(title="Tents")]}, [(SHOP, "Tents", "2026-11-20T08:00:00Z", 1)]),
        (json.dumps({"pages": [page()]}), [(SHOP, "", "2026-11-20T08:00:00Z", 1)]),
        (
            {"PageViews": [{"PageUrl": SHOP, "Page_Title": "x", "DateViewed": "2026-11-20T09:00:00+01:00"}]},
            [(SHOP, "x", "2026-11-20T08:00:00Z", 1)],
        ),
        (
            {"startTime": "2026-11-20T07:00:00", "pages": [{"url": SHOP, "aNewField": 1}]},
            [(SHOP, "", "2026-11-20T07:00:00Z", 1)],
        ),
        (
            {"pages": [page(time="2026-11-20T09:00:00Z"), page(), page(f"{SHOP}/a", title=["odd"])]},
            [(SHOP, "", "2026-11-20T08:00:00Z", 2), (f"{SHOP}/a", "", "2026-11-20T08:00:00Z", 1)],
        ),
        ({"url": SHOP, "time": "2026-11-20T08:00:00Z"}, [(SHOP, "", "2026-11-20T08:00:00Z", 1)]),
        ({"pages": []}, []),
    ],
)
def test_the_pages_of_a_session_are_found_each_once(document: Any, expected: Any) -> None:
    found = read_session(document, NOW)
    assert [(each.url, each.title, each.visited_on, each.times) for each in found.visits] == expected
    assert found.faults == ()


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ("<html>", "no JSON"),
        (None, "no session: NoneType"),
        (7, "no session: int"),
        ({}, "no pages among nothing"),
        ({"steps": [page()]}, "no pages among steps"),
        ({"pages": "many"}, "no pages among pages"),
        ({"pages": [7]}, "page 1: no page: '7'"),
        ({"pages": [page(url=" ")]}, "page 1: no address"),
        ({"pages": [page(url=["x"])]}, "page 1: no address"),
        ({"pages": [page(time="2999-01-01T00:00:00Z")]}, "page 1: visited on '2999-01-01T00:00:00Z'"),
        ({"pages": [page(time=1700000000)]}, "page 1: visited on '1700000000'"),
        ({"pages": [{"url": SHOP}]}, "page 1: visited on 'None'"),
        ({"pages": [page()] * 1001}, "1 pages more than 1,000"),
    ],
)
def test_what_is_not_understood_is_said_and_not_guessed(document: Any, fault: str) -> None:
    assert read_session(document, NOW).faults[0].startswith(fault)


def test_one_odd_page_costs_one_page() -> None:
    found = read_session({"pages": [page(), page(time="yesterday"), page(f"{SHOP}/b")]}, NOW)
    assert [each.url for each in found.visits] == [SHOP, f"{SHOP}/b"]
    assert found.faults == ("page 2: visited on 'yesterday'",)
