"""Marketing lists, their members, and contacts of address books that are nobody's members."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, String, Table, UniqueConstraint, text

from dyntui.store.schema.columns import DERIVED, flag_column, metadata, number_column, text_column

marketing_list = Table(
    "marketing_list",
    metadata,
    Column("id", String, primary_key=True),
    text_column("name"),
    text_column("description"),
    text_column("member_type"),  # Entity
    flag_column("dynamic"),
    text_column("query"),
    Column("member_count", Integer),  # None where Dynamics keeps none
    flag_column("active"),
    flag_column("locked"),
    text_column("owner_id"),
    text_column("owner"),
    text_column("modified_on"),
    # the list's settings, as the business columns in Dataverse say
    flag_column("activated"),
    text_column("account_id"),
    number_column("book_id"),
    text_column("book_name"),
    Column("sync_order", Integer, nullable=False, server_default="1000"),
    flag_column("manual_only"),
    # what dyntui knows of its synchronisation
    text_column("sync_status"),
    flag_column("sync_problem"),  # the status is one that somebody must look at
    text_column("last_synced"),
    text_column("last_run_id"),
    text_column("held_by"),  # the run that synchronises it at present: a list is synchronised by one at a time
    text_column("read_on"),
    text_column("listing"),  # the run that has read all its members last; "" while they are being read
    text_column("doubt"),  # why that reading does not prove who has left; "" when it does
    # further settings of the list
    text_column("membership_action"),  # MembershipAction; "" where nobody has chosen
    text_column("subscription_filter"),  # as `dyntui.model.subscription_filters` spells it; "" where nobody has chosen
    flag_column("clear_on_send"),
    text_column("judged_by"),  # the run that has asked last whom the subscription filter keeps out
    # what reading only what changed goes on from (`dyntui.store.reading_places`)
    text_column(
        "base"
    ),  # the `listing` of those of its members who are on it; "" where only reading everybody will tell
    Column("rows_read", Integer, nullable=False, server_default="-1"),  # its rows in Dynamics as known; -1: not known
    text_column("rows_since"),  # Dynamics' time up to which its rows were asked for
    text_column("records_link"),  # the delta link up to which its members are what their records say
    text_column("records_on"),  # when that link was given
    text_column("records_columns"),  # what it was asked for
    text_column("records_run"),  # the run that has asked it last
    flag_column("records_gone"),  # records of members were deleted since its rows were read
    Column("book_count", Integer, nullable=False, server_default="-1"),  # contacts of its book; -1: not known
    text_column("book_since"),  # dotdigital's time up to which the book's contacts were asked for
    text_column("read_how"),  # in words: whether only what changed was read, and on which proof that rests
    Index("ix_marketing_list_activated", "account_id", "activated", "sync_order", "name"),
)

# A member as last read, the values last synchronised, and the outcome of the list's last run. `seq` is dense per list
# (0..n-1) in the order of first reading at every commit, so that a window of a million rows is a range scan.
list_member = Table(
    "list_member",
    metadata,
    Column("list_id", String, primary_key=True),
    Column("person_id", String, primary_key=True),
    Column("seq", Integer, nullable=False),
    text_column("entity"),
    text_column("name"),
    text_column("address"),
    text_column("created_on"),
    Column("fields", JSON, nullable=False),  # the payload as it would be sent: {label: value}
    text_column("own_reasons"),  # the record's own closed gates: codes joined with ",", by precedence
    text_column("own_detail"),  # of the first of them
    text_column("fingerprint"),  # of what would be sent now
    # of what dotdigital acknowledged; "" when the person is not in the book, or a mark of `dyntui.store.book_marks`
    text_column("sent_fingerprint"),
    text_column("sent_address"),
    Column("contact_id", BigInteger),  # dotdigital's contact id, once known
    text_column("rejected_fingerprint"),  # of what dotdigital refused; not offered again before `retry_on`
    text_column("rejected_reason"),
    text_column("rejected_detail"),
    text_column("retry_on"),
    text_column("channel"),  # reason code of dotdigital's own status in the book; "" while it would mail the person
    text_column("outcome"),  # "" while pending
    text_column("reason"),
    text_column("detail"),
    text_column("also"),  # further reason codes, joined with ",", by precedence
    text_column("listing"),  # run id of the listing that saw the person last
    text_column("gated_by"),  # run id of the listing that found a gate closed, or holds the removal
    flag_column("has_left"),  # the list as last read does not hold the person any more
    # about the removal from the book while it is held: "remove" or "keep"; "" until somebody decides
    text_column("decision"),
    text_column("decided_by"),
    text_column("decided_on"),
    Column("sent_fields", JSON),  # the payload that dotdigital acknowledged; None where it is not known
    number_column("opt_in"),  # OptIn of the record
    text_column("filtered"),  # what the list's subscription filter has against the person: codes as in own_reasons
    text_column("filtered_detail"),
    flag_column("news"),  # something about the person changed that no synchronisation has gone through with yet
    text_column("acknowledged_on"),  # when dotdigital acknowledged what it holds of the person
    text_column("mailed_as"),  # of an account that is mailed at its primary contact's address: that contact
    Index("ix_list_member_seq", "list_id", "seq"),
    Index("ix_list_member_outcome", "list_id", "outcome", "reason", "seq"),
    # Holds all that tells whether records of one address meet.
    Index("ix_list_member_address", "address", "list_id", "person_id", "has_left"),
    # Holds all that a search looks at, and the order by name: neither has to read a million wide rows.
    Index("ix_list_member_name", "list_id", "name", "seq", "address"),
    # Those of a million whom a synchronisation has to look at.
    Index("ix_list_member_news", "list_id", "person_id", sqlite_where=text("news = 1"), postgresql_where=text("news")),
    Index(
        "ix_list_member_left", "list_id", "seq", sqlite_where=text("has_left = 1"), postgresql_where=text("has_left")
    ),
    # A person over all lists.
    Index("ix_list_member_person_id", "person_id"),
    Index(
        "ix_list_member_mailed_as",
        "mailed_as",
        "person_id",
        sqlite_where=text("mailed_as <> ''"),
        postgresql_where=text("mailed_as <> ''"),
    ),
    # Who is in the book, and in any other state than unchanged.
    Index(
        "ix_list_member_in_book",
        "list_id",
        "person_id",
        sqlite_where=text("sent_address <> '' AND outcome <> 'unchanged'"),
        postgresql_where=text("sent_address <> '' AND outcome <> 'unchanged'"),
    ),
    # Who is in the book with another address than they have.
    Index(
        "ix_list_member_sent_elsewhere",
        "sent_address",
        sqlite_where=text("sent_address <> address"),
        postgresql_where=text("sent_address <> address"),
    ),
    # Whose contact it is that dotdigital names, by whatever address.
    Index(
        "ix_list_member_contact_id",
        "contact_id",
        sqlite_where=text("contact_id IS NOT NULL"),
        postgresql_where=text("contact_id IS NOT NULL"),
    ),
)

# As of when a list's members were settled: how often anything that decides about members had moved by then, which the
# row without a list counts. Triggers on the tables of consent and lists keep it (`dyntui.store.settled_before`); a
# migration that makes one of them anew has to make its triggers anew.
settled_list = Table(
    "settled_list",
    metadata,
    Column("list_id", String, primary_key=True),
    Column("times", BigInteger, nullable=False, server_default="0"),
    text_column("listing"),
    info=DERIVED,
)

# What lists say of people, without case: name and address of each of their rows, a line each. Kept by
# `dyntui.store.person_search` where a store has an index of it (`person_grams`); triggers on `list_member` put down
# whose text is due. A migration that makes `list_member` anew has to make them anew.
person_text = Table(
    "person_text",
    metadata,
    Column("no", Integer, primary_key=True),
    Column("person_id", String, nullable=False),
    Column("said", String, nullable=False),
    UniqueConstraint("person_id"),
    info=DERIVED,
)
person_text_due = Table("person_text_due", metadata, Column("person_id", String, primary_key=True), info=DERIVED)

# The values that both sides had last, of each email account and person: the base of a merge.
shadow = Table(
    "shadow",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("person_id", String, primary_key=True),
    Column("contact_id", BigInteger, nullable=False),
    Column("values", JSON, nullable=False),  # {label: value}, as the contact had them when it was read last
    text_column("fingerprint"),  # of what had been sent for the person by then
    flag_column("again"),  # something could not be written, and is tried with the next run
    text_column("changed_on"),  # when the contact was changed last, by what it said when it was read
    Index("ix_shadow_again", "account_id", "contact_id", sqlite_where=text("again"), postgresql_where=text("again")),
)

# Contacts of a list's address book that are not on the list, as the book was read last: what is to be done with each
# (`Effect`), how that is named (`becomes`), and what has become of it (`outcome`; "" while it is to be done).
book_stranger = Table(
    "book_stranger",
    metadata,
    Column("list_id", String, primary_key=True),
    Column("contact_id", BigInteger, primary_key=True, autoincrement=False),
    text_column("address"),
    text_column("channel"),
    Column("fields", JSON),  # of whom a record may be made: {label: value}
    text_column("run_id"),  # the run that has read the book last
    text_column("effect"),
    text_column("becomes"),
    text_column("outcome"),
    text_column("reason"),
    text_column("detail"),
    text_column("person_id"),  # the record that joins the list
    text_column("picked"),  # the record that somebody chose of several
    # about a removal that is held, as of list_member
    text_column("decision"),
    text_column("decided_by"),
    text_column("decided_on"),
    Index("ix_book_stranger_effect", "list_id", "effect", "outcome", "contact_id"),
)

# Refused rows that somebody does not want to hear of: until a moment, and as long as the row stays what it is.
refused_ignored = Table(
    "refused_ignored",
    metadata,
    Column("list_id", String, primary_key=True),
    Column("person_id", String, primary_key=True),
    text_column("fingerprint"),  # of the row when it was ignored
    text_column("until"),
    text_column("ignored_by"),
    text_column("why"),
)
