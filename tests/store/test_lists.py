"""Marketing lists: read from Dynamics, bound to address books, shown by view."""

from __future__ import annotations

from sqlalchemy import Connection

from dyntui.model.outcomes import RunStatus
from dyntui.store import campaigns, list_window, lists, member_window, members, pending_members, staging
from dyntui.store.lists import RemoteList
from dyntui.store.pending_members import Acknowledged
from dyntui.store.staging import Staged
from tests.store.windows import windowed

NOW, LATER = "2026-03-01T10:00:00Z", "2026-03-02T10:00:00Z"


def remote(name: str, **more: object) -> RemoteList:
    return RemoteList(id=name.lower(), name=name, member_type="contact", dynamic=False, **more)  # type: ignore[arg-type]


def test_a_list_read_again_keeps_what_is_known_of_its_synchronisation(c: Connection) -> None:
    lists.put(c, [remote("Walkers", activated=True, account_id="a", book_id=5)], NOW)
    lists.record_sync(c, "walkers", "run", RunStatus.COMPLETED.value, NOW)
    lists.put(c, [remote("Walkers", activated=True, account_id="a", book_id=5, description="boots")], LATER)
    found = lists.get(c, "walkers")
    assert found is not None
    assert (found.description, found.sync_status, found.last_synced, found.last_run_id, found.read_on) == (
        "boots",
        "Completed",
        NOW,
        "run",
        LATER,
    )
    assert lists.as_of(c) == LATER


def test_a_list_that_a_reading_did_not_see_is_gone_with_its_people_and_targets(c: Connection) -> None:
    lists.put(c, [remote("Gone"), remote("Stays")], NOW)
    for list_id in ("gone", "stays"):
        staging.stage(c, list_id, "run", [person("ann")])
        campaigns.change_targets(c, "a", 1, add=[list_id])
    lists.put(c, [remote("Stays")], LATER)
    assert lists.forget_unread(c, LATER) == 1
    assert lists.get(c, "gone") is None
    assert windowed(member_window.window, c, list_id="gone").total == 0
    assert windowed(member_window.window, c, list_id="stays").total == 1
    assert campaigns.targets(c, "a", 1) == ["stays"]


def person(name: str) -> Staged:
    return Staged(
        person_id=name,
        entity="contact",
        name=name,
        address=f"{name}@example.com",
        created_on=NOW,
        fields={},
        fingerprint="f",
    )


def test_lists_are_due_in_synchronisation_order_and_manual_ones_only_when_asked_for(c: Connection) -> None:
    bound = {"activated": True, "account_id": "a"}
    lists.put(
        c,
        [
            remote("Second", **bound),
            remote("First", **bound),
            remote("Early", sync_order=1, **bound),
            remote("Manual", manual_only=True, **bound),
            remote("Inactive", active=False, **bound),
            remote("Elsewhere", activated=True, account_id="b"),
            remote("Plain"),
        ],
        NOW,
    )
    # What is inactive is named, not passed over: Dynamics is asked when its turn comes.
    assert [each.id for each in lists.due(c, "a")] == ["early", "first", "inactive", "second"]
    assert [each.id for each in lists.due(c, "a", ["manual", "first", "plain", "elsewhere"])] == ["first", "manual"]


def test_a_list_bound_to_another_book_starts_with_nobody_in_it(c: Connection) -> None:
    lists.put(c, [remote("Walkers")], NOW)
    lists.activate(c, "walkers", "a", 5, "Walkers")
    staging.stage(c, "walkers", "run", [person("ann")])
    pending_members.acknowledge(c, "walkers", [Acknowledged("ann@example.com", 1)], NOW)
    lists.deactivate(c, "walkers")
    lists.activate(c, "walkers", "a", 5, "Walkers")
    assert members.in_book(c, "walkers") == 1
    lists.activate(c, "walkers", "a", 6, "Hikers")
    assert members.in_book(c, "walkers") == 0
    bound = lists.bound_to(c, "a", 6)
    assert bound is not None
    assert (bound.id, bound.book_name, bound.people) == ("walkers", "Hikers", 1)
    assert lists.bound_to(c, "a", 5) is None


def test_a_failure_says_why_and_keeps_when_it_last_went_well(c: Connection) -> None:
    lists.put(c, [remote("Walkers", activated=True)], NOW)
    lists.record_sync(c, "walkers", "r1", RunStatus.COMPLETED.value, NOW)
    lists.failed(c, "walkers", "r2", "The address book is gone.")
    found = lists.get(c, "walkers")
    assert found is not None
    assert (found.sync_status, found.sync_problem, found.last_synced, found.last_run_id) == (
        "Failed: The address book is gone.",
        True,
        NOW,
        "r2",
    )
    lists.failed(c, "walkers", "r3", "It is gone.", status="Not found in email service")
    assert [each.sync_status for each in lists.stored(c, ["walkers"])] == ["Not found in email service"]


def test_every_view_shows_its_lists(c: Connection) -> None:
    lists.put(
        c,
        [
            remote("alpha", owner_id="me", owner="Maya"),
            remote("Beta", activated=True, account_id="a"),
            remote("gamma", activated=True, account_id="b"),
            remote("Old", active=False),
        ],
        NOW,
    )
    lists.record_sync(c, "beta", "r", RunStatus.COMPLETED_WITH_ERRORS.value, NOW)
    lists.record_sync(c, "gamma", "r", RunStatus.COMPLETED.value, NOW)

    def names(**asked: object) -> tuple[list[str], int, int]:
        found = windowed(list_window.window, c, **asked)
        return [each.name for each in found.rows], found.matching, found.total

    assert names() == (["alpha", "Beta", "gamma"], 3, 3)
    assert names(view="inactive") == (["Old"], 1, 1)
    assert names(view="my", user_id="me") == (["alpha"], 1, 1)
    assert names(view="my", user_id="") == ([], 0, 0)
    assert names(view="activated", account_id="b") == (["gamma"], 1, 1)
    assert names(view="problems") == (["Beta"], 1, 1)
    assert names(view="all", search="maya") == (["alpha"], 1, 4)
    assert names(view="all", sort="-name", limit=2, offset=1) == (["gamma", "Beta"], 4, 4)


def test_lists_are_given_in_the_order_asked_for(c: Connection) -> None:
    lists.put(c, [remote("A"), remote("B")], NOW)
    assert [each.id for each in lists.stored(c, ["b", "nobody", "a"])] == ["b", "a"]
