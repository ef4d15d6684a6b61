"""What runs write of consent, kept for the audit: suppressions in dotdigital, suppression rows and `donotbulkemail` in
Dynamics. Withdrawals are never undone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from dyntui.model.changes import AppliedChange
from dyntui.model.plans import FLAG, OPT_OUTS, SUPPRESS, UNFLAG
from dyntui.store import applied_changes
from dyntui.store.applied_changes import Place
from dyntui.store.flags import FlagSet
from dyntui.sync.run_context import RunContext

_FLAG = "donotbulkemail"


def suppressed(c: Connection, run_id: str, addresses: Sequence[str], target: str = "account") -> None:
    """Addresses were suppressed in dotdigital (`account`), or got a suppression row in Dynamics (`suppressions`)."""
    rows = [
        AppliedChange(
            item_id=OPT_OUTS,
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
    applied_changes.keep(c, Place(run_id, OPT_OUTS, target), rows)


def flagged(c: Connection, ctx: RunContext, rows: Iterable[FlagSet], *, flag: bool) -> None:
    """`donotbulkemail` of records was set, or taken back, for the address that is, or was, suppressed."""
    by_entity: dict[str, list[AppliedChange]] = {}
    for row in rows:
        change = AppliedChange(
            item_id=OPT_OUTS,
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
        applied_changes.keep(c, Place(ctx.run_id, OPT_OUTS, entity), changes)
