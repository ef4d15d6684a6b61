"""Who must not be mailed: read in overlapping pages, told to Dynamics once, lifted only by name."""

from __future__ import annotations

from sqlalchemy import Connection

from dyntui.model.outcomes import Outcome, ReasonCount
from dyntui.store import accounts, consent_news, deciding, lifts, list_unsubscribes, outcomes, runs, suppressions
from dyntui.store.accounts import EmailAccount
from dyntui.store.suppressions import Suppression
from tests.store.windows import windowed

NOW = "2026-03-01T10:00:00Z"
ANN = Suppression("ann@example.com", "Unsubscribed", "SUPPRESSED", "2026-01-01T00:00:00Z")
BOB = Suppression("bob@example.com", "HardBounced", "HARD_BOUNCED", "2026-01-02T00:00:00Z")


def test_what_is_read_again_is_no_news(c: Connection) -> None:
    assert suppressions.record(c, "a", [ANN, BOB], NOW) == 2
    suppressions.written(c, "a", [ANN.address, BOB.address])
    assert suppressions.record(c, "a", [ANN, BOB], "2026-04-01T00:00:00Z") == 0
    assert suppressions.count_unwritten(c, "a") == 0
    assert {row.learned_on for row in windowed(suppressions.window, c).rows} == {NOW}


def test_a_changed_suppression_is_told_to_dynamics_again(c: Connection) -> None:
    suppressions.record(c, "a", [ANN], NOW)
    suppressions.written(c, "a", [ANN.address])
    complained = Suppression(ANN.address, "IspComplained", "COMPLAINED", "2026-02-01T00:00:00Z")
    assert suppressions.record(c, "a", [complained], NOW) == 1
    assert suppressions.unwritten(c, "a", 10) == [complained]


def test_that_a_person_said_no_at_an_address_that_bounces_is_news_for_whoever_is_about_to_hand_over(
    c: Connection,
) -> None:
    suppressions.record(c, "a", [ANN, BOB], NOW)
    before, asked = consent_news.count(c), {ANN.address: NOW, BOB.address: NOW}
    assert suppressions.unsaid(c, "a", asked) == {BOB.address: NOW}
    suppressions.said(c, "a", {BOB.address: NOW})
    assert consent_news.count(c) > before and suppressions.unsaid(c, "a", asked) == {}


def test_a_page_that_names_an_address_twice_keeps_the_last(c: Connection) -> None:
    later = Suppression(ANN.address, "Suppressed", "SUPPRESSED", "2026-02-01T00:00:00Z")
    suppressions.record(c, "a", [ANN, later], NOW)
    assert suppressions.unwritten(c, "a", 10) == [later]


def test_everybody_read_is_a_person_of_the_item_however_often_they_are_read(c: Connection) -> None:
    runs.create(c, runs.NewRun(id="r", kind="suppressions", title="", account_id="a", sync_key="k", queued_on=NOW))
    suppressions.record(c, "a", [ANN], "2026-01-05T00:00:00Z")
    outcomes.put_item(c, "r", outcomes.Item(id="feed", kind="feed", name="Suppressions"))
    suppressions.record(c, "a", [ANN, BOB], NOW, "r", "feed")
    suppressions.record(c, "a", [BOB], NOW, "r", "feed")
    outcomes.put_item(c, "r", outcomes.Item(id="feed", kind="feed", name="Suppressions"))
    assert outcomes.items(c, "r")[0].tally.counts == (
        ReasonCount(Outcome.ADDED, "", 1),
        ReasonCount(Outcome.UNCHANGED, "", 1),
    )


def test_dynamics_is_told_in_rounds_by_address(c: Connection) -> None:
    suppressions.record(c, "a", [BOB, ANN], NOW)
    suppressions.record(c, "b", [BOB], NOW)
    assert [each.address for each in suppressions.unwritten(c, "a", 1)] == [ANN.address]
    suppressions.written(c, "a", [ANN.address])
    assert [each.address for each in suppressions.unwritten(c, "a", 1)] == [BOB.address]
    assert (suppressions.count_unwritten(c, "a"), suppressions.count_unwritten(c, "b")) == (1, 1)


def test_unknown_addresses_are_found_in_their_order(c: Connection) -> None:
    suppressions.record(c, "a", [ANN], NOW)
    asked = ["zoe@example.com", ANN.address, "dan@example.com"]
    assert suppressions.not_known(c, "a", asked) == ["zoe@example.com", "dan@example.com"]
    assert suppressions.not_known(c, "b", [ANN.address]) == [ANN.address]


def name_accounts(c: Connection) -> None:
    for each in ("a", "b"):
        known = EmailAccount(id=each, name=f"Account {each}", api_user="", endpoint="", region="", platform_id=1)
        accounts.put_account(c, known)


