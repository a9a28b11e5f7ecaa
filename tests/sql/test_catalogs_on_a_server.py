"""Every catalog and column of a real server was looked through: listed as harmless, kept back, or counted as data."""

from __future__ import annotations

import pytest
from tests.postgres_fixture import ClinicDatabase
from tests.sql.clinic import judge

from interlock.sql.catalogs import WITHHELD_BECAUSE, harmless
from interlock.sql.shape import Reach

_ALL = """
SELECT n.nspname, c.relname, c.oid::int8, c.relkind::text, array_agg(a.attname::text)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE n.nspname IN ('pg_catalog', 'information_schema') AND c.relkind IN ('r', 'v', 'm', 'f', 'p')
   AND c.oid < 16384
 GROUP BY 1, 2, 3, 4
"""
# What holds values, texts of queries, options or passwords; whoever calls one of these harmless must be wrong.
HOLDS_DATA = {
    "pg_attribute": "attmissingval attfdwoptions attoptions",
    "pg_attrdef": "adbin",
    "pg_aggregate": "agginitval aggminitval",
    "pg_class": "relpartbound",
    "pg_constraint": "conbin",
    "pg_cursors": "name statement",
    "pg_db_role_setting": "setconfig",
    "pg_description": "description",
    "pg_enum": "enumlabel",
    "pg_foreign_data_wrapper": "fdwoptions",
    "pg_foreign_server": "srvtype srvversion srvoptions",
    "pg_foreign_table": "ftoptions",
    "pg_index": "indexprs indpred",
    "pg_indexes": "indexdef",
    "pg_matviews": "definition",
    "pg_partitioned_table": "partexprs",
    "pg_policies": "qual with_check",
    "pg_policy": "polqual polwithcheck",
    "pg_prepared_statements": "name statement",
    "pg_proc": "prosrc probin proargdefaults prosqlbody proconfig",
    "pg_publication_rel": "prqual",
    "pg_publication_tables": "rowfilter",
    "pg_rewrite": "ev_qual ev_action",
    "pg_roles": "rolpassword rolconfig",
    "pg_rules": "definition",
    "pg_seclabel": "label",
    "pg_sequences": "last_value",
    "pg_settings": "setting boot_val reset_val",
    "pg_shdescription": "description",
    "pg_stat_activity": "query application_name",
    "pg_statistic_ext": "stxexprs",
    "pg_subscription": "subconninfo",
    "pg_trigger": "tgargs tgqual",
    "pg_ts_dict": "dictinitoption",
    "pg_type": "typdefault typdefaultbin",
    "pg_user": "passwd useconfig",
    "pg_user_mapping": "umoptions",
    "pg_views": "definition",
    "attributes": "attribute_default",
    "check_constraints": "check_clause",
    "columns": "column_default generation_expression",
    "domains": "domain_default",
    "parameters": "parameter_default",
    "routines": "routine_definition external_name",
    "triggers": "action_condition action_statement",
    "views": "view_definition",
}
WHOLE = (
    "pg_statistic pg_stats pg_stats_ext pg_stats_ext_exprs pg_statistic_ext_data pg_largeobject pg_authid pg_shadow"
    " pg_file_settings pg_hba_file_rules pg_user_mappings pg_backend_memory_contexts pg_stat_statements"
    " pg_replication_slots pg_replication_origin column_options user_mapping_options foreign_server_options"
)


def test_every_catalog_and_column_was_looked_through(clinic: ClinicDatabase) -> None:
    missing: list[object] = []
    with clinic.admin() as connection:
        rows = connection.execute(_ALL).fetchall()
    assert len(rows) > 200
    for schema, name, oid, kind, columns in rows:
        assert isinstance(schema, str)
        assert isinstance(name, str)
        assert isinstance(columns, list)
        listed = harmless(schema, name)
        if listed is None:
            missing += [] if name in WITHHELD_BECAUSE else [name]
            continue
        assert name not in WITHHELD_BECAUSE, name
        assert listed.oid == (oid if kind == "r" else 0), name
        missing += [(name, column) for column in columns if column not in listed.columns | listed.kept]
        assert not listed.columns & listed.kept, name
    assert missing == []


@pytest.mark.parametrize("name", HOLDS_DATA)
def test_what_holds_data_is_kept_back(name: str) -> None:
    listed = harmless("pg_catalog", name) or harmless("information_schema", name)
    assert listed is not None
    assert listed.kept >= set(HOLDS_DATA[name].split())
    for column in HOLDS_DATA[name].split():
        schema = "pg_catalog" if name.startswith("pg_") else "information_schema"
        judged = judge(f"SELECT {column} FROM {schema}.{name}")
        assert judged.looking is None or judged.looking.is_text(0, column), column
        assert judged.reach is Reach.CONNECTION, column


@pytest.mark.parametrize("name", WHOLE.split())
def test_what_is_data_as_a_whole_is_never_looked_at_as_a_catalog(name: str) -> None:
    schema = "pg_catalog" if name.startswith("pg_") else "information_schema"
    assert harmless(schema, name) is None
    judged = judge(f"SELECT 1 FROM {schema}.{name}")
    assert judged.reach is Reach.CONNECTION
    assert judged.looking is None
