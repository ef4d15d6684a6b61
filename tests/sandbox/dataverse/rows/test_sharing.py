"""Rows shared with users and teams, and access that comes down from an account to what is below it."""

from typing import Any

import pytest

from dyntui.sandbox.state import State

from .api import Answer, Client, sign_in

CRM = "Microsoft.Dynamics.CRM"


@pytest.fixture
def bea(state: State) -> Client:
    """A user who sees rows of her own only."""
    return sign_in(state, "bea", "Basic User")


def me(client: Client) -> str:
    found: str = client.get("WhoAmI").json["UserId"]
    return found


def of(table: str, row_id: str) -> dict[str, str]:
    return {"@odata.type": f"{CRM}.{table}", f"{table}id": row_id}


def share(
    client: Client, action: str, target: dict[str, str], principal: dict[str, str], rights: str = "ReadAccess"
) -> Answer:
    access = {"AccessMask": rights, "Principal": principal}
    body: dict[str, Any] = {"Target": target, "PrincipalAccess": access}
    return client.post(action, {"Target": target, "Revokee": principal} if action == "RevokeAccess" else body)


def sees(client: Client, *rows: tuple[str, str]) -> list[bool]:
    return [client.get(f"{entity_set}({row_id})").status == 200 for entity_set, row_id in rows]


def test_sharing_an_account_reaches_its_contacts_and_child_accounts(admin: Client, bea: Client) -> None:
    top = admin.create("accounts", name="Top")
    child = admin.create("accounts", name="Child", parentaccountid__bind=f"/accounts({top})")
    clerk = admin.create("contacts", lastname="Clerk", parentcustomerid_account__bind=f"/accounts({child})")
    other = admin.create("contacts", lastname="Other")
    rows = (("accounts", top), ("accounts", child), ("contacts", clerk), ("contacts", other))
    user = of("systemuser", me(bea))
    assert sees(bea, *rows) == [False] * 4
    assert share(admin, "GrantAccess", of("account", top), user).status == 204
    assert sees(bea, *rows) == [True, True, True, False]
    assert [row["contactid"] for row in bea.get("contacts").rows] == [clerk]
    assert bea.patch(f"contacts({clerk})", {"jobtitle": "x"}).code == "0x8004020d"
    assert share(admin, "ModifyAccess", of("account", top), user, "ReadAccess,WriteAccess").status == 204
    assert bea.patch(f"contacts({clerk})", {"jobtitle": "x"}).status == 204
    told = admin.get(
        f"RetrieveSharedPrincipalsAndAccess(Target=@t)?@t={{'@odata.id':'accounts({top})'}}".replace("'", '"')
    )
    assert [each["AccessMask"] for each in told.json["PrincipalAccesses"]] == ["ReadAccess, WriteAccess"]
    assert share(admin, "RevokeAccess", of("account", top), user).status == 204
    assert sees(bea, *rows) == [False] * 4


def test_a_share_with_a_team_is_one_with_its_members(admin: Client, bea: Client) -> None:
    team = admin.create("teams", name="Marketing")
    admin.post(f"teams({team})/{CRM}.AddMembersTeam", {"Members": [of("systemuser", me(bea))]})
    contact = admin.create("contacts", lastname="x")
    assert share(admin, "GrantAccess", of("contact", contact), of("team", team)).status == 204
    assert sees(bea, ("contacts", contact)) == [True]
    admin.delete(f"contacts({contact})")
    admin.create("contacts", contactid=contact, lastname="anew")
    assert sees(bea, ("contacts", contact)) == [False]


def test_a_contact_that_gets_another_account_is_seen_by_who_sees_that(admin: Client, bea: Client) -> None:
    hers = bea.create("accounts", name="Hers")
    contact = admin.create("contacts", lastname="x")
    assistant = admin.create("contacts", lastname="y", parentcustomerid_contact__bind=f"/contacts({contact})")
    rows = (("contacts", contact), ("contacts", assistant))
    assert sees(bea, *rows) == [False, False]
    admin.patch(f"contacts({contact})", {"parentcustomerid_account@odata.bind": f"/accounts({hers})"})
    assert sees(bea, *rows) == [True, True]
    admin.patch(f"contacts({contact})", {"parentcustomerid_account@odata.bind": None})
    assert sees(bea, *rows) == [False, False]
    born = admin.create("contacts", lastname="z", parentcustomerid_account__bind=f"/accounts({hers})")
    assert sees(bea, ("contacts", born)) == [True]


def test_what_cannot_be_shared_says_why(admin: Client, bea: Client) -> None:
    contact = admin.create("contacts", lastname="x")
    user, nobody = of("systemuser", me(bea)), "00000063-0000-4000-8000-000000000063"
    assert share(bea, "GrantAccess", of("contact", contact), user).status == 403
    assert share(admin, "GrantAccess", of("contact", nobody), user).code == "0x80040217"
    assert share(admin, "GrantAccess", of("contact", contact), of("systemuser", nobody)).code == "0x80040217"
    assert share(admin, "GrantAccess", of("contact", contact), of("contact", contact)).status == 400
    assert share(admin, "GrantAccess", of("contact", contact), user, "Everything").status == 400
    assert share(admin, "GrantAccess", user, user).code == "0x80040315"
    assert admin.post("GrantAccess", {}).status == 400
