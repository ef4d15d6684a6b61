"""Lets the product go through a history, beside the oracle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from dyntui.model.errors import DyntuiError
from dyntui.service.contract.campaigns import CampaignRef, CampaignRow, CampaignsQuery
from dyntui.service.contract.lists import Activate
from dyntui.service.contract.runs import RunDetail
from dyntui.service.contract.target_counts import CountTargets, TargetCount
from tests.oracle import counting, strangers, synchronising
from tests.oracle.comparing import Comparison, Disagreement
from tests.oracle.edits import Edit, Hands
from tests.oracle.histories import History, Round
from tests.oracle.judging import IN, Verdict, address_of, either, lists_at_work, whenever_lists_were_read
from tests.oracle.memory import Memory
from tests.oracle.rows import IGNORE, Key, MarketingList, Snapshot, snapshot
from tests.scenarios.office import Office, writes

HARM = frozenset({"WRONGLY MAILED", "MAILED TWICE", "run failed", "send not sent"})
"""Disagreements that gaps in what is told of changes do not excuse."""

Verdicts = Mapping[str, Mapping[Key, Verdict]]
"""By list."""


@dataclass
class Trial:
    """One history under way. After `play`, `found` holds the disagreements of the first step that had any (of all of
    them with `go_on`, where one may lead to others), and `figures` counts what was compared."""

    office: Office
    history: History
    go_on: bool = False
    gaps: bool = False
    told: list[str] = field(default_factory=list)
    figures: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.memory = Memory()
        self.hands = Hands(self.office.sandbox.state, self._on_a_screen, self.gaps)
        # What nothing has told of may be known a day later; that nobody is mailed wrongly holds all the same.
        self.comparison = Comparison(self.memory, only=HARM if self.gaps else frozenset())

    @property
    def found(self) -> list[Disagreement]:
        return self.comparison.found

    def play(self) -> list[Disagreement]:
        """The disagreements."""
        for edit in self.history.world:
            self._do(edit)
        self.office.refresh_lists()
        for of in self.history.lists:
            if of in self.hands.lists:
                self._on_a_screen("email_on", self.hands.lists[of])
        for number, each in enumerate(self.history.rounds):
            self.told.append(f"-- round {number}")
            self._round(each)
            if self._over():
                break
        self.figures["worlds"] += 1
        self.figures["persons"] += self.comparison.persons
        return self.found

    def story(self) -> str:
        """What happened and what came of it, to be read by people."""
        lines = [f"seed {self.history.seed}", *self.told]
        for each in self.found:
            lines += [f"** {each.kind}", f"   {each.story}"]
        return "\n".join(lines)

    def _over(self) -> bool:
        return bool(self.found) and not self.go_on

    def _rows(self) -> Snapshot:
        """All rows, after everything that is due by now has happened."""
        self.office.sandbox.control.get("/state").raise_for_status()
        return snapshot(lambda query: self.office.sandbox.state.db.execute(query).fetchall())

    def _do(self, edit: Edit) -> None:
        self.told.append(" ".join(map(repr, edit)))
        self.hands.do(edit)
        self.comparison.symbols = self.hands.names()

    def _on_a_screen(self, action: str, list_id: str) -> None:
        try:
            if action == "email_on":
                self.office.activate(Activate(id=list_id, link=True))
            else:
                self.office.deactivate(list_id)
        except DyntuiError as error:
            self.told.append(f"   refused: {error.code}")

    def _round(self, wanted: Round) -> None:
        for edit in wanted.before:
            self._do(edit)
        # Evidence that somebody subscribed again is looked for once a day; a contact made anew is none.
        again = any(name in ("resubscribe", "rejoin_book", "remake") for name, *_ in wanted.before)
        self.office.let_pass(hours=25 if again else 1)
        if wanted.suppressions_first:
            self._suppress()
        if wanted.opt_in and not self._over():
            self._read_opt_in_types()
        if not self._over():
            self._synchronise()
        if wanted.again and not self._over():
            self._synchronise(again=True)
        targets = [self.hands.lists[each] for each in wanted.targets if each in self.hands.lists]
        if self._over() or not wanted.campaign or not targets:
            return
        count = self._count(wanted.campaign, targets)
        if not self._over() and wanted.joined:
            for edit in wanted.joined:
                self._do(edit)
            count = self._count(wanted.campaign, targets)
        if not self._over() and count is not None and wanted.send:
            self._send(wanted, targets, count)

    # -- synchronising ---------------------------------------------------------------------------------------------

    def _suppress(self) -> None:
        self.told.append(">> suppressions are synchronised")
        before = self._rows()
        self.memory.learn(before)
        run = self.office.run("suppressions")
        after = self._rows()
        self.figures["synchronisations"] += 1
        self.memory.conclude(before, after)
        self.comparison.odd_rows(before, self.office.people(run.run.id))
        self.comparison.suppressions(before, after)
        self.comparison.flags(before, after)

    def _read_opt_in_types(self) -> None:
        self.told.append(">> opt-in types are synchronised")
        before = self._rows()
        self.office.run("opt-in")
        again, calls = self.office.calls_between(lambda: self.office.run("opt-in"))
        self.figures["opt-in types"] += 1
        self.comparison.opt_in_types(before, self._rows())
        if again.run.error_code or writes(calls):
            self.comparison.disagree("a second run of opt-in types writes", f"{again.run} {writes(calls)}")

    def _synchronise(self, *, again: bool = False) -> None:
        """`again`: as a schedule would; a person who asks again is offered what was refused a moment ago once more."""
        self.told.append(f">> lists are synchronised{' a second time' if again else ''}")
        before = self._rows()
        self.memory.learn(before)
        run, calls = self.office.calls_between(lambda: self.office.run("lists", scheduled=again))
        if again and writes(calls):
            self.comparison.disagree("a second run writes", f"{writes(calls)}")
        after = self._rows()
        self.figures["synchronisations"] += 1
        self.memory.read(lists_at_work(before), before)
        met = {each.id: strangers.strangers(each, before, self.memory) for each in lists_at_work(before)}
        self._compare_strangers(run, before, after, met)
        # Whoever joined is a member from then on; lists before theirs were decided without them.
        joined = strangers.with_joined(before, after, met)
        self.memory.learn(joined)
        self.memory.read(lists_at_work(joined), joined)
        expected = {each.id: self._synchronised(each, joined) for each in lists_at_work(joined)}
        for each in lists_at_work(before) if joined.lists != before.lists else ():
            alone = strangers.with_joined(before, after, {each.id: met[each.id]})
            without = self._synchronised(alone.lists[each.id], alone)
            several = expected[each.id]
            expected[each.id] = {key: either(one, without.get(key, one)) for key, one in several.items()}
        before = joined
        self._compare_run(run, before, expected)
        self.memory.conclude(before, after)
        self.comparison.suppressions(before, after)
        for each in lists_at_work(after):
            if each.id in expected:
                self.comparison.book(each, expected[each.id], before, after)
        self.comparison.flags(before, after)
        self._remember(before, after, expected)

    def _compare_strangers(
        self,
        run: RunDetail,
        before: Snapshot,
        after: Snapshot,
        met: Mapping[str, Mapping[str, strangers.Stranger]],
    ) -> None:
        for list_id, found in met.items():
            on = before.lists[list_id]
            if on.id in self.memory.was_off or on.id not in after.lists:
                continue
            for kind, story in strangers.wrong(on, found, before, after):
                self.comparison.disagree(kind, story)
            if on.action == IGNORE:
                continue
            item = next((each for each in run.items if each.id == f"{list_id}/strangers"), None)
            said = {each.address: each for each in self.office.people(run.run.id, item=item.id)} if item else {}
            self.figures["strangers"] += len(found)
            for address, each in found.items():
                person = said.get(address)
                outcome, reason = (str(person.outcome), person.reason) if person else (None, "")
                if not each.open and not each.verdict.allows(outcome, reason):
                    right = (
                        f"{'/'.join(sorted(each.verdict.outcomes))} {'/'.join(sorted(each.verdict.reasons))}".strip()
                    )
                    kind = f"strangers: {outcome} {reason} | right: {right}"
                    self.comparison.disagree(kind, f"{address} in the book of {on.name}: {each}; {person}")

    def _synchronised(self, each: MarketingList, rows: Snapshot) -> dict[Key, Verdict]:
        return whenever_lists_were_read(self.memory, lambda memory: synchronising.synchronised(each, rows, memory))

    def _compare_run(self, run: RunDetail, rows: Snapshot, expected: Verdicts) -> None:
        if run.run.status == "Failed" and expected:
            self.comparison.disagree("run failed", f"{run.run.error_code} {run.run.error}")
        items = {item.id: item for item in run.items if item.kind == "list"}
        for each in rows.lists.values():
            item = items.get(each.id)
            said = self.office.people(run.run.id, item=item.id) if item else ()
            if each.id not in expected:
                if any(person.outcome in IN for person in said):
                    self.comparison.disagree("inactive list synchronised", f"{each.name} is not at work")
            elif item is None:
                self.comparison.disagree("list missing in run", f"{each.name} has no item")
            else:
                where = f"run, {each.name} ({each.kind}, {'dynamic' if each.dynamic else 'static'})"
                self.comparison.people("run", where, expected[each.id], said, rows)

    def _remember(self, before: Snapshot, after: Snapshot, expected: Verdicts) -> None:
        for list_id, verdicts in expected.items():
            on, earlier = before.lists[list_id], self.memory.carried.get(list_id, {})
            inside = after.in_book(on.book)
            held = {
                key: earlier[key]
                for key, each in verdicts.items()
                if "held" in each.outcomes and key in earlier and earlier[key] in inside
            }
            now = {
                key: address_of(before.records[key])
                for key, each in verdicts.items()
                if each.outcomes <= IN or (each.outcomes & IN and address_of(before.records[key]) in inside)
            }
            self.memory.carried[list_id] = {**held, **now}
            self.memory.held[list_id] = set(held)
            self.memory.synced[list_id] = set(on.members)
            self.memory.was_off.discard(list_id)

    # -- counting and sending --------------------------------------------------------------------------------------

    def _count(self, number: int, targets: list[str]) -> TargetCount | None:
        rows = self._rows()
        self.told.append(f">> campaign {number} is counted over {[rows.lists[each].name for each in targets]}")
        targeted = self._targeted(number, targets)
        if not targeted:
            return None
        office = self.office
        try:
            asked = CountTargets(id=number, lists=tuple(targeted))
            count = office.wait(office._sending.count(office.context, asked))
        except DyntuiError as error:
            self.told.append(f"   count refused: {error.code}")
            if set(targeted) & {each.id for each in lists_at_work(rows)}:
                self.comparison.disagree(f"count refused {error.code}", str(error))
            return None
        self.figures["counts"] += 1
        said = office.count_people(count.id)
        if not count.potential == count.sendable + sum(each.people for each in count.excluded) == len(said):
            self.comparison.disagree("count does not add up", str(count))
        expected = whenever_lists_were_read(
            self.memory, lambda memory: counting.counted(targeted, number, rows, memory)
        )
        self.comparison.people("count", f"count of campaign {number}", expected, said, rows)
        return count

    def _targeted(self, number: int, wanted: list[str]) -> list[str]:
        """Those of the lists that the campaign has as targets, after each was added that can be."""
        office = self.office
        if not any(each.id == number for each in self._campaigns()):
            office.run("campaigns")
        campaign = next(each for each in self._campaigns() if each.id == number)
        for each in wanted:
            try:
                office.target(campaign, each)
            except DyntuiError as error:
                self.told.append(f"   not targeted: {error.code}")
        have = {row.id for row in office.wait(office._campaigns.targets(office.context, CampaignRef(number))).rows}
        return [each for each in wanted if each in have]

    def _campaigns(self) -> tuple[CampaignRow, ...]:
        office = self.office
        return office.wait(office._campaigns.page(office.context, CampaignsQuery(limit=500))).rows

    def _send(self, wanted: Round, targets: list[str], count: TargetCount) -> None:
        number, at_count = wanted.campaign, self._rows()
        shown = {(each.entity, each.person) for each in self.office.count_people(count.id, sendable=True)}
        for edit in wanted.during:
            self._do(edit)
        self.told.append(f">> campaign {number} is sent to {len(shown)}")
        if not shown:
            return
        before = self._rows()
        self.memory.learn(before, flags=False)
        self.comparison.carried_over |= before.suppressions.keys()
        self.memory.read([each for each in lists_at_work(before) if each.id in targets], before)
        expected = whenever_lists_were_read(
            self.memory, lambda memory: counting.sent(shown, at_count, targets, number, before, memory)
        )
        # Inside a send its lists are synchronised: what that makes of them is not compared, but it is so from then on.
        lists = {each.id: self._synchronised(each, before) for each in lists_at_work(before) if each.id in targets}
        due = any(each.outcomes == {"added"} for each in expected.values())
        try:
            row = self.office.send(count)
        except DyntuiError as error:
            self.told.append(f"   send refused: {error.code}")
            if due:
                self.comparison.disagree(f"send refused {error.code}", str(error))
            return
        after = self._rows()
        self.figures["sends"] += 1
        self._remember(before, after, lists)
        self.memory.send_books |= {book: set(targets) for book in after.books.keys() - before.books.keys()}
        mailed = self.comparison.mails(number, expected, at_count, before, after)
        self.figures["mails"] += len(mailed)
        if row.state != "Sent" and (due or row.state != "Failed"):
            run = self.office.detail(row.run).run
            self.comparison.disagree("send not sent", f"{row.state} {row.error} {run.error_code} {run.error}")
        said = [each for each in self.office.people(row.run) if (each.entity, each.person) in shown]
        self.comparison.people("send", f"send of campaign {number}", expected, said, before)
        self.memory.conclude(before, after)
        self.memory.had_at.setdefault(number, set()).update(mailed)
        had = self.memory.had.setdefault(number, set())
        had |= {key for key in shown if address_of(at_count.records[key]) in mailed}
