"""What names of people must be after a run, reckoned apart from the product: a name changed on one side travels, one
changed on both sides becomes that of the side which the mapping's rule names, with a conflict that says both, and a
change that a run tells of was what it says before.

A name was agreed on when both sides had the same after a run that was carried out to its end.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping

from dyntui.model.changes import AppliedChange
from dyntui.model.mapping import ConflictRule
from dyntui.model.outcomes import RunStatus
from dyntui.model.plans import UPDATE
from dyntui.service.contract.runs import RunDetail
from tests.month import promises
from tests.month.world import World
from tests.oracle.addresses import plain
from tests.oracle.judging import IN
from tests.scenarios.office import Office

FIELDS = ("FIRSTNAME", "LASTNAME")
_CALM = (RunStatus.COMPLETED, RunStatus.COMPLETED_WITH_ERRORS)

Pair = tuple[str, str]


class Names:
    """Names (see `FIELDS`) at one moment: `records` by id, with the address; `contacts` by account and address."""

    def __init__(self, world: World) -> None:
        rows = world.state.db.execute(
            "SELECT contactid, emailaddress1, firstname, lastname FROM dv_contact WHERE statecode = 0"
        )
        self.records = {
            person: (plain(typed or ""), (_text(first), _text(last))) for person, typed, first, last in rows
        }
        shared = Counter(address for address, _ in self.records.values())
        self.alone = {address for address, times in shared.items() if times == 1}
        self.contacts = {
            (account, address): _pair(json.loads(data))
            for account, sandbox in world.accounts.items()
            for address, data in sandbox.state.db.execute("SELECT email, data FROM dd_contact WHERE email IS NOT NULL")
        }


class Values:
    """See the module. `books` and `accounts` (by name): of the lists; `rule`: of both mappings."""

    def __init__(self, world: World, books: Mapping[str, int], accounts: Mapping[str, str], rule: ConflictRule) -> None:
        self._world, self._books, self._accounts, self._rule = world, books, accounts, rule
        self._agreed: dict[tuple[str, str], Pair] = {}

    def now(self) -> Names:
        return Names(self._world)

    def forget(self) -> None:
        """Something else than a whole run by itself has written."""
        self._agreed.clear()

    def merged(self, before: Names, run: RunDetail, account: str, office: Office) -> None:
        """Everybody who is in a book of the account after a whole run of its lists has the names there that the record
        has, by the rule."""
        if run.run.status not in _CALM or any(each.status not in _CALM for each in run.items):
            self.forget()
            return
        after, clashes, compared = self.now(), set[tuple[str, str, str]](), set[str]()
        # Whoever is on several lists is told of by each.
        for each in {(said.person, said.address): said for said in office.people(run.run.id)}.values():
            key = account, each.address
            there = after.contacts.get(key)
            if each.outcome not in IN or each.address not in after.alone & before.alone or there is None:
                continue
            names = after.records.get(each.person, ("", ("", "")))[1]
            was = before.records.get(each.person)
            if key in self._agreed and was is not None and was[0] == each.address and key in before.contacts:
                facts = self._agreed[key], was[1], before.contacts[key]
                right = tuple(self._by_rule(*field) for field in zip(*facts, strict=True))
                assert (names, there) == (right, right), (
                    f"{each.address} was {facts[0]}, then {facts[1]} in Dynamics and {facts[2]} in {account}:"
                    f" {names} and {there} are not {right}"
                )
                compared.add(each.person)
                for label, field in zip(FIELDS, zip(*facts, strict=True), strict=True):
                    if len(set(field)) == len(field):
                        clashes.add((each.person, label, "/".join(map(repr, field[1:]))))
            if names == there:
                self._agreed[key] = names
            else:
                self._agreed.pop(key, None)
        # A conflict is recorded with both values, and what only one side has changed is none.
        told = {
            (each.person, each.label, f"{each.dynamics}/{each.dotdigital}")
            for each in (office.conflicts(account=account, limit=500) if compared else ())
            if each.run == run.run.id and each.person in compared and each.label in FIELDS
        }
        assert told == clashes, f"told of {told - clashes}, which are no conflicts, and not of {clashes - told}"

    def _by_rule(self, base: str, dynamics: str, dotdigital: str) -> str:
        if dotdigital == base:
            return dynamics
        if dynamics == base or self._rule is ConflictRule.DOTDIGITAL:
            return dotdigital
        return dynamics

    def told_before(self, before: Names, run: RunDetail, office: Office) -> None:
        """The names that a run by itself says it has overwritten were there."""
        by_book = {f"book:{book}": self._accounts[list_id] for list_id, book in self._books.items()}
        for each in office.written(run.run.id):
            if each.effect != UPDATE or not each.known or each.before is None:
                continue
            there = (
                before.contacts.get((by_book[each.target], each.before_address or each.address))
                if each.target in by_book
                else before.records.get(each.person, ("", None))[1]
            )
            for place, said in _said(each).items():
                assert there is None or said == there[place], f"{each} tells of {said!r} before, and there was {there}"

    def agree(self, office: Office) -> None:
        """In the end nobody who said no is in a book, and whoever is in one through a list has the record's names."""
        closed, names = promises.must_not_be_mailed(self._world), self.now()
        for list_id, book in self._books.items():
            account = self._accounts[list_id]
            inside = promises.in_book(self._world, account, book)
            there = sorted((closed | promises.left(self._world, account, book)) & inside.keys())
            assert not there, f"closed addresses are in the book of {list_id} in {account}: {there[:3]}"
            for each in office.members(list_id):
                if each.outcome in IN and each.address in names.alone:
                    assert each.address in inside, f"{each} is not in the book of {list_id} in {account}"
                    right, has = (
                        names.records.get(each.person, ("", ("", "")))[1],
                        names.contacts[account, each.address],
                    )
                    assert right == has, f"{each}: {right} in Dynamics, {has} in {account}"


def _text(value: str | None) -> str:
    return (value or "").strip()


def _pair(data: Mapping[str, str | None]) -> Pair:
    first, last = (_text(data.get(each)) for each in FIELDS)
    return first, last


def _said(change: AppliedChange) -> dict[int, str]:
    """The names before that a change tells of, by their place in `FIELDS`."""
    told = {name.upper(): value for name, value in (change.before or {}).items()}
    return {place: _text(told[each]) for place, each in enumerate(FIELDS) if each in told}
