"""Accounts that are mailed at their primary contact's address: whatever speaks against either keeps the mail back."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from dyntui.model.labels import ADDRESS_LABEL
from dyntui.model.mapping import PRIMARY_CONTACTS, PROVISIONED, DataMapping
from dyntui.model.outcomes import Outcome
from dyntui.model.people import Entity
from dyntui.service.contract.lists import ListRow, MemberRow
from dyntui.store import mappings
from tests.scenarios.conftest import CAMPAIGN
from tests.scenarios.office import Office, writes
from tests.scenarios.test_mapped_columns import account_of
from tests.scenarios.test_suppressions import typed


def through_contacts(office: Office) -> None:
    wanted = [_at_contacts(each) for each in PROVISIONED]
    with office.db.write() as c:
        account = account_of(office)
        before = mappings.current(c, account).version
        saved = mappings.save(
            c, account, wanted, based_on=before, by="test", now="2026-01-01T00:00:00Z", why="through contacts"
        )
    assert saved


def _at_contacts(each: DataMapping) -> DataMapping:
    theirs = each.label == ADDRESS_LABEL and each.entity is Entity.ACCOUNT
    return replace(each, column=PRIMARY_CONTACTS) if theirs else each


class Shops:
    """A list of accounts, each with a primary contact of its own: (account, contact, the contact's address)."""

    def __init__(self, office: Office) -> None:
        self.office = office
        through_contacts(office)
        db = office.sandbox.state.db
        self.list: ListRow = office.activated("Trade accounts")
        accounts = [f"5b095000-0000-4000-8000-{number:012}" for number in range(9)]
        for number, account in enumerate(accounts):
            values = {"accountid": account, "name": f"Shop {number}"}
            body = {"table": "account", "values": values}
            office.sandbox.control.post("/dataverse/rows", json=body).raise_for_status()
        office.join(self.list.id, accounts)
        free = db.execute(
            "SELECT contactid FROM dv_contact WHERE statecode = 0 AND donotemail = 0 AND donotbulkemail = 0"
            " AND contactid NOT IN (SELECT entityid FROM dv_listmember)"
            " AND contactid NOT IN (SELECT masterid FROM dv_contact WHERE masterid IS NOT NULL) ORDER BY contactid"
        ).fetchall()
        self.of: list[tuple[str, str, str]] = []
        for number, account in enumerate(accounts):
            contact, address = free[number][0], f"buyer{number}@shops.example"
            office.change_in_dynamics("contact", contact, emailaddress1=address)
            office.change_in_dynamics(
                "account", account, primarycontactid=contact, statecode=0, donotemail=0, donotbulkemail=0,
                emailaddress1=f"office{number}@shops.example",
            )  # fmt: skip
            self.of.append((account, contact, address))
        self.spare = [row[0] for row in free[20:23]]

    def known(self) -> dict[str, MemberRow]:
        return {each.person: each for each in self.office.members(self.list.id)}

    def stands(self, number: int) -> tuple[Outcome | None, str]:
        found = self.known()[self.of[number][0]]
        return found.outcome, found.reason


@pytest.fixture
def shops(office: Office) -> Shops:
    return Shops(office)


def test_every_gate_of_account_and_contact_holds_and_no_run_writes_twice(office: Office, shops: Shops) -> None:
    contacts = [contact for _, contact, _ in shops.of]
    office.change_in_dynamics("account", shops.of[1][0], donotbulkemail=1)
    office.change_in_dynamics("contact", contacts[2], donotemail=1)
    typed(office, shops.of[3][2])
    office.change_in_dynamics("contact", contacts[4], statecode=1)
    office.change_in_dynamics("account", shops.of[5][0], primarycontactid=None)
    office.change_in_dynamics("contact", contacts[6], emailaddress1=shops.of[0][2])
    run = office.run("lists").run
    assert run.tally.adds_up
    assert shops.stands(0) == (Outcome.ADDED, "") and shops.known()[shops.of[0][0]].address == shops.of[0][2]
    assert shops.stands(1)[1] == "DO_NOT_BULK_EMAIL" and shops.stands(2)[1] == "DO_NOT_EMAIL"
    assert shops.known()[shops.of[2][0]].detail == f"primary contact {contacts[2]}"
    assert shops.stands(3)[1] == "SUPPRESSED" and shops.stands(4)[1] == "INACTIVE" and shops.stands(5)[1] == "NO_EMAIL"
    assert sorted((shops.stands(0)[1], shops.stands(6)[1])) == ["", "DUPLICATE_ADDRESS"]
    assert office.in_book(shops.list.id) >= {shops.of[each][2] for each in (0, 7, 8)}
    _, calls = office.calls_between(lambda: office.run("lists"))
    assert writes(calls) == []

    # Who said no as a person has said it for whatever address they take next, for the account as well.
    office.unsubscribe(shops.of[7][2])
    office.run("lists")
    office.change_in_dynamics("contact", contacts[7], emailaddress1="moved7@shops.example", donotbulkemail=0)
    office.unsubscribe(shops.of[8][2], book=office.book_of(shops.list.id))
    office.run("lists")
    office.change_in_dynamics("contact", contacts[8], emailaddress1="moved8@shops.example")
    office.run("lists")
    assert shops.stands(7)[1] in ("SUPPRESSED", "DO_NOT_BULK_EMAIL") and shops.stands(8)[1] == "UNSUBSCRIBED_LIST"
    assert not office.in_book(shops.list.id) & {"moved7@shops.example", "moved8@shops.example"}

    # Another contact has not said so.
    office.change_in_dynamics("contact", shops.spare[0], emailaddress1="new8@shops.example")
    office.change_in_dynamics("account", shops.of[8][0], primarycontactid=shops.spare[0])
    office.run("lists")
    assert shops.stands(8) == (Outcome.ADDED, "") and "new8@shops.example" in office.in_book(shops.list.id)


def test_a_primary_contact_that_changes_between_count_and_send_is_not_mailed_unseen(
    office: Office, shops: Shops
) -> None:
    office.run("lists")
    office.run("campaigns")
    campaign = office.campaign_named(CAMPAIGN)
    office.target(campaign, shops.list.id)
    count = office.count(campaign)
    assert count.sendable == 9
    swapped, (account, _, address) = shops.spare[0], shops.of[0]
    office.change_in_dynamics("contact", swapped, emailaddress1="swapped@shops.example")
    office.change_in_dynamics("account", account, primarycontactid=swapped)
    opted_out, moved = shops.of[1][1], shops.of[2][1]
    office.change_in_dynamics("contact", opted_out, donotbulkemail=1, emailaddress1="elsewhere@shops.example")
    office.change_in_dynamics("contact", moved, donotemail=1)
    sent = office.send(count)
    mailed = {each["address"] for each in office.mailed(campaign)}
    assert sent.state == "Sent" and shops.of[3][2] in mailed
    assert not mailed & {address, "swapped@shops.example", shops.of[1][2], "elsewhere@shops.example", shops.of[2][2]}
    assert sent.potential == sent.sendable + sum(each.people for each in sent.excluded)
    again = office.count(campaign)
    assert again.sendable == 1, "the new contact has not had it"
