"""What an action on an account or a contact does to the rows that belong to it, and which hierarchies are refused."""

import pytest

from dyntui.sandbox.dataverse.roles import SYSTEM_ADMINISTRATOR
from dyntui.sandbox.state import State

from .api import Client, sign_in


@pytest.fixture
def firm(admin: Client) -> dict[str, str]:
    """An account with a child account; a contact of each; an assistant of the first contact; a lead beside them."""
    top = admin.create("accounts", name="Top")
    child = admin.create("accounts", name="Child", parentaccountid__bind=f"/accounts({top})")
    boss = admin.create("contacts", lastname="Boss", parentcustomerid_account__bind=f"/accounts({top})")
    return {
        "top": top,
        "child": child,
        "boss": boss,
        "clerk": admin.create("contacts", lastname="Clerk", parentcustomerid_account__bind=f"/accounts({child})"),
        "assistant": admin.create("contacts", lastname="Aid", parentcustomerid_contact__bind=f"/contacts({boss})"),
        "lead": admin.create("leads", subject="x", lastname="Lead", parentaccountid__bind=f"/accounts({top})"),
    }


SETS = {"top": "accounts", "child": "accounts", "boss": "contacts", "clerk": "contacts", "assistant": "contacts"}


def test_assigning_an_account_assigns_what_is_below_it(admin: Client, state: State, firm: dict[str, str]) -> None:
    other = sign_in(state, "bea", SYSTEM_ADMINISTRATOR)
    bea, ada = other.get("WhoAmI").json["UserId"], admin.get("WhoAmI").json["UserId"]
    before = admin.row("contacts", firm["assistant"])["versionnumber"]
    assert admin.patch(f"accounts({firm['top']})", {"ownerid@odata.bind": f"/systemusers({bea})"}).status == 204
    for name, entity_set in SETS.items():
        row = admin.row(entity_set, firm[name])
        assert (name, row["_ownerid_value"], row["_owninguser_value"]) == (name, bea, bea)
        assert row["_modifiedby_value"] == ada
    assert admin.row("contacts", firm["assistant"])["versionnumber"] > before
    assert admin.row("leads", firm["lead"])["_ownerid_value"] == ada


def test_writing_the_same_owner_again_moves_nobody(admin: Client, state: State, firm: dict[str, str]) -> None:
    bea = sign_in(state, "bea", SYSTEM_ADMINISTRATOR).get("WhoAmI").json["UserId"]
    ada = admin.get("WhoAmI").json["UserId"]
    admin.patch(f"contacts({firm['boss']})", {"ownerid@odata.bind": f"/systemusers({bea})"})
    admin.patch(f"accounts({firm['top']})", {"ownerid@odata.bind": f"/systemusers({ada})"})
    assert admin.row("contacts", firm["boss"])["_ownerid_value"] == bea


def test_deleting_an_account_deletes_its_contacts_and_frees_the_rest(admin: Client, firm: dict[str, str]) -> None:
    newsletter = admin.create("lists", listname="N", createdfromcode=2)
    admin.post(f"lists({newsletter})/Microsoft.Dynamics.CRM.AddMemberList", {"EntityId": firm["boss"]})
    tracked = admin.get("contacts?$select=lastname", Prefer="odata.track-changes").json["@odata.deltaLink"]
    assert admin.delete(f"accounts({firm['top']})").status == 204
    assert admin.get(f"contacts({firm['boss']})").status == 404
    assert admin.row("accounts", firm["child"])["_parentaccountid_value"] is None
    assert admin.row("contacts", firm["assistant"])["_parentcustomerid_value"] is None
    assert admin.row("contacts", firm["clerk"])["_parentcustomerid_value"] == firm["child"]
    assert admin.row("leads", firm["lead"])["_parentaccountid_value"] is None
    assert admin.get(f"listmembers?$filter=_listid_value eq {newsletter}").rows == []
    changes = admin.get(tracked).rows
    assert [row["id"] for row in changes if row.get("reason") == "deleted"] == [firm["boss"]]
    assert [row["contactid"] for row in changes if "contactid" in row] == [firm["assistant"]]


def test_relationships_tell_how_they_cascade(admin: Client) -> None:
    def cascade(name: str) -> dict[str, str]:
        kind = "Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata"
        found: dict[str, str] = admin.get(f"RelationshipDefinitions(SchemaName='{name}')/{kind}").json[
            "CascadeConfiguration"
        ]
        return found

    parental = ("Assign", "Merge", "Reparent", "Share", "Unshare")
    for name, deleting in (
        ("contact_customer_accounts", "Cascade"),
        ("account_parent_account", "RemoveLink"),
        ("contact_customer_contacts", "RemoveLink"),
    ):
        found = cascade(name)
        assert {found[each] for each in parental} == {"Cascade"}
        assert found["Delete"] == deleting
    assert cascade("lead_parent_account")["Assign"] == "NoCascade"


@pytest.mark.parametrize(
    ("child", "bind", "code"),
    [
        ("top", "parentaccountid@odata.bind", "0x80040507"),
        ("boss", "parentcustomerid_contact@odata.bind", "0x8004050a"),
    ],
)
def test_nothing_is_its_own_parent_at_once_or_in_a_circle(
    admin: Client, firm: dict[str, str], child: str, bind: str, code: str
) -> None:
    entity_set = SETS[child]
    below = {"top": "child", "boss": "assistant"}[child]
    for parent in (child, below):
        answer = admin.patch(f"{entity_set}({firm[child]})", {bind: f"/{entity_set}({firm[parent]})"})
        assert (answer.status, answer.code) == (400, code), parent
    if child == "boss":
        account = f"/accounts({firm['child']})"
        assert admin.patch(f"contacts({firm['boss']})", {"parentcustomerid_account@odata.bind": account}).status == 204


def test_managers_stand_in_no_circle(admin: Client, state: State) -> None:
    ada, bea = (each.get("WhoAmI").json["UserId"] for each in (admin, sign_in(state, "bea", SYSTEM_ADMINISTRATOR)))
    up = "parentsystemuserid@odata.bind"
    assert admin.patch(f"systemusers({bea})", {up: f"/systemusers({ada})"}).status == 204
    assert admin.patch(f"systemusers({ada})", {up: f"/systemusers({bea})"}).code == "0x80041d25"
