"""Manage Members: people put on a list and taken off it by name, view or query, planned first, undone afterwards."""

from __future__ import annotations

import asyncio
import concurrent.futures
import os

import pytest

from dyntui.model.cursors import Cursor, MembersCursor
from dyntui.model.errors import DyntuiError
from dyntui.model.member_changes import PeopleSlice
from dyntui.model.outcomes import Outcome, RunStatus
from dyntui.service.contract.lists import EditList, ListRow
from dyntui.service.contract.plans import PlanDetail
from dyntui.store import accounts, list_unsubscribes
from dyntui.store.accounts import PersonLink
from dyntui.sync import known_members, member_changes
from tests.faults.meanwhile import Meanwhile
from tests.scenarios.office import Office, writes
from tests.scenarios.test_new_lists import GUIDES
from tests.scenarios.test_strangers import on_the_list
from tests.scenarios.test_undo_killed import Killed

ALPINE = "Alpine Club"


def signed_in(office: Office) -> str:
    """The manager of the demonstration company is at the keyboard; her id in Dynamics."""
    (row,) = office.sandbox.state.db.execute(
        "SELECT systemuserid, azureactivedirectoryobjectid, fullname FROM dv_systemuser WHERE fullname = 'Mira Sandahl'"
    ).fetchall()
    with office.db.write() as c:
        link = PersonLink(os_uid=os.getuid(), user_id=row[0], object_id=row[1], name=row[2], linked_on="")
        accounts.link_person(c, link)
    return str(row[0])


def planned(office: Office, plan: object, effect: str) -> set[str]:
    return {each.person for each in office.planned(plan, effect=effect)}  # type: ignore[arg-type]


def test_a_query_adds_removes_and_keeps_and_each_can_be_undone(office: Office) -> None:
    mira = signed_in(office)
    assert "Contacts without e-mail" in {each.name for each in office.own_views("contact") if each.personal}
    club = office.list_named(ALPINE)
    before = on_the_list(office, club.id)
    assert {each.person for each in office.members(club.id)} == before
    guides = office.records_where("contact", jobtitle="Mountain guide")
    asleep = sorted(guides - before)[0]
    office.change_in_dynamics("contact", asleep, statecode=1, statuscode=2)
    plan, calls = office.calls_between(lambda: office.plan_members(club.id, "add", query=GUIDES))
    assert writes(calls) == [] and on_the_list(office, club.id) == before
    joining = guides - before - {asleep}
    assert planned(office, plan, "join") == joining
    assert plan.plan.calls.dataverse_writes == 1 and plan.run.tally.adds_up
    assert {each.reason for each in office.people(plan.run.id, outcome="rejected")} == {"INACTIVE"}

    late = sorted(joining)[0]
    office.change_in_dynamics("contact", late, jobtitle="Teacher")
    added, calls = office.calls_between(lambda: office.apply(plan))
    assert [each for each in writes(calls) if "AddListMembersList" in each] and len(writes(calls)) == 1
    assert on_the_list(office, club.id) == before | joining - {late}
    (stale,) = [each for each in office.people(added.run.id) if each.reason == "STALE"]
    assert stale.person == late and added.run.tally.adds_up
    assert added.run.tally.of(Outcome.ADDED) == len(joining) - 1
    (who,) = office.sandbox.state.db.execute(
        "SELECT DISTINCT createdby FROM dv_listmember WHERE entityid = ? AND listid = ?", (sorted(joining)[1], club.id)
    ).fetchone()
    assert who == mira
    # The list is shown as it is now, though nobody has synchronised it.
    assert {each.person for each in office.members(club.id) if each.reason != "LEFT_LIST"} >= joining - {late}
    assert office.list_named(ALPINE).members == len(before) + len(joining) - 1
    with pytest.raises(DyntuiError, match="PLAN_APPLIED"):
        office.apply(plan)

    kept = office.apply(office.plan_members(club.id, "keep", query=GUIDES))
    assert on_the_list(office, club.id) == (before & guides) | joining - {late}
    assert kept.run.tally.of(Outcome.REMOVED) == len(before - guides)
    removed = office.apply(office.plan_members(club.id, "remove", query=GUIDES))
    assert on_the_list(office, club.id) == set()
    assert office.undo(removed.run.id).run.status is RunStatus.COMPLETED
    # Put back by whoever undid it, as Dynamics has it.
    put_back = "SELECT DISTINCT createdby FROM dv_listmember WHERE listid = ?"
    assert office.sandbox.state.db.execute(put_back, (club.id,)).fetchall() == [(mira,)]
    back = office.undo(kept.run.id).run
    office.undo(added.run.id)
    # As with every undo: who has opted out is not put back, and Dynamics takes nobody who is inactive by now.
    away = {each.person for each in office.people(back.id) if each.outcome in (Outcome.EXCLUDED, Outcome.REJECTED)}
    assert on_the_list(office, club.id) == before - away and len(away) < len(before - guides) / 2
    assert office.list_named(ALPINE).members == len(before - away)
    assert {each.person for each in office.members(club.id)} >= before - away


