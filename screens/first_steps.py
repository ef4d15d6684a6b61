"""The way of a newcomer through the main job, each step checked against what the service says has happened."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

import msgspec

from dyntui.model.outcomes import RunStatus
from dyntui.model.roles import Ability, roles_with
from dyntui.service.contract.campaigns import CampaignRef, CampaignRow
from dyntui.service.contract.lists import ListRow
from dyntui.service.contract.runs import RunRow

from .console import ConsoleApp
from .places import CAMPAIGN, LIST, REPORT, SEND_WIZARD
from .widgets.bars import BarRow

_DONE = (RunStatus.COMPLETED, RunStatus.COMPLETED_WITH_ERRORS, RunStatus.HELD)


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What the steps are judged by: activated lists, campaigns, latest runs."""

    lists: tuple[ListRow, ...] = ()
    campaigns: tuple[CampaignRow, ...] = ()
    runs: tuple[RunRow, ...] = ()

    def run(self, kind: str) -> RunRow | None:
        """The newest finished run of a kind."""
        return next((run for run in self.runs if run.kind == kind and run.status in _DONE), None)

    @property
    def targeted(self) -> CampaignRow | None:
        """A campaign with targets, an unsent one first."""
        rows = [row for row in self.campaigns if row.targets]
        return min(rows, key=lambda row: row.status != "Unsent", default=None)

    @property
    def sent(self) -> CampaignRow | None:
        """The campaign of the newest finished send."""
        run = self.run("send")
        return next((row for row in self.campaigns if run is not None and row.targets and row.sent_on), None)


class Step(msgspec.Struct, frozen=True):
    """A step: its text, how one sees that it is done, and what it takes."""

    key: str
    text: str
    done: Callable[[Known], bool]
    ability: Ability = Ability.SYNCHRONISE


def _sent(known: Known) -> bool:
    """Also where what was sent is archived meanwhile."""
    return known.run("send") is not None


def _results(known: Known) -> bool:
    send, results = known.run("send"), known.run("campaigns")
    return send is not None and results is not None and results.ended_on >= send.ended_on


STEPS: tuple[Step, ...] = (
    Step("activate", "Activate a marketing list for email", lambda known: bool(known.lists)),
    Step("synchronise", "Synchronise it", lambda known: any(row.last_synced for row in known.lists)),
    Step("campaigns", "Synchronise the email campaigns", lambda known: bool(known.campaigns)),
    Step("targets", "Give a campaign its target lists", lambda known: known.targeted is not None or _sent(known)),
    Step("send", "Send it through the wizard", _sent, Ability.SEND),
    Step("results", "Synchronise again and read the results", _results),
)


# The section, and the view of it, in which each step is taken.
_WHERE: Final = {
    "activate": ("lists", "active"),
    "synchronise": ("lists", "active"),
    "campaigns": ("campaigns", "current"),
    "targets": ("campaigns", "unsent"),
    "send": ("campaigns", "unsent"),
    "results": ("campaigns", "current"),
}


def step_rows(known: Known, abilities: Collection[str]) -> list[BarRow]:
    """The steps with their check marks; the next one that the person may take stands out."""
    rows = []
    open_yet = True
    for place, step in enumerate(STEPS, start=1):
        done = step.done(known)
        if not done and step.ability.value not in abilities:
            needed = " or ".join(role.value for role in roles_with(step.ability))
            rows.append(BarRow(step.key, f"{place}  {step.text}", None, "muted", "-", needed))
            continue
        now = not done and open_yet
        open_yet = open_yet and not now
        sign, tone = ("✓", "good") if done else ("▸", "accent") if now else ("·", "muted")
        rows.append(BarRow(step.key, f"{place}  {step.text}", None, tone, sign, "Enter" if now else ""))
    return rows


def follow(console: ConsoleApp, key: str, known: Known) -> None:
    """Goes where a step is taken, and there to the view in which it can be."""
    section, view = _WHERE[key]
    console.go(section, view)
    row, row_ = next((row for row in known.lists if not row.last_synced), None), known.targeted
    if key == "synchronise" and row is not None:
        console.open_page(LIST, row.id)
    elif key == "targets":
        console.notify("Choose a campaign that was not sent yet: Enter opens it, t adds target lists.")
    elif key == "send" and row_ is not None:
        console.open_page(CAMPAIGN, CampaignRef(row_.id, row_.of))
        console.open_page(SEND_WIZARD, CampaignRef(row_.id, row_.of))
    elif key == "results" and known.sent is not None:
        console.open_page(REPORT, CampaignRef(known.sent.id, known.sent.of))
