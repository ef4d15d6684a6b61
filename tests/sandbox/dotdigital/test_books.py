"""Address books: names, members, and removing many."""

import pytest

from dyntui.sandbox.dotdigital import digest

from .conftest import Account


def test_a_book_is_created_private_and_counts_its_members(account: Account):
    book = account.book("Walkers", "a@b.example", "c@d.example")
    expected = {"id": book, "name": "Walkers", "visibility": "Private", "contacts": 2}
    assert account.ok("GET", f"/v2/address-books/{book}") == expected


@pytest.mark.parametrize("name", ["walkers", "Test", "all CONTACTS", "Keen hikers"])
def test_names_are_unique_over_books_and_segments_and_some_are_reserved(account: Account, name: str):
    account.book("Walkers")
    account.state.db.execute(
        "INSERT INTO dd_book (name, name_key, kind) VALUES ('Keen hikers', 'keen hikers', 'segment')"
    )
    assert account.refused("POST", "/v2/address-books", {"name": name}) == (
        400,
        "That name is in use already, please choose another. ERROR_ADDRESSBOOK_DUPLICATE",
    )


def test_a_name_is_at_most_128_characters_long(account: Account):
    assert account.refused("POST", "/v2/address-books", {"name": "x" * 129})[1] == "Error: ERROR_ADDRESSBOOK_INVALID"


def test_the_test_book_is_listed_but_cannot_be_written_to(account: Account):
    (test,) = account.ok("GET", "/v2/address-books")
    refused = account.refused("POST", f"/v2/address-books/{test['id']}/contacts", {"email": "a@b.example"})
    assert refused == (400, "Address book cannot be written to via the API. ERROR_ADDRESSBOOK_NOTWRITABLE")


def test_an_unknown_book_is_404(account: Account):
    for method, target in (("GET", "/v2/address-books/99"), ("GET", "/v2/address-books/99/contacts")):
        assert account.refused(method, target) == (404, "Error: ERROR_ADDRESSBOOK_NOT_FOUND")


def test_deleting_a_book_keeps_its_contacts(account: Account):
    book = account.book("Walkers", "a@b.example")
    account.ok("DELETE", f"/v2/address-books/{book}")
    assert account.status("a@b.example") == "Subscribed"
    assert account.refused("GET", f"/v2/address-books/{book}")[0] == 404


def test_one_member_leaves_at_once(account: Account):
    book = account.book("Walkers", "a@b.example", "c@d.example")
    contact = account.ok("GET", "/v2/contacts/a@b.example")["id"]
    account.ok("DELETE", f"/v2/address-books/{book}/contacts/{contact}")
    assert account.members(book) == ["c@d.example"]


def test_many_members_leave_some_time_after_the_call(account: Account):
    book = account.book("Walkers", "a@b.example", "c@d.example", "e@f.example")
    ids = [row["id"] for row in account.ok("GET", f"/v2/address-books/{book}/contacts")]
    answer = account.call("POST", f"/v2/address-books/{book}/contacts/delete", ids[:2])
    assert answer.status == 202
    assert len(account.members(book)) == 3
    account.advance(seconds=2)
    assert account.members(book) == ["e@f.example"]


def test_the_status_of_a_removal_goes_from_started_to_completed_by_being_asked(account: Account):
    book = account.book("Walkers", "a@b.example")
    started = account.ok("POST", f"/v2/address-books/{book}/contacts/delete-all")
    polls = [account.ok("GET", f"/v2/contacts/deletion/{started['id']}")["status"] for _ in range(2)]
    assert polls == ["Started", "Completed"]
    assert account.members(book) == []


def test_a_book_under_removal_can_be_busy(account: Account):
    account.settings.busy_book_is_error = True
    book = account.book("Walkers", "a@b.example")
    account.ok("POST", f"/v2/address-books/{book}/contacts/delete-all")
    refused = account.refused("POST", f"/v2/address-books/{book}/contacts", {"email": "c@d.example"})
    assert refused == (400, "Error: ERROR_ADDRESSBOOK_IN_USE")


def test_a_contact_lists_its_books(account: Account):
    book = account.book("Walkers", "a@b.example")
    account.book("Climbers")
    contact = account.ok("GET", "/v2/contacts/a@b.example")["id"]
    assert [b["id"] for b in account.ok("GET", f"/v2/contacts/{contact}/address-books")] == [book]


def test_a_random_id_in_a_books_name_makes_no_other_world(account: Account):
    book = account.book("send 3f2504e0-4f89-11d3-9a0c-0305e82c3301", "a@b.example")
    before = list(digest.digest_rows(account.state))
    account.ok("PUT", f"/v2/address-books/{book}", {"name": "send 00000000-0000-4000-8000-000000000001"})
    assert list(digest.digest_rows(account.state)) == before
    account.ok("PUT", f"/v2/address-books/{book}", {"name": "another"})
    assert list(digest.digest_rows(account.state)) != before
