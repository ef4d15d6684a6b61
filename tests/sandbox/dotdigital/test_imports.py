"""Imports of v3 and v2: their life, their rows, and what they never do."""

import base64
import csv
import io
import json
from typing import Any

import pytest

from .conftest import Account, row


def failures(result: dict[str, Any]) -> dict[str, str]:
    """Failure codes of a v3 import by e-mail."""
    return {one["identifiers"].get("email", ""): one["failures"][0]["failureCode"] for one in result["failures"]}


def test_an_import_is_not_finished_when_first_asked_and_tells_ids_of_all_rows_at_the_end(account: Account):
    known = account.contact("old@b.example")
    started = account.call("PUT", "/contacts/v3/import", {"contacts": [row("New@B.example"), row("old@b.example")]})
    assert started.status == 202
    path = f"/contacts/v3/import/{json.loads(started.body)['importId']}"
    assert account.ok("GET", path)["status"] == "NotFinished"
    done = account.ok("GET", path)
    assert done["status"] == "Finished"
    assert done["updated"] == [{"contactId": known, "identifiers": {"email": "old@b.example"}}]
    assert [one["identifiers"] for one in done["created"]] == [{"email": "new@b.example"}]
    counts = {"newContacts": 1, "updatedContacts": 1, "globallySuppressed": 0, "invalidEntries": 0}
    assert done["summary"] == {**counts, "duplicateIdentifiers": 0}


def test_an_import_finishes_on_the_clock_even_when_nobody_asks(account: Account):
    account.ok("PUT", "/contacts/v3/import", {"contacts": [row("a@b.example")]})
    assert account.refused("GET", "/v2/contacts/a@b.example")[0] == 404
    account.advance(seconds=20)
    assert account.status("a@b.example") == "Subscribed"


def test_each_bad_row_fails_by_itself_with_its_code(account: Account):
    account.state.db.execute(
        "INSERT INTO dd_vendor_block VALUES ('gsl@b.example', 'global'), ('@bad.example', 'domain')"
    )
    result = account.import_v3(
        [
            row("fine@b.example"),
            row("broken"),
            row("fine@b.example"),
            row("gsl@b.example"),
            row("x@bad.example"),
            row("field@b.example", SHOESIZE=4),
            {**row("list@b.example"), "lists": [999]},
            {"matchIdentifier": "contactId", "identifiers": {"contactId": 4711}},
            {"matchIdentifier": "loyalty", "identifiers": {"loyalty": "7"}},
        ]
    )
    assert len(result["created"]) == 1
    assert [one["failures"][0]["failureCode"] for one in result["failures"]] == [
        "invalidEmail",
        "duplicateIdentifier",
        "globallySuppressed",
        "suppressedByDomain",
        "apiSchemaViolation",
        "invalidAddressBookIds",
        "invalidContactId",
        "invalidMatchIdentifier",
    ]
    assert result["summary"]["duplicateIdentifiers"] == 1
    assert result["summary"]["globallySuppressed"] == 2


def test_failure_codes_can_be_spelt_as_in_the_guide(account: Account):
    account.settings.v3_failure_code_case = "pascal"
    assert failures(account.import_v3([row("broken")])) == {"broken": "InvalidEmail"}


def test_an_import_never_resubscribes_but_updates_the_data(account: Account):
    account.contact("a@b.example")
    account.ok("POST", "/v2/contacts/unsubscribe", {"email": "a@b.example"})
    wish = {**row("a@b.example", FIRSTNAME="Ada"), "channelProperties": {"email": {"status": "subscribed"}}}
    result = account.import_v3([wish])
    assert len(result["updated"]) == 1
    assert account.status("a@b.example") == "Unsubscribed"
    assert account.fields("a@b.example") == {"FIRSTNAME": "Ada"}


