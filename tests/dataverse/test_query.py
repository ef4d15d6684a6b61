"""OData text: nothing that a value holds can leave its place."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import quote, unquote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dyntui.dataverse import query
from dyntui.dataverse.errors import DataverseError


@given(st.text())
def test_any_text_stays_one_literal(value: str):
    written = query.text(value)
    assert written[0] == written[-1] == "'"
    assert written[1:-1].replace("''", "") == value.replace("'", "")
    assert written.count("'") == 2 + 2 * value.count("'")


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40), max_size=60))
def test_chunks_hold_every_value_once_and_stay_below_the_limit(values: list[str]):
    chunks = [list(chunk) for chunk in query.in_chunks(values, limit=200)]
    assert [value for chunk in chunks for value in chunk] == values
    for chunk in chunks:
        assert len(chunk) == 1 or sum(len(quote(query.text(value), safe="'@")) + 1 for value in chunk) <= 220


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_an_encoded_option_reads_back_and_cannot_begin_another(value: str):
    written = query.query(filter=f"lastname eq {query.text(value)}")
    assert "&" not in written
    assert "#" not in written
    assert unquote(written) == f"?$filter=lastname eq {query.text(value)}"


@pytest.mark.parametrize("text", ["1) or (1 eq 1", "", "contacts", "0000001f_0000_4000_8000_00000000001f", "0" * 31])
def test_only_a_guid_may_stand_unquoted(text: str):
    with pytest.raises(DataverseError, match="DATAVERSE_ID_INVALID"):
        query.guid(text)


def test_a_guid_is_written_in_lower_case():
    one = "0000001f-0000-4000-8000-00000000001f"
    assert {query.guid(each) for each in (one, one.upper(), f"{{{one}}}", one.replace("-", ""))} == {one}


def test_literals_of_every_kind():
    berlin = timezone(timedelta(hours=1))
    assert [query.literal(each) for each in (None, True, False, 5, 1.5, "o'x")] == [
        "null",
        "true",
        "false",
        "5",
        "1.5",
        "'o''x'",
    ]
    assert query.literal(datetime(2026, 3, 4, 9, 10, 44, tzinfo=berlin)) == "2026-03-04T08:10:44.000Z"
    assert query.moment(datetime(2026, 3, 4, tzinfo=UTC)) == "2026-03-04T00:00:00.000Z"
    with pytest.raises(ValueError, match="without zone"):
        query.moment(datetime(2026, 3, 4))


def test_a_key_that_dataverse_cannot_find_by_its_address_is_refused():
    assert query.alternate_key(dyntui_key="O'Brien é", n=5) == "dyntui_key='O''Brien%20%C3%A9',n=5"
    for bad in "/<>*%&:\\?+":
        with pytest.raises(ValueError, match="cannot stand in a key"):
            query.alternate_key(dyntui_key=f"a{bad}b")


def test_the_columns_of_a_struct_are_its_names_in_dataverse():
    class Row(msgspec.Struct, rename={"id": "contactid", "owner": "_ownerid_value"}):
        id: str
        owner: str
        etag: str = msgspec.field(name="@odata.etag", default="")
        member_since: str = msgspec.field(name="lm.createdon", default="")

    assert query.columns_of(Row) == ("contactid", "_ownerid_value")


def test_what_differs_includes_what_is_empty_whatever_ne_means():
    assert query.differs("donotbulkemail", True) == "(donotbulkemail ne true or donotbulkemail eq null)"
    assert query.differs("x", "o'x") == "(x ne 'o''x' or x eq null)"


def test_no_query_of_the_product_rests_on_what_ne_means_for_empty_columns():
    """Sources disagree about it, so a literal `x ne <value>` stands in no module: `differs` writes both halves."""
    product = Path(query.__file__).parents[1]
    alone = [
        f"{file.relative_to(product)}:{number}: {line.strip()}"
        for file in product.rglob("*.py")
        if "sandbox" not in file.relative_to(product).parts
        for number, line in enumerate(file.read_text("utf-8").splitlines(), start=1)
        if re.search(r"""["'(][a-z_]+ ne (?!null|\{literal)\S""", line)
    ]
    assert alone == []
