"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "activity",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), server_default="", nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("happened_on", sa.String(), server_default="", nullable=False),
        sa.Column("url", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("account_id", "campaign_id", "key", name=op.f("pk_activity")),
    )
    op.create_index("ix_activity_kind", "activity", ["account_id", "campaign_id", "kind", "happened_on"], unique=False)

    op.create_table(
        "campaign",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("row_id", sa.String(), server_default="", nullable=False),
        sa.Column("name", sa.String(), server_default="", nullable=False),
        sa.Column("subject", sa.String(), server_default="", nullable=False),
        sa.Column("from_name", sa.String(), server_default="", nullable=False),
        sa.Column("from_address", sa.String(), server_default="", nullable=False),
        sa.Column("reply_to", sa.String(), server_default="", nullable=False),
        sa.Column("status", sa.String(), server_default="", nullable=False),
        sa.Column("type", sa.String(), server_default="", nullable=False),
        sa.Column("split_test", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("body_text", sa.String(), server_default="", nullable=False),
        sa.Column("sent_on", sa.String(), server_default="", nullable=False),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.Column("fingerprint", sa.String(), server_default="", nullable=False),
        sa.Column("read_on", sa.String(), server_default="", nullable=False),
        sa.Column("results_on", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_campaign")),
    )
    op.create_table(
        "campaign_target",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("list_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "campaign_id", "list_id", name=op.f("pk_campaign_target")),
    )
    op.create_table(
        "email_account",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), server_default="", nullable=False),
        sa.Column("description", sa.String(), server_default="", nullable=False),
        sa.Column("is_default", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("region", sa.String(), server_default="", nullable=False),
        sa.Column("endpoint", sa.String(), server_default="", nullable=False),
        sa.Column("api_user", sa.String(), server_default="", nullable=False),
        sa.Column("ca_file", sa.String(), server_default="", nullable=False),
        sa.Column("sync_level", sa.String(), server_default="", nullable=False),
        sa.Column("platform_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_account")),
    )
    op.create_table(
        "list_member",
        sa.Column("list_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("entity", sa.String(), server_default="", nullable=False),
        sa.Column("name", sa.String(), server_default="", nullable=False),
        sa.Column("address", sa.String(), server_default="", nullable=False),
        sa.Column("created_on", sa.String(), server_default="", nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("own_reasons", sa.String(), server_default="", nullable=False),
        sa.Column("own_detail", sa.String(), server_default="", nullable=False),
        sa.Column("fingerprint", sa.String(), server_default="", nullable=False),
        sa.Column("sent_fingerprint", sa.String(), server_default="", nullable=False),
        sa.Column("sent_address", sa.String(), server_default="", nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=True),
        sa.Column("rejected_fingerprint", sa.String(), server_default="", nullable=False),
        sa.Column("rejected_reason", sa.String(), server_default="", nullable=False),
        sa.Column("rejected_detail", sa.String(), server_default="", nullable=False),
        sa.Column("retry_on", sa.String(), server_default="", nullable=False),
        sa.Column("channel", sa.String(), server_default="", nullable=False),
        sa.Column("outcome", sa.String(), server_default="", nullable=False),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.Column("detail", sa.String(), server_default="", nullable=False),
        sa.Column("also", sa.String(), server_default="", nullable=False),
        sa.Column("listing", sa.String(), server_default="", nullable=False),
        sa.Column("gated_by", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("list_id", "person_id", name=op.f("pk_list_member")),
    )
    op.create_index("ix_list_member_address", "list_member", ["address", "list_id"], unique=False)
    op.create_index("ix_list_member_name", "list_member", ["list_id", "name", "seq", "address"], unique=False)
    op.create_index("ix_list_member_outcome", "list_member", ["list_id", "outcome", "reason", "seq"], unique=False)
    op.create_index("ix_list_member_seq", "list_member", ["list_id", "seq"], unique=False)

    op.create_table(
        "list_unsubscribe",
        sa.Column("list_id", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("unsubscribed_on", sa.String(), server_default="", nullable=False),
        sa.Column("learned_on", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("list_id", "address", name=op.f("pk_list_unsubscribe")),
    )
    op.create_table(
        "marketing_list",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), server_default="", nullable=False),
        sa.Column("description", sa.String(), server_default="", nullable=False),
        sa.Column("member_type", sa.String(), server_default="", nullable=False),
        sa.Column("dynamic", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("query", sa.String(), server_default="", nullable=False),
        sa.Column("member_count", sa.Integer(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("locked", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("owner_id", sa.String(), server_default="", nullable=False),
        sa.Column("owner", sa.String(), server_default="", nullable=False),
        sa.Column("modified_on", sa.String(), server_default="", nullable=False),
        sa.Column("activated", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("account_id", sa.String(), server_default="", nullable=False),
        sa.Column("book_id", sa.Integer(), server_default="0", nullable=False),
        sa.Column("book_name", sa.String(), server_default="", nullable=False),
        sa.Column("sync_order", sa.Integer(), server_default="1000", nullable=False),
        sa.Column("manual_only", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("sync_status", sa.String(), server_default="", nullable=False),
        sa.Column("sync_problem", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("last_synced", sa.String(), server_default="", nullable=False),
        sa.Column("last_run_id", sa.String(), server_default="", nullable=False),
        sa.Column("held_by", sa.String(), server_default="", nullable=False),
        sa.Column("read_on", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_marketing_list")),
    )
    op.create_index(
        "ix_marketing_list_activated", "marketing_list", ["account_id", "activated", "sync_order", "name"], unique=False
    )

    op.create_table(
        "opt_out",
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.Column("entity", sa.String(), server_default="", nullable=False),
        sa.Column("person_id", sa.String(), server_default="", nullable=False),
        sa.Column("listing", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_opt_out")),
    )
    op.create_table(
        "organisation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.String(), server_default="", nullable=False),
        sa.Column("name", sa.String(), server_default="", nullable=False),
        sa.Column("url", sa.String(), server_default="", nullable=False),
        sa.Column("authority", sa.String(), server_default="", nullable=False),
        sa.Column("client_id", sa.String(), server_default="", nullable=False),
        sa.Column("auth", sa.String(), server_default="", nullable=False),
        sa.Column("ca_file", sa.String(), server_default="", nullable=False),
        sa.Column("service_user_id", sa.String(), server_default="", nullable=False),
        sa.Column("connected_on", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
    )
    op.create_table(
        "outcome",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("item_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), server_default="0", nullable=False),
        sa.Column("entity", sa.String(), server_default="", nullable=False),
        sa.Column("name", sa.String(), server_default="", nullable=False),
        sa.Column("address", sa.String(), server_default="", nullable=False),
        sa.Column("outcome", sa.String(), server_default="", nullable=False),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.Column("detail", sa.String(), server_default="", nullable=False),
        sa.Column("also", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("run_id", "item_id", "person_id", name=op.f("pk_outcome")),
    )
    op.create_index("ix_outcome_reason", "outcome", ["run_id", "item_id", "outcome", "reason", "seq"], unique=False)
    op.create_index("ix_outcome_seq", "outcome", ["run_id", "item_id", "seq"], unique=False)

    op.create_table(
        "person_link",
        sa.Column("os_uid", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.String(), server_default="", nullable=False),
        sa.Column("object_id", sa.String(), server_default="", nullable=False),
        sa.Column("name", sa.String(), server_default="", nullable=False),
        sa.Column("linked_on", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("os_uid", name=op.f("pk_person_link")),
    )
    op.create_table(
        "recipient",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("contact_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("address", sa.String(), server_default="", nullable=False),
        sa.Column("sent_on", sa.String(), server_default="", nullable=False),
        sa.Column("opens", sa.Integer(), server_default="0", nullable=False),
        sa.Column("clicks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("forwards", sa.Integer(), server_default="0", nullable=False),
        sa.Column("replies", sa.Integer(), server_default="0", nullable=False),
        sa.Column("page_views", sa.Integer(), server_default="0", nullable=False),
        sa.Column("first_opened", sa.String(), server_default="", nullable=False),
        sa.Column("last_opened", sa.String(), server_default="", nullable=False),
        sa.Column("unsubscribed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("soft_bounced", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("hard_bounced", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("written", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("account_id", "campaign_id", "contact_id", name=op.f("pk_recipient")),
    )
    op.create_index("ix_recipient_address", "recipient", ["address"], unique=False)

    op.create_table(
        "run",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), server_default="", nullable=False),
        sa.Column("title", sa.String(), server_default="", nullable=False),
        sa.Column("account_id", sa.String(), server_default="", nullable=False),
        sa.Column("sync_key", sa.String(), server_default="", nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("priority", sa.Integer(), server_default="50", nullable=False),
        sa.Column("status", sa.String(), server_default="", nullable=False),
        sa.Column("desired", sa.String(), server_default="run", nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("cursor", sa.JSON(), nullable=False),
        sa.Column("started_by", sa.String(), server_default="", nullable=False),
        sa.Column("started_uid", sa.Integer(), server_default="0", nullable=False),
        sa.Column("queued_on", sa.String(), server_default="", nullable=False),
        sa.Column("started_on", sa.String(), server_default="", nullable=False),
        sa.Column("ended_on", sa.String(), server_default="", nullable=False),
        sa.Column("people_read", sa.Integer(), server_default="0", nullable=False),
        sa.Column("stage", sa.String(), server_default="", nullable=False),
        sa.Column("stage_done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("stage_of", sa.Integer(), server_default="0", nullable=False),
        sa.Column("dataverse_reads", sa.Integer(), server_default="0", nullable=False),
        sa.Column("dataverse_writes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("dotdigital_reads", sa.Integer(), server_default="0", nullable=False),
        sa.Column("dotdigital_writes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error_code", sa.String(), server_default="", nullable=False),
        sa.Column("error", sa.String(), server_default="", nullable=False),
        sa.Column("not_done", sa.String(), server_default="", nullable=False),
        sa.Column("remedy", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    op.create_index("ix_run_queued_on", "run", ["queued_on", "id"], unique=False)
    op.create_index(
        "ux_run_active",
        "run",
        ["sync_key"],
        unique=True,
        sqlite_where=sa.text("status IN ('Queued', 'In process')"),
        postgresql_where=sa.text("status IN ('Queued', 'In process')"),
    )

    op.create_table(
        "send",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), server_default="", nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("campaign_name", sa.String(), server_default="", nullable=False),
        sa.Column("count_id", sa.String(), server_default="", nullable=False),
        sa.Column("run_id", sa.String(), server_default="", nullable=False),
        sa.Column("state", sa.String(), server_default="", nullable=False),
        sa.Column("created_by", sa.String(), server_default="", nullable=False),
        sa.Column("created_on", sa.String(), server_default="", nullable=False),
        sa.Column("sent_on", sa.String(), server_default="", nullable=False),
        sa.Column("lists", sa.JSON(), nullable=False),
        sa.Column("list_ids", sa.JSON(), nullable=False),
        sa.Column("potential", sa.Integer(), server_default="0", nullable=False),
        sa.Column("sendable", sa.Integer(), server_default="0", nullable=False),
        sa.Column("book_id", sa.Integer(), server_default="0", nullable=False),
        sa.Column("book_name", sa.String(), server_default="", nullable=False),
        sa.Column("platform_send_id", sa.String(), server_default="", nullable=False),
        sa.Column("error", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_send")),
    )
    op.create_index("ix_send_campaign", "send", ["account_id", "campaign_id", "created_on"], unique=False)

    op.create_table(
        "suppression",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("status", sa.String(), server_default="", nullable=False),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.Column("suppressed_on", sa.String(), server_default="", nullable=False),
        sa.Column("learned_on", sa.String(), server_default="", nullable=False),
        sa.Column("in_dynamics", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "address", name=op.f("pk_suppression")),
    )
    op.create_index("ix_suppression_address", "suppression", ["address", "account_id"], unique=False)

    op.create_table(
        "target_count",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), server_default="", nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("lists", sa.JSON(), nullable=False),
        sa.Column("counted_on", sa.String(), server_default="", nullable=False),
        sa.Column("suppressions_as_of", sa.String(), server_default="", nullable=False),
        sa.Column("potential", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_target_count")),
    )
    op.create_table(
        "watermark",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("feed", sa.String(), nullable=False),
        sa.Column("value", sa.String(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("account_id", "feed", name=op.f("pk_watermark")),
    )
    op.create_table(
        "run_item",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("item_id", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), server_default="0", nullable=False),
        sa.Column("kind", sa.String(), server_default="", nullable=False),
        sa.Column("name", sa.String(), server_default="", nullable=False),
        sa.Column("status", sa.String(), server_default="", nullable=False),
        sa.Column("people_read", sa.Integer(), server_default="0", nullable=False),
        sa.Column("note", sa.String(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_run_item_run_id_run"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "item_id", name=op.f("pk_run_item")),
    )
    op.create_table(
        "run_tally",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("item_id", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("people", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_run_tally_run_id_run"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "item_id", "outcome", "reason", name=op.f("pk_run_tally")),
    )
    op.create_table(
        "target_person",
        sa.Column("count_id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), server_default="0", nullable=False),
        sa.Column("entity", sa.String(), server_default="", nullable=False),
        sa.Column("name", sa.String(), server_default="", nullable=False),
        sa.Column("address", sa.String(), server_default="", nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(), server_default="", nullable=False),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.Column("detail", sa.String(), server_default="", nullable=False),
        sa.Column("also", sa.String(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["count_id"], ["target_count.id"], name=op.f("fk_target_person_count_id_target_count"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("count_id", "person_id", name=op.f("pk_target_person")),
    )
    op.create_index("ix_target_person_reason", "target_person", ["count_id", "outcome", "reason", "seq"], unique=False)
    op.create_index("ix_target_person_seq", "target_person", ["count_id", "seq"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_target_person_seq", "target_person")
    op.drop_index("ix_target_person_reason", "target_person")

    op.drop_table("target_person")
    op.drop_table("run_tally")
    op.drop_table("run_item")
    op.drop_table("watermark")
    op.drop_table("target_count")
    op.drop_index("ix_suppression_address", "suppression")

    op.drop_table("suppression")
    op.drop_index("ix_send_campaign", "send")

    op.drop_table("send")
    op.drop_index(
        "ux_run_active",
        "run",
        sqlite_where=sa.text("status IN ('Queued', 'In process')"),
        postgresql_where=sa.text("status IN ('Queued', 'In process')"),
    )
    op.drop_index("ix_run_queued_on", "run")

    op.drop_table("run")
    op.drop_index("ix_recipient_address", "recipient")

    op.drop_table("recipient")
    op.drop_table("person_link")
    op.drop_index("ix_outcome_seq", "outcome")
    op.drop_index("ix_outcome_reason", "outcome")

    op.drop_table("outcome")
    op.drop_table("organisation")
    op.drop_table("opt_out")
    op.drop_index("ix_marketing_list_activated", "marketing_list")

    op.drop_table("marketing_list")
    op.drop_table("list_unsubscribe")
    op.drop_index("ix_list_member_seq", "list_member")
    op.drop_index("ix_list_member_outcome", "list_member")
    op.drop_index("ix_list_member_name", "list_member")
    op.drop_index("ix_list_member_address", "list_member")

    op.drop_table("list_member")
    op.drop_table("email_account")
    op.drop_table("campaign_target")
    op.drop_table("campaign")
    op.drop_index("ix_activity_kind", "activity")

    op.drop_table("activity")
