"""Contacts of v2 and their data fields."""

import pytest

from .conftest import Account

SUPPRESSED = (400, "Contact is suppressed. ERROR_CONTACT_SUPPRESSED")


def test_posting_a_known_address_in_other_letters_updates_the_same_contact(account: Account):
    first = account.contact("Ada.Brook@Example.org", dataFields=[{"key": "FirstName", "value": "Ada"}])
    second = account.contact("ADA.BROOK@example.ORG", dataFields=[{"key": "LASTNAME", "value": "Brook"}])
    assert first == second
    assert account.fields("ada.brook@example.org") == {"FIRSTNAME": "Ada", "LASTNAME": "Brook"}


def test_requests_bind_in_any_letter_case_and_answers_are_camel_case(account: Account):
    body = {"Email": "a@b.example", "EmailType": "plaintext", "DataFields": [{"Key": "firstname", "Value": "Ada"}]}
    contact = account.ok("POST", "/v2/contacts", body)
    assert set(contact) == {"id", "email", "optInType", "emailType", "dataFields", "status"}
    assert contact["emailType"] == "PlainText"


@pytest.mark.parametrize("email", ["", "nobody", "a@b", "a b@c.example", "a@-b.example", "@c.example", "a@c..example"])
def test_a_bad_address_is_refused(account: Account, email: str):
    refused = account.refused("POST", "/v2/contacts", {"email": email})
    assert refused == (400, "Email is not a valid email address. ERROR_PARAMETER_INVALID")


def test_an_unknown_data_field_refuses_the_whole_call(account: Account):
    body = {"email": "a@b.example", "dataFields": [{"key": "SHOESIZE", "value": 44}]}
    assert account.refused("POST", "/v2/contacts", body) == (400, "Error: ERROR_DATAFIELD_NOTFOUND")
    assert account.refused("GET", "/v2/contacts/a@b.example") == (404, "Error: ERROR_CONTACT_NOT_FOUND")


def test_null_clears_a_data_field_and_fields_not_mentioned_stay(account: Account):
    account.contact("a@b.example", dataFields=[{"key": "FIRSTNAME", "value": "A"}, {"key": "POSTCODE", "value": "1"}])
    account.contact("a@b.example", dataFields=[{"key": "FIRSTNAME", "value": None}])
    assert account.fields("a@b.example") == {"POSTCODE": "1"}


def test_a_suppressed_contact_is_refused_with_the_vendors_text(account: Account):
    account.contact("a@b.example")
    account.ok("POST", "/v2/contacts/unsubscribe", {"email": "a@b.example"})
    assert account.refused("POST", "/v2/contacts", {"email": "a@b.example"}) == SUPPRESSED
    account.settings.suppressed_write_refused = False
    assert account.ok("POST", "/v2/contacts", {"email": "a@b.example"})["status"] == "Unsubscribed"


def test_a_suppressed_contact_is_found_by_address_but_not_by_id(account: Account):
    contact_id = account.contact("a@b.example")
    account.ok("POST", "/v2/contacts/unsubscribe", {"email": "a@b.example"})
    assert account.refused("GET", f"/v2/contacts/{contact_id}") == (404, "Error: ERROR_CONTACT_NOT_FOUND")
    assert account.status("a@b.example") == "Unsubscribed"


def test_verified_double_waits_for_the_persons_confirmation(account: Account):
    contact = account.ok("POST", "/v2/contacts", {"email": "a@b.example", "optInType": "VerifiedDouble"})
    assert (contact["optInType"], contact["status"]) == ("Double", "PendingOptIn")


def test_putting_to_an_unknown_id_creates_the_contact(account: Account):
    created = account.ok("PUT", "/v2/contacts/4711", {"email": "new@b.example"})
    assert created["id"] != 4711
    assert account.status("new@b.example") == "Subscribed"


