"""What somebody may do follows the groups of Entra ID, and not what Dynamics has heard of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from dyntui.dataverse import security
from dyntui.model.errors import DyntuiError
from dyntui.model.roles import Ability, Role
from dyntui.sandbox.entra.directory import find_person
from dyntui.service.identity import ROLES_SECONDS, Identities
from dyntui.store.accounts import PersonLink
from tests.scenarios.office import Office

GROUP = "0000000e-0000-4000-8000-00000000000e"


class Passing:
    """A clock that is moved by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def group(office: Office) -> Callable[..., None]:
    def put(*members: str) -> None:
        body = {"group": GROUP, "members": members, "roles": [Role.MANAGER.value]}
        office.sandbox.control.post("/entra/groups", json=body).raise_for_status()

    return put


def link_of(office: Office, part: str) -> PersonLink:
    person = find_person(part)
    assert person is not None

    async def find() -> PersonLink:
        user = await security.user_by_object_id(await office.resources.connections.dataverse(), person.oid)
        assert user is not None
        return PersonLink(os_uid=1, user_id=user.id, object_id=person.oid, name=person.name, linked_on="")

    return office.wait(find())


@pytest.mark.parametrize("answered", [True, False], ids=["the function", "rows alone"])
def test_who_was_put_out_of_a_group_may_not_send_after_the_cached_minutes(
    office: Office, group: Callable[..., None], answered: bool
) -> None:
    office.sandbox.control.post("/settings", json={"dataverse": {"aad_user_roles": answered}}).raise_for_status()
    clock = Passing()
    identities = Identities(office.resources, clock)
    jonas = link_of(office, "professional")
    assert office.wait(identities.held(jonas)).roles == ()
    group("professional")
    clock.now += ROLES_SECONDS
    # Jonas has not used Dynamics since, neither now nor after he left.
    assert Ability.SEND in office.wait(identities.held(jonas)).abilities
    group()
    clock.now += ROLES_SECONDS - 1
    assert Ability.SEND in office.wait(identities.held(jonas)).abilities
    clock.now += 1
    assert office.wait(identities.held(jonas)).roles == ()
    assert identities.by_rows is not answered


def test_a_member_of_a_group_who_never_used_dynamics_can_sign_in(office: Office, group: Callable[..., None]) -> None:
    office.sandbox.control.post("/settings", json={"entra": {"device_code_interval": 1}}).raise_for_status()
    identities = Identities(office.resources)

    async def sign_in() -> str:
        started = await identities.begin(1)
        answer = {"user_code": started.user_code, "as": "outsider"}
        office.sandbox.control.post("/device", json=answer).raise_for_status()
        for _ in range(400):
            state = await identities.state(1)
            if state.state != "pending":
                break
            await asyncio.sleep(0.05)
        assert state.state == "signed in"
        person = await identities.person(1)
        assert person is not None
        return ", ".join((await identities.held(person)).roles)

    async def signed_out() -> list[str]:
        first = await identities.sign_out(1)
        return [first.user, (await identities.sign_out(1)).user, (await identities.state(1)).state]

    with pytest.raises(DyntuiError) as refused:
        office.wait(sign_in())
    assert refused.value.code == "NOT_A_DYNAMICS_USER"
    group("outsider")
    assert office.wait(sign_in()) == Role.MANAGER
    name, nobody, state = office.wait(signed_out())
    assert (bool(name), nobody, state) == (True, "", "not started")
    assert office.wait(identities.abilities_of(1, soon=True)) is None


def test_of_two_sign_ins_that_one_person_begins_at_once_one_waits_and_none_once_the_service_ends(
    office: Office,
) -> None:
    async def begin_twice_and_end() -> list[asyncio.Task[object]]:
        before = asyncio.all_tasks()
        identities = Identities(office.resources)
        await asyncio.gather(identities.begin(1), identities.begin(1))
        waiting = [each for each in asyncio.all_tasks() - before if not each.done()]
        assert len(waiting) == 1, waiting
        await identities.close()
        return [each for each in asyncio.all_tasks() - before if not each.done()]

    assert office.wait(begin_twice_and_end()) == []
