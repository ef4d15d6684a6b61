"""A list that was bound to another address book without this store knowing: by another machine, or since the backup
that was put back was made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dyntui.dataverse.http import Dataverse
from dyntui.dotdigital import address_books
from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.service.contract.lists import Activate, EditList
from dyntui.store import accounts
from dyntui.store import lists as list_store
from dyntui.store.lists import RemoteList
from dyntui.sync import list_rows
from tests.scenarios.office import Office, addresses
from tests.scenarios.test_mappings_meanwhile import beside
from tests.scenarios.test_several_accounts import Two


@pytest.fixture
def two(office: Office) -> Iterator[Two]:
    opened = Two(office)
    yield opened
    opened.second.stop()


def _new_book(office: Office, account: str) -> tuple[str, int]:
    async def make() -> tuple[str, int]:
        with office.db.read() as c:
            known = next(each for each in accounts.accounts(c) if each.name == account)
        dd = await office.resources.connections.dotdigital(known.id)
        return known.id, (await address_books.create_address_book(dd, "Newsletter, bound elsewhere")).id

    return office.wait(make())


def _bind(office: Office, list_id: str, account: str) -> int:
    """Somebody else binds the list to a new address book of the account."""
    account_id, book = _new_book(office, account)
    office.change_in_dynamics("list", list_id, dyntui_emailaccountid=account_id, dyntui_bookid=book)
    return book


def _in_book_of(office: Office, book: int) -> set[str]:
    query = "SELECT c.email FROM dd_member m JOIN dd_contact c ON c.id = m.contact_id WHERE m.book_id = ?"
    return {row[0] for row in office.sandbox.state.db.execute(query, (book,))}


def test_a_list_with_another_book_of_its_account_gets_everybody_there(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    office.run("lists")
    before = office.in_book(newsletter.id)
    book = _bind(office, newsletter.id, "Main")
    run = office.run("lists")
    assert office.book_of(newsletter.id) == book
    assert addresses(office.people(run.run.id), Outcome.ADDED) == before == _in_book_of(office, book)
    assert run.run.tally.adds_up
    (row,) = office.sandbox.state.db.execute("SELECT dyntui_bookid FROM dv_list WHERE listid = ?", (newsletter.id,))
    assert row[0] == book


def test_a_list_of_another_account_is_left_to_it_and_begins_there_with_nobody(two: Two) -> None:
    office = two.office
    newsletter = office.activated("Newsletter")
    office.run("lists", account="Main")
    before, first = office.in_book(newsletter.id), office.book_of(newsletter.id)
    office.run("campaigns", account="Main")
    campaign = office.campaign_named("Newsletter March")
    office.target(campaign, newsletter.id)
    sends = office.count(campaign)
    book = _bind(office, newsletter.id, "Second")
    # Before any run has looked at the list again.
    with pytest.raises(DyntuiError) as refused:
        office.send(sends)
    assert refused.value.code == "LIST_OF_ANOTHER_ACCOUNT"
    run = office.run("lists", account="Main")
    assert run.run.tally.read == 0 and run.run.error_code == ""
    assert _in_book_of(office, first) == before
    run = office.run("lists", account="Second")
    assert run.run.tally.adds_up
    assert office.book_of(newsletter.id) == book
    assert {each.address for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED} >= before


def test_a_list_of_an_account_that_is_not_connected_here_is_refused_by_name(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    office.run("lists")
    before, first = office.in_book(newsletter.id), office.book_of(newsletter.id)
    strange = "77777777-7777-4777-8777-777777777777"
    office.change_in_dynamics("list", newsletter.id, dyntui_emailaccountid=strange, dyntui_bookid=77)
    (item,) = office.run("lists").items
    assert item.note.startswith("LIST_OF_ANOTHER_ACCOUNT: ")
    assert _in_book_of(office, first) == before and office.book_of(newsletter.id) == first


STRANGE = "77777777-7777-4777-8777-777777777777"


@pytest.mark.parametrize(
    "said",
    [
        {"dyntui_emailaccountid": STRANGE, "dyntui_bookid": 77},
        {"dyntui_emailaccountid": None},
        {"dyntui_bookid": None},
        {"dyntui_emailaccountid": None, "dyntui_bookid": 77},
    ],
)
def test_a_list_that_was_refreshed_with_an_odd_account_drops_out_of_no_run(
    office: Office, said: dict[str, Any]
) -> None:
    newsletter = office.activated("Newsletter")
    office.run("lists")
    before, first = office.in_book(newsletter.id), office.book_of(newsletter.id)
    office.change_in_dynamics("list", newsletter.id, **said)
    office.refresh_lists()
    (item,) = office.run("lists").items
    strange = said.get("dyntui_emailaccountid") == STRANGE
    assert (item.name, item.note.startswith("LIST_OF_ANOTHER_ACCOUNT: ")) == ("Newsletter", strange)
    assert _in_book_of(office, first) == before and office.book_of(newsletter.id) == first


def test_a_list_that_is_named_as_of_another_account_is_this_ones_again_once_it_was_activated(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    office.run("lists")
    office.change_in_dynamics("list", newsletter.id, dyntui_emailaccountid=STRANGE, dyntui_bookid=77)
    office.refresh_lists()
    assert office.run("lists").items[0].note.startswith("LIST_OF_ANOTHER_ACCOUNT: ")
    office.activate(Activate(id=newsletter.id))
    run = office.run("lists")
    assert run.run.status is RunStatus.COMPLETED and run.run.tally.adds_up and run.run.tally.read > 0


def test_a_list_that_was_deactivated_in_dynamics_is_activated_again_by_its_remedy(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    office.run("lists")
    office.change_in_dynamics("list", newsletter.id, dyntui_activated=0)
    assert office.run("lists", lists=[newsletter.id]).items[0].note.startswith("LIST_NOT_ACTIVATED: ")
    office.activate(Activate(id=newsletter.id))
    assert office.run("lists", lists=[newsletter.id]).run.status is RunStatus.COMPLETED


def test_an_activated_list_of_no_connected_account_is_named_by_the_runs_that_leave_it_out(office: Office) -> None:
    club = office.list_named("Alpine Club")
    office.change_in_dynamics("list", club.id, dyntui_activated=1, dyntui_emailaccountid=None, dyntui_bookid=None)
    (item,) = office.run("lists").items
    assert item.name == "Left out" and "Alpine Club" in item.note and "dyntui lists activate" in item.note
    office.activate(Activate(id=club.id))
    (item,) = office.run("lists").items
    assert (item.name, item.note) == ("Alpine Club", item.note) and item.tally.read


def test_what_somebody_says_of_a_list_while_all_are_read_again_stays(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    newsletter, club = office.activated("Newsletter"), office.list_named("Alpine Club")
    _bind(office, newsletter.id, "Main")

    def says() -> None:
        office.activate(Activate(id=club.id))
        office.edit(EditList(id=newsletter.id, sync_order=7))

    read_all = list_rows.read_all

    async def read(dv: Dataverse) -> list[RemoteList]:
        rows = await read_all(dv)
        beside(says)()
        return rows

    monkeypatch.setattr(list_rows, "read_all", read)
    run = office.run("lists")
    assert run.run.tally.adds_up
    with office.db.read() as c:
        stored = {each.name: each for each in list_store.stored(c, [newsletter.id, club.id])}
    assert stored["Alpine Club"].activated and stored["Alpine Club"].book_id
    assert stored["Newsletter"].sync_order == 7
