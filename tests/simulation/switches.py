"""The switches of the sandbox and their other values: where the real systems may behave otherwise than ours by default.

What is no such switch stands in `FIXED` with the reason; a test holds the three tables against the settings.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from dyntui.sandbox.dataverse.settings import DataverseSettings
from dyntui.sandbox.dotdigital.settings import DotdigitalSettings

SYSTEMS: dict[str, type[Any]] = {"dataverse": DataverseSettings, "dotdigital": DotdigitalSettings}

# Other values of what is neither on nor off.
OTHER: dict[str, dict[str, tuple[Any, ...]]] = {
    "dataverse": {
        "dop_hint": (1,),
        "read_only_columns": ("reject",),
        "status_of_other_state": ("follow",),
        "associate_twice": ("ignore",),
        "disassociate_missing": ("ignore",),
        "old_delta_link": ("everything",),
        "empty_delta": ("none",),
        "in_limit": (50,),
        "key_in_upsert_body": ("refuse",),
        "add_existing_member": ("reject",),
        "member_count_lag_seconds": (60,),
        "association_page_cap": (50,),
        "merge_membership": ("stays", "nobody"),
        "batch_parts_act_for": ("batch",),
        "failed_change_set_parts": ("each",),
        "duplicate_targets": ("reject",),
        "total_count_age_seconds": (3600,),
        "group_team_members": ("at once",),
        "column_visibility_seconds": (20,),
        "key_index_seconds": (60,),
        "key_index_reads": (3,),
        "customisation_lock_seconds": (10,),
    },
    "dotdigital": {
        "server_time_format": ("text",),
        "short_pages": (3,),
        "collection_limit": (50,),
        "late_suppressions_seconds": (600.0,),
        "book_count_lag_seconds": (60.0,),
        "recycle_bin_status": (202,),
        "double_opt_in": ("single", "all"),
        "v3_links": ("href",),
        "v3_polls_without_status": (2,),
        "v3_default_limit": (50,),
        "modified_since_maximum": (1000,),
        "book_delete_status": (204,),
        "bulk_removal_polls": (4,),
        "bulk_removal_seconds": (60.0,),
        "removal_lag_seconds": (30.0,),
        "listing_lag_seconds": (30.0,),
        "send_appears_after_seconds": (60.0,),
        "recipients_resolved_at": ("accept",),
        "preferences_content_type": ("application/json",),
        "import_polls": (5,),
        "import_seconds": (300.0,),
        "import_duplicate_winner": ("last",),
        "v3_failure_code_case": ("pascal",),
        "v3_unknown_data_field": ("ignore",),
        "v2_import_too_large": ("status",),
        "v2_unknown_import": ("status",),
        "v2_fault_wording": ("vendor",),
        "send_start_seconds": (120.0,),
        "send_duration_seconds": (300.0,),
        "late_activity_share": (0.5,),
    },
}

_NAME = "a name"
_LIMIT = "a limit that no test comes near, or that has a test of its own"
_AUDIENCE = "how the audience behaves, not the platform"
# What both ways are tried of by tests of their own, or what is nothing to be tried.
FIXED: dict[str, dict[str, str]] = {
    "dataverse": {
        "schema": "the organisation's tables",
        "security": "what was read of its users",
        "sales_app": "an organisation without lists cannot be connected at all",
        "organization_version": _NAME,
        "organization_name": _NAME,
        "organization_unique_name": _NAME,
        "link_host": "an address at which no test listens",
        "delta_token_days": _LIMIT,
        "delta_leaves_out": "a gap that trust has to notice: the tests of reading only what changed set it",
        "in_limit_status": "matters with in_limit only",
        "bulk_messages": "by table: the tests of bulk messages set it",
        "secured_columns": "by column: the tests of column security set it",
        "column_writers": "matters with secured_columns only",
        "secured_conditions": "matters with secured_columns only",
        "security_cache_seconds": "roles are asked for with Consistency: Strong, which has a test of its own",
        "base_language": "a matter of labels",
        "languages": "matters with base_language only",
    },
    "dotdigital": {
        "region": "has a test of its own",
        "api_user": _NAME,
        "api_password": _NAME,
        "account_id": _NAME,
        "account_name": _NAME,
        "main_email": _NAME,
        "managed_users": _NAME,
        "time_zone": _NAME,
        "currency": _NAME,
        "calls_in_last_hour": "kept by the sandbox",
        "calls_remaining": "kept by the sandbox",
        "page_drift": "a fault, ordered by tests",
        "page_drift_rows": "matters with page_drift only",
        "recycle_bin_days": _LIMIT,
        "soft_bounces_until_suppressed": _LIMIT,
        "book_limit": _LIMIT,
        "data_field_limit": _LIMIT,
        "blocked_field_delete_status": "no data field is deleted",
        "import_active_limit": _LIMIT,
        "import_outcome": "an outcome, ordered by tests",
        "contact_limit": _LIMIT,
        "import_not_found_status": "no import is asked for that was not made",
        "fault_report_days": _LIMIT,
        "v3_bulk_delete_fails": "has a test of its own",
        "v3_bulk_delete_limit": _LIMIT,
        "custom_identifier_limit": _LIMIT,
        "sending_permitted": "an account that may not send has a test of its own",
        "send_limit": _LIMIT,
        "segment_refresh_seconds": "no segment is refreshed",
        "audience": _AUDIENCE,
        "delivered_share": _AUDIENCE,
        "hard_bounce_share": _AUDIENCE,
        "soft_bounce_share": _AUDIENCE,
        "open_share": _AUDIENCE,
        "click_share": _AUDIENCE,
        "forward_share": _AUDIENCE,
        "reply_share": _AUDIENCE,
        "unsubscribe_share": _AUDIENCE,
        "list_unsubscribe_share": _AUDIENCE,
        "complaint_share": _AUDIENCE,
        "late_activity_seconds": "matters with late_activity_share only",
        "survey_maximum": "no survey is read",
        "enrolments_per_hour": "nobody is enrolled",
        "enrolment_seconds": "nobody is enrolled",
    },
}


def every() -> list[tuple[str, str, Any]]:
    """`(system, switch, value)` for each value other than the default."""
    found: list[tuple[str, str, Any]] = []
    for system, settings in SYSTEMS.items():
        default = settings()
        for each in fields(settings):
            value = getattr(default, each.name)
            if each.name in FIXED[system]:
                continue
            others = (not value,) if isinstance(value, bool) else OTHER[system][each.name]
            found += [(system, each.name, other) for other in others]
    return found
