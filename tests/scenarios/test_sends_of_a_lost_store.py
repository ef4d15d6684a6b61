"""A send that dotdigital has and mails later, whose store was lost."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from dyntui.service.contract.campaigns import CampaignRow
from dyntui.service.contract.target_counts import TargetCount
from tests.scenarios.office import Office
from tests.scenarios.test_setting_up_again import another_machine


def test_whoever_opts_out_after_the_store_was_lost_is_not_mailed_by_a_send_that_dotdigital_has(
    office: Office, counted: tuple[CampaignRow, TargetCount], tmp_path: Path
) -> None:
    campaign, count = counted
    at = office.sandbox.now() + timedelta(hours=20)
    sent = office.queue_send(count, handed=True, at=at.isoformat())
    office.engine.drain()
    assert office.send_row(sent.id).state == "Handed over"
    opts_out, suppressed, left_list, stays = office.count_people(count.id, sendable=True)[:4]
    (list_id,) = [each.id for each in count.lists]
    with another_machine(office.sandbox, tmp_path / "laptop") as laptop:
        laptop.set_up()
        laptop.run("lists")
        laptop.let_pass(hours=1)
        laptop.change_in_dynamics("contact", opts_out.person, donotbulkemail=1)
        laptop.unsubscribe(suppressed.address)
        laptop.unsubscribe(left_list.address, book=laptop.book_of(list_id))
        run = laptop.run("lists")
        assert [item.tally.read for item in run.items if campaign.name in item.name] == [2]
        assert run.run.tally.adds_up
        left = {each.address: each.reason for each in laptop.people(run.run.id) if each.person == each.address}
        assert left == {opts_out.address: "DO_NOT_BULK_EMAIL", left_list.address: "UNSUBSCRIBED_LIST"}
        again = laptop.run("lists")
        assert not any(campaign.name in item.name for item in again.items), "nobody is to be taken out any more"
        laptop.let_pass(hours=24)
        mails = laptop.mailed(campaign)
        assert {mail["address"] for mail in mails} >= {stays.address}
        assert not any(mail["opted_out_at_send"] or mail["suppressed_at_send"] for mail in mails)
        assert len(mails) == sent.sendable - 3 and left_list.address not in {mail["address"] for mail in mails}


def test_whoever_opts_out_with_another_address_than_the_lost_store_sent_to_is_not_mailed_at_the_old_one(
    office: Office, counted: tuple[CampaignRow, TargetCount], tmp_path: Path
) -> None:
    campaign, count = counted
    at = office.sandbox.now() + timedelta(hours=20)
    office.queue_send(count, handed=True, at=at.isoformat())
    office.engine.drain()
    moves, stays = office.count_people(count.id, sendable=True)[:2]
    with another_machine(office.sandbox, tmp_path / "laptop") as laptop:
        laptop.set_up()
        laptop.run("lists")
        laptop.let_pass(hours=1)
        laptop.change_in_dynamics("contact", moves.person, emailaddress1="moved@example.org", donotbulkemail=1)
        run = laptop.run("lists")
        left = {each.address: each.reason for each in laptop.people(run.run.id) if each.person == each.address}
        assert left == {moves.address: "DO_NOT_BULK_EMAIL"}
        laptop.let_pass(hours=24)
        mailed = {mail["address"] for mail in laptop.mailed(campaign)}
        assert stays.address in mailed and moves.address not in mailed
