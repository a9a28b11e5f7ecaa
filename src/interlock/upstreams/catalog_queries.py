"""The queries that read a PostgreSQL's definitions from its catalogs (PostgreSQL manual, chapter 52).

Each runs under an empty search_path, so that the server writes every name outside pg_catalog in full. User-defined
means outside pg_catalog and information_schema, or inside but made after initdb (an oid of 16384, FirstNormalObjectId,
or more). Temporary objects of other sessions are left out: they are nobody else's business and come and go.
"""

# ruff: noqa: S608  every piece is a constant of this file

from __future__ import annotations

_CONSTANT = "'{CONST %'"
# A default that is nextval, as serial columns have (pg_proc.dat: 1574; 480 and 714 make its bigint an int and a
# smallint). Like an identity it only numbers rows.
_NEXTVAL = "{FUNCEXPR :funcid 1574 %"
_CAST = "{FUNCEXPR :funcid %d %%:args (" + _NEXTVAL.replace("%", "%%")
_NUMBERED = f"ANY (ARRAY['{_NEXTVAL}', '{_CAST % 480}', '{_CAST % 714}'])"


def _users_code(catalog: str, oid: str) -> str:
    """Whether what has this oid in a catalog depends on a function of users'."""
    return f"""EXISTS (SELECT FROM pg_catalog.pg_depend needs
                WHERE needs.classid = 'pg_catalog.{catalog}'::regclass AND needs.objid = {oid}
                  AND needs.refclassid = 'pg_catalog.pg_proc'::regclass AND needs.refobjid >= 16384)"""


_OURS = "n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"

SEARCH_PATH = "SELECT pg_catalog.current_schemas(false)"  # "$user" resolved; only schemas that exist and can be used
EMPTY_SEARCH_PATH = "SELECT pg_catalog.set_config('search_path', '', true)"
SERVER_VERSION = "SELECT pg_catalog.current_setting('server_version_num')::int"

RELATIONS = f"""
SELECT c.oid::int8, n.nspname, c.relname, c.relkind::text, c.relowner::regrole::text, c.relpersistence::text,
       c.relrowsecurity, c.relforcerowsecurity, coalesce(c.reloptions::text, ''),
       CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) ELSE '' END,
       c.relrowsecurity OR c.relispartition OR c.relkind IN ('p', 'f')
         OR EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE c.oid IN (i.inhparent, i.inhrelid))
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE {_OURS} AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
 ORDER BY n.nspname, c.relname
"""

# A default counts as constant when its stored tree is a single Const node, and doesn't count where it numbers rows by
# code of the server's own; a domain may bring a default of its own.
# The last field but one: the writes (i, u, d) of the table that run code of users for this column.
COLUMNS = f"""
SELECT c.oid::int8, a.attnum::int, a.attname, a.atttypid::int8,
       pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attgenerated::text, a.attidentity::text,
       a.attcollation::regcollation::text, coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), ''),
       CASE WHEN {_users_code("pg_attrdef", "d.oid")}
              OR (t.typtype = 'd' AND (t.typbasetype >= 16384 OR {_users_code("pg_type", "t.oid")}
                  OR EXISTS (SELECT FROM pg_catalog.pg_constraint k
                              WHERE k.contypid = t.oid AND {_users_code("pg_constraint", "k.oid")})))
              OR (t.typtype = 'c' AND t.oid >= 16384)
              OR EXISTS (SELECT FROM pg_catalog.pg_type e
                          WHERE e.oid = t.typelem AND e.oid >= 16384 AND e.typtype IN ('c', 'd'))
            THEN 'iu' ELSE '' END,
       a.attgenerated <> '' OR t.typdefault IS NOT NULL
         OR (d.adbin IS NOT NULL AND d.adbin::text NOT LIKE {_CONSTANT}
             AND (NOT d.adbin::text LIKE {_NUMBERED} OR {_users_code("pg_attrdef", "d.oid")}))
  FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE {_OURS} AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY c.oid, a.attnum
"""

