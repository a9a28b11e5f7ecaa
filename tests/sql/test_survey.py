"""A tree walked once: the same nodes in the same order as a walk of all, names left out."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.sql.clinic import STATE
from tests.sql.differential.a_query_maker import Queries
from tests.sql.differential.a_write_maker import Writes

from interlock.errors import NotUnderstood
from interlock.model.snapshot import Snapshot
from interlock.sql.parse import parse
from interlock.sql.resolve import range_vars, sources
from interlock.sql.survey import survey
from interlock.sql.tree import typed, walk

CASES = sorted(Path(__file__).parent.joinpath("lineage", "cases").glob("*.txt"))
NAMES = frozenset({"String", "A_Star"})


def texts() -> list[str]:
    """Statements of every construct that lineage knows, and grown ones."""
    found = [line for path in CASES for line in path.read_text().splitlines() if line and not line.startswith(" ")]
    grown = [Queries(seed).statement() for seed in range(200)] + [Writes(seed).statement() for seed in range(100)]
    more = ["TRUNCATE notes, wards CASCADE", "CREATE VIEW v AS SELECT * FROM notes", "EXPLAIN SELECT body FROM notes"]
    return [*found, *grown, *more]


@pytest.mark.parametrize("part", range(4))
def test_a_survey_has_every_node_but_names(part: int) -> None:
    read = 0
    for text in texts()[part::4]:
        try:
            statements = parse(text.encode()).statements
        except NotUnderstood:
            continue
        for statement in statements:
            root = typed(statement)
            everything = [node for node in walk(root) if node[0] not in NAMES]
            found = survey(root).nodes
            assert [kind for kind, _ in found] == [kind for kind, _ in everything]
            assert all(ours[1] is theirs[1] for ours, theirs in zip(found, everything, strict=True))
            read += 1
    assert read > 100


@pytest.mark.parametrize("part", range(4))
def test_relations_are_the_same_with_a_survey_as_by_walking(part: int) -> None:
    """Where there is no WITH, targets of writes are told from the survey alone."""
    empty = Snapshot("v", 180004, (), frozenset(), frozenset(), frozenset(), ())
    for text in texts()[part::4]:
        try:
            statements = parse(text.encode()).statements
        except NotUnderstood:
            continue
        for statement in statements:
            root = typed(statement)
            walked = [(f.get("relname"), target) for f, _, target in range_vars(root)]
            told = [(s.name.rpartition(".")[2], s.target) for s in sources(survey(root), empty, STATE)]
            assert told == walked


def test_a_survey_begins_with_the_very_root() -> None:
    """`counts_all` asks whether a write is the whole statement, by identity."""
    root = typed(parse(b"DELETE FROM notes").statements[0])
    assert survey(root).nodes[0] is root
