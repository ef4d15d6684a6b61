"""What dyntui assumes of the two systems without the vendors saying so, and what a connection's own systems answered.

An `Assumption` is a fact about Dynamics or dotdigital that dyntui rests on or guards against; `safe` says what dyntui
does where it does not hold, or is not known. A `Fact` is the answer of one connection. It names no person, no list and
no campaign: counts, names of columns and tables, and whether a call is taken, so that it can be sent on.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from dyntui.model.moments import moment_of

# Updates of the vendors may change an answer.
LASTS: Final = timedelta(days=30)


class Holds(enum.StrEnum):
    """Whether an assumption is right for a connection."""

    YES = "as assumed"
    NO = "otherwise"
    UNKNOWN = "not known"


class Seen(msgspec.Struct, frozen=True):
    """What asking came to. `text` is what was seen, in words."""

    holds: Holds
    text: str


class Assumption(msgspec.Struct, frozen=True):
    """`id` is its name everywhere; `safe`: what dyntui does where it does not hold or is not known. `by_hand`: dyntui
    does nothing by itself then, and somebody should act."""

    id: str
    text: str
    safe: str
    by_hand: bool = False


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of a connection: `account` is the email account's name, `""` for Dynamics. `asked_on` is ISO 8601 UTC,
    `version` the server's. `old`: it was asked more than thirty days ago, and counts as not known."""

    id: str
    account_id: str
    account: str
    text: str
    holds: Holds
    seen: str
    safe: str
    by_hand: bool
    asked_on: str
    version: str
    old: bool = False


