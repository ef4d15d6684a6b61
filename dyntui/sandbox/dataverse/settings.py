"""Switches of the simulated Dataverse: each fact that the reference marks as inferred is one named switch."""

from dataclasses import dataclass, field

from dyntui.sandbox.dataverse.access import SecurityCache
from dyntui.sandbox.dataverse.tables import Schema


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

    status_of_other_state: str = "refuse"
    """Sources disagree about a PATCH of `statuscode` with a status of another state: "refuse" answers 0x80048408 (as
    reported from organisations), "follow" lets the state change with it (XrmMockup)."""

    associate_twice: str = "reject"
    """[inferred] "reject" or "ignore": an N:N link that exists is made again (lists have their own rule)."""

    delta_token_days: int = 7
    """Organisation setting ExpireChangeTrackingInDays (0..365): how long a delta link can be used."""

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

    member_count_lag_seconds: float = 0
    """`list.membercount` tells the number of members only this long after a change."""

    bulk_messages: dict[str, list[str]] = field(default_factory=dict)
    """[inferred for contact, account, lead] *Multiple messages by table; tables that are missing here have all."""

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
    """[inferred] Reading definitions asks for prvReadEntity, which every role created through the API begins with."""

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
