"""docs/howto/write-and-test-a-policy.md, run from its first block to its last in an empty directory.

A fence `cedar FILE` or `toml FILE` is that file. In a `console` fence, a line after `$ ` is a command and the lines
below it are what it prints, all of it and in order; `...` stands for anything.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.cli.a_recorded_log import Step, asked, record, released
from tests.stores.a_store import HandClock

from interlock.cli import main

PAGE = Path(__file__).resolve().parents[1] / "docs" / "howto" / "write-and-test-a-policy.md"
_FENCE = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Command:
    """One line to run, and what it should print."""

    words: list[str]
    prints: str


def commands(block: str) -> Iterator[Command]:
    for each in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        line, _, prints = each.partition("\n")
        yield Command(shlex.split(line), prints)


def matches(expected: str, printed: str) -> bool:
    pattern = re.escape(expected).replace(re.escape("...\n"), r"(?:.*\n)*").replace(re.escape("..."), ".*")
    return re.fullmatch(pattern, printed) is not None


@dataclass
class Shell:
    """Runs what the page shows; `interlock` in this process, as the command line does."""

    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def run(self, command: Command) -> str:
        match command.words:
            case ["export", setting]:
                name, _, value = setting.partition("=")
                self.monkeypatch.setenv(name, value)
                return ""
            case ["interlock", *words]:
                self.monkeypatch.setattr(sys, "argv", ["interlock", *words])
                self.capsys.readouterr()
                with pytest.raises(SystemExit):
                    main()
                told = self.capsys.readouterr()
                return told.out + told.err
            case words:
                done = subprocess.run(words, capture_output=True, text=True, check=True, env=dict(os.environ))
                return done.stdout


def recorded(settings: Path) -> None:
    """What a gateway would have left by the time the page looks at what really happened."""
    done = [asked("sql.select", "public.wards"), *(asked("sql.copy_out", "public.wards") for _ in range(2))]
    noon = datetime.now(UTC).replace(hour=12) - timedelta(days=2)
    steps = (Step((released(each, policies=("agents-export",)),)) for each in done)
    record(settings, *steps, clock=HandClock(noon))


def test_the_page_as_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shell, ran = Shell(monkeypatch, capsys), 0
    for kind, name, block in _FENCE.findall(PAGE.read_text(encoding="utf-8")):
        if name:
            (tmp_path / name).write_text(block, encoding="utf-8")
            continue
        assert kind == "console", f"a block that nobody runs: {kind}"
        if "policy simulate" in block:
            recorded(tmp_path / "interlock.toml")
        for command in commands(block):
            printed = shell.run(command)
            ran += 1
            if command.prints or command.words[0] != "interlock":
                assert matches(command.prints, printed), f"{shlex.join(command.words)} printed\n{printed}"
    assert ran >= 14  # the pattern above still finds them
