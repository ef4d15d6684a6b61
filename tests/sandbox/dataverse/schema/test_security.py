"""Who may do what: users, roles with their depths, business units, teams, impersonation."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from dyntui.sandbox.dataverse import callers, fetchxml, security
from dyntui.sandbox.dataverse.access import Depth
from dyntui.sandbox.dataverse.errors import DataverseError
from dyntui.sandbox.dataverse.roles import SYSTEM_ADMINISTRATOR
from dyntui.sandbox.state import State
from tests.sandbox.dataverse.rows.api import Client, sign_in
from tests.sandbox.dataverse.schema.conftest import People

APPLICATION = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
def admin(state: State) -> Client:
    return sign_in(state, "ada", SYSTEM_ADMINISTRATOR)


def user_id(client: Client) -> str:
    return str(client.get("WhoAmI").json["UserId"])


def role_id(client: Client, name: str, unit: str = "") -> str:
    condition = f"name eq '{name}'" + (f" and _businessunitid_value eq {unit}" if unit else "")
    return str(client.get(f"roles?$select=roleid&$filter={condition}").rows[0]["roleid"])


def privilege(client: Client, name: str, depth: str = "Global") -> dict[str, Any]:
    [row] = client.get(f"privileges?$select=name&$filter=name eq '{name}'").rows
    return {
        "@odata.type": "Microsoft.Dynamics.CRM.RolePrivilege",
        "PrivilegeId": row["privilegeid"],
        "Depth": depth,
        "PrivilegeName": name,
    }


def new_role(admin: Client, name: str, *privileges: tuple[str, str]) -> str:
    role = admin.create("roles", name=name)
    body = {"Privileges": [privilege(admin, each, depth) for each, depth in privileges]}
    answer = admin.post(f"roles({role})/Microsoft.Dynamics.CRM.ReplacePrivilegesRole", body)
    assert answer.status == 204, answer.text
    return role


def assign(admin: Client, user: str, role: str) -> Any:
    reference = {"@odata.id": f"{admin.state.urls.dataverse}/api/data/v9.2/roles({role})"}
    return admin.post(f"systemusers({user})/systemuserroles_association/$ref", reference)


# Coming in ------------------------------------------------------------------------------------------------------------


def enter(state: State, **headers: str) -> Any:
    token = SimpleNamespace(oid="", app_id=APPLICATION, is_app=True)
    return callers.resolve(state, token, headers)


def refusal(state: State) -> str:
    with pytest.raises(DataverseError) as caught:
        enter(state)
    assert caught.value.status == 403
    return caught.value.code


def test_an_application_comes_in_once_it_has_a_user_with_a_role(state: State, people: People) -> None:
    assert refusal(state) == "0x80072560"
    user = people.user("# Connector", applicationid=APPLICATION, accessmode=4)
    assert refusal(state) == "0x80042f09"
    people.give_role(user, "Basic User")
    assert enter(state).user_id == user
    state.db.execute("UPDATE dv_systemuser SET isdisabled = 1 WHERE systemuserid = ?", (user,))
    assert refusal(state) == "0x8004a112"


def test_a_user_may_come_in_through_the_role_of_a_team(state: State, people: People, admin: Client) -> None:
    user = people.user("# Connector", applicationid=APPLICATION, accessmode=4)
    team = admin.create("teams", name="Connectors", businessunitid__bind=f"/businessunits({people.root})")
    base = f"{state.urls.dataverse}/api/data/v9.2"
    role = people.role("Basic User")
    admin.post(f"teams({team})/teamroles_association/$ref", {"@odata.id": f"{base}/roles({role})"})
    admin.post(f"teams({team})/teammembership_association/$ref", {"@odata.id": f"{base}/systemusers({user})"})
    assert enter(state).depth("prvReadContact") is Depth.BASIC


# Depth ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def north_and_south(state: State, admin: Client) -> dict[str, str]:
    """Two business units below the root, and one below north, with an owner and a contact in each."""
    units = {"north": admin.create("businessunits", name="North"), "south": admin.create("businessunits", name="South")}
    units["fjord"] = admin.create(
        "businessunits", name="Fjord", parentbusinessunitid__bind=f"/businessunits({units['north']})"
    )
    for name, unit in list(units.items()):
        owner = sign_in(state, name, "Salesperson", unit=unit)
        assert owner.post("contacts", {"lastname": name}).status == 204
    return units


@pytest.mark.parametrize(
    ("depth", "seen"),
    [
        ("Basic", {"own"}),
        ("Local", {"own", "north"}),
        ("Deep", {"own", "north", "fjord"}),
        ("Global", {"own", "north", "south", "fjord"}),
    ],
)
def test_the_depth_of_a_privilege_decides_which_rows_are_seen(
    state: State, admin: Client, north_and_south: dict[str, str], depth: str, seen: set[str]
) -> None:
    new_role(admin, "Probe", ("prvReadContact", depth), ("prvCreateContact", "Basic"), ("prvReadEntity", "Global"))
    reader = sign_in(state, "rita", "Probe", unit=north_and_south["north"])
    assert reader.post("contacts", {"lastname": "own"}).status == 204
    assert {row["lastname"] for row in reader.get("contacts?$select=lastname").rows} == seen
    query = '<fetch><entity name="contact"><attribute name="lastname"/></entity></fetch>'
    assert {row["lastname"] for row in reader.get(f"contacts?fetchXml={query}").rows} == seen


def test_a_global_privilege_needs_no_condition(state: State, people: People) -> None:
    admin = people.caller(people.user("Ada", "System Administrator"))
    contact = state.config.dataverse.schema.tables["contact"]
    assert security.row_filter(state, admin, contact) is None


def test_a_missing_privilege_is_named_with_its_table(state: State, admin: Client) -> None:
    basic = sign_in(state, "ben", "Basic User")
    answer = basic.get("leads?$select=subject")
    assert (answer.status, answer.code) == (403, "0x80040220")
    assert f"Principal user (Id={user_id(basic)}, type=8, roleCount=1, privilegeCount=" in answer.message
    assert (
        "is missing prvReadLead privilege (Id=a8ecac53-09e8-4a13-b598-8d8c87bc3d33) on OTC=4 for entity 'lead'"
        in answer.message
    )


def test_a_row_out_of_reach_is_refused_and_a_missing_row_is_missing(state: State, admin: Client) -> None:
    theirs = admin.create("contacts", lastname="Theirs")
    basic = sign_in(state, "ben", "Basic User")
    refused = basic.get(f"contacts({theirs})?$select=lastname")
    assert (refused.status, refused.code) == (403, "0x8004020d")
    assert basic.get("contacts(00000000-0000-4000-8000-00000000dead)?$select=lastname").status == 404


def test_new_tables_get_privileges_which_administrators_hold_at_once(state: State, admin: Client) -> None:
    text = {"LocalizedLabels": [{"Label": "Thing", "LanguageCode": 1033}]}
    name = {
        "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
        "SchemaName": "ddg_Name",
        "IsPrimaryName": True,
        "MaxLength": 50,
        "DisplayName": text,
    }
    body = {"SchemaName": "ddg_Thing", "DisplayName": text, "OwnershipType": "UserOwned", "Attributes": [name]}
    assert admin.post("EntityDefinitions", body).status == 204
    assert admin.post("ddg_things", {"ddg_name": "x"}).status == 204
    sales = sign_in(state, "sal", "Salesperson")
    assert "prvCreateddg_Thing" in sales.post("ddg_things", {"ddg_name": "x"}).message


# Roles ----------------------------------------------------------------------------------------------------------------


def test_every_business_unit_has_its_copy_of_every_role(state: State, admin: Client) -> None:
    before = admin.create("businessunits", name="Before")
    role = new_role(admin, "Reader", ("prvReadContact", "Global"))
    after = admin.create("businessunits", name="After")
    rows = admin.get(f"roles?$select=_businessunitid_value&$filter=_parentrootroleid_value eq {role}").rows
    assert {row["_businessunitid_value"] for row in rows} >= {before, after}
    copy = next(row["roleid"] for row in rows if row["_businessunitid_value"] == after)
    held = admin.get(f"RetrieveRolePrivilegesRole(RoleId={copy})").json["RolePrivileges"]
    assert [(each["PrivilegeName"], each["Depth"]) for each in held] == [("prvReadContact", "Global")]


def test_a_new_role_begins_with_a_few_privileges_and_takes_more(admin: Client) -> None:
    role = admin.create("roles", name="Growing")
    first = admin.get(f"RetrieveRolePrivilegesRole(RoleId={role})").json["RolePrivileges"]
    assert len(first) == 9
    add = {"Privileges": [privilege(admin, "prvReadContact", "Local")]}
    assert admin.post(f"roles({role})/Microsoft.Dynamics.CRM.AddPrivilegesRole", add).status == 204
    assert (
        admin.post(
            f"roles({role})/Microsoft.Dynamics.CRM.AddPrivilegesRole",
            {"Privileges": [privilege(admin, "prvReadContact", "Deep")]},
        ).status
        == 204
    )
    held = {
        each["PrivilegeName"]: each
        for each in admin.get(f"RetrieveRolePrivilegesRole(RoleId={role})").json["RolePrivileges"]
    }
    assert len(held) == 10
    assert held["prvReadContact"]["Depth"] == "Deep"
    gone = {"PrivilegeId": held["prvReadContact"]["PrivilegeId"]}
    assert admin.post(f"roles({role})/Microsoft.Dynamics.CRM.RemovePrivilegeRole", gone).status == 204
    assert len(admin.get(f"roles({role})/roleprivileges_association?$select=name").rows) == 9


def test_a_role_name_is_taken_once_per_business_unit(admin: Client) -> None:
    assert admin.post("roles", {"name": "Twice"}).status == 204
    assert admin.post("roles", {"name": "Twice"}).code == "0x80041403"


def test_a_role_of_another_business_unit_cannot_be_assigned(state: State, admin: Client, people: People) -> None:
    unit = admin.create("businessunits", name="North")
    user = people.user("Nora", unit=unit)
    assert assign(admin, user, people.role("Basic User")).code == "0x80041409"
    assert assign(admin, user, people.role("Basic User", unit)).status == 204
    state.config.dataverse.roles_across_business_units = True
    assert assign(admin, user, people.role("Salesperson")).status == 204


def test_nobody_grants_more_than_they_hold(state: State, admin: Client, people: People) -> None:
    new_role(
        admin,
        "Role keeper",
        *((f"prv{action}Role", "Global") for action in ("Create", "Read", "Write", "Append", "AppendTo", "Assign")),
        ("prvReadUser", "Global"),
        ("prvWriteUser", "Global"),
        ("prvAppendUser", "Global"),
        ("prvAppendToUser", "Global"),
        ("prvReadContact", "Local"),
    )
    keeper = sign_in(state, "kim", "Role keeper")
    target = people.user("Tom")
    refused = assign(keeper, target, people.role("System Administrator"))
    assert (refused.status, refused.code) == (403, "0x80040220")
    role = admin.create("roles", name="Target")
    admin.post(f"roles({role})/Microsoft.Dynamics.CRM.ReplacePrivilegesRole", {"Privileges": []})
    add = f"roles({role})/Microsoft.Dynamics.CRM.AddPrivilegesRole"
    assert keeper.post(add, {"Privileges": [privilege(admin, "prvReadContact", "Local")]}).status == 204
    assert keeper.post(add, {"Privileges": [privilege(admin, "prvReadContact", "Deep")]}).status == 403
    assert keeper.post(add, {"Privileges": [privilege(admin, "prvReadLead", "Basic")]}).status == 403


def test_the_administrators_role_and_standard_roles_are_protected(admin: Client) -> None:
    role = role_id(admin, "System Administrator")
    add = {"Privileges": [privilege(admin, "prvReadContact")]}
    assert admin.post(f"roles({role})/Microsoft.Dynamics.CRM.AddPrivilegesRole", add).code == "0x80041d31"
    assert admin.delete(f"roles({role_id(admin, 'Basic User')})").status == 400


def test_deleting_a_role_deletes_its_copies(admin: Client) -> None:
    admin.create("businessunits", name="North")
    role = new_role(admin, "Passing", ("prvReadContact", "Global"))
    copy = next(
        row["roleid"]
        for row in admin.get(f"roles?$select=roleid&$filter=_parentrootroleid_value eq {role}").rows
        if row["roleid"] != role
    )
    assert admin.delete(f"roles({copy})").code == "0x8004140c"
    assert admin.delete(f"roles({role})").status == 204
    assert admin.get("roles?$select=roleid&$filter=name eq 'Passing'").rows == []


# What somebody holds --------------------------------------------------------------------------------------------------


def test_what_a_user_holds_is_told_with_depths(state: State, admin: Client) -> None:
    basic = user_id(sign_in(state, "ben", "Basic User"))
    path = f"systemusers({basic})/Microsoft.Dynamics.CRM."
    held = {
        each["PrivilegeName"]: each["Depth"]
        for each in admin.get(f"{path}RetrieveUserPrivileges()").json["RolePrivileges"]
    }
    assert (held["prvReadContact"], held["prvReadUser"]) == ("Basic", "Global")
    assert "prvReadLead" not in held
    one = admin.get(f"{path}RetrieveUserPrivilegeByPrivilegeName(PrivilegeName='prvReadContact')").json
    assert [each["Depth"] for each in one["RolePrivileges"]] == ["Basic"]
    some = admin.get(
        f'{path}RetrieveUserSetOfPrivilegesByNames(PrivilegeNames=@p)?@p=["prvReadContact","prvReadLead"]'
    ).json
    assert [each["PrivilegeName"] for each in some["RolePrivileges"]] == ["prvReadContact"]


def test_the_rights_to_one_row_depend_on_who_owns_it(state: State, admin: Client) -> None:
    basic = sign_in(state, "ben", "Basic User")
    mine, theirs = basic.create("contacts", lastname="Mine"), admin.create("contacts", lastname="Theirs")

    def rights(contact: str) -> str:
        target = f'{{"@odata.id":"contacts({contact})"}}'
        path = f"systemusers({user_id(basic)})/Microsoft.Dynamics.CRM.RetrievePrincipalAccess(Target=@t)?@t={target}"
        return str(admin.get(path).json["AccessRights"])

    assert "ReadAccess" in rights(mine)
    assert rights(theirs) == "None"


# Impersonation --------------------------------------------------------------------------------------------------------


def test_impersonation_needs_its_privilege(state: State, admin: Client) -> None:
    basic, other = sign_in(state, "ben", "Basic User"), sign_in(state, "eve", "Basic User")
    answer = basic.get("WhoAmI", CallerObjectId=user_id(other))
    assert (answer.status, answer.code) == (403, "0x8004a110")
    assert admin.get("WhoAmI", CallerObjectId=user_id(other)).json["UserId"] == user_id(other)
    assert admin.get("WhoAmI", MSCRMCallerID=user_id(other)).json["UserId"] == user_id(other)


def test_impersonated_rights_are_those_that_both_have(state: State, admin: Client) -> None:
    new_role(admin, "Robot", ("prvActOnBehalfOfAnotherUser", "Global"), ("prvReadContact", "Global"))
    robot = sign_in(state, "rob", "Robot")
    person = sign_in(state, "pia", "Salesperson")
    person.create("contacts", lastname="Person's")
    admin.create("contacts", lastname="Admin's")
    as_person = {"CallerObjectId": user_id(person)}
    seen = {row["lastname"] for row in robot.get("contacts?$select=lastname", **as_person).rows}
    assert seen == {row["lastname"] for row in person.get("contacts?$select=lastname").rows}
    refused = robot.post("contacts", {"lastname": "x"}, **as_person)
    assert (refused.status, "prvCreateContact" in refused.message) == (403, True)


def test_rows_remember_who_acted_for_whom(state: State, admin: Client) -> None:
    person = sign_in(state, "pia", "Salesperson")
    contact = admin.post("contacts", {"lastname": "x"}, CallerObjectId=user_id(person)).new_id
    row = admin.row("contacts", contact, "_createdby_value,_createdonbehalfby_value,_ownerid_value")
    assert row["_createdby_value"] == row["_ownerid_value"] == user_id(person)
    assert row["_createdonbehalfby_value"] == user_id(admin)


# The cache ------------------------------------------------------------------------------------------------------------


def test_rights_can_lag_behind_unless_consistency_is_strong(state: State, admin: Client, people: People) -> None:
    state.config.dataverse.security_cache_seconds = 30
    basic = sign_in(state, "ben", "Basic User")
    assert basic.get("leads?$select=subject").status == 403
    assert assign(admin, user_id(basic), people.role("Salesperson")).status == 204
    assert basic.get("leads?$select=subject").status == 403
    assert basic.get("leads?$select=subject", Consistency="Strong").status == 200
    state.clock.advance(timedelta(seconds=30))
    assert basic.get("leads?$select=subject").status == 200


def test_fetchxml_counts_only_what_may_be_seen(state: State, admin: Client, people: People) -> None:
    admin.create("contacts", lastname="Hidden")
    basic = sign_in(state, "ben", "Basic User")
    query = '<fetch><entity name="contact"/></fetch>'
    assert fetchxml.count(state, people.caller(user_id(basic)), query) == 0
    assert fetchxml.count(state, people.caller(user_id(admin)), query) == 1
