"""One structured detector alone, for the tests of each: what it finds in a text whose findings are marked."""

from __future__ import annotations

import re

from interlock.sensitivity.matching import Matcher, SetGate
from interlock.sensitivity.pattern import Structured
from interlock.sensitivity.text import TextEngine


def engine_of(*detectors: Structured) -> TextEngine:
    """An engine with these detectors and RE2's gate."""
    return TextEngine(detectors, lambda patterns: Matcher(patterns, SetGate(patterns)))


def marked(line: str) -> tuple[str, list[str]]:
    """`call ⟦555-0142⟧` as the text, and what is marked in it."""
    return line.replace("⟦", "").replace("⟧", ""), re.findall("⟦(.*?)⟧", line)


def found(engine: TextEngine, text: str, telling: str = "") -> list[str]:
    """The texts of the findings, in order."""
    return [text[f.start : f.end] for f in engine.find(text, telling=telling)]
