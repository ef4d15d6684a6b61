"""Nobody is mailed by being imported: an account that asks everybody to confirm is found out first."""

from __future__ import annotations

import asyncio
from concurrent.futures import CancelledError
from typing import Any

import msgspec
import pytest

from dyntui.model.cursors import OneList
from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.sandbox.dotdigital import contact_store
from dyntui.sandbox.dotdigital import storage as dd_storage
from dyntui.service.contract.lists import Activate, ListRow
from dyntui.service.contract.setup import Canary
from dyntui.service.setup import Setup
from dyntui.store import accounts
from dyntui.sync.double_opt_in import remember
from dyntui.sync.run_context import RunContext
from tests.scenarios.office import Office, writes
from tests.scenarios.test_several_accounts import Two
from tests.thorough import but

MINE = "astrid+canary@skarnfjall.example"


def enforce(office: Office, double_opt_in: str) -> None:
    office.sandbox.control.post("/settings", json={"dotdigital": {"double_opt_in": double_opt_in}}).raise_for_status()


def forget(office: Office) -> None:
    """As in an installation whose administrator did not know the answer."""
    with office.db.write() as c:
        (account,) = accounts.accounts(c)
        accounts.put_account(c, msgspec.structs.replace(account, double_opt_in=""))


def mails(office: Office) -> list[str]:
    return [mail["address"] for mail in office.sandbox.control.get("/mailed").json()]


def fly(office: Office, address: str = MINE) -> str:
    setup = Setup(office.resources, office.worker.reconnect)
    return office.wait(setup.canary(office.context, Canary(address=address))).double_opt_in


def status_of(office: Office, list_id: str) -> str:
    return next(each for each in [office.list_named("Newsletter")] if each.id == list_id).sync_status


@pytest.mark.parametrize(
    ("double_opt_in", "found"),
    but([("off", "off"), ("single", "off"), ("all", "all")], ("off", "off")),
)
def test_a_canary_tells_before_anybody_else_is_imported(office: Office, double_opt_in: str, found: str) -> None:
    enforce(office, double_opt_in)
    forget(office)
    newsletter = office.activated("Newsletter")
    office.run("lists")
    assert "dyntui" not in status_of(office, newsletter.id)
    assert "not known whether" in status_of(office, newsletter.id)
    assert mails(office) == []
    assert fly(office) == found
    with pytest.raises(DyntuiError) as refused:
        fly(office)
    assert refused.value.code == "CANARY_KNOWN"
    run = office.run("lists").run
    assert mails(office) == ([MINE] if found == "all" else [])
    assert (run.tally.adds_up, "enforces double opt-in" in status_of(office, newsletter.id)) == (True, found == "all")


def test_what_is_no_address_is_refused_before_dotdigital_is_asked(office: Office) -> None:
    def flown() -> str:
        with pytest.raises(DyntuiError) as refused:
            fly(office, "notanaddress")
        assert "dotdigital" not in refused.value.message
        return refused.value.code

    assert office.calls_between(flown) == ("CANARY_ADDRESS_INVALID", [])


def not_shown(office: Office, double_opt_in: str) -> None:
    """As in an installation whose administrator answered "off" without having flown a canary."""
    enforce(office, double_opt_in)
    with office.db.write() as c:
        (account,) = accounts.accounts(c)
        remember(c, account.id, "off")


def known_but(office: Office, number: int) -> None:
    """Of the people of Dynamics so many are new to dotdigital; the others are contacts, in no address book."""
    state = office.sandbox.state
    found = state.db.execute(
        "SELECT DISTINCT lower(trim(m.emailaddress1)) FROM dv_contact m "
        "JOIN dv_listmember l ON l.entityid = m.contactid "
        "WHERE m.emailaddress1 LIKE '%@%' AND m.donotemail = 0 AND m.donotbulkemail = 0 ORDER BY m.contactid"
    )
    addresses = [row[0] for row in found]
    now = dd_storage.now(state)
    with state.transaction():
        for address in addresses[number:]:
            if contact_store.by_email(state, address) is None:
                made: dict[str, Any] = {"opt_in": "Unknown", "email_type": "Html", "status": "Subscribed", "data": {}}
                contact_store.insert(state, address, now, **made)


