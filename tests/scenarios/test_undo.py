"""A run is undone: its plan first, both sides as before it, consent never, and what is undone stays undone."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import pytest

from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.service.contract.lists import ListRow
from dyntui.store import opt_outs, undone_holds
from dyntui.store.opt_outs import OptOut
from dyntui.sync import list_imports
from tests.scenarios.office import Office, writes
from tests.scenarios.test_mapped_columns import MORE, mapped
from tests.scenarios.test_members_and_books import in_book, in_dotdigital
from tests.scenarios.test_plans import numbers
from tests.scenarios.test_preferences import OFFERS, chosen
from tests.scenarios.test_suppressions import typed


@pytest.fixture
def newsletter(office: Office) -> ListRow:
    return office.activated("Newsletter")


def added(office: Office, newsletter: ListRow) -> list[str]:
    return [each.person for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED]


def test_undoing_a_first_synchronisation_leaves_both_sides_as_before_it(office: Office, newsletter: ListRow) -> None:
    office.run("suppressions")
    before = office.digest()
    run = office.run("lists").run.id
    people = added(office, newsletter)
    after = office.digest()
    assert after != before
    plan, calls = office.calls_between(lambda: office.plan_undo(run))
    assert writes(calls) == [] and office.digest() == after
    assert numbers(plan) == (0, 0, len(people)) and plan.run.tally.adds_up
    done = office.apply(plan)
    assert done.run.status is RunStatus.COMPLETED and done.run.tally.of(Outcome.REMOVED) == len(people)
    assert same(office, before) and in_book(office, office.book_of(newsletter.id)) == set()
    assert {each.undone_by for each in office.written(run)} == {done.run.id}
    with pytest.raises(DyntuiError) as refused:
        office.plan_undo(run)
    assert refused.value.code == "ALREADY_UNDONE"

    # Nothing of it is done again by itself: it waits for a decision.
    later, calls = office.calls_between(lambda: office.run("lists").run)
    assert later.status is RunStatus.HELD and later.tally.of(Outcome.HELD) == len(people)
    assert same(office, before)
    again = office.undo(done.run.id)
    assert again.run.tally.of(Outcome.ADDED) == len(people) and same(office, after)
    assert office.run("lists").run.tally.of(Outcome.UNCHANGED) == len(people)
    assert office.undo(run).run.tally.of(Outcome.REMOVED) == len(people) and same(office, before)


def test_a_contact_that_dotdigital_does_not_delete_is_out_of_the_book_and_named_as_kept(
    office: Office, newsletter: ListRow
) -> None:
    office.run("suppressions")
    run = office.run("lists").run.id
    made = {each.person: each for each in office.written(run) if each.created}
    office.sandbox.switch(dotdigital={"v3_bulk_delete_fails": 5})
    done = office.undo(run)
    assert done.run.status is RunStatus.COMPLETED and in_book(office, office.book_of(newsletter.id)) == set()
    there = {row[0] for row in office.sandbox.state.db.execute("SELECT email FROM dd_contact").fetchall()}
    kept = {person for person, each in made.items() if each.address in there}
    assert 0 < len(kept) < len(made)
    said = {each.person: each.detail for each in office.people(done.run.id) if each.outcome is Outcome.REMOVED}
    assert {person for person in made if "did not delete it: invalidContact" in said[person]} == kept
    assert {each.person for each in office.written(done.run.id) if each.deleted} == set(made) - kept
    # The contact that stayed is no stranger's: it can be put back.
    assert office.undo(done.run.id).run.tally.of(Outcome.ADDED) == len(said)


def test_a_contact_to_which_others_have_given_something_since_leaves_the_book_and_is_not_deleted(
    office: Office, newsletter: ListRow
) -> None:
    office.run("suppressions")
    run = office.run("lists").run.id
    filled, chose, other = [each for each in office.written(run) if each.created][:3]
    office.change_in_dotdigital(filled.address, POSTCODE="SW1A 1AA")
    chosen(office, chose.address, OFFERS, True)
    plan = office.plan_undo(run)
    said = {each.person: each.detail for each in office.planned(plan)}
    assert [said[each.person] for each in (filled, chose)] == ["", ""] and "is deleted" in said[other.person]
    done = office.apply(plan)
    assert done.run.status is RunStatus.COMPLETED and in_book(office, office.book_of(newsletter.id)) == set()
    there = {row[0] for row in office.sandbox.state.db.execute("SELECT email FROM dd_contact").fetchall()}
    assert {filled.address, chose.address} <= there and other.address not in there
    assert fields_of(office, filled.address)["POSTCODE"] == "SW1A 1AA"


def contact(office: Office, address: str) -> dict[str, Any]:
    return dict(msgspec.json.decode(in_dotdigital(office, "GET", f"/v2/contacts/{address}")))


def contact_id(office: Office, address: str) -> int:
    return int(contact(office, address)["id"])


def fields_of(office: Office, address: str) -> dict[str, Any]:
    return {each["key"]: each["value"] for each in contact(office, address)["dataFields"]}


def test_undoing_a_later_synchronisation_leaves_both_sides_as_before_it(office: Office, newsletter: ListRow) -> None:
    office.run("lists")
    people = {each.person: each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED}
    back, leaves, renamed, moves = list(people)[:4], list(people)[4:10], list(people)[10:40], list(people)[40:43]
    office.leave(newsletter.id, back)
    office.run("lists")
    office.until_told()
    office.join(newsletter.id, back)
    office.leave(newsletter.id, leaves)
    for place, each in enumerate(renamed):
        office.change_in_dynamics("contact", each, firstname=f"Renamed {place}")
    for place, each in enumerate(moves):
        office.change_in_dynamics("contact", each, emailaddress1=f"moved-{place}@example.com")
    before = office.digest()
    run = office.run("lists").run
    office.until_told()
    after = office.digest()
    assert (run.tally.of(Outcome.ADDED), run.tally.of(Outcome.REMOVED)) == (4, 6)
    done = office.undo(run.id)
    office.until_told()
    assert office.digest() == before and done.run.status is RunStatus.COMPLETED
    wrote = Counter(each.effect for each in office.written(run.id))
    assert wrote["add"] == 4 and wrote["update"] == 33 and wrote["remove"] >= 6
    undone = [done.run.tally.of(each) for each in (Outcome.REMOVED, Outcome.UPDATED, Outcome.ADDED)]
    assert undone == [wrote["add"], wrote["update"], wrote["remove"]]
    office.undo(done.run.id)
    office.until_told()
    assert office.digest() == after
    assert office.run("lists").run.tally.of(Outcome.UNCHANGED) == len(people) - len(leaves)
    assert office.digest() == after


def test_nought_and_no_that_were_set_back_are_known_and_not_sent_again(office: Office, newsletter: ListRow) -> None:
    ada = next(each for each in office.members(newsletter.id) if not each.reason)
    office.change_in_dynamics("contact", ada.person, creditlimit=0, creditonhold=0)
    mapped(office, *(each for each in MORE if each[0] in ("LIMIT", "HOLD")))
    office.run("lists")
    office.change_in_dynamics("contact", ada.person, creditlimit=5, creditonhold=1)
    office.undo(office.run("lists").run.id)
    assert contact_values(office, ada.address, "LIMIT", "HOLD") == [0, False]
    office.change_in_dynamics("contact", ada.person, creditlimit=0, creditonhold=0)
    run, calls = office.calls_between(lambda: office.run("lists").run)
    assert run.tally.of(Outcome.UPDATED) == 0 and not [each for each in writes(calls) if "import" in each]


def contact_values(office: Office, address: str, *labels: str) -> list[Any]:
    held = {each["key"]: each["value"] for each in contact(office, address)["dataFields"]}
    return [held[label] for label in labels]


def test_a_contact_that_passes_from_one_record_to_another_stays_in_the_book_when_that_is_undone(
    office: Office, newsletter: ListRow
) -> None:
    office.run("lists")
    members = office.members(newsletter.id)
    ours = {each.address: each for each in members if each.outcome is Outcome.ADDED}
    heir = next(each for each in members if each.reason == "DUPLICATE_ADDRESS" and each.address in ours)
    office.change_in_dynamics("contact", heir.person, firstname="Heir")
    office.leave(newsletter.id, [ours[heir.address].person])
    before = office.digest()
    run = office.run("lists").run.id
    (change,) = office.written(run)
    assert (change.person, change.effect, change.created) == (heir.person, "update", False)
    assert office.digest() != before
    office.undo(run)
    assert office.digest() == before


def test_an_undo_that_was_cancelled_is_finished_by_another_one(office: Office, newsletter: ListRow) -> None:
    office.run("suppressions")
    before = office.digest()
    run = office.run("lists").run.id
    plan = office.plan_undo(run)
    undone = office.start_apply(plan)
    office.during_sleep = lambda: office.cancel(undone)
    office.engine.drain()
    office.during_sleep = lambda: None
    assert office.detail(undone).run.status is RunStatus.CANCELLED
    office.undo(run)
    assert same(office, before)
    with pytest.raises(DyntuiError) as refused:
        office.plan_undo(run)
    assert refused.value.code == "ALREADY_UNDONE"


def same(office: Office, digest: dict[str, str]) -> bool:
    """Once everybody who was taken out has left the books."""
    office.until_told()
    now = office.digest()
    return all(now[each] == digest[each] for each in ("dotdigital",))


def test_what_was_changed_is_put_back_field_by_field_and_consent_is_kept_by_name(
    office: Office, newsletter: ListRow
) -> None:
    office.run("lists")
    people = {each.person: each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED}
    renamed, by_hand, opted_out, leaves, moves, suppressed = list(people)[:6]
    office.change_in_dotdigital(people[by_hand].address, LASTNAME="By hand")
    before = in_book(office, office.book_of(newsletter.id))
    for each in (renamed, by_hand):
        office.change_in_dynamics("contact", each, lastname="By Dynamics")
    office.change_in_dynamics("contact", opted_out, donotemail=1)
    office.change_in_dynamics("contact", moves, emailaddress1="moved@example.com")
    office.leave(newsletter.id, [leaves])
    typed(office, people[suppressed].address)
    run = office.run("lists").run.id
    office.until_told()
    plan = office.plan_undo(run)
    changes = {each.person: each for each in office.planned(plan)}
    assert {person: each.effect for person, each in changes.items()} == {
        renamed: "update",
        by_hand: "update",
        moves: "update",
        leaves: "add",
    }
    assert changes[by_hand].before == {"LASTNAME": "By Dynamics"} and changes[by_hand].after == {"LASTNAME": "By hand"}
    became = {each.person: (each.outcome, each.reason) for each in office.people(plan.run.id)}
    assert became[opted_out] == (Outcome.EXCLUDED, "DO_NOT_EMAIL")
    assert became[suppressed] == (Outcome.EXCLUDED, "SUPPRESSED")
    done = office.apply(plan)
    kept = {people[each].address for each in (opted_out, suppressed)}
    assert in_book(office, office.book_of(newsletter.id)) == before - kept
    assert fields_of(office, people[by_hand].address)["LASTNAME"] == "By hand"
    assert fields_of(office, people[renamed].address)["LASTNAME"] == people[renamed].name.split()[-1]
    assert done.run.tally.of(Outcome.EXCLUDED) >= 2 and done.run.tally.adds_up

    # What Dynamics says now is not what was undone: it is sent. Everything else waits.
    office.change_in_dynamics("contact", renamed, lastname="Mended")
    later = office.run("lists")
    became = {each.person: (each.outcome, each.reason) for each in office.people(later.run.id)}
    assert became[renamed] == (Outcome.UPDATED, "")
    assert {became[each] for each in (by_hand, moves, leaves)} == {(Outcome.HELD, "UNDONE")}
    (waiting,) = office.held()
    assert waiting.undone and waiting.people == 3
    assert {each.person for each in office.waiting(newsletter.id, undone=True)} == {by_hand, moves, leaves}
    assert office.waiting(newsletter.id) == ()
    office.decide_held(newsletter.id, by_hand, moves, remove=True, undone=True)
    office.decide_held(newsletter.id, remove=False, undone=True)
    assert office.held() == ()
    later = office.run("lists")
    became = {each.person: (each.outcome, each.reason) for each in office.people(later.run.id)}
    assert became[by_hand] == became[moves] == (Outcome.UNCHANGED, "")
    assert became[leaves][0] is Outcome.EXCLUDED and people[leaves].address in in_book(
        office, office.book_of(newsletter.id)
    )


def test_who_has_opted_out_since_is_not_put_back_and_what_has_moved_is_refused_by_name(
    office: Office, newsletter: ListRow
) -> None:
    office.run("lists")
    people = {each.person: each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED}
    book = office.book_of(newsletter.id)
    leavers, changed = list(people)[:6], list(people)[6:9]
    office.leave(newsletter.id, leavers)
    for each in changed:
        office.change_in_dynamics("contact", each, lastname="Changed")
    run = office.run("lists").run.id
    opted_out, unsubscribed, suppressed, back, gone, fine = leavers
    office.until_told()
    plan = office.plan_undo(run)
    assert numbers(plan) == (6, 3, 0)
    office.change_in_dynamics("contact", opted_out, donotbulkemail=1)
    office.unsubscribe(people[unsubscribed].address, book=book)
    office.unsubscribe(people[suppressed].address)
    office.change_in_dotdigital(people[back].address, book)
    in_dotdigital(office, "DELETE", f"/v2/contacts/{contact_id(office, people[gone].address)}")
    by_hand, out, right = changed
    office.change_in_dotdigital(people[by_hand].address, LASTNAME="By hand")
    number = contact_id(office, people[out].address)
    in_dotdigital(office, "DELETE", f"/v2/address-books/{book}/contacts/{number}")
    office.until_told()
    done = office.apply(plan)
    became = {each.person: (each.outcome, each.reason) for each in office.people(done.run.id)}
    assert became[fine] == (Outcome.ADDED, "") and became[right] == (Outcome.UPDATED, "")
    assert {became[each] for each in (gone, by_hand, out)} == {(Outcome.REJECTED, "STALE")}
    assert became[back] == (Outcome.UNCHANGED, "")
    assert became[opted_out] == (Outcome.EXCLUDED, "DO_NOT_BULK_EMAIL")
    assert became[unsubscribed] == (Outcome.EXCLUDED, "UNSUBSCRIBED_LIST")
    assert became[suppressed][0] is Outcome.EXCLUDED
    assert done.run.tally.adds_up and done.run.status is RunStatus.COMPLETED_WITH_ERRORS
    addresses = in_book(office, book)
    assert {people[each].address for each in (fine, back, by_hand, right)} <= addresses
    assert not {people[each].address for each in (opted_out, unsubscribed, suppressed, gone, out)} & addresses
    assert fields_of(office, people[by_hand].address)["LASTNAME"] == "By hand"
    stand = {each.person for each in office.written(run) if not each.undone_by}
    assert stand == {opted_out, unsubscribed, suppressed, back, gone, by_hand, out}


def test_who_opts_out_while_a_list_is_imported_is_not_imported_by_a_decision_about_their_undone_change(
    office: Office, newsletter: ListRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.run("lists")
    people = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED]
    waits, *others = people[:8]
    office.leave(newsletter.id, [waits.person])
    office.run("lists")
    office.until_told()
    office.join(newsletter.id, [waits.person])
    office.undo(office.run("lists").run.id)
    for place, each in enumerate(others):
        office.change_in_dynamics("contact", each.person, firstname=f"Changed {place}")
    monkeypatch.setattr(list_imports, "ROWS", 2)
    imports, carry_out = list[int](), list_imports.carry_out

    async def meanwhile(ctx: Any, dd: Any, rows: Any, *where: Any) -> Any:
        imports.append(len(rows))
        if len(imports) == 1:
            office.change_in_dynamics("contact", waits.person, donotemail=1)
            said = OptOut(person_id=waits.person, entity="contact", reason="DO_NOT_EMAIL", addresses=[waits.address])
            await ctx.write(lambda c: opt_outs.learn(c, [said], [], ctx.now()))
        if len(imports) == 2:
            await ctx.write(lambda c: undone_holds.decide(c, newsletter.id, [waits.person], True, "Mira", ctx.now()))
        return await carry_out(ctx, dd, rows, *where)

    monkeypatch.setattr(list_imports, "carry_out", meanwhile)
    run = office.run("lists").run
    assert len(imports) > 2
    (became,) = (each for each in office.people(run.id) if each.person == waits.person)
    assert (became.outcome, became.reason) == (Outcome.EXCLUDED, "DO_NOT_EMAIL")
    assert waits.address not in in_book(office, office.book_of(newsletter.id))
