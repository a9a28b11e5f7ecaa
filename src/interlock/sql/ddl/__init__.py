"""DDL text to a snapshot: what `interlock sql explain --schema` reads instead of a server's catalogs.

    cutting.py -> statements.py -> tables | altering | views | routines | types -> world.py -> Snapshot

It follows what the server would do statement by statement, and refuses what it doesn't know: a definition that is
passed over would make lineage say too little.
"""

from __future__ import annotations

from interlock.sql.ddl.statements import snapshot_of

__all__ = ["snapshot_of"]
