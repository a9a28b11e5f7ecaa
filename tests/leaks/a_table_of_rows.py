"""leaks.md, "Values that get out of a database door": the lines on rows, as they come and as expressions make them."""

from __future__ import annotations

from typing import Final

from tests.leaks.a_line import Line, each, loud, quiet, steps

ROWS: Final = (
    Line(
        "an alias; prepared and executed again without Describe; binary; a row split; closed in mid-row",
        (
            *loud("SELECT ssn AS x FROM people", 'SELECT ssn AS "city", mrn AS id FROM people', "SELECT * FROM people"),
            *loud("TABLE people", "SELECT city, ssn city FROM people", "SELECT p.ssn FROM people AS p (id, x, ssn)"),
            *loud("SELECT mrn, code, born, extra, scan, names, codes, note FROM people"),
        ),
        each(
            "SELECT city AS ssn FROM people ORDER BY id",
            "SELECT id AS mrn, city AS born, id AS code FROM people ORDER BY id",
            "SELECT p.ssn FROM people AS p (id, ssn, mrn) ORDER BY 1",
            "SELECT * FROM cities",
            "TABLE cities",
            "SELECT name, visits, visits * 2 FROM cities",
        ),
    ),
    Line(
        "COPY in text, CSV and binary; RETURNING; cursors; WITH HOLD; EXECUTE; several statements in one message",
        (
            *loud("COPY (SELECT ssn FROM people) TO STDOUT", "COPY people TO STDOUT", "COPY parted_one TO STDOUT"),
            *loud("COPY (SELECT ssn AS city, born FROM people) TO STDOUT WITH (FORMAT csv, HEADER)"),
            *loud("COPY (SELECT city, reverse(ssn) FROM people) TO STDOUT WITH (FORMAT csv, DELIMITER ';')"),
            *loud("COPY people (ssn, mrn) TO STDOUT WITH (FORMAT csv, FORCE_QUOTE *)"),
            *loud("COPY people TO STDOUT WITH (FORMAT binary)", "COPY kept TO STDOUT"),
            *loud("COPY (SELECT code, born, ssn FROM people) TO STDOUT WITH (FORMAT binary)"),
            *loud("COPY (UPDATE people SET city = 'Kiel' WHERE id = 1 RETURNING ssn) TO STDOUT"),
            *quiet("COPY people_view TO STDOUT"),
            *loud("INSERT INTO people (id) VALUES (9) RETURNING note"),
            *loud("UPDATE people SET city = 'Kiel' WHERE id = 1 RETURNING ssn, *"),
            *loud("UPDATE people SET city = 'Kiel' WHERE id = 1 RETURNING reverse(mrn), people"),
            *loud("UPDATE people p SET city = 'Kiel' RETURNING WITH (OLD AS o) o.ssn AS city, o"),
            *loud("DELETE FROM people WHERE id = 2 RETURNING ssn, note"),
            *loud("INSERT INTO people SELECT 9, 'x', ssn || '!' FROM people WHERE id = 1 RETURNING *"),
            *loud("INSERT INTO people (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET city = 'x' RETURNING ssn"),
            *loud(
                "MERGE INTO people p USING cities c ON p.city = c.name WHEN MATCHED THEN UPDATE SET city = 'x'"
                " RETURNING p.ssn, c.name"
            ),
            *loud("WITH d AS (DELETE FROM people WHERE id = 3 RETURNING ssn) SELECT ssn AS city FROM d"),
            *steps("BEGIN", "DECLARE c CURSOR FOR SELECT ssn FROM people", "FETCH ALL FROM c", "COMMIT"),
            *steps(
                "BEGIN",
                "DECLARE c SCROLL CURSOR FOR SELECT id, mrn FROM people",
                "FETCH LAST FROM c",
                "FETCH BACKWARD 2 FROM c",
                "ROLLBACK",
            ),
            *steps("BEGIN", "DECLARE c BINARY CURSOR FOR SELECT code, born FROM people", "FETCH 2 FROM c", "COMMIT"),
            *steps("DECLARE c CURSOR WITH HOLD FOR SELECT ssn FROM people", "FETCH ALL FROM c", "CLOSE c"),
            *steps("BEGIN", "DECLARE c CURSOR WITH HOLD FOR SELECT ssn FROM people", "COMMIT", "FETCH NEXT FROM c"),
            *steps("PREPARE q AS SELECT ssn FROM people", "EXECUTE q", "EXECUTE q"),
            *steps(
                "PREPARE q (int) AS SELECT note FROM people WHERE id = $1",
                "EXECUTE q (1)",
                "DEALLOCATE q",
                "PREPARE q (int) AS SELECT mrn FROM people WHERE id = $1",
                "EXECUTE q (2)",
            ),
            *steps("PREPARE q AS SELECT ssn FROM people", "CREATE TABLE stolen AS EXECUTE q", "SELECT * FROM stolen"),
            *steps("PREPARE q AS SELECT 1", "DEALLOCATE ALL", "PREPARE q AS SELECT ssn FROM people", "EXECUTE q"),
            *steps(
                "BEGIN",
                "DECLARE c SCROLL CURSOR FOR SELECT ssn FROM people",
                "MOVE 2 FROM c",
                "FETCH PRIOR FROM c",
                "ROLLBACK",
            ),
            *loud("INSERT INTO people (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET city = people.ssn RETURNING city"),
            *loud(
                "UPDATE people SET city = d.x FROM (SELECT id, ssn AS x FROM people) d WHERE d.id = people.id"
                " RETURNING city"
            ),
            # the extended protocol takes one statement a message
            *steps("SELECT 1; SELECT ssn FROM people", still=True),
            *steps("SELECT ssn FROM people; COMMIT", still=True),
            *steps("BEGIN; SELECT ssn FROM people; COMMIT; SELECT mrn FROM people", still=True),
            *steps("SELECT /* ; */ 1 -- x\n; SELECT ssn FROM people", still=True),
            *steps("SELECT 1; COPY people TO STDOUT; SELECT 2", still=True),
        ),
        (
            *each("COPY cities TO STDOUT", "COPY cities TO STDOUT WITH (FORMAT binary)"),
            *each("COPY cities TO STDOUT WITH (FORMAT csv, HEADER)", "COPY people (id, city) TO STDOUT"),
            *each("COPY (SELECT city, count(*) FROM people GROUP BY 1 ORDER BY 1) TO STDOUT WITH (FORMAT csv)"),
            *each("UPDATE people SET city = 'Kiel' WHERE id = 1 RETURNING id, city"),
            *each("DELETE FROM people WHERE id = 2 RETURNING city"),
            *each("INSERT INTO cities VALUES ('Trier', 3) RETURNING *"),
            *each("UPDATE cities SET visits = visits + 1 RETURNING old.visits, new.visits, name"),
            ("BEGIN", "DECLARE c CURSOR FOR SELECT id, city FROM people ORDER BY id", "FETCH 2 FROM c", "COMMIT"),
            ("DECLARE c CURSOR WITH HOLD FOR SELECT name FROM cities", "FETCH ALL FROM c", "CLOSE c"),
            ("PREPARE q (int) AS SELECT city FROM people WHERE id = $1", "EXECUTE q (1)", "EXECUTE q (2)"),
            ("SELECT 1; SELECT name FROM cities",),
            ("BEGIN; SELECT city FROM people WHERE id = 1; COMMIT",),
        ),
    ),
    Line(
        "errors and notices that quote; NOTIFY payloads; EXPLAIN ANALYZE filters; pg_stats; pg_stat_activity",
        (
            *loud("SELECT ssn::int FROM people", "SELECT note::date FROM people", "SELECT shout(1)"),
            *loud("INSERT INTO people (id, ssn) VALUES (9, '912' || '-44-' || '7781')"),
            *loud("UPDATE people SET note = 'no' WHERE id = 1"),
            *loud("INSERT INTO watched SELECT 1, ssn FROM people LIMIT 1"),
            *loud("INSERT INTO parted SELECT id, mrn FROM people"),
            *quiet("SELECT 1 / (code - 771204532) FROM people", "SELECT pg_notify('x', ssn) FROM people"),
            *quiet("DO $$ BEGIN RAISE NOTICE 'x'; END $$"),
            *loud("DO $$ BEGIN RAISE NOTICE '%', (SELECT ssn FROM people WHERE id = 1); END $$"),
            *loud("DO $$ BEGIN RAISE EXCEPTION '%', (SELECT ssn FROM people WHERE id = 1); END $$"),
            *steps("LISTEN x", "SELECT pg_notify('x', ssn) FROM people", "SELECT 1"),
            *loud("EXPLAIN (ANALYZE, VERBOSE) SELECT ssn FROM people WHERE ssn = '912-44-' || '7781'"),
            *quiet("EXPLAIN ANALYZE SELECT 1 FROM people WHERE ssn = (SELECT ssn FROM people WHERE id = 1)"),
            *loud("SELECT * FROM pg_stats WHERE tablename = 'people'"),
            *loud("SELECT most_common_vals, histogram_bounds FROM pg_stats WHERE tablename = 'people'"),
            *quiet("ALTER TABLE people ALTER ssn TYPE int USING ssn::int", "CREATE UNIQUE INDEX ON people ((1))"),
            *quiet("EXPLAIN (FORMAT JSON, ANALYZE) SELECT 1 FROM people WHERE ssn = mrn OR city = left(ssn, 2)"),
            *quiet("SELECT * FROM pg_stats_ext", "SELECT * FROM pg_statistic_ext_data", "SHOW ALL"),
            *quiet("SELECT query FROM pg_stat_activity", "SELECT stavalues1 FROM pg_statistic"),
        ),
        (
            ("LISTEN towns", "SELECT 1"),
            *each("EXPLAIN (COSTS OFF) SELECT city FROM people", "EXPLAIN SELECT name FROM cities"),
            *each("SELECT 10 / visits FROM cities", "SELECT name::varchar(3) FROM cities"),
        ),
    ),
    Line(
        "expressions",
        (
            *loud(
                "SELECT reverse(ssn) FROM people",
                "SELECT md5(ssn) FROM people",
                "SELECT sha256(mrn::bytea) FROM people",
            ),
            *loud(
                "SELECT substr(ssn, 1, 6), substr(ssn, 6) FROM people", "SELECT left(mrn, 8), right(mrn, 8) FROM people"
            ),
            *loud("SELECT encode(ssn::bytea, 'hex') FROM people", "SELECT encode(ssn::bytea, 'base64') FROM people"),
            *loud("SELECT encode(scan, 'hex'), encode(scan, 'base64'), encode(scan, 'escape') FROM people"),
            *loud("SELECT translate(ssn, '-', '') FROM people", "SELECT overlay(ssn placing 'x' from 12) FROM people"),
            *loud("SELECT format('%s and %I', ssn, mrn) FROM people", "SELECT ssn || '!', '!' || mrn FROM people"),
            *loud("SELECT concat(ssn, 1), concat_ws('-', 'x', mrn) FROM people"),
            *loud("SELECT string_agg(ascii(c)::text, ',') FROM people, regexp_split_to_table(ssn, '') c WHERE id = 1"),
            *loud(
                "SELECT array_to_string(array_agg(ascii(c)), ',') FROM people, regexp_split_to_table(ssn, '') c"
                " WHERE id = 1"
            ),
            *loud("SELECT string_agg(chr(ascii(c)), '') FROM people, regexp_split_to_table(ssn, '') c WHERE id = 1"),
            *loud("SELECT ssn::bytea FROM people", "SELECT to_hex(code), code::text, code + 0 FROM people"),
            *loud("SELECT to_json(ssn), to_jsonb(p), row_to_json(p) FROM people p", "SELECT p FROM people p"),
            *loud(
                "SELECT p::text FROM people p",
                "SELECT (p).ssn, ssn(p) FROM people p",
                "SELECT p.to_jsonb FROM people p",
            ),
            *loud("SELECT (people).* FROM people", "SELECT (p.*)::text FROM people p", "SELECT ROW(p.*) FROM people p"),
            *loud("SELECT json_build_object('a', ssn), jsonb_build_array(mrn) FROM people"),
            *loud(
                "SELECT json_agg(p), json_object_agg(id, ssn) FROM people p", "SELECT JSON_OBJECT('a': ssn) FROM people"
            ),
            *loud(
                "SELECT extra->>'phone', extra->'phone' FROM people", "SELECT value FROM people, json_each_text(extra)"
            ),
            *loud("SELECT x FROM people, JSON_TABLE(extra::jsonb, '$' COLUMNS (x text PATH '$.phone')) t"),
            *quiet("SELECT hstore('a', ssn) FROM people", "SELECT hstore(p) FROM people p"),
            *quiet("SELECT xmlelement(name a, ssn) FROM people", "SELECT xmlforest(ssn) FROM people"),
            *quiet("SELECT table_to_xml('people', true, true, '')", "SELECT xmlagg(xmlparse(content ssn)) FROM people"),
            *loud("SELECT names[1], codes[1] FROM people", "SELECT unnest(names), unnest(codes) FROM people"),
            *loud("SELECT ARRAY[ssn, mrn], ARRAY[code] FROM people", "SELECT array_to_string(names, ',') FROM people"),
            *loud("SELECT x FROM people, unnest(names) x", "SELECT string_agg(ssn, ','), array_agg(born) FROM people"),
            *loud("SELECT min(ssn), max(ssn), min(born), max(code) FROM people", "SELECT any_value(mrn) FROM people"),
            *loud("SELECT first_value(ssn) OVER (ORDER BY id), lag(mrn) OVER (ORDER BY id) FROM people"),
            *loud("SELECT string_agg(ssn, ',') OVER (ORDER BY id) FROM people"),
            *loud("SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY ssn) FROM people"),
            *loud("SELECT mode() WITHIN GROUP (ORDER BY mrn) FROM people"),
            *loud(
                "SELECT CASE WHEN true THEN ssn ELSE '' END FROM people",
                "SELECT CASE ssn WHEN '' THEN '' ELSE ssn END FROM people",
            ),
            *loud("SELECT coalesce(ssn, ''), nullif(mrn, ''), greatest(ssn, ' '), least(ssn, 'z') FROM people"),
            *loud("SELECT regexp_replace(ssn, 'x', ''), (regexp_match(ssn, '.*'))[1] FROM people"),
            *loud("SELECT upper(note), lower(mrn), initcap(note) FROM people"),
            *loud("SELECT born::text, to_char(born, 'YYYYMMDD'), born + 0 FROM people"),
            *loud('SELECT ssn COLLATE "C", ssn::name, ssn::char(30) FROM people'),
            *loud("SELECT daterange(born, NULL), int4range(code, NULL) FROM people"),
            *loud("SELECT quote_literal(ssn), quote_nullable(mrn), lpad(ssn, 20), repeat(mrn, 2) FROM people"),
            *loud("SELECT convert_to(ssn, 'UTF8'), decode(encode(ssn::bytea, 'hex'), 'hex') FROM people"),
            *loud("SELECT jsonb_path_query(extra::jsonb, '$.phone'), jsonb_each(to_jsonb(p)) FROM people p"),
            *loud("SELECT jsonb_populate_record(NULL::people, to_jsonb(p)) FROM people p"),
            *loud(
                "SELECT (SELECT p) FROM people p",
                "SELECT (ARRAY[p])[1] FROM people p",
                "SELECT DISTINCT ssn, mrn FROM people",
            ),
            *loud(
                "SELECT max(ssn) OVER w FROM people WINDOW w AS (PARTITION BY city)", "SELECT ssn FROM people FOR SHARE"
            ),
            *loud("SELECT ssn FROM people ORDER BY id FETCH FIRST 1 ROW WITH TIES"),
            *loud("SELECT * FROM ROWS FROM (leak(1), generate_series(1, 2)) AS t (city, id)"),
            *loud("SELECT string_to_array(ssn, NULL), regexp_matches(ssn, '.+'), split_part(mrn, '!', 1) FROM people"),
            *quiet("SELECT length(ssn), ascii(ssn), bit_length(mrn), hashtext(ssn) FROM people"),
            *quiet("SELECT ssn LIKE '91%', born < '1950-01-01', code % 10, ssn = mrn FROM people"),
            *quiet("SELECT CASE WHEN ssn LIKE '91%' THEN 1 ELSE 0 END FROM people"),
            *quiet("SELECT count(*) FILTER (WHERE ssn LIKE '9%'), bool_or(ssn LIKE '91%') FROM people"),
        ),
        (
            *each(
                "SELECT count(*), count(ssn), count(DISTINCT city) FROM people",
                "SELECT reverse(city) FROM people ORDER BY id",
            ),
            *each("SELECT md5(city), upper(city), substr(city, 2), encode(city::bytea, 'hex') FROM people ORDER BY id"),
            *each(
                "SELECT translate(city, 'U', 'u'), overlay(city placing 'x' from 2), format('%s!', city) FROM people"
            ),
            *each("SELECT concat(city, id), ascii(city), chr(60 + id), city::bytea FROM people ORDER BY id"),
            *each(
                "SELECT to_json(c), row_to_json(c), c::text, c FROM cities c", "SELECT (c).name, name(c) FROM cities c"
            ),
            *each(
                "SELECT json_agg(c), json_object_agg(name, visits) FROM cities c",
                "SELECT string_agg(name, ',') FROM cities",
            ),
            *each(
                "SELECT array_agg(city ORDER BY id) FROM people",
                "SELECT min(city), max(id), sum(visits), avg(visits) FROM people, cities",
            ),
            *each("SELECT row_number() OVER (ORDER BY id), lag(city) OVER (ORDER BY id) FROM people"),
            *each(
                "SELECT CASE WHEN id = 1 THEN city ELSE 'no' END, coalesce(city, ''), nullif(id, 2) FROM"
                " people ORDER BY id"
            ),
            *each("SELECT ROW(id, city), ARRAY[city, 'x'], unnest(ARRAY[id, 0]) FROM people ORDER BY id"),
            *each(
                "SELECT to_json(r) FROM (SELECT id, city FROM people) r",
                "SELECT EXISTS (SELECT 1 FROM people WHERE id = 1)",
            ),
            *each("SELECT id, EXISTS (SELECT ssn FROM people q WHERE q.id = p.id) FROM people p ORDER BY id"),
            *each("SELECT now() IS NULL, 1 + 1, 'text', NULL::date, current_date IS NULL"),
        ),
    ),
)
