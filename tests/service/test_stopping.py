"""Who may end a service over its socket."""

from __future__ import annotations

import pytest

from dyntui.model.errors import DyntuiError, Exit
from dyntui.model.roles import Ability, Role, abilities
from dyntui.service.permission import AbilitiesOf, CallContext, RolesUnknown
from dyntui.service.stopping import require_right_to_stop
from dyntui.sync.connections import not_configured

MANAGER = abilities([Role.MANAGER])


def answering(answer: frozenset[Ability] | DyntuiError | None) -> AbilitiesOf:
    async def abilities_of(uid: int, *, soon: bool) -> frozenset[Ability] | None:
        if isinstance(answer, DyntuiError):
            raise answer
        return answer

    return abilities_of


@pytest.mark.parametrize(
    ("stays", "who", "may"),
    [
        (False, None, True),
        (False, abilities([Role.VIEWER]), True),
        (False, RolesUnknown("no answer", frozenset()), True),
        (True, MANAGER, True),
        (True, not_configured(), True),
        (True, RolesUnknown("no answer", MANAGER), True),
        (True, RolesUnknown("no answer", abilities([Role.PROFESSIONAL])), False),
        (True, RolesUnknown("no answer", frozenset()), False),
        (True, None, False),
        (True, abilities([Role.PROFESSIONAL]), False),
        (True, abilities([Role.VIEWER]), False),
        (True, frozenset(), False),
    ],
)
async def test_a_private_service_ends_for_all_and_one_that_stays_for_a_manager(
    stays: bool, who: frozenset[Ability] | DyntuiError | None, may: bool
) -> None:
    context = CallContext(1000, answering(who))
    if may:
        await require_right_to_stop(context, stays=stays)
        return
    with pytest.raises(DyntuiError) as raised:
        await require_right_to_stop(context, stays=stays)
    error = raised.value
    assert (error.code, error.exit) == ("STOP_NOT_PERMITTED", Exit.NOT_PERMITTED)
    assert "goes on" in error.not_done and "Ctrl-C" in error.remedy


async def test_what_is_wrong_with_the_keyring_keeps_its_name() -> None:
    broken = DyntuiError("KEYRING_LOCKED", "locked", not_done="-", remedy="-", exit=Exit.FAILED)
    with pytest.raises(DyntuiError, match="KEYRING_LOCKED"):
        await require_right_to_stop(CallContext(1000, answering(broken)), stays=True)
