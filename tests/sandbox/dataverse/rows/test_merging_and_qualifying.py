"""Two rows become one, leads become contacts, users join teams: the actions and all that follows from them."""

from typing import Any

import pytest

from dyntui.sandbox.state import State

from .api import Answer, Client, sign_in

CRM = "Microsoft.Dynamics.CRM"


def of(table: str, row_id: str, **more: Any) -> dict[str, Any]:
    return {"@odata.type": f"{CRM}.{table}", f"{table}id": row_id, **more}


def merge(client: Client, table: str, master: str, loser: str, **more: Any) -> Answer:
    body = {"Target": of(table, master), "Subordinate": of(table, loser), "PerformParentingChecks": False, **more}
    return client.post("Merge", body)


def members(client: Client, list_id: str) -> set[str]:
    return {row["_entityid_value"] for row in client.get(f"listmembers?$filter=_listid_value eq {list_id}").rows}


def join(client: Client, list_id: str, *people: str) -> None:
    for each in people:
        answer = client.post(f"lists({list_id})/{CRM}.AddMemberList", {"EntityId": each})
        assert answer.status == 200, answer.text


def test_the_subordinate_is_deactivated_and_points_to_its_master(admin: Client) -> None:
    master = admin.create("contacts", lastname="Master", emailaddress1="m@example.org")
    loser = admin.create("contacts", lastname="Loser", emailaddress1="l@example.org", donotbulkemail=True)
    child = admin.create("contacts", lastname="Child", parentcustomerid_contact__bind=f"/contacts({loser})")
    account = admin.create("accounts", name="A", primarycontactid__bind=f"/contacts({loser})")
    tracked = admin.get("contacts?$select=lastname", Prefer="odata.track-changes").json["@odata.deltaLink"]
    content = of("contact", master, jobtitle="Boss")
    assert merge(admin, "contact", master, loser, UpdateContent=content).status == 204
    row = admin.row("contacts", loser)
    assert (row["statecode"], row["statuscode"], row["merged"], row["_masterid_value"]) == (1, 2, True, master)
    assert (row["emailaddress1"], row["donotbulkemail"]) == ("l@example.org", True)
    kept = admin.row("contacts", master)
    assert (kept["jobtitle"], kept["merged"], kept["statecode"]) == ("Boss", False, 0)
    assert admin.row("contacts", child)["_parentcustomerid_value"] == master
    assert admin.row("accounts", account)["_primarycontactid_value"] == master
    assert {each["contactid"] for each in admin.get(tracked).rows} == {master, loser, child}


@pytest.mark.parametrize(
    ("choice", "first", "second"),
    [("master", "master", "master"), ("stays", "loser", "both"), ("nobody", "", "master")],
)
def test_what_becomes_of_list_membership_is_a_switch(
    admin: Client, state: State, choice: str, first: str, second: str
) -> None:
    state.config.dataverse.merge_membership = choice
    master = admin.create("contacts", lastname="Master")
    loser = admin.create("contacts", lastname="Loser")
    one, both = (admin.create("lists", listname=name, createdfromcode=2) for name in ("one", "both"))
    join(admin, one, loser)
    join(admin, both, loser, master)
    assert merge(admin, "contact", master, loser).status == 204
    expected = {"": set(), "master": {master}, "loser": {loser}, "both": {master, loser}}
    for list_id, wanted in ((one, expected[first]), (both, expected[second])):
        assert members(admin, list_id) == wanted
        assert admin.row("lists", list_id)["membercount"] == len(wanted)


def test_accounts_and_leads_merge_too(admin: Client) -> None:
    master, loser = (admin.create("accounts", name=name) for name in ("M", "L"))
    contact = admin.create("contacts", lastname="x", parentcustomerid_account__bind=f"/accounts({loser})")
    assert merge(admin, "account", master, loser).status == 204
    assert admin.row("contacts", contact)["_parentcustomerid_value"] == master
    first, second = (admin.create("leads", subject="s", lastname=name) for name in ("M", "L"))
    assert merge(admin, "lead", first, second).status == 204
    row = admin.row("leads", second)
    assert (row["statecode"], row["statuscode"], row["merged"]) == (2, 7, True)


