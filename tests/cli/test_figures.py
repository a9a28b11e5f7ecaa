"""`interlock figures`: the same from a gateway and from the store of one that doesn't run."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.cli.a_recorded_log import Step, installed, record
from tests.ledger.making import CARD, DIGEST, draft, uuid
from tests.stores.a_store import HandClock
from typer.testing import CliRunner

from interlock.cli import app, figures
from interlock.cli.api_client import GatewayUnreachable
from interlock.ledger.figures import Figures
from interlock.model.canonical import JsonValue
from interlock.model.entry import EntryType
from interlock.web.api.figures import figures_out


def story() -> tuple[Step, ...]:
    """One review that was looked at and approved, and one that nobody saw."""
    quorums: list[JsonValue] = [{"group": "privacy-officers", "count": 1}]
    opened = [
        draft(EntryType.REVIEW_OPENED, n, obj=uuid(n), act=uuid(n), quorums=quorums, excluded=[], actor="etl\u202e")
        for n in (1, 2)
    ]
    seen = draft(EntryType.REVIEW_SEEN, 3, obj=uuid(1), person="priya", where="console", card=CARD)
    said = {"person": "priya", "verdict": "approve", "settles": "approved", "presence": "console"}
    vote = draft(EntryType.VOTE_CAST, 4, obj=uuid(1), digest=DIGEST, card=CARD, **said)
    gone = draft(EntryType.REVIEW_EXPIRED, 5, obj=uuid(2))
    return Step(tuple(opened)), Step((seen,), 5), Step((vote,), 1.5), Step((gone,), 60)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with that on record; nobody answers at its address."""
    monkeypatch.setenv("CLINIC_PASSWORD", "x")
    found = installed(tmp_path)
    record(found, *story(), clock=HandClock(datetime.now(UTC) - timedelta(hours=2)))

    def nobody(path: Path) -> None:
        raise GatewayUnreachable

    monkeypatch.setattr(figures, "operator_client", nobody)
    return found


def run(*words: str) -> str:
    done = CliRunner().invoke(app, ["figures", *words])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_from_the_store(settings: Path) -> None:
    told = json.loads(run("--json", "--settings", str(settings)))
    assert told["everybody"] and told["decision"] == {"count": 1, "p50": 6.5, "p90": 6.5}
    assert (told["votes"]["quick"], told["unseen_expired"], told["opened"]) == (1, 1, 2)
    assert told["people"][0]["person"] == "priya"


def test_for_people(settings: Path) -> None:
    told = run("--days", "1", "--settings", str(settings))
    for text in ("2 opened, 0 waiting", "1 approved by votes, 1 expired", "Under two seconds: 1 of the 1", "priya"):
        assert text in told
    assert "\u202e" not in told and "half within 6.5 s" in told


def test_what_is_older_isnt_in_it(settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    later = HandClock(datetime.now(UTC) + timedelta(days=3))
    monkeypatch.setattr(figures, "SystemClock", lambda: later)
    assert "0 opened" in run("--days", "1", "--settings", str(settings))


def test_from_the_gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, object]] = []
    found = figures_out(Figures().over(timedelta(days=3), datetime.now(UTC)), everybody=True)

    class Client:
        def __enter__(self) -> Client:
            return self

        def __exit__(self, *_: object) -> None: ...

        def get(self, shape: type, path: str, params: object) -> object:
            asked.append((path, params))
            return found

    monkeypatch.setenv("CLINIC_PASSWORD", "x")
    monkeypatch.setattr(figures, "operator_client", lambda path: Client())
    assert json.loads(run("--json", "--days", "3", "--settings", str(installed(tmp_path))))["everybody"]
    assert asked == [("/api/figures", {"days": 3})]
