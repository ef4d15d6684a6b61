"""`status` says within its time what it knows of every system, and how old that is."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from dyntui.model.errors import DyntuiError
from dyntui.service.checks import Checks

WHERE = "https://contoso.crm4.dynamics.com"


class System:
    """Answers, refuses, or keeps silent until it is let go."""

    def __init__(self) -> None:
        self.asked = 0
        self.answers: str | DyntuiError = "signed in"
        self.silent: asyncio.Event | None = None

    async def ask(self) -> str:
        self.asked += 1
        if self.silent is not None:
            await self.silent.wait()
        if isinstance(self.answers, DyntuiError):
            raise self.answers
        return self.answers


async def test_a_silent_system_is_told_of_as_last_known_with_the_age_of_that():
    now = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    system = System()
    checks = Checks(lambda: now, limit=0.01)
    first = await checks.look("Dynamics", WHERE, system.ask)
    assert (first.state, first.text, first.as_of) == ("ok", "signed in", "2026-11-22T12:00:00Z")

    system.silent, now = asyncio.Event(), now + timedelta(minutes=7)
    late = await checks.look("Dynamics", WHERE, system.ask)
    again = await checks.look("Dynamics", WHERE, system.ask)
    assert late.text == f"{WHERE}: no answer within 0.01 s; last known, 7 min ago: ok, signed in"
    assert (late.state, late.as_of) == ("warning", "2026-11-22T12:00:00Z")
    assert again == late
    assert system.asked == 2  # one question at a time, however often somebody looks

    system.answers = DyntuiError("DATAVERSE_LIMIT", "A limit is closed.", not_done="", remedy="Try again later.")
    system.silent.set()
    assert (await checks.look("Dynamics", WHERE, system.ask)).state == "error"
    system.silent, now = asyncio.Event(), now + timedelta(hours=3)
    late = await checks.look("Dynamics", WHERE, system.ask)
    assert "last known, 3 h ago: error" in late.text
    assert "DATAVERSE_LIMIT" in late.text
    await checks.close()


async def test_a_question_is_waited_for_once_however_often_somebody_looks():
    system = System()
    system.silent = asyncio.Event()
    checks = Checks(lambda: datetime.now(UTC), limit=0.2)
    now = asyncio.get_running_loop().time
    await checks.look("Dynamics", WHERE, system.ask)
    began = now()
    for _ in range(50):
        assert (await checks.look("Dynamics", WHERE, system.ask)).state == "warning"
    assert now() - began < 50 * 0.2 / 2
    system.silent.set()
    await asyncio.sleep(0)
    assert (await checks.look("Dynamics", WHERE, system.ask)).state == "ok"
    await checks.close()


async def test_of_a_system_that_has_never_answered_that_is_said():
    system = System()
    system.silent = asyncio.Event()
    checks = Checks(lambda: datetime.now(UTC), limit=0.01)
    late = await checks.look("Dynamics", WHERE, system.ask)
    assert late.text.endswith("and none since the service started")
    await checks.close()


async def test_one_silent_system_keeps_no_other_from_being_told():
    silent, well = System(), System()
    silent.silent = asyncio.Event()
    checks = Checks(lambda: datetime.now(UTC), limit=0.05)
    states = [
        each.state
        for each in await asyncio.gather(
            checks.look("Dynamics", WHERE, silent.ask), checks.look("Email account Main", WHERE, well.ask)
        )
    ]
    assert states == ["warning", "ok"]
    await checks.close()
