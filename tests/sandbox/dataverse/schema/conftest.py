"""An organisation with its standard tables, at 8:10:44 on a Wednesday, and hands to put people into it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from dyntui.sandbox.dataverse import business_units, security, system_rows
from dyntui.sandbox.dataverse.access import Caller
from dyntui.sandbox.dataverse.call import Call
from dyntui.sandbox.dataverse.preferences import Preferences
from dyntui.sandbox.request import Request
from dyntui.sandbox.state import State
from tests.sandbox.dataverse.organisations import new_organisation

NOW = datetime(2026, 3, 4, 8, 10, 44, tzinfo=UTC)


@pytest.fixture
def state() -> Iterator[State]:
    world = new_organisation(NOW)
    yield world
    world.db.close()


class People:
    """Puts rows of people, units and roles straight into the organisation."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.root = business_units.root_business_unit(state)

    def user(self, name: str, *roles: str, unit: str | None = None, **columns: Any) -> str:
        home = unit or self.root
        user = system_rows.insert(
            self.state,
            "systemuser",
            {"fullname": name, "businessunitid": home, "isdisabled": 0, "accessmode": 0, **columns},
        )
        for role in roles:
            self.give_role(user, role, home)
        return user

    def role(self, name: str, unit: str | None = None) -> str:
        row = self.state.db.execute(
            "SELECT roleid FROM dv_role WHERE name = ? AND businessunitid = ?", (name, unit or self.root)
        ).fetchone()
        return str(row[0])

    def give_role(self, user: str, role: str, unit: str | None = None) -> None:
        system_rows.link(self.state, "systemuserroles", [{"systemuserid": user, "roleid": self.role(role, unit)}])

    def row(self, table: str, owner: str | None = None, unit: str | None = None, **columns: Any) -> str:
        if owner is not None:
            columns = {
                "ownerid": owner,
                "owneridtype": "systemuser",
                "owninguser": owner,
                "owningbusinessunit": unit or self.root,
                **columns,
            }
        return system_rows.insert(self.state, table, columns)

    def caller(self, user: str) -> Caller:
        return Caller(security.access_of(self.state, user))


@pytest.fixture
def people(state: State) -> People:
    return People(state)


@pytest.fixture
def administrator(people: People) -> Caller:
    return people.caller(people.user("Ada Admin", "System Administrator"))


@pytest.fixture
def calling(state: State, administrator: Caller) -> Callable[..., Call]:
    """Makes a call by the administrator or by somebody else; `annotations` as in odata.include-annotations."""

    def make(caller: Caller | None = None, *annotations: str, page_size: int | None = None) -> Call:
        preferences = Preferences(annotations=annotations or None, page_size=page_size)
        return Call(state, Request("GET", "/api/data/v9.2/contacts"), caller or administrator, preferences, {}, {})

    return make
