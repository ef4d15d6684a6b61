"""Opt-outs on either side are known within a minute, and stop what has not left yet."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from dyntui.dataverse import rows as dv_rows
from dyntui.model import solution
from dyntui.model.budgets import dynamics_limits
from dyntui.model.moments import text_of
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.model.watch import SHARE, Watched
from dyntui.service.contract.lists import ListRow
from dyntui.service.contract.session import STATUS, Nothing
from dyntui.store import accounts, list_unsubscribes, suppressions, watch
from dyntui.sync import list_removals
from dyntui.sync.budgets import Budgets
from dyntui.sync.connections import account_secret
from tests.scenarios.office import Office
from tests.scenarios.opt_outs_at_random import free, known, opts_out, play
from tests.scenarios.test_role_self_test import Desk, with_roles
from tests.scenarios.watching import Watched as Watcher
from tests.thorough import keeping


@pytest.fixture
def watcher(office: Office) -> Iterator[Watcher]:
    with closing(Watcher(office)) as opened:
        yield opened


def sources(office: Office) -> dict[str, Watched]:
    with office.db.read() as c:
        return {f"{each.account}/{each.source}": each for each in watch.watched(c)}


@pytest.mark.thorough
def test_opt_outs_at_any_moment_are_known_within_a_minute_for_three_per_cent(office: Office, watcher: Watcher) -> None:
    figures = play(office, watcher, opt_outs=36, seed=11)
    assert len(figures.delays) == 36
    assert max(figures.delays) < 61
    assert 15 < statistics.median(figures.delays) < 45
    assert 0.02 < figures.spent["Main: calls in an hour"] <= SHARE + 0.002  # 62 minutes are counted
    assert figures.spent["Dynamics: operations in 24 hours"] < SHARE
    assert figures.spent["Dynamics: calls in 5 minutes"] < SHARE
    # One entry for each time that something was learned, and none for the hundreds of times that nothing was.
    assert watcher.looks > 200
    assert len(watcher.learned) <= 36
    named = {each.address for run_id in watcher.learned for each in office.people(run_id)}
    assert named == figures.addresses
    details = [office.detail(run_id) for run_id in watcher.learned]
    assert {each.run.status for each in details} == {RunStatus.COMPLETED}
    assert {each.run.title for each in details} == {"Consent watch: Suppressions", "Consent watch: Contacts"}


@pytest.mark.parametrize("side", keeping(["dotdigital", "Dynamics"], "Dynamics"))
def test_who_opts_out_while_a_list_is_imported_is_not_handed_over(
    office: Office, watcher: Watcher, side: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    newsletter = office.activated("Newsletter")
    office.run("suppressions")
    office.run("lists")
    office.let_pass(hours=1)
    watcher.look()
    leaves, stays = free(office, newsletter.id)[:2]
    for each in (leaves, stays):
        office.change_in_dynamics("contact", each.person, firstname="Changed")
    decided, opted_out = list_removals.take_out_leavers, list[str]()

    async def meanwhile(*arguments: Any) -> None:
        """The run has decided whom it imports; before it does, the watch learns of an opt-out."""
        if not opted_out:
            opted_out.append(leaves.address)
            opts_out(office, leaves, side)
            office.let_pass(minutes=1)
            await watcher._watch.look()
        await decided(*arguments)

    monkeypatch.setattr(list_removals, "take_out_leavers", meanwhile)
    run = office.run("lists").run
    assert opted_out and known(office, leaves.address)
    became = {each.person: each for each in office.people(run.id)}
    assert became[stays.person].outcome is Outcome.UPDATED
    assert became[leaves.person].outcome is Outcome.EXCLUDED
    assert became[leaves.person].reason == ("SUPPRESSED" if side == "dotdigital" else "DO_NOT_BULK_EMAIL")
    assert run.status is not RunStatus.FAILED
    assert sum(count.people for count in run.tally.counts) == run.tally.read


def test_unsubscribes_of_a_book_and_rows_in_dynamics_are_learned_and_carried_out(
    office: Office, watcher: Watcher
) -> None:
    newsletter = office.activated("Newsletter")
    office.run("suppressions")
    office.run("lists")
    office.let_pass(hours=1)
    watcher.look()
    some = free(office, newsletter.id)
    left, typed = some[:2]
    office.unsubscribe(left.address, book=office.book_of(newsletter.id))

    async def type_a_row() -> None:
        dv = await office.resources.connections.dataverse()
        row = {"dyntui_address": typed.address, "dyntui_origin": "somebody"}
        await dv_rows.create(dv, solution.SUPPRESSION.entity_set, row)

    office.wait(type_a_row())
    # The feed of a book is asked with a call that is left over: here a run has just asked the other one's question.
    office.let_pass(seconds=70)
    office.run("suppressions")
    watcher.minutes(2)
    assert typed.address in {each.address for run_id in watcher.learned for each in office.people(run_id)}
    titles = {office.detail(run_id).run.title for run_id in watcher.learned}
    with office.db.read() as c:
        assert list_unsubscribes.lists_left(c, left.address) == [newsletter.id]
        assert suppressions.of_address(c, typed.address)
    assert f"Consent watch: Unsubscribes of {newsletter.name}" in titles


def test_a_source_that_fails_is_named_with_since_when_and_asked_again_more_seldom(
    office: Office, watcher: Watcher
) -> None:
    with_roles(office)
    desk = Desk(office, "manager", long_lived=True)
    office.run("suppressions")
    office.let_pass(hours=1)
    watcher.due = office.sandbox.now()
    watcher.minutes(2)
    began = text_of(office.sandbox.now())
    office.sandbox.order({"system": "dotdigital", "kind": "status", "status": 503, "times": 1000})
    watcher.minutes(20)
    failing = {key: each for key, each in sources(office).items() if each.failing_since}
    assert set(failing) == {"Main/suppressions"}
    assert began <= failing["Main/suppressions"].failing_since <= text_of(office.sandbox.now() - timedelta(minutes=18))
    assert failing["Main/suppressions"].error.startswith("DOTDIGITAL_UNAVAILABLE: ")
    assert failing["Main/suppressions"].as_of <= began
    # Dynamics is watched on, and the other one asked a few times only: after 1, 2, 4 and 8 minutes.
    assert sources(office)["Dynamics/contact"].as_of > text_of(office.sandbox.now() - timedelta(seconds=70))
    calls = office.sandbox.control.get("/calls").json()
    tried = sum(each["count"] for each in calls if each["system"] == "dotdigital" and each["route"] == "(fault)")
    assert 4 <= tried <= 14
    said = {check.name: check for check in desk.ask(STATUS, Nothing()).checks}
    assert said["Consent watch"].state == "warning"
    assert failing["Main/suppressions"].failing_since in said["Consent watch"].text
    office.sandbox.reset()
    watcher.minutes(16)
    assert not any(each.failing_since for each in sources(office).values())
    said = {check.name: check for check in desk.ask(STATUS, Nothing()).checks}
    assert said["Consent watch"].state == "ok"
    assert watcher.learned == []


def test_a_password_that_is_missing_keeps_nothing_else_from_being_watched(office: Office, watcher: Watcher) -> None:
    office.run("suppressions")
    watcher.look()
    with office.db.read() as c:
        (account,) = accounts.accounts(c)
    office.wait(office.secrets.delete(account_secret(account.id)))
    office.wait(watcher.connections.forget())
    office.let_pass(minutes=2)
    watcher.due = office.sandbox.now()
    watcher.minutes(5)
    seen = sources(office)
    assert seen["Main/suppressions"].error.startswith("SECRET_MISSING")
    assert seen["Dynamics/contact"].as_of > text_of(office.sandbox.now() - timedelta(seconds=70))


def test_a_small_pool_of_dynamics_is_asked_as_seldom_as_its_share_takes(office: Office, watcher: Watcher) -> None:
    office.run("suppressions")
    watcher.connections.budgets = Budgets(
        office.db, office.sandbox.surroundings(sleep=office._pass_time).wall, dynamics_limits(25_000)
    )
    office.let_pass(hours=30)
    watcher.due = office.sandbox.now()
    watcher.minutes(240)
    used = {
        each.limit: sum(share.used for share in each.shares if share.kind == "watch")
        for each in office.wait(office.resources.connections.budgets.meters())
    }
    # Four questions each time: 25,000 a day allow them every eight minutes. What is read once comes on top.
    assert 100 < used["operations in 24 hours"] <= 25_000 * SHARE * 4 / 24 + 8
    assert used["calls in an hour"] <= 2000 * SHARE + 3


def test_a_link_that_is_too_old_begins_anew_and_nobody_is_missed(
    office: Office, newsletter: ListRow, watcher: Watcher
) -> None:
    watcher.look()
    some = free(office, newsletter.id)
    office.change_in_dynamics("contact", some[0].person, donotbulkemail=1)
    office.let_pass(days=9)
    watcher.look()
    assert known(office, some[0].address)
    assert not sources(office)["Dynamics/contact"].failing_since
    # What was read from the beginning is no news for the audit; what comes after it is.
    office.change_in_dynamics("contact", some[1].person, donotbulkemail=1)
    office.let_pass(minutes=2)
    watcher.look()
    assert some[1].address in {each.address for run_id in watcher.learned for each in office.people(run_id)}
