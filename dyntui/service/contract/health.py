"""Health: what is wrong with the installation, and how it is mended."""

from __future__ import annotations

import msgspec

from dyntui.model.health import Finding as Finding
from dyntui.model.health import Severity as Severity
from dyntui.model.roles import Ability
from dyntui.service.contract.actions import Action, Scope
from dyntui.service.contract.calls import Call
from dyntui.service.contract.console import ON_EVERYWHERE
from dyntui.service.contract.session import Nothing
from dyntui.service.contract.situations import go


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, the worst first, on `as_of` (ISO 8601 UTC); `looked_at`: the parts that were asked."""

    findings: tuple[Finding, ...]
    looked_at: tuple[str, ...]
    as_of: str


HEALTH_CHECK = Call("health.check", Nothing, Health, Ability.SEE)

ON_HEALTH = Scope("Health")

ACTIONS = (
    Action(
        id="health.open",
        title="Health",
        scopes=(ON_EVERYWHERE,),
        keys=("H",),
        call=HEALTH_CHECK,
        command="dyntui doctor",
        tooltip="What is wrong with the installation, what it means and how it is mended",
        rule=go,
    ),
)
