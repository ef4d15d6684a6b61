"""Histories in which people change their minds at any moment of a send, and dotdigital behaves as it may.

Before any call and at any wait of a send somebody opts out in one of the ways there are, is mailed the campaign by
somebody else, or staff cancel the send; listings are slow, removals and sends show late, answers fail after the work is
done. Whoever had opted out before the last look began is not mailed, nobody has a campaign twice, everybody is
accounted for. `make sim KINDS=restless` plays many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import RunStatus
from dyntui.service.contract.sends import SendRow
from dyntui.store.sends import Send
from dyntui.sync import last_look
from dyntui.sync.run_context import RunContext
from tests.faults.history import Ended, History, is_away, trust_in
from tests.faults.interrupted import Interrupted
from tests.faults.job import office_from
from tests.faults.sends import NOT_TAKEN_UP

STEPS = 25
SWITCHES: dict[str, tuple[Any, ...]] = {
    "removal_lag_seconds": (0.0, 0.0, 30.0, 150.0),
    "listing_lag_seconds": (0.0, 0.0, 20.0, 300.0),
    "late_suppressions_seconds": (0.0, 0.0, 600.0),
    "send_appears_after_seconds": (0.0, 0.0, 60.0, 1200.0),
    "send_start_seconds": (0.0, 1.0, 60.0, 900.0),
    "recipients_resolved_at": ("start", "accept"),
    "missing_book_means_everybody": (True, False),
    "unsubscribe_lands_on_send_book": (True, False),
    "cancelled_send_hides_recipients": (True, False),
    "partly_cancelled_shows_sent": (True, False),
}


class Restless(Interrupted):
    """An office whose clock moves on with the world's, and in which something may happen before any call."""

    def _now(self) -> datetime:
        return self.sandbox.time.now()


