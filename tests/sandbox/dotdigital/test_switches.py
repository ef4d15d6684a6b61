"""Every behaviour that no source states can be had the other way."""

import base64
import json
from typing import Any
from urllib.parse import quote

import pytest

from dyntui.sandbox.dotdigital import bulk_load, dates, truth

from .conftest import START, Account, row

NOW = dates.milliseconds(START)
SINCE = "2026-03-02T09:00:00Z"


def gone(account: Account, email: str = "a@b.example") -> int:
    """An unsubscribed contact."""
    contact = account.contact(email)
    account.ok("POST", "/v2/contacts/unsubscribe", {"email": email})
    return contact


def modified(account: Account) -> list[str]:
    rows = account.ok("GET", "/v2/contacts/modified-since/2026-03-02T09:30:00Z")
    return [one["email"] for one in rows]


# -- reading ---------------------------------------------------------------------------------------------------------


def test_the_endpoint_may_be_told_without_a_slash(account: Account):
    account.settings.api_endpoint_trailing_slash = False
    properties = {one["name"]: one["value"] for one in account.ok("GET", "/v2/account-info")["properties"]}
    assert properties["ApiEndpoint"] == account.state.urls.dotdigital["r2"]


def suppressed(account: Account, **asked: int) -> list[dict[str, Any]]:
    options = "&".join(f"{name}={value}" for name, value in asked.items())
    rows: list[dict[str, Any]] = account.ok("GET", f"/v2/contacts/suppressed-since/{SINCE}?{options}")
    return rows


def test_feeds_may_answer_fewer_rows_than_asked_though_more_follow(account: Account):
    for number in range(5):
        gone(account, f"p{number}@b.example")
    account.settings.short_pages = 2
    assert [len(suppressed(account, select=1000, skip=skip)) for skip in (0, 2, 4, 5)] == [2, 2, 1, 0]


def test_a_suppression_may_show_late_in_its_feed(account: Account):
    account.settings.late_suppressions_seconds = 60
    gone(account)
    assert suppressed(account) == []
    account.advance(seconds=61)
    assert len(suppressed(account)) == 1


def test_rows_of_feeds_may_lack_their_address_their_contact_and_their_date(account: Account):
    for number in range(10):
        gone(account, f"p{number}@b.example")
    account.settings.null_rows = account.settings.year_one_dates = True
    rows = suppressed(account)
    assert len(rows) == 10
    assert sum(row["suppressedContact"] is None for row in rows) == 2
    assert sum(row["suppressedContact"] is not None and row["suppressedContact"]["email"] is None for row in rows) == 2
    assert sum(row["dateRemoved"] == dates.YEAR_ONE for row in rows) == 2


def test_server_time_may_be_plain_text_with_a_blank(account: Account):
    account.settings.server_time_format = "text"
    answer = account.call("GET", "/v2/server-time")
    assert (answer.headers["Content-Type"], answer.body) == (
        "text/plain; charset=utf-8",
        b"2026-03-02 09:00:00.000000+00:00",
    )


def test_a_deleted_book_is_answered_with_a_text_or_with_nothing(account: Account):
    answers = []
    for status in (200, 204):
        account.settings.book_delete_status = status
        answers.append(account.call("DELETE", f"/v2/address-books/{account.book('Walkers')}"))
    assert [(answer.status, bool(answer.body)) for answer in answers] == [(200, True), (204, False)]
    assert answers[0].headers["Content-Type"] == "application/octet-stream"


def test_preferences_are_json_under_either_content_type(account: Account):
    account.ok("POST", "/v2/preferences", {"publicName": "Boots", "isPreference": True})
    for content_type in ("application/octet-stream", "application/json"):
        account.settings.preferences_content_type = content_type
        answer = account.call("GET", "/v2/preferences")
        assert answer.headers["Content-Type"] == content_type
        assert [each["publicName"] for each in json.loads(answer.body)] == ["Boots"]


