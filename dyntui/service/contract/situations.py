"""What the choice of an action depends on, and the reasons why one cannot be taken just now.

Each rule gives its reason as a sentence for the person, `""` where the action can be taken.
"""

from __future__ import annotations

import msgspec

from dyntui.model.list_status import NO_BOOK
from dyntui.service.contract.campaigns import CampaignRow, SendRow
from dyntui.service.contract.lists import ListRow
from dyntui.service.contract.runs import RunRow


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """What the choice of an action depends on: the person's abilities and what is selected on the screen.

    `entered` is false until the person is signed in; `depth` is how many steps out the top-level screen is; `list_run`
    the active run of the selected list; `target` the selected target list of a campaign; `lists` and `campaigns` are
    the marked rows, which an action takes in place of the one in hand; `step` and `blocked` are the wizard's: where it
    stands (1-5) and why it cannot go on; `trouble`: something on the screen could not be read;
    `send`: the one in hand, or the first in doubt; `source`: of opt-outs, the one in hand.
    """

    abilities: frozenset[str] = frozenset()
    connected: bool = True
    roles_known: bool = True
    entered: bool = True
    depth: int = 0
    list: ListRow | None = None
    list_run: str = ""
    campaign: CampaignRow | None = None
    target: ListRow | None = None
    run: RunRow | None = None
    lists: tuple[ListRow, ...] = ()
    campaigns: tuple[CampaignRow, ...] = ()
    step: int = 0
    blocked: str = ""
    trouble: bool = False
    send: SendRow | None = None
    source: str = ""


_ONE_CAMPAIGN = "This is about one campaign; Esc takes back the marks."


def always(_: Situation) -> str:
    """Nothing is ever against it."""
    return ""


def trouble(situation: Situation) -> str:
    """Something could not be read."""
    return "" if situation.trouble else "Everything on this screen was read."


def runs(situation: Situation) -> bool:
    """Whether the run has not ended yet."""
    return situation.run is not None and not situation.run.status.ended


def not_activated(situation: Situation) -> bool:
    """Unless the list is activated already."""
    return situation.list is None or not situation.list.activated


def at_all_times(_: Situation) -> bool:
    """Whatever the situation."""
    return True


def quit_at_top(situation: Situation) -> str:
    """Not on a screen from which Esc leads out."""
    return "Esc goes one step out; q quits on a top-level screen." if situation.depth else ""


def go(situation: Situation) -> str:
    """Only once somebody is signed in."""
    return "" if situation.entered else "There is nothing to see before you are signed in."


def can_be_activated(row: ListRow) -> bool:
    """Whether the list is active in Dynamics, and not activated yet or without its address book."""
    return row.active and (not row.activated or row.sync_status == NO_BOOK)


def can_be_synchronised(row: ListRow) -> bool:
    """Whether the list is activated, and active in Dynamics."""
    return row.active and row.activated


def activate(situation: Situation) -> str:
    """A list that is active in Dynamics and not activated yet, or has lost its address book; of several, one."""
    if situation.lists:
        return "" if any(map(can_be_activated, situation.lists)) else "None of the marked lists can be activated."
    row = situation.list
    if row is None:
        return "No marketing list is selected."
    if row.activated and row.sync_status != NO_BOOK:
        return f"{row.name} is already activated for email."
    if not row.active:
        return f"{row.name} is inactive in Dynamics; activate the list there first."
    return ""


def deactivate(situation: Situation) -> str:
    """A list that is activated and not just being synchronised; of several, one."""
    if situation.lists:
        return "" if any(each.activated for each in situation.lists) else "None of the marked lists is activated."
    row = situation.list
    if row is None:
        return "No marketing list is selected."
    if not row.activated:
        return f"{row.name} is not activated for email."
    if situation.list_run:
        return f"{row.name} is being synchronised; wait for it or cancel it first."
    return ""


def synchronise_list(situation: Situation) -> str:
    """An activated list that is not being synchronised already; of several, one."""
    if situation.lists:
        return "" if any(map(can_be_synchronised, situation.lists)) else "None of the marked lists is activated."
    row = situation.list
    if row is None:
        return "No marketing list is selected."
    if not row.activated:
        return f"{row.name} is not activated for email yet; press a to activate it."
    if not row.active:
        return f"{row.name} is inactive in Dynamics."
    if situation.list_run:
        return f"{row.name} is being synchronised already."
    return ""


def campaign(situation: Situation) -> str:
    """Any campaign."""
    return "" if situation.campaign is not None else "No email campaign is selected."


def send(situation: Situation) -> str:
    """A campaign with targets that is not being sent."""
    if len(situation.campaigns) > 1:
        return _ONE_CAMPAIGN
    row = situation.campaign
    if row is None:
        return "No email campaign is selected."
    if row.status == "Sending":
        return f"{row.name} is being sent already."
    return "" if row.targets else f"{row.name} has no target marketing list yet; t on its page adds one."


def count(situation: Situation) -> str:
    """A campaign with targets."""
    if len(situation.campaigns) > 1:
        return _ONE_CAMPAIGN
    row = situation.campaign
    if row is None:
        return "No email campaign is selected."
    return "" if row.targets else f"{row.name} has no target marketing list yet; t on its page adds one."


def remove_target(situation: Situation) -> str:
    """A target list."""
    return "" if situation.target is not None else "No target marketing list is selected."


def report(situation: Situation) -> str:
    """A campaign that was sent."""
    if len(situation.campaigns) > 1:
        return _ONE_CAMPAIGN
    row = situation.campaign
    if row is None:
        return "No email campaign is selected."
    return "" if row.sent or row.sent_on else f"{row.name} has not been sent yet, so there is nothing to report."


def in_doubt(situation: Situation) -> bool:
    """Whether it is not known whom the send reached."""
    send = situation.send
    return send is not None and (send.undecided or send.state == "Sending")


def settle(situation: Situation) -> str:
    """A send in doubt."""
    if situation.send is None:
        return "No send is selected."
    return "" if in_doubt(situation) else "It is known whom this send mailed, or somebody has said so already."


def source(situation: Situation) -> str:
    """A source of opt-outs."""
    return "" if situation.source else "The organisation has no other source of opt-outs."


def cancel(situation: Situation) -> str:
    """A run that goes on."""
    run = situation.run
    if run is None:
        return "No run is selected."
    if run.status.ended:
        return f"The run has ended: {run.status}."
    return "It is being cancelled already." if run.cancelling else ""


def run_people(situation: Situation) -> str:
    """A run in which people have outcomes."""
    if situation.run is None:
        return "No run is selected."
    return "" if situation.run.tally.named else "Nobody has an outcome in this run yet."


def blocked(situation: Situation) -> str:
    """What the wizard says."""
    return situation.blocked


def first_step(situation: Situation) -> str:
    """Not before the first step."""
    return "This is the first step; Esc leaves the wizard." if situation.step <= 1 else ""
