"""Whatever holds a send up: who opts out before it is created is not mailed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dyntui.dotdigital import contacts
from dyntui.model.outcomes import Outcome
from tests.faults.job import FrozenOffice, Job, office_from
from tests.faults.sends import NOT_TAKEN_UP, SEND, excluded, gathering, lose, mailed, when
from tests.scenarios.office import Office


@pytest.fixture
def office(targeted: Path, tmp_path: Path) -> Iterator[FrozenOffice]:
    with office_from(targeted, tmp_path) as opened:
        yield opened


def test_after_a_refusal_for_the_moment_who_may_be_mailed_is_proved_anew(office: FrozenOffice):
    count = Job(office).count()
    somebody = office.count_people(count.id, sendable=True)[3]
    lose(office, SEND, "status", times=1, **NOT_TAKEN_UP)
    opt_out = lambda: office.change_in_dynamics("contact", somebody.person, donotemail=1)  # noqa: E731
    sent = when(office, office.queue_send(count), "Creating the send", opt_out)
    assert sent.state == "Sent"
    assert excluded(office, sent, somebody.person) == "DO_NOT_EMAIL"
    assert somebody.address not in mailed(office)


# Each refusal of the send itself has everybody proved anew.
@pytest.mark.parametrize(
    ("route", "seconds"),
    [(r"^/v2/campaigns/\d+/with-details$", 1800), pytest.param(SEND, 300, marks=pytest.mark.thorough)],
)
def test_a_limit_of_an_hour_before_the_send_is_created_does_not_age_the_proof(
    route: str, seconds: int, targeted: Path, tmp_path: Path
):
    with office_from(targeted, tmp_path, MovingOffice) as office:
        count = Job(office).count()
        somebody = office.count_people(count.id, sendable=True)[3]
        lose(office, route, "status", status=429, times=60, after=0 if route == SEND else 4)
        queued, began = office.queue_send(count), []

        def later() -> None:
            if office.run_of(queued.run).cursor.get("phase") in ("create", "prove"):
                began.append(office.waited)
                if began[-1] - began[0] > seconds:
                    office.during_sleep = lambda: None
                    office.change_in_dynamics("contact", somebody.person, donotemail=1)

        office.during_sleep = later
        office.engine.drain()
        assert began[-1] - began[0] > seconds
        assert office.send_row(queued.id).state == "Sent"
        assert somebody.address not in mailed(office)


class MovingOffice(FrozenOffice):
    """An office whose clock moves on with the world's, as a real one's does."""

    def _now(self) -> Any:
        return Office._now(self)

    @property
    def waited(self) -> float:
        """Seconds."""
        return self.sandbox.time.seconds()


@pytest.mark.parametrize("address", [None, "moved.house@example.org"])
def test_who_opts_out_and_changes_the_address_at_once_is_not_mailed_at_the_old_one(
    address: str | None, office: FrozenOffice
):
    count = Job(office).count()
    somebody = office.count_people(count.id, sendable=True)[3]
    changed = {"donotemail": 1, "emailaddress1": address}
    sent = gathering(office, count, lambda: office.change_in_dynamics("contact", somebody.person, **changed))
    assert sent.state == "Sent"
    assert excluded(office, sent, somebody.person) == "DO_NOT_EMAIL"
    assert not {somebody.address, address} & set(mailed(office))


def test_who_is_not_seen_in_the_book_is_taken_out_of_it(office: FrozenOffice, monkeypatch: pytest.MonkeyPatch):
    count = Job(office).count()
    somebody = office.count_people(count.id, sendable=True)[3]
    queued, everybody = office.queue_send(count), contacts.contact_pages

    async def lagging(*which: Any, **how: Any) -> AsyncIterator[Any]:
        async for page in everybody(*which, **how):
            proving = office.run_of(queued.run).cursor.get("phase") == "prove"
            kept = [row for row in page.rows if not proving or row.email != somebody.address]
            yield msgspec.structs.replace(page, rows=kept)

    monkeypatch.setattr(contacts, "contact_pages", lagging)
    office.engine.drain()
    (outcome,) = [each for each in office.people(queued.run) if each.person == somebody.person]
    assert (office.send_row(queued.id).state, outcome.outcome) == ("Sent", Outcome.REJECTED)
    assert somebody.address not in mailed(office)
