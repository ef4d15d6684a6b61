"""What names of people must be after a run, reckoned apart from the product: a name changed on one side travels, one
changed on both sides becomes dotdigital's, and a change that a run tells of was what it says before.

A name was agreed on when both sides had the same after a run that was carried out to its end.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping

from dyntui.model.changes import AppliedChange
from dyntui.model.outcomes import RunStatus
from dyntui.model.plans import UPDATE
from dyntui.service.contract.runs import RunDetail
from tests.month import promises
from tests.month.world import World
from tests.oracle.addresses import plain
from tests.oracle.judging import IN
from tests.scenarios.office import Office

_CALM = (RunStatus.COMPLETED, RunStatus.COMPLETED_WITH_ERRORS)


class Names:
    """First names at one moment: `records` by id, with the address; `contacts` by account and address."""

    def __init__(self, world: World) -> None:
        rows = world.state.db.execute("SELECT contactid, emailaddress1, firstname FROM dv_contact WHERE statecode = 0")
        self.records = {person: (plain(typed or ""), (name or "").strip()) for person, typed, name in rows}
        shared = Counter(address for address, _ in self.records.values())
        self.alone = {address for address, times in shared.items() if times == 1}
        self.contacts = {
            (account, address): (json.loads(data).get("FIRSTNAME") or "").strip()
            for account, sandbox in world.accounts.items()
            for address, data in sandbox.state.db.execute("SELECT email, data FROM dd_contact WHERE email IS NOT NULL")
        }


class Values:
    """See the module. `books` and `accounts` (by name): of the lists. `compared`: how many names were."""

    def __init__(self, world: World, books: Mapping[str, int], accounts: Mapping[str, str]) -> None:
        self._world, self._books, self._accounts = world, books, accounts
        self._agreed: dict[tuple[str, str], str] = {}
        self.compared = 0

    def now(self) -> Names:
        return Names(self._world)

    def forget(self) -> None:
        """Something else than a whole run by itself has written."""
        self._agreed.clear()

    def merged(self, before: Names, run: RunDetail, account: str, office: Office) -> None:
        """Everybody who is in a book of the account after a whole run of its lists has the name there that the record
        has, by the rule."""
        if run.run.status not in _CALM or any(each.status not in _CALM for each in run.items):
            self.forget()
            return
        after = self.now()
        # Whoever is on several lists is told of by each.
        for each in {(said.person, said.address): said for said in office.people(run.run.id)}.values():
            key = account, each.address
            name, there = after.records.get(each.person, ("", ""))[1], after.contacts.get(key)
            if each.outcome not in IN or each.address not in after.alone & before.alone or there is None:
                continue
            base, was = self._agreed.get(key), before.records.get(each.person)
            if base is not None and was is not None and was[0] == each.address and key in before.contacts:
                right = _by_rule(base, was[1], before.contacts[key])
                known = f"{base!r}, then {was[1]!r} in Dynamics and {before.contacts[key]!r} in {account}"
                assert (name, there) == (right, right), (
                    f"{each.address} was {known}: {name!r}, {there!r}, not {right!r}"
                )
                self.compared += 1
            if name == there:
                self._agreed[key] = name
            else:
                self._agreed.pop(key, None)

    def told_before(self, before: Names, run: RunDetail, office: Office) -> None:
        """The first names that a run by itself says it has overwritten were there."""
        by_book = {f"book:{book}": self._accounts[list_id] for list_id, book in self._books.items()}
        for each in office.written(run.run.id):
            if each.effect == UPDATE and each.known and each.before is not None:
                said = _first_name(each)
                if said is None:
                    continue
                there = (
                    before.contacts.get((by_book[each.target], each.before_address or each.address))
                    if each.target in by_book
                    else before.records.get(each.person, ("", None))[1]
                )
                assert there is None or said == there, f"{each} tells of {said!r} before, and there was {there!r}"

    def agree(self, office: Office) -> None:
        """In the end nobody who said no is in a book, and whoever is in one through a list has the record's name."""
        closed, names = promises.must_not_be_mailed(self._world), self.now()
        for list_id, book in self._books.items():
            account = self._accounts[list_id]
            inside = promises.in_book(self._world, account, book)
            there = sorted((closed | promises.left(self._world, account, book)) & inside.keys())
            assert not there, f"closed addresses are in the book of {list_id} in {account}: {there[:3]}"
            for each in office.members(list_id):
                if each.outcome in IN and each.address in names.alone:
                    assert each.address in inside, f"{each} is not in the book of {list_id} in {account}"
                    name = names.records.get(each.person, ("", ""))[1]
                    assert name == inside[each.address]["firstname"].strip(), (
                        f"{each}: {name!r}, {inside[each.address]}"
                    )


def _by_rule(base: str, dynamics: str, dotdigital: str) -> str:
    """The default rule: where both sides have changed it differently, dotdigital wins."""
    return dynamics if dotdigital == base else dotdigital


def _first_name(change: AppliedChange) -> str | None:
    values = {name.upper(): value for name, value in (change.before or {}).items()}
    return (values["FIRSTNAME"] or "").strip() if "FIRSTNAME" in values else None
