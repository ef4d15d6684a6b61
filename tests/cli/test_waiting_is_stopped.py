"""Ctrl-C stops the waiting only: whoever presses it is told what goes on, whichever command has begun it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import pytest

from dyntui.cli import conflicts, held, quarantine
from dyntui.model.outcomes import RunStatus
from dyntui.service.contract.accounts import ACCOUNT_DISCONNECT, ACCOUNTS_LIST
from dyntui.service.contract.calls import Call
from dyntui.service.contract.conflicts import CONFLICTS_TAKE
from dyntui.service.contract.held import HELD_DECIDE, HELD_LISTS, HeldDecided, HeldLists
from dyntui.service.contract.quarantine import QUARANTINE_PICK, QUARANTINE_RETRY
from dyntui.service.contract.setup import SETUP_APPLY, SETUP_PLAN, EmailAccountInput, OrganisationInput, SetupRequest
from dyntui.service.permission import CallContext
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


def stops_waiting(service: ScriptedService, call: Call[Any, Any]) -> None:
    """Ctrl-C while the service is at the call."""

    async def at_work(context: CallContext, request: Any) -> NoReturn:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.Event().wait()
        raise AssertionError

    service.handlers[call.name] = at_work


def test_a_change_that_was_asked_for_may_be_carried_out_all_the_same(
    dyntui: Callable, service: ScriptedService
) -> None:
    stops_waiting(service, ACCOUNT_DISCONNECT)
    done = dyntui("accounts", "disconnect", "Main", "--yes")
    assert (done.code, done.out) == (130, "")
    assert "may carry it out all the same" in done.err and done.err.endswith("Interrupted.\n")
    stops_waiting(service, ACCOUNTS_LIST)
    done = dyntui("accounts", "list")
    assert (done.code, done.err) == (130, "\nInterrupted.\n")


def test_a_setup_that_is_left_goes_on_and_is_gone_on_with(
    dyntui: Callable, service: ScriptedService, tmp_path: Path
) -> None:
    file = tmp_path / "setup.json"
    file.write_bytes(msgspec.json.encode(a_setup()))
    stops_waiting(service, SETUP_APPLY)
    done = dyntui("setup", "--from", str(file), "--yes")
    assert done.code == 130
    assert "goes on with setup for a while" in done.err and "`dyntui setup` again" in done.err
    stops_waiting(service, SETUP_PLAN)
    done = dyntui("setup", "--from", str(file), "--plan")
    assert (done.code, done.err) == (130, "\nInterrupted.\n")


def a_setup() -> SetupRequest:
    organisation = OrganisationInput(
        dataverse_url="https://contoso.crm4.dynamics.com",
        authority="https://login.microsoftonline.com/contoso.example",
        client_id="a",
        client_secret="b",
    )
    account = EmailAccountInput(
        name="Main", dotdigital_url="https://r1-api.dotdigital.com", api_user="u", api_password="p"
    )
    return SetupRequest(organisation=organisation, accounts=(account,))
