"""Users of dotdigital are mapped to users of Dynamics, one to one, among those who hold a role."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import update

from dyntui.model.errors import DyntuiError
from dyntui.model.roles import Role
from dyntui.sandbox.entra.directory import find_person
from dyntui.service.contract.users import STUDIO_OPEN, USERS_LIST, USERS_MAP, Choice, MapUsers, Users, UsersOf
from dyntui.store.schema import admin_change, email_account
from tests.scenarios.office import Office
from tests.scenarios.test_role_self_test import Desk

ADA, LUIS = "ada.brook@kestrel-outdoor.example", "luis.romero@kestrel-outdoor.example"


def refused(code: str, work: Callable[[], object]) -> DyntuiError:
    with pytest.raises(DyntuiError) as caught:
        work()
    assert caught.value.code == code
    return caught.value


def test_users_are_suggested_mapped_and_led_to_dotdigital(office: Office) -> None:
    manager, viewer = find_person("manager"), find_person("viewer")
    assert manager is not None and viewer is not None
    for part, role in (("manager", Role.MANAGER), ("viewer", Role.VIEWER)):
        office.give_roles(part, role)
    office.sandbox.state.config.dotdigital.managed_users = (ADA, LUIS, manager.upn.upper())
    desk = Desk(office, "manager")

    def map_to(address: str, to: str) -> Users:
        return desk.ask(USERS_MAP, MapUsers(choices=(Choice(dotdigital=address, to=to),)))

    listed = desk.ask(USERS_LIST, UsersOf())
    assert {each.dotdigital: each.suggested for each in listed.rows} == {ADA: "", LUIS: "", manager.upn: manager.name}
    assert {each.name for each in listed.candidates} == {manager.name, viewer.name}

    # Nothing is mapped by itself, and who can map is named.
    assert manager.name in refused("USER_NOT_MAPPED", lambda: desk.ask(STUDIO_OPEN, UsersOf())).remedy
    map_to(ADA, viewer.upn.upper())
    rows = {each.dotdigital: each for each in map_to(manager.upn, manager.name).rows}
    assert (rows[ADA].name, rows[manager.upn].name, rows[ADA].mapped_by) == (viewer.name, manager.name, manager.name)
    assert ADA in refused("USER_MAPPED_TWICE", lambda: map_to(LUIS, viewer.name)).message
    refused("USER_WITHOUT_ROLE", lambda: map_to(LUIS, "professional"))
    refused("USER_UNKNOWN", lambda: map_to("nobody@x.example", viewer.name))
    both = (Choice(dotdigital=LUIS, to=""), Choice(dotdigital=ADA, to=manager.name))
    refused("USER_MAPPED_TWICE", lambda: desk.ask(USERS_MAP, MapUsers(choices=both)))
    assert {each.dotdigital: each for each in desk.ask(USERS_LIST, UsersOf()).rows} == rows

    refused("APP_ADDRESS_UNKNOWN", lambda: desk.ask(STUDIO_OPEN, UsersOf()))
    map_to(ADA, "")
    assert {each.name for each in map_to(LUIS, viewer.name).rows} == {"", manager.name, viewer.name}
    with office.db.write() as c:
        told = [
            (row.thing, row.before, row.after) for row in c.execute(admin_change.select()) if row.subject == "users"
        ]
        assert (ADA, viewer.name, "") in told and (LUIS, "", viewer.name) in told
        c.execute(update(email_account).values(endpoint="https://r2-api.dotdigital.com"))
    studio = desk.ask(STUDIO_OPEN, UsersOf())
    assert (studio.url, studio.user) == ("https://r2-app.dotdigital.com/", manager.upn)
