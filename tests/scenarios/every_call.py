"""A call of each method of the contract that needs an ability, with a request that makes sense.

A new call stands here, or the tests of roles and of hostile requests fail.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from dyntui.model.mapping import PROVISIONED
from dyntui.model.mapping_file import written
from dyntui.model.outcomes import Outcome
from dyntui.model.people import Entity
from dyntui.service.contract import (
    campaigns,
    changes,
    conflicts,
    environment,
    labels,
    lists,
    mappings,
    members,
    people,
    plans,
    quarantine,
    results,
    runs,
    schedules,
    setup,
    suppressions,
    target_counts,
)
from dyntui.service.contract.accounts import (
    ACCOUNT_ADD,
    ACCOUNT_DISCONNECT,
    ACCOUNT_EDIT,
    ACCOUNTS_LIST,
    DisconnectAccount,
    EditAccount,
)
from dyntui.service.contract.administration import ADMINISTRATION, AdministrationQuery
from dyntui.service.contract.archive import CAMPAIGNS_ARCHIVE, CAMPAIGNS_UNARCHIVE, ArchiveCampaigns
from dyntui.service.contract.backups import BACKUP_MAKE, BACKUPS_LIST, MakeBackup
from dyntui.service.contract.budgets import BUDGETS_SHOW, BudgetsOf
from dyntui.service.contract.calls import Call
from dyntui.service.contract.campaign_changes import CAMPAIGNS_CHANGES, CampaignChangesQuery
from dyntui.service.contract.campaigns import (
    CAMPAIGN_CHANGE_TARGETS,
    CAMPAIGN_EDIT,
    CAMPAIGN_GET,
    CAMPAIGN_PREVIEW,
    CAMPAIGN_SEND,
    CAMPAIGN_TARGETS,
    CAMPAIGN_TEST,
    CAMPAIGNS_PAGE,
)
from dyntui.service.contract.changes import CHANGES_PAGE, CHANGES_UNDO
from dyntui.service.contract.conflicts import CONFLICTS_PAGE, CONFLICTS_SETTLE, CONFLICTS_TAKE
from dyntui.service.contract.credentials import CREDENTIALS_LIST
from dyntui.service.contract.environment import ENVIRONMENT_ALLOW, ENVIRONMENT_GET, ENVIRONMENT_MARK
from dyntui.service.contract.health import FACTS_ASK, FACTS_LIST, HEALTH_CHECK
from dyntui.service.contract.held import (
    HELD_DECIDE,
    HELD_LISTS,
    HELD_PEOPLE,
    HELD_WAITING,
    DecideHeld,
    WaitingIn,
    WaitingPeople,
)
from dyntui.service.contract.labels import LABEL_CREATE, LABEL_DELETE, LABELS_PAGE
from dyntui.service.contract.lists import (
    LIST_ACTIVATE,
    LIST_COUNT_FOUND,
    LIST_DEACTIVATE,
    LIST_EDIT,
    LIST_GET,
    LIST_GROWTH,
    LIST_MEMBERS,
    LIST_NEW,
    LIST_SIMULATE,
    LIST_VIEWS,
    LISTS_PAGE,
    LISTS_REFRESH,
)
from dyntui.service.contract.mappings import (
    MAPPINGS_COLUMNS,
    MAPPINGS_DIFF,
    MAPPINGS_EXPORT,
    MAPPINGS_GET,
    MAPPINGS_HISTORY,
    MAPPINGS_IMPORT,
    MAPPINGS_PAGE,
    MAPPINGS_PREVIEW,
    MAPPINGS_RESTORE,
    MAPPINGS_SAVE,
    MAPPINGS_VALIDATE,
)
from dyntui.service.contract.members import MEMBERS_COUNT, MEMBERS_FIND, MEMBERS_GATHER, MEMBERS_PLAN
from dyntui.service.contract.people import (
    PEOPLE_EXPORT,
    PEOPLE_PICTURE,
    PEOPLE_REQUESTS,
    PEOPLE_SEARCH,
    PEOPLE_SHOW,
    PEOPLE_TIMELINE,
    PEOPLE_WHY,
)
from dyntui.service.contract.plans import PLAN_APPLY, PLAN_CHANGES, PLAN_DIFF, PLAN_GET, PLAN_MAKE
from dyntui.service.contract.quarantine import (
    QUARANTINE_IGNORE,
    QUARANTINE_PAGE,
    QUARANTINE_PICK,
    QUARANTINE_RETRY,
)
from dyntui.service.contract.results import CAMPAIGN_RECIPIENTS, CAMPAIGN_REPORT, CAMPAIGNS_COMPARE
from dyntui.service.contract.runs import RUN_CANCEL, RUN_GET, RUN_PEOPLE, RUN_SEARCH, RUN_START, RUNS_PAGE
from dyntui.service.contract.schedules import (
    SCHEDULES_CHANGES,
    SCHEDULES_COMING,
    SCHEDULES_LIST,
    SCHEDULES_SAVE,
    SCHEDULES_STRIP,
)
from dyntui.service.contract.sends import (
    SEND_CANCEL,
    SEND_CHANGES,
    SEND_GET,
    SEND_RELEASE,
    SEND_SETTLE,
    SEND_SHOW,
    SENDS_PAGE,
    ChangesQuery,
    SendCampaign,
    SendRef,
    SendsQuery,
    SettleSend,
)
from dyntui.service.contract.session import Nothing
from dyntui.service.contract.setup import CANARY, EmailAccountInput
from dyntui.service.contract.suppressions import (
    ANSWER_CONSENT_SOURCES,
    CONSENT_SOURCES,
    SUPPRESSION_ADD,
    SUPPRESSION_ASK,
    SUPPRESSION_LIFT,
    SUPPRESSION_ODD,
    SUPPRESSIONS_PAGE,
)
from dyntui.service.contract.target_counts import CAMPAIGN_COUNT, CAMPAIGN_COUNT_PEOPLE
from dyntui.service.contract.users import STUDIO_OPEN, USERS_LIST, USERS_MAP, MapUsers, UsersOf
from tests.scenarios.office import Office

OTHER = "Alpine Club invitation"

Asked = tuple[Call[Any, Any], msgspec.Struct]


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
        *_of_plans(planned.run.id, newsletter.id),
        (QUARANTINE_PAGE, quarantine.RefusedQuery()),
        (QUARANTINE_IGNORE, quarantine.IgnoreRefused(list=newsletter.id, people=(office.refused()[0].person,))),
        (QUARANTINE_RETRY, quarantine.RetryRefused()),
        (QUARANTINE_PICK, quarantine.PickMatch(list=newsletter.id, stranger="7", record=there[-2])),
        (HELD_LISTS, WaitingIn()),
        (HELD_WAITING, WaitingIn()),
        (HELD_PEOPLE, WaitingPeople(list=newsletter.id)),
        (CONFLICTS_PAGE, conflicts.ConflictsQuery()),
        (CONFLICTS_SETTLE, conflicts.SettleConflicts()),
        (CONFLICTS_TAKE, conflicts.TakeOther(of=(conflicts.ConflictOf(person="nobody", label="FIRSTNAME"),))),
        (HELD_DECIDE, DecideHeld(list=newsletter.id, remove=False, people=tuple(there[:1]))),
        *_of_runs(first.id),
        *_of_campaigns(campaign.id, newsletter.id, count, sent.id),
        (ADMINISTRATION, AdministrationQuery()),
        (CAMPAIGNS_CHANGES, CampaignChangesQuery(campaign=before.id)),
        (CAMPAIGNS_ARCHIVE, ArchiveCampaigns((campaigns.CampaignRef(before.id),))),
        (CAMPAIGNS_UNARCHIVE, ArchiveCampaigns((campaigns.CampaignRef(before.id),))),
        *_OF_CONSENT,
        *_of_people(there[-2]),
        *_OF_SCHEDULES,
        *_OF_MAPPINGS,
        *_OF_THE_ENVIRONMENT,
        *_of_accounts(office),
    ]


def _of_accounts(office: Office) -> Iterator[Asked]:
    info = office.sandbox.beside(24_818, people=5, seed=3).info
    yield ACCOUNTS_LIST, Nothing()
    yield CREDENTIALS_LIST, Nothing()
    yield ACCOUNT_EDIT, EditAccount(account="Main", description="Everybody's")
    yield USERS_LIST, UsersOf()
    yield USERS_MAP, MapUsers(choices=())
    yield STUDIO_OPEN, UsersOf()
    second = EmailAccountInput(
        name="Second",
        api_user=info["api_user"],
        api_password=info["api_password"],
        dotdigital_url=info["dotdigital_url"],
        is_default=False,
    )
    yield ACCOUNT_ADD, second
    yield ACCOUNT_DISCONNECT, DisconnectAccount(account="Second")


def _of_plans(run: str, newsletter: str) -> Iterator[Asked]:
    yield PLAN_MAKE, plans.MakePlan(sync_type="lists")
    yield PLAN_DIFF, plans.DiffList(newsletter)
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
    yield LIST_VIEWS, lists.ViewsQuery(id=newsletter)
    yield LIST_COUNT_FOUND, lists.CountFound(member_type="contact", view="Active Contacts")
    yield LIST_NEW, lists.NewList(name="Spring fair", member_type="contact")
    yield LIST_GROWTH, lists.ListRef(newsletter)
    yield LIST_SIMULATE, lists.ListRef(newsletter)
    yield LIST_EDIT, lists.EditList(id=newsletter, sync_order=10)
    yield MEMBERS_FIND, members.FindRecords(member_type="contact", search="a")
    yield MEMBERS_COUNT, members.CountPeople(shown=members.PeopleSlice(list=newsletter))
    yield (
        MEMBERS_PLAN,
        members.ChangeMembers(list=other, change=members.MemberChange.ADD, view="Active Contacts"),
    )
    yield (
        MEMBERS_GATHER,
        members.GatherPeople(name="Gathered", member_type="contact", shown=members.PeopleSlice(list=newsletter)),
    )


def _of_runs(first: str) -> Iterator[Asked]:
    for sync_type in ("suppressions", "lists", "campaigns"):
        yield RUN_START, runs.StartRun(sync_type=sync_type)
    yield RUN_CANCEL, runs.RunRef(first)
    yield RUNS_PAGE, runs.RunsQuery()
    yield RUN_GET, runs.RunRef(first)
    yield RUN_PEOPLE, runs.OutcomesQuery(run=first)
    yield RUN_SEARCH, runs.SearchQuery(search="a")
    yield CHANGES_PAGE, changes.WrittenQuery(run=first)
    yield CHANGES_UNDO, changes.UndoRun(run=first)


def _of_campaigns(campaign: int, newsletter: str, count: target_counts.TargetCount, sent: str) -> Iterator[Asked]:
    yield CAMPAIGNS_PAGE, campaigns.CampaignsQuery()
    yield CAMPAIGN_GET, campaigns.CampaignRef(campaign)
    yield CAMPAIGN_PREVIEW, campaigns.CampaignRef(campaign)
    yield CAMPAIGN_TEST, campaigns.TrialSend(id=campaign, address="nobody@example.org")
    yield CAMPAIGN_CHANGE_TARGETS, campaigns.ChangeTargets(id=campaign, remove=(newsletter,))
    yield CAMPAIGN_CHANGE_TARGETS, campaigns.ChangeTargets(id=campaign, add=(newsletter,))
    yield CAMPAIGN_EDIT, campaigns.EditCampaign(id=campaign, sync_level="SUMMARY")
    yield CAMPAIGN_TARGETS, campaigns.CampaignRef(campaign)
    yield CAMPAIGN_COUNT, target_counts.CountTargets(id=campaign)
    yield CAMPAIGN_COUNT_PEOPLE, target_counts.CountPeopleQuery(count=count.id)
    yield CAMPAIGN_SEND, SendCampaign(count=count.id, confirm=count.sendable)
    yield SENDS_PAGE, SendsQuery(view="held")
    yield SEND_GET, SendRef(sent)
    yield SEND_SHOW, SendRef(sent)
    yield SEND_CHANGES, ChangesQuery(id=sent)
    yield SEND_CANCEL, SendRef(sent)
    yield SEND_RELEASE, SendRef(sent)
    yield SEND_SETTLE, SettleSend(id=sent, was_mailed=True)
    yield CAMPAIGN_REPORT, campaigns.CampaignRef(campaign)
    yield CAMPAIGN_RECIPIENTS, results.RecipientsQuery(id=campaign)
    yield CAMPAIGNS_COMPARE, results.CompareCampaigns()


_OF_CONSENT: tuple[Asked, ...] = (
    (SUPPRESSIONS_PAGE, suppressions.SuppressionsQuery()),
    (SUPPRESSION_ODD, Nothing()),
    (SUPPRESSION_ADD, suppressions.AddSuppression(address="nobody@example.org", reason="a test")),
    (SUPPRESSION_ASK, suppressions.AskToSubscribe(address="nobody@example.org", evidence="a test")),
    (SUPPRESSION_LIFT, suppressions.LiftSuppression(address="nobody@example.org", reason="a test")),
    (CONSENT_SOURCES, Nothing()),
    (ANSWER_CONSENT_SOURCES, suppressions.AnswerConsentSources(count=())),
    (CANARY, setup.Canary(address="astrid+canary@skarnfjall.example")),
)


def _of_people(person: str) -> Iterator[Asked]:
    yield PEOPLE_SEARCH, people.PeopleQuery(search="a")
    yield PEOPLE_EXPORT, people.PersonRef(person=person)
    yield PEOPLE_REQUESTS, people.RequestsQuery()
    yield PEOPLE_SHOW, people.PersonRef(person=person)
    yield PEOPLE_WHY, people.WhyQuery(address="nobody@example.org")
    yield PEOPLE_TIMELINE, people.TimelineQuery(person=person)
    yield PEOPLE_PICTURE, people.PictureQuery(person=person, by="month")


_OF_SCHEDULES: tuple[Asked, ...] = (
    (SCHEDULES_LIST, schedules.SchedulesOf()),
    (SCHEDULES_COMING, schedules.ComingQuery()),
    (SCHEDULES_STRIP, schedules.StripQuery()),
    (SCHEDULES_CHANGES, schedules.ScheduleChangesQuery()),
    (SCHEDULES_SAVE, schedules.SaveSchedules(edits=(schedules.ScheduleEdit(sync_type="lists", interval="30min"),))),
)

_OF_MAPPINGS: tuple[Asked, ...] = (
    (LABELS_PAGE, labels.LabelsQuery()),
    (LABEL_CREATE, labels.CreateLabel(name="SHOE_SIZE", type="Numeric")),
    (LABEL_DELETE, labels.DeleteLabel(name="SHOE_SIZE", confirm="SHOE_SIZE")),
    (MAPPINGS_PAGE, mappings.MappingsQuery()),
    (MAPPINGS_COLUMNS, mappings.ColumnsQuery(entity=Entity.CONTACT)),
    (MAPPINGS_GET, mappings.MappingsOf()),
    (MAPPINGS_VALIDATE, mappings.ValidateMappings()),
    (MAPPINGS_EXPORT, mappings.MappingsOf()),
    (MAPPINGS_HISTORY, mappings.MappingsOf()),
    (MAPPINGS_DIFF, mappings.DiffMappings(before=0)),
    (MAPPINGS_PREVIEW, mappings.PreviewMappings(entity=Entity.CONTACT)),
    (MAPPINGS_RESTORE, mappings.RestoreMappings(version=0, acknowledge=True)),
    (MAPPINGS_SAVE, mappings.SaveMappings(based_on=0, mappings=PROVISIONED, acknowledge=True)),
    (MAPPINGS_IMPORT, mappings.ImportMappings(file=written(PROVISIONED), acknowledge=True)),
)

_OF_THE_ENVIRONMENT: tuple[Asked, ...] = (
    (HEALTH_CHECK, Nothing()),
    (BUDGETS_SHOW, BudgetsOf()),
    (FACTS_LIST, Nothing()),
    (BACKUPS_LIST, Nothing()),
    (BACKUP_MAKE, MakeBackup()),
    (FACTS_ASK, Nothing()),
    (ENVIRONMENT_GET, Nothing()),
    (ENVIRONMENT_MARK, environment.MarkEnvironment(production=False)),
    (ENVIRONMENT_ALLOW, environment.ChangeAllowList(add=("@example.org",))),
    (ENVIRONMENT_MARK, environment.MarkEnvironment(production=True)),
)
