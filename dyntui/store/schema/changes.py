"""What runs would change, what they changed, and what was there before."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, String, Table, text

from dyntui.store.schema.columns import flag_column, metadata, number_column, text_column

# What a run would do if it went on, and how much that takes.
plan = Table(
    "plan",
    metadata,
    Column("run_id", String, ForeignKey("run.id", ondelete="CASCADE"), primary_key=True),
    text_column("digest"),  # over all its changes in their order: the same facts give the same one
    text_column("decided_on"),
    number_column("dataverse_reads"),
    number_column("dotdigital_reads"),
    number_column("dotdigital_writes"),
    number_column("seconds"),
    text_column("applied_by"),  # the run that carried it out
    number_column("dataverse_writes"),
)

planned_change = Table(
    "planned_change",
    metadata,
    Column("run_id", String, ForeignKey("plan.run_id", ondelete="CASCADE"), primary_key=True),
    Column("item_id", String, primary_key=True),
    Column("person_id", String, primary_key=True),
    number_column("seq"),
    text_column("entity"),
    text_column("name"),
    text_column("address"),
    text_column("effect"),  # add, update or remove
    text_column("reason"),  # of a removal
    Column("before", JSON),  # {label: value}; None: not in the book, or not known
    Column("after", JSON),  # {label: value}; None: a removal
    text_column("fingerprint"),  # of what would be sent
    text_column("detail"),
    # of an undo:
    Column("take_out", BigInteger),  # the contact that leaves the book
    flag_column("deletes"),  # that contact is deleted
    flag_column("puts_in"),  # somebody comes into the book
    Index("ix_planned_change_seq", "run_id", "item_id", "effect", "seq"),
)

# A place that a run wrote to: an address book, dotdigital's suppressions, a table of Dynamics.
change_part = Table(
    "change_part",
    metadata,
    Column("no", Integer, primary_key=True),
    Column("run_id", String, ForeignKey("run.id", ondelete="CASCADE"), nullable=False),
    text_column("item_id"),
    text_column("target"),  # see `dyntui.model.changes`
    number_column("undoes"),  # the part of another run whose changes these undo; 0: none
    Index("ux_change_part_place", "run_id", "item_id", "target", unique=True),
    Index("ix_change_part_item", "item_id", "target"),
)

# What a run wrote of a person, with what was there before.
applied_change = Table(
    "applied_change",
    metadata,
    Column("part", Integer, ForeignKey("change_part.no", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("person_id", String, primary_key=True),
    text_column("entity"),
    text_column("name"),
    text_column("address"),
    text_column("effect"),  # see `dyntui.model.changes`
    text_column("reason"),  # of a removal
    flag_column("consent"),  # a withdrawal of consent
    Column("before", JSON),  # the fields that differ; None: there was nothing
    Column("after", JSON),  # None: nothing is there any more
    flag_column("known"),  # what was there before was read, or sent by dyntui itself
    text_column("before_address"),  # in the book before, where it is another one
    Column("contact_id", BigInteger),
    flag_column("created"),  # the contact did not exist before
    flag_column("begun"),  # about to be written: the remote system has not said yet that it was
    text_column("undone_by"),  # the run that undid it
    flag_column("deleted"),  # the contact that was in the book before does not exist any more
    # Of millions the few of which nobody has heard yet.
    Index("ix_applied_change_begun", "part", sqlite_where=text("begun = 1"), postgresql_where=text("begun")),
    sqlite_with_rowid=False,
)

# Values that both sides had changed differently: what the mapping's rule made of them, until somebody has looked.
conflict = Table(
    "conflict",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("person_id", String, primary_key=True),
    Column("label", String, primary_key=True),
    text_column("entity"),
    text_column("name"),
    text_column("address"),
    text_column("dynamics"),  # the values in words
    text_column("dotdigital"),
    text_column("winner"),  # the side whose value it is
    text_column("run_id"),  # that met it
    text_column("met_on"),
    text_column("settled_by"),
    text_column("settled_on"),
    text_column("taken"),  # the side whose value somebody took although it had lost
    Index("ix_conflict_settled", "settled_on", "met_on"),
)

# People whose change was undone: the synchronisation would make it again, and waits until somebody lets it.
undone_hold = Table(
    "undone_hold",
    metadata,
    Column("list_id", String, primary_key=True),
    Column("person_id", String, primary_key=True),
    text_column("effect"),  # what the synchronisation would do again: add, update, remove
    text_column("fingerprint"),  # of what it would send
    text_column("run_id"),  # the run that was undone
    text_column("undone_by"),  # who undid it
    text_column("undone_on"),
    text_column("decision"),  # "keep": they stay as they are; "" until somebody decides
    text_column("decided_by"),
    text_column("decided_on"),
)
