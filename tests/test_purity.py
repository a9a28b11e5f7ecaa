"""Pure packages give the same for the same: no file, socket, clock or randomness, when imported and when used.

Twice over: no module of theirs imports what could, and in a process where `open`, sockets, clocks and randomness raise
they are imported and used. (design, section 4; import-linter holds the arrows.)
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PURE = ("model", "wire", "sql", "actions", "identity", "sensitivity", "masking", "policy", "review", "ledger")
FORBIDDEN = frozenset(
    """asyncio concurrent contextvars ctypes fcntl ftplib getpass glob http importlib io logging mmap multiprocessing os
    pathlib platform random resource sched secrets select selectors shelve shutil signal smtplib socket socketserver
    sqlite3 ssl structlog subprocess sys tempfile threading time urllib httpx sqlalchemy fastapi starlette uvicorn
    uvloop psycopg asyncpg weakref""".split()  # noqa: SIM905  a hundred quotes less
)
ALLOWED = {  # that they touch nothing by it, the child below shows
    ("actions/from_document.py", "urllib"),  # takes escapes out of URIs
    ("masking/json_values.py", "urllib"),  # and puts them in
    ("model/mcp_settings.py", "pathlib"),  # as the next
    ("model/settings.py", "pathlib"),  # names paths, and opens none
    ("sql/parse.py", "importlib"),  # the parser library has a module without types
}
CALLS = frozenset({"open", "print", "input", "exec", "eval", "compile", "__import__", "globals"})
CLOCKS = frozenset({"now", "utcnow", "today", "uuid1", "uuid4", "uuid7", "urandom", "generate", "generate_key"})


def modules() -> list[Path]:
    """Every module of a pure package."""
    found = [path for name in PURE for path in sorted((ROOT / "src" / "interlock" / name).rglob("*.py"))]
    assert len(found) > 60
    return found


def imported(tree: ast.AST) -> Iterator[str]:
    """The top packages that a module imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where they lead"
            yield (node.module or "").partition(".")[0]


def called(tree: ast.AST) -> Iterator[str]:
    """Bare names that are called, and `datetime.now` and its like; ports that are passed in may have such methods."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            yield node.func.id
        if isinstance(node, ast.Attribute) and node.attr in CLOCKS and isinstance(node.value, ast.Name):
            yield f"{node.value.id}.{node.attr}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT / "src" / "interlock")))
def test_nothing_impure_is_imported_or_called(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    name = path.relative_to(ROOT / "src" / "interlock").as_posix()
    assert not {(name, found) for found in imported(tree) if found in FORBIDDEN} - ALLOWED
    assert not list(called(tree))


def test_the_check_finds_what_it_looks_for() -> None:
    tree = ast.parse("import os.path\ndef f():\n    from time import time\n    open('x')\n    datetime.now()\n")
    assert {"os", "time"} <= set(imported(tree))
    assert list(called(tree)) == ["open", "datetime.now"]


def test_pure_packages_work_where_nothing_impure_does() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "tests.purity_child"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert answer.returncode == 0, answer.stderr
    assert set(answer.stdout.split()) == set(PURE), "each of them must have been used"


@pytest.mark.parametrize("name", ["file", "socket", "clock", "sleep", "random", "entropy", "uuid"])
def test_the_child_raises_on_each(name: str) -> None:
    """The child's own test: what it forbids is forbidden."""
    command = [sys.executable, "-m", "tests.purity_child", name]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert answer.returncode != 0 and "Impure" in answer.stderr
