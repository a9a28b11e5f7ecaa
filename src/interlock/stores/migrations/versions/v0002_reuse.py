"""Approvals that are good for more than one run: how many are left, and how many run now."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Every review so far is good for one run, and those that were released have ended or are settled at start-up."""
    op.add_column("il_review", sa.Column("uses_left", sa.Integer, nullable=False, server_default=sa.text("1")))
    op.add_column("il_review", sa.Column("running", sa.Integer, nullable=False, server_default=sa.text("0")))


def downgrade() -> None:
    """A ledger isn't taken apart."""
    raise NotImplementedError("the first version doesn't know how often an approval was used")
