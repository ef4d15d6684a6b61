"""Who may call, and the functions that tell about the organisation."""

from typing import Any

from defusedxml import ElementTree

from dyntui.sandbox.dataverse import digest, system_rows, truth
from dyntui.sandbox.dataverse.bulk_load import insert_rows
from dyntui.sandbox.entra import tokens
from dyntui.sandbox.state import State

from .api import TENANT, Client, sign_in


def test_without_a_token_for_this_organisation_nothing_is_served(admin: Client, state: State) -> None:
    other = tokens.issue(state, oid=state.ids.guid(), audience="https://other.example", tenant=TENANT)
    for token in ("", "nonsense", other):
        answer = Client(state, token).get("WhoAmI")
        assert (answer.status, answer.text) == (401, "")
        assert f"resource_id={state.urls.dataverse}/" in answer.headers["WWW-Authenticate"]


def test_an_unknown_application_and_a_user_without_role_are_refused(state: State) -> None:
    stranger = tokens.issue(
        state, oid=state.ids.guid(), audience=state.urls.dataverse, tenant=TENANT, app_id=state.ids.guid(), is_app=True
    )
    answer = Client(state, stranger).get("WhoAmI")
    assert (answer.status, answer.code) == (403, "0x80072560")
    answer = sign_in(state, "nobody").get("WhoAmI")
    assert (answer.status, answer.code) == (403, "0x80042f09")


def test_a_missing_privilege_is_named(state: State) -> None:
    bea = sign_in(state, "bea", "Basic User")
    answer = bea.get("leads")
    assert (answer.status, answer.code) == (403, "0x80040220")
    assert "is missing prvReadLead privilege" in answer.message


def test_people_only_see_the_rows_that_their_depth_reaches(admin: Client, state: State) -> None:
    bea = sign_in(state, "bea", "Basic User")
    theirs = admin.create("contacts", lastname="Theirs")
    own = bea.create("contacts", lastname="Own")
    assert [row["contactid"] for row in bea.get("contacts").rows] == [own]
    assert bea.get("contacts/$count").text == "1"
    assert (bea.get(f"contacts({theirs})").status, bea.get(f"contacts({theirs})").code) == (403, "0x8004020d")
    assert bea.patch(f"contacts({theirs})", {"jobtitle": "x"}).status == 403
    assert bea.delete(f"contacts({theirs})").status == 403
    assert admin.row("contacts", theirs)["jobtitle"] is None


def test_expanded_rows_out_of_reach_are_left_out(admin: Client, state: State) -> None:
    bea = sign_in(state, "bea", "Basic User")
    hidden = admin.create("accounts", name="Hidden")
    contact = bea.create("contacts", lastname="Own")
    admin.patch(f"contacts({contact})", {"parentcustomerid_account@odata.bind": f"/accounts({hidden})"})
    assert bea.get(f"contacts({contact})?$expand=parentcustomerid_account").json["parentcustomerid_account"] is None


def test_impersonation_records_who_really_called(admin: Client, state: State) -> None:
    bea = sign_in(state, "bea", "Basic User")
    beas_id = bea.get("WhoAmI").json["UserId"]
    contact = admin.post("contacts", {"lastname": "x"}, CallerObjectId=beas_id).new_id
    row = admin.row("contacts", contact)
    assert (row["_createdby_value"], row["_createdonbehalfby_value"]) == (beas_id, admin.get("WhoAmI").json["UserId"])
    refused = bea.get("WhoAmI", CallerObjectId=admin.get("WhoAmI").json["UserId"])
    assert (refused.status, refused.code) == (403, "0x8004a110")


def test_roles_are_given_and_taken_by_reference(admin: Client, state: State) -> None:
    nobody = sign_in(state, "nobody")
    user = admin.get("systemusers?$filter=firstname eq 'nobody'").rows[0]
    assert user["ownerid"] == user["systemuserid"]
    role = admin.get("roles?$filter=name eq 'Basic User'").rows[0]["roleid"]
    path = f"systemusers({user['systemuserid']})/systemuserroles_association"
    address = f"{state.urls.dataverse}/api/data/v9.2/roles({role})"
    assert admin.post(f"{path}/$ref", {"@odata.id": address}).status == 204
    assert nobody.get("WhoAmI").status == 200
    assert [row["name"] for row in admin.get(f"{path}?$select=name").rows] == ["Basic User"]
    assert admin.post(f"{path}/$ref", {"@odata.id": address}).code == "0x80040237"
    assert admin.delete(f"{path}({role})/$ref").status == 204
    assert nobody.get("WhoAmI").status == 403