DYNAMICS: Final[tuple[Assumption, ...]] = (
    Assumption(
        "DV-01",
        "Opt-outs are the columns donotemail and donotbulkemail alone.",
        "Every other column and table that may hold an opt-out counts until a Manager has said which do.",
    ),
    Assumption(
        "DV-02",
        "The service sees every account, contact, lead and marketing list.",
        "Nobody is taken out of an address book, and nothing is sent.",
        by_hand=True,
    ),
    Assumption(
        "DV-03",
        "No column that consent rests on is hidden by column security.",
        "No list is synchronised and nothing is sent; the columns are named.",
        by_hand=True,
    ),
    Assumption(
        "DV-04",
        "No dynamic list asks for the rows of whoever looks at it.",
        "Such a list's query is run as the list's owner.",
    ),
    Assumption(
        "DV-05",
        "No roles come from groups of Entra ID.",
        "Roles are asked for with RetrieveAadUserRoles, which knows the groups of this moment.",
    ),
    Assumption(
        "DV-06",
        "membercount of a static list is right at once.",
        "The count is a hint: the ids of the list are read.",
    ),
    Assumption(
        "DV-07",
        "A static list's members come to the same number in each way of reading them.",
        "Removals above the account's threshold are held until a Manager decides.",
        by_hand=True,
    ),
    Assumption(
        "DV-08",
        "No membership of a list was entered with a date in the past.",
        "The ids of the list are read, and not only what was added since.",
    ),
    Assumption(
        "DV-09",
        "Account, contact, lead and list have change tracking, and a first reading ends with a link for changes.",
        "The table is read whole, every time.",
    ),
    Assumption("DV-10", "Changes that are none are an empty answer with a new link.", "The link so far is kept."),
    Assumption(
        "DV-11",
        "The service may read what definitions and messages there are.",
        "Rows are written in batches instead of bulk messages.",
        by_hand=True,
    ),
    Assumption(
        "DV-12",
        "A call with CallerObjectId is made with the rights of that person.",
        "What a person does in Dynamics is refused, and nothing is written in the service's own name.",
        by_hand=True,
    ),
    Assumption(
        "DV-13",
        "Links to further pages lead to the address that was asked.",
        "The organisation's own addresses count as one; others are refused.",
    ),
    Assumption(
        "DV-14", "A query may list 1,500 values.", "It is asked again in halves, and the size that worked kept."
    ),
    Assumption(
        "DV-15",
        "Rows that are written by their key carry it.",
        "Rows without it are written again, one by one.",
    ),
    Assumption("DV-16", "Contacts can be written with UpdateMultiple.", "They are written in batches."),
    Assumption(
        "DV-17",
        "Addresses are compared without regard to capitals.",
        "Opt-outs are compared by dyntui itself, over every row.",
    ),
    Assumption("DV-18", "`ne` is true where a column has no value.", "Queries ask for `or eq null` as well."),
    Assumption(
        "DV-25",
        "What Dynamics calls an SQL error names SQL Server's number; 1205 alone is a deadlock, which was rolled back.",
        "A write that ends in one without that number counts as one of unknown outcome: it is read back.",
    ),
    Assumption(
        "DV-26",
        "Linking what is linked already is refused as a duplicate, and a link that is not there is not found.",
        "A link that is made again counts as made; another refusal is told, and the target lists stay as they were.",
    ),
    Assumption(
        "DV-27",
        "List members are added and removed by actions of their own.",
        "They are added and removed one by one, in batches.",
    ),
    Assumption(
        "DV-28",
        "People can sign in by device code with the client id of setup.",
        "Nobody can sign in, and nothing is done in anybody's name.",
        by_hand=True,
    ),
    Assumption("DV-29", "The link to a further page can be used again.", "The table is read from its beginning again."),
    Assumption(
        "DV-19",
        "What dyntui writes into a list does not look like a change of somebody else's.",
        "Such a list is compared with what was read last, and costs some calls more.",
    ),
    Assumption(
        "DV-20",
        "A record that was merged away is a member of no list any more.",
        "Such a member ends as MERGED, and the record that is left counts.",
    ),
    Assumption("DV-21", "The table list can be given columns and relationships.", "Setup stops there.", by_hand=True),
    Assumption("DV-22", "The prefix dyntui and the option prefix 72700 are free.", "Setup stops there.", by_hand=True),
    Assumption(
        "DV-23",
        "The keys of dyntui's own tables can be used.",
        "Setup waits for them, and goes on where it was left: `dyntui setup`.",
        by_hand=True,
    ),
    Assumption(
        "DV-32",
        "Change tracking is on, or can be switched on, for account, contact, lead and list.",
        "The table is read whole, every time.",
    ),
)

