"""A run that is interrupted and taken up hours later: who has said no meanwhile is left out, and what somebody has
changed meanwhile stays."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.imports import ImportContact, ImportResult
from dyntui.model.opt_in import CODE_OF, OptIn
from dyntui.model.outcomes import Outcome
from dyntui.service.contract.campaigns import CampaignRow
from dyntui.service.contract.lists import ListRow, MemberRow
from dyntui.service.contract.target_counts import TargetCount
from dyntui.sync import send
from dyntui.sync.run_context import RunContext
from tests.scenarios.office import Office
from tests.scenarios.test_address_books import change_in_dotdigital, in_dotdigital, in_dynamics, two_way
from tests.scenarios.test_opt_in import opt_in_of

Named = list[tuple[Outcome, str]]


def let_go(
    monkeypatch: pytest.MonkeyPatch, office: Office, stage: str, meanwhile: Callable[[], None], hours: float = 3
) -> None:
    """The first run that has stored this stage is let go there, and taken up when these hours have passed."""
    save, drain, pending = RunContext.save, office.engine.drain, [stage]

    async def saved(ctx: RunContext, *given: Any, **named: Any) -> None:
        await save(ctx, *given, **named)
        if pending and named["stage"].startswith(stage):
            pending.clear()
            raise asyncio.CancelledError

    def drained() -> list[str]:
        try:
            return drain()
        except concurrent.futures.CancelledError:
            office.let_pass(hours=hours)
            meanwhile()
            return drain()

    monkeypatch.setattr(RunContext, "save", saved)
    monkeypatch.setattr(office.engine, "drain", drained)


def withdraw(office: Office, newsletter: ListRow, people: list[MemberRow]) -> None:
    """The first three of them say no, each in another way."""
    office.change_in_dynamics("contact", people[0].person, donotbulkemail=1)
    office.unsubscribe(people[1].address)
    office.unsubscribe(people[2].address, book=office.book_of(newsletter.id))


def named(office: Office, run_id: str, people: list[MemberRow]) -> Named:
    found = {each.person: (each.outcome, each.reason) for each in office.people(run_id)}
    return [found[each.person] for each in people]


SAID_NO: Named = [
    (Outcome.EXCLUDED, "DO_NOT_BULK_EMAIL"),
    (Outcome.EXCLUDED, "SUPPRESSED"),
    (Outcome.EXCLUDED, "UNSUBSCRIBED_LIST"),
]


@pytest.mark.parametrize("stage", ["Importing", pytest.param("Comparing", marks=pytest.mark.thorough)])
def test_who_has_said_no_while_a_run_stood_still_is_neither_imported_nor_put_back(
    office: Office, newsletter: ListRow, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    ours = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED]
    joining, back, changed = ours[:4], ours[4:8], ours[8:10]
    office.leave(newsletter.id, [each.person for each in joining])
    office.run("lists")
    office.join(newsletter.id, [each.person for each in joining])
    office.leave(newsletter.id, [each.person for each in back])
    for each in changed:
        office.change_in_dynamics("contact", each.person, lastname="Changed")
    office.until_told()
    with monkeypatch.context() as patch:
        let_go(patch, office, stage, lambda: withdraw(office, newsletter, joining))
        run = office.run("lists").run
    assert named(office, run.id, joining) == [*SAID_NO, (Outcome.ADDED, "")]

    plan = office.plan_undo(run.id)

    def meanwhile() -> None:
        withdraw(office, newsletter, back)
        change_in_dotdigital(office, changed[0].address, LASTNAME="By hand")

    let_go(monkeypatch, office, stage, meanwhile)
    done = office.apply(plan).run
    assert named(office, done.id, [*back, *changed]) == [
        *SAID_NO, (Outcome.ADDED, ""), (Outcome.REJECTED, "STALE"), (Outcome.UPDATED, ""),
    ]  # fmt: skip
    assert in_dotdigital(office, changed[0].address, "LASTNAME") == "By hand"
    assert not {each.address for each in (*joining[:3], *back[:3])} & office.in_book(newsletter.id)


def test_who_has_said_no_while_a_send_stood_still_is_put_into_no_address_book(
    office: Office, counted: tuple[CampaignRow, TargetCount], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, count = counted
    people = sorted(office.count_people(count.id, sendable=True), key=lambda each: each.person)
    newsletter = office.list_named("Newsletter")
    there = {each.person: each for each in office.members(newsletter.id)}
    late, imported = [there[each.person] for each in people[-3:]], set[str]()
    carry_out = send.carry_out

    async def carried_out(ctx: RunContext, dd: Dotdigital, rows: Sequence[ImportContact], *which: Any) -> ImportResult:
        imported.update(each.identifiers["email"] for each in rows)
        return await carry_out(ctx, dd, rows, *which)

    monkeypatch.setattr(send, "carry_out", carried_out)
    monkeypatch.setattr(send, "ROWS", len(people) // 2)
    let_go(monkeypatch, office, "Gathering", lambda: withdraw(office, newsletter, late), hours=1)
    sent = office.send(count)
    assert (sent.state, sent.sendable) == ("Sent", count.sendable - 3)
    assert len(imported) == sent.sendable and not {each.address for each in late} & imported
    assert named(office, sent.run, late) == SAID_NO


def test_what_was_changed_in_dynamics_while_an_undo_stood_still_is_not_written_over(
    office: Office, newsletter: ListRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bob = people = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:2]
    for each in people:
        opt_in_of(office, each.address, "Double")
    plan = office.plan_undo(office.run("opt-in").run.id)
    single = CODE_OF[OptIn.SINGLE]
    change = {"dyntui_optintype": single}
    let_go(
        monkeypatch,
        office,
        "Comparing Dynamics",
        lambda: office.change_in_dynamics("contact", ada.person, **change),
    )
    done = office.apply(plan).run
    assert [in_dynamics(office, each.person, "dyntui_optintype") for each in people] == [single, None]
    assert named(office, done.id, [ada, bob]) == [(Outcome.REJECTED, "STALE"), (Outcome.UPDATED, "")]


def test_a_value_that_is_changed_in_dotdigital_before_the_import_is_not_written_over_unseen(
    office: Office, newsletter: ListRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_way(office, ("FIRSTNAME", "firstname"), ("LASTNAME", "lastname"))
    ada, bob = people = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:2]
    office.let_pass(hours=2)
    office.run("address-books")
    # Of both another field is changed in Dynamics, and of one the same one besides.
    office.change_in_dynamics("contact", ada.person, firstname="Augusta", lastname="King")
    office.change_in_dynamics("contact", bob.person, lastname="King")

    def meanwhile() -> None:
        for each in people:
            change_in_dotdigital(office, each.address, FIRSTNAME="Dotty")

    with monkeypatch.context() as patch:
        let_go(patch, office, "Importing", meanwhile)
        run = office.run("lists").run
    assert named(office, run.id, people) == [(Outcome.REJECTED, "STALE")] * 2
    office.run("lists")
    for each in people:
        assert (
            in_dynamics(office, each.person, "firstname") == in_dotdigital(office, each.address, "FIRSTNAME") == "Dotty"
        )
        assert in_dotdigital(office, each.address, "LASTNAME") == "King"
    (clash,) = office.conflicts()
    assert (clash.person, clash.winner) == (ada.person, "dotdigital")
