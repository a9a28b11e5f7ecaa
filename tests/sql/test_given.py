"""Pseudonyms translated inward: where they stand beside a plain column of their label, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sql.clinic import PATIENTS, judge

from interlock.model.label import Label
from interlock.model.payload import SqlStatement
from interlock.sql.arrays import TextArray, read_array
from interlock.sql.given import reads_as, translated
from interlock.sql.lineage.traced import Filter, How, Lineage, StoredColumn
from interlock.sql.shape import Statement

NAME, SSN, CITY = (StoredColumn(PATIENTS.oid, number) for number in (2, 3, 4))
LABELS = {NAME: frozenset({Label("phi.name")}), SSN: frozenset({Label("phi.ssn"), Label("pii.id")})}
SEAL = "K7Q4MVOUI3OEQIPOXIM5GTHFS4"
TOKEN, FORGED = f"[phi.ssn:{SEAL}]", f"[phi.ssn:{SEAL[::-1]}]"
REAL = "CANARY'; --"


def read(text: str) -> tuple[Label, bytes] | None:
    known = {
        TOKEN.lower(): (Label("phi.ssn"), REAL.encode()),
        f"[phi.name:{SEAL}]".lower(): (Label("phi.name"), b"Ada"),
    }
    return known.get(text.lower())


def labels_of(column: StoredColumn) -> frozenset[Label]:
    return LABELS.get(column, frozenset())


def traced(text: str, *filters: Filter) -> Statement:
    return replace(judge(text), lineage=Lineage(filters=frozenset(filters)))


def equal(text: str, *tokens: str, column: StoredColumn = SSN, parameters: tuple[int, ...] = ()) -> Filter:
    """An equality of a column with the literals that begin so."""
    places = tuple(sorted(text.encode().index(token.encode()) for token in tokens))
    return Filter(column, How.EQUALITY, places, parameters)


def meant(statement: Statement, *values: bytes | None, types: tuple[int, ...] = ()) -> SqlStatement | None:
    sent = SqlStatement(statement.text, simple=not values, parameter_types=types, parameters=values)
    return translated(statement, sent, read, labels_of)


def given_text(text: str, *tokens: str, column: StoredColumn = SSN) -> str | None:
    found = meant(traced(text, equal(text, *tokens, column=column)))
    return None if found is None else found.text.decode()


QUOTED = "'CANARY''; --'"


@pytest.mark.parametrize(
    "spelled",
    [
        f"'{TOKEN}'",
        f"'{TOKEN.lower()}'",
        f"E'{TOKEN}'",
        f"$${TOKEN}$$",
        f"$q${TOKEN}$q$",
        f"U&'{TOKEN}'",
    ],
)
@pytest.mark.parametrize(
    "form",
    [
        "SELECT id FROM patients WHERE ssn = {}",
        "SELECT id FROM patients WHERE {} = ssn",
        "SELECT id FROM patients p WHERE p.ssn = {} AND city = 'Ypern'",
        "SELECT id FROM patients WHERE ssn = {}::text",
        "SELECT id FROM patients WHERE ssn = {}::varchar",
        "SELECT id FROM patients WHERE ssn OPERATOR(pg_catalog.=) {}",
        "SELECT 'é', id FROM patients WHERE ssn IN ({}, 'x')",
        "SELECT id FROM patients WHERE ssn = ANY (ARRAY['x', {}])",
        "UPDATE patients SET city = 'x' WHERE ssn = {}",
        "DELETE FROM patients WHERE ssn = {}",
        "COPY (SELECT id FROM patients WHERE ssn = {}) TO STDOUT",
    ],
)
def test_a_pseudonym_beside_a_column_of_its_label_is_translated(form: str, spelled: str) -> None:
    text = form.format(spelled)
    found = meant(before := traced(text, equal(text, spelled)))
    assert found is not None
    assert found.text.decode() == form.format(QUOTED)
    assert found.given_literals == (form.format(QUOTED).encode().index(QUOTED.encode()),)
    after = judge(found.text.decode())
    assert reads_as(after, before)
    assert any(t.start == found.given_literals[0] and t.text == QUOTED for t in after.source.tokens)


def test_several_are_translated_at_their_places() -> None:
    text = f"SELECT 'ä' FROM patients WHERE ssn = '{TOKEN}' OR name = '[phi.name:{SEAL}]' OR ssn = '{TOKEN.lower()}'"
    tests = (
        equal(text, f"'{TOKEN}'"),
        equal(text, f"'{TOKEN.lower()}'"),
        equal(text, "'[phi.name", column=NAME),
    )
    found = meant(traced(text, *tests))
    assert found is not None
    assert found.text.decode() == f"SELECT 'ä' FROM patients WHERE ssn = {QUOTED} OR name = 'Ada' OR ssn = {QUOTED}"
    assert [found.text[at : at + 4] for at in found.given_literals] == [b"'CAN", b"'Ada", b"'CAN"]


@pytest.mark.parametrize(
    "text",
    [
        f"SELECT '{TOKEN}' FROM patients WHERE ssn = 'x'",
        f"SELECT id FROM patients WHERE ssn LIKE '{TOKEN}'",
        f"SELECT id FROM patients WHERE ssn <> '{TOKEN}'",
        f"SELECT id FROM patients WHERE ssn > '{TOKEN}'",
        f"SELECT id FROM patients WHERE ssn NOT IN ('{TOKEN}')",
        f"SELECT id FROM patients WHERE upper(ssn) = '{TOKEN}'",
        f"SELECT id FROM patients WHERE ssn = upper('{TOKEN}')",
        f"SELECT id FROM patients WHERE ssn = '{TOKEN}'::varchar(3)",
        f"SELECT id FROM patients WHERE ssn = '{TOKEN}'::char",
        f"SELECT id FROM patients WHERE ssn = '{TOKEN}'::bpchar",
        f"SELECT id FROM patients WHERE ssn = ANY ('{TOKEN}')",
        f"SELECT id FROM patients WHERE (ssn = '{TOKEN} ')",
        f"SELECT id FROM patients WHERE ssn = '{FORGED}'",
        f"SELECT CASE ssn WHEN '{TOKEN}' THEN 1 END FROM patients",
        f"UPDATE patients SET ssn = '{TOKEN}'",
        f"INSERT INTO patients (ssn) VALUES ('{TOKEN}')",
        f"EXPLAIN SELECT id FROM patients WHERE ssn = '{TOKEN}'",
        f"CREATE VIEW v AS SELECT id FROM patients WHERE ssn = '{TOKEN}'",
    ],
)
def test_elsewhere_it_stays_as_it_is_whatever_the_lineage_says(text: str) -> None:
    start = text.index("[") - 1
    places = tuple(place for place in (start,) if text[place] == "'")
    assert places
    assert meant(traced(text, Filter(SSN, How.EQUALITY, places))) is None


@pytest.mark.parametrize("column", [NAME, CITY, StoredColumn(1, 1)])
def test_beside_a_column_of_another_label_it_stays(column: StoredColumn) -> None:
    text = f"SELECT id FROM patients WHERE ssn = '{TOKEN}'"
    assert given_text(text, f"'{TOKEN}'", column=column) is None


@pytest.mark.parametrize("how", [how for how in How if how is not How.EQUALITY])
def test_what_is_tested_in_another_way_stays(how: How) -> None:
    text = f"SELECT id FROM patients WHERE ssn = '{TOKEN}'"
    place = (text.index("'"),)
    assert meant(traced(text, Filter(SSN, how, place))) is None
    assert meant(traced(text, Filter(SSN, how, place), Filter(SSN, How.EQUALITY, place))) is None


def test_a_place_that_several_columns_meet_must_fit_all_of_them() -> None:
    text = f"SELECT id FROM patients WHERE ssn = '{TOKEN}'"
    here = equal(text, "'")
    assert meant(traced(text, here, replace(here, column=CITY))) is None


def test_without_lineage_nothing_is_translated() -> None:
    text = f"SELECT id FROM patients WHERE ssn = '{TOKEN}'"
    assert meant(traced(text)) is None
    assert meant(replace(judge(text), lineage=None)) is None


ONE = "SELECT id FROM patients WHERE ssn = $1"
FIRST = Filter(SSN, How.EQUALITY, (), (1,))


@pytest.mark.parametrize("types", [(), (0,), (25,), (1043,), (1042,), (705,)])
def test_a_parameter_is_translated_in_its_bytes(types: tuple[int, ...]) -> None:
    found = meant(traced(ONE, FIRST), TOKEN.encode(), types=types)
    assert found is not None
    assert (found.parameters, found.text, found.given_parameters) == ((REAL.encode(),), ONE.encode(), (1,))
    assert found.given_literals == ()


@pytest.mark.parametrize(
    ("text", "value", "types"),
    [
        (ONE, FORGED, (25,)),
        (ONE, f"{{{TOKEN}}}", (1009,)),
        (ONE, TOKEN, (23,)),
        ("SELECT $1, id FROM patients WHERE ssn = $1", TOKEN, (25,)),
        ("SELECT id FROM patients WHERE ssn = $1 OR city = $1", TOKEN, (25,)),
        ("SELECT id FROM patients WHERE ssn = $1 AND ssn = $1", TOKEN, (25,)),
        ("SELECT id FROM patients WHERE ssn = lower($1)", TOKEN, (25,)),
        ("SELECT id FROM patients WHERE ssn = ANY ($1)", TOKEN, (25,)),
        ("SELECT id FROM patients WHERE ssn LIKE $1", TOKEN, (25,)),
        ("UPDATE patients SET ssn = $1 WHERE ssn = 'x'", TOKEN, (25,)),
    ],
)
def test_a_parameter_that_stands_elsewhere_too_stays(text: str, value: str, types: tuple[int, ...]) -> None:
    assert meant(traced(text, FIRST), value.encode(), types=types) is None


def test_other_parameters_stay_as_they_are() -> None:
    text = "SELECT id FROM patients WHERE city = $1 AND ssn = $2 AND born = $3"
    found = meant(
        traced(text, Filter(SSN, How.EQUALITY, (), (2,)), Filter(CITY, How.EQUALITY, (), (1,))),
        TOKEN.encode(),
        TOKEN.encode(),
        None,
    )
    assert found is not None
    assert found.parameters == (TOKEN.encode(), REAL.encode(), None)
    assert found.given_parameters == (2,)


def test_bytes_that_are_no_text_stay() -> None:
    assert meant(traced(ONE, FIRST), b"\xff" + TOKEN.encode()) is None


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30))
def test_whatever_a_value_holds_it_stays_one_literal(value: str) -> None:
    text = f"SELECT id FROM patients WHERE ssn = '{TOKEN}' AND city = 'x'"
    sent = SqlStatement(text.encode(), simple=True)
    before = traced(text, equal(text, f"'{TOKEN}'"))
    found = translated(before, sent, lambda _: (Label("phi.ssn"), value.encode()), labels_of)
    assert found is not None
    after = judge(found.text.decode())
    assert reads_as(after, before)
    literal = next(t for t in after.source.tokens if t.start == found.given_literals[0])
    assert literal.text[1:-1].replace("''", "'") == value


def test_another_statement_doesnt_read_as_it() -> None:
    one = judge("SELECT id FROM patients WHERE ssn = 'x'")
    assert reads_as(judge("SELECT id FROM patients WHERE ssn = 'another'"), one)
    for text in (
        "SELECT id FROM patients WHERE ssn = 'x' OR true",
        "SELECT id FROM patients WHERE ssn < 'x'",
        "SELECT name FROM patients WHERE ssn = 'x'",
    ):
        assert not reads_as(judge(text), one)


def test_a_literal_that_goes_on_in_another_line_is_replaced_whole() -> None:
    half = f"'{TOKEN}'\n''"
    text = f"SELECT id FROM patients WHERE ssn = {half}"
    found = meant(before := traced(text, equal(text, half)))
    assert found is not None
    assert found.text.decode() == f"SELECT id FROM patients WHERE ssn = {QUOTED}"
    assert reads_as(judge(found.text.decode()), before)


ANY = "SELECT id FROM patients WHERE ssn = ANY ($1)"
BINARY_HEAD = (1).to_bytes(4) + (0).to_bytes(4) + (25).to_bytes(4) + (2).to_bytes(4) + (1).to_bytes(4)


def arrays(text: str, raw: bytes, types: tuple[int, ...] = (), formats: tuple[int, ...] = ()) -> SqlStatement | None:
    sent = SqlStatement(text.encode(), False, types, formats, (raw,))
    return translated(traced(text, FIRST), sent, read, labels_of)


@pytest.mark.parametrize("text", [ANY, ANY.replace("$1", "$1::text[]"), ANY.replace("$1", "($1)::varchar[]")])
@pytest.mark.parametrize("types", [(), (0,), (1009,), (1015,)])
def test_an_array_is_translated_element_by_element(text: str, types: tuple[int, ...]) -> None:
    found = arrays(text, f'{{{TOKEN.lower()}, "{TOKEN}",NULL}}'.encode(), types)
    assert found is not None
    assert found.given_parameters == (1,)
    array = read_array(found.parameters[0] or b"", binary=False)
    assert array is not None and array.values == (REAL, REAL, None)


def test_an_array_in_binary() -> None:
    token = TOKEN.encode()
    raw = BINARY_HEAD + len(token).to_bytes(4) + token + b"\xff\xff\xff\xff"
    found = arrays(ANY, raw, (), (1,))
    assert found is not None and found.given_parameters == (1,)
    array = read_array(found.parameters[0] or b"", binary=True)
    assert array is not None and (array.values, array.element) == ((REAL, None), 25)


@pytest.mark.parametrize("other", ["123-45-6789", FORGED, f"[phi.name:{SEAL}]", ""])
def test_an_array_with_anything_else_in_it_isnt_given(other: str) -> None:
    """What it holds besides is a guess, which is one however many pseudonyms stand beside it."""
    found = arrays(ANY, f'{{{TOKEN},"{other}"}}'.encode())
    assert found is not None and found.given_parameters == ()
    array = read_array(found.parameters[0] or b"", binary=False)
    assert array is not None and array.values == (REAL, other)


@pytest.mark.parametrize(("text", "raw", "types"), [
    (ANY, f"{{{{{TOKEN}}}}}", ()),
    (ANY, f"[0:0]={{{TOKEN}}}", ()),
    (ANY, f"{{{TOKEN}", ()),
    (ANY, f"{{{TOKEN}}} x", ()),
    (ANY, f"{{{TOKEN},,}}", ()),
    (ANY, f"{{{TOKEN}}}", (25,)),
    (ANY, f"{{{TOKEN}}}", (1007,)),
    (ANY, TOKEN, ()),
    (ANY, f"{{{FORGED}}}", ()),
    ("SELECT id, $1 FROM patients WHERE ssn = ANY ($1)", f"{{{TOKEN}}}", ()),
    ("SELECT id FROM patients WHERE ssn = ANY ($1) OR city = ANY ($1)", f"{{{TOKEN}}}", ()),
    ("SELECT id FROM patients WHERE ssn = ALL ($1)", f"{{{TOKEN}}}", ()),
    ("SELECT id FROM patients WHERE ssn <> ANY ($1)", f"{{{TOKEN}}}", ()),
    ("SELECT id FROM patients WHERE lower(ssn) = ANY ($1)", f"{{{TOKEN}}}", ()),
    ("SELECT id FROM patients WHERE ssn = ANY ($1::name[])", f"{{{TOKEN}}}", ()),
    ("SELECT id FROM patients WHERE ssn = ANY ($1 || 'x')", f"{{{TOKEN}}}", ()),
])  # fmt: skip
def test_any_other_array_stays(text: str, raw: str, types: tuple[int, ...]) -> None:
    assert arrays(text, raw.encode(), types) is None


@given(st.lists(st.none() | st.text(st.characters(exclude_characters="\0", codec="utf-8")), min_size=1))
def test_arrays_are_read_as_they_were_written(values: list[str | None]) -> None:
    for form in (TextArray((), None), TextArray((), 25)):
        found = read_array(form.written(values), binary=form.element is not None)
        assert found == TextArray(tuple(values), form.element)


@given(st.binary(max_size=60) | st.text('{}",\\ NULa').map(str.encode), st.booleans())
def test_hostile_arrays_are_none_at_worst(raw: bytes, binary: bool) -> None:
    found = read_array(raw, binary=binary)
    assert found is None or read_array(found.written(found.values), binary=binary) == found
