"""The reason catalogue: why a person was not added, not kept or not mailed (spec section 9).

One vocabulary for runs, target counts, audit and quarantine. Codes are stable; an unknown remote code surfaces as
`UNKNOWN` with what was received, never as one of these.
"""

from __future__ import annotations

import msgspec


class Reason(msgspec.Struct, frozen=True):
    """One catalogue entry. `who` names who can mend it, `remedy` says how."""

    code: str
    title: str
    meaning: str
    who: str
    remedy: str


_SALES = "the record's owner in Dynamics"
_MARKETER = "an Email Marketing Professional"
_MANAGER = "an Email Marketing Manager"
_PERSON = "only the person themself"
_VENDOR = "dotdigital support"

# The order is the published precedence: of several reasons that apply, the first one listed is the person's reason.
# Suppressions come before Dynamics' own preferences, since each of them also sets `donotbulkemail`: the cause is named,
# not its effect.
CATALOGUE: tuple[Reason, ...] = (
    Reason(
        "MERGED",
        "Merged record",
        "The record was merged into another one.",
        _SALES,
        "Add the surviving record to the list.",
    ),
    Reason(
        "INACTIVE",
        "Inactive record",
        "The record is deactivated in Dynamics.",
        _SALES,
        "Reactivate the record, or remove it from the list.",
    ),
    Reason(
        "LEAD_QUALIFIED",
        "Qualified lead",
        "The lead was qualified; its contact carries on.",
        _SALES,
        "Add the contact that the lead became to a contact list.",
    ),
    Reason(
        "WRONG_TYPE",
        "Wrong record type",
        "The record's type does not fit the list.",
        _MARKETER,
        "Add it to a list of its own member type.",
    ),
    Reason(
        "NO_ACCESS",
        "No access",
        "The service may not read the record.",
        "a Dynamics administrator",
        "Give the Connector Service role read access to it.",
    ),
    Reason(
        "NO_EMAIL", "No e-mail address", "The record has no e-mail address.", _SALES, "Enter the address in Dynamics."
    ),
    Reason(
        "BAD_EMAIL",
        "Malformed address",
        "The address cannot be an e-mail address.",
        _SALES,
        "Correct the address in Dynamics.",
    ),
    Reason(
        "COMPLAINED",
        "Complained",
        "The person reported a mail as spam.",
        _PERSON,
        "Leave it: dotdigital lifts a complaint for nobody.",
    ),
    Reason(
        "HARD_BOUNCED",
        "Hard bounced",
        "Mail to the address failed for good.",
        _SALES,
        "Correct the address in Dynamics.",
    ),
    Reason(
        "NO_MAIL_SERVER",
        "No mail server",
        "The address's domain has no server that takes mail.",
        _SALES,
        "Correct the address in Dynamics.",
    ),
    Reason(
        "SOFT_BOUNCED",
        "Soft bounced",
        "Mail to the address failed too often.",
        _SALES,
        "Check the address, then resubscribe it in dotdigital; dyntui notices within a day.",
    ),
    Reason(
        "MAIL_BLOCKED", "Mail blocked", "The recipient's server blocks the mail.", _VENDOR, "Ask dotdigital support."
    ),
    Reason(
        "GLOBALLY_SUPPRESSED",
        "Globally suppressed",
        "The address is on dotdigital's global suppression list.",
        _VENDOR,
        "Ask dotdigital support.",
    ),
    Reason(
        "DOMAIN_SUPPRESSED",
        "Domain suppressed",
        "The address's whole domain is suppressed.",
        _MANAGER,
        "Lift the domain suppression in dotdigital; dyntui notices within a day.",
    ),
    Reason(
        "SUPPRESSED",
        "Suppressed",
        "The address is on the account's suppression list.",
        _PERSON,
        "The person subscribes again through dotdigital; dyntui notices within a day. What Dynamics alone had asked for is "
        "ended by `dyntui suppressions lift`.",
    ),
    Reason(
        "SUPPRESSED_OTHER_ACCOUNT",
        "Suppressed in another account",
        "The address is suppressed in another connected email account.",
        _PERSON,
        "See the suppression in that account.",
    ),
    Reason(
        "DO_NOT_EMAIL",
        "Do not e-mail",
        "Dynamics says: do not allow e-mail, for this record, one merged into it, or another with the address.",
        _PERSON,
        "If the person changed their mind, take the flag back on the record named. If that record is gone, a Manager ends "
        "it with a reason: `dyntui suppressions lift`.",
    ),
    Reason(
        "DO_NOT_BULK_EMAIL",
        "Do not bulk e-mail",
        "Dynamics says: no bulk e-mail or no marketing, for this record, one merged into it, or another with the address.",
        _PERSON,
        "If the person changed their mind, take the flag back on the record named. If that record is gone, a Manager ends "
        "it with a reason: `dyntui suppressions lift`.",
    ),
    Reason(
        "UNSUBSCRIBED_LIST",
        "Unsubscribed from the list",
        "The person unsubscribed from this marketing list.",
        _PERSON,
        "Respect it. If the person asks for the list again and dotdigital's book takes them, a Manager ends it with a "
        "reason: `dyntui suppressions lift`.",
    ),
    Reason(
        "ODD_ROW",
        "Odd row",
        "A row was received that cannot be read, or from which no address can be told; the detail shows what.",
        _MARKETER,
        "Correct the row where it came from; `dyntui suppressions odd` shows those that suppress nobody until then.",
    ),
    Reason(
        "PENDING_OPT_IN",
        "Opt-in pending",
        "The person has not confirmed their subscription yet.",
        _PERSON,
        "Wait for the confirmation.",
    ),
    Reason(
        "OPT_IN_TOO_WEAK",
        "Opt-in too weak",
        "The person's opt-in type is below what the list asks for.",
        _MANAGER,
        "Lower the list's subscription filter, or ask for consent.",
    ),
    Reason(
        "FILTERED",
        "Filtered",
        "The list's subscription filter leaves the person out.",
        _MARKETER,
        "Change the list's subscription filter.",
    ),
    Reason(
        "NOT_ALLOW_LISTED",
        "Not on the allow list",
        "The organisation or the account is marked as not production, and the address is not on its allow list.",
        _MANAGER,
        "Put the address on the allow list, or take the mark away.",
    ),
    Reason(
        "DUPLICATE_ADDRESS",
        "Duplicate address",
        "Another record with the same address takes the place.",
        _SALES,
        "Merge the records, or correct one address.",
    ),
    Reason(
        "AMBIGUOUS_MATCH",
        "Ambiguous match",
        "Several records match the address.",
        _MARKETER,
        "Correct the address of the others, or merge the records, in Dynamics.",
    ),
    Reason(
        "UNKNOWN_PERSON",
        "Unknown person",
        "No record matches the address.",
        _MARKETER,
        "Create the record, or choose another membership action.",
    ),
    Reason(
        "LEFT_LIST",
        "Left the list",
        "The person was on the list when it was synchronised last, and is not any more.",
        _MARKETER,
        "Add the person to the list again if that was not meant.",
    ),
    Reason(
        "NOT_SYNCED",
        "Not synchronised",
        "The person has not been synchronised to the address book yet.",
        _MARKETER,
        "Synchronise the list.",
    ),
    Reason("STALE", "Stale", "What is known of the person is older than allowed.", _MARKETER, "Synchronise the list."),
    Reason(
        "VALUE_REJECTED",
        "Value rejected",
        "A mapped value cannot be carried.",
        _SALES,
        "Correct the value in Dynamics.",
    ),
    Reason(
        "REJECTED",
        "Rejected by the platform",
        "dotdigital refused the row.",
        _MARKETER,
        "See the platform's code, correct the record, synchronise again.",
    ),
    Reason(
        "IMPORT_PENDING",
        "Import pending",
        "dotdigital has not finished the import yet.",
        _MARKETER,
        "Wait, then synchronise again.",
    ),
    Reason(
        "WATCHDOG",
        "Refused by the watchdog",
        "dotdigital's data watchdog refused the whole import.",
        _VENDOR,
        "Ask dotdigital support to release it.",
    ),
    Reason("CONFLICT", "Conflict", "Both systems changed the value.", _MARKETER, "See both values in the conflict."),
    Reason(
        "REMOVAL_HELD",
        "Removal held",
        "The removal is held: too many at once, or an unproven listing.",
        _MANAGER,
        "Look at the list in Dynamics, then decide: `dyntui held approve LIST` or `dyntui held discard LIST`.",
    ),
    Reason(
        "UNDONE",
        "Undone",
        "A change of this person was undone; the synchronisation would make it again, and waits.",
        _MANAGER,
        "Let it be made again, or leave it so: `dyntui held approve LIST --undone`, `dyntui held discard LIST --undone`.",
    ),
    Reason(
        "NOT_UNDONE",
        "Not undone",
        "A record that was made in Dynamics: an undo does not delete it.",
        _SALES,
        "Delete the record in Dynamics, where it is wrong.",
    ),
    Reason(
        "NO_BEFORE_IMAGE",
        "Not known before",
        "The change cannot be undone: nobody knows what was there before.",
        _MARKETER,
        "Set the fields in dotdigital by hand, where they are wrong.",
    ),
    Reason(
        "ALREADY_SENT",
        "Already sent",
        "The person has had this campaign, or may have had it: by a send of which it is not known whom it mailed.",
        _MARKETER,
        "Nothing to do. Where it is not known whom a send mailed, look in dotdigital's outbox and say what it shows: "
        "`dyntui campaigns settle SEND`.",
    ),
    Reason(
        "WAVE_STOPPED",
        "Wave stopped",
        "The send was stopped before the wave that the person is in.",
        _MANAGER,
        "See why the wave was stopped, then send the rest.",
    ),
    Reason(
        "NOT_MAILED",
        "Not mailed after all",
        "The send was found not to have mailed the person: it was stopped in dotdigital, or never made there.",
        _MANAGER,
        "Count the campaign's targets again, and send to the rest.",
    ),
    Reason(
        "CONTACT_LIMIT",
        "Contact limit",
        "The dotdigital account may hold no more contacts.",
        _MANAGER,
        "Raise the allowance, or delete contacts.",
    ),
    Reason(
        "UNKNOWN",
        "Unknown reason",
        "The platform gave a reason this version does not know.",
        _MANAGER,
        "See what was received.",
    ),
)

