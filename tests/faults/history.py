"""Whatever happens in whatever order, nobody is mailed who must not be, and everybody is accounted for.

A history is a random one: people opt out, unsubscribe, move to another address, join and leave; somebody counts and
sends, perhaps much later; calls fail and runs are let go meanwhile. `DYNTUI_FAULT_STEPS` says how long each is.
"""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from dyntui.dataverse import lists as dv_lists
from dyntui.dataverse import membership
from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.outcomes import RunStatus
from dyntui.model.trust import Rule
from dyntui.service.contract.runs import RunDetail
from dyntui.service.contract.target_counts import TargetCount
from tests.faults.interrupted import Interrupted
from tests.faults.job import Job, copies_of_the_campaign, new_copies, office_from
from tests.scenarios.office import PROVE_EACH, by_reason

STEPS = int(os.environ.get("DYNTUI_FAULT_STEPS", "30"))
SYSTEMS = ("dataverse", "dotdigital")
# What an opt-out in Dynamics can still be heeded in; a request that is on its way cannot be called back.
TOO_LATE = ("Creating the send", "Sending", "Clearing up", "Sent")


def is_away(error: DyntuiError) -> bool:
    """Whether it says that a system is away, or at its limit."""
    return error.exit is Exit.UNREACHABLE or error.code.endswith("_LIMIT")


