"""Time in the demo passes after a send, and only then."""

from __future__ import annotations

from typing import Any

from dyntui.cli.passing_time import STEP_SECONDS, STEPS_AFTER_A_SEND, PassingTime


class Sandbox:
    def __init__(self) -> None:
        self.mails = 0
        self.passed = 0

    def control(self, method: str, path: str, body: Any) -> Any:
        if (method, path) == ("GET", "/state"):
            return {"mails": self.mails}
        assert (method, path) == ("POST", "/clock")
        self.passed += body["advance_seconds"]
        return {}


def test_time_stands_still_until_something_was_sent() -> None:
    sandbox = Sandbox()
    passing = PassingTime(sandbox.control)
    for _ in range(5):
        passing.step()
    assert sandbox.passed == 0


def test_after_a_send_four_days_pass_and_then_no_more() -> None:
    sandbox = Sandbox()
    passing = PassingTime(sandbox.control)
    sandbox.mails = 10
    for _ in range(STEPS_AFTER_A_SEND + 20):
        passing.step()
    assert sandbox.passed == STEP_SECONDS * STEPS_AFTER_A_SEND


def test_a_further_send_sets_time_going_again() -> None:
    sandbox = Sandbox()
    passing = PassingTime(sandbox.control)
    sandbox.mails = 10
    for _ in range(STEPS_AFTER_A_SEND):
        passing.step()
    sandbox.mails = 25
    passing.step()
    assert sandbox.passed == STEP_SECONDS * (STEPS_AFTER_A_SEND + 1)
