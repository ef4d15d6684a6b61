"""A send: how far it is, its waves, who and who not beside what was counted before, and what came back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

import msgspec
from textual import on
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from dyntui.model.counted import people_of
from dyntui.model.outcomes import Outcome, ReasonCount
from dyntui.model.sync_types import COUNT, SENDING
from dyntui.model.sync_types import SEND as SEND_KIND
from dyntui.service.contract.actions import Scope
from dyntui.service.contract.campaigns import CampaignRef
from dyntui.service.contract.runs import RunChanged, StartRun
from dyntui.service.contract.sends import (
    HANDED_OVER,
    ON_SEND,
    SEND_SHOW,
    SendDetail,
    SendRef,
    SendResults,
    SendRow,
)
from dyntui.service.contract.situations import Situation

from .base import Page
from .bindings import bindings
from .perform import with_its_key
from .places import PEOPLE, REPORT, RUN, SEND, SEND_CHANGES
from .running import show_progress, start_run
from .send_actions import SendActions
from .send_standing import between_waves, goes_out, how_divided, how_handed, mailed, send_tone
from .tally import count_key, outcome_title, reason_title, split_key, tally_rows
from .whose import Whose
from .widgets.bars import BarList, BarRow
from .widgets.facts import Fact, Facts
from .widgets.line import Line, Part
from .wording import in_both_times, moment, number, when

_WHOLE = "whole"
# So many facts, and these notes, are told where there are few lines.
_BRIEF = 3
_PRESSING = ("Why", "Note")
_ROOMY, _SHORT = 90, 70
# Runs of these kinds end with something new about a send.
_TOLD_BY = (*SENDING, "campaigns")


class SendPage(SendActions, Page[str]):
    """The page of one send, by its id or by that of its run."""

    SCOPES: ClassVar[tuple[Scope, ...]] = (ON_SEND,)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ON_SEND)
    CSS_PATH = "../styles/send_page.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._detail: SendDetail | None = None
        self._facts = Facts(id="send-facts", columns=2, cuts=False)
        self._notes = Facts(id="send-notes", wraps=True)
        self._bar = Line(id="send-bar")
        self._people = BarList(id="send-people", empty="Nobody is in it.", shares=False)
        self._sum = Line(id="send-sum")
        self._waves = BarList(id="send-waves")
        self._results = BarList(id="send-results", empty="Nothing has gone out yet.", enter="Report")

    def compose_page(self) -> Iterable[Widget]:
        """Facts, how far it is; then its people beside its waves and results."""
        with Vertical(id="send-facts-card", classes="card") as facts:
            facts.border_title = "Send"
            yield self._facts
            yield self._notes
            yield self._bar
        with Horizontal(id="send-lower"):
            with Vertical(id="send-people-card", classes="card") as people:
                people.border_title = "Who, and why not"
                yield self._people
                yield self._sum
            with Vertical(id="send-right"):
                with Vertical(id="send-waves-card", classes="card") as waves:
                    waves.border_title = "Waves"
                    yield self._waves
                with Vertical(id="send-results-room"), Vertical(id="send-results-card", classes="card") as results:
                    results.border_title = "What came back"
                    yield self._results

    def aimed(self) -> None:
        """Another send: nothing is known of it yet."""
        self._detail = None
        self.trail.show_trail("Sends", "…")
        self._facts.show_facts([])
        self._notes.show_facts([])
        for each in (self._people, self._waves, self._results):
            each.show_rows([])
        self._bar.display = self._sum.display = False

    def begin(self) -> None:
        """Starts on the people."""
        self.set_focus(self._people)
        self.read()

    def read(self) -> None:
        """The send."""
        if self.about is not None:
            self.look(SEND_SHOW, SendRef(self.about), self._show)

    def concerns(self, name: str, value: msgspec.Struct) -> bool:
        """A send was scheduled, stopped or has ended, or results were read."""
        ended = isinstance(value, RunChanged) and value.run.status.ended and value.run.kind in _TOLD_BY
        return ended or name == "sends.changed"

    def hear(self, name: str, value: msgspec.Struct) -> None:
        """How far its run is comes with the event."""
        super().hear(name, value)
        if self._detail is not None and isinstance(value, RunChanged) and self.shows_run(value.run.id):
            self._show(msgspec.structs.replace(self._detail, run=value.run))

    def shows_run(self, id: str) -> bool:
        """Its own: the end of it needs no notice."""
        return self._detail is not None and self._detail.run is not None and self._detail.run.id == id

    def situation(self) -> Situation:
        """The send of the page."""
        return super().situation().holding(self._detail.send if self._detail else None)

    def hint_of(self, action_id: str) -> str | None:
        """That what came back can be read now is said where it would stand."""
        return "" if action_id == "campaign.synchronise" else super().hint_of(action_id)

    def _show(self, detail: SendDetail) -> None:
        self._detail = detail
        send = detail.send
        self.trail.show_trail("Sends", send.campaign_name, note=send.id[:8])
        self._lay_out()
        show_progress(self._bar, detail.run, 30 if self.has_class("-wide") else 14)
        rows = forecast_rows(detail)
        self._people.show_rows(rows)
        differs = any(row.note.strip() for row in rows)
        people = self.query_one("#send-people-card", Vertical)
        short = self.app.size.width < _SHORT
        people.border_subtitle = f"was: when {'' if short else 'it was '}confirmed" if differs else ""
        self._show_sum(send)
        waves = _wave_rows(detail)
        self.query_one("#send-waves-card").display = bool(waves)
        self._waves.show_rows(waves)
        results = detail.results
        read = results is not None and bool(detail.results_on)
        unread = detail.unread or with_its_key(self, "Not read yet", "campaign.synchronise")
        self._results.say_when_empty(_no_results(send) if results is None else unread)
        rows = result_rows(results, self.has_class("-wide")) if read and results else []
        self._results.show_rows(rows, results.delivered if results else 0)
        card = self.query_one("#send-results-card", Vertical)
        # Of what the shares are, as those of the report.
        of = f"{number(results.delivered)} delivered" if read and results else ""
        card.border_title = f"{'Of' if short else 'What came back of'} {of}" if of else "What came back"
        card.border_subtitle = f"as of {moment(detail.results_on)}" if results and detail.results_on else ""
        self.refresh_hints()

    def refresh_frame(self) -> None:
        """The terminal may have another size."""
        super().refresh_frame()
        self._lay_out()

    def _lay_out(self) -> None:
        """As many facts as leave room for the people."""
        if self._detail is None:
            return
        low = self.has_class("-low")
        self._facts.show_facts(_facts(self._detail.send)[: _BRIEF if low else None])
        notes = [each for each in _notes(self._detail) if not low or each[0] in _PRESSING]
        self._notes.show_facts(notes)
        self._facts.line_up(self._notes)
        self._notes.display = bool(notes)

    def _show_sum(self, send: SendRow) -> None:
        self._sum.display = bool(send.potential)
        excluded, width = send.potential - send.sendable, self.app.size.width
        self._sum.show(
            Part(f" {number(send.potential)}{' potential' if width >= _ROOMY else ''}", "strong"),
            Part(f" = {number(send.sendable)} + {number(excluded)}{' excluded' if width >= _SHORT else ''} ✓", "muted"),
        )

    @on(BarList.Opened, "#send-people")
    def _open_slice(self, event: BarList.Opened) -> None:
        outcome, reason = split_key(event.key)
        kind = _kind(self._detail.send) if self._detail else ""
        self._open_people(
            Whose(
                title=reason_title(reason) or outcome_title(outcome, kind),
                reason=reason,
                sendable=outcome == Outcome.ADDED.value,
            )
        )

    @on(BarList.Opened, "#send-waves")
    def _open_wave(self, event: BarList.Opened) -> None:
        detail = self._detail
        if detail is None:
            return
        if event.key == _WHOLE and detail.whole is not None:
            self.console.open_page(SEND, detail.whole.id)
            return
        found = next((each.id for each in detail.waves if event.key == _wave_key(each.wave)), detail.send.id)
        if found != detail.send.id:
            self.console.open_page(SEND, found)

    @on(BarList.Opened, "#send-results")
    def _open_results(self) -> None:
        self.do_send_report()

    def do_send_people(self) -> None:
        """Everybody in it."""
        self._open_people(Whose(title="Everybody"))

    def do_send_changes(self) -> None:
        """Who is something else than was confirmed, and why."""
        if self._detail is not None:
            self.console.open_page(SEND_CHANGES, self._detail.send.id)

    def do_send_report(self) -> None:
        """The report of its email campaign."""
        if self._detail is not None:
            self.console.open_page(REPORT, CampaignRef(self._detail.send.campaign, self._detail.send.account_id))

    def do_campaign_synchronise(self) -> None:
        """Reads what came back."""
        if self._detail is not None:
            send = self._detail.send
            start_run(self, StartRun(sync_type="campaigns", campaigns=(str(send.campaign),), account=send.account_id))

    def do_send_run(self) -> None:
        """The run that carries it out."""
        if self._detail is not None and self._detail.send.run:
            self.console.open_page(RUN, self._detail.send.run)

    def _open_people(self, whose: Whose) -> None:
        if self._detail is not None:
            send = self._detail.send
            about = msgspec.structs.replace(
                whose, count=self._detail.count, kind=_kind(send), trail=("Sends", send.campaign_name)
            )
            self.console.open_page(PEOPLE, about)


def _kind(send: SendRow) -> str:
    """Whom a send has mailed, or whom it would mail."""
    return SEND_KIND.id if send.was_mailed or send.state == "Stopped" else COUNT


def _facts(send: SendRow) -> list[Fact]:
    facts: list[Fact] = [
        ("State", send.standing, send_tone(send)),
        ("Next wave" if between_waves(send) else "Goes out", in_both_times(goes_out(send)), ""),
        ("Mailed", _mailed(send), "strong"),
        ("Sent on", moment(send.sent_on), ""),
        ("By", send.created_by, ""),
        ("Made", moment(send.created_on), ""),
        ("Decided", f"{send.decided_by}, {moment(send.decided_on)}" if send.decided_by else "", ""),
    ]
    return [each for each in facts if each[1]]


def _mailed(send: SendRow) -> str:
    """Of a send that was stopped out of those whom it was to mail, of one that was cancelled nobody."""
    if send.state == "Cancelled" and not send.doubt:
        return f"nobody of {people_of(send.sendable)}"
    return f"{mailed(send)} of {people_of(send.meant)}"


def _no_results(send: SendRow) -> str:
    if send.state == HANDED_OVER and send.split is not None:
        return "Known once all of it is out."
    return "Nothing went out." if send.state in ("Cancelled", "Failed", "Refused") else "Nothing has gone out yet."


def _notes(detail: SendDetail) -> list[Fact]:
    """What may take more than a line."""
    send = detail.send
    why = send.error if send.error != detail.stop else ""
    facts = [
        ("Lists", ", ".join(send.lists), ""),
        *how_handed(send),
        *(how_divided(send) if not send.waves_of else []),
        ("Why", detail.stop, "warn"),
        ("Note", why, "warn"),
    ]
    return [each for each in facts if each[1]]


def forecast_rows(detail: SendDetail) -> list[BarRow]:
    """Everybody by outcome and reason; where the count said otherwise when the send was confirmed, what it said."""
    before = {count_key(each): each for each in detail.counted}
    now = {count_key(each): each for each in detail.people}
    gone = [ReasonCount(each.outcome, each.reason, 0) for key, each in before.items() if key not in now]
    rows = tally_rows((*detail.people, *gone), _kind(detail.send))
    if not detail.counted:
        return rows
    notes = [_differs(row, before) for row in rows]
    # Counts stand below each other.
    width = max(map(len, notes), default=0)
    return [
        BarRow(row.key, row.label, row.count, row.tone, row.swatch, note.ljust(width))
        for row, note in zip(rows, notes, strict=True)
    ]


def _differs(row: BarRow, before: dict[str, ReasonCount]) -> str:
    counted = before[row.key].people if row.key in before else 0
    return f"was {number(counted)}" if counted != row.count else ""


def result_rows(results: SendResults, roomy: bool = True) -> list[BarRow]:
    """What those who were mailed did, as bars of people. Shares, which are there where it is `roomy`, are of those to
    whom it was delivered; of all to whom it was sent where a line says so."""
    of_sent = ", of sent" if roomy else ""
    sent = results.known
    return [
        _did("opened", "Opened by", results.opened, results.opens_read),
        _did("clicked", "Clicked by", results.clicked, results.clicks_read),
        BarRow("hard", f"Hard bounced{of_sent}", results.hard_bounced, "bad", "✗", whole=sent),
        BarRow("soft", f"Soft bounced{of_sent}", results.soft_bounced, "warn", "!", whole=sent),
        BarRow("unsubscribed", "Unsubscribed", results.unsubscribed, "warn", "○"),
    ]


def _did(key: str, title: str, people: int, read: bool) -> BarRow:
    return BarRow(key, title, people if read else None, "good", "✓", "" if read else "not read")


def _wave_key(wave: int) -> str:
    """The same before and after it begins: the cursor stays on it."""
    return f"wave {wave}"


def _wave_rows(detail: SendDetail) -> Sequence[BarRow]:
    send = detail.send
    if send.waves is None:
        return ()
    rows = []
    if detail.whole is not None:
        rows.append(BarRow(_WHOLE, "All waves", None, send_tone(detail.whole), "•", detail.whole.standing))
    for each in detail.waves:
        state = each.standing.partition(": ")[2] or each.standing
        text = f"{state}, {people_of(each.sendable)}"
        rows.append(BarRow(_wave_key(each.wave), f"Wave {each.wave}", None, send_tone(each), "•", text))
    whole = detail.whole or send
    over = detail.stop or whole.state in ("Sent", "Stopped", "Cancelled", "Failed")
    shares = [f"{each:g} %" for each in send.waves.shares] + ["the rest"]
    for wave in range(len(detail.waves) + 1, 1 if over else send.waves.count + 1):
        first = wave == len(detail.waves) + 1
        due = goes_out(whole) if first else ""
        # Beside a long share there is little room: the year is said where it is another one.
        note = f"{shares[wave - 1]}, {when(due)}" if due else shares[wave - 1]
        rows.append(BarRow(_wave_key(wave), f"Wave {wave}", None, "muted", "·", note))
    return rows