def test_a_wrong_answer_in_setup_costs_one_mail(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    not_shown(office, "all")
    newsletter = office.activated("Newsletter")
    killed_while_importing_one(monkeypatch)
    run_id = office.start("lists")
    with pytest.raises(CancelledError):
        office.engine.drain()
    office.engine.drain()
    assert "enforces double opt-in" in status_of(office, newsletter.id)
    (mailed,) = mails(office)
    assert (office.run_of(run_id).status, office.refused()) == (RunStatus.FAILED, ())
    office.run("lists")
    assert mails(office) == [mailed]
    enforce(office, "off")
    assert fly(office) == "off"
    assert office.run("lists").run.tally.of(Outcome.ADDED) > 100
    assert mails(office) == [mailed]


def killed_while_importing_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once: dotdigital has the import, and the run does not hear of its end."""
    real, kills = RunContext.save, [1]

    async def save(ctx: RunContext, *given: Any, **named: Any) -> None:
        await real(ctx, *given, **named)
        if ctx.at(OneList).importing and kills:
            kills.clear()
            raise asyncio.CancelledError

    monkeypatch.setattr(RunContext, "save", save)


@pytest.mark.parametrize(("new", "mailed"), [(0, 0), (7, 1)])
def test_who_is_known_to_dotdigital_shows_nothing_and_is_not_mailed(office: Office, new: int, mailed: int) -> None:
    not_shown(office, "all")
    known_but(office, new)
    newsletter = office.activated("Newsletter")
    run = office.run("lists").run
    assert len(mails(office)) == mailed
    assert ("enforces double opt-in" in status_of(office, newsletter.id)) == bool(mailed)
    assert (run.tally.of(Outcome.ADDED) > 100) == (not mailed)


def test_imports_of_one_person_that_are_refused_show_nothing(office: Office) -> None:
    not_shown(office, "off")
    newsletter = office.activated("Newsletter")
    office.sandbox.switch(dotdigital={"import_outcome": "Failed"})
    office.run("lists")
    office.sandbox.switch(dotdigital={"import_outcome": "Finished"})
    assert "not known whether" in status_of(office, newsletter.id)
    assert len(office.refused()) == 3
    added, calls = office.calls_between(lambda: office.run("lists").run.tally.of(Outcome.ADDED))
    assert added > 100
    assert "dotdigital /contacts/v3/import 2" in writes(calls)


def test_rows_that_are_refused_again_and_again_keep_nobody_from_being_updated(
    office: Office, newsletter: ListRow
) -> None:
    people = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:5]
    for number, each in enumerate(people):
        office.change_in_dynamics("contact", each.person, emailaddress1=f"someone{number}@spamtrap.test")
    office.run("lists")
    refused = {each.person for each in office.refused()}
    assert {each.person for each in people} <= refused
    # So long nobody new was imported that nothing is known of the account any more.
    office.let_pass(days=40)
    somebody = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.UNCHANGED)
    office.change_in_dynamics("contact", somebody.person, firstname="Changed")
    run, calls = office.calls_between(lambda: office.run("lists").run)
    assert run.status in (RunStatus.COMPLETED, RunStatus.COMPLETED_WITH_ERRORS), status_of(office, newsletter.id)
    assert run.tally.of(Outcome.UPDATED) == 1
    assert {each.person for each in office.refused()} == refused
    # Three by themselves, which shows nothing of the account; then who is known to dotdigital.
    assert "dotdigital /contacts/v3/import 4" in writes(calls)


def test_the_canary_of_another_account_is_flown_by_its_name_as_the_remedy_says(office: Office) -> None:
    two = Two(office)
    try:
        with office.db.write() as c:
            second = next(each for each in accounts.accounts(c) if each.name == "Second")
            accounts.put_account(c, msgspec.structs.replace(second, name="Second shop", double_opt_in=""))
        club = office.list_named("Alpine Club")
        office.activate(Activate(id=club.id, account="Second shop", link=True))
        (item,) = office.run("lists", account="Second shop").items
        assert "`dyntui canary ADDRESS --account 'Second shop'`" in item.note
        setup = Setup(office.resources, office.worker.reconnect)
        flown = office.wait(setup.canary(office.context, Canary(address=MINE, account="Second shop")))
        assert (flown.account, flown.double_opt_in) == ("Second shop", "off")
        assert contact_store.by_email(two.second.state, MINE) is not None
    finally:
        two.second.stop()
