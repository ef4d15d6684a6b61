"""Schedules, what administrators changed, and what should be told to somebody."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table

from dyntui.store.schema.columns import flag_column, metadata, number_column, text_column

# When the sync types of an email account run by themselves.
schedule = Table(
    "schedule",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("sync_type", String, primary_key=True),
    text_column("interval"),  # dyntui.model.schedules.Interval
    number_column("at"),  # minute of the day in UTC, of a daily run
    text_column("window"),  # as dyntui.model.sync_windows writes it
    flag_column("paused"),
    text_column("since"),  # nothing is due before
    text_column("last_start"),  # when the last scheduled run was due or made up for
    number_column("revision"),  # goes up with every save
    text_column("saved_by"),
    text_column("saved_on"),
)

# What administrators changed, kept for ever.
admin_change = Table(
    "admin_change",
    metadata,
    Column("id", Integer, primary_key=True),
    text_column("subject"),  # of dyntui.model.subjects
    text_column("account_id"),
    text_column("thing"),  # what of the subject, such as a sync type
    text_column("changed_by"),
    text_column("changed_on"),
    text_column("before"),
    text_column("after"),
    text_column("about"),  # the id of what it is about, where those of one are listed by themselves
    Index("ix_admin_change_subject", "subject", "account_id", "id"),
)

# What the hook is to be told, once for each event and thing.
notice = Table(
    "notice",
    metadata,
    Column("event", String, primary_key=True),
    Column("about", String, primary_key=True),
    text_column("raised_on"),
    text_column("body"),  # a dyntui.model.notices.Notice as JSON
    text_column("told_on"),
    number_column("attempts"),
    text_column("next_try"),
    flag_column("given_up"),
    text_column("why"),  # the last attempt failed
)
