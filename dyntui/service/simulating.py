"""What each membership action would make of the strangers of a list's book, and whom each part of a subscription filter
would keep out: told before one is chosen, and changing nothing."""

from __future__ import annotations

import functools
from collections import Counter

from sqlalchemy import Connection

from dyntui.dotdigital import contacts
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.guard import guard
from dyntui.model.membership_actions import CREATES, MembershipAction, offered
from dyntui.model.people import Entity, normalise
from dyntui.model.reasons import reason_of_status
from dyntui.model.strangers import Effect, Stranger, judge
from dyntui.service.contract.lists import ActionSimulated, FilterSimulated, Simulation
from dyntui.service.resources import Resources
from dyntui.store import accounts, list_filters, strangers
from dyntui.store.lists import StoredList
from dyntui.sync.member_rows import plain_reading
from dyntui.sync.strangers import known_otherwise, matches


async def simulate(resources: Resources, known: StoredList) -> Simulation:
    """The book is read in pages, and its strangers are looked up in Dynamics; members are as last read. Raises
    LIST_NOT_ACTIVATED."""
    if not known.activated or not known.book_id:
        raise DyntuiError(
            "LIST_NOT_ACTIVATED",
            f"The marketing list {known.name!r} has no address book yet, and so no strangers.",
            not_done="Nothing was read.",
            remedy=f"Activate it first: `dyntui lists activate {known.id}`.",
            exit=Exit.USAGE,
        )
    dd = await resources.connections.dotdigital(known.account_id)
    actions = offered(known.member_type, known.dynamic)
    effects = {each: Counter[Effect]() for each in actions}
    reasons = {each: Counter[str]() for each in actions}
    in_book = met = guarded = 0
    async for page in contacts.contact_pages(dd, list_id=known.book_id):
        in_book += len(page.rows)
        channels = {normalise(each.email): reason_of_status(each.email_status) for each in page.rows if each.email}
        addresses = list(channels)
        others = await resources.read(functools.partial(strangers.no_members, list_id=known.id, addresses=addresses))
        met += len(others)
        ids = {normalise(each.email): each.contact_id for each in page.rows}
        for stranger in await _strangers(resources, known, {each: channels[each] for each in others}, ids):
            for action in actions:
                verdict = judge(action, known.member_type, stranger)
                effects[action][verdict.effect] += 1
                if verdict.reason:
                    reasons[action][verdict.reason] += 1
            guarded += not stranger.consent
    limits = await resources.read(lambda c: accounts.removal_limits(c, known.account_id))
    held = guard(guarded, in_book, known.people or 0, limits=limits)
    return Simulation(
        list=known.id,
        in_book=in_book,
        strangers=met,
        actions=tuple(
            ActionSimulated(
                action=each,
                stay=effects[each][Effect.STAY],
                leave=effects[each][Effect.REMOVE],
                join=effects[each][Effect.JOIN],
                create=effects[each][Effect.CREATE],
                reasons=dict(sorted(reasons[each].items())),
                held=held if each is MembershipAction.REMOVE else "",
            )
            for each in actions
        ),
        filters=await resources.read(functools.partial(_filters, known)),
    )


async def _strangers(
    resources: Resources, known: StoredList, channels: dict[str, str], ids: dict[str, int]
) -> list[Stranger]:
    said_no = await resources.read(functools.partial(strangers.consent, list_id=known.id, addresses=list(channels)))
    dv = await resources.connections.dataverse()
    wanted = [each for each, channel in channels.items() if not channel and each not in said_no]
    entity = Entity(known.member_type)
    reading = await resources.read(lambda c: plain_reading(c, known.account_id, entity))
    found = await matches(dv, known, reading, wanted, resources)
    before: dict[str, str] = {}
    if known.member_type in CREATES.values():
        before = await known_otherwise(resources, dv, known, {each: ids[each] for each in wanted if each not in found})
    return [
        Stranger(
            address=address,
            channel=channel,
            consent=said_no[address].reason if address in said_no else "",
            matches=tuple(found.get(address, ())),
            known_as=before.get(address, ""),
        )
        for address, channel in channels.items()
    ]


def _filters(known: StoredList, c: Connection) -> tuple[FilterSimulated, ...]:
    counted = list_filters.would_keep_out(c, known.id)
    return tuple(FilterSimulated(part=part, people=people) for part, people in counted.items())
