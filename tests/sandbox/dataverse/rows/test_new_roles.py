"""What a role made through the API may read before anybody gives it more."""

from dyntui.sandbox.dataverse import business_units, privileges
from dyntui.sandbox.state import State

from .api import Client, sign_in


def test_a_role_made_through_the_api_reads_messages_but_no_definitions(admin: Client, state: State) -> None:
    admin.create(
        "roles", name="Fresh", businessunitid__bind=f"/businessunits({business_units.root_business_unit(state)})"
    )
    bea = sign_in(state, "bea", "Fresh")
    assert bea.get("sdkmessagefilters?$top=1&$select=sdkmessagefilterid").status == 200
    for path, missing in (
        ("EntityDefinitions?$select=LogicalName", "prvReadEntity"),
        ("RelationshipDefinitions?$select=SchemaName", "prvReadRelationship"),
        ("organizations?$select=name", "prvReadOrganization"),
    ):
        answer = bea.get(path)
        assert (answer.status, f"is missing {missing} privilege" in answer.message) == (403, True), path


def test_messages_are_read_by_whoever_holds_their_privilege(admin: Client, state: State) -> None:
    role = admin.create(
        "roles", name="Bare", businessunitid__bind=f"/businessunits({business_units.root_business_unit(state)})"
    )
    read_users = next(iter(privileges.ids_of(state, ["prvReadUser"]).values()))
    only = [{"PrivilegeId": read_users, "Depth": "Global"}]
    assert admin.post(f"roles({role})/Microsoft.Dynamics.CRM.ReplacePrivilegesRole", {"Privileges": only}).status == 204
    bea = sign_in(state, "bea", "Bare")
    for path in ("sdkmessagefilters", "sdkmessages"):
        assert "is missing prvReadSdkMessage privilege" in bea.get(path).message
    state.config.dataverse.sdk_messages_need_privilege = False
    assert bea.get("sdkmessagefilters").status == 200
