"""Who unsubscribed from a list, by the address and as the person who had it."""

from __future__ import annotations

from sqlalchemy import Connection, select

from dyntui.store import (
    leaving,
    list_unsubscribes,
    member_window,
    members,
    opt_outs,
    settling,
    staging,
    told_unsubscribes,
)
from dyntui.store.schema import list_unsubscribe, marketing_list
from tests.store.windows import windowed

from .test_members import ACCOUNT, imported, listing, person

NOW = "2026-03-01T10:00:00Z"


def moved_to(person_id: str, address: str) -> staging.Staged:
    return person(person_id, address=address)


def reasons(c: Connection) -> dict[str, str]:
    return {each.person: each.reason for each in windowed(member_window.window, c, list_id="list").rows}


def test_an_unsubscribe_keeps_when_it_was_learned(c: Connection) -> None:
    list_unsubscribes.add(c, "list", [("ann@example.com", "2026-01-01T00:00:00Z")], NOW)
    again = [("ann@example.com", "2026-01-01T00:00:00Z"), ("bob@example.com", "2026-02-01T00:00:00Z")]
    list_unsubscribes.add(c, "list", again, "2026-05-01T00:00:00Z")
    u = list_unsubscribe.c
    rows = c.execute(select(u.address, u.learned_on).order_by(u.address)).all()
    assert [tuple(row) for row in rows] == [("ann@example.com", NOW), ("bob@example.com", "2026-05-01T00:00:00Z")]


def test_who_left_a_list_is_known_with_the_book_that_said_so_and_the_contact(c: Connection) -> None:
    ann, bob = "ann@example.com", "bob@example.com"
    list_unsubscribes.add(c, "list", [(ann, NOW)], NOW, book_id=7, contact_ids={ann: 70})
    list_unsubscribes.add(c, "list", [(bob, NOW)], NOW)
    assert list_unsubscribes.left_by_book(c, "list", 7, [ann, bob]) == {ann: (70, NOW)}
    assert list_unsubscribes.left_by_book(c, "list", 0, [ann, bob]) == {bob: (0, NOW)}
    assert list_unsubscribes.lift(c, "list", [ann]) == 1
    assert list_unsubscribes.lift(c, "list", []) == 0


def test_who_takes_another_address_has_unsubscribed_all_the_same(c: Connection) -> None:
    listing(c, "r1", person("ann"), person("bob"))
    imported(c)
    # Both happened since the last synchronisation: the members are read before the unsubscribes are.
    listing(c, "r2", moved_to("ann", "new@example.com"), person("bob"))
    list_unsubscribes.add(c, "list", [("ann@example.com", NOW)], NOW)
    settling.settle(c, "list", "r2", ACCOUNT, NOW)
    assert reasons(c) == {"ann": "UNSUBSCRIBED_LIST", "bob": ""}
    (row,) = [each for each in windowed(member_window.window, c, list_id="list").rows if each.person == "ann"]
    assert row.detail == f"{NOW} as ann@example.com"
    assert [(each.person_id, each.why) for each in leaving.leavers(c, "list", "r2")] == [("ann", "withdrawn")]


def test_who_was_away_and_joins_again_with_another_address_has_unsubscribed(c: Connection) -> None:
    listing(c, "r1", person("ann"))
    list_unsubscribes.add(c, "list", [("ann@example.com", NOW)], NOW)
    listing(c, "r2")
    members.forget_left(c, "list", "r2")
    listing(c, "r3", moved_to("ann", "new@example.com"))
    assert reasons(c) == {"ann": "UNSUBSCRIBED_LIST"}


