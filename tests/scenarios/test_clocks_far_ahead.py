"""dotdigital's clock was far ahead once: what changes after that is read all the same."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest

from dyntui.dotdigital import account
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.moments import text_of
from dyntui.model.outcomes import Outcome
from dyntui.service.contract.lists import ListRow
from tests.scenarios.office import Office
from tests.scenarios.test_address_books import change_in_dotdigital, in_dynamics, some, two_way
from tests.scenarios.watching import Watched


def run_by_a_clock_ahead(office: Office, monkeypatch: pytest.MonkeyPatch, *sync_types: str, **ahead: float) -> None:
    async def wrong(_: Dotdigital) -> str:
        return text_of(office.resources.clock() + timedelta(**ahead))

    with monkeypatch.context() as patched:
        patched.setattr(account, "server_time", wrong)
        for each in sync_types:
            office.run(each)


@pytest.mark.parametrize("days", [3, 400])
def test_no_opt_out_is_overlooked_after_it(
    office: Office, newsletter: ListRow, monkeypatch: pytest.MonkeyPatch, days: float
) -> None:
    first, second = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:2]
    run_by_a_clock_ahead(office, monkeypatch, "suppressions", "lists", days=days)
    office.unsubscribe(first.address)
    office.run("suppressions")
    assert in_dynamics(office, first.person, "donotbulkemail") == 1
    office.unsubscribe(second.address, book=office.book_of(newsletter.id))
    run = office.run("lists")
    said = {each.person: each.reason for each in office.people(run.run.id)}
    assert (said[first.person], said[second.person]) == ("SUPPRESSED", "UNSUBSCRIBED_LIST")


def test_the_consent_watch_goes_on_asking(office: Office, newsletter: ListRow, monkeypatch: pytest.MonkeyPatch) -> None:
    somebody = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)
    with closing(Watched(office)) as watch:
        watch.minutes(2)
        run_by_a_clock_ahead(office, monkeypatch, "suppressions", days=3)
        office.unsubscribe(somebody.address)
        watch.minutes(2)
        learned = {each.address for run in watch.learned for each in office.people(run)}
    assert learned == {somebody.address}


def test_no_value_is_overlooked_after_it(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    two_way(office, ("FIRSTNAME", "firstname"))
    (person,) = some(office, 1)
    office.let_pass(hours=2)
    office.run("address-books")
    run_by_a_clock_ahead(office, monkeypatch, "address-books", days=3)
    office.let_pass(minutes=10)
    change_in_dotdigital(office, person.address, FIRSTNAME="Later")
    office.run("address-books")
    assert in_dynamics(office, person.person, "firstname") == "Later"
