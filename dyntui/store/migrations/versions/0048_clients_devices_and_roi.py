"""With what mails were opened and clicked, and what came of it: mail client, device, ROI markers.

What was read before does not say so, and stays as it is.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

_COLUMNS = ("client", "device", "value")


def upgrade() -> None:
    for name in _COLUMNS:
        text: sa.Column[str] = sa.Column(name, sa.String(), server_default="", nullable=False)
        op.add_column("activity", text)


def downgrade() -> None:
    for name in _COLUMNS:
        op.drop_column("activity", name)
