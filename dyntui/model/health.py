"""What can be wrong with an installation: every finding with what it means and how it is mended."""

from __future__ import annotations

import enum
from collections.abc import Iterable

import msgspec


class Severity(enum.StrEnum):
    """How bad a finding is: something does not work, or it does and somebody should look, or nothing is wrong and there
    is something to be done before the first list or the first send. The worst first."""

    FAILED = "failed"
    MENDING = "needs mending"
    NEXT = "next step"


_ORDER = tuple(Severity)


class Kind(msgspec.Struct, frozen=True):
    """A kind of finding. `mended_by`: the sync type whose run mends it without risk; `""`: there is none."""

    code: str
    severity: Severity
    meaning: str
    remedy: str
    mended_by: str = ""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was found of a `part` (a system, an email account, a list). `text` is what was seen; the rest is
    as in `Kind`, and `account` the id of the email account for which `mended_by` mends it (`""`: for all). A finding
    whose code is that of an error carries the error's own remedy."""

    code: str
    severity: Severity
    part: str
    text: str
    meaning: str
    remedy: str
    mended_by: str = ""
    account: str = ""


_KINDS = (
    Kind(
        "NOT_CONNECTED",
        Severity.FAILED,
        "No organisation is connected, so nothing can be synchronised.",
        "Connect one: `dyntui setup`.",
    ),
    Kind(
        "NO_ANSWER",
        Severity.FAILED,
        "A part did not answer in time; what it would have said is not known.",
        "Try again: `dyntui doctor`. `dyntui status` says since when a system has been away.",
    ),
    Kind(
        "KEYRING_MISSING",
        Severity.FAILED,
        "Secrets cannot be kept in this session.",
        "See docs/install.md, Where secrets go: an encrypted file, environment variables or a credentials directory.",
    ),
    Kind(
        "CREDENTIAL_MISSING",
        Severity.FAILED,
        "Nobody keeps what the service signs in with: what is open goes on until the service ends, and nothing after.",
        "Give it again: `dyntui credentials replace`, or `i` here in the console; or provide it in the environment"
        " (docs/install.md).",
    ),
    Kind(
        "CREDENTIAL_ENDING",
        Severity.MENDING,
        "What the service signs in with ends within 30 days; nothing can be synchronised or sent after that.",
        "Make another in Entra ID and hand it over while runs go on: `dyntui credentials replace dynamics`, or `i` here"
        " in the console.",
    ),
    Kind(
        "CREDENTIAL_ENDED",
        Severity.FAILED,
        "What the service signs in with has ended; nothing can be synchronised or sent.",
        "Make another in Entra ID and hand it over: `dyntui credentials replace dynamics`, or `i` here in the console.",
    ),
    Kind(
        "SERVICE_ACTS_AS_PERSON",
        Severity.NEXT,
        "What the service does in Dynamics, it does as that person, and it stops when their sign-in is revoked.",
        "Leave it so, or connect with a client secret or a certificate of the service's own: `dyntui setup`.",
    ),
    Kind(
        "STORE_DAMAGED",
        Severity.FAILED,
        "The local store contradicts itself; runs may read what is not so.",
        "Stop the service and put a backup back (`dyntui backup restore`), or set up anew, which adopts what is there.",
    ),
    Kind(
        "DISK_LOW",
        Severity.MENDING,
        "A run that cannot write ends in the middle; it goes on when there is room.",
        "Make room on the disk of `dyntui paths`, or keep runs for a shorter time: `[audit] keep_days`.",
    ),
    Kind(
        "CLOCK_WRONG",
        Severity.MENDING,
        "This machine's clock and dotdigital's differ: schedules start at other times than shown.",
        "Set the clock, for example with systemd-timesyncd.",
    ),
    Kind(
        "ENDPOINT_CHANGED",
        Severity.MENDING,
        "dotdigital names another address of its region for the account than the one in use.",
        "Connect the account again: `dyntui setup`.",
    ),
    Kind(
        "BUDGET_LOW",
        Severity.MENDING,
        "Most of a limit is used: runs wait for it, sends keep a reserve.",
        "Wait, or let less run at once: `dyntui schedules list`.",
    ),
    Kind(
        "RIGHTS_MISSING",
        Severity.FAILED,
        "The service may not do for the whole organisation what it has to. Where it does not see every record, absence"
        " would prove nothing.",
        "Give the application user the role Email Campaign Connector Service in the root business unit.",
    ),
    Kind(
        "COLUMNS_HIDDEN",
        Severity.FAILED,
        "Column security hides columns that consent rests on; lists and sends are refused.",
        "Add the application user to a column security profile that may read them.",
    ),
    Kind(
        "INSTALLATION_INCOMPLETE",
        Severity.FAILED,
        "Tables, columns or roles that dyntui needs are missing in Dynamics.",
        "See what: `dyntui setup --plan`; install it: `dyntui setup`.",
    ),
    Kind(
        "NO_MANAGER",
        Severity.FAILED,
        "Nobody holds the role Email Marketing Manager: nobody can administer dyntui or send.",
        "Assign the role to somebody in Dynamics.",
    ),
    Kind(
        "BOOK_MISSING",
        Severity.FAILED,
        "The address book that an activated list is bound to does not exist in dotdigital.",
        "Deactivate the list and activate it again: `dyntui lists deactivate`, `dyntui lists activate`.",
    ),
    Kind(
        "BOOK_ORPHANED",
        Severity.MENDING,
        "Address books of sends are emptied and removed after two weeks. These are older, and no store knows them any"
        " more: nobody reads who unsubscribes through them.",
        "Look at their unsubscribes in dotdigital (Contacts, the list, Suppressed), then delete them there.",
    ),
    Kind(
        "DOUBLE_OPT_IN_UNKNOWN",
        Severity.FAILED,
        "Nobody knows whether the account mails everybody who is imported; nobody is imported before that is known.",
        "Find it out with an address of your own: `dyntui canary ADDRESS --account NAME`.",
    ),
    Kind(
        "DOUBLE_OPT_IN_ENFORCED",
        Severity.FAILED,
        "The account mails everybody who is imported, to confirm; nobody is imported as long as that is so.",
        "Switch it off for bulk uploads in dotdigital (Account settings, Double opt-in); then `dyntui canary ADDRESS"
        " --account NAME` tells, in the console c.",
    ),
    Kind(
        "COLUMNS_OLD",
        Severity.MENDING,
        "What columns Dynamics has was read long ago; new ones cannot be mapped, and lost ones are not noticed.",
        "Read them: `dyntui sync metadata`.",
        "metadata",
    ),
    Kind(
        "MAPPINGS_INVALID",
        Severity.FAILED,
        "A data mapping that counts cannot carry its values.",
        "See `dyntui mappings validate`.",
    ),
    Kind(
        "SUPPRESSIONS_OLD",
        Severity.MENDING,
        "Suppressions were read more than a day ago; every run and every send reads them first all the same.",
        "Read them: `dyntui sync suppressions`.",
        "suppressions",
    ),
    Kind(
        "LIST_OLD",
        Severity.MENDING,
        "An activated list was synchronised more than a week ago, or never.",
        "Synchronise it: `dyntui sync lists`; see its schedule: `dyntui schedules list`.",
        "lists",
    ),
    Kind(
        "LIST_TROUBLE",
        Severity.MENDING,
        "The last synchronisation of a list did not go through as it should.",
        "See its last run: `dyntui audit list`.",
    ),
    Kind(
        "SCHEDULES_BEHIND",
        Severity.MENDING,
        "Runs are due and have not started.",
        "Let a service stay that starts them: `dyntui serve`; see `dyntui schedules list`.",
    ),
    Kind(
        "REMOVALS_HELD",
        Severity.MENDING,
        "Removals from address books wait for a decision.",
        "Decide: `dyntui held list`.",
    ),
    Kind(
        "ROWS_REFUSED",
        Severity.MENDING,
        "People were refused by dotdigital or could not be carried; they are not reached.",
        "See `dyntui quarantine list`.",
    ),
    Kind(
        "ROWS_ODD",
        Severity.MENDING,
        "Rows ask for somebody not to be mailed, and name nobody.",
        "See `dyntui suppressions odd`.",
    ),
    Kind(
        "ASSUMED_OTHERWISE",
        Severity.MENDING,
        "A system answers otherwise than dyntui assumes, and what dyntui can do by itself is to stop.",
        "`dyntui doctor --first` says what stops and asks again; mend it in Dynamics or dotdigital.",
    ),
    Kind(
        "FACTS_NOT_ASKED",
        Severity.NEXT,
        "What is assumed of both systems was not asked yet; until then dyntui takes the safe path everywhere.",
        "Ask both systems, which changes nothing: `dyntui doctor --first`; in the console f, then a.",
    ),
    Kind(
        "CANARY_OUTSTANDING",
        Severity.NEXT,
        "No import has shown yet that the account mails nobody who is imported; the first list would find it out with"
        " one of its people.",
        "Before the first list, import one address of your own: `dyntui canary ADDRESS`; in the console c.",
    ),
    Kind(
        "INITIAL_SYNC_OUTSTANDING",
        Severity.NEXT,
        "Lists are activated, none was synchronised yet, and nothing is wrong: the initial synchronisation can begin."
        " It may be interrupted at any moment, and goes on.",
        "See what it would do: `dyntui plan lists`; begin it: `dyntui sync lists`; in the console s on the list.",
    ),
    Kind(
        "TEST_SEND_OUTSTANDING",
        Severity.NEXT,
        "Nothing was sent through the account yet.",
        "Before the first send, send a copy to yourself alone: `dyntui campaigns test CAMPAIGN ADDRESS`; in the console"
        " T on the campaign's page.",
    ),
)
KINDS: dict[str, Kind] = {each.code: each for each in _KINDS}


def finding(code: str, part: str, text: str, account: str = "") -> Finding:
    """A finding of a kind. `account`: as in `Finding`."""
    kind = KINDS[code]
    return Finding(
        code=code,
        severity=kind.severity,
        part=part,
        text=text,
        meaning=kind.meaning,
        remedy=kind.remedy,
        mended_by=kind.mended_by,
        account=account,
    )


def worst_first(found: list[Finding]) -> tuple[Finding, ...]:
    """What failed, then what needs mending, then what is to be done next; the order otherwise stays."""
    return tuple(sorted(found, key=lambda each: _ORDER.index(each.severity)))


def wrong(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those that say that something is not as it should be."""
    return tuple(each for each in found if each.severity is not Severity.NEXT)
