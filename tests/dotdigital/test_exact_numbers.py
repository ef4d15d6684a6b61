"""Numbers of data fields keep every digit, whatever shape the answer has."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from dyntui.dataverse import reading as dataverse_reading
from dyntui.dataverse.rows import Page
from dyntui.dotdigital.contacts import Contact, Person
from dyntui.dotdigital.reading import read, read_rows
from dyntui.remote.calls import Reply, decoder

EXACT = Decimal("123456789012345678.123456789")


class MoneyRow(msgspec.Struct, frozen=True):
    id: str
    limit: Decimal | None = None


def reply(body: bytes) -> Reply:
    return Reply(status=200, headers={}, body=body, repeated=False)


@pytest.mark.parametrize("name", ["contactId", "ContactId"])
def test_a_v3_contact_is_read_exactly_however_it_is_spelled(name: str) -> None:
    body = f'{{"{name}": 7, "dataFields": {{"LIMIT": {EXACT}, "KIDS": 2, "CITY": "Oslo", "ODD": [1]}}}}'.encode()
    found = read(reply(body), Person).values
    assert found["LIMIT"] == EXACT and isinstance(found["LIMIT"], Decimal)
    assert (found["KIDS"], found["CITY"]) == (2, "Oslo")


def test_a_v2_contact_is_read_exactly() -> None:
    body = f'[{{"id": 7, "email": "a@x.org", "dataFields": [{{"key": "LIMIT", "value": {EXACT}}}]}}]'.encode()
    rows, odd = read_rows(reply(body), Contact)
    assert rows[0].values == {"LIMIT": EXACT} and odd == []


def test_a_row_of_dynamics_is_read_exactly_beside_an_odd_one() -> None:
    body = f'{{"value": [{{"id": "a", "limit": {EXACT}}}, {{"id": "b", "limit": [1]}}]}}'.encode()
    page = dataverse_reading.loosely(body, Page[MoneyRow])
    assert [each.limit for each in page.rows] == [EXACT, None]
    assert decoder(MoneyRow).decode(f'{{"id": "a", "limit": {EXACT}}}'.encode()).limit == EXACT
