"""Sends: one dispatch of an email campaign each, and the wizard that makes one."""

from __future__ import annotations

from typing import Annotated

import msgspec

from dyntui.model.roles import Ability
from dyntui.model.sends import SendRow as SendRow
from dyntui.model.waves import Waves as Waves
from dyntui.service.contract.actions import Action
from dyntui.service.contract.bounds import Number, Text, one_of
from dyntui.service.contract.calls import Call
from dyntui.service.contract.events import Changed, Event
from dyntui.service.contract.lists import ON_WIZARD
from dyntui.service.contract.paging import Page, Window
from dyntui.service.contract.situations import Situation


class SendCampaign(msgspec.Struct, frozen=True, kw_only=True):
    """Send to exactly the people of a target count. `confirm` is the number typed by the person where one is asked.

    `at`: when it is to go out (ISO 8601 with a zone), `""` for at once. Until then the service holds it; at that time
    the lists are synchronised and counted anew. `waves`: not all at once.
    """

    count: Text
    confirm: Number | None = None
    at: Text = ""
    waves: Waves | None = None


class SendRef(msgspec.Struct, frozen=True):
    """A send by its id; where a call says so, by the beginning of it."""

    id: Text


# Which sends: all of them, or those that wait for their hour or for a person.
SENDS = ("all", "held")


class SendsQuery(Window, frozen=True, kw_only=True):
    """The sends of all campaigns, or of one email account's; `view`: `all` or `held`."""

    view: Annotated[str, one_of(*SENDS)] = "all"
    account: Text = ""


class SettleSend(msgspec.Struct, frozen=True):
    """What somebody found in dotdigital's outbox (Campaigns > Email > Outbox) about a send in doubt: whether its people
    were mailed."""

    id: Text
    was_mailed: bool


SENDS_CHANGED = Event("sends.changed", Changed)

SENDS_PAGE = Call("sends.page", SendsQuery, Page[SendRow], Ability.SEE)
SEND_GET = Call("sends.get", SendRef, SendRow, Ability.SEE)
# By the beginning of the id, too.
SEND_CANCEL = Call("sends.cancel", SendRef, SendRow, Ability.SEND, changes=(SENDS_CHANGED,))
SEND_RELEASE = Call("sends.release", SendRef, SendRow, Ability.SEND, changes=(SENDS_CHANGED,))
SEND_SETTLE = Call("sends.settle", SettleSend, SendRow, Ability.SEND)


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


ACTIONS = (
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
