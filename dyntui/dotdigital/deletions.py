"""Deleting contacts: many at once, in the background (v3). dotdigital keeps them in its recycle bin for 30 days.

    start_deletion(dd, contact_ids) -> [id]     deletion(dd, id) -> Deletion

Facts: reference/dotdigital_api.md 3.4 and 5.8. A contact that is deleted and made anew is mailed again, whatever it had
said: only those may be deleted that have withdrawn nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.imports import Failure
from dyntui.dotdigital.reading import read

CHUNK: Final = 5000


_GONE_ALREADY: Final = "contactnotfound"


class Kept(msgspec.Struct, frozen=True):
    """A contact that was not deleted, by what it was named by, and why."""

    identifier: dict[str, Any] = {}
    failures: list[Failure] = []

    @property
    def why(self) -> str:
        return ", ".join(each.failure_code or each.description for each in self.failures) or "no reason is given"

    @property
    def is_gone(self) -> bool:
        """There is no such contact: what was asked for is so."""
        return bool(self.failures) and all(each.failure_code.lower() == _GONE_ALREADY for each in self.failures)


class Deletion(msgspec.Struct, frozen=True, rename="camel"):
    """A deletion: `NotStarted`, `NotFinished`, `Finished`, `Failed`, or as received. One that is finished may have
    `failures`: contacts that are there still."""

    status: str = ""
    failures: list[Kept] | None = None

    @property
    def finished(self) -> bool:
        """It runs no more, well or not."""
        return self.status.lower() not in ("notstarted", "notfinished")

    @property
    def succeeded(self) -> bool:
        """It ran to its end; contacts that are gone already do not matter, others may have been `kept`."""
        return self.status.lower() == "finished"

    @property
    def kept(self) -> Mapping[int, str]:
        """The contacts that were not deleted, by id, and why; 0 stands for those that the answer does not name so."""
        left = [each for each in self.failures or () if not each.is_gone]
        return {_number(each.identifier.get("contactId")): each.why for each in left}


def _number(value: object) -> int:
    return int(value) if isinstance(value, int | str) and str(value).isdecimal() else 0


class _Started(msgspec.Struct, frozen=True, rename="camel"):
    delete_id: str


async def start_deletion(dd: Dotdigital, contact_ids: Sequence[int]) -> list[str]:
    """Deletes contacts, 5,000 a call; the ids of what was started. Repeatable."""
    started: list[str] = []
    distinct = list(dict.fromkeys(contact_ids))
    for start in range(0, len(distinct), CHUNK):
        body = [{"contactId": each} for each in distinct[start : start + CHUNK]]
        reply = await dd.request("POST", "/contacts/v3/delete", body=body, repeatable=True, expects_json=True)
        started.append(read(reply, _Started).delete_id)
    return started


async def deletion(dd: Dotdigital, delete_id: str) -> Deletion:
    """Where a deletion stands."""
    return await dd.get(f"/contacts/v3/delete/{delete_id}", Deletion, route="GET /contacts/v3/delete/{deleteId}")
