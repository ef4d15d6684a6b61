"""Email campaigns are archived and taken out again: what is listed, what is refused, and what goes on as before."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dyntui.model.admin_changes import AdminChange
from dyntui.model.errors import DyntuiError
from dyntui.model.paging import Window
from dyntui.model.waves import Waves
from dyntui.service.archive import Archive
from dyntui.service.campaigns import SUBJECT
from dyntui.service.contract.archive import ArchiveCampaigns, Archived
from dyntui.service.contract.campaigns import CampaignRef, CampaignRow, CampaignsQuery
from dyntui.service.contract.results import CampaignReport, CompareCampaigns, RecipientsQuery
from dyntui.service.contract.target_counts import TargetCount
from dyntui.service.results import LAST
from dyntui.store import accounts, admin_changes, campaigns
from dyntui.store import sends as send_store
from dyntui.store.campaigns import Header
from tests.scenarios.office import Office
from tests.scenarios.test_manage_members import signed_in
from tests.scenarios.test_sending_guarded import second_account

Counted = tuple[CampaignRow, TargetCount]


def asked(*rows: CampaignRow) -> ArchiveCampaigns:
    return ArchiveCampaigns(tuple(CampaignRef(row.id) for row in rows))


def archive(office: Office, *rows: CampaignRow) -> Archived:
    room = Archive(office.resources, office._campaigns)
    return office.wait(room.archive(office.context, asked(*rows)))


def take_out(office: Office, *rows: CampaignRow) -> Archived:
    room = Archive(office.resources, office._campaigns)
    return office.wait(room.unarchive(office.context, asked(*rows)))


def listed(office: Office, view: str, search: str = "") -> set[str]:
    page = office.wait(office._campaigns.page(office.context, CampaignsQuery(view=view, search=search, limit=500)))
    return {row.name for row in page.rows}


def trail(office: Office) -> list[AdminChange]:
    with office.db.read() as c:
        account = accounts.accounts(c)[0].id
        return list(admin_changes.window(c, Window(), subject=SUBJECT, account_id=account).rows)


def refused(office: Office, *rows: CampaignRow) -> DyntuiError:
    with pytest.raises(DyntuiError) as told:
        archive(office, *rows)
    assert told.value.not_done and told.value.remedy
    return told.value


def test_an_archived_campaign_leaves_the_views_and_comes_back_and_nobody_else_is_told(
    office: Office, counted: Counted
) -> None:
    campaign, _ = counted
    signed_in(office)
    everything, before = listed(office, "all"), office.digest()
    assert listed(office, "current") == everything and listed(office, "archived") == set()
    found, calls = office.calls_between(lambda: archive(office, campaign))
    assert calls == [] and office.digest() == before
    (row,) = found.rows
    assert row.archived_by and row.archived_on == office.resources.now()
    for view in ("current", "unsent"):
        assert campaign.name not in listed(office, view) and campaign.name not in listed(office, view, campaign.name)
    assert listed(office, "archived") == {campaign.name}
    assert listed(office, "all") == everything and campaign.name in listed(office, "all", campaign.name)
    # Its page and its report say so.
    page = office.wait(office._campaigns.get(office.context, CampaignRef(campaign.id)))
    assert (page.row, page.targets[0].name) == (row, "Newsletter")
    assert office.report(campaign).row == row
    # Who archives it again is not who did it first, and a synchronisation leaves it where it is.
    office.let_pass(days=1)
    assert archive(office, campaign).rows == (row,)
    office.run("campaigns")
    assert office.campaign_named(campaign.name).archived_on == row.archived_on
    (back,) = take_out(office, campaign).rows
    assert (back.archived_on, back.archived_by) == ("", "") and take_out(office, campaign).rows == (back,)
    assert listed(office, "current") == everything and listed(office, "archived") == set()
    kept = [(each.thing, each.before, each.after, each.changed_by) for each in trail(office)]
    # Before that it was given its target list.
    assert kept[:-1] == [
        (campaign.name, "archived", "not archived", row.archived_by),
        (campaign.name, "not archived", "archived", row.archived_by),
    ]


def test_an_archived_campaign_is_neither_sent_nor_scheduled_nor_tested(office: Office, counted: Counted) -> None:
    campaign, count = counted
    archive(office, campaign)
    somebody = office.count_people(count.id, sendable=True)[0].address
    later = office.sandbox.now() + timedelta(hours=20)
    for way in (
        lambda: office.queue_send(count),
        lambda: office.schedule_send(count, later),
        lambda: office.queue_send(count, at=later.isoformat(), handed=True),
        lambda: office.send_in_waves(count, Waves(shares=(10.0,), pause=60)),
        lambda: office.test_send(campaign, somebody),
        # Before anybody confirms what will not go out.
        lambda: office.count(campaign, to_send=True),
    ):
        with pytest.raises(DyntuiError) as told:
            way()
        assert told.value.code == "CAMPAIGN_ARCHIVED" and f"unarchive {campaign.id}" in told.value.remedy
    office.engine.drain()
    assert office.mailed(campaign) == [] and office.look_at_sends() == []
    take_out(office, campaign)
    assert office.send(count).state == "Sent" and office.mailed(campaign)


def test_a_campaign_that_is_archived_while_its_send_is_confirmed_is_not_sent(office: Office, counted: Counted) -> None:
    campaign, count = counted
    # What the service looks at first is older than what it finds where the send is made.
    known = office._campaigns.known

    async def slow(request: CampaignRef) -> object:
        found = await known(request)
        archiving = Archive(office.resources, office._campaigns)
        office._campaigns.known = known  # type: ignore[method-assign]
        await archiving.archive(office.context, asked(campaign))
        return found

    office._campaigns.known = slow  # type: ignore[method-assign,assignment]
    with pytest.raises(DyntuiError) as told:
        office.queue_send(count)
    assert told.value.code == "CAMPAIGN_ARCHIVED"
    office.engine.drain()
    assert office.mailed(campaign) == []


def test_a_campaign_with_a_send_that_is_not_over_stays(office: Office, counted: Counted) -> None:
    campaign, count = counted
    held = office.schedule_send(count, office.sandbox.now() + timedelta(hours=20))
    told = refused(office, campaign)
    assert told.code == "CAMPAIGN_SEND_OPEN" and "hour" in told.message and "sends list --view held" in told.remedy
    # Of several the others are archived, and it is named.
    other = next(row for row in office.all_campaigns() if row.name != campaign.name)
    found = archive(office, campaign, other, other)
    assert [row.name for row in found.rows] == [other.name]
    assert [(each.name, each.code) for each in found.left_out] == [(campaign.name, "CAMPAIGN_SEND_OPEN")]
    office.cancel_send(held.id)
    assert archive(office, campaign).rows and take_out(office, campaign).rows

    queued = office.queue_send(office.count(campaign))
    assert "under way" in refused(office, campaign).message
    office.engine.drain()
    with office.db.write() as c:
        send_store.put_doubt(c, queued.id, "stopped", "It says Sent, and shows fewer people.")
    assert "settle SEND" in refused(office, campaign).remedy
    office.settle(queued.id, was_mailed=True)
    assert archive(office, campaign).rows


def test_a_campaign_that_dotdigital_is_sending_stays(office: Office, counted: Counted) -> None:
    campaign, _ = counted
    with office.db.write() as c:
        c.exec_driver_sql("UPDATE campaign SET status = 'Sending'")
    assert "dotdigital is sending it" in refused(office, campaign).message


def test_results_and_opt_outs_of_an_archived_campaign_are_read_as_before(office: Office, counted: Counted) -> None:
    campaign, count = counted
    office.send(count)
    office.run("campaigns")
    assert campaign.name in {each.row.name for each in compared(office)}
    archive(office, campaign)
    somebody = office.mailed(campaign)[0]["address"]
    office.unsubscribe(somebody)
    office.let_pass(days=1)
    office.run("suppressions")
    office.run("campaigns")
    read = office.report(campaign)
    assert read.sent and read.opens and read.row.archived_on
    people = office.wait(office._results.recipients(office.context, RecipientsQuery(id=campaign.id))).matching
    assert people == len(office.mailed(campaign))
    # Of the last ten it is none, unless it is named.
    assert campaign.name not in {each.row.name for each in compared(office)}
    assert [each.row.name for each in compared(office, campaign.id)] == [campaign.name]
    other = next(row for row in office.all_campaigns() if row.name != campaign.name and row.status == "Unsent")
    office.target(other, office.list_named("Newsletter").id)
    again = office.count(other)
    assert somebody not in {each.address for each in office.count_people(again.id, sendable=True)}


def compared(office: Office, *ids: int, account: str = "") -> tuple[CampaignReport, ...]:
    asked = CompareCampaigns(ids=ids, account=account)
    return office.wait(office._results.compare(office.context, asked)).reports


def test_of_one_of_several_email_accounts_its_own_last_campaigns_are_compared(office: Office, counted: Counted) -> None:
    campaign, count = counted
    office.send(count)
    office.run("campaigns")
    other = second_account(office)
    ours, now = {each.row.name for each in compared(office)}, office.resources.now()
    with office.db.write() as c:
        # The other one has a campaign of the same number, and more that were sent later.
        numbers = (campaign.id, *range(900_000, 900_000 + LAST))
        theirs = [Header(id=each, name=f"Theirs {each}", status="Sent", sent_on=now) for each in numbers]
        campaigns.record_headers(c, other, theirs, now)
    assert {each.row.name for each in compared(office, account="Main")} == ours
    assert {each.row.account for each in compared(office, account="Second")} == {"Second"}
    # Of all accounts it is the last ones of all.
    assert len(compared(office)) == LAST


def test_a_send_that_was_left_alone_says_that_somebody_has_to_settle_it(office: Office, counted: Counted) -> None:
    campaign, count = counted
    queued = office.queue_send(count)
    office.engine.drain()
    with office.db.write() as c:
        # Its run has ended, and nothing follows what dotdigital does with it.
        c.exec_driver_sql("UPDATE send SET state = 'Sending'")
    told = refused(office, campaign)
    assert "not known whom" in told.message and "settle" in told.remedy and "campaign's page" in told.remedy
    # Or a synchronisation learns it.
    assert "Synchronise the email campaigns" in told.remedy
    office.run("campaigns")
    assert office.send_row(queued.id).state == "Sent" and archive(office, campaign).rows
