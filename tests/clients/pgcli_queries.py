"""What pgcli asks to complete names, and what it does with a query. Run by a Python that has pgcli: host port ..."""

from __future__ import annotations

import sys

from pgcli.pgexecute import PGExecute  # type: ignore[import-not-found,unused-ignore]

database, user, password, host, port = sys.argv[1:6]
pg = PGExecute(database, user, password, host, port, None, sslmode="disable")
for name in ("schemata", "tables", "views", "table_columns", "view_columns", "databases", "foreignkeys", "functions"):
    for told in getattr(pg, name)():
        print(name, vars(told) if hasattr(told, "__dict__") else told)
print(list(pg.datatypes()), sorted(map(str, pg.casing())), pg.search_path())
for _title, cursor, _headers, status, *_rest in pg.run(
    "SELECT id, name FROM shop.items ORDER BY id LIMIT 3; SELECT id, name, mrn FROM shop.people ORDER BY id LIMIT 2"
):
    print(list(cursor) if cursor is not None else None, status)
