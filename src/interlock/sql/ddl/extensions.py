"""The common extensions, as far as what they define could be taken for a built-in: their types, operators, functions.

Those of their functions that make numbers and nothing else are told as the server's catalogs tell them. What else they
define is a name that nobody knows, and so opaque. An extension that isn't here is refused: it might
define a name of pg_catalog anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from interlock.errors import NotUnderstood
from interlock.model.snapshot import Argument, Routine
from interlock.sql.ddl.world import World
from interlock.sql.extension_functions import HARMLESS, LIBRARY
from interlock.sql.functions import class_of
from interlock.sql.tree import Fields, constant, typed


@dataclass(frozen=True, slots=True)
class Extension:
    """Names that it brings, bare."""

    types: str = ""
    operators: str = ""
    functions: str = ""


KNOWN: Final[Mapping[str, Extension]] = {
    "btree_gin": Extension(),
    "btree_gist": Extension(operators="<->"),
    "citext": Extension(
        "citext",
        "<> = > >= < <= ~ !~ ~* !~* ~~ !~~ ~~* !~~* ~<~ ~<=~ ~>~ ~>=~",
        "citext max min regexp_match regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table replace"
        " split_part strpos translate",
    ),
    "fuzzystrmatch": Extension(),
    "hstore": Extension(
        "hstore ghstore", "-> ? ?| ?& || - = <> @> <@ @ ~ %% %# #= #<# #<=# #># #>=#", "hstore populate_record skeys"
    ),
    "pg_stat_statements": Extension(),
    "pg_trgm": Extension("gtrgm", "% <% %> <<% %>> <-> <<-> <->> <<<-> <->>>"),
    "pgcrypto": Extension(),
    "plpgsql": Extension(),
    "unaccent": Extension(),
    "uuid-ossp": Extension(),
}


_UUID, _BYTES, _INT, _TEXT = 2950, 17, 23, 25
_NUMBERS: Final[Mapping[str, Mapping[str, tuple[str, tuple[int, ...], int]]]] = {
    "pgcrypto": {
        "gen_random_uuid": ("pg_random_uuid", (), _UUID),
        "gen_random_bytes": ("pg_random_bytes", (_INT,), _BYTES),
    },
    "uuid-ossp": {
        name: (name, (_UUID, _TEXT) if name in ("uuid_generate_v3", "uuid_generate_v5") else (), _UUID)
        for name in HARMLESS["uuid-ossp"]
    },
}
"""By extension, the functions of `extension_functions`: symbol, types of arguments and result (pg_type.oid)."""


def create_extension(fields: Fields, world: World) -> None:
    """CREATE EXTENSION. Raises `NotUnderstood` for one that isn't listed."""
    known = KNOWN.get(str(fields["extname"]))
    if known is None:
        raise NotUnderstood(f"an extension whose contents Interlock doesn't know; it knows {', '.join(KNOWN)}")
    options: list[Any] = [typed(o)[1] for o in fields.get("options", ())]
    schema = next((constant(o["arg"]) for o in options if o["defname"] == "schema"), None) or "public"
    for name, (symbol, arguments, returns) in sorted(_NUMBERS.get(str(fields["extname"]), {}).items()):
        library = f"{LIBRARY}{fields['extname']}"
        takes = tuple(Argument("", type_oid) for type_oid in arguments)
        made = Routine(world.oid(), schema, name, "f", "c", takes, returns, False, "v", symbol, library=library)
        world.routines.append(replace(made, namesake=class_of(name) is not None))
    for name in known.functions.split():
        world.add_unreadable(schema, name)
    world.operators.update((schema, name) for name in known.operators.split())
    for name in known.types.split():
        if (schema, name) not in world.types:
            world.make_type((schema, name), "b")
