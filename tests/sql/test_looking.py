"""Queries of catalogs: which outputs may show a definition's text."""

from __future__ import annotations

import pytest
from tests.sql.clinic import judge, snapshot

from interlock.sql.shape import Looking


def look(text: str) -> Looking:
    found = judge(text).looking
    assert found is not None, (text, judge(text).because)
    return found


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("SELECT attname, adbin FROM pg_attribute, pg_attrdef", (False, True)),
        ("SELECT relname, pg_get_expr(relpartbound, oid) FROM pg_class", (False, True)),
        ("SELECT oid, (SELECT description FROM pg_description WHERE objoid = c.oid) FROM pg_class c", (False, True)),
        ("SELECT x, y FROM (SELECT prosrc AS x, proname AS y FROM pg_proc) p", (True, False)),
        ("SELECT b, a FROM (SELECT prosrc, proname FROM pg_proc) p(a, b)", (True, True)),
        ("WITH w(a, b) AS (SELECT oid, enumlabel FROM pg_enum) SELECT b, a FROM w", (True, True)),
        ("WITH w AS (SELECT oid, enumlabel::text AS l FROM pg_enum) SELECT l, oid FROM w", (True, False)),
        ("SELECT oid, proname FROM pg_proc UNION ALL SELECT oid, prosrc FROM pg_proc", (False, True)),
        ("SELECT b FROM (SELECT proname AS b FROM pg_proc UNION ALL SELECT prosrc FROM pg_proc) u", (True,)),
        ("SELECT array_agg(enumlabel ORDER BY enumsortorder), enumtypid FROM pg_enum GROUP BY 2", (True, False)),
        ("SELECT CASE WHEN prosrc LIKE 'a%' THEN 1 ELSE 0 END, oid FROM pg_proc", (True, False)),
        ("SELECT EXISTS (SELECT 1 FROM pg_proc WHERE prosrc LIKE 'a%'), 1", (True, False)),
        ("SELECT (p).prosrc, (p).proname FROM pg_proc p", (True, True)),
        ("SELECT p, 1 FROM pg_proc p", (True, False)),
        ("SELECT p.to_jsonb, to_jsonb(1) FROM pg_proc p", (True, False)),
        ("SELECT row_to_json(p), 1 FROM pg_proc p", (True, False)),
        ("SELECT max, oid FROM (SELECT max(prosrc), oid FROM pg_proc GROUP BY oid) m", (True, False)),
        ("SELECT l, oid FROM pg_proc, LATERAL (SELECT prosrc AS l) x", (True, False)),
        ("SELECT w, oid FROM pg_proc, LATERAL unnest(ARRAY[prosrc]) AS u(w)", (True, False)),
        ("SELECT option_value, oid FROM pg_class, pg_options_to_table(reloptions)", (True, False)),
        ("SELECT query, pid FROM pg_stat_activity", (True, False)),
        ("SELECT name, setting FROM pg_settings", (False, True)),
        ("SELECT s.setting, s.name FROM pg_settings s WHERE name = 'my.value'", (True, False)),
        ("WITH RECURSIVE w AS (SELECT prosrc AS a, oid AS b FROM pg_proc UNION ALL SELECT a, b FROM w) "
         "SELECT a, b FROM w", (True, False)),
    ],
)  # fmt: skip
def test_what_may_show_a_definition_is_told_apart(text: str, texts: tuple[bool, ...]) -> None:
    assert look(text).texts == texts


@pytest.mark.parametrize(
    "text",
    [
        "SELECT oid FROM pg_proc WHERE prosrc LIKE 'a%'",
        "SELECT oid FROM pg_proc ORDER BY prosrc",
        "SELECT oid, prosrc FROM pg_proc ORDER BY 2",
        "SELECT oid, prosrc AS a FROM pg_proc ORDER BY a",
        "SELECT max(prosrc) FROM pg_proc ORDER BY max",
        "SELECT DISTINCT prosrc FROM pg_proc",
        "SELECT prosrc FROM pg_proc UNION SELECT proname FROM pg_proc",
        "SELECT prosrc, count(*) FROM pg_proc GROUP BY 1",
        "SELECT oid FROM pg_proc GROUP BY oid HAVING max(prosrc) > 'a'",
        "SELECT p.oid FROM pg_proc p JOIN pg_description d ON d.description = p.prosrc",
        "SELECT prosrc::int FROM pg_proc",
        "SELECT prosrc = 'x' FROM pg_proc",
        "SELECT coalesce(NULLIF(prosrc, 'x'), 'y') FROM pg_proc",
        "SELECT w.oid FROM (SELECT oid, prosrc AS a FROM pg_proc) w WHERE a > 'x'",
        "SELECT oid FROM pg_proc LIMIT (SELECT length(prosrc) FROM pg_proc LIMIT 1)",
        "SELECT generate_series(1, length(prosrc)) FROM pg_proc",
        "SELECT oid FROM pg_proc p, generate_series(1, length(prosrc))",
        "SELECT 1 FROM (SELECT 'x' AS typdefault) v NATURAL JOIN pg_type",
        "SELECT 1 FROM (SELECT 'x' AS typdefault) v JOIN pg_type USING (typdefault)",
    ],
)
def test_what_a_definition_decides_is_a_test(text: str) -> None:
    assert look(text).tests


