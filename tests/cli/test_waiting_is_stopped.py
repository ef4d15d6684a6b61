"""Ctrl-C stops the waiting only: whoever presses it is told what goes on, whichever command has begun it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import pytest

from dyntui.cli import conflicts, held, quarantine
from dyntui.model.outcomes import RunStatus
from dyntui.service.contract.conflicts import CONFLICTS_TAKE
from dyntui.service.contract.held import HELD_DECIDE, HELD_LISTS, HeldDecided, HeldLists
from dyntui.service.contract.quarantine import QUARANTINE_PICK, QUARANTINE_RETRY
from tests.cli.scripted_service import LIST_ID, ScriptedService, a_run


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (held, ("held", "approve", LIST_ID, "--yes")),
        (quarantine, ("quarantine", "retry", LIST_ID)),
        (quarantine, ("quarantine", "pick", LIST_ID, "7", "p1")),
        (conflicts, ("conflicts", "take", "--person", "p1", "--label", "FIRSTNAME")),
    ],
)
def test_what_goes_on_is_said(
    dyntui: Callable,
    service: ScriptedService,
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    words: tuple[str, ...],
) -> None:
    under_way = a_run(RunStatus.IN_PROCESS)
    service.answers(HELD_LISTS, HeldLists(rows=()))
    service.answers(HELD_DECIDE, HeldDecided(people=1, run=under_way))
    for call in (QUARANTINE_RETRY, QUARANTINE_PICK, CONFLICTS_TAKE):
        service.answers(call, under_way)

    async def stopped(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "until_ended", stopped)
    done = dyntui(*words)
    assert done.code == 130
    assert "goes on in the service" in done.err and "`dyntui sync cancel run-1` cancels it" in done.err
