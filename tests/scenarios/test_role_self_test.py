"""Every role can do everything that it is offered, on systems that enforce their privileges, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from dyntui.dataverse import security
from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome
from dyntui.model.roles import Ability, Role, abilities
from dyntui.sandbox.entra.directory import find_person
from dyntui.service.answering import handlers_of
from dyntui.service.assembly import use_cases
from dyntui.service.contract import campaigns, lists, plans, quarantine, runs, setup, suppressions
from dyntui.service.contract.calls import Call
from dyntui.service.contract.campaigns import (
    CAMPAIGN_CHANGE_TARGETS,
    CAMPAIGN_COUNT,
    CAMPAIGN_COUNT_PEOPLE,
    CAMPAIGN_GET,
    CAMPAIGN_RECIPIENTS,
    CAMPAIGN_REPORT,
    CAMPAIGN_SEND,
    CAMPAIGN_TARGETS,
    CAMPAIGNS_PAGE,
)
from dyntui.service.contract.held import HELD_DECIDE, HELD_LISTS, DecideHeld
from dyntui.service.contract.lists import (
    LIST_ACTIVATE,
    LIST_DEACTIVATE,
    LIST_GET,
    LIST_MEMBERS,
    LISTS_PAGE,
    LISTS_REFRESH,
)
from dyntui.service.contract.plans import PLAN_APPLY, PLAN_CHANGES, PLAN_GET, PLAN_MAKE
from dyntui.service.contract.quarantine import QUARANTINE_IGNORE, QUARANTINE_PAGE, QUARANTINE_RETRY
from dyntui.service.contract.runs import RUN_CANCEL, RUN_GET, RUN_PEOPLE, RUN_SEARCH, RUN_START, RUNS_PAGE
from dyntui.service.contract.sends import SEND_GET, SEND_SETTLE, SendCampaign, SendRef, SettleSend
from dyntui.service.contract.session import Nothing
from dyntui.service.contract.setup import CANARY
from dyntui.service.contract.subjects import CALLS
from dyntui.service.contract.suppressions import (
    ANSWER_CONSENT_SOURCES,
    CONSENT_SOURCES,
    SUPPRESSION_LIFT,
    SUPPRESSION_ODD,
    SUPPRESSIONS_PAGE,
)
from dyntui.service.identity import Identities
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.setup import Setup
from dyntui.store import accounts
from dyntui.store.accounts import PersonLink
from tests.scenarios.office import Office

ROLES = {"manager": Role.MANAGER, "professional": Role.PROFESSIONAL, "viewer": Role.VIEWER}
# Open to everybody, or asked before anybody is somebody.
_WITHOUT_ABILITY = {name for name, method in CALLS.items() if method.ability is None}

OTHER = "Alpine Club invitation"

Asked = tuple[Call[Any, Any], msgspec.Struct]


class Desk:
    """Somebody of the office at work as themselves: signed in, with the roles that Dynamics says."""

    def __init__(self, office: Office, part: str, *, long_lived: bool = False) -> None:
        self.office = office
        identities = Identities(office.resources)
        parts = Parts(
            resources=office.resources,
            identities=identities,
            enqueue=office.engine.enqueue,
            reconnect=office.worker.reconnect,
            keyring="memory",
            long_lived=long_lived,
        )
        self._handlers = handlers_of(*use_cases(parts))
        self._context = CallContext(os.getuid(), identities.abilities_of)
        office.wait(self._sign_in(part))

    async def _sign_in(self, part: str) -> None:
        person = find_person(part)
        assert person is not None
        user = await security.user_by_object_id(await self.office.resources.connections.dataverse(), person.oid)
        assert user is not None
        link = PersonLink(
            os_uid=os.getuid(), user_id=user.id, object_id=person.oid, name=person.name, linked_on="2026-11-22"
        )
        await self.office.resources.write(lambda c: accounts.link_person(c, link))

    def ask(self, method: Call[Any, Any], request: msgspec.Struct) -> Any:
        """As the service carries a call out."""

        async def carry_out() -> Any:
            if method.ability is not None:
                await self._context.require(method.ability)
            return await self._handlers[method.name](self._context, request)

        answer = self.office.wait(carry_out())
        self.office.engine.drain()
        return answer


def with_roles(office: Office) -> None:
    """Installs, and gives each of the three people their role."""
    office.give_roles("application", "System Administrator", Role.SERVICE)
    assign = {}
    for part, role in ROLES.items():
        person = find_person(part)
        assert person is not None
        assign[role.value] = (person.upn,)
    request = msgspec.structs.replace(office.setup_request(), assign=assign)
    office.wait(Setup(office.resources, office.worker.reconnect).apply(office.context, request))
    office.give_roles("application", Role.SERVICE)


def everything(office: Office) -> list[Asked]:
    """A call of each method of the contract that needs an ability, in an order in which they make sense."""
    newsletter = office.activated("Newsletter")
    first = office.run("lists").run
    there = [each.person for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED]
    office.leave(newsletter.id, there[: len(there) // 3])
    office.change_in_dynamics("contact", there[-1], emailaddress1="someone@spamtrap.test")
    office.run("lists")
    office.run("campaigns")
    before = office.campaign_named("Newsletter March")
    office.target(before, newsletter.id)
    sent = office.send(office.count(before))
    campaign = office.campaign_named(OTHER)
    office.target(campaign, newsletter.id)
    count = office.count(campaign)
    other = office.list_named("Alpine Club")
    planned = office.plan(newsletter.id)
    return [
        *_of_lists(newsletter.id, other.id),
        *_of_plans(planned.run.id),
        (QUARANTINE_PAGE, quarantine.RefusedQuery()),
        (QUARANTINE_IGNORE, quarantine.IgnoreRefused(list=newsletter.id, people=(office.refused()[0].person,))),
        (QUARANTINE_RETRY, quarantine.RetryRefused()),
        (HELD_LISTS, Nothing()),
        (HELD_DECIDE, DecideHeld(list=newsletter.id, remove=False, people=tuple(there[:1]))),
        *_of_runs(first.id),
        *_of_campaigns(campaign.id, newsletter.id, count, sent.id),
        *_OF_CONSENT,
    ]


def _of_plans(run: str) -> Iterator[Asked]:
    yield PLAN_MAKE, plans.MakePlan(sync_type="lists")
    yield PLAN_GET, plans.PlanRef(run)
    yield PLAN_CHANGES, plans.ChangesQuery(run=run)
    yield PLAN_APPLY, plans.PlanRef(run)


def _of_lists(newsletter: str, other: str) -> Iterator[Asked]:
    yield LISTS_REFRESH, Nothing()
    yield LISTS_PAGE, lists.ListsQuery(view="all")
    for _ in range(2):
        yield LIST_ACTIVATE, lists.Activate(id=other, link=True)
        yield LIST_DEACTIVATE, lists.ListRef(other)
    yield LIST_GET, lists.ListRef(newsletter)
    yield LIST_MEMBERS, lists.MembersQuery(list=newsletter)


def _of_runs(first: str) -> Iterator[Asked]:
    for sync_type in ("suppressions", "lists", "campaigns"):
        yield RUN_START, runs.StartRun(sync_type=sync_type)
    yield RUN_CANCEL, runs.RunRef(first)
    yield RUNS_PAGE, runs.RunsQuery()
    yield RUN_GET, runs.RunRef(first)
    yield RUN_PEOPLE, runs.OutcomesQuery(run=first)
    yield RUN_SEARCH, runs.SearchQuery(search="a")


def _of_campaigns(campaign: int, newsletter: str, count: campaigns.TargetCount, sent: str) -> Iterator[Asked]:
    yield CAMPAIGNS_PAGE, campaigns.CampaignsQuery()
    yield CAMPAIGN_GET, campaigns.CampaignRef(campaign)
    yield CAMPAIGN_CHANGE_TARGETS, campaigns.ChangeTargets(id=campaign, remove=(newsletter,))
    yield CAMPAIGN_CHANGE_TARGETS, campaigns.ChangeTargets(id=campaign, add=(newsletter,))
    yield CAMPAIGN_TARGETS, campaigns.CampaignRef(campaign)
    yield CAMPAIGN_COUNT, campaigns.CountTargets(id=campaign)
    yield CAMPAIGN_COUNT_PEOPLE, campaigns.CountPeopleQuery(count=count.id)
    yield CAMPAIGN_SEND, SendCampaign(count=count.id, confirm=count.sendable)
    yield SEND_GET, SendRef(sent)
    yield SEND_SETTLE, SettleSend(id=sent, was_mailed=True)
    yield CAMPAIGN_REPORT, campaigns.CampaignRef(campaign)
    yield CAMPAIGN_RECIPIENTS, campaigns.RecipientsQuery(id=campaign)


_OF_CONSENT: tuple[Asked, ...] = (
    (SUPPRESSIONS_PAGE, suppressions.SuppressionsQuery()),
    (SUPPRESSION_ODD, Nothing()),
    (SUPPRESSION_LIFT, suppressions.LiftSuppression(address="nobody@example.org", reason="a test")),
    (CONSENT_SOURCES, Nothing()),
    (ANSWER_CONSENT_SOURCES, suppressions.AnswerConsentSources(count=())),
    (CANARY, setup.Canary(address="astrid+canary@skarnfjall.example")),
)
# Nothing is against the right to do it: there is nothing to be done.
_NOTHING_TO_DO = {
    SUPPRESSION_LIFT.name: "NOTHING_TO_LIFT",
    SEND_SETTLE.name: "SEND_NOT_IN_DOUBT",
}


@pytest.mark.parametrize("part", list(ROLES))
def test_every_role_can_do_what_it_is_offered_and_nothing_else(office: Office, part: str) -> None:
    with_roles(office)
    asked = everything(office)
    desk = Desk(office, part)
    offered = abilities([ROLES[part].value])
    tried = set()
    for method, request in asked:
        tried.add(method.name)
        assert method.ability is not None
        if method.ability in offered:
            try:
                desk.ask(method, request)
            except DyntuiError as error:
                assert error.code == _NOTHING_TO_DO.get(method.name), (method.name, error)
            continue
        with pytest.raises(DyntuiError) as refused:
            desk.ask(method, request)
        assert refused.value.code == "NOT_PERMITTED", method.name
        assert refused.value.remedy
    assert tried == CALLS.keys() - _WITHOUT_ABILITY
    # Who may send is told in the message for who may not.
    assert (Ability.SEND in offered) == (part == "manager")


def test_an_activation_that_dynamics_refuses_takes_its_new_address_book_away_again(office: Office) -> None:
    with_roles(office)
    other = office.list_named("Alpine Club")
    desk = Desk(office, "viewer")
    books = office.book_names()
    # A viewer who may, by dyntui's own rules: Dynamics still refuses in the person's name.
    with pytest.raises(DyntuiError) as refused:
        office.wait(desk._handlers[LIST_ACTIVATE.name](office.context, lists.Activate(id=other.id, link=True)))
    assert refused.value.code == "DATAVERSE_NOT_PERMITTED"
    assert "was taken away again" in refused.value.not_done
    assert office.book_names() == books
    assert not office.list_named("Alpine Club").activated