def test_metrics_may_name_the_date_of_the_last_send(account: Account):
    book, campaign = account.book("Walkers", "a@b.example"), bulk_load.campaign(account.state, "S", "S", "$UNSUB$", "T")
    account.ok("POST", "/v2/campaigns/send", {"campaignId": campaign, "addressBookIds": [book]})
    account.advance(minutes=5)
    (plain,) = account.ok("GET", "/v2/campaigns/metrics")
    account.settings.metrics_last_date_sent = True
    (extended,) = account.ok("GET", "/v2/campaigns/metrics")
    assert extended.keys() - plain.keys() == {"lastDateSent"}


def test_names_of_data_fields_may_be_kept_as_written_and_mean_the_same_in_any_case(account: Account):
    account.settings.data_field_names_upper = False
    account.ok("POST", "/v2/data-fields", {"name": "Shoe_Size", "type": "Numeric"})
    assert account.refused("POST", "/v2/data-fields", {"name": "SHOE_SIZE", "type": "Numeric"})[0] == 400
    account.contact("a@b.example", dataFields=[{"key": "shoe_size", "value": 44}])
    assert account.fields("a@b.example") == {"Shoe_Size": 44}
    (listed,) = account.ok("GET", "/contacts/v3?data-fields=SHOE_SIZE|FIRSTNAME")["_items"]
    assert listed["dataFields"] == {"Shoe_Size": 44, "FIRSTNAME": None}
    assert "Shoe_Size" in [field["name"] for field in account.ok("GET", "/v2/data-fields")]
    account.settings.data_field_names_upper = True
    assert account.fields("a@b.example") == {"SHOE_SIZE": 44}
    account.settings.data_field_names_upper = False
    account.ok("DELETE", "/v2/data-fields/shoe_size")
    account.ok("POST", "/v2/data-fields", {"name": "SHOE_size", "type": "Numeric"})
    assert "SHOE_size" in [field["name"] for field in account.ok("GET", "/v2/data-fields")]


def test_server_time_may_need_credentials(account: Account):
    account.settings.server_time_needs_credentials = True
    assert account.call("GET", "/v2/server-time", password="wrong").status == 401


def test_suppressed_contacts_may_be_found_by_id_and_left_out_of_lists(account: Account):
    contact = gone(account)
    assert len(account.ok("GET", "/v2/contacts")) == 1
    account.settings.get_by_id_hides_suppressed = account.settings.lists_include_suppressed = False
    assert account.ok("GET", f"/v2/contacts/{contact}")["status"] == "Unsubscribed"
    assert account.ok("GET", "/v2/contacts") == []


def test_the_page_of_modified_contacts_may_be_limited_to_1000(account: Account):
    account.settings.modified_since_maximum = 1000
    assert account.refused("GET", f"/v2/contacts/modified-since/{SINCE}?select=1001")[0] == 400


def test_links_of_v3_may_be_written_as_href_with_no_marker_for_the_first_page(account: Account):
    account.book("Walkers", "a@b.example", "b@b.example")
    account.settings.v3_links = "href"
    links = account.ok("GET", "/contacts/v3?limit=1")["_links"]
    assert set(links) == {"self", "first", "next"}
    assert all(set(link) == {"href", "marker"} for link in links.values())
    assert links["self"]["marker"] is links["first"]["marker"] is None
    assert links["next"]["href"].endswith(f"?limit=1&marker={quote(links['next']['marker'], safe='')}")


def test_answers_about_an_import_may_come_without_a_status_at_first(account: Account):
    account.settings.v3_polls_without_status = 2
    started = account.ok("PUT", "/contacts/v3/import", {"contacts": [row("a@b.example")]})
    answers = [account.ok("GET", f"/contacts/v3/import/{started['importId']}") for _ in range(3)]
    assert [answer.get("status") for answer in answers] == [None, None, "Finished"]


def test_the_report_of_an_import_may_be_null_where_it_has_nothing(account: Account):
    account.settings.v3_report_nulls = True
    result = account.import_v3([row("a@b.example"), *(row(f"{n} is no address") for n in range(3))])
    assert result["summary"] == {
        "newContacts": 1,
        "updatedContacts": None,
        "globallySuppressed": None,
        "invalidEntries": 3,
        "duplicateIdentifiers": None,
    }
    no_reasons, no_code, nobody = result["failures"]
    assert no_reasons["failures"] is None and no_code["failures"][0]["failureCode"] is None
    assert nobody["identifiers"] is None and nobody["failures"][0]["failureCode"] == "invalidEmail"


