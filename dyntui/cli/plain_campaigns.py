"""What `--plain` offers to do with an email campaign, archived or not."""

from __future__ import annotations

from functools import partial
from typing import Final

from dyntui.cli.asking import choose
from dyntui.cli.plain_talk import Offers, Talk
from dyntui.cli.plain_words import said_of_campaign, said_of_list
from dyntui.cli.service_call import ask as ask_service
from dyntui.service.contract.campaigns import (
    CAMPAIGN_GET,
    CAMPAIGN_TARGETS,
    CAMPAIGNS_PAGE,
    CampaignRef,
    CampaignRow,
    CampaignsQuery,
)
from dyntui.service.contract.lists import LISTS_PAGE, ListsQuery

# A campaign that is looked for by its name may be archived.
_ALL: Final = CampaignsQuery(view="all")
_WHEN: Final = "When, such as 2026-12-01 18:00"


class AboutCampaigns(Talk):
    """The jobs with email campaigns."""

    def _campaigns(self) -> None:
        row = self._pick("email campaign", CAMPAIGNS_PAGE, CampaignsQuery(), said_of_campaign, among=_ALL)
        if row is not None:
            self._about_campaign(row)

    def _archived(self) -> None:
        asked = CampaignsQuery(view="archived")
        row = self._pick("archived email campaign", CAMPAIGNS_PAGE, asked, said_of_campaign)
        if row is not None:
            self._about_campaign(row)

    def _about_campaign(self, row: CampaignRow) -> None:
        """What can be done with it changes where it is archived, or taken out."""
        ref, now = CampaignRef(row.id, row.account), row

        def put(verb: str) -> None:
            nonlocal now
            self._with_campaign(ref, "campaigns", verb)
            now = ask_service(self._chosen, CAMPAIGN_GET, ref).row

        def offered() -> Offers:
            if now.archived_on:
                return [*self._ways_with_archived(ref), ("Take it out of the archive", lambda: put("unarchive"))]
            return [*self._ways_with_campaign(ref), ("Archive it", lambda: put("archive"))]

        self._again(f"What about {row.name}?", offered)

    def _ways_with_campaign(self, ref: CampaignRef) -> Offers:
        do = partial(self._with_campaign, ref)
        return [
            ("Look at the mail: text and links", lambda: do("campaigns", "preview")),
            ("Its target lists", lambda: do("campaigns", "targets", "list")),
            ("Add a target list", lambda: self._add_target(ref)),
            ("Remove a target list", lambda: self._remove_target(ref)),
            ("Count whom it would reach, and why not", lambda: do("campaigns", "count")),
            (
                "Who is left out for a reason",
                lambda: self._for_a_reason("campaigns", "count", *_named(ref), "--by-person"),
            ),
            ("Test send to one address", lambda: self._with("Address", "campaigns", "test", *_named(ref), option="")),
            ("Send it now", lambda: do("campaigns", "send")),
            ("Send it at a time", lambda: self._send(ref, _WHEN, "--at")),
            ("Hand it to dotdigital with a time", lambda: self._send(ref, _WHEN, "--hand-over", "--at")),
            ("Send it as a split test", lambda: self._send(ref, "Test, such as opens, 20%, 4h", "--split")),
            ("Send it in waves", lambda: self._send(ref, "Waves, such as 1%, 10%, rest", "--waves")),
            ("Results", lambda: do("campaigns", "report")),
            (
                "Read the newest results",
                lambda: self._do("sync", "campaigns", "--account", ref.account, "--campaign", str(ref.id)),
            ),
        ]

    def _ways_with_archived(self, ref: CampaignRef) -> Offers:
        return [
            ("How it stands, its sends", lambda: self._with_campaign(ref, "campaigns", "show")),
            ("Results", lambda: self._with_campaign(ref, "campaigns", "report")),
        ]

    def _with_campaign(self, ref: CampaignRef, *command: str) -> None:
        self._do(*command, *_named(ref))

    def _send(self, ref: CampaignRef, question: str, *options: str) -> None:
        self._with(question, "campaigns", "send", *_named(ref), *options[:-1], option=options[-1])

    def _add_target(self, ref: CampaignRef) -> None:
        row = self._pick("marketing list", LISTS_PAGE, ListsQuery(view="activated", account=ref.account), said_of_list)
        if row is not None:
            self._do("campaigns", "targets", "add", str(ref.id), row.id, "--account", ref.account)

    def _remove_target(self, ref: CampaignRef) -> None:
        targets = ask_service(self._chosen, CAMPAIGN_TARGETS, ref).rows
        row = choose("Which one?", [(said_of_list(each), each) for each in targets])
        if row is not None:
            self._do("campaigns", "targets", "remove", str(ref.id), row.id, "--account", ref.account)


def _named(ref: CampaignRef) -> list[str]:
    """As a command takes it: two email accounts may have campaigns of one number."""
    return [str(ref.id), "--account", ref.account]
