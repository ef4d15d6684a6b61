"""The first setup is open to whoever comes first, and to nobody after that."""

from __future__ import annotations

import asyncio
from pathlib import Path

from dyntui.model.errors import DyntuiError
from dyntui.model.roles import Ability
from dyntui.service.permission import CallContext
from dyntui.service.setup import Setup
from tests.scenarios.office import Office
from tests.simulation.sandbox import InProcessSandbox


async def nobody(uid: int) -> frozenset[Ability] | None:
    return None


def test_who_waits_for_somebody_elses_first_setup_cannot_change_it(sandbox: InProcessSandbox, tmp_path: Path) -> None:
    office = Office(sandbox, tmp_path)
    try:
        setup = Setup(office.resources, office.worker.reconnect)
        stranger = CallContext(4711, nobody)

        async def both() -> list[object]:
            calls = [setup.apply(each, office.setup_request()) for each in (office.context, stranger)]
            return list(await asyncio.gather(*calls, return_exceptions=True))

        first, second = office.wait(both())
        assert not isinstance(first, BaseException)
        assert isinstance(second, DyntuiError) and second.code == "NOT_SIGNED_IN"
    finally:
        office.close()