def test_who_left_a_list_is_updated_but_does_not_return_to_it(account: Account):
    book = account.book("Walkers", "a@b.example")
    account.ok("POST", f"/v2/address-books/{book}/contacts/unsubscribe", {"email": "a@b.example"})
    result = account.import_v3([{**row("a@b.example"), "lists": [book]}, {**row("c@d.example"), "lists": [book]}])
    assert (len(result["updated"]), result["failures"]) == (1, [])
    assert account.members(book) == ["c@d.example"]


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("overwrite", {"LASTNAME": "New", "POSTCODE": "P"}),
        ("overwriteIfNotEmpty", {"FIRSTNAME": "Old", "LASTNAME": "New", "POSTCODE": "P"}),
        ("overwriteIfEmpty", {"FIRSTNAME": "Old", "LASTNAME": "Old", "POSTCODE": "P"}),
    ],
)
def test_merge_options_decide_over_values_that_are_set(account: Account, option: str, expected: dict[str, str]):
    account.import_v3([row("a@b.example", FIRSTNAME="Old", LASTNAME="Old")])
    account.import_v3([row("a@b.example", FIRSTNAME=None, LASTNAME="New", POSTCODE="P")], mergeOption=option)
    assert account.fields("a@b.example") == expected


def test_the_26th_active_import_is_refused_in_both_versions(account: Account):
    for n in range(25):
        account.ok("PUT", "/contacts/v3/import", {"contacts": [row(f"p{n}@b.example")]})
    answer = account.call("PUT", "/contacts/v3/import", {"contacts": [row("x@b.example")]})
    assert (answer.status, json.loads(answer.body)["errorCode"]) == (429, "contacts:tooManyActiveImports")
    body = {"addressBookIds": [], "contacts": [{"email": "x@b.example"}]}
    status, message = account.refused("POST", "/v2/contacts/import-collection", body)
    assert (status, message.split()[-1]) == (400, "ERROR_IMPORT_TOOMANYACTIVEIMPORTS")
    account.advance(seconds=20)
    assert account.call("PUT", "/contacts/v3/import", {"contacts": [row("x@b.example")]}).status == 202


@pytest.mark.parametrize(
    ("body", "status", "code", "item"),
    [
        (b"{", 400, "contacts:badJson", None),
        (b'{"contacts":[]}', 400, "contacts:noContactsSpecified", None),
        (b'{"contacts":[{"identifiers":{"email":"a@b.example"}}]}', 400, "contacts:badRequest", "contacts[0]"),
        (
            b'{"contacts":[{"matchIdentifier":"email","identifiers":"a"}]}',
            400,
            "server:badRequest",
            "line 1, position 57",
        ),
        (
            b'{"contacts":[{"matchIdentifier":"email","identifiers":{"email":"a@b.example"},\n"lists":["7"]}]}',
            400,
            "server:badRequest",
            "line 2, position 12",
        ),
        (
            b'{"contacts":[{"matchIdentifier":"email","identifiers":{"email":5}}]}',
            400,
            "server:badRequest",
            "line 1, position 64",
        ),
    ],
)
def test_bodies_of_the_wrong_shape_are_refused_as_a_whole(
    account: Account, body: bytes, status: int, code: str, item: str | None
):
    answer = account.call("PUT", "/contacts/v3/import", body)
    error = json.loads(answer.body)
    assert (answer.status, error["errorCode"]) == (status, code)
    assert item in [detail["item"] for detail in error.get("details", [{"item": None}])]


def test_unknown_keys_are_refused_inside_of_channel_properties_only(account: Account):
    fine = {**row("a@b.example"), "favouriteColour": "green"}
    assert account.call("PUT", "/contacts/v3/import", {"contacts": [fine]}).status == 202
    strict = {**row("a@b.example"), "channelProperties": {"email": {"colour": "green"}}}
    answer = account.call("PUT", "/contacts/v3/import", {"contacts": [strict]})
    assert json.loads(answer.body)["errorCode"] == "server:badRequest"


