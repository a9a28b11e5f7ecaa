"""docs/reference/mcp-codes.md lists every code that the MCP door gives, and no other."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DOOR = ROOT / "src" / "interlock" / "doors" / "mcp"
PAGE = (ROOT / "docs" / "reference" / "mcp-codes.md").read_text(encoding="utf-8")
GIVING = ("Reason", "Unacceptable", "failed", "Unfinished", "Lacking", "_refused")
"""What takes a code first."""


def codes() -> Iterator[str]:
    """Every code that the files of the door give clients."""
    for file in sorted(DOOR.glob("*.py")):
        module = importlib.import_module(f"interlock.doors.mcp.{file.stem}")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=function, args=[first, *_]) if _called(function) in GIVING:
                    if isinstance(code := _value(first, module), str):
                        yield code


def _called(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _value(node: ast.expr, module: object) -> object:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return getattr(module, name, None)
        case _:
            return None


def listed() -> list[str]:
    """The first cell of each row of the page's tables."""
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    return [code for row in rows for code in re.findall(r"`(\w+)`", row.split("|")[1])]


def test_every_code_is_listed_once_and_no_other() -> None:
    found = set(codes())
    assert len(found) > 20 and {"unknown_tool", "mcp_malformed", "arguments", "masking"} <= found
    assert sorted(listed()) == sorted(found)


def test_every_code_is_explained() -> None:
    for row in (line for line in PAGE.splitlines() if line.startswith("| `")):
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert len(cells) == 2 and cells[1].endswith("."), row
