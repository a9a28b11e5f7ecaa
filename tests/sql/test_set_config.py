"""set_config as the whole of a SELECT."""

from __future__ import annotations

import pytest
from tests.sql.clinic import judge, snapshot

from interlock.sql.effects import SearchPath, SessionEffect, SetLocal, SetSession
from interlock.sql.search_path import elements_of, plain_schemas
from interlock.sql.shape import Kind

RESTRICTED = SetSession("restrict_nonsystem_relation_kind", "view, foreign-table", False)


@pytest.mark.parametrize(
    ("text", "effect", "width"),
    [
        ("SELECT pg_catalog.set_config('search_path', '', false);", SearchPath(), 1),
        ("SELECT set_config('search_path', '\"$user\", public', true) AS x", SearchPath(), 1),
        ("SELECT set_config('TimeZone', 'UTC', false)", SetSession("timezone", "UTC", True), 1),
        ("SELECT set_config('statement_timeout', '5s', 't')", SetLocal("statement_timeout", "5s", False), 1),
        (
            "SELECT current_setting('jit') AS cur, set_config('jit', 'off', false) AS new",
            SetSession("jit", "off", False),
            2,
        ),
        (
            "SELECT set_config(name, 'view, foreign-table', false) FROM pg_settings"
            " WHERE name = 'restrict_nonsystem_relation_kind'",
            RESTRICTED,
            1,
        ),
        (
            "SELECT set_config('bytea_output','hex',false) FROM pg_show_all_settings() WHERE name = 'bytea_output'",
            SetSession("bytea_output", "hex", False),
            1,
        ),
        ("SELECT set_config('row_security', 'off', false)", SearchPath(), 1),
    ],
)
def test_a_set_that_looks_like_a_query(text: str, effect: SessionEffect, width: int) -> None:
    statement = judge(text)
    assert (statement.kind, statement.refusal, statement.effect) == (Kind.SET, None, effect)
    assert statement.is_session_traffic
    assert (statement.describe, statement.width) == (text.encode(), width)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT set_config('search_path', 'pg_temp', false)",
        "SELECT set_config('search_path', 'PG_TEMP, public', false)",
        "SELECT set_config('search_path', '\"a\"\"b\"', false)",
        "SELECT set_config('search_path', NULL, false)",
        "SELECT set_config('application_name', 'x', false)",
        "SELECT set_config('search_path', $1, false)",
        "SELECT set_config('search_path', 'public', NULL)",
        "SELECT set_config('timezone', 'UTC', false), set_config('datestyle', 'iso', false)",
        "SELECT set_config('timezone', 'UTC', false) LIMIT 1",
        "SELECT DISTINCT set_config('timezone', 'UTC', false)",
        "SELECT set_config('timezone', 'UTC', false) ORDER BY 1",
        "SELECT set_config(VARIADIC ARRAY['timezone', 'UTC'])",
        "SELECT public.set_config('timezone', 'UTC', false)",
        "SELECT set_config('timezone', 'UTC', false) FROM patients WHERE name = 'timezone'",
        "SELECT set_config(name, 'UTC', false) FROM pg_settings",
        "SELECT set_config(name, 'UTC', false) FROM pg_settings WHERE name LIKE 'time%'",
        "SELECT set_config(name, 'UTC', false) FROM pg_settings AS patients WHERE name = 'timezone'",
        "SELECT set_config(name, setting, false) FROM pg_settings WHERE name = 'timezone'",
        "SELECT set_config(setting, 'UTC', false) FROM pg_settings WHERE name = 'timezone'",
        "SELECT set_config(name, 'x', false) FROM pg_settings WHERE name = 'role'",
        "SELECT set_config('timezone', 'UTC', false), current_setting('my.secret')",
        "SELECT set_config('timezone', 'UTC', false), current_setting('timezone') || ssn",
        "WITH x AS (SELECT 1) SELECT set_config('timezone', 'UTC', false)",
    ],
)
def test_any_other_use_is_no_session_traffic(text: str) -> None:
    statement = judge(text)
    assert statement.effect is None
    assert not statement.is_session_traffic


def test_a_function_of_a_user_is_not_the_servers() -> None:
    shadowed = snapshot(frozenset({"set_config"}))
    assert judge("SELECT set_config('timezone', 'UTC', false)", shadowed).effect is None
    assert judge("SELECT pg_catalog.set_config('timezone', 'UTC', false)", shadowed).kind is Kind.SET
    text = "SELECT set_config(name, 'UTC', false) FROM pg_settings WHERE name = 'timezone'"
    assert judge(text, snapshot(frozenset(), frozenset({"="}))).effect is None


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        ("", ()),
        ("  ", ()),
        ("a", ("a",)),
        (' A , "B" ,"$user",$user', ("a", "B", "$user", "$user")),
        ('""', ("",)),
        ("a b", None),
        ("a,", None),
        ('"a', None),
        ('"a""b"', None),
        ('a"b"', None),
    ],
)
def test_splitting_as_the_server_does(text: str, elements: tuple[str, ...] | None) -> None:
    assert elements_of(text) == elements


def test_plain_names_only() -> None:
    assert plain_schemas(["", "$user", "public", "Clinic_2", "pg_catalog", "information_schema"])
    for name in ("pg_temp", "pg_temp_3", "PG_TEMP", "pg_toast", "pg_toast_temp_1", "a b", "a,b", 'a"b', "1a", "é"):
        assert not plain_schemas([name]), name
    assert not plain_schemas(["a"] * 33)


def test_a_parameter_is_taken_only_where_its_value_means_nothing() -> None:
    assert judge("SELECT set_config('jit', $1, false)").kind is Kind.SET
    for text in ("SELECT set_config('timezone', $1, false)", "SELECT set_config($1, 'off', false)"):
        assert judge(text).kind is Kind.REFUSED
