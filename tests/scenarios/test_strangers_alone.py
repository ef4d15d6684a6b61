"""Strangers taken in by *Address books to Dynamics*, without the two-way synchronisation of their list."""

from __future__ import annotations

from typing import Any

import pytest

from dyntui.model.errors import DyntuiError
from dyntui.model.membership_actions import MembershipAction
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.service.contract.lists import EditList
from dyntui.sync import strangers, suppressions
from tests.scenarios.office import Office, writes
from tests.scenarios.test_members_and_books import in_dotdigital, row
from tests.scenarios.test_strangers import (
    OPEN,
    adds_up,
    meet_strangers,
    of_kinds,
    on_the_list,
    records,
    strangers_of,
)

KNOWN, CONTACTS = MembershipAction.KNOWN, MembershipAction.CONTACTS


@pytest.fixture
def met(office: Office) -> dict[str, str]:
    return meet_strangers(office)


def test_strangers_join_by_the_lists_action_and_only_news_make_the_book_be_read_again(
    office: Office, met: dict[str, str]
) -> None:
    office.edit(EditList(id=met["list"], membership_action=CONTACTS))
    before = on_the_list(office, met["list"])
    run = office.run("address-books")
    assert adds_up(run) and run.run.status is RunStatus.COMPLETED_WITH_ERRORS
    found = strangers_of(office, run, met["list"])
    assert of_kinds(found, [*OPEN, "no"]) == [
        ("added", ""),
        ("rejected", "AMBIGUOUS_MATCH"),
        *[("added", "")] * 3,
        ("excluded", "DO_NOT_BULK_EMAIL"),
    ]
    there = on_the_list(office, met["list"])
    assert met["known"] in there and len(there - before) == 4
    assert met["no address"] not in office.in_book(met["list"])
    (made,) = records(office, "contact", met["nobody address"])
    # The two-way synchronisation finds them as members, and has nothing to make.
    run = office.run("lists")
    assert adds_up(run) and on_the_list(office, met["list"]) == there
    member = {each.person: each for each in office.people(run.run.id, item=met["list"])}[made]
    assert member.outcome in (Outcome.ADDED, Outcome.UPDATED, Outcome.UNCHANGED)
    office.run("address-books")
    office.until_told()
    run, calls = office.calls_between(lambda: office.run("address-books", scheduled=True))
    assert writes(calls) == [] and strangers_of(office, run, met["list"]) == {}
    office.put_into_book(met["list"], "late@strangers.example", LASTNAME="Late")
    run = office.run("address-books", scheduled=True)
    assert of_kinds(strangers_of(office, run, met["list"]), ["late"]) == [("added", "")]
    assert records(office, "contact", "late@strangers.example") != []


def test_strangers_stay_where_they_are_ignored_or_leave_the_book(office: Office, met: dict[str, str]) -> None:
    before, inside = on_the_list(office, met["list"]), office.in_book(met["list"])
    for action in (MembershipAction.IGNORE, MembershipAction.REMOVE):
        office.edit(EditList(id=met["list"], membership_action=action))
        run = office.run("address-books")
        assert adds_up(run) and strangers_of(office, run, met["list"]) == {}
    assert on_the_list(office, met["list"]) == before and office.in_book(met["list"]) == inside


def test_a_plan_names_them_exactly_that_is_done_and_undone(office: Office, met: dict[str, str]) -> None:
    office.edit(EditList(id=met["list"], membership_action=CONTACTS))
    before = on_the_list(office, met["list"])
    plan, calls = office.calls_between(lambda: office.plan_of("address-books"))
    assert writes(calls) == []
    changes = {each.address: each.effect for each in office.planned(plan)}
    assert (changes[met["known address"]], changes[met["nobody address"]]) == ("join", "create")
    office.put_into_book(met["list"], "late@strangers.example")
    run = office.apply(plan)
    found = strangers_of(office, run, met["list"])
    assert of_kinds(found, ["known", "nobody", "late"]) == [("added", ""), ("added", ""), ("held", "STALE")]
    assert records(office, "contact", "late@strangers.example") == []
    office.undo(run.run.id)
    # A record that was made stays, as others may use it by now; nobody is on the list any more who was not.
    assert on_the_list(office, met["list"]) == before and records(office, "contact", met["nobody address"]) != []


def test_a_list_whose_book_is_gone_is_named_and_delays_no_other(office: Office, met: dict[str, str]) -> None:
    other = office.new_list(name="Other", member_type="contact").row
    office.activated("Other")
    office.run("lists")
    for each in (met["list"], other.id):
        office.edit(EditList(id=each, membership_action=KNOWN))
    in_dotdigital(office, "DELETE", f"/v2/address-books/{office.book_of(other.id)}")
    run = office.run("address-books")
    assert adds_up(run) and {item.id: item.status for item in run.items}[other.id] is RunStatus.FAILED
    assert of_kinds(strangers_of(office, run, met["list"]), ["known"]) == [("added", "")]


@pytest.mark.parametrize("why", ["made meanwhile", "nobody can be asked"])
def test_who_has_to_wait_is_looked_at_by_the_next_run_though_nobody_is_new(
    why: str, office: Office, met: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    office.edit(EditList(id=met["list"], membership_action=CONTACTS))
    office.run("address-books")
    office.until_told()
    office.put_into_book(met["list"], "late@strangers.example", LASTNAME="Late")
    real = strangers._create

    async def meanwhile(*given: Any) -> None:
        if why == "made meanwhile":
            row(office, "contact", lastname="Typed in", emailaddress1="late@strangers.example")
        else:
            patched.setattr(suppressions, "pull_everywhere", away)
        await real(*given)

    async def away(*_: object) -> None:
        raise DyntuiError("DOTDIGITAL_AWAY", "It is away.", not_done="", remedy="")

    with monkeypatch.context() as patched:
        patched.setattr(strangers, "_create", meanwhile)
        run = office.run("address-books", scheduled=True)
    waits = ("held", "STALE") if why == "made meanwhile" else ("excluded", "NOT_SYNCED")
    assert of_kinds(strangers_of(office, run, met["list"]), ["late"]) == [waits]
    office.until_told()
    run = office.run("address-books", scheduled=True)
    assert of_kinds(strangers_of(office, run, met["list"]), ["late"]) == [("added", "")]
    (known,) = records(office, "contact", "late@strangers.example")
    assert known in on_the_list(office, met["list"])
    office.until_told()
    run = office.run("address-books", scheduled=True)
    assert strangers_of(office, run, met["list"]) == {}
