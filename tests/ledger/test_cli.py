from __future__ import annotations

from pathlib import Path

import pytest
from tests.ledger.making import LOG, ORIGIN, checkpoint_of, export, story
from tests.ledger.vectors import VECTORS, needs_vectors
from typer.testing import CliRunner

from interlock.cli.ledger import app
from interlock.ledger.note import vkey

ENTRIES, KEYS = story()
VKEY = vkey(LOG)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    directory = tmp_path / "log"
    for path, data in export(ENTRIES).items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_bytes(data)
    return directory


def run(*arguments: str | Path) -> tuple[int, list[str]]:
    result = CliRunner().invoke(app, ["verify", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output.strip().splitlines()


def pinned() -> list[str]:
    return [argument for key in KEYS for argument in ("--node-key", vkey(key))]


def test_a_good_log(log: Path) -> None:
    code, lines = run(log, "--key", VKEY, *pinned())
    assert code == 0
    assert lines[-1].startswith(f"verified: {ORIGIN}, {len(ENTRIES)} entries, root ")
    assert any(line.startswith("✓ 8. ") for line in lines)
    assert "the nodes' keys are the ones you gave" in lines


def test_keys_announced_by_the_log_are_said_to_be(log: Path) -> None:
    code, lines = run(log, "--key", VKEY)
    assert code == 0
    assert any("announced by this log itself" in line for line in lines)


def test_keys_come_from_files_elsewhere(log: Path, tmp_path: Path) -> None:
    (tmp_path / "log.vkey").write_text(VKEY + "\n")
    assert run(log, "--key", tmp_path / "log.vkey")[0] == 0


def test_a_key_file_inside_the_log_is_refused(log: Path, tmp_path: Path) -> None:
    (log / "log.vkey").write_text(VKEY)
    (tmp_path / "outside").symlink_to(log / "log.vkey")
    (tmp_path / "true.vkey").write_text(VKEY)
    (log / "inside").symlink_to(tmp_path / "true.vkey")
    (tmp_path / "again").symlink_to(log)
    for place in (log / "log.vkey", tmp_path / "outside", log / "inside", tmp_path / "again" / "inside"):
        pairs: list[list[str | Path]] = [["--key", place], ["--key", VKEY, "--node-key", place]]
        for options in pairs:
            code, lines = run(log, *options)
            assert (code, "inside the log" in lines[-1]) == (2, True)


def test_a_damaged_log(log: Path) -> None:
    bundle = next((log / "tile" / "entries").rglob("000*/*"))
    data = bytearray(bundle.read_bytes())
    data[100] ^= 1
    bundle.write_bytes(bytes(data))
    code, lines = run(log, "--key", VKEY)
    assert code == 1
    assert lines[-1].startswith("NOT VERIFIED: step 4 failed")
    assert "entry 0" in lines[-1]


def test_a_log_without_checkpoint(log: Path) -> None:
    (log / "checkpoint").unlink()
    assert run(log, "--key", VKEY)[0] == 1


def test_what_cannot_be_read_is_not_verified(log: Path) -> None:
    (log / "checkpoint").unlink()
    (log / "checkpoint").mkdir()
    assert run(log, "--key", VKEY)[0] == 1


def test_an_earlier_checkpoint(log: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_bytes(checkpoint_of(ENTRIES[:3]))
    code, lines = run(log, "--key", VKEY, "--old", kept)
    assert (code, any(line.startswith("✓ 3. ") for line in lines)) == (0, True)
    kept.write_bytes(checkpoint_of(ENTRIES[1:4]))
    code, lines = run(log, "--key", VKEY, "--old", kept)
    assert (code, "step 3 failed" in lines[-1]) == (1, True)


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--key", "no-such-file"],
        ["--key", "name+00000000+AAAA"],
        ["--key", VKEY[:-1]],
        ["--key", "x" * 5000],
        ["--key", VKEY, "--old", "no-such-file"],
        ["--key", VKEY, "--node-key", "no-such-file"],
        ["--key", VKEY, "--node-key", VKEY],
        ["--key", VKEY, "--frobnicate"],
    ],
)
def test_bad_usage(log: Path, options: list[str]) -> None:
    assert run(log, *options)[0] == 2


def test_no_such_directory(tmp_path: Path) -> None:
    code, lines = run(tmp_path / "nowhere", "--key", VKEY)
    assert (code, lines[-1]) == (2, "can't verify: DIR isn't a directory")


@needs_vectors
def test_a_log_that_another_program_wrote() -> None:
    logs = VECTORS / "logs"
    options: list[str | Path] = ["--key", logs / "n257.vkey", "--old", logs / "n257" / "checkpoint.100"]
    code, lines = run(logs / "n257", *options, "--tree-only")
    assert (code, lines[-1].split(",")[1]) == (0, " 257 entries")
    assert run(logs / "n257", *options)[0] == 1
