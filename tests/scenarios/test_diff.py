"""A marketing list against its address book: whatever differs is named, and carrying the plan out mends it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest

from dyntui.dotdigital.reading import repeating_pages
from dyntui.model.outcomes import Outcome
from dyntui.service.contract.lists import ListRow
from dyntui.sync import reconciling
from tests.scenarios.office import Office, writes
from tests.scenarios.test_members_and_books import in_book, in_dotdigital
from tests.scenarios.test_plans import numbers
from tests.scenarios.test_undo import contact_id, fields_of


@pytest.fixture
def newsletter(office: Office) -> ListRow:
    return office.activated("Newsletter")


def test_where_both_sides_agree_there_is_nothing_to_be_mended(office: Office, newsletter: ListRow) -> None:
    office.run("lists")
    plan, calls = office.calls_between(lambda: office.diff(newsletter.id))
    assert writes(calls) == [] and numbers(plan) == (0, 0, 0) and office.planned(plan) == ()
    assert plan.run.title.startswith("Differences: ") and plan.run.tally.adds_up


def test_whatever_differs_is_named_with_both_values_and_mended(office: Office, newsletter: ListRow) -> None:
    office.run("lists")
    book = office.book_of(newsletter.id)
    people = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED]
    by_hand, both, missing, leaves, opted_out, suppressed = people[:6]
    before = {each.address: fields_of(office, each.address) for each in (by_hand, both)}
    for each in (by_hand, both):
        office.change_in_dotdigital(each.address, LASTNAME="By hand")
    office.change_in_dynamics("contact", both.person, firstname="Renamed")
    number = contact_id(office, missing.address)
    in_dotdigital(office, "DELETE", f"/v2/address-books/{book}/contacts/{number}")
    office.leave(newsletter.id, [leaves.person])
    office.change_in_dynamics("contact", opted_out.person, donotemail=1)
    office.unsubscribe(suppressed.address)
    office.change_in_dotdigital("stranger@example.com", book, LASTNAME="Stranger")
    office.until_told()
    digest = office.digest()
    known = office.members(newsletter.id)
    plan, calls = office.calls_between(lambda: office.diff(newsletter.id))
    assert writes(calls) == [] and office.digest() == digest
    changes = {each.person: each for each in office.planned(plan)}
    # dotdigital takes who is suppressed out of its books itself, or leaves it to others.
    stays = suppressed.address in office.in_book(newsletter.id)
    assert {person: each.effect for person, each in changes.items()} == {
        **({suppressed.person: "remove"} if stays else {}),
        by_hand.person: "update",
        both.person: "update",
        missing.person: "add",
        leaves.person: "remove",
        opted_out.person: "remove",
    }
    last = before[by_hand.address]["LASTNAME"]
    assert (changes[by_hand.person].before, changes[by_hand.person].after) == (
        {"LASTNAME": "By hand"},
        {"LASTNAME": last},
    )
    assert changes[both.person].before is not None
    assert {*changes[both.person].before} == {"FIRSTNAME", "LASTNAME"}
    assert changes[both.person].before["LASTNAME"] == "By hand"
    items = {each.id.partition("/")[2]: each for each in office.detail(plan.run.id).items}
    one_sided = {each.person: each for each in office.people(plan.run.id, item=items["opt-outs"].id)}
    assert one_sided[opted_out.person].reason == "DO_NOT_EMAIL"
    assert one_sided[suppressed.person].detail.endswith("no opt-out in Dynamics")
    assert [each.address for each in office.people(plan.run.id, item=items["in-the-book"].id)] == [
        "stranger@example.com"
    ]
    assert plan.run.tally.adds_up
    # Looking at it has changed nothing of what is known.
    assert [(each.person, each.outcome, each.reason) for each in known if each.person == by_hand.person] == [
        (each.person, each.outcome, each.reason)
        for each in office.members(newsletter.id)
        if each.person == by_hand.person
    ]

    done = office.apply(plan)
    assert done.run.tally.adds_up
    became = {each.person: each.outcome for each in office.people(done.run.id)}
    assert became[by_hand.person] is became[both.person] is Outcome.UPDATED
    assert fields_of(office, by_hand.address)["LASTNAME"] == last
    assert missing.address in in_book(office, book)
    assert not {leaves.address, opted_out.address, suppressed.address} & in_book(office, book)
    again = office.diff(newsletter.id)
    assert numbers(again) == (0, 0, 0)
    # What carrying it out changed can be undone like any other run.
    office.undo(done.run.id)
    assert fields_of(office, by_hand.address)["LASTNAME"] == "By hand"


def test_a_contact_that_somebody_has_changed_since_the_difference_was_planned_is_left_alone(
    office: Office, newsletter: ListRow
) -> None:
    office.run("lists")
    stays, changed, by_then = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:3]
    was = fields_of(office, stays.address)["LASTNAME"], fields_of(office, by_then.address)["LASTNAME"]
    for each in (stays, changed, by_then):
        office.change_in_dotdigital(each.address, LASTNAME="By hand")
    first, second = office.diff(newsletter.id), office.diff(newsletter.id)
    office.change_in_dotdigital(changed.address, LASTNAME="By another hand")
    office.change_in_dotdigital(by_then.address, LASTNAME=was[1])
    done = office.apply(first)
    became = {each.person: (each.outcome, each.reason) for each in office.people(done.run.id)}
    assert became[changed.person] == (Outcome.REJECTED, "STALE") and done.run.tally.adds_up
    assert (became[stays.person][0], became[by_then.person][0]) == (Outcome.UPDATED, Outcome.UNCHANGED)
    assert fields_of(office, changed.address)["LASTNAME"] == "By another hand"
    assert fields_of(office, stays.address)["LASTNAME"] == was[0]
    # What is mended is not written once more by another plan of the same.
    again, calls = office.calls_between(lambda: office.apply(second))
    assert again.run.tally.of(Outcome.UPDATED) == 0 and not [each for each in writes(calls) if "import" in each]


def test_a_list_whose_book_cannot_be_compared_leaves_no_part_of_the_run_open(
    office: Office, newsletter: ListRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.run("lists")

    async def repeats(*_: object, **__: object) -> AsyncIterator[object]:
        raise repeating_pages("/contacts/v3")
        yield

    monkeypatch.setattr(reconciling, "odd_answers", SimpleNamespace(contact_pages=repeats))
    plan = office.diff(newsletter.id)
    run = office.detail(plan.run.id)
    assert "DOTDIGITAL_PAGE_REPEATS" in run.run.error and {each.status.value for each in run.items} == {"Failed"}