def test_put_changes_the_address_unless_another_contact_has_it(account: Account):
    contact_id = account.contact("old@b.example")
    account.contact("taken@b.example")
    assert account.ok("PUT", f"/v2/contacts/{contact_id}", {"email": "new@b.example"})["email"] == "new@b.example"
    refused = account.refused("PUT", f"/v2/contacts/{contact_id}", {"email": "taken@b.example"})
    assert refused == (400, "Error: ERROR_NON_UNIQUE_EMAIL")


def test_a_deleted_contact_leaves_its_books_and_returns_with_a_new_id(account: Account):
    book = account.book("Walkers", "a@b.example")
    contact_id = account.ok("GET", "/v2/contacts/a@b.example")["id"]
    account.ok("DELETE", f"/v2/contacts/{contact_id}")
    assert account.members(book) == []
    assert account.refused("GET", "/v2/contacts/a@b.example")[0] == 404
    assert account.contact("a@b.example") != contact_id


def test_an_address_with_a_plus_and_a_slash_is_reached_percent_encoded(account: Account):
    account.contact("a+b/c@d.example")
    assert account.ok("GET", "/v2/contacts/a%2Bb%2Fc%40d.example")["email"] == "a+b/c@d.example"


def test_feeds_of_changes_compare_with_the_date_itself_included(account: Account):
    account.contact("old@b.example")
    account.advance(hours=1)
    account.contact("new@b.example")

    def emails(feed: str) -> list[str]:
        return [row["email"] for row in account.ok("GET", f"/v2/contacts/{feed}/2026-03-02T10:00:00Z")]

    assert emails("created-since") == ["new@b.example"]
    account.contact("old@b.example", dataFields=[{"key": "FIRSTNAME", "value": "O"}])
    assert emails("modified-since") == ["old@b.example", "new@b.example"]
    account.settings.since_inclusive = False
    assert emails("created-since") == []


def test_lists_show_data_fields_only_when_asked_and_then_all_of_them(account: Account):
    account.contact("a@b.example", dataFields=[{"key": "FIRSTNAME", "value": "Ada"}])
    assert account.ok("GET", "/v2/contacts")[0]["dataFields"] is None
    shown = account.ok("GET", "/v2/contacts?withFullData=true")[0]["dataFields"]
    assert [field["key"] for field in shown] == [f["name"] for f in account.ok("GET", "/v2/data-fields")]


@pytest.mark.parametrize("query", ["select=0", "select=1001", "skip=-1", "select=x"])
def test_bad_paging_is_refused(account: Account, query: str):
    status, message = account.refused("GET", f"/v2/contacts?{query}")
    assert (status, message.split()[-1]) == (400, "ERROR_PARAMETER_INVALID")


def test_modified_since_pages_up_to_2000(account: Account):
    assert account.ok("GET", "/v2/contacts/modified-since/2026-01-01?select=2000") == []


def test_drifting_pages_repeat_and_omit_rows_but_never_beyond_the_usual_overlap(account: Account):
    for n in range(40):
        account.contact(f"p{n:02}@b.example")
    account.settings.page_drift = True
    pages = [[r["id"] for r in account.ok("GET", f"/v2/contacts?select=10&skip={skip}")] for skip in (0, 10, 20, 30)]
    plain = [row for page in pages for row in page]
    assert len(set(plain)) < 40, "rows are lost when pages do not overlap"
    assert len(plain) > len(set(plain)), "rows are seen twice"
    overlapping = {r["id"] for s in range(0, 40, 2) for r in account.ok("GET", f"/v2/contacts?select=20&skip={s}")}
    assert len(overlapping) == 40


def test_a_collection_is_read_with_a_body_and_names_who_was_not_found(account: Account):
    contact_id = account.contact("a@b.example")
    body = {"contacts": [{"email": "A@B.example"}, {"id": contact_id}, {"email": "x@y.example"}, {"id": 999}]}
    answer = account.ok("GET", "/v2/contacts/retrieve-collection", body)
    assert [c["id"] for c in answer["contacts"]] == [contact_id, contact_id]
    assert answer["contacts"][0]["created"] == "2026-03-02T09:00:00.000Z"
    assert answer["notFound"] == [{"id": 0, "email": "x@y.example"}, {"id": 999, "email": None}]


