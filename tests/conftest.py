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
    _tell_leaks(terminalreporter)


def _tell_leaks(terminalreporter: pytest.TerminalReporter) -> None:
    """Both counts of tests/leaks/test_values_out.py: what got out, and what was masked needlessly."""
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    told = [prop for report in reports if report.when == "call" for prop in report.user_properties]
    leaks = [value for name, value in told if name == "leaks"]
    neighbours = [value for name, value in told if name == "neighbours"]
    if leaks or neighbours:
        tried, out = sum(many for _, many, _ in leaks), sum(found for _, _, found in leaks)
        asked, over = sum(many for _, many, _ in neighbours), sum(changed for _, _, changed in neighbours)
        terminalreporter.write_line(
            f"leaks: {tried} attacks in {len(leaks)} modes, {out} out;"
            f" neighbours: {asked} in {len(neighbours)} modes, {over} over-masked"
        )