def test_the_list_of_campaigns_may_begin_with_odd_ones(account: Account):
    bulk_load.campaign(account.state, "Spring", "S", "$UNSUB$", "T")
    account.settings.odd_campaigns = True
    first, second, third = account.ok("GET", "/v2/campaigns/filtered")
    assert (first["id"], set(second.values()), third["name"]) == (900_001, {None}, "Spring")
    assert set(first.values()) == {900_001, None}
    assert account.ok("GET", "/v2/campaigns/filtered?skip=1") == []


def test_the_default_page_of_v3_can_be_set(account: Account):
    account.book("Walkers", "a@b.example", "b@b.example")
    account.settings.v3_default_limit = 1
    assert len(account.ok("GET", "/contacts/v3")["_items"]) == 1


# -- writing contacts ------------------------------------------------------------------------------------------------


def test_null_may_leave_a_value_alone(account: Account):
    account.settings.null_clears_data_field = False
    account.contact("a@b.example", dataFields=[{"key": "FIRSTNAME", "value": "Ada"}])
    account.contact("a@b.example", dataFields=[{"key": "FIRSTNAME", "value": None}])
    assert account.fields("a@b.example") == {"FIRSTNAME": "Ada"}


def test_put_may_refuse_unknown_ids_and_reset_what_is_left_out(account: Account):
    account.settings.put_unknown_id_creates = False
    account.settings.put_resets_omitted = True
    assert account.refused("PUT", "/v2/contacts/99", {"email": "a@b.example"})[0] == 404
    contact = account.contact("a@b.example", optInType="Double", emailType="Html")
    changed = account.ok("PUT", f"/v2/contacts/{contact}", {"email": "a@b.example"})
    assert (changed["optInType"], changed["emailType"]) == ("Unknown", "PlainText")


def test_a_deleted_contact_may_return_with_its_old_id(account: Account):
    account.settings.recreate_reuses_id = True
    contact = account.contact("a@b.example")
    account.ok("DELETE", f"/v2/contacts/{contact}")
    assert account.contact("a@b.example") == contact


def test_the_recycle_bin_can_be_emptied_and_its_span_set(account: Account):
    contact = account.contact("a@b.example")
    account.ok("DELETE", f"/v2/contacts/{contact}")
    account.settings.recycle_bin_status = 202
    assert account.call("POST", "/v2/accounts/empty-recycle-bin").status == 202
    assert account.ok("PATCH", "/contacts/v3/email/a@b.example", {})["contactId"] != contact


def test_unsubscribing_strangers_and_the_unsubscribed_may_succeed(account: Account):
    account.settings.unsubscribe_unknown_is_404 = account.settings.unsubscribe_again_is_error = False
    for _ in range(2):
        assert account.ok("POST", "/v2/contacts/unsubscribe", {"email": "a@b.example"})["reason"] == "Unsubscribed"


@pytest.mark.parametrize(("enforced", "pending"), [("off", []), ("single", ["a@b.example"]), ("all", ["a", "b"])])
def test_double_opt_in_is_asked_of_new_contacts_and_mails_them(account: Account, enforced: str, pending: list[str]):
    account.settings.double_opt_in = enforced
    expected = [each if "@" in each else f"{each}@b.example" for each in pending]
    account.contact("a@b.example")
    for _ in range(2):
        account.import_v3([row("b@b.example")])
    statuses = {address: account.status(address) for address in ("a@b.example", "b@b.example")}
    assert [address for address, status in statuses.items() if status == "PendingOptIn"] == expected
    assert [(mail["address"], mail["campaign_id"]) for mail in truth.mailed(account.state)] == [
        (address, None) for address in expected
    ]


def test_a_resubscription_may_need_no_challenge_and_enforced_opt_in_always_does(account: Account):
    account.settings.resubscribe_challenges = False
    gone(account)
    body = {"unsubscribedContact": {"email": "a@b.example"}}
    assert account.ok("POST", "/v2/contacts/resubscribe", body)["status"] == "ContactAdded"
    gone(account, "b@b.example")
    account.settings.double_opt_in = "single"
    body = {"unsubscribedContact": {"email": "b@b.example"}}
    assert account.ok("POST", "/v2/contacts/resubscribe-with-no-challenge", body)["status"] == "ContactChallenged"


