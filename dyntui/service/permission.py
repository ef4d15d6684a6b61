"""The one place where it is decided whether a call is permitted (spec section 2)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.roles import Ability, roles_with

# Abilities of an operating-system user; None while they have not signed in as a Dynamics user.
AbilitiesOf = Callable[[int], Awaitable[frozenset[Ability] | None]]


class CallContext:
    """Who calls. Handlers of methods without a fixed ability ask `require` themselves."""

    def __init__(self, uid: int, abilities_of: AbilitiesOf) -> None:
        self.uid = uid
        self._abilities_of = abilities_of

    async def abilities(self) -> frozenset[Ability]:
        """What the caller may do; nothing before they signed in."""
        return await self._abilities_of(self.uid) or frozenset()

    async def require(self, ability: Ability) -> None:
        """Raises DyntuiError NOT_SIGNED_IN or NOT_PERMITTED unless the caller has the ability."""
        held = await self._abilities_of(self.uid)
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
