"""A Manager decides that an address may be mailed again, and says why.

What one of the two systems itself still says cannot be decided away here: dotdigital's own suppressions end by its
resubscribe; an opt-out of a record, and an unsubscribe that an address book still shows, come back with the next
reading. Who was suppressed at an address that they had before may be decided for at the one that they have now.

Public: `lift(c, address, by, why, now, there) -> Decided`.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from dyntui.store import lifts, list_unsubscribes, opt_outs, suppressed_people, suppressions
from dyntui.store.lifts import Lift

_DECIDED = "decided"


class Decided(msgspec.Struct, frozen=True):
    """What was lifted, and what stays although it was asked for: (account id or record, what says so)."""

    lifted: tuple[Lift, ...]
    suppressed_in: tuple[tuple[str, str], ...]  # (account id, status): the platform's own
    still_said_by: tuple[str, ...]  # records that Dynamics shows as opted out


def lift(c: Connection, address: str, by: str, why: str, now: str, there: str = "") -> Decided:
    """Ends what only dyntui still knows of an address (normalised), and keeps who decided it and why. `there`: what
    Dynamics' clock shows, by which its rows are older or newer than that; `""`: nobody knows."""
    lifted: list[Lift] = []
    stays: list[tuple[str, str]] = []
    for account_id, known in suppressions.of_address(c, address).items():
        if known.in_feed:
            stays.append((account_id, known.status))
            continue
        suppressions.lift_one(c, account_id, address)
        ended = _decided(lifts.SUPPRESSION, known.reason, address, by, why, account_id=account_id)
        lifted.append(msgspec.structs.replace(ended, in_force_until=there))
    records = opt_outs.of_address(c, address)
    for each in records:
        lifted.append(_decided(lifts.OPT_OUT, each.reason, address, by, why, person_id=each.person_id))
    for list_id in list_unsubscribes.lists_left(c, address):
        list_unsubscribes.lift(c, list_id, [address])
        lifted.append(_decided(lifts.LIST_UNSUBSCRIBE, "UNSUBSCRIBED_LIST", address, by, why, list_id=list_id))
    people = suppressed_people.at_present(c, address)
    for person_id, reason in people:
        lifted.append(_decided(lifts.OPT_OUT, reason, address, by, why, person_id=person_id))
    suppressed_people.forget(c, [person_id for person_id, _ in people])
    merged = [each.person_id for each in records if each.kept == "merged"]
    opt_outs.forget(c, merged)
    opt_outs.forget_address(c, address, [each.person_id for each in records if each.person_id not in merged])
    lifts.record(c, lifted, now)
    said = tuple(f"{each.entity} {each.person_id}: {each.said_by}" for each in records if not each.kept)
    return Decided(tuple(lifted), tuple(stays), said)


def _decided(
    kind: str,
    reason: str,
    address: str,
    by: str,
    why: str,
    *,
    account_id: str = "",
    person_id: str = "",
    list_id: str = "",
) -> Lift:
    return Lift(
        kind=kind,
        reason=reason,
        evidence=f"{_DECIDED}: {why}{f' (marketing list {list_id})' if list_id else ''}",
        account_id=account_id,
        address=address,
        person_id=person_id,
        lifted_by=by,
    )