def test_a_write_of_equal_values_may_be_no_modification(account: Account):
    account.contact("a@b.example")
    account.import_v3([row("b@b.example")])
    account.settings.unchanged_write_bumps_modified = False
    account.advance(hours=1)
    account.contact("a@b.example")
    account.import_v3([row("b@b.example")])
    assert modified(account) == []
    account.settings.unchanged_write_bumps_modified = True
    account.contact("a@b.example")
    assert modified(account) == ["a@b.example"]


def test_status_and_membership_may_count_as_modifications(account: Account):
    book = account.book("Walkers")
    account.import_v3([row("a@b.example"), row("b@b.example")])
    b = account.ok("GET", "/v2/contacts/b@b.example")["id"]
    account.advance(hours=1)
    bulk_load.members(account.state, book, ["b@b.example"])
    account.ok("PUT", "/v2/contacts/suppress-contacts", [{"email": "a@b.example"}])
    account.ok("DELETE", f"/v2/address-books/{book}/contacts/{b}")
    assert modified(account) == []
    account.settings.status_bumps_modified = account.settings.membership_bumps_modified = True
    bulk_load.members(account.state, book, ["b@b.example"])
    account.ok("DELETE", f"/v2/address-books/{book}/contacts/{b}")
    account.ok("POST", "/v2/contacts/resubscribe-with-no-challenge", {"unsubscribedContact": {"email": "a@b.example"}})
    assert modified(account) == ["a@b.example", "b@b.example"]


def test_suppressed_contacts_leave_their_books_or_stay_unmailed(account: Account):
    book = account.book("Walkers", "a@b.example", "b@b.example", "c@b.example")
    account.ok("POST", "/v2/contacts/unsubscribe", {"email": "a@b.example"})
    assert account.members(book) == ["b@b.example", "c@b.example"]
    account.settings.suppressed_contacts_leave_books = False
    account.ok("POST", "/v2/contacts/unsubscribe", {"email": "b@b.example"})
    assert account.members(book) == ["b@b.example", "c@b.example"]


def test_a_books_own_count_may_lag_behind_its_listing(account: Account):
    account.settings.book_count_lag_seconds = 60
    book = account.book("Walkers", "a@b.example")
    assert (account.members(book), account.ok("GET", f"/v2/address-books/{book}")["contacts"]) == (["a@b.example"], 0)
    account.advance(minutes=1)
    assert account.ok("GET", f"/v2/address-books/{book}")["contacts"] == 1


def test_a_list_and_a_date_may_not_be_asked_for_together(account: Account):
    book = account.book("Walkers", "a@b.example")
    asked = f"/contacts/v3?~listId={book}&~modified=gte::2020-01-01T00:00:00Z"
    assert account.call("GET", asked).status == 200
    account.settings.v3_filters_together = False
    answer = account.call("GET", asked)
    assert (answer.status, b"contacts:invalidFilter" in answer.body) == (400, True)
    assert account.call("GET", f"/contacts/v3?~listId={book}").status == 200


def test_addresses_of_other_scripts_may_be_valid(account: Account):
    assert account.refused("POST", "/v2/contacts", {"email": "åsa@köping.example"})[0] == 400
    account.settings.internationalised_addresses = True
    assert account.contact("Åsa@köping.example") > 0


# -- books and fields ------------------------------------------------------------------------------------------------


def test_names_of_books_may_differ_in_letter_case_only(account: Account):
    account.settings.book_names_ignore_case = False
    account.book("Walkers")
    assert account.book("walkers") > 0
    assert account.refused("POST", "/v2/address-books", {"name": "TEST"})[0] == 400


