"""How often a call is attempted, and how long is waited in between."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
import tenacity

from dyntui.remote.calls import Call, Reply
from dyntui.remote.errors import RemoteError

ATTEMPTS: Final = 6
_BACK_OFF_CAP_SECONDS: Final = 60.0
_LONGEST_RETRY_AFTER_SECONDS: Final = 300.0


class SlowDown(Exception):
    """An attempt was refused by a limit, which opens in `seconds` (None: it does not say)."""

    def __init__(self, error: RemoteError, seconds: float | None) -> None:
        super().__init__(error.code)
        self.error = error
        self.seconds = seconds


class NoAnswer(Exception):
    """An attempt ended without a usable answer. `sent` is False only when it certainly changed nothing."""

    def __init__(
        self, reason: str, *, sent: bool, error: RemoteError | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(reason)
        self.sent = sent
        self.error = error
        self.retry_after = retry_after


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """Refusals by a limit are waited out until the waits of one call add up to `slow_down_deadline` seconds, and never
    count as failures. Attempts without an answer are repeated up to `attempts` in all, with jittered exponential
    back-off, where a second one cannot do harm."""

    attempts: int
    slow_down_deadline: float
    sleep: Callable[[float], Awaitable[None]]
    chance: Callable[[], float]

    async def carry_out(self, attempt: Callable[[Call], Awaitable[Reply]], call: Call) -> Reply:
        """The reply to a call. Raises what the last attempt raised: SlowDown, NoAnswer or RemoteError."""
        slow_downs = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type(SlowDown),
            wait=self._limit_wait,
            stop=lambda state: state.idle_for + self._limit_wait(state) > self.slow_down_deadline,
            sleep=self.sleep,
            reraise=True,
        )
        failures = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception(
                lambda failure: isinstance(failure, NoAnswer) and (call.repeatable or not failure.sent)
            ),
            wait=self._failure_wait,
            stop=tenacity.stop_after_attempt(self.attempts),
            sleep=self.sleep,
            reraise=True,
        )
        reply: Reply = await slow_downs(failures, attempt, call)
        return reply

    def _limit_wait(self, state: tenacity.RetryCallState) -> float:
        failure = state.outcome.exception() if state.outcome is not None else None
        if isinstance(failure, SlowDown) and failure.seconds is not None:
            return failure.seconds
        return self._back_off(state.attempt_number)

    def _failure_wait(self, state: tenacity.RetryCallState) -> float:
        failure = state.outcome.exception() if state.outcome is not None else None
        asked = failure.retry_after if isinstance(failure, NoAnswer) and failure.retry_after is not None else 0.0
        return max(self._back_off(state.attempt_number), min(asked, _LONGEST_RETRY_AFTER_SECONDS))

    def _back_off(self, attempt: int) -> float:
        longest = min(_BACK_OFF_CAP_SECONDS, 2.0 ** min(attempt, 10))
        return longest / 2 + longest / 2 * self.chance()