def test_lifting_touches_the_named_addresses_of_one_account(c: Connection) -> None:
    suppressions.record(c, "a", [ANN, BOB], NOW)
    suppressions.record(c, "b", [ANN], NOW)
    reading = suppressions.begin_whole(c, "a")
    said = {ANN.address: "subscribed", "nobody@example.com": "subscribed"}
    assert suppressions.lift(c, "a", reading, said, NOW) == 1
    assert suppressions.lift(c, "a", reading, {}, NOW) == 0
    name_accounts(c)
    left = [(row.account, row.address) for row in windowed(suppressions.window, c).rows]
    assert left == [("Account b", ANN.address), ("Account a", BOB.address)]
    (kept,) = lifts.lifts(c)
    assert (kept.address, kept.reason, kept.evidence, kept.lifted_on) == (ANN.address, "SUPPRESSED", "subscribed", NOW)
    assert lifts.ended_after(c, "a", [ANN.address, BOB.address]) == {ANN.address: NOW}
    assert [each.address for each in lifts.untold(c, "a")] == [ANN.address]


def test_what_is_named_again_while_a_whole_reading_goes_on_is_not_lifted(c: Connection) -> None:
    suppressions.record(c, "a", [ANN, BOB], NOW)
    reading = suppressions.begin_whole(c, "a")
    assert [each.address for each in suppressions.unseen(c, "a", reading)] == [ANN.address, BOB.address]
    suppressions.record(c, "a", [ANN], NOW)
    assert [each.address for each in suppressions.unseen(c, "a", reading)] == [BOB.address]
    assert suppressions.lift(c, "a", reading, {ANN.address: "x", BOB.address: "y"}, NOW) == 1


def test_a_time_that_cannot_be_read_costs_the_time_alone(c: Connection) -> None:
    suppressions.record(c, "a", [ANN], NOW)
    suppressions.written(c, "a", [ANN.address])
    assert suppressions.record(c, "a", [Suppression(ANN.address, ANN.status, ANN.reason)], NOW) == 0
    assert windowed(suppressions.window, c).rows[0].suppressed_on == ANN.suppressed_on


def test_what_dynamics_asked_for_is_no_news_once_the_feed_names_it(c: Connection) -> None:
    asked = Suppression(ANN.address, "Suppressed", "SUPPRESSED", NOW, in_feed=False)
    suppressions.record(c, "a", [asked], NOW)
    suppressions.written(c, "a", [ANN.address])
    named = Suppression(ANN.address, "Suppressed", "SUPPRESSED", "2026-03-01T10:00:07Z")
    assert suppressions.record(c, "a", [named], NOW) == 0
    assert suppressions.of_address(c, ANN.address)["a"] == Suppression(ANN.address, "Suppressed", "SUPPRESSED", NOW)


def test_the_grid_is_by_address_over_all_accounts_or_one(c: Connection) -> None:
    suppressions.record(c, "a", [BOB, ANN], NOW)
    suppressions.record(c, "b", [BOB], NOW)

    def rows(**asked: object) -> tuple[list[tuple[str, str]], int, int]:
        found = windowed(suppressions.window, c, **asked)
        return (
            [(row.address[:3], row.account.removeprefix("Account ")) for row in found.rows],
            found.matching,
            found.total,
        )

    name_accounts(c)
    assert rows() == ([("ann", "a"), ("bob", "a"), ("bob", "b")], 3, 3)
    assert rows(account_id="b") == ([("bob", "b")], 1, 1)
    assert rows(search="hardb", account_id="a") == ([("bob", "a")], 1, 2)
    assert rows(sort="-suppressed_on", limit=1, offset=2) == ([("ann", "a")], 3, 3)


def test_a_decision_ends_what_only_the_store_knows_and_names_what_stays(c: Connection) -> None:
    suppressions.record(c, "a", [ANN], NOW)
    suppressions.record(c, "b", [Suppression(ANN.address, "Suppressed", "SUPPRESSED", NOW, in_feed=False)], NOW)
    list_unsubscribes.add(c, "list", [(ANN.address, NOW)], NOW)
    decided = deciding.lift(c, ANN.address, "Ada", "asked for it", NOW)
    assert decided.suppressed_in == (("a", "Unsubscribed"),)
    assert [(each.kind, each.account_id, each.lifted_by) for each in lifts.lifts(c)] == [
        ("list unsubscribe", "", "Ada"),
        ("suppression", "b", "Ada"),
    ]
    assert list_unsubscribes.lists_left(c, ANN.address) == []
    assert deciding.lift(c, ANN.address, "Ada", "again", NOW).lifted == ()
