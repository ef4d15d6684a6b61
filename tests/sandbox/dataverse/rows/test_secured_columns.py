"""Columns under column security read as null without a profile, wherever they are asked for."""

from urllib.parse import quote

from dyntui.sandbox.state import State

from .api import Client, sign_in

FETCH = '<fetch><entity name="contact"><attribute name="emailaddress1" /><attribute name="lastname" /></entity></fetch>'


def test_a_secured_column_reads_as_null_and_says_so_in_its_definition(admin: Client, state: State) -> None:
    contact = admin.create("contacts", lastname="Ek", emailaddress1="ek@example.org", donotemail=True)
    state.config.dataverse.secured_columns = {
        "contact.emailaddress1": ["cleo@example.com"],
        "contact.donotemail": [],
    }
    bea = sign_in(state, "bea", "Marketing Manager")
    asked = "contacts?$select=lastname,emailaddress1,donotemail"
    (row,) = bea.get(asked).rows
    assert (row["lastname"], row["emailaddress1"], row["donotemail"]) == ("Ek", None, None)
    assert bea.row("contacts", contact)["emailaddress1"] is None
    assert bea.get(f"contacts({contact})/emailaddress1").status == 204
    (row,) = bea.get(f"contacts?fetchXml={quote(FETCH)}").rows
    assert row.get("emailaddress1") is None
    (row,) = admin.get(asked).rows
    assert (row["emailaddress1"], row["donotemail"]) == ("ek@example.org", True)
    cleo = sign_in(state, "cleo", "Marketing Manager")
    (row,) = cleo.get(asked).rows
    assert (row["emailaddress1"], row["donotemail"]) == ("ek@example.org", None)

    columns = "EntityDefinitions(LogicalName='contact')/Attributes?$select=LogicalName,IsSecured,MetadataId"
    secured = {each["LogicalName"]: each for each in bea.get(f"{columns}&$filter=IsSecured eq true").rows}
    assert sorted(secured) == ["donotemail", "emailaddress1"]
    me = cleo.get("WhoAmI").json["UserId"]
    told = admin.get(f"systemusers({me})/Microsoft.Dynamics.CRM.RetrievePrincipalAttributePrivileges()").json
    assert [(each["AttributeId"], each["CanRead"]) for each in told["AttributePrivileges"]] == [
        (secured["emailaddress1"]["MetadataId"], 4)
    ]


def test_a_write_that_states_a_secured_column_is_refused_without_a_profile_that_may(
    admin: Client, state: State
) -> None:
    """AttributePrivilegeCreateIsMissing and AttributePermissionUpdateIsMissingDuringUpdate, 403 (reference 3.3)."""
    contact = admin.create("contacts", lastname="Ek")
    state.config.dataverse.secured_columns = {"contact.donotbulkemail": ["bea@example.com", "cleo@example.com"]}
    state.config.dataverse.column_writers = {"contact.donotbulkemail": ["cleo@example.com"]}
    bea = sign_in(state, "bea", "Marketing Manager")
    cleo = sign_in(state, "cleo", "Marketing Manager")
    change = {"donotbulkemail": True}
    for refused, code in (
        (bea.post("contacts", {"lastname": "Ask", **change}), "0x8004f502"),
        (bea.patch(f"contacts({contact})", change, If_Match="*"), "0x8004f507"),
    ):
        assert (refused.status, refused.code) == (403, code)
    assert bea.patch(f"contacts({contact})", {"lastname": "Ekberg"}, If_Match="*").status == 204
    targets = [{"@odata.type": "Microsoft.Dynamics.CRM.contact", "contactid": contact, **change}]
    bulk = "contacts/Microsoft.Dynamics.CRM.UpdateMultiple"
    assert bea.post(bulk, {"Targets": targets}).code == "0x8004f507"
    assert admin.row("contacts", contact)["donotbulkemail"] is not True
    assert cleo.post(bulk, {"Targets": targets}).status == 204
    assert admin.row("contacts", contact)["donotbulkemail"] is True
    told = "Microsoft.Dynamics.CRM.RetrievePrincipalAttributePrivileges()"
    for who, may in ((bea, 0), (cleo, 4)):
        me = who.get("WhoAmI").json["UserId"]
        (found,) = admin.get(f"systemusers({me})/{told}").json["AttributePrivileges"]
        assert (found["CanRead"], found["CanCreate"], found["CanUpdate"]) == (4, may, may)


ASKED = (
    '<fetch><entity name="contact"><attribute name="lastname" /><filter>'
    '<condition attribute="donotemail" operator="ne" value="1" /></filter></entity></fetch>'
)


def test_a_condition_on_a_column_that_is_hidden_is_refused_or_by_switch_compares_null(
    admin: Client, state: State
) -> None:
    """QueryContainedSecuredAttributeWithoutAccess in the platform's table of codes."""
    admin.create("contacts", lastname="Ek", donotemail=True)
    state.config.dataverse.secured_columns = {"contact.donotemail": []}
    bea = sign_in(state, "bea", "Marketing Manager")
    asked = (
        "contacts?$select=lastname&$filter=donotemail ne true",
        "contacts?$select=lastname&$orderby=donotemail",
        f"contacts?fetchXml={quote(ASKED)}",
    )
    assert [bea.get(each).code for each in asked] == ["0x8004f506"] * 3
    assert bea.get("contacts?$select=lastname,donotemail&$filter=lastname eq 'Ek'").rows[0]["donotemail"] is None
    assert admin.get(asked[0]).rows == []
    state.config.dataverse.secured_conditions = "null"
    assert [[row["lastname"] for row in bea.get(each).rows] for each in asked] == [["Ek"]] * 3
