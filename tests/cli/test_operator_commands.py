"""`interlock token create` and `interlock console link`, with the operator's token, against a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from tests.web.serving import Served, served
from typer.testing import CliRunner

from interlock.cli import console, operator_client, token
from interlock.cli.operator_client import control_url
from interlock.model.settings import Limits, Listen, PolicySettings, Settings, TlsFiles, VoteSettings


@pytest.fixture
def gateway() -> Iterator[Served]:
    with served() as running:
        yield running


def settings(keys: Path, control: Listen, public_url: str = "https://gate.example.org") -> Settings:
    return Settings(
        origin="interlock.example/log",
        node="n1",
        node_key="",
        data_dir=keys,
        keys_dir=keys,
        control=control,
        agents=Listen("127.0.0.1", 8081),
        postgres=Listen("127.0.0.1", 6432),
        public_url=public_url,
        people={},
        actors={},
        groups=frozenset(),
        connections={},
        policy=PolicySettings((), ()),
        votes=VoteSettings(unsafe_token_votes=False),
        limits=Limits(),
        digest="0" * 64,
    )


@dataclass
class Here:
    """The settings of the running gateway, and where its operator's token lies."""

    gateway: Served
    keys: Path


@pytest.fixture
def here(gateway: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Here:
    (tmp_path / "operator.token").write_text("operator-token\n")
    found = settings(tmp_path, Listen("127.0.0.1", gateway.port))
    monkeypatch.setattr(operator_client, "load", lambda path: found)
    return Here(gateway, tmp_path)


def test_a_key_is_made_and_printed_alone_on_standard_output(here: Here) -> None:
    done = CliRunner().invoke(token.app, ["create", "etl-agent", "--as", "owen", "--expires", "30d"])
    assert done.exit_code == 0, done.output
    assert done.stdout == "secret-1\n"
    assert "shown this once" in done.stderr
    assert here.gateway.office.registry.issued == [("etl-agent", "owen", timedelta(days=30))]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["create", "nobody", "--as", "owen"], 1, "no person, agent or service"),
        (["create", "etl-agent", "--as", "nobody"], 1, "maker must be a person"),
        (["create", "etl-agent", "--as", "owen", "--expires", "soon"], 2, "45m, 12h, 30d"),
        (["create", "etl-agent"], 2, "--as"),
    ],
)
def test_what_is_wrong_with_a_key_is_said(here: Here, words: list[str], code: int, told: str) -> None:
    done = CliRunner().invoke(token.app, words, env={"COLUMNS": "200", "NO_COLOR": "1"})
    assert done.exit_code == code
    assert told in done.output
    assert here.gateway.office.registry.issued == []


def test_a_key_is_revoked_with_its_reason(here: Here) -> None:
    registry = here.gateway.office.registry
    done = CliRunner().invoke(token.app, ["revoke", "key-etl-agent", "--because", "The laptop was lost."])
    assert (done.exit_code, done.output) == (0, "Key key-etl-agent has ended.\n")
    assert registry.revoked == [("key-etl-agent", "operator", "The laptop was lost.")]
    for words, code, told in (
        (["revoke", "key-etl-agent", "--because", "again"], 1, "no live key"),
        (["revoke", "key-owen", "--because", " "], 1, "malformed"),
        (["revoke", "key-owen"], 2, "--because"),
        (["revoke", "ilk_0011_canary", "--because", "x"], 2, "isn't a key's id"),
        (["revoke", "../sign-in-links", "--because", "x"], 2, "isn't a key's id"),
    ):
        done = CliRunner().invoke(token.app, words, env={"COLUMNS": "200", "NO_COLOR": "1"})
        assert (done.exit_code, told in done.output, "canary" in done.output) == (code, True, False), done.output
    assert len(registry.revoked) == 1


def test_a_link_is_printed(here: Here) -> None:
    done = CliRunner().invoke(console.app, ["link", "priya"])
    assert done.exit_code == 0, done.output
    url, _, made = done.stdout.strip().partition("/sign-in?token=")
    assert url == here.gateway.url
    assert made in here.gateway.office.registry.links


def test_a_missing_or_wrong_operator_token(here: Here) -> None:
    (here.keys / "operator.token").write_text("agent-key")
    done = CliRunner().invoke(console.app, ["link", "priya"])
    assert (done.exit_code, "operator_only" in done.output) == (1, True)
    (here.keys / "operator.token").unlink()
    done = CliRunner().invoke(console.app, ["link", "priya"])
    assert (done.exit_code, "operator.token" in done.output) == (2, True)
    assert str(here.keys) not in done.output


def test_the_control_ports_address(tmp_path: Path) -> None:
    assert control_url(settings(tmp_path, Listen("127.0.0.1", 8080))) == "http://127.0.0.1:8080"
    assert control_url(settings(tmp_path, Listen("::1", 8080))) == "http://[::1]:8080"
    tls = TlsFiles(tmp_path / "c.pem", tmp_path / "k.pem")
    assert control_url(settings(tmp_path, Listen("0.0.0.0", 8443, tls))) == "https://gate.example.org"
