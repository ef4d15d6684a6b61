"""A run that is undone, or a plan that is carried out, while something else is under way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dyntui.model.lists import MemberRow
from dyntui.model.outcomes import Outcome, RunStatus
from tests.faults.another_run import AnotherRun, Step, never, step
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
    goes_on: Step, targeted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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
        members = office.members(office.list_named(LIST).id)
        people = [each.person for each in members if each.outcome is Outcome.ADDED][:9]
        other = office.new_list(name="Others", member_type="contact").row.id
        office.join(other, people)
        office.activated("Others")
        office.start_apply(office.plan_undo(first_synchronisation(office)))
        two.carry_out(office, "undo", lambda: office.start("lists", lists=(other,)), before=is_decided)
        assert len(office.in_book(other)) == len(people)
        assert not office.in_book(office.list_named(LIST).id)


# -- at any step -------------------------------------------------------------------------------------------------------


def moved(office: FrozenOffice) -> list[MemberRow]:
    """Some leave the list, others get another name; everybody who was in its book."""
    newsletter = office.list_named(LIST).id
    people = [each for each in office.members(newsletter) if each.outcome in (Outcome.ADDED, Outcome.UNCHANGED)]
    office.leave(newsletter, [each.person for each in people[:4]])
    for place, each in enumerate(people[4:10]):
        office.change_in_dynamics("contact", each.person, firstname=f"Renamed {place}")
    return people


def opt_out(office: FrozenOffice, *people: MemberRow) -> None:
    """Every other one in Dynamics, the rest in dotdigital."""
    for place, each in enumerate(people):
        if place % 2:
            office.unsubscribe(each.address)
        else:
            office.change_in_dynamics("contact", each.person, donotbulkemail=1)


def a_plan(office: FrozenOffice) -> Callable[[], str]:
    people = moved(office)
    plan = office.plan(office.list_named(LIST).id)
    opt_out(office, *people[8:12])
    return lambda: office.start_apply(plan)


def an_undo(office: FrozenOffice) -> Callable[[], str]:
    """Of those who left the list and are on it again some say no before they are put back into its book."""
    people = moved(office)
    plan = office.plan_undo(office.run("lists").run.id)
    office.join(office.list_named(LIST).id, [each.person for each in people[:4]])
    opt_out(office, *people[:2], *people[8:10])
    return lambda: office.start_apply(plan)


@pytest.mark.thorough
@pytest.mark.parametrize("stands_still", [never, is_decided], ids=["whole", "decided"])
@pytest.mark.parametrize("other", [a_plan, an_undo])
def test_a_send_during_which_a_plan_is_carried_out_or_a_run_undone_names_everybody_and_mails_nobody_who_opted_out(
    other: Callable[[FrozenOffice], Callable[[], str]],
    stands_still: Step,
    targeted: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    two = AnotherRun(monkeypatch)
    for number in range(2, 90, 11):
        with office_from(targeted, tmp_path / str(number), Ticking) as office:
            begin = other(office)
            queued = office.queue_send(Job(office).count())
            two.carry_out(office, "send", begin, before=step(number), stands_still=stands_still)
            office.engine.drain()
            sent = office.send_row(queued.id)
            assert all(office.detail(each.id).run.status.ended for each in office.audit(limit=20).rows)
            assert sent.potential == sent.sendable + sum(each.people for each in sent.excluded)
            assert (sent.state, sent.doubt) == ("Sent", ""), sent
            mailed = {mail["address"] for mail in properly_mailed(office.sandbox)}
            assert len(mailed) == sent.sendable > 0
            closed = {each.address for each in office.members(office.list_named(LIST).id) if "DO_NOT" in each.reason}
            assert not mailed & closed and not office.in_book(office.list_named(LIST).id) & closed, number
