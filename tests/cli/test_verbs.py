"""The list of verbs says what each verb says of itself, and a verb imports only what it needs."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from interlock.cli import app
from interlock.cli.verbs import VERBS

HEAVY = {"fastapi", "sqlalchemy", "alembic", "webauthn", "scim2_models", "cedarpy", "sqlglot", "interlock.app"}


@pytest.mark.parametrize("name", VERBS)
def test_the_list_says_what_the_verb_says(name: str) -> None:
    said = VERBS[name].command().help or ""
    assert VERBS[name].help == " ".join(said.split("\n\n")[0].split())


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_is_reached(name: str) -> None:
    shown = CliRunner().invoke(app, [name, "--help"])
    assert shown.exit_code == 0, shown.output
    assert VERBS[name].help.split()[0] in shown.output


def test_a_verb_that_isnt_there() -> None:
    asked = CliRunner().invoke(app, ["reviews"])
    assert asked.exit_code == 2
    assert "review" in asked.output


@pytest.mark.parametrize("words", [["--help"], ["review", "list", "--help"], ["login", "--help"]])
def test_what_only_calls_the_api_doesnt_import_the_gateway(words: list[str]) -> None:
    code = (
        "import sys\n"
        "from typer.testing import CliRunner\n"
        "from interlock.cli import app\n"
        f"assert CliRunner().invoke(app, {words!r}).exit_code == 0\n"
        f"print(*sorted({HEAVY!r} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == []
