"""The settings of marketing lists: kept on their rows in Dynamics, in force with the next synchronisation."""

from __future__ import annotations

import pytest

from dyntui.dataverse import rows as dv_rows
from dyntui.model.errors import DyntuiError
from dyntui.model.membership_actions import MembershipAction
from dyntui.model.outcomes import RunStatus
from dyntui.service.contract.lists import EditList
from tests.scenarios.office import Office


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
        subscription_filter="bulk, view:Active Contacts",
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
        (EditList(id=newsletter.id, subscription_filter="view:Nobody's view"), "VIEW_UNKNOWN"),
        (EditList(id=newsletter.id, subscription_filter="everybody"), "LIST_SETTING_MISFIT"),
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


def test_a_setting_that_is_none_fails_its_list_alone_and_says_how_to_mend_it(office: Office) -> None:
    newsletter, other = office.activated("Newsletter"), office.activated("Active contacts in Nordic countries")
    office.change_in_dynamics("list", newsletter.id, dyntui_subscriptionfilter="only nice people")
    run = office.run("lists")
    items = {item.id: item for item in run.items}
    assert items[newsletter.id].status is RunStatus.FAILED and "only nice people" in items[newsletter.id].note
    assert "dyntui lists edit" in items[newsletter.id].note and items[other.id].status is not RunStatus.FAILED
    office.refresh_lists()
    assert "only nice people" in office.list_detail(newsletter.id).misfit
    office.edit(EditList(id=newsletter.id, subscription_filter="none"))
    assert {item.id: item for item in office.run("lists").items}[newsletter.id].status is not RunStatus.FAILED
