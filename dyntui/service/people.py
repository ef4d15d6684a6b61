"""People: found, explained, and what was seen of them."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection

from dyntui.model import timeline_picture
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.guids import guid_of
from dyntui.model.mentioned import addresses_in, shown
from dyntui.model.paging import Page
from dyntui.model.people import is_address, normalise
from dyntui.model.why import Verdict
from dyntui.service.answering import answers
from dyntui.service.campaigns import Campaigns
from dyntui.service.contract.campaigns import CampaignRef
from dyntui.service.contract.people import (
    KINDS,
    PEOPLE_PICTURE,
    PEOPLE_SEARCH,
    PEOPLE_SHOW,
    PEOPLE_TIMELINE,
    PEOPLE_WHY,
    KnownPerson,
    PeopleQuery,
    PersonDetail,
    PersonRef,
    PictureQuery,
    TimelineEvent,
    TimelinePicture,
    TimelineQuery,
    WhyAnswer,
    WhyQuery,
)
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.resources import Resources
from dyntui.store import known_people, list_unsubscribes, suppressions, timeline, why


class People:
    """The calls of `people.*`. They answer from the store: what is known, at once and without a call to anybody."""

    def __init__(self, resources: Resources, campaigns: Campaigns) -> None:
        self._resources = resources
        self._campaigns = campaigns

    @answers(PEOPLE_SEARCH)
    async def search(self, context: CallContext, request: PeopleQuery) -> Page[KnownPerson]:
        """Whom the search finds by name or address."""
        return await self._resources.read(lambda c: known_people.window(c, request))

    @answers(PEOPLE_SHOW)
    async def show(self, context: CallContext, request: PersonRef) -> PersonDetail:
        """A record, and where it stands on each of its lists. Raises PERSON_UNKNOWN, PERSON_AMBIGUOUS."""

        def read(c: Connection) -> PersonDetail:
            person = _named(c, request.person)
            others = known_people.with_address(c, person.address)
            return PersonDetail(
                person=person,
                verdicts=tuple(_on_each_list(c, person.person)),
                others=tuple(each for each in others if each.person != person.person),
                not_allowed=known_people.not_allowed(c, person.person),
            )

        return await self._resources.read(read)

    @answers(PEOPLE_WHY)
    async def why(self, context: CallContext, request: WhyQuery) -> WhyAnswer:
        """Where the records with an address stand for a send. Raises NO_ADDRESS, CAMPAIGN_UNKNOWN."""
        campaign = None
        lists: list[str] = []
        if request.campaign:
            campaign = await self._campaigns.known(CampaignRef(request.campaign, request.account))
            lists = [each.id for each in await self._campaigns.target_lists(campaign)]

        def read(c: Connection) -> WhyAnswer:
            address = _address(c, request.address)
            known = known_people.with_address(c, address)
            if campaign is None:
                verdicts = [each for one in known for each in _on_each_list(c, one.person)]
            else:
                verdicts = why.of_address(
                    c, address, account_id=campaign.account_id, campaign_id=campaign.id, lists=lists
                )
            asked_about = {each.person for each in verdicts}
            others = tuple(each for each in known if each.person not in asked_about)
            return WhyAnswer(
                address=address,
                campaign=campaign.name if campaign is not None else "",
                verdicts=tuple(verdicts),
                known=others,
                note="" if verdicts else _note(c, address, others, bool(lists), campaign is not None),
            )

        return await self._resources.read(read)

    @answers(PEOPLE_TIMELINE)
    async def timeline(self, context: CallContext, request: TimelineQuery) -> Page[TimelineEvent]:
        """What was seen of a person, newest first; of an address alone where no record has it. Raises KIND_UNKNOWN,
        PERSON_UNKNOWN, PERSON_AMBIGUOUS."""
        wrong = [each for each in request.kinds if each not in KINDS]
        if wrong:
            raise _refused(
                "KIND_UNKNOWN", f"There is no kind of event {shown(wrong[0])!r}.", f"The kinds are: {', '.join(KINDS)}."
            )

        return await self._resources.read(
            lambda c: timeline.window(c, request, kinds=request.kinds, **_whose(c, request.person))
        )

    @answers(PEOPLE_PICTURE)
    async def picture(self, context: CallContext, request: PictureQuery) -> TimelinePicture:
        """How often each kind of event was seen of a person, by day, week or month. Raises DATE_INVALID,
        PERSON_UNKNOWN, PERSON_AMBIGUOUS."""
        try:
            until = date.fromisoformat(request.until) if request.until else self._resources.clock().date()
        except ValueError:
            raise _refused(
                "DATE_INVALID", f"{shown(request.until)!r} is no date.", "Give one such as 2026-11-30."
            ) from None
        events = await self._resources.read(lambda c: timeline.seen(c, **_whose(c, request.person)))
        return timeline_picture.picture(
            events, until, request.by, request.periods or timeline_picture.SHOWN[request.by]
        )


def use_cases(parts: Parts) -> People:
    """What answers these calls."""
    return People(parts.resources, Campaigns(parts.resources, parts.identities))


def _whose(c: Connection, named: str) -> dict[str, str]:
    """Whose events are asked for: a record's, or an address's that no record has."""
    address = normalise(named)
    if is_address(address) and not known_people.with_address(c, address):
        return {"address": address}
    return {"person_id": _named(c, named).person}


def _named(c: Connection, named: str) -> KnownPerson:
    """A record by its id, or by an address that it alone has."""
    exactly = named.strip()
    person = known_people.person(c, guid_of(exactly) or exactly.lower())
    if person is not None:
        return person
    several = known_people.with_address(c, normalise(named))
    if len(several) == 1:
        return several[0]
    if several:
        raise _refused(
            "PERSON_AMBIGUOUS",
            f"Several records have the address {shown(normalise(named))}: "
            + ", ".join(f"{each.entity} {each.person}" for each in several)
            + ".",
            "Name one of them by its id.",
        )
    raise _refused(
        "PERSON_UNKNOWN",
        f"Nobody {shown(named)!r} is known on any marketing list that was read.",
        "Search: `dyntui people search TEXT`. Lists are read when they are activated and synchronised.",
    )


def _on_each_list(c: Connection, person_id: str) -> list[Verdict]:
    return [
        verdict
        for each in known_people.lists_of(c, person_id)
        for verdict in why.of_person(c, person_id, account_id=each.account_id, lists=[each.id])
    ]


def _address(c: Connection, text: str) -> str:
    """What somebody has as an address counts as one, malformed as it may be: that is why they are not mailed."""
    exactly = normalise(text)
    if is_address(exactly) or known_people.with_address(c, exactly):
        return exactly
    found = addresses_in(text)
    if len(found) != 1:
        raise _refused(
            "NO_ADDRESS", f"{shown(text)!r} is not one e-mail address.", "Search by name: `dyntui people search TEXT`."
        )
    return found[0]


def _note(c: Connection, address: str, others: tuple[KnownPerson, ...], has_lists: bool, of_campaign: bool) -> str:
    """What to know where nobody stands anywhere."""
    if of_campaign and not has_lists:
        return "The campaign has no target lists: nobody would be mailed."
    if others:
        where = "none of the campaign's target lists" if of_campaign else "no activated marketing list"
        return f"Whoever has this address is on {where}, so no send reaches them."
    if suppressions.of_address(c, address):
        return "No record on a marketing list has this address; it is suppressed, so nobody with it would be mailed."
    left = list_unsubscribes.lists_left_by_name(c, address)
    if left:
        lists = ", ".join(f"{shown(name)} ({when[:10] or 'when is not known'})" for name, when in left)
        return f"No record on a marketing list has this address. Its owner unsubscribed from: {lists}."
    if opted_out := why.opt_outs_of(c, address):
        records = "; ".join(f"{each.code}, {each.detail}" for each in opted_out)
        return (
            "No record on a marketing list has this address. "
            f"It has opted out, so nobody with it would be mailed: {records}."
        )
    return "No record on a marketing list that was read has this address."


def _refused(code: str, message: str, remedy: str) -> DyntuiError:
    return DyntuiError(code, message, not_done="Nothing was read or changed.", remedy=remedy, exit=Exit.USAGE)
