"""Opt-outs, suppressions, unsubscribes, and what ended them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table

from dyntui.store.schema.columns import flag_column, metadata, number_column, text_column

# Every record in Dynamics that opted out: it is not mailed, whatever its address is by now. It stays until there is
# evidence of the contrary, even where the record does not exist any more.
opt_out = Table(
    "opt_out",
    metadata,
    Column("person_id", String, primary_key=True),
    text_column("entity"),
    text_column("reason"),  # DO_NOT_EMAIL or DO_NOT_BULK_EMAIL
    text_column("said_by"),  # the column that says so
    text_column("learned_on"),
    text_column("listing"),  # the reading begun last when the record was seen last
    text_column("kept"),  # why it counts although no reading shows it any more: "gone" or "merged"
    Index("ix_opt_out_listing", "listing"),
    Index("ix_opt_out_learned_on", "learned_on"),
)

# Every address that a record which opted out has, or had since: another record that shares it is not mailed either.
opt_out_address = Table(
    "opt_out_address",
    metadata,
    Column("address", String, primary_key=True),
    Column("person_id", String, ForeignKey("opt_out.person_id", ondelete="CASCADE"), primary_key=True),
    text_column("learned_on"),
    Index("ix_opt_out_address_person_id", "person_id"),
)

# Records that were merged away. `survivor_id` is the record that stands at the end of a chain of merges.
merged_record = Table(
    "merged_record",
    metadata,
    Column("person_id", String, primary_key=True),
    text_column("entity"),
    text_column("master_id"),  # what it was merged into
    text_column("survivor_id"),
    text_column("address"),  # of the record that was merged away
    text_column("learned_on"),
    Index("ix_merged_record_survivor_id", "survivor_id"),
)

suppression = Table(
    "suppression",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("address", String, primary_key=True),
    text_column("status"),  # as the platform names it
    text_column("reason"),
    text_column("suppressed_on"),
    text_column("learned_on"),
    flag_column("in_dynamics"),  # the suppression row and the opt-outs were written
    flag_column("in_feed"),  # dotdigital itself has named it: otherwise only Dynamics did
    text_column("listing"),  # the whole reading begun last when the feed named it last
    Column("contact_id", BigInteger, nullable=False, server_default="0"),  # as the feed named it; 0: it did not
    text_column("said_reason"),  # by which a person said no, also where the address bounces since; "": nobody did
    text_column("said_status"),
    text_column("said_on"),
    Index("ix_suppression_address", "address", "account_id"),
)

# Flags of records that dyntui itself has set, and for which suppressed address: no other one is taken back.
record_flag = Table(
    "record_flag",
    metadata,
    Column("person_id", String, primary_key=True),
    Column("flag", String, primary_key=True),  # the column in Dynamics: donotbulkemail, donotemail
    text_column("entity"),
    text_column("address"),
    text_column("set_on"),  # or when it was about to be set: `dyntui.store.flags`
    Index("ix_record_flag_address", "address"),
)

# Every suppression and opt-out that ended, and the evidence for it.
consent_lift = Table(
    "consent_lift",
    metadata,
    Column("id", Integer, primary_key=True),
    text_column("lifted_on"),
    text_column("kind"),  # "suppression", "opt-out" or "list unsubscribe"
    text_column("account_id"),
    text_column("address"),
    text_column("person_id"),
    text_column("reason"),  # the code that it had
    text_column("evidence"),
    text_column("lifted_by"),  # who decided so; "" where a system's own word did
    flag_column("in_dynamics"),  # what Dynamics held of it was taken back
    text_column("in_force_until"),  # for certain, by the systems' clocks; "": until it was lifted
    Index("ix_consent_lift_address", "address"),
)

# Rows from which no address can be got: shown until somebody has mended them.
odd_row = Table(
    "odd_row",
    metadata,
    Column("source", String, primary_key=True),  # where it was received
    Column("account_id", String, primary_key=True),
    Column("key", String, primary_key=True),
    text_column("shown"),
    text_column("learned_on"),
)

# Addresses that members of a list had before the ones they have now: who unsubscribed with one of them, or was
# suppressed at one while they had it, said so for whatever address the person takes later.
former_address = Table(
    "former_address",
    metadata,
    Column("list_id", String, primary_key=True),
    Column("address", String, primary_key=True),
    Column("person_id", String, primary_key=True),
    text_column("gone_on"),  # when the list was read without it; "": it is being read
    Index("ix_former_address_person_id", "person_id"),
    Index("ix_former_address_address", "address"),
)

list_unsubscribe = Table(
    "list_unsubscribe",
    metadata,
    Column("list_id", String, primary_key=True),
    Column("address", String, primary_key=True),
    text_column("unsubscribed_on"),
    text_column("learned_on"),
    number_column("book_id"),  # the book whose feed names the contact; 0: that of a send, or not known
    Column("contact_id", BigInteger, nullable=False, server_default="0"),
    text_column("told_as"),  # the time that Dynamics' row says, "-" for none; "": Dynamics was not told
)

# Whom an unsubscribe has taken off a list in Dynamics, or who had unsubscribed before that was wanted: once for each.
taken_off = Table(
    "taken_off",
    metadata,
    Column("list_id", String, primary_key=True),
    Column("person_id", String, primary_key=True),
    text_column("decided_on"),
)

# Unsubscribes from one list that ended, and whose row Dynamics still has.
list_unsubscribe_ended = Table(
    "list_unsubscribe_ended",
    metadata,
    Column("list_id", String, primary_key=True),
    Column("address", String, primary_key=True),
)
