"""One logical call to a remote system: admitted, sent, judged, repeated where that cannot do harm.

    connection = Connection(DYNAMICS, origin, http, error_from=..., verdict=..., slots=4, slow_down_deadline=1800.0)
    reply = await connection.call(Call(...))

What differs between systems is given: how a refusal is read (`error_from`), what it means for the next attempt
(`verdict`), and how a request is signed (the `auth` of the httpx client). Waiting, chance and clocks are injected.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, Protocol, TypedDict

import httpx
import msgspec

from dyntui.model.errors import Exit
from dyntui.remote import wire_log
from dyntui.remote.budget import Budget
from dyntui.remote.calls import Call, CallMeter, Reply, reply_of
from dyntui.remote.errors import RemoteError, System
from dyntui.remote.failures import given_up, used_up
from dyntui.remote.limits import Gate, Slowed
from dyntui.remote.patience import ATTEMPTS, NoAnswer, Patience, SlowDown
from dyntui.remote.slots import Slots
from dyntui.remote.verdicts import Doubtful, Limited, NotCarriedOut, Verdict

# The name under which a request carries its call.
_CALL: Final = "dyntui.call"


class ErrorFrom(Protocol):
    """Reads a refused answer as an error. `wait`: seconds that a limit asks to wait."""

    def __call__(
        self, status: int, body: bytes, *, writes: bool, repeated: bool = False, wait: float | None = None
    ) -> RemoteError: ...


class ConnectionOptions(TypedDict, total=False):
    """What a client passes on to its connection.

    `meter` is told of every request and `budget` asked; `slowed` is told of every wait that a limit imposes; `sleep`
    waits, `clock` tells how long that took and `now` the time of day (epoch seconds); `chance`, from 0 to 1, spreads
    repetitions; `attempts` are made until a failure counts.
    """

    meter: CallMeter | None
    budget: Budget | None
    slowed: Slowed | None
    sleep: Callable[[float], Awaitable[None]]
    clock: Callable[[], float]
    now: Callable[[], float]
    chance: Callable[[], float]
    attempts: int


class Connection:
    """Calls to one remote system over an httpx client, at most `slots` at a time.

    `verdict(response, now)` judges answers that were not asked for; `notice` sees every answer. `ahead`: seconds that
    the system's clock is ahead of this machine's, by the `Date` of its last answer (RFC 9110 6.6.1; whole seconds).
    """

    def __init__(
        self,
        system: System,
        origin: str,
        http: httpx.AsyncClient,
        *,
        error_from: ErrorFrom,
        verdict: Callable[[httpx.Response, float], Verdict],
        notice: Callable[[httpx.Response], None],
        slots: int,
        slow_down_deadline: float,
        meter: CallMeter | None = None,
        budget: Budget | None = None,
        slowed: Slowed | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
        attempts: int = ATTEMPTS,
    ) -> None:
        self.http = http
        self.slots = Slots(slots)
        self.gate = Gate(clock, sleep, slowed)
        self.sleep = sleep
        self.ahead = 0.0
        self._system = system
        self._origin = origin
        self._error_from = error_from
        self._verdict = verdict
        self._notice = notice
        self._meter = meter
        self._budget = budget
        self._slowed = slowed
        self._clock = clock
        self._now = now
        self._chance = chance
        self._patience = Patience(attempts=attempts, slow_down_deadline=slow_down_deadline, sleep=sleep, chance=chance)
        http.event_hooks = {"request": [self._before_request], "response": [self._after_response]}

    def clock_of(self, mine: datetime) -> datetime:
        """What the system's clock shows when this machine's shows `mine`, as far as it has answered."""
        return mine + timedelta(seconds=self.ahead)

    def sign_in_with(self, auth: httpx.Auth) -> None:
        """Calls are made with this from the next attempt on; those under way come to their end."""
        self.http.auth = auth

    async def close(self) -> None:
        await self.http.aclose()

    async def call(self, call: Call) -> Reply:
        """The answer that was asked for, after as many attempts as it takes.

        Raises RemoteError of the system's kind, and its unknown outcome for a write whose fate is not known.
        """
        try:
            return await (self._attempt(call) if call.at_once else self._patience.carry_out(self._attempt, call))
        except SlowDown as gave_up:
            if call.writes and call.doubtful:
                failure = NoAnswer(gave_up.error.detail, sent=True, error=gave_up.error)
                raise given_up(self._system, self._origin, call, failure) from gave_up
            raise gave_up.error from None
        except NoAnswer as failure:
            raise given_up(self._system, self._origin, call, failure) from failure

    async def _attempt(self, call: Call) -> Reply:
        await self._open(call)
        async with self.slots.hold():
            await self._admitted(call)
            response = await self._exchange(call)
        if call.accepts(response):
            return reply_of(response, repeated=call.doubtful)
        raise self._refused(call, response)

    async def _open(self, call: Call) -> None:
        """Returns when no limit is closed. Raises SlowDown where that would take too long."""
        seconds = self.gate.closed_for
        # A limit that another call met counts as if this one had.
        longest = 0.0 if call.at_once else self._patience.slow_down_deadline
        if self.gate.refusal is not None and seconds > longest:
            raise SlowDown(self._error(call, self.gate.refusal, seconds), seconds)
        await self.gate.wait_until_open()

    async def _admitted(self, call: Call) -> None:
        """Asked last of all: what is admitted is sent. Raises SlowDown while the budget is used up."""
        if self._budget is not None:
            busy = await self._budget.admit(call)
            self.slots.most = self._budget.at_once
            if busy is not None:
                raise self._slow_down(used_up(self._system, busy, writes=call.writes), busy.seconds)
        call.admitted = True

    async def _exchange(self, call: Call) -> httpx.Response:
        try:
            response = await self.http.request(
                call.method,
                call.url,
                params=call.params,
                headers=call.headers,
                content=call.content,
                extensions={_CALL: call},
            )
            if call.check is not None and response.is_success:
                call.check(response.content)
        except RemoteError as error:
            # The directory that issues tokens is waited for as the system itself is, at its limit and when it is away.
            if error.limited is not None:
                raise self._slow_down(error, self._seconds_of(error.limited)) from error
            if error.exit is not Exit.UNREACHABLE:
                raise
            raise NoAnswer(error.detail, sent=False, error=error) from error
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as failure:
            raise self._unanswered(call, failure, sent=False) from failure
        except (httpx.TransportError, httpx.DecodingError, msgspec.DecodeError) as failure:
            call.doubtful = True
            raise self._unanswered(call, failure, sent=True) from failure
        return response

    async def _before_request(self, request: httpx.Request) -> None:
        call: Call = request.extensions[_CALL]
        if not call.admitted:  # sent once more with a new token
            await self._open(call)
            await self._admitted(call)
        call.admitted = False
        call.requests += 1
        call.sent_at = self._clock()
        if self._meter is not None:
            self._meter(call.kind, call.route)

    async def _after_response(self, response: httpx.Response) -> None:
        call: Call = response.request.extensions[_CALL]
        seconds = self._clock() - call.sent_at
        wire_log.answered(call, response.status_code, seconds)
        self._ended(call, response, seconds)
        with suppress(KeyError, ValueError, TypeError):
            self.ahead = parsedate_to_datetime(response.headers["Date"]).timestamp() - self._now()
        self._notice(response)

    def _unanswered(self, call: Call, failure: Exception, *, sent: bool) -> NoAnswer:
        reason = f"{type(failure).__name__}: {failure}"
        seconds = self._clock() - call.sent_at
        wire_log.unanswered(call, reason, seconds)
        self._ended(call, None, seconds)
        return NoAnswer(reason, sent=sent)

    def _ended(self, call: Call, response: httpx.Response | None, seconds: float) -> None:
        if self._budget is not None:
            self._budget.ended(call, response, seconds)

    def _refused(self, call: Call, response: httpx.Response) -> Exception:
        verdict = self._verdict(response, self._now())
        if isinstance(verdict, Limited):
            seconds = self._seconds_of(verdict)
            error = self._error(call, response, seconds)
            if seconds is not None and verdict.for_all:
                self.gate.close(seconds, response, error.platform_code)
            return self._slow_down(error, seconds)
        error = self._error(call, response)
        if isinstance(verdict, NotCarriedOut):
            return NoAnswer(error.detail, sent=False, error=error)
        if isinstance(verdict, Doubtful):
            call.doubtful = True
            return NoAnswer(error.detail, sent=True, error=error, retry_after=verdict.retry_after)
        return error

    def _seconds_of(self, limit: Limited) -> float | None:
        if limit.seconds is not None and limit.spread:
            return limit.seconds + self._chance()
        return limit.seconds

    def _slow_down(self, error: RemoteError, seconds: float | None) -> SlowDown:
        if self._slowed is not None:
            self._slowed(seconds or 0.0, error.platform_code)
        return SlowDown(error, seconds)

    def _error(self, call: Call, response: httpx.Response, wait: float | None = None) -> RemoteError:
        return self._error_from(
            response.status_code, response.content, writes=call.writes, repeated=call.doubtful, wait=wait
        )
