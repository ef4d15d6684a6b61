"""How often something new was learned of who opted out: whoever is about to hand people over asks whether it is more
often than when it was decided about them.

Public: `told(c)`, `count(c) -> int`.
"""

from __future__ import annotations

from sqlalchemy import Connection

from dyntui.store import watermarks

_NEWS = "consent-news"


def told(c: Connection) -> None:
    """Something was learned, in the transaction that keeps it."""
    watermarks.put(c, "", _NEWS, str(count(c) + 1))


def count(c: Connection) -> int:
    """How often so far."""
    return int(watermarks.get(c, "", _NEWS) or 0)
