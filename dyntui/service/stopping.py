"""Who may end the service over its socket.

Whoever reaches the socket is the operating-system user whose service it is: a signal ends it in any case. The rule is
for what happens by a command: a service that stays carries out what others started and are waiting for.
"""

from __future__ import annotations

import os

from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.roles import Ability, roles_with
from dyntui.service.permission import CallContext, RolesUnknown


async def require_right_to_stop(context: CallContext, *, stays: bool) -> None:
    """A private service ends for everybody whom it serves: it was started for them. One that stays (`dyntui serve`)
    ends for who may administer, by their roles as last read where Dynamics does not tell them, and for everybody before
    setup. Raises DyntuiError STOP_NOT_PERMITTED."""
    if not stays:
        return
    try:
        await context.require(Ability.ADMINISTER, soon=True)
    except RolesUnknown as unknown:
        if Ability.ADMINISTER not in unknown.last:
            raise _refused("Dynamics does not say which roles you have.") from unknown
    except DyntuiError as error:
        if error.code == "NOT_CONFIGURED":
            return
        if error.exit is not Exit.NOT_PERMITTED:
            raise
        raise _refused(error.message) from error


def _refused(why: str) -> DyntuiError:
    may = " or ".join(roles_with(Ability.ADMINISTER))
    return DyntuiError(
        "STOP_NOT_PERMITTED",
        f"This service stays for everybody who uses it, and only {may} may stop it. {why}",
        not_done="The service goes on.",
        remedy=f"Ask one of them, press Ctrl-C where `dyntui serve` runs, or, as its owner, `kill {os.getpid()}`.",
        exit=Exit.NOT_PERMITTED,
    )