def test_numbers_of_books_and_data_fields_are_limited(account: Account):
    account.settings.book_limit, account.settings.data_field_limit = 0, 0
    refused = account.refused("POST", "/v2/address-books", {"name": "Walkers"})
    assert refused[1] == "Error: ERROR_ADDRESSBOOK_LIMITEXCEEDED"
    refused = account.refused("POST", "/v2/data-fields", {"name": "X", "type": "Date"})
    assert refused[1] == "Error: ERROR_DATAFIELD_LIMITEXCEEDED"


def test_the_pseudo_book_of_all_contacts_may_be_listed(account: Account):
    account.contact("a@b.example")
    account.settings.all_contacts_listed = True
    assert account.ok("GET", "/v2/address-books")[0] == {
        "id": 0,
        "name": "All contacts",
        "visibility": "Private",
        "contacts": 1,
    }


def test_creating_a_data_field_may_echo_it_and_a_blocked_deletion_be_200(account: Account):
    account.settings.data_field_create_echoes, account.settings.blocked_field_delete_status = True, 200
    assert account.ok("POST", "/v2/data-fields", {"name": "x", "type": "Date"})["name"] == "X"
    bulk_load.dependency(account.state, "X", "Survey", 7)
    assert account.ok("DELETE", "/v2/data-fields/X")["result"] is False


def test_removals_may_need_more_polls(account: Account):
    account.settings.bulk_removal_polls = 3
    book = account.book("Walkers", "a@b.example")
    started = account.ok("POST", f"/v2/address-books/{book}/contacts/delete-all")
    polls = [account.ok("GET", f"/v2/contacts/deletion/{started['id']}")["status"] for _ in range(4)]
    assert polls == ["Started"] * 3 + ["Completed"]


# -- imports ---------------------------------------------------------------------------------------------------------


def test_imports_may_finish_without_being_asked_or_after_more_polls(account: Account):
    for polls, expected in ((0, ["Finished"]), (3, ["NotFinished"] * 3 + ["Finished"])):
        account.settings.import_polls = polls
        started = account.ok("PUT", "/contacts/v3/import", {"contacts": [row("a@b.example")]})
        path = f"/contacts/v3/import/{started['importId']}"
        assert [account.ok("GET", path)["status"] for _ in expected] == expected


def test_the_last_of_several_rows_may_win(account: Account):
    account.settings.import_duplicate_winner = "last"
    account.import_v3([row("a@b.example", FIRSTNAME="First"), row("A@b.example", FIRSTNAME="Last")])
    assert account.fields("a@b.example") == {"FIRSTNAME": "Last"}


@pytest.mark.parametrize(("joins", "members"), [(True, ["a@b.example"]), (False, [])])
def test_suppressed_contacts_may_or_may_not_join_lists_by_import(account: Account, joins: bool, members: list[str]):
    account.settings.import_suppressed_join_lists = joins
    gone(account)
    book = account.book("Walkers")
    account.import_v3([{**row("a@b.example"), "lists": [book]}])
    assert account.members(book) == members


def test_unknown_data_fields_may_be_ignored_in_v3(account: Account):
    account.settings.v3_unknown_data_field = "ignore"
    assert account.import_v3([row("a@b.example", SHOESIZE=44, FIRSTNAME="A")])["failures"] == []
    assert account.fields("a@b.example") == {"FIRSTNAME": "A"}


def test_a_large_file_may_be_refused_by_status_alone(account: Account):
    account.settings.v2_import_too_large = "status"
    data = base64.b64encode(b"email\n" + b"x" * (10 * 1024 * 1024)).decode()
    assert account.call("POST", "/v2/contacts/import", {"fileName": "c.csv", "data": data}).status == 413


def test_a_body_over_fifty_megabytes_is_refused_in_v3(account: Account):
    assert account.call("PUT", "/contacts/v3/import", b" " * (50 * 1024 * 1024 + 1)).status == 413


def test_unknown_imports_may_have_the_status_unknown_and_other_codes(account: Account):
    account.settings.import_not_found_status = 400
    assert account.refused("GET", "/v2/contacts/import/0-0") == (400, "Error: ERROR_IMPORT_NOT_FOUND")
    account.settings.v2_unknown_import = "status"
    assert account.ok("GET", "/v2/contacts/import/0-0") == {"id": "0-0", "status": "Unknown"}


