"""leaks.md, "Values that get out of a database door": the lines on shapes, on oracles and on laundering."""

from __future__ import annotations

from typing import Final

from tests.leaks.a_line import Line, each, loud, quiet, steps

# What tests values, sorts by them or groups them: asked again under the pack `hipaa`, where each is held.
ORACLES: Final = (
    "SELECT id FROM people WHERE ssn LIKE '9%'",
    "SELECT count(*) FROM people WHERE ssn LIKE '91%'",
    "SELECT id FROM people ORDER BY ssn",
    "SELECT count(*) FROM people GROUP BY ssn",
    "SELECT 1 FROM people GROUP BY ssn HAVING count(*) = 1",
    "SELECT city FROM people GROUP BY city HAVING max(ssn) > '92'",
    "SELECT c.name FROM cities c WHERE (SELECT count(*) FROM people p WHERE p.city = c.name AND p.ssn > '92') > 0",
    "SELECT p.id FROM people p JOIN (VALUES ('912-44-77' || '81'), ('x')) guess (s) ON p.ssn = guess.s",
    "SELECT id FROM people WHERE ssn IN (SELECT name FROM cities)",
    "SELECT id FROM people ORDER BY ssn LIMIT 1 OFFSET 1",
    "SELECT id FROM people WHERE CASE WHEN ssn LIKE '91%' THEN pg_sleep(0) IS NOT NULL ELSE false END",
    "SELECT id FROM people WHERE born BETWEEN '1930-01-01' AND '1940-01-01'",
    "SELECT row_number() OVER (ORDER BY mrn), id FROM people",
    "SELECT id FROM people WHERE 1 / (code - 771204532) > 0",
    "SELECT id FROM people_view WHERE x LIKE '9%'",
)