class RestlessHistory(History):
    """See the module."""

    def __init__(self, office: Restless, seed: int) -> None:
        self.when: dict[str, datetime] = {}
        self.looks: dict[int, list[datetime]] = {}
        # When the book of a send was listed; who said so in dotdigital, whose feeds may be late.
        self.listings: dict[int, list[datetime]] = {}
        self.by_feed: set[str] = set()
        self.sending = 0
        # How often something may still happen during the send.
        self.left = 0
        self.busy = False
        super().__init__(office, seed)
        self.steps.append((1, self.weeks_pass_after_an_unsubscribe))
        switched = self.switches()
        self.told.append(f"switches {switched}")
        office.sandbox.switch(dotdigital=switched)
        self.late = bool(switched.get("late_suppressions_seconds"))

    def switches(self) -> dict[str, Any]:
        """Of dotdigital in this world."""
        return {name: self.chance.choice(values) for name, values in SWITCHES.items()}

    # -- what happens ------------------------------------------------------------------------------------------------

    def happens(self, likely: float) -> None:
        if self.busy or not self.left or self.chance.random() >= likely:
            return
        self.busy = True
        self.left -= 1
        try:
            self.chance.choice(self.ways_to_say_no())()
        finally:
            self.busy = False

    def ways_to_say_no(self) -> tuple[Callable[[], None], ...]:
        return (
            self.opts_out_in_dynamics,
            self.opts_out_in_dynamics,
            self.unsubscribes,
            self.unsubscribes_from_the_list,
            self.unsubscribes_from_a_sends_book,
            self.is_suppressed_in_dynamics,
            self.staff_cancel,
        )

    def note(self, address: str) -> None:
        self.when[address] = self.office.sandbox.time.now()

    def change(self, person: str, **values: Any) -> None:
        super().change(person, **values)
        if 1 in (values.get("donotemail"), values.get("donotbulkemail")):
            self.note(self.members[person])

    def _unsubscribe(self, address: str, **where: Any) -> bool:
        done = super()._unsubscribe(address, **where)
        if done:
            self.note(address)
            self.by_feed.add(address)
        return done

    def unsubscribes_from_a_sends_book(self) -> None:
        rows = self.office.sandbox.state.db.execute("SELECT id FROM dd_book WHERE name LIKE 'dyntui send%'").fetchall()
        if rows:
            address = self.address()
            if self._unsubscribe(address, book=self.chance.choice(rows)[0]):
                self.left_the_list.add(address)

    def weeks_pass_after_an_unsubscribe(self) -> None:
        """The book of a send is removed after two weeks; what came through it until then counts."""
        self.unsubscribes_from_a_sends_book()
        self.office.let_pass(days=15)
        self.runs("suppressions")

    def is_suppressed_in_dynamics(self) -> None:
        before = set(self.suppressed_in_dynamics)
        super().is_suppressed_in_dynamics()
        for address in self.suppressed_in_dynamics - before:
            self.note(address)

    def staff_cancel(self) -> None:
        body = {"campaign": self.sending, "reached": self.chance.choice((0, 3))}
        done = self.office.sandbox.control.post("/cancel-send", json=body).is_success
        self.told.append(f"staff cancel {body}: {done}")

    def something_fails(self) -> None:
        if self.chance.random() < 0.5:
            super().something_fails()
            return
        fault: dict[str, Any] = self.chance.choice(
            (
                {"kind": "status_after", "status": 503, "route": "/campaigns/send$"},
                {"kind": "drop_after", "route": "/campaigns/send$"},
                {"kind": "drop_before", "route": "/campaigns/send$"},
                {"kind": "status", "route": "/campaigns/send$", **NOT_TAKEN_UP},
                {"kind": "delay", "seconds": 45.0, "route": "^/contacts/v3$"},
                {"kind": "delay", "seconds": 200.0, "route": "^/contacts/v3$"},
                {"kind": "delay", "seconds": 20.0, "route": "since/"},
                {"kind": "status", "status": 429, "route": "since/"},
            )
        )
        fault = {
            "system": "dotdigital",
            "times": self.chance.randint(1, 3),
            "after": self.chance.randint(0, 3),
            **fault,
        }
        self.told.append(f"fault {fault}")
        self.office.sandbox.order(fault)

    # -- sends -------------------------------------------------------------------------------------------------------

    def somebody_counts(self) -> None:
        try:
            super().somebody_counts()
        except DyntuiError as refused:
            # Staff have cancelled it: dotdigital sends it no more.
            self.told.append(f"count refused: {refused.code}")
            assert is_away(refused) or refused.code == "CAMPAIGN_NOT_SENDABLE", refused

    def somebody_sends(self) -> None:
        if not self.counts:
            self.somebody_counts()
        if not self.counts:
            return
        count = self.counts.pop(self.chance.randrange(len(self.counts)))
        try:
            queued = self.office.queue_send(count)
        except DyntuiError as refused:
            self.told.append(f"send refused: {refused.code}")
            # Staff may have cancelled the campaign since it was counted.
            known = ("SEND_NO_RECIPIENTS", "COUNT_UNKNOWN", "COUNT_TAKEN", "CAMPAIGN_NOT_SENDABLE")
            assert is_away(refused) or refused.code in known, refused
            return
        self.sending, self.left = count.campaign, self.chance.randint(0, 6)
        self.office.meanwhile = lambda: self.happens(0.15)
        self.office.engine.drain()
        self.office.meanwhile = lambda: None
        self.sending = self.left = 0
        sent = self.office.send_row(queued.id)
        run = self.office.detail(sent.run)
        self.told.append(f"send: {sent.standing} {run.run.error_code}, {sent.sendable} of {sent.potential}")
        self.adds_up(run)
        assert sent.potential == sent.sendable + sum(each.people for each in sent.excluded)
        self.sends += sent.state == "Sent"
        self.nobody_is_wronged()
        if self.chance.random() < 0.5:
            self.somebody_decides(sent)

    def somebody_decides(self, sent: SendRow) -> None:
        """By what is true, once it is certain that nothing more arrives."""
        self.office.let_pass(hours=1)
        sent = self.office.send_row(sent.id)
        if sent.undecided:
            mails = self.mails()
            reached = any(mail["campaign_id"] == sent.campaign for mail in mails)
            self.unharmed(lambda: self.office.settle(sent.id, reached))
            self.told.append(f"settled {sent.id}: {reached}")

    def mails(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.office.sandbox.control.get("/mailed").raise_for_status().json()
        return found

    def nobody_is_wronged(self) -> None:
        mails = self.mails()
        once = {(mail["campaign_id"], mail["address"]) for mail in mails}
        assert len(once) == len(mails), "somebody was mailed twice"
        for mail in mails:
            address, looks = mail["address"], self.looks.get(mail["campaign_id"], [])
            wished = (
                mail["suppressed_at_send"]
                or mail["opted_out_at_send"]
                or address in self.left_the_list
                or address in self.suppressed_in_dynamics
            )
            # What somebody wishes after the last look, and before the mail or after it, is too late for this one.
            if self.late and address in self.by_feed:
                # No feed may have said so yet: what counts is what the contact said in the last listing.
                looks = self.listings.get(mail["campaign_id"], [])
            looked = [each for each in looks if each <= datetime.fromisoformat(mail["sent_on"])]
            in_time = address not in self.when or (bool(looked) and self.when[address] < looked[-1])
            if wished and (in_time or not looked):
                raise AssertionError(f"{address} was mailed {mail}, wished {self.when.get(address)}, looks {looked}")

    def play(self, steps: int) -> None:
        """As many steps, and then everything comes to an end in peace."""
        self.go_on(steps)
        self.office.sandbox.reset()
        self.office.let_pass(hours=2)
        self.runs("campaigns")
        self.runs("lists")
        self.nobody_is_wronged()
        again = self.runs("lists")
        assert again.run.status in (RunStatus.COMPLETED, RunStatus.COMPLETED_WITH_ERRORS)


@contextmanager
def watched(history: RestlessHistory) -> Iterator[None]:
    """Things happen before calls too, and it is noted when the book of each send was listed and its last look began."""
    look, wire = last_look.look, history.office.sandbox._wire
    arrive = wire.arrive

    async def looked(ctx: RunContext, this: Send, *which: Any, **how: Any) -> Any:
        history.looks.setdefault(this.campaign_id, []).append(history.office.sandbox.time.now())
        return await look(ctx, this, *which, **how)

    def arrived(request: httpx.Request, body: bytes) -> Any:
        if "/control" not in str(request.url) and request.url.host != httpx.URL(wire.gateway.state.urls.control).host:
            history.happens(0.01)
        if request.url.path == "/contacts/v3" and history.sending and request.url.params.get("~listId"):
            history.listings.setdefault(history.sending, []).append(history.office.sandbox.time.now())
        return arrive(request, body)

    last_look.look, wire.arrive = looked, arrived
    try:
        yield
    finally:
        last_look.look, wire.arrive = look, arrive


def play(seed: int, kept: Path, folder: Path, steps: int = STEPS) -> Ended:
    """Plays a history. Raises AssertionError with all that happened where somebody was wronged."""
    with office_from(kept, folder, Restless, trust=trust_in(seed)) as office:
        history = RestlessHistory(office, seed)
        office.interrupt(seed, often=0.3)
        try:
            with watched(history):
                history.play(steps)
        except AssertionError as wrong:
            wrong.add_note("\n".join(history.told))
            raise
        return Ended(tuple(history.told), history.sends, office.sandbox.time.seconds(), office.digest())