def test_faults_may_be_worded_as_in_vendor_code_and_expire_sooner(account: Account):
    account.settings.v2_fault_wording, account.settings.fault_report_days = "vendor", 1
    body = {"addressBookIds": [], "contacts": [{"email": "broken"}]}
    started = account.ok("POST", "/v2/contacts/import-collection", body)
    account.advance(minutes=1)
    path = f"/v2/contacts/import/{started['id']}/report-faults"
    assert b"Invalid Entries" in account.call("GET", path).body
    account.advance(days=2)
    account.ok("POST", "/v2/contacts/import-collection", body)
    account.advance(minutes=1)
    assert account.refused("GET", path)[0] == 404


def test_bulk_deletions_and_custom_identifiers_are_limited(account: Account):
    account.settings.v3_bulk_delete_limit, account.settings.custom_identifier_limit = 0, 0
    answer = account.call("POST", "/contacts/v3/delete", [{"email": "a@b.example"}])
    assert (answer.status, json.loads(answer.body)["errorCode"]) == (429, "contacts:tooManyBulkDeleteJobs")
    answer = account.call("POST", "/configuration/v3/customIdentifiers", {"name": "crmid"})
    assert (answer.status, json.loads(answer.body)["errorCode"]) == (412, "accounts:maxAccountLimit")


def test_a_single_contact_beyond_the_allowance_is_refused(account: Account):
    account.settings.contact_limit = 1
    account.contact("a@b.example")
    assert account.refused("POST", "/v2/contacts", {"email": "b@b.example"})[1] == "Error: ERROR_CONTACT_TOOMANY"


# -- sends -----------------------------------------------------------------------------------------------------------


def send(account: Account, **more: Any) -> tuple[int, Any]:
    mailing = bulk_load.campaign(account.state, "Spring", "S", "$UNSUB$", "T")
    answer = account.call("POST", "/v2/campaigns/send", {"campaignId": mailing, **more})
    return answer.status, json.loads(answer.body)


def test_an_account_may_not_be_enabled_to_send_or_have_no_mails_left(account: Account):
    book = account.book("Walkers", "a@b.example")
    account.settings.send_limit = 1
    assert send(account, addressBookIds=[book])[0] == 202
    account.advance(minutes=1)
    account.ok("GET", "/v2/contacts")
    assert send(account, addressBookIds=[book])[1] == {"message": "Error: ERROR_SEND_LIMITEXCEEDED"}
    account.settings.sending_permitted = False
    text = "Send not permitted at this time. ERROR_CAMPAIGN_SENDNOTPERMITTED"
    assert send(account, addressBookIds=[book])[1] == {"message": text}


def test_a_date_in_the_past_means_now_or_is_refused(account: Account):
    book = account.book("Walkers", "a@b.example")
    assert send(account, addressBookIds=[book], sendDate="2020-01-01T00:00:00Z")[1]["status"] == "NotSent"
    account.settings.past_send_date_is_immediate = False
    assert send(account, addressBookIds=[book], sendDate="2020-01-01T00:00:00Z")[0] == 400


def test_one_suppressed_contact_named_by_id_may_fail_the_send(account: Account):
    contact = gone(account)
    assert send(account, contactIds=[contact])[0] == 202
    account.settings.suppressed_contact_fails_send = True
    assert send(account, contactIds=[contact])[0] == 400
    account.advance(minutes=1)
    account.ok("GET", "/v2/contacts")
    assert [one["direct"] for one in truth.attempted_suppressed(account.state)] == [True]


def test_a_send_may_be_read_back_without_its_lists(account: Account):
    book = account.book("Walkers", "a@b.example")
    _, started = send(account, addressBookIds=[book])
    assert started["addressBookIds"] == [book]
    account.settings.send_lists_read_back_null = True
    assert account.ok("GET", f"/v2/campaigns/send/{started['id']}")["addressBookIds"] is None


def test_split_options_count_only_when_all_three_are_given(account: Account):
    book = account.book("Walkers", "a@b.example")
    options = {"testMetric": "Opens", "testPercentage": 10, "testPeriodHours": 4}
    assert send(account, addressBookIds=[book], splitTestOptions=options)[1]["splitTestOptions"] == options
    del options["testMetric"]
    assert send(account, addressBookIds=[book], splitTestOptions=options)[1]["splitTestOptions"] is None


