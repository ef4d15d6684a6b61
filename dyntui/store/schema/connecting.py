"""The organisation, its email accounts, and who of this machine's users is whom in Dynamics."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Table, text

from dyntui.store.schema.columns import flag_column, metadata, text_column

organisation = Table(
    "organisation",
    metadata,
    Column("id", Integer, primary_key=True),  # always 1: one profile, one organisation
    text_column("organisation_id"),
    text_column("name"),
    text_column("url"),
    text_column("authority"),
    text_column("client_id"),
    text_column("auth"),  # dyntui.model.sign_in
    text_column("ca_file"),
    text_column("service_user_id"),
    text_column("connected_on"),
    text_column("managed_identity"),  # its client id; "": the machine's own
)

email_account = Table(
    "email_account",
    metadata,
    Column("id", String, primary_key=True),  # also the row id of dyntui_emailaccount
    text_column("name"),
    text_column("description"),
    flag_column("is_default"),
    text_column("region"),
    text_column("endpoint"),
    text_column("api_user"),
    text_column("ca_file"),
    text_column("sync_level"),
    Column("platform_id", BigInteger, nullable=False),  # dotdigital's account id
    text_column("double_opt_in"),  # off, single, all; "" while nobody knows
    Column("copies_suppressions", Boolean, nullable=False, server_default=text("true")),
    Column("new_respondents", String, nullable=False, server_default="ignore"),  # ignore, contact, lead
    Column("removal_people", Integer, nullable=False, server_default="10"),
    Column("removal_percent", Integer, nullable=False, server_default="10"),
    text_column("lead_topic"),  # "": as config.toml says
    text_column("last_name"),
    Column("budget_percent", Integer, nullable=False, server_default="100"),  # of its calls, for dyntui
    text_column("record_owner"),  # a user's principal name; "": the list's owner
    # Which kinds of results are read of its campaigns (dyntui.model.campaign_results).
    Column("reads_opens", Boolean, nullable=False, server_default=text("true")),
    Column("reads_clicks", Boolean, nullable=False, server_default=text("true")),
    Column("reads_page_views", Boolean, nullable=False, server_default=text("true")),
    Column("reads_roi", Boolean, nullable=False, server_default=text("true")),
    Column("suppression_flags", String, nullable=False, server_default="bulk"),  # dyntui.model.suppression_flags
    # Whether Dynamics takes off a list who unsubscribes from its book.
    Column("takes_off_unsubscribed", Boolean, nullable=False, server_default=text("false")),
    Column("takes_off_suppressed", Boolean, nullable=False, server_default=text("false")),
)

# Email accounts that are not production; `""`: the organisation is not.
not_production = Table(
    "not_production",
    metadata,
    Column("account_id", String, primary_key=True),
    text_column("marked_by"),
    text_column("marked_on"),
)

# Whom sends may mail where something is marked as not production.
allowed_address = Table(
    "allowed_address",
    metadata,
    Column("entry", String, primary_key=True),  # an address, or "@" and a domain
    text_column("added_by"),
    text_column("added_on"),
)

# What the systems of this connection answered to what is assumed of them (dyntui.model.first_connection).
connection_fact = Table(
    "connection_fact",
    metadata,
    Column("account_id", String, primary_key=True),  # "" for Dynamics
    Column("id", String, primary_key=True),
    text_column("holds"),
    text_column("seen"),
    text_column("asked_on"),
    text_column("version"),
)

# Which user of Dynamics a user of dotdigital is: one to one.
user_mapping = Table(
    "user_mapping",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("dotdigital", String, primary_key=True),  # the address there, normalised
    text_column("user_id"),  # systemuserid
    text_column("name"),
    text_column("address"),
    text_column("mapped_by"),
    text_column("mapped_on"),
)

person_link = Table(
    "person_link",
    metadata,
    Column("os_uid", BigInteger, primary_key=True, autoincrement=False),
    text_column("user_id"),  # systemuserid
    text_column("object_id"),  # Entra object id, for CallerObjectId
    text_column("name"),
    text_column("linked_on"),
    text_column("roles"),  # of the connector, as last read, one a line
)
