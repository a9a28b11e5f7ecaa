"""The made-up texts that detection is measured on: the same each time, and marked where they are filled."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from testkit.made_up import texts
from testkit.made_up.marked import filled

ROOT = Path(__file__).resolve().parents[2]
DIGEST = """
import hashlib, sys, warnings
warnings.simplefilter("ignore")
from testkit.made_up import texts
made = [m for f in (texts.prose, texts.questions, texts.notes, texts.records, texts.clean) for m in f(7, 40)]
print(hashlib.sha256(repr(made).encode()).hexdigest())
"""


def test_the_same_seed_makes_the_same_texts_in_any_process() -> None:
    digests = set()
    for seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", DIGEST],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(run.stdout.split()[-1])
    assert len(digests) == 1


def test_what_fills_a_hole_is_marked_and_the_rest_isnt() -> None:
    made = filled("x", "seen by {name} at {age}", {"name": ("NAME", lambda: "Ann Lee"), "age": ("", lambda: "41")})
    assert made.text == "seen by Ann Lee at 41"
    assert [(made.text[s.start : s.end], s.label) for s in made.spans] == [("Ann Lee", "NAME")]


@pytest.mark.parametrize("kind", [texts.clean, texts.clean_notes])
def test_clean_texts_have_nothing_marked(kind: object) -> None:
    assert callable(kind)
    assert all(not made.spans for made in kind(3, 40))
