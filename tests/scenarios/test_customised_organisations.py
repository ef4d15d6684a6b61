"""Setup in an organisation that has customisations of its own, or what an earlier setup has left half done."""

from __future__ import annotations

import pytest

from dyntui.dataverse import security
from dyntui.model.roles import Role
from tests.scenarios.office import Office
from tests.scenarios.test_setting_up import states_of


def privileges(office: Office, role: Role) -> dict[str, str]:
    async def ask() -> dict[str, str]:
        dv = await office.resources.connections.dataverse()
        return await security.role_privileges(dv, role.value) or {}

    return office.wait(ask())


@pytest.mark.parametrize("role", list(Role))
def test_a_role_that_the_organisation_has_under_the_same_name_keeps_what_it_may(office: Office, role: Role) -> None:
    """The connector by dotdigital makes four roles of these names."""
    office.give_roles("application", "System Administrator")
    own = {"prvReadAccount": security.DEEP, "prvDeleteContact": security.LOCAL, "prvReadUserQuery": security.BASIC}

    async def as_it_was() -> None:
        dv = await office.resources.connections.dataverse()
        await security.ensure_role(dv, role.value, own)

    office.wait(as_it_was())
    assert states_of(office.set_up())[f"role {role}"] == "done"
    held = privileges(office, role)
    assert held["prvdeletecontact"] == security.LOCAL and "prvreadaccount" in held
    office.give_roles("application", "System Administrator")
    assert set(states_of(office.set_up()).values()) <= {"there", "done"}
    assert states_of(office.plan_setup())[f"role {role}"] == "there"
