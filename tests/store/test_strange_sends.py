"""Who may not be mailed by a send that the store knows nothing of."""

from __future__ import annotations

from sqlalchemy import Connection

from dyntui.store import list_unsubscribes, opt_outs, staging, strange_sends, suppressions
from dyntui.store.suppressions import Suppression

from .test_members import person
from .worlds import opted_out

NOW = "2026-03-01T10:00:00Z"


def test_who_left_one_target_list_stays_as_long_as_they_are_on_another_one(c: Connection) -> None:
    for list_id, names in {"list": ("ann", "bob", "cyd"), "other": ("ann", "cyd")}.items():
        staging.stage(c, list_id, "r1", [person(name) for name in names])
    opted_out(c, "cyd@example.com")
    everybody = [f"{name}@example.com" for name in ("ann", "bob", "cyd", "dan", "eve")]

    list_unsubscribes.add(c, "list", [(each, NOW) for each in everybody[:4]], NOW)

    refused = strange_sends.refused(c, "main", ["list", "other"], everybody)
    assert {address: why.reason for address, why in refused.items()} == {
        "bob@example.com": "UNSUBSCRIBED_LIST",
        "cyd@example.com": "DO_NOT_EMAIL",
        "dan@example.com": "UNSUBSCRIBED_LIST",
    }
    list_unsubscribes.add(c, "other", [("ann@example.com", NOW)], NOW)
    assert "ann@example.com" in strange_sends.refused(c, "main", ["list", "other"], everybody)
    assert set(strange_sends.refused(c, "main", [], everybody)) == {"cyd@example.com"}


def test_who_said_no_with_another_address_since_is_not_mailed_at_the_one_of_then(c: Connection) -> None:
    names = ("ann", "bob", "cyd", "dan", "eve")
    staging.stage(c, "list", "r1", [person(name) for name in names])
    moved = [person(name, address=f"{name}@new.example") for name in names[:4]]
    staging.stage(c, "list", "r2", [*moved, person("eve"), person("fay", address="dan@example.com")])
    opt_outs.learn(c, [opt_outs.OptOut(person_id="ann", entity="contact", reason="DO_NOT_EMAIL")], [], NOW)
    suppressions.record(c, "main", [Suppression("bob@new.example", "Suppressed", "SUPPRESSED", NOW)], NOW)
    opt_outs.learn(c, [opt_outs.OptOut(person_id="dan", entity="contact", reason="DO_NOT_EMAIL")], [], NOW)
    list_unsubscribes.add(c, "list", [("cyd@new.example", NOW)], NOW)

    refused = strange_sends.refused(c, "main", ["list"], [f"{name}@example.com" for name in names])

    assert {address: why.reason for address, why in refused.items()} == {
        "ann@example.com": "DO_NOT_EMAIL",
        "bob@example.com": "SUPPRESSED",
        "cyd@example.com": "UNSUBSCRIBED_LIST",
    }, "dan's is another one's by now, and eve's is what it was"
