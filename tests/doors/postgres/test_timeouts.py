from __future__ import annotations

import pytest

from interlock.doors.postgres.timeouts import Timeout, seconds
from interlock.sql import effects

NAME = "statement_timeout"


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("0", None),
        ("1500", 1.5),
        ("2s", 2.0),
        (" 3 min ", 180.0),
        ("1h", 3600.0),
        ("1d", 86400.0),
        ("250ms", 0.25),
        ("-1", None),
        ("soon", None),
        ("", None),
    ],
)
def test_settings_are_read_as_the_server_reads_them(setting: str, expected: float | None) -> None:
    assert seconds(setting) == expected


def after(*said: effects.SessionEffect) -> float | None:
    timeout = Timeout(NAME, {NAME: "9s"})
    for effect in said:
        timeout.follow(effect)
    return timeout.seconds


def to(value: str) -> effects.SetSession:
    return effects.SetSession(NAME, value, False)


def local(value: str) -> effects.SetLocal:
    return effects.SetLocal(NAME, value, False)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([], 9.0),
        ([to("1s")], 1.0),
        ([effects.SetSession("lock_timeout", "1s", False)], 9.0),
        ([to("0")], None),
        ([to("1s"), effects.Reset(NAME)], 9.0),
        ([to("1s"), effects.Reset("lock_timeout")], 1.0),
        ([to("1s"), effects.Reset(None)], 9.0),
        ([to("1s"), effects.DiscardAll()], 9.0),
        ([effects.Begin(), to("1s"), effects.Commit()], 1.0),
        ([effects.Begin(), to("1s"), effects.Rollback()], 9.0),
        ([to("1s"), effects.Rollback()], 1.0),
        ([effects.Begin(), local("1s")], 1.0),
        ([effects.Begin(), local("1s"), to("2s")], 2.0),
        ([effects.Begin(), to("2s"), local("0")], None),
        ([effects.Begin(), to("2s"), local("1s"), effects.Commit()], 2.0),
        ([effects.Begin(), to("2s"), local("1s"), effects.Rollback()], 9.0),
        ([effects.Begin(), to("1s"), effects.Begin(), effects.Rollback()], 9.0),
        ([effects.Begin(), effects.Savepoint("s"), to("1s"), effects.RollbackTo("s")], 9.0),
        ([effects.Begin(), to("2s"), effects.Savepoint("s"), local("1s"), effects.RollbackTo("s")], 2.0),
        ([effects.Begin(), effects.Savepoint("s"), to("1s"), effects.RollbackTo("t")], 1.0),
        ([effects.Begin(), effects.Savepoint("s"), to("1s"), effects.ReleaseSavepoint("s"), effects.Commit()], 1.0),
        (
            [
                effects.Begin(),
                effects.Savepoint("s"),
                to("1s"),
                effects.Savepoint("s"),
                to("2s"),
                effects.ReleaseSavepoint("s"),
                effects.RollbackTo("s"),
            ],
            9.0,
        ),
    ],
)
def test_it_is_as_the_server_has_it(said: list[effects.SessionEffect], expected: float | None) -> None:
    assert after(*said) == expected
