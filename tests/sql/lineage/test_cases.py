"""Statements with what is to be traced of each: `cases/*.txt`, one file a subject.

    SELECT ssn FROM patients WHERE id = 5
      out: ssn! patients.ssn
      tests: patients.id equality @37

Outputs by name, `!` plain, `?` opaque, then their sources; tests with the places of literals, numbers of parameters and
the other side of joins; writes; reasons for what is opaque. A line that isn't there means: none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from tests.sql.lineage.a_schema import filters, outputs, traced, writes

_FOLDER = Path(__file__).with_name("cases")


def _cases() -> Iterator[tuple[str, Mapping[str, str]]]:
    for path in sorted(_FOLDER.glob("*.txt")):
        for block in path.read_text(encoding="utf-8").strip().split("\n\n"):
            text, *told = block.splitlines()
            yield text, dict(line.strip().split(": ", 1) for line in told)


CASES = list(_cases())


@pytest.mark.parametrize(("text", "told"), CASES, ids=[text for text, _ in CASES])
def test_what_is_traced(text: str, told: Mapping[str, str]) -> None:
    lineage = traced(text)
    found = {
        "out": outputs(lineage),
        "tests": filters(lineage),
        "writes": writes(lineage),
        "opaque": " | ".join(lineage.opaque),
    }
    assert {name: value for name, value in found.items() if value} == told


def test_there_are_many_of_them_and_none_twice() -> None:
    texts = [text for text, _ in CASES]
    assert len(texts) >= 250
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("text", [text for text, _ in CASES])
def test_what_it_returns_tests_or_writes_from_is_read(text: str) -> None:
    lineage = traced(text)
    for output in lineage.outputs:
        assert output.opaque or output.sources <= lineage.reads
    assert {f.column for f in lineage.filters} <= lineage.reads
    for write in lineage.writes:
        assert write.sources <= lineage.reads
