"""Campaigns that are put away: which views they are in, and what keeps one from it."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, insert

from dyntui.model.archiving import SENDING, obstacle
from dyntui.store import archive, campaign_window, campaigns
from dyntui.store.campaigns import Campaign, Header
from dyntui.store.schema import send
from tests.store.windows import windowed

NOW, LATER = "2026-03-01T10:00:00Z", "2026-03-02T10:00:00Z"
SPRING = Header(id=1, name="Spring", subject="Boots", status="Unsent")
WINTER = Header(id=2, name="Winter", subject="Skis", status="Sent", sent_on=NOW)
AUTUMN = Header(id=3, name="Autumn", subject="Tents", status="Sent", sent_on=NOW)


def known(c: Connection, account_id: str, campaign_id: int) -> Campaign:
    found = campaigns.get(c, account_id, campaign_id)
    assert found is not None
    return found


def ids(c: Connection, **asked: object) -> list[tuple[str, int]]:
    return [(row.name, row.id) for row in windowed(campaign_window.window, c, **asked).rows]


def test_what_is_put_away_is_in_its_own_view_and_in_that_of_all(c: Connection) -> None:
    campaigns.record_headers(c, "a", [SPRING, WINTER, AUTUMN], NOW)
    campaigns.record_headers(c, "b", [SPRING], NOW)
    for number in (1, 2):
        archive.put_away(c, known(c, "a", number), "Ann", LATER)
    assert ids(c, account_id="a") == ids(c, account_id="a", view="sent") == [("Autumn", 3)]
    assert ids(c, account_id="a", view="unsent") == [] and ids(c, account_id="b") == [("Spring", 1)]
    assert ids(c, view="archived") == [("Winter", 2), ("Spring", 1)]
    assert len(ids(c, view="all")) == 4 and ids(c, view="current", search="skis") == []
    # Sorted as it is shown.
    assert [name for name, _ in ids(c, account_id="a", view="all", sort="-status")] == ["Autumn", "Winter", "Spring"]
    assert ids(c, view="archived", sort="archived_on") and campaign_window.row(c, "a", 1).archived_by == "Ann"
    # As dotdigital lists it, it is the same campaign.
    campaigns.record_headers(c, "a", [SPRING, WINTER, AUTUMN], LATER)
    assert (known(c, "a", 1).archived_on, known(c, "a", 1).archived_by) == (LATER, "Ann")
    archive.take_out(c, known(c, "a", 1))
    assert ids(c, view="archived") == [("Winter", 2)] and known(c, "a", 1).archived_by == ""


STATES = {
    "Scheduled": False,
    "Missed": False,
    "Queued": False,
    "Preparing": False,
    "In waves": False,
    "Handed over": False,
    "Sending": False,
    "Sent": True,
    "Stopped": True,
    "Failed": True,
    "Refused": True,
    "Cancelled": True,
}


@pytest.mark.parametrize(("state", "over"), STATES.items())
def test_a_send_that_is_not_over_is_in_the_way(c: Connection, state: str, over: bool) -> None:
    campaigns.record_headers(c, "a", [SPRING, WINTER], NOW)
    _send(c, "one", 1, state)
    _send(c, "newer", 1, "Sent", created_on=LATER)
    assert (archive.in_the_way(c, known(c, "a", 1)) is None) is over
    assert archive.in_the_way(c, known(c, "a", 2)) is None


def test_a_send_in_doubt_is_in_the_way_until_somebody_decides(c: Connection) -> None:
    campaigns.record_headers(c, "a", [SPRING, WINTER], NOW)
    _send(c, "one", 1, "Sent", doubt="stopped")
    assert archive.in_the_way(c, known(c, "a", 1)) == obstacle("Sent", undecided=True)
    _send(c, "two", 2, "Sent", doubt="stopped", decision="mailed")
    assert archive.in_the_way(c, known(c, "a", 2)) is None


def test_what_dotdigital_is_sending_by_itself_is_in_the_way(c: Connection) -> None:
    campaigns.record_headers(c, "a", [Header(id=1, name="Spring", status="SENDING")], NOW)
    assert archive.in_the_way(c, known(c, "a", 1)) is SENDING


def _send(c: Connection, id: str, campaign_id: int, state: str, created_on: str = NOW, **more: str) -> None:
    values = {"id": id, "account_id": "a", "campaign_id": campaign_id, "state": state, "created_on": created_on}
    empty = {"lists": [], "list_ids": [], "confirmed_as": {}, "split": {}, "counted": []}
    c.execute(insert(send).values(empty | values | more))
