"""The compiled patterns are kept, and what was tampered with isn't read."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlock.app.pattern_cache import kept_gate
from interlock.model.label import Label
from interlock.sensitivity.matching import joined
from interlock.sensitivity.pattern import Pattern

PATTERNS = [Pattern("a", "[0-9]{4}", Label("phi.id"), 0.9), Pattern("b", "ab+", Label("phi.id"), 0.9)]
TEXTS = joined(["x 1234", "abb", "none"])
NAMED = {0: {0: 8}, 1: {1: 12}}


def test_it_is_kept_and_read(tmp_path: Path) -> None:
    assert kept_gate(PATTERNS, tmp_path / "deep" / "er").named(TEXTS) == NAMED
    (kept,) = (tmp_path / "deep" / "er").iterdir()
    assert kept.stat().st_mode & 0o077 == 0
    before = kept.stat().st_mtime_ns
    assert kept_gate(PATTERNS, tmp_path / "deep" / "er").named(TEXTS) == NAMED
    assert kept.stat().st_mtime_ns == before


def test_other_patterns_are_another_file(tmp_path: Path) -> None:
    kept_gate(PATTERNS, tmp_path)
    kept_gate(PATTERNS[::-1], tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    "change", [lambda c: b"", lambda c: c[:-1], lambda c: c[:40] + b"\x00" + c[41:], lambda c: c[32:]]
)
def test_what_is_broken_is_made_anew(tmp_path: Path, change) -> None:  # type: ignore[no-untyped-def]
    kept_gate(PATTERNS, tmp_path)
    (kept,) = tmp_path.iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(change(whole))
    assert kept_gate(PATTERNS, tmp_path).named(TEXTS) == NAMED
    assert kept.read_bytes() == whole


def test_what_others_may_write_is_not_read(tmp_path: Path) -> None:
    kept_gate([Pattern("a", "zzzz", Label("phi.id"), 0.9), PATTERNS[1]], tmp_path)
    (other,) = tmp_path.iterdir()
    content = other.read_bytes()
    other.unlink()
    kept_gate(PATTERNS, tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(content)  # well formed, but of other patterns
    kept.chmod(0o666)
    assert kept_gate(PATTERNS, tmp_path).named(TEXTS) == NAMED


def test_a_place_that_cannot_be_written_costs_time_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert kept_gate(PATTERNS, tmp_path / "file").named(TEXTS) == NAMED
