"""The settings of marketing lists: kept on their rows in Dynamics, in force with the next synchronisation."""

from __future__ import annotations

import pytest

from dyntui.dataverse import rows as dv_rows
from dyntui.model.errors import DyntuiError
from dyntui.model.membership_actions import MembershipAction
from dyntui.model.opt_in import CODE_OF, OptIn
from dyntui.model.outcomes import Outcome, PersonOutcome, RunStatus
from dyntui.service.contract.lists import EditList
from dyntui.service.schedule_timer import SCHEDULE
from tests.scenarios.office import Office
from tests.scenarios.test_members_and_books import member_row


def in_dynamics(office: Office, list_id: str) -> dict[str, object]:
    """The list's settings as its row has them."""

    async def ask() -> dict[str, object]:
        dv = await office.resources.connections.dataverse()
        columns = ["membershipaction", "subscriptionfilter", "clearonsend", "syncorder", "manualonly"]
        row = await dv_rows.get_row(dv, "lists", list_id, dict, select=[f"dyntui_{each}" for each in columns])
        assert row is not None
        return {each: row[f"dyntui_{each}"] for each in columns}

    return office.wait(ask())


def test_settings_are_written_to_the_row_and_read_from_it_again(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    asked = EditList(
        id=newsletter.id,
        membership_action=MembershipAction.KNOWN,
        subscription_filter=(
            "bulk",
            "view:Active Contacts",
        ),
        clear_on_send=True,
        sync_order=5,
        manual_only=True,
    )
    said = office.edit(asked)
    assert said.settings is not None and said.settings.membership_action is MembershipAction.KNOWN
    (view,) = [each.id for each in office.saved_views(newsletter.id) if each.name == "Active Contacts"]
    assert in_dynamics(office, newsletter.id) == {
        "membershipaction": 727000002,
        "subscriptionfilter": f"bulk,view:{view}",
        "clearonsend": True,
        "syncorder": 5,
        "manualonly": True,
    }
    office.refresh_lists()
    assert office.list_detail(newsletter.id).settings == said.settings
    changed = office.edit(EditList(id=newsletter.id, sync_order=9))
    assert changed.settings is not None and changed.settings.clear_on_send and changed.settings.sync_order == 9


def test_what_does_not_fit_the_list_is_refused_by_name_and_changes_nothing(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    before = in_dynamics(office, newsletter.id)
    for asked, code in (
        (EditList(id=newsletter.id, membership_action=MembershipAction.LEADS), "LIST_SETTING_MISFIT"),
        (EditList(id=newsletter.id, subscription_filter=("view:Nobody's view",)), "VIEW_UNKNOWN"),
        (EditList(id=newsletter.id, subscription_filter=("everybody",)), "LIST_SETTING_MISFIT"),
    ):
        with pytest.raises(DyntuiError) as refused:
            office.edit(asked)
        assert refused.value.code == code
    assert in_dynamics(office, newsletter.id) == before


def test_lists_are_taken_by_order_then_name_and_those_by_hand_only_are_named(office: Office) -> None:
    last, first = office.activated("Active contacts in Nordic countries"), office.activated("Newsletter")
    by_hand = office.activated("My own contacts")
    office.edit(EditList(id=first.id, sync_order=10))
    office.edit(EditList(id=by_hand.id, manual_only=True))
    run = office.run("lists")
    assert [item.name for item in run.items if item.kind == "list"] == [first.name, last.name]
    (left_out,) = [item for item in run.items if item.kind == "note"]
    assert by_hand.name in left_out.note and run.run.tally.adds_up
    assert run.run.status in (RunStatus.COMPLETED, RunStatus.COMPLETED_WITH_ERRORS)
    assert [item.id for item in office.run("lists", lists=(by_hand.id,)).items if item.kind == "list"] == [by_hand.id]
    # Nor does the schedule take it, which goes by the same order.
    office.schedule("lists", interval="1h")
    office.let_pass(hours=2)
    office.look_at_schedules()
    office.engine.drain()
    scheduled = next(row for row in office.audit(search=SCHEDULE).rows if row.kind == "lists")
    assert [item.name for item in office.detail(scheduled.id).items if item.kind == "list"] == [first.name, last.name]


def outcomes_of(office: Office, run_id: str, list_id: str) -> dict[str, PersonOutcome]:
    return {each.person: each for each in office.people(run_id, item=list_id)}


def test_a_saved_view_keeps_out_whom_it_does_not_find_and_they_are_named(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    first = outcomes_of(office, office.run("lists").run.id, newsletter.id)
    inside = [each for each in first.values() if each.outcome is Outcome.ADDED]
    assert len(inside) > 100
    office.edit(
        EditList(
            id=newsletter.id,
            subscription_filter=(
                "bulk",
                "view:Active Contacts",
            ),
        )
    )
    run = office.run("lists")
    now = outcomes_of(office, run.run.id, newsletter.id)
    assert {now[each.person].outcome for each in inside} == {Outcome.UNCHANGED}
    office.change_in_dynamics("contact", inside[0].person, jobtitle="Mountain guide")
    office.save_view("Guides", "contact", "jobtitle", "Mountain guide")
    guides = {inside[0].person, *office.records_where("contact", jobtitle="Mountain guide")}
    office.edit(EditList(id=newsletter.id, subscription_filter=("view:Guides",)))
    run = office.run("lists")
    now = outcomes_of(office, run.run.id, newsletter.id)
    assert run.run.tally.adds_up
    for each in inside:
        said = now[each.person]
        if each.person in guides:
            assert said.outcome is Outcome.UNCHANGED
        else:
            # More than 10 % of the book: a filter is no withdrawal of consent, so that somebody looks first.
            assert (said.outcome, said.reason) == (Outcome.HELD, "FILTERED")
            assert said.detail.startswith("not found by the view Guides") and "REMOVAL_HELD" in said.also
    office.decide_held(newsletter.id, remove=True)
    now = {each.person: each for each in office.members(newsletter.id)}
    gone = [each.person for each in inside if each.person not in guides]
    assert {(now[each].outcome, now[each].reason) for each in gone} == {(Outcome.EXCLUDED, "FILTERED")}
    book = office.in_book(newsletter.id)
    assert {each.address for each in inside if each.person in guides} == book
    office.edit(EditList(id=newsletter.id, subscription_filter=("none",)))
    again = outcomes_of(office, office.run("lists").run.id, newsletter.id)
    assert {again[each].outcome for each in gone} == {Outcome.ADDED}


def test_a_view_that_is_gone_fails_its_list_and_nobody_leaves_the_book(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    office.save_view("Guides", "contact", "jobtitle", "Mountain guide")
    office.edit(EditList(id=newsletter.id, subscription_filter=("view:Guides",)))
    (view,) = [each.id for each in office.saved_views(newsletter.id) if each.name == "Guides"]
    office.run("lists")
    before = office.in_book(newsletter.id)
    office.delete_in_dynamics("savedqueries", view)
    (item,) = [each for each in office.run("lists").items if each.id == newsletter.id]
    assert item.status is RunStatus.FAILED and item.note.startswith("LIST_VIEW_GONE")
    assert before and office.in_book(newsletter.id) == before


def test_whose_opt_in_is_too_weak_stays_out_until_it_is_stronger(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    everybody = [each.person for each in office.members(newsletter.id)]
    for person in everybody[:40]:
        office.change_in_dynamics("contact", person, dyntui_optintype=CODE_OF[OptIn(everybody.index(person) % 4)])
    nobody = "00000000-0000-4000-8000-0000000000ff"
    member_row(office, newsletter.id, nobody, "contact")
    office.edit(
        EditList(
            id=newsletter.id,
            subscription_filter=(
                "bulk",
                "opt-in:Double",
            ),
        )
    )
    run = office.run("lists")
    said = outcomes_of(office, run.run.id, newsletter.id)
    assert run.run.tally.adds_up
    strong = {person for place, person in enumerate(everybody[:40]) if place % 4 >= 2}
    assert {each.person for each in said.values() if each.outcome is Outcome.ADDED} <= strong
    weak = [each for each in said.values() if each.reason == "OPT_IN_TOO_WEAK"]
    assert weak and {each.outcome for each in weak} == {Outcome.EXCLUDED} and not {e.person for e in weak} & strong
    assert any(each.detail == "Single, at least Double is asked for" for each in weak)
    # Of a row without a record nothing else is to be said.
    assert (said[nobody].reason, said[nobody].also) == ("UNKNOWN_PERSON", ())
    assert sum("OPT_IN_TOO_WEAK" in each.also for each in said.values() if each.outcome is Outcome.EXCLUDED) > 0
    becomes = next(each.person for each in weak)
    office.change_in_dynamics("contact", becomes, dyntui_optintype=CODE_OF[OptIn.VERIFIED_DOUBLE])
    assert outcomes_of(office, office.run("lists").run.id, newsletter.id)[becomes].outcome is Outcome.ADDED


def test_no_filter_at_all_lets_nobody_in_who_opted_out(office: Office) -> None:
    newsletter = office.activated("Newsletter")
    strict = outcomes_of(office, office.run("lists").run.id, newsletter.id)
    office.edit(EditList(id=newsletter.id, subscription_filter=("none",)))
    lax = outcomes_of(office, office.run("lists").run.id, newsletter.id)
    refused = {each.person for each in strict.values() if each.outcome is Outcome.EXCLUDED}
    assert refused and {lax[each].outcome for each in refused} == {Outcome.EXCLUDED}


def test_a_setting_that_is_none_fails_its_list_alone_and_says_how_to_mend_it(office: Office) -> None:
    newsletter, other = office.activated("Newsletter"), office.activated("Active contacts in Nordic countries")
    office.change_in_dynamics("list", newsletter.id, dyntui_subscriptionfilter="only nice people")
    run = office.run("lists")
    items = {item.id: item for item in run.items}
    assert items[newsletter.id].status is RunStatus.FAILED and "only nice people" in items[newsletter.id].note
    assert "dyntui lists edit" in items[newsletter.id].note and items[other.id].status is not RunStatus.FAILED
    office.refresh_lists()
    assert "only nice people" in office.list_detail(newsletter.id).misfit
    office.edit(EditList(id=newsletter.id, subscription_filter=("none",)))
    assert {item.id: item for item in office.run("lists").items}[newsletter.id].status is not RunStatus.FAILED
