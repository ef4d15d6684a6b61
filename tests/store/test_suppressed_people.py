"""Who was suppressed at an address that they had, and stays so with another one."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from dyntui.store import deciding, leaving, lifts, member_window, opt_outs, settling, staging, suppressions
from dyntui.store.suppressed_people import Had, had
from dyntui.store.suppressions import Suppression
from tests.store.windows import windowed

from .test_members import ACCOUNT, imported, person
from .worlds import OTHER

ANN, NEW = "ann@example.com", "new@example.com"
BEFORE, READ, AFTER = "2026-03-01T09:00:00Z", "2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z"


def read(c: Connection, run_id: str, *people: staging.Staged, now: str = READ) -> None:
    staging.stage(c, "list", run_id, people)
    settling.settle(c, "list", run_id, ACCOUNT, now)


def suppressed(
    c: Connection, when: str, reason: str = "SUPPRESSED", *, account: str = ACCOUNT, now: str = AFTER
) -> None:
    suppressions.record(c, account, [Suppression(ANN, "Status", reason, when)], now)


def named(c: Connection) -> dict[str, tuple[str, str]]:
    rows = windowed(member_window.window, c, list_id="list").rows
    return {each.person: (each.reason, each.detail) for each in rows}


def moved(c: Connection) -> None:
    read(c, "r1", person("ann"), person("bob"), now=BEFORE)
    imported(c)
    read(c, "r2", person("ann", address=NEW), person("bob"))


@pytest.mark.parametrize("reason", ["SUPPRESSED", "COMPLAINED"])
def test_who_said_no_and_took_another_address_before_anybody_knew_is_not_mailed_there(
    c: Connection, reason: str
) -> None:
    moved(c)
    # What happened before the list was read may be told later.
    suppressed(c, BEFORE, reason)
    assert [(each.person_id, each.why) for each in leaving.leavers(c, "list", "r2")] == [("ann", "moved")]
    read(c, "r3", person("ann", address=NEW), person("bob"), now=AFTER)
    assert named(c) == {"ann": (reason, f"Status, {BEFORE} as {ANN}"), "bob": ("", "")}
    assert [(each.person_id, each.why) for each in leaving.leavers(c, "list", "r3")] == [("ann", "withdrawn")]


def test_a_suppression_without_a_time_counts_by_when_it_was_learned(c: Connection) -> None:
    moved(c)
    suppressed(c, "", now=BEFORE)
    read(c, "r3", person("ann", address=NEW), now=AFTER)
    assert named(c)["ann"][0] == "SUPPRESSED"


@pytest.mark.parametrize(("when", "reason"), [(BEFORE, "HARD_BOUNCED"), (AFTER, "SUPPRESSED")])
def test_what_becomes_of_an_address_later_or_without_anybodys_will_says_nothing_of_who_had_it(
    c: Connection, when: str, reason: str
) -> None:
    moved(c)
    suppressed(c, when, reason)
    read(c, "r3", person("ann", address=NEW), now=AFTER)
    assert named(c)["ann"] == ("", "")


@pytest.mark.parametrize("first", [BEFORE, ""])
@pytest.mark.parametrize("again", [AFTER, ""])
def test_a_suppression_that_is_dated_anew_goes_on_to_mean_who_had_the_address_at_first(
    c: Connection, first: str, again: str
) -> None:
    moved(c)
    suppressed(c, first, now=BEFORE)
    # Somebody in dotdigital suppresses the address once more, with another status.
    suppressions.record(c, ACCOUNT, [Suppression(ANN, "Other", "SUPPRESSED", again)], AFTER)
    read(c, "r3", person("ann", address=NEW), now=AFTER)
    assert named(c)["ann"][0] == "SUPPRESSED"


def test_a_no_to_an_address_that_had_bounced_is_of_who_has_it_then(c: Connection) -> None:
    moved(c)
    suppressed(c, BEFORE, "HARD_BOUNCED", now=BEFORE)
    suppressed(c, AFTER)
    read(c, "r3", person("ann", address=NEW), now=AFTER)
    assert named(c)["ann"] == ("", "")


def test_another_accounts_suppression_is_named_as_such(c: Connection) -> None:
    moved(c)
    suppressed(c, BEFORE, account=OTHER)
    read(c, "r3", person("ann", address=NEW))
    assert named(c)["ann"] == ("SUPPRESSED_OTHER_ACCOUNT", OTHER)


def test_a_person_who_was_suppressed_takes_the_place_of_an_address_from_nobody(c: Connection) -> None:
    moved(c)
    suppressed(c, BEFORE)
    read(c, "r3", person("ann", address=NEW), person("cleo", address=NEW), now=AFTER)
    reasons = {name: reason for name, (reason, _) in named(c).items()}
    assert reasons == {"ann": "SUPPRESSED", "cleo": "", "bob": "LEFT_LIST"}


def test_a_record_stands_for_those_merged_into_it(c: Connection) -> None:
    moved(c)
    suppressed(c, BEFORE)
    merges = [opt_outs.Merge(person_id=each, entity="contact", master_id="cleo") for each in ("ann", "dora")]
    opt_outs.record_merges(c, merges, AFTER)
    read(c, "r3", person("cleo"), now=AFTER)
    assert named(c)["cleo"][0] == "SUPPRESSED"
    assert had(c, {"cleo"}) == {ANN: [Had("cleo", READ)]}
    # By the address that the record had when it was merged, too.
    suppressions.record(c, ACCOUNT, [Suppression("dora@example.com", "Status", "SUPPRESSED", AFTER)], AFTER)
    merge = opt_outs.Merge(person_id="emil", entity="contact", master_id="fred", address="dora@example.com")
    opt_outs.record_merges(c, [merge], AFTER)
    read(c, "r4", person("fred"), now=AFTER)
    assert named(c)["fred"][0] == "SUPPRESSED"


def test_it_ends_with_the_suppression_or_by_a_decision_for_the_address_of_now(c: Connection) -> None:
    moved(c)
    suppressed(c, BEFORE)
    decided = deciding.lift(c, NEW, "Astrid", "asked for it by phone", AFTER)
    assert [(each.kind, each.reason, each.person_id) for each in decided.lifted] == [("opt-out", "SUPPRESSED", "ann")]
    assert lifts.lifts(c) and decided.suppressed_in == ()
    read(c, "r3", person("ann", address=NEW), now=AFTER)
    assert named(c)["ann"] == ("", "")
    # Whoever has the suppressed address is not mailed at it whatever was decided for another one.
    read(c, "r4", person("ann"), now=AFTER)
    assert named(c)["ann"][0] == "SUPPRESSED"
    suppressions.lift_one(c, ACCOUNT, ANN)
    read(c, "r5", person("ann", address=NEW), now=AFTER)
    assert named(c)["ann"] == ("", "")
