"""Counting whom a campaign would reach, and sending it to exactly those."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from sqlalchemy import Connection

from dyntui.model import split_tests
from dyntui.model import waves as waves_model
from dyntui.model.counted import people_of
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.held_sends import HANDED_AHEAD, in_time
from dyntui.model.mentioned import shown
from dyntui.model.moments import text_of
from dyntui.model.outcomes import PersonOutcome
from dyntui.model.split_tests import SplitTest
from dyntui.model.sync_types import HAND_OVER, SEND, SendOf
from dyntui.model.waves import Waves
from dyntui.service import campaign_now, other_sends
from dyntui.service import targets as targets_now
from dyntui.service.answering import answers
from dyntui.service.archive import require_out
from dyntui.service.campaigns import Campaigns
from dyntui.service.contract.campaigns import CAMPAIGN_SEND, CampaignRef
from dyntui.service.contract.paging import Page
from dyntui.service.contract.sends import SEND_GET, SendCampaign, SendRef, SendRow
from dyntui.service.contract.target_counts import (
    CAMPAIGN_COUNT,
    CAMPAIGN_COUNT_PEOPLE,
    CountPeopleQuery,
    CountTargets,
    TargetCount,
)
from dyntui.service.identity import Identities
from dyntui.service.named_sends import named_send
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.service.runs import Runs, require_connected
from dyntui.store import bounce_history, count_window, counts, send_waves, send_window, sends, watermarks
from dyntui.store import campaigns as campaign_store
from dyntui.store import lists as list_store
from dyntui.store.campaigns import Campaign
from dyntui.store.counts import Count, NewCount
from dyntui.store.lists import StoredList
from dyntui.store.sends import NewSend
from dyntui.sync import as_confirmed

# A send to more people than this asks for the number to be typed.
CONFIRM_ABOVE = 1000
# A target count is kept this long; afterwards the world has moved too far to send to it.
COUNT_LIFE = timedelta(hours=1)


class Sending:
    """The calls of `campaigns.count`, `campaigns.send` and `sends.*`."""

    def __init__(
        self,
        resources: Resources,
        identities: Identities,
        campaigns: Campaigns,
        queue: Runs,
        *,
        held_here: bool,
        held: Callable[[], None] = lambda: None,
    ) -> None:
        """`held_here`: this service holds sends until their hour; `held` has it look at them."""
        self._held_here = held_here
        self._held = held
        self._resources = resources
        self._identities = identities
        self._campaigns = campaigns
        self._queue = queue

    @answers(CAMPAIGN_COUNT)
    async def count(self, context: CallContext, request: CountTargets) -> TargetCount:
        """A new snapshot of the campaign's targets. Raises CAMPAIGN_NO_TARGETS, CAMPAIGN_NOT_SENDABLE,
        CAMPAIGN_ARCHIVED."""
        campaign = await self._campaigns.known(CampaignRef(request.id, request.account))
        if request.to_send:
            require_out(campaign)
            await campaign_now.read_again(self._resources, campaign)
        targets = await self._campaigns.target_lists(campaign)
        chosen = [each for each in targets if not request.lists or each.id in request.lists]
        if not chosen:
            raise DyntuiError(
                "CAMPAIGN_NO_TARGETS",
                f"The email campaign {campaign.name!r} has no target marketing list.",
                not_done="Nobody was counted, nothing was sent.",
                remedy="Add an activated marketing list to its targets.",
                exit=Exit.USAGE,
            )
        if campaign.status.casefold() not in as_confirmed.SENDABLE:
            raise DyntuiError(
                "CAMPAIGN_NOT_SENDABLE",
                f"The email campaign {campaign.name!r} is {campaign.status} in dotdigital.",
                not_done="Nobody was counted, nothing was sent.",
                remedy="Only campaigns that are Unsent or Sent there can be sent.",
                exit=Exit.USAGE,
            )
        standing = [await targets_now.readiness(self._resources, each, campaign.account_id) for each in chosen]
        readiness = tuple(each for each, _ in standing)
        expired = text_of(self._resources.clock() - COUNT_LIFE)
        as_of = await self._resources.read(lambda c: watermarks.get(c, campaign.account_id, "suppressed-since"))

        new = NewCount(
            id=self._resources.ids(),
            account_id=campaign.account_id,
            campaign_id=campaign.id,
            lists=[each.id for each, counted in standing if counted],
            counted_on=self._resources.now(),
            suppressions_as_of=as_of,
        )

        def snapshot(c: Connection) -> Count:
            counts.delete_older_than(c, expired)
            return counts.snapshot(c, new)

        made = await self._resources.write(snapshot)
        return TargetCount(
            id=made.id,
            campaign=campaign.id,
            campaign_name=campaign.name,
            potential=made.potential,
            sendable=made.sendable,
            excluded=made.excluded,
            through_another_list=await self._resources.read(lambda c: counts.through_another_list(c, made.id)),
            lists=readiness,
            counted_on=made.counted_on,
            suppressions_as_of=as_of,
            confirm_above=CONFIRM_ABOVE,
            closed_by=await self._resources.read(lambda c: counts.closed_by(c, made.id)),
            bounces=await self._resources.read(
                lambda c: bounce_history.forecast(c, campaign.account_id, made.id, made.sendable)
            ),
        )

    @answers(CAMPAIGN_COUNT_PEOPLE)
    async def count_people(self, context: CallContext, request: CountPeopleQuery) -> Page[PersonOutcome]:
        """The people behind a slice of a target count."""
        return await self._resources.read(
            lambda c: count_window.window(
                c, request, count_id=request.count, sendable=request.sendable, reason=request.reason
            )
        )

    @answers(CAMPAIGN_SEND)
    async def send(self, context: CallContext, request: SendCampaign) -> SendRow:
        """Sends to exactly the people of a count, holds the send until its hour, or hands it to dotdigital with a date.

        Raises COUNT_UNKNOWN, COUNT_TAKEN, SEND_NO_RECIPIENTS, SEND_NOT_CONFIRMED, SEND_AT_INVALID, SEND_WAVES_INVALID,
        SEND_SPLIT_INVALID, SEND_IN_WAVES, SEND_HANDED_OVER, SEND_NOT_HELD, SEND_CHANGED, CAMPAIGN_ARCHIVED, and what
        `as_confirmed.seen` does: both systems are asked what is confirmed.
        """
        at, waves, split = self._at(request), request.waves, request.split
        handed_for = at if request.handed else ""
        at = "" if request.handed else at
        if waves is not None:
            self._may_be_divided(request, waves)
        known = await self._resources.read(lambda c: counts.get(c, request.count))
        await self._resources.read(lambda c: _require_untaken(c, request.count))
        if known is None or known.counted_on < text_of(self._resources.clock() - COUNT_LIFE):
            raise _count_unknown()
        sendable = known.sendable
        campaign = await self._campaigns.known(CampaignRef(known.campaign_id, known.account_id))
        require_out(campaign)
        await self._resources.read(lambda c: other_sends.require_not_handed(c, campaign))
        counted = await self._resources.read(lambda c: list_store.stored(c, known.lists))
        if sendable == 0:
            raise DyntuiError(
                "SEND_NO_RECIPIENTS",
                "Nobody in the target count may be mailed.",
                not_done="Nothing was sent: the platform is never called without recipients.",
                remedy=_to_reach_somebody(known, counted),
                exit=Exit.USAGE,
            )
        if sendable > CONFIRM_ABOVE and request.confirm != sendable:
            raise DyntuiError(
                "SEND_NOT_CONFIRMED",
                f"A send to {people_of(sendable)} needs that number as its confirmation.",
                not_done="Nothing was sent.",
                remedy=f"Type {sendable}, or give `--confirm {sendable}`.",
                exit=Exit.USAGE,
            )
        if split is not None:
            _may_be_tested(campaign, request, split)
        person = await self._identities.person(context.uid)
        # Of a list that was never synchronised nobody is sendable: a send does not begin with its first import.
        lists = [each for each in counted if each.last_synced]
        new = NewSend(
            id=self._resources.ids(),
            account_id=campaign.account_id,
            campaign_id=campaign.id,
            campaign_name=campaign.name,
            count_id=known.id,
            created_by=person.name if person else "",
            created_on=self._resources.now(),
            lists=tuple(each.name for each in lists),
            list_ids=tuple(each.id for each in lists),
            send_at=at,
            state="In waves" if waves is not None and not at else "",
            sender_id=person.user_id if person else "",
            confirmed_as=await self._as_it_is(campaign, lists),
            handed_for=handed_for,
            split=split,
        )

        def take(c: Connection, run_id: str) -> None:
            require_connected(c, campaign.account_id, "Nothing was sent.")
            # Looked at where it is taken: of two who send the same count at once, one comes too late.
            if counts.get(c, new.count_id) is None:
                raise _count_unknown()
            _require_untaken(c, new.count_id)
            require_out(campaign_store.get(c, campaign.account_id, campaign.id))
            other_sends.require_none(c, campaign)
            counts.narrow(c, new.count_id, new.list_ids)
            sends.create(c, msgspec.structs.replace(new, run_id=run_id))
            if waves is not None:
                send_waves.plan(c, new.id, waves, at or new.created_on)

        if at or waves is not None:
            await self._resources.write(lambda c: take(c, ""))
            self._held()
            return await self.send_get(context, SendRef(new.id))
        key = SEND.key(campaign.account_id, campaign.id)
        kind = HAND_OVER if handed_for or split is not None else SEND
        await self._queue.queue(context, kind, campaign.name, campaign.account_id, SendOf(new.id), key=key, work=take)
        return await self.send_get(context, SendRef(new.id))

    async def _as_it_is(self, campaign: Campaign, lists: Sequence[StoredList]) -> dict[str, str]:
        """What the campaign and its lists are at this moment, so that what is sent is what was confirmed. Raises
        SEND_CHANGED where that is not what is shown of it."""
        connections = self._resources.connections
        dd = await connections.dotdigital(campaign.account_id)
        now, marks = await as_confirmed.seen(await connections.dataverse(), dd, campaign.id, lists)
        await campaign_now.require_as_shown(self._resources, campaign, now)
        return marks

    def _at(self, request: SendCampaign) -> str:
        """When the send is to go out, as the store writes it. Raises SEND_AT_INVALID, SEND_NOT_HELD."""
        asked, now = request.at, self._resources.clock()
        if not asked and not request.handed:
            return ""
        if not request.handed:
            self._require_holding()
        at = _with_a_zone(asked)
        if not asked:
            wrong = "What is handed to dotdigital needs a time."
        elif at is None:
            wrong = f"{shown(asked)!r} is no time with a zone."
        elif wrong := in_time(at, now):
            pass
        elif request.handed and at - now < HANDED_AHEAD:
            minutes = int(HANDED_AHEAD.total_seconds() / 60)
            wrong = f"Who is mailed has to be proved before dotdigital gets it: give a time {minutes} minutes ahead."
        if at is None or wrong:
            raise DyntuiError(
                "SEND_AT_INVALID",
                f"The send cannot be scheduled: {wrong}",
                not_done="Nothing was scheduled or sent.",
                remedy=f"Give a time to come, such as {text_of(now + timedelta(days=1))}.",
                exit=Exit.USAGE,
            )
        return text_of(at)

    def _may_be_divided(self, request: SendCampaign, waves: Waves) -> None:
        """Raises SEND_WAVES_INVALID, SEND_NOT_HELD."""
        self._require_holding()
        why = waves_model.wrong(waves)
        if request.handed:
            why = "dotdigital takes one date: waves are begun one by one by this service."
        if request.split is not None:
            why = "a split test tries its versions on a share of all, which is what waves do by themselves."
        if why:
            raise DyntuiError(
                "SEND_WAVES_INVALID",
                f"The send cannot go out in these waves: {why}",
                not_done="Nothing was sent.",
                remedy="Give shares such as 1 %, 10 %, rest.",
                exit=Exit.USAGE,
            )

    def _require_holding(self) -> None:
        if not self._held_here:
            raise DyntuiError(
                "SEND_NOT_HELD",
                "This service ends with its last client: it can neither hold a send until its hour nor send in waves.",
                not_done="Nothing was scheduled or sent.",
                remedy="Start `dyntui serve`, which stays, and send there; or send it now, all at once.",
                exit=Exit.USAGE,
            )

    @answers(SEND_GET)
    async def send_get(self, context: CallContext, request: SendRef) -> SendRow:
        """A send as it stands. Raises SEND_UNKNOWN, SEND_AMBIGUOUS."""
        return await named_send(self._resources, request.id)


def _with_a_zone(text: str) -> datetime | None:
    """A time in UTC; None for what is none, or names no zone."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def use_cases(parts: Parts) -> Sending:
    """What answers these calls."""
    return Sending(
        parts.resources,
        parts.identities,
        Campaigns(parts.resources, parts.identities),
        Runs(parts.resources, parts.identities, parts.enqueue),
        held_here=parts.long_lived,
        held=parts.sends_changed,
    )


