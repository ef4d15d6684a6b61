"""Who may not be mailed by a send that this store knows nothing of, by the addresses in its address book.

Of such a send the addresses are all that is known. Who had one of them then, and said no with another one since, has
said so for both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Connection, and_, select, union_all

from dyntui.model.reasons import PRECEDENCE
from dyntui.store import known_before, list_unsubscribes, strangers
from dyntui.store.among import Among
from dyntui.store.chunks import in_chunks
from dyntui.store.schema import list_member, list_unsubscribe, suppression
from dyntui.store.strangers import Refusal

_u = list_unsubscribe.c
_m = list_member.c
_s = suppression.c


def refused(c: Connection, account_id: str, list_ids: Sequence[str], addresses: Sequence[str]) -> dict[str, Refusal]:
    """Of the addresses those that are suppressed for any account, opted out in Dynamics, or unsubscribed from one of
    the target lists without being on another one of them; and those of people who did so with another address."""
    known = strangers.consent(c, "", addresses)
    for some in in_chunks([each for each in addresses if each not in known]):
        whose = _whose(c, list_ids, some)
        people = sorted(set[str]().union(*whose.values()))
        said_no = _suppressed_now(c, people) | strangers.people_who_said_no(c, account_id, "", people)
        with_address, as_people = _left(c, list_ids, some), _left_by(c, list_ids, people)
        on_lists = _lists_of(c, list_ids, people)
        for address in some:
            theirs = whose[address]
            left = with_address[address].copy()
            for person in theirs:
                left |= as_people[person]
            on = set[str]().union(*(on_lists[person] for person in theirs))
            if why := [said_no[person] for person in theirs if person in said_no]:
                known[address] = min(why)
            elif left and not on - left.keys():
                known[address] = Refusal(PRECEDENCE["UNSUBSCRIBED_LIST"], "UNSUBSCRIBED_LIST", max(left.values()))
    return known


def _whose(c: Connection, list_ids: Sequence[str], addresses: Sequence[str]) -> dict[str, set[str]]:
    """Whose the addresses are on the target lists; or whose they were, where nobody there has them any more."""
    here: defaultdict[str, set[str]] = defaultdict(set)
    before: defaultdict[str, set[str]] = defaultdict(set)
    asked = select(_m.address, _m.person_id, _m.mailed_as, _m.list_id, _m.has_left).where(_m.address.in_(addresses))
    for row in c.execute(asked):
        whose = here if row.list_id in list_ids and not row.has_left else before
        whose[row.address] |= {row.person_id, row.mailed_as} - {""}
    for address, people in known_before.people(c, addresses).items():
        before[address].update(people)
    return {each: here.get(each) or before[each] for each in addresses}


def _suppressed_now(c: Connection, people: Sequence[str]) -> dict[str, Refusal]:
    """Those of the people who are suppressed by their own will at the address that they have now."""
    asked = (
        select(_m.person_id, _s.said_reason, _s.said_on)
        .join(suppression, _s.address == _m.address)
        .where(_m.person_id.in_(people), _s.said_reason != "")
        .order_by(_s.said_on, _s.account_id)
    )
    return {person: Refusal(PRECEDENCE[reason], reason, on) for person, reason, on in c.execute(asked)}


def _left(c: Connection, list_ids: Sequence[str], addresses: Sequence[str]) -> defaultdict[str, dict[str, str]]:
    """By address the target lists that were left with it, and when."""
    left: defaultdict[str, dict[str, str]] = defaultdict(dict)
    asked = select(_u.address, _u.list_id, _u.unsubscribed_on)
    for address, list_id, on in c.execute(asked.where(_u.list_id.in_(list_ids), _u.address.in_(addresses))):
        left[address][list_id] = on
    return left


def _left_by(c: Connection, list_ids: Sequence[str], people: Sequence[str]) -> defaultdict[str, dict[str, str]]:
    """By person the target lists that they left with the address that they have now, or with one that they had."""
    left: defaultdict[str, dict[str, str]] = defaultdict(dict)
    before = list_unsubscribes.people(Among(tuple(people), ())).subquery("unsubscribed").c
    same = and_(_u.list_id == _m.list_id, _u.address == _m.address)
    asked = union_all(
        select(before.person_id, before.list_id, before.unsubscribed_on).where(
            before.list_id.in_(list_ids), before.person_id.in_(people)
        ),
        select(_m.person_id, _u.list_id, _u.unsubscribed_on)
        .join(list_unsubscribe, same)
        .where(_m.list_id.in_(list_ids), _m.person_id.in_(people)),
    )
    for person, list_id, on in c.execute(asked):
        left[person][list_id] = on
    return left


def _lists_of(c: Connection, list_ids: Sequence[str], people: Sequence[str]) -> defaultdict[str, set[str]]:
    """By person the target lists that they are on."""
    on: defaultdict[str, set[str]] = defaultdict(set)
    asked = select(_m.person_id, _m.list_id).where(_m.list_id.in_(list_ids), _m.person_id.in_(people), ~_m.has_left)
    for person, list_id in c.execute(asked):
        on[person].add(list_id)
    return on
