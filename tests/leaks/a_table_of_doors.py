"""leaks.md, "Values that get out of a database door": the lines on what servers keep beside, and on what runs later.

The line on the other doors of the wire isn't made of statements: `test_values_out.py` has it, and the one on masks that
are written back.
"""

from __future__ import annotations

from typing import Final

from tests.leaks.a_line import Line, each, loud, quiet, steps

_TELL = (
    "CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN INSERT INTO watchers VALUES (NEW.ssn); RETURN NEW; END $$"
)

BESIDE: Final = (
    Line(
        "SQL in literals, others' query text, partition bounds, defaults, enum labels, comments, files, PROGRAM",
        (
            *quiet(
                "SELECT query_to_xml('SELECT ssn FROM people', true, true, '')",
                "SELECT schema_to_xml('public', true, true, '')",
            ),
            *quiet("SELECT database_to_xml(true, true, '')", "SELECT cursor_to_xml('c', 10, true, true, '')"),
            *loud(
                "SELECT ts_stat.word FROM ts_stat('SELECT to_tsvector(''simple'', ssn || '' '' || mrn) FROM people')"
            ),
            *quiet(
                "SELECT query FROM pg_stat_activity",
                "SELECT * FROM pg_stat_activity",
                "SELECT pg_stat_get_backend_activity(1)",
            ),
            *quiet(
                "SELECT statement FROM pg_prepared_statements",
                "SELECT * FROM pg_cursors",
                "SELECT * FROM pg_stat_statements",
            ),
            *loud("SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relispartition"),
            *loud("SELECT pg_get_partition_constraintdef('parted_one'::regclass)"),
            *loud("SELECT column_default FROM information_schema.columns WHERE table_name = 'people'"),
            *loud("SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef"),
            *loud("SELECT enumlabel FROM pg_enum", "SELECT enum_range(NULL::known)", "SELECT enum_last(NULL::known)"),
            *quiet("SELECT 'no'::known"),
            *loud("SELECT description FROM pg_description", "SELECT col_description('people'::regclass, 3)"),
            *loud("SELECT obj_description('cities'::regclass)", "SELECT pg_get_viewdef('others'::regclass)"),
            *loud("SELECT definition FROM pg_views WHERE viewname = 'others'"),
            *quiet("SELECT view_definition FROM information_schema.views"),
            *quiet("SELECT prosrc FROM pg_proc WHERE proname = 'leak'", "SELECT pg_get_functiondef('leak'::regproc)"),
            *quiet(
                "SELECT pg_read_file('PG_VERSION')", "SELECT pg_read_binary_file('PG_VERSION')", "SELECT pg_ls_dir('.')"
            ),
            *quiet("COPY people TO PROGRAM 'cat'", "COPY people TO '/tmp/canaries'", "COPY cities FROM PROGRAM 'id'"),
            *quiet(
                "COPY cities (name) FROM '/etc/hostname'",
                "SELECT lo_import('/etc/hostname')",
                "SELECT lo_export(1, '/tmp/x')",
            ),
            *quiet(
                "SELECT setting FROM pg_settings WHERE name = 'data_directory'", "SELECT rolpassword FROM pg_authid"
            ),
        ),
        (
            *each("SELECT 'SELECT ssn FROM people'", "SELECT relname FROM pg_class WHERE relname = 'people'"),
            *each(
                "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'people' ORDER BY 1"
            ),
            *each("SELECT typname, typtype FROM pg_type WHERE typname IN ('known', 'int4') ORDER BY 1"),
            *each(
                "SELECT attname, attnum FROM pg_attribute WHERE attrelid = 'people'::regclass AND attnum > 0 ORDER BY 2"
            ),
            *each("SELECT current_database(), version() IS NOT NULL, current_schema()", "SHOW server_version"),
            *each("SELECT nspname FROM pg_namespace ORDER BY 1", "SELECT 'cities'::regclass, pg_typeof(1)"),
        ),
    ),
    Line(
        "later execution: triggers, rules, functions replaced, event triggers",
        (
            *loud("INSERT INTO watched VALUES (1, (SELECT ssn FROM people WHERE id = 1))"),
            *steps(
                "CREATE TABLE mine_alone (ssn text)",
                _TELL,
                "CREATE TRIGGER tells AFTER INSERT ON mine_alone FOR EACH ROW EXECUTE FUNCTION tell()",
                "INSERT INTO mine_alone SELECT ssn FROM people",
                "SELECT name FROM watchers",
                then=("SELECT name FROM watchers",),
            ),
            *steps(
                "CREATE TABLE mine_alone (ssn text)",
                "CREATE RULE tells AS ON INSERT TO mine_alone DO ALSO INSERT INTO watchers VALUES (NEW.ssn)",
                "INSERT INTO mine_alone SELECT ssn FROM people",
                "SELECT name FROM watchers",
                then=("SELECT name FROM watchers",),
            ),
            *steps(
                "CREATE TABLE mine_alone (ssn text)",
                "CREATE RULE instead AS ON UPDATE TO mine_alone DO INSTEAD SELECT ssn FROM people",
                "UPDATE mine_alone SET ssn = 'x'",
            ),
            *steps(
                _TELL,
                "CREATE TRIGGER tells BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION tell()",
                "UPDATE people SET city = 'x'",
                "SELECT name FROM watchers",
                then=("SELECT name FROM watchers",),
            ),
            *steps(
                "CREATE FUNCTION harmless(int) RETURNS text LANGUAGE sql AS 'SELECT ''x'''",
                "SELECT harmless(1)",
                "CREATE OR REPLACE FUNCTION harmless(int) RETURNS text LANGUAGE sql AS"
                " 'SELECT ssn FROM people WHERE id = $1'",
                "SELECT harmless(1)",
                then=("SELECT harmless(2)",),
            ),
            *steps(
                "CREATE VIEW later AS SELECT city AS x FROM people",
                "SELECT x FROM later",
                "CREATE OR REPLACE VIEW later AS SELECT ssn AS x FROM people",
                "SELECT x FROM later",
                then=("SELECT x FROM later",),
            ),
            *steps(
                "CREATE TABLE mine_alone (id int, x text)",
                "ALTER TABLE mine_alone ALTER x SET DEFAULT leak(1)",
                "INSERT INTO mine_alone (id) VALUES (1)",
                "SELECT x FROM mine_alone",
                then=("SELECT x FROM mine_alone",),
            ),
            *steps(
                "CREATE TABLE mine_alone (id int, x text GENERATED ALWAYS AS (id::text) STORED)",
                "INSERT INTO mine_alone (id) SELECT code FROM people",
                "SELECT x FROM mine_alone",
                then=("SELECT x FROM mine_alone",),
            ),
            *steps(
                "CREATE EVENT TRIGGER late ON ddl_command_end EXECUTE FUNCTION tell()",
                "CREATE TABLE plain (x int)",
                still=True,
            ),
            *steps(
                "CREATE FUNCTION mine() RETURNS text LANGUAGE sql AS 'SELECT ssn FROM people LIMIT 1'",
                "SELECT mine()",
                then=("SELECT mine()",),
            ),
        ),
        (
            ("CREATE FUNCTION harmless(int) RETURNS int LANGUAGE sql AS 'SELECT $1 + 1'", "SELECT harmless(1)"),
            ("CREATE VIEW later AS SELECT city AS x FROM people WHERE id = 1", "SELECT x FROM later"),
            (
                "CREATE TABLE plain (id int, x text DEFAULT 'none')",
                "INSERT INTO plain (id) VALUES (1)",
                "SELECT * FROM plain",
            ),
            (
                "CREATE TABLE plain (id int, x int GENERATED ALWAYS AS (id * 2) STORED)",
                "INSERT INTO plain (id) VALUES (4)",
                "SELECT * FROM plain",
            ),
        ),
    ),
)