def test_people_are_named_by_id_by_address_and_by_lookup(office: Office) -> None:
    club, newsletter = office.list_named(ALPINE), office.list_named("Newsletter")
    outside = [each for each in office.members(newsletter.id) if each.address][:40]
    before = on_the_list(office, club.id)
    ann, bob = [each for each in outside if each.person not in before][:2]
    lead = office.find_records("lead", "a")[0]
    found = office.find_records("contact", ann.name)
    assert ann.person in {each.id for each in found} and office.find_records("contact", " ") == ()
    office.change_in_dynamics("contact", bob.person, emailaddress1="bob.twice@example.org")
    twin = next(each for each in outside if each.person not in {ann.person, bob.person})
    office.change_in_dynamics("contact", twin.person, emailaddress1="bob.twice@example.org")
    named = (ann.person.upper(), "bob.twice@example.org", "nobody@example.org", lead.id)
    plan = office.plan_members(club.id, "add", people=named)
    assert planned(office, plan, "join") == {ann.person}
    assert sorted(each.reason for each in office.people(plan.run.id) if each.reason) == [
        "AMBIGUOUS_MATCH",
        "UNKNOWN_PERSON",
        "UNKNOWN_PERSON",
    ]
    office.apply(plan)
    assert on_the_list(office, club.id) == before | {ann.person}
    # Two share the address that is to stay: neither leaves for it, nor does one whose record is closed by now.
    office.join(club.id, [bob.person, twin.person])
    keeping = {"people": (ann.address, "bob.twice@example.org")}
    plan = office.plan_members(club.id, "keep", **keeping)
    assert planned(office, plan, "remove") == before - {bob.person, twin.person}
    assert [each.reason for each in office.people(plan.run.id, outcome="rejected")] == ["AMBIGUOUS_MATCH"]
    office.change_in_dynamics("contact", twin.person, statecode=1, statuscode=2)
    plan = office.plan_members(club.id, "keep", **keeping)
    assert planned(office, plan, "remove") == before - {bob.person, twin.person}
    office.leave(club.id, [bob.person, twin.person])
    plan = office.plan_members(club.id, "remove", people=(ann.person, bob.person))
    assert planned(office, plan, "remove") == {ann.person}
    office.apply(plan)
    assert on_the_list(office, club.id) == before


