"""Functions of common extensions that make numbers and nothing else, told by what they run and not by their names.

A function in C is made by a superuser alone, so the library and the symbol in it say what it does, whatever it is
called and wherever it stands. What isn't listed here stays code that nobody can read.

Source: PostgreSQL's contrib/uuid-ossp/uuid-ossp--1.1.sql and contrib/pgcrypto/pgcrypto--1.3.sql.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from interlock.model.snapshot import Routine, Snapshot

HARMLESS: Final[Mapping[str, frozenset[str]]] = {
    "uuid-ossp": frozenset(
        [
            "uuid_generate_v1",
            "uuid_generate_v1mc",
            "uuid_generate_v3",
            "uuid_generate_v4",
            "uuid_generate_v5",
            "uuid_nil",
            "uuid_ns_dns",
            "uuid_ns_oid",
            "uuid_ns_url",
            "uuid_ns_x500",
        ]
    ),
    "pgcrypto": frozenset({"pg_random_bytes", "pg_random_uuid"}),  # gen_random_bytes, gen_random_uuid
}
"""By library, as pg_proc.probin names it after `$libdir/`: the symbols. All are of their arguments alone."""

LIBRARY: Final = "$libdir/"


def is_harmless(routine: Routine) -> bool:
    """Whether a routine is one of these: what it gives is made of its arguments, and it does nothing besides."""
    symbols = HARMLESS.get(routine.library.removeprefix(LIBRARY), frozenset())
    return routine.language == "c" and routine.kind == "f" and routine.body in symbols and not routine.settings


def all_harmless(name: Sequence[str], snapshot: Snapshot) -> bool:
    """Whether whatever a name may mean outside pg_catalog is one of these."""
    found = snapshot.routines_by_name.get(name[-1], ()) if name and name[0] != "pg_catalog" else ()
    return bool(found) and all(map(is_harmless, found))