@pytest.mark.parametrize("outcome", ["RejectedByWatchdog", "Failed", "ExceedsAllowedContactLimit"])
def test_an_import_can_be_made_to_fail_as_a_whole(account: Account, outcome: str):
    account.settings.import_outcome = outcome
    assert account.import_v3([row("a@b.example")])["status"] == outcome
    assert account.ok("GET", "/v2/contacts/count") == 0


def test_an_import_beyond_the_contact_allowance_changes_nothing(account: Account):
    account.contact("a@b.example")
    account.settings.contact_limit = 2
    result = account.import_v3([row("c@d.example"), row("e@f.example")])
    assert result["status"] == "ExceedsAllowedContactLimit"
    assert account.ok("GET", "/v2/contacts/count") == 1


def test_a_deleted_contact_comes_back_by_import_with_its_id(account: Account):
    contact = account.contact("a@b.example", dataFields=[{"key": "POSTCODE", "value": "P"}])
    account.ok("DELETE", f"/v2/contacts/{contact}")
    (updated,) = account.import_v3([row("a@b.example", FIRSTNAME="Ada")])["updated"]
    assert updated["contactId"] == contact
    assert account.fields("a@b.example") == {"FIRSTNAME": "Ada", "POSTCODE": "P"}


def test_a_contact_is_imported_without_a_bad_consent_record(account: Account):
    contact = {**row("a@b.example"), "consentRecords": [{"text": "Yes", "dateTimeConsented": "yesterday"}]}
    result = account.import_v3([contact])
    assert len(result["created"]) == 1
    assert failures(result) == {"a@b.example": "consentRecordsNotApplied"}


def test_an_import_may_change_an_address_by_id_but_not_onto_a_taken_one(account: Account):
    first, _ = account.contact("a@b.example"), account.contact("taken@b.example")
    by_id = {"matchIdentifier": "contactId"}
    moved = account.import_v3([{**by_id, "identifiers": {"contactId": first, "email": "new@b.example"}}])
    assert len(moved["updated"]) == 1
    clash = account.import_v3([{**by_id, "identifiers": {"contactId": first, "email": "taken@b.example"}}])
    assert failures(clash) == {"taken@b.example": "invalidContact"}
    assert account.status("new@b.example") == "Subscribed"


def test_five_thousand_rows_are_created_then_updated_and_all_join_the_list(account: Account):
    book = account.book("Walkers")
    contacts = [{**row(f"p{n}@b.example", FIRSTNAME=f"N{n}", LASTNAME="B"), "lists": [book]} for n in range(5000)]
    for part in ("created", "updated"):
        assert len(account.import_v3(contacts)[part]) == 5000
    assert account.ok("GET", f"/v2/address-books/{book}")["contacts"] == 5000


# -- v2 --------------------------------------------------------------------------------------------------------------


def import_file(account: Account, target: str, text: str, name: str = "contacts.csv") -> str:
    """Starts a file import, polls it to its end and answers its id."""
    data = base64.b64encode(text.encode()).decode()
    started = account.ok("POST", target, {"fileName": name, "data": data})
    assert started["status"] == "NotFinished"
    statuses = [account.ok("GET", f"/v2/contacts/import/{started['id']}")["status"] for _ in range(2)]
    assert statuses == ["NotFinished", "Finished"]
    return str(started["id"])


def test_a_file_is_imported_into_a_book_by_its_headers_and_unknown_columns_are_ignored(account: Account):
    book = account.book("Walkers")
    text = "EMAIL,firstname,Shoe size,OptInType\na@b.example,Ada,44,Single\n"
    import_id = import_file(account, f"/v2/address-books/{book}/contacts/import", text)
    assert account.members(book) == ["a@b.example"]
    assert account.fields("a@b.example") == {"FIRSTNAME": "Ada"}
    assert account.ok("GET", f"/v2/contacts/import/{import_id}/report")["newContacts"] == 1


