"""What a plan is: the changes that a synchronisation would make, stored before it makes them."""

from __future__ import annotations

from typing import Any

import msgspec

from dyntui.model.outcomes import RunStatus

ADD, UPDATE, REMOVE = "add", "update", "remove"
# Of strangers of an address book: onto the list in Dynamics, where there is a record of them, or a new one first.
JOIN, CREATE = "join", "create"
# Of a record in Dynamics: values that changed in dotdigital are brought to it.
BRING = "bring"
# Withdrawals of consent, in both systems: they wait for no plan, and are never undone. `donotbulkemail` is taken back
# because the person subscribed again in dotdigital.
SUPPRESS, FLAG, UNFLAG = "suppress", "flag", "unflag"
# What consent belongs to in a run and in a plan: every run exchanges it before it begins with its items.
OPT_OUTS = "suppressions"
# The kind of a run's items that name what differs between a list and its address book besides.
DIFFERENCE = "difference"
EFFECTS = (ADD, UPDATE, REMOVE, JOIN, CREATE, BRING, SUPPRESS, FLAG, UNFLAG)


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
    """How many people of an item of a plan are added, updated and removed, join the list, or are made records of; of
    how many records values are brought, how many addresses are suppressed, and of how many records `donotbulkemail` is
    set or taken back."""

    item_id: str
    add: int = 0
    update: int = 0
    remove: int = 0
    join: int = 0
    create: int = 0
    bring: int = 0
    suppress: int = 0
    flag: int = 0
    unflag: int = 0

    @property
    def changes(self) -> int:
        """All of them."""
        return sum(getattr(self, each) for each in EFFECTS)


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a plan in the run that carried it out. `effects`: what was written, item by item;
    `refused`: people who had changed since, and of whom nothing was done (STALE); `seconds`: how long it took, 0 while
    it is under way; `status`: the run's."""

    run_id: str
    status: RunStatus
    effects: tuple[Effects, ...]
    refused: int
    calls: PlannedCalls
    seconds: int


class PlannedChange(msgspec.Struct, frozen=True, kw_only=True):
    """A person who is added to a list's address book, sent again, taken out of it, or who is in it and joins the list;
    a record that values are brought to; an opt-out that is written (`effect`). `reason`: why they are taken out, or
    suppressed; `detail`: what else is to be said. `before` and `after`: the values by label, of a record by column;
    None where they are not in the book, or not known."""

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
