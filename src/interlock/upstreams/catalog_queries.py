"""The queries that read a PostgreSQL's definitions from its catalogs (PostgreSQL manual, chapter 52).

Each runs under an empty search_path, so that the server writes every name outside pg_catalog in full. User-defined
means outside pg_catalog and information_schema, or inside but made after initdb (an oid of 16384, FirstNormalObjectId,
or more). Temporary objects of other sessions are left out: they are nobody else's business and come and go.

The server is asked for little about each column, of which there may be 100,000, and once about each type and collation.
"""

# ruff: noqa: S608  every piece is a constant of this file

from __future__ import annotations

from typing import Final

from interlock.sql.extension_functions import HARMLESS, LIBRARY

_CONSTANT = "'{CONST %'"
# A default that is nextval, as serial columns have (pg_proc.dat: 1574; 480 and 714 make its bigint an int and a
# smallint). Like an identity it only numbers rows.
_NEXTVAL = "{FUNCEXPR :funcid 1574 %"
_CAST = "{FUNCEXPR :funcid %d %%:args (" + _NEXTVAL.replace("%", "%%")
# A function of users', in a language that the server interprets (pg_language.dat: 12 internal, 13 C).
_INTERPRETED = "p.oid >= 16384 AND p.prolang NOT IN (12, 13)"
# Operator classes whose support functions are such.
_CODED_CLASSES = f"""FROM pg_catalog.pg_opclass c
                 JOIN pg_catalog.pg_amproc s ON s.amprocfamily = c.opcfamily
                 JOIN pg_catalog.pg_proc p ON p.oid = s.amproc
                WHERE c.oid >= 16384 AND {_INTERPRETED}"""
# RI_FKey_check_ins ... RI_FKey_noaction_upd and unique_key_recheck (pg_proc.dat): constraints are told as such.
_OF_CONSTRAINTS = "t.tgisinternal AND (t.tgfoid BETWEEN 1644 AND 1655 OR t.tgfoid = 1250)"
_NUMBERED = f"ANY (ARRAY['{_NEXTVAL}', '{_CAST % 480}', '{_CAST % 714}'])"


# Functions of extensions that make numbers and nothing else.
_LISTED = " OR ".join(
    f"h.probin IN ('{LIBRARY}{library}', '{library}') AND h.prosrc IN ({', '.join(map(repr, sorted(symbols)))})"
    for library, symbols in HARMLESS.items()
)
_HARMLESS = f"SELECT h.oid FROM pg_catalog.pg_proc h WHERE h.prolang = 13 AND h.proconfig IS NULL AND ({_LISTED})"
_MADE_OF: Final = """
                SELECT t.oid, t.typbasetype FROM pg_catalog.pg_type t WHERE t.typbasetype >= 16384
                UNION ALL SELECT t.oid, t.typelem FROM pg_catalog.pg_type t WHERE t.typelem >= 16384
                UNION ALL SELECT c.reltype, a.atttypid FROM pg_catalog.pg_attribute a
                            JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
                           WHERE a.atttypid >= 16384 AND a.attnum > 0 AND c.reltype <> 0
                UNION ALL SELECT r.rngtypid, r.rngsubtype FROM pg_catalog.pg_range r WHERE r.rngsubtype >= 16384"""


def _calls(catalog: str, oid: str) -> str:
    """Whether what has this oid in a catalog depends on a function of users', or on an operator made of one that isn't
    in C (whoever can make those needs no trigger)."""
    return f"""{oid} IN (SELECT needs.objid FROM pg_catalog.pg_depend needs
                WHERE needs.classid = 'pg_catalog.{catalog}'::regclass AND needs.refobjid >= 16384
                  AND (needs.refclassid = 'pg_catalog.pg_proc'::regclass AND needs.refobjid NOT IN ({_HARMLESS})
                       OR needs.refclassid = 'pg_catalog.pg_operator'::regclass AND needs.refobjid IN (
                          SELECT o.oid FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_proc p ON p.oid = o.oprcode
                           WHERE {_INTERPRETED})))"""


