"""What the doctor finds: a verdict, a sentence, and what to do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from interlock.review.visible import visible


class Level(StrEnum):
    """How bad a finding is. FAIL: something doesn't hold that Interlock promises, or can't work as it is set up."""

    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `check` is its stable name; `todo` is empty where there is nothing to do. `code` tells
    failures of one check apart, as the error that one comes from does."""

    check: str
    level: Level
    sentence: str
    todo: str = ""
    code: str = ""


def ok(check: str, sentence: str) -> Finding:
    """As it should be."""
    return Finding(check, Level.OK, sentence)


def warn(check: str, sentence: str, todo: str) -> Finding:
    """To be looked at."""
    return Finding(check, Level.WARN, sentence, todo)


def fail(check: str, sentence: str, todo: str, code: str = "") -> Finding:
    """To be mended."""
    return Finding(check, Level.FAIL, sentence, todo, code)


def as_json(findings: Sequence[Finding]) -> str:
    """The findings and their worst level, for machines."""
    listed = [{"check": f.check, "level": f.level.value, "sentence": f.sentence, "todo": f.todo} for f in findings]
    return json.dumps({"worst": worst(findings).value, "findings": listed}, indent=2)


def worst(findings: Sequence[Finding]) -> Level:
    """The worst of them."""
    order = list(Level)
    return max((finding.level for finding in findings), key=order.index, default=Level.OK)


def show(findings: Sequence[Finding], console: Console) -> None:
    """A table, in the order in which things were looked at."""
    colours = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "bold red"}
    table = Table(show_edge=False, pad_edge=False, box=None)
    for heading in ("", "check", "found", "what to do"):
        table.add_column(heading, overflow="fold", no_wrap=heading in ("", "check"))
    for each in findings:
        level = f"[{colours[each.level]}]{each.level.value}[/]"
        table.add_row(level, escape(each.check), escape(visible(each.sentence)), escape(visible(each.todo)))
    console.print(table)
    counts = {level: sum(each.level is level for each in findings) for level in Level}
    console.print(", ".join(f"{count} {level.value}" for level, count in counts.items()))
