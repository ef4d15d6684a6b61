"""What dyntui installs in Dynamics: tables, columns and keys of solution `dyntui` (spec section 13).

Plain data; `dyntui.sync.installation` makes sure that it is there. What roles may do with it: `solution_privileges`.
"""

from __future__ import annotations

import msgspec

from dyntui.model.membership_actions import ACTIONS
from dyntui.model.opt_in import CODES
from dyntui.model.preferences import CODES as PREFERENCE_CODES
from dyntui.model.scores import LONGEST_LABEL

UNIQUE_NAME = "dyntui"
FRIENDLY_NAME = "dyntui"
VERSION = "1.0.0.0"
PREFIX = "dyntui"
OPTION_PREFIX = 72700


class ColumnSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A column. `kind`: String, Memo, Integer, Boolean, DateTime or Picklist (then `options`: value -> label)."""

    schema_name: str
    label: str
    kind: str = "String"
    max_length: int = 100
    options: dict[int, str] = {}

    @property
    def logical_name(self) -> str:
        """The name in rows and queries."""
        return self.schema_name.lower()


class LookupSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A lookup column and its 1:N relationship. The navigation property is the schema name."""

    schema_name: str
    label: str
    referenced: str
    relationship: str


class TableSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A table of the connector; `key` names the column of its alternate key, unique per row."""

    schema_name: str
    label: str
    plural: str
    entity_set: str
    primary_name: ColumnSpec
    columns: tuple[ColumnSpec, ...]
    lookups: tuple[LookupSpec, ...] = ()
    key: str = ""

    @property
    def logical_name(self) -> str:
        """The name in queries and metadata."""
        return self.schema_name.lower()


class ManyToManySpec(msgspec.Struct, frozen=True, kw_only=True):
    """An N:N relationship; its schema name is also the navigation property on both sides."""

    schema_name: str
    first: str
    second: str


def _key(label: str = "Key") -> ColumnSpec:
    return ColumnSpec(schema_name="dyntui_Key", label=label, max_length=100)


EMAIL_ACCOUNT = TableSpec(
    schema_name="dyntui_EmailAccount",
    label="Email Account",
    plural="Email Accounts",
    entity_set="dyntui_emailaccounts",
    primary_name=ColumnSpec(schema_name="dyntui_Name", label="Name"),
    columns=(
        ColumnSpec(schema_name="dyntui_Description", label="Description", kind="Memo", max_length=2000),
        ColumnSpec(schema_name="dyntui_PlatformId", label="Account number", max_length=20),
        ColumnSpec(schema_name="dyntui_Region", label="Region", max_length=10),
        ColumnSpec(schema_name="dyntui_IsDefault", label="Default account", kind="Boolean"),
        ColumnSpec(schema_name="dyntui_SyncLevel", label="Sync level", max_length=20),
    ),
    key="dyntui_PlatformId",
)

_ACCOUNT = "dyntui_EmailAccountId"


def _of_account(table: str) -> LookupSpec:
    return LookupSpec(
        schema_name=_ACCOUNT,
        label="Email Account",
        referenced=EMAIL_ACCOUNT.logical_name,
        relationship=f"dyntui_emailaccount_{table}",
    )


def _of_person(table: str) -> tuple[LookupSpec, ...]:
    return tuple(
        LookupSpec(
            schema_name=f"dyntui_{label}Id",
            label=label,
            referenced=label.lower(),
            relationship=f"dyntui_{label.lower()}_{table}",
        )
        for label in ("Contact", "Lead")
    )


EMAIL_CAMPAIGN = TableSpec(
    schema_name="dyntui_EmailCampaign",
    label="Email Campaign",
    plural="Email Campaigns",
    entity_set="dyntui_emailcampaigns",
    primary_name=ColumnSpec(schema_name="dyntui_Name", label="Name", max_length=255),
    columns=(
        _key(),
        ColumnSpec(schema_name="dyntui_CampaignNumber", label="Campaign number", kind="Integer"),
        ColumnSpec(schema_name="dyntui_Subject", label="Subject", max_length=1000),
        ColumnSpec(schema_name="dyntui_FromName", label="From name", max_length=255),
        ColumnSpec(schema_name="dyntui_FromAddress", label="From address", max_length=255),
        ColumnSpec(schema_name="dyntui_Status", label="Status", max_length=50),
        ColumnSpec(schema_name="dyntui_CampaignType", label="Type", max_length=50),
        ColumnSpec(schema_name="dyntui_IsSplitTest", label="Split test", kind="Boolean"),
        ColumnSpec(schema_name="dyntui_SentOn", label="Sent on", kind="DateTime"),
        ColumnSpec(schema_name="dyntui_Sent", label="Sent", kind="Integer"),
        ColumnSpec(schema_name="dyntui_Delivered", label="Delivered", kind="Integer"),
        ColumnSpec(schema_name="dyntui_UniqueOpens", label="Unique opens", kind="Integer"),
        ColumnSpec(schema_name="dyntui_Opens", label="Opens", kind="Integer"),
        ColumnSpec(schema_name="dyntui_UniqueClicks", label="Recipients who clicked", kind="Integer"),
        ColumnSpec(schema_name="dyntui_Clicks", label="Clicks", kind="Integer"),
        ColumnSpec(schema_name="dyntui_HardBounces", label="Hard bounces", kind="Integer"),
        ColumnSpec(schema_name="dyntui_SoftBounces", label="Soft bounces", kind="Integer"),
        ColumnSpec(schema_name="dyntui_Unsubscribes", label="Unsubscribes", kind="Integer"),
    ),
    lookups=(_of_account("emailcampaign"),),
    key="dyntui_Key",
)

CAMPAIGN_LISTS = ManyToManySpec(
    schema_name="dyntui_emailcampaign_list", first=EMAIL_CAMPAIGN.logical_name, second="list"
)

CAMPAIGN_SEND = TableSpec(
    schema_name="dyntui_CampaignSend",
    label="Campaign Send",
    plural="Campaign Sends",
    entity_set="dyntui_campaignsends",
    primary_name=ColumnSpec(schema_name="dyntui_Name", label="Name", max_length=255),
    columns=(
        ColumnSpec(schema_name="dyntui_State", label="State", max_length=50),
        ColumnSpec(schema_name="dyntui_CreatedByName", label="Sent by", max_length=200),
        ColumnSpec(schema_name="dyntui_SentOn", label="Sent on", kind="DateTime"),
        ColumnSpec(schema_name="dyntui_Potential", label="Potential", kind="Integer"),
        ColumnSpec(schema_name="dyntui_Sendable", label="Sendable", kind="Integer"),
        ColumnSpec(schema_name="dyntui_Exclusions", label="Exclusions by reason", kind="Memo", max_length=4000),
        ColumnSpec(schema_name="dyntui_PlatformSendId", label="Send number", max_length=50),
    ),
    lookups=(
        LookupSpec(
            schema_name="dyntui_EmailCampaignId",
            label="Email Campaign",
            referenced=EMAIL_CAMPAIGN.logical_name,
            relationship="dyntui_emailcampaign_campaignsend",
        ),
    ),
)

PAGE_VISITED = 727000004
ENGAGEMENT_KINDS = {
    727000000: "Sent",
    727000001: "Opened",
    727000002: "Clicked",
    727000003: "Bounced",
    PAGE_VISITED: "Page visited",
    727000005: "Replied",
    727000006: "ROI",
}

ENGAGEMENT = TableSpec(
    schema_name="dyntui_Engagement",
    label="Engagement",
    plural="Engagements",
    entity_set="dyntui_engagements",
    primary_name=ColumnSpec(schema_name="dyntui_Name", label="Name", max_length=255),
    columns=(
        _key(),
        ColumnSpec(schema_name="dyntui_Kind", label="Kind", kind="Picklist", options=ENGAGEMENT_KINDS),
        ColumnSpec(schema_name="dyntui_HappenedOn", label="Happened on", kind="DateTime"),
        ColumnSpec(schema_name="dyntui_Address", label="E-mail address", max_length=256),
        ColumnSpec(schema_name="dyntui_Url", label="Address clicked or visited", max_length=2000),
        ColumnSpec(schema_name="dyntui_Value", label="Value", max_length=255),
        ColumnSpec(schema_name="dyntui_Times", label="Times", kind="Integer"),
    ),
    lookups=(
        LookupSpec(
            schema_name="dyntui_EmailCampaignId",
            label="Email Campaign",
            referenced=EMAIL_CAMPAIGN.logical_name,
            relationship="dyntui_emailcampaign_engagement",
        ),
        *_of_person("engagement"),
    ),
    key="dyntui_Key",
)

SUPPRESSION = TableSpec(
    schema_name="dyntui_Suppression",
    label="Email Suppression",
    plural="Email Suppressions",
    entity_set="dyntui_suppressions",
    primary_name=ColumnSpec(schema_name="dyntui_Address", label="E-mail address", max_length=256),
    columns=(
        _key(),
        ColumnSpec(schema_name="dyntui_Reason", label="Reason", max_length=50),
        ColumnSpec(schema_name="dyntui_Status", label="Status in email service", max_length=50),
        ColumnSpec(schema_name="dyntui_SuppressedOn", label="Suppressed on", kind="DateTime"),
        ColumnSpec(schema_name="dyntui_Origin", label="Origin", max_length=50),
    ),
    lookups=(_of_account("suppression"),),
    key="dyntui_Key",
)

# One row for each list that somebody unsubscribed from, with the record on it that has the address. When dyntui told of
# it is the row's own `createdon`.
LIST_UNSUBSCRIBE = TableSpec(
    schema_name="dyntui_ListUnsubscribe",
    label="List Unsubscribe",
    plural="List Unsubscribes",
    entity_set="dyntui_listunsubscribes",
    primary_name=ColumnSpec(schema_name="dyntui_Address", label="E-mail address", max_length=256),
    columns=(
        _key(),
        ColumnSpec(schema_name="dyntui_UnsubscribedOn", label="Unsubscribed on", kind="DateTime"),
    ),
    lookups=(
        LookupSpec(
            schema_name="dyntui_ListId",
            label="Marketing List",
            referenced="list",
            relationship="dyntui_list_listunsubscribe",
        ),
        *_of_person("listunsubscribe"),
    ),
    key="dyntui_Key",
)

# As long as Dynamics takes (attribute metadata, MemoAttributeMetadata).
LONGEST_MEMO = 1_048_576

FORM = TableSpec(
    schema_name="dyntui_Form",
    label="Email Form",
    plural="Email Forms",
    entity_set="dyntui_forms",
    primary_name=ColumnSpec(schema_name="dyntui_Name", label="Name", max_length=255),
    columns=(
        _key(),
        ColumnSpec(schema_name="dyntui_FormNumber", label="Form number", kind="Integer"),
        ColumnSpec(schema_name="dyntui_State", label="State", max_length=50),
        ColumnSpec(schema_name="dyntui_Url", label="Address", max_length=2000),
        ColumnSpec(schema_name="dyntui_Questions", label="Questions", kind="Memo", max_length=LONGEST_MEMO),
        ColumnSpec(schema_name="dyntui_MadeOn", label="Made on", kind="DateTime"),
        ColumnSpec(schema_name="dyntui_ChangedOn", label="Changed on", kind="DateTime"),
        ColumnSpec(schema_name="dyntui_FirstResponse", label="First response", kind="DateTime"),
        ColumnSpec(schema_name="dyntui_LastResponse", label="Last response", kind="DateTime"),
        ColumnSpec(schema_name="dyntui_Complete", label="Complete responses", kind="Integer"),
        ColumnSpec(schema_name="dyntui_Incomplete", label="Incomplete responses", kind="Integer"),
        ColumnSpec(schema_name="dyntui_Views", label="Views", kind="Integer"),
    ),
    lookups=(_of_account("form"),),
    key="dyntui_Key",
)


FORM_RESPONSE = TableSpec(
    schema_name="dyntui_FormResponse",
    label="Email Form Response",
    plural="Email Form Responses",
    entity_set="dyntui_formresponses",
    primary_name=ColumnSpec(schema_name="dyntui_Name", label="Name", max_length=255),
    columns=(
        _key(),
        ColumnSpec(schema_name="dyntui_Address", label="E-mail address", max_length=256),
        ColumnSpec(schema_name="dyntui_StartedOn", label="Started on", kind="DateTime"),
        ColumnSpec(schema_name="dyntui_CompletedOn", label="Completed on", kind="DateTime"),
        ColumnSpec(schema_name="dyntui_IsComplete", label="Complete", kind="Boolean"),
        ColumnSpec(schema_name="dyntui_Answers", label="Answers", kind="Memo", max_length=LONGEST_MEMO),
    ),
    lookups=(
        LookupSpec(
            schema_name="dyntui_FormId",
            label="Email Form",
            referenced=FORM.logical_name,
            relationship="dyntui_form_formresponse",
        ),
        *_of_person("formresponse"),
    ),
    key="dyntui_Key",
)

PREFERENCE = TableSpec(
    schema_name="dyntui_Preference",
    label="Marketing Preference",
    plural="Marketing Preferences",
    entity_set="dyntui_preferences",
    primary_name=ColumnSpec(schema_name="dyntui_Name", label="Name", max_length=255),
    columns=(
        _key(),
        ColumnSpec(schema_name="dyntui_PreferenceNumber", label="Preference number", kind="Integer"),
        ColumnSpec(schema_name="dyntui_Category", label="Category", max_length=255),
        ColumnSpec(schema_name="dyntui_IsPublic", label="Shown to everybody", kind="Boolean"),
        ColumnSpec(schema_name="dyntui_IsGone", label="Not offered any more", kind="Boolean"),
    ),
    lookups=(_of_account("preference"),),
    key="dyntui_Key",
)

# Sales people make rows of their own, so there is no key. A choice, and not two options: empty is neither yes nor no.
PREFERENCE_CHOICE = TableSpec(
    schema_name="dyntui_PreferenceChoice",
    label="Preference Choice",
    plural="Preference Choices",
    entity_set="dyntui_preferencechoices",
    primary_name=ColumnSpec(schema_name="dyntui_Name", label="Name", max_length=255),
    columns=(
        ColumnSpec(
            schema_name="dyntui_Choice",
            label="Choice",
            kind="Picklist",
            options={code: choice.value.capitalize() for code, choice in PREFERENCE_CODES.items()},
        ),
        ColumnSpec(schema_name="dyntui_ChosenOn", label="Chosen on", kind="DateTime"),
        ColumnSpec(schema_name="dyntui_Address", label="E-mail address", max_length=256),
    ),
    lookups=(
        LookupSpec(
            schema_name="dyntui_PreferenceId",
            label="Marketing Preference",
            referenced=PREFERENCE.logical_name,
            relationship="dyntui_preference_preferencechoice",
        ),
        *_of_person("preferencechoice"),
    ),
)

# In the order in which their lookups need one another.
TABLES = (
    *(EMAIL_ACCOUNT, EMAIL_CAMPAIGN, CAMPAIGN_SEND, ENGAGEMENT, SUPPRESSION),
    *(FORM, FORM_RESPONSE, PREFERENCE, PREFERENCE_CHOICE, LIST_UNSUBSCRIBE),
)

LIST_COLUMNS = (
    ColumnSpec(schema_name="dyntui_Activated", label="Activated for email", kind="Boolean"),
    ColumnSpec(
        schema_name="dyntui_MembershipAction",
        label="Membership action",
        kind="Picklist",
        options={about.code: about.title for about in ACTIONS.values()},
    ),
    ColumnSpec(schema_name="dyntui_SubscriptionFilter", label="Subscription filter", max_length=400),
    ColumnSpec(schema_name="dyntui_ClearOnSend", label="Clear list on send", kind="Boolean"),
    ColumnSpec(schema_name="dyntui_SyncOrder", label="Synchronisation order", kind="Integer"),
    ColumnSpec(schema_name="dyntui_ManualOnly", label="Manual synchronisation only", kind="Boolean"),
    ColumnSpec(schema_name="dyntui_LastSynced", label="Last synchronised", kind="DateTime"),
    ColumnSpec(schema_name="dyntui_SyncStatus", label="Synchronisation status", max_length=200),
    ColumnSpec(schema_name="dyntui_BookId", label="Address book", kind="Integer"),
)
LIST_LOOKUPS = (
    LookupSpec(
        schema_name=_ACCOUNT,
        label="Email Account",
        referenced=EMAIL_ACCOUNT.logical_name,
        relationship="dyntui_emailaccount_list",
    ),
)

# On contact and lead. The opt-in type is the strongest that any email account has for the record's address, the score
# the newest.
PERSON_COLUMNS = (
    ColumnSpec(
        schema_name="dyntui_OptInType",
        label="Opt-in type",
        kind="Picklist",
        options={code: opt_in.title for code, opt_in in CODES.items()},
    ),
    ColumnSpec(schema_name="dyntui_Score", label="Score", kind="Integer"),
    ColumnSpec(schema_name="dyntui_Engagement", label="Engagement", kind="Integer"),
    ColumnSpec(schema_name="dyntui_Suitability", label="Suitability", kind="Integer"),
    ColumnSpec(schema_name="dyntui_ScoreLabel", label="Score label", max_length=LONGEST_LABEL),
    ColumnSpec(schema_name="dyntui_ScoredOn", label="Scored on", kind="DateTime"),
)
PERSON_TABLES = {"contact": "Contact", "lead": "Lead"}
