"""Putting email campaigns away and taking them out again, whichever screen has them in hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dyntui.service.contract.actions import key_name
from dyntui.service.contract.archive import (
    CAMPAIGNS_ARCHIVE,
    CAMPAIGNS_UNARCHIVE,
    ArchiveCampaigns,
    Archived,
    to_archive,
    to_take_out,
)
from dyntui.service.contract.calls import Call
from dyntui.service.contract.campaigns import CampaignRef, CampaignRow
from dyntui.service.contract.subjects import BY_ID

from .base import FramedScreen
from .perform import keys_for, with_its_key
from .widgets.cells import single_line
from .widgets.facts import Fact
from .wording import moment

# So many campaigns are named one by one; of the others their number is said.
_NAMED = 5


def archived_fact(row: CampaignRow, screen: FramedScreen | None = None) -> list[Fact]:
    """That a campaign is put away, since when and by whom; nothing of any other. `screen`: the one that takes it out,
    whose key is named."""
    if not row.archived_on:
        return []
    said = moment(row.archived_on) + (f" by {row.archived_by}" if row.archived_by else "")
    return [("Archived", said if screen is None else with_its_key(screen, said, "campaigns.unarchive"), "warn")]


class Archiving(FramedScreen):
    """A screen with email campaigns in hand: its situation names them."""

    def do_campaigns_archive(self) -> None:
        """Puts the marked campaigns away, or the one in hand."""

        def done(found: Archived) -> None:
            self._tell(
                found.rows, "archived", f"In the view Archived from now on; {self._key('unarchive')} takes out again."
            )
            if found.left_out:
                lines = _first([each.name for each in found.left_out])
                lines += sorted({each.remedy for each in found.left_out})
                self.notify("\n".join(lines), title="Left out: a send is open", severity="warning", markup=False)

        self._ask_for(CAMPAIGNS_ARCHIVE, to_archive(self.situation()), done)

    def do_campaigns_unarchive(self) -> None:
        """Takes the marked campaigns out again, or the one in hand."""

        def done(found: Archived) -> None:
            self._tell(found.rows, "taken out", f"In the other views again; {self._key('archive')} archives.")

        self._ask_for(CAMPAIGNS_UNARCHIVE, to_take_out(self.situation()), done)

    def archived(self, rows: Sequence[CampaignRow]) -> None:
        """These were put away, or taken out."""

    def _ask_for(
        self, call: Call[ArchiveCampaigns, Archived], rows: Sequence[CampaignRow], done: Callable[[Archived], None]
    ) -> None:
        asked = ArchiveCampaigns(tuple(CampaignRef(row.id, row.of) for row in rows))
        self.ask(call, asked, done)

    def _tell(self, rows: Sequence[CampaignRow], what: str, how: str) -> None:
        self.archived(rows)
        if rows:
            many = len(rows) > 1
            title = f"{len(rows)} email campaigns {what}" if many else f"{single_line(rows[0].name)} {what}"
            lines = [*(_first([row.name for row in rows]) if many else ()), how]
            self.notify("\n".join(lines), title=title, markup=False)

    def _key(self, verb: str) -> str:
        return key_name(keys_for(self, BY_ID[f"campaigns.{verb}"])[0])


def _first(names: Sequence[str]) -> list[str]:
    lines = [single_line(name) for name in names[:_NAMED]]
    return [*lines, f"and {len(names) - _NAMED} more"] if len(names) > _NAMED else lines
