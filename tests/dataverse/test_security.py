"""Rights: roles direct and through teams, the widest depth, roles made and given by name."""

from __future__ import annotations

from urllib.parse import unquote

import httpx
import pytest

from dyntui.dataverse import security
from dyntui.dataverse.errors import DataverseError
from tests.dataverse.conversation import API, Conversation, ok

MIA = "0000000b-0000-4000-8000-00000000000b"
ROOT = "0000000a-0000-4000-8000-00000000000a"
TEAM = "00000031-0000-4000-8000-000000000031"
ROLE = "00000061-0000-4000-8000-000000000061"
OTHER_ROLE = "00000062-0000-4000-8000-000000000062"
RIGHT = "a8ecac53-09e8-4a13-b598-8d8c87bc3d33"


async def test_whoever_is_asked_for_is_told_by_id():
    talk = Conversation(ok({"UserId": MIA, "BusinessUnitId": ROOT, "OrganizationId": TEAM, "@odata.context": "x"}))
    async with talk.client() as dv:
        assert await security.who_am_i(dv) == security.WhoAmI(MIA, ROOT, TEAM)


async def test_roles_come_from_the_user_and_from_teams_each_once():
    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("systemuserroles_association"):
            return ok({"value": [{"roleid": ROLE, "name": "Email Marketing Viewer"}]})
        if path.endswith("teammembership_association"):
            return ok({"value": [{"teamid": TEAM}]})
        return ok(
            {
                "value": [
                    {"roleid": ROLE, "name": "Email Marketing Viewer"},
                    {"roleid": OTHER_ROLE, "name": "Basic User"},
                ]
            }
        )

    talk = Conversation(answer, forever=True)
    async with talk.client() as dv:
        assert [role.name for role in await security.roles_of(dv, MIA)] == ["Basic User", "Email Marketing Viewer"]


async def test_the_widest_depth_of_a_privilege_counts():
    held = [
        {"PrivilegeName": "prvReadContact", "Depth": depth, "PrivilegeId": RIGHT, "BusinessUnitId": ROOT}
        for depth in ("Basic", "Global", "Deep")
    ]
    talk = Conversation(ok({"RolePrivileges": held}))
    async with talk.client() as dv:
        assert (await security.privileges_of(dv, MIA))["prvreadcontact"].depth == "Global"


class Organisation:
    """Roles and privileges as far as the client writes them."""

    def __init__(self) -> None:
        self.roles: list[dict[str, str]] = []
        self.privileges = {"prvReadContact": RIGHT}
        self.lose_creation = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/data/v9.2/")
        asked = unquote(str(request.url))
        if path == "businessunits":
            return ok({"value": [{"businessunitid": ROOT}]})
        if path == "privileges":
            rows = [{"privilegeid": key, "name": name} for name, key in self.privileges.items() if f"'{name}'" in asked]
            return ok({"value": rows})
        if path == "roles" and request.method == "POST":
            self.roles.append({"roleid": ROLE, "name": "Email Marketing Viewer", "_businessunitid_value": ROOT})
            if self.lose_creation:
                raise httpx.ReadError("reset")
            return httpx.Response(204, headers={"OData-EntityId": f"{API}roles({ROLE})"})
        if path == "roles":
            return ok({"value": [role for role in self.roles if f"'{role['name']}'" in asked]})
        return httpx.Response(204)


@pytest.mark.parametrize("lost", [False, True])
async def test_a_role_is_made_once_with_exactly_its_privileges(lost: bool):
    organisation = Organisation()
    organisation.lose_creation = lost
    talk = Conversation(organisation, forever=True)
    async with talk.client() as dv:
        for _ in range(2):
            made = await security.ensure_role(
                dv, "Email Marketing Viewer", {"prvReadContact": security.GLOBAL}, solution="dyntui"
            )
            assert made == ROLE
    assert len(organisation.roles) == 1
    assert talk.paths()[-1] == f"POST roles({ROLE})/Microsoft.Dynamics.CRM.ReplacePrivilegesRole"
    assert talk.body()["Privileges"] == [
        {
            "@odata.type": "Microsoft.Dynamics.CRM.RolePrivilege",
            "PrivilegeId": RIGHT,
            "Depth": "Global",
            "BusinessUnitId": ROOT,
            "PrivilegeName": "prvReadContact",
        }
    ]


async def test_a_privilege_that_does_not_exist_is_named_before_anything_is_made():
    organisation = Organisation()
    talk = Conversation(organisation, forever=True)
    async with talk.client() as dv:
        with pytest.raises(DataverseError) as raised:
            await security.ensure_role(dv, "R", {"prvReadContact": "Global", "prvReaddyntui_Thing": "Global"})
    assert raised.value.code == "DATAVERSE_PRIVILEGE_UNKNOWN"
    assert "prvReaddyntui_Thing" in raised.value.message
    assert organisation.roles == []


async def test_a_role_is_given_in_the_copy_of_the_users_own_unit():
    person = {"systemuserid": MIA, "fullname": "Mia", "_businessunitid_value": TEAM}
    talk = Conversation(ok(person), ok({"value": [{"roleid": OTHER_ROLE, "name": "R"}]}), httpx.Response(204))
    async with talk.client() as dv:
        await security.assign_role(dv, MIA, "R")
    assert f"_businessunitid_value eq {TEAM}" in talk.paths()[1]
    assert talk.paths()[2] == f"POST systemusers({MIA})/systemuserroles_association/$ref"
    assert talk.body() == {"@odata.id": f"{API}roles({OTHER_ROLE})"}
