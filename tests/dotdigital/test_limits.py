"""What dotdigital's refusals mean for the next attempt."""

from __future__ import annotations

import httpx
import pytest

from dyntui.dotdigital.limits import RateLimit, noticed, verdict
from dyntui.remote.verdicts import Doubtful, Limited, NotCarriedOut, Refused, Verdict
from tests.dotdigital.conversation import error, v3_error

NOW = 1_800_000_000.0
DATE = "Fri, 15 Jan 2027 08:00:00 GMT"  # NOW, as HTTP writes it


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (error(400, "Capped. ERROR_APIUSAGE_EXCEEDED"), Limited(60.0, for_all=True)),
        (error(429, "Capped. ERROR_APIUSAGE_EXCEEDED"), Limited(60.0, for_all=True)),
        (error(400, "Too many. ERROR_IMPORT_TOOMANYACTIVEIMPORTS"), Limited(20.0)),
        (v3_error(429, "contacts:tooManyBulkDeleteJobs"), Limited(20.0)),
        (httpx.Response(400, json={"Message": "Capped. ERROR_APIUSAGE_EXCEEDED"}), Limited(60.0, for_all=True)),
        (httpx.Response(429, json={"ErrorCode": "contacts:tooManyActiveImports"}), Limited(20.0)),
        (httpx.Response(429, json={"errorCode": "contacts:tooManyActiveImports", "details": "none"}), Limited(20.0)),
        (httpx.Response(500, content=b"[" * 5000), Doubtful()),
        (error(429, "slower", {"X-RateLimit-Reset": str(NOW + 25), "Date": DATE}), Limited(25.0, spread=True)),
        (error(429, "slower", {"X-RateLimit-Reset": str(NOW + 9), "Date": "soon"}), Limited(9.0, spread=True)),
        (error(429, "slower"), Limited(60.0)),
        (error(429, "slower", {"Retry-After": "2400"}), Limited(2400.0)),
        (error(429, "slower", {"Retry-After": "soon"}), Limited(60.0)),
        (error(400, "Busy. ERROR_ADDRESSBOOK_IN_USE"), NotCarriedOut()),
        (error(500, ""), Doubtful()),
        (httpx.Response(503, content=b"<html>busy</html>"), Doubtful()),
        (error(408, ""), Doubtful()),
        (error(401, ""), Refused()),
        (error(404, "Gone. ERROR_CONTACT_NOT_FOUND"), Refused()),
    ],
)
def test_a_refusal_means(answer: httpx.Response, meaning: Verdict):
    assert verdict(answer, NOW) == meaning


def test_a_window_is_kept_as_last_seen_and_forgotten_once_an_answer_tells_it_wrongly():
    limits: dict[str, RateLimit] = {}
    told = {"Scope": "low", "Limit": "35", "Remaining": "3", "Reset": "1800000040"}
    noticed(httpx.Response(200, headers={f"X-RateLimit-{name}": value for name, value in told.items()}), limits)
    noticed(httpx.Response(200), limits)
    assert limits == {"low": RateLimit("low", 35, 3, 1_800_000_040.0)}
    noticed(httpx.Response(200, headers={"X-RateLimit-Scope": "low", "X-RateLimit-Limit": "many"}), limits)
    assert limits == {}
