"""Creating, changing and deleting rows: what is computed, what is checked, what is refused."""

from datetime import timedelta
from typing import Any

import pytest

from dyntui.sandbox.state import State

from .api import Client


def test_creating_answers_204_with_the_address_of_the_row(admin: Client) -> None:
    answer = admin.post("contacts", {"lastname": "Example"})
    assert (answer.status, answer.text) == (204, "")
    assert answer.headers["OData-EntityId"] == answer.headers["Location"]
    assert answer.headers["OData-EntityId"].startswith(f"{admin.state.urls.dataverse}/api/data/v9.2/contacts(")


def test_creating_can_answer_with_the_row(admin: Client) -> None:
    answer = admin.post(
        "lists?$select=listname", {"listname": "News", "createdfromcode": 2}, Prefer="return=representation"
    )
    assert answer.status == 201
    assert answer.json["listname"] == "News"
    assert answer.headers["Preference-Applied"] == "return=representation"
    assert "OData-EntityId" not in answer.headers


def test_a_row_may_bring_its_own_id_once(admin: Client) -> None:
    own = "0000AAAA-0000-4000-8000-000000000001"
    assert admin.create("contacts", contactid=own, lastname="x") == own.lower()
    again = admin.post("contacts", {"contactid": own, "lastname": "y"})
    assert (again.status, again.code) == (412, "0x80040237")


def test_rows_know_who_made_them_when_and_whose_they_are(admin: Client, state: State) -> None:
    contact = admin.create("contacts", lastname="x")
    me = admin.get("WhoAmI").json
    state.clock.advance(timedelta(minutes=5))
    admin.patch(f"contacts({contact})", {"jobtitle": "y"})
    row = admin.row("contacts", contact)
    assert row["_createdby_value"] == row["_modifiedby_value"] == row["_ownerid_value"] == me["UserId"]
    assert row["_owningbusinessunit_value"] == me["BusinessUnitId"]
    assert row["_owninguser_value"] == me["UserId"]
    assert (row["createdon"], row["modifiedon"]) == ("2026-03-04T08:10:44Z", "2026-03-04T08:15:44Z")


def test_the_full_name_follows_first_and_last_name(admin: Client) -> None:
    contact = admin.create("contacts", firstname="Ada", lastname="Example", fullname="ignored")
    assert admin.row("contacts", contact)["fullname"] == "Ada Example"
    admin.patch(f"contacts({contact})", {"firstname": None})
    assert admin.row("contacts", contact)["fullname"] == "Example"
    lead = admin.create("leads", firstname="Bob", lastname="Lead", subject="Topic")
    assert admin.row("leads", lead)["fullname"] == "Bob Lead"


def test_an_update_changes_only_what_it_names(admin: Client) -> None:
    contact = admin.create("contacts", firstname="Ada", lastname="Example", jobtitle="x")
    answer = admin.patch(f"contacts({contact})", {"jobtitle": "y"}, If_Match="*")
    assert (answer.status, answer.new_id) == (204, contact)
    row = admin.row("contacts", contact)
    assert (row["firstname"], row["jobtitle"]) == ("Ada", "y")


def test_an_update_without_if_match_creates_a_missing_row(admin: Client) -> None:
    missing = "00000063-0000-4000-8000-000000000063"
    refused = admin.patch(f"contacts({missing})", {"lastname": "x"}, If_Match="*")
    assert (refused.status, refused.code) == (404, "0x80040217")
    assert admin.patch(f"contacts({missing})", {"lastname": "x"}).status == 204
    assert admin.row("contacts", missing)["lastname"] == "x"
    answer = admin.patch(f"contacts({missing})", {"lastname": "y"}, Prefer="return=representation")
    assert (answer.status, answer.json["lastname"]) == (200, "y")


def test_if_none_match_only_ever_creates(admin: Client) -> None:
    contact = admin.create("contacts", lastname="x")
    answer = admin.patch(f"contacts({contact})", {"lastname": "y"}, If_None_Match="*")
    assert (answer.status, answer.code) == (412, "0x80040237")
    assert answer.message == "A record with matching key values already exists."


