"""What Dataverse's refusals mean for the next attempt."""

from __future__ import annotations

import httpx
import pytest

from dyntui.dataverse.errors import error_from
from dyntui.dataverse.http import verdict
from dyntui.remote.verdicts import Doubtful, Limited, NotCarriedOut, Refused, Verdict
from tests.dataverse.conversation import error


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (error(429, "0x80072322", **{"Retry-After": "35"}), Limited(35.0, for_all=True)),
        (error(429, ""), Limited(None, for_all=True)),
        (error(429, "", **{"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}), Limited(None, for_all=True)),
        (error(400, "0x80072321", **{"Retry-After": "-1"}), Limited(0.0, for_all=True)),
        (error(500, "0x80044150", "Generic SQL error. Sql ErrorCode: -2146232060 Sql Number: 1205"), NotCarriedOut()),
        # A connection that was lost, and one that says nothing: nobody knows what became of it.
        (error(500, "0x80044150", "Generic SQL error. Sql ErrorCode: -2146232060 Sql Number: 10054"), Doubtful()),
        (error(500, "0x80044150"), Doubtful()),
        (error(502, ""), Doubtful()),
        (error(503, "", **{"Retry-After": "40"}), Doubtful(40.0)),
        (error(504, "0x80040216"), Doubtful()),
        (error(500, "0x80040216"), Refused()),
        (error(404, "0x80040217"), Refused()),
        (error(401, ""), Refused()),
    ],
)
def test_a_refusal_means(answer: httpx.Response, meaning: Verdict):
    assert verdict(answer, 0.0) == meaning


@pytest.mark.parametrize(
    ("code", "words", "expected"),
    [
        ("0x80044150", "Generic SQL error. Sql Number: 1205", "DATAVERSE_DATABASE_BUSY"),
        ("0x80044151", "SQL timeout expired.", "DATAVERSE_DATABASE_BUSY"),
        # String or binary data would be truncated: fewer rows at a time help nobody.
        ("0x80044150", "Generic SQL error. Sql Number: 2628", "DATAVERSE_DATABASE_ERROR"),
        ("0x80044150", "", "DATAVERSE_DATABASE_ERROR"),
    ],
)
def test_of_sql_errors_those_alone_are_of_a_busy_database_that_say_so(code: str, words: str, expected: str):
    told = error_from(500, error(500, code, words).content, writes=True)
    assert told.code == expected and words in told.message
