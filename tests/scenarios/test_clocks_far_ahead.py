"""A clock - of dotdigital, Dynamics or this machine - was far ahead once: what changes after that is read as ever."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from email.utils import format_datetime

import httpx
import pytest

from dyntui.dotdigital import account
from dyntui.dotdigital.http import Dotdigital
from dyntui.model.moments import text_of
from dyntui.model.outcomes import Outcome
from dyntui.model.preferences import Choice
from dyntui.service.contract.accounts import ACCOUNT_DISCONNECT, DisconnectAccount
from dyntui.service.contract.lists import ListRow
from tests.scenarios import test_preferences
from tests.scenarios.office import Office, status_there
from tests.scenarios.test_address_books import change_in_dotdigital, in_dynamics, some, two_way
from tests.scenarios.test_preferences import OFFERS, chosen, completed, members
from tests.scenarios.test_reading_only_what_changed import how, trusted, trusting  # noqa: F401 - a fixture
from tests.scenarios.test_several_accounts import Two, two  # noqa: F401 - a fixture
from tests.scenarios.watching import Watched


def run_by_a_clock_ahead(
    office: Office, monkeypatch: pytest.MonkeyPatch, *sync_types: str, of: str = "", **ahead: float
) -> None:
    """Runs of the email account `of` this name."""

    async def wrong(_: Dotdigital) -> str:
        return text_of(office.resources.clock() + timedelta(**ahead))

    with monkeypatch.context() as patched:
        patched.setattr(account, "server_time", wrong)
        for each in sync_types:
            office.run(each, **({"account": of} if of else {}))


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


@pytest.mark.parametrize("hours", [0.5, 5])
def test_no_value_is_overlooked_where_the_next_run_comes_after_the_time_that_was_shown(
    office: Office, monkeypatch: pytest.MonkeyPatch, hours: float
) -> None:
    two_way(office, ("FIRSTNAME", "firstname"))
    (person,) = some(office, 1)
    office.let_pass(hours=2)
    office.run("address-books")
    run_by_a_clock_ahead(office, monkeypatch, "address-books", hours=hours)
    office.let_pass(minutes=10)
    change_in_dotdigital(office, person.address, FIRSTNAME="Later")
    office.let_pass(hours=12)
    office.run("address-books")
    assert in_dynamics(office, person.person, "firstname") == "Later"


def test_no_opt_out_is_overlooked_where_the_next_run_comes_after_the_time_that_was_shown(
    office: Office, newsletter: ListRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    somebody = next(each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED)
    run_by_a_clock_ahead(office, monkeypatch, "suppressions", days=3)
    office.unsubscribe(somebody.address)
    office.let_pass(days=3, hours=12)
    office.run("suppressions")
    assert in_dynamics(office, somebody.person, "donotbulkemail") == 1


def by_dates_of_dynamics(office: Office, **ahead: float) -> None:
    """Its answers are dated so far ahead from now on."""

    def dated(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if "/api/data/" in request.url.path:
            now = office.sandbox.now() + timedelta(**ahead)
            answer.headers["Date"] = format_datetime(now, usegmt=True)
        return answer

    office.sandbox.doctor(dated)


@pytest.mark.parametrize(("hours", "until_the_next"), [(3 * 24, 0), (400 * 24, 0), (5, 10)])
def test_no_opt_out_of_a_record_that_is_on_no_list_is_overlooked_after_dynamics_was_ahead(
    trusting: Office,  # noqa: F811
    hours: float,
    until_the_next: float,
) -> None:
    list_id = trusted(trusting)
    on_it = trusting.members(list_id)
    somebody = next(each for each in on_it if each.outcome is Outcome.UNCHANGED)
    other = min(trusting.records_where("contact", statecode=0) - {each.person for each in on_it})
    trusting.change_in_dynamics("contact", other, emailaddress2=somebody.address)
    by_dates_of_dynamics(trusting, hours=hours)
    trusting.run("lists", lists=(list_id,))
    by_dates_of_dynamics(trusting)
    trusting.let_pass(hours=1)
    trusting.change_in_dynamics("contact", other, donotbulkemail=1)
    trusting.let_pass(hours=until_the_next)
    run = trusting.run("lists", lists=(list_id,))
    assert how(run).startswith("only what changed was read")
    said = {each.person: each.reason for each in trusting.people(run.run.id)}
    assert said[somebody.person] == "DO_NOT_BULK_EMAIL"


def test_who_is_opted_in_goes_on_being_proved_daily(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    people = members(office, 12)
    ada = people[0]
    for each in people:
        chosen(office, each.address, OFFERS, True)
    run_by_a_clock_ahead(office, monkeypatch, "preferences", days=400)
    # What takes it back is in no feed.
    in_no_feed = "contact_id = (SELECT id FROM dd_contact WHERE email = ?) AND preference_id = ?"
    of_ada = (ada.address, test_preferences.leaf(office, OFFERS))
    office.sandbox.state.db.execute(f"DELETE FROM dd_opt_in WHERE {in_no_feed}", of_ada)
    office.sandbox.state.db.commit()
    for _ in range(2):
        office.let_pass(days=2)
        completed(office.run("preferences"))
    assert test_preferences.in_dynamics(office, ada.person) == {OFFERS: Choice.NO}


def test_who_has_opted_out_of_an_account_is_read_a_last_time_when_it_is_disconnected(
    two: Two,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    office = two.office
    newsletter = office.activated("Newsletter")
    office.run("lists", account="Main")
    late = next(
        each
        for each in office.members(newsletter.id)
        if each.outcome is Outcome.ADDED and status_there(two.second, each.address) == "Subscribed"
    )
    run_by_a_clock_ahead(office, monkeypatch, "suppressions", of="Second", days=3)
    two.unsubscribe_there(late.address)
    two.desk.ask(ACCOUNT_DISCONNECT, DisconnectAccount(account="Second"))
    office.run("lists")
    became = {each.person: each.reason for each in office.members(newsletter.id)}
    assert became[late.person] == "SUPPRESSED_OTHER_ACCOUNT"


def test_what_was_proved_while_this_machine_was_ahead_is_proved_anew(trusting: Office) -> None:  # noqa: F811
    list_id = trusted(trusting)
    trusting.behind = -timedelta(days=3)
    assert how(trusting.run("lists", lists=(list_id,))).startswith("all were read")
    trusting.behind = timedelta()
    trusting.let_pass(hours=1)
    run = trusting.run("lists", lists=(list_id,))
    assert how(run).startswith("all were read: records: the last proof is dated as to come")
    # What rests on that one rules again until it is a day old.
    assert how(trusting.run("lists", lists=(list_id,))).startswith("only what changed was read")
