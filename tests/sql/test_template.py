"""Code and leaves: nothing that is stored holds a literal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sql.clinic import PLAIN, STATE, relation, snapshot

from interlock.errors import NotUnderstood
from interlock.model.label import Label
from interlock.model.snapshot import Column, Relation
from interlock.model.template import Leaf
from interlock.sql.identifiers import FINDING
from interlock.sql.parse import parse
from interlock.sql.template import Cut, Marks, cut, length_class, pattern


def label_of(_relation: Relation, column: Column) -> frozenset[Label]:
    return frozenset({Label(f"phi.{column.name}")} if column.name in ("ssn", "name") else ())


def cut_text(text: str, *parameters: bytes | None, formats: tuple[int, ...] = ()) -> Cut:
    return cut(parse(text.encode()), PLAIN, STATE, label_of, parameters, formats)


def leaves(text: str, *parameters: bytes | None, formats: tuple[int, ...] = ()) -> tuple[Leaf, ...]:
    return cut_text(text, *parameters, formats=formats).template.leaves


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("SELECT 'canary', 12345", "SELECT ?, ?"),
        ("SELECT E'can\\'ary', e'x'", "SELECT ?, ?"),
        ("SELECT U&'can\\0061ry' UESCAPE '!'", "SELECT ? UESCAPE ?"),
        ("SELECT $$canary$$, $tag$ canary's $$ $tag$", "SELECT ?, ?"),
        ("SELECT B'101', X'CA11AB1E', N'canary'", "SELECT ?, ?, N?"),
        ("SELECT 'can'\n  'ary'", "SELECT ?"),
        ("SELECT -5, - 6.5, +7, 1e10, .5, 0x1F, 1_000", "SELECT ?, ?, +?, ?, ?, ?, ?"),
        ("SELECT 3-5, 3 - -5", "SELECT ?-?, ? - ?"),
        (
            "SELECT DATE '2020-01-01', INTERVAL '3' DAY, INTERVAL '1-2' YEAR TO MONTH",
            "SELECT DATE ?, INTERVAL ? DAY, INTERVAL ? YEAR TO MONTH",
        ),
        ("SELECT $1, $2::int", "SELECT ?, ?::int"),
        ("SELECT TRUE, FALSE, NULL", "SELECT TRUE, FALSE, NULL"),
        ("SELECT /* canary */ id -- canary\nFROM patients", "SELECT id FROM patients"),
        ("SELECT id/**/FROM/* a /* nested */ */patients", "SELECT id FROM patients"),
        ("SELECT 1;", "SELECT ?"),
        ("SELECT 'é', 'canary' FROM \"ünï\"", 'SELECT ?, ? FROM "ünï"'),
        ("SET application_name = canary", "SET application_name = ?"),
        ("SET TIME ZONE 'canary'", "SET TIME ZONE ?"),
        ("SET interlock.reason = 'canary'", "SET interlock.reason = ?"),
        ("COPY wards TO STDOUT WITH (DELIMITER ';', NULL 'canary')", "COPY wards TO STDOUT WITH (DELIMITER ?, NULL ?)"),
        ("COMMENT ON TABLE wards IS 'canary'", "COMMENT ON TABLE wards IS ?"),
        ("DO $$ canary $$", "DO ?"),
        ("SELECT extra->'canary'->>'canary' FROM patients", "SELECT extra->?->>? FROM patients"),
        ("SELECT extra @> '{\"canary\": 1}' FROM patients", "SELECT extra @> ? FROM patients"),
        ("CREATE ROLE bob PASSWORD 'canary'", "CREATE ROLE bob PASSWORD ?"),
        ("INSERT INTO wards VALUES (1, 'canary'), (2, 'x')", "INSERT INTO wards VALUES (?, ?), (?, ?)"),
        ('SELECT 1 AS "123-45-6789"', "SELECT ? AS ?"),
        ("SELECT 'canary', 1; SELECT 'canary'", "SELECT ?, ?; SELECT ?"),
    ],
)
def test_stored(text: str, stored: str) -> None:
    template = cut_text(text).template
    assert template.stored == stored
    assert len(template.code) == len(template.leaves) + 1
    assert "canary" not in template.stored


def test_unlabelled_plain_columns_show_short_values() -> None:
    for text in (
        "SELECT id FROM patients WHERE city = 'Leeds'",
        "SELECT id FROM patients p WHERE 'Leeds' = p.city",
        "SELECT id FROM patients WHERE city LIKE 'Leeds'",
        "SELECT id FROM patients WHERE city IN ('Leeds')",
        "SELECT id FROM patients WHERE city = ANY (ARRAY['Leeds'])",
        "DELETE FROM patients WHERE city <> 'Leeds'::text",
        "UPDATE patients SET city = 'Leeds'",
        "INSERT INTO patients (city) VALUES ('Leeds')",
        "SELECT n.id FROM patients p JOIN notes n ON n.patient_id = p.id WHERE p.city = 'Leeds'",
    ):
        (leaf,) = leaves(text)
        assert (leaf.shown, leaf.label) == ("Leeds", None), text
    low, high = leaves("SELECT id FROM patients WHERE born BETWEEN '2020-01-01' AND DATE '2020-12-31'")
    assert (low.shown, high.shown) == ("2020-01-01", "2020-12-31")
    (negative,) = leaves("SELECT id FROM wards WHERE beds > -5")
    assert negative.shown == "-5"


def test_labelled_columns_hide_and_name_the_label() -> None:
    for text in (
        "SELECT id FROM patients WHERE ssn = '1-2'",
        "SELECT id FROM patients WHERE ssn IN ('1-2')",
        "UPDATE patients SET ssn = '1-2'",
        "INSERT INTO patients (ssn) VALUES ('1-2')",
    ):
        (leaf,) = leaves(text)
        assert (leaf.shown, leaf.label, leaf.length, leaf.kind) == (None, "phi.ssn", "1-8", "text")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 'Leeds'",
        "SELECT id FROM patients WHERE lower(city) = 'Leeds'",
        "SELECT id FROM patients WHERE city || 'Leeds' = city",
        "SELECT id FROM patient_view WHERE x = 'Leeds'",
        "SELECT id FROM nobody_knows WHERE city = 'Leeds'",
        "SELECT id FROM (SELECT ssn AS city, id FROM patients) p WHERE city = 'Leeds'",
        "SELECT id FROM (SELECT ssn AS city, id FROM patients) p WHERE p.city = 'Leeds'",
        "WITH p AS (SELECT ssn AS city, id FROM patients) SELECT id FROM p WHERE p.city = 'Leeds'",
        "WITH notes AS (SELECT ssn AS body FROM patients) SELECT 1 FROM notes WHERE notes.body = 'Leeds'",
        "SELECT c FROM patients AS p(a, b, city) WHERE p.city = 'Leeds'",
        "SELECT j.city FROM (patients JOIN wards ON true) AS j(id, city) WHERE j.city = 'Leeds'",
        "SELECT id FROM patients WHERE (SELECT ssn) = 'Leeds'",
        "SELECT id FROM patients WHERE extra->>'x' = 'Leeds'",
    ],
)
def test_what_is_not_bound_to_a_plain_column_hides(text: str) -> None:
    assert all(leaf.shown is None for leaf in leaves(text))


@pytest.mark.parametrize(
    "value",
    [
        "x" * 33,
        "12345",
        "a12345b",
        "a@b",
        "a\u202eb",
        "a\u200bb",
        "a\tb",
        "a\nb",
        "123-45-6789",
        "１２３４５",
        "1 2 3 4 5 6 7 8 9",
    ],
)
def test_suspicious_values_hide(value: str) -> None:
    (leaf,) = leaves(f"SELECT id FROM patients WHERE city = '{value}'")
    assert leaf.shown is None


def test_a_name_that_two_tables_share_shows_only_if_neither_is_labelled() -> None:
    people = relation(20300, "staff", ("city", 25), ("ssn", 25))
    known = snapshot(frozenset(), frozenset(), frozenset(), people)
    text = b"SELECT 1 FROM patients, staff WHERE city = 'Leeds' AND staff.ssn = 'x'"
    first, second = cut(parse(text), known, STATE, label_of).template.leaves[1:]
    assert first.shown == "Leeds"
    assert (second.shown, second.label) == (None, "phi.ssn")


def test_row_limits_show() -> None:
    assert [leaf.shown for leaf in leaves("SELECT id FROM patients LIMIT 10 OFFSET 20")] == ["10", "20"]
    assert leaves("SELECT id FROM patients LIMIT 123456789")[0].shown is None
    assert leaves("SELECT id FROM patients LIMIT $1", b"10")[0].shown == "10"
    assert leaves("SELECT id FROM patients LIMIT '10'")[0].shown is None


def test_equality_marks_run_over_literals_and_parameters() -> None:
    marks = [
        leaf.mark
        for leaf in leaves("SELECT 1 FROM patients WHERE ssn = 'a' OR ssn = $1 OR ssn = 'b' OR name = $2", b"a", b"c")
    ]
    assert marks == ["#1", "#2", "#2", "#3", "#4"]
    shared = Marks()
    first = cut(parse(b"SELECT 'a'"), PLAIN, STATE, label_of, marks=shared).template.leaves[0]
    second = cut(parse(b"SELECT 'b', 'a'"), PLAIN, STATE, label_of, marks=shared).template.leaves
    assert (first.mark, second[0].mark, second[1].mark) == ("#1", "#2", "#1")


def test_parameters() -> None:
    text = "SELECT id FROM patients WHERE city = $1 AND ssn = $2 AND id = $3 AND id = $9"
    city, ssn, null, missing = leaves(text, b"Leeds", b"123-45-6789", None)
    assert (city.kind, city.shown) == ("parameter", "Leeds")
    assert (ssn.shown, ssn.label, ssn.length) == (None, "phi.ssn", "9-16")
    assert (null.kind, null.length, null.mark) == ("null", "0", "")
    assert (missing.kind, missing.shown) == ("parameter", None)
    (binary,) = leaves("SELECT id FROM patients WHERE city = $1", b"Leeds", formats=(1,))
    assert binary.shown is None
    (broken,) = leaves("SELECT id FROM patients WHERE city = $1", b"\xff")
    assert broken.shown is None


def test_lengths_are_classes() -> None:
    assert [length_class(n) for n in (0, 1, 8, 9, 16, 17, 32, 33, 64, 65, 10**6)] == [
        "0",
        "1-8",
        "1-8",
        "9-16",
        "9-16",
        "17-32",
        "17-32",
        "33-64",
        "33-64",
        "65+",
        "65+",
    ]


def test_a_name_that_repeats_a_hidden_value_refuses() -> None:
    found = cut_text("SELECT 'Canary' AS canary")
    assert found.refusal is not None
    assert found.template.stored == "SELECT ? AS ?"
    assert cut_text("SELECT sum(1) AS leeds FROM patients WHERE city = 'leeds'").refusal is None, "it is shown anyway"
    assert cut_text("SELECT date_trunc('week', born) AS week FROM patients").refusal is None
    assert cut_text("SELECT 'patients' FROM patients").refusal is None, "a definition's own name"


@given(st.text(alphabet=st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=40))
def test_no_literal_survives_in_what_is_stored(value: str) -> None:
    canary = f"KANARI{value}KANARI"
    spelled = [
        "'" + canary.replace("'", "''") + "'",
        "E'" + canary.replace("\\", "\\\\").replace("'", "\\'") + "'",
        "$q1$" + canary.replace("$q1$", "") + "$q1$",
    ]
    text = f"SELECT {', '.join(spelled)} FROM patients WHERE ssn = {spelled[0]} LIMIT 3"
    template = cut_text(text).template
    assert "KANARI" not in template.stored
    assert template.stored == "SELECT ?, ?, ? FROM patients WHERE ssn = ? LIMIT ?"
    assert [leaf.shown for leaf in template.leaves] == [None, None, None, None, "3"]


@given(st.text(max_size=60), st.lists(st.one_of(st.none(), st.binary(max_size=10)), max_size=3))
def test_any_text_that_parses_can_be_cut(text: str, parameters: list[bytes | None]) -> None:
    try:
        parsed = parse(text.encode("utf-8", "surrogatepass"))
    except NotUnderstood:
        return
    template = cut(parsed, PLAIN, STATE, label_of, parameters).template
    assert len(template.code) == len(template.leaves) + 1


_ASKED = st.sampled_from(
    (
        b"SELECT name FROM patients WHERE ssn = $1 AND city = $2 LIMIT $3",
        b"SELECT city AS \"Zephyr\", 'Zephyr' FROM patients WHERE id = -5 AND ssn = $1",
        b"UPDATE patients SET city = $2, ssn = $1 WHERE id = $3 -- why",
        b"INSERT INTO patients (id, ssn, city) VALUES ($1, '123-45-6789', $2);",
        b"SELECT zephyr FROM patients p WHERE p.city IN ($1, $2, 'Oslo') ORDER BY 1 LIMIT 10",
        b"SELECT a123456789 FROM patients WHERE city = $1",
    )
)
_VALUE = st.one_of(st.none(), st.sampled_from((b"zephyr", b"Zephyr", b"Oslo", b"12")), st.binary(max_size=12))


@given(_ASKED, st.lists(st.tuples(st.lists(_VALUE, max_size=4), st.lists(st.sampled_from((0, 1)), max_size=4))))
def test_a_kept_pattern_cuts_as_if_made_anew(text: bytes, calls: list[tuple[list[bytes | None], list[int]]]) -> None:
    """Nothing of one execution's parameters is left for the next."""
    parsed = parse(text)
    kept = pattern(parsed, PLAIN, STATE, label_of)
    shared, anew = Marks(), Marks()
    for parameters, formats in calls:
        assert kept.cut(parameters, formats) == cut(parsed, PLAIN, STATE, label_of, parameters, formats)
        made = cut(parse(text), PLAIN, STATE, label_of, parameters, formats, anew)
        assert kept.cut(parameters, formats, shared) == made


def test_a_name_that_repeats_one_executions_value_is_refused_in_that_one_alone() -> None:
    kept = pattern(parse(b"SELECT zephyr FROM patients WHERE ssn = $1"), PLAIN, STATE, label_of)
    first, second, third = (kept.cut([value]) for value in (b"other", b"ZEPHYR", b"other"))
    assert (first.refusal, second.refusal, third.refusal) == (None, FINDING, None)
    assert second.template.stored == "SELECT ? FROM patients WHERE ssn = ?"
    assert first == third
