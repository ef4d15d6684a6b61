"""Queries: which columns and annotations come back, in which shape."""

from dyntui.sandbox.state import State

from .api import Client

EVERYTHING = 'odata.include-annotations="*"'


def test_a_created_row_can_be_read_back(admin: Client) -> None:
    contact = admin.create("contacts", firstname="Ada", lastname="Example", emailaddress1="ada@example.org")
    row = admin.row("contacts", contact, "fullname,emailaddress1")
    assert row["fullname"] == "Ada Example"
    assert row["emailaddress1"] == "ada@example.org"
    assert list(row)[:2] == ["@odata.context", "@odata.etag"]


def test_the_key_comes_last_and_always_even_when_it_was_not_selected(admin: Client) -> None:
    contact = admin.create("contacts", lastname="Example")
    row = admin.get("contacts?$select=fullname").rows[0]
    assert list(row) == ["@odata.etag", "fullname", "contactid"]
    assert row["contactid"] == contact


def test_selected_columns_without_value_are_null(admin: Client) -> None:
    admin.create("contacts", lastname="Example")
    assert admin.get("contacts?$select=emailaddress1,birthdate").rows[0]["emailaddress1"] is None


def test_booleans_are_true_or_false_and_defaults_apply(admin: Client) -> None:
    admin.create("contacts", lastname="Example", donotemail=True)
    row = admin.get("contacts?$select=donotemail,donotbulkemail").rows[0]
    assert row["donotemail"] is True
    assert row["donotbulkemail"] is False


def test_every_reply_carries_the_platforms_headers(admin: Client) -> None:
    headers = admin.get("WhoAmI").headers
    assert headers["OData-Version"] == "4.0"
    assert headers["x-ms-dop-hint"] == "4"
    assert headers["Content-Type"].startswith("application/json; odata.metadata=minimal")
    assert headers["x-ms-service-request-id"] == headers["REQ_ID"]


def test_annotations_only_come_when_asked_for(admin: Client) -> None:
    admin.create("contacts", lastname="Example")
    plain = admin.get("contacts?$select=statecode")
    assert not [name for name in plain.rows[0] if "@" in name and name != "@odata.etag"]
    assert "Preference-Applied" not in plain.headers
    asked = admin.get("contacts?$select=statecode", Prefer=EVERYTHING)
    assert asked.rows[0]["statecode@OData.Community.Display.V1.FormattedValue"] == "Active"
    assert asked.headers["Preference-Applied"] == EVERYTHING


def test_a_lookup_shows_the_name_the_table_and_the_navigation_property_of_what_it_points_to(admin: Client) -> None:
    account = admin.create("accounts", name="Example Ltd")
    admin.create("contacts", lastname="Example", parentcustomerid_account__bind=f"/accounts({account})")
    row = admin.get("contacts?$select=_parentcustomerid_value", Prefer=EVERYTHING).rows[0]
    assert row["_parentcustomerid_value"] == account
    assert row["_parentcustomerid_value@OData.Community.Display.V1.FormattedValue"] == "Example Ltd"
    assert row["_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"] == "account"
    assert (
        row["_parentcustomerid_value@Microsoft.Dynamics.CRM.associatednavigationproperty"] == "parentcustomerid_account"
    )


def test_annotation_patterns_choose_which_annotations_come(admin: Client) -> None:
    account = admin.create("accounts", name="Example Ltd")
    admin.create("contacts", lastname="Example", parentcustomerid_account__bind=f"/accounts({account})")
    prefer = 'odata.include-annotations="Microsoft.Dynamics.CRM.*"'
    row = admin.get("contacts?$select=_parentcustomerid_value", Prefer=prefer).rows[0]
    assert "_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname" in row
    assert "_parentcustomerid_value@OData.Community.Display.V1.FormattedValue" not in row


def test_empty_values_get_no_annotations(admin: Client) -> None:
    admin.create("contacts", lastname="Example")
    row = admin.get("contacts?$select=_parentcustomerid_value,birthdate", Prefer=EVERYTHING).rows[0]
    assert list(row) == ["@odata.etag", "_parentcustomerid_value", "birthdate", "contactid"]


def test_dates_and_numbers_are_formatted_for_people(admin: Client) -> None:
    admin.create("contacts", lastname="Example", birthdate="1980-02-29", numberofchildren=1234)
    row = admin.get("contacts?$select=birthdate,numberofchildren,createdon", Prefer=EVERYTHING).rows[0]
    assert row["birthdate@OData.Community.Display.V1.FormattedValue"] == "2/29/1980"
    assert row["numberofchildren@OData.Community.Display.V1.FormattedValue"] == "1,234"
    assert row["createdon@OData.Community.Display.V1.FormattedValue"] == "3/4/2026 8:10 AM"
    assert row["createdon"] == "2026-03-04T08:10:44Z"
    assert row["birthdate"] == "1980-02-29"


def test_a_money_column_brings_its_currency(admin: Client) -> None:
    admin.create("lists", listname="Newsletter", createdfromcode=2, cost=12.345)
    row = admin.get("lists?$select=cost").rows[0]
    assert row["cost"] == 12.35
    assert row["_transactioncurrencyid_value"] is not None


