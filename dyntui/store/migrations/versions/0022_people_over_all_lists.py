"""A person is found over all lists, and what they did over all campaigns, without reading everybody."""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_list_member_person_id"), "list_member", ["person_id"])
    op.create_index(op.f("ix_activity_contact_id"), "activity", ["contact_id", "account_id", "campaign_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_activity_contact_id"), "activity")
    op.drop_index(op.f("ix_list_member_person_id"), "list_member")
