"""Recall and precision on generated tables and logs: the figures that `docs` may quote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest
from tests.sensitivity.generated_secrets import STILL, Case, negatives, positives

from interlock.app.detecting import load_engine
from interlock.model.finding import Finding
from interlock.sensitivity.passage import Layer
from interlock.sensitivity.text import TextEngine

_OURS = ("secret", "pci", "pii")


@pytest.fixture(scope="module")
def engine() -> TextEngine:
    return load_engine(frozenset({Layer.NORMALISE, Layer.STRUCTURED}))


def _ours(found: Iterable[Finding]) -> list[Finding]:
    return [f for f in found if f.label.startswith(_OURS)]


def _covers(found: Iterable[Finding], case: Case) -> bool:
    hidden = {n for f in found for n in range(f.start, f.end)}
    return all(n in hidden for n in range(case.start, case.end))


def test_recall_and_precision(engine: TextEngine) -> None:
    missed: Counter[str] = Counter()
    right = wrong = total = 0
    for case in positives(seed=11, times=4):
        found = engine.find(case.text)
        total += 1
        if not _covers(found, case):
            missed[case.label] += 1
        for each in _ours(found):
            if each.start < case.end and case.start < each.end:
                right += 1
            else:
                wrong += 1
    harmless = Counter[str]()
    for case in negatives(seed=12, times=40):
        for each in _ours(engine.find(case.text)):
            wrong += 1
            harmless[each.label] += 1
    recall, precision = 1 - sum(missed.values()) / total, right / (right + wrong)
    print(f"recall {recall:.4f} of {total}, precision {precision:.4f}; missed {dict(missed)}, wrong {dict(harmless)}")
    assert recall >= 0.99
    assert precision >= 0.98


def test_labels_are_the_right_ones(engine: TextEngine) -> None:
    told = same = 0
    for case in positives(seed=13, times=1):
        here = [f for f in engine.find(case.text) if f.start < case.end and case.start < f.end]
        told += bool(here)
        same += any(f.label.split(".")[0] == case.label.split(".")[0] for f in here)
    assert same / told >= 0.98


@pytest.mark.parametrize("text", STILL)
def test_nothing_is_found_in_what_holds_none(engine: TextEngine, text: str) -> None:
    assert _ours(engine.find(text)) == []