def test_a_write_with_an_old_version_is_refused(admin: Client) -> None:
    contact = admin.create("contacts", lastname="x")
    etag = admin.row("contacts", contact)["@odata.etag"]
    assert admin.patch(f"contacts({contact})", {"jobtitle": "1"}, If_Match=etag).status == 204
    for method in (admin.patch, admin.delete):
        answer = method(f"contacts({contact})", *([{"jobtitle": "2"}] if method == admin.patch else []), If_Match=etag)
        assert (answer.status, answer.code) == (412, "0x80060882")
    assert admin.delete(f"contacts({contact})", If_Match=admin.row("contacts", contact)["@odata.etag"]).status == 204


def test_versions_grow_over_the_whole_organisation(admin: Client) -> None:
    first = admin.row("contacts", admin.create("contacts", lastname="x"))["versionnumber"]
    second = admin.row("accounts", admin.create("accounts", name="x"))["versionnumber"]
    assert second > first


def test_an_update_with_equal_values_is_a_change_unless_switched_off(admin: Client, state: State) -> None:
    contact = admin.create("contacts", lastname="x")
    before = admin.row("contacts", contact)["versionnumber"]
    admin.patch(f"contacts({contact})", {"lastname": "x"})
    bumped = admin.row("contacts", contact)["versionnumber"]
    assert bumped > before
    state.config.dataverse.unchanged_update_bumps_version = False
    admin.patch(f"contacts({contact})", {"lastname": "x"})
    assert admin.row("contacts", contact)["versionnumber"] == bumped


def test_one_property_can_be_set_and_cleared(admin: Client) -> None:
    contact = admin.create("contacts", lastname="x")
    assert admin.put(f"contacts({contact})/jobtitle", {"value": "Boss"}).status == 204
    assert admin.row("contacts", contact)["jobtitle"] == "Boss"
    assert admin.delete(f"contacts({contact})/jobtitle").status == 204
    assert admin.row("contacts", contact)["jobtitle"] is None


def test_a_lookup_is_set_and_cleared_through_its_navigation_property(admin: Client) -> None:
    account = admin.create("accounts", name="A", accountnumber="A1")
    contact = admin.create("contacts", lastname="x", parentcustomerid_account__bind=f"accounts({account})")
    assert admin.row("contacts", contact)["_parentcustomerid_value"] == account
    admin.patch(f"contacts({contact})", {"parentcustomerid_account@odata.bind": None})
    assert admin.row("contacts", contact)["_parentcustomerid_value"] is None
    address = f"{admin.state.urls.dataverse}/api/data/v9.2/accounts({account})"
    admin.put(f"contacts({contact})/parentcustomerid_account/$ref", {"@odata.id": address})
    assert admin.row("contacts", contact)["_parentcustomerid_value"] == account
    assert admin.delete(f"contacts({contact})/parentcustomerid_account/$ref").status == 204
    assert admin.row("contacts", contact)["_parentcustomerid_value"] is None


@pytest.mark.parametrize(
    "body",
    [
        {"parentcustomerid_Account@odata.bind": "/accounts(00000032-0000-4000-8000-000000000032)"},
        {"nosuch@odata.bind": "/accounts(00000032-0000-4000-8000-000000000032)"},
        {"_parentcustomerid_value": "00000032-0000-4000-8000-000000000032"},
        {"nosuch": 1},
        {"LastName": "x"},
        {"lastname": 5},
        {"donotemail": "true"},
        {"numberofchildren": 1.5},
        {"birthdate": "29.02.1980"},
        {"birthdate": "1980-02-29T00:00:00Z"},
        {"overriddencreatedon": "2026-01-01"},
    ],
)
def test_a_body_that_does_not_fit_is_refused(admin: Client, body: dict[str, Any]) -> None:
    answer = admin.post("contacts", body)
    assert (answer.status, answer.code) == (400, "0x80048d19")
    assert admin.get("contacts/$count").text == "0"


def test_a_lookup_to_a_missing_row_is_refused(admin: Client) -> None:
    body = {"parentcustomerid_account@odata.bind": "/accounts(00000032-0000-4000-8000-000000000032)"}
    assert (admin.post("contacts", body).status, admin.post("contacts", body).code) == (404, "0x80040217")


