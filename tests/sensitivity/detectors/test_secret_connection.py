"""`secret_connection`: what it finds, and what it leaves."""

from __future__ import annotations

import pytest
from tests.a_detector import engine_of, found, marked

from interlock.sensitivity.detectors.secret_connection import DETECTOR

ENGINE = engine_of(DETECTOR)
FOUND = [
    "db01.internal:5432:clinic:etl:⟦s3cr3t⟧",
    "⟦postgresql://app:s3cr3t@db.example.com:5432/clinic⟧",
    "DATABASE_URL=⟦mysql://root:pw@127.0.0.1/db⟧ next",
    "⟦redis://:p4ss@cache:6379/0⟧",
    "⟦mongodb+srv://u:p%40ss@c0.example.net/db⟧",
    "'⟦amqp://guest:guest@mq:5672/⟧'",
    "see ⟦https://bob:hunter2@example.com/x⟧.",
    "jdbc:oracle:thin:scott/⟦tiger⟧@host:1521:x",
    "⟦postgres://u:pa/ss@db/x⟧",
]
LEFT = [
    "main.py:5432:12:error:text",
    "postgres://localhost:5432/app",
    "https://example.com:8443/@scope/pkg",
    "postgres://user:${PGPASSWORD}@db/app",
    "http://user@example.com",
    "https://example.com/a:b@c",
    "postgres://user:****@db/app",
    "mailto:a@example.com",
]


@pytest.mark.parametrize("line", FOUND)
def test_what_is_marked_is_found_and_nothing_else(line: str) -> None:
    text, expected = marked(line)
    assert found(ENGINE, text) == expected
    assert {f.label for f in ENGINE.find(text)} <= {"secret.connection"}


@pytest.mark.parametrize("text", LEFT)
def test_nothing_else_is_found(text: str) -> None:
    assert found(ENGINE, text) == []
