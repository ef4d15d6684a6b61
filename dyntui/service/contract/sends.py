"""Sends: one dispatch of an email campaign each, and the wizard that makes one."""

from __future__ import annotations

from typing import Annotated

import msgspec

from dyntui.model.outcomes import ReasonCount
from dyntui.model.roles import Ability
from dyntui.model.runs import RunRow
from dyntui.model.sends import HANDED_OVER as HANDED_OVER
from dyntui.model.sends import LIVE
from dyntui.model.sends import PersonChanged as PersonChanged
from dyntui.model.sends import SendResults as SendResults
from dyntui.model.sends import SendRow as SendRow
from dyntui.model.split_tests import SplitTest as SplitTest
from dyntui.model.waves import Limits as Limits
from dyntui.model.waves import Waves as Waves
from dyntui.service.contract.actions import Action, Scope
from dyntui.service.contract.bounds import Number, Text, one_of
from dyntui.service.contract.calls import Call
from dyntui.service.contract.console import ON_EVERYWHERE
from dyntui.service.contract.events import Changed, Event
from dyntui.service.contract.lists import ON_WIZARD
from dyntui.service.contract.paging import Page, Window
from dyntui.service.contract.situations import Situation, go


class SendCampaign(msgspec.Struct, frozen=True, kw_only=True):
    """Send to exactly the people of a target count. `confirm` is the number typed by the person where one is asked.

    `at`: when it is to go out (ISO 8601 with a zone), `""` for at once. Until then the service holds it; at that time
    the lists are synchronised and counted anew. `handed`: the service does not hold it, dotdigital gets it now and
    mails it at that time: there is no call that takes it back. `waves`: not all at once. `split`: of a campaign that is
    a split test, how its winner is picked; None sends its first version alone.
    """

    count: Text
    confirm: Number | None = None
    at: Text = ""
    handed: bool = False
    waves: Waves | None = None
    split: SplitTest | None = None


class SendRef(msgspec.Struct, frozen=True):
    """A send by its id; where a call says so, by the beginning of it."""

    id: Text


# Which sends: all of them, or those that wait for their hour, here or in dotdigital, or for a person; of these those of
# which nobody has said whom they reached, or those that have missed their hour.
SENDS = ("all", "held", "undecided", "missed")


class SendsQuery(Window, frozen=True, kw_only=True):
    """The sends of all campaigns, or of one email account's; `view`: `all` or `held`, or of these
    `undecided` or `missed`. `list`: those to this marketing
    list (its id), alone or with others, each of a send in waves as one."""

    view: Annotated[str, one_of(*SENDS)] = "all"
    account: Text = ""
    list: Text = ""


class SendDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A send's page. `whole`: the send that it is a wave of; `waves`: those that have begun, of it or of the whole one.
    `run` carries it out, or the wave under way. `counted`: what the count said when somebody confirmed the send, empty
    where nobody wrote it down; `people`: what became of everybody by now; `count`: names them for
    `campaigns.count_people`. `stop`: why no further wave begins. `results` as of `results_on`, None before it is
    sent; `unread`: why none are read, `""` where they are."""

    send: SendRow
    whole: SendRow | None = None
    waves: tuple[SendRow, ...] = ()
    run: RunRow | None = None
    count: str
    counted: tuple[ReasonCount, ...]
    people: tuple[ReasonCount, ...]
    stop: str = ""
    results: SendResults | None = None
    results_on: str = ""
    unread: str = ""


class ChangesQuery(Window, frozen=True, kw_only=True):
    """Who of a send (its id, or the beginning of it) is something else by now than when somebody confirmed it."""

    id: Text


class SettleSend(msgspec.Struct, frozen=True):
    """What somebody found in dotdigital's outbox (Campaigns > Email > Outbox) about a send in doubt (its id, or the
    beginning of it): whether its people were mailed."""

    id: Text
    was_mailed: bool


SENDS_CHANGED = Event("sends.changed", Changed)

SENDS_PAGE = Call("sends.page", SendsQuery, Page[SendRow], Ability.SEE)
SEND_GET = Call("sends.get", SendRef, SendRow, Ability.SEE)
# By the beginning of the id, too; `sends.show` by the id of its run as well.
SEND_SHOW = Call("sends.show", SendRef, SendDetail, Ability.SEE)
SEND_CHANGES = Call("sends.changes", ChangesQuery, Page[PersonChanged], Ability.SEE)
SEND_CANCEL = Call("sends.cancel", SendRef, SendRow, Ability.SEND, changes=(SENDS_CHANGED,))
SEND_RELEASE = Call("sends.release", SendRef, SendRow, Ability.SEND, changes=(SENDS_CHANGED,))
SEND_SETTLE = Call("sends.settle", SettleSend, SendRow, Ability.SEND, changes=(SENDS_CHANGED,))


# The step of the wizard that shows the counts.
COUNTS_STEP = 3


class WizardStep(msgspec.Struct, frozen=True):
    """Where the wizard stands (1-5), and why it cannot go on."""

    step: int
    blocked: str


def blocked(situation: Situation) -> str:
    """What the wizard says."""
    step = situation.one(WizardStep)
    return step.blocked if step is not None else ""


def first_step(situation: Situation) -> str:
    """Not before the first step."""
    step = situation.one(WizardStep)
    return "This is the first step; Esc leaves the wizard." if step is None or step.step <= 1 else ""


def options(situation: Situation) -> str:
    """On the step of the options."""
    step = situation.one(WizardStep)
    return "" if step is not None and step.step == OPTIONS_STEP else "When and how is asked on the step of the options."


def has_options(situation: Situation) -> bool:
    """Whether it is the step of the options."""
    return not options(situation)


def cancel(situation: Situation) -> str:
    """A send that has not been handed over whole."""
    row = situation.one(SendRow)
    if row is None:
        return "No send is selected."
    return "" if can_be_cancelled(situation) else f"It is {row.state}: there is nothing to cancel any more."


def can_be_cancelled(situation: Situation) -> bool:
    """Whether there is something that can still be kept from going out."""
    row = situation.one(SendRow)
    return row is not None and row.state in (*LIVE, HANDED_OVER, "Queued", "Preparing")


def release(situation: Situation) -> str:
    """A send that has missed its hour."""
    row = situation.one(SendRow)
    if row is None:
        return "No send is selected."
    return "" if row.state == "Missed" else "It has not missed its hour."


def has_missed(situation: Situation) -> bool:
    """Whether the send in hand has missed its hour."""
    return not release(situation)


def any_send(situation: Situation) -> str:
    """A send."""
    return "" if situation.one(SendRow) is not None else "No send is selected."


def has_begun(situation: Situation) -> str:
    """A send that a run carries out."""
    row = situation.one(SendRow)
    if row is None:
        return "No send is selected."
    return "" if row.run else "No run has begun yet."


def has_gone_out(situation: Situation) -> str:
    """A send of which something can have come back."""
    row = situation.one(SendRow)
    if row is None:
        return "No send is selected."
    return "" if row.mailed or row.state in ("Sent", "Stopped") else "Nothing has gone out yet."


def in_doubt(situation: Situation) -> bool:
    """Whether it is not known whom the send reached."""
    send = situation.one(SendRow)
    return send is not None and (send.undecided or send.state == "Sending")


def settle(situation: Situation) -> str:
    """A send of which it is not known whom it reached."""
    send = situation.one(SendRow)
    if send is None:
        return "No send is selected."
    return "" if in_doubt(situation) else "It is known whom this send mailed, or somebody has said so already."


# The step of the wizard on which it is said when and how it goes out.
OPTIONS_STEP = 4

ON_SENDS = Scope("Sends")
ON_SEND = Scope("Send")

ACTIONS = (
    Action(
        id="sends.open",
        title="Sends",
        scopes=(ON_EVERYWHERE,),
        keys=("W",),
        call=SENDS_PAGE,
        command="dyntui sends list",
        tooltip="Sends that wait for their hour or for a person, those in waves, and all others",
        rule=go,
    ),
    Action(
        id="sends.cancel",
        title="Cancel or stop",
        scopes=(ON_SENDS, ON_SEND),
        keys=("x",),
        hint="Cancel",
        call=SEND_CANCEL,
        command="dyntui sends cancel SEND",
        tooltip="It does not go out; no other wave begins; of one that dotdigital has the address book is emptied",
        row=True,
        rule=cancel,
        hinted=can_be_cancelled,
    ),
    Action(
        id="sends.release",
        title="Send now what was missed",
        scopes=(ON_SENDS, ON_SEND),
        keys=("n",),
        hint="Send now",
        call=SEND_RELEASE,
        command="dyntui sends release SEND",
        tooltip="The send, or its next wave, goes out now: everybody is decided anew",
        row=True,
        rule=release,
        hinted=has_missed,
    ),
    Action(
        id="send.settle",
        title="Say what became of the send",
        scopes=(ON_SEND,),
        keys=("o",),
        hint="Settle",
        call=SEND_SETTLE,
        command="dyntui campaigns settle SEND --was-mailed",
        tooltip="Where nobody knows whom it reached: what dotdigital's outbox says",
        rule=settle,
        hinted=in_doubt,
    ),
    Action(
        id="send.people",
        title="Everybody of the send",
        scopes=(ON_SEND,),
        keys=("p",),
        hint="People",
        call=SEND_SHOW,
        command="dyntui sends people SEND",
        tooltip="Who is mailed, and who is not and why",
        rule=any_send,
    ),
    Action(
        id="send.changes",
        title="What changed since it was confirmed",
        scopes=(ON_SEND,),
        keys=("d",),
        hint="Changed since",
        call=SEND_CHANGES,
        command="dyntui sends changes SEND",
        tooltip="Whoever is mailed or left out against what was counted, with the cause and its date",
        rule=any_send,
    ),
    Action(
        id="send.report",
        title="Report of the email campaign",
        scopes=(ON_SEND,),
        keys=("v",),
        hint="Report",
        command="dyntui campaigns report CAMPAIGN",
        tooltip="Opens, clicks, links and recipients",
        rule=any_send,
    ),
    Action(
        id="send.run",
        title="Run of the send",
        scopes=(ON_SEND,),
        keys=("a",),
        aside="Run",
        command="dyntui audit show RUN",
        tooltip="What it asked of both systems, how long it took, and what went wrong",
        rule=has_begun,
    ),
    Action(
        id="wizard.options",
        title="When and how",
        scopes=(ON_WIZARD,),
        keys=("E",),
        hint="When and how",
        tooltip="Now or at a time, held here or by dotdigital; all at once, in waves, or as a split test",
        rule=options,
        hinted=has_options,
    ),
    Action(
        id="wizard.next",
        title="Next",
        scopes=(ON_WIZARD,),
        keys=("n",),
        hint="Next",
        tooltip="The next step of the wizard; on the last one to the button that sends",
        rule=blocked,
    ),
    Action(
        id="wizard.previous",
        title="Previous step",
        scopes=(ON_WIZARD,),
        keys=("b",),
        tooltip="The step before; what you chose is kept",
        rule=first_step,
    ),
)
