"""Verbs and the action groups they belong to (design section 5).

Policies name either. A verb that isn't in this table doesn't exist; a policy that names it doesn't load.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from interlock.model.names import Verb

GROUPS: tuple[str, ...] = ("read", "write", "export", "schema", "privilege", "execute", "infer", "session", "reveal")

SQL_SELECT = Verb("sql.select")
SQL_EXPLAIN = Verb("sql.explain")
SQL_COPY_OUT = Verb("sql.copy_out")
SQL_COPY_IN = Verb("sql.copy_in")
SQL_INSERT = Verb("sql.insert")
SQL_UPDATE = Verb("sql.update")
SQL_DELETE = Verb("sql.delete")
SQL_MERGE = Verb("sql.merge")
SQL_TRUNCATE = Verb("sql.truncate")
SQL_CREATE = Verb("sql.create")
SQL_ALTER = Verb("sql.alter")
SQL_DROP = Verb("sql.drop")
SQL_COMMENT = Verb("sql.comment")
SQL_MAINTAIN = Verb("sql.maintain")
SQL_GRANT = Verb("sql.grant")
SQL_REVOKE = Verb("sql.revoke")
SQL_ROLE = Verb("sql.role")
SQL_CALL = Verb("sql.call")
SQL_REVEAL = Verb("sql.reveal")
SQL_LOCK = Verb("sql.lock")
SQL_LISTEN = Verb("sql.listen")
SQL_NOTIFY = Verb("sql.notify")
TOOL_CALL = Verb("tool.call")
MODEL_INFER = Verb("model.infer")
SESSION_OPEN = Verb("session.open")
SESSION_SET = Verb("session.set")
REVIEW_REVEAL = Verb("review.reveal")  # a reviewer looks at one value that a card hides

VERBS: Mapping[Verb, tuple[str, ...]] = MappingProxyType(
    {
        SQL_SELECT: ("read",),
        SQL_EXPLAIN: ("read",),
        SQL_COPY_OUT: ("export",),
        SQL_COPY_IN: ("write",),
        SQL_INSERT: ("write",),
        SQL_UPDATE: ("write",),
        SQL_DELETE: ("write",),
        SQL_MERGE: ("write",),
        SQL_TRUNCATE: ("write",),
        SQL_CREATE: ("schema",),
        SQL_ALTER: ("schema",),
        SQL_DROP: ("schema",),
        SQL_COMMENT: ("schema",),
        SQL_MAINTAIN: ("schema",),
        SQL_GRANT: ("privilege",),
        SQL_REVOKE: ("privilege",),
        SQL_ROLE: ("privilege",),
        SQL_CALL: ("execute",),
        SQL_REVEAL: ("reveal",),
        SQL_LOCK: ("write",),
        SQL_LISTEN: ("read",),
        SQL_NOTIFY: ("write",),
        TOOL_CALL: ("execute",),
        MODEL_INFER: ("infer",),
        SESSION_OPEN: ("session",),
        SESSION_SET: ("session",),
        REVIEW_REVEAL: ("reveal",),
    }
)

POLICY_LOAD = Verb("policy.load")
"""Putting another bundle in force. Not in the table: what a bundle may be replaced by isn't the bundle's to say."""

IDENTITY_CHANGE = Verb("identity.change")
"""Letting people in, or into groups. Not in the table either: who signs for that isn't the bundle's to say."""