def test_privileges_are_read_and_given(admin: Client, state: State) -> None:
    me = admin.get("WhoAmI").json["UserId"]
    held = admin.get(f"systemusers({me})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()").json["RolePrivileges"]
    assert {"prvReadContact", "prvWriteList"} <= {each["PrivilegeName"] for each in held}
    role = admin.create("roles", name="Mailer")
    lead = next(each for each in held if each["PrivilegeName"] == "prvReadLead")
    body = {"Privileges": [{"PrivilegeId": lead["PrivilegeId"], "Depth": "Global", "PrivilegeName": "prvReadLead"}]}
    assert admin.post(f"roles({role})/Microsoft.Dynamics.CRM.AddPrivilegesRole", body).status == 204
    found = admin.get(f"RetrieveRolePrivilegesRole(RoleId={role})").json["RolePrivileges"]
    assert "prvReadLead" in {each["PrivilegeName"] for each in found}
    contact = admin.create("contacts", lastname="x")
    target = '{"@odata.id":"contacts(' + contact + ')"}'
    path = f"systemusers({me})/Microsoft.Dynamics.CRM.RetrievePrincipalAccess(Target=@t)?@t={target}"
    assert "ReadAccess" in admin.get(path).json["AccessRights"]


def test_the_organisation_tells_about_itself(admin: Client, state: State) -> None:
    path = "RetrieveCurrentOrganization(AccessType=@p1)?@p1=Microsoft.Dynamics.CRM.EndpointAccessType'Default'"
    detail = admin.get(path).json["Detail"]
    assert detail["OrganizationId"] == admin.get("WhoAmI").json["OrganizationId"]
    assert detail["Endpoints"]["Values"][0] == f"{state.urls.dataverse}/"
    assert admin.get("RetrieveVersion()").json["Version"].startswith("9.2.")


def test_total_counts_may_be_old(admin: Client, state: State) -> None:
    path = 'RetrieveTotalRecordCount(EntityNames=@p1)?@p1=["contact","lead"]'
    admin.create("contacts", lastname="x")
    counted = admin.get(path).json["EntityRecordCountCollection"]
    assert (counted["Keys"], counted["Values"]) == (["contact", "lead"], [1, 0])
    state.config.dataverse.total_count_age_seconds = 3600
    admin.get(path)
    admin.create("contacts", lastname="y")
    assert admin.get(path).json["EntityRecordCountCollection"]["Values"] == [1, 0]


def test_calls_tell_their_route_and_whether_they_write(admin: Client) -> None:
    newsletter = admin.create("lists", listname="N", createdfromcode=2)
    reading = admin.get(f"lists({newsletter})/listcontact_association").response
    assert (reading.route, reading.writes) == ("lists({id})/listcontact_association", False)
    writing = admin.post("contacts", {"lastname": "x"}).response
    assert (writing.route, writing.writes) == ("contacts", True)
    assert admin.get("contacts(new_x='1')").response.route == "contacts({key})"


def test_addresses_that_are_too_long_are_refused(admin: Client) -> None:
    assert admin.get(f"contacts?$filter=lastname eq '{'x' * 33000}'").status == 414


def test_the_sandbox_knows_who_has_opted_out(admin: Client, state: State) -> None:
    admin.create("contacts", emailaddress1="Out@Example.org", donotbulkemail=True)
    admin.create("leads", lastname="x", subject="t", emailaddress1="lead@example.org", donotemail=True)
    admin.create("contacts", emailaddress1="in@example.org")
    asked = ["OUT@example.org", "lead@example.org", "in@example.org", "nobody@example.org"]
    assert state.opted_out(asked) == {"out@example.org", "lead@example.org"}
    insert_rows(state, "contact", ("contactid", "emailaddress1", "donotbulkemail", "merged"),
                [(state.ids.guid(), "merged@example.org", 1, 1)])  # fmt: skip
    assert truth.opted_out(state, ["merged@example.org"]) == set()


