"""Sends as people look at them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert, update

from dyntui.store import send_window, sends
from dyntui.store.schema import send, target_count
from dyntui.store.sends import NewSend
from tests.store.windows import windowed

NOW = "2026-03-01T10:00:00Z"
ONE, OTHER = "0a1b2c3d-0000-4000-8000-00000000000a", "0a1b2c3d-0000-4000-8000-00000000000b"


def a_send(c: Connection, name: str, lists: Sequence[str], waves_of: str = "") -> None:
    c.execute(insert(target_count).values(id=f"count of {name}", account_id="a", campaign_id=1, lists=list(lists)))
    sends.create(
        c,
        NewSend(
            id=name,
            account_id="a",
            campaign_id=1,
            campaign_name=name,
            count_id=f"count of {name}",
            created_by="Mira",
            created_on=NOW,
            lists=[f"List {each}" for each in lists],
            list_ids=lists,
            waves_of=waves_of,
            wave=1 if waves_of else 0,
        ),
    )


def test_the_sends_to_a_list_are_those_that_it_took_part_in(c: Connection) -> None:
    a_send(c, "alone", [ONE])
    a_send(c, "both", [OTHER, ONE])
    a_send(c, "other", [OTHER])
    a_send(c, "wave of both", [OTHER, ONE], waves_of="both")

    def names(list_id: str, **asked: object) -> tuple[set[str], int]:
        found = windowed(send_window.window, c, list_id=list_id, **asked)
        return {each.id for each in found.rows}, found.total

    assert names(ONE) == ({"alone", "both"}, 2)
    assert names(OTHER, search="oth") == ({"both", "other"}, 2)
    assert names(ONE[:8]) == names("_" * len(ONE)) == names("%") == (set(), 0)
    assert names("", limit=9) == ({"alone", "both", "other", "wave of both"}, 4)


def test_a_send_of_which_nobody_knows_what_became_waits_until_somebody_says_so(c: Connection) -> None:
    a_send(c, "sure", [ONE])
    a_send(c, "doubtful", [ONE])
    for each in ("sure", "doubtful"):
        sends.finish(c, each, "Failed", NOW)
    assert windowed(send_window.window, c, view="held").rows == ()
    sends.put_doubt(c, "doubtful", "unproved", "nobody has seen it")
    assert [each.id for each in windowed(send_window.window, c, view="held").rows] == ["doubtful"]
    assert sends.decide(c, "doubtful", "mailed", "Mira", NOW)
    assert windowed(send_window.window, c, view="held").rows == ()


def test_what_waits_for_a_person_comes_first_and_is_counted_by_itself(c: Connection) -> None:
    for place in range(20):
        a_send(c, f"scheduled {place}", [ONE])
    c.execute(update(send).values(state="Scheduled"))
    for place in range(3):
        a_send(c, f"missed {place}", [ONE])
        c.execute(update(send).where(send.c.id == f"missed {place}").values(state="Missed", send_at=NOW))
    for place in range(18):
        a_send(c, f"doubtful {place}", [ONE])
        sends.finish(c, f"doubtful {place}", "Failed", NOW)
        sends.put_doubt(c, f"doubtful {place}", "unproved", "nobody has seen it")
    held = windowed(send_window.window, c, view="held", limit=21)
    assert [each.undecided for each in held.rows] == [True] * 18 + [False] * 3
    assert {each.state for each in held.rows[18:]} == {"Missed"} and held.matching == 41
    assert windowed(send_window.window, c, view="undecided", limit=1).matching == 18
    assert windowed(send_window.window, c, view="missed", limit=1).matching == 3
