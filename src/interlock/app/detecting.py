"""The detection engine, put together: detectors found, tables and the recogniser loaded, the faster matcher taken."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence

from interlock.sensitivity import detectors as package
from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.matching import Matcher
from interlock.sensitivity.passage import Layer, TextDetector
from interlock.sensitivity.pattern import Pattern, Structured
from interlock.sensitivity.regime import Regime
from interlock.sensitivity.text import ALL_LAYERS, TextEngine


def load_engine(layers: frozenset[Layer] | None = None, regime: Regime = Regime.PHI) -> TextEngine:
    """The engine with every detector of `interlock.sensitivity.detectors`, those of `layers` alone where given."""
    wanted = ALL_LAYERS if layers is None else layers
    structured, makers = found_detectors()
    tables = load_tables()
    return TextEngine(structured, fastest_matcher, [make(tables) for make in makers], wanted, regime)


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


def load_tables() -> Tables:
    try:
        from interlock.app.gazetteers import load_tables as load
    except ImportError:
        return Tables()
    return load()


def fastest_matcher(patterns: Sequence[Pattern]) -> Matcher:
    """hyperscan where it is installed, RE2 elsewhere."""
    try:
        from interlock.sensitivity.matching_hyperscan import HyperscanMatcher
    except ImportError:
        from interlock.sensitivity.matching_re2 import Re2Matcher

        return Re2Matcher(patterns)
    return HyperscanMatcher(patterns)
