"""Sends that the service holds until their hour: cancellable until then, and decided anew when it has come."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from dyntui.model.errors import DyntuiError
from dyntui.model.outcomes import Outcome
from dyntui.model.roles import Role
from dyntui.model.waves import Limits, Waves
from dyntui.service.contract.campaigns import CampaignRow
from dyntui.service.contract.lists import EditList
from dyntui.service.contract.target_counts import TargetCount
from dyntui.service.held_sends import check
from tests.scenarios.office import Office
from tests.scenarios.test_manage_members import signed_in


def test_at_its_hour_a_send_is_decided_anew_and_goes_out_once(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, count = counted
    at = office.sandbox.now() + timedelta(hours=20)
    held = office.schedule_send(count, at)
    assert (held.state, held.run, held.confirmed) == ("Scheduled", "", count.sendable)
    shown = [run for run in office.coming().runs if run.sync_type == "send"]
    assert [(run.on, run.title) for run in shown] == [(held.send_at, f"Send: {campaign.name}")]
    said = office.wait(check(office.resources, held_here=True))
    assert said is not None and (said.state, campaign.name in said.text) == ("ok", True)
    office.let_pass(hours=19)
    assert [each.id for each in office.look_at_sends()] == [held.id]
    assert not office.mailed(campaign)
    # Much has happened since it was scheduled, of which no synchronisation has told.
    leaves, opts_out, unsubscribes = office.count_people(count.id, sendable=True)[:3]
    (list_id,) = [each.id for each in count.lists]
    joins = office.count_people(count.id, reason="NO_EMAIL")[0]
    office.leave(list_id, [leaves.person])
    office.change_in_dynamics("contact", opts_out.person, donotemail=1)
    office.unsubscribe(unsubscribes.address)
    office.change_in_dynamics("contact", joins.person, emailaddress1="late.joiner@example.org")
    office.let_pass(hours=1, minutes=2)
    assert office.look_at_sends() == []
    sent = office.send_row(held.id)
    assert (sent.state, sent.sendable) == ("Sent", count.sendable - 2)
    mailed = [mail["address"] for mail in office.mailed(campaign)]
    assert len(mailed) == len(set(mailed)) == sent.sendable
    assert "late.joiner@example.org" in mailed
    assert not {leaves.address, opts_out.address, unsubscribes.address} & set(mailed)
    assert not any(mail["opted_out_at_send"] or mail["suppressed_at_send"] for mail in office.mailed(campaign))
    people = {each.person: each for each in office.people(sent.run)}
    assert len(people) == sent.potential == office.detail(sent.run).run.tally.read
    assert people[opts_out.person].reason == "DO_NOT_EMAIL"
    assert people[unsubscribes.person].reason == "SUPPRESSED"
    assert people[joins.person].outcome is Outcome.ADDED
    changed = {each.person_id: each for each in office.changes(held.id)}
    assert set(changed) == {leaves.person, opts_out.person, unsubscribes.person, joins.person}
    assert changed[joins.person].cause == "No longer: No e-mail address" and changed[joins.person].noticed
    assert changed[leaves.person].reason == "LEFT_LIST" and changed[opts_out.person].was == "added"
    dates = {changed[each.person].on for each in (opts_out, unsubscribes)}
    assert all(held.created_on < each <= sent.sent_on for each in dates)
    # Looked at again, nothing more goes out.
    office.let_pass(minutes=5)
    office.look_at_sends()
    assert len(office.mailed(campaign)) == len(mailed)


def test_a_list_that_was_not_part_of_the_send_when_it_was_confirmed_is_none_at_its_hour(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, before = counted
    (newsletter,) = [each.id for each in before.lists]
    on_it = {each.person for each in office.members(newsletter)}
    others = sorted(office.records_where("contact", statecode=0, donotemail=0, donotbulkemail=0) - on_it)[:5]
    fair = office.new_list(name="Fair", member_type="contact").row.id
    office.join(fair, others)
    office.activated("Fair")
    office.target(campaign, fair)
    count = office.count(campaign)
    assert count.sendable == before.sendable and count.potential > before.potential
    held = office.schedule_send(count, office.sandbox.now() + timedelta(hours=1))
    assert "Fair" not in held.lists
    # It is synchronised meanwhile; nobody saw its people among those who would be mailed, and the send will not ask who
    # has left it since.
    office.run("lists")
    assert office.count(campaign).sendable > before.sendable
    office.let_pass(hours=1)
    office.look_at_sends()
    sent = office.send_row(held.id)
    assert (sent.state, sent.sendable) == ("Sent", before.sendable)
    assert not set(others) & {each.person for each in office.people(sent.run)}


def test_what_is_not_as_it_was_confirmed_asks_a_person(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, count = counted
    # A list that has grown much since.
    grew = office.schedule_send(count, office.sandbox.now() + timedelta(hours=1))
    (list_id,) = [each.id for each in count.lists]
    on_it = {each.person for each in office.members(list_id)}
    office.join(list_id, sorted(office.records_where("contact", statecode=0) - on_it))
    office.let_pass(hours=1)
    office.look_at_sends()
    ended = office.send_row(grew.id)
    assert (ended.state, office.detail(ended.run).run.error_code) == ("Failed", "SEND_GREW")
    assert not office.mailed(campaign)
    # Cancelled in time.
    count = office.count(campaign)
    with pytest.raises(DyntuiError, match="SEND_AT_INVALID"):
        office.schedule_send(count, office.sandbox.now() - timedelta(minutes=1))
    cancelled = office.schedule_send(count, office.sandbox.now() + timedelta(hours=1))
    assert office.cancel_send(cancelled.id).state == "Cancelled"
    with pytest.raises(DyntuiError, match="SEND_NOT_CANCELLABLE"):
        office.cancel_send(cancelled.id)
    missed = office.schedule_send(office.count(campaign), office.sandbox.now() + timedelta(hours=1))
    # The service was away at the hour.
    office.let_pass(hours=1, minutes=31)
    (waits,) = office.look_at_sends()
    assert (waits.id, waits.state) == (missed.id, "Missed")
    said = office.wait(check(office.resources, held_here=True))
    assert said is not None and said.state == "warning"
    office.let_pass(days=1)
    assert [each.state for each in office.look_at_sends()] == ["Missed"]
    assert not office.mailed(campaign)
    assert office.release_send(missed.id).state == "Scheduled"
    assert office.look_at_sends() == []
    assert office.send_row(missed.id).state == "Sent"
    with pytest.raises(DyntuiError, match="SEND_NOT_MISSED"):
        office.release_send(missed.id)


def test_a_send_that_was_begun_and_stood_still_for_long_asks_a_person(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, count = counted
    queued = office.queue_send(count)

    def service_ends() -> None:
        raise asyncio.CancelledError

    def until_it_ends() -> None:
        office.during_sleep = service_ends
        with contextlib.suppress(concurrent.futures.CancelledError):
            office.engine.drain()
        office.during_sleep = lambda: None

    until_it_ends()
    assert office.send_row(queued.id).state == "Preparing"
    # It was off over a weekend: what was meant for Friday is not mailed on Monday.
    office.let_pass(days=3)
    office.engine.sweep()
    office.engine.drain()
    ended = office.send_row(queued.id)
    run = office.detail(ended.run).run
    assert (ended.state, ended.standing, run.error_code) == ("Failed", "Failed", "SEND_LATE")
    assert not office.mailed(campaign) and not any("dyntui send" in name for name in office.book_names())
    # So it is where the machine slept while the send waited, and nothing was started anew.
    sleeps = office.queue_send(office.count(campaign))

    def lid_is_closed() -> None:
        office.during_sleep = lambda: None
        office.let_pass(days=3)

    office.during_sleep = lid_is_closed
    office.engine.drain()
    asleep = office.send_row(sleeps.id)
    assert (asleep.state, office.detail(asleep.run).run.error_code) == ("Failed", "SEND_LATE")
    # Nor does a send go out that waited in the queue over it.
    never_begun = office.queue_send(office.count(campaign))
    office.let_pass(days=3)
    office.engine.drain()
    assert office.detail(office.send_row(never_begun.id).run).run.error_code == "SEND_LATE"
    assert not office.mailed(campaign)
    # Of a service that is there again within the hour nobody is asked.
    goes_on = office.queue_send(office.count(campaign))
    until_it_ends()
    office.let_pass(hours=1)
    office.engine.sweep()
    office.engine.drain()
    assert office.send_row(goes_on.id).state == "Sent"


def test_a_held_send_is_refused_by_name_where_it_is_not_what_was_confirmed_any_more(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, _ = counted
    (list_id,) = [each.id for each in office.count(campaign).lists]
    state = office.sandbox.state
    mira = signed_in(office)
    office.give_roles("manager", Role.MANAGER)

    def at_its_hour(*meanwhile: Callable[[], object]) -> str:
        count = office.count(campaign, to_send=True)
        held = office.schedule_send(count, office.sandbox.now() + timedelta(hours=1))
        for each in meanwhile:
            each()
        office.let_pass(hours=1)
        office.look_at_sends()
        ended = office.send_row(held.id)
        return office.detail(ended.run).run.error_code or ended.state

    def edit(**columns: str | None) -> None:
        values = ", ".join(f"{name} = ?" for name in columns)
        state.db.execute(f"UPDATE dd_campaign SET {values} WHERE id = ?", (*columns.values(), campaign.id))

    before = state.db.execute("SELECT subject, html FROM dd_campaign WHERE id = ?", (campaign.id,)).fetchone()
    assert at_its_hour(lambda: edit(subject="Another subject")) == "SEND_CHANGED"
    assert at_its_hour(lambda: edit(html="<p>Another text</p>")) == "SEND_CHANGED"
    edit(subject=before[0], html=before[1])
    versions = {"split_options": '["Version A", "Version B"]'}
    edit(**versions)
    assert at_its_hour(lambda: edit(split_options='["Version A", "Version C"]')) == "SEND_CHANGED"
    edit(**versions)
    assert at_its_hour(lambda: edit(split_options=None)) == "SEND_CHANGED"
    # What a list goes by counts whatever the list is called; its name alone does not.
    assert (
        at_its_hour(
            lambda: office.change_in_dynamics("list", list_id, listname="Letters"),
            lambda: office.change_in_dynamics("list", list_id, dyntui_subscriptionfilter="none"),
        )
        == "SEND_CHANGED"
    )
    assert at_its_hour(lambda: office.give_roles("manager", Role.PROFESSIONAL)) == "SEND_NOT_PERMITTED"
    office.give_roles("manager", Role.MANAGER)
    refused = at_its_hour(lambda: office.change_in_dynamics("systemuser", mira, isdisabled=1))
    office.change_in_dynamics("systemuser", mira, isdisabled=0)
    assert refused == "SEND_NOT_PERMITTED"
    assert at_its_hour(lambda: office.untarget(campaign, list_id)) == "SEND_TARGETS_CHANGED"
    office.target(campaign, list_id)
    assert not office.mailed(campaign)
    # Waves ask once more before each of them.
    limits = Limits(bounces=100, complaints=100, unsubscribes=100)
    whole = office.send_in_waves(office.count(campaign), Waves(shares=(10,), pause=20, limits=limits))
    office.look_at_sends()
    first = len(office.mailed(campaign))
    office.give_roles("manager", Role.VIEWER)
    for _ in range(3):
        office.let_pass(minutes=20)
        office.look_at_sends()
    stopped = office.send_row(whole.id)
    assert stopped.state == "Stopped" and "may not send any more" in stopped.error, stopped
    assert 0 < first == len(office.mailed(campaign))
    office.give_roles("manager", Role.MANAGER)
    # Whom nobody mailed is counted again; what is as it was confirmed goes out.
    assert at_its_hour() == "Sent"


def test_a_held_send_to_a_list_that_means_its_owner_is_refused_where_that_is_somebody_else_by_then(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, _ = counted
    mine = office.activated("My own contacts")
    # The one who has most of them, and another one.
    first, second = office.sandbox.state.db.execute(
        "SELECT systemuserid FROM dv_systemuser WHERE isdisabled = 0 AND azureactivedirectoryobjectid IS NOT NULL"
        " ORDER BY (SELECT count(*) FROM dv_contact WHERE dv_contact.ownerid = systemuserid) DESC LIMIT 2"
    ).fetchall()
    office.change_in_dynamics("list", mine.id, ownerid=first[0])
    office.run("lists", lists=(mine.id,))
    office.untarget(campaign, office.list_named("Newsletter").id)
    office.target(campaign, mine.id)
    held = office.schedule_send(office.count(campaign), office.sandbox.now() + timedelta(hours=1))
    # Somebody hands the list to a colleague: its query, which nobody has touched, finds that one's people by now.
    office.change_in_dynamics("list", mine.id, ownerid=second[0])
    office.let_pass(hours=1)
    office.look_at_sends()
    ended = office.send_row(held.id)
    assert (ended.state, office.detail(ended.run).run.error_code) == ("Failed", "SEND_CHANGED")
    assert "in whose name" in ended.error and office.mailed(campaign) == []


def test_a_held_send_is_refused_where_the_view_of_a_lists_filter_finds_by_other_conditions_by_then(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, count = counted
    (newsletter,) = [each.id for each in count.lists]
    titles = "SELECT jobtitle FROM dv_contact WHERE jobtitle IS NOT NULL GROUP BY jobtitle ORDER BY count(*) DESC"
    most, *_, fewest = [row[0] for row in office.sandbox.state.db.execute(titles).fetchall()]
    office.save_view("Whom we write to", "contact", "jobtitle", most)
    (view,) = [each for each in office.saved_views(newsletter) if each.name == "Whom we write to"]
    office.edit(EditList(id=newsletter, subscription_filter=(f"view:{view.id}",)))
    office.run("lists", lists=(newsletter,))
    held = office.schedule_send(office.count(campaign), office.sandbox.now() + timedelta(hours=1))
    asked = "SELECT fetchxml FROM dv_savedquery WHERE savedqueryid = ?"
    (query,) = office.sandbox.state.db.execute(asked, (view.id,)).fetchone()
    assert most in query
    office.change_in_dynamics("savedquery", view.id, fetchxml=query.replace(most, fewest))
    office.let_pass(hours=1)
    office.look_at_sends()
    ended = office.send_row(held.id)
    assert (ended.state, office.detail(ended.run).run.error_code) == ("Failed", "SEND_CHANGED")
    assert "the saved view" in ended.error and office.mailed(campaign) == []


def test_the_time_that_is_proposed_instead_of_one_that_has_passed_is_to_come(
    office: Office, counted: tuple[CampaignRow, TargetCount]
) -> None:
    campaign, _ = counted
    office.let_pass(days=400)
    count = office.count(campaign)
    with pytest.raises(DyntuiError) as refused:
        office.schedule_send(count, office.sandbox.now() - timedelta(minutes=1))
    proposed = datetime.fromisoformat(refused.value.remedy.removesuffix(".").rpartition(" ")[2])
    assert office.schedule_send(count, proposed).state == "Scheduled"
