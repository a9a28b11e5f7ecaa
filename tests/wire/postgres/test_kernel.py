"""The kernel as Python and the kernel compiled are one: the same tests hold for both, and both say the same.

The suite's files run over what is imported (compiled, where it is built) as always, and in a child process over the
Python files.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.postgres.cuts import cut, places
from tests.wire.postgres.kernel_files import FOLDER, KERNEL
from tests.wire.postgres.test_rows import MASKS, results

from interlock.errors import MalformedInput
from interlock.wire.postgres import copy_rows, frames, kernel, rows
from interlock.wire.postgres.answers import write_data_row
from interlock.wire.postgres.rows import ColumnMask

ROOT = Path(__file__).resolve().parents[3]
SUITE = ("test_rows.py", "test_frames.py", "test_copy_rows.py", "test_copy_data.py", "test_copy_binary.py")
compiled = pytest.mark.skipif(
    not kernel.COMPILED, reason="the row kernel isn't compiled here (no Cython or no C compiler): it runs as Python"
)


def as_python(name: str) -> ModuleType:
    spec = spec_from_file_location(f"python_{name}", FOLDER / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


PYTHON = {name: as_python(name) for name in KERNEL}


@compiled
def test_the_suite_holds_for_the_python_files() -> None:
    files = [str(Path(__file__).with_name(name)) for name in SUITE]
    probe = "import tests.wire.postgres.as_python; from interlock.wire.postgres import kernel; exit(kernel.COMPILED)"
    for command in (["-c", probe], ["-m", "pytest", "-p", "tests.wire.postgres.as_python", "-m", "not slow", *files]):
        done = subprocess.run(
            [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


@compiled
@pytest.mark.parametrize("module", [rows, frames, copy_rows], ids=KERNEL)
def test_what_is_compiled_is_of_this_source(module: ModuleType) -> None:
    made = Path(module.__file__ or "").stat().st_mtime
    sources = [
        FOLDER / f"{name}.{kind}" for name in (module.__name__.rpartition(".")[2], "scanning") for kind in ("py", "pxd")
    ]
    late = [path.name for path in sources if path.stat().st_mtime > made]
    assert not late, f"changed since the kernel was compiled: {late}; build it again: touch setup.py && make .venv/.dev"


def said(call: Any, *arguments: object) -> object:
    """What it gives, or that it was malformed."""
    try:
        return call(*arguments)
    except MalformedInput:
        return MalformedInput


def both(masks: list[ColumnMask | None], data: bytes) -> None:
    one, other = rows.RowMasker(masks), PYTHON["rows"].RowMasker(masks)
    answer = said(one.rewrite_batch, data)
    assert answer == said(other.rewrite_batch, data)
    if answer is not MalformedInput:
        assert (one.rows, one.counts) == (other.rows, other.counts)


@given(results(), st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=3), st.integers(0, 20))
def test_both_say_the_same_of_rows(
    result: tuple[list[ColumnMask | None], list[list[bytes | None]]], changes: list[tuple[int, int]], short: int
) -> None:
    masks, values = result
    data = bytearray(b"".join(map(write_data_row, values)))
    both(masks, bytes(data))
    both(masks, bytes(data[: len(data) - short]))
    for at, byte in changes:
        if data:
            data[at % len(data)] = byte
    both(masks, bytes(data))


@given(st.lists(MASKS, max_size=3), st.binary(max_size=60))
def test_both_say_the_same_of_any_bytes(masks: list[ColumnMask | None], data: bytes) -> None:
    both(masks, data)
    both(masks, b"D" + len(data).to_bytes(4) + len(masks).to_bytes(2) + data)


@given(
    st.lists(st.lists(st.none() | st.binary(max_size=9), min_size=3, max_size=3), max_size=4),
    st.sets(st.integers(0, 3)),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=3),
    st.integers(0, 9),
)
def test_both_say_the_same_of_values(
    values: list[list[bytes | None]], wanted: set[int], changes: list[tuple[int, int]], short: int
) -> None:
    data, columns = bytearray(b"".join(map(write_data_row, values))), tuple(sorted(wanted))
    for at, byte in changes:
        if data:
            data[at % len(data)] = byte
    for whole in (bytes(data), bytes(data[: len(data) - short])):
        assert said(rows.values_of, whole, columns) == said(PYTHON["rows"].values_of, whole, columns)


KINDS = st.lists(st.sampled_from([b"D", b"T", b"C", b"\0", b"\xff"]), max_size=3)
MESSAGES = st.lists(
    st.tuples(st.sampled_from([b"D", b"T", b"\0", b"\xff"]), st.integers(-3, 30), st.binary(max_size=30)), max_size=8
)


def pieces(module: Any, wanted: list[bytes], gathered: list[bytes], chunks: list[bytes]) -> object:
    reader = module.RunReader(wanted, 20, gathered)
    found: list[tuple[str, bytes, bytes]] = []
    for chunk in chunks:
        got = said(reader.feed, chunk)
        if got is MalformedInput:
            return found, got
        assert isinstance(got, list)
        found += [
            (type(p).__name__, getattr(p, "type", b""), bytes(getattr(p, "data", b"") or getattr(p, "body", b"")))
            for p in got
        ]
    return found, reader.passed, reader.mid_message


@given(KINDS, KINDS, MESSAGES, places())
def test_both_cut_the_same(
    wanted: list[bytes], gathered: list[bytes], messages: list[tuple[bytes, int, bytes]], where: list[int]
) -> None:
    data = b"".join(
        kind + (len(body) + 4 if lie >= 0 else lie & 0xFFFFFFFF).to_bytes(4) + body for kind, lie, body in messages
    )
    chunks = cut(data, where)
    assert pieces(frames, wanted, gathered, chunks) == pieces(PYTHON["frames"], wanted, gathered, chunks)
    most = len(messages) // 2
    assert said(frames.first_messages, data, most) == said(PYTHON["frames"].first_messages, data, most)
