"""Data labels, data mappings and the columns of Dynamics that they reach."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Integer, String, Table

from dyntui.store.schema.columns import flag_column, metadata, text_column

# Columns of account, contact and lead as Dynamics described them last, and of the tables that mappings reach over a
# lookup. One organisation, so for all email accounts.
crm_column = Table(
    "crm_column",
    metadata,
    Column("entity", String, primary_key=True),
    Column("logical_name", String, primary_key=True),
    Column("definition", JSON, nullable=False),  # dyntui.model.columns.Column
    text_column("read_on"),
)

data_label = Table(
    "data_label",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("name", String, primary_key=True),  # upper case
    text_column("type"),  # LabelType
    text_column("default_value"),
    text_column("visibility"),
    text_column("description"),
    flag_column("synchronised"),  # the data field exists in dotdigital with this type
    text_column("conflict"),  # the type that a field of this name has there, where it is another one
    text_column("known_since"),
)

# Every set of data mappings that an email account has had; the last one counts. None: what is provisioned.
mapping_version = Table(
    "mapping_version",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),  # from 1 on
    text_column("made_by"),
    text_column("made_on"),
    text_column("why"),
    Column("mappings", JSON, nullable=False),
)
