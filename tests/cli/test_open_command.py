"""`dyntui open`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from dyntui.screens.address import Address, address_of
from dyntui.screens.app import Console
from dyntui.screens.places import CAMPAIGN, LIST, SEND

from dyntui.model.outcomes import RunStatus
from dyntui.service.contract.campaigns import CAMPAIGNS_PAGE, CampaignRef
from dyntui.service.contract.lists import LISTS_PAGE
from dyntui.service.contract.runs import RUN_GET, RunDetail
from dyntui.service.contract.sends import SEND_SHOW, SendDetail
from tests.cli.scripted_service import (
    LIST_ID,
    OTHER_ID,
    ScriptedService,
    a_campaign,
    a_list,
    a_run,
    a_send,
    an_item,
    page_of,
)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    at: list[Any] = []
    monkeypatch.setattr("dyntui.cli.console.open_console", lambda _profile, page: at.append(page) or 0)
    return at


def test_the_console_opens_on_the_page_that_is_named(
    dyntui: Callable, service: ScriptedService, opened: list[Any]
) -> None:
    service.answers(LISTS_PAGE, page_of(a_list()))
    service.answers(CAMPAIGNS_PAGE, page_of(a_campaign(account="Second")))
    service.answers(
        SEND_SHOW, SendDetail(send=a_send(), whole=None, waves=(), run=None, count="", counted=(), people=())
    )
    service.answers(RUN_GET, RunDetail(run=a_run(RunStatus.COMPLETED), items=(an_item("item"),)))
    for address in ("list/Newsletter", f"list/{LIST_ID}", "campaign/Spring", "send/send", "run/run-1/item"):
        assert dyntui("open", address).code == 0
    assert opened[:2] == [Address("lists", LIST, LIST_ID)] * 2
    assert opened[2:4] == [
        Address("campaigns", CAMPAIGN, CampaignRef(42, "Second")),
        Address("campaigns", SEND, "send-1"),
    ]
    assert (opened[4].run, opened[4].item) == ("run-1", "item")


@pytest.mark.parametrize("address", ["Newsletter", "list/", "run/", "table/1"])
def test_what_names_no_page_opens_nothing(dyntui: Callable, opened: list[Any], address: str) -> None:
    done = dyntui("open", address)
    assert done.code == 2 and "ADDRESS_UNKNOWN" in done.err and not opened


def test_the_console_goes_to_the_page_once(monkeypatch: pytest.MonkeyPatch) -> None:
    went: list[object] = []

    async def connect() -> Any:
        raise AssertionError

    console = Console(connect, at=address_of("list", LIST_ID))
    monkeypatch.setattr(console, "go", lambda section, view=None: went.append(section))
    monkeypatch.setattr(console, "open_page", lambda place, about, view=None: went.append((place, about)))
    console._go_there()
    console._go_there()
    assert went == ["lists", (LIST, LIST_ID)]


def test_an_item_that_the_run_has_not_opens_nothing(
    dyntui: Callable, service: ScriptedService, opened: list[Any]
) -> None:
    service.answers(RUN_GET, RunDetail(run=a_run(), items=(an_item(LIST_ID),)))
    done = dyntui("audit", "open", f"run-1/{OTHER_ID}")
    assert done.code == 2 and "ITEM_UNKNOWN" in done.err and not opened
    assert dyntui("audit", "open", f"run-1/{{{LIST_ID.upper()}}}").code == 0
    assert opened[0].item == LIST_ID
