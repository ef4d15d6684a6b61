"""What dotdigital knows of people besides mail, as it was read last."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table

from dyntui.store.schema.columns import flag_column, metadata, text_column

contact_score = Table(
    "contact_score",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("contact_id", BigInteger, primary_key=True, autoincrement=False),
    text_column("address"),
    Column("score", Integer),  # None: not told
    Column("engagement", Integer),
    Column("suitability", Integer),
    text_column("label"),
    text_column("scored_on"),
    flag_column("news"),  # the records with the address have not been told yet
    Index("ix_contact_score_address", "address"),
    Index("ix_contact_score_news", "account_id", "news", "address"),
)
