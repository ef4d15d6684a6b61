"""Whose lists are gone through for members who unsubscribed."""

from __future__ import annotations

from sqlalchemy import Connection, insert

from dyntui.store import list_unsubscribes, taken_off
from dyntui.store.schema import marketing_list

BEFORE, BEGUN, LATER = "2026-03-01T10:00:00Z", "2026-03-02T10:00:00Z", "2026-03-03T10:00:00Z"


def test_a_list_is_gone_through_at_first_and_where_somebody_has_unsubscribed_since(c: Connection) -> None:
    values = {"account_id": "a", "activated": True, "active": True, "last_synced": BEFORE}
    c.execute(insert(marketing_list).values(id="l", **values))
    list_unsubscribes.add(c, "l", [("ann@example.com", BEFORE)], BEFORE)
    assert taken_off.lists(c, "a") == ["l"]
    taken_off.begin(c, "a", "l", BEGUN)
    assert taken_off.lists(c, "a") == []
    list_unsubscribes.add(c, "l", [("bob@example.com", LATER)], LATER)
    assert taken_off.lists(c, "a") == ["l"] and taken_off.lists(c, "another") == []
