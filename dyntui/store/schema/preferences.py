"""Marketing preferences, and what people chose on either side."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table

from dyntui.store.schema.columns import flag_column, metadata, text_column

preference = Table(
    "preference",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("id", Integer, primary_key=True, autoincrement=False),
    text_column("name"),
    text_column("category"),
    flag_column("public"),
    flag_column("gone"),  # not offered any more
    text_column("row_id"),  # of dyntui_preference
    text_column("fingerprint"),  # of what was written to Dataverse
)

# What contacts of dotdigital chose; whoever chose nothing has no row.
contact_choice = Table(
    "contact_choice",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("preference_id", Integer, primary_key=True, autoincrement=False),
    Column("contact_id", BigInteger, primary_key=True, autoincrement=False),
    text_column("address"),
    text_column("choice"),  # yes, no; "not chosen": dotdigital says no, and nobody chose it
    text_column("chosen_on"),
    flag_column("news"),  # not compared with Dynamics yet
    Index("ix_contact_choice_contact_id", "contact_id"),
    Index("ix_contact_choice_address", "address", "account_id", "preference_id"),
    Index("ix_contact_choice_news", "account_id", "news", "preference_id", "contact_id"),
)

# What records of Dynamics chose, at the address that they had when it was compared last.
record_choice = Table(
    "record_choice",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("preference_id", Integer, primary_key=True, autoincrement=False),
    Column("person_id", String, primary_key=True),
    text_column("entity"),
    text_column("name"),
    text_column("address"),
    text_column("choice"),  # yes, no; "": none
    text_column("chosen_on"),
    text_column("base"),  # what both sides had last; "": nothing yet
    text_column("row_id"),  # of dyntui_preferencechoice
    flag_column("news"),  # not compared with dotdigital yet
    Index("ix_record_choice_address", "address"),
    Index("ix_record_choice_person_id", "person_id"),
    Index("ix_record_choice_news", "account_id", "news", "preference_id", "person_id"),
)
