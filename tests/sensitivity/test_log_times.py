"""The time of a log's line: a date where the line names somebody, else nobody's."""

from __future__ import annotations

import pytest

from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.sensitivity.log_times import is_log_time
from interlock.sensitivity.passage import Passage


def _time(text: str, date: str, *findings: Finding) -> bool:
    start = text.index(date)
    return is_log_time(Passage(text, list(findings)), start, start + len(date))


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2025-04-03 20:50:29 INFO build finished", "2025-04-03 20:50:29"),
        ("Mar  9 19:29:45 node3 kernel: [9.1] eth0: link up", "Mar  9 19:29:45"),
        ('{"ts":"2025-03-19T22:53:38.828Z","order":1}', "2025-03-19T22:53:38.828Z"),
        ("x\n[2025-08-28 18:17:45] production.ERROR: no index", "2025-08-28 18:17:45"),
    ],
)
def test_a_service_writes_of_itself(text: str, date: str) -> None:
    assert _time(text, date)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2025-04-03 20:50:29 INFO patient admitted", "2025-04-03 20:50:29"),
        ('{"ts":"2025-03-19T22:53:38.828Z","mrn":1}', "2025-03-19T22:53:38.828Z"),
        ("seen on 2025-04-03 20:50:29 INFO", "2025-04-03 20:50:29"),
        ("2025-04-03 INFO done", "2025-04-03"),
        ("2025-04-03 20:50:29 she was seen", "2025-04-03 20:50:29"),
    ],
)
def test_other_dates_count(text: str, date: str) -> None:
    assert not _time(text, date)


def test_a_line_in_which_somebody_was_found_counts() -> None:
    text = "2025-04-03 20:50:29 INFO from 198.51.100.7"
    found = Finding(text.index("198"), len(text), Label("phi.ip"), 0.9, "test")
    assert not _time(text, "2025-04-03 20:50:29", found)
