"""Analyses that are remembered, and those that are forgotten."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.sql.clinic import STATE, snapshot

import interlock.doors
from interlock.doors.postgres.texts import MAX_LENGTH, MAX_REMEMBERED, Texts
from interlock.errors import NotUnderstood
from interlock.sql import statement as reading

KEPT, OTHER = b"SELECT 1", b"SELECT 2"


def test_a_text_is_analysed_once() -> None:
    texts, known = Texts(), snapshot()
    assert texts.statement(KEPT, known, STATE) is texts.statement(KEPT, known, STATE)


def test_a_forgotten_text_is_analysed_anew_and_takes_no_room() -> None:
    texts, known = Texts(), snapshot()
    kept, other = texts.statement(KEPT, known, STATE), texts.statement(OTHER, known, STATE)
    texts.forget(OTHER, known, STATE)
    assert texts.statement(OTHER, known, STATE) is not other
    for number in range(2 * MAX_REMEMBERED // 4_000):
        long = b"SELECT %d" % number + b" " * 3_990
        texts.statement(long, known, STATE)
        texts.forget(long, known, STATE)
        texts.forget(long, known, STATE)
    assert texts.statement(KEPT, known, STATE) is kept


@dataclass
class Palate:
    """Tastes that says yes to everything it was asked."""

    tasted: set[bytes] = field(default_factory=set)
    failed: int = 0

    async def taste(self, text: bytes) -> None:
        self.tasted.add(text)

    def may_parse(self, text: bytes) -> bool:
        return text in self.tasted

    def unforeseen(self) -> None:
        self.failed += 1


async def test_what_was_not_tasted_is_not_parsed() -> None:
    texts, known = Texts(Palate()), snapshot()
    with pytest.raises(NotUnderstood):
        texts.statement(KEPT, known, STATE)
    with pytest.raises(NotUnderstood):
        texts.pieces(b"SELECT 1; SELECT 2")
    await texts.taste(KEPT)
    assert texts.statement(KEPT, known, STATE).text == KEPT


def test_of_long_texts_the_last_is_remembered() -> None:
    texts, known = Texts(), snapshot()
    long, other = (b"SELECT %d" % number + b" " * MAX_LENGTH for number in range(2))
    first = texts.statement(long, known, STATE)
    assert texts.statement(long, known, STATE) is first
    texts.statement(other, known, STATE)
    again = texts.statement(long, known, STATE)
    assert again is not first
    texts.forget(long, known, STATE)
    assert texts.statement(long, known, STATE) is not again


async def test_our_own_failures_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RecursionError

    palate = Palate()
    texts = Texts(palate)
    await texts.taste(KEPT)
    await texts.taste(b"SELEC 1")
    with pytest.raises(NotUnderstood):
        texts.statement(b"SELEC 1", snapshot(), STATE)
    assert palate.failed == 0
    monkeypatch.setattr(reading, "judge_query", broken)
    with pytest.raises(NotUnderstood):
        texts.statement(KEPT, snapshot(), STATE)
    assert palate.failed == 1


def test_no_door_parses_but_behind_the_taster() -> None:
    """Whatever a door has parsed goes through `Texts`, which has it tasted."""
    parsers = {"interlock.sql.parse": {"parse", "lib"}, "interlock.sql.pieces": {"pieces"}}
    parsers["interlock.sql.statement"] = {"analyse"}
    found = set()
    folder = Path(interlock.doors.__path__[0])
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module in parsers:
                found |= {(path.name, alias.name) for alias in node.names if alias.name in parsers[node.module]}
    assert found == {("texts.py", "analyse"), ("texts.py", "pieces")}