def test_ids_are_accepted_in_any_letter_case_and_returned_in_lower_case(admin: Client) -> None:
    contact = admin.create("contacts", lastname="Example")
    assert admin.get(f"contacts({contact.upper()})?$select=lastname").json["contactid"] == contact
    assert admin.get(f"contacts?$filter=contactid eq {contact.upper()}").rows[0]["contactid"] == contact


def test_unknown_columns_are_refused_with_the_platforms_text(admin: Client) -> None:
    answer = admin.get("contacts?$select=nosuch")
    assert (answer.status, answer.code) == (400, "0x80060888")
    assert answer.message == "Could not find a property named 'nosuch' on type 'Microsoft.Dynamics.CRM.contact'."


def test_names_are_case_sensitive(admin: Client) -> None:
    assert admin.get("contacts?$select=FullName").code == "0x80060888"
    assert admin.get("Contacts").status == 404
    assert admin.get("contacts?$filter=FullName eq 'x'").code == "0x80060888"


def test_unknown_entity_sets_are_not_found(admin: Client) -> None:
    answer = admin.get("contactz")
    assert (answer.status, answer.code) == (404, "0x80060888")
    assert answer.message == "Resource not found for the segment 'contactz'."


def test_options_that_the_platform_lacks_are_refused(admin: Client) -> None:
    for option in ("$skip=1", "$search=x", "$format=json"):
        answer = admin.get(f"contacts?{option}")
        assert (answer.status, answer.code) == (400, "0x80060888"), option


def test_a_missing_row_is_named_in_the_error(admin: Client) -> None:
    answer = admin.get("contacts(00000063-0000-4000-8000-000000000063)")
    assert (answer.status, answer.code) == (404, "0x80040217")
    assert answer.message == "Entity 'Contact' With Id = 00000063-0000-4000-8000-000000000063 Does Not Exist"


def test_error_details_come_with_annotations(admin: Client) -> None:
    error = admin.get("contacts?$select=nosuch", Prefer=EVERYTHING).json["error"]
    assert error["@Microsoft.PowerApps.CDS.InnerError.Message"] == error["message"]
    assert "@Microsoft.PowerApps.CDS.HelpLink" in error


def test_an_unchanged_row_need_not_be_sent_again(admin: Client) -> None:
    contact = admin.create("contacts", lastname="Example")
    etag = admin.row("contacts", contact)["@odata.etag"]
    assert admin.get(f"contacts({contact})", If_None_Match=etag).status == 304
    admin.patch(f"contacts({contact})", {"jobtitle": "x"})
    assert admin.get(f"contacts({contact})", If_None_Match=etag).status == 200
    assert admin.get(f"contacts({contact})", If_None_Match="null").status == 200


def test_one_property_can_be_read_alone(admin: Client) -> None:
    contact = admin.create("contacts", lastname="Example")
    assert admin.get(f"contacts({contact})/lastname").json["value"] == "Example"
    assert admin.get(f"contacts({contact})/lastname/$value").text == "Example"
    assert admin.get(f"contacts({contact})/firstname").status == 204


def test_a_lookup_can_be_followed_in_the_address(admin: Client) -> None:
    account = admin.create("accounts", name="Example Ltd")
    contact = admin.create("contacts", lastname="Example", parentcustomerid_account__bind=f"/accounts({account})")
    assert admin.get(f"contacts({contact})/parentcustomerid_account?$select=name").json["name"] == "Example Ltd"
    reference = admin.get(f"contacts({contact})/parentcustomerid_account/$ref").json
    assert reference["@odata.id"].endswith(f"/accounts({account})")
    assert admin.get(f"contacts({contact})/parentcustomerid_contact").status == 204


def test_the_service_document_and_the_metadata_name_the_sets(admin: Client) -> None:
    assert {"name": "contacts", "kind": "EntitySet", "url": "contacts"} in admin.get("").json["value"]
    document = admin.get("$metadata?annotations=true")
    assert document.headers["Content-Type"] == "application/xml"
    assert '<EntitySet Name="contacts" EntityType="Microsoft.Dynamics.CRM.contact">' in document.text
    assert '<Action Name="AddListMembersList" />' in document.text


def test_without_the_sales_app_there_are_no_lists(admin: Client, state: State) -> None:
    state.config.dataverse.sales_app = False
    assert admin.get("lists").status == 404
    assert admin.get("listmembers").status == 404
    assert admin.post("AddListMembersList", {}).status == 404
    assert "lists" not in {each["name"] for each in admin.get("").json["value"]}


def test_a_row_of_a_collection_is_read_through_it_only_while_it_is_in_it(admin: Client) -> None:
    account = admin.create("accounts", name="Example")
    child = admin.create("contacts", lastname="In", **{"parentcustomerid_account@odata.bind": f"/accounts({account})"})
    newsletter = admin.create("lists", listname="News", createdfromcode=2)
    added = admin.post(f"lists({newsletter})/listcontact_association/$ref", {"@odata.id": f"contacts({child})"})
    assert added.status == 204
    other = admin.create("contacts", lastname="Out")
    for collection in (
        f"accounts({account})/contact_customer_accounts",
        f"lists({newsletter})/listcontact_association",
    ):
        assert admin.get(f"{collection}({child})?$select=lastname").json["lastname"] == "In"
        assert admin.get(f"{collection}({other})").status == 404