def _users_code(catalog: str, oid: str) -> str:
    """The same, or on a type or an operator class that brings such functions along. Read once, looked up for each."""
    return f"""({_calls(catalog, oid)} OR {oid} IN (SELECT needs.objid FROM pg_catalog.pg_depend needs
                WHERE needs.classid = 'pg_catalog.{catalog}'::regclass AND needs.refobjid >= 16384
                  AND (needs.refclassid = 'pg_catalog.pg_type'::regclass AND needs.refobjid IN ({_CODED_TYPES})
                       OR needs.refclassid = 'pg_catalog.pg_opclass'::regclass
                          AND needs.refobjid IN (SELECT c.oid {_CODED_CLASSES}))))"""


# Types by which values of users' code run when they are written: domains with checks or defaults of it, ranges, and
# what is made of these.
_CODED_TYPES: Final = f"""WITH RECURSIVE coded (type) AS (
                SELECT t.oid FROM pg_catalog.pg_type t
                 WHERE t.oid >= 16384 AND t.typtype IN ('d', 'r', 'm')
                   AND (t.typtype = 'm' OR {_calls("pg_type", "t.oid")}
                        OR t.typdefaultbin::text NOT LIKE {_CONSTANT}
                        OR EXISTS (SELECT FROM pg_catalog.pg_constraint k
                                    WHERE k.contypid = t.oid AND {_calls("pg_constraint", "k.oid")}))
                UNION SELECT c.opcintype {_CODED_CLASSES}
                UNION SELECT made.type FROM coded JOIN ({_MADE_OF}) AS made (type, part) ON made.part = coded.type)
              SELECT type FROM coded"""


OURS: Final = "n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"
TEMPORARY: Final = "n.oid = pg_catalog.pg_my_temp_schema()"  # the session's own; a scope for the queries that take one

SEARCH_PATH = "SELECT pg_catalog.current_schemas(false)"  # "$user" resolved; only schemas that exist and can be used
EMPTY_SEARCH_PATH = "SELECT pg_catalog.set_config('search_path', '', true)"
SERVER_VERSION = "SELECT pg_catalog.current_setting('server_version_num')::int"


def _in_scope(scope: str, kinds: str = "'r', 'p', 'v', 'm', 'f', 'S'") -> str:
    return f"""(SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE {scope} AND c.relkind IN ({kinds}))"""


def relations(scope: str = OURS) -> str:
    """(oid, schema, name, kind, row type, view's query, what else it is ..., whether writes of it run code that isn't
    seen, whether what it is itself does, whether it has hidden effects).

    What it is itself: its columns' types, its partition key; partitions have these from the table above.
    """
    return f"""
SELECT c.oid::int8, n.nspname, c.relname, c.relkind::text, c.reltype::int8,
       CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) ELSE '' END,
       c.relowner::regrole::text, c.relpersistence::text, c.relrowsecurity, c.relforcerowsecurity,
       coalesce(c.reloptions::text, ''),
       c.relrowsecurity OR c.relkind = 'f', {_users_code("pg_class", "c.oid")},
       c.relrowsecurity OR c.relispartition OR c.relkind IN ('p', 'f')
         OR c.oid IN (SELECT i.inhparent FROM pg_catalog.pg_inherits i)
         OR c.oid IN (SELECT i.inhrelid FROM pg_catalog.pg_inherits i)
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE {scope} AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
 ORDER BY n.nspname, c.relname
"""


def columns(scope: str = OURS) -> str:
    """(relation, its columns, one a line); of composite types too. A column's line is its number, type, modifier,
    collation, `t` or `f` for not null, attgenerated and attidentity around a dot, and its name as a JSON string.

    One row a relation: as rows of their own, 100,000 columns took three times as long to read and ten times the memory.
    """
    return f"""
SELECT a.attrelid::int8,
       pg_catalog.string_agg(
         pg_catalog.concat_ws(' ', a.attnum, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull,
                              a.attgenerated::text || '.' || a.attidentity::text, pg_catalog.to_json(a.attname)),
         E'\\n' ORDER BY a.attnum)
  FROM pg_catalog.pg_attribute a
 WHERE a.attrelid IN {_in_scope(scope, "'r', 'p', 'v', 'm', 'f', 'S', 'c'")} AND a.attnum > 0 AND NOT a.attisdropped
 GROUP BY a.attrelid
"""


