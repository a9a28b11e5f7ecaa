"""What ends the gateway is logged as types and places; no message, and no traceback."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner

from interlock import app as composition
from interlock import settings as settings_file
from interlock.cli import app
from interlock.errors import UpstreamFailed

SECRET = "078-05-1120"


async def fails(_: object) -> None:
    """Two workers end at once, with messages that nobody may read."""

    async def one() -> None:
        raise ValueError(SECRET)

    async def other() -> None:
        raise UpstreamFailed("away", code="gone_away")

    async with asyncio.TaskGroup() as group:
        group.create_task(one())
        group.create_task(other())


def test_an_end_is_told_without_its_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composition, "serve", fails)
    monkeypatch.setattr(composition, "set_up_logs", lambda: None)
    monkeypatch.setattr(settings_file, "load", lambda _: None)
    with structlog.testing.capture_logs() as told:
        result = CliRunner().invoke(app, ["serve", "--settings", str(Path("any.toml"))])
    assert result.exit_code == 1 and isinstance(result.exception, SystemExit)
    found = {each["kind"]: each for each in told if each["event"] == "gateway.ended"}
    assert set(found) == {"ValueError", "UpstreamFailed"}
    assert "test_serve:one" in found["ValueError"]["at"] and found["UpstreamFailed"]["code"] == "gone_away"
    assert SECRET not in str(told) + result.output