def test_the_fault_report_is_csv_with_a_byte_order_mark_and_the_uploaded_columns(account: Account):
    account.contact("gone@b.example")
    account.ok("POST", "/v2/contacts/unsubscribe", {"email": "gone@b.example"})
    text = 'email,firstname\nbroken,"Bro, Ken"\ngone@b.example,Gone\nok@b.example,Ok\nok@b.example,Again\n'
    import_id = import_file(account, "/v2/contacts/import", text)
    answer = account.call("GET", f"/v2/contacts/import/{import_id}/report-faults")
    assert answer.body.startswith(b"\xef\xbb\xbf")
    assert list(csv.reader(io.StringIO(answer.body.decode("utf-8-sig")))) == [
        ["Reason", "email", "firstname"],
        ["Invalid Email", "broken", "Bro, Ken"],
        ["Unsubscribed", "gone@b.example", "Gone"],
        ["Duplicate", "ok@b.example", "Again"],
    ]
    report = account.ok("GET", f"/v2/contacts/import/{import_id}/report")
    assert (report["newContacts"], report["unsubscribed"], report["invalidEntries"]) == (1, 1, 1)
    assert report["duplicateEmails"] == 1


def test_fault_reports_are_gone_after_a_week(account: Account):
    import_id = import_file(account, "/v2/contacts/import", "email\nbroken\n")
    account.advance(days=8)
    account.ok("POST", "/v2/contacts/import-collection", {"addressBookIds": [], "contacts": [{"email": "a@b.example"}]})
    account.advance(days=1)
    assert account.refused("GET", f"/v2/contacts/import/{import_id}/report-faults")[0] == 404


def test_a_report_cannot_be_read_before_the_end(account: Account):
    body = {"addressBookIds": [], "contacts": [{"email": "a@b.example"}]}
    started = account.ok("POST", "/v2/contacts/import-collection", body)
    assert account.refused("GET", f"/v2/contacts/import/{started['id']}/report") == (
        404,
        "Import is not processed yet or completed with error. ERROR_IMPORT_REPORT_NOT_FOUND",
    )


def test_a_form_needs_exactly_one_file_part_with_a_name(account: Account):
    def form(*parts: str) -> bytes:
        return "".join(f"--x\r\n{part}\r\n" for part in parts).encode() + b"--x--\r\n"

    def send(body: bytes) -> tuple[int, dict[str, Any]]:
        kind = "multipart/form-data; boundary=x"
        answer = account.call("POST", "/v2/contacts/import", body, content_type=kind)
        return answer.status, json.loads(answer.body)

    file = 'Content-Disposition: form-data; name="f"; filename="c.csv"\r\n\r\nEmail\r\na@b.example'
    assert send(form('Content-Disposition: form-data; name="f"\r\n\r\nEmail\r\na@b.example')) == (
        400,
        {"message": "file must be valid"},
    )
    assert send(form(file, file)) == (400, {"message": "Error: ERROR_MULTI_FILE_UPLOAD_NOT_ALLOWED"})
    assert send(form(file))[0] == 202
    account.advance(minutes=1)
    assert account.status("a@b.example") == "Subscribed"


def test_a_file_without_an_email_column_and_one_over_ten_megabytes_are_refused(account: Account):
    def refused(text: str) -> str:
        data = base64.b64encode(text.encode()).decode()
        return account.refused("POST", "/v2/contacts/import", {"fileName": "c.csv", "data": data})[1].split()[-1]

    assert refused("name\nAda\n") == "ERROR_NO_EMAIL_COLUMN"
    assert refused("email\n" + "x" * (10 * 1024 * 1024)) == "ERROR_IMPORT_UNSUPPORTED_FORMAT"


def test_blank_cells_clear_values_unless_the_merge_option_forbids_it(account: Account):
    account.contact("a@b.example", dataFields=[{"key": "FIRSTNAME", "value": "Ada"}])
    import_file(account, "/v2/contacts/import/with-merge-option/1", "email,firstname\na@b.example,\n")
    assert account.fields("a@b.example") == {"FIRSTNAME": "Ada"}
    import_file(account, "/v2/contacts/import", "email,firstname\na@b.example,\n")
    assert account.fields("a@b.example") == {}
