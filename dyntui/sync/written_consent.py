"""What runs write of consent, kept for the audit: suppressions in dotdigital, suppression rows and records' flags in
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
    """Flags of records were set, or taken back, for the address that is, or was, suppressed."""
    by_record: dict[tuple[str, str], list[FlagSet]] = {}
    for row in rows:
        by_record.setdefault((row.entity, row.person_id), []).append(row)
    by_entity: dict[str, list[AppliedChange]] = {}
    for (entity, person_id), flags in by_record.items():
        change = AppliedChange(
            item_id=OPT_OUTS,
            target=entity,
            person=person_id,
            entity=entity,
            name="",
            address=flags[0].address,
            effect=FLAG if flag else UNFLAG,
            reason="SUPPRESSED",
            consent=flag,
            before=dict.fromkeys((each.flag for each in flags), not flag),
            after=dict.fromkeys((each.flag for each in flags), flag),
        )
        by_entity.setdefault(entity, []).append(change)
    for entity, changes in by_entity.items():
        applied_changes.keep(c, Place(ctx.run_id, OPT_OUTS, entity), changes)