def defaults(scope: str = OURS) -> str:
    """(relation, number, expression, whether it runs code of users, whether it does more than number rows).

    A default counts as constant when its stored tree is a single Const node, and doesn't count where it numbers rows by
    code of the server's own.
    """
    return f"""
SELECT d.adrelid::int8, d.adnum::int, pg_catalog.pg_get_expr(d.adbin, d.adrelid),
       {_users_code("pg_attrdef", "d.oid")},
       d.adbin::text NOT LIKE {_CONSTANT}
         AND (NOT d.adbin::text LIKE {_NUMBERED} OR {_users_code("pg_attrdef", "d.oid")})
  FROM pg_catalog.pg_attrdef d
 WHERE d.adrelid IN {_in_scope(scope)}
"""


# The types that columns have: (type, modifier, its name in full, whether values of it bring code of users along when
# they are written, whether it has a default of its own, as a domain may).
COLUMN_TYPES = f"""
SELECT w.type::int8, w.modifier, pg_catalog.format_type(w.type, w.modifier),
       (t.typtype = 'd' AND (t.typbasetype >= 16384 OR {_calls("pg_type", "t.oid")}
          OR EXISTS (SELECT FROM pg_catalog.pg_constraint k
                      WHERE k.contypid = t.oid AND {_calls("pg_constraint", "k.oid")})))
         OR (t.typtype = 'c' AND t.oid >= 16384)
         OR EXISTS (SELECT FROM pg_catalog.pg_type e
                     WHERE e.oid = t.typelem AND e.oid >= 16384 AND e.typtype IN ('c', 'd')),
       t.typdefault IS NOT NULL
  FROM ROWS FROM (pg_catalog.unnest(%s::oid[]), pg_catalog.unnest(%s::int4[])) AS w (type, modifier)
  JOIN pg_catalog.pg_type t ON t.oid = w.type
"""
COLLATIONS = "SELECT w.oid::int8, w.oid::regcollation::text FROM pg_catalog.unnest(%s::oid[]) AS w (oid)"


def parts(scope: str = OURS) -> str:
    """What else defines a relation: (relation, kind, text, the writes (i, u, d) of the relation that may change rows
    which nobody counts, whether it makes more happen than a statement's text shows, whether it is code of users').

    For tgtype see catalog/pg_trigger.h. That a column is not null is told with the column.
    """
    return f"""
SELECT p.relation::int8, p.kind, p.definition, p.writes, p.hidden, p.code
  FROM ({_PARTS}) AS p (relation, kind, definition, writes, hidden, code)
 WHERE p.relation = ANY (ARRAY{_in_scope(scope)})
"""