def test_a_body_that_is_no_json_is_refused(admin: Client) -> None:
    assert admin.send("POST", "contacts", b"{").status == 400
    assert admin.send("POST", "contacts", b"[]").status == 400


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"firstname": "x" * 51}, "0x80044331"),
        ({"numberofchildren": 10_000_000_000}, "0x8004432f"),
        ({"preferredcontactmethodcode": 99}, "0x8004431a"),
        ({"birthdate": "1700-01-01"}, "0x80040239"),
        ({"statuscode": 2}, "0x80048408"),
        ({"ownerid@odata.bind": "/systemusers(00000032-0000-4000-8000-000000000032)"}, "0x80040217"),
    ],
)
def test_values_out_of_range_are_refused_with_their_code(admin: Client, body: dict[str, Any], code: str) -> None:
    assert admin.post("contacts", body).code == code


def test_trailing_spaces_are_trimmed_and_empty_text_is_no_text(admin: Client) -> None:
    contact = admin.create("contacts", lastname="x  ", jobtitle="", emailaddress1=" a@b ")
    row = admin.row("contacts", contact)
    assert (row["lastname"], row["jobtitle"], row["emailaddress1"]) == ("x", None, " a@b")


def test_read_only_columns_are_ignored_or_refused_as_switched(admin: Client, state: State) -> None:
    contact = admin.create("contacts", lastname="x", versionnumber=1)
    assert admin.row("contacts", contact)["versionnumber"] > 1
    state.config.dataverse.read_only_columns = "reject"
    assert admin.post("contacts", {"lastname": "x", "versionnumber": 1}).status == 400


def test_times_are_kept_in_utc_with_whole_seconds(admin: Client) -> None:
    contact = admin.create("contacts", lastname="x", overriddencreatedon="2020-05-01T12:00:00.987+02:00")
    assert admin.row("contacts", contact)["createdon"] == "2020-05-01T10:00:00Z"


def test_a_new_state_brings_its_default_status(admin: Client) -> None:
    lead = admin.create("leads", lastname="x", subject="t")
    assert (admin.row("leads", lead)["statecode"], admin.row("leads", lead)["statuscode"]) == (0, 1)
    admin.patch(f"leads({lead})", {"statecode": 2})
    assert admin.row("leads", lead)["statuscode"] == 7
    admin.patch(f"leads({lead})", {"statecode": 2, "statuscode": 5})
    assert admin.row("leads", lead)["statuscode"] == 5
    answer = admin.patch(f"leads({lead})", {"statuscode": 1})
    assert answer.code == "0x80048408"
    assert "1 is not a valid status code for state code LeadState.Disqualified" in answer.message


def test_an_assigned_row_moves_to_its_owners_business_unit(admin: Client, state: State) -> None:
    unit = admin.create("businessunits", name="North")
    team = admin.create("teams", name="Team North", businessunitid__bind=f"/businessunits({unit})")
    contact = admin.create("contacts", lastname="x", ownerid__bind=f"/teams({team})")
    row = admin.row("contacts", contact)
    assert row["_ownerid_value"] == row["_owningteam_value"] == team
    assert row["_owningbusinessunit_value"] == unit
    assert row["_owninguser_value"] is None


def test_related_rows_are_created_with_the_row(admin: Client) -> None:
    body = {
        "name": "Example Ltd",
        "primarycontactid": {"firstname": "Ada"},
        "contact_customer_accounts": [{"firstname": "Bob"}, {"firstname": "Cem"}],
    }
    account = admin.post("accounts", body).new_id
    row = admin.get(f"accounts({account})?$expand=primarycontactid,contact_customer_accounts").json
    assert row["primarycontactid"]["firstname"] == "Ada"
    assert sorted(each["firstname"] for each in row["contact_customer_accounts"]) == ["Bob", "Cem"]


def test_a_failed_deep_insert_leaves_nothing(admin: Client) -> None:
    body = {"name": "Example Ltd", "contact_customer_accounts": [{"firstname": "Bob"}, {"nosuch": 1}]}
    assert admin.post("accounts", body).status == 400
    assert admin.get("accounts/$count").text == "0"
    assert admin.get("contacts/$count").text == "0"


def test_nested_rows_cannot_be_updated(admin: Client) -> None:
    account = admin.create("accounts", name="A")
    assert admin.patch(f"accounts({account})", {"primarycontactid": {"firstname": "x"}}).status == 400


