"""Suppressions as dyntui knows them."""

from __future__ import annotations

import msgspec

from dyntui.model.roles import Ability
from dyntui.model.suppressions import OddRow as OddRow
from dyntui.model.suppressions import SuppressionRow as SuppressionRow
from dyntui.service.contract.actions import Action, Scope, Section
from dyntui.service.contract.bounds import Text
from dyntui.service.contract.calls import Call
from dyntui.service.contract.events import Changed, Event
from dyntui.service.contract.members import MEMBERS_GATHER
from dyntui.service.contract.paging import Page, Window
from dyntui.service.contract.runs import RUN_START, RunRow
from dyntui.service.contract.session import Nothing
from dyntui.service.contract.situations import Situation


class SuppressionsQuery(Window, frozen=True, kw_only=True):
    """A window on the suppressed addresses."""

    account: Text = ""


class AddSuppression(msgspec.Struct, frozen=True, kw_only=True):
    """`address` is mailed by no email account any more; `reason` is kept with who said so. Only the person can take it
    back, by subscribing again in dotdigital."""

    address: Text
    reason: Text


class AddedSuppression(msgspec.Struct, frozen=True, kw_only=True):
    """The address as it was taken; the email accounts by which it is suppressed `already`; and the runs that suppress
    it in the others, in Dynamics, and on its records."""

    address: str
    already: tuple[str, ...]
    runs: tuple[RunRow, ...]


class AskToSubscribe(msgspec.Struct, frozen=True, kw_only=True):
    """Who has `address` is asked by dotdigital, in an email of its own, whether they want to be mailed again by the
    email account (id or name; `""`: the default one). `evidence`: how it is known that they want to; it is kept with
    who said so. Nothing changes until the person confirms."""

    address: Text
    evidence: Text
    account: Text = ""


class AskedToSubscribe(msgspec.Struct, frozen=True, kw_only=True):
    """`status` as dotdigital gave it, and what that means, in words."""

    address: str
    account: str
    status: str
    said: str


class LiftSuppression(msgspec.Struct, frozen=True, kw_only=True):
    """`address` may be mailed again, as far as that can be decided; `reason` is kept with who decided it."""

    address: Text
    reason: Text


class Lifted(msgspec.Struct, frozen=True, kw_only=True):
    """What ended, and what stays: each a line to be read, with what would end it."""

    address: str
    lifted: tuple[str, ...]
    stays: tuple[str, ...]


class OddRows(msgspec.Struct, frozen=True, kw_only=True):
    """All that nobody has mended yet."""

    rows: tuple[OddRow, ...]


class ConsentSources(msgspec.Struct, frozen=True, kw_only=True):
    """Where people opt out in this organisation besides `donotemail` and `donotbulkemail`.

    `found` are the columns and tables that it has (asked on `asked_on`), `counting` those that count. `answered`: an
    administrator has said so; until then all count.
    """

    found: tuple[str, ...]
    counting: tuple[str, ...]
    answered: bool
    asked_on: str


class AnswerConsentSources(msgspec.Struct, frozen=True, kw_only=True):
    """Which of `donotsendmm` and `msdynmkt_contactpointconsent4` are opt-outs of this organisation. `seen`: those that
    counted when the person answered; None: whatever counts by now, the answer is meant."""

    count: tuple[Text, ...]
    seen: tuple[Text, ...] | None = None


SUPPRESSIONS_CHANGED = Event("suppressions.changed", Changed)
_CHANGED = (SUPPRESSIONS_CHANGED,)

SUPPRESSIONS_PAGE = Call("suppressions.page", SuppressionsQuery, Page[SuppressionRow], Ability.SEE)
SUPPRESSION_ADD = Call("suppressions.add", AddSuppression, AddedSuppression, Ability.ADMINISTER, changes=_CHANGED)
SUPPRESSION_ASK = Call("suppressions.ask", AskToSubscribe, AskedToSubscribe, Ability.ADMINISTER, changes=_CHANGED)
SUPPRESSION_LIFT = Call("suppressions.lift", LiftSuppression, Lifted, Ability.ADMINISTER, changes=_CHANGED)
SUPPRESSION_ODD = Call("suppressions.odd", Nothing, OddRows, Ability.SEE)
CONSENT_SOURCES = Call("suppressions.sources", Nothing, ConsentSources, Ability.SEE)
ANSWER_CONSENT_SOURCES = Call(
    "suppressions.answer_sources",
    AnswerConsentSources,
    ConsentSources,
    Ability.ADMINISTER,
    changes=_CHANGED,
)


