"""Key files."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.stores.a_store import ENTROPY, ORIGIN

from interlock.errors import InterlockError
from interlock.ledger.note import parse_vkey
from interlock.stores.keys import create_keys, load_keys

NAMES = ("node.key", "log.key", "sealing.key", "lookup.key")


def test_what_is_made_is_loaded(tmp_path: Path) -> None:
    public = create_keys(tmp_path / "keys", ORIGIN, "n1", ENTROPY)
    keys = load_keys(tmp_path / "keys")
    assert public == keys.public()
    assert parse_vkey(public["node"]).name == f"{ORIGIN}/node/n1" == keys.node.name
    assert parse_vkey(public["log"]).name == ORIGIN == keys.log.name
    assert parse_vkey(public["log"]).holds(keys.log.sign(b"x"), b"x")
    secrets = [keys.node.seed, keys.log.seed, keys.sealing, keys.lookup]
    assert len({secret.reveal() for secret in secrets}) == 4
    assert all(len(secret.reveal()) == 32 for secret in secrets)


def test_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    create_keys(tmp_path / "keys", ORIGIN, "n1", ENTROPY)
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert {(p.name, p.stat().st_mode & 0o777) for p in (tmp_path / "keys").iterdir()} == {(n, 0o600) for n in NAMES}


def test_no_secret_shows(tmp_path: Path) -> None:
    create_keys(tmp_path, ORIGIN, "n1", ENTROPY)
    shown = repr(load_keys(tmp_path))
    for name in NAMES:
        assert (tmp_path / name).read_text().split()[1] not in shown


@pytest.mark.parametrize("there", NAMES)
def test_keys_are_never_written_over(tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_text("mine")
    with pytest.raises(InterlockError) as caught:
        create_keys(tmp_path, ORIGIN, "n1", ENTROPY)
    assert caught.value.code == "keys_exist"
    assert [p.name for p in tmp_path.iterdir()] == [there]
    assert (tmp_path / there).read_text() == "mine"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o610, 0o777])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, name: str, mode: int) -> None:
    create_keys(tmp_path, ORIGIN, "n1", ENTROPY)
    (tmp_path / name).chmod(mode)
    with pytest.raises(InterlockError, match=name) as caught:
        load_keys(tmp_path)
    assert caught.value.code == "key_mode"


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_key_is_named(tmp_path: Path, name: str) -> None:
    create_keys(tmp_path, ORIGIN, "n1", ENTROPY)
    (tmp_path / name).unlink()
    with pytest.raises(InterlockError, match=name) as caught:
        load_keys(tmp_path)
    assert caught.value.code == "key_missing"


@pytest.mark.parametrize(
    "content", [b"", b"x", b"- AAAA\n", b"a b c\n", b"\xff\xff \n", b"name+ " + b"A" * 44, b"A" * 9999]
)
@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_is_no_key_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    create_keys(tmp_path, ORIGIN, "n1", ENTROPY)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InterlockError) as caught:
        load_keys(tmp_path)
    assert caught.value.code == "key_malformed"


def test_a_nameless_key_is_not_a_signing_key(tmp_path: Path) -> None:
    create_keys(tmp_path, ORIGIN, "n1", ENTROPY)
    shutil.copy(tmp_path / "sealing.key", tmp_path / "node.key")
    with pytest.raises(InterlockError) as caught:
        load_keys(tmp_path)
    assert caught.value.code == "key_malformed"


def test_an_origin_that_cannot_be_a_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InterlockError) as caught:
        create_keys(tmp_path, "has space", "n1", ENTROPY)
    assert caught.value.code == "key_name"
    assert list(tmp_path.iterdir()) == []
