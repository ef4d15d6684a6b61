"""Sends of another machine, or of a store that was lost: what dotdigital has yet to mail, and who opts out by them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dyntui.dotdigital import contacts
from dyntui.service.contract.campaigns import CampaignRow
from dyntui.service.contract.target_counts import TargetCount
from dyntui.store import sends
from tests.scenarios.office import Office
from tests.scenarios.test_setting_up_again import account_of, another_machine


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


@pytest.mark.parametrize("learnt_by", ["the send", "the other machine"])
def test_whoever_leaves_the_list_by_a_mail_of_another_machine_of_today_is_not_mailed(
    learnt_by: str, office: Office, counted: tuple[CampaignRow, TargetCount], tmp_path: Path
) -> None:
    campaign, count = counted
    office.copy_campaign(campaign.name, 1)
    with another_machine(office.sandbox, tmp_path / "laptop") as laptop:
        laptop.set_up()
        laptop.run("lists")
        assert office.send(count).state == "Sent"
        leaves = office.count_people(count.id, sendable=True)[3]
        book = book_of_the_send(office)
        office.unsubscribe(leaves.address, book=book)
        if learnt_by == "the other machine":
            office.run("lists")
            delete_book(office, book)
        copy, again = counted_copy(laptop, count)
        assert laptop.send(again).state == "Sent"
        (left_out,) = [each for each in laptop.count_people(again.id) if each.person == leaves.person]
        assert left_out.reason == "UNSUBSCRIBED_LIST"
        assert leaves.address not in {mail["address"] for mail in laptop.mailed(copy)}


def book_of_the_send(office: Office) -> int:
    with office.db.read() as c:
        (kept,) = sends.with_books(c, account_of(office).id)
    return kept.book_id


def delete_book(office: Office, book: int) -> None:
    """Somebody deletes an address book in dotdigital."""
    info, url = office.sandbox.info, account_of(office).endpoint
    signed = (info["api_user"], info["api_password"])
    office.sandbox.http.request("DELETE", f"{url}/v2/address-books/{book}", auth=signed).raise_for_status()


def counted_copy(office: Office, count: TargetCount) -> tuple[CampaignRow, TargetCount]:
    """A copy of the campaign, to the same lists."""
    office.run("campaigns")
    (copy,) = [each for each in office.all_campaigns() if each.name.startswith("Copy of")]
    office.target(copy, *[each.id for each in count.lists])
    return copy, office.count(copy)


@pytest.mark.parametrize("meanwhile", ["somebody leaves by it", "it is removed"])
def test_the_address_book_of_a_lost_stores_send_is_looked_at_directly_before_another_send(
    meanwhile: str,
    office: Office,
    counted: tuple[CampaignRow, TargetCount],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    campaign, count = counted
    assert office.send(count).state == "Sent"
    book = book_of_the_send(office)
    office.copy_campaign(campaign.name, 1)
    with another_machine(office.sandbox, tmp_path / "laptop") as laptop:
        laptop.set_up()
        laptop.run("lists")
        copy, again = counted_copy(laptop, count)
        somebody = laptop.count_people(again.id, sendable=True)[3]
        queued = laptop.queue_send(again)
        listed, left = contacts.contact_pages, [meanwhile]

        def listing(*which: Any, **how: Any) -> AsyncIterator[Any]:
            if laptop.run_of(queued.run).cursor.get("phase") == "prove" and left:
                if left.pop() == "it is removed":
                    delete_book(office, book)
                else:
                    laptop.unsubscribe(somebody.address, book=book)
            return listed(*which, **how)

        monkeypatch.setattr(contacts, "contact_pages", listing)
        laptop.engine.drain()
        assert (laptop.send_row(queued.id).state, left) == ("Sent", [])
        (found,) = [each for each in laptop.count_people(again.id) if each.person == somebody.person]
        assert found.reason == ("" if meanwhile == "it is removed" else "UNSUBSCRIBED_LIST")
        mailed = {mail["address"] for mail in laptop.mailed(copy)}
        assert (somebody.address in mailed) == (meanwhile == "it is removed")
