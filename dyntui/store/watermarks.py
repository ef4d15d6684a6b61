"""Up to where each feed of an email account has been read.

Public: `get(c, account_id, feed) -> str`, `put(c, account_id, feed, value)`, `forget(c, account_id, feeds)`.
"""

from __future__ import annotations

from sqlalchemy import Connection, String, bindparam, delete, select

from dyntui.store.schema import watermark
from dyntui.store.upserts import upsert

_VALUE = select(watermark.c.value).where(
    watermark.c.account_id == bindparam("an_account", type_=String),
    watermark.c.feed == bindparam("a_feed", type_=String),
)


def get(c: Connection, account_id: str, feed: str) -> str:
    """The mark of a feed as its reader wrote it (a time, a delta link, a sequence number); `""` before the first."""
    return c.execute(_VALUE, {"an_account": account_id, "a_feed": feed}).scalar() or ""


def put(c: Connection, account_id: str, feed: str, value: str) -> None:
    """Advance a feed's mark, in the transaction that keeps what was read up to it. `account_id` is `""` for feeds of
    the organisation."""
    upsert(c, watermark, ("account_id", "feed", "value"), ("account_id", "feed"), [(account_id, feed, value)])


def forget(c: Connection, account_id: str, feeds: str) -> None:
    """The marks of all feeds of the account whose names begin so."""
    of_them = watermark.c.feed.startswith(feeds, autoescape=True)
    c.execute(delete(watermark).where(watermark.c.account_id == account_id, of_them))
