"""An installation is found and taken over: by another machine, after a lost store."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import pytest

from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.model.solution import PAGE_VISITED
from dyntui.model.sync_types import SYNC_TYPES
from dyntui.sandbox.dataverse import storage
from dyntui.sandbox.dataverse.storage import schema_of
from dyntui.service.accounts import EmailAccounts
from dyntui.service.contract.accounts import EditAccount
from dyntui.service.setup import Setup
from dyntui.store import accounts
from dyntui.sync import before_images
from tests.scenarios.office import Office, addresses, writes
from tests.scenarios.worlds import NOW
from tests.simulation.sandbox import InProcessSandbox

_ACCOUNTS = "dyntui_emailaccounts"


@contextmanager
def another_machine(sandbox: InProcessSandbox, home: Path) -> Iterator[Office]:
    home.mkdir()
    with closing(Office(sandbox, home)) as office:
        yield office


def account_of(office: Office) -> accounts.EmailAccount:
    with office.db.read() as c:
        (account,) = accounts.accounts(c)
    return account


def test_another_machine_takes_over_account_lists_books_and_who_was_sent_to(office: Office, tmp_path: Path) -> None:
    newsletter = office.activated("Newsletter")
    book = office.book_of(newsletter.id)
    office.run("lists")
    office.run("campaigns")
    campaign = office.campaign_named("Newsletter March")
    office.target(campaign, newsletter.id)
    sent = office.send(office.count(campaign))
    mailed = {mail["address"] for mail in office.mailed(campaign)}
    assert sent.state == "Sent" and mailed
    failed = {kind: office.run(kind).run.error_code for kind in SYNC_TYPES}
    with another_machine(office.sandbox, tmp_path / "laptop") as laptop:
        assert {step.state for step in laptop.set_up().steps} == {"there"}
        assert account_of(laptop).id == account_of(office).id
        # Whatever is synchronised next, before anybody has looked at a list: what did not change is not written.
        written = {}
        for kind in SYNC_TYPES:
            run, calls = laptop.calls_between(functools.partial(laptop.run, kind))
            assert run.run.tally.adds_up and run.run.error_code == failed[kind], run
            written[kind] = writes(calls)
            assert kind != "lists" or run.run.tally.read > 100, "lists that another machine activated are taken over"
        assert written == {kind: [] for kind in SYNC_TYPES}
        taken_over = laptop.list_named("Newsletter")
        assert (taken_over.activated, taken_over.account) == (True, "Main")
        assert laptop.book_of(newsletter.id) == book
        books = laptop.book_names()
        same = laptop.campaign_named("Newsletter March")
        laptop.target(same, newsletter.id)
        again = laptop.count(same)
        people = laptop.count_people(again.id)
        sent_to = {each.address for each in people if "ALREADY_SENT" in (each.reason, *each.also)}
        # Whoever bounced or unsubscribed meanwhile is named so, and perhaps by that alone.
        sent_to |= {each.address for each in people if each.reason in ("SUPPRESSED", "HARD_BOUNCED", "SOFT_BOUNCED")}
        assert sent_to >= mailed and again.sendable == 0
        assert laptop.book_names() == books
        # The first machine goes on as well.
        assert {step.state for step in office.set_up().steps} == {"there"}


def test_another_machine_writes_a_list_of_many_no_second_time(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many that their contacts are not asked for one import after the other."""
    monkeypatch.setattr(before_images, "MOST_READ", 20)
    newsletter = office.activated("Newsletter")
    office.run("lists")
    office.until_told()
    changed = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)
    with another_machine(office.sandbox, tmp_path / "laptop") as laptop:
        laptop.set_up()
        office.change_in_dynamics("contact", changed.person, firstname="Otherwise")
        run = laptop.run("lists")
        # That somebody else had put them there is all that this machine knows.
        assert addresses(laptop.people(run.run.id), Outcome.ADDED) == {changed.address}
        assert run.run.tally.of(Outcome.UPDATED) == 0
        assert run.run.tally.of(Outcome.UNCHANGED) > 100 and run.run.tally.adds_up


def test_setup_leaves_an_accounts_settings_as_somebody_has_set_them(office: Office, tmp_path: Path) -> None:
    """It is run after every upgrade, with the file of the first time."""
    edited = EditAccount(account="Main", description="Of the shop", sync_level="SUMMARY", removal_people=3)
    office.wait(EmailAccounts(office.resources, office.worker.reconnect).edit(office.context, edited))
    office.set_up()
    kept = account_of(office)
    assert (kept.description, kept.sync_level, kept.removal_people) == ("Of the shop", "SUMMARY", 3)
    assert kept.is_default
    with another_machine(office.sandbox, tmp_path / "laptop") as laptop:
        laptop.set_up()
        taken_over = account_of(laptop)
        assert (taken_over.description, taken_over.sync_level) == ("Of the shop", "SUMMARY")
        assert taken_over.is_default
    # Who says otherwise is heard.
    request = office.setup_request()
    (asked,) = request.accounts
    said = msgspec.structs.replace(asked, description="All of it", sync_level="DETAILED")
    setup = Setup(office.resources, office.worker.reconnect)
    office.wait(setup.apply(office.context, msgspec.structs.replace(request, accounts=(said,))))
    assert (account_of(office).description, account_of(office).sync_level) == ("All of it", "DETAILED")


def test_an_account_that_had_another_id_here_is_the_one_of_its_row_from_now_on(office: Office) -> None:
    office.activated("Newsletter")
    there = account_of(office).id
    with office.db.write() as c:
        accounts.rename_account(c, there, "another-id")
    office.set_up()
    assert account_of(office).id == there
    assert office.list_named("Newsletter").account == "Main"


def test_an_account_whose_row_was_written_and_never_answered_is_found_again(tmp_path: Path) -> None:
    sandbox = InProcessSandbox.built(people=50, seed=7, clock=NOW)
    with closing(Office(sandbox, tmp_path)) as office:
        lost = {"system": "dataverse", "method": "PATCH", "route": _ACCOUNTS, "kind": "drop_after", "times": 50}
        sandbox.order(lost)
        with pytest.raises(DyntuiError) as unanswered:
            office.set_up()
        assert "Made before that, and kept" in unanswered.value.not_done
        sandbox.reset()
        office.set_up()
        assert account_of(office).name == "Main"


def test_a_value_that_a_later_version_brings_is_added_to_its_choice_once(office: Office) -> None:
    state = office.sandbox.state
    table = schema_of(state).tables["dyntui_engagement"]
    kind = table.columns["dyntui_kind"]
    kind.options = [each for each in kind.options if each.value != PAGE_VISITED]
    storage.save_table(state, table)
    office.activated("Newsletter")
    office.run("lists")
    older = office.run("web-behaviour")
    assert older.run.error_code == "SETUP_NEEDED" and "dyntui setup" in older.run.remedy
    office.give_roles("application", "System Administrator")
    changed = [each for each in office.set_up().steps if each.state != "there"]
    steps = [(each.kind, each.name, each.state) for each in changed if each.kind != "user"]
    assert steps == [("options", "Engagement: Kind: Page visited", "done")]
    assert kind.option(PAGE_VISITED) is not None
    assert office.run("web-behaviour").run.status is RunStatus.COMPLETED
    assert {each.state for each in office.set_up().steps} == {"there"}
