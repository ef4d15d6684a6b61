"""Send Email Campaign: five steps, of which only the last one sends."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

import msgspec
from textual import events, on
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Button, Input

from dyntui.model.errors import DyntuiError
from dyntui.model.roles import Role
from dyntui.service.contract.actions import Scope
from dyntui.service.contract.campaigns import CAMPAIGN_GET, CAMPAIGN_SEND, CampaignDetail, CampaignRef
from dyntui.service.contract.lists import ON_WIZARD
from dyntui.service.contract.runs import RunChanged
from dyntui.service.contract.schedules import SCHEDULES_LIST, Schedules, SchedulesOf
from dyntui.service.contract.sends import SendCampaign, SendRow, SplitTest, WizardStep
from dyntui.service.contract.situations import Situation
from dyntui.service.contract.target_counts import CAMPAIGN_COUNT, CountTargets, TargetCount

from .base import Page
from .bindings import bindings
from .gone_on import still_here
from .list_actions import ListActions
from .places import PEOPLE, SEND
from .send_options import SendOptions, SendQuestion
from .tally import behind_slice
from .trial_send import ask_for_trial
from .widgets.bars import BarList
from .widgets.grid import Grid
from .widgets.line import Line, Part
from .wizard_steps import (
    STEPS,
    CampaignStep,
    CountsStep,
    ListsStep,
    LongStep,
    OptionsStep,
    SummaryStep,
    counted,
    nobody,
)

_LAST = len(STEPS)


class SendWizard(ListActions, Page[CampaignRef]):
    """The wizard for one campaign, by its id. Going back keeps what was chosen; only the last step sends."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_WIZARD,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_WIZARD)
    CSS_PATH = "../styles/send_wizard.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._step = 1
        self._detail: CampaignDetail | None = None
        self._all: TargetCount | None = None
        self._count: TargetCount | None = None
        self._counted_for: tuple[str, ...] = ()
        # Lists were synchronised since: who can be mailed may be others by now.
        self._outdated = False
        self._unread: DyntuiError | None = None
        self._uncounted: DyntuiError | None = None
        self._sending = False
        self._holds = True
        self._chosen = SendOptions()
        self._steps = Line(id="wizard-steps")
        self._campaign = CampaignStep()
        self._lists = ListsStep()
        self._counts = CountsStep()
        self._options = OptionsStep()
        self._summary = SummaryStep()
        # Not where Back stands: whoever clicks there once too often loses nothing.
        self._cancel = Button("Cancel", id="cancel", compact=True)
        self._back = Button("Back", id="back", compact=True)
        self._next = Button("Next", id="next", compact=True, variant="primary")
        # Not where Next stands: whoever clicks there once too often sends nothing.
        self._out = Button("Send Campaign", id="send", compact=True, variant="success")

    def compose_page(self) -> Iterable[Widget]:
        """The steps, of which one is shown, and the buttons."""
        yield self._steps
        with Vertical(id="wizard", classes="card"):
            yield self._campaign
            yield self._lists
            yield self._counts
            yield self._options
            yield self._summary
        with Horizontal(id="wizard-buttons"):
            yield self._cancel
            yield self._back
            yield self._next
            yield self._out

    # Who, what, where one is

    def aimed(self) -> None:
        """Another campaign, or the same one from the start."""
        self._step = 1
        self._detail = None
        self._all = self._count = None
        self._counted_for = ()
        self._unread = self._uncounted = None
        self._outdated = self._sending = False
        self._chosen = SendOptions()
        self._campaign.show_facts([])
        self._lists.forget()
        self._counts.forget()
        self.trail.show_trail("Email Campaigns", "…", "Send Email Campaign")

    def begin(self) -> None:
        """Starts with the campaign."""
        self._show_step()
        self._lists.wait()
        self.read()

    def read(self) -> None:
        """The campaign, and how ready its lists are. A count that was made stays: it is what will be sent."""
        if self.about is not None and self._detail is None:
            self._read_campaign()
            self.look(SCHEDULES_LIST, SchedulesOf(), self._know_service)
        if self.about is not None and self._all is None:
            if self._unread is not None:
                self._unread = None
                self._lists.wait()
            self._count_all()

    def _count_all(self) -> None:
        if self.about is not None:
            self.ask(
                CAMPAIGN_COUNT,
                CountTargets(id=self.about.id, account=self.about.account, to_send=True),
                self._take_readiness,
                refused=self._not_read,
                kind="readiness",
            )

    def _not_read(self, error: DyntuiError) -> None:
        self._unread = error
        self.tell_trouble("readiness", error)
        self._lists.fail(error)

    def _know_service(self, schedules: Schedules) -> None:
        """A service that starts nothing by itself ends with its last client."""
        self._holds = schedules.run_here

    def _take_campaign(self, detail: CampaignDetail) -> None:
        if self._detail is None and detail.row.split_test:
            self._chosen = SendOptions(split=SplitTest())
        before, self._detail = self._detail, detail
        self.trail.show_trail("Email Campaigns", detail.row.name, "Send Email Campaign")
        self._campaign.show(detail, self._sender)
        self._options.show(detail, self._chosen)
        if self._step == _LAST and before is not None and _seen_of(before) != _seen_of(detail):
            self._show_summary()
        self.refresh_hints()

    def _read_campaign(self) -> None:
        if self.about is not None:
            self.look(CAMPAIGN_GET, self.about, self._take_campaign)

    def _take_readiness(self, count: TargetCount) -> None:
        self._all, self._unread = count, None
        # The service has asked dotdigital for it: somebody may have edited it there.
        self._read_campaign()
        self.tell_trouble("readiness", None)
        self._lists.show(count.lists)
        self.refresh_hints()

    @property
    def _sender(self) -> str:
        return self.console.hello.user if self.console.hello else ""

    @property
    def _roles(self) -> str:
        return ", ".join(self.console.hello.roles) if self.console.hello else ""

    def situation(self) -> Situation:
        """The step, what stands in the way of the next one, and the list in hand."""
        row = self._lists.grid.row() if self._step == 2 else None
        target = None
        if row is not None and self._detail is not None:
            target = next((one for one in self._detail.targets if one.id == row.id), None)
        return (
            super()
            .situation()
            .holding(WizardStep(self._step, self._blocked()), self._detail.row if self._detail else None, target)
        )

    def _blocked(self) -> str:
        if self._detail is None:
            return "The campaign is still being read."
        if self._step == 1 and not self._may_send:
            return f"Sending needs the role {Role.MANAGER.value}."
        if self._step == 2:
            if self._all is None and self._unread is not None:
                return f"The target lists could not be read: {self._unread.message} r asks again."
            if self._all is None:
                return "The target lists are still being read."
            if not self._lists.chosen():
                return "Choose at least one list that is ready: Space marks it."
        if self._step == 3:
            if self._uncounted is not None:
                return f"The people could not be counted: {self._uncounted.message} r counts again."
            if self._count is None:
                return "The people are still being counted."
            if not self._count.sendable:
                return f"{nobody(self._count)}{' Enter on a slice shows why.' if self._count.potential else ''}"
        if self._step == _LAST:
            return "It is being sent." if self._sending else self._summary.blocked()
        return ""

    @property
    def _may_send(self) -> bool:
        return CAMPAIGN_SEND.ability is not None and CAMPAIGN_SEND.ability.value in super().situation().abilities

    # Steps

    def _show_step(self) -> None:
        for place in range(1, _LAST + 1):
            self.query_one(f"#step-{place}").display = place == self._step
        dots = "●" * self._step + "○" * (_LAST - self._step)
        self._steps.show(
            Part(f" {dots} ", "accent"),
            Part(f" Step {self._step} of {_LAST}  ", "muted"),
            Part(STEPS[self._step - 1], "strong"),
            right=[Part(f"{counted(self._count)} ", "muted")] if self._count is not None and self._step > 2 else [],
        )
        # The place of Back stays empty on the first step, that of Next on the last one.
        self._cancel.display = self._step == 1
        self._back.visible = self._step > 1
        self._next.visible = self._step < _LAST
        self._out.display = self._step == _LAST
        self._focus_step()
        self.refresh_hints()

    def _focus_step(self) -> None:
        if self._step == 2:
            self._lists.grid.focus_rows()
        elif self._step == 3:
            self.set_focus(self._counts.slices)
        elif self._step == _LAST:
            # Nothing on which Enter would send has the focus.
            self.set_focus(self._summary.typed if self._summary.asks else self._back)
        else:
            self.set_focus(self._next)

    def do_wizard_next(self) -> None:
        """To the next step; on the last one to the button, which alone sends: one key too many mails nobody."""
        if self._step == _LAST:
            self.set_focus(self._out)
            return
        if self._step == 2:
            self._count_chosen()
        self._step += 1
        if self._step == _LAST:
            self._show_summary()
        self._show_step()

    def _show_summary(self) -> None:
        if self._detail is not None and self._count is not None:
            self._summary.show(self._detail, self._count, self._chosen, self._sender, self._roles)

    def do_campaign_test(self) -> None:
        """Sends a copy of the campaign to one address; the wizard stays where it is."""
        if self._detail is not None:
            ask_for_trial(self, self._detail.row)

    def do_wizard_options(self) -> None:
        """Asks when and how it is sent."""

        def answered(options: SendOptions | None) -> None:
            if options is not None and self._detail is not None:
                self._chosen = options
                self._options.show(self._detail, options)

        now = datetime.fromisoformat(self.console.now())
        tests = self._detail is not None and self._detail.row.split_test
        self.app.push_screen(SendQuestion(self._chosen, now, tests=tests, holds=self._holds), answered)

    def do_wizard_previous(self) -> None:
        """To the step before."""
        self._step = max(1, self._step - 1)
        self._show_step()

    def leave(self) -> None:
        """One step back, from the first one out of the wizard."""
        if self._step > 1:
            self.do_wizard_previous()
        else:
            super().leave()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button is self._cancel:
            self.leave()
        elif event.button is self._back:
            # Also of a click that comes before its place is empty.
            self.do_wizard_previous()
        elif event.button is self._next:
            self.action_perform("wizard.next")
        elif reason := self._blocked():
            self.notify(reason, title="Send Campaign", severity="warning", markup=False)
        else:
            self._send()

    # Target lists

    @on(Grid.Moved)
    def _marks_changed(self) -> None:
        self._lists.explain()
        wrong = self._lists.unready_marks()
        for one in wrong:
            self.notify(
                f"{one.explanation} Press s to synchronise it now.", title=one.name, severity="warning", markup=False
            )
        if wrong:
            self._lists.grid.body.refresh()
        self.refresh_hints()

    def hint_of(self, action_id: str) -> str | None:
        """In the lists Enter goes on, or mends what keeps a list from taking part; the last step sends. Where a person
        looks at the campaign, a test of it is near."""
        if action_id == "campaign.test":
            return None if self._step in (1, _LAST) else ""
        if action_id == "wizard.next" and self._step == _LAST:
            return "" if self.focused is self._out else "To the button"
        if action_id != "grid.open":
            return None
        row = self._lists.grid.row()
        return "" if row is None else "Next" if row.ready else "Synchronise"

    @on(Grid.Opened)
    def _list_opened(self) -> None:
        row = self._lists.grid.row()
        if row is not None and not row.ready:
            self.action_perform("lists.synchronise")
        else:
            self.action_perform("wizard.next")

    def concerns(self, name: str, value: msgspec.Struct) -> bool:
        """Lists were synchronised: more of them may be ready. So were campaigns: this one may be another one by now."""
        return isinstance(value, RunChanged) and value.run.kind in ("lists", "campaigns") and value.run.status.ended

    def refetch(self) -> None:
        """The campaign, and how ready the lists are as long as they can be chosen; who goes on from them has everybody
        counted anew."""
        self._outdated = True
        known = self._all is not None
        if self._detail is not None:
            self._read_campaign()
        self.read()
        if self._step <= 2 and known:
            self._count_all()

    def do_app_refresh(self) -> None:
        """Counts anew where the counts are shown."""
        super().do_app_refresh()
        if self._step == 3:
            self._count_chosen()

    # Counts

    def _count_chosen(self) -> None:
        lists = self._lists.chosen()
        if self._count is not None and self._counted_for == lists and not self._outdated:
            return
        self._count = self._uncounted = None
        self._counted_for, self._outdated = lists, False
        self._counts.forget("Everybody on these lists is being counted.")
        if self.about is not None:
            request = CountTargets(id=self.about.id, account=self.about.account, lists=lists, to_send=True)
            self.ask(CAMPAIGN_COUNT, request, self._take_count, refused=self._not_counted)

    def _not_counted(self, error: DyntuiError) -> None:
        self._uncounted = error
        self._counted_for = ()
        self._counts.forget("Nobody was counted: e tells why, r counts again.")
        self.tell_trouble("count", error)

    def _take_count(self, count: TargetCount) -> None:
        self._count = count
        self._read_campaign()
        self.tell_trouble("count", None)
        self._counts.show(count)
        if self._step == 3:
            self._show_step()

    def do_count_what_if(self) -> None:
        """What if the reason in hand were mended, where the counts are shown."""
        if self._counts.display:
            self._counts.toggle()

    @on(BarList.Moved)
    def _slice_moved(self) -> None:
        self._counts.explain()
        self.refresh_hints()

    @on(BarList.Opened)
    def _slice_opened(self, event: BarList.Opened) -> None:
        if self._count is not None and self._detail is not None:
            self.console.open_page(PEOPLE, behind_slice(self._count, event.key, (self._detail.row.name, STEPS[2])))

    # Sending

    def on_key(self, event: events.Key) -> None:
        """A step is read to its end without leaving the field, or the button that leads on."""
        for step in self.query(LongStep):
            if step.display:
                step.scroll_by_key(event.key)

    @on(Input.Changed, "#confirm-count")
    def _number_typed(self) -> None:
        self.refresh_hints()

    @on(Input.Submitted, "#confirm-count")
    def _number_entered(self) -> None:
        if self._summary.confirmed is not None:
            self.set_focus(self._out)
        else:
            self.notify(self._summary.blocked(), title="Not this number", severity="warning", markup=False)

    def _send(self) -> None:
        if self._count is None or self._sending:
            return
        self._sending = True
        request = SendCampaign(
            count=self._count.id,
            confirm=self._summary.confirmed if self._summary.asks else None,
            at=self._chosen.at,
            handed=self._chosen.handed,
            waves=self._chosen.waves,
            split=self._chosen.split,
        )
        self.ask(CAMPAIGN_SEND, request, self._sent, refused=self._not_sent)

    def _not_sent(self, error: DyntuiError) -> None:
        self._sending = False
        if error.code == "COUNT_UNKNOWN" and self._step == _LAST:
            # It has grown too old: back to the counts, with everybody counted anew.
            self._outdated = True
            self._count_chosen()
            self._step = 3
            self._show_step()
        elif error.code == "SEND_CHANGED":
            self._read_campaign()
        self.show_error(error)

    def _sent(self, send: SendRow) -> None:
        # The wizard has done its work: it is not come back to.
        if still_here(self):
            self.depart()
            self.console.open_page(SEND, send.id)
        else:
            self._departed = True
            self.console.notify(
                f"{send.campaign_name}: {send.standing}. It stands among the sends.", title="Send Campaign"
            )


def _seen_of(detail: CampaignDetail) -> tuple[str, ...]:
    """What the summary says of the campaign."""
    return detail.row.name, detail.row.subject, detail.from_name, detail.from_address