def test_a_row_can_be_created_inside_a_collection(admin: Client) -> None:
    account = admin.create("accounts", name="A")
    contact = admin.post(f"accounts({account})/contact_customer_accounts", {"firstname": "Ada"}).new_id
    assert admin.row("contacts", contact)["_parentcustomerid_value"] == account


def test_a_deleted_row_is_gone_and_lookups_to_it_are_empty(admin: Client) -> None:
    account = admin.create("accounts", name="A")
    lead = admin.create("leads", subject="x", lastname="x", parentaccountid__bind=f"/accounts({account})")
    assert admin.delete(f"accounts({account})").status == 204
    assert admin.delete(f"accounts({account})").status == 404
    row = admin.row("leads", lead)
    assert row["_parentaccountid_value"] is None


def test_duplicates_are_only_detected_when_asked_for(admin: Client) -> None:
    admin.create("contacts", lastname="x", emailaddress1="a@example.org")
    assert admin.post("contacts", {"emailaddress1": "A@example.org"}).status == 204
    answer = admin.send(
        "POST", "contacts", {"emailaddress1": "a@example.org"}, **{"MSCRM.SuppressDuplicateDetection": "false"}
    )
    assert answer.code == "0x80040333"


def test_amounts_are_kept_in_the_base_currency_too(admin: Client) -> None:
    newsletter = admin.create("lists", listname="N", createdfromcode=2, cost=10)
    row = admin.row("lists", newsletter)
    assert (row["cost"], row["cost_base"], row["exchangerate"]) == (10.0, 10.0, 1.0)


def test_methods_that_a_resource_does_not_have_are_refused(admin: Client) -> None:
    contact = admin.create("contacts", lastname="x")
    assert admin.put(f"contacts({contact})", {}).status == 405
    assert admin.delete("contacts").status == 405
    assert admin.post("WhoAmI").status == 405


def test_a_plain_date_column_refuses_a_time_by_its_type(admin: Client) -> None:
    answer = admin.post("contacts", {"lastname": "x", "birthdate": "2026-03-04T08:00:00Z"})
    assert (answer.status, answer.code) == (400, "0x80048d19")
    assert "'Edm.Date'" in answer.message
    assert "'Edm.DateTimeOffset'" in admin.post("contacts", {"lastname": "x", "overriddencreatedon": "2026"}).message


def test_an_imported_row_says_when_it_was_first_made_and_when_it_came_in(admin: Client) -> None:
    contact = admin.create("contacts", lastname="x", overriddencreatedon="2020-05-01T12:00:00Z")
    row = admin.row("contacts", contact)
    assert (row["createdon"], row["overriddencreatedon"]) == ("2020-05-01T12:00:00Z", "2026-03-04T08:10:44Z")
    assert admin.row("contacts", admin.create("contacts", lastname="y"))["overriddencreatedon"] is None
    tomorrow = admin.post("contacts", {"lastname": "z", "overriddencreatedon": "2026-03-05T08:10:44Z"})
    assert (tomorrow.status, tomorrow.code) == (400, "0x80040203")
    bulk = {
        "Targets": [
            {
                "@odata.type": "Microsoft.Dynamics.CRM.contact",
                "lastname": "b",
                "overriddencreatedon": "2019-01-01T00:00:00Z",
            }
        ]
    }
    [made] = admin.post("contacts/Microsoft.Dynamics.CRM.CreateMultiple", bulk).json["Ids"]
    assert admin.row("contacts", made)["createdon"] == "2019-01-01T00:00:00Z"


def test_a_status_of_another_state_is_refused_or_brings_its_state(admin: Client, state: State) -> None:
    contact = admin.create("contacts", lastname="x")
    assert admin.patch(f"contacts({contact})", {"statuscode": 2}).code == "0x80048408"
    state.config.dataverse.status_of_other_state = "follow"
    assert admin.patch(f"contacts({contact})", {"statuscode": 2}).status == 204
    row = admin.row("contacts", contact)
    assert (row["statecode"], row["statuscode"]) == (1, 2)
    assert admin.patch(f"contacts({contact})", {"statecode": 1, "statuscode": 1}).code == "0x80048408"
