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
TOOL_CALL = Verb("tool.call")  # of a tool that nobody has mapped
TOOL_READ = Verb("tool.read")
TOOL_WRITE = Verb("tool.write")
TOOL_EXPORT = Verb("tool.export")
TOOL_SCHEMA = Verb("tool.schema")
TOOL_PRIVILEGE = Verb("tool.privilege")
TOOL_INFER = Verb("tool.infer")
DOCUMENT_READ = Verb("document.read")  # MCP resources/read
PROMPT_GET = Verb("prompt.get")
PROMPT_COMPLETE = Verb("prompt.complete")  # MCP completion/complete
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
        TOOL_READ: ("read",),
        TOOL_WRITE: ("write",),
        TOOL_EXPORT: ("export",),
        TOOL_SCHEMA: ("schema",),
        TOOL_PRIVILEGE: ("privilege",),
        TOOL_INFER: ("infer",),
        DOCUMENT_READ: ("read",),
        PROMPT_GET: ("read",),
        PROMPT_COMPLETE: ("read",),
        MODEL_INFER: ("infer",),
        SESSION_OPEN: ("session",),
        SESSION_SET: ("session",),
        REVIEW_REVEAL: ("reveal",),
    }
)

TOOL_VERBS: Mapping[str, Verb] = MappingProxyType(
    {
        "execute": TOOL_CALL,
        "read": TOOL_READ,
        "write": TOOL_WRITE,
        "export": TOOL_EXPORT,
        "schema": TOOL_SCHEMA,
        "privilege": TOOL_PRIVILEGE,
        "infer": TOOL_INFER,
    }
)
"""The verb by which a call of a tool is asked for, by the action group that the tool is mapped to."""

POLICY_LOAD = Verb("policy.load")
"""Putting another bundle in force. Not in the table: what a bundle may be replaced by isn't the bundle's to say."""

IDENTITY_CHANGE = Verb("identity.change")
"""Letting people in, or into groups. Not in the table either: who signs for that isn't the bundle's to say."""
