"""An index of what is due: copies that wait are found without reading those that don't."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """In the order in which they are worked on: by kind, the longest due first."""
    op.create_index("il_document_due", "il_document", ["kind", "due_at", "id"])


def downgrade() -> None:
    """It holds nothing of its own."""
    op.drop_index("il_document_due", "il_document")