class History:
    """One world, and what is known of who must not be mailed in it."""

    def __init__(self, office: Interrupted, seed: int) -> None:
        self.office = office
        self.job = Job(office)
        self.chance = random.Random(seed)
        self.told: list[str] = []
        self.begin()
        self.newsletter = self.job.newsletter.id
        self.book = office.book_of(self.newsletter)
        self.left_the_list: set[str] = set()
        self.suppressed_in_dynamics: set[str] = set()
        self.counts: list[TargetCount] = []
        self.campaigns = self.new_campaigns()
        self.seen: set[tuple[str, str]] = set()
        self.sends = 0
        self.members = {each.person: each.address for each in office.members(self.newsletter)}
        self.steps: list[tuple[int, Callable[[], None]]] = [
            (3, self.opts_out_in_dynamics),
            (1, self.opts_in_again_in_dynamics),
            (3, self.unsubscribes),
            (2, self.unsubscribes_from_the_list),
            (2, self.is_suppressed_in_dynamics),
            (3, self.moves_to_another_address),
            (1, self.is_deactivated),
            (1, self.joins_or_leaves),
            (2, self.time_passes),
            (3, self.something_fails),
            (4, lambda: self.runs("lists")),
            (1, lambda: self.runs("suppressions")),
            (1, lambda: self.runs("campaigns")),
            (5, self.somebody_counts),
            (6, self.somebody_sends),
        ]

    def begin(self) -> None:
        """What has to happen before the list and its book are there."""

    def new_campaigns(self) -> list[int]:
        """To be sent to the newsletter's people, each of them once to everybody: those that the world was kept with, or
        new ones."""
        return copies_of_the_campaign(self.office) or new_copies(self.job)

    def go_on(self, steps: int) -> None:
        weights = [weight for weight, _ in self.steps]
        for _ in range(steps):
            (_, step) = self.chance.choices(self.steps, weights)[0]
            step()

    # -- what people do ----------------------------------------------------------------------------------------------

    def somebody(self) -> str:
        return self.chance.choice(sorted(self.members))

    def address(self) -> str:
        return self.chance.choice(sorted(filter(None, self.members.values())))

    def change(self, person: str, **values: Any) -> None:
        self.told.append(f"{person} {self.members[person]}: {values}")
        self.office.change_in_dynamics("contact", person, **values)

    def opts_out_in_dynamics(self) -> None:
        self.change(self.somebody(), **{self.chance.choice(("donotemail", "donotbulkemail")): 1})

    def opts_in_again_in_dynamics(self) -> None:
        self.change(self.somebody(), donotemail=0, donotbulkemail=0)

    def unsubscribes(self) -> None:
        self._unsubscribe(self.address())

    def unsubscribes_from_the_list(self) -> None:
        address = self.address()
        if self._unsubscribe(address, book=self.book):
            self.left_the_list.add(address)

    def _unsubscribe(self, address: str, **where: Any) -> bool:
        body = {"address": address, **where}
        done = self.office.sandbox.control.post("/unsubscribe", json=body).is_success
        self.office.until_told()
        self.told.append(f"unsubscribe {body}: {done}")
        return done

    def is_suppressed_in_dynamics(self) -> None:
        address = self.address()
        self.told.append(f"suppression row for {address}")
        row = {
            "dyntui_address": address.upper(),
            "dyntui_key": f"by-hand-{len(self.told)}",
            "dyntui_origin": "Dynamics",
        }
        self.office.sandbox.control.post(
            "/dataverse/rows", json={"table": "dyntui_suppression", "values": row}
        ).raise_for_status()
        self.suppressed_in_dynamics.add(address)

    def moves_to_another_address(self) -> None:
        person, number = self.somebody(), len(self.told)
        somewhere = [
            f"new{number}@example.org",
            self.address(),
            f"  {self.address().upper()} ",
            self.members[person].title(),
            "",
            "not an address",
        ]
        address = self.chance.choice(somewhere)
        self.change(person, emailaddress1=address)
        self.members[person] = address.strip().lower()

    def is_deactivated(self) -> None:
        self.change(self.somebody(), statecode=1, statuscode=2)

    def joins_or_leaves(self) -> None:
        person = self.somebody()
        act = self.chance.choice((membership.add_members, membership.remove_members))
        self.told.append(f"{act.__name__} {person}")

        async def change() -> None:
            dv = await self.office.resources.connections.dataverse()
            newsletter = await dv_lists.marketing_list(dv, self.newsletter, dv_lists.MarketingList)
            assert newsletter is not None
            await act(dv, newsletter, [person])

        self.unharmed(lambda: self.office.wait(change()))

    def time_passes(self) -> None:
        self.office.let_pass(hours=self.chance.choice((0.1, 1, 30)))

    # -- what goes wrong ---------------------------------------------------------------------------------------------

    def something_fails(self) -> None:
        kind = self.chance.choice(("drop_before", "drop_after", "truncate", "status", "html"))
        fault = {
            "system": self.chance.choice(SYSTEMS),
            "kind": kind,
            "status": self.chance.choice((429, 502, 503)),
            "times": self.chance.randint(1, 4),
            "after": self.chance.randint(0, 30),
        }
        self.told.append(f"fault {fault}")
        self.office.sandbox.order(fault)

    def unharmed(self, work: Callable[[], None]) -> None:
        """What somebody does in the other systems themselves is not what is tried here."""
        self.office.sandbox.control.delete("/faults").raise_for_status()
        work()

    # -- what dyntui does --------------------------------------------------------------------------------------------

    def runs(self, sync_type: str) -> RunDetail:
        run = self.office.run(sync_type)
        self.told.append(f"run {sync_type}: {run.run.status} {run.run.error_code} {by_reason(run.run)}")
        self.adds_up(run)
        return run

    def adds_up(self, run: RunDetail) -> None:
        assert run.run.error_code not in ("ACCOUNTING", "INTERNAL_ERROR", "PLAN_WRITES"), run.run.error
        if run.run.status is not RunStatus.FAILED:
            assert run.run.tally.adds_up and all(item.tally.adds_up for item in run.items)

    def somebody_counts(self) -> None:
        campaign = self.office.campaign_numbered(self.chance.choice(self.campaigns))
        try:
            count = self.office.count(campaign)
        except DyntuiError as refused:
            # Whoever asks is told soon that a system is away: calls of people are not repeated for long.
            if not is_away(refused):
                raise
            self.told.append(f"count refused: {refused.code}")
            return
        left_out = ", ".join(f"{each.people} {each.reason}" for each in count.excluded)
        self.told.append(f"count: {count.sendable} of {count.potential}, without {left_out}")
        assert count.potential == count.sendable + sum(each.people for each in count.excluded)
        self.counts.append(count)

    def somebody_sends(self) -> None:
        """What was counted, now or some time ago; and something happens while it is on its way."""
        if not self.counts:
            self.somebody_counts()
        if not self.counts:
            return
        count = self.counts.pop(self.chance.randrange(len(self.counts)))
        try:
            queued = self.office.queue_send(count)
        except DyntuiError as refused:
            self.told.append(f"send refused: {refused.code}")
            known = ("SEND_NO_RECIPIENTS", "COUNT_UNKNOWN", "COUNT_TAKEN")
            assert is_away(refused) or refused.code in known, refused
            return
        meanwhile = [
            self.chance.choice((self.opts_out_in_dynamics, self.unsubscribes, self.unsubscribes_from_the_list))
        ]

        def something_happens() -> None:
            if meanwhile and self.office.stage_of(queued.run) not in TOO_LATE and self.chance.random() < 0.3:
                meanwhile.pop()()

        self.office.meanwhile = something_happens
        self.office.engine.drain()
        self.office.meanwhile = lambda: None
        sent = self.office.send_row(queued.id)
        run = self.office.detail(sent.run)
        self.told.append(f"send: {sent.state} {run.run.error_code}, {sent.sendable} of {sent.potential}")
        self.adds_up(run)
        assert sent.potential == sent.sendable + sum(each.people for each in sent.excluded)
        self.sends += sent.state == "Sent"
        self.nobody_was_wronged(sent.sendable if sent.state == "Sent" else 0)

    def nobody_was_wronged(self, expected: int) -> None:
        mails = [
            mail
            for mail in self.office.sandbox.control.get("/mailed").raise_for_status().json()
            if (mail["send_id"], mail["address"]) not in self.seen
        ]
        fresh = {(mail["send_id"], mail["address"]) for mail in mails}
        assert len(fresh) == len(mails) and len({send for send, _ in fresh}) <= 1, "somebody was mailed twice"
        self.seen |= fresh
        addresses = {address for _, address in fresh}
        assert not [mail for mail in mails if mail["suppressed_at_send"] or mail["opted_out_at_send"]]
        assert not addresses & self.left_the_list
        assert not addresses & self.suppressed_in_dynamics
        assert len(addresses) <= max(expected, 0)


