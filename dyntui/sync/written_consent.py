"""What runs write of consent, kept for the audit: suppressions in dotdigital, suppression rows and records' flags in
Dynamics. Withdrawals are never undone."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from dyntui.model.changes import AppliedChange
from dyntui.model.plans import FLAG, OPT_OUTS, SUPPRESS, UNFLAG
from dyntui.store import applied_changes, suppressions
from dyntui.store.applied_changes import Done, Place
from dyntui.store.flags import FlagSet
from dyntui.sync.run_context import RunContext

_ACCOUNT = "account"


def suppressed(c: Connection, run_id: str, addresses: Iterable[str], target: str = _ACCOUNT) -> None:
    """Addresses were suppressed in dotdigital (`account`), or got a suppression row in Dynamics (`suppressions`)."""
    applied_changes.keep(c, Place(run_id, OPT_OUTS, target), _suppressing(addresses, target))


def begin_suppressing(c: Connection, run_id: str, addresses: Iterable[str]) -> None:
    """dotdigital is about to be asked to suppress these addresses: a run that is killed finds them suppressed."""
    applied_changes.begin(c, Place(run_id, OPT_OUTS, _ACCOUNT), _suppressing(addresses, _ACCOUNT))


def is_suppressing(c: Connection, run_id: str) -> bool:
    """Whether something was begun that is not settled yet."""
    return bool(applied_changes.all_begun(c, Place(run_id, OPT_OUTS, _ACCOUNT)))


def settle_suppressed(c: Connection, run_id: str, account_id: str) -> None:
    """Of what was begun, and not answered, that was done which dotdigital's feed shows by now."""
    place = Place(run_id, OPT_OUTS, _ACCOUNT)
    begun = applied_changes.all_begun(c, place)
    taken = suppressions.shown_in_feed(c, account_id, begun)
    done = [Done(each, None, False) for each in begun if each in taken]
    applied_changes.settle(c, place, done, [each for each in begun if each not in taken])


def _suppressing(addresses: Iterable[str], target: str) -> list[AppliedChange]:
    return [
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
