"""How much of an email campaign's results is to be read, and what of it is told of nobody."""

from __future__ import annotations

from collections.abc import Iterable

from textual import on
from textual.widget import Widget
from textual.widgets import Static

from dyntui.model.campaign_results import CountedOnly
from dyntui.service.contract.campaigns import CampaignRow

from .dialogs import Dialog
from .widgets.bars import BarList, BarRow
from .widgets.facts import Fact
from .wording import moment

_AS_ACCOUNT = "*"
_LEVELS = (
    (_AS_ACCOUNT, "As the email account says", "with its switches"),
    ("NONE", "NONE", "no results"),
    ("SUMMARY", "SUMMARY", "totals"),
    ("DETAILED", "DETAILED", "totals and recipients"),
)


_ALL_OF_IT = "DETAILED, as the email account says"


def narrowed(reads: str) -> list[Fact]:
    """What is read of a campaign's results, where that is not all of it, or is of its own."""
    return [] if reads in ("", _ALL_OF_IT) else [("Results read", reads, "warn")]


def counted_only(counted: CountedOnly | None) -> list[Fact]:
    """What the totals count and no list of people shows, and whether it is looked for still."""
    if counted is None:
        return []
    again = f"again after {moment(counted.looked_for)}" if counted.looked_for else "no more: see dotdigital's report"
    return [("Counted only", counted.what, "warn"), ("  looked for", again, "muted")]


class SyncLevelChoice(Dialog[str]):
    """Answers with a level of the campaign's own, or `""` for that of its account; Esc gives no answer."""

    def __init__(self, campaign: CampaignRow) -> None:
        super().__init__(f"Sync level of {campaign.name}")
        self._chosen = campaign.sync_level or _AS_ACCOUNT
        self._bars = BarList(id="level-choice", shares=False, enter="Choose")

    def compose_body(self) -> Iterable[Widget]:
        """The levels, and what a choice means."""
        yield Static("It counts from the next run on. What is read already stays.", markup=False)
        yield self._bars

    def on_mount(self) -> None:
        """On the one that counts now."""
        self._bars.show_rows(
            [BarRow(key, title, None, "", "•" if key == self._chosen else " ", told) for key, title, told in _LEVELS]
        )
        self._bars.choose(self._chosen)
        self.set_focus(self._bars)

    def refresh_hints(self) -> None:
        """Draws how one chooses."""
        self.show_keys(("↑ ↓", "Line"), ("Enter", "Choose"), ("Esc", "Cancel"))

    @on(BarList.Opened)
    def _answered(self, event: BarList.Opened) -> None:
        self.dismiss("" if event.key == _AS_ACCOUNT else event.key)
