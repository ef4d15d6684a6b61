"""Runs as store, contract and both faces show them."""

from __future__ import annotations

import msgspec

from dyntui.model.outcomes import RunStatus, Tally


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a run is: `stage` in words, `done` of `of` steps of that stage (`of` 0: not known)."""

    stage: str = ""
    done: int = 0
    of: int = 0


class RunRow(msgspec.Struct, frozen=True, kw_only=True):
    """A run in the history. Times ISO 8601 UTC, `""` when not yet. `kind`: a sync type or `send`; `account`: the email
    account's name. `plan`: it changes nothing, and ends in a plan of what it would have done."""

    id: str
    kind: str
    title: str
    account: str
    status: RunStatus
    started_by: str
    queued_on: str
    started_on: str
    ended_on: str
    tally: Tally
    progress: Progress
    dataverse_reads: int = 0
    dataverse_writes: int = 0
    dotdigital_reads: int = 0
    dotdigital_writes: int = 0
    error_code: str = ""
    error: str = ""
    not_done: str = ""
    remedy: str = ""
    cancelling: bool = False
    plan: bool = False
    applied_by: str = ""
    empty_plan: bool = False


# The kind of an item that is a call.
CALL = "call"


class RunItem(msgspec.Struct, frozen=True, kw_only=True):
    """One list, campaign or feed within a run; of a run about one person also each of its calls."""

    id: str
    kind: str
    name: str
    status: RunStatus
    tally: Tally
    note: str = ""
