"""Whose people a page of people shows."""

from __future__ import annotations

import msgspec

from dyntui.service.contract.campaigns import TargetCount

from .tally import SENDABLE, reason_title


class Whose(msgspec.Struct, frozen=True, kw_only=True):
    """Whose people: of a `run` of a `kind` (and of an `item`) or of a target `count`, narrowed by outcome and reason.
    `title` says it."""

    title: str
    trail: tuple[str, ...] = ()
    run: str = ""
    kind: str = ""
    item: str = ""
    count: str = ""
    outcome: str = ""
    reason: str = ""
    sendable: bool = False


def behind_slice(count: TargetCount, key: str, trail: tuple[str, ...]) -> Whose:
    """The people behind a slice of a target count: `SENDABLE`, or a reason code."""
    sendable = key == SENDABLE
    return Whose(
        title="Sendable" if sendable else reason_title(key),
        trail=trail,
        count=count.id,
        reason="" if sendable else key,
        sendable=sendable,
    )