def test_the_digest_leaves_out_what_a_connector_stamps(admin: Client, state: State) -> None:
    label = {"LocalizedLabels": [{"Label": "x", "LanguageCode": 1033}]}
    kinds: list[tuple[str, str, dict[str, Any]]] = [
        ("ddg_LastSynced", "DateTime", {"Format": "DateAndTime", "DateTimeBehavior": {"Value": "UserLocal"}}),
        ("ddg_Day", "DateTime", {"Format": "DateOnly", "DateTimeBehavior": {"Value": "DateOnly"}}),
        ("ddg_Key", "String", {"MaxLength": 100}),
        ("ddg_Words", "String", {"MaxLength": 100}),
    ]
    for schema_name, kind, more in kinds:
        column = {"@odata.type": f"Microsoft.Dynamics.CRM.{kind}AttributeMetadata", "SchemaName": schema_name, **more}
        answer = admin.post(
            "EntityDefinitions(LogicalName='list')/Attributes",
            {**column, "DisplayName": label, "RequiredLevel": {"Value": "None"}},
        )
        assert answer.status == 204, answer.text
    newsletter = admin.create("lists", listname="N", createdfromcode=2)

    def told(**values: Any) -> list[tuple[Any, ...]]:
        assert admin.patch(f"lists({newsletter})", values).status == 204
        return sorted(row for row in digest.digest_rows(state) if row[0] == "list")

    first = told(ddg_lastsynced="2026-03-04T08:00:00Z", ddg_key="a" * 40, ddg_words="News", ddg_day="2026-03-04")
    assert told(ddg_lastsynced="2026-03-05T08:00:00Z", ddg_key="0c9a1ca5-5ca1-4a11-9f0a-000000000365") == first
    assert told(ddg_words="Other") != first
    assert told(ddg_words="News") == first
    assert told(ddg_day="2026-03-05") != first


def test_the_digest_sees_values_but_not_ids_times_and_versions(state: State) -> None:
    def told() -> list[tuple[object, ...]]:
        return sorted(row for row in digest.digest_rows(state) if row[0] in {"contact", "listmember"})

    first = [
        system_rows.insert(state, "contact", {"fullname": name, "emailaddress1": f"{name}@example.org"})
        for name in "AB"
    ]
    system_rows.insert(state, "list", {"listname": "L", "listid": "l1"})
    insert_rows(
        state, "listmember", ("listmemberid", "listid", "entityid", "entityidtype"), [("m", "l1", first[0], "contact")]
    )
    before = told()
    assert ("listid", "L") in before[-1]
    assert ("entityid", "A@example.org|A") in before[-1]
    state.db.execute("UPDATE dv_contact SET versionnumber = versionnumber + 100, modifiedon = 'later'")
    assert told() == before
    state.db.execute("UPDATE dv_contact SET donotemail = 1 WHERE fullname = 'B'")
    assert told() != before


def test_metadata_declares_what_is_bound_to_rows_and_to_tables(admin: Client, state: State) -> None:
    def declared() -> dict[tuple[str, str], str]:
        root = ElementTree.fromstring(admin.get("$metadata").text)
        return {
            (operation.attrib["Name"], parameter.attrib["Type"]): operation.tag.rpartition("}")[2]
            for operation in root.iter()
            if operation.attrib.get("IsBound") == "true"
            for parameter in operation
            if parameter.attrib["Name"] == "entity"
        }

    found = declared()
    assert found["AddMemberList", "mscrm.list"] == "Action"
    assert found["CreateMultiple", "Collection(mscrm.contact)"] == "Action"
    assert found["RetrieveUserPrivileges", "mscrm.systemuser"] == "Function"
    assert ("UpdateMultiple", "Collection(mscrm.listmember)") not in found
    assert ("RemoveMemberList", "mscrm.list") not in found
    assert not any(name == "AddListMembersList" for name, _binding in found)
    state.config.dataverse.bulk_messages = {"contact": ["CreateMultiple"]}
    state.config.dataverse.remove_member_action = True
    changed = declared()
    assert ("UpdateMultiple", "Collection(mscrm.contact)") not in changed
    assert ("RemoveMemberList", "mscrm.list") in changed