def test_a_list_is_made_of_the_people_of_a_run_and_of_whom_a_search_finds(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    run = office.run("lists").run
    excluded = {each.person for each in office.people(run.id, item=newsletter.id, outcome="excluded")}
    shown = {"run": run.id, "item": newsletter.id, "outcome": "excluded"}
    assert office.count_shown(**shown) == {"contact": len(excluded)}
    made = office.gather(name="Left out", member_type="contact", shown=PeopleSlice(**shown))
    (item,) = made.items
    there = office.records_where("contact", statecode=0)
    assert on_the_list(office, item.id) == excluded & there
    assert made.run.tally.of(Outcome.ADDED) == len(excluded & there) and made.run.tally.adds_up
    assert {each.reason for each in office.people(made.run.id, outcome="rejected")} <= {"INACTIVE"}
    address = next(each.address for each in office.members(newsletter.id) if each.address)
    found = {each.person for each in office.found_people(address[:6]) if each.entity == "contact"}
    again = office.gather(name="Found", member_type="contact", shown=PeopleSlice(search=address[:6]))
    assert on_the_list(office, again.items[0].id) == found & there
    office.run("campaigns")
    sale = office.campaign_named("January sale").id
    clicked = office.count_shown(campaign=sale, did="clicked")
    assert list(clicked) == [""]
    run = office.gather(name="Clicked", member_type="contact", shown=PeopleSlice(campaign=sale, did="clicked"))
    assert run.run.tally.read == clicked[""] and run.run.tally.adds_up
    assert len(on_the_list(office, run.items[0].id)) == run.run.tally.of(Outcome.ADDED) > 0
    assert {each.reason for each in office.people(run.run.id) if each.reason} <= {
        *("INACTIVE", "AMBIGUOUS_MATCH", "UNKNOWN_PERSON")
    }
    suppressed = office.count_shown(suppressed=True)
    run = office.gather(name="Suppressed", member_type="contact", shown=PeopleSlice(suppressed=True))
    assert run.run.tally.read == suppressed[""] > 0 and run.run.tally.of(Outcome.ADDED) > 0 and run.run.tally.adds_up
    with pytest.raises(DyntuiError, match="LIST_NAME_TAKEN"):
        office.gather(name="found", member_type="contact", people=tuple(found))
    for nobody in (PeopleSlice(), PeopleSlice(campaign=sale, reason="SUPPRESSED")):
        with pytest.raises(DyntuiError, match="MEMBERS_NOT_NAMED"):
            office.gather(name="Nobody", member_type="contact", shown=nobody)


def test_lists_that_nobody_can_change_by_hand_are_refused_by_name(office: Office) -> None:
    office.refresh_lists()
    for name, code in (
        ("Board members", "LIST_LOCKED"),
        ("My own contacts", "LIST_DYNAMIC"),
        ("Newsletter 2019", "LIST_INACTIVE"),
    ):
        with pytest.raises(DyntuiError) as refused:
            office.plan_members(office.list_named(name).id, "add", query=GUIDES)
        assert refused.value.code == code and name in refused.value.message
    board = office.list_named("Board members")
    office.edit(EditList(id=board.id, locked=False))
    plan = office.plan_members(board.id, "remove", view="Active Contacts")
    office.edit(EditList(id=board.id, locked=True))
    with pytest.raises(DyntuiError, match="LIST_LOCKED"):
        office.apply(plan)
    for named, code in (
        ({}, "MEMBERS_NOT_NAMED"),
        ({"view": "Active Contacts", "query": GUIDES}, "MEMBERS_NOT_NAMED"),
        ({"view": "Open Leads"}, "VIEW_UNKNOWN"),
        ({"query": "<nothing/>"}, "QUERY_REFUSED"),
    ):
        with pytest.raises(DyntuiError) as refused:
            office.plan_members(office.list_named(ALPINE).id, "add", **named)
        assert refused.value.code == code


@pytest.mark.parametrize("people", [("",), ("vera@example.org", " \t")])
def test_nobody_leaves_a_list_because_somebody_is_named_by_nothing(office: Office, people: tuple[str, ...]) -> None:
    """A variable of a script that is empty: of a list that keeps only who is named everybody would leave."""
    club = office.list_named(ALPINE)
    for change in ("add", "remove", "keep"):
        with pytest.raises(DyntuiError, match="MEMBERS_NOT_NAMED"):
            office.plan_members(club.id, change, people=people)
    with pytest.raises(DyntuiError, match="MEMBERS_NOT_NAMED"):
        office.gather(name="Nobody", member_type="contact", people=people)
    office.refresh_lists()
    with pytest.raises(StopIteration):
        office.list_named("Nobody")


def test_who_unsubscribed_from_the_list_is_not_put_back_and_who_opted_out_is_marked(
    office: Office, newsletter: ListRow
) -> None:
    gone, opted_out, other = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:3]
    office.unsubscribe(gone.address, book=office.book_of(newsletter.id))
    office.change_in_dynamics("contact", opted_out.person, donotbulkemail=1)
    office.run("lists")
    people = (gone.person, opted_out.person, other.person)
    known = office.list_named("Newsletter").members or 0
    removed = office.apply(office.plan_members(newsletter.id, "remove", people=people)).run.tally.of(Outcome.REMOVED)
    # Its people are known from the synchronisation: who left since is said to have left.
    assert {each.person for each in office.members(newsletter.id) if each.detail.startswith("since the last")} == {
        other.person
    }
    assert office.list_named("Newsletter").members == known - removed
    outside = office.records_where("contact", jobtitle="Mountain guide", statecode=0)
    outside -= on_the_list(office, newsletter.id)
    office.apply(office.plan_members(newsletter.id, "add", people=tuple(outside)))
    assert outside <= {each.person for each in office.members(newsletter.id)}
    plan = office.plan_members(newsletter.id, "add", people=people)
    assert {each.person: bool(each.detail) for each in office.planned(plan)} == {
        opted_out.person: True,
        other.person: False,
    }
    (refused,) = office.people(plan.run.id, outcome="excluded")
    assert (refused.person, refused.reason) == (gone.person, "UNSUBSCRIBED_LIST")


