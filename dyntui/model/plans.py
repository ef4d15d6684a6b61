"""What a plan is: the changes that a synchronisation would make, stored before it makes them."""

from __future__ import annotations

from typing import Any

import msgspec

ADD, UPDATE, REMOVE = "add", "update", "remove"
# Of strangers of an address book: onto the list in Dynamics, where there is a record of them, or a new one first.
JOIN, CREATE = "join", "create"
# The kind of a run's items that name what differs between a list and its address book besides.
DIFFERENCE = "difference"
EFFECTS = (ADD, UPDATE, REMOVE, JOIN, CREATE)


class PlannedCalls(msgspec.Struct, frozen=True, kw_only=True):
    """API calls that carrying a plan out takes."""

    dataverse_reads: int = 0
    dataverse_writes: int = 0
    dotdigital_reads: int = 0
    dotdigital_writes: int = 0


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A plan that is whole. `digest`: SHA-256 over its changes; `seconds`: how long it is expected to take;
    `applied_by`: the run that has carried it out, `""` while none has."""

    run_id: str
    digest: str
    decided_on: str
    calls: PlannedCalls
    seconds: int
    applied_by: str


class Effects(msgspec.Struct, frozen=True, kw_only=True):
    """How many people of an item of a plan are added, updated and removed, join the list, or are made records of."""

    item_id: str
    add: int = 0
    update: int = 0
    remove: int = 0
    join: int = 0
    create: int = 0

    @property
    def changes(self) -> int:
        """All of them."""
        return self.add + self.update + self.remove + self.join + self.create


class PlannedChange(msgspec.Struct, frozen=True, kw_only=True):
    """A person who is added to a list's address book, sent again, taken out of it, or who is in it and joins the list
    (`effect`). `reason`: why they are taken out; `detail`: what else is to be said. `before` and `after`: the values by
    label; None where they are not in the book, or not known."""

    item_id: str
    person: str
    entity: str
    name: str
    address: str
    effect: str
    reason: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    detail: str = ""