_PARTS: Final = f"""
SELECT t.tgrelid, 'trigger', pg_catalog.pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text,
       CASE WHEN t.tgtype & 4 > 0 THEN 'i' ELSE '' END || CASE WHEN t.tgtype & 16 > 0 THEN 'u' ELSE '' END
         || CASE WHEN t.tgtype & 8 > 0 THEN 'd' ELSE '' END, true, true
  FROM pg_catalog.pg_trigger t WHERE NOT ({_OF_CONSTRAINTS})
UNION ALL
SELECT r.ev_class, 'rule', pg_catalog.pg_get_ruledef(r.oid) || ' ' || r.ev_enabled::text,
       CASE r.ev_type WHEN '2' THEN 'u' WHEN '3' THEN 'i' WHEN '4' THEN 'd' ELSE 'iud' END, true, true
  FROM pg_catalog.pg_rewrite r WHERE r.rulename <> '_RETURN'
UNION ALL
SELECT p.polrelid, 'policy',
       pg_catalog.concat_ws(' ', pg_catalog.quote_ident(p.polname), p.polcmd::text, p.polpermissive, p.polroles::text,
         'using', pg_catalog.pg_get_expr(p.polqual, p.polrelid),
         'check', pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)),
       CASE WHEN {_users_code("pg_policy", "p.oid")} THEN 'iud' ELSE '' END, true,
       {_users_code("pg_policy", "p.oid")}
  FROM pg_catalog.pg_policy p
UNION ALL
SELECT k.conrelid, 'constraint',
       pg_catalog.quote_ident(k.conname) || ' ' || pg_catalog.pg_get_constraintdef(k.oid),
       CASE WHEN {_users_code("pg_constraint", "k.oid")} THEN 'iud' ELSE '' END,
       {_users_code("pg_constraint", "k.oid")}, {_users_code("pg_constraint", "k.oid")}
  FROM pg_catalog.pg_constraint k WHERE k.conrelid <> 0 AND k.contype <> 'n'
UNION ALL
SELECT k.confrelid, 'referenced by',
       k.conrelid::regclass::text || ' ' || pg_catalog.pg_get_constraintdef(k.oid),
       CASE WHEN k.confdeltype IN ('c', 'n', 'd') THEN 'd' ELSE '' END
         || CASE WHEN k.confupdtype IN ('c', 'n', 'd') THEN 'u' ELSE '' END,
       k.confdeltype IN ('c', 'n', 'd') OR k.confupdtype IN ('c', 'n', 'd'), false
  FROM pg_catalog.pg_constraint k WHERE k.contype = 'f'
UNION ALL
SELECT i.indrelid, 'index', pg_catalog.pg_get_indexdef(i.indexrelid),
       CASE WHEN {_users_code("pg_class", "i.indexrelid")} THEN 'iud' ELSE '' END,
       {_users_code("pg_class", "i.indexrelid")}, {_users_code("pg_class", "i.indexrelid")}
  FROM pg_catalog.pg_index i
 WHERE i.indisunique OR i.indexprs IS NOT NULL OR i.indpred IS NOT NULL
    OR {_users_code("pg_class", "i.indexrelid")}
UNION ALL
SELECT i.inhrelid, 'child of', i.inhparent::regclass::text || ' ' || i.inhseqno::text, '', true, false
  FROM pg_catalog.pg_inherits i
UNION ALL
SELECT i.inhparent, 'parent of', i.inhrelid::regclass::text, '', true, false
  FROM pg_catalog.pg_inherits i
"""

CHILDREN = "SELECT i.inhparent::int8, i.inhrelid::int8 FROM pg_catalog.pg_inherits i ORDER BY 1, 2"

# Foreign keys by which a write of one relation changes another: (referenced, referencing, on delete, on update). A
# partition's copy of its parent's key tells nothing more.
CASCADES = """
SELECT k.confrelid::int8, k.conrelid::int8, k.confdeltype::text, k.confupdtype::text
  FROM pg_catalog.pg_constraint k
 WHERE k.contype = 'f' AND (k.confdeltype IN ('c', 'n', 'd') OR k.confupdtype IN ('c', 'n', 'd'))
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint up
                    WHERE up.oid = k.conparentid AND up.confrelid = k.confrelid)
 ORDER BY 1, 2, k.conname
"""
# Keys whose new values go along to what refers to them: (referenced, its columns, referencing, its columns).
KEY_MOVES = """
SELECT k.confrelid::int8, k.confkey::int[], k.conrelid::int8, k.conkey::int[]
  FROM pg_catalog.pg_constraint k WHERE k.contype = 'f' AND k.confupdtype = 'c' ORDER BY 1, 3, k.conname
"""
# What runs on writes of a relation: (relation, "trigger" or "rule", its name, tgtype, ev_type, the function's name).
HOOKS = """
SELECT t.tgrelid::int8, 'trigger', t.tgname, t.tgtype::int, '', n.nspname || '.' || p.proname
  FROM pg_catalog.pg_trigger t
  JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
 WHERE NOT t.tgisinternal AND t.tgenabled <> 'D'
UNION ALL
SELECT r.ev_class::int8, 'rule', r.rulename, 0, r.ev_type::text, ''
  FROM pg_catalog.pg_rewrite r
 WHERE r.ev_type <> '1' AND r.ev_enabled <> 'D' AND r.ev_class >= 16384
 ORDER BY 1, 2, 3
"""

# (oid, argument types, names and modes, result type, whether a set, settings, how many arguments have defaults, whether
# it runs as its owner, its library, and what defines it in names alone: name, schema, kind, language, volatility, its
# source, its body in standard SQL, ...).
ROUTINES = f"""
SELECT p.oid::int8, coalesce(p.proallargtypes, p.proargtypes::oid[])::int8[], coalesce(p.proargnames, '{{}}'),
       coalesce(p.proargmodes::text[], '{{}}'), p.prorettype::int8, p.proretset, coalesce(p.proconfig, '{{}}'),
       p.pronargdefaults::int, p.prosecdef,
       p.proname IN (SELECT b.proname FROM pg_catalog.pg_proc b WHERE b.oid < 16384 AND b.pronamespace = 11),
       coalesce(p.probin, ''), p.proname, n.nspname, p.prokind::text, l.lanname, p.provolatile::text, p.prosrc,
       coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), ''),
       pg_catalog.pg_get_function_identity_arguments(p.oid), coalesce(pg_catalog.pg_get_function_result(p.oid), ''),
       coalesce(pg_catalog.pg_get_expr(p.proargdefaults, 0), ''), p.prosecdef, p.proisstrict, p.proleakproof,
       p.proowner::regrole::text, coalesce(p.proconfig::text, ''), coalesce(p.probin, ''),
       coalesce(a.aggtransfn::regprocedure::text || ' ' || a.aggfinalfn::oid::text, '')
  FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  JOIN pg_catalog.pg_language l ON l.oid = p.prolang
  LEFT JOIN pg_catalog.pg_aggregate a ON a.aggfnoid = p.oid
 WHERE ({OURS} OR p.oid >= 16384) AND n.nspname NOT LIKE 'pg\\_temp\\_%'
 ORDER BY p.proname, n.nspname, 19
"""

OPERATORS = f"""
SELECT o.oprname, n.nspname, o.oprleft::regtype::text, o.oprright::regtype::text, o.oprcode::regprocedure::text
  FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
 WHERE ({OURS} OR o.oid >= 16384) AND n.nspname NOT LIKE 'pg\\_temp\\_%'
 ORDER BY 1, 2, 3, 4
"""

# (name, schema, oid, kind, what it is made of, the pg_class row of a composite's attributes, definition ...). Made of:
# a domain's base type; an array's elements, which typelem tells of such as can be subscripted.
TYPES = f"""
SELECT t.typname, n.nspname, t.oid::int8, t.typtype::text,
       CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.typelem END::int8, t.typrelid::int8,
       CASE WHEN t.typtype = 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod) ELSE '' END,
       coalesce(t.typdefault, ''), coalesce(e.labels, ''), coalesce(k.checks, '')
  FROM pg_catalog.pg_type t
  JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
  LEFT JOIN (SELECT e.enumtypid, pg_catalog.string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder)
               FROM pg_catalog.pg_enum e GROUP BY 1) AS e (type, labels) ON e.type = t.oid
  LEFT JOIN (SELECT k.contypid, pg_catalog.string_agg(pg_catalog.pg_get_constraintdef(k.oid), ',' ORDER BY k.conname)
               FROM pg_catalog.pg_constraint k WHERE k.contypid <> 0 GROUP BY 1) AS k (type, checks) ON k.type = t.oid
 WHERE ({OURS} OR t.oid >= 16384) AND n.nspname NOT LIKE 'pg\\_temp\\_%' AND n.nspname NOT LIKE 'pg\\_toast%'
 ORDER BY 1, 2
"""

# Casts have no names that a statement could show, so they count in the version alone. That of a users' range to its
# multirange is the server's own, made with the type.
CASTS = """
SELECT k.castsource::regtype::text, k.casttarget::regtype::text, k.castfunc::regprocedure::text, k.castcontext::text,
       k.castmethod::text
  FROM pg_catalog.pg_cast k
 WHERE k.oid >= 16384
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_range r WHERE r.rngtypid = k.castsource AND r.rngmultitypid = k.casttarget)
 ORDER BY 1, 2
"""
