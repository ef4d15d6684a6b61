"""Where a run is, as it is stored: by this version and by those before it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dyntui.model.cursors import CampaignsCursor, Cursor, ListsCursor, SendCursor, Told, cursor_of
from dyntui.model.errors import DyntuiError
from dyntui.model.sync_types import RUN_KINDS

# What versions before cursors had types stored, with what each of them means.
EARLIER: list[tuple[dict[str, Any], Cursor]] = [
    ({}, ListsCursor()),
    ({"due": ["a"], "read": 0, "place": 0, "failed": []}, ListsCursor(due=("a",))),
    ({"due": [], "read": 0, "place": 0, "failed": [], "typed": []}, ListsCursor(due=())),
    (
        {
            "due": ["a", "b"],
            "read": 2,
            "place": 1,
            "failed": ["a"],
            "typed": ["x@example.org"],
            "list": "b",
            "step": "remove",
            "import": "",
            "reading": "b",
            "listing": "done",
            "next": "",
            "confirmed": 7,
            "note": "renamed",
            "told": {"status": "Completed", "book": 12},
            "guarded": True,
        },
        ListsCursor(
            due=("a", "b"),
            read=2,
            place=1,
            failed=("a",),
            typed=("x@example.org",),
            list="b",
            step="remove",
            reading="b",
            listing="done",
            confirmed=7,
            note="renamed",
            told=Told("Completed", 12),
            guarded=True,
        ),
    ),
    (
        {"news": [3, 5], "place": 1, "since": "2026-03-01T00:00:00Z", "until": "2026-03-02T00:00:00Z"},
        CampaignsCursor(news=(3, 5), place=1, since="2026-03-01T00:00:00Z", until="2026-03-02T00:00:00Z"),
    ),
    ({"news": [], "place": 0, "since": "", "until": ""}, CampaignsCursor(news=())),
    (
        {"phase": "fill", "import": "i-1", "after": "p", "done": 3},
        SendCursor(phase="fill", importing="i-1", after="p", done=3),
    ),
    (
        {"phase": "create", "asked": 1, "shown_before": "3 mails, None", "turned_away": 1, "looked_for": 2, "waits": 1},
        SendCursor(phase="create", asked=True, shown_before="3 mails, None", turned_away=True, looked_for=2, waits=1),
    ),
    (
        {"phase": "prove", "asked": 0, "proofs": 2, "mailed_as_of": "Sent, 3"},
        SendCursor(phase="prove", proofs=2, mailed_as_of="Sent, 3"),
    ),
    ({"phase": "lists", "what no version knows": 1}, SendCursor(phase="lists")),
]


@pytest.mark.parametrize(("stored", "meant"), EARLIER)
def test_a_cursor_that_an_earlier_version_stored_is_read(stored: dict[str, Any], meant: Cursor) -> None:
    assert cursor_of(stored, type(meant)) == meant


@settings(deadline=None)
@given(st.data())
def test_what_is_stored_of_a_cursor_is_the_same_cursor_again(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from([each.cursor for each in RUN_KINDS.values()]))
    cursor = data.draw(st.from_type(kind))
    stored = msgspec.json.decode(msgspec.json.encode(cursor))
    assert cursor_of(stored, kind) == cursor


def test_nothing_is_stored_of_a_run_at_its_start() -> None:
    assert [msgspec.to_builtins(each.cursor()) for each in RUN_KINDS.values()] == [{}] * len(RUN_KINDS)


def test_a_cursor_that_cannot_be_read_is_refused_and_that_of_a_send_is_in_doubt() -> None:
    with pytest.raises(DyntuiError) as refused:
        cursor_of({"due": 3}, ListsCursor)
    assert refused.value.code == "RUN_CURSOR_UNREADABLE"
    doubt = cursor_of({"phase": ["prove"]}, SendCursor)
    assert (doubt.phase, doubt.asked, doubt.may_exist) == ("create", True, True)


@pytest.mark.parametrize(
    ("cursor", "may_exist"),
    [(SendCursor(), False), (SendCursor(asked=True), True), (SendCursor(turned_away=True), True)],
)
def test_a_request_that_left_and_was_not_refused_may_have_made_a_send(cursor: SendCursor, may_exist: bool) -> None:
    assert cursor.may_exist is may_exist


def test_a_send_that_enters_a_phase_keeps_what_it_knows_of_its_request_and_nothing_of_the_phase_before() -> None:
    known = {"turned_away": True, "shown_before": "b", "waits": 3, "proofs": 4, "mailed_as_of": "m", "unlisted": 5}
    before = SendCursor(
        phase="create", asked=True, looked_for=2, after="p", done=9, importing="i", read=1, place=1, **known
    )
    assert before.entering("follow") == SendCursor(phase="follow", **known)


def test_a_list_that_is_finished_leaves_nothing_behind_for_the_next() -> None:
    before = ListsCursor(due=("a", "b"), failed=("a",), typed=("t",), read=1, list="a", step="done", status="Completed")
    assert before.next_list(read=2) == ListsCursor(due=("a", "b"), failed=("a",), typed=("t",), read=2)
    assert before.next_list(place=1) == ListsCursor(due=("a", "b"), failed=("a",), typed=("t",), read=1, place=1)