class OptOutSource(msgspec.Struct, frozen=True):
    """A source of opt-outs in hand."""

    name: str


def source(situation: Situation) -> str:
    """A source of opt-outs."""
    return "" if situation.one(OptOutSource) else "The organisation has no other source of opt-outs."


SECTION = Section(
    "suppressions",
    title="Suppressions",
    short="Suppressions",
    tooltip="Who must not be mailed, and why",
    known_as=("Email Suppressions",),
)

ON_SUPPRESSIONS = Scope("Suppressions")
ON_SOURCES = Scope("Where people opt out")


ACTIONS = (
    Action(
        id="suppressions.gather",
        title="Make a list of who is suppressed",
        scopes=(ON_SUPPRESSIONS,),
        keys=("A",),
        aside="Make a list",
        call=MEMBERS_GATHER,
        command="dyntui lists gather NAME --suppressed",
        tooltip="A static list of the records with the marked addresses, or with all shown: they are not mailed",
    ),
    Action(
        id="suppressions.synchronise",
        title="Synchronise",
        scopes=(ON_SUPPRESSIONS,),
        keys=("s",),
        hint="Synchronise",
        call=RUN_START,
        command="dyntui sync suppressions",
        tooltip="Reads the suppression lists of every email account",
    ),
    Action(
        id="suppressions.add",
        title="Suppress an address",
        scopes=(ON_SUPPRESSIONS,),
        keys=("a",),
        aside="Suppress",
        call=SUPPRESSION_ADD,
        command="dyntui suppressions add ADDRESS --reason WHY",
        tooltip="It is mailed by no email account any more, with a reason; only the person can take that back",
    ),
    Action(
        id="suppressions.ask",
        title="Ask whether to subscribe again",
        scopes=(ON_SUPPRESSIONS,),
        keys=("R",),
        aside="Ask",
        call=SUPPRESSION_ASK,
        command="dyntui suppressions ask ADDRESS --evidence HOW",
        tooltip="dotdigital mails the person and asks; nothing changes until they confirm",
        row=True,
    ),
    Action(
        id="suppressions.lift",
        title="Lift a suppression",
        scopes=(ON_SUPPRESSIONS,),
        keys=("L",),
        aside="Lift",
        call=SUPPRESSION_LIFT,
        command="dyntui suppressions lift ADDRESS --reason WHY",
        tooltip="Ends what only dyntui still knows against an address, with a reason",
        row=True,
    ),
    Action(
        id="suppressions.odd",
        title="Rows without an address",
        scopes=(ON_SUPPRESSIONS,),
        keys=("n",),
        aside="Odd rows",
        call=SUPPRESSION_ODD,
        command="dyntui suppressions odd",
        tooltip="Rows that ask for somebody not to be mailed and name nobody",
    ),
    Action(
        id="suppressions.sources",
        title="Where people opt out in Dynamics",
        scopes=(ON_SUPPRESSIONS,),
        keys=("f",),
        aside="Sources",
        call=CONSENT_SOURCES,
        command="dyntui suppressions sources",
        tooltip="Columns and tables besides donotemail and donotbulkemail, and whether they count",
    ),
    Action(
        id="sources.change",
        title="Count it, or not",
        scopes=(ON_SOURCES,),
        keys=("a",),
        hint="Count it or not",
        call=ANSWER_CONSENT_SOURCES,
        command="dyntui suppressions sources --count donotsendmm",
        tooltip="Whether opting out there is an opt-out; asks first",
        row=True,
        rule=source,
    ),
    Action(
        id="sources.confirm",
        title="Leave it as it is",
        scopes=(ON_SOURCES,),
        keys=("c",),
        hint="Leave it as it is",
        call=ANSWER_CONSENT_SOURCES,
        command="dyntui suppressions sources --count donotsendmm",
        tooltip="Answers that what counts now is what should count",
        rule=source,
    ),
)
