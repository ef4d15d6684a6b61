"""Email campaigns, their recipients, counts of targets, and sends."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, String, Table, text

from dyntui.store.schema.columns import flag_column, metadata, number_column, text_column

campaign = Table(
    "campaign",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("id", Integer, primary_key=True, autoincrement=False),
    text_column("row_id"),  # of dyntui_emailcampaign
    text_column("name"),
    text_column("subject"),
    text_column("from_name"),
    text_column("from_address"),
    text_column("reply_to"),
    text_column("status"),
    text_column("type"),
    flag_column("split_test"),
    Column("tags", JSON, nullable=False),
    text_column("body_text"),
    text_column("sent_on"),
    Column("summary", JSON, nullable=False),  # totals as received, {} before the first
    text_column("fingerprint"),  # of what was written to Dataverse
    text_column("read_on"),
    text_column("results_on"),
    text_column("sync_level"),  # of its own; "": as its email account
    flag_column("read_again"),  # its results are to be read from the beginning, whatever is known of them
    text_column("archived_on"),  # "": it is not put away
    text_column("archived_by"),
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
    text_column("address"),
    text_column("sent_on"),
    number_column("opens"),
    number_column("clicks"),
    number_column("forwards"),
    number_column("replies"),
    number_column("page_views"),
    text_column("first_opened"),
    text_column("last_opened"),
    flag_column("unsubscribed"),
    flag_column("soft_bounced"),
    flag_column("hard_bounced"),
    text_column("written"),  # what Dynamics was told of, as `dyntui.store.campaigns` sums it up
    Index("ix_recipient_address", "address"),
)

# Single events, for charts and links. `key` makes a re-read harmless: the platform gives events no id.
activity = Table(
    "activity",
    metadata,
    Column("account_id", String, primary_key=True),
    Column("campaign_id", Integer, primary_key=True, autoincrement=False),
    Column("key", String, primary_key=True),
    text_column("kind"),  # "open", "click", "page" or "roi"
    Column("contact_id", BigInteger, nullable=False),
    text_column("happened_on"),
    text_column("url"),  # clicked; of ROI the name of its marker
    text_column("client"),  # the mail client, as dotdigital names it
    text_column("device"),  # of dyntui.model.devices
    text_column("value"),  # of ROI
    Index("ix_activity_kind", "account_id", "campaign_id", "kind", "happened_on"),
    Index("ix_activity_contact_id", "contact_id", "account_id", "campaign_id"),
)

target_count = Table(
    "target_count",
    metadata,
    Column("id", String, primary_key=True),
    text_column("account_id"),
    Column("campaign_id", Integer, nullable=False),
    Column("lists", JSON, nullable=False),  # the ids counted
    text_column("counted_on"),
    text_column("suppressions_as_of"),
    number_column("potential"),
)

# The people of a target count: exactly those with `outcome` "added" are addressed by the send that takes it.
target_person = Table(
    "target_person",
    metadata,
    Column("count_id", String, ForeignKey("target_count.id", ondelete="CASCADE"), primary_key=True),
    Column("person_id", String, primary_key=True),
    number_column("seq"),
    text_column("entity"),
    text_column("name"),
    text_column("address"),
    Column("fields", JSON, nullable=False),
    Column("contact_id", BigInteger),
    text_column("outcome"),  # "added" (sendable), "excluded" or "rejected"
    text_column("reason"),
    text_column("detail"),
    text_column("also"),
    text_column("was"),  # outcome and reason when somebody confirmed the send, "" where they were not counted then
    text_column("mailed_as"),  # as in `list_member`
    Index("ix_target_person_seq", "count_id", "seq"),
    Index(
        "ix_target_person_mailed_as",
        "count_id",
        "mailed_as",
        sqlite_where=text("mailed_as <> ''"),
        postgresql_where=text("mailed_as <> ''"),
    ),
    Index("ix_target_person_reason", "count_id", "outcome", "reason", "seq"),
)

send = Table(
    "send",
    metadata,
    Column("id", String, primary_key=True),  # also the row id of dyntui_campaignsend
    text_column("account_id"),
    Column("campaign_id", Integer, nullable=False),
    text_column("campaign_name"),
    text_column("count_id"),
    text_column("run_id"),
    text_column("state"),  # Scheduled, Missed, Queued, Preparing, In waves, Sending, Sent, ...: `dyntui.model.sends`
    text_column("created_by"),
    text_column("created_on"),
    text_column("sent_on"),
    Column("lists", JSON, nullable=False),  # names, as shown when sent
    Column("list_ids", JSON, nullable=False),
    number_column("potential"),
    number_column("sendable"),
    number_column("book_id"),
    text_column("book_name"),
    text_column("platform_send_id"),
    text_column("error"),
    text_column("doubt"),  # cancelled, unproved, stopped: who was mailed is not known
    text_column("decision"),  # mailed, not mailed: what somebody found in dotdigital's outbox
    text_column("decided_by"),
    text_column("decided_on"),
    text_column("send_at"),  # when it is to go out, "" for at once
    number_column("confirmed"),  # how many people would have been mailed when somebody said so
    text_column("waves_of"),  # the send that this one is a wave of
    number_column("wave"),  # which one, from 1; 0: none
    # What its count said when somebody confirmed it: outcome, reason and people each.
    Column("counted", JSON, nullable=False, server_default="[]"),
    text_column("sender_id"),  # the user in Dynamics who confirmed it, "" where nobody is known
    # Of a send that is held: what the campaign and the lists were when it was confirmed (`dyntui.sync.as_confirmed`).
    Column("confirmed_as", JSON, nullable=False, server_default="{}"),
    text_column("handed_for"),  # the time handed to dotdigital with it, "" for none
    Column("split", JSON, nullable=False, server_default="{}"),  # `dyntui.model.split_tests`, {}: no split test
    text_column("out_by"),  # when dotdigital is to have begun with its last mail, "" for at once
    text_column("tended_on"),  # when it was last looked after while dotdigital has it
    number_column("tended_news"),  # what had been learned of opt-outs by then (`dyntui.store.consent_news`)
    Index("ix_send_campaign", "account_id", "campaign_id", "created_on"),
)

# Test sends whose copy of the campaign may still be in dotdigital; what became of each stands in the audit.
trial_send = Table(
    "trial_send",
    metadata,
    Column("id", String, primary_key=True),
    text_column("account_id"),
    number_column("campaign_id"),
    text_column("campaign_name"),
    text_column("address"),
    text_column("sent_by"),
    number_column("sent_uid"),
    text_column("began_on"),
    number_column("copy_id"),  # 0 before dotdigital has said which
    text_column("copy_name"),
    flag_column("asked"),  # the request to send the copy may have left
    text_column("run_id"),  # its entry in the audit, "" as long as there is none
)

# How a send is divided into waves, each of which is a send of its own.
send_waves = Table(
    "send_waves",
    metadata,
    Column("send_id", String, primary_key=True),
    Column("waves", JSON, nullable=False),  # shares, pause and limits
    Column("before", JSON, nullable=False),  # the campaign's results before the first wave, {} until they were read
    number_column("people"),  # who might be mailed when the first wave began
    text_column("next_on"),  # when the next wave is to begin
    text_column("stop"),  # why no further wave begins, "" as long as one may
)
