"""What undoing a change comes to, row by row; and when two values of a field say the same."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dyntui.model.changes import AppliedChange, differing, same_value, written_again
from dyntui.model.outcomes import Outcome
from dyntui.model.plans import ADD, CREATE, JOIN, REMOVE, UPDATE
from dyntui.model.undoing import ContactNow, elsewhere, undo, undo_membership, undo_record, writes_again


def change(effect: str, **more: Any) -> AppliedChange:
    known = {"before": None, "after": {"NAME": "Ann"}} if effect == ADD else {}
    known = {"before": {"NAME": "Anne"}, "after": {"NAME": "Ann"}} if effect == UPDATE else known
    known = {"before": {"NAME": "Ann"}, "after": None} if effect == REMOVE else known
    return AppliedChange(
        item_id="list",
        target="book:7",
        person="p",
        entity="contact",
        name="Ann",
        address="ann@x.org",
        effect=effect,
        **{**known, **more},
    )


def contact(name: str = "Ann", **more: Any) -> ContactNow:
    return ContactNow(contact_id=5, values={"NAME": name}, in_book=True, **more)


OUT = ContactNow(contact_id=5, values={"NAME": "Ann"})


@pytest.mark.parametrize(
    ("written", "now", "becomes", "effect", "says"),
    [
        (change(ADD, created=True), contact(), Outcome.REMOVED, REMOVE, "the contact is deleted"),
        (change(ADD, created=True), contact(elsewhere=True), Outcome.REMOVED, REMOVE, ""),
        (change(ADD, created=True), contact(mailed=True), Outcome.REMOVED, REMOVE, ""),
        (change(ADD, created=True), contact(channel="UNSUBSCRIBED"), Outcome.REMOVED, REMOVE, ""),
        (change(ADD), contact("Other"), Outcome.REJECTED, "", "NAME changed since"),
        (change(ADD), OUT, Outcome.UNCHANGED, "", "out of the address book already"),
        (change(ADD, before={"NAME": "Anne"}), OUT, Outcome.UPDATED, UPDATE, "out of the address book already"),
        (change(ADD), None, Outcome.UNCHANGED, "", "out of the address book already"),
        (change(UPDATE), contact(), Outcome.UPDATED, UPDATE, ""),
        (change(UPDATE), contact("Other"), Outcome.REJECTED, "", "NAME changed since"),
        (change(UPDATE, before=None, known=False), contact(), Outcome.REJECTED, "", "not known"),
        (change(UPDATE), OUT, Outcome.REJECTED, "", "not in the address book any more"),
        (change(REMOVE), OUT, Outcome.ADDED, ADD, ""),
        (change(UPDATE), contact("Anne"), Outcome.UNCHANGED, "", "as before already"),
        (change(REMOVE), contact(), Outcome.UNCHANGED, "", "in the address book already"),
        (change(REMOVE), replace(OUT, channel="PENDING_OPT_IN"), Outcome.ADDED, ADD, ""),
        (change(REMOVE), replace(OUT, channel="SOFT_BOUNCED"), Outcome.EXCLUDED, "", "opted out since"),
        (change(REMOVE), None, Outcome.REJECTED, "", "no contact with the address any more"),
        (change(REMOVE, consent=True, reason="DO_NOT_EMAIL"), OUT, Outcome.EXCLUDED, "", "consent withdrawn"),
        (change(REMOVE, deleted=True), None, Outcome.ADDED, ADD, ""),
        (change(REMOVE, deleted=True), OUT, Outcome.REJECTED, "", "again"),
    ],
)
def test_an_address_book_is_as_before_or_says_why_not(
    written: AppliedChange, now: ContactNow | None, becomes: Outcome, effect: str, says: str
) -> None:
    undoing = undo(written, now)
    assert (undoing.outcome, undoing.effect) == (becomes, effect) and says in undoing.detail
    assert bool(undoing.effect) is (becomes not in (Outcome.REJECTED, Outcome.EXCLUDED, Outcome.UNCHANGED))
    assert bool(undoing.reason) is (becomes in (Outcome.REJECTED, Outcome.EXCLUDED))
    assert undoing.delete is ("deleted" in undoing.detail)


@pytest.mark.parametrize(
    ("more", "deleted"),
    [
        ({}, True),
        ({"theirs": frozenset({"NAME"})}, True),
        ({"theirs": frozenset({"NAME", "TOWN"})}, False),
        ({"chose": True}, False),
        ({"elsewhere": True}, False),
        ({"mailed": True}, False),
        ({"channel": "UNSUBSCRIBED"}, False),
        ({"channel": "PENDING_OPT_IN"}, True),
    ],
)
def test_a_contact_that_a_run_made_is_deleted_where_nobody_else_has_given_it_anything(
    more: dict[str, Any], deleted: bool
) -> None:
    assert undo(change(ADD, created=True), contact(**more)).delete is deleted


def test_somebody_who_moved_is_taken_back_to_the_address_before() -> None:
    moved = change(UPDATE, before_address="anne@x.org", created=True)
    before = ContactNow(contact_id=4)
    back = undo(moved, contact(), before)
    assert (back.effect, back.address, back.take_out, back.delete, back.put_in) == (UPDATE, "anne@x.org", 5, True, True)
    for there, says in ((None, "no contact"), (ContactNow(contact_id=4, in_book=True), "already")):
        assert says in undo(moved, contact(), there).detail
    opted_out = undo(moved, contact(), ContactNow(contact_id=4, channel="UNSUBSCRIBED"))
    assert (opted_out.outcome, opted_out.reason) == (Outcome.EXCLUDED, "UNSUBSCRIBED")


def test_what_was_written_in_dynamics_is_set_back_while_it_is_what_was_written() -> None:
    assert undo_record(change(UPDATE), {"NAME": "Ann"}).after == {"NAME": "Anne"}
    assert undo_record(change(UPDATE), {"NAME": "Other"}).reason == "STALE"
    assert undo_record(change(UPDATE), None).reason == "STALE"
    assert undo_membership(change(JOIN), True).effect == REMOVE and undo_membership(change(REMOVE), False).put_in
    assert undo_record(change(UPDATE), {"NAME": "Anne"}).outcome is Outcome.UNCHANGED
    already = undo_membership(change(JOIN), False), undo_membership(change(REMOVE), True)
    assert {each.outcome for each in already} == {Outcome.UNCHANGED}
    assert elsewhere(change(CREATE)).reason == "NOT_UNDONE"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (None, "", True),
        ("   ", None, True),
        ("Ann ", "Ann", True),
        ("ann", "Ann", False),
        (5, "5.0", True),
        (Decimal("1.10"), 1.1, True),
        (5, "five", False),
        (True, "true", True),
        (False, None, False),
        (0, None, False),
        ("2026-03-04T00:00:00Z", "2026-03-04T00:00:00", True),
        ("2026-03-04T01:00:00+01:00", "2026-03-04T00:00:00Z", True),
        (date(2026, 3, 4), "2026-03-04", True),
        ("2026-03-04", "2026-03-05", False),
        ("20260304", "2026-03-04", False),
        ("2026W101", "2026-W10-1", False),
    ],
)
def test_values_are_compared_by_what_they_say(one: Any, other: Any, same: bool) -> None:
    assert same_value(one, other) is same_value(other, one) is same


VALUES = st.sampled_from([None, "", " ", "a", "A", "1", "1.0", 1, 2, True, False, Decimal("1.0"), "2026-03-04"])


@given(st.dictionaries(st.sampled_from("AB"), VALUES), st.dictionaries(st.sampled_from("AB"), VALUES))
def test_putting_back_what_differed_leaves_what_was_there(before: dict[str, Any], written: dict[str, Any]) -> None:
    was, now = differing(before, written)
    assert was.keys() == now.keys() <= written.keys()
    held = {**before, **now}
    assert all(same_value(held.get(name), value) for name, value in written.items())
    restored = {**held, **was}
    assert all(same_value(restored.get(name), before.get(name)) for name in {*before, *written})


@pytest.mark.parametrize(
    ("earlier", "later", "again"),
    [
        (("update", {"LASTNAME": "A"}), ("update", {"LASTNAME": "B", "CITY": "C"}), True),
        (("update", {"LASTNAME": "A"}), ("update", {"CITY": "C"}), False),
        (("add", {"LASTNAME": "A"}), ("add", {"LASTNAME": "A"}), True),
        (("add", None), ("add", None), True),
        (("add", {"LASTNAME": "A"}), ("update", {"CITY": "C"}), False),
        (("update", {"LASTNAME": "A"}), ("remove", None), False),
        (("remove", None), ("remove", {"LASTNAME": "A"}), True),
        (("join", None), ("join", None), True),
        (("join", None), ("remove", None), False),
    ],
)
def test_what_a_later_run_has_written_again_is_told_by_effect_and_fields(
    earlier: tuple[str, dict[str, str] | None], later: tuple[str, dict[str, str] | None], again: bool
) -> None:
    assert writes_again(*earlier, *later) is again


def test_what_is_written_twice_counts_from_what_was_there_before_the_run_or_from_what_others_wrote_since() -> None:
    earlier = ({"first": "Ann", "last": "Lee", "city": None}, {"first": "Bea", "last": "Moe", "city": "Oslo"})
    now = ({"first": " Bea", "last": "Typed", "limit": 1}, {"first": "Cy", "last": "Noe", "limit": 2})
    assert written_again(earlier, now) == (
        {"first": "Ann", "last": "Typed", "city": None, "limit": 1},
        {"first": "Cy", "last": "Noe", "city": "Oslo", "limit": 2},
    )
    assert written_again(({}, {}), now) == now
