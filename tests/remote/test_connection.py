"""What every client gets from its connection, whatever the remote system: shown on one that is made up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from dyntui.model.errors import Exit
from dyntui.remote.bearer import BearerToken
from dyntui.remote.budget import UsedUp
from dyntui.remote.calls import Call
from dyntui.remote.connection import Connection
from dyntui.remote.errors import RemoteError, System, asking_to_wait
from dyntui.remote.verdicts import Doubtful, Limited, NotCarriedOut, Refused, Verdict
from tests.dataverse.conversation import Time, Tokens

ORIGIN = "https://api.example"
BROKEN = httpx.RemoteProtocolError("peer closed connection")
REFUSED = httpx.ConnectError("connection refused")
# The made-up system's statuses and what it means by them.
VERDICTS: dict[int, Verdict] = {
    420: Limited(30.0, for_all=True),
    421: Limited(20.0),
    422: Limited(10.0, spread=True),
    423: Limited(None, for_all=True),
    424: NotCarriedOut(),
    425: Doubtful(7.0),
}


class Unknown(RemoteError):
    """A write whose fate is not known."""


EXAMPLE = System("Example", "EXAMPLE", RemoteError, Unknown)


def error_from(
    status: int, body: bytes, *, writes: bool, repeated: bool = False, wait: float | None = None
) -> RemoteError:
    return RemoteError(
        f"EXAMPLE_{status}",
        asking_to_wait("Refused.", wait),
        not_done=EXAMPLE.not_done(writes=writes),
        remedy="None.",
        status=status,
        platform_code=f"code-{status}",
        repeated=repeated,
    )


class Example:
    """A connection to it, which answers from a list."""

    def __init__(self, *answers: int | Exception, slots: int = 2, auth: httpx.Auth | None = None, **options: Any):
        self.answers = list(answers)
        self.time = Time()
        self.told: list[tuple[float, str]] = []
        self.connection = Connection(
            EXAMPLE,
            ORIGIN,
            httpx.AsyncClient(transport=httpx.MockTransport(self._answer), auth=auth),
            error_from=error_from,
            verdict=lambda response, now: VERDICTS.get(response.status_code, Refused()),
            notice=lambda response: None,
            slots=slots,
            slow_down_deadline=100.0,
            sleep=self.time.sleep,
            clock=self.time.clock,
            chance=lambda: 0.5,
            slowed=lambda seconds, code: self.told.append((seconds, code)),
            **options,
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer, content=b"body")

    async def call(self, method: str = "GET", **more: Any) -> Any:
        given: dict[str, Any] = {
            "method": method,
            "url": f"{ORIGIN}/people/7",
            "headers": {},
            "content": None,
            "kind": "read" if method == "GET" else "write",
            "repeatable": method != "POST",
            "route": f"{method} /people/{{id}}",
            "accepts": lambda response: response.is_success,
        }
        return await self.connection.call(Call(**{**given, **more}))


@pytest.mark.parametrize(
    ("answers", "waits"),
    [
        ([420, 420, 200], [30.0, 30.0]),
        ([421, 200], [20.0]),
        ([422, 200], [10.5]),
        ([423, 423, 200], [1.5, 3.0]),
        ([424, 200], [1.5]),
        ([425, 425, 200], [7.0, 7.0]),
        ([BROKEN, REFUSED, BROKEN, 200], [1.5, 3.0, 6.0]),
        ([BROKEN, 421, BROKEN, 200], [1.5, 20.0, 1.5]),
    ],
    ids=str,
)
async def test_a_call_that_can_be_repeated_is_after_the_wait_that_each_refusal_asks_for(
    answers: list[int | Exception], waits: list[float]
):
    example = Example(*answers)
    assert (await example.call("PUT")).status == 200
    assert example.time.slept == waits


@pytest.mark.parametrize("refusal", [420, 421, 422, 424, REFUSED], ids=str)
async def test_what_was_certainly_not_carried_out_is_sent_again_even_if_it_must_not_happen_twice(
    refusal: int | Exception,
):
    reply = await Example(refusal, 200).call("POST")
    assert not reply.repeated


@pytest.mark.parametrize("refusal", [425, BROKEN, httpx.ReadTimeout("slow")], ids=str)
async def test_what_may_have_been_carried_out_is_unknown_if_it_must_not_happen_twice(refusal: int | Exception):
    example = Example(refusal, 200)
    with pytest.raises(Unknown, match="EXAMPLE_UNKNOWN_OUTCOME") as raised:
        await example.call("POST")
    assert raised.value.repeated
    assert raised.value.status == (425 if refusal == 425 else 0)
    assert example.answers == [200]


async def test_an_answer_after_a_lost_one_says_so_refusals_included():
    assert (await Example(BROKEN, 200).call("PUT")).repeated
    with pytest.raises(RemoteError, match="EXAMPLE_404") as raised:
        await Example(BROKEN, 404).call("DELETE")
    assert raised.value.repeated


async def test_a_read_that_never_gets_an_answer_cannot_reach_the_system_or_repeats_what_it_said():
    with pytest.raises(RemoteError, match="EXAMPLE_UNREACHABLE") as raised:
        await Example(*[BROKEN] * 6).call()
    assert ORIGIN in raised.value.message
    with pytest.raises(RemoteError, match="EXAMPLE_425"):
        await Example(*[425] * 6).call()


async def test_waits_for_limits_end_before_they_add_up_to_more_than_the_deadline():
    example = Example(*[420] * 9)
    with pytest.raises(RemoteError) as raised:
        await example.call("PUT")
    assert example.time.slept == [30.0] * 3
    assert "30 seconds" in raised.value.message
    assert raised.value.not_done == "The change was not made in Example."


async def test_a_limit_for_all_holds_others_back_and_refuses_what_is_asked_at_once():
    example = Example(420, 200, 200)
    refused: list[RemoteError] = []

    async def others() -> None:
        with pytest.raises(RemoteError) as raised:
            await example.call("PUT", at_once=True)
        refused.append(raised.value)
        await example.call("PUT")

    example.time.meanwhile = others
    await example.call()
    assert example.time.slept == [30.0, 30.0]
    [error] = refused
    assert (error.code, error.platform_code) == ("EXAMPLE_420", "code-420")
    assert error.not_done == "The change was not made in Example."
    assert "30 seconds" in error.message
    assert example.told == [(30.0, "code-420")] * 2


@pytest.mark.parametrize("refusal", [421, 425, REFUSED], ids=str)
async def test_a_call_at_once_is_attempted_once_without_any_wait(refusal: int | Exception):
    example = Example(refusal, 200)
    with pytest.raises(RemoteError):
        await example.call("PUT", at_once=True)
    assert example.time.slept == []
    assert example.answers == [200]


async def test_every_request_is_admitted_and_counted_the_one_with_a_new_token_too():
    seen: list[str] = []
    example = Example(
        401,
        425,
        REFUSED,
        200,
        auth=BearerToken(Tokens()),
        budget=Purse(seen),
        meter=lambda kind, route: seen.append(f"counted {kind} {route}"),
    )
    await example.call()
    around = ["admitted read GET /people/{id}", "counted read GET /people/{id}"]
    ends = (["ended 401"], ["ended 425"], ["ended without answer"], ["ended 200"])
    assert seen == [each for end in ends for each in (*around, *end)]


async def test_a_used_up_budget_slows_a_call_however_often_and_is_told_as_a_limit_is():
    busy = UsedUp("calls in an hour", 40.0)
    seen: list[str] = []
    example = Example(200, budget=Purse(seen, busy, busy))
    await example.call("POST")
    assert example.time.slept == [40.0] * 2
    assert example.told == [(40.0, "")] * 2
    assert seen == ["admitted write POST /people/{id}", "ended 200"]
    example = Example(200, budget=Purse(seen, *[busy] * 3))
    with pytest.raises(RemoteError, match="EXAMPLE_BUDGET: The calls in an hour that Example allows are used up"):
        await example.call("PUT")
    assert example.answers == [200]


async def test_a_call_at_once_does_not_wait_for_a_budget():
    example = Example(200, budget=Purse([], UsedUp("calls in a minute", 1.0)))
    with pytest.raises(RemoteError, match="EXAMPLE_BUDGET"):
        await example.call(at_once=True)
    assert example.time.slept == []


class Purse:
    """A budget that is used up as often as it is told to be."""

    at_once = None

    def __init__(self, seen: list[str], *busy: UsedUp) -> None:
        self.seen = seen
        self.busy = list(busy)

    async def admit(self, call: Call) -> UsedUp | None:
        if self.busy:
            return self.busy.pop()
        self.seen.append(f"admitted {call.kind} {call.route}")
        return None

    def ended(self, call: Call, response: httpx.Response | None, seconds: float) -> None:
        self.seen.append(f"ended {response.status_code if response is not None else 'without answer'}")


class Directory:
    """Issues tokens once it has raised these."""

    def __init__(self, *errors: RemoteError) -> None:
        self.errors = list(errors)

    async def token(self, *, refresh: bool = False) -> str:
        if self.errors:
            raise self.errors.pop(0)
        return "token"


def error(code: str, **more: Any) -> RemoteError:
    return RemoteError(code, "", not_done="", remedy="", **more)


async def test_a_limit_of_the_directory_slows_a_call_however_often_as_the_systems_own():
    limit = error("LIMIT", exit=Exit.UNREACHABLE, platform_code="directory", limited=Limited(10.0))
    example = Example(200, auth=BearerToken(Directory(*[limit] * 9)))
    await example.call("POST")
    assert example.time.slept == [10.0] * 9
    assert example.told == [(10.0, "directory")] * 9
    example = Example(200, auth=BearerToken(Directory(*[limit] * 11)))
    with pytest.raises(RemoteError, match="LIMIT"):
        await example.call("POST")


async def test_a_change_that_may_have_been_made_is_unknown_also_if_a_limit_ends_the_call():
    with pytest.raises(Unknown, match="EXAMPLE_UNKNOWN_OUTCOME"):
        await Example(BROKEN, *[420] * 9).call("PUT")
    with pytest.raises(RemoteError, match="EXAMPLE_420"):
        await Example(BROKEN, *[420] * 9).call("GET")


async def test_a_directory_that_is_away_for_a_moment_is_waited_for_and_one_that_refuses_is_not():
    away = error("AWAY", exit=Exit.UNREACHABLE)
    example = Example(200, auth=BearerToken(Directory(away, away)))
    await example.call("POST")
    assert example.time.slept == [1.5, 3.0]
    example = Example(200, auth=BearerToken(Directory(error("NO"))))
    with pytest.raises(RemoteError, match="NO"):
        await example.call()
    assert example.answers == [200]


async def test_no_more_calls_run_at_a_time_than_there_are_slots():
    running: list[int] = [0, 0]

    async def answer(request: httpx.Request) -> httpx.Response:
        running[0] += 1
        running[1] = max(running)
        await asyncio.sleep(0)
        running[0] -= 1
        return httpx.Response(200)

    example = Example(slots=3)
    example.connection.http._transport = httpx.MockTransport(answer)
    await asyncio.gather(*(example.call() for _ in range(20)))
    assert running == [0, 3]


async def test_the_log_tells_of_every_request_by_its_route_alone(caplog: pytest.LogCaptureFixture):
    def slowly(example: Example) -> Callable[[httpx.Request], httpx.Response]:
        def answer(request: httpx.Request) -> httpx.Response:
            example.time.now += 0.25
            return example._answer(request)

        return answer

    caplog.set_level(logging.DEBUG, "dyntui.remote")
    example = Example(425, BROKEN, 200)
    example.connection.http._transport = httpx.MockTransport(slowly(example))
    await example.call(params={"email": "ada@example.org"})
    told = [record.message for record in caplog.records if record.name == "dyntui.remote.wire_log"]
    assert told == [
        "GET /people/{id}: HTTP 425 after 0.250 s (request 1 of the call)",
        "GET /people/{id}: RemoteProtocolError: peer closed connection after 0.250 s (request 2 of the call)",
        "GET /people/{id}: HTTP 200 after 0.250 s (request 3 of the call)",
    ]
