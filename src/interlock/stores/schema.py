"""The store's tables in SQLAlchemy Core, one schema for SQLite and PostgreSQL (ledger.md 1.10).

`il_head`, `il_entry`, `il_tile` and `il_checkpoint` are the log: bytes that verify. `il_review`, `il_vote` and `il_key`
are caches and guards: they make two redeemers race for one row, and approve nothing by themselves.

The migrations create them, and with them the triggers that make `il_entry` and `il_tile` append-only; a test holds
that both agree. Triggers stop slips and lazy tampering; what finds a determined writer out is the tree.

Times are RFC 3339 text in UTC with six digits and a `Z`, the form that ledger entries use: of fixed width, so that they
compare as text on every database.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

LOG_ID: Final = 1  # an installation has one log; the column is there for those with tenants
TIME: Final = String(27)  # 2026-11-22T02:30:19.123456Z
ID: Final = String(64)

OPEN_REVIEW: Final = text("state IN ('pending', 'approved')")
"""Which reviews the unique index covers: an actor has at most one of a form."""

metadata: Final = MetaData()

head: Final = Table(
    "il_head",
    metadata,
    Column("log_id", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
)

entry: Final = Table(
    "il_entry",
    metadata,
    Column("log_id", Integer, nullable=False),
    Column("idx", BigInteger, nullable=False),
    Column("id", ID, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("log_id", "idx"),
    UniqueConstraint("log_id", "id", name="il_entry_id"),
    CheckConstraint("length(leaf) = 32", name="il_entry_leaf_length"),
    CheckConstraint("length(body) BETWEEN 1 AND 65535", name="il_entry_body_length"),
)

tile: Final = Table(
    "il_tile",
    metadata,
    Column("log_id", Integer, nullable=False),
    Column("level", Integer, nullable=False),
    Column("n", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
    PrimaryKeyConstraint("log_id", "level", "n"),
    CheckConstraint("length(data) = 8192", name="il_tile_full"),
)

checkpoint: Final = Table(
    "il_checkpoint",
    metadata,
    Column("log_id", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),
    PrimaryKeyConstraint("log_id", "size"),
    CheckConstraint("length(root) = 32", name="il_checkpoint_root_length"),
)

review: Final = Table(
    "il_review",
    metadata,
    Column("id", ID, primary_key=True),
    Column("action", ID, nullable=False),
    Column("actor", Text, nullable=False),
    Column("connection", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("card_digest", String(64), nullable=False),
    Column("requirements", Text, nullable=False),
    Column("excluded", Text, nullable=False),
    Column("opened_at", TIME, nullable=False),
    Column("expires_at", TIME, nullable=False),
    Column("approved_until", TIME, nullable=True),
    Column("opened_entry", ID, nullable=False),
    Column("lookup", LargeBinary, nullable=False),
    Column("sealed_payload", LargeBinary, nullable=False),
    Column("sealed_card", LargeBinary, nullable=False),
    Column("uses_left", Integer, nullable=False, server_default=text("1")),
    Column("running", Integer, nullable=False, server_default=text("0")),
    Column("settled_at", TIME, nullable=True),
    Column("form", LargeBinary, nullable=True),  # of reviews of an older version none is known
    Index("il_review_state", "state", "opened_at"),
    Index("il_review_actor", "actor", "state", "settled_at"),
    Index("il_review_one_open", "actor", "lookup", unique=True, sqlite_where=OPEN_REVIEW, postgresql_where=OPEN_REVIEW),
)

vote: Final = Table(
    "il_vote",
    metadata,
    Column("review", ID, ForeignKey("il_review.id"), nullable=False),
    Column("person", Text, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("action_digest", String(64), nullable=False),
    Column("card_digest", String(64), nullable=False),
    Column("presence", String(16), nullable=False),
    Column("key", Text, nullable=False),
    Column("credential", Text, nullable=False, server_default=text("''")),
    Column("entry", ID, nullable=False),
    Column("at", TIME, nullable=False),
    Column("sealed_reason", LargeBinary, nullable=False),
    PrimaryKeyConstraint(
        "review", "person", "verdict", "action_digest", "card_digest", "presence", "key", "credential"
    ),
)

comment: Final = Table(
    "il_comment",
    metadata,
    Column("entry", ID, primary_key=True),
    Column("review", ID, ForeignKey("il_review.id"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("who", Text, nullable=False),
    Column("at", TIME, nullable=False),
    Column("sealed_text", LargeBinary, nullable=False),
    Index("il_comment_review", "review", "at"),
)

document: Final = Table(
    "il_document",
    metadata,
    Column("kind", String(16), nullable=False),
    Column("id", ID, nullable=False),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", TIME, nullable=False),
    Column("due_at", TIME, nullable=True),
    Column("sealed", LargeBinary, nullable=False),
    PrimaryKeyConstraint("kind", "id"),
    UniqueConstraint("kind", "name", name="il_document_name"),
    Index("il_document_due", "kind", "due_at", "id"),
)

surrogate: Final = Table(
    "il_surrogate",
    metadata,
    Column("namespace", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("mark", LargeBinary, nullable=False),
    Column("surrogate", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=True),
    Column("at", TIME, nullable=False),
    PrimaryKeyConstraint("namespace", "label", "mark"),
    UniqueConstraint("surrogate", name="il_surrogate_alone"),
    CheckConstraint("length(mark) = 32", name="il_surrogate_mark_length"),
    CheckConstraint("length(surrogate) = 20", name="il_surrogate_length"),
)

key: Final = Table(
    "il_key",
    metadata,
    Column("id", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("expires_at", TIME, nullable=True),
)
