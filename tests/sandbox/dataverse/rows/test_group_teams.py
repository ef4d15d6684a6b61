"""Teams that stand for a group of Entra ID learn of their members when these call."""

from dyntui.sandbox.dataverse import group_teams
from dyntui.sandbox.entra import tokens
from dyntui.sandbox.entra.directory import PEOPLE
from dyntui.sandbox.state import State

from .api import TENANT, Client, sign_in

GROUP = "0000000e-0000-4000-8000-00000000000e"


def role_names(admin: Client, oid: str) -> list[str]:
    answer = admin.get(f"RetrieveAadUserRoles(DirectoryObjectId={oid})?$select=name,roleid")
    assert answer.status == 200, answer.text
    assert answer.json["@odata.context"].endswith("$metadata#roles(name,roleid)")
    return sorted(row["name"] for row in answer.rows)


def team_names(admin: Client, user_id: str) -> list[str]:
    return [row["name"] for row in admin.get(f"systemusers({user_id})/teammembership_association").rows]


def test_membership_rows_wait_for_the_person_while_the_function_knows_at_once(admin: Client, state: State) -> None:
    bea = sign_in(state, "bea", "Basic User")
    me = bea.get("WhoAmI").json["UserId"]
    group_teams.put(state, GROUP, "Marketing", [me], ["Salesperson"])
    assert role_names(admin, me) == ["Basic User", "Salesperson"]
    assert team_names(admin, me) == []
    assert bea.get("leads").status == 200
    assert team_names(admin, me) == ["Marketing"]
    group_teams.put(state, GROUP, "Marketing", [], ["Salesperson"])
    assert role_names(admin, me) == ["Basic User"]
    assert team_names(admin, me) == ["Marketing"]
    assert admin.get("WhoAmI", CallerObjectId=me).status == 200
    assert team_names(admin, me) == []


def test_with_the_switch_membership_follows_at_once(admin: Client, state: State) -> None:
    state.config.dataverse.group_team_members = "at once"
    bea = sign_in(state, "bea", "Basic User")
    me = bea.get("WhoAmI").json["UserId"]
    for members in ([me], []):
        group_teams.put(state, GROUP, "Marketing", members, ["Salesperson"])
        assert team_names(admin, me) == ["Marketing"] * len(members)


def test_a_member_of_a_group_gets_a_user_by_calling(admin: Client, state: State) -> None:
    outsider = next(each for each in PEOPLE if each.part == "outsider")
    token = tokens.issue(state, oid=outsider.oid, audience=state.urls.dataverse, tenant=TENANT)
    assert Client(state, token).get("WhoAmI").code == "0x80072560"
    group_teams.put(state, GROUP, "Marketing", [outsider.oid], ["Basic User"])
    assert Client(state, token).get("WhoAmI").status == 200
    assert role_names(admin, outsider.oid) == ["Basic User"]


def test_a_server_without_the_function_does_not_know_its_address(admin: Client, state: State) -> None:
    state.config.dataverse.aad_user_roles = False
    answer = admin.get(f"RetrieveAadUserRoles(DirectoryObjectId={GROUP})")
    assert (answer.status, answer.code) == (404, "0x80060888")
