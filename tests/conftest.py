"""Fixtures for all tests, and a loud word about what was skipped for want of the shared vectors."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.postgres_fixture import _numbers, clinic, empty_database, postgres

__all__ = ["_numbers", "clinic", "empty_database", "postgres"]

SHARED = Path(__file__).resolve().parents[1] / ".." / "shared"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Skipped tests pass in silence otherwise: say how many, and that vectors beside the repository are missing."""
    skipped = [report for report in terminalreporter.getreports("skipped") if "shared" in str(report.longrepr)]
    if skipped:
        terminalreporter.write_line(
            f"{len(skipped)} tests skipped: the folder `shared` beside the repository is absent"
        )
