"""A real socket server whose answers a test writes down beforehand, in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import msgspec

import dyntui
from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome, ReasonCount, RunStatus, Tally
from dyntui.model.roles import Ability
from dyntui.service.contract.calls import Call
from dyntui.service.contract.campaigns import CampaignRow
from dyntui.service.contract.lists import ListDetail, ListRow
from dyntui.service.contract.paging import Page
from dyntui.service.contract.results import CampaignReport
from dyntui.service.contract.runs import Progress, RunItem, RunRow
from dyntui.service.contract.sends import SendRow
from dyntui.service.contract.session import Hello
from dyntui.service.contract.target_counts import ListReadiness, TargetCount
from dyntui.service.permission import CallContext
from dyntui.service.profile import Profile
from dyntui.service.server import Server

LIST_ID = "11111111-1111-1111-1111-111111111111"
OTHER_ID = "22222222-2222-2222-2222-222222222222"


def a_list(name: str = "Newsletter", id: str = LIST_ID, **changes: Any) -> ListRow:
    row = ListRow(
        id=id,
        name=name,
        member_type="contact",
        dynamic=False,
        members=12_345,
        active=True,
        locked=False,
        activated=True,
        account="Main",
        sync_status="Synchronised",
        last_synced="2026-11-22T14:05:09.123Z",
        sync_order=1000,
        manual_only=False,
    )
    return msgspec.structs.replace(row, **changes)


def a_detail(**changes: Any) -> ListDetail:
    return ListDetail(
        row=a_list(**changes),
        description="Everybody who wants news",
        address_book="Newsletter",
        address_book_id=77,
        counts=(ReasonCount(Outcome.ADDED, "", 3), ReasonCount(Outcome.EXCLUDED, "NO_EMAIL", 2)),
        last_run="run-1",
        active_run="",
    )


def a_campaign(name: str = "Spring", id: int = 42, **changes: Any) -> CampaignRow:
    row = CampaignRow(
        id=id,
        name=name,
        subject="New tents",
        status="Unsent",
        type="Standard",
        account="Main",
        split_test=False,
        targets=1,
    )
    return msgspec.structs.replace(row, **changes)


def a_report(name: str = "Spring", id: int = 42, **changes: object) -> CampaignReport:
    zeros = {
        field.name: 0 if field.type is int else 0.0
        for field in msgspec.structs.fields(CampaignReport)
        if field.type in (int, float)
    }
    nothing: dict[str, object] = {"hours": (), "links": (), "sends": ()}
    found = CampaignReport(row=a_campaign(name, id), as_of="2026-11-22T14:05:09Z", **zeros, **nothing)  # type: ignore[arg-type]
    return msgspec.structs.replace(found, **changes)


def a_hello(*abilities: Ability) -> Hello:
    """Somebody who signed in and may do this; everything where nothing is named."""
    may = tuple(each.value for each in abilities or tuple(Ability))
    return Hello(version="0", profile="default", configured=True, user="Mira Sandahl", abilities=may)


def a_run(status: RunStatus = RunStatus.COMPLETED, **changes: Any) -> RunRow:
    row = RunRow(
        id="run-1",
        kind="lists",
        title="Newsletter",
        account="Main",
        status=status,
        started_by="Mira Sandahl",
        queued_on="2026-11-22T14:05:00Z",
        started_on="2026-11-22T14:05:01Z",
        ended_on="2026-11-22T14:05:09Z" if status.ended else "",
        tally=Tally(5, (ReasonCount(Outcome.ADDED, "", 3), ReasonCount(Outcome.EXCLUDED, "NO_EMAIL", 2))),
        progress=Progress(stage="Reading members", done=5, of=5),
        dataverse_reads=2,
        dotdigital_writes=1,
    )
    return msgspec.structs.replace(row, **changes)


def an_item(id: str = LIST_ID, **changes: Any) -> RunItem:
    item = RunItem(id=id, kind="list", name="Newsletter", status=RunStatus.COMPLETED, tally=Tally(5, ()))
    return msgspec.structs.replace(item, **changes)


def a_count(sendable: int = 3, confirm_above: int = 100) -> TargetCount:
    return TargetCount(
        id="count-1",
        campaign=42,
        campaign_name="Spring",
        potential=sendable + 2,
        sendable=sendable,
        excluded=(ReasonCount(Outcome.EXCLUDED, "SUPPRESSED", 2),),
        lists=(ListReadiness(id=LIST_ID, name="Newsletter", members=sendable + 2, ready=True),),
        counted_on="2026-11-22T14:05:09Z",
        suppressions_as_of="2026-11-22T14:05:08Z",
        confirm_above=confirm_above,
    )


def a_send(state: str = "Sent", **changes: Any) -> SendRow:
    row = SendRow(
        id="send-1",
        campaign=42,
        campaign_name="Spring",
        run="run-1",
        state=state,
        created_by="Mira Sandahl",
        created_on="2026-11-22T14:05:09Z",
        sent_on="2026-11-22T14:06:00Z",
        potential=5,
        sendable=3,
        excluded=(ReasonCount(Outcome.EXCLUDED, "SUPPRESSED", 2),),
        lists=(LIST_ID,),
    )
    return msgspec.structs.replace(row, **changes)


def page_of(*rows: Any, total: int | None = None) -> Page[Any]:
    return Page(rows=rows, matching=len(rows), total=len(rows) if total is None else total)


class ScriptedService:
    """Answers each method with what `answers` was told: a value, an error to raise, or a function of the request."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._up = threading.Event()
        self.abilities: frozenset[Ability] | None = frozenset(Ability)
        self.handlers: dict[str, Any] = {}
        self.asked: list[tuple[str, msgspec.Struct]] = []
        self.server: Server | None = None

    def answers(self, method: Call[Any, Any], answer: Any) -> None:
        async def handler(context: CallContext, request: Any) -> Any:
            self.asked.append((method.name, request))
            found = answer(request) if isinstance(answer, Callable) else answer  # type: ignore[arg-type]
            if isinstance(found, DyntuiError):
                raise found
            return found

        self.handlers[method.name] = handler

    def requests(self, method: Call[Any, Any]) -> list[Any]:
        return [request for name, request in self.asked if name == method.name]

    def publish(self, name: str, params: msgspec.Struct) -> None:
        assert self.server is not None
        self.server.publish(name, params)

    def __enter__(self) -> ScriptedService:
        self._thread.start()
        assert self._up.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._ending.set)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ending = asyncio.Event()

        async def abilities_of(uid: int, *, soon: bool) -> frozenset[Ability] | None:
            return self.abilities

        self.server = Server(
            self._profile.socket, version=dyntui.__version__, handlers=self.handlers, abilities_of=abilities_of
        )
        await self.server.open()
        self._up.set()
        await self._ending.wait()
        await self.server.close(1.0)
