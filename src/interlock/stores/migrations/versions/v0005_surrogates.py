"""Surrogates: random stand-ins for values, one for each, kept without the value or a hash of it that could be tried."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One of a namespace, label and value; and no two alike."""
    op.create_table(
        "il_surrogate",
        sa.Column("namespace", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("mark", sa.LargeBinary, nullable=False),
        sa.Column("surrogate", sa.LargeBinary, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=True),
        sa.Column("at", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("namespace", "label", "mark"),
        sa.UniqueConstraint("surrogate", name="il_surrogate_alone"),
        sa.CheckConstraint("length(mark) = 32", name="il_surrogate_mark_length"),
        sa.CheckConstraint("length(surrogate) = 20", name="il_surrogate_length"),
    )


def downgrade() -> None:
    """Whatever was masked with them could never be masked alike again."""
    raise NotImplementedError("surrogates aren't made twice")
