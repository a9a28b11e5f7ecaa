"""The shared vectors, in a `shared` folder beside the repository; tests that need them skip loudly without it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

VECTORS = (Path(__file__).resolve().parents[2] / ".." / "shared" / "vectors" / "ledger").resolve()

needs_vectors = pytest.mark.skipif(not VECTORS.is_dir(), reason="no shared/vectors/ledger beside the repository")


def load(name: str) -> Any:
    """A vector file's JSON; an empty list when there are no vectors (the tests are skipped then)."""
    return json.loads((VECTORS / name).read_text()) if VECTORS.is_dir() else []


def logs() -> list[str]:
    """The names of the complete logs."""
    return sorted(path.name for path in (VECTORS / "logs").iterdir() if path.is_dir()) if VECTORS.is_dir() else []
