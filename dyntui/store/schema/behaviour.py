"""What dotdigital knows of people besides mail, as it was read last."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, String, Table

from dyntui.store.schema.columns import flag_column, metadata, number_column, text_column

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

form = Table(
    "form",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("id", Integer, primary_key=True, autoincrement=False),
    text_column("row_id"),  # of dyntui_form
    text_column("name"),
    text_column("state"),
    text_column("url"),
    text_column("made_on"),
    text_column("changed_on"),
    text_column("first_response"),
    text_column("last_response"),
    number_column("complete"),
    number_column("incomplete"),
    number_column("views"),
    Column("questions", JSON, nullable=False),  # those that are not asked any more as well
    text_column("asked_as"),  # `changed_on` of when the questions were read; "" before that
    text_column("fingerprint"),  # of what was written to Dataverse
    text_column("responses_on"),  # up to when the responses are known; "" where not all of them were read
    text_column("responses_as"),  # what dotdigital counted then
)

form_response = Table(
    "form_response",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("form_id", Integer, primary_key=True, autoincrement=False),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    text_column("address"),  # "" for an anonymous one
    text_column("started_on"),
    text_column("completed_on"),
    flag_column("complete"),
    Column("answers", JSON, nullable=False),
    Column("names", JSON, nullable=False),  # what a new record is called by it
    text_column("fingerprint"),
    text_column("person_id"),  # the record that Dynamics was told of
    flag_column("told"),  # Dynamics has it
    flag_column("news"),  # something of it is still to be told
    Index("ix_form_response_address", "address"),
    Index("ix_form_response_person_id", "person_id"),
    Index("ix_form_response_news", "account_id", "form_id", "news", "id"),
)

page_visit = Table(
    "page_visit",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("key", String, primary_key=True),  # of the session and the page
    Column("contact_id", BigInteger, nullable=False),
    text_column("address"),
    text_column("url"),
    text_column("title"),
    text_column("visited_on"),
    number_column("times"),
    text_column("person_id"),  # the record that Dynamics was told of
    flag_column("told"),  # Dynamics has it
    flag_column("news"),  # something of it is still to be told
    Index("ix_page_visit_address", "address"),
    Index("ix_page_visit_person_id", "person_id"),
    Index("ix_page_visit_news", "account_id", "news", "key"),
)
