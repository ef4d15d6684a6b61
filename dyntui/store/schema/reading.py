"""Up to where everything was read, how far cheap answers are trusted, and what the limits leave."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, String, Table

from dyntui.store.schema.columns import metadata, number_column, text_column

# How questions that have cheap answers have done (`dyntui.model.trust`).
cheap_answer = Table(
    "cheap_answer",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("question", String, primary_key=True),
    Column("subject", String, primary_key=True),  # what was asked about, such as a list
    text_column("since"),  # when it was asked first
    number_column("proofs"),
    number_column("differences"),
    text_column("last_proof"),
    text_column("found"),  # the last difference in words
    text_column("differed_on"),
)

watermark = Table(
    "watermark",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("feed", String, primary_key=True),
    text_column("value"),
)

# What the consent watch asks, and how far each of its sources was read.
consent_watch = Table(
    "consent_watch",
    metadata,
    Column("account_id", String, primary_key=True),  # "" for Dynamics
    Column("source", String, primary_key=True),
    text_column("place"),  # from where to ask on: a time of that system's clock, or a delta link
    text_column("asked_on"),  # when it was asked last with success
    text_column("failing_since"),
    text_column("error"),
    number_column("failures"),  # in a row
)

# What was used of the limits of a remote account: `account_id` is `""` for the organisation. A row that is there before
# the calls it counts are made: whoever takes more waits for its lock, on either database.
budget_window = Table(
    "budget_window",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("limit_name", String, primary_key=True),
    Column("start", BigInteger, primary_key=True, autoincrement=False),  # of the bucket, epoch seconds
    Column("spender", String, primary_key=True),  # a kind of run, "people", "watch" or "others"
    Column("amount", BigInteger, nullable=False, server_default="0"),
)

# How much a limit is, as an answer of the remote system told. The row without a name is the one that is locked.
budget_limit = Table(
    "budget_limit",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("limit_name", String, primary_key=True),
    Column("most", BigInteger, nullable=False, server_default="0"),
)

# How many calls each connection may have under way at once.
budget_grant = Table(
    "budget_grant",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("sharer", String, primary_key=True),
    number_column("at_once"),
    Column("seen", BigInteger, nullable=False, server_default="0"),  # epoch seconds
)
