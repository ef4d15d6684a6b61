"""Every role can do everything that it is offered, on systems that enforce their privileges, and nothing else."""

from __future__ import annotations

import os
from typing import Any

import msgspec
import pytest

from dyntui.dataverse import security
from dyntui.model.errors import DyntuiError
from dyntui.model.roles import Ability, Role, abilities
from dyntui.sandbox.entra.directory import find_person
from dyntui.service.answering import handlers_of
from dyntui.service.assembly import use_cases
from dyntui.service.contract import lists
from dyntui.service.contract.calls import Call
from dyntui.service.contract.campaigns import CAMPAIGN_TEST
from dyntui.service.contract.conflicts import CONFLICTS_SETTLE, CONFLICTS_TAKE
from dyntui.service.contract.lists import (
    LIST_ACTIVATE,
)
from dyntui.service.contract.quarantine import QUARANTINE_PICK
from dyntui.service.contract.sends import SEND_CANCEL, SEND_RELEASE, SEND_SETTLE
from dyntui.service.contract.subjects import CALLS
from dyntui.service.contract.suppressions import (
    SUPPRESSION_ASK,
    SUPPRESSION_LIFT,
)
from dyntui.service.contract.users import STUDIO_OPEN
from dyntui.service.identity import Identities
from dyntui.service.parts import Parts
from dyntui.service.permission import CallContext
from dyntui.service.setup import Setup
from dyntui.store import accounts
from dyntui.store.accounts import PersonLink
from tests.scenarios.every_call import everything
from tests.scenarios.office import Office
from tests.thorough import keeping

ROLES = {"manager": Role.MANAGER, "professional": Role.PROFESSIONAL, "viewer": Role.VIEWER}
# Open to everybody, or asked before anybody is somebody.
_WITHOUT_ABILITY = {name for name, method in CALLS.items() if method.ability is None}

Asked = tuple[Call[Any, Any], msgspec.Struct]


class Desk:
    """Somebody of the office at work as themselves: signed in, with the roles that Dynamics says."""

    def __init__(self, office: Office, part: str, *, long_lived: bool = False) -> None:
        self.office = office
        self.identities = identities = Identities(office.resources)
        parts = Parts(
            resources=office.resources,
            identities=identities,
            enqueue=office.engine.enqueue,
            reconnect=office.worker.reconnect,
            keyring="memory",
            long_lived=long_lived,
        )
        self._handlers = handlers_of(*use_cases(parts))
        self._context = CallContext(os.getuid(), identities.abilities_of)
        office.wait(self._sign_in(part))

    async def _sign_in(self, part: str) -> None:
        person = find_person(part)
        assert person is not None
        user = await security.user_by_object_id(await self.office.resources.connections.dataverse(), person.oid)
        assert user is not None
        link = PersonLink(
            os_uid=os.getuid(), user_id=user.id, object_id=person.oid, name=person.name, linked_on="2026-11-22"
        )
        await self.office.resources.write(lambda c: accounts.link_person(c, link))

    def ask(self, method: Call[Any, Any], request: msgspec.Struct) -> Any:
        """As the service carries a call out."""

        async def carry_out() -> Any:
            if method.ability is not None:
                await self._context.require(method.ability)
            return await self._handlers[method.name](self._context, request)

        answer = self.office.wait(carry_out())
        self.office.engine.drain()
        return answer


def with_roles(office: Office) -> None:
    """Installs, and gives each of the three people their role."""
    office.give_roles("application", "System Administrator", Role.SERVICE)
    assign = {}
    for part, role in ROLES.items():
        person = find_person(part)
        assert person is not None
        assign[role.value] = (person.upn,)
    request = msgspec.structs.replace(office.setup_request(), assign=assign)
    office.wait(Setup(office.resources, office.worker.reconnect).apply(office.context, request))
    office.give_roles("application", Role.SERVICE)


# Nothing is against the right to do it: there is nothing to be done.
_NOTHING_TO_DO = {
    SUPPRESSION_ASK.name: "NOT_SUPPRESSED",
    SUPPRESSION_LIFT.name: "NOTHING_TO_LIFT",
    SEND_SETTLE.name: "SEND_NOT_IN_DOUBT",
    SEND_CANCEL.name: "SEND_NOT_CANCELLABLE",
    CAMPAIGN_TEST.name: "TEST_CONTACT_UNKNOWN",
    SEND_RELEASE.name: "SEND_NOT_HELD",
    QUARANTINE_PICK.name: "NOTHING_REFUSED",
    CONFLICTS_SETTLE.name: "NO_CONFLICT",
    CONFLICTS_TAKE.name: "NO_CONFLICT",
    STUDIO_OPEN.name: "USER_NOT_MAPPED",
}


@pytest.mark.parametrize("part", keeping(ROLES, "viewer"))
def test_every_role_can_do_what_it_is_offered_and_nothing_else(office: Office, part: str) -> None:
    with_roles(office)
    asked = everything(office)
    desk = Desk(office, part)
    offered = abilities([ROLES[part].value])
    tried = set()
    for method, request in asked:
        tried.add(method.name)
        assert method.ability is not None
        if method.ability in offered:
            try:
                desk.ask(method, request)
            except DyntuiError as error:
                assert error.code == _NOTHING_TO_DO.get(method.name), (method.name, error)
            continue
        with pytest.raises(DyntuiError) as refused:
            desk.ask(method, request)
        assert refused.value.code == "NOT_PERMITTED", method.name
        assert refused.value.remedy
    assert tried == CALLS.keys() - _WITHOUT_ABILITY
    # Who may send is told in the message for who may not.
    assert (Ability.SEND in offered) == (part == "manager")


def test_an_activation_that_dynamics_refuses_takes_its_new_address_book_away_again(office: Office) -> None:
    with_roles(office)
    other = office.list_named("Alpine Club")
    desk = Desk(office, "viewer")
    books = office.book_names()
    # A viewer who may, by dyntui's own rules: Dynamics still refuses in the person's name.
    with pytest.raises(DyntuiError) as refused:
        office.wait(desk._handlers[LIST_ACTIVATE.name](office.context, lists.Activate(id=other.id, link=True)))
    assert refused.value.code == "DATAVERSE_NOT_PERMITTED"
    assert "was taken away again" in refused.value.not_done
    assert office.book_names() == books
    assert not office.list_named("Alpine Club").activated