def _may_be_tested(campaign: Campaign, request: SendCampaign, split: SplitTest) -> None:
    """Raises SEND_SPLIT_INVALID."""
    why = split_tests.wrong(split)
    if not campaign.split_test:
        why = f"{campaign.name!r} is no split test in dotdigital, where its versions are made."
    if why:
        raise DyntuiError(
            "SEND_SPLIT_INVALID",
            f"The campaign cannot be sent as a split test: {why}",
            not_done="Nothing was sent.",
            remedy="Give a metric, a share in per cent and hours, such as opens, 20%, 4h; or send it without them.",
            exit=Exit.USAGE,
        )


def _to_reach_somebody(count: Count, lists: Sequence[StoredList]) -> str:
    """The remedy where nobody of a count may be mailed."""
    if count.potential:
        return "See the exclusions of the count."
    if any(each.last_synced for each in lists):
        return "Put people on the target lists, then count again: nobody is on those that were counted."
    return "Synchronise the target lists, then count again: none of them was ready to be counted."


def _require_untaken(c: Connection, count_id: str) -> None:
    """Whoever asks once more, as no answer came the first time, hears of the send that there is. Raises COUNT_TAKEN."""
    taken = sends.of_count(c, count_id)
    made = send_window.row(c, taken.id) if taken is not None else None
    if made is None:
        return
    raise DyntuiError(
        "COUNT_TAKEN",
        f"A send of {made.campaign_name!r} was made of this target count already: {made.standing}.",
        not_done="No second send was made.",
        remedy=f"See what becomes of it: `dyntui sends show {made.id}`. Whom it does not reach another count has.",
        exit=Exit.USAGE,
    )


def _count_unknown() -> DyntuiError:
    return DyntuiError(
        "COUNT_UNKNOWN",
        "The target count is not there any more.",
        not_done="Nothing was sent.",
        remedy="Count the targets again; a count is kept for an hour.",
        exit=Exit.USAGE,
    )
