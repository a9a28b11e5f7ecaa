"""`interlock init`: what it writes, and that it overwrites nothing."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path

import pytest

from interlock.cli.check import check
from interlock.cli.init import init
from interlock.cli.policy import check as policy_check
from interlock.errors import InterlockError, SettingsMistakes
from interlock.ledger.note import parse_vkey
from interlock.settings import load

ORIGIN = "interlock.local/clinic/1"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def files(directory: Path) -> dict[str, bytes]:
    return {str(p.relative_to(directory)): p.read_bytes() for p in directory.rglob("*") if p.is_file()}


def test_writes_keys_for_the_owner_alone(tmp_path: Path) -> None:
    init(tmp_path / "new", ORIGIN, "n7")
    keys = tmp_path / "new" / "keys"
    found = {path.name: mode(path) for path in keys.iterdir()}
    expected = ("node.key", "log.key", "sealing.key", "lookup.key", "operator.token")
    assert found == dict.fromkeys(expected, 0o600)
    token = (keys / "operator.token").read_text(encoding="utf-8")
    assert len(token.strip()) >= 43  # 32 bytes in base64url


def test_pins_the_node_key(tmp_path: Path) -> None:
    init(tmp_path, ORIGIN, "n7")
    log = tomllib.loads((tmp_path / "interlock.toml").read_text(encoding="utf-8"))["log"]
    assert (log["origin"], log["node"]) == (ORIGIN, "n7")
    assert parse_vkey(log["node_key"]).name == f"{ORIGIN}/node/n7"


def test_what_it_writes_has_no_mistakes_but_the_missing_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    init(tmp_path, ORIGIN, "n1")
    settings = tmp_path / "interlock.toml"
    monkeypatch.delenv("CLINIC_PASSWORD", raising=False)
    with pytest.raises(SettingsMistakes) as caught:
        check(settings)
    (mistake,) = caught.value.mistakes
    assert (
        mistake == "interlock.toml: [connections.clinic] password: the environment variable CLINIC_PASSWORD isn't set"
    )
    monkeypatch.setenv("CLINIC_PASSWORD", "x")
    check(settings)
    policy_check(settings)
    assert "no mistakes (3 people, 1 agent or service, 1 connection)" in capsys.readouterr().out
    assert load(settings).keys_dir == tmp_path / "keys"


def test_every_key_of_the_settings_is_there_as_it_is_by_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLINIC_PASSWORD", "x")
    init(tmp_path, ORIGIN, "n1")
    path = tmp_path / "interlock.toml"
    written = load(path)
    text = path.read_text(encoding="utf-8")
    head = "".join(text.partition("[log]")[1:]).partition("[paths]")[0]
    people = "[people.olga]" + text.partition("[people.olga]")[2].partition("[votes]")[0]
    path.write_text(head + people, encoding="utf-8")
    short = load(path)
    for name in ("data_dir", "keys_dir", "control", "agents", "postgres", "public_url", "unsafe_token_votes", "limits"):
        assert getattr(written, name) == getattr(short, name)


@pytest.mark.parametrize(
    "there", ["interlock.toml", "policies/local.cedar", "catalogs/clinic.toml", "keys/operator.token", "keys/node.key"]
)
def test_overwrites_nothing(tmp_path: Path, there: str) -> None:
    path = tmp_path / there
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(InterlockError):
        init(tmp_path, ORIGIN, "n1")
    assert files(tmp_path) == {there: b"mine"}


@pytest.mark.parametrize(("origin", "node"), [('a"b', "n1"), ("https://a/b", "n1"), (ORIGIN, "n 1"), (ORIGIN, 'n"\nx')])
def test_names_that_could_be_syntax_are_refused(tmp_path: Path, origin: str, node: str) -> None:
    with pytest.raises(InterlockError):
        init(tmp_path, origin, node)
    assert files(tmp_path) == {}


def test_never_prints_a_secret(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    init(tmp_path, ORIGIN, "n1")
    out = capsys.readouterr().out
    for path in (tmp_path / "keys").iterdir():
        assert path.read_text(encoding="utf-8").split()[-1] not in out
