"""Work that the service does again and again: what keeps it from being done is known until it was done again."""

from __future__ import annotations

import asyncio

from dyntui.model.errors import DyntuiError
from dyntui.service.repeating import Repeating


def test_what_keeps_work_from_being_done_is_told_until_it_was_done_again() -> None:
    troubles: dict[str, str] = {}
    told: list[dict[str, str]] = []
    refused = DyntuiError("STORE_BUSY", "It is busy.", not_done="", remedy="")
    outcomes = iter([None, refused, ZeroDivisionError(), None])

    async def work() -> None:
        told.append(dict(troubles))
        if len(told) == 5:
            done.set()
        outcome = next(outcomes, None)
        if outcome is not None:
            raise outcome

    done = asyncio.Event()

    async def play() -> None:
        repeating = Repeating(work, lambda: asyncio.sleep(0), "nothing was swept", troubles)
        repeating.start()
        await done.wait()
        await repeating.stop()

    asyncio.run(play())
    assert [each.get("nothing was swept", "") for each in told] == [
        "",
        "",
        "STORE_BUSY: It is busy.",
        "a defect of dyntui; the log has the details",
        "",
    ]
