"""Dataverse's service protection limits on the sandbox clock."""

import json
from datetime import timedelta

from dyntui.sandbox.limits_dataverse import DataverseLimiter, DataverseLimits
from dyntui.sandbox.request import Response
from tests.sandbox.core.conftest import START


def limiter(**numbers: float) -> DataverseLimiter:
    return DataverseLimiter(DataverseLimits(**numbers), enforced=True)  # type: ignore[arg-type]


def error(response: Response | None) -> tuple[int, str, str, int]:
    """Status, code, message, Retry-After."""
    assert response is not None
    body = json.loads(response.body)["error"]
    return response.status, body["code"], body["message"], int(response.headers["Retry-After"])


def call(judge: DataverseLimiter, seconds_in: float, user: str = "u", execution: float = 0.0) -> Response | None:
    now = START + timedelta(seconds=seconds_in)
    refusal = judge.arrive(user, now)
    if refusal is None:
        judge.finish(user, now, execution)
    return refusal


def test_one_request_too_many_is_refused_until_the_window_has_room() -> None:
    judge = limiter(requests=3)
    assert [call(judge, at) for at in (0, 10, 20)] == [None, None, None]
    assert error(call(judge, 30)) == (
        429,
        "0x80072322",
        "Number of requests exceeded the limit of 3 over time window of 300 seconds.",
        270,
    )
    assert call(judge, 300) is None


def test_whoever_ignores_retry_after_waits_longer_each_time() -> None:
    judge = limiter(requests=1)
    call(judge, 0)
    waits = [error(call(judge, 1))[3] for _ in range(3)]
    assert waits == sorted(set(waits))


def test_whoever_obeys_retry_after_is_let_in() -> None:
    judge = limiter(requests=1)
    call(judge, 0)
    wait = error(call(judge, 100))[3]
    assert call(judge, 100 + wait) is None


def test_execution_time_counts_over_the_window() -> None:
    judge = limiter(execution_seconds=2.0)
    call(judge, 0, execution=1.5)
    call(judge, 1, execution=0.5)
    status, code, message, _ = error(call(judge, 2))
    assert (status, code) == (429, "0x80072321")
    assert message.startswith("Combined execution time of incoming requests exceeded limit of 2,000 milliseconds over")
    assert call(judge, 301) is None


def test_requests_at_the_same_time_are_limited() -> None:
    judge = limiter(concurrent=2)
    assert judge.arrive("u", START) is None
    assert judge.arrive("u", START) is None
    assert error(judge.arrive("u", START))[:3] == (
        429,
        "0x80072326",
        "Number of concurrent requests exceeded the limit of 2.",
    )
    judge.finish("u", START, 0.1)
    assert judge.arrive("u", START + timedelta(seconds=1)) is None


def test_every_user_has_limits_of_their_own() -> None:
    judge = limiter(requests=1)
    call(judge, 0)
    assert call(judge, 1) is not None
    assert call(judge, 1, user="other") is None


def test_every_answer_tells_what_is_left() -> None:
    judge = limiter(requests=5, execution_seconds=100.0)
    judge.arrive("u", START)
    assert judge.finish("u", START, 10.5) == {
        "x-ms-ratelimit-burst-remaining-xrm-requests": "4",
        "x-ms-ratelimit-time-remaining-xrm-requests": "89.50",
    }


def test_limits_that_are_off_refuse_nobody() -> None:
    judge = DataverseLimiter(DataverseLimits(requests=1), enforced=False)
    assert [call(judge, 0) for _ in range(5)] == [None] * 5
