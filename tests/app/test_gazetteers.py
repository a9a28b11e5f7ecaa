"""The gazetteers' cache: built once, trusted only when it is ours and whole, never run, never in the way."""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from interlock.app import gazetteers
from interlock.sensitivity.gazetteer import Tables

SMALL = Tables(
    given={"ana": 30},
    surnames={"souza": 12},
    words={"the": 77},
    ordinary=frozenset({"the"}),
    states={"texas": "TX"},
    counties=frozenset({"harris"}),
    countries=frozenset({"peru"}),
)


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Counts how often tables were built."""
    count: list[int] = []

    def build() -> Tables:
        count.append(1)
        return SMALL

    monkeypatch.setattr(gazetteers, "build_tables", build)
    return count


def test_builds_once_then_reads_its_cache(tmp_path: Path, builds: list[int]) -> None:
    assert gazetteers.load_tables(tmp_path) == SMALL
    assert gazetteers.load_tables(tmp_path) == SMALL
    assert len(builds) == 1


def test_the_cache_is_for_its_owner_alone(tmp_path: Path, builds: list[int]) -> None:
    gazetteers.load_tables(tmp_path / "new")
    assert (tmp_path / "new" / "gazetteers.json").stat().st_mode & 0o777 == 0o600
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["gazetteers.json"]


def _signed(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def _flipped(data: bytes) -> bytes:
    return data[:-20] + bytes([data[-20] ^ 1]) + data[-19:]


class _Bomb:
    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, ("never-made",)


@pytest.mark.parametrize(
    "spoil",
    [
        _flipped,
        lambda data: data[: len(data) // 2],
        lambda data: b"",
        lambda data: _signed(b"[]"),
        lambda data: _signed(b"{" * 100_000),
        lambda data: _signed(b'{"key": "another"}'),
        lambda data: _signed(data.partition(b"\n")[2].replace(b'"ana":30', b'"ana":"x"')),
        lambda data: _signed(data.partition(b"\n")[2].replace(b'"counties":["harris"]', b'"counties":[1]')),
        lambda data: _signed(data.partition(b"\n")[2].replace(b"wordfreq ", b"wordfreq 0")),
        lambda data: _signed(pickle.dumps(_Bomb())),
        lambda data: pickle.dumps(_Bomb()),
    ],
)
def test_a_spoilt_cache_is_built_anew_and_nothing_in_it_is_run(
    spoil: Callable[[bytes], bytes], tmp_path: Path, builds: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    gazetteers.load_tables(tmp_path)
    path = tmp_path / "gazetteers.json"
    path.write_bytes(spoil(path.read_bytes()))
    assert gazetteers.load_tables(tmp_path) == SMALL
    assert len(builds) == 2
    assert not (tmp_path / "never-made").exists()
    assert gazetteers.load_tables(tmp_path) == SMALL
    assert len(builds) == 2


def test_a_file_others_may_write_is_not_read(tmp_path: Path, builds: list[int]) -> None:
    gazetteers.load_tables(tmp_path)
    (tmp_path / "gazetteers.json").chmod(0o666)
    gazetteers.load_tables(tmp_path)
    assert len(builds) == 2


def test_a_link_or_a_pipe_is_not_followed(tmp_path: Path, builds: list[int]) -> None:
    gazetteers.load_tables(tmp_path)
    real = (tmp_path / "gazetteers.json").rename(tmp_path / "elsewhere.json")
    (tmp_path / "gazetteers.json").symlink_to(real)
    gazetteers.load_tables(tmp_path)
    (tmp_path / "gazetteers.json").unlink()
    os.mkfifo(tmp_path / "gazetteers.json")
    gazetteers.load_tables(tmp_path)
    assert len(builds) == 3


def test_a_place_that_cannot_be_written_costs_nothing_but_time(tmp_path: Path, builds: list[int]) -> None:
    (tmp_path / "file").write_text("")
    assert gazetteers.load_tables(tmp_path / "file" / "below") == SMALL
    assert gazetteers.load_tables(tmp_path / "file" / "below") == SMALL
    assert len(builds) == 2


def test_the_cache_directory_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert gazetteers.cache_directory() == tmp_path / "interlock"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert gazetteers.cache_directory() == tmp_path / ".cache" / "interlock"


def test_the_real_tables_know_names_places_and_words() -> None:
    tables = gazetteers.load_tables()
    assert {"john", "maria", "abelardo", "folasade"} <= tables.given.keys()
    assert {"smith", "garcia", "kovalev"} <= tables.surnames.keys()
    assert {"brown", "hospital", "wisdom"} <= tables.ordinary
    assert not {"duncan", "john", "salonen"} & tables.ordinary
    assert tables.states["new york"] == "NY"
    assert tables.us_cities["fresno"] > 400
    assert tables.cities["bauru"] > 300
    assert "united states" in tables.countries
    assert "cook" in tables.counties
