"""The detection engine, put together: detectors found, tables and the recogniser loaded, the faster matcher taken."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol, runtime_checkable

from interlock.app import recogniser
from interlock.app.gazetteers import cache_directory, load_tables
from interlock.sensitivity import detectors as package
from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.matching import Gate, Matcher, SetGate
from interlock.sensitivity.ner import NamesRead
from interlock.sensitivity.passage import Layer, TextDetector
from interlock.sensitivity.pattern import Pattern, Structured
from interlock.sensitivity.quiet import quiet_words
from interlock.sensitivity.regime import Regime
from interlock.sensitivity.text import ALL_LAYERS, TextEngine


@runtime_checkable
class Dated(Protocol):
    """A detector whose findings depend on the present year."""

    def in_year(self, year: int) -> TextDetector:
        """The same detector for that year."""


def load_engine(
    layers: frozenset[Layer] | None = None, regime: Regime = Regime.PHI, year: int | None = None
) -> TextEngine:
    """The engine with every detector of `interlock.sensitivity.detectors`, those of `layers` alone where given.

    `year` is the one that years of birth are compared with, today's where none is given.

    The language model is among them where its extra is installed; raises `RecogniserUnavailable` when it is and can't
    be used. Such an engine may be asked by several threads at once.
    """
    wanted = ALL_LAYERS if layers is None else layers
    structured, makers = found_detectors()
    tables = load_tables() if wanted & _WITH_TABLES else Tables()
    present = datetime.now(UTC).year if year is None else year
    detectors = [d.in_year(present) if isinstance(d, Dated) else d for d in (make(tables) for make in makers)]
    if Layer.NER in wanted and recogniser.installed():
        detectors.append(NamesRead(recogniser.load_recogniser(cache_directory()), tables))
    return TextEngine(structured, fastest_matcher, detectors, wanted, regime, quiet_words(tables))


_WITH_TABLES = frozenset({Layer.DATES, Layer.NAMES, Layer.NER, Layer.PROPAGATION})


def found_detectors() -> tuple[Sequence[Structured], Sequence[Callable[[Tables], TextDetector]]]:
    """What the detectors' files export, in the order of their names."""
    structured: list[Structured] = []
    makers: list[Callable[[Tables], TextDetector]] = []
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda m: m.name):
        found = importlib.import_module(f"{package.__name__}.{module.name}")
        if hasattr(found, "DETECTOR"):
            structured.append(found.DETECTOR)
        if hasattr(found, "detector"):
            makers.append(found.detector)
    return structured, makers


def fastest_matcher(patterns: Sequence[Pattern]) -> Matcher:
    """With hyperscan's gate where it is installed and takes the patterns, RE2's elsewhere."""
    return Matcher(patterns, _gate(patterns))


def _gate(patterns: Sequence[Pattern]) -> Gate:
    try:
        import hyperscan

        from interlock.app.pattern_cache import kept_gate
    except ImportError:
        return SetGate(patterns)
    try:
        return kept_gate(patterns)
    except hyperscan.error:
        return SetGate(patterns)
