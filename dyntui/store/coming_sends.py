"""The sends that wait for their hour, and the waves to come of those that are between two of them.

Public: `coming(c, account_id, now) -> list[ComingSend]`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection

from dyntui.model import waves
from dyntui.model.budget_forecast import ComingSend
from dyntui.model.moments import moment_of
from dyntui.model.sync_types import HAND_OVER, SEND
from dyntui.store import send_waves, sends
from dyntui.store.sends import Send


def coming(c: Connection, account_id: str, now: datetime) -> list[ComingSend]:
    """When each is to begin, and for how many people, as far as is known: what is due already begins at once. Not those
    that a person has to decide on, nor those that dotdigital has."""
    return [
        ComingSend(max(on, now), kind, people)
        for each in sends.held(c)
        if each.account_id == account_id
        for on, kind, people in _of(c, each, now)
    ]


def _of(c: Connection, this: Send, now: datetime) -> Iterator[tuple[datetime, str, int]]:
    plan, due = send_waves.planned(c, this.id), moment_of(this.send_at)
    if this.state == "Scheduled" and due is not None:
        if plan is None:
            yield due, SEND.id if this.split is None else HAND_OVER.id, this.sendable
        else:
            for on, people in waves.to_come(plan.waves, 0, this.sendable, this.sendable, due):
                yield on, SEND.id, people
    elif this.state == "In waves" and plan is not None and not plan.stop:
        begun = len(send_waves.waves(c, this.id))
        # While a wave is under way it is not known when the next one begins.
        first = moment_of(plan.next_on) or now + timedelta(minutes=plan.waves.pause)
        left = send_waves.left(c, this.id) if begun else this.sendable
        for on, people in waves.to_come(plan.waves, begun, plan.people or this.sendable, left, first):
            yield on, SEND.id, people