DOTDIGITAL: Final[tuple[Assumption, ...]] = (
    Assumption(
        "DD-01",
        "Nobody who was added lately waits to confirm.",
        "One new person is imported alone, and looked at, before others are; `dyntui canary` tells beforehand.",
        by_hand=True,
    ),
    Assumption(
        "DD-03", "Names in a request are read without regard to capitals.", "The answer to a send is compared with it."
    ),
    Assumption(
        "DD-04",
        "Activities of a cancelled campaign name whom it reached.",
        "Everybody of such a send counts as mailed until a Manager has decided.",
    ),
    Assumption(
        "DD-05",
        "A campaign that shows Sent was sent to everybody whom it was for.",
        "Who was mailed is told by the activities, and not by the campaign's state.",
    ),
    Assumption(
        "DD-07",
        "A campaign that is scheduled shows among those of its address book.",
        "It is never sent again by itself; a Manager decides.",
    ),
    Assumption(
        "DD-10",
        "Unsubscribes from a list stand with its own address book alone.",
        "The address book of a send is kept two weeks, and its unsubscribes count for the lists it was made of.",
    ),
    Assumption("DD-12", "A short page is the last one.", "Feeds of consent are read to their empty page."),
    Assumption(
        "DD-13",
        "The feed of suppressions from 1970 holds everybody whose contact says so.",
        "The contacts' own status is asked as well, before an import and before a send.",
    ),
    Assumption(
        "DD-16",
        "A campaign may be sent several times.",
        "A wave that dotdigital refuses ends as failed; nobody counts as mailed.",
    ),
    Assumption("DD-18", "Contacts have no status that is new to dyntui.", "Such a contact is not mailed."),
    Assumption("DD-19", "An address book's number of contacts is right.", "Its contacts are listed."),
    Assumption(
        "DD-20",
        "Contacts can be asked for by address book and change at once.",
        "The whole address book is listed.",
    ),
    Assumption(
        "DD-23", "Who is suppressed is in no address book.", "They are taken out when their list is synchronised."
    ),
    Assumption(
        "DD-24", "Rows of suppressions and activities have no empty fields.", "Such a row is set apart and told."
    ),
    Assumption("DD-26", "A date that is none is null.", "Year 1 is read as no date."),
    Assumption(
        "DD-27",
        "FIRSTNAME, LASTNAME and FULLNAME are text fields.",
        "A field that is missing is left out of imports and named.",
        by_hand=True,
    ),
    Assumption("DD-28", "A campaign's activities name everybody once.", "One row of a recipient counts."),
    Assumption(
        "DD-35",
        "A person's marketing preferences are one tree, each with its choice.",
        "A person's choices are left as they are, and named.",
    ),
    Assumption("DD-30", "Calls are limited by tiers, not 2,000 an hour.", "Consent is asked for as often as fits."),
    Assumption(
        "DD-31",
        "Nobody else uses up the account's calls.",
        "Runs wait for what is left; give the account a smaller share of the budget.",
    ),
    Assumption(
        "DD-32",
        "A question with a body reaches dotdigital and is answered.",
        "Addresses are asked for one by one.",
    ),
    Assumption("DD-36", "Web behaviour is read as the collection WebInsight.", "Page visits are not read."),
)

ASSUMPTIONS: Final = {each.id: each for each in (*DYNAMICS, *DOTDIGITAL)}


def fact(
    about: Assumption,
    seen: Seen,
    *,
    asked_on: str,
    version: str,
    now: datetime,
    account_id: str = "",
    account: str = "",
) -> Fact:
    """The answer of a connection, as it counts `now`."""
    old = is_old(asked_on, now)
    return Fact(
        id=about.id,
        account_id=account_id,
        account=account,
        text=about.text,
        holds=Holds.UNKNOWN if old else seen.holds,
        seen=seen.text,
        safe=about.safe,
        by_hand=about.by_hand,
        asked_on=asked_on,
        version=version,
        old=old,
    )


def is_old(asked_on: str, now: datetime) -> bool:
    """Whether an answer of this moment counts no more."""
    asked = moment_of(asked_on)
    return asked is None or now - asked > LASTS


def differing(facts: Iterable[Fact]) -> list[Fact]:
    """Those on which somebody should act: what was seen is otherwise, and dyntui can only stop."""
    return [each for each in facts if each.holds is Holds.NO and each.by_hand]


def report(facts: Sequence[Fact], version: str) -> str:
    """The answers as a text that can be sent on, in Markdown. `version`: dyntui's. Accounts are numbered, not named."""
    numbers = {each: f"dotdigital {place}" for place, each in enumerate(dict.fromkeys(_accounts(facts)), start=1)}
    servers = dict.fromkeys((numbers.get(each.account_id, "Dynamics"), each.version) for each in facts)
    lines = [
        "# What the systems of a connection answered",
        "",
        f"dyntui {version}",
        *(f"{system}: {server}" for system, server in servers),
        "",
        "| id | system | assumed | holds | seen | asked on |",
        "|---|---|---|---|---|---|",
    ]
    for each in facts:
        cells = (
            each.id,
            numbers.get(each.account_id, "Dynamics"),
            each.text,
            str(each.holds),
            each.seen,
            each.asked_on,
        )
        lines.append(f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |")
    return "\n".join(lines) + "\n"


def _accounts(facts: Iterable[Fact]) -> list[str]:
    return [each.account_id for each in facts if each.account_id]