def test_a_record_stands_for_those_merged_into_it_and_an_end_counts_for_all_of_them(c: Connection) -> None:
    listing(c, "r1", person("ann"))
    list_unsubscribes.add(c, "list", [("ann@example.com", NOW)], NOW)
    opt_outs.record_merges(c, [opt_outs.Merge(person_id="ann", entity="contact", master_id="cleo")], NOW)
    listing(c, "r2", person("ann"), person("cleo"))
    assert reasons(c)["cleo"] == "UNSUBSCRIBED_LIST"
    listing(c, "r3", person("cleo"))
    members.forget_left(c, "list", "r3")
    listing(c, "r3", person("cleo"))
    assert reasons(c)["cleo"] == "UNSUBSCRIBED_LIST"
    list_unsubscribes.lift(c, "list", ["ann@example.com"])
    listing(c, "r4", person("cleo"))
    assert reasons(c)["cleo"] == ""


def test_another_list_knows_nothing_of_it(c: Connection) -> None:
    listing(c, "r1", person("ann"))
    list_unsubscribes.add(c, "other", [("ann@example.com", NOW)], NOW)
    listing(c, "r2", moved_to("ann", "new@example.com"))
    assert reasons(c) == {"ann": ""}
    assert list_unsubscribes.former_addresses(c, ["list"], {"ann"}) == {"ann@example.com": "ann"}
    assert list_unsubscribes.former_addresses(c, ["other"], {"ann"}) == {}
    assert list_unsubscribes.former_addresses(c, ["list"], {"bob"}) == {}


def listed(c: Connection, *list_ids: str) -> None:
    for each in list_ids:
        c.execute(
            marketing_list.insert().values(
                id=each, name=each, member_type="contact", account_id=ACCOUNT, activated=True, active=True
            )
        )


def test_dynamics_is_told_once_again_when_the_time_differs_and_of_the_end(c: Connection) -> None:
    listing(c, "r1", person("ann"))
    listed(c, "list", "other")
    ann, bob = "ann@example.com", "bob@example.com"
    list_unsubscribes.add(c, "list", [(ann, NOW), (bob, "")], NOW)
    list_unsubscribes.add(c, "other", [(ann, NOW)], NOW)
    list_unsubscribes.add(c, "of nobody", [(ann, NOW)], NOW)

    def untold() -> list[tuple[str, str, str]]:
        found = told_unsubscribes.untold(c, ACCOUNT, 100)
        assert told_unsubscribes.count_untold(c, ACCOUNT) == len(found)
        return [(each.list_id, each.address, each.person_id) for each in found]

    assert untold() == [("list", ann, "ann"), ("list", bob, ""), ("other", ann, "")]
    (first,) = told_unsubscribes.untold(c, ACCOUNT, 1)
    assert [each.address for each in told_unsubscribes.untold(c, ACCOUNT, 1, (first.list_id, first.address))] == [bob]
    told_unsubscribes.told(c, told_unsubscribes.untold(c, ACCOUNT, 100))
    assert untold() == []
    # The feed says later when it was.
    list_unsubscribes.add(c, "list", [(ann, "2026-01-01T00:00:00Z"), (bob, "")], NOW)
    assert untold() == [("list", ann, "ann")]

    list_unsubscribes.lift(c, "list", [ann, bob])
    list_unsubscribes.lift(c, "of nobody", [ann])
    list_unsubscribes.add(c, "list", [(bob, NOW)], NOW)
    assert told_unsubscribes.ended(c) == [("list", ann)] and untold() == [("list", bob, "")]
    # Somebody else's end is learned while the row of the first one is taken away.
    going = told_unsubscribes.ended(c)
    list_unsubscribes.lift(c, "other", [ann])
    assert told_unsubscribes.forget_ended(c, going) == 1 and told_unsubscribes.ended(c) == [("other", ann)]
    # One that began again and ended before Dynamics was told has its row still.
    list_unsubscribes.lift(c, "list", [bob])
    assert told_unsubscribes.ended(c) == [("list", bob), ("other", ann)]
    list_unsubscribes.add(c, "list", [(bob, NOW)], NOW)
    told_unsubscribes.told(c, told_unsubscribes.untold(c, ACCOUNT, 100))
    assert told_unsubscribes.all_ended(c) == {("other", ann)}
