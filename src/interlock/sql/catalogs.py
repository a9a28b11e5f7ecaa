"""Catalogs that clients look around in, column by column. An allow-list; every other catalog holds data.

For each catalog its harmless columns are listed, and those kept back: defaults, predicates, bounds, bodies and options
hold literals. What a statement makes of a kept column is masked (`looking.py`); one that can't be read so far, or names
a column in neither list, counts as reading data. OIDs are fixed in the server's sources (pg_*.h); system views have
none (0), so their outputs are coarse. Columns are those of PostgreSQL 18.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from interlock.sql.definition_catalogs import INFORMATION_SCHEMA, PG_CATALOG, WITHHELD


@dataclass(frozen=True, slots=True)
class Catalog:
    """One harmless catalog: its fixed OID (0 for a view), the columns on the list, and the columns kept back."""

    oid: int
    columns: frozenset[str]
    kept: frozenset[str] = frozenset()


def _catalog(oid: int, columns: str, kept: str = "") -> Catalog:
    return Catalog(oid, frozenset(columns.split()), frozenset(kept.split()))


def _listed(table: str) -> Mapping[str, Catalog]:
    """A table of `definition_catalogs.py`."""
    found = {}
    for line in table.strip().splitlines():
        head, _, rest = line.partition(":")
        columns, _, kept = rest.partition("/")
        name, oid = head.split()
        found[name] = _catalog(int(oid), columns, kept)
    return found


_PG_CATALOG: Final[Mapping[str, Catalog]] = {
    **_listed(PG_CATALOG),
    "pg_am": _catalog(
        2601,
        """
        oid amname amhandler amtype
        """,
    ),
    "pg_attribute": _catalog(
        1249,
        """
        attrelid attname atttypid attlen attnum atttypmod attndims attbyval attalign attstorage attcompression
        attnotnull atthasdef atthasmissing attidentity attgenerated attisdropped attislocal attinhcount
        attcollation attstattarget attacl
        """,
        "attmissingval attfdwoptions attoptions",
    ),
    "pg_auth_members": _catalog(
        1261,
        """
        oid roleid member grantor admin_option inherit_option set_option
        """,
    ),
    "pg_cast": _catalog(
        2605,
        """
        oid castsource casttarget castfunc castcontext castmethod
        """,
    ),
    "pg_class": _catalog(
        1259,
        """
        oid relname relnamespace reltype reloftype relowner relam relfilenode reltablespace relpages reltuples
        relallvisible relallfrozen reltoastrelid relhasindex relisshared relpersistence relkind relnatts
        relchecks relhasrules relhastriggers relhassubclass relrowsecurity relforcerowsecurity relispopulated
        relreplident relispartition relrewrite relfrozenxid relminmxid relacl reloptions
        """,
        "relpartbound",
    ),
    "pg_collation": _catalog(
        3456,
        """
        oid collname collnamespace collowner collprovider collisdeterministic collencoding collcollate
        collctype colllocale collicurules collversion
        """,
    ),
    "pg_constraint": _catalog(
        2606,
        """
        oid conname connamespace contype condeferrable condeferred conenforced convalidated conrelid contypid
        conindid conparentid confrelid confupdtype confdeltype confmatchtype conislocal coninhcount
        connoinherit conperiod conkey confkey conpfeqop conppeqop conffeqop confdelsetcols conexclop
        """,
        "conbin",
    ),
    "pg_database": _catalog(
        1262,
        """
        oid datname datdba encoding datlocprovider datistemplate datallowconn dathasloginevt datconnlimit
        datfrozenxid datminmxid dattablespace datcollate datctype datlocale daticurules datcollversion datacl
        """,
    ),
    "pg_depend": _catalog(
        2608,
        """
        classid objid objsubid refclassid refobjid refobjsubid deptype
        """,
    ),
    "pg_extension": _catalog(
        3079,
        """
        oid extname extowner extnamespace extrelocatable extversion
        """,
        "extcondition extconfig",
    ),
    "pg_index": _catalog(
        2610,
        """
        indexrelid indrelid indnatts indnkeyatts indisunique indnullsnotdistinct indisprimary indisexclusion
        indimmediate indisclustered indisvalid indcheckxmin indisready indislive indisreplident indkey
        indcollation indclass indoption
        """,
        "indexprs indpred",
    ),
    "pg_inherits": _catalog(
        2611,
        """
        inhrelid inhparent inhseqno inhdetachpending
        """,
    ),
    "pg_language": _catalog(
        2612,
        """
        oid lanname lanowner lanispl lanpltrusted lanplcallfoid laninline lanvalidator lanacl
        """,
    ),
    "pg_namespace": _catalog(
        2615,
        """
        oid nspname nspowner nspacl
        """,
    ),
    "pg_opclass": _catalog(
        2616,
        """
        oid opcmethod opcname opcnamespace opcowner opcfamily opcintype opcdefault opckeytype
        """,
    ),
    "pg_operator": _catalog(
        2617,
        """
        oid oprname oprnamespace oprowner oprkind oprcanmerge oprcanhash oprleft oprright oprresult oprcom
        oprnegate oprcode oprrest oprjoin
        """,
    ),
    "pg_opfamily": _catalog(
        2753,
        """
        oid opfmethod opfname opfnamespace opfowner
        """,
    ),
    "pg_partitioned_table": _catalog(
        3350,
        """
        partrelid partstrat partnatts partdefid partattrs partclass partcollation
        """,
        "partexprs",
    ),
    "pg_policy": _catalog(
        3256,
        """
        oid polname polrelid polcmd polpermissive polroles
        """,
        "polqual polwithcheck",
    ),
    "pg_proc": _catalog(
        1255,
        """
        oid proname pronamespace proowner prolang procost prorows provariadic prosupport prokind prosecdef
        proleakproof proisstrict proretset provolatile proparallel pronargs pronargdefaults prorettype
        proargtypes proallargtypes proargmodes proargnames protrftypes proacl
        """,
        "prosrc probin proargdefaults prosqlbody proconfig",
    ),
    "pg_range": _catalog(
        3541,
        """
        rngtypid rngsubtype rngmultitypid rngcollation rngsubopc rngcanonical rngsubdiff
        """,
    ),
    "pg_tablespace": _catalog(
        1213,
        """
        oid spcname spcowner spcacl
        """,
        "spcoptions",
    ),
    "pg_trigger": _catalog(
        2620,
        """
        oid tgrelid tgparentid tgname tgfoid tgtype tgenabled tgisinternal tgconstrrelid tgconstrindid
        tgconstraint tgdeferrable tginitdeferred tgnargs tgattr tgoldtable tgnewtable
        """,
        "tgargs tgqual",
    ),
    "pg_type": _catalog(
        1247,
        """
        oid typname typnamespace typowner typlen typbyval typtype typcategory typispreferred typisdefined
        typdelim typrelid typsubscript typelem typarray typinput typoutput typreceive typsend typmodin
        typmodout typanalyze typalign typstorage typnotnull typbasetype typtypmod typndims typcollation typacl
        """,
        "typdefault typdefaultbin",
    ),
    "pg_roles": _catalog(
        0,
        """
        rolname rolsuper rolinherit rolcreaterole rolcreatedb rolcanlogin rolreplication rolconnlimit
        rolvaliduntil rolbypassrls oid
        """,
        "rolconfig rolpassword",
    ),
    "pg_tables": _catalog(
        0,
        """
        schemaname tablename tableowner tablespace hasindexes hasrules hastriggers rowsecurity
        """,
    ),
    "pg_timezone_abbrevs": _catalog(
        0,
        """
        abbrev utc_offset is_dst
        """,
    ),
    "pg_timezone_names": _catalog(
        0,
        """
        name abbrev utc_offset is_dst
        """,
    ),
}

_INFORMATION_SCHEMA: Final[Mapping[str, Catalog]] = {
    **_listed(INFORMATION_SCHEMA),
    "applicable_roles": _catalog(
        0,
        """
        grantee role_name is_grantable
        """,
    ),
    "columns": _catalog(
        0,
        """
        table_catalog table_schema table_name column_name ordinal_position is_nullable data_type
        character_maximum_length character_octet_length numeric_precision numeric_precision_radix
        numeric_scale datetime_precision interval_type interval_precision character_set_catalog
        character_set_schema character_set_name collation_catalog collation_schema collation_name
        domain_catalog domain_schema domain_name udt_catalog udt_schema udt_name scope_catalog scope_schema
        scope_name maximum_cardinality dtd_identifier is_self_referencing is_identity identity_generation
        identity_start identity_increment identity_maximum identity_minimum identity_cycle is_generated
        is_updatable
        """,
        "column_default generation_expression",
    ),
    "constraint_column_usage": _catalog(
        0,
        """
        table_catalog table_schema table_name column_name constraint_catalog constraint_schema constraint_name
        """,
    ),
    "enabled_roles": _catalog(
        0,
        """
        role_name
        """,
    ),
    "information_schema_catalog_name": _catalog(
        0,
        """
        catalog_name
        """,
    ),
    "key_column_usage": _catalog(
        0,
        """
        constraint_catalog constraint_schema constraint_name table_catalog table_schema table_name column_name
        ordinal_position position_in_unique_constraint
        """,
    ),
    "referential_constraints": _catalog(
        0,
        """
        constraint_catalog constraint_schema constraint_name unique_constraint_catalog
        unique_constraint_schema unique_constraint_name match_option update_rule delete_rule
        """,
    ),
    "schemata": _catalog(
        0,
        """
        catalog_name schema_name schema_owner default_character_set_catalog default_character_set_schema
        default_character_set_name
        """,
        "sql_path",
    ),
    "table_constraints": _catalog(
        0,
        """
        constraint_catalog constraint_schema constraint_name table_catalog table_schema table_name
        constraint_type is_deferrable initially_deferred enforced nulls_distinct
        """,
    ),
    "table_privileges": _catalog(
        0,
        """
        grantor grantee table_catalog table_schema table_name privilege_type is_grantable with_hierarchy
        """,
    ),
    "tables": _catalog(
        0,
        """
        table_catalog table_schema table_name table_type self_referencing_column_name reference_generation
        user_defined_type_catalog user_defined_type_schema user_defined_type_name is_insertable_into is_typed
        commit_action
        """,
    ),
}

FIRST_USER_OID: Final = 16384  # FirstNormalObjectId (access/transam.h): below it lie the objects that initdb made

SCHEMAS: Final = ("pg_catalog", "information_schema")


def _withheld() -> Iterator[tuple[str, str]]:
    for line in WITHHELD.strip().splitlines():
        why, _, names = line.partition(":")
        yield from ((name, why) for name in names.split())


WITHHELD_BECAUSE: Final[Mapping[str, str]] = dict(_withheld())
"""The catalogs of both schemas that count as data, each with what it holds."""


def is_standard(name: str) -> bool:
    """Whether information_schema has a relation of this name."""
    return name in _INFORMATION_SCHEMA or name in WITHHELD_BECAUSE


def harmless(schema: str, name: str) -> Catalog | None:
    """The catalog of this name if it is on the list."""
    if schema == "pg_catalog":
        return _PG_CATALOG.get(name)
    return _INFORMATION_SCHEMA.get(name) if schema == "information_schema" else None
