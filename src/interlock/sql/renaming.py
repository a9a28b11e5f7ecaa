"""What a statement calls by another name from now on: ALTER ... RENAME and SET SCHEMA of relations and their columns.

Labels stay on columns that are known by their place. A table that was made a moment ago isn't known yet, and is
labelled by its name: so of one that isn't known it matters what it is called then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from interlock.sql.parse import Parsed

_HOLDING_ROWS: Final = frozenset({"OBJECT_TABLE", "OBJECT_MATVIEW", "OBJECT_FOREIGN_TABLE", "OBJECT_VIEW"})


@dataclass(frozen=True, slots=True)
class Renamed:
    """A relation that is called so afterwards, or has a column that is called otherwise. `schema` "": as it was, which
    the search path says."""

    schema: str
    relation: str


def renamed(source: Parsed) -> Renamed | None:
    """The relation that the one statement renames, or of which it renames a column; None where it does neither."""
    if len(source.statements) != 1:
        return None
    ((kind, fields),) = source.statements[0].items()
    relation: Mapping[str, Any] = fields.get("relation") or {}
    schema, name = str(relation.get("schemaname", "")), str(relation.get("relname", ""))
    match kind:
        case "RenameStmt" if fields.get("renameType") == "OBJECT_COLUMN" and name:
            return Renamed(schema, name)
        case "RenameStmt" if fields.get("renameType") in _HOLDING_ROWS and name:
            return Renamed(schema, str(fields.get("newname", "")))
        case "AlterObjectSchemaStmt" if fields.get("objectType") in _HOLDING_ROWS and name:
            return Renamed(str(fields.get("newschema", "")), name)
        case _:
            return None
