"""The local store's tables: dyntui's own state, and a cache of what the screens read, stamped with its age.

One dialect-neutral schema for SQLite and PostgreSQL. Times are ISO 8601 UTC text with second precision (`...Z`), `""`
where there is none yet; identifiers from Dataverse are lower-case GUIDs; addresses are normalised
(`dyntui.model.people.normalise`). Business rows live in Dataverse (spec section 13).
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _text(name: str, **more: object) -> Column[str]:
    return Column(name, String, nullable=False, server_default="", **more)  # type: ignore[arg-type]


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False, server_default=text("false"))


def _number(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False, server_default="0")


organisation = Table(
    "organisation",
    metadata,
    Column("id", Integer, primary_key=True),  # always 1: one profile, one organisation
    _text("organisation_id"),
    _text("name"),
    _text("url"),
    _text("authority"),
    _text("client_id"),
    _text("auth"),  # "secret" or "certificate"
    _text("ca_file"),
    _text("service_user_id"),
    _text("connected_on"),
)

email_account = Table(
    "email_account",
    metadata,
    Column("id", String, primary_key=True),  # also the row id of dyntui_emailaccount
    _text("name"),
    _text("description"),
    _flag("is_default"),
    _text("region"),
    _text("endpoint"),
    _text("api_user"),
    _text("ca_file"),
    _text("sync_level"),
    Column("platform_id", BigInteger, nullable=False),  # dotdigital's account id
    _text("double_opt_in"),  # off, single, all; "" while nobody knows
    Column("copies_suppressions", Boolean, nullable=False, server_default=text("true")),
)

# Email accounts that are not production; `""`: the organisation is not.
not_production = Table(
    "not_production",
    metadata,
    Column("account_id", String, primary_key=True),
    _text("marked_by"),
    _text("marked_on"),
)

# Whom sends may mail where something is marked as not production.
allowed_address = Table(
    "allowed_address",
    metadata,
    Column("entry", String, primary_key=True),  # an address, or "@" and a domain
    _text("added_by"),
    _text("added_on"),
)

person_link = Table(
    "person_link",
    metadata,
    Column("os_uid", BigInteger, primary_key=True, autoincrement=False),
    _text("user_id"),  # systemuserid
    _text("object_id"),  # Entra object id, for CallerObjectId
    _text("name"),
    _text("linked_on"),
    _text("roles"),  # of the connector, as last read, one a line
)

marketing_list = Table(
    "marketing_list",
    metadata,
    Column("id", String, primary_key=True),
    _text("name"),
    _text("description"),
    _text("member_type"),  # Entity
    _flag("dynamic"),
    _text("query"),
    Column("member_count", Integer),  # None where Dynamics keeps none
    _flag("active"),
    _flag("locked"),
    _text("owner_id"),
    _text("owner"),
    _text("modified_on"),
    # the list's settings, as the business columns in Dataverse say
    _flag("activated"),
    _text("account_id"),
    _number("book_id"),
    _text("book_name"),
    Column("sync_order", Integer, nullable=False, server_default="1000"),
    _flag("manual_only"),
    # what dyntui knows of its synchronisation
    _text("sync_status"),
    _flag("sync_problem"),  # the status is one that somebody must look at
    _text("last_synced"),
    _text("last_run_id"),
    _text("held_by"),  # the run that synchronises it at present: a list is synchronised by one at a time
    _text("read_on"),
    _text("listing"),  # the run that has read all its members last; "" while they are being read
    _text("doubt"),  # why that reading does not prove who has left; "" when it does
    # further settings of the list
    _text("membership_action"),  # MembershipAction; "" where nobody has chosen
    _text("subscription_filter"),  # as `dyntui.model.subscription_filters` spells it; "" where nobody has chosen
    _flag("clear_on_send"),
    _text("judged_by"),  # the run that has asked last whom the subscription filter keeps out
    # what reading only what changed goes on from (`dyntui.store.reading_places`)
    _text("base"),  # the `listing` of those of its members who are on it; "" where only reading everybody will tell
    Column("rows_read", Integer, nullable=False, server_default="-1"),  # its rows in Dynamics as known; -1: not known
    _text("rows_since"),  # Dynamics' time up to which its rows were asked for
    _text("records_link"),  # the delta link up to which its members are what their records say
    _text("records_on"),  # when that link was given
    _text("records_columns"),  # what it was asked for
    _text("records_run"),  # the run that has asked it last
    _flag("records_gone"),  # records of members were deleted since its rows were read
    Column("book_count", Integer, nullable=False, server_default="-1"),  # contacts of its book; -1: not known
    _text("book_since"),  # dotdigital's time up to which the book's contacts were asked for
    _text("read_how"),  # in words: whether only what changed was read, and on which proof that rests
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
    _text("entity"),
    _text("name"),
    _text("address"),
    _text("created_on"),
    Column("fields", JSON, nullable=False),  # the payload as it would be sent: {label: value}
    _text("own_reasons"),  # the record's own closed gates: codes joined with ",", by precedence
    _text("own_detail"),  # of the first of them
    _text("fingerprint"),  # of what would be sent now
    # of what dotdigital acknowledged; "" when the person is not in the book, or a mark of `dyntui.store.book_marks`
    _text("sent_fingerprint"),
    _text("sent_address"),
    Column("contact_id", BigInteger),  # dotdigital's contact id, once known
    _text("rejected_fingerprint"),  # of what dotdigital refused; not offered again before `retry_on`
    _text("rejected_reason"),
    _text("rejected_detail"),
    _text("retry_on"),
    _text("channel"),  # reason code of dotdigital's own status in the book; "" while it would mail the person
    _text("outcome"),  # "" while pending
    _text("reason"),
    _text("detail"),
    _text("also"),  # further reason codes, joined with ",", by precedence
    _text("listing"),  # run id of the listing that saw the person last
    _text("gated_by"),  # run id of the listing that found a gate closed, or holds the removal
    _flag("has_left"),  # the list as last read does not hold the person any more
    # about the removal from the book while it is held: "remove" or "keep"; "" until somebody decides
    _text("decision"),
    _text("decided_by"),
    _text("decided_on"),
    Column("sent_fields", JSON),  # the payload that dotdigital acknowledged; None where it is not known
    _number("opt_in"),  # OptIn of the record
    _text("filtered"),  # what the list's subscription filter has against the person: codes as in own_reasons
    _text("filtered_detail"),
    _flag("news"),  # something about the person changed that no synchronisation has gone through with yet
    _text("acknowledged_on"),  # when dotdigital acknowledged what it holds of the person
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
)

# Columns of account, contact and lead as Dynamics described them last, and of the tables that mappings reach over a
# lookup. One organisation, so for all email accounts.
crm_column = Table(
    "crm_column",
    metadata,
    Column("entity", String, primary_key=True),
    Column("logical_name", String, primary_key=True),
    Column("definition", JSON, nullable=False),  # dyntui.model.columns.Column
    _text("read_on"),
)

data_label = Table(
    "data_label",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("name", String, primary_key=True),  # upper case
    _text("type"),  # LabelType
    _text("default_value"),
    _text("visibility"),
    _text("description"),
    _flag("synchronised"),  # the data field exists in dotdigital with this type
    _text("conflict"),  # the type that a field of this name has there, where it is another one
    _text("known_since"),
)

# Every set of data mappings that an email account has had; the last one counts. None: what is provisioned.
mapping_version = Table(
    "mapping_version",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),  # from 1 on
    _text("made_by"),
    _text("made_on"),
    _text("why"),
    Column("mappings", JSON, nullable=False),
)

# The values that both sides had last, of each email account and person: the base of a merge.
shadow = Table(
    "shadow",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("person_id", String, primary_key=True),
    Column("contact_id", BigInteger, nullable=False),
    Column("values", JSON, nullable=False),  # {label: value}, as the contact had them when it was read last
    _text("fingerprint"),  # of what had been sent for the person by then
    _flag("again"),  # something could not be written, and is tried with the next run
    Index("ix_shadow_again", "account_id", "contact_id", sqlite_where=text("again"), postgresql_where=text("again")),
)

# Contacts of a list's address book that are not on the list, as the book was read last: what is to be done with each
# (`Effect`), how that is named (`becomes`), and what has become of it (`outcome`; "" while it is to be done).
book_stranger = Table(
    "book_stranger",
    metadata,
    Column("list_id", String, primary_key=True),
    Column("contact_id", BigInteger, primary_key=True, autoincrement=False),
    _text("address"),
    _text("channel"),
    Column("fields", JSON),  # of whom a record may be made: {label: value}
    _text("run_id"),  # the run that has read the book last
    _text("effect"),
    _text("becomes"),
    _text("outcome"),
    _text("reason"),
    _text("detail"),
    _text("person_id"),  # the record that joins the list
    _text("picked"),  # the record that somebody chose of several
    # about a removal that is held, as of list_member
    _text("decision"),
    _text("decided_by"),
    _text("decided_on"),
    Index("ix_book_stranger_effect", "list_id", "effect", "outcome", "contact_id"),
)

# Refused rows that somebody does not want to hear of: until a moment, and as long as the row stays what it is.
refused_ignored = Table(
    "refused_ignored",
    metadata,
    Column("list_id", String, primary_key=True),
    Column("person_id", String, primary_key=True),
    _text("fingerprint"),  # of the row when it was ignored
    _text("until"),
    _text("ignored_by"),
    _text("why"),
)

# Every record in Dynamics that opted out: it is not mailed, whatever its address is by now. It stays until there is
# evidence of the contrary, even where the record does not exist any more.
opt_out = Table(
    "opt_out",
    metadata,
    Column("person_id", String, primary_key=True),
    _text("entity"),
    _text("reason"),  # DO_NOT_EMAIL or DO_NOT_BULK_EMAIL
    _text("said_by"),  # the column that says so
    _text("learned_on"),
    _text("listing"),  # the reading begun last when the record was seen last
    _text("kept"),  # why it counts although no reading shows it any more: "gone" or "merged"
    Index("ix_opt_out_listing", "listing"),
)

# Every address that a record which opted out has, or had since: another record that shares it is not mailed either.
opt_out_address = Table(
    "opt_out_address",
    metadata,
    Column("address", String, primary_key=True),
    Column("person_id", String, ForeignKey("opt_out.person_id", ondelete="CASCADE"), primary_key=True),
    _text("learned_on"),
    Index("ix_opt_out_address_person_id", "person_id"),
)

# Records that were merged away. `survivor_id` is the record that stands at the end of a chain of merges.
merged_record = Table(
    "merged_record",
    metadata,
    Column("person_id", String, primary_key=True),
    _text("entity"),
    _text("master_id"),  # what it was merged into
    _text("survivor_id"),
    _text("address"),  # of the record that was merged away
    _text("learned_on"),
    Index("ix_merged_record_survivor_id", "survivor_id"),
)

suppression = Table(
    "suppression",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("address", String, primary_key=True),
    _text("status"),  # as the platform names it
    _text("reason"),
    _text("suppressed_on"),
    _text("learned_on"),
    _flag("in_dynamics"),  # the suppression row and the opt-outs were written
    _flag("in_feed"),  # dotdigital itself has named it: otherwise only Dynamics did
    _text("listing"),  # the whole reading begun last when the feed named it last
    Column("contact_id", BigInteger, nullable=False, server_default="0"),  # as the feed named it; 0: it did not
    Index("ix_suppression_address", "address", "account_id"),
)

# Records whose `donotbulkemail` dyntui itself has set, and for which suppressed address: no other flag is taken back.
flag_set = Table(
    "flag_set",
    metadata,
    Column("person_id", String, primary_key=True),
    _text("entity"),
    _text("address"),
    _text("set_on"),
    Index("ix_flag_set_address", "address"),
)

# Every suppression and opt-out that ended, and the evidence for it.
consent_lift = Table(
    "consent_lift",
    metadata,
    Column("id", Integer, primary_key=True),
    _text("lifted_on"),
    _text("kind"),  # "suppression", "opt-out" or "list unsubscribe"
    _text("account_id"),
    _text("address"),
    _text("person_id"),
    _text("reason"),  # the code that it had
    _text("evidence"),
    _text("lifted_by"),  # who decided so; "" where a system's own word did
    _flag("in_dynamics"),  # what Dynamics held of it was taken back
    Index("ix_consent_lift_address", "address"),
)

# Rows from which no address can be got: shown until somebody has mended them.
odd_row = Table(
    "odd_row",
    metadata,
    Column("source", String, primary_key=True),  # where it was received
    Column("account_id", String, primary_key=True),
    Column("key", String, primary_key=True),
    _text("shown"),
    _text("learned_on"),
)

# Addresses that members of a list had before the ones they have now: who unsubscribed with one of them, or was
# suppressed at one while they had it, said so for whatever address the person takes later.
former_address = Table(
    "former_address",
    metadata,
    Column("list_id", String, primary_key=True),
    Column("address", String, primary_key=True),
    Column("person_id", String, primary_key=True),
    _text("gone_on"),  # when the list was read without it; "": it is being read
    Index("ix_former_address_person_id", "person_id"),
)

list_unsubscribe = Table(
    "list_unsubscribe",
    metadata,
    Column("list_id", String, primary_key=True),
    Column("address", String, primary_key=True),
    _text("unsubscribed_on"),
    _text("learned_on"),
    _number("book_id"),  # the book whose feed names the contact; 0: that of a send, or not known
    Column("contact_id", BigInteger, nullable=False, server_default="0"),
)

# How questions that have cheap answers have done (`dyntui.model.trust`).
cheap_answer = Table(
    "cheap_answer",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("question", String, primary_key=True),
    Column("subject", String, primary_key=True),  # what was asked about, such as a list
    _text("since"),  # when it was asked first
    _number("proofs"),
    _number("differences"),
    _text("last_proof"),
    _text("found"),  # the last difference in words
    _text("differed_on"),
)

watermark = Table(
    "watermark",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("feed", String, primary_key=True),
    _text("value"),
)

# What the consent watch asks, and how far each of its sources was read.
consent_watch = Table(
    "consent_watch",
    metadata,
    Column("account_id", String, primary_key=True),  # "" for Dynamics
    Column("source", String, primary_key=True),
    _text("place"),  # from where to ask on: a time of that system's clock, or a delta link
    _text("asked_on"),  # when it was asked last with success
    _text("failing_since"),
    _text("error"),
    _number("failures"),  # in a row
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
    _number("at_once"),
    Column("seen", BigInteger, nullable=False, server_default="0"),  # epoch seconds
)

run = Table(
    "run",
    metadata,
    Column("id", String, primary_key=True),
    _text("kind"),  # a sync type, or "send"
    _text("title"),
    _text("account_id"),
    _text("sync_key"),  # what may only run once at a time
    Column("request", JSON, nullable=False),
    Column("priority", Integer, nullable=False, server_default="50"),  # lower first
    _text("status"),  # RunStatus
    Column("desired", String, nullable=False, server_default="run"),  # "run" or "cancel"
    _number("attempt"),  # the fencing token
    Column("cursor", JSON, nullable=False),
    _text("started_by"),
    _number("started_uid"),
    _text("queued_on"),
    _text("started_on"),
    _text("ended_on"),
    _number("people_read"),
    _text("stage"),
    _number("stage_done"),
    _number("stage_of"),
    _number("dataverse_reads"),
    _number("dataverse_writes"),
    _number("dotdigital_reads"),
    _number("dotdigital_writes"),
    _text("error_code"),
    _text("error"),
    _text("not_done"),
    _text("remedy"),
    Index("ix_run_queued_on", "queued_on", "id"),
    Index("ix_run_kind", "kind", "account_id", "queued_on"),
    Index(
        "ux_run_active",
        "sync_key",
        unique=True,
        sqlite_where=text("status IN ('Queued', 'In process')"),
        postgresql_where=text("status IN ('Queued', 'In process')"),
    ),
)

run_item = Table(
    "run_item",
    metadata,
    Column("run_id", String, ForeignKey("run.id", ondelete="CASCADE"), primary_key=True),
    Column("item_id", String, primary_key=True),
    _number("place"),
    _text("kind"),
    _text("name"),
    _text("status"),
    _number("people_read"),
    _text("note"),
    # Where its people are found: a scope of `standing` as of an edition of it; 0: in `outcome`.
    _number("scope"),
    _number("edition"),
)

# Counts of `outcome`, kept as the rows are recorded: a history of thousands of runs is shown without counting people.
run_tally = Table(
    "run_tally",
    metadata,
    Column("run_id", String, ForeignKey("run.id", ondelete="CASCADE"), primary_key=True),
    Column("item_id", String, primary_key=True),
    Column("outcome", String, primary_key=True),
    Column("reason", String, primary_key=True),
    _number("people"),
)

outcome = Table(
    "outcome",
    metadata,
    Column("run_id", String, primary_key=True),
    Column("item_id", String, primary_key=True),
    Column("person_id", String, primary_key=True),
    _number("seq"),
    _text("entity"),
    _text("name"),
    _text("address"),
    _text("outcome"),
    _text("reason"),
    _text("detail"),
    _text("also"),
    Index("ix_outcome_seq", "run_id", "item_id", "seq"),
    Index("ix_outcome_reason", "run_id", "item_id", "outcome", "reason", "seq"),
)

# What is gone through again and again, such as a marketing list; `edition` counts how often it was.
standing_scope = Table(
    "standing_scope",
    metadata,
    Column("no", Integer, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    _number("edition"),
)

# What became of somebody from one edition of a scope on until another: written only where it changes. `first` is the
# outcome in the edition that it begins with (`added`), `outcome` the one in those that follow (`unchanged`).
standing = Table(
    "standing",
    metadata,
    Column("no", Integer, primary_key=True),
    _number("scope"),
    _text("person_id"),
    _number("from_edition"),
    Column("to_edition", BigInteger, nullable=False),  # the first in which it is over
    _number("seq"),  # order of shown rows
    _text("entity"),
    _text("name"),
    _text("address"),
    _text("first"),
    _text("outcome"),
    _text("reason"),
    _text("detail"),
    _text("also"),
    Index("ux_standing_person", "scope", "person_id", "from_edition", unique=True),
    Index("ix_standing_seq", "scope", "seq", "no", "from_edition", "to_edition"),
)

# What a run would do if it went on, and how much that takes.
plan = Table(
    "plan",
    metadata,
    Column("run_id", String, ForeignKey("run.id", ondelete="CASCADE"), primary_key=True),
    _text("digest"),  # over all its changes in their order: the same facts give the same one
    _text("decided_on"),
    _number("dataverse_reads"),
    _number("dotdigital_reads"),
    _number("dotdigital_writes"),
    _number("seconds"),
    _text("applied_by"),  # the run that carried it out
)

planned_change = Table(
    "planned_change",
    metadata,
    Column("run_id", String, ForeignKey("plan.run_id", ondelete="CASCADE"), primary_key=True),
    Column("item_id", String, primary_key=True),
    Column("person_id", String, primary_key=True),
    _number("seq"),
    _text("entity"),
    _text("name"),
    _text("address"),
    _text("effect"),  # add, update or remove
    _text("reason"),  # of a removal
    Column("before", JSON),  # {label: value}; None: not in the book, or not known
    Column("after", JSON),  # {label: value}; None: a removal
    _text("fingerprint"),  # of what would be sent
    _text("detail"),
    # of an undo:
    Column("take_out", BigInteger),  # the contact that leaves the book
    _flag("deletes"),  # that contact is deleted
    _flag("puts_in"),  # somebody comes into the book
    Index("ix_planned_change_seq", "run_id", "item_id", "effect", "seq"),
)

# A place that a run wrote to: an address book, dotdigital's suppressions, a table of Dynamics.
change_part = Table(
    "change_part",
    metadata,
    Column("no", Integer, primary_key=True),
    Column("run_id", String, ForeignKey("run.id", ondelete="CASCADE"), nullable=False),
    _text("item_id"),
    _text("target"),  # see `dyntui.model.changes`
    _number("undoes"),  # the part of another run whose changes these undo; 0: none
    Index("ux_change_part_place", "run_id", "item_id", "target", unique=True),
)

# What a run wrote of a person, with what was there before.
applied_change = Table(
    "applied_change",
    metadata,
    Column("part", Integer, ForeignKey("change_part.no", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("person_id", String, primary_key=True),
    _text("entity"),
    _text("name"),
    _text("address"),
    _text("effect"),  # see `dyntui.model.changes`
    _text("reason"),  # of a removal
    _flag("consent"),  # a withdrawal of consent
    Column("before", JSON),  # the fields that differ; None: there was nothing
    Column("after", JSON),  # None: nothing is there any more
    _flag("known"),  # what was there before was read, or sent by dyntui itself
    _text("before_address"),  # in the book before, where it is another one
    Column("contact_id", BigInteger),
    _flag("created"),  # the contact did not exist before
    _flag("begun"),  # about to be written: the remote system has not said yet that it was
    _text("undone_by"),  # the run that undid it
    _flag("deleted"),  # the contact that was in the book before does not exist any more
    sqlite_with_rowid=False,
)

# People whose change was undone: the synchronisation would make it again, and waits until somebody lets it.
undone_hold = Table(
    "undone_hold",
    metadata,
    Column("list_id", String, primary_key=True),
    Column("person_id", String, primary_key=True),
    _text("effect"),  # what the synchronisation would do again: add, update, remove
    _text("fingerprint"),  # of what it would send
    _text("run_id"),  # the run that was undone
    _text("undone_by"),  # who undid it
    _text("undone_on"),
    _text("decision"),  # "keep": they stay as they are; "" until somebody decides
    _text("decided_by"),
    _text("decided_on"),
)

campaign = Table(
    "campaign",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("id", Integer, primary_key=True, autoincrement=False),
    _text("row_id"),  # of dyntui_emailcampaign
    _text("name"),
    _text("subject"),
    _text("from_name"),
    _text("from_address"),
    _text("reply_to"),
    _text("status"),
    _text("type"),
    _flag("split_test"),
    Column("tags", JSON, nullable=False),
    _text("body_text"),
    _text("sent_on"),
    Column("summary", JSON, nullable=False),  # totals as received, {} before the first
    _text("fingerprint"),  # of what was written to Dataverse
    _text("read_on"),
    _text("results_on"),
)

campaign_target = Table(
    "campaign_target",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("campaign_id", Integer, primary_key=True, autoincrement=False),
    Column("list_id", String, primary_key=True),
)

recipient = Table(
    "recipient",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("campaign_id", Integer, primary_key=True, autoincrement=False),
    Column("contact_id", BigInteger, primary_key=True, autoincrement=False),
    _text("address"),
    _text("sent_on"),
    _number("opens"),
    _number("clicks"),
    _number("forwards"),
    _number("replies"),
    _number("page_views"),
    _text("first_opened"),
    _text("last_opened"),
    _flag("unsubscribed"),
    _flag("soft_bounced"),
    _flag("hard_bounced"),
    _text("written"),  # what Dynamics was told of, as `dyntui.store.campaigns` sums it up
    Index("ix_recipient_address", "address"),
)

# Single events, for charts and links. `key` makes a re-read harmless: the platform gives events no id.
activity = Table(
    "activity",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("campaign_id", Integer, primary_key=True, autoincrement=False),
    Column("key", String, primary_key=True),
    _text("kind"),  # "open" or "click"
    Column("contact_id", BigInteger, nullable=False),
    _text("happened_on"),
    _text("url"),
    Index("ix_activity_kind", "account_id", "campaign_id", "kind", "happened_on"),
    Index("ix_activity_contact_id", "contact_id", "account_id", "campaign_id"),
)

target_count = Table(
    "target_count",
    metadata,
    Column("id", String, primary_key=True),
    _text("account_id"),
    Column("campaign_id", Integer, nullable=False),
    Column("lists", JSON, nullable=False),  # the ids counted
    _text("counted_on"),
    _text("suppressions_as_of"),
    _number("potential"),
)

# The people of a target count: exactly those with `outcome` "added" are addressed by the send that takes it.
target_person = Table(
    "target_person",
    metadata,
    Column("count_id", String, ForeignKey("target_count.id", ondelete="CASCADE"), primary_key=True),
    Column("person_id", String, primary_key=True),
    _number("seq"),
    _text("entity"),
    _text("name"),
    _text("address"),
    Column("fields", JSON, nullable=False),
    Column("contact_id", BigInteger),
    _text("outcome"),  # "added" (sendable), "excluded" or "rejected"
    _text("reason"),
    _text("detail"),
    _text("also"),
    Index("ix_target_person_seq", "count_id", "seq"),
    Index("ix_target_person_reason", "count_id", "outcome", "reason", "seq"),
)

send = Table(
    "send",
    metadata,
    Column("id", String, primary_key=True),  # also the row id of dyntui_campaignsend
    _text("account_id"),
    Column("campaign_id", Integer, nullable=False),
    _text("campaign_name"),
    _text("count_id"),
    _text("run_id"),
    _text("state"),  # Queued, Preparing, Sending, Sent, Failed, Refused, Cancelled
    _text("created_by"),
    _text("created_on"),
    _text("sent_on"),
    Column("lists", JSON, nullable=False),  # names, as shown when sent
    Column("list_ids", JSON, nullable=False),
    _number("potential"),
    _number("sendable"),
    _number("book_id"),
    _text("book_name"),
    _text("platform_send_id"),
    _text("error"),
    _text("doubt"),  # cancelled, unproved, stopped: who was mailed is not known
    _text("decision"),  # mailed, not mailed: what somebody found in dotdigital's outbox
    _text("decided_by"),
    _text("decided_on"),
    Index("ix_send_campaign", "account_id", "campaign_id", "created_on"),
)

# When the sync types of an email account run by themselves.
schedule = Table(
    "schedule",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("sync_type", String, primary_key=True),
    _text("interval"),  # dyntui.model.schedules.Interval
    _number("at"),  # minute of the day in UTC, of a daily run
    _text("window"),  # as dyntui.model.sync_windows writes it
    _flag("paused"),
    _text("since"),  # nothing is due before
    _text("last_start"),  # when the last scheduled run was due or made up for
    _number("revision"),  # goes up with every save
    _text("saved_by"),
    _text("saved_on"),
)

# What administrators changed, kept for ever.
admin_change = Table(
    "admin_change",
    metadata,
    Column("id", Integer, primary_key=True),
    _text("subject"),  # of dyntui.model.subjects
    _text("account_id"),
    _text("thing"),  # what of the subject, such as a sync type
    _text("changed_by"),
    _text("changed_on"),
    _text("before"),
    _text("after"),
    Index("ix_admin_change_subject", "subject", "account_id", "id"),
)

# What the hook is to be told, once for each event and thing.
notice = Table(
    "notice",
    metadata,
    Column("event", String, primary_key=True),
    Column("about", String, primary_key=True),
    _text("raised_on"),
    _text("body"),  # a dyntui.model.notices.Notice as JSON
    _text("told_on"),
    _number("attempts"),
    _text("next_try"),
    _flag("given_up"),
    _text("why"),  # the last attempt failed
)
