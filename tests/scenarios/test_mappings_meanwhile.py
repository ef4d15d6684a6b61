"""Data mappings that are changed while a run is at work, or stands still."""

from __future__ import annotations

import concurrent.futures
import threading
from collections.abc import Callable

import pytest

from dyntui.model.mapping import PROVISIONED, DataMapping
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.model.people import Entity
from dyntui.model.trust import RECORDS
from dyntui.service.contract.lists import ListRow
from dyntui.store import cheap_answers
from dyntui.sync import member_listing
from tests.scenarios.office import Office
from tests.scenarios.test_mapped_columns import in_dotdigital
from tests.scenarios.test_mappings_changed import TOWN, Admin
from tests.scenarios.test_one_list_two_runs import let_go, once_at

COMPANY = DataMapping("COMPANY", Entity.CONTACT, "parentcustomerid")


@pytest.fixture
def admin(office: Office) -> Admin:
    """With two labels that nothing is mapped to."""
    office.run("metadata")
    admin = Admin(office)
    admin.label("Town")
    admin.label("Company")
    office.run("labels")
    return admin


def beside(happens: Callable[[], object]) -> Callable[[], None]:
    """As somebody at the keyboard does it while a run is at work."""

    def do() -> None:
        at_the_keyboard = threading.Thread(target=happens)
        at_the_keyboard.start()
        at_the_keyboard.join()

    return do


def wrong_answers(office: Office) -> int:
    """How many records had changed unseen, as far as it was noticed."""
    with office.db.read() as c:
        return sum(each.differences for each in cheap_answers.all_known(c) if each.question == RECORDS)


def test_a_column_that_is_mapped_while_a_reading_stands_still_empties_no_field(
    office: Office, newsletter: ListRow, admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(member_listing, "PAGE", 40)
    members = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED]
    for each in members[-60:]:
        office.change_in_dynamics("contact", each.person, address1_city="Oslo")
    run_id = office.start("lists")
    once_at(office, "Reading Newsletter", let_go, done=40)
    with pytest.raises(concurrent.futures.CancelledError):
        office.engine.drain()
    admin.save(*PROVISIONED, TOWN)
    office.engine.drain()
    assert office.detail(run_id).run.status is RunStatus.COMPLETED
    held = in_dotdigital(office, "TOWN")
    assert {held[each.address]["TOWN"] for each in members[-60:]} == {"Oslo"}
    office.run("lists")
    assert wrong_answers(office) == 0


def test_a_mapping_that_is_saved_while_a_run_is_at_work_ends_no_trust_in_what_dynamics_answers(
    office: Office, newsletter: ListRow, admin: Admin
) -> None:
    office.run("lists")
    office.run("lists")
    once_at(office, "Reading what changed in Dynamics", beside(lambda: admin.save(*PROVISIONED, TOWN)))
    office.run("lists")
    office.run("lists")
    assert wrong_answers(office) == 0


def test_a_mapping_that_is_saved_and_taken_back_ends_no_trust_in_what_dynamics_answers(
    office: Office, newsletter: ListRow, admin: Admin
) -> None:
    office.run("lists")
    office.run("lists")
    admin.save(*PROVISIONED, COMPANY)
    office.run("lists")
    admin.save(*PROVISIONED)
    office.run("lists")
    assert wrong_answers(office) == 0