@pytest.mark.parametrize(
    ("text", "positions"),
    [
        ("SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint", {0, 1}),
        ("SELECT CASE WHEN indexrelid > 1 THEN pg_get_indexdef(indexrelid) END FROM pg_index", {0}),
        ("SELECT (SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef) FROM pg_class", {0}),
        ("SELECT substring(pg_get_constraintdef(oid), 9) FROM pg_constraint", set()),
        ("SELECT pg_get_constraintdef(oid) || conbin::text FROM pg_constraint", set()),
        ("SELECT pg_get_functiondef(oid), prosrc FROM pg_proc", set()),
        ("SELECT obj_description(oid, 'pg_class') FROM pg_class", set()),
        ("SELECT x FROM (SELECT pg_get_viewdef(oid) AS x FROM pg_class) v", set()),
        ("SELECT CASE WHEN true THEN pg_get_viewdef(oid) ELSE description END FROM pg_class, pg_description", set()),
    ],
)
def test_printed_sql_is_known_only_whole(text: str, positions: set[int]) -> None:
    assert {at for at in range(5) if look(text).is_sql(at)} == positions


def test_names_alone_are_clean_behind_a_star() -> None:
    found = look("SELECT * FROM pg_proc")
    assert found.texts is None
    assert found.is_text(0, "prosrc")
    assert found.is_text(0, "a_column_of_a_newer_server")
    assert not found.is_text(0, "proname")
    renamed = look("SELECT *, 1 AS x FROM (SELECT prosrc AS proname FROM pg_proc) p")
    assert renamed.is_text(0, "proname")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT c25 FROM pg_attribute AS a(c1, c2, c3, c4, c5, c25)",
        "SELECT j.z FROM (pg_attribute a CROSS JOIN pg_am) AS j(z)",
        "SELECT prosrc, id FROM pg_proc, patients",
        "SELECT leak(prosrc) FROM pg_proc",
        "SELECT prosrc, x FROM pg_proc, patient_view",
        "SELECT prosrc, most_common_vals FROM pg_proc, pg_stats",
        "SELECT prosrc, nothing FROM pg_proc",
        "SELECT v.column1, 1 FROM (VALUES ((SELECT prosrc FROM pg_proc LIMIT 1))) v",
        "SELECT u.case, u.n FROM (SELECT CASE WHEN true THEN prosrc END, oid AS n FROM pg_proc) u",
        "SELECT x.to_json ->> 'prosrc', 1 FROM (SELECT * FROM pg_proc) x",
        "SELECT * FROM pg_proc UNION ALL SELECT * FROM pg_proc",
        "SELECT pg_sleep(1), prosrc FROM pg_proc",
        "INSERT INTO wards (title) SELECT prosrc FROM pg_proc",
        "EXPLAIN SELECT prosrc FROM pg_proc",
    ],
)
def test_what_names_do_not_tell_stays_coarse(text: str) -> None:
    statement = judge(text)
    assert statement.looking is None
    assert statement.because


def test_users_functions_and_casts_keep_it_coarse() -> None:
    shadowing = snapshot(frozenset({"prosrc", "pg_get_expr"}))
    assert judge("SELECT (p).prosrc FROM pg_proc p", shadowing).looking is None
    assert judge("SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef", shadowing).looking is None


def test_a_setting_that_show_tells_is_no_secret() -> None:
    assert judge("SELECT setting FROM pg_settings WHERE name = 'max_index_keys'").because == ()
    assert judge("SELECT current_setting('server_version_num')").because == ()
    for text in (
        "SELECT setting FROM pg_settings WHERE name = 'max_index_keys' OR true",
        "SELECT setting FROM pg_settings WHERE name <> 'max_index_keys'",
        "SELECT boot_val FROM pg_settings WHERE name = 'max_index_keys'",
        "SELECT a.setting FROM pg_settings a, pg_settings b WHERE name = 'max_index_keys'",
        "SELECT current_setting('my.ssn')",
        "SELECT current_setting(name) FROM pg_settings",
    ):
        assert judge(text).because, text
