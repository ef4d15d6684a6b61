"""The dotdigital client against the sandbox, over HTTPS, faults and limits included."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from dyntui.dotdigital import (
    activities,
    address_books,
    campaigns,
    contacts,
    data_fields,
    imports,
    sends,
    suppressions,
)
from dyntui.dotdigital.account import account_info, connect, server_time
from dyntui.dotdigital.address_books import AddressBook
from dyntui.dotdigital.errors import DotdigitalError, UnknownOutcome
from dyntui.dotdigital.http import Dotdigital
from dyntui.dotdigital.imports import ImportContact, ImportResult
from dyntui.dotdigital.moments import moment
from tests.sandbox_process import SandboxProcess, Waits

pytestmark = pytest.mark.xdist_group("sandbox-dotdigital")
HOUR = timedelta(hours=1)


async def now(dd: Dotdigital) -> datetime:
    told = moment(await server_time(dd))
    assert told is not None
    return told


def people(name: str, count: int, book: AddressBook) -> list[ImportContact]:
    return [
        ImportContact("email", {"email": f"{name}.{n}@example.org"}, {"FIRSTNAME": f"P{n}"}, lists=[book.id])
        for n in range(count)
    ]


async def finished(dd: Dotdigital, waits: Waits, import_id: str) -> ImportResult:
    for _ in range(200):
        result = await imports.import_result(dd, import_id)
        if result.finished:
            return result
        await waits.sleep(10)
    raise AssertionError("the import did not finish")


async def book_of(dd: Dotdigital, waits: Waits, name: str, count: int) -> AddressBook:
    book = await address_books.create_address_book(dd, name)
    result = await finished(dd, waits, await imports.start_import(dd, people(name, count, book)))
    assert result.succeeded
    assert not result.failures
    return book


async def addresses(dd: Dotdigital, book: AddressBook) -> list[str]:
    return sorted([row.email async for page in contacts.contact_pages(dd, list_id=book.id) for row in page.rows])


async def test_the_account_is_found_in_its_own_region(sandbox: SandboxProcess, dd: Dotdigital):
    account = await account_info(dd)
    assert account.name
    assert account.users
    assert dd.origin in {account.endpoint, (account.endpoint or "").rstrip("/")}


@pytest.mark.parametrize("changed", [{"user": "nobody@apiconnector.com"}, {"password": "wrong"}])
async def test_wrong_credentials_are_refused_in_one_call(sandbox: SandboxProcess, changed: dict[str, str]):
    info = sandbox.info
    given = {"user": info["api_user"], "password": info["api_password"], **changed}
    with pytest.raises(DotdigitalError) as raised:
        await connect(info["dotdigital_url"], ca_file=sandbox.ca_file, **given)
    assert raised.value.code == "DOTDIGITAL_SIGN_IN_REFUSED"
    assert sum(sandbox.calls().values()) <= 1


async def test_an_import_creates_updates_and_says_what_failed(dd: Dotdigital, waits: Waits, name: str):
    book = await book_of(dd, waits, name, 20)
    again = [*people(name, 21, book), ImportContact("email", {"email": "not an address"}, lists=[book.id])]
    result = await finished(dd, waits, await imports.start_import(dd, again))
    assert len(result.created or []) == 1
    assert len(result.updated or []) == 20
    assert [each.failures[0].failure_code.lower() for each in result.failures or []] == ["invalidemail"]
    assert await addresses(dd, book) == sorted(f"{name}.{n}@example.org" for n in range(21))


async def test_an_import_never_resubscribes(dd: Dotdigital, waits: Waits, name: str):
    book = await book_of(dd, waits, name, 3)
    gone = f"{name}.1@example.org"
    await suppressions.unsubscribe(dd, gone)
    await finished(dd, waits, await imports.start_import(dd, people(name, 3, book)))
    person = await contacts.contact_by_email(dd, gone)
    assert person is not None
    assert person.status == "Unsubscribed"


async def test_a_cleared_value_arrives_as_a_clear(dd: Dotdigital, waits: Waits, name: str):
    book = await book_of(dd, waits, name, 1)
    cleared = ImportContact("email", {"email": f"{name}.0@example.org"}, {"FIRSTNAME": None, "LASTNAME": "L"})
    await finished(dd, waits, await imports.start_import(dd, [cleared]))
    pages = contacts.contact_pages(dd, list_id=book.id, data_fields=["FIRSTNAME", "LASTNAME"])
    person = (await anext(pages)).rows[0]
    assert person.values.get("FIRSTNAME") is None
    assert person.values["LASTNAME"] == "L"


async def test_both_versions_tell_the_same_members(dd: Dotdigital, waits: Waits, name: str):
    book = await book_of(dd, waits, name, 230)
    small = [row async for page in contacts.contact_pages(dd, list_id=book.id, limit=100) for row in page.rows]
    old = [row async for page in contacts.book_contacts(dd, book.id, with_data=True) for row in page.rows]
    assert len(small) == 230
    assert {row.contact_id: row.email for row in small} == {row.id: row.email for row in old}
    assert all(row.values["FIRSTNAME"] for row in old)
    first = await anext(contacts.contact_pages(dd, list_id=book.id, limit=100))
    rest = [
        row.contact_id
        async for page in contacts.contact_pages(dd, list_id=book.id, limit=100, resume=first.cursor)
        for row in page.rows
    ]
    assert len({*rest, *(row.contact_id for row in first.rows)}) == 230


async def test_drifting_pages_lose_nobody(dd: Dotdigital, waits: Waits, sandbox: SandboxProcess, name: str):
    book = await book_of(dd, waits, name, 2300)
    sandbox.order({"system": "dotdigital", "kind": "page_drift"})
    found = [row.email async for page in contacts.book_contacts(dd, book.id) for row in page.rows]
    assert len(found) == len(set(found)) == 2300


async def test_members_leave_the_book_and_stay_contacts(dd: Dotdigital, waits: Waits, name: str):
    book = await book_of(dd, waits, name, 12)
    ids = [row.contact_id async for page in contacts.contact_pages(dd, list_id=book.id) for row in page.rows]
    (started,) = await address_books.start_removal(dd, book.id, ids[:5])
    for _ in range(50):
        if (await address_books.removal(dd, started.id)).finished:
            break
        await waits.sleep(10)
    assert (await address_books.removal(dd, started.id)).succeeded
    left = [row.contact_id async for page in contacts.contact_pages(dd, list_id=book.id) for row in page.rows]
    assert sorted(left) == sorted(ids[5:])
    assert await contacts.person_by(dd, "contactId", str(ids[0])) is not None


async def test_suppressions_of_every_kind_are_told_since_a_time(dd: Dotdigital, waits: Waits, name: str):
    book = await book_of(dd, waits, name, 5)
    since = await now(dd)
    await suppressions.unsubscribe(dd, f"{name}.0@example.org")
    assert await suppressions.unsubscribe(dd, f"{name}.0@example.org") is None
    await suppressions.unsubscribe_from_book(dd, book.id, f"{name}.1@example.org")
    answer = await suppressions.suppress_contacts(dd, emails=[f"{name}.2@example.org", "nobody@nowhere.example"])
    assert [each.email for each in answer.not_found] == ["nobody@nowhere.example"]
    told = {row.named: row.reason async for page in suppressions.suppressed_since(dd, since) for row in page.rows}
    assert told == {f"{name}.0@example.org": "Unsubscribed", f"{name}.2@example.org": "Suppressed"}
    only = [row async for page in suppressions.unsubscribed_since(dd, since) for row in page.rows]
    assert [row.named for row in only] == [f"{name}.0@example.org"]
    removed_at = only[0].removed_at
    assert removed_at is not None
    assert abs(removed_at - since) < HOUR
    here = [row async for page in suppressions.unsubscribed_from_book_since(dd, book.id, since) for row in page.rows]
    assert [row.named for row in here] == [f"{name}.1@example.org"]


async def test_a_book_lives_through_create_rename_and_delete(dd: Dotdigital, name: str):
    book = await address_books.create_address_book(dd, name)
    with pytest.raises(DotdigitalError) as raised:
        await address_books.create_address_book(dd, name.upper())
    assert raised.value.code == "DOTDIGITAL_BOOK_NAME_TAKEN"
    await address_books.rename_address_book(dd, book.id, f"{name} 2")
    assert await address_books.book_by_name(dd, f"{name.upper()} 2") is not None
    assert [await address_books.delete_address_book(dd, book.id) for _ in range(2)] == [True, False]
    assert await address_books.address_book(dd, book.id) is None


async def test_fields_are_listed_created_and_deleted(dd: Dotdigital):
    before = {field.name for field in await data_fields.data_fields(dd)}
    assert {"FIRSTNAME", "LASTNAME"} <= before
    await data_fields.create_data_field(dd, "SHOE_SIZE", data_fields.NUMERIC)
    assert {field.name for field in await data_fields.data_fields(dd)} == before | {"SHOE_SIZE"}
    assert (await data_fields.delete_data_field(dd, "SHOE_SIZE")).done


async def sendable_campaign(dd: Dotdigital) -> int:
    unsent = await campaigns.campaigns(dd, statuses=["Unsent"])
    return next(each.id for each in unsent if each.name and not each.is_split_test and each.type != "Triggered")


async def test_a_campaign_is_sent_once_and_its_results_come_back(
    dd: Dotdigital, waits: Waits, sandbox: SandboxProcess, name: str
):
    book = await book_of(dd, waits, name, 40)
    await suppressions.unsubscribe(dd, f"{name}.7@example.org")
    campaign_id = await sendable_campaign(dd)
    since = await now(dd)
    sandbox.order(
        {"system": "dotdigital", "method": "POST", "route": "campaigns/send$", "kind": "drop_after", "times": 1}
    )
    with pytest.raises(UnknownOutcome):
        await sends.start_send(dd, campaign_id, book_ids=[book.id])
    for _ in range(100):
        sent = [each.id for each in await campaigns.campaigns_of_book(dd, book.id)]
        if sent:
            break
        await waits.sleep(60)
    assert sent == [campaign_id]
    await waits.sleep(3 * 86400)
    mailed = {row.email async for page in activities.activity_pages(dd, campaign_id) for row in page.rows}
    assert mailed == {f"{name}.{n}@example.org" for n in range(40) if n != 7}
    totals = await campaigns.summary(dd, campaign_id)
    assert totals.num_total_sent == 39
    opened = [row async for page in activities.open_pages(dd, campaign_id, since=since) for row in page.rows]
    assert opened
    assert {row.email for row in opened} <= mailed
    assert campaign_id in [each.id for each in await campaigns.campaigns_with_activity_since(dd, since)]
    details = await campaigns.campaign(dd, campaign_id)
    assert details is not None
    assert details.html_content
    assert book.id in [each.id for each in await campaigns.books_of_campaign(dd, campaign_id)]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503},
        {"kind": "html", "status": 502},
        {"kind": "drop_before"},
        {"kind": "drop_after"},
        {"kind": "truncate"},
    ],
)
async def test_imports_and_listings_survive_every_kind_of_fault(
    dd: Dotdigital, waits: Waits, sandbox: SandboxProcess, name: str, fault: dict[str, object]
):
    sandbox.order({"system": "dotdigital", "times": 1, **fault, "route": "address-books$"})
    book = await address_books.create_address_book(dd, name)
    sandbox.order({"system": "dotdigital", "times": 3, **fault, "route": "contacts/v3"})
    result = await finished(dd, waits, await imports.start_import(dd, people(name, 30, book)))
    assert result.succeeded
    sandbox.order({"system": "dotdigital", "times": 2, "after": 1, **fault, "route": "contacts/v3"})
    found = [row.email async for page in contacts.contact_pages(dd, list_id=book.id, limit=10) for row in page.rows]
    assert sorted(found) == sorted(f"{name}.{n}@example.org" for n in range(30))


@pytest.mark.parametrize(
    ("scheme", "numbers"), [("flat", {"flat_per_hour": 8}), ("tiered", {"low_per_minute": 2, "high_per_minute": 2})]
)
async def test_both_limits_slow_down_and_never_fail(
    dd: Dotdigital, waits: Waits, sandbox: SandboxProcess, scheme: str, numbers: dict[str, int]
):
    sandbox.control.post("/limits", json={"scheme": scheme, "dotdigital": numbers}).raise_for_status()
    try:
        for _ in range(12):
            assert await address_books.address_books(dd)
    finally:
        usual = {"flat_per_hour": 2000, "low_per_minute": 150, "high_per_minute": 2000}
        sandbox.control.post("/limits", json={"scheme": "off", "dotdigital": usual}).raise_for_status()
    assert waits.slept


async def test_the_26th_import_waits_until_a_place_is_free(dd: Dotdigital, waits: Waits, name: str):
    book = await address_books.create_address_book(dd, name)
    started = [await imports.start_import(dd, people(f"{name}.{n}", 1, book)) for n in range(30)]
    assert len(set(started)) == 30
    assert waits.slept
    for each in started:
        assert (await finished(dd, waits, each)).succeeded
    assert len(await addresses(dd, book)) == 30
