"""Who may not be mailed by a send that the store knows nothing of."""

from __future__ import annotations

from sqlalchemy import Connection

from dyntui.store import list_unsubscribes, staging, strange_sends

from .test_members import person
from .worlds import opted_out

NOW = "2026-03-01T10:00:00Z"


def test_who_left_one_target_list_stays_as_long_as_they_are_on_another_one(c: Connection) -> None:
    for list_id, names in {"list": ("ann", "bob", "cyd"), "other": ("ann", "cyd")}.items():
        staging.stage(c, list_id, "r1", [person(name) for name in names])
    opted_out(c, "cyd@example.com")
    everybody = [f"{name}@example.com" for name in ("ann", "bob", "cyd", "dan", "eve")]

    list_unsubscribes.add(c, "list", [(each, NOW) for each in everybody[:4]], NOW)

    refused = strange_sends.refused(c, ["list", "other"], everybody)
    assert {address: why.reason for address, why in refused.items()} == {
        "bob@example.com": "UNSUBSCRIBED_LIST",
        "cyd@example.com": "DO_NOT_EMAIL",
        "dan@example.com": "UNSUBSCRIBED_LIST",
    }
    list_unsubscribes.add(c, "other", [("ann@example.com", NOW)], NOW)
    assert "ann@example.com" in strange_sends.refused(c, ["list", "other"], everybody)
    assert set(strange_sends.refused(c, [], everybody)) == {"cyd@example.com"}