def test_what_cannot_be_merged_says_why_and_nothing_changes(admin: Client, state: State) -> None:
    account = admin.create("accounts", name="A")
    master = admin.create("contacts", lastname="M", parentcustomerid_account__bind=f"/accounts({account})")
    other = admin.create("contacts", lastname="O")
    inactive = admin.create("contacts", lastname="I")
    admin.patch(f"contacts({inactive})", {"statecode": 1})
    below = admin.create("contacts", lastname="B", parentcustomerid_contact__bind=f"/contacts({other})")
    nobody = "00000063-0000-4000-8000-000000000063"
    assert merge(admin, "contact", master, master).code == "0x80045305"
    assert merge(admin, "contact", master, inactive).code == "0x80045304"
    assert merge(admin, "contact", inactive, master).code == "0x80045304"
    assert merge(admin, "contact", master, other, PerformParentingChecks=True).code == "0x80045316"
    assert merge(admin, "contact", below, other).code == "0x80045300"
    assert merge(admin, "contact", master, nobody).code == "0x80040217"
    assert merge(admin, "systemuser", nobody, master).code == "0x80040315"
    mixed = {"Target": of("contact", master), "Subordinate": of("account", account)}
    assert admin.post("Merge", mixed).status == 400
    assert admin.post("Merge", {}).status == 400
    assert merge(sign_in(state, "bea", "Basic User"), "contact", master, other).status == 403
    assert admin.row("contacts", other)["statecode"] == 0


def test_a_qualified_lead_becomes_an_account_and_a_contact(admin: Client) -> None:
    lead = admin.create(
        "leads", subject="s", firstname="Ada", lastname="Lead", companyname="Firm", emailaddress1="a@example.org",
        donotbulkemail=True,
    )  # fmt: skip
    newsletter = admin.create("lists", listname="N", createdfromcode=4)
    join(admin, newsletter, lead)
    body = {"CreateAccount": True, "CreateContact": True, "CreateOpportunity": False, "Status": 3}
    answer = admin.post(f"leads({lead})/{CRM}.QualifyLead", body)
    assert answer.status == 200
    account, contact = answer.rows
    assert (account["@odata.type"], contact["@odata.type"]) == (f"#{CRM}.account", f"#{CRM}.contact")
    assert admin.row("accounts", account["accountid"])["name"] == "Firm"
    made = admin.row("contacts", contact["contactid"])
    assert (made["fullname"], made["emailaddress1"], made["donotbulkemail"]) == ("Ada Lead", "a@example.org", True)
    assert (made["_originatingleadid_value"], made["_parentcustomerid_value"]) == (lead, account["accountid"])
    row = admin.row("leads", lead)
    assert (row["statecode"], row["statuscode"]) == (1, 3)
    assert members(admin, newsletter) == {lead}
    assert admin.post(f"leads({lead})/{CRM}.QualifyLead", body).code == "0x80081018"


def test_a_lead_can_be_qualified_without_making_rows(admin: Client) -> None:
    lead = admin.create("leads", subject="s", lastname="Lead")
    wrong = admin.post(f"leads({lead})/{CRM}.QualifyLead", {"Status": 4})
    assert wrong.code == "0x80048408"
    assert admin.post(f"leads({lead})/{CRM}.QualifyLead", {"CreateOpportunity": True}).code == "0x80040315"
    assert admin.post(f"leads({lead})/{CRM}.QualifyLead", {"Status": -1}).rows == []
    assert admin.row("leads", lead)["statuscode"] == 3


def test_users_join_and_leave_a_team(admin: Client, state: State) -> None:
    bea = sign_in(state, "bea", "Basic User").get("WhoAmI").json["UserId"]
    team = admin.create("teams", name="Marketing")
    body = {"Members": [of("systemuser", bea)]}
    for _twice in range(2):
        assert admin.post(f"teams({team})/{CRM}.AddMembersTeam", body).status == 204
    inside = f"teams({team})/teammembership_association?$select=systemuserid"
    assert [row["systemuserid"] for row in admin.get(inside).rows] == [bea]
    assert admin.post(f"teams({team})/{CRM}.RemoveMembersTeam", body).status == 204
    assert admin.get(inside).rows == []
    [default] = admin.get("teams?$select=teamid&$filter=isdefault eq true").rows
    assert admin.post(f"teams({default['teamid']})/{CRM}.AddMembersTeam", body).code == "0x8004830b"
    assert admin.post(f"teams({default['teamid']})/{CRM}.RemoveMembersTeam", body).code == "0x8004830c"
    assert admin.post(f"teams({team})/{CRM}.AddMembersTeam", {"Members": [of("contact", bea)]}).status == 400