class Ended(msgspec.Struct, frozen=True):
    """What a history came to: equal for one seed, whenever and wherever it is played."""

    told: tuple[str, ...]
    sends: int
    seconds: float
    systems: dict[str, str]

    @property
    def digest(self) -> str:
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()


def trust_in(seed: int) -> Rule:
    """In every second history answers that say only what changed rule as soon as each of them was proved, as after the
    first days of a connection; in the others everything is read each time, too."""
    return random.Random(f"trust/{seed}").choice((PROVE_EACH, Rule(first_days=0)))


def play(seed: int, kept: Path, folder: Path, steps: int = STEPS) -> Ended:
    """Plays a history in a world that is ready to send, as `kept`, and synchronises, counts, sends at its end.

    Raises AssertionError with all that happened where somebody was wronged or not accounted for.
    """
    with office_from(kept, folder, Interrupted, trust=trust_in(seed)) as office:
        history = History(office, seed)
        office.interrupt(seed)
        try:
            history.go_on(steps)
            office.sandbox.reset()
            history.runs("lists")
            history.somebody_counts()
            history.somebody_sends()
            history.runs("lists")
            office.until_told()
            again, calls = office.calls_between(lambda: history.runs("lists"))
            assert again.run.status in (RunStatus.COMPLETED, RunStatus.COMPLETED_WITH_ERRORS)
            assert not [each for each in calls if each["writes"]], "a second synchronisation wrote"
        except AssertionError as wrong:
            wrong.add_note("\n".join(history.told))
            raise
        return Ended(tuple(history.told), history.sends, office.sandbox.time.seconds(), office.digest())
