"""Switches of the simulated Dataverse: each fact that the reference marks as inferred is one named switch."""

from dataclasses import dataclass, field

from dyntui.sandbox.dataverse.access import SecurityCache
from dyntui.sandbox.dataverse.schema import Schema


@dataclass(slots=True)
class DataverseSettings:
    """How the simulated Dataverse behaves where its real behaviour is inferred or can be chosen.

    `schema` and `security` are no switches: they are the organisation's current tables and what has been read about its
    users, kept here because every handler is given the settings.
    """

    schema: Schema = field(default_factory=Schema, repr=False)
    security: SecurityCache = field(default_factory=SecurityCache, repr=False)

    sales_app: bool = True
    """Off: the organisation has no Dynamics 365 Sales; `lists`, `listmembers` and the list actions answer 404."""

    dop_hint: int = 4
    """`x-ms-dop-hint`: parallelism the environment recommends."""

    organization_version: str = "9.2.26031.00145"
    organization_name: str = "Northtrail Outdoor"
    organization_unique_name: str = "unqnorthtrail"

    read_only_columns: str = "ignore"
    """[inferred] "ignore" or "reject": what happens to columns in a body which may not be written."""

    unchanged_update_bumps_version: bool = True
    """[inferred] A PATCH that sends identical values still raises modifiedon and versionnumber."""

    not_equal_includes_null: bool = True
    """[inferred] `ne` and the negated operators are true for rows in which the column is null."""

    text_tells_case_apart: bool = False
    """[inferred] Equality, In and the string functions on text tell capitals from small letters, as in a database with
    such a collation. Off: they ignore letter case (query/overview)."""

    status_of_other_state: str = "refuse"
    """Sources disagree about a PATCH of `statuscode` with a status of another state: "refuse" answers 0x80048408 (as
    reported from organisations), "follow" lets the state change with it (XrmMockup)."""

    associate_twice: str = "reject"
    """[inferred] "reject" or "ignore": an N:N link that exists is made again (lists have their own rule)."""

    disassociate_missing: str = "reject"
    """[inferred] "reject" or "ignore": an N:N link that is not there is undone (lists have their own rule)."""

    delta_token_days: int = 7
    """Organisation setting ExpireChangeTrackingInDays (0..365): how long a delta link can be used."""

    old_delta_link: str = "error"
    """A delta link older than that: "error" answers 0x80044352 (the page on change tracking since 2023), "everything"
    answers every row there is, without deletions (that page before 2023)."""

    empty_delta: str = "value"
    """Changes since a delta link, when there are none: "value" answers an empty `value` and a new delta link, "none" an
    empty object (the page on change tracking: "an empty JSON response is returned")."""

    delta_leaves_out: int = 0
    """[inferred] Of the rows that were changed, those whose version this divides are not among the changes: nobody
    promises that changes by cascades, merges and bulk operations all are. 0: every row is."""

    link_host: str = ""
    """Origin (`https://org.api.crm4.dynamics.com`) that next and delta links are written with, and that
    RetrieveCurrentOrganization names as the API's. [inferred] Empty: the origin that is asked. The organisation's
    hosts `.crmN` and `.api.crmN` are both handed out by the discovery service."""

    in_limit: int = 0
    """[inferred] The most values that the query functions In and NotIn take; no limit is documented. 0: any number."""

    in_limit_status: int = 400
    """[inferred] What more values are answered with: 400 (0x8004430c) or 500 (0x80040216)."""

    key_in_upsert_body: str = "accept"
    """[inferred] A target of UpsertMultiple that is addressed by an alternate key and states its columns too: "accept",
    or "refuse" creating it with 0x80040216 (PowerPlatform-DataverseClient-Python, pull request 127)."""

    delta_needs_organization_read: bool = True
    """Change tracking asks for organisation-level read on the table."""

    delta_with_annotations: bool = True
    """[inferred] Off: a tracked query with annotations loses the delta link on its last page (seen in v8.2)."""

    add_existing_member: str = "ignore"
    """[inferred] "ignore" or "reject": adding somebody who is a member already."""

    missing_member_fails_call: bool = True
    """[inferred] AddListMembersList with one unknown member id fails as a whole. Off: that id is passed over."""

    inactive_member_rejected: bool = True
    """0x8004033b for members that are not active. Off: they are added."""

    remove_member_action: bool = False
    """[inferred] RemoveMemberList is served. Older documentation says that it has no Web API equivalent."""

    remove_members_action: bool = True
    """[inferred] RemoveListMembersList is served."""

    association_page_cap: int = 0
    """[inferred] The N:N navigation of a list's members ends after so many rows, without a further page; `listmembers`
    and FetchXML show everybody. 0: no end."""

    member_count_lag_seconds: float = 0
    """`list.membercount` tells the number of members only this long after a change."""

    merge_membership: str = "master"
    """[inferred] List members when rows are merged: "master" (the surviving row takes over, as it inherits all related
    rows), "stays" (the deactivated row stays the member) or "nobody" (the membership ends)."""

    member_count_when_opened: bool = False
    """`list.membercount` is counted only when somebody opens the list's form (reported of CRM 4): the lever
    `POST /dataverse/open-list {"id"}` of the control address opens it."""

    bulk_messages: dict[str, list[str]] = field(default_factory=dict)
    """[inferred for contact, account, lead] *Multiple messages by table; tables that are missing here have all."""

    sql_errors_numbered: bool = True
    """A generic SQL error (0x80044150), also of a system job, names SQL Server's number; 1205 is a deadlock. Off: it
    does not [inferred]."""

    batch_parts_act_for: str = "part"
    """Whom the requests of a $batch act for: "part", each whom its own headers name, as the headers of its parts are
    their own (dataverse_api.md 5.3), or "batch", all of them whom the headers of the batch name [inferred]."""

    failed_change_set_parts: str = "one"
    """[inferred] "one" or "each": error parts that a failed change set yields."""

    duplicate_targets: str = "first"
    """[inferred] UpdateMultiple with a row twice: "first" wins, or the call is rejected with "reject"."""

    total_count_age_seconds: float = 0
    """[inferred] RetrieveTotalRecordCount answers from a snapshot of this age (up to a day)."""

    security_cache_seconds: float = 0
    """Changes of users, teams and roles take effect this much later (the platform: about 30) unless a request says
    Consistency: Strong."""

    group_team_members: str = "just-in-time"
    """Who is put into a group of Entra ID, or out of it, joins or leaves its team "just-in-time", when that person
    calls Dataverse (power-apps/developer/data-platform/aad-group-team), or "at once"."""

    aad_user_roles: bool = True
    """RetrieveAadUserRoles is served. Off: 404, as a server without it would [inferred]."""

    roles_across_business_units: bool = False
    """The "modern business units" matrix: roles of other business units may be assigned."""

    definitions_need_privilege: bool = True
    """[inferred] Reading definitions asks for the reads of what is read: prvReadEntity, and prvReadAttribute,
    prvReadRelationship, prvReadEntityKey, prvReadOptionSet. Even the platform's smallest role holds them all (public
    export of a 2025 organisation); a role made through the API begins without them."""

    secured_columns: dict[str, list[str]] = field(default_factory=dict)
    """Columns under column security, `table.column`, each with the users (domainname) whose column security profile
    lets them read it. Everybody else but system administrators reads null."""

    column_writers: dict[str, list[str]] = field(default_factory=dict)
    """Of columns under column security, `table.column`, the users (domainname) whose column security profile lets them
    write it. Everybody else but system administrators is refused with 0x8004f502 or 0x8004f507."""

    secured_conditions: str = "refuse"
    """A condition on a column that the caller may not read: "refuse" answers 0x8004f506, by its name in the platform's
    table (QueryContainedSecuredAttributeWithoutAccess; its status is [inferred]); "null" compares the null that the
    column reads as [inferred]."""

    sdk_messages_need_privilege: bool = True
    """Reading sdkmessage and sdkmessagefilter asks for prvReadSdkMessage, which the platform's own roles hold."""

    column_visibility_seconds: float = 0
    """New tables and columns are served this long after their creation (the platform: 3 to 30 seconds)."""

    key_index_seconds: float = 0
    """How long the index of a new alternate key takes. In its first half the status is Pending, then InProgress."""

    key_index_reads: int = 0
    """How often the status of a new alternate key has to be read before it is Active, whatever the time."""

    customisation_lock_seconds: float = 0
    """After a customisation ended, others fail with 0x80071151 for this long, as parallel ones do on the platform."""

    base_language: int = 1033
    """The organisation's language (LCID), in which labels are given back."""

    languages: list[int] = field(default_factory=list)
    """Languages (LCID) that are provisioned. A label of a column in another one is refused, but for choices; of tables
    and choices it is taken for one in the organisation's language (microsoft/power-platform-skills, issues 447 and 456;
    microsoft/Dataverse-MCP, issue 20). Empty: any."""
