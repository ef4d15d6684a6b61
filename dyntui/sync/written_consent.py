"""What runs write of consent, kept for the audit: suppressions in dotdigital, suppression rows and `donotbulkemail` in
Dynamics. Withdrawals are never undone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from dyntui.model.changes import FLAG, SUPPRESS, UNFLAG, AppliedChange
from dyntui.store import applied_changes
from dyntui.store.applied_changes import Place
from dyntui.store.flags import FlagSet
from dyntui.sync.run_context import RunContext

# What these changes belong to in a run: every run exchanges consent before it begins with its items.
ITEM = "suppressions"
_FLAG = "donotbulkemail"


def suppressed(c: Connection, run_id: str, addresses: Sequence[str], target: str = "account") -> None:
    """Addresses were suppressed in dotdigital (`account`), or got a suppression row in Dynamics (`suppressions`)."""
    rows = [
        AppliedChange(
            item_id=ITEM,
            target=target,
            person=address,
            entity="",
            name="",
            address=address,
            effect=SUPPRESS,
            reason="SUPPRESSED",
            consent=True,
        )
        for address in addresses
    ]
    applied_changes.keep(c, Place(run_id, ITEM, target), rows)


def flagged(c: Connection, ctx: RunContext, rows: Iterable[FlagSet], *, flag: bool) -> None:
    """`donotbulkemail` of records was set, or taken back, for the address that is, or was, suppressed."""
    by_entity: dict[str, list[AppliedChange]] = {}
    for row in rows:
        change = AppliedChange(
            item_id=ITEM,
            target=row.entity,
            person=row.person_id,
            entity=row.entity,
            name="",
            address=row.address,
            effect=FLAG if flag else UNFLAG,
            reason="SUPPRESSED",
            consent=flag,
            before={_FLAG: not flag},
            after={_FLAG: flag},
        )
        by_entity.setdefault(row.entity, []).append(change)
    for entity, changes in by_entity.items():
        applied_changes.keep(c, Place(ctx.run_id, ITEM, entity), changes)
