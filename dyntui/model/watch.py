"""How often the consent watch may ask, and what is shown of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from dyntui.model.budgets import Limit

# The share of each budget that the watch may use, and how often it asks at most (spec section 7).
SHARE: Final = 0.03
AT_BEST: Final = 60.0
# How long a source that fails is left alone at most.
_LONGEST_PAUSE: Final = 900.0


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """A source of opt-outs that is watched. `account`: the email account's name, `Dynamics` for the organisation.
    `as_of`: until when what it says is known; `failing_since`: since when it could not be asked, `""` where it can;
    both ISO 8601 UTC. `error`: why it could not. `in_turn`: a book, which is asked when a call is left over."""

    account: str
    account_id: str
    source: str
    as_of: str = ""
    failing_since: str = ""
    error: str = ""
    in_turn: bool = False


def seconds_for(calls: float, limits: Iterable[Limit]) -> float:
    """How long so many calls have to do for, where the watch may use its share of these limits."""
    return max(calls * limit.window / (SHARE * limit.most) for limit in limits)


def pause_after(failures: int, interval: float) -> float:
    """Seconds until a source is asked again that has failed so often in a row: twice as long each time."""
    return min(interval * 2.0 ** min(failures, 10), max(_LONGEST_PAUSE, interval))
