"""What every detector of a vendor is tried with: its kinds in all their surroundings, and what only looks so."""

from __future__ import annotations

import random

from tests.sensitivity.generated_secrets import KINDS, Kind, surroundings

from interlock.sensitivity.text import TextEngine


def kinds_of(*labels: str) -> list[Kind]:
    """The generated kinds with these labels; a form that its name alone tells isn't among them."""
    chosen = [kind for kind in KINDS if kind.label in labels or kind.label.startswith(tuple(f"{la}." for la in labels))]
    return [kind for kind in chosen if not kind.needs_name]


def assert_found_everywhere(engine: TextEngine, kind: Kind) -> None:
    """That exactly the value is found, with its label, in a log line, JSON, YAML, CSV, prose, a shell and code."""
    rng = random.Random(kind.field)
    for form in surroundings(kind):
        value = kind.make(rng)
        text = form.format(name="item", value=value)
        found = engine.find(text)
        assert [(text[f.start : f.end], f.label) for f in found] == [(value, kind.label)], form


def assert_left(engine: TextEngine, kind: Kind) -> None:
    """That nothing is found in a placeholder of the same form, nor in its beginning."""
    value = kind.make(random.Random(5))
    head = value[: max(4, len(value) // 5)]
    for text in (head + "x" * (len(value) - len(head)), head + "...", value[:9]):
        assert engine.find(f"see {text} there") == ()
