"""The reasons and their order, as docs/reference/reasons.md publishes them, and what dotdigital's own words mean."""

from __future__ import annotations

from collections.abc import Collection

ORDER = (
    "MERGED",
    "INACTIVE",
    "LEAD_QUALIFIED",
    "WRONG_TYPE",
    "NO_ACCESS",
    "NO_EMAIL",
    "BAD_EMAIL",
    "COMPLAINED",
    "HARD_BOUNCED",
    "NO_MAIL_SERVER",
    "SOFT_BOUNCED",
    "MAIL_BLOCKED",
    "GLOBALLY_SUPPRESSED",
    "DOMAIN_SUPPRESSED",
    "SUPPRESSED",
    "SUPPRESSED_OTHER_ACCOUNT",
    "DO_NOT_EMAIL",
    "DO_NOT_BULK_EMAIL",
    "UNSUBSCRIBED_LIST",
    "ODD_ROW",
    "PENDING_OPT_IN",
    "OPT_IN_TOO_WEAK",
    "FILTERED",
    "NOT_ALLOW_LISTED",
    "DUPLICATE_ADDRESS",
    "AMBIGUOUS_MATCH",
    "UNKNOWN_PERSON",
    "LEFT_LIST",
    "NOT_SYNCED",
    "STALE",
    "VALUE_REJECTED",
    "REJECTED",
    "IMPORT_PENDING",
    "WATCHDOG",
    "CONFLICT",
    "REMOVAL_HELD",
    "UNDONE",
    "NOT_UNDONE",
    "NO_BEFORE_IMAGE",
    "ALREADY_SENT",
    "WAVE_STOPPED",
    "NOT_MAILED",
    "CONTACT_LIMIT",
    "UNKNOWN",
)
"""Of several reasons the first one by this order is the person's reason."""

SUPPRESSIONS = {
    "IspComplained": "COMPLAINED",
    "HardBounced": "HARD_BOUNCED",
    "SoftBounced": "SOFT_BOUNCED",
    "MailBlocked": "MAIL_BLOCKED",
    "SharedSuppression": "GLOBALLY_SUPPRESSED",
    "NotAllowed": "GLOBALLY_SUPPRESSED",
    "DomainSuppression": "DOMAIN_SUPPRESSED",
    "NoMxRecord": "NO_MAIL_SERVER",
    "Unsubscribed": "SUPPRESSED",
    "Suppressed": "SUPPRESSED",
}
"""A contact's status in dotdigital, and the reason that it is (spec.md 9, "Settled questions")."""

BLOCKS = {
    "global": "GLOBALLY_SUPPRESSED",
    "domain": "DOMAIN_SUPPRESSED",
    "blocked": "MAIL_BLOCKED",
    "nomx": "NO_MAIL_SERVER",
}
"""Why the platform takes no contact with an address."""

RECORD = frozenset(ORDER[:7]) | {"UNKNOWN_PERSON"}
"""Reasons that lie in the record alone."""

CONSENT = frozenset(ORDER[ORDER.index("COMPLAINED") : ORDER.index("UNSUBSCRIBED_LIST") + 1])
"""Reasons for which somebody said no, or the platform did for them: a withdrawal, never held."""


def first(reasons: Collection[str]) -> str:
    """The first of some reasons, `""` of none."""
    return min(reasons, key=ORDER.index, default="")
