"""Health: what is wrong with the installation, and how it is mended."""

from __future__ import annotations

import msgspec

from dyntui.model.first_connection import Fact as Fact
from dyntui.model.health import Finding as Finding
from dyntui.model.health import Severity as Severity
from dyntui.model.roles import Ability
from dyntui.service.contract.actions import Action, Scope
from dyntui.service.contract.calls import Call
from dyntui.service.contract.console import ON_EVERYWHERE
from dyntui.service.contract.events import Changed, Event
from dyntui.service.contract.runs import RUN_START
from dyntui.service.contract.session import Nothing
from dyntui.service.contract.setup import CANARY, SetupRequest
from dyntui.service.contract.situations import Situation, go


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, the worst first, on `as_of` (ISO 8601 UTC); `looked_at`: the parts that were asked."""

    findings: tuple[Finding, ...]
    looked_at: tuple[str, ...]
    as_of: str


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the systems of this connection answered to what is assumed of them; empty before they were asked."""

    facts: tuple[Fact, ...]


FACTS_CHANGED = Event("facts.changed", Changed)

HEALTH_CHECK = Call("health.check", Nothing, Health, Ability.SEE)
FACTS_LIST = Call("facts.list", Nothing, Facts, Ability.SEE)
# With what setup would be told, before it is: open until an organisation is connected, and nothing is kept of it.
FACTS_BEFORE = Call("facts.before", SetupRequest, Facts, None)
FACTS_ASK = Call("facts.ask", Nothing, Facts, Ability.ADMINISTER, changes=(FACTS_CHANGED,))

ON_HEALTH = Scope("Health")
ON_FACTS = Scope("First connection")


def mended_by_a_run(situation: Situation) -> str:
    """A finding that a run mends without risk."""
    row = situation.one(Finding)
    if row is None:
        return "No finding is selected."
    return "" if row.mended_by else "No synchronisation mends it: see its remedy."


def is_mended_by_a_run(situation: Situation) -> bool:
    """Whether a run mends the finding in hand."""
    row = situation.one(Finding)
    return row is not None and bool(row.mended_by)


ACTIONS = (
    Action(
        id="health.open",
        title="Health",
        scopes=(ON_EVERYWHERE,),
        keys=("H",),
        call=HEALTH_CHECK,
        command="dyntui doctor",
        tooltip="What is wrong with the installation, what it means and how it is mended",
        rule=go,
    ),
    Action(
        id="health.mend",
        title="Mend it by a synchronisation",
        scopes=(ON_HEALTH,),
        keys=("m",),
        hint="Mend",
        call=RUN_START,
        command="dyntui doctor --fix",
        tooltip="Starts the synchronisation that mends the finding without risk",
        row=True,
        rule=mended_by_a_run,
        hinted=is_mended_by_a_run,
    ),
    Action(
        id="health.bundle",
        title="Write a file for support",
        scopes=(ON_HEALTH,),
        keys=("x",),
        hint="For support",
        call=HEALTH_CHECK,
        command="dyntui doctor --bundle FILE",
        tooltip="Findings, status, configuration and log, with addresses masked and no secret",
    ),
    Action(
        id="facts.open",
        title="First connection",
        scopes=(ON_HEALTH,),
        keys=("f",),
        call=FACTS_LIST,
        command="dyntui doctor --first",
        tooltip="What is assumed of Dynamics and dotdigital, and what they answered to it",
        rule=go,
    ),
    Action(
        id="facts.ask",
        title="Ask both systems",
        scopes=(ON_FACTS,),
        keys=("a",),
        hint="Ask",
        call=FACTS_ASK,
        command="dyntui doctor --first",
        tooltip="Asks both systems what is assumed of them; some ninety calls, which only read",
    ),
    Action(
        id="canary.fly",
        title="Canary import",
        scopes=(ON_HEALTH, ON_FACTS),
        keys=("c",),
        call=CANARY,
        command="dyntui canary ADDRESS",
        tooltip="Imports one address of your own, to see whether the email account mails everybody who is imported",
        hint="Canary",
    ),
)
