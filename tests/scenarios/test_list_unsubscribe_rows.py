"""Every user of the CRM sees who unsubscribed from which list: a row for each person and list."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

from dyntui.model import solution
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.sandbox.dataverse import storage
from dyntui.sandbox.dataverse.storage import schema_of
from dyntui.sandbox.dotdigital import storage as dotdigital
from dyntui.sandbox.dotdigital import suppressions
from tests.scenarios.office import Office, writes
from tests.scenarios.test_subscribing_again import contact_of


def rows_of(office: Office) -> dict[tuple[str, str], tuple[Any, ...]]:
    """List and address -> row."""
    found = office.sandbox.state.db.execute(
        "SELECT dyntui_listid, dyntui_address, dyntui_contactid, dyntui_unsubscribedon, versionnumber"
        " FROM dv_dyntui_listunsubscribe"
    ).fetchall()
    return {(list_id, address): tuple(rest) for list_id, address, *rest in found}


def test_who_unsubscribes_from_a_list_has_a_row_until_they_subscribe_again(office: Office, tmp_path: Path) -> None:
    newsletter = office.activated("Newsletter")
    first = office.run("lists")
    leaver, again, *_ = [each for each in office.people(first.run.id) if each.outcome is Outcome.ADDED]
    before = rows_of(office)
    book = office.book_of(newsletter.id)
    for each in (leaver, again):
        office.unsubscribe(each.address, book=book)
    office.run("lists")
    rows = rows_of(office)
    new = rows.keys() - before.keys()
    assert new == {(newsletter.id, each.address) for each in (leaver, again)}
    contact, on, _ = rows[newsletter.id, leaver.address]
    assert contact == leaver.person and on

    # Neither this machine nor another one writes them twice.
    office.until_told()
    _, calls = office.calls_between(lambda: office.run("lists"))
    assert writes(calls) == []
    (tmp_path / "laptop").mkdir()
    with closing(Office(office.sandbox, tmp_path / "laptop")) as laptop:
        laptop.set_up()
        run, calls = laptop.calls_between(lambda: laptop.run("lists"))
        assert run.run.status is RunStatus.COMPLETED and writes(calls) == []
    assert rows_of(office) == rows

    with office.sandbox.state.transaction():
        suppressions.lift(
            office.sandbox.state, contact_of(office, again.address), book, dotdigital.now(office.sandbox.state)
        )
    office.let_pass(days=1, minutes=1)
    office.run("lists")
    assert rows_of(office).keys() == rows.keys() - {(newsletter.id, again.address)}
    # Who leaves once more has a row once more.
    office.unsubscribe(again.address, book=book)
    office.run("lists")
    assert rows_of(office).keys() == rows.keys()


def test_lists_are_synchronised_where_the_table_was_not_installed_yet(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    first = office.run("lists")
    state = office.sandbox.state
    storage.drop_table(state, schema_of(state).tables["dyntui_listunsubscribe"])
    leaver = next(each for each in office.people(first.run.id) if each.outcome is Outcome.ADDED)
    office.unsubscribe(leaver.address, book=office.book_of(newsletter.id))
    assert office.run("lists").run.status is RunStatus.COMPLETED
    office.give_roles("application", "System Administrator")
    made = [step.name for step in office.set_up().steps if step.state == "done" and step.kind == "table"]
    assert made == [solution.LIST_UNSUBSCRIBE.label]
    office.run("lists")
    assert (newsletter.id, leaver.address) in rows_of(office)


def test_who_left_the_list_by_a_mail_has_left_it_for_a_machine_without_that_store_too(
    office: Office, tmp_path: Path
) -> None:
    """The send's own book, which alone has said so, is gone by then."""
    office.sandbox.switch(dotdigital={"audience": False})
    newsletter = office.activated("Newsletter")
    office.run("lists")
    office.run("campaigns")
    campaign = office.campaign_named("Newsletter March")
    office.target(campaign, newsletter.id)
    sent = office.send(office.count(campaign))
    db = office.sandbox.state.db
    ((book,),) = db.execute("SELECT id FROM dd_book WHERE name LIKE 'dyntui send %'").fetchall()
    leaver = office.people(sent.run, outcome="added")[3]
    office.unsubscribe(leaver.address, book=book)
    office.run("lists")
    assert (newsletter.id, leaver.address) in rows_of(office)
    office.let_pass(days=15)
    office.run("campaigns")
    assert db.execute("SELECT id FROM dd_book WHERE name LIKE 'dyntui send %'").fetchall() == []

    (tmp_path / "laptop").mkdir()
    with closing(Office(office.sandbox, tmp_path / "laptop")) as laptop:
        laptop.set_up()
        laptop.run("lists")
        (found,) = [each for each in laptop.members(newsletter.id) if each.address == leaver.address]
        assert (found.outcome, found.reason) == (Outcome.EXCLUDED, "UNSUBSCRIBED_LIST")
        assert (newsletter.id, leaver.address) in rows_of(office)


def test_who_leaves_the_list_by_a_mail_after_the_store_was_lost_has_left_it_too(office: Office, tmp_path: Path) -> None:
    """The send's book is nobody's then; the next machine reads it."""
    office.sandbox.switch(dotdigital={"audience": False})
    newsletter = office.activated("Newsletter")
    office.run("lists")
    office.run("campaigns")
    campaign = office.campaign_named("Newsletter March")
    office.target(campaign, newsletter.id)
    sent = office.send(office.count(campaign))
    ((book,),) = office.sandbox.state.db.execute("SELECT id FROM dd_book WHERE name LIKE 'dyntui send %'").fetchall()
    early, late, *_ = office.people(sent.run, outcome="added")
    office.unsubscribe(early.address, book=book)

    (tmp_path / "laptop").mkdir()
    with closing(Office(office.sandbox, tmp_path / "laptop")) as laptop:
        laptop.set_up()
        laptop.run("lists")

        def reason_of(address: str) -> str:
            (found,) = [each for each in laptop.members(newsletter.id) if each.address == address]
            return found.reason

        assert (reason_of(early.address), reason_of(late.address)) == ("UNSUBSCRIBED_LIST", "")
        laptop.unsubscribe(late.address, book=book)
        _, again = laptop.calls_between(lambda: laptop.run("lists"))
        assert reason_of(late.address) == "UNSUBSCRIBED_LIST"
        assert {(newsletter.id, each.address) for each in (early, late)} <= rows_of(laptop).keys()
        # Which lists it was sent to is asked of Dynamics once a day, for as many such sends as there are.
        assert not [each for each in again if "campaignsend" in each["route"]]
