"""Results that dotdigital processes late: when a campaign is looked at again, and when it is read from the beginning.

Feeds are asked for what happened since a moment, so what is processed later than their overlap is never in them. The
totals of a campaign count it all the same: where they count more than is known of people, something came late, and a
reading from the beginning finds it. What no reading finds (a recipient who was deleted, two openings that nothing tells
apart) is left after some of them, until the totals count still more.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec

from dyntui.model.moments import to_come

# Nearly a day, so that a run at the same time each day finds that one has passed.
A_DAY: Final = timedelta(hours=20)
# So many readings from the beginning have to leave the same missing.
TRIES: Final = 3


class Behind(msgspec.Struct, frozen=True):
    """How far what is known of people is behind the totals. `missing`: how much more of each the totals count;
    `tries`: how many readings from the beginning have left something missing; `again`: another one may find it."""

    missing: dict[str, int] = {}
    tries: int = 0
    again: bool = False


def due(sent: datetime | None, looked: datetime | None, now: datetime) -> bool:
    """Whether a campaign is to be looked at again: after a day, and the older it was when it was looked at, the later:
    after a quarter of its age. `sent`: None where that is not known."""
    return looked is None or to_come(looked, now) or now >= next_look(sent, looked)


def next_look(sent: datetime | None, looked: datetime) -> datetime:
    """When that is."""
    return looked + (A_DAY if sent is None else max(A_DAY, (looked - sent) / 4))


def after_whole(before: Behind, missing: Mapping[str, int]) -> Behind:
    """After a reading from the beginning that leaves so much missing."""
    tries = before.tries + 1 if missing else 0
    return Behind(dict(missing), tries, bool(missing) and tries < TRIES)


def after_news(before: Behind, missing: Mapping[str, int]) -> Behind:
    """After a reading of what is new, which leaves so much missing: more than before came late."""
    left = {what: min(number, before.missing[what]) for what, number in missing.items() if what in before.missing}
    if any(number > left.get(what, 0) for what, number in missing.items()):
        return Behind(left, 0, True)
    return Behind(left, before.tries if left else 0, bool(left) and before.tries < TRIES)
