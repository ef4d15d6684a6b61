"""A run that is undone, or a plan that is carried out, while something else is under way."""

from __future__ import annotations

from pathlib import Path

import pytest

from dyntui.model.outcomes import RunStatus
from tests.faults.another_run import AnotherRun, never
from tests.faults.job import LIST, FrozenOffice, Job, office_from, properly_mailed
from tests.faults.test_every_step_of_handed_sends import Ticking
from tests.scenarios.office import status_there
from tests.thorough import keeping


def begins(number: int, at: object) -> bool:
    """Once a send has synchronised its lists."""
    return getattr(at, "phase", "") == "recheck"


def is_decided(number: int, at: object) -> bool:
    """An undo has decided about everybody in the book."""
    return getattr(at, "step", "") == "remove"


def is_proved(number: int, at: object) -> bool:
    """The request for a send is about to leave."""
    return bool(getattr(at, "asked", False))


def first_synchronisation(office: FrozenOffice) -> str:
    return next(each.id for each in office.audit(limit=100).rows if each.kind == "lists")


@pytest.mark.parametrize("goes_on", keeping([is_proved, never], is_proved))
def test_an_undo_that_was_decided_before_deletes_no_contact_that_a_send_mails(
    goes_on: object, targeted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = AnotherRun(monkeypatch)
    with office_from(targeted, tmp_path, Ticking) as office:
        plan = office.plan_undo(first_synchronisation(office))
        queued = office.queue_send(Job(office).count())
        undo = {"before": begins, "stands_still": is_decided, "goes_on": goes_on}
        two.carry_out(office, "send", lambda: office.start_apply(plan), **undo)
        sent, undone = office.send_row(queued.id), office.detail(two.other).run
        mailed = [mail["address"] for mail in properly_mailed(office.sandbox)]
        assert (sent.state, len(mailed)) == ("Sent", sent.sendable) and mailed
        assert undone.status is RunStatus.COMPLETED and not office.in_book(office.list_named(LIST).id)
        assert {status_there(office.sandbox, each) for each in mailed} == {"Subscribed"}


def test_an_undo_deletes_no_contact_that_another_list_got_meanwhile(
    targeted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    two = AnotherRun(monkeypatch)
    with office_from(targeted, tmp_path, Ticking) as office:
        people = [each.person for each in office.members(office.list_named(LIST).id) if each.outcome == "added"][:9]
        other = office.new_list(name="Others", member_type="contact").row.id
        office.join(other, people)
        office.activated("Others")
        office.start_apply(office.plan_undo(first_synchronisation(office)))
        two.carry_out(office, "undo", lambda: office.start("lists", lists=(other,)), before=is_decided)
        assert len(office.in_book(other)) == len(people)
        assert not office.in_book(office.list_named(LIST).id)