BY_CODE: dict[str, Reason] = {reason.code: reason for reason in CATALOGUE}

PRECEDENCE: dict[str, int] = {reason.code: place for place, reason in enumerate(CATALOGUE)}

# An address is suppressed in dotdigital, or by a row in Dynamics.
SUPPRESSIONS: frozenset[str] = frozenset(
    (
        *("COMPLAINED", "HARD_BOUNCED", "NO_MAIL_SERVER", "SOFT_BOUNCED", "MAIL_BLOCKED"),
        *("GLOBALLY_SUPPRESSED", "DOMAIN_SUPPRESSED", "SUPPRESSED", "SUPPRESSED_OTHER_ACCOUNT"),
    )
)

# Those that do not pass by themselves, as a full mailbox does.
LASTING_SUPPRESSIONS: frozenset[str] = SUPPRESSIONS - {"SOFT_BOUNCED"}

# A contact's status in dotdigital -> the reason it stands for. Source: dotdigital_api.md 3.1 and 3.7.
_STATUS_REASONS: dict[str, str] = {
    "unsubscribed": "SUPPRESSED",
    "suppressed": "SUPPRESSED",
    "sharedsuppression": "GLOBALLY_SUPPRESSED",
    "notallowed": "GLOBALLY_SUPPRESSED",
    "blockedlocalpart": "GLOBALLY_SUPPRESSED",
    "spamtrap": "GLOBALLY_SUPPRESSED",
    "purchased": "GLOBALLY_SUPPRESSED",
    "knowncomplainer": "GLOBALLY_SUPPRESSED",
    "knownlitigator": "GLOBALLY_SUPPRESSED",
    "softbounced": "SOFT_BOUNCED",
    "hardbounced": "HARD_BOUNCED",
    "nomxrecord": "NO_MAIL_SERVER",
    "ispcomplained": "COMPLAINED",
    "directcomplaint": "COMPLAINED",
    "mailblocked": "MAIL_BLOCKED",
    "domainsuppression": "DOMAIN_SUPPRESSED",
    "domainsuppressed": "DOMAIN_SUPPRESSED",
    "shareddomainsuppression": "DOMAIN_SUPPRESSED",
    "pendingoptin": "PENDING_OPT_IN",
}

# A failure code of an import row -> reason. Source: dotdigital_api.md 5.7 and 5.4; anything else is REJECTED.
_FAILURE_REASONS: dict[str, str] = {
    "globallysuppressed": "GLOBALLY_SUPPRESSED",
    "suppressedbydomain": "DOMAIN_SUPPRESSED",
    "invalidemail": "BAD_EMAIL",
    "blocker": "MAIL_BLOCKED",
}


def reason_of_status(status: str) -> str:
    """The reason code for a dotdigital contact or channel status; `""` for `Subscribed`, `UNKNOWN` for a new one."""
    known = status.casefold()
    if known == "subscribed":
        return ""
    return _STATUS_REASONS.get(known, "UNKNOWN")


def as_v2_spells(status: str) -> str:
    """A status of a v3 contact or channel as v2 spells it (`HardBounced`): v3 begins the same words with a small letter
    (dotdigital_api.md 3.7), and what is said twice in two spellings would be news."""
    return status[:1].upper() + status[1:]


def reason_of_import_failure(code: str) -> str:
    """The reason code for one failure code of a v3 import row."""
    return _FAILURE_REASONS.get(code.casefold(), "REJECTED")
