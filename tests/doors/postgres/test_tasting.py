"""The process that parses before the gateway does: what it dies of is refused, and nothing else is lost."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from interlock.doors.postgres.tasting import COMMAND, MAX_WAITING, SHORT, Taster
from interlock.doors.postgres.tasting_child import READY, STACK, SURVIVED
from interlock.sql.depth import MAX_DEPTH
from interlock.sql.parse import MAX_TEXT
from interlock.sql.unparsable import Unparsable

KEY = b"k" * 32
# A child without our limits, so that a text can be found that kills the parser.
UNLIMITED = (
    sys.executable,
    "-I",
    "-c",
    "import interlock.sql.depth as depth, interlock.sql.parse as parse\n"
    "depth.MAX_DEPTH = depth.MAX_TOKENS = parse.MAX_TOKENS = 10**9\n"
    "from interlock.doors.postgres.tasting_child import main\n"
    "main()",
)
# A child that hears nothing after its first text, and lives.
DEAF = (
    sys.executable,
    "-I",
    "-c",
    "import os, sys, time\n"
    "os.write(1, b'r')\n"
    "os.read(0, 100)\n"
    "os.close(0), os.closerange(3, 100)\n"  # uvloop leaves a child its own three a second time
    "os.write(1, b's')\n"
    "time.sleep(60)",
)
FATAL = b"SELECT 1" + b"+1" * 30_000  # the parser's JSON printer overflows the child's stack
DEEPEST = {
    "operators": "SELECT 1" + "+1" * MAX_DEPTH,
    "tests": "SELECT a" + " ISNULL" * MAX_DEPTH,
    "negations": "SELECT " + "NOT " * MAX_DEPTH + "a",
    "casts": "SELECT 1" + "::int" * MAX_DEPTH,
    "parentheses": "SELECT " + "(" * MAX_DEPTH + "1" + ")" * MAX_DEPTH,
    "calls": "SELECT " + "f(" * MAX_DEPTH + "1" + ")" * MAX_DEPTH,
    "subqueries": "SELECT " + "(SELECT " * MAX_DEPTH + "1" + ")" * MAX_DEPTH,
    "derived tables": "SELECT 1 FROM " + "(SELECT 1 FROM " * MAX_DEPTH + "a" + ") x" * MAX_DEPTH,
    "joins": "SELECT 1 FROM a" + " CROSS JOIN a" * MAX_DEPTH,
    "unions": "TABLE a" + " UNION TABLE a" * MAX_DEPTH,
    "cases": "SELECT " + "CASE WHEN true THEN " * MAX_DEPTH + "1" + " END" * MAX_DEPTH,
    "names": "SELECT " + "a." * 10_000 + "b",
    "subscripts": "SELECT a" + "[1]" * 10_000,
    "a long list": "SELECT " + "1," * 20_000 + "1",
    "a long condition": "SELECT a FROM t WHERE" + " OR".join([" a = 1"] * 10_000),
}


@pytest.fixture
async def taster() -> AsyncIterator[Taster]:
    made = Taster(KEY)
    yield made
    await made.close()


@pytest.fixture
async def unlimited() -> AsyncIterator[Taster]:
    made = Taster(KEY, UNLIMITED)
    yield made
    await made.close()


async def test_what_survives_is_remembered(taster: Taster) -> None:
    for text in (b"SELECT 1", b"SELECT 'misspelt", b"", b"SELECT 1; SELECT 2", b"PREPARE p AS SELECT 1", b"\xff\0"):
        assert not taster.may_parse(text)
        await taster.taste(text)
        assert taster.may_parse(text)
        await taster.taste(text)
    assert (taster.figures.survived, taster.figures.children) == (6, 1)


async def test_long_texts_have_a_line_of_their_own(taster: Taster) -> None:
    await taster.taste(b"SELECT 1")
    await taster.taste(b"SELECT '" + b"x" * SHORT + b"'")
    assert len(taster.children) == 2
    await taster.taste(b"SELECT '" + b"x" * (MAX_TEXT - 10) + b"'")
    await taster.taste(b"x" * (MAX_TEXT + 1))  # no parser will ever see this
    assert taster.figures.survived == 3


async def test_what_kills_the_parser_is_refused_and_never_tried_again(unlimited: Taster) -> None:
    with pytest.raises(Unparsable) as refused:
        await unlimited.taste(FATAL)
    assert refused.value.sqlstate == "54001"
    assert not unlimited.may_parse(FATAL)
    children = unlimited.figures.children
    assert children == 2  # it was tried twice: somebody else might have killed the first
    with pytest.raises(Unparsable):
        await unlimited.taste(FATAL)
    assert (unlimited.figures.fatal, unlimited.figures.children) == (1, children)
    await unlimited.taste(b"SELECT 1")
    await unlimited.taste(b"SELECT 1" + b" " * SHORT)  # the line goes on, with another child
    assert unlimited.figures.survived == 2


async def test_a_child_that_is_killed_between_texts_is_made_anew(taster: Taster) -> None:
    for number in range(3):
        await taster.taste(b"SELECT %d" % number)
        (child,) = taster.children
        os.kill(child, signal.SIGKILL)
    await taster.taste(b"SELECT 'after'")
    assert taster.figures.fatal == 0


async def test_a_child_whose_pipe_has_broken_before_its_end_is_heard_of() -> None:
    taster = Taster(KEY, DEAF)
    try:
        await taster.taste(b"SELECT 1")
        child = taster._lines[0]._child
        assert child is not None and child.stdin is not None
        async with asyncio.timeout(10):
            while not child.stdin.is_closing():
                await asyncio.sleep(0.01)
        await taster.taste(b"SELECT 2")
        assert (taster.figures.survived, taster.figures.fatal, taster.figures.children) == (2, 0, 2)
    finally:
        await taster.close()


async def test_a_child_that_is_killed_over_a_text_isnt_that_texts_fault(taster: Taster) -> None:
    await taster.taste(b"SELECT 1")
    (child,) = taster.children
    os.kill(child, signal.SIGSTOP)
    waiting = [asyncio.create_task(taster.taste(b"SELECT %d" % number)) for number in range(2, 6)]
    await asyncio.sleep(0)
    os.kill(child, signal.SIGKILL)
    await asyncio.gather(*waiting)
    assert (taster.figures.survived, taster.figures.fatal) == (5, 0)


async def test_what_takes_too_long_is_refused() -> None:
    taster = Taster(KEY, seconds=0.5)
    try:
        await taster.taste(b"SELECT 1")
        (child,) = taster.children
        os.kill(child, signal.SIGSTOP)
        with pytest.raises(Unparsable):
            await taster.taste(b"SELECT 2")
        assert taster.figures.too_slow == 1
        await taster.taste(b"SELECT 3")
        assert taster.children != [child]
    finally:
        await taster.close()


async def test_a_client_that_leaves_takes_nobodys_answer_along(taster: Taster) -> None:
    await taster.taste(b"SELECT 1")
    leaving = asyncio.create_task(taster.taste(b"SELECT 'leaving'"))
    await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    await taster.taste(b"SELECT 2")
    assert (taster.figures.children, taster.figures.fatal) == (1, 0)


@pytest.mark.parametrize(
    "command",
    [("/nonexistent/interpreter",), (sys.executable, "-I", "-c", "pass"), (sys.executable, "-I", "-c", "print('no')")],
)
async def test_without_a_child_nothing_new_is_parsed(command: tuple[str, ...]) -> None:
    taster = Taster(KEY, command)
    try:
        for _ in range(2):
            with pytest.raises(Unparsable) as refused:
                await taster.taste(b"SELECT 1")
            assert refused.value.sqlstate == "53000"
        assert not taster.may_parse(b"SELECT 1")
        assert taster.figures.untasted == 2
    finally:
        await taster.close()


async def test_the_line_has_an_end(taster: Taster) -> None:
    waiting = [asyncio.create_task(taster.taste(b"SELECT %d" % number)) for number in range(MAX_WAITING + 5)]
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert sum(isinstance(outcome, Unparsable) for outcome in outcomes) == 5
    assert taster.figures.survived == MAX_WAITING


async def test_a_closed_taster_refuses(taster: Taster) -> None:
    await taster.taste(b"SELECT 1")
    await taster.close()
    assert taster.children == []
    with pytest.raises(Unparsable):
        await taster.taste(b"SELECT 2")


@pytest.mark.parametrize("text", DEEPEST.values(), ids=DEEPEST.keys())
async def test_what_our_limits_let_through_doesnt_kill_the_child(taster: Taster, text: str) -> None:
    await taster.taste(text.encode())
    assert taster.figures.children == 1


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="a system without /proc")
async def test_the_child_has_nothing_of_the_gateways(taster: Taster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERLOCK_SECRET", "canary")
    kept, other = os.pipe()
    try:
        os.set_inheritable(kept, True)
        await taster.taste(b"SELECT 1")
        proc = Path("/proc") / str(taster.children[0])
        assert (proc / "environ").read_bytes() == b""
        assert {entry.name for entry in (proc / "fd").iterdir()} <= {"0", "1", "2"}
        assert (proc / "cwd").readlink() == Path("/")
        limits = (proc / "limits").read_text(encoding="ascii")
    finally:
        os.close(kept)
        os.close(other)
    assert f"Max stack size            {STACK}" in limits


def test_the_child_leaves_when_its_input_ends() -> None:
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={}) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.read(1) == READY
        child.stdin.write((8).to_bytes(4) + b"SELECT 1")
        child.stdin.flush()
        assert child.stdout.read(1) == SURVIVED
        child.stdin.write((8).to_bytes(4) + b"SELE")  # half a text
        child.stdin.close()
        assert child.stdout.read() == b""
        assert child.wait(timeout=20) == 0
