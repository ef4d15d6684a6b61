"""A world of two email accounts and three lists that share people, and what people do in it.

Half of the newsletter's people are on another list of the account, a third on one of the second account; names travel
both ways in both. Records are merged, values change in Dynamics and in both accounts, people opt out on either side.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dyntui.model.mapping import ConflictRule
from dyntui.model.outcomes import Outcome
from dyntui.service.contract.campaigns import ChangeTargets
from tests.faults import second_account
from tests.faults.restless import RestlessHistory
from tests.faults.second_account import Account
from tests.faults.side_by_side import TwoWorkers
from tests.month.world import MAIN
from tests.scenarios.test_address_books import two_way

OTHER, ELSEWHERE = "Alpine Club", "Scotland"
_CAMPAIGNS_ELSEWHERE = 3
_RENAMED = 12


class SharedLists(RestlessHistory):
    """See the module. `second`: the other account; `other`, `elsewhere`: the lists beside the newsletter, by id;
    `meant_for`: the list whose people a campaign is for, by number; `rule`: which of two changed names wins."""

    office: TwoWorkers

    def switches(self) -> dict[str, Any]:
        return {}

    def begin(self) -> None:
        """Half of the newsletter's people are on another list of the account, a third on one of the second account, and
        names travel both ways."""
        office = self.office
        self.rule = self.chance.choice((ConflictRule.DOTDIGITAL, ConflictRule.DYNAMICS))
        self.told.append(f"of two values that of {self.rule} wins")
        two_way(office, *second_account.BOTH_WAYS, rule=self.rule)
        there = [each for each in office.members(self.job.newsletter.id) if each.outcome is not Outcome.EXCLUDED]
        self.other = office.activated(OTHER).id
        known = {row[0] for row in office.sandbox.state.db.execute("SELECT entityid FROM dv_listmember")}
        people = [each.person for each in there if each.person in known]
        office.join(self.other, people[::2])
        self.second = second_account.connected(office, self.rule)
        self.elsewhere = second_account.list_of(office, ELSEWHERE, people[::3])
        for name in (MAIN, self.second.name):
            office.start("lists", account=name)
        office.engine.drain()

    def new_campaigns(self) -> list[int]:
        numbers = super().new_campaigns()
        self.meant_for = dict.fromkeys(numbers, self.newsletter)
        # The last ones are for the people of the other list.
        for number in numbers[-2:]:
            campaign = self.office.campaign_numbered(number)
            self.office.untarget(campaign, self.newsletter)
            self.office.target(campaign, self.other)
            self.meant_for[number] = self.other
        self.second.new_campaigns(self.elsewhere, _CAMPAIGNS_ELSEWHERE)
        self.meant_for |= self.second.campaigns
        self.office.run("campaigns", account=self.second.name)
        for number in self.second.campaigns:
            asked = ChangeTargets(id=number, add=(self.elsewhere,))
            self.office.wait(self.office._campaigns.change_targets(self.office.context, asked))
        return sorted(self.meant_for)

    # -- what people do ----------------------------------------------------------------------------------------------

    def ways_to_say_no(self) -> tuple[Callable[[], None], ...]:
        return (
            self.opts_out_in_dynamics,
            self.unsubscribes,
            self.unsubscribes_from_the_list,
            self.unsubscribes_elsewhere,
            self.is_suppressed_in_dynamics,
        )

    def unsubscribes_elsewhere(self) -> None:
        """Through the second account, whose suppressions count in the first one."""
        address = self.address()
        done = self.second.sandbox.control.post("/unsubscribe", json={"address": address}).is_success
        self.told.append(f"unsubscribe {address} elsewhere: {done}")
        if done:
            self.note(address)

    def is_merged(self) -> None:
        loser, survivor = self.somebody(), self.somebody()
        row = self.office.sandbox.state.db.execute(
            "SELECT count(*) FROM dv_contact WHERE contactid IN (?, ?) AND merged IS NOT 1 AND statecode = 0",
            (loser, survivor),
        ).fetchone()
        if loser != survivor and row[0] == 2 and len(self.members) > 20:
            self.change(loser, merged=1, masterid=survivor, statecode=1)
            del self.members[loser]

    def changes_in_dotdigital(self) -> None:
        address, name = self.address(), f"There{len(self.told)}"
        account = self.chance.choice((Account(MAIN, self.office.sandbox), self.second))
        if account.change(address, FIRSTNAME=name):
            self.told.append(f"{address} is renamed {name} in {account.name}")

    def names_change(self) -> None:
        """On one side, on both the same field, or a field on each."""
        here, accounts = self.office.sandbox.state.db, (Account(MAIN, self.office.sandbox), self.second)
        for place, person in enumerate(self.chance.sample(sorted(self.members), _RENAMED)):
            address, there = self.members[person], self.chance.choice(accounts)
            known = here.execute("SELECT statecode FROM dv_contact WHERE contactid = ?", (person,)).fetchone()
            ours, theirs = self.chance.choice(((0, ""), (1, ""), (0, "FIRSTNAME"), (1, "FIRSTNAME"), (1, "LASTNAME")))
            if known != (0,) or not address:
                continue
            if ours:
                self.change(person, firstname=f"Ours{len(self.told)}")
            if theirs and there.change(address, **{theirs: f"Theirs{place}"}):
                self.told.append(f"{address}: {theirs} is Theirs{place} in {there.name}")

    def is_renamed_in_dynamics(self) -> None:
        self.change(self.somebody(), firstname=f"Here{len(self.told)}")

    def joins_another_list(self) -> None:
        person, list_id = self.somebody(), self.chance.choice((self.other, self.elsewhere))
        act = self.chance.choice((self.office.join, self.office.leave))
        self.told.append(f"{act.__name__} {person} {list_id}")
        self.unharmed(lambda: self._quietly(act, list_id, person))

    def _quietly(self, act: Any, list_id: str, person: str) -> None:
        try:
            act(list_id, [person])
        except AssertionError:
            self.told.append("   Dynamics refused")

    def something_fails(self) -> None:
        if self.chance.random() < 0.7:
            super().something_fails()
            return
        fault = {
            "system": "dotdigital",
            "kind": self.chance.choice(("drop_before", "drop_after", "truncate", "status", "html")),
            "status": self.chance.choice((429, 502, 503)),
            "times": self.chance.randint(1, 4),
            "after": self.chance.randint(0, 10),
        }
        self.told.append(f"fault elsewhere {fault}")
        self.second.sandbox.order(fault)

    def unharmed(self, work: Callable[[], None]) -> None:
        self.second.sandbox.control.delete("/faults").raise_for_status()
        super().unharmed(work)
