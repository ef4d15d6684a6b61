"""What became of a person, wherever it stands in the audit."""

from __future__ import annotations

import msgspec

from dyntui.model.outcomes import Outcome


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """An outcome of a person in an `item` (by name) of a run, which began on `started_on` (ISO 8601 UTC).

    Of a marketing list's people the run is the one from which on they had it: while nothing changes, later runs say the
    same. What tells of the run is `""` where that is older than what is kept; the `item` is named all the same.
    """

    run: str
    kind: str
    title: str
    started_on: str
    item: str
    person: str
    entity: str
    name: str
    address: str
    outcome: Outcome
    reason: str
    detail: str
