"""Budgets: what is left of the calls that both systems allow, what the next 24 hours need, and what slows first."""

from __future__ import annotations

import msgspec

from dyntui.model.budget_forecast import Forecast as Forecast
from dyntui.model.budget_forecast import TypeNeed as TypeNeed
from dyntui.model.budget_forecast import TypeWork as TypeWork
from dyntui.model.roles import Ability
from dyntui.service.contract.actions import Action, Scope
from dyntui.service.contract.bounds import Text
from dyntui.service.contract.calls import Call
from dyntui.service.contract.console import ON_EVERYWHERE
from dyntui.service.contract.situations import go


class BudgetsOf(msgspec.Struct, frozen=True, kw_only=True):
    """The budgets of the organisation and of an email account (id or name); of all accounts where none is named."""

    account: Text = ""


class Budgets(msgspec.Struct, frozen=True, kw_only=True):
    """As of `as_of` (ISO 8601 UTC). `forecasts`: a row for each limit, those of the organisation first. `work`: what
    the kinds of runs did in the last 24 hours and what waits, those with a backlog first. `notes`: what the forecast
    does not know, as sentences."""

    as_of: str
    forecasts: tuple[Forecast, ...]
    work: tuple[TypeWork, ...]
    notes: tuple[str, ...] = ()


BUDGETS_SHOW = Call("budgets.show", BudgetsOf, Budgets, Ability.SEE)

ON_BUDGETS = Scope("Budgets")

ACTIONS = (
    Action(
        id="budgets.open",
        title="Budgets",
        scopes=(ON_EVERYWHERE,),
        keys=("U",),
        call=BUDGETS_SHOW,
        command="dyntui budgets",
        tooltip="What is left of the calls, what the next 24 hours will need, and what slows first",
        rule=go,
    ),
)
