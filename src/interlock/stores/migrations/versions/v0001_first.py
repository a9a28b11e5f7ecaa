"""The log, reviews, votes and keys.

Written out in full: a released version stays as it is when `schema.py` moves on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TIME = sa.String(27)
_ID = sa.String(64)


def upgrade() -> None:
    """Creates every table, an empty log, and the triggers that make entries and tiles append-only."""
    _log()
    _empty_log()
    _reviews()
    _votes_and_keys()
    _append_only()


def downgrade() -> None:
    """A ledger isn't taken apart."""
    raise NotImplementedError("the first version has nothing before it")


def _log() -> None:
    op.create_table(
        "il_head",
        sa.Column("log_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("frontier", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "il_entry",
        sa.Column("log_id", sa.Integer, nullable=False),
        sa.Column("idx", sa.BigInteger, nullable=False),
        sa.Column("id", _ID, nullable=False),
        sa.Column("leaf", sa.LargeBinary, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("log_id", "idx"),
        sa.UniqueConstraint("log_id", "id", name="il_entry_id"),
        sa.CheckConstraint("length(leaf) = 32", name="il_entry_leaf_length"),
        sa.CheckConstraint("length(body) BETWEEN 1 AND 65535", name="il_entry_body_length"),
    )
    op.create_table(
        "il_tile",
        sa.Column("log_id", sa.Integer, nullable=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("n", sa.BigInteger, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("log_id", "level", "n"),
        sa.CheckConstraint("length(data) = 8192", name="il_tile_full"),
    )
    op.create_table(
        "il_checkpoint",
        sa.Column("log_id", sa.Integer, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("log_id", "size"),
        sa.CheckConstraint("length(root) = 32", name="il_checkpoint_root_length"),
    )


def _empty_log() -> None:
    # A log without its head row is a damaged one, so the row is there from the start: size 0, and no hashes behind it.
    head = sa.table("il_head", sa.column("log_id"), sa.column("size"), sa.column("frontier", sa.LargeBinary))
    op.bulk_insert(head, [{"log_id": 1, "size": 0, "frontier": bytes(8)}])


def _reviews() -> None:
    op.create_table(
        "il_review",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("action", _ID, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("connection", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("card_digest", sa.String(64), nullable=False),
        sa.Column("requirements", sa.Text, nullable=False),
        sa.Column("excluded", sa.Text, nullable=False),
        sa.Column("opened_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("approved_until", _TIME, nullable=True),
        sa.Column("opened_entry", _ID, nullable=False),
        sa.Column("lookup", sa.LargeBinary, nullable=False),
        sa.Column("sealed_payload", sa.LargeBinary, nullable=False),
        sa.Column("sealed_card", sa.LargeBinary, nullable=False),
    )
    still_open = sa.text("state IN ('pending', 'approved')")
    op.create_index("il_review_state", "il_review", ["state", "opened_at"])
    op.create_index(
        "il_review_one_open",
        "il_review",
        ["actor", "lookup"],
        unique=True,
        sqlite_where=still_open,
        postgresql_where=still_open,
    )


def _votes_and_keys() -> None:
    op.create_table(
        "il_vote",
        sa.Column("review", _ID, sa.ForeignKey("il_review.id"), nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("action_digest", sa.String(64), nullable=False),
        sa.Column("card_digest", sa.String(64), nullable=False),
        sa.Column("presence", sa.String(16), nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("entry", _ID, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("sealed_reason", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("review", "person", "verdict"),
    )
    op.create_table(
        "il_key",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("expires_at", _TIME, nullable=True),
    )


def _append_only() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in ("il_entry", "il_tile"):
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION il_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for table in ("il_entry", "il_tile"):
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION il_append_only()"
        )
