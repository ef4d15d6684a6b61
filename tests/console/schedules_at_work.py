"""The service's own schedules behind the console: use cases on a store of their own, on a clock that stands still."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from dyntui.model.outcomes import RunStatus
from dyntui.model.roles import Ability
from dyntui.service.answering import handlers_of
from dyntui.service.contract.events import Changed
from dyntui.service.contract.schedules import SCHEDULES_CHANGED
from dyntui.service.identity import Identities
from dyntui.service.permission import CallContext
from dyntui.service.profile import open_profile
from dyntui.service.resources import Resources
from dyntui.service.schedules import ScheduleUseCases
from dyntui.store import accounts, runs, schedules
from dyntui.store.accounts import EmailAccount, PersonLink
from dyntui.store.runs import NewRun
from tests.empty_store import open_empty_store

from .fake_service import FakeService

NOW = datetime.fromisoformat("2026-03-03T14:05:00Z")


async def _everything(_: int) -> frozenset[Ability]:
    return frozenset(Ability)


class SchedulesAtWork:
    """Answers `schedules.*` of a fake service. Its schedules were made an hour ago."""

    def __init__(self, service: FakeService, folder: Path, *, run_here: bool = True) -> None:
        self.db = open_empty_store(folder / "store.db")
        self._ids = itertools.count(1)
        with self.db.write() as c:
            accounts.put_account(
                c, EmailAccount(id="a", name="Highland", api_user="u", endpoint="e", region="r1", platform_id=1)
            )
            accounts.link_person(
                c, PersonLink(os_uid=1, user_id="u", object_id="o", name="Sigrid Larsen", linked_on="2026-03-01")
            )
            schedules.provision(c, NOW - timedelta(hours=1))
        resources = Resources(
            profile=open_profile("test", {"DYNTUI_HOME": str(folder)}),
            db=self.db,
            secrets=None,  # type: ignore[arg-type]
            connections=None,  # type: ignore[arg-type]
            clock=lambda: NOW,
            ids=lambda: f"r{next(self._ids)}",
            publish=lambda name, params, key="": None,
        )
        at_work = ScheduleUseCases(resources, Identities(resources), lambda: None, run_here=run_here)
        context = CallContext(1, _everything)

        def answered_by(handler: Callable[..., Any], *, tells: bool) -> Callable[[Any], Any]:
            async def answer(request: Any) -> Any:
                answered = await handler(context, request)
                if tells:
                    service.emit(SCHEDULES_CHANGED.name, Changed())
                return answered

            return answer

        handlers = handlers_of(at_work)
        service.answer_with(
            {name: answered_by(each, tells=name == "schedules.save") for name, each in handlers.items()}
        )

    def close(self) -> None:
        self.db.close()

    def stored(self, sync_type: str) -> schedules.StoredSchedule:
        with self.db.read() as c:
            return next(each for each in schedules.schedules(c) if each.schedule.sync_type == sync_type)

    def start(self, sync_type: str) -> None:
        """Its schedule has started it now."""
        due = self.stored(sync_type)
        with self.db.write() as c:
            assert schedules.started(c, due, NOW)

    def ran(self, sync_type: str, on: str, status: RunStatus | None = None) -> None:
        """A run of this type was queued then, and goes on where no status is given."""
        run_id = f"r{next(self._ids)}"
        with self.db.write() as c:
            new = NewRun(id=run_id, kind=sync_type, title="", account_id="a", sync_key=f"{sync_type}/a", queued_on=on)
            runs.create(c, new)
            claim = runs.claim(c, run_id, on)
            assert claim is not None
            if status is not None:
                runs.finish(c, run_id, claim.token, on, status=status)
