"""The one place where it is decided whether a call is permitted (spec section 2)."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.roles import Ability, roles_with
from dyntui.service.contract.events import Changed, Event


class AbilitiesOf(Protocol):
    """Abilities of an operating-system user; None while they have not signed in as a Dynamics user. `soon`: what is
    stored can be shown meanwhile, so that Dynamics is not waited for long."""

    def __call__(self, uid: int, *, soon: bool) -> Awaitable[frozenset[Ability] | None]: ...


class RolesUnknown(DyntuiError):
    """Dynamics does not say which roles somebody has. `last`: what they were allowed to do when it last said so;
    `named`: what keeps the service from asking, where that is to be mended under its own name."""

    def __init__(
        self, why: str, last: frozenset[Ability], detail: str = "", *, named: DyntuiError | None = None
    ) -> None:
        super().__init__(
            "ROLES_UNKNOWN" if named is None else named.code,
            f"Dynamics does not say which roles you have: {why}" if named is None else named.message,
            not_done="Nothing was changed. What is stored can be looked at by who was seen to be allowed to.",
            remedy="Try again when Dynamics answers; `dyntui status` shows whether it does."
            if named is None
            else named.remedy,
            exit=Exit.UNREACHABLE if named is None else named.exit,
            detail=detail,
        )
        self.last = last


class CallContext:
    """Who makes a call. Handlers of methods without a fixed ability ask `require` themselves.

    `also_changed`: what the call has changed besides what it always does.
    """

    def __init__(self, uid: int, abilities_of: AbilitiesOf) -> None:
        self.uid = uid
        self._abilities_of = abilities_of
        self.also_changed: list[Event[Changed]] = []

    def changed(self, event: Event[Changed]) -> None:
        """For a call that changes something only now and then, such as a listing that is read the first time."""
        self.also_changed.append(event)

    async def abilities(self) -> frozenset[Ability]:
        """What the caller may do; nothing before they signed in."""
        return await self._abilities_of(self.uid, soon=True) or frozenset()

    async def require(self, ability: Ability, *, soon: bool = False) -> None:
        """Raises DyntuiError NOT_SIGNED_IN or NOT_PERMITTED unless the caller has the ability, ROLES_UNKNOWN when that
        cannot be told. To see what is stored it is enough to have been allowed to before, and Dynamics is not waited
        for; for anything else it is, unless that has to be `soon`."""
        try:
            held = await self._abilities_of(self.uid, soon=soon or ability is Ability.SEE)
        except RolesUnknown as unknown:
            if ability is Ability.SEE and ability in unknown.last:
                return
            raise
        if held is None:
            raise DyntuiError(
                "NOT_SIGNED_IN",
                "You have not signed in as a Dynamics user.",
                not_done="Nothing was read or changed.",
                remedy="Run `dyntui sign-in`.",
                exit=Exit.NOT_PERMITTED,
            )
        if ability not in held:
            raise not_permitted(ability)


def not_permitted(ability: Ability) -> DyntuiError:
    """The refusal of a call for which the caller's roles are not enough."""
    roles = " or ".join(roles_with(ability))
    return DyntuiError(
        "NOT_PERMITTED",
        f"Your roles do not allow you to {ability.value}; {roles} may.",
        not_done="Nothing was read or changed.",
        remedy=f"Ask an administrator of Dynamics for the role {roles}.",
        exit=Exit.NOT_PERMITTED,
    )