SHAPES: Final = (
    Line(
        "shapes",
        (
            *loud(
                "WITH c AS (SELECT ssn AS y FROM people) SELECT y FROM c",
                "SELECT x FROM (SELECT ssn AS x FROM people) d",
            ),
            *loud("WITH c(city) AS (SELECT ssn FROM people) SELECT city FROM c"),
            *loud(
                "WITH RECURSIVE c(n, y) AS (SELECT 1, ssn FROM people WHERE id = 1 UNION ALL SELECT n + 1, y FROM c"
                " WHERE n < 3) SELECT y FROM c"
            ),
            *loud("WITH people AS (SELECT id, ssn AS city FROM people) SELECT city FROM people"),
            *loud("SELECT (SELECT ssn FROM people WHERE id = 1)"),
            *loud("SELECT name, (SELECT p.ssn FROM people p WHERE p.city = c.name) FROM cities c"),
            *loud("SELECT ARRAY(SELECT ssn FROM people)", "SELECT ssn FROM people EXCEPT SELECT name FROM cities"),
            *loud(
                "SELECT name FROM cities UNION SELECT ssn FROM people",
                "SELECT name FROM cities UNION ALL SELECT mrn FROM people",
            ),
            *loud("SELECT ssn FROM people INTERSECT SELECT ssn FROM people"),
            *loud("SELECT l.x FROM cities, LATERAL (SELECT ssn AS x FROM people WHERE city = cities.name) l"),
            *loud("SELECT * FROM (VALUES ((SELECT ssn FROM people WHERE id = 1))) v(city)"),
            *loud(
                "VALUES ((SELECT ssn FROM people WHERE id = 1))", "SELECT a.ssn FROM people a JOIN people b USING (id)"
            ),
            *loud("SELECT * FROM cities JOIN people ON true", "SELECT * FROM people a NATURAL JOIN people_view b"),
            *loud("SELECT j.e FROM (cities JOIN people ON true) AS j(a, b, c, d, e)"),
            *loud("SELECT b FROM (people_view JOIN people USING (id)) AS j(a, b, c)"),
            *loud("SELECT city FROM (SELECT id, ssn FROM people) AS t(id, city)"),
            *loud(
                "SELECT x FROM people_view",
                "SELECT y FROM view_on_view",
                "SELECT * FROM kept",
                "SELECT y::text FROM view_on_view v",
            ),
            *loud(
                "SELECT leak(1)", "SELECT * FROM leak(2)", "SELECT whisper('ssn')", "SELECT leak AS city FROM leak(1)"
            ),
            *loud("SELECT * FROM dblink('', 'SELECT ssn FROM people') AS t(city text)"),
            *loud("SELECT DISTINCT ON (ssn) ssn FROM people", "SELECT ssn FROM people GROUP BY ssn"),
            *loud(
                "SELECT count(*), ssn FROM people GROUP BY ROLLUP (ssn)",
                "SELECT p.x FROM towns t, LATERAL (SELECT x FROM people_view) p",
            ),
            *steps(
                "ALTER TABLE cities ADD COLUMN fresh text",
                "UPDATE people SET city = 'x'",
                "SELECT * FROM cities",
                still=True,
            ),
            *steps(
                "ALTER TABLE people RENAME ssn TO town", "SELECT town FROM people", "SELECT * FROM people", still=True
            ),
            *steps("CREATE FOREIGN TABLE far (x text) SERVER elsewhere", "SELECT * FROM far", still=True),
            *steps(
                "CREATE EXTENSION dblink",
                "SELECT * FROM dblink('dbname=x', 'SELECT ssn FROM people') t(x text)",
                still=True,
            ),
        ),
        (
            *each("WITH c AS (SELECT id, ssn, city FROM people) SELECT city FROM c ORDER BY id"),
            *each(
                "SELECT d.city FROM (SELECT * FROM people) d ORDER BY d.id",
                "SELECT city FROM (SELECT ssn, city FROM people) x(a, city)",
            ),
            *each(
                "SELECT a FROM (SELECT id, ssn FROM people UNION ALL SELECT visits, name FROM cities) x(a,"
                " b) ORDER BY 1"
            ),
            *each(
                "SELECT name FROM cities UNION SELECT city FROM people ORDER BY 1",
                "SELECT name FROM cities EXCEPT SELECT city FROM people",
            ),
            *each("SELECT name, (SELECT count(*) FROM people p WHERE p.city = c.name) FROM cities c"),
            *each("SELECT l.x FROM cities, LATERAL (SELECT city AS x, ssn FROM people WHERE city = cities.name) l"),
            *each("SELECT * FROM (VALUES (1, 'a'), (2, 'b')) v(n, t)", "SELECT id FROM people_view ORDER BY id"),
            *each(
                "SELECT * FROM towns ORDER BY id",
                "SELECT town FROM towns_again ORDER BY id",
                "SELECT * FROM kept_towns",
            ),
            *each("SELECT id FROM kept ORDER BY id", "SELECT doubled(21), town_of(2)", "SELECT * FROM town_of(1)"),
            *each("SELECT id, a.city, b.city FROM people a JOIN people b USING (id) ORDER BY id"),
            *each("SELECT id, city FROM people a NATURAL JOIN towns b ORDER BY id"),
            *each("SELECT city, count(*) FROM people GROUP BY ROLLUP (city) ORDER BY 1"),
            *each("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 3) SELECT n FROM c"),
        ),
    ),
    Line(
        "oracles",
        (
            *quiet(*ORACLES),
            *quiet(
                "SELECT id FROM people WHERE ssn = '912-44-77' || '81'", "SELECT id FROM people ORDER BY 1, ssn DESC"
            ),
        ),
        (
            *each("SELECT id FROM people WHERE city LIKE 'U%'", "SELECT id FROM people ORDER BY city"),
            *each("SELECT city, count(*) FROM people GROUP BY city ORDER BY 1"),
            *each("SELECT city FROM people GROUP BY city HAVING count(*) = 1 ORDER BY 1"),
            *each("SELECT p.id FROM people p JOIN (VALUES ('Ulm'), ('x')) guess (c) ON p.city = guess.c"),
            *each(
                "SELECT id FROM people ORDER BY city LIMIT 1 OFFSET 1",
                "SELECT id FROM people WHERE ssn IS NOT NULL ORDER BY id",
            ),
            *each("SELECT id FROM people WHERE id IN (SELECT id FROM people_view) ORDER BY id"),
        ),
    ),
    Line(
        "laundering",
        (
            *steps(
                "CREATE TABLE stolen AS SELECT ssn FROM people",
                "SELECT * FROM stolen",
                then=("SELECT ssn AS x FROM stolen",),
            ),
            *steps("SELECT ssn INTO stolen FROM people", "SELECT * FROM stolen", then=("SELECT * FROM stolen",)),
            *steps(
                "CREATE TABLE plain (city text)",
                "INSERT INTO plain SELECT ssn FROM people",
                "SELECT city FROM plain",
                then=("SELECT city FROM plain",),
            ),
            *steps(
                "INSERT INTO cities SELECT ssn, code FROM people",
                "SELECT name, visits FROM cities",
                then=("SELECT name FROM cities",),
            ),
            *steps("CREATE TEMP TABLE stolen AS SELECT ssn FROM people", "SELECT * FROM stolen"),
            *steps("CREATE TEMP VIEW cities AS SELECT ssn AS name, 1 AS visits FROM people", "SELECT name FROM cities"),
            *steps(
                "CREATE VIEW open_view AS SELECT ssn AS city FROM people",
                "SELECT city FROM open_view",
                then=("SELECT city FROM open_view",),
            ),
            *steps(
                "CREATE MATERIALIZED VIEW stolen_kept AS SELECT ssn AS city FROM people", "SELECT city FROM stolen_kept"
            ),
            *steps(
                "CREATE SCHEMA evil",
                "CREATE TABLE evil.cities AS SELECT ssn AS name FROM public.people",
                "SET search_path = evil, public",
                "SELECT name FROM cities",
                still=True,
            ),
            *steps("SET ROLE postgres", "SELECT ssn FROM people"),
            *steps("UPDATE people SET city = ssn", "SELECT city FROM people", then=("SELECT city FROM people",)),
            *steps("SELECT lo_from_bytea(77001, ssn::bytea) FROM people WHERE id = 1", "SELECT lo_get(77001)"),
            *steps(
                "SELECT pg_advisory_lock(code) FROM people WHERE id = 1",
                "SELECT objid FROM pg_locks WHERE locktype = 'advisory'",
            ),
            *steps(
                "SELECT setval('counter', code) FROM people WHERE id = 1",
                "SELECT nextval('counter') - 1",
                then=("SELECT last_value - 1 FROM counter",),
            ),
            *steps(
                "SELECT set_config('my.value', ssn, false) FROM people WHERE id = 1",
                "SELECT current_setting('my.value')",
                "SHOW my.value",
            ),
            *steps(
                "SELECT set_config('application_name', ssn, false) FROM people WHERE id = 1",
                "SHOW application_name",
                "SELECT application_name FROM pg_stat_activity",
            ),
            *steps(
                "SELECT set_config('search_path', quote_ident(ssn), false) FROM people WHERE id = 1", "SHOW search_path"
            ),
            *steps(
                "CREATE TABLE plain (LIKE people)",
                "INSERT INTO plain SELECT * FROM people",
                "SELECT ssn AS x, mrn FROM plain",
                then=("SELECT * FROM plain",),
            ),
            *steps(
                "CREATE VIEW open_view AS SELECT id, ssn FROM people",
                "ALTER VIEW open_view RENAME COLUMN ssn TO city",
                "SELECT city FROM open_view",
                then=("SELECT city FROM open_view",),
            ),
            *steps(
                "CREATE TABLE stolen AS SELECT ssn FROM people",
                "ALTER TABLE stolen RENAME COLUMN ssn TO city",
                "ALTER TABLE stolen RENAME TO plain",
                "SELECT city FROM plain",
                then=("SELECT city FROM plain",),
            ),
            *steps(
                "CREATE TABLE stolen AS SELECT ssn FROM people",
                "DROP TABLE stolen",
                "CREATE TABLE stolen (ssn text)",
                "INSERT INTO stolen SELECT mrn FROM people",
                "TABLE stolen",
                then=("TABLE stolen",),
            ),
            *steps(
                "BEGIN",
                "CREATE TABLE stolen (x text)",
                "INSERT INTO stolen SELECT ssn FROM people",
                "SELECT x FROM stolen",
                "COMMIT",
                "SELECT x FROM stolen",
                then=("SELECT x FROM stolen",),
            ),
            *steps(
                "CREATE TABLE plain (a text, b text)",
                "INSERT INTO plain (a) SELECT ssn FROM people",
                "UPDATE plain SET b = a",
                "CREATE VIEW open_view AS SELECT b AS x FROM plain",
                "SELECT x FROM open_view",
                then=("SELECT b FROM plain", "SELECT x FROM open_view"),
            ),
            *steps(
                "MERGE INTO cities c USING people p ON false WHEN NOT MATCHED THEN INSERT VALUES (p.ssn, p.code)",
                "SELECT * FROM cities",
            ),
        ),
        (
            ("CREATE TABLE stolen AS SELECT id, city FROM people ORDER BY id", "SELECT * FROM stolen"),
            (
                "CREATE TABLE plain (city text)",
                "INSERT INTO plain SELECT city FROM people WHERE id = 1",
                "SELECT city FROM plain",
            ),
            (
                "CREATE TEMP TABLE passing (n int, t text)",
                "INSERT INTO passing VALUES (1, 'a')",
                "SELECT * FROM passing",
            ),
            ("INSERT INTO cities SELECT city, id FROM people WHERE id = 3", "SELECT name, visits FROM cities"),
            ("UPDATE cities SET name = 'Trier' WHERE visits = 7", "SELECT name FROM cities ORDER BY 1"),
            ("CREATE VIEW open_view AS SELECT city FROM people WHERE id < 3", "SELECT city FROM open_view"),
            ("SET search_path = public", "SELECT name FROM cities"),
            ("INSERT INTO journal (said) VALUES ('a word') RETURNING id, words", "SELECT * FROM journal"),
            ("INSERT INTO dated (id, said) VALUES (1, 'a word')", "SELECT id, said FROM dated"),
            ("SELECT nextval('counter')", "SELECT currval('counter')"),
        ),
    ),
)
