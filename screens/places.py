"""Where one can go: every section, page and gate by name. This is the one list of them: screens open each other by
these names, and the module of a screen is loaded when it is first gone to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any, Generic, TypeVar

from textual.screen import Screen

from dyntui.service.contract import subjects
from dyntui.service.contract.campaigns import CampaignRef

from .whose import Whose

A = TypeVar("A")


@dataclass(frozen=True)
class Section:
    """A top-level screen: `title` in the top bar, `short` where that is narrow; `screen` is `module:class`."""

    name: str
    title: str
    short: str
    screen: str


@dataclass(frozen=True)
class Place(Generic[A]):
    """A page below a section, made for each `about` (an id, mostly); `screen` is `module:class`."""

    name: str
    screen: str
    about: type[A]


@dataclass(frozen=True)
class Gate:
    """What stands before the sections until somebody may go in; `screen` is `module:class`."""

    screen: str


# Of a section the module has its name, and the class is `<Name>Screen`.
SECTIONS = tuple(
    Section(each.name, each.title, each.short, f"{each.name}:{each.name.title()}Screen") for each in subjects.SECTIONS
)
HOME = SECTIONS[0]

LIST = Place("list", "list_page:ListPage", str)
LIST_GROWTH = Place("growth of a list", "list_growth:ListGrowthPage", str)
CAMPAIGN = Place("campaign", "campaign_page:CampaignPage", CampaignRef)
COUNT = Place("count", "count_page:CountPage", CampaignRef)
SEND_WIZARD = Place("send wizard", "send_wizard:SendWizard", CampaignRef)
SENDS = Place("sends", "sends:SendsPage", str)
SEND = Place("send", "send_page:SendPage", str)
REPORT = Place("report", "report:ReportPage", CampaignRef)
CAMPAIGN_CHANGES = Place("changes to campaigns", "admin_changes:CampaignChangesPage", CampaignRef)
ADMINISTRATION = Place("what administrators changed", "admin_changes:AdministrationPage", str)
COMPARISON = Place("comparison", "comparison:ComparisonPage", tuple[CampaignRef, ...])
RUN = Place("run", "run_page:RunPage", str)
PEOPLE = Place("people", "people:PeoplePage", Whose)
ODD_ROWS = Place("odd rows", "odd_rows:OddRowsPage", str)
SEND_CHANGES = Place("changes of a send", "send_changes:SendChangesPage", str)
OPT_OUT_SOURCES = Place("opt-out sources", "opt_out_sources:SourcesPage", str)
QUARANTINE = Place("refused rows", "quarantine:QuarantinePage", str)
CONFLICTS = Place("conflicts", "conflicts:ConflictsPage", str)
PLAN = Place("plan", "plan_page:PlanPage", str)
CHANGES = Place("what a run wrote", "changes_page:ChangesPage", str)
FOUND_PEOPLE = Place("find a person", "found_people:FoundPeoplePage", str)
HEALTH = Place("health", "health:HealthPage", str)
BACKUPS = Place("backups", "backups:BackupsPage", str)
FIRST_CONNECTION = Place("first connection", "first_connection:FirstConnectionPage", str)
PERSON = Place("person", "person_page:PersonPage", str)
TRACES = Place("found in the audit", "traces:TracesPage", str)
ACCOUNTS = Place("email accounts", "accounts:AccountsPage", str)
CREDENTIALS = Place("what the service signs in with", "credentials:CredentialsPage", str)
USERS = Place("user mapping", "users:UsersPage", str)
SCHEDULES = Place("synchronisation settings", "schedules:SchedulesPage", str)
BUDGETS = Place("budgets", "budgets:BudgetsPage", str)
LABELS = Place("data labels", "labels:LabelsPage", str)
MAPPINGS = Place("data mappings", "mappings:MappingsPage", str)
MAPPING_VERSIONS = Place("versions of data mappings", "mapping_versions:MappingVersionsPage", str)
MAPPING_PREVIEW = Place("what mappings make of people", "mapping_preview:MappingPreviewPage", str)
PLACES: tuple[Place[Any], ...] = (
    LIST,
    LIST_GROWTH,
    CAMPAIGN,
    COUNT,
    SEND_WIZARD,
    SENDS,
    SEND,
    REPORT,
    CAMPAIGN_CHANGES,
    ADMINISTRATION,
    COMPARISON,
    RUN,
    PEOPLE,
    ODD_ROWS,
    SEND_CHANGES,
    OPT_OUT_SOURCES,
    QUARANTINE,
    CONFLICTS,
    PLAN,
    CHANGES,
    FOUND_PEOPLE,
    PERSON,
    HEALTH,
    BACKUPS,
    FIRST_CONNECTION,
    TRACES,
    ACCOUNTS,
    CREDENTIALS,
    USERS,
    SCHEDULES,
    BUDGETS,
    LABELS,
    MAPPINGS,
    MAPPING_VERSIONS,
    MAPPING_PREVIEW,
)

NOT_CONFIGURED = Gate("not_configured:NotConfigured")
SIGN_IN = Gate("sign_in:SignIn")
GATES = (NOT_CONFIGURED, SIGN_IN)


def load(there: Section | Place[Any] | Gate) -> type[Screen[Any]]:
    """The class of a screen. Its module is imported on the first visit."""
    module, _, kind = there.screen.partition(":")
    found: type[Screen[Any]] = getattr(import_module(f".{module}", __package__), kind)
    return found


def _make(section: Section) -> Screen[Any]:
    return load(section)()


def modes() -> dict[str, str | Callable[[], Screen[Any]]]:
    """The sections as Textual's modes: each screen is made when it is first gone to, and kept."""
    return {section.name: partial(_make, section) for section in SECTIONS}