def test_a_data_field_is_created_once_whatever_its_letter_case(account: Account):
    field = {"name": "ShoeSize", "type": "numeric", "defaultValue": "41"}
    assert account.call("POST", "/v2/data-fields", field).body == b""
    assert {"name": "SHOESIZE", "type": "Numeric", "visibility": "Private", "defaultValue": 41} in account.ok(
        "GET", "/v2/data-fields"
    )
    refused = account.refused("POST", "/v2/data-fields", {"name": "SHOESIZE", "type": "String"})
    assert refused == (400, "Field already exists. ERROR_NON_UNIQUE_DATAFIELD")


@pytest.mark.parametrize("name", ["", "TWENTY-ONE-CHARACTERS", "A B", "EMAIL", "Ä"])
def test_bad_and_reserved_names_of_data_fields_are_refused(account: Account, name: str):
    refused = account.refused("POST", "/v2/data-fields", {"name": name, "type": "String"})
    assert refused == (400, "Error: ERROR_DATAFIELD_INVALID")


@pytest.mark.parametrize(
    ("kind", "sent", "kept"),
    [
        ("Numeric", "12.50", 12.5),
        ("Numeric", 123456789012345678, 123456789012345678),
        ("Boolean", "Yes", True),
        ("Boolean", False, False),
        ("Date", "2026-02-03", "2026-02-03T00:00:00Z"),
        ("Date", "2026-02-03T01:00:00+02:00", "2026-02-02T23:00:00Z"),
        ("String", "Zoë 山", "Zoë 山"),
    ],
)
def test_values_are_kept_by_the_type_of_their_field(account: Account, kind: str, sent: object, kept: object):
    account.ok("POST", "/v2/data-fields", {"name": "X", "type": kind})
    account.contact("a@b.example", dataFields=[{"key": "X", "value": sent}])
    assert account.fields("a@b.example") == {"X": kept}


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [
        ("Numeric", "twelve", "ERROR_DATAFIELD_INVALID"),
        ("Numeric", "1234567890123456789", "ERROR_DATAFIELD_VALUE_OVERFLOW"),
        ("Numeric", "0.1234567891", "ERROR_DATAFIELD_VALUE_OVERFLOW"),
        ("Boolean", "maybe", "ERROR_DATAFIELD_INVALID"),
        ("Date", "31/12/2026", "ERROR_DATAFIELD_INVALID"),
        ("String", "x" * 1001, "ERROR_DATAFIELD_VALUE_OVERFLOW"),
    ],
)
def test_values_that_do_not_fit_are_refused(account: Account, kind: str, value: str, code: str):
    account.ok("POST", "/v2/data-fields", {"name": "X", "type": kind})
    body = {"email": "a@b.example", "dataFields": [{"key": "X", "value": value}]}
    assert account.refused("POST", "/v2/contacts", body) == (400, f"Error: {code}")


def test_deleting_a_data_field_takes_its_values_along(account: Account):
    account.ok("POST", "/v2/data-fields", {"name": "X", "type": "String"})
    account.contact("a@b.example", dataFields=[{"key": "X", "value": "1"}])
    assert account.ok("DELETE", "/v2/data-fields/x") == {"dependencies": None, "result": True}
    account.ok("POST", "/v2/data-fields", {"name": "X", "type": "String"})
    assert account.fields("a@b.example") == {}


def test_a_data_field_in_use_is_not_deleted_and_the_answer_names_its_uses(account: Account):
    account.ok("POST", "/v2/data-fields", {"name": "X", "type": "String"})
    account.state.db.execute("INSERT INTO dd_dependency VALUES ('X', 'Survey', 7)")
    answer = account.call("DELETE", "/v2/data-fields/X")
    assert answer.status == 409
    assert answer.body == b'{"dependencies":[{"type":"Survey","objectId":7}],"result":false}'
