"""docs/reference/policy-tools.md: every JSON shape in it has the keys that the commands print, and no others."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.cli.a_recorded_log import Step, asked, installed, record, released
from typer.testing import CliRunner

from interlock.cli import app
from interlock.policy.explain import Voice
from interlock.policy.terms import Direction
from interlock.policy.trials import Trial
from interlock.policy.warnings import WarningCode

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "policy-tools.md").read_text(encoding="utf-8")
SHAPES = {shape["format"]: shape for shape in map(json.loads, re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))}
TWICE = (
    '@id("twice") permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"export", resource);'
)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLINIC_PASSWORD", "x")
    path = installed(tmp_path)
    old = released(asked("sql.select"))
    drafts = (
        released(asked("sql.copy_out", "public.patients", "phi.mrn"), observed=["x"]),
        released(asked("sql.select", by="gone")),
    )
    record(path, Step((old, *drafts)))
    (tmp_path / "no.cedar").write_text('@id("no") forbid (principal, action, resource);', encoding="utf-8")
    (tmp_path / "policies" / "local.cedar").write_text(TWICE, encoding="utf-8")
    return path


def fits(shown: Any, printed: Any, where: str = "") -> None:
    """Fails unless both have the same keys, at every level that both show; `eligible` has groups for keys."""
    if isinstance(shown, dict) and isinstance(printed, dict) and not where.endswith("eligible"):
        assert shown.keys() == printed.keys(), where
        for key in shown:
            fits(shown[key], printed[key], f"{where}.{key}")
    elif isinstance(shown, list) and isinstance(printed, list):
        for one, other in zip(shown[:1], printed[:1], strict=False):
            fits(one, other, f"{where}[]")
    else:
        assert type(shown) is type(printed), where


EXPLAIN = ("explain", "--actor", "etl-agent", "--connection", "clinic", "--verb", "sql.copy_out", "--labels", "phi.mrn")


@pytest.mark.parametrize(
    "words",
    [("check",), EXPLAIN, ("simulate", "--with", "no.cedar"), ("diff", "no.cedar", "other.cedar"), ("observed",)],
)
def test_what_is_printed_has_the_shape_that_the_page_shows(
    settings: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(settings.parent)
    Path("other.cedar").write_text('@id("no") forbid (principal, action, resource in Interlock::Connection::"clinic");')
    done = CliRunner().invoke(app, ["policy", *words, "--json"])
    printed = json.loads(done.stdout)
    fits(SHAPES[printed["format"]], printed)
    assert any(printed[key] for key in ("warnings", "requests", "changed", "changes", "observed") if key in printed)


def test_every_code_is_on_the_page() -> None:
    for each in (*WarningCode, *Trial, *Direction, *Voice):
        assert f"`{each.value}`" in PAGE
    assert len(SHAPES) == 5
