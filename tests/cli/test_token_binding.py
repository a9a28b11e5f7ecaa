"""`interlock token create --certificate --network`: what a key is bound to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from testkit.certificates import Authority
from typer.testing import CliRunner

from interlock.cli import token
from interlock.web.api.shapes import KeyOut

LEAF = Authority().leaf("etl")


class Posted:
    """A client of the API that keeps what is posted."""

    def __init__(self) -> None:
        self.bodies: list[tuple[str, dict[str, Any]]] = []

    def __enter__(self) -> Posted:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""

    def post(self, shape: type[KeyOut], path: str, body: dict[str, Any]) -> KeyOut:
        self.bodies.append((path, body))
        return KeyOut(key="k1", token="secret-1")


@pytest.fixture
def posted(monkeypatch: pytest.MonkeyPatch) -> Posted:
    found = Posted()
    monkeypatch.setattr(token, "operator_client", lambda settings: found)
    return found


def create(*more: str) -> tuple[int, str]:
    done = CliRunner().invoke(token.app, ["create", "etl-agent", "--as", "owen", *more])
    return done.exit_code, done.output


def test_a_file_or_its_digest(posted: Posted, tmp_path: Path) -> None:
    pem, _ = LEAF.write(tmp_path, "etl")
    der = tmp_path / "etl.der"
    der.write_bytes(LEAF.der)
    for given in (str(pem), str(der), LEAF.sha256):
        assert create("--certificate", given)[0] == 0
    assert [body["certificate"] for _, body in posted.bodies] == [LEAF.sha256] * 3
    assert all(body["networks"] == [] for _, body in posted.bodies)


def test_networks(posted: Posted) -> None:
    assert create("--network", "10.2.0.0/16", "--network", "2001:DB8::/32")[0] == 0
    assert posted.bodies[0][1]["networks"] == ["10.2.0.0/16", "2001:db8::/32"]
    assert posted.bodies[0][1]["certificate"] is None


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--certificate", "nowhere.pem"], "--certificate takes"),
        (["--certificate", "A" * 64], "--certificate takes"),
        (["--network", "10.2.0.1/16"], "--network takes"),
        (["--network", "everywhere"], "--network takes"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_made(posted: Posted, more: list[str], told: str) -> None:
    code, output = create(*more)
    assert code == 2 and told in " ".join(output.split()) and not posted.bodies