# What else defines a relation: (relation, kind, text, the writes (i, u, d) of the relation that may change rows which
# nobody counts, whether it makes more happen than a statement's text shows). For tgtype see catalog/pg_trigger.h.
PARTS = f"""
SELECT t.tgrelid::int8, 'trigger', pg_catalog.pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text,
       CASE WHEN t.tgtype & 4 > 0 THEN 'i' ELSE '' END || CASE WHEN t.tgtype & 16 > 0 THEN 'u' ELSE '' END
         || CASE WHEN t.tgtype & 8 > 0 THEN 'd' ELSE '' END, true
  FROM pg_catalog.pg_trigger t WHERE NOT t.tgisinternal
UNION ALL
SELECT r.ev_class::int8, 'rule', pg_catalog.pg_get_ruledef(r.oid) || ' ' || r.ev_enabled::text, 'iud', true
  FROM pg_catalog.pg_rewrite r WHERE r.rulename <> '_RETURN'
UNION ALL
SELECT p.polrelid::int8, 'policy',
       pg_catalog.concat_ws(' ', pg_catalog.quote_ident(p.polname), p.polcmd::text, p.polpermissive, p.polroles::text,
         'using', pg_catalog.pg_get_expr(p.polqual, p.polrelid),
         'check', pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)),
       CASE WHEN {_users_code("pg_policy", "p.oid")} THEN 'iud' ELSE '' END, true
  FROM pg_catalog.pg_policy p
UNION ALL
SELECT k.conrelid::int8, 'constraint',
       pg_catalog.quote_ident(k.conname) || ' ' || pg_catalog.pg_get_constraintdef(k.oid),
       CASE WHEN {_users_code("pg_constraint", "k.oid")} THEN 'iud' ELSE '' END,
       {_users_code("pg_constraint", "k.oid")}
  FROM pg_catalog.pg_constraint k WHERE k.conrelid <> 0
UNION ALL
SELECT k.confrelid::int8, 'referenced by',
       k.conrelid::regclass::text || ' ' || pg_catalog.pg_get_constraintdef(k.oid),
       CASE WHEN k.confdeltype IN ('c', 'n', 'd') THEN 'd' ELSE '' END
         || CASE WHEN k.confupdtype IN ('c', 'n', 'd') THEN 'u' ELSE '' END,
       k.confdeltype IN ('c', 'n', 'd') OR k.confupdtype IN ('c', 'n', 'd')
  FROM pg_catalog.pg_constraint k WHERE k.contype = 'f'
UNION ALL
SELECT i.indrelid::int8, 'index', pg_catalog.pg_get_indexdef(i.indexrelid),
       CASE WHEN {_users_code("pg_class", "i.indexrelid")} THEN 'iud' ELSE '' END,
       {_users_code("pg_class", "i.indexrelid")}
  FROM pg_catalog.pg_index i WHERE i.indisunique OR i.indexprs IS NOT NULL OR i.indpred IS NOT NULL
UNION ALL
SELECT i.inhrelid::int8, 'child of', i.inhparent::regclass::text || ' ' || i.inhseqno::text, '', true
  FROM pg_catalog.pg_inherits i
UNION ALL
SELECT i.inhparent::int8, 'parent of', i.inhrelid::regclass::text, '', true
  FROM pg_catalog.pg_inherits i
"""

CHILDREN = "SELECT i.inhparent::int8, i.inhrelid::int8 FROM pg_catalog.pg_inherits i ORDER BY 1, 2"

FUNCTIONS = f"""
SELECT p.proname, n.nspname, pg_catalog.pg_get_function_identity_arguments(p.oid),
       pg_catalog.pg_get_function_result(p.oid), p.prokind::text, l.lanname, p.provolatile::text, p.prosecdef,
       p.proisstrict, p.proleakproof, p.proowner::regrole::text, coalesce(p.proconfig::text, ''), p.prosrc,
       coalesce(p.probin, ''), coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), ''),
       coalesce(a.aggtransfn::regprocedure::text || ' ' || a.aggfinalfn::oid::text, '')
  FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  JOIN pg_catalog.pg_language l ON l.oid = p.prolang
  LEFT JOIN pg_catalog.pg_aggregate a ON a.aggfnoid = p.oid
 WHERE ({_OURS} OR p.oid >= 16384) AND n.nspname NOT LIKE 'pg\\_temp\\_%'
 ORDER BY p.proname, n.nspname, 3
"""

OPERATORS = f"""
SELECT o.oprname, n.nspname, o.oprleft::regtype::text, o.oprright::regtype::text, o.oprcode::regprocedure::text
  FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
 WHERE ({_OURS} OR o.oid >= 16384) AND n.nspname NOT LIKE 'pg\\_temp\\_%'
 ORDER BY 1, 2, 3, 4
"""

TYPES = f"""
SELECT t.typname, n.nspname, t.typtype::text, t.typbasetype::regtype::text, coalesce(t.typdefault, ''),
       coalesce((SELECT pg_catalog.string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder)
                   FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid), ''),
       coalesce((SELECT pg_catalog.string_agg(pg_catalog.pg_get_constraintdef(k.oid), ',' ORDER BY k.conname)
                   FROM pg_catalog.pg_constraint k WHERE k.contypid = t.oid), '')
  FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
 WHERE ({_OURS} OR t.oid >= 16384) AND n.nspname NOT LIKE 'pg\\_temp\\_%' AND n.nspname NOT LIKE 'pg\\_toast%'
 ORDER BY 1, 2
"""

# Casts have no names that a statement could show, so they count in the version alone.
CASTS = """
SELECT k.castsource::regtype::text, k.casttarget::regtype::text, k.castfunc::regprocedure::text, k.castcontext::text,
       k.castmethod::text
  FROM pg_catalog.pg_cast k WHERE k.oid >= 16384 ORDER BY 1, 2
"""