def test_a_change_that_is_killed_at_any_step_ends_as_the_uninterrupted_one_and_writes_in_batches(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(member_changes, "_CHUNK", 4)
    club = office.list_named(ALPINE)
    before = on_the_list(office, club.id)
    office.members(club.id)
    killed = Killed(monkeypatch)
    done, calls = office.calls_between(
        lambda: killed.apply(office, office.plan_members(club.id, "add", query=GUIDES), 0, before=True)
    )
    steps, after = killed.steps, on_the_list(office, club.id)
    number = done.run.tally.of(Outcome.ADDED)
    assert writes(calls) == [f"dataverse AddListMembersList {-(-number // 4)}"]
    for at in range(1, steps + 1, 4):
        office.leave(club.id, sorted(after - before))
        plan = office.plan_members(club.id, "add", query=GUIDES)
        run = killed.apply(office, plan, at, before=True).run
        assert on_the_list(office, club.id) == after, at
        assert (run.tally, run.status) == (done.run.tally, done.run.status)
        assert {each.person for each in office.written(run.id)} == after - before
        assert {each.person for each in office.members(club.id)} == after


def test_who_unsubscribes_while_people_are_put_on_a_list_is_not_put_there(
    office: Office, newsletter: ListRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(member_changes, "_CHUNK", 2)
    *first, gone = [each for each in office.members(newsletter.id) if each.outcome is Outcome.ADDED][:3]
    people = (*(each.person for each in first), gone.person)
    office.apply(office.plan_members(newsletter.id, "remove", people=people))

    def unsubscribes() -> None:
        with office.db.write() as c:
            list_unsubscribes.add(c, newsletter.id, [(gone.address, "")], office.resources.now())

    plan = office.plan_members(newsletter.id, "add", people=people)
    meanwhile = Meanwhile(monkeypatch)
    writes_from = 1 + next(at for at, cursor in enumerate(_steps(office, plan, meanwhile)) if _writing(cursor))
    office.leave(newsletter.id, people)
    plan = office.plan_members(newsletter.id, "add", people=people)
    with meanwhile.before(writes_from, "members", office, unsubscribes):
        run = office.apply(plan).run
    said = {each.person: (each.outcome, each.reason) for each in office.people(run.id)}
    assert said[gone.person] == (Outcome.EXCLUDED, "UNSUBSCRIBED_LIST") and run.tally.adds_up
    assert gone.person not in on_the_list(office, newsletter.id)
    assert run.tally.of(Outcome.ADDED) == len(first)


def _steps(office: Office, plan: PlanDetail, meanwhile: Meanwhile) -> list[Cursor]:
    with meanwhile.before(0, "members", office, lambda: None):
        office.apply(plan)
    return meanwhile.steps


def _writing(cursor: Cursor) -> bool:
    return isinstance(cursor, MembersCursor) and cursor.step == "write"


def test_putting_nobody_is_done_when_somebody_stops_it(office: Office) -> None:
    club = office.list_named(ALPINE)
    before = on_the_list(office, club.id)
    plan = office.plan_members(club.id, "add", query=GUIDES)
    run = office.start_apply(plan)
    office.cancel(run)
    office.engine.drain()
    assert office.detail(run).run.status is RunStatus.CANCELLED and on_the_list(office, club.id) == before


def test_a_list_that_is_locked_while_a_change_of_its_members_is_interrupted_does_not_deny_what_was_done(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in(office)
    club = office.list_named(ALPINE)
    plan = office.plan_members(club.id, "add", query=GUIDES)
    joining = planned(office, plan, "join")
    office.start_apply(plan)

    async def killed(*_: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patched, pytest.raises(concurrent.futures.CancelledError):
        patched.setattr(known_members, "count", killed)
        office.engine.drain()
    office.change_in_dynamics("list", club.id, lockstatus=1)
    office.engine.drain()
    (run,) = [office.detail(each.id) for each in office.audit().rows if each.kind == "members" and not each.plan]
    assert run.run.status is RunStatus.COMPLETED, run.run
    assert joining and joining <= on_the_list(office, club.id)
