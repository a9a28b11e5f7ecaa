"""CSV: fields by row and column, in the dialect that they came in."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sensitivity.formats.reading import changed, read

from interlock.model.label import Label
from interlock.sensitivity.formats.csv_text import CsvText, delimiter_of, has_header, rows_of, sample_of

CELLS = st.lists(st.lists(st.text('ab,";\r\n\t 1é', max_size=6), min_size=2, max_size=4), min_size=1, max_size=5)


def test_names_of_columns_tell() -> None:
    found = read(CsvText(), "id,last_name,ssn,note\n1,Moreno,219099999,hello\n")
    assert found["row 2, column last_name"].label == "phi.name.family"
    assert found["row 2, column ssn"].label == "phi.ssn"
    assert found["row 2, column note"].label is None
    assert found["row 2, column note"].telling == "note"
    assert "row 1, column last_name" not in found and found["row 1, column 1"].text == "id"


def test_columns_without_a_name_are_told_by_position_and_by_what_is_known_of_them() -> None:
    found = read(CsvText(heading=False, columns=[None, Label("phi.email")]), "1,x@y.org\n2,\n")
    assert found["row 1, column 2"].label == "phi.email" and found["row 1, column 1"].label is None


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_dialect_is_kept(end: str) -> None:
    source = f'name;note{end}"Moreno; Alice";plain{end}Bob;"say ""hi"""{end}'
    assert delimiter_of(source) == ";"
    format_ = CsvText(";")
    assert changed(format_, source, lambda _: None) == source
    out = changed(format_, source, lambda p: "[x]" if p.telling == "name" else None)
    assert out == f'name;note{end}"[x]";plain{end}[x];"say ""hi"""{end}'


def test_what_needs_quotes_gets_them() -> None:
    assert (
        changed(CsvText(), "name,n\nBob,1\n", lambda p: 'a"b,c' if p.text == "Bob" else None) == 'name,n\n"a""b,c",1\n'
    )


@pytest.mark.parametrize(
    ("source", "delimiter"),
    [
        ("a,b\n1,2\n", ","),
        ("a\tb\n1\t2\n", "\t"),
        ("a|b\n1|2\n", "|"),
        ('"a,b";c\n"d,e,f";g\n', ";"),
        ("one\ntwo\n", ","),
    ],
)
def test_delimiters(source: str, delimiter: str) -> None:
    assert delimiter_of(source) == delimiter


@pytest.mark.parametrize(
    ("source", "header"),
    [
        ("first_name,dob\nAl,1980-01-02\n", True),
        ("Alice,Moreno\nBob,Jones\n", False),
        ("x_1,x_2\na,b\n", True),
        ("1,2\n3,4\n", False),
        ("a@b.org,ssn\n1,2\n", True),
        ("a@b.org,mrn 00482913\n1,2\n", False),
        ("same,same\n1,2\n", False),
    ],
)
def test_headers(source: str, header: bool) -> None:
    assert has_header(list(rows_of(source, ","))) is header


def test_a_quote_that_is_never_closed_hides_nothing() -> None:
    found = read(CsvText(), 'name,note\n"Bob,219-09-9999\nnext,row\n')
    assert [p.text for p in found.values()][-2:] == ["next", "row"]
    assert any("219-09-9999" in p.text for p in found.values())


def test_samples_are_distinct_values_without_the_header() -> None:
    assert sample_of("first_name,n\nAl,1\nAl,2\n", ",") == (True, ["first_name", "n"], [["Al"], ["1", "2"]])


@given(CELLS, st.sampled_from(["\n", "\r\n"]), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
def test_fields_are_what_the_standard_library_reads(rows: list[list[str]], end: str, quoting: int) -> None:
    into = io.StringIO(newline="")
    csv.writer(into, lineterminator=end, quoting=quoting).writerows(rows)  # type: ignore[arg-type]
    source = into.getvalue()
    ours = [[cell.text for cell in row] for row in rows_of(source, ",")]
    assert ours == [row for row in csv.reader(io.StringIO(source, newline="")) if row]
    assert changed(CsvText(heading=False), source, lambda _: None) == source


@given(st.text('a,"\r\n', max_size=40))
def test_anything_is_some_csv(source: str) -> None:
    assert changed(CsvText(heading=False), source, lambda _: None) == source
    left = "".join(cell.text for row in rows_of(source, ",") for cell in row)
    assert left.count("a") == source.count("a")