def test_campaigns_may_do_without_an_unsubscribe_link(account: Account):
    account.settings.unsubscribe_link_required = False
    body = {"name": "N", "subject": "S", "fromName": "K", "htmlContent": "<p>", "plainTextContent": "T"}
    assert account.ok("POST", "/v2/campaigns", body)["status"] == "Unsent"


def test_the_phases_of_a_send_can_be_stretched(account: Account):
    account.settings.send_start_seconds, account.settings.send_duration_seconds = 60, 600
    _, started = send(account, addressBookIds=[account.book("Walkers", "a@b.example")])
    seen = []
    for minutes in (0.5, 1, 10):
        account.advance(minutes=minutes)
        seen.append(account.ok("GET", f"/v2/campaigns/send/{started['id']}")["status"])
    assert seen == ["NotSent", "Sending", "Sent"]


# -- the audience ----------------------------------------------------------------------------------------------------


def mailing(account: Account, people: int = 60) -> int:
    bulk_load.contacts(account.state, (bulk_load.Contact(f"p{n}@b.example", {}, NOW) for n in range(people)))
    book = bulk_load.book(account.state, "Everyone", (f"p{n}@b.example" for n in range(people)))
    campaign = bulk_load.campaign(account.state, "Spring", "S", '<a href="https://x.example/">x</a> $UNSUB$', "T")
    account.ok("POST", "/v2/campaigns/send", {"campaignId": campaign, "addressBookIds": [book]})
    account.advance(days=4)
    return campaign


def test_the_audience_can_be_switched_off_and_everything_still_arrives(account: Account):
    account.settings.audience = False
    summary = account.ok("GET", f"/v2/campaigns/{mailing(account)}/summary")
    assert (summary["numTotalDelivered"], summary["numTotalOpens"]) == (60, 0)


def test_contacts_become_soft_bounced_after_the_set_number_of_bounces(account: Account):
    account.settings.delivered_share, account.settings.hard_bounce_share = 0.0, 0.0
    account.settings.soft_bounce_share, account.settings.soft_bounces_until_suppressed = 1.0, 2
    campaign = mailing(account, 5)
    assert account.ok("GET", f"/v2/contacts/suppressed-since/{SINCE}") == []
    (book,) = account.ok("GET", f"/v2/campaigns/{campaign}/address-books")
    account.ok("POST", "/v2/campaigns/send", {"campaignId": campaign, "addressBookIds": [book["id"]]})
    account.advance(days=1)
    rows = account.ok("GET", f"/v2/contacts/suppressed-since/{SINCE}")
    assert [one["reason"] for one in rows] == ["SoftBounced"] * 5


def test_hard_bounces_are_listed_as_contacts(account: Account):
    account.settings.delivered_share, account.settings.hard_bounce_share = 0.0, 1.0
    rows = account.ok("GET", f"/v2/campaigns/{mailing(account, 5)}/hard-bouncing-contacts")
    assert [one["status"] for one in rows] == ["HardBounced"] * 5


def test_forwards_are_counted_and_clicks_may_leave_no_web_session(account: Account):
    account.settings.open_share = account.settings.forward_share = account.settings.click_share = 1.0
    account.settings.web_tracking = False
    campaign = mailing(account)
    assert account.ok("GET", f"/v2/campaigns/{campaign}/summary")["numForwards"] > 30
    assert account.ok("GET", "/insightData/v3/contacts/WebInsight")["_items"] == []


# -- features --------------------------------------------------------------------------------------------------------


def test_consent_may_not_be_switched_on(account: Account):
    account.settings.consent_active = False
    body = {"contact": {"email": "a@b.example"}}
    assert account.refused("POST", "/v2/contacts/with-consent", body) == (403, "Error: ERROR_FEATURENOTACTIVE")


def test_surveys_may_be_read_a_thousand_at_a_time(account: Account):
    account.settings.survey_maximum = 1000
    assert account.ok("GET", "/v2/surveys?select=1000") == []
