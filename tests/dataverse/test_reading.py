"""Answers that have not the shape their types promise: what cannot be read costs its column, never the page."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dyntui.dataverse.errors import DataverseError
from dyntui.dataverse.http import read
from dyntui.dataverse.keys import MET, key_of, sorted_out
from dyntui.dataverse.reading import ODD_COLUMNS, Whole
from dyntui.dataverse.rows import Page
from dyntui.model.moments import dated, moment_of, text_of
from dyntui.remote.calls import Reply

NOW = datetime(2026, 11, 28, tzinfo=UTC)


class Row(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    name: str | None = ""
    flag: bool | None = None
    state: Whole | None = None
    on: datetime | None = None
    count: int = 7
    odd: tuple[str, ...] = msgspec.field(name=ODD_COLUMNS, default=())


def page(*rows: Any, **more: Any) -> Page[Row]:
    return read(Reply(200, {}, json.dumps({"value": rows, **more}).encode()), Page[Row])


def test_a_column_that_cannot_be_read_is_named_and_the_rest_of_the_page_stays() -> None:
    found = page(
        {"id": "1", "name": "Ann", "flag": True},
        {"id": "2", "name": 5, "flag": "true", "state": 2**31, "on": "yesterday", "count": None},
        {"id": "3", "name": "half \ud83d", "flag": None},
        **{"@odata.nextLink": "next", "@odata.count": None},
    )
    assert found.next_link == "next" and found.count is None
    assert found.rows == [
        Row(id="1", name="Ann", flag=True),
        Row(id="2", odd=("name", "flag", "state", "on")),
        Row(id="3", name="half ?"),
    ]


SOMETHING = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text("aé\x00\ud800\u202e 1", max_size=4)
)
JSON = SOMETHING | st.lists(SOMETHING, max_size=2) | st.dictionaries(st.sampled_from("ab"), SOMETHING, max_size=2)


@given(st.dictionaries(st.sampled_from(("name", "flag", "state", "on", "count")), JSON))
def test_whatever_the_other_columns_hold_the_row_is_there_and_its_flag_is_true_or_told(odd: dict[str, Any]) -> None:
    (found,) = page({"id": "1", **odd}).rows
    flag = odd.get("flag")
    assert found.id == "1"
    assert found.flag == (flag if isinstance(flag, bool) else None)
    assert ("flag" in found.odd) is not (flag is None or isinstance(flag, bool))
    assert (found.name or "").encode().decode() == (found.name or "")


@pytest.mark.parametrize("body", [b"", b"<html/>", b"[" * 100_000, b'{"value": 5}'])
def test_an_answer_of_another_shape_is_an_error(body: bytes) -> None:
    with pytest.raises(DataverseError, match="DATAVERSE_ANSWER_UNREADABLE"):
        read(Reply(200, {}, body), Page[Row])


def test_a_row_of_a_page_without_its_key_costs_itself_and_a_single_one_is_an_error() -> None:
    found = page({"name": "x"}, {"id": "1"}, {"id": None}, "no row")
    assert (found.rows, found.odd) == ([Row(id="1")], 3)
    with pytest.raises(DataverseError, match="DATAVERSE_ANSWER_UNREADABLE"):
        read(Reply(200, {}, b'{"name": "x"}'), Row)


ID = "01234567-89ab-cdef-0123-456789abcdef"


@pytest.mark.parametrize(
    ("entity_set", "columns", "key"),
    [
        ("contacts", ("contactid", "fullname"), "contactid"),
        ("dyntui_suppressions", ("dyntui_suppressionid",), "dyntui_suppressionid"),
        ("savedqueries", ("savedqueryid", "name"), "savedqueryid"),
        (f"lists({ID})/listlead_association", ("fullname", "leadid"), "leadid"),
        ("leads", ("modifiedon",), ""),
        ("opportunities", ("contactid",), ""),
    ],
)
def test_the_key_of_a_row_is_found_by_its_table(entity_set: str, columns: tuple[str, ...], key: str) -> None:
    assert key_of(entity_set, columns) == key


def test_rows_whose_key_is_no_id_are_left_out_and_told_of() -> None:
    told: list[tuple[str, str]] = []
    before = MET.set(lambda table, received: told.append((table, received)))
    rows = [Row(id=ID), Row(id=""), Row(id="{not-a-guid}"), Row(id=ID.upper())]
    assert sorted_out(rows, Row, "rows", "id") == ([rows[0], rows[0]], 2)
    assert sorted_out(rows, Row, "rows", "id", keyless=True) == ([*rows[:3], rows[0]], 2)
    assert sorted_out([{"id": 5}, {"id": ID}], dict[str, Any], "rows", "id") == ([{"id": ID}], 1)
    MET.reset(before)
    assert [table for table, _ in told] == ["rows"] * 5 and "{not-a-guid}" in told[1][1]


@pytest.mark.parametrize(
    ("when", "known"),
    [
        (None, None),
        (datetime.min, None),
        (datetime(1753, 1, 1, tzinfo=UTC), None),
        (datetime(1900, 1, 1, tzinfo=UTC), None),
        (datetime.max, None),
        (NOW + timedelta(seconds=1), None),
        (datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC)),
        (NOW, NOW),
    ],
)
def test_a_year_that_stands_for_no_date_and_a_time_to_come_are_none(
    when: datetime | None, known: datetime | None
) -> None:
    assert dated(when, NOW) == known


@given(st.datetimes(timezones=st.none() | st.timezones()))
def test_whatever_is_taken_for_a_date_can_be_kept_and_read_again(when: datetime) -> None:
    known = dated(when, NOW)
    assert moment_of(text_of(known)) == (known.replace(microsecond=0) if known else None)
