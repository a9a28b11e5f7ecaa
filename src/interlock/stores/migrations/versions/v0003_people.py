"""Votes by card, comments, when a review was settled, and documents of the provisioning and callback services."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TIME = sa.String(27)
_ID = sa.String(64)
_VOTE = "review, person, verdict, action_digest, card_digest, presence, key, entry, at, sealed_reason"


def upgrade() -> None:
    """A narrowed card is voted on anew, and so is one whose vote is void: a vote is one person's on one card, by one
    credential."""
    _votes()
    op.add_column("il_review", sa.Column("settled_at", _TIME, nullable=True))
    op.add_column("il_review", sa.Column("form", sa.LargeBinary, nullable=True))
    op.create_index("il_review_actor", "il_review", ["actor", "state", "settled_at"])
    op.create_table(
        "il_comment",
        sa.Column("entry", _ID, primary_key=True),
        sa.Column("review", _ID, sa.ForeignKey("il_review.id"), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("sealed_text", sa.LargeBinary, nullable=False),
    )
    op.create_index("il_comment_review", "il_comment", ["review", "at"])
    op.create_table(
        "il_document",
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("due_at", _TIME, nullable=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("kind", "id"),
        sa.UniqueConstraint("kind", "name", name="il_document_name"),
    )


def downgrade() -> None:
    """A ledger isn't taken apart."""
    raise NotImplementedError("the version before knows one vote of a person on a review")


def _votes() -> None:
    op.rename_table("il_vote", "il_vote_0002")
    op.create_table(
        "il_vote",
        sa.Column("review", _ID, sa.ForeignKey("il_review.id"), nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("action_digest", sa.String(64), nullable=False),
        sa.Column("card_digest", sa.String(64), nullable=False),
        sa.Column("presence", sa.String(16), nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("credential", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.Column("entry", _ID, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("sealed_reason", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint(
            "review", "person", "verdict", "action_digest", "card_digest", "presence", "key", "credential"
        ),
    )
    op.execute(f"INSERT INTO il_vote ({_VOTE}) SELECT {_VOTE} FROM il_vote_0002")  # noqa: S608  our own names
    op.drop_table("il_vote_0002")
