"""An email campaign: facts, target marketing lists, the text, and its sends."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import msgspec
from textual import on
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from dyntui.model.counted import people_of
from dyntui.model.errors import DyntuiError
from dyntui.model.folding import fold
from dyntui.service.contract.actions import Scope
from dyntui.service.contract.campaigns import (
    CAMPAIGN_CHANGE_TARGETS,
    CAMPAIGN_GET,
    CAMPAIGN_PREVIEW,
    CAMPAIGN_TARGETS,
    ON_CAMPAIGN,
    CampaignDetail,
    CampaignRef,
    ChangeTargets,
    MailPreview,
    Targets,
)
from dyntui.service.contract.lists import LISTS_PAGE, ListRow, ListsQuery
from dyntui.service.contract.paging import Page as Rows
from dyntui.service.contract.paging import Window
from dyntui.service.contract.runs import RunChanged
from dyntui.service.contract.sends import SendRow
from dyntui.service.contract.situations import Situation

from .archiving import Archiving, archived_fact
from .base import Page
from .bindings import bindings
from .campaign_actions import CampaignActions
from .dialogs import Confirm, Picker
from .grid_screen import page_of
from .list_columns import PICK_COLUMNS
from .perform import with_its_key
from .places import CAMPAIGN_CHANGES, LIST, SEND
from .send_actions import SendActions
from .send_standing import goes_out, send_tone
from .sync_level import counted_only, narrowed
from .trial_send import ask_for_trial
from .widgets.bars import BarList, BarRow
from .widgets.choice import ChoiceBar
from .widgets.facts import Fact, Facts
from .widgets.grid import Grid
from .widgets.grid_words import Wording
from .widgets.text_lines import TextLines
from .wording import moment, number

_PANES = (("targets", "Target Marketing Lists", None), ("text", "Text", None), ("sends", "Sends", None))

_WORDING = Wording(
    one="target list",
    many="target lists",
    empty="No target marketing list yet",
    next_step="t adds one of the lists that are activated for email.",
)
_PICK = Wording(
    one="activated list",
    many="activated lists",
    empty="No marketing list is activated for email",
    next_step="Activate one first: 2, then a.",
)
# Around the rows of the targets: frame, titles, count.
_AROUND_TARGETS = 4
# Lines for rows at least, as a filter takes one of them; and for the words in place of rows.
_FEWEST_TARGETS, _NO_TARGETS = 3, 5
# Told where there are more than a few lines.
_WHERE_ROOMY = ("Reply to", "Account", "Kind", "Tags")


def send_rows(sends: Iterable[SendRow]) -> list[BarRow]:
    """Sends as lines, newest first."""
    rows = []
    for send in sorted(sends, key=lambda send: send.created_on, reverse=True):
        excluded = send.potential - send.sendable
        text = f"{send.standing}: {people_of(send.sendable)}, {number(excluded)} excluded · {', '.join(send.lists)}"
        coming = goes_out(send)
        when = f"goes out {moment(coming)}" if coming else moment(send.sent_on or send.created_on)
        rows.append(BarRow(send.id, text, None, send_tone(send), "•", f"{when} · {send.created_by}"))
    return rows


class CampaignPage(CampaignActions, Archiving, SendActions, Page[CampaignRef]):
    """The page of one email campaign, by its id."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_CAMPAIGN,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_CAMPAIGN)
    CSS_PATH = "../styles/campaign_page.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._detail: CampaignDetail | None = None
        # Both parts of the mail and its links are shown: what happens meanwhile does not take them away.
        self._looked_at = False
        self._facts = Facts(id="campaign-facts", columns=2, cuts=False)
        self._panes = ChoiceBar(_PANES, id="campaign-panes")
        self._targets: Grid[ListRow] = Grid(
            PICK_COLUMNS, key=lambda row: row.id, wording=_WORDING, id="targets-grid", classes="pane"
        )
        self._text = TextLines(id="campaign-text")
        self._sends = BarList(id="campaign-sends", empty="Not sent yet.")

    def compose_page(self) -> Iterable[Widget]:
        """Facts above; below them one pane, or all of them where there is room."""
        with Vertical(id="campaign-facts-card", classes="card") as facts:
            facts.border_title = "Email campaign"
            yield self._facts
        yield self._panes
        with Vertical(id="campaign-room"), Vertical(id="campaign-rest"):
            with Horizontal(id="campaign-lower"):
                with Vertical(id="pane-targets", classes="pane card") as self._targets_pane:
                    self._targets_pane.border_title = "Target Marketing Lists"
                    yield self._targets
                with Vertical(id="pane-text", classes="pane card") as text:
                    text.border_title = "Text"
                    yield self._text
            with Vertical(id="pane-sends", classes="pane card") as sends:
                sends.border_title = "Sends"
                yield self._sends

    def aimed(self) -> None:
        """Another campaign: nothing is known of it yet."""
        self._detail = None
        self._looked_at = False
        self.trail.show_trail("Email Campaigns", "…")
        self._facts.show_facts([])
        self._text.show_lines(())
        self._sends.show_rows([])
        self._panes.set("targets")

    def begin(self) -> None:
        """Starts on the targets."""
        self._show_pane()
        self._targets.load(self._target_source, slice=str(self.about))
        self._targets.focus_rows()
        self.read()

    async def _target_source(self, window: Window) -> Rows[ListRow]:
        targets = await self.console.call(CAMPAIGN_TARGETS, self.about or CampaignRef(0))
        wanted = fold(window.search)
        rows = [row for row in targets.rows if wanted in fold(row.name)]
        if window.sort:
            name = window.sort.removeprefix("-")
            rows.sort(
                key=lambda row: (getattr(row, name) is None, getattr(row, name)), reverse=window.sort.startswith("-")
            )
        chosen = tuple(rows[window.offset : window.offset + window.limit])
        return Rows(rows=chosen, matching=len(rows), total=len(targets.rows), offset=window.offset)

    def read(self) -> None:
        """Facts, text and sends."""
        if self.about is not None:
            self.look(CAMPAIGN_GET, self.about, self._show)

    def refetch(self) -> None:
        """Everything about the campaign again."""
        self.read()
        self._targets.reload()

    def concerns(self, name: str, value: msgspec.Struct) -> bool:
        """Campaigns or lists changed, or a send or a run of either ended."""
        return name in ("campaigns.changed", "lists.changed", "sends.changed") or (
            isinstance(value, RunChanged) and value.run.status.ended
        )

    def situation(self) -> Situation:
        """The campaign of the page, and the target in hand."""
        campaign = self._detail.row if self._detail else None
        target = self._targets.row() if self._targets.body.has_focus else None
        return super().situation().holding(campaign, target, self._send())

    def hint_of(self, action_id: str) -> str | None:
        """What is done with sends has the room; a test is named where one is prepared."""
        return "" if action_id == "campaign.test" else None

    def _send(self) -> SendRow | None:
        """The send in hand, else the first of which nobody knows whom it reached."""
        sends = self._detail.sends if self._detail else ()
        if self._sends.has_focus:
            return next((send for send in sends if send.id == self._sends.current), None)
        return next((send for send in sends if send.undecided), None)

    def _show(self, detail: CampaignDetail) -> None:
        self._detail = detail
        row = detail.row
        archived = ", archived" if row.archived_on else ""
        self.trail.show_trail("Email Campaigns", row.name, note=f"{row.status}{archived}")
        self._lay_out()
        if not self._looked_at:
            self._show_plain_text(detail.text)
        elsewhere = "Sent in dotdigital, and not from here" if detail.row.sent_on else ""
        self._sends.say_when_empty(
            f"{elsewhere}." if elsewhere else with_its_key(self, "Not sent yet", "campaigns.send")
        )
        self._sends.show_rows(send_rows(detail.sends))
        lines = max(_FEWEST_TARGETS, len(detail.targets)) if detail.targets else _NO_TARGETS
        self._targets_pane.styles.height = _AROUND_TARGETS + lines
        self._panes.show_choices(
            (
                ("targets", "Target Marketing Lists", len(detail.targets)),
                ("text", "Text", None),
                ("sends", "Sends", len(detail.sends)),
            )
        )
        self.refresh_hints()

    def refresh_frame(self) -> None:
        """The terminal may have another size."""
        super().refresh_frame()
        self._lay_out()

    def _lay_out(self) -> None:
        """As many facts as leave room for the pane below them."""
        detail = self._detail
        if detail is None:
            return
        row = detail.row
        facts: list[Fact] = [
            ("Subject", row.subject, "strong"),
            ("From", f"{detail.from_name} <{detail.from_address}>", ""),
            ("Reply to", detail.reply_to, ""),
            ("Status", row.status + (f", {moment(row.sent_on)}" if row.sent_on else ""), ""),
            *archived_fact(row, self),
            ("Account", row.account, ""),
            ("Kind", f"{row.type}{', split test' if row.split_test else ''}", ""),
            ("Tags", ", ".join(detail.tags) or "—", ""),
            *narrowed(detail.reads),
            *counted_only(detail.counted_only),
            *self._to_settle(detail),
            ("Sent to", number(row.sent) if row.sent else "not read yet" if row.sent_on else "nobody yet", ""),
        ]
        low = self.has_class("-low")
        self._facts.show_facts([each for each in facts if not low or each[0] not in _WHERE_ROOMY])

    def _to_settle(self, detail: CampaignDetail) -> list[Fact]:
        """That nobody knows whom a send reached is said whatever pane is shown."""
        if not any(send.undecided for send in detail.sends):
            return []
        return [("In doubt", with_its_key(self, "nobody knows whom a send reached", "campaign.settle"), "warn")]

    def _show_pane(self) -> None:
        for key, _, _ in _PANES:
            self.set_class(self._panes.chosen == key, f"-{key}")

    def _focus_pane(self) -> None:
        self._show_pane()
        if self._panes.chosen == "targets":
            self._targets.focus_rows()
        elif self._panes.chosen == "text":
            self.set_focus(self._text)
            self._look_at_mail()
        else:
            self.set_focus(self._sends)

    def _show_plain_text(self, text: str) -> None:
        if text:
            self._text.show_text(text)
        else:
            self._text.show_lines([((" This campaign has no plain text.", "muted"),)])

    def _look_at_mail(self) -> None:
        if self.about is not None:
            self.look(CAMPAIGN_PREVIEW, self.about, self._show_preview)

    def do_app_refresh(self) -> None:
        """The mail, too, where somebody looks at it."""
        super().do_app_refresh()
        if self._looked_at:
            self._look_at_mail()

    def _show_preview(self, seen: MailPreview) -> None:
        """Both parts of the mail, and its links, once somebody looks at them."""
        self._looked_at = True
        links = [f"[{each.number}] {each.url}{f' - {each.problem}' if each.problem else ''}" for each in seen.links]
        if not seen.unsubscribes:
            links.append("There is no link to unsubscribe by (http://$UNSUB$).")
        parts = (("TEXT", seen.text), ("HTML AS TEXT", seen.html), ("LINKS", "\n".join(links)))
        self._text.show_text("\n\n".join(f"-- {heading} --\n{text or 'none'}" for heading, text in parts))

    @on(ChoiceBar.Changed)
    def _pane_changed(self) -> None:
        self._focus_pane()

    def do_campaign_test(self) -> None:
        """Sends a copy of the campaign to one address."""
        if self._detail is not None:
            ask_for_trial(self, self._detail.row)

    def do_campaign_preview(self) -> None:
        """To the text, the HTML as text, and the links."""
        if self._panes.chosen == "text":
            self._focus_pane()
        else:
            self._panes.choose("text")

    def do_campaigns_changes(self) -> None:
        """Who changed what about this campaign."""
        if self.about is not None:
            self.console.open_page(CAMPAIGN_CHANGES, self.about)

    def do_campaign_panes(self) -> None:
        """To the next pane."""
        self._panes.step(1)

    @on(Grid.Opened)
    def _open_list(self) -> None:
        row = self._targets.row()
        if row is not None:
            self.console.open_page(LIST, row.id)

    @on(BarList.Opened, "#campaign-sends")
    def _open_send(self, event: BarList.Opened) -> None:
        self.console.open_page(SEND, event.key)

    # Doing

    def do_campaign_add_targets(self) -> None:
        """Chooses among the activated lists."""
        detail = self._detail
        if detail is None:
            return
        there = {row.id for row in detail.targets}

        async def source(window: Window) -> Rows[ListRow]:
            query = ListsQuery(view="activated", account=detail.row.of)
            return await page_of(self.console, LISTS_PAGE, query, window)

        def chosen(rows: tuple[ListRow, ...] | None) -> None:
            if rows:
                change = ChangeTargets(id=detail.row.id, account=detail.row.of, add=tuple(row.id for row in rows))
                self._change_targets(change)

        picker: Picker[ListRow] = Picker(
            "Add Existing Marketing List",
            PICK_COLUMNS,
            source,
            key=lambda row: row.id,
            wording=_PICK,
            refuse=lambda row: f"{row.name} is a target already." if row.id in there else "",
        )
        self.app.push_screen(picker, chosen)

    def do_campaign_remove_target(self) -> None:
        """Removes the marked targets, or the one in hand, after a confirmation."""
        rows, detail = self._targets.chosen(), self._detail
        if not rows or detail is None:
            return

        def confirmed(yes: bool | None) -> None:
            if yes:
                change = ChangeTargets(id=detail.row.id, account=detail.row.of, remove=tuple(row.id for row in rows))
                self._targets.marks.clear()
                self._change_targets(change)

        names = [rows[0].name] if len(rows) == 1 else [f"{len(rows)} target lists", *(row.name for row in rows)]
        question = Confirm(
            f"Remove {names[0]}?",
            [*names[1:], "A marketing list itself stays as it is."],
            yes="Remove",
            danger=True,
        )
        self.app.push_screen(question, confirmed)

    def _change_targets(self, change: ChangeTargets) -> None:
        def refused(error: DyntuiError) -> None:
            # Some of several may have been taken before.
            self.refetch()
            self.show_error(error)

        self.ask(CAMPAIGN_CHANGE_TARGETS, change, self._targets_changed, refused=refused)

    def _targets_changed(self, targets: Targets) -> None:
        self.refetch()

    def do_campaign_settle(self) -> None:
        """Asks what dotdigital's outbox says of a send in doubt."""
        self.do_send_settle()
