"""The processes that carry out runs, where several machines share a store."""

from __future__ import annotations

from typing import Final

import msgspec

# What a process is: the one that plans the work and answers people, or one that carries out runs alone.
SERVICE: Final = "service"
WORKER: Final = "worker"


class WorkerRow(msgspec.Struct, frozen=True, kw_only=True):
    """A process at work. `runs`: those that it has in hand."""

    name: str
    kind: str
    host: str
    process: int
    version: str
    started_on: str
    runs: int
