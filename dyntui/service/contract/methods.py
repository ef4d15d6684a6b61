"""Every call of the contract: its JSON-RPC name, its request and answer types, the ability it needs.

The one table from which the server dispatches, the client types its calls and the docs' reference is made.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from dyntui.model.outcomes import PersonOutcome
from dyntui.model.roles import Ability
from dyntui.service.contract import campaigns, lists, runs, session, setup, suppressions
from dyntui.service.contract.paging import Page

Q = TypeVar("Q", bound=msgspec.Struct)
A = TypeVar("A", bound=msgspec.Struct)


class Method(Generic[Q, A]):
    """One call: `Q` is asked, `A` answered. `ability` None: open to whoever may reach the socket."""

    def __init__(self, name: str, request: type[Q], answer: type[A], ability: Ability | None) -> None:
        self.name = name
        self.request = request
        self.answer = answer
        self.ability = ability


HELLO = Method("session.hello", session.Nothing, session.Hello, None)
STATUS = Method("session.status", session.Nothing, session.Status, None)
# A service that stays ends for who may administer alone: the service asks for that itself.
STOP = Method("session.stop", session.Nothing, session.Nothing, None)
SIGN_IN = Method("session.sign_in", session.Nothing, session.SignInStarted, None)
SIGN_IN_STATE = Method("session.sign_in_state", session.Nothing, session.SignInState, None)

# Setup is open until an organisation is connected; after that the service asks for ADMINISTER itself.
SETUP_PLAN = Method("setup.plan", setup.SetupRequest, setup.SetupReport, None)
SETUP_APPLY = Method("setup.apply", setup.SetupRequest, setup.SetupReport, None)
CANARY = Method("setup.canary", setup.Canary, setup.CanaryReport, Ability.ADMINISTER)

RUN_START = Method("runs.start", runs.StartRun, runs.RunRow, Ability.SYNCHRONISE)
RUN_CANCEL = Method("runs.cancel", runs.RunRef, runs.RunRow, Ability.SYNCHRONISE)
RUN_GET = Method("runs.get", runs.RunRef, runs.RunDetail, Ability.SEE)
RUNS = Method("runs.page", runs.RunsQuery, Page[runs.RunRow], Ability.SEE)
RUN_PEOPLE = Method("runs.people", runs.OutcomesQuery, Page[PersonOutcome], Ability.SEE)

LISTS = Method("lists.page", lists.ListsQuery, Page[lists.ListRow], Ability.SEE)
LISTS_REFRESH = Method("lists.refresh", session.Nothing, session.Nothing, Ability.SEE)
LIST_GET = Method("lists.get", lists.ListRef, lists.ListDetail, Ability.SEE)
LIST_ACTIVATE = Method("lists.activate", lists.Activate, lists.ListDetail, Ability.SYNCHRONISE)
LIST_DEACTIVATE = Method("lists.deactivate", lists.ListRef, lists.ListDetail, Ability.SYNCHRONISE)
LIST_MEMBERS = Method("lists.members", lists.MembersQuery, Page[lists.MemberRow], Ability.SEE)

CAMPAIGNS = Method("campaigns.page", campaigns.CampaignsQuery, Page[campaigns.CampaignRow], Ability.SEE)
CAMPAIGN_GET = Method("campaigns.get", campaigns.CampaignRef, campaigns.CampaignDetail, Ability.SEE)
CAMPAIGN_TARGETS = Method("campaigns.targets", campaigns.CampaignRef, campaigns.Targets, Ability.SEE)
CAMPAIGN_CHANGE_TARGETS = Method(
    "campaigns.change_targets", campaigns.ChangeTargets, campaigns.Targets, Ability.SYNCHRONISE
)
CAMPAIGN_COUNT = Method("campaigns.count", campaigns.CountTargets, campaigns.TargetCount, Ability.SEE)
CAMPAIGN_COUNT_PEOPLE = Method("campaigns.count_people", campaigns.CountPeopleQuery, Page[PersonOutcome], Ability.SEE)
CAMPAIGN_SEND = Method("campaigns.send", campaigns.SendCampaign, campaigns.SendRow, Ability.SEND)
SEND_GET = Method("sends.get", campaigns.SendRef, campaigns.SendRow, Ability.SEE)
SEND_SETTLE = Method("sends.settle", campaigns.SettleSend, campaigns.SendRow, Ability.SEND)
CAMPAIGN_REPORT = Method("campaigns.report", campaigns.CampaignRef, campaigns.CampaignReport, Ability.SEE)
CAMPAIGN_RECIPIENTS = Method(
    "campaigns.recipients", campaigns.RecipientsQuery, Page[campaigns.RecipientRow], Ability.SEE
)

SUPPRESSIONS = Method(
    "suppressions.page", suppressions.SuppressionsQuery, Page[suppressions.SuppressionRow], Ability.SEE
)
SUPPRESSION_LIFT = Method("suppressions.lift", suppressions.LiftSuppression, suppressions.Lifted, Ability.ADMINISTER)
SUPPRESSION_ODD = Method("suppressions.odd", session.Nothing, suppressions.OddRows, Ability.SEE)
CONSENT_SOURCES = Method("suppressions.sources", session.Nothing, suppressions.ConsentSources, Ability.SEE)
ANSWER_CONSENT_SOURCES = Method(
    "suppressions.answer_sources",
    suppressions.AnswerConsentSources,
    suppressions.ConsentSources,
    Ability.ADMINISTER,
)

ALL: dict[str, Method[msgspec.Struct, msgspec.Struct]] = {
    value.name: value for value in list(globals().values()) if isinstance(value, Method)
}
