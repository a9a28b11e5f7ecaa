"""`interlock labels list` and `clear`, with the operator's token, against a real socket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.test_operator_commands import settings
from tests.registry.a_write import CLINIC, MRN, NOTES, SSN, WRITES, carry, released, snapshot, write
from tests.web.stepping_up import Served
from typer.testing import CliRunner

from interlock.cli import labels, operator_client
from interlock.model.settings import Listen
from interlock.registry.derived import DerivedLabels


@pytest.fixture
def gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    running = Served(tmp_path)
    running.start()
    (tmp_path / "operator.token").write_text("o" * 43 + "\n")
    found = settings(tmp_path, Listen("127.0.0.1", running.port))
    monkeypatch.setattr(operator_client, "load", lambda path: found)
    yield running
    running.stop()


def derive(gateway: Served) -> None:
    """A write that takes two labels to a column, which is renamed afterwards."""

    async def written() -> None:
        office = gateway.here.office.with_policy(WRITES)
        derived = DerivedLabels(office.registry)
        derived.columns(CLINIC, snapshot((7, "notes", "text")))
        await released(office, write(await office.agent(), carry(NOTES, SSN, MRN)))
        derived.columns(CLINIC, snapshot((7, "renamed", "other")))

    gateway.run(written())


def test_nothing_is_derived(gateway: Served) -> None:
    listed = CliRunner().invoke(labels.app, ["list"])
    assert (listed.exit_code, listed.stdout) == (0, "")
    assert "No column has derived labels." in listed.stderr
    told = CliRunner().invoke(labels.app, ["clear", NOTES, "--because", "x"])
    assert told.exit_code == 2 and "interlock labels list" in told.stderr


def test_what_is_derived_is_listed(gateway: Served) -> None:
    derive(gateway)
    listed = CliRunner().invoke(labels.app, ["list", "--json"])
    (found,) = json.loads(listed.stdout)["columns"]
    assert (found["column"], found["now"]) == (NOTES, ["clinic/public.renamed.other"])
    shown = CliRunner().invoke(labels.app, ["list"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0
    for told in (NOTES, "clinic/public.renamed.other", "phi.mrn", "phi.ssn", "etl"):
        assert told in shown.stdout


@pytest.mark.parametrize("called", [NOTES, "clinic/public.renamed.other"])
def test_it_is_cleared_by_either_name(gateway: Served, called: str) -> None:
    derive(gateway)
    assert CliRunner().invoke(labels.app, ["clear", "clinic/public.other.x", "--because", "x"]).exit_code == 2
    cleared = CliRunner().invoke(labels.app, ["clear", called, "--because", "only codes are left"])
    assert cleared.exit_code == 0, cleared.output
    assert f"{NOTES} no longer carries phi.mrn, phi.ssn." in cleared.stderr
    (entry,) = gateway.entries(b"label.cleared")
    assert b'"because":"only codes are left"' in entry and b'"person":"operator"' in entry
    assert "No column" in CliRunner().invoke(labels.app, ["list"]).stderr
